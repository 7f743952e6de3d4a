//! A record: the events of one append with their links, and beside them the notices.

use super::bytes::{Fields, HEAD_BYTES, pieces_of, put_sized};
use crate::store::{Digest, Record, Stored};

/// Encodes a record of the incident with this number.
pub(in crate::store) fn encode_record(
    number: u64,
    events: &[Vec<u8>],
    links: &[Digest],
    notices: &[u8],
) -> Vec<u8> {
    let length = events.iter().map(|event| event.len() + 36).sum::<usize>() + notices.len() + 16;
    let mut bytes = Vec::with_capacity(length);
    bytes.extend_from_slice(&number.to_be_bytes());
    let count = u32::try_from(events.len()).expect("the events of one append are bounded");
    bytes.extend_from_slice(&count.to_be_bytes());
    for (event, link) in events.iter().zip(links) {
        bytes.extend_from_slice(link.as_bytes());
        put_sized(&mut bytes, event);
    }
    put_sized(&mut bytes, notices);
    bytes
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

    #[test]
    fn a_record_survives_encoding_and_any_cut_is_noticed() {
        let events = vec![b"one".to_vec(), b"two".to_vec()];
        let links = [Digest::of(b"1"), Digest::of(b"2")];
        let bytes = encode_record(12, &events, &links, b"notices");
        let (number, record) = decode_record(5, &bytes).unwrap();
        assert_eq!(number, 12);
        assert_eq!(record.first, 5);
        assert_eq!(record.events[1], Stored { bytes: b"two".to_vec(), link: links[1] });
        assert_eq!(record.notices, b"notices");
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
