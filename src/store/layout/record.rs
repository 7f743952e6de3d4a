//! A record: the events of one append with their links, and beside them the notices.

use super::bytes::{Fields, HEAD_BYTES, begin_piece, pieces_of, put_sized};
use crate::store::{Digest, Record, Stored};

/// A link that [`link_record`] has not written yet.
const BLANK: [u8; 32] = [0; 32];

/// Encodes a record of the incident with this number as one piece, its links blank.
pub(in crate::store) fn draft_record(number: u64, events: &[Vec<u8>], notices: &[u8]) -> Vec<u8> {
    let length = events.iter().map(|event| event.len() + 36).sum::<usize>() + notices.len() + 16;
    let mut bytes = begin_piece(length);
    bytes.extend_from_slice(&number.to_be_bytes());
    let count = u32::try_from(events.len()).expect("the events of one append are bounded");
    bytes.extend_from_slice(&count.to_be_bytes());
    for event in events {
        bytes.extend_from_slice(&BLANK);
        put_sized(&mut bytes, event);
    }
    put_sized(&mut bytes, notices);
    bytes
}

/// Writes the links of a draft: `link` gives that of each event, in order.
pub(in crate::store) fn link_record(draft: &mut [u8], mut link: impl FnMut(&[u8]) -> Digest) {
    let whole = "a draft was encoded here and is whole";
    let (head, mut rest) = draft.split_at_mut(HEAD_BYTES + 12);
    let count = head.last_chunk().copied().map(u32::from_be_bytes).expect(whole);
    for _ in 0..count {
        let (blank, sized) = rest.split_first_chunk_mut::<32>().expect(whole);
        let (length, content) = sized.split_first_chunk_mut::<4>().expect(whole);
        let length = usize::try_from(u32::from_be_bytes(*length)).expect("it is in memory");
        let (event, after) = content.split_at_mut(length);
        *blank = *link(event).as_bytes();
        rest = after;
    }
}

/// Returns the content of this record without its notices.
pub(in crate::store) fn without_notices(record: &Record, mut content: Vec<u8>) -> Vec<u8> {
    content.truncate(content.len() - 4 - record.notices.len());
    put_sized(&mut content, &[]);
    content
}

/// Decodes the record that begins with event `first`, with the number of its incident.
pub(in crate::store) fn decode_record(first: u64, bytes: &[u8]) -> Result<(u64, Record), String> {
    let mut fields = Fields::new(bytes);
    let number = fields.long()?;
    let count = fields.int()?;
    let mut events = Vec::new();
    for _ in 0..count {
        let link = fields.digest()?;
        events.push(Stored { bytes: fields.sized()?.to_vec(), link });
    }
    let notices = fields.sized()?.to_vec();
    fields.end()?;
    Ok((number, Record { first, events, notices }))
}

/// Reads the incident's number out of a record's first piece.
pub(in crate::store) fn number_in(piece: &[u8]) -> Result<u64, String> {
    pieces_of(piece)?;
    let mut fields = Fields::new(piece);
    fields.take(HEAD_BYTES)?;
    fields.long()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::layout::content_of;

    #[test]
    fn a_record_survives_encoding_and_any_cut_is_noticed() {
        let events = vec![b"one".to_vec(), b"two".to_vec()];
        let mut draft = draft_record(12, &events, b"notices");
        link_record(&mut draft, Digest::of);
        let bytes = content_of(&draft);
        let (number, record) = decode_record(5, bytes).unwrap();
        assert_eq!(number, 12);
        assert_eq!(record.first, 5);
        assert_eq!(record.events[1], Stored { bytes: b"two".to_vec(), link: Digest::of(b"two") });
        assert_eq!(record.notices, b"notices");
        let erased = decode_record(5, &without_notices(&record, bytes.to_vec())).unwrap().1;
        assert_eq!(erased, Record { notices: Vec::new(), ..record });
        for length in 0..bytes.len() {
            assert!(decode_record(5, &bytes[..length]).is_err(), "cut at {length}");
        }
    }

    #[test]
    fn an_absurd_count_is_refused_without_memory() {
        let mut bytes = 1_u64.to_be_bytes().to_vec();
        bytes.extend_from_slice(&u32::MAX.to_be_bytes());
        assert!(decode_record(1, &bytes).is_err());
    }
}
