//! One reading of a calendar's source. What is behind an address is fetched by the client that all
//! requests leave by, with its guard; no sentence made here shows the address, which may be a secret.

use std::path::PathBuf;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::header::{
    ACCEPT, ETAG, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH,
    LAST_MODIFIED,
};
use reqwest::{Method, StatusCode, Url};
use serde::{Deserialize, Serialize};

use super::words;
use crate::clock::Clock;
use crate::notify::{Answer, Call, Client, Secret, Why, WhyCode};
use crate::people::ical::{CALENDAR_BYTES_MAX, NoCalendar};
use crate::text::Text;

/// How long one request may take.
const TIMEOUT: Duration = Duration::from_secs(30);
/// How long one request may take by the clock of this house, whatever the network does.
const PATIENCE: SignedDuration = SignedDuration::from_mins(1);
/// The longest validator that is kept; those of real servers are a tenth of it.
const VALIDATOR_BYTES_MAX: usize = 512;

/// What a server gave to ask by whether anything changed (RFC 9110, section 8.8).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Validators {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    etag: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    modified: Option<String>,
}

impl Validators {
    const fn is_empty(&self) -> bool {
        self.etag.is_none() && self.modified.is_none()
    }

    fn of(headers: &HeaderMap) -> Self {
        let text = |name: HeaderName| {
            let value = headers.get(name)?.to_str().ok()?;
            (value.len() <= VALIDATOR_BYTES_MAX).then(|| value.to_owned())
        };
        Self { etag: text(ETAG), modified: text(LAST_MODIFIED) }
    }

    fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("text/calendar, */*;q=0.1"));
        let mine = [(IF_NONE_MATCH, &self.etag), (IF_MODIFIED_SINCE, &self.modified)];
        for (name, value) in mine {
            let value = value.as_ref().and_then(|value| HeaderValue::from_str(value).ok());
            if let Some(value) = value {
                headers.insert(name, value);
            }
        }
        headers
    }
}

/// What was found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// The source holds what it held.
    Unchanged,
    /// A text, which may be anything.
    Text { bytes: Vec<u8>, validators: Validators },
}

/// Reads a file, no further than the bound.
pub(super) async fn file(path: PathBuf) -> Result<Found, Text> {
    let read = tokio::task::spawn_blocking(move || {
        use std::io::Read;
        let (mut bytes, most) = (Vec::new(), CALENDAR_BYTES_MAX as u64 + 1);
        std::fs::File::open(path)?.take(most).read_to_end(&mut bytes)?;
        std::io::Result::Ok(bytes)
    });
    match read.await {
        Ok(Ok(bytes)) => Ok(Found::Text { bytes, validators: Validators::default() }),
        Ok(Err(why)) => Err(words::unreadable(&why)),
        Err(_) => Err(words::unexpected()),
    }
}

/// Asks for what is behind an address.
pub(super) async fn address(
    clock: &dyn Clock,
    client: &Client,
    url: &Secret,
    validators: Validators,
) -> Result<Found, Text> {
    let url =
        Url::parse(url.expose()).map_err(|_| words::refused(&Why::new(WhyCode::BadAddress)))?;
    let call = Call {
        method: Method::GET,
        url,
        headers: validators.headers(),
        body: Vec::new(),
        timeout: TIMEOUT,
        answer_bytes_max: CALENDAR_BYTES_MAX,
    };
    let until = clock.now().saturating_add(PATIENCE).unwrap_or(Timestamp::MAX);
    let answer = tokio::select! {
        biased;
        answer = client.call(call) => answer,
        () = clock.sleep_until(until) => Err(Why::new(WhyCode::TimedOut)),
    };
    judge(answer.map_err(|why: Why| words::refused(&why))?, &validators)
}

fn judge(answer: Answer, asked: &Validators) -> Result<Found, Text> {
    match answer.status {
        StatusCode::NOT_MODIFIED if !asked.is_empty() => Ok(Found::Unchanged),
        StatusCode::OK if answer.cut => Err(NoCalendar::TooLarge.message()),
        StatusCode::OK => {
            Ok(Found::Text { validators: Validators::of(&answer.headers), bytes: answer.body })
        }
        status if status.is_redirection() => Err(words::moved(status.as_u16())),
        status => Err(words::status(status.as_u16())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, headers: &[(&'static str, &str)], cut: bool) -> Answer {
        let pairs = headers.iter().map(|(name, value)| {
            (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
        });
        let status = StatusCode::from_u16(status).unwrap();
        Answer { status, headers: pairs.collect(), body: b"x".to_vec(), cut }
    }

    #[test]
    fn only_a_whole_answer_or_one_that_was_asked_for_counts() {
        let asked = Validators { etag: Some("\"1\"".to_owned()), modified: None };
        let none = Validators::default();
        let text = |validators| Found::Text { bytes: b"x".to_vec(), validators };
        assert_eq!(judge(answer(304, &[], false), &asked), Ok(Found::Unchanged));
        assert!(judge(answer(304, &[], false), &none).is_err(), "nobody asked");
        let given = answer(200, &[("etag", "\"2\"")], false);
        let own = Validators { etag: Some("\"2\"".to_owned()), modified: None };
        assert_eq!(judge(given, &asked), Ok(text(own)));
        let long = "e".repeat(VALIDATOR_BYTES_MAX + 1);
        assert_eq!(judge(answer(200, &[("etag", &long)], false), &asked), Ok(text(none.clone())));
        assert_eq!(judge(answer(200, &[], true), &none), Err(NoCalendar::TooLarge.message()));
        for status in [204, 206, 301, 302, 307, 401, 403, 404, 429, 500, 503] {
            let told = [("location", "http://169.254.169.254/secret")];
            let why = judge(answer(status, &told, false), &asked).unwrap_err();
            let why = format!("{why:?}");
            assert!(why.contains(&status.to_string()) && !why.contains("secret"), "{why}");
        }
    }
}
