//! Webhooks of Alertmanager, durable, beside a server that reads the same bodies and does nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::routing::post;
use tokio::net::TcpListener;

use crate::http::Caller;
use crate::process::{Server, Setup};
use crate::stats::Times;

const DOOR: &str = "/ingest/alertmanager";
const KEY: &str = "0123456789abcdef0123456789abcdef";
const CONFIG: &str = "ingest:\n  prom: { dialect: alertmanager, secret: file:prom.key }\n";
const PLAN: &str = "playbook: phones
title: Phones down
owner: bench
activate_when:
  - alert: { match: { alertname: PhonesDown } }
phases:
  - id: work
    title: Work
    steps:
      - { id: look, title: Look }
";

/// A group of ten members, as Alertmanager sends it: about 6 KiB.
fn group(name: &str) -> String {
    let member = |n: usize| {
        format!(
            r#"{{"status":"firing","labels":{{"alertname":"PhonesDown","env":"prod","cluster":"bj-1","instance":"pbx-{n}:9100","job":"pbx","severity":"critical","team":"voice"}},"annotations":{{"summary":"No calls on pbx-{n}","description":"The exchange pbx-{n} has taken no call for five minutes.","runbook_url":"https://runbooks.example/phones"}},"startsAt":"2026-11-21T07:58:00.123Z","endsAt":"0001-01-01T00:00:00Z","generatorURL":"http://prometheus.example/graph?g0.expr=rate%28calls%5B5m%5D%29+%3D%3D+0&g0.tab=1","fingerprint":"8ecda8daf12d31{n:02}"}}"#
        )
    };
    let members = (0..10).map(member).collect::<Vec<_>>().join(",");
    format!(
        r#"{{"receiver":"firebell","status":"firing","alerts":[{members}],"groupLabels":{{"alertname":"PhonesDown"}},"commonLabels":{{"alertname":"PhonesDown"}},"commonAnnotations":{{}},"externalURL":"http://am.example","version":"4","groupKey":"{{}}:{{alertname=\"{name}\"}}","truncatedAlerts":0}}"#
    )
}

async fn nothing() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
    let address = listener.local_addr().expect("it has an address").to_string();
    let took = |body: Bytes| async move { (StatusCode::ACCEPTED, body.len().to_string()) };
    let router = Router::new().route(DOOR, post(took));
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// Sends bodies on so many connections for so long; `name` names the group of each.
async fn load(
    address: &str,
    callers: u64,
    seconds: u64,
    name: impl Fn(u64) -> String + Clone + Send + 'static,
) -> Times {
    let until = Instant::now() + Duration::from_secs(seconds);
    let mut tasks = Vec::new();
    for n in 0..callers {
        let mut caller = Caller::connect(address, KEY).await;
        let name = name.clone();
        tasks.push(tokio::spawn(async move {
            let mut times = Times::default();
            while Instant::now() < until {
                let body = group(&name(n));
                let began = Instant::now();
                let (status, said) = caller.call("POST", DOOR, &body).await;
                assert_eq!(status, StatusCode::ACCEPTED, "{}", String::from_utf8_lossy(&said));
                times.push(began.elapsed());
            }
            times
        }));
    }
    let mut times = Times::default();
    for task in tasks {
        times.extend(task.await.expect("the load runs to its end"));
    }
    times
}

/// Known groups, whose incidents hear of them again, and new ones, which begin incidents.
pub async fn webhooks(seconds: u64) {
    println!("\n# webhooks of Alertmanager, ten alerts each, 202 once durable and the body kept");
    let setup = Setup {
        files: vec![("playbooks/phones.yaml", PLAN.into()), ("prom.key", KEY.into())],
        config: CONFIG.into(),
        safe_start: false,
    };
    let server = Server::start(&setup);
    let bare = nothing().await;
    let fresh = Arc::new(AtomicU64::new(0));
    for callers in [1, 32] {
        let known = |n: u64| format!("group-{n}");
        let mut times = load(&bare, callers, seconds, known).await;
        times.row(&format!("a server that does nothing, {callers} callers"), seconds as f64);
        let mut times = load(&server.address, callers, seconds, known).await;
        times.row(&format!("known groups, {callers} callers"), seconds as f64);
        let next = Arc::clone(&fresh);
        let new = move |_| format!("new-{}", next.fetch_add(1, Ordering::Relaxed));
        let mut times = load(&server.address, callers, seconds, new).await;
        times.row(&format!("new groups, {callers} callers"), seconds as f64);
    }
    println!("{:<52} {:>9.0} MiB", "resident at the end", server.resident_mib());
}
