//! Cutting long values into pieces, and reading fields out of bytes without trusting them.

use jiff::Timestamp;

use super::{FORMAT, MAX_PIECE_BYTES};
use crate::id::IncidentId;
use crate::store::Digest;

/// Bytes before the content of a first piece: format version and number of pieces.
pub(super) const HEAD_BYTES: usize = 3;

/// Cuts `content` into the values of its pieces, in order. The first one tells how many follow.
///
/// Content is bounded well below 65,535 pieces before it gets here.
pub(in crate::store) fn split(content: &[u8]) -> Vec<Vec<u8>> {
    let room = MAX_PIECE_BYTES - HEAD_BYTES;
    let count = content.len().div_ceil(room).max(1);
    let count = u16::try_from(count).expect("content is bounded below 65,535 pieces");
    let mut pieces = Vec::with_capacity(usize::from(count));
    for index in 0..usize::from(count) {
        let part = &content[index * room..content.len().min((index + 1) * room)];
        let mut piece = Vec::with_capacity(HEAD_BYTES + part.len());
        piece.push(FORMAT);
        piece.extend_from_slice(&count.to_be_bytes());
        piece.extend_from_slice(part);
        pieces.push(piece);
    }
    pieces
}

/// Begins a value whose content, should it fit, is the only piece; see [`content_of`].
pub(super) fn begin_piece(content: usize) -> Vec<u8> {
    let mut piece = Vec::with_capacity(HEAD_BYTES + content);
    piece.extend_from_slice(&[FORMAT, 0, 1]);
    piece
}

/// Returns the content of a piece.
pub(in crate::store) fn content_of(piece: &[u8]) -> &[u8] {
    &piece[HEAD_BYTES..]
}

/// Returns how many pieces the value that begins with this one has.
pub(in crate::store) fn pieces_of(piece: &[u8]) -> Result<u16, String> {
    match piece {
        [FORMAT, high, low, ..] => Ok(u16::from_be_bytes([*high, *low])),
        [version, ..] if *version != FORMAT => Err(format!(
            "it has format version {version}, this program reads {FORMAT}: a newer one wrote it"
        )),
        _ => Err("it is cut off".to_owned()),
    }
}

/// Joins pieces to the content they were cut from.
pub(in crate::store) fn join<P: AsRef<[u8]>>(pieces: &[P]) -> Result<Vec<u8>, String> {
    let first = pieces.first().ok_or("it has no pieces")?;
    let count = usize::from(pieces_of(first.as_ref())?);
    if count != pieces.len() {
        return Err(format!("it has {} of {count} pieces", pieces.len()));
    }
    let mut content = Vec::new();
    for piece in pieces {
        pieces_of(piece.as_ref())?;
        content.extend_from_slice(content_of(piece.as_ref()));
    }
    Ok(content)
}

/// Reads fields one after the other.
pub(super) struct Fields<'a> {
    left: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { left: bytes }
    }

    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], String> {
        let (taken, left) = self.left.split_at_checked(count).ok_or("it is cut off")?;
        self.left = left;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], String> {
        let taken = self.take(N)?;
        taken.try_into().map_err(|_| "it is cut off".to_owned())
    }

    pub(super) fn byte(&mut self) -> Result<u8, String> {
        self.array().map(u8::from_be_bytes)
    }

    pub(super) fn short(&mut self) -> Result<u16, String> {
        self.array().map(u16::from_be_bytes)
    }

    pub(super) fn int(&mut self) -> Result<u32, String> {
        self.array().map(u32::from_be_bytes)
    }

    pub(super) fn long(&mut self) -> Result<u64, String> {
        self.array().map(u64::from_be_bytes)
    }

    pub(super) fn digest(&mut self) -> Result<Digest, String> {
        self.array().map(Digest::from_bytes)
    }

    pub(super) fn incident(&mut self) -> Result<IncidentId, String> {
        self.array().map(|bytes| IncidentId::from_u128(u128::from_be_bytes(bytes)))
    }

    pub(super) fn timestamp(&mut self) -> Result<Timestamp, String> {
        let seconds = i64::from_be_bytes(self.array()?);
        let nanoseconds = i32::from_be_bytes(self.array()?);
        Timestamp::new(seconds, nanoseconds).map_err(|error| error.to_string())
    }

    /// Reads a length and as many bytes.
    pub(super) fn sized(&mut self) -> Result<&'a [u8], String> {
        let length = self.int()?;
        self.take(usize::try_from(length).map_err(|error| error.to_string())?)
    }

    pub(super) fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.left)
    }

    pub(super) fn end(&self) -> Result<(), String> {
        if self.left.is_empty() { Ok(()) } else { Err("it has bytes too many".to_owned()) }
    }
}

pub(super) fn put_timestamp(bytes: &mut Vec<u8>, at: Timestamp) {
    bytes.extend_from_slice(&at.as_second().to_be_bytes());
    bytes.extend_from_slice(&at.subsec_nanosecond().to_be_bytes());
}

/// Writes a length and the bytes. Lengths are bounded far below 4 GiB before they get here.
pub(super) fn put_sized(bytes: &mut Vec<u8>, content: &[u8]) {
    let length = u32::try_from(content.len()).expect("content is bounded below 4 GiB");
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(content);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_of_any_length_survives_cutting_and_joining() {
        let room = MAX_PIECE_BYTES - HEAD_BYTES;
        for length in [0, 1, room - 1, room, room + 1, 3 * room, 3 * room + 7] {
            let content: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
            let pieces = split(&content);
            assert!(pieces.iter().all(|piece| piece.len() <= MAX_PIECE_BYTES));
            assert_eq!(usize::from(pieces_of(&pieces[0]).unwrap()), pieces.len());
            assert_eq!(join(&pieces), Ok(content));
        }
    }

    #[test]
    fn missing_pieces_and_unknown_versions_are_named() {
        let mut pieces = split(&vec![7; 2 * MAX_PIECE_BYTES]);
        pieces.pop();
        assert!(join(&pieces).unwrap_err().contains("2 of 3"));
        assert!(join::<Vec<u8>>(&[]).is_err());
        assert!(join(&[vec![FORMAT]]).is_err());
        assert!(join(&[vec![9, 0, 1]]).unwrap_err().contains("version 9"));
    }

    #[test]
    fn fields_never_read_past_the_end() {
        let mut fields = Fields::new(&[0, 0, 0, 9, 1]);
        assert!(fields.sized().is_err());
        assert!(Fields::new(&[1, 2]).long().is_err());
        assert!(Fields::new(&[127; 12]).timestamp().is_err());
    }
}
