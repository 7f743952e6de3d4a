//! Notices as signed HTTP posts (Standard Webhooks): the id stays the same over retries, each
//! attempt has its own timestamp, every configured secret signs. It must not know incidents beyond
//! what a rendered message says.

use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};
use serde::Serialize;

use super::channel::{Channel, Delivery};
use super::client::{Call, Client, ClientSettings, Lookup, system_lookup};
use super::hook;
use super::hosts::Host;
use super::message::{IncidentLine, Link};
use super::outgoing::Outgoing;
use super::reply::by_status;
use super::secret::Secret;
use super::setup::SetupError;
use super::signature::{BadKey, ID_HEADER, SIGNATURE_HEADER, SigningKey, TIMESTAMP_HEADER, sign};
use super::why::{Why, WhyCode};
use crate::engine::Mode;
use crate::id::NoticeId;
use crate::text::{Lang, Text};

/// How long an attempt may take unless configured: the lower end of what the specification advises.
const TIMEOUT: Duration = Duration::from_secs(15);

/// How much of an answer is read: enough to quote its complaint.
const ANSWER_BYTES_MAX: usize = 4096;

/// The most secrets at once: a rotation needs two.
const SECRETS_MAX: usize = 4;

/// How a webhook is reached.
#[derive(Clone)]
pub struct WebhookSettings {
    /// The secrets that sign, `whsec_<base64>`; at least one, two during a rotation.
    pub secrets: Vec<Secret>,
    /// Loopback and private networks may be called, and plain `http` used.
    pub allow_private: bool,
    /// How long one attempt may take.
    pub timeout: Duration,
    /// Further certificate authorities, in PEM.
    pub ca_pem: Option<Vec<u8>>,
    /// How hosts are looked up.
    pub lookup: Lookup,
}

impl Default for WebhookSettings {
    fn default() -> Self {
        Self {
            secrets: Vec::new(),
            allow_private: false,
            timeout: TIMEOUT,
            ca_pem: None,
            lookup: system_lookup(),
        }
    }
}

impl std::fmt::Debug for WebhookSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebhookSettings")
            .field("secrets", &self.secrets)
            .field("allow_private", &self.allow_private)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// The channel.
#[derive(Debug)]
pub struct Webhook {
    client: Client,
    keys: Vec<SigningKey>,
    timeout: Duration,
}

/// What is posted. Fields are added, never changed.
#[derive(Debug, Serialize)]
struct Payload<'a> {
    #[serde(rename = "type")]
    kind: String,
    timestamp: Timestamp,
    data: Data<'a>,
}

#[derive(Debug, Serialize)]
struct Data<'a> {
    notice: NoticeId,
    mode: Mode,
    lang: Lang,
    #[serde(skip_serializing_if = "Option::is_none")]
    incident: Option<&'a IncidentLine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<&'a str>,
    subject: String,
    headline: String,
    text: String,
    links: &'a [Link],
}

impl Webhook {
    /// Builds the channel.
    ///
    /// # Errors
    /// No secret, too many or weak ones, unreadable certificates.
    pub fn new(settings: WebhookSettings) -> Result<Self, SetupError> {
        if settings.secrets.is_empty() || settings.secrets.len() > SECRETS_MAX {
            return Err(SetupError::new(
                "secrets",
                format!("请配置 1 至 {SECRETS_MAX} 个签名密钥，形如 whsec_<base64>"),
                format!("give 1 to {SECRETS_MAX} signing secrets, written whsec_<base64>"),
            ));
        }
        let keys = settings.secrets.iter().map(SigningKey::parse).collect::<Result<_, _>>();
        let client = Client::new(ClientSettings {
            allow_private: settings.allow_private,
            ca_pem: settings.ca_pem,
            lookup: settings.lookup,
        })?;
        Ok(Self { client, keys: keys.map_err(bad_key)?, timeout: settings.timeout })
    }

    async fn post(&self, outgoing: &Outgoing) -> Delivery {
        let Ok(url) = Url::parse(outgoing.address()) else {
            return Delivery::Misconfigured { why: Why::new(WhyCode::BadAddress) };
        };
        let body = body(outgoing);
        let call = Call {
            method: Method::POST,
            url,
            headers: self.headers(outgoing, &body),
            body,
            timeout: self.timeout,
            answer_bytes_max: ANSWER_BYTES_MAX,
        };
        match self.client.call(call).await {
            Ok(answer) => by_status(&hook::reply(&answer), outgoing.at()),
            Err(why) => hook::unanswered(why),
        }
    }

    fn headers(&self, outgoing: &Outgoing, body: &[u8]) -> HeaderMap {
        let id = outgoing.facts().notice.to_string();
        let signature = sign(&self.keys, &id, outgoing.at(), body);
        let plain = |text: &str| HeaderValue::from_str(text).expect("ids and base64 are ASCII");
        HeaderMap::from_iter([
            (CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (HeaderName::from_static(ID_HEADER), plain(&id)),
            (HeaderName::from_static(TIMESTAMP_HEADER), outgoing.at().as_second().into()),
            (HeaderName::from_static(SIGNATURE_HEADER), plain(&signature)),
        ])
    }
}

impl Channel for Webhook {
    fn send<'a>(&'a self, outgoing: &'a Outgoing) -> BoxFuture<'a, Delivery> {
        Box::pin(self.post(outgoing))
    }

    fn host_of(&self, address: &str) -> Option<Host> {
        Host::of(&Url::parse(address).ok()?)
    }
}

fn bad_key(bad: BadKey) -> SetupError {
    let text = match bad {
        BadKey::Prefix => Text::both(
            "签名密钥须以 whsec_ 开头，后接 base64",
            "a signing secret begins with whsec_, then base64",
        ),
        BadKey::Encoding => {
            Text::both("签名密钥 whsec_ 之后不是有效的 base64", "what follows whsec_ is not base64")
        }
        BadKey::Length => Text::both(
            "签名密钥须为 24 至 64 字节；可用 openssl rand -base64 32 生成",
            "a signing secret has 24 to 64 bytes; make one with openssl rand -base64 32",
        ),
    };
    SetupError { field: "secrets", text }
}

/// Returns the body, the same in every attempt.
fn body(outgoing: &Outgoing) -> Vec<u8> {
    let facts = outgoing.facts();
    let data = Data {
        notice: facts.notice,
        mode: facts.mode,
        lang: facts.lang,
        incident: facts.incident.as_ref(),
        role: facts.role.as_deref(),
        step: facts.step.as_deref(),
        subject: outgoing.subject(),
        headline: outgoing.headline(),
        text: outgoing.text(),
        links: &facts.links,
    };
    let payload = Payload { kind: format!("notice.{}", facts.purpose), timestamp: facts.at, data };
    serde_json::to_vec(&payload).expect("plain fields always serialise")
}

#[cfg(test)]
mod tests;
