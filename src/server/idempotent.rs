//! The same request twice has one effect: keys, and the answers given under them.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::{Body, Bytes};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::Response;
use sha2::{Digest as _, Sha256};

use super::auth::Principal;
use super::problem::{Kind, Problem, key_reused};
use crate::store::{Digest, Idempotency};

/// Carries the caller's key.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Says that an answer was given before.
pub const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// The longest key; with the owner's name before it, it fits the store's bound.
pub const KEY_BYTES_MAX: usize = 128;
/// The longest owner's name that is written out; longer ones are hashed.
const OWNER_BYTES_MAX: usize = Idempotency::MAX_KEY_BYTES - KEY_BYTES_MAX - 1;

/// A key as the store keeps it, with what the request was.
#[derive(Debug, Clone)]
pub struct Key {
    /// The caller's key behind the owner's name.
    pub name: String,
    /// Hash of owner, method, path and body.
    pub fingerprint: Digest,
}

/// A key whose request's body has not been read yet.
#[derive(Debug)]
pub struct Draft {
    name: String,
    /// Of owner, method and path.
    hash: Sha256,
}

impl Draft {
    /// Reads the key of a request; `None` where it carries none.
    ///
    /// # Errors
    /// A key that is empty, too long, or not printable.
    pub fn of(
        headers: &HeaderMap,
        principal: &Principal,
        method: &Method,
        path: &str,
    ) -> Result<Option<Self>, Problem> {
        let Some(header) = headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
        let text = header.to_str().map_err(|_| bad_key())?.trim();
        // The convention quotes it as a structured string; many clients do not.
        let text = text.strip_prefix('"').and_then(|t| t.strip_suffix('"')).unwrap_or(text);
        if text.is_empty() || text.len() > KEY_BYTES_MAX {
            return Err(bad_key());
        }
        let owner = principal.key_space();
        let name = if owner.len() > OWNER_BYTES_MAX {
            format!("{}:{text}", hex::encode(Sha256::digest(owner.as_bytes())))
        } else {
            format!("{owner}:{text}")
        };
        let parts = [owner.as_bytes(), method.as_str().as_bytes(), path.as_bytes()];
        Ok(Some(Self { name, hash: parts.into_iter().fold(Sha256::new(), hashed) }))
    }

    /// Adds the body.
    #[must_use]
    pub fn seal(self, body: &[u8]) -> Key {
        let hash = hashed(self.hash, body).finalize();
        Key { name: self.name, fingerprint: Digest::from_bytes(hash.into()) }
    }
}

/// Lengths keep the parts from running into each other.
fn hashed(hash: Sha256, part: &[u8]) -> Sha256 {
    hash.chain_update((part.len() as u64).to_be_bytes()).chain_update(part)
}

impl Key {
    /// Returns the answer given before, or refuses the key where it was another request's.
    ///
    /// # Errors
    /// The key was used for another request.
    pub fn replay(&self, answer: Idempotency) -> Result<Response, Problem> {
        // A redaction erases what was asked and said, not that it was.
        if !answer.answers(self.fingerprint) {
            return Err(key_reused());
        }
        let body = if answer.body.is_empty() { b"{}".to_vec() } else { answer.body };
        let mut response = Response::new(Body::from(Bytes::from(body)));
        *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok(replayed(response))
    }
}

/// Says of an answer that it was given before.
pub fn replayed(mut response: Response) -> Response {
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    response
}

fn bad_key() -> Problem {
    Problem::new(
        Kind::BadHeader,
        format!("Idempotency-Key 应为 1 至 {KEY_BYTES_MAX} 个可打印的 ASCII 字符，例如 UUID"),
        format!(
            "Idempotency-Key must be 1 to {KEY_BYTES_MAX} printable ASCII characters, such as a UUID"
        ),
    )
}

/// The keys of requests under way.
#[derive(Debug, Clone, Default)]
pub struct InFlight(Arc<Mutex<BTreeSet<String>>>);

impl InFlight {
    /// Takes a key until the ticket is dropped.
    ///
    /// # Errors
    /// A request with the same key is still under way.
    pub fn enter(&self, name: &str) -> Result<Ticket, Problem> {
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !keys.insert(name.to_owned()) {
            return Err(Problem::new(
                Kind::KeyInUse,
                "使用同一幂等键的请求仍在处理；请稍后用同一键重试",
                "A request with this idempotency key is still under way; \
                 repeat it with the same key in a moment",
            ));
        }
        Ok(Ticket { keys: self.clone(), name: name.to_owned() })
    }
}

/// A key that is taken.
#[derive(Debug)]
pub struct Ticket {
    keys: InFlight,
    name: String,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.keys.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_taken_until_its_request_ends() {
        let keys = InFlight::default();
        let ticket = keys.enter("p:li:1").unwrap();
        assert_eq!(keys.enter("p:li:1").unwrap_err().kind, Kind::KeyInUse);
        assert!(keys.enter("p:li:2").is_ok());
        drop(ticket);
        assert!(keys.enter("p:li:1").is_ok());
    }
}
