//! From an alert to the notice at a webhook, beside Alertmanager itself given the same alerts.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use axum::http::StatusCode;

use crate::http::Caller;
use crate::peer::{self, Arrivals};
use crate::process::{Server, Setup};
use crate::stats::Times;

const KEY: &str = "0123456789abcdef0123456789abcdef";
const PLAN: &str = "playbook: marked
title: Marked
owner: duty
inputs: { mark: { type: string, label: { zh: 记号, en: Mark } } }
activate_when:
  - alert: { match: { alertname: Marked }, inputs: { mark: \"{{ alert.labels.mark }}\" } }
messages: { page: { text: \"{{ mark }}\" } }
phases:
  - id: work
    title: Work
    steps:
      - { id: tell, notify: { to: [team/duty], message: page } }
      - { id: look, title: Look }
";
/// How long Alertmanager may take to begin.
const PATIENCE: Duration = Duration::from_secs(20);

/// Ends the program with the bench.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Alternates between the two at growing rates; every alert is a group of its own.
pub async fn alertmanager(seconds: u64) {
    println!("\n# alert to notice at a webhook, one group each, open loop (group_wait: 0s)");
    let Some((program, place)) = program() else {
        println!("NOT RUN: no Alertmanager (tests/run fetches it)");
        return;
    };
    let (hook, arrivals) = peer::listen().await;
    let folder = tempfile::tempdir().expect("a folder");
    let (_running, theirs) = start(&program, &place, folder.path(), &hook).await;
    let config = format!(
        "{}ingest:\n  prom: {{ dialect: alertmanager, secret: file:prom.key }}\n",
        crate::cases::webhook_config(&hook)
    );
    let files = vec![
        ("playbooks/marked.yaml", PLAN.into()),
        ("prom.key", KEY.into()),
        ("webhook.secret", crate::cases::WEBHOOK_SECRET.into()),
    ];
    let server = Server::start(&Setup { files, config, safe_start: false });
    let mut first = 0;
    for rate in [20_u32, 100, 300] {
        for ours in [false, true] {
            let address = if ours { &server.address } else { &theirs };
            let sent = open_loop(address, ours, rate, seconds, first).await;
            first += 1_000_000;
            tokio::time::sleep(Duration::from_secs(2)).await;
            let name = if ours { "firebell" } else { "Alertmanager" };
            report(&format!("{name} at {rate}/s"), &sent, &arrivals, seconds);
        }
    }
}

fn report(what: &str, sent: &HashMap<u32, Instant>, arrivals: &Arrivals, seconds: u64) {
    let arrivals = arrivals.lock().expect("nobody panics here");
    let mut times = Times::default();
    for (mark, due) in sent {
        arrivals.get(mark).iter().for_each(|at| times.push(at.saturating_duration_since(*due)));
    }
    let lost = sent.len() - times.len();
    times.row(what, seconds as f64);
    if lost > 0 {
        println!("  {lost} had not arrived two seconds after the load");
    }
}

/// Sends alerts at a rate, whatever the answers take; returns when each was due to be sent.
async fn open_loop(
    address: &str,
    ours: bool,
    rate: u32,
    seconds: u64,
    first: u32,
) -> HashMap<u32, Instant> {
    const CONNECTIONS: u32 = 16;
    let total = rate * u32::try_from(seconds).unwrap_or(1);
    let began = Instant::now() + Duration::from_millis(100);
    let mut tasks = Vec::new();
    for lane in 0..CONNECTIONS {
        let mut caller = Caller::connect(address, KEY).await;
        tasks.push(tokio::spawn(async move {
            let mut sent = Vec::new();
            for n in (lane..total).step_by(CONNECTIONS as usize) {
                let due = began + Duration::from_secs_f64(f64::from(n) / f64::from(rate));
                tokio::time::sleep_until(due.into()).await;
                let (path, body, expected) = alert(ours, first + n);
                let (status, said) = caller.call("POST", path, &body).await;
                assert_eq!(status, expected, "{}", String::from_utf8_lossy(&said));
                sent.push((first + n, due));
            }
            sent
        }));
    }
    let mut sent = HashMap::new();
    for task in tasks {
        sent.extend(task.await.expect("the load runs to its end"));
    }
    sent
}

/// The same alert as either takes it: Alertmanager from Prometheus, firebell from Alertmanager.
fn alert(ours: bool, mark: u32) -> (&'static str, String, StatusCode) {
    let labels = format!(
        r#""labels":{{"alertname":"Marked","mark":"mark-{mark}-","env":"prod","severity":"critical"}}"#
    );
    let annotations = r#""annotations":{"summary":"No calls","description":"The exchange has taken no call for five minutes."}"#;
    if !ours {
        return ("/api/v2/alerts", format!("[{{{labels},{annotations}}}]"), StatusCode::OK);
    }
    let body = format!(
        r#"{{"receiver":"firebell","status":"firing","version":"4","groupKey":"{{}}:{{mark=\"mark-{mark}-\"}}","groupLabels":{{"mark":"mark-{mark}-"}},"commonLabels":{{}},"commonAnnotations":{{}},"externalURL":"","truncatedAlerts":0,"alerts":[{{"status":"firing",{labels},{annotations},"startsAt":"2026-11-21T07:58:00Z","endsAt":"0001-01-01T00:00:00Z","generatorURL":"","fingerprint":"8ecda8da{mark:08}"}}]}}"#
    );
    ("/ingest/alertmanager", body, StatusCode::ACCEPTED)
}

/// Finds the program that the tests fetched, or Debian's own; with the folder it must run in.
fn program() -> Option<(PathBuf, PathBuf)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/peers/debian");
    let fetched = root.join("usr/bin/prometheus-alertmanager");
    let own = PathBuf::from("/usr/bin/prometheus-alertmanager");
    let place = root.join("usr/share/prometheus/alertmanager");
    [(fetched, place), (own, PathBuf::from("/"))].into_iter().find(|(file, _)| file.is_file())
}

async fn start(program: &Path, place: &Path, folder: &Path, hook: &str) -> (Running, String) {
    let settings = format!(
        "route: {{ receiver: hook, group_by: [mark], group_wait: 0s, group_interval: 1h, repeat_interval: 4h }}\n\
         receivers:\n- name: hook\n  webhook_configs: [ {{ url: 'http://{hook}/hook', send_resolved: false }} ]\n"
    );
    let file = folder.join("am.yml");
    std::fs::write(&file, settings).expect("the folder takes a file");
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let address = free.local_addr().expect("it has an address").to_string();
    drop(free);
    let child = Command::new(program)
        .current_dir(place)
        .arg(format!("--config.file={}", file.display()))
        .arg(format!("--storage.path={}", folder.join("data").display()))
        .arg(format!("--web.listen-address={address}"))
        .args(["--cluster.listen-address=", "--log.level=error"])
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("Alertmanager starts");
    let running = Running(child);
    let end = Instant::now() + PATIENCE;
    while tokio::net::TcpStream::connect(&address).await.is_err() {
        assert!(Instant::now() < end, "Alertmanager did not begin");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    (running, address)
}
