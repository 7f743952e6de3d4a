//! The requests of a plan's `http` steps: filled in when they are committed, sent through the
//! guarded client, judged by what the plan expects.

use std::time::Duration;

use indexmap::IndexMap;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use smol_str::SmolStr;

use super::client::{Answer, Call, Client};
use super::gate::Pass;
use super::hosts::Host;
use super::why::{Why, WhyCode};
use crate::engine::{Facts, Incident, RequestOutcome, RunKey};
use crate::id::{NoticeId, VarId};
use crate::playbook::{Action, Http, Playbook, Value};

/// The version of the stored form.
pub const PREPARED_FORMAT: u8 = 1;

/// How long a request may take where its step sets no `timeout`.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The longest a request may take whatever its step says: it holds a place among those under way.
const TIMEOUT_MAX: Duration = Duration::from_secs(300);

/// How much of an answer is read: far more than a status report, far less than memory.
const ANSWER_BYTES_MAX: usize = 256 * 1024;

/// Names the request to the other side, the same however often it is sent: after a crash a request
/// that was under way is sent again.
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// Tells the other side whether it is serious.
const MODE: &str = "x-firebell-mode";

/// Fields that belong to the connection; a plan cannot set them.
const RESERVED: [&str; 6] =
    ["host", "content-length", "transfer-encoding", "connection", "upgrade", MODE];

/// A request with its templates filled, stored beside the event that queued it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Prepared {
    /// The version of this form.
    pub format: u8,
    /// Its identity in the outbox.
    pub request: NoticeId,
    /// `GET`, `POST`, …
    pub method: SmolStr,
    /// Its address.
    pub url: String,
    /// Its header fields.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(SmolStr, String)>,
    /// Its JSON body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Json>,
    /// Statuses that count as success; empty means 200–299.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expect_status: Vec<u16>,
    /// JSON pointers that must equal these values.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub expect_json: IndexMap<String, Json>,
    /// Variables filled from JSON pointers of the answer.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub save: IndexMap<VarId, String>,
    /// How long it may take, in milliseconds.
    pub timeout_ms: u64,
}

impl Prepared {
    /// Fills in the request of a run of an `http` step, for the incident as it stands after the
    /// commit that queued it; `None` where the step makes none.
    #[must_use]
    pub fn new(
        playbook: &Playbook,
        incident: &Incident,
        request: NoticeId,
        key: &RunKey,
    ) -> Option<Self> {
        let (_, step) = playbook.step(&key.step)?;
        let Action::Http(http) = &step.action else { return None };
        let asked = step.timeout.and_then(|span| span.fixed());
        let timeout = asked.and_then(|t| Duration::try_from(t).ok()).unwrap_or(TIMEOUT);
        let facts = Facts::of_run(playbook, incident, incident.run_of(key)?);
        Some(Self::fill(http, request, &facts, timeout.min(TIMEOUT_MAX)))
    }

    fn fill(http: &Http, request: NoticeId, facts: &Facts<'_>, timeout: Duration) -> Self {
        let headers = http.headers.iter().map(|(name, t)| (name.clone(), t.render(facts)));
        Self {
            format: PREPARED_FORMAT,
            request,
            method: http.method.clone(),
            url: http.url.render(facts),
            headers: headers.collect(),
            body: http.body.as_ref().map(|body| body.render(facts)),
            expect_status: http.expect_status.clone(),
            expect_json: http.expect_json.clone(),
            save: http.save.clone(),
            timeout_ms: u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX),
        }
    }

    /// Returns the stored form.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("plain fields always serialise")
    }

    /// Reads the stored form of this and every earlier version.
    ///
    /// # Errors
    /// Bytes that were not written by [`Prepared::to_bytes`].
    pub fn from_bytes(bytes: &[u8]) -> serde_json::Result<Self> {
        serde_json::from_slice(bytes)
    }

    /// Returns the host it calls, for the gate.
    ///
    /// # Errors
    /// The filled-in address is none.
    pub fn host(&self) -> Result<Host, Why> {
        let url = Url::parse(&self.url).map_err(|error| Why::with(WhyCode::BadRequest, error))?;
        Host::of(&url).ok_or_else(|| Why::with(WhyCode::BadRequest, "url without a host"))
    }

    fn call(&self, pass: &Pass) -> Result<Call, Why> {
        let bad = |what: &dyn std::fmt::Display| Why::with(WhyCode::BadRequest, what);
        let method = Method::from_bytes(self.method.as_bytes()).map_err(|e| bad(&e))?;
        let url = Url::parse(&self.url).map_err(|e| bad(&e))?;
        let mut headers = HeaderMap::new();
        let id = HeaderValue::from_str(&self.request.to_string()).map_err(|e| bad(&e))?;
        headers.insert(HeaderName::from_static(IDEMPOTENCY_KEY), id);
        if self.body.is_some() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        for (name, value) in &self.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|e| bad(&e))?;
            if RESERVED.contains(&name.as_str()) {
                return Err(bad(&format_args!("the header {name} cannot be set")));
            }
            headers.insert(name, HeaderValue::from_str(value).map_err(|e| bad(&e))?);
        }
        let mode = if pass.is_drill() { "drill" } else { "live" };
        headers.insert(HeaderName::from_static(MODE), HeaderValue::from_static(mode));
        let body = self.body.as_ref().map(Json::to_string).unwrap_or_default().into_bytes();
        let timeout = Duration::from_millis(self.timeout_ms);
        Ok(Call { method, url, headers, body, timeout, answer_bytes_max: ANSWER_BYTES_MAX })
    }

    /// Judges an answer by what the plan expects, and takes from it what the plan saves.
    fn judge(&self, answer: &Answer) -> RequestOutcome {
        let status = answer.status.as_u16();
        let fails =
            |why: Why| RequestOutcome::NotMet { status: Some(status), why: why.to_string() };
        let expected = match self.expect_status.as_slice() {
            [] => answer.status.is_success(),
            list => list.contains(&status),
        };
        if !expected {
            let said = String::from_utf8_lossy(&answer.body);
            return fails(Why::with(WhyCode::UnexpectedStatus, format_args!("{status} {said}")));
        }
        if self.expect_json.is_empty() && self.save.is_empty() {
            return RequestOutcome::Met { status, saved: Vec::new() };
        }
        if answer.cut {
            let bound = format_args!("> {ANSWER_BYTES_MAX} bytes");
            return fails(Why::with(WhyCode::AnswerTooLarge, bound));
        }
        let json: Option<Json> = serde_json::from_slice(&answer.body).ok();
        let at = |pointer: &str| json.as_ref().and_then(|json| json.pointer(pointer));
        for (pointer, wanted) in &self.expect_json {
            if at(pointer) != Some(wanted) {
                let found = at(pointer).map_or_else(|| "nothing".to_owned(), Json::to_string);
                let detail = format_args!("{pointer} is {found}, not {wanted}");
                return fails(Why::with(WhyCode::UnexpectedBody, detail));
            }
        }
        let saved = self
            .save
            .iter()
            .filter_map(|(name, pointer)| Some((name.clone(), Value::infer(at(pointer)?)?)));
        RequestOutcome::Met { status, saved: saved.collect() }
    }
}

/// Sends a request that the gate let pass and says what it came to.
pub async fn send(client: &Client, pass: Pass, prepared: &Prepared) -> RequestOutcome {
    let call = match prepared.call(&pass) {
        Ok(call) => call,
        Err(why) => return RequestOutcome::NotMet { status: None, why: why.to_string() },
    };
    match client.call(call).await {
        Ok(answer) => prepared.judge(&answer),
        Err(why) => RequestOutcome::NotMet { status: None, why: why.to_string() },
    }
}

#[cfg(test)]
mod tests;
