//! Who is sending: a source, known by its key. Keys are compared in constant time, all of them.

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, FailedToBufferBody};
use axum::extract::{FromRequest as _, Request};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use subtle::ConstantTimeEq as _;
use tokio::sync::SemaphorePermit;

use super::Ingest;
use crate::config::IngestSource;
use crate::ingest::signature::{Signed, check};
use crate::ingest::{BODY_BYTES_MAX, Dialect, Source};
use crate::server::app::App;
use crate::server::ask;
use crate::server::problem::{Kind, Problem, too_large};

impl Ingest {
    /// Finds the source of a dialect that a key belongs to.
    pub(super) fn source_of(&self, dialect: Dialect, key: &str) -> Option<&Source> {
        let mut found = None;
        let by_key = |one: &&IngestSource| one.source.dialect == dialect && one.signing.is_none();
        for one in self.sources.values().filter(by_key) {
            if opens(one, key) {
                found = Some(&one.source);
            }
        }
        found
    }

    /// Lets a sender in whose headers carry the key of a source of this dialect; of the one named,
    /// where one is.
    pub(super) fn admit(
        &self,
        dialect: Dialect,
        name: Option<&str>,
        headers: &HeaderMap,
    ) -> Result<&Source, Problem> {
        let key = key(headers).ok_or_else(no_key)?;
        let source = self.source_of(dialect, &key);
        source.filter(|source| name.is_none_or(|name| name == source.id)).ok_or_else(unknown_key)
    }

    /// Lets a sender in that has the key of a source of this dialect.
    pub(super) fn admit_key(&self, dialect: Dialect, key: &str) -> Result<&Source, Problem> {
        self.source_of(dialect, key).ok_or_else(unknown_key)
    }

    /// Tells whether the bodies of a source are known by their signature.
    pub(super) fn signs(&self, dialect: Dialect, name: &str) -> bool {
        let found = self.sources.get(name).filter(|one| one.source.dialect == dialect);
        found.is_some_and(|one| one.signing.is_some())
    }

    /// Lets a body in that a source of this name and dialect has signed.
    pub(super) fn admit_signed(
        &self,
        dialect: Dialect,
        name: &str,
        headers: &HeaderMap,
        body: &[u8],
        now: Timestamp,
    ) -> Result<&Source, Problem> {
        let found = self.sources.get(name).filter(|one| one.source.dialect == dialect);
        let (found, signing) =
            found.and_then(|one| Some((one, one.signing.as_ref()?))).ok_or_else(unknown_key)?;
        let header = |name: &str| headers.get(name)?.to_str().ok();
        let signed = Signed {
            signature: header(&signing.header),
            timestamp: signing.timestamp.as_deref().and_then(header),
        };
        let secret = found.key.expose().as_bytes();
        check(signing, secret, signed, body, now).map_err(|unsigned| {
            tracing::warn!(source = name, reason = unsigned.as_str(), "a signed body was refused");
            Problem::of(Kind::Unauthenticated, unsigned.text(signing))
        })?;
        Ok(&found.source)
    }

    /// Tells whether a signed body is one that somebody else sends again: it was accepted longer ago
    /// than its sender tries again, as far as is kept.
    pub(super) fn is_replay(&self, name: &str, body: &[u8], now: Timestamp) -> bool {
        let signing = self.sources.get(name).and_then(|one| one.signing.as_ref());
        let Some(retries) = signing.and_then(|signing| signing.retries) else { return false };
        let first = self.kept.first_accepted(name, body);
        let until = first.and_then(|first| first.checked_add(retries).ok());
        let is_replay = until.is_some_and(|until| until < now);
        if is_replay {
            tracing::warn!(source = name, ?first, "a signed body was replayed, without effect");
        }
        is_replay
    }

    /// Lets the source of this name in, whatever it speaks.
    pub(super) fn admit_named(&self, name: &str, headers: &HeaderMap) -> Result<&Source, Problem> {
        let key = key(headers).ok_or_else(no_key)?;
        let named = self.sources.get(name);
        named.filter(|one| opens(one, &key)).map(|one| &one.source).ok_or_else(unknown_key)
    }

    /// Takes a place among those that are worked on.
    pub(super) fn place(&self) -> Result<SemaphorePermit<'_>, Problem> {
        self.room.try_acquire().map_err(|_| {
            Problem::new(
                Kind::Busy,
                "正在处理的告警过多；请稍后重发",
                "Too many alerts are being taken in; send it again a little later",
            )
        })
    }
}

/// Compares a key with that of a source, in constant time.
fn opens(one: &IngestSource, key: &str) -> bool {
    one.key.expose().as_bytes().ct_eq(key.as_bytes()).into()
}

/// Reads the key: a bearer token, Opsgenie's own scheme, or the password of basic authentication
/// under any user name.
fn key(headers: &HeaderMap) -> Option<String> {
    let (scheme, rest) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let rest = rest.trim();
    if scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("geniekey") {
        return Some(rest.to_owned());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(rest).ok()?).ok()?;
    decoded.split_once(':').map(|(_, password)| password.to_owned())
}

fn no_key() -> Problem {
    Problem::new(
        Kind::Unauthenticated,
        "缺少来源的密钥；请用 Authorization: Bearer 或 Basic（密钥作密码）发送",
        "There is no key; send it as `Authorization: Bearer`, or as the password of Basic",
    )
}

/// The same for a key of another source and for a source that does not exist.
pub(super) fn unknown_key() -> Problem {
    Problem::new(
        Kind::Unauthenticated,
        "密钥不属于此处的任何来源；请核对配置中的 ingest",
        "The key belongs to no source that may send here; see `ingest` in the configuration",
    )
}

/// Reads a whole body.
pub(super) async fn body(request: Request, app: &App) -> Result<Bytes, Problem> {
    Bytes::from_request(request, app).await.map_err(|rejection| match rejection {
        BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) => {
            too_large(BODY_BYTES_MAX as u64)
        }
        _ => ask::broken_body(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_comes_as_a_bearer_or_as_a_password() {
        let of = |header: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, header.parse().unwrap());
            key(&headers)
        };
        assert_eq!(of("Bearer k1").as_deref(), Some("k1"));
        assert_eq!(of("GenieKey k1").as_deref(), Some("k1"));
        assert_eq!(of(&format!("basic {}", STANDARD.encode("any:k:1"))).as_deref(), Some("k:1"));
        for bad in ["k1", "Basic !", "Digest k1"] {
            assert_eq!(of(bad), None, "{bad}");
        }
        assert_eq!(of(&format!("Basic {}", STANDARD.encode("k1"))), None);
        assert_eq!(key(&HeaderMap::new()), None);
    }
}
