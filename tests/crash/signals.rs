//! Batches of signals, under keys, while the server is killed: each is counted once, whether it was
//! answered or had to be sent again.

use std::time::Duration;

use hyper::StatusCode;

use crate::http::Caller;
use crate::process::{Server, Setup};

const CONFIG: &str = "people:
  duty-1: { name: Duty 1, lang: en, contacts: [] }
monitors:
  complaints:
    signal: complaint
    window: 1h
    group_by: [category]
    late: 6h
    rule: { at_least: 1000000 }
";

const SENDERS: u64 = 6;
const ROUNDS: u64 = 3;

/// Sends batch after batch until the server is gone; returns how many batches are answered.
async fn send(address: String, token: String, sender: u64, first: u64) -> u64 {
    let Some(mut caller) = Caller::try_connect(&address, &token).await else { return first };
    for batch in first.. {
        let line = |n: u64| {
            format!(r#"{{"signal":"complaint","labels":{{"category":"c{}"}}}}"#, (n + batch) % 7)
        };
        let body: Vec<String> = (0..20).map(line).collect();
        let key = format!("{sender}-{batch}");
        let headers = [("content-type", "application/x-ndjson"), ("idempotency-key", key.as_str())];
        let sent = caller.try_with("POST", "/api/v1/signals", &headers, &body.join("\n")).await;
        match sent {
            Some((StatusCode::ACCEPTED, _)) => {}
            Some((status, body)) => panic!("{status}: {}", String::from_utf8_lossy(&body)),
            None => return batch,
        }
    }
    first
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_batch_of_signals_is_counted_once_however_often_the_server_dies() {
    let setup = Setup { files: Vec::new(), config: CONFIG.into(), safe_start: false };
    let mut server = Server::start(&setup);
    let mut answered = [0; SENDERS as usize];
    for round in 0..ROUNDS {
        let senders: Vec<_> = (0..SENDERS)
            .zip(answered)
            .map(|(n, from)| {
                tokio::spawn(send(server.address.clone(), server.token.clone(), n, from))
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(150 + 90 * round)).await;
        server.kill();
        for (known, sender) in answered.iter_mut().zip(senders) {
            // The batch that was under way is sent again under its key.
            *known = sender.await.expect("no sender is refused");
        }
        server = server.restart(false);
    }
    // Those under way at the last death: they may have been counted, and are now, once.
    let mut caller = Caller::connect(&server.address, &server.token).await;
    for (sender, batch) in answered.iter().enumerate() {
        let body: Vec<String> = (0..20)
            .map(|n| {
                let of = (n + batch) % 7;
                format!(r#"{{"signal":"complaint","labels":{{"category":"c{of}"}}}}"#)
            })
            .collect();
        let key = format!("{sender}-{batch}");
        let headers = [("content-type", "application/x-ndjson"), ("idempotency-key", key.as_str())];
        let sent = caller.try_with("POST", "/api/v1/signals", &headers, &body.join("\n")).await;
        assert_eq!(sent.expect("an answer").0, StatusCode::ACCEPTED);
    }
    let batches: u64 = answered.iter().map(|next| next + 1).sum();
    assert!(batches > 2 * SENDERS, "the load did something");
    let monitor = caller.get("/api/v1/monitors").await["items"][0].clone();
    assert_eq!(monitor["counted"], batches * 20, "{monitor}");
    assert_eq!(monitor["groups"], 7);
}
