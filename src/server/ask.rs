//! What handlers are given: paths, queries and bodies, read once, bounded, and refused with a
//! problem that names the place.

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, FailedToBufferBody, PathRejection};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::header::{CONTENT_TYPE, IF_MATCH};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use serde::de::DeserializeOwned;

use super::app::App;
use super::auth::Principal;
use super::idempotent::{Draft, Key};
use super::problem::{Kind, Problem, too_large};
use super::shape;

/// The largest JSON body: the longest form with every text at its bound fits many times.
pub const BODY_BYTES_MAX: usize = 512 * 1024;

impl FromRequestParts<App> for Principal {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(unguarded)
    }
}

/// Only where a route was mounted without its guard: fail closed.
fn unguarded() -> Problem {
    tracing::error!("a route has no guard");
    Problem::internal()
}

/// The variable parts of a path.
#[derive(Debug)]
pub struct At<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<App> for At<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        match Path::<T>::from_request_parts(parts, app).await {
            Ok(Path(value)) => Ok(Self(value)),
            Err(PathRejection::FailedToDeserializePathParams(_)) => Err(no_such_path()),
            Err(error) => {
                tracing::error!(%error, "a route does not match its handler");
                Err(Problem::internal())
            }
        }
    }
}

/// Nothing answers at an address.
pub fn no_such_path() -> Problem {
    Problem::new(
        Kind::UnknownRoute,
        "此地址不存在；可用地址见 /openapi.json",
        "Nothing answers at this address; /openapi.json lists what does",
    )
}

/// The parameters of a query.
#[derive(Debug)]
pub struct Asked<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<App> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        match Query::<T>::from_request_parts(parts, app).await {
            Ok(Query(value)) => Ok(Self(value)),
            Err(rejection) => {
                let said = std::error::Error::source(&rejection)
                    .map_or_else(|| rejection.to_string(), ToString::to_string);
                Err(Problem::new(
                    Kind::BadQuery,
                    format!("查询参数无效：{}", shape::in_chinese(&said)),
                    format!("The query is not valid: {said}"),
                ))
            }
        }
    }
}

/// A request that changes something: who asks, under which conditions, with what body.
#[derive(Debug)]
pub struct Ask<T> {
    /// Who asks.
    pub principal: Principal,
    /// The version the caller saw (`If-Match`).
    pub expected: Option<u64>,
    /// The idempotency key.
    pub key: Option<Key>,
    /// The body; an empty one counts as `{}`.
    pub body: T,
}

impl<T: DeserializeOwned> FromRequest<App> for Ask<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let principal = request.extensions().get::<Principal>().cloned().ok_or_else(unguarded)?;
        let headers = request.headers();
        let expected = if_match(headers)?;
        let is_json = is_json(headers);
        let draft = Draft::of(headers, &principal, request.method(), request.uri().path())?;
        let bytes = read(request, app).await?;
        if !bytes.is_empty() && !is_json {
            return Err(unsupported("application/json"));
        }
        let key = draft.map(|draft| draft.seal(&bytes));
        let body = shape::read(if bytes.is_empty() { b"{}" } else { &bytes })?;
        Ok(Self { principal, expected, key, body })
    }
}

async fn read(request: Request, app: &App) -> Result<Bytes, Problem> {
    Bytes::from_request(request, app).await.map_err(|rejection| match rejection {
        BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) => {
            too_large(BODY_BYTES_MAX as u64)
        }
        _ => broken_body(),
    })
}

/// The connection ended before the body did.
pub fn broken_body() -> Problem {
    Problem::new(
        Kind::BrokenBody,
        "请求体没有传完；请重试",
        "The body did not arrive whole; send it again",
    )
}

/// The route takes another type of body.
pub fn unsupported(wanted: &str) -> Problem {
    Problem::new(
        Kind::UnsupportedMedia,
        format!("此处只接受 Content-Type: {wanted}"),
        format!("This takes Content-Type: {wanted}"),
    )
    .with("accepts", wanted)
}

/// Tells whether the body says that it is JSON.
pub fn is_json(headers: &HeaderMap) -> bool {
    media_type(headers).is_some_and(|media| {
        media.eq_ignore_ascii_case("application/json")
            || (media.len() > 5 && media.to_ascii_lowercase().ends_with("+json"))
    })
}

/// Returns the media type of the body, without its parameters.
pub fn media_type(headers: &HeaderMap) -> Option<&str> {
    headers.get(CONTENT_TYPE)?.to_str().ok()?.split(';').next().map(str::trim)
}

fn if_match(headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let Some(header) = headers.get(IF_MATCH) else { return Ok(None) };
    if header == "*" {
        return Ok(None);
    }
    let version = header.to_str().ok().and_then(version_of);
    version.map(Some).ok_or_else(|| {
        Problem::new(
            Kind::BadHeader,
            "If-Match 应为读取事件时得到的 ETag，例如 \"17\"",
            "If-Match must be the ETag that came with the incident, such as \"17\"",
        )
    })
}

/// Writes a version as an entity tag.
pub fn etag(version: u64) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{version}\"")).unwrap_or(HeaderValue::from_static("\"0\""))
}

/// Reads an entity tag.
pub fn version_of(tag: &str) -> Option<u64> {
    let digits = tag.trim().strip_prefix('"')?.strip_suffix('"')?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entity_tag_is_the_version_and_comes_back() {
        assert_eq!(version_of(etag(17).to_str().unwrap()), Some(17));
        for bad in ["17", "\"\"", "\"x\"", "W/\"17\"", "\"-1\""] {
            assert_eq!(version_of(bad), None, "{bad}");
        }
    }

    #[test]
    fn json_is_known_by_its_media_type_and_not_by_its_look() {
        let says = |media: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, media.parse().unwrap());
            is_json(&headers)
        };
        assert!(says("application/json"));
        assert!(says("Application/JSON; charset=utf-8"));
        assert!(says("application/merge-patch+json"));
        assert!(!says("text/plain"));
        assert!(!is_json(&HeaderMap::new()));
    }
}
