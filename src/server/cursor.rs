//! Pages of lists: opaque cursors that only fit the list they were given for.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use axum::http::HeaderValue;
use axum::http::header::LINK;
use axum::response::Response;

use super::problem::{Kind, Problem};

/// The page size where none is asked for.
pub const LIMIT_DEFAULT: usize = 50;
/// The largest page: bounds the memory and the time of one request.
pub const LIMIT_MAX: usize = 200;

/// The form of cursors; another one is refused rather than misread.
const FORMAT: u8 = 1;
const BYTES: usize = 1 + 16 + CHECK;
/// Enough to tell lists apart and typing errors from cursors; a cursor grants nothing.
const CHECK: usize = 6;

/// Writes the place after which the next page begins.
///
/// `list` names the list with its filters; the cursor is refused for any other.
#[must_use]
pub fn encode(list: &str, after: u128) -> String {
    let mut bytes = Vec::with_capacity(BYTES);
    bytes.push(FORMAT);
    bytes.extend(after.to_be_bytes());
    bytes.extend(check(list, after));
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads a cursor given for `list`; `None` for anything else.
#[must_use]
pub fn decode(list: &str, cursor: &str) -> Option<u128> {
    if cursor.len() > BYTES * 2 {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let bytes: [u8; BYTES] = bytes.try_into().ok()?;
    let after = u128::from_be_bytes(bytes[1..17].try_into().ok()?);
    (bytes[0] == FORMAT && bytes[17..] == check(list, after)).then_some(after)
}

fn check(list: &str, after: u128) -> [u8; CHECK] {
    let digest = Sha256::new().chain_update(after.to_be_bytes()).chain_update(list).finalize();
    std::array::from_fn(|i| digest[i])
}

/// Reads a page size.
///
/// # Errors
/// One that is none.
pub fn limit(asked: Option<usize>) -> Result<usize, Problem> {
    let limit = asked.unwrap_or(LIMIT_DEFAULT);
    if (1..=LIMIT_MAX).contains(&limit) {
        return Ok(limit);
    }
    Err(Problem::query(
        "limit",
        format!("limit 应在 1 到 {LIMIT_MAX} 之间"),
        format!("limit must be 1 to {LIMIT_MAX}"),
    ))
}

/// Reads a cursor given for `list`.
///
/// # Errors
/// One that was not.
pub fn read(list: &str, cursor: &str) -> Result<u128, Problem> {
    decode(list, cursor).ok_or_else(|| {
        Problem::new(
            Kind::BadCursor,
            "分页游标与此列表不符；请从第一页开始，并保持筛选条件不变",
            "This cursor was not given for this list; begin with the first page \
             and keep the filters as they are",
        )
    })
}

/// Says where the next page is.
pub fn link(response: &mut Response, next: &str) {
    if let Ok(link) = HeaderValue::from_str(&format!("<{next}>; rel=\"next\"")) {
        response.headers_mut().insert(LINK, link);
    }
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
        fn every_place_comes_back(after: u128, list in ".{0,40}") {
            prop_assert_eq!(decode(&list, &encode(&list, after)), Some(after));
        }

        #[test]
        fn noise_is_no_cursor(noise in ".{0,60}") {
            prop_assert_eq!(decode("incidents", &noise), None);
        }
    }
}
