//! Problems, as RFC 9457 has them: what is wrong, where, and what to do, in the caller's language.
//!
//! Layers below HTTP never know statuses; this is the one place that gives them. A problem carries
//! text for outsiders only. What the inside has to say goes to the log, under the same instance.

mod body;
mod from;
mod kind;

pub use body::write;
pub(super) use from::{key_reused, too_large};
pub use kind::Kind;

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value as Json};

use crate::engine::FieldProblem;
use crate::text::Text;

/// Something that keeps a request from being answered as asked. One word in size, since every
/// handler may return one.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem(Box<Content>);

/// What a problem says.
#[derive(Debug, Clone, PartialEq)]
pub struct Content {
    /// Its kind: code, status and title.
    pub kind: Kind,
    /// What is wrong here and what to do.
    pub detail: Text,
    /// Wrong fields of the body, by JSON pointer.
    pub errors: Vec<FieldProblem>,
    /// Facts for programs, beside the standard members.
    pub extras: Map<String, Json>,
    /// When to try again, in seconds.
    pub retry_after: Option<u32>,
    /// The methods that are allowed, for a 405.
    pub allow: Option<String>,
}

/// How long a caller waits before it tries again, where nothing better is known.
const RETRY_AFTER_SECONDS: u32 = 1;

impl Problem {
    /// Makes a problem with a sentence in Chinese and in English.
    #[must_use]
    pub fn new(kind: Kind, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::of(kind, Text::both(zh, en))
    }

    /// Makes a problem from a text that has both languages.
    #[must_use]
    pub fn of(kind: Kind, detail: Text) -> Self {
        let retry_after = kind.is_worth_retrying().then_some(RETRY_AFTER_SECONDS);
        let (errors, extras, allow) = (Vec::new(), Map::new(), None);
        Self(Box::new(Content { kind, detail, errors, extras, retry_after, allow }))
    }

    /// Adds a fact for programs.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Json>) -> Self {
        self.0.extras.insert(key.to_owned(), value.into());
        self
    }

    /// Names the wrong fields.
    #[must_use]
    pub fn with_errors(mut self, errors: Vec<FieldProblem>) -> Self {
        self.0.errors = errors;
        self
    }

    /// A mistake in firebell: the log says more, the caller gets the instance to quote.
    #[must_use]
    pub fn internal() -> Self {
        Self::new(
            Kind::Internal,
            "firebell 内部出错，已记入日志；请带上 instance 联系管理员",
            "firebell made a mistake and logged it; quote the instance to your administrator",
        )
    }

    /// A wrong field of a body.
    #[must_use]
    pub fn field(pointer: impl Into<String>, zh: &str, en: &str) -> Self {
        let errors = vec![FieldProblem { pointer: pointer.into(), detail: Text::both(zh, en) }];
        Self::new(
            Kind::Rejected(crate::engine::RejectionCode::InvalidFields),
            "请求中有字段无效，见 errors",
            "Some fields are not valid; see `errors`",
        )
        .with_errors(errors)
    }

    /// A wrong parameter of a query.
    #[must_use]
    pub fn query(parameter: &str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::new(Kind::BadQuery, zh, en).with("parameter", parameter)
    }

    /// Adds facts for programs.
    #[must_use]
    pub fn with_all(mut self, extras: Map<String, Json>) -> Self {
        self.0.extras = extras;
        self
    }

    /// Says when to try again.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.0.retry_after = Some(seconds);
        self
    }

    /// Names the methods that are allowed.
    #[must_use]
    pub fn allowing(mut self, methods: String) -> Self {
        self.0.allow = Some(methods);
        self
    }
}

impl std::ops::Deref for Problem {
    type Target = Content;

    fn deref(&self) -> &Content {
        &self.0
    }
}

impl Content {
    /// Returns the status of the answer.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.kind.status()
    }
}

/// The answer's body is written by the envelope, which knows the caller's language.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}
