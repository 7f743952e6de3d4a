//! A channel over HTTP: writes a message in its provider's words, posts it through the guarded
//! client, and asks the provider what the answer means. It must not know any provider.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};

use super::channel::{Channel, Delivery, Inbound};
use super::client::{Answer, Call, Client, ClientSettings};
use super::hosts::Host;
use super::outgoing::Outgoing;
use super::pace::Pace;
use super::provider::{Addresses, Provider, Service};
use super::reply::{Post, Reply, Verb};
use super::setup::SetupError;
use super::why::{Why, WhyCode};
use crate::text::Text;

/// How much of an answer is read: providers answer in a line; an error page tells enough by then.
const ANSWER_BYTES_MAX: usize = 16 * 1024;

/// A channel to a provider over HTTP.
#[derive(Debug, Clone)]
pub struct HookSettings {
    /// Who is spoken to.
    pub service: Service,
    /// Loopback and private networks may be called, and plain `http` used.
    pub allow_private: bool,
    /// How long one attempt may take, all parts of a long message together.
    pub timeout: Duration,
    /// How many messages the provider takes; its own limit where absent.
    pub pace: Option<Pace>,
}

/// The channel.
#[derive(Debug)]
pub struct Hook {
    client: Client,
    timeout: Duration,
    pace: Option<Pace>,
    shared: bool,
    provider: Arc<dyn Provider>,
}

impl Hook {
    /// Builds the channel.
    ///
    /// # Errors
    /// The HTTP client cannot be built.
    pub fn new(settings: HookSettings) -> Result<Self, SetupError> {
        let HookSettings { service, allow_private, timeout, pace } = settings;
        let client = Client::new(ClientSettings::new(allow_private))?;
        let shared = service.addresses() == Addresses::Mention;
        let provider = service.provider();
        let pace = pace.or_else(|| provider.pace());
        Ok(Self { client, timeout, pace, shared, provider })
    }

    async fn deliver(&self, outgoing: &Outgoing) -> Delivery {
        let posts = match self.provider.write(outgoing) {
            Ok(posts) => posts,
            Err(why) => return Delivery::Refused { why },
        };
        let share = self.timeout / u32::try_from(posts.len().max(1)).unwrap_or(u32::MAX);
        for post in posts {
            let delivery = match self.post(post, share).await {
                Ok(reply) => self.provider.judge(&reply, outgoing.at()),
                Err(why) => unanswered(why),
            };
            // A retry sends the whole message again: each part says which it is.
            if delivery != Delivery::Delivered {
                return delivery;
            }
        }
        Delivery::Delivered
    }

    async fn post(&self, post: Post, timeout: Duration) -> Result<Reply, Why> {
        let answer = self.client.call(call(post, timeout)?).await?;
        Ok(reply(&answer))
    }
}

impl Channel for Hook {
    fn send<'a>(&'a self, outgoing: &'a Outgoing) -> BoxFuture<'a, Delivery> {
        Box::pin(self.deliver(outgoing))
    }

    fn host_of(&self, address: &str) -> Option<Host> {
        Host::of(&Url::parse(&self.provider.endpoint(address)).ok()?)
    }

    fn pace(&self) -> Option<Pace> {
        self.pace
    }

    fn weight(&self, outgoing: &Outgoing) -> usize {
        self.provider.write(outgoing).map_or(1, |posts| posts.len().max(1))
    }

    fn is_shared(&self) -> bool {
        self.shared
    }

    fn vouches(&self, call: &Inbound<'_>) -> bool {
        self.provider.vouches(call)
    }

    fn advice(&self, why: &Why) -> Option<Text> {
        self.provider.advice(why)
    }
}

/// Turns a provider's request into one for the client.
fn call(post: Post, timeout: Duration) -> Result<Call, Why> {
    let Post { verb, url, headers, body } = post;
    let url = Url::parse(&url).map_err(|_| Why::new(WhyCode::BadAddress))?;
    let mut fields = HeaderMap::new();
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_bytes());
        let value = HeaderValue::from_str(&value);
        // A key with a line break in it; which key must not be said.
        let (Ok(name), Ok(mut value)) = (name, value) else {
            return Err(Why::new(WhyCode::NotAuthorised));
        };
        value.set_sensitive(true);
        fields.insert(name, value);
    }
    let method = match verb {
        Verb::Get => Method::GET,
        Verb::Post => Method::POST,
        Verb::Put => Method::PUT,
    };
    Ok(Call { method, url, headers: fields, body, timeout, answer_bytes_max: ANSWER_BYTES_MAX })
}

/// Reads an answer as providers see it.
pub(super) fn reply(answer: &Answer) -> Reply {
    let field = |(name, value): (&HeaderName, &HeaderValue)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    Reply {
        status: answer.status.as_u16(),
        headers: answer.headers.iter().filter_map(field).collect(),
        body: String::from_utf8_lossy(&answer.body).into_owned(),
    }
}

/// Sorts a failure to get any answer.
pub(super) fn unanswered(why: Why) -> Delivery {
    match why.code {
        WhyCode::Unreachable | WhyCode::TimedOut => Delivery::Retry { after: None, why },
        _ => Delivery::Misconfigured { why },
    }
}
