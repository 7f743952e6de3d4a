//! What a provider over HTTP is asked and answers, and what an answer means by its status alone.
//! Pure: neither side is bound to an HTTP library, so that every provider can be tested as a
//! function.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use smol_str::SmolStr;

use super::channel::Delivery;
use super::retry::retry_after;
use super::why::{Why, WhyCode};

/// How a request is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// `GET`
    Get,
    /// `POST`
    Post,
    /// `PUT`
    Put,
}

/// One request to a provider. Its address may hold a secret, so `Debug` leaves everything out but
/// the size.
#[derive(Clone, PartialEq, Eq)]
pub struct Post {
    /// How it is made.
    pub verb: Verb,
    /// Where to, query included.
    pub url: String,
    /// Header fields.
    pub headers: Vec<(SmolStr, String)>,
    /// The body; empty for none.
    pub body: Vec<u8>,
}

impl std::fmt::Debug for Post {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Post")
            .field("verb", &self.verb)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

impl Post {
    /// Makes a request that posts JSON.
    #[must_use]
    pub fn json(url: String, body: &serde_json::Value) -> Self {
        let body = serde_json::to_vec(body).expect("a JSON value always serialises");
        let headers = vec![("content-type".into(), "application/json; charset=utf-8".to_owned())];
        Self { verb: Verb::Post, url, headers, body }
    }

    /// Makes a request that posts a form (`application/x-www-form-urlencoded`).
    #[must_use]
    pub fn form(url: String, fields: &[(&str, &str)]) -> Self {
        let pairs = fields.iter().map(|(name, value)| {
            let (name, value) = (super::encode::percent(name), super::encode::percent(value));
            format!("{name}={value}")
        });
        let body = pairs.collect::<Vec<_>>().join("&").into_bytes();
        let headers = vec![("content-type".into(), "application/x-www-form-urlencoded".to_owned())];
        Self { verb: Verb::Post, url, headers, body }
    }

    /// Adds a header field.
    #[must_use]
    pub fn header(mut self, name: impl Into<SmolStr>, value: String) -> Self {
        self.headers.push((name.into(), value));
        self
    }
}

/// What came back: as much of it as is read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// Header fields by their name in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: String,
}

impl Reply {
    /// Tells whether the status is 200–299.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        matches!(self.status, 200..=299)
    }

    /// Reads the body as JSON; `None` where it is none.
    #[must_use]
    pub fn json(&self) -> Option<serde_json::Value> {
        serde_json::from_str(&self.body).ok()
    }

    /// Returns the pause that the other side asks for in `Retry-After`.
    #[must_use]
    pub fn asked(&self, now: Timestamp) -> Option<SignedDuration> {
        retry_after(self.headers.get("retry-after")?, now)
    }

    fn why(&self, code: WhyCode) -> Why {
        Why::with(code, format_args!("{} {}", self.status, self.body))
    }
}

/// Sorts an answer by what its status means for this and for further attempts.
#[must_use]
pub fn by_status(reply: &Reply, now: Timestamp) -> Delivery {
    match reply.status {
        200..=299 => Delivery::Delivered,
        // Too slow, too early, too many, and whatever the server says is its own fault.
        408 | 425 | 429 | 500.. => {
            Delivery::Retry { after: reply.asked(now), why: reply.why(WhyCode::Busy) }
        }
        401 | 403 => Delivery::Misconfigured { why: reply.why(WhyCode::NotAuthorised) },
        // No redirect is followed: where it leads nobody has checked.
        300..=399 | 404 | 410 => Delivery::Misconfigured { why: reply.why(WhyCode::Gone) },
        _ => Delivery::Refused { why: reply.why(WhyCode::Rejected) },
    }
}

/// What a provider's own code means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// It may work later, at the earliest after so many seconds (0: whenever we like).
    Later(u32),
    /// This message will never be taken.
    Never,
    /// The configuration must be mended.
    Mend(WhyCode),
}

/// A code of a provider, with what to do about it.
#[derive(Debug, Clone, Copy)]
pub struct Known {
    /// The code as the provider writes it.
    pub code: &'static str,
    /// What it means for this and for further attempts.
    pub class: Class,
    /// What to do, in Chinese.
    pub zh: &'static str,
    /// What to do, in English.
    pub en: &'static str,
}

/// Makes a row of a provider's table.
#[must_use]
pub const fn known(code: &'static str, class: Class, zh: &'static str, en: &'static str) -> Known {
    Known { code, class, zh, en }
}

/// What a body says besides the status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The provider's code.
    pub code: String,
    /// Its sentence.
    pub message: String,
}

/// Sorts an answer whose truth stands in its body: these providers say 200 to everything.
///
/// `said` is what the body says, `None` where it cannot be read; `fine` is the code of success.
#[must_use]
pub fn by_code(
    reply: &Reply,
    now: Timestamp,
    said: Option<Said>,
    fine: &str,
    table: &[Known],
) -> Delivery {
    let Some(Said { code, message }) = said else {
        return match by_status(reply, now) {
            // Something else answered in the provider's place, or its answer was cut off.
            Delivery::Delivered => {
                Delivery::Retry { after: None, why: reply.why(WhyCode::UnexpectedBody) }
            }
            other => other,
        };
    };
    if code == fine && reply.is_success() {
        return Delivery::Delivered;
    }
    let why = |kind| Why::with(kind, format_args!("{code} {message}"));
    match table.iter().find(|row| row.code == code).map(|row| row.class) {
        Some(Class::Later(seconds)) => {
            let own = (seconds > 0).then(|| SignedDuration::from_secs(i64::from(seconds)));
            Delivery::Retry { after: reply.asked(now).max(own), why: why(WhyCode::Busy) }
        }
        Some(Class::Never) => Delivery::Refused { why: why(WhyCode::Rejected) },
        Some(Class::Mend(kind)) => Delivery::Misconfigured { why: why(kind) },
        None if reply.is_success() => Delivery::Refused { why: why(WhyCode::Rejected) },
        None => by_status(reply, now),
    }
}

/// Finds what a provider's table advises about a reason that came of it.
#[must_use]
pub fn advice<'t>(why: &Why, table: &'t [Known]) -> Option<&'t Known> {
    let code = why.detail.split(' ').next()?;
    table.iter().find(|row| row.code == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &[Known] = &[
        known("9", Class::Later(60), "等", "wait"),
        known("7", Class::Mend(WhyCode::NotAuthorised), "改", "mend"),
    ];

    fn judged(status: u16, said: Option<&str>) -> Delivery {
        let said = said.map(|code| Said { code: code.into(), message: "m".into() });
        let reply = Reply { status, body: "b".into(), ..Reply::default() };
        by_code(&reply, Timestamp::UNIX_EPOCH, said, "0", TABLE)
    }

    #[test]
    fn success_is_what_the_body_says_and_never_the_status_alone() {
        assert_eq!(judged(200, Some("0")), Delivery::Delivered);
        assert!(matches!(judged(200, Some("1")), Delivery::Refused { .. }));
        assert!(matches!(judged(200, Some("7")), Delivery::Misconfigured { .. }));
        assert!(matches!(judged(200, None), Delivery::Retry { .. }), "HTML from a proxy");
        assert!(matches!(judged(500, Some("0")), Delivery::Retry { .. }));
        assert!(matches!(judged(404, None), Delivery::Misconfigured { .. }));
        let Delivery::Retry { after, why } = judged(200, Some("9")) else { panic!() };
        assert_eq!(after, Some(SignedDuration::from_mins(1)));
        assert_eq!(advice(&why, TABLE).unwrap().en, "wait");
    }

    #[test]
    fn a_request_does_not_show_its_address_in_debug_output() {
        let post = Post::json("https://a.example/?token=hunter2".into(), &serde_json::json!({}));
        assert!(!format!("{post:?}").contains("hunter2"));
    }

    #[test]
    fn a_form_is_encoded_as_forms_are() {
        let post = Post::form(String::new(), &[("To", "+86 1"), ("Body", "a&b=中")]);
        assert_eq!(String::from_utf8(post.body).unwrap(), "To=%2B86%201&Body=a%26b%3D%E4%B8%AD");
    }
}
