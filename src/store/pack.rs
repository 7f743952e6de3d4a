//! Pairs of keys and values in a file: how archived incidents and the parts of a backup lie on
//! disk. A line that names the format, then length-prefixed pairs, then the SHA-256 of all that.

use super::Digest;

/// The first line of the file.
const MAGIC: &[u8] = b"firebell pairs 1\n";

/// The SHA-256 at the end.
const TRAILER_BYTES: usize = 32;

/// A key and its value.
pub(super) type Pair = (Vec<u8>, Vec<u8>);

/// Collects pairs into the bytes of a file.
pub(super) struct Packer {
    bytes: Vec<u8>,
}

impl Packer {
    pub(super) fn new() -> Self {
        Self { bytes: MAGIC.to_vec() }
    }

    /// Adds a pair. Both are bounded far below 4 GiB before they get here.
    pub(super) fn add(&mut self, key: &[u8], value: &[u8]) {
        for part in [key, value] {
            let length = u32::try_from(part.len()).expect("keys and values are bounded");
            self.bytes.extend_from_slice(&length.to_be_bytes());
        }
        self.bytes.extend_from_slice(key);
        self.bytes.extend_from_slice(value);
    }

    /// Returns how long the file has become.
    pub(super) const fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.bytes.len() == MAGIC.len()
    }

    /// Returns the file's bytes.
    pub(super) fn finish(mut self) -> Vec<u8> {
        let digest = Digest::of(&self.bytes);
        self.bytes.extend_from_slice(digest.as_bytes());
        self.bytes
    }
}

/// Reads the pairs of a file after checking that nothing in it changed.
pub(super) fn unpack(file: &[u8]) -> Result<Vec<Pair>, String> {
    let (body, trailer) = file.split_last_chunk::<TRAILER_BYTES>().ok_or("it is cut off")?;
    let body_digest = Digest::of(body);
    if body_digest.as_bytes() != trailer {
        return Err(format!("its SHA-256 is {body_digest}, not the one at its end"));
    }
    let mut left = body.strip_prefix(MAGIC).ok_or("it does not begin as such a file does")?;
    let mut pairs = Vec::new();
    while !left.is_empty() {
        let key_length = take_length(&mut left)?;
        let value_length = take_length(&mut left)?;
        let key = take(&mut left, key_length)?;
        let value = take(&mut left, value_length)?;
        pairs.push((key.to_vec(), value.to_vec()));
    }
    Ok(pairs)
}

fn take<'a>(left: &mut &'a [u8], count: usize) -> Result<&'a [u8], String> {
    let (taken, rest) = left.split_at_checked(count).ok_or("a pair is cut off")?;
    *left = rest;
    Ok(taken)
}

fn take_length(left: &mut &[u8]) -> Result<usize, String> {
    let bytes = take(left, 4)?.try_into().map_err(|_| "a length is cut off")?;
    usize::try_from(u32::from_be_bytes(bytes)).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_survive_and_every_flipped_byte_is_noticed() {
        let mut packer = Packer::new();
        assert!(packer.is_empty());
        packer.add(b"key", b"value");
        packer.add(b"", b"");
        let file = packer.finish();
        let pairs = vec![(b"key".to_vec(), b"value".to_vec()), (Vec::new(), Vec::new())];
        assert_eq!(unpack(&file), Ok(pairs));
        for at in 0..file.len() {
            let mut damaged = file.clone();
            damaged[at] ^= 1;
            assert!(unpack(&damaged).is_err(), "byte {at}");
        }
        assert!(unpack(&file[..file.len() - 1]).is_err());
        assert!(unpack(b"").is_err());
    }
}
