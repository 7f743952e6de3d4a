//! What signals cost: batches of 500 lines read and counted, on one core and two, in memory and
//! through the durable path; the memory of 100 000 groups; and how well surges are found in a
//! made-up year.
//!
//! `cargo bench --bench signal` prints the tables. Absolute figures belong to the machine; the plain
//! reading of the same lines as JSON, in the same run, says what they are worth.

#![expect(clippy::unwrap_used, reason = "a bench may fail where it stands")]
#![expect(clippy::disallowed_methods, reason = "a bench reads the machine's stop watch")]

use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use firebell::clock::{Clock, SystemClock};
use firebell::notify::{Channels, Client, ClientSettings, Hosts};
use firebell::people::{Directory, Zone};
use firebell::runtime::{Outbound, Parts, Runtime};
use firebell::signal::{
    Backtest, Baseline, Form, Gather, Monitor, Occurrence, Rule, Spread, Trouble, Wanted, Watch,
    backtest, read_body,
};
use firebell::store::{Options, Sled, Store};
use firebell::text::Lang;
use jiff::{SignedDuration, Timestamp};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution as _, Poisson};

const BATCH: usize = 500;
const ROUND: Duration = Duration::from_millis(1_500);
/// Senders that wait for the disk at once.
const SENDERS: usize = 16;

fn main() {
    // Test runners start every target; only `cargo bench` passes this.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    println!("{:<52} {:>12} {:>10}", "batches of 500 lines", "signals/s", "of JSON");
    let bodies = bodies(64);
    let plain = threads(1, &bodies, &|body| {
        for line in body.split(|byte| *byte == b'\n') {
            black_box(serde_json::from_slice::<serde_json::Value>(line).unwrap());
        }
    });
    line("baseline: each line as plain JSON, one core", plain, plain);
    for cores in [1, 2] {
        let monitors = [monitor()];
        let wanted = Wanted::by(&monitors);
        let watch = Mutex::new(Watch::new(monitor(), now()));
        let counted = threads(cores, &bodies, &|body| {
            let mut gather = Gather::new(&wanted, now());
            read_body(body, Form::Lines, &mut gather).unwrap();
            let batch = gather.batch();
            let mut watch = watch.lock().unwrap();
            for occurrence in batch.occurrences() {
                black_box(watch.count(&occurrence, batch.at));
            }
        });
        line(&format!("read and counted, {cores} core(s)"), counted, plain);
    }
    for cores in [1, 2] {
        line(&format!("made durable (sled), {cores} core(s)"), durable(cores, &bodies), plain);
    }
    groups();
    year_of_surges();
}

fn now() -> Timestamp {
    SystemClock.now()
}

fn line(what: &str, each_second: f64, plain: f64) {
    println!("{what:<52} {each_second:>12.0} {:>9.2}x", each_second / plain);
}

fn monitor() -> Monitor {
    Monitor {
        id: "complaints".into(),
        signal: "complaint".into(),
        window: 60,
        group_by: vec!["category".into(), "region".into()],
        spread: Spread::Anywhere,
        minimum: 10,
        rule: Rule::Ratio { times: 3.0, minutes: 10 },
        marks: Vec::new(),
        sources: Vec::new(),
        baseline: Baseline { weeks: 4, floor: 1.0 },
        chance: 1e-4,
        levels: Vec::new(),
        clear_below: 1.5,
        clear_for: 30,
        cool_down: 60,
        late: 60,
        groups_max: 100_000,
        zone: Zone::utc(),
    }
}

/// Batches as senders write them: 120 groups, an instant each.
fn bodies(n: usize) -> Vec<Vec<u8>> {
    let mut chance = ChaCha8Rng::seed_from_u64(5);
    let now = now();
    let body = |_| {
        let mut text = String::new();
        for _ in 0..BATCH {
            let at = now - SignedDuration::from_secs(chance.random_range(0..90));
            let (category, region) = (chance.random_range(0..12), chance.random_range(0..10));
            let _ = writeln!(
                text,
                r#"{{"signal":"complaint","at":"{at}","labels":{{"category":"c{category}","region":"r{region}","channel":"phone"}}}}"#
            );
        }
        text.trim_end().to_owned().into_bytes()
    };
    (0..n).map(body).collect()
}

/// Lets threads work through the bodies; returns signals a second.
fn threads(cores: usize, bodies: &[Vec<u8>], work: &(impl Fn(&[u8]) + Sync)) -> f64 {
    let done = AtomicU64::new(0);
    let began = Instant::now();
    std::thread::scope(|scope| {
        for core in 0..cores {
            let done = &done;
            scope.spawn(move || {
                for body in bodies.iter().cycle().skip(core * 7) {
                    work(body);
                    done.fetch_add(BATCH as u64, Ordering::Relaxed);
                    if began.elapsed() > ROUND {
                        return;
                    }
                }
            });
        }
    });
    per_second(done.into_inner(), began)
}

#[expect(clippy::cast_precision_loss, reason = "a bench counts little")]
fn per_second(done: u64, began: Instant) -> f64 {
    done as f64 / began.elapsed().as_secs_f64()
}

/// Sends batches through the runtime and the store, each answered once it is on the disk.
fn durable(cores: usize, bodies: &[Vec<u8>]) -> f64 {
    let folder = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> =
        Arc::new(Sled::open(&folder.path().join("db"), Options::default()).unwrap().store);
    let threads = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(cores)
        .enable_all()
        .build()
        .unwrap();
    threads.block_on(async {
        let runtime = start(folder.path(), store);
        let done = Arc::new(AtomicU64::new(0));
        let began = Instant::now();
        let senders: Vec<_> = (0..SENDERS)
            .map(|n| {
                let (runtime, done, bodies) = (runtime.clone(), Arc::clone(&done), bodies.to_vec());
                tokio::spawn(async move {
                    for body in bodies.iter().cycle().skip(n * 3) {
                        let mut gather = Gather::new(runtime.wanted_signals(), now());
                        read_body(body, Form::Lines, &mut gather).unwrap();
                        runtime.count_signals(gather.batch(), None).await.unwrap();
                        done.fetch_add(BATCH as u64, Ordering::Relaxed);
                        if began.elapsed() > ROUND * 2 {
                            return;
                        }
                    }
                })
            })
            .collect();
        for sender in senders {
            sender.await.unwrap();
        }
        let each_second = per_second(done.load(Ordering::Relaxed), began);
        runtime.drain().await;
        each_second
    })
}

fn start(folder: &std::path::Path, store: Arc<dyn Store>) -> Runtime {
    for name in ["playbooks", "drills"] {
        std::fs::create_dir_all(folder.join(name)).unwrap();
    }
    let client = Client::new(ClientSettings::new(true)).unwrap();
    Runtime::start(Parts {
        clock: Arc::new(SystemClock),
        store,
        directory: Arc::new(Directory::built_in()),
        outbound: Outbound::new(Channels::default(), client, Hosts::default(), Hosts::default()),
        playbooks: folder.join("playbooks"),
        drills: folder.join("drills"),
        drill_check: Arc::new(|_| Vec::new()),
        evidence: folder.join("evidence"),
        base_url: None,
        zone: Zone::utc(),
        lang: Lang::En,
        watchdog: None,
        archive_after: None,
        rosters: firebell::runtime::RosterSettings::default(),
        outages: Vec::new(),
        clocks: Vec::new(),
        monitors: vec![monitor()],
        safe_start: false,
    })
}

/// Fills 100 000 groups, each heard of in some hours of a month.
fn groups() {
    const GROUPS: usize = 100_000;
    const HOURS: usize = 24;
    let before = resident_mib();
    let start: Timestamp = "2026-10-01T00:00:00Z".parse().unwrap();
    let mut watch = Watch::new(monitor(), start);
    let names: Vec<String> = (0..GROUPS).map(|n| format!("category-{n}")).collect();
    for hour in 0..HOURS {
        let now = start + SignedDuration::from_hours(i64::try_from(hour * 28).unwrap());
        for name in &names {
            let occurrence = Occurrence {
                signal: "complaint".into(),
                at: None,
                count: 1,
                labels: vec![
                    ("category".into(), name.as_str().into()),
                    ("region".into(), "north".into()),
                ],
                ticket: None,
            };
            watch.count(&occurrence, now);
        }
        watch.tick(now);
    }
    let now = start + SignedDuration::from_hours(i64::try_from(HOURS * 28).unwrap());
    let began = Instant::now();
    watch.tick(now);
    let took = began.elapsed().as_millis();
    println!();
    println!(
        "{} groups, {HOURS} hours each: {:.0} MiB, one look at all {took} ms",
        watch.groups(),
        resident_mib() - before,
    );
}

fn resident_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or("");
    line.split_whitespace().nth(1).and_then(|n| n.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}

const CATEGORIES: [(&str, f64); 8] = [
    ("delivery", 24.0),
    ("quality", 12.0),
    ("price", 8.0),
    ("billing", 6.0),
    ("service", 4.0),
    ("system", 2.0),
    ("policy", 1.0),
    ("other", 0.5),
];

/// A year of complaints an hour and category with days and weeks, days that vary by themselves, and
/// 20 surges: some of all, most of one category.
fn year(seed: u64) -> (Vec<(Timestamp, Occurrence<'static>)>, Vec<Trouble>) {
    let mut chance = ChaCha8Rng::seed_from_u64(seed);
    let start: Timestamp = "2026-01-05T00:00:00Z".parse().unwrap();
    let hours = SignedDuration::from_hours;
    let mut known = Vec::new();
    let mut of = Vec::new();
    for n in 0..20 {
        let from = start + hours(24 * (35 + n * 16) + chance.random_range(7..20));
        known.push(Trouble { from, until: from + hours(chance.random_range(2..6)) });
        of.push((n % 4 != 0).then(|| chance.random_range(0..5_usize)));
    }
    let mut rows = Vec::new();
    let mut day = 1.0;
    for five in 0..(365 * 288) {
        let at = start + SignedDuration::from_mins(five * 5);
        if five % 288 == 0 {
            day = 0.85 + 0.3 * chance.random::<f64>();
        }
        let hour = (five / 12) % 24;
        let weekend = (five / 288) % 7 >= 5;
        let shape = [0.3, 1.0, 1.6, 0.9][usize::try_from(hour / 6).unwrap()]
            * if weekend { 0.6 } else { 1.0 };
        let now = known.iter().position(|t| t.from <= at && at < t.until);
        for (n, (category, mean)) in CATEGORIES.iter().enumerate() {
            let surges = now.is_some_and(|now| of[now].is_none_or(|only| only == n));
            let times = if surges { 4.5 } else { 1.0 };
            let count =
                Poisson::new(mean / 12.0 * shape * day * times).unwrap().sample(&mut chance);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small")]
            let count: u32 = f64::max(count, 0.0) as u32;
            if count > 0 {
                let labels = vec![("category".into(), (*category).into())];
                let signal = "complaint".into();
                rows.push((at, Occurrence { signal, at: Some(at), count, labels, ticket: None }));
            }
        }
    }
    (rows, known)
}

fn year_of_surges() {
    println!();
    println!(
        "{:<40} {:>6} {:>10} {:>7} {:>12} {:>8}",
        "a year with 20 surges, five seeds",
        "found",
        "precision",
        "recall",
        "delay p50/90",
        "false/wk"
    );
    for (name, chance) in [("chance 1e-4 (default)", 1e-4), ("without the test for chance", 1.0)] {
        let watched =
            Monitor { chance, group_by: vec!["category".into()], groups_max: 100, ..monitor() };
        let years: Vec<Backtest> = (0..5)
            .map(|seed| {
                let (rows, known) = year(seed);
                backtest(&watched, rows, &known).unwrap()
            })
            .collect();
        told(name, &years);
    }
}

#[expect(clippy::cast_precision_loss, reason = "a bench counts little")]
fn told(name: &str, years: &[Backtest]) {
    let found: usize = years.iter().map(|year| 20 - year.missed).sum();
    let fired: usize = years.iter().map(|year| year.fired.len()).sum();
    let fired_at = years.iter().flat_map(|year| &year.fired);
    let mut delays: Vec<i64> = fired_at.filter_map(|fired| fired.delay_minutes).collect();
    delays.sort_unstable();
    let false_alarms = fired - delays.len();
    let part = |n: usize| delays.get(delays.len() * n / 100).copied().unwrap_or(-1);
    println!(
        "{name:<40} {found:>6} {:>10.3} {:>7.3} {:>8}/{:>3} {:>8.3}",
        delays.len() as f64 / fired.max(1) as f64,
        found as f64 / (20 * years.len()) as f64,
        part(50),
        part(90),
        false_alarms as f64 / (years.len() as f64 * 365.0 / 7.0),
    );
}
