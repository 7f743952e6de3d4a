//! The cases. Each prints its rows beside the baseline of the same run.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::http::Caller;

use crate::peer;
use crate::process::{Server, Setup};
use crate::stats::Times;

const PLAIN_CONFIG: &str = "listen: 127.0.0.1:8080\n";

/// Five steps, one after the other, without people: what Restate and DBOS were measured with.
fn five_steps() -> String {
    let mut text = String::from(
        "playbook: five-steps\ntitle: Five steps\nowner: bench\nphases:\n  - id: work\n    \
         title: Work\n    steps:\n",
    );
    for n in 1..=5 {
        let after = if n > 1 { format!(", after: [s{}]", n - 1) } else { String::new() };
        text.push_str(&format!("      - {{ id: s{n}, title: Step {n}{after} }}\n"));
    }
    text
}

/// One role, whose holder has a webhook: the shortest way from a declaration to a notice.
const ONE_PAGE: &str = "playbook: one-page
title: One page
owner: duty
roles:
  commander: { title: Commander, assign: { team: duty }, acknowledge_within: 1h }
phases:
  - id: work
    title: Work
    steps:
      - { id: look, role: commander, title: Look }
";

/// `bench` in the form of Standard Webhooks.
pub const WEBHOOK_SECRET: &str = "whsec_YmVuY2ggYmVuY2ggYmVuY2ggYmVuY2ggYmVuY2g=";

pub fn webhook_config(address: &str) -> String {
    format!(
        "channels:
  hook:
    kind: webhook
    secret: file:webhook.secret
    allow_private: true
people:
  duty-1:
    name: Duty 1
    lang: en
    contacts: [ {{ hook: 'http://{address}/hook' }} ]
    at_most: 65535
teams:
  duty: {{ title: Duty, members: [duty-1] }}
"
    )
}

fn outage() -> Setup {
    let root = env!("CARGO_MANIFEST_DIR");
    let read = |name: &str| std::fs::read_to_string(format!("{root}/{name}")).expect("it ships");
    Setup {
        files: ["playbooks/service-outage.yaml", "playbooks/steps/command.yaml"]
            .map(|name| (name, read(name)))
            .into(),
        config: read("firebell.yaml"),
        // Notices are stored but not sent: what is measured is the durable declaration.
        safe_start: true,
    }
}

const DECLARE_OUTAGE: &str =
    r#"{"playbook":"service-outage","inputs":{"users_affected":250000,"channels_down":["phone"]}}"#;

/// Runs `work` on so many callers for so long and gathers the times.
async fn closed_loop<F, Fut>(server: &Server, callers: usize, seconds: u64, work: F) -> Times
where
    F: Fn(Caller, Instant) -> Fut,
    Fut: Future<Output = Times> + Send + 'static,
{
    let mut tasks = Vec::new();
    let until = Instant::now() + Duration::from_secs(seconds);
    for _ in 0..callers {
        let caller = Caller::connect(&server.address, &server.token).await;
        tasks.push(tokio::spawn(work(caller, until)));
    }
    let mut times = Times::default();
    for task in tasks {
        times.extend(task.await.expect("the load runs to its end"));
    }
    times
}

/// Appends 4 KiB and syncs, again and again: what one committer could do at best. Per second.
fn bare_syncs(dir: &Path, time: Duration) -> f64 {
    let mut file = std::fs::File::create(dir.join("baseline")).expect("a file");
    let page = vec![7_u8; 4096];
    let began = Instant::now();
    let mut times = 0_u32;
    while began.elapsed() < time {
        file.write_all(&page).expect("the disk takes it");
        file.sync_data().expect("the disk keeps it");
        times += 1;
    }
    f64::from(times) / began.elapsed().as_secs_f64()
}

/// What the machine can do at best.
pub async fn baseline(seconds: u64) {
    println!("\n# baseline");
    let dir = tempfile::tempdir().expect("a folder");
    let rate = bare_syncs(dir.path(), Duration::from_secs(seconds.min(2)));
    println!("{:<52} {rate:>9.0}/s", "append 4 KiB + fdatasync, 1 committer");
    let setup = Setup {
        files: vec![("playbooks/five-steps.yaml", five_steps())],
        config: PLAIN_CONFIG.into(),
        safe_start: false,
    };
    let server = Server::start(&setup);
    for callers in [1, 64] {
        let mut times = closed_loop(&server, callers, seconds, |mut caller, until| async move {
            let mut times = Times::default();
            while Instant::now() < until {
                let began = Instant::now();
                caller.call("GET", "/livez", "").await;
                times.push(began.elapsed());
            }
            times
        })
        .await;
        times.row(&format!("GET /livez, {callers} callers"), seconds as f64);
    }
}

/// Five steps, each completed over HTTP, durable at each.
pub async fn five_step_plan(seconds: u64) {
    println!(
        "\n# a five-step plan over HTTP (aims: 1 caller 300/s p99 8 ms; 64: 3,650/s p99 39 ms)"
    );
    let setup = Setup {
        files: vec![("playbooks/five-steps.yaml", five_steps())],
        config: PLAIN_CONFIG.into(),
        safe_start: false,
    };
    let server = Server::start(&setup);
    for callers in [1, 8, 64] {
        closed_loop(&server, callers, 1, plan_loop).await;
        let mut times = closed_loop(&server, callers, seconds, plan_loop).await;
        times.row(&format!("plans, {callers} callers"), seconds as f64);
    }
}

async fn plan_loop(mut caller: Caller, until: Instant) -> Times {
    let mut times = Times::default();
    while Instant::now() < until {
        let began = Instant::now();
        let id = caller.declare(r#"{"playbook":"five-steps"}"#).await;
        for n in 1..=5 {
            caller.post(&format!("/api/v1/incidents/{id}/steps/s{n}/complete"), "{}").await;
        }
        times.push(began.elapsed());
    }
    times
}

async fn declare_loop(mut caller: Caller, until: Instant) -> Times {
    let mut times = Times::default();
    while Instant::now() < until {
        let began = Instant::now();
        caller.declare(DECLARE_OUTAGE).await;
        times.push(began.elapsed());
    }
    times
}

/// Durable declarations of the outage plan.
pub async fn declares(seconds: u64) {
    println!("\n# durable declares of service-outage (aim: 4,000/s at 64, p99 40 ms)");
    let server = Server::start(&outage());
    for callers in [1, 8, 64] {
        let mut times = closed_loop(&server, callers, seconds, declare_loop).await;
        times.row(&format!("declares, {callers} callers"), seconds as f64);
    }
    println!("resident after the load: {:.0} MiB", server.resident_mib());
}

/// The cost of a declaration as the store grows.
pub async fn growth() {
    println!("\n# cost per declare as the store grows (aim: flat within 20 %)");
    let server = Server::start(&outage());
    let mut stored = 0;
    for target in [1_000_u32, 10_000, 100_000] {
        while stored < target {
            stored += fill(&server, (target - stored).min(10_000)).await;
        }
        let before = server.processor_seconds();
        let mut times = closed_loop(&server, 8, 3, declare_loop).await;
        let cost = (server.processor_seconds() - before) / times.len().max(1) as f64 * 1e6;
        stored += u32::try_from(times.len()).unwrap_or(0);
        times.row(&format!("declares at {target} incidents, 8 callers"), 3.0);
        println!("{:<52} {cost:>9.0} µs", "  processor time of the server per declare");
    }
    println!("resident: {:.0} MiB", server.resident_mib());
}

async fn fill(server: &Server, count: u32) -> u32 {
    let callers = 64;
    let mut tasks = Vec::new();
    for _ in 0..callers {
        let mut caller = Caller::connect(&server.address, &server.token).await;
        tasks.push(tokio::spawn(async move {
            for _ in 0..count.div_ceil(callers) {
                caller.declare(DECLARE_OUTAGE).await;
            }
        }));
    }
    for task in tasks {
        task.await.expect("the load runs to its end");
    }
    count.div_ceil(callers) * callers
}

/// From a declaration to its first notice at a webhook, at a fixed rate of arrivals.
pub async fn first_notice(seconds: u64) {
    println!(
        "\n# declare to first notice at a webhook, open loop \
         (aims: 1,000/s p50 2 ms; 2,000/s p99 20 ms)"
    );
    let (address, arrivals) = peer::listen().await;
    let setup = Setup {
        files: vec![
            ("playbooks/one-page.yaml", ONE_PAGE.into()),
            ("webhook.secret", WEBHOOK_SECRET.into()),
        ],
        config: webhook_config(&address),
        safe_start: false,
    };
    let server = Server::start(&setup);
    for (round, rate) in [(0_u32, 200_u32), (1, 1_000), (2, 2_000)] {
        let sent = open_loop(&server, rate, seconds, round * 1_000_000).await;
        tokio::time::sleep(Duration::from_secs(2)).await;
        let arrivals = arrivals.lock().expect("nobody panics here");
        let mut times = Times::default();
        let mut lost = 0;
        for (mark, due) in sent {
            match arrivals.get(&mark) {
                Some(at) => times.push(at.saturating_duration_since(due)),
                None => lost += 1,
            }
        }
        times.row(&format!("declare to webhook at {rate}/s"), seconds as f64);
        if lost > 0 {
            println!("  {lost} had not arrived two seconds after the load");
        }
    }
}

/// Declares at a rate, whatever the answers take; returns when each was due to be sent.
async fn open_loop(server: &Server, rate: u32, seconds: u64, first: u32) -> Vec<(u32, Instant)> {
    const CONNECTIONS: u32 = 64;
    let total = rate * u32::try_from(seconds).unwrap_or(1);
    let began = Instant::now() + Duration::from_millis(100);
    let mut tasks = Vec::new();
    for lane in 0..CONNECTIONS {
        let mut caller = Caller::connect(&server.address, &server.token).await;
        tasks.push(tokio::spawn(async move {
            let mut sent = Vec::new();
            let mut n = lane;
            while n < total {
                let due = began + Duration::from_secs_f64(f64::from(n) / f64::from(rate));
                tokio::time::sleep_until(due.into()).await;
                let mark = first + n;
                let title = format!("mark-{mark}-");
                caller.declare(&format!(r#"{{"playbook":"one-page","title":"{title}"}}"#)).await;
                sent.push((mark, due));
                n += CONNECTIONS;
            }
            sent
        }));
    }
    let mut sent = Vec::new();
    for task in tasks {
        sent.extend(task.await.expect("the load runs to its end"));
    }
    sent
}

/// One step due a fixed time after it was noticed, so that thousands fall due together.
const DUE_TOGETHER: &str = "playbook: due-together
title: Due together
owner: bench
phases:
  - id: work
    title: Work
    steps:
      - { id: act, title: Act, due: { within: 1m, from: detected } }
";

/// As [`DUE_TOGETHER`], a day after the declaration.
const DUE_TOMORROW: &str = "playbook: due-tomorrow
title: Due tomorrow
owner: bench
phases:
  - id: work
    title: Work
    steps:
      - { id: act, title: Act, due: { within: 24h, from: declared } }
";

/// Thousands of deadlines at one moment, alone and behind a backlog of requests.
pub async fn deadlines() {
    println!("\n# 5,000 deadlines at one moment (aims: p99 250 ms; behind 9,000 commands 500 ms)");
    let setup = Setup {
        files: vec![
            ("playbooks/due-together.yaml", DUE_TOGETHER.into()),
            ("playbooks/due-tomorrow.yaml", DUE_TOMORROW.into()),
        ],
        config: PLAIN_CONFIG.into(),
        safe_start: false,
    };
    for backlog in [0_u32, 9_000] {
        let server = Server::start(&setup);
        lateness(&server, backlog).await;
    }
    asleep(&Server::start(&setup)).await;
}

async fn declare_many(server: &Server, count: u32, body: &str) -> Vec<String> {
    let mut tasks = Vec::new();
    for _ in 0..50 {
        let mut caller = Caller::connect(&server.address, &server.token).await;
        let body = body.to_owned();
        tasks.push(tokio::spawn(async move {
            let mut ids = Vec::new();
            for _ in 0..count / 50 {
                ids.push(caller.declare(&body).await);
            }
            ids
        }));
    }
    let mut ids = Vec::new();
    for task in tasks {
        ids.extend(task.await.expect("the load runs to its end"));
    }
    ids
}

async fn lateness(server: &Server, backlog: u32) {
    let due = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(12);
    let detected = due - jiff::SignedDuration::from_mins(1);
    let body = format!(r#"{{"playbook":"due-together","detected_at":"{detected}"}}"#);
    let ids = declare_many(server, 5_000, &body).await;
    let lead = due.duration_since(jiff::Timestamp::now());
    assert!(lead > jiff::SignedDuration::from_secs(1), "the declarations took too long");
    let ahead = lead - jiff::SignedDuration::from_millis(200);
    tokio::time::sleep(ahead.try_into().expect("it lies ahead")).await;
    let target = Arc::new(ids[0].clone());
    let mut tasks = Vec::new();
    for _ in 0..if backlog == 0 { 0 } else { 100 } {
        let mut caller = Caller::connect(&server.address, &server.token).await;
        let ids = ids.clone();
        let target = Arc::clone(&target);
        tasks.push(tokio::spawn(async move {
            for n in 0..backlog / 100 {
                let id = ids.get(n as usize).unwrap_or(&target);
                let path = format!("/api/v1/incidents/{id}/notes");
                caller.post(&path, r#"{"text":"backlog"}"#).await;
            }
        }));
    }
    for task in tasks {
        task.await.expect("the load runs to its end");
    }
    tokio::time::sleep(Duration::from_secs(4)).await;
    let mut times = Times::default();
    let mut caller = Caller::connect(&server.address, &server.token).await;
    for id in &ids {
        let timeline = caller.get(&format!("/api/v1/incidents/{id}/timeline")).await;
        if let Some(at) = overdue_recorded(&timeline) {
            times.push(at.duration_since(due).try_into().unwrap_or_default());
        }
    }
    times.row(&format!("recorded overdue, {backlog} commands at the same time"), 1.0);
}

/// Finds when the journal recorded the deadline.
fn overdue_recorded(timeline: &serde_json::Value) -> Option<jiff::Timestamp> {
    let rows = timeline.get("rows")?.as_array()?;
    let row = rows.iter().find(|row| row.get("code").is_some_and(|code| code == "step_overdue"))?;
    row.get("recorded_at")?.as_str()?.parse().ok()
}

/// What armed deadlines cost while nothing is due.
async fn asleep(server: &Server) {
    let before = server.processor_seconds();
    tokio::time::sleep(Duration::from_secs(5)).await;
    let empty = server.processor_seconds() - before;
    for _ in 0..10 {
        declare_many(server, 10_000, r#"{"playbook":"due-tomorrow"}"#).await;
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    let before = server.processor_seconds();
    tokio::time::sleep(Duration::from_secs(5)).await;
    let armed = server.processor_seconds() - before;
    println!("processor seconds in 5 s: {empty:.2} with none, {armed:.2} with 100,000 armed");
    println!("resident with 100,000 open incidents: {:.0} MiB", server.resident_mib());
}

/// Cold starts and memory.
pub async fn footprint() {
    println!("\n# cold start and memory (aims: 80 ms, 25 MiB; 1 M events 1 s; 1,000 open 150 MiB)");
    let plain = Setup {
        files: vec![("playbooks/five-steps.yaml", five_steps())],
        config: PLAIN_CONFIG.into(),
        safe_start: false,
    };
    let server = Server::start(&plain);
    println!("cold start, empty: {:.0} ms", server.cold_start.as_secs_f64() * 1e3);
    tokio::time::sleep(Duration::from_secs(2)).await;
    println!("idle memory: {:.0} MiB", server.resident_mib());
    run_plans(&server, 10_000).await;
    declare_open(&server, 1_000).await;
    println!("1,000 open and 10,000 closed incidents: {:.0} MiB", server.resident_mib());
    let server = server.restart(false);
    println!("… after a restart: {:.0} MiB", server.resident_mib());
    // A plan of five steps makes some seventeen events.
    run_plans(&server, 50_000).await;
    let server = server.restart(false);
    println!(
        "cold start with about 1,000,000 events after kill -9: {:.0} ms, {:.0} MiB",
        server.cold_start.as_secs_f64() * 1e3,
        server.resident_mib()
    );
}

async fn run_plans(server: &Server, count: u32) {
    let mut tasks = Vec::new();
    for _ in 0..64 {
        let mut caller = Caller::connect(&server.address, &server.token).await;
        tasks.push(tokio::spawn(async move {
            for _ in 0..count.div_ceil(64) {
                let id = caller.declare(r#"{"playbook":"five-steps"}"#).await;
                for n in 1..=5 {
                    caller.post(&format!("/api/v1/incidents/{id}/steps/s{n}/complete"), "{}").await;
                }
            }
        }));
    }
    for task in tasks {
        task.await.expect("the load runs to its end");
    }
}

async fn declare_open(server: &Server, count: u32) {
    let mut caller = Caller::connect(&server.address, &server.token).await;
    for _ in 0..count {
        caller.declare(r#"{"playbook":"five-steps"}"#).await;
    }
}
