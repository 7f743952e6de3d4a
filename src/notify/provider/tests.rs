//! Every service against a fake of it on the loopback, which checks what the real one checks and
//! answers in its words.

mod custom;
mod dingtalk;
mod feishu;
mod foreign;
mod marks;
mod phone;
mod push;
mod slack;
mod teams;
mod wecom;

use std::time::Duration;

use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::*;
use crate::notify::channel::Channel as _;
use crate::notify::gate::Pass;
use crate::notify::hook::{Hook, HookSettings};
use crate::notify::message::Rendered;
use crate::notify::message::tests::page;
use crate::notify::route::Destination;
use crate::notify::secret::Secret;
use crate::text::Lang;

/// What an answer came to, without its particulars.
fn class(delivery: &Delivery) -> &'static str {
    match delivery {
        Delivery::Delivered => "delivered",
        Delivery::Retry { .. } => "retry",
        Delivery::Refused { .. } => "refused",
        Delivery::Misconfigured { .. } => "misconfigured",
    }
}

/// The instant of every attempt here.
fn at() -> Timestamp {
    "2026-11-21T19:00:00Z".parse().unwrap()
}

/// A message to a person who is known there under an address, or to everyone there.
fn to(address: &str, words: Rendered) -> Outgoing {
    let to = Destination { address: address.into(), shared: address.is_empty() };
    Outgoing::new(Pass::for_test(false), to, words, at())
}

/// A message whose text is this.
fn saying(text: &str) -> Rendered {
    Rendered { text: text.into(), ..page(Lang::Zh) }
}

/// Starts a fake service.
async fn fake(service: impl Respond + 'static) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(service).mount(&server).await;
    server
}

/// Makes one attempt over the real client.
async fn attempt(service: Service, outgoing: &Outgoing) -> Delivery {
    let timeout = Duration::from_secs(15);
    let settings = HookSettings { service, allow_private: true, timeout, pace: None };
    Hook::new(settings).unwrap().send(outgoing).await
}

/// Returns the JSON bodies a fake received.
async fn bodies(server: &MockServer) -> Vec<serde_json::Value> {
    let requests = server.received_requests().await.unwrap();
    requests.iter().map(|request| serde_json::from_slice(&request.body).unwrap()).collect()
}

/// Judges an answer without a network.
fn judged(provider: &dyn Provider, status: u16, body: &str) -> &'static str {
    let reply = Reply { status, body: body.into(), ..Reply::default() };
    class(&provider.judge(&reply, at()))
}

/// Holds each code of a table to what it must come to, and to words in both languages.
fn holds(provider: &dyn Provider, answer: impl Fn(&str) -> String, wanted: &[(&str, &str)]) {
    for (code, class) in wanted {
        assert_eq!(judged(provider, 200, &answer(code)), *class, "{code}");
    }
    for row in provider.codes() {
        assert!(wanted.iter().any(|(code, _)| *code == row.code), "{} is not held", row.code);
        assert!(row.zh != row.en && !row.zh.is_empty() && !row.en.is_empty(), "{}", row.code);
    }
}

/// What every service must stand: answers that are not its own.
fn stands_strangers(provider: &dyn Provider) {
    for (status, body, wanted) in [
        (200, "<html>Please log in</html>", "retry"),
        (200, "", "retry"),
        (302, "", "misconfigured"),
        (404, "<html>", "misconfigured"),
        (429, "", "retry"),
        (500, "{}", "retry"),
        (502, "<html>Bad gateway</html>", "retry"),
    ] {
        assert_eq!(judged(provider, status, body), wanted, "{status} {body}");
    }
}
