//! A whole server is killed at random moments under load, again and again: what it acknowledged is
//! there afterwards, nothing is half-applied, every page still goes out, and every chain holds.
//!
//! `FIREBELL_CRASH_ROUNDS` sets how often (6 unless set), `FIREBELL_CRASH_SEED` repeats a run.

#![expect(clippy::unwrap_used, reason = "a test that unwraps nothing says where it fails")]
#![expect(clippy::disallowed_methods, reason = "it waits for a real process in real time")]

#[path = "../support/http.rs"]
mod http;
#[expect(dead_code, reason = "shared with the benches")]
#[path = "../support/process.rs"]
mod process;

mod exercises;
mod plans;
mod signals;

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hyper::StatusCode;
use serde_json::Value as Json;

use crate::http::Caller;
use crate::process::{Server, Setup};

const CALLERS: usize = 12;

/// Three steps in a row, and a role whose holder is paged.
const PLAN: &str = "playbook: three
title: Three
owner: duty
roles:
  commander: { title: Commander, assign: { team: duty }, acknowledge_within: 1h }
phases:
  - id: work
    title: Work
    steps:
      - { id: s1, title: One }
      - { id: s2, title: Two, after: [s1] }
      - { id: s3, title: Three, role: commander, after: [s2] }
";

const CONFIG: &str = "channels:
  mail: { kind: eml, dir: data/outbox }
people:
  # So that no page waits since others went before it.
  duty-1: { name: Duty 1, lang: en, at_most: 65535, contacts: [ { mail: duty@example.com } ] }
teams:
  duty: { title: Duty, members: [duty-1] }
";

/// How many steps of each incident were acknowledged.
type Acknowledged = Arc<Mutex<BTreeMap<String, usize>>>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_and_nothing_due_forgotten() {
    let number = |name: &str| std::env::var(name).ok().and_then(|n| n.parse::<u64>().ok());
    let rounds = number("FIREBELL_CRASH_ROUNDS").unwrap_or(6);
    let mut chance = number("FIREBELL_CRASH_SEED").unwrap_or_else(|| u64::from(std::process::id()));
    println!("repeat with FIREBELL_CRASH_SEED={chance} FIREBELL_CRASH_ROUNDS={rounds}");
    let setup = Setup {
        files: vec![("playbooks/three.yaml", PLAN.into())],
        config: CONFIG.into(),
        safe_start: false,
    };
    let acknowledged = Acknowledged::default();
    let mut server = Server::start(&setup);
    for round in 0..rounds {
        let work: Vec<_> = (0..CALLERS)
            .map(|_| {
                tokio::spawn(load(
                    server.address.clone(),
                    server.token.clone(),
                    Arc::clone(&acknowledged),
                ))
            })
            .collect();
        chance =
            chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        tokio::time::sleep(Duration::from_millis(40 + (chance >> 33) % 500)).await;
        server.kill();
        for caller in work {
            caller.abort();
            let _ = caller.await;
        }
        server = server.restart(false);
        check(&server, &acknowledged, round).await;
    }
    every_page_goes_out(&server, &acknowledged).await;
    server.kill();
    chains_hold(&server);
}

/// Declares and works incidents until the server is gone; notes what was acknowledged.
async fn load(address: String, token: String, acknowledged: Acknowledged) {
    let Some(mut caller) = Caller::try_connect(&address, &token).await else { return };
    loop {
        let declared =
            caller.try_call("POST", "/api/v1/incidents", r#"{"playbook":"three"}"#).await;
        let Some((StatusCode::CREATED, body)) = declared else { return };
        let id = http::field(&body, "id");
        acknowledged.lock().unwrap().insert(id.clone(), 0);
        for step in 1..=3 {
            let path = format!("/api/v1/incidents/{id}/steps/s{step}/complete");
            match caller.try_call("POST", &path, "{}").await {
                Some((StatusCode::OK, _)) => {
                    acknowledged.lock().unwrap().insert(id.clone(), step);
                }
                Some((status, body)) => {
                    panic!("{status}: {}", String::from_utf8_lossy(&body))
                }
                None => return,
            }
        }
    }
}

async fn check(server: &Server, acknowledged: &Acknowledged, round: u64) {
    let mut caller = Caller::connect(&server.address, &server.token).await;
    let all = acknowledged.lock().unwrap().clone();
    assert!(!all.is_empty(), "the load did something");
    for (id, steps) in all {
        let incident = caller.get(&format!("/api/v1/incidents/{id}")).await;
        let done = |n: usize| {
            let of = incident["steps"].as_array().into_iter().flatten();
            let name = format!("s{n}");
            of.filter(|step| step["id"] == name.as_str()).any(|step| step["state"] == "done")
        };
        for step in 1..=steps {
            assert!(done(step), "round {round}: {id} lost step {step}: {incident}");
        }
        // A decision is one append: a step is never done while its successor was not opened.
        if steps < 3 && done(steps.max(1)) && incident["status"] == "open" {
            let open = incident["steps"].as_array().into_iter().flatten();
            let waiting: Vec<&Json> = open.filter(|step| step["state"] == "ready").collect();
            assert_eq!(waiting.len(), 1, "round {round}: {id} is half-applied: {incident}");
        }
    }
}

/// Every declaration pages the commander; what was not sent before a kill is sent after it.
async fn every_page_goes_out(server: &Server, acknowledged: &Acknowledged) {
    let wanted = acknowledged.lock().unwrap().len();
    let outbox = server.home.path().join("data/outbox");
    let patience = tokio::time::Instant::now() + Duration::from_secs(60);
    loop {
        let mut paged = std::collections::BTreeSet::new();
        for file in std::fs::read_dir(&outbox).into_iter().flatten().flatten() {
            let text = std::fs::read_to_string(file.path()).unwrap_or_default();
            let incident = text.lines().find_map(|line| line.strip_prefix("X-Firebell-Incident: "));
            paged.extend(incident.map(str::to_owned));
        }
        if paged.len() >= wanted {
            return;
        }
        let missing = wanted - paged.len();
        assert!(tokio::time::Instant::now() < patience, "{missing} pages never went out");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn chains_hold(server: &Server) {
    let verify = Command::new(env!("CARGO_BIN_EXE_firebell"))
        .args(["verify", "--output", "json", "--data"])
        .arg(server.home.path().join("data"))
        .current_dir(server.home.path())
        .output()
        .unwrap();
    let report: Json = serde_json::from_slice(&verify.stdout).unwrap_or_default();
    assert!(verify.status.success(), "{report} {}", String::from_utf8_lossy(&verify.stderr));
    assert!(report["events"].as_u64().is_some_and(|events| events > 0), "{report}");
}
