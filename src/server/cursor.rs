//! Pages of lists: opaque cursors that only fit the list they were given for.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

/// The page size where none is asked for.
pub const LIMIT_DEFAULT: usize = 50;
/// The largest page: bounds the memory and the time of one request.
pub const LIMIT_MAX: usize = 200;

/// The form of cursors; another one is refused rather than misread.
const FORMAT: u8 = 1;
const BYTES: usize = 1 + 8 + CHECK;
/// Enough to tell lists apart and typing errors from cursors; a cursor grants nothing.
const CHECK: usize = 6;

/// Writes the place after which the next page begins.
///
/// `list` names the list with its filters; the cursor is refused for any other.
#[must_use]
pub fn encode(list: &str, after: u64) -> String {
    let mut bytes = Vec::with_capacity(BYTES);
    bytes.push(FORMAT);
    bytes.extend(after.to_be_bytes());
    bytes.extend(check(list, after));
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads a cursor given for `list`; `None` for anything else.
#[must_use]
pub fn decode(list: &str, cursor: &str) -> Option<u64> {
    if cursor.len() > BYTES * 2 {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let bytes: [u8; BYTES] = bytes.try_into().ok()?;
    let after = u64::from_be_bytes(bytes[1..9].try_into().ok()?);
    (bytes[0] == FORMAT && bytes[9..] == check(list, after)).then_some(after)
}

fn check(list: &str, after: u64) -> [u8; CHECK] {
    let digest = Sha256::new().chain_update(after.to_be_bytes()).chain_update(list).finalize();
    std::array::from_fn(|i| digest[i])
}

#[cfg(test)]
mod tests {
    use super::*;

    use proptest::prelude::*;

    #[test]
    fn a_cursor_fits_only_the_list_it_was_given_for() {
        let cursor = encode("incidents?status=open", 42);
        assert_eq!(decode("incidents?status=open", &cursor), Some(42));
        assert_eq!(decode("incidents?status=closed", &cursor), None);
    }

    proptest! {
        #[test]
        fn every_place_comes_back(after: u64, list in ".{0,40}") {
            prop_assert_eq!(decode(&list, &encode(&list, after)), Some(after));
        }

        #[test]
        fn noise_is_no_cursor(noise in ".{0,60}") {
            prop_assert_eq!(decode("incidents", &noise), None);
        }
    }
}
