//! One look at something outside, for a drill: a GET over the guarded client, with a pass of the
//! gate. It must not know what the answer means.

use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};

use super::client::{Call, Client};
use super::gate::Pass;
use super::hosts::Host;
use super::why::{Why, WhyCode};

/// How long an answer may take: a drill waits for it.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How much of an answer is read: far more than a status report, far less than memory.
const ANSWER_BYTES_MAX: usize = 256 * 1024;
/// Tells the other side whether it is serious.
const MODE: &str = "x-firebell-mode";

/// Somewhere to look.
#[derive(Debug, Clone)]
pub struct Look(Url);

impl Look {
    /// Reads an address.
    ///
    /// # Errors
    /// It is none.
    pub fn at(url: &str) -> Result<Self, Why> {
        let url = Url::parse(url).map_err(|error| Why::with(WhyCode::BadRequest, error))?;
        Ok(Self(url))
    }

    /// Returns the host, for the gate.
    ///
    /// # Errors
    /// The address has none.
    pub fn host(&self) -> Result<Host, Why> {
        Host::of(&self.0).ok_or_else(|| Why::with(WhyCode::BadRequest, "url without a host"))
    }
}

/// Looks once: the status and the beginning of the body.
///
/// # Errors
/// Why there was no answer.
pub async fn look(client: &Client, pass: Pass, at: Look) -> Result<(u16, Vec<u8>), Why> {
    let mut headers = HeaderMap::new();
    let mode = if pass.is_drill() { "drill" } else { "live" };
    headers.insert(HeaderName::from_static(MODE), HeaderValue::from_static(mode));
    let (method, url, body) = (Method::GET, at.0, Vec::new());
    let (timeout, answer_bytes_max) = (TIMEOUT, ANSWER_BYTES_MAX);
    let call = Call { method, url, headers, body, timeout, answer_bytes_max };
    let answer = client.call(call).await?;
    Ok((answer.status.as_u16(), answer.body))
}
