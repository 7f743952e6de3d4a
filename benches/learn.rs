//! What years of drills and incidents cost those who ask how ready they are: a store with ten
//! thousand ended incidents and two thousand results of drills, of the shipped plans.
//!
//! `cargo bench --bench learn` prints the table. Absolute figures belong to the machine; what
//! counts is that a question costs the same in the tenth year as in the second.

#![expect(clippy::unwrap_used, reason = "a bench may fail where it stands")]
#![expect(clippy::disallowed_methods, reason = "a bench reads the machine's stop watch")]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use firebell::clock::{Clock as _, SystemClock};
use firebell::drill::archive::keep_result;
use firebell::drill::book::Book;
use firebell::drill::live::Drills;
use firebell::drill::result::DrillResult;
use firebell::drill::simulate::{Simulated, Stage, Take, rehearse};
use firebell::drill::stand_in::stand_ins;
use firebell::engine::{Mode, Status};
use firebell::id::{DrillRunId, IncidentId, PlaybookId};
use firebell::learn::cadence::Cadence;
use firebell::learn::experience::Experience;
use firebell::learn::subject::{How, Source};
use firebell::learn::{Learning, WhichFindings};
use firebell::notify::{Channels, Client, ClientSettings, Hosts};
use firebell::people::{Directory, Zone};
use firebell::playbook::Playbook;
use firebell::runtime::{Library, Outbound, Parts, RosterSettings, Runtime};
use firebell::store::{Batch, Change, Digest, Expect, Kind, Options, Sled, Store, Summary};
use firebell::text::{Lang, Text};
use jiff::Timestamp;

/// Incidents and results in all: a tenth year, and beside it a second.
const SIZES: [(u64, u64); 2] = [(1_000, 200), (10_000, 2_000)];
/// How many different runs of each drill stand for all.
const SAMPLES: u64 = 25;
const ROUNDS: usize = 7;
/// How many documents are written at once.
const AT_ONCE: usize = 100;

fn main() {
    // Test runners start every target; only `cargo bench` passes this.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let samples = samples();
    for (incidents, results) in SIZES {
        println!("\n{incidents} ended incidents, {results} results of drills");
        runtime.block_on(measure(&samples, incidents, results));
    }
}

/// A run of a shipped drill, and what it would leave had it been real.
struct Sample {
    result: DrillResult,
    lesson: Experience,
}

fn samples() -> Vec<Sample> {
    let (playbooks, drills) = (home("playbooks"), home("drills"));
    let library = Library::read(&playbooks, &drills, &Directory::built_in(), SystemClock.now());
    let book = Book::read(&library).0;
    let plans: BTreeMap<PlaybookId, Arc<Playbook>> =
        library.playbooks().map(|plan| (plan.id.clone(), Arc::clone(plan))).collect();
    let mut samples = Vec::new();
    for scenario in book.iter() {
        let playbook = &plans[&scenario.playbook];
        let directory = stand_ins(playbook, &plans, &scenario.injects).unwrap();
        let stage = Stage { scenario, playbook, plans: &plans, directory: &directory };
        for seed in 0..SAMPLES {
            let begin = "2027-03-01T02:00:00Z".parse().unwrap();
            let take = Take { run: DrillRunId::from_u128(1), begin, seed };
            let (result, run) = rehearse(stage, take);
            let Simulated { events, incident, ended_at, .. } = run;
            let mut incident = incident.unwrap();
            incident.ended_at.get_or_insert(ended_at);
            let lesson = Experience::of_incident(playbook, &incident, &events).unwrap();
            samples.push(Sample { result, lesson });
        }
    }
    samples
}

async fn measure(samples: &[Sample], incidents: u64, results: u64) {
    let folder = tempfile::tempdir().unwrap();
    let opened = Sled::open(folder.path(), Options::default()).unwrap();
    let store: Arc<dyn Store> = Arc::new(opened.store);
    fill(&*store, samples, incidents, results).await;
    let before = resident_kib();
    let runtime = start(&store, folder.path());
    let drills = Drills::start(runtime.clone());
    let began = Instant::now();
    let learning = Learning::start(runtime.clone(), drills.clone(), Cadence::default());
    println!("{:<44} {:>10.1} ms", "start", 1e3 * began.elapsed().as_secs_f64());
    learning.catch_up().await;
    println!("{:<44} {:>10.1} MiB", "memory", (resident_kib() - before) / 1_024.0);
    let plans: Vec<Arc<Playbook>> = runtime.library().playbooks().cloned().collect();
    row("GET /readiness", || {
        black_box(learning.readiness(&plans));
    });
    row("GET /readiness/{playbook}", || {
        black_box(learning.coverage(&plans[0]));
    });
    row("plans overdue, of /metrics", || {
        black_box(learning.plans_overdue(&plans));
    });
    row("GET /findings", || {
        black_box(learning.findings(&WhichFindings::default()));
    });
    let archive = drills.archive();
    let run = archive.results(None, 1).unwrap().remove(0);
    row("the latest result of each drill", || {
        black_box(drills.rows(1)).unwrap();
    });
    row("one result", || {
        black_box(archive.result(run.run)).unwrap();
    });
    row("the result before it", || {
        black_box(archive.previous(&run)).unwrap();
    });
    let mut taken = Vec::new();
    for nth in 0..ROUNDS {
        archive
            .put(vec![keep_result(&result(samples, nth, results + 1 + nth as u64))])
            .await
            .unwrap();
        let began = Instant::now();
        learning.catch_up().await;
        taken.push(began.elapsed().as_secs_f64());
    }
    show("a new result is taken up", taken);
    learning.stop().await;
    drills.stop().await;
    runtime.drain().await;
}

fn start(store: &Arc<dyn Store>, folder: &Path) -> Runtime {
    let client = Client::new(ClientSettings::new(true)).unwrap();
    let none = Hosts::default;
    Runtime::start(Parts {
        clock: Arc::new(SystemClock),
        store: Arc::clone(store),
        directory: Arc::new(Directory::built_in()),
        outbound: Outbound::new(Channels::default(), client, none(), none()),
        playbooks: home("playbooks"),
        drills: home("drills"),
        drill_check: Arc::new(|_| Vec::new()),
        evidence: folder.join("evidence"),
        base_url: None,
        zone: Zone::named("Asia/Shanghai").unwrap(),
        lang: Lang::En,
        watchdog: None,
        archive_after: None,
        monitors: Vec::new(),
        outages: Vec::new(),
        clocks: Vec::new(),
        rosters: RosterSettings::default(),
        safe_start: false,
    })
}

/// Writes the rows of ended incidents with their lessons, and the results.
async fn fill(store: &dyn Store, samples: &[Sample], incidents: u64, results: u64) {
    let mut pending = Vec::new();
    let mut changes = Vec::new();
    for number in 1..=incidents {
        let lesson = lesson(samples, number);
        let Source::Incident(id) = lesson.source else { unreachable!("it is one of an incident") };
        pending.push(store.append(Batch::new(0, vec![vec![b'e'; 300]], ended(id, &lesson))));
        let bytes = serde_json::to_vec(&lesson).unwrap();
        let name = format!("{number:020}");
        changes.push(Change::write(Kind::Lesson, name, Expect::Any, bytes));
    }
    let each = (0..results).map(|nth| keep_result(&result(samples, nth as usize, nth)));
    changes.extend(each);
    for one in pending {
        one.await.unwrap();
    }
    while !changes.is_empty() {
        let some = changes.split_off(changes.len().saturating_sub(AT_ONCE));
        store.put(some).await.unwrap();
    }
}

fn lesson(samples: &[Sample], number: u64) -> Experience {
    let sample = &samples[number as usize % samples.len()];
    let at = hours_ago(number);
    Experience {
        source: Source::Incident(IncidentId::from_u128(identity(at, number))),
        how: How::Live,
        number: Some(number),
        began_at: at,
        ended_at: at,
        ..sample.lesson.clone()
    }
}

fn result(samples: &[Sample], sample: usize, nth: u64) -> DrillResult {
    let at = hours_ago(nth);
    let run = DrillRunId::from_u128(identity(at, nth));
    DrillResult { run, ran_at: Some(at), ..samples[sample % samples.len()].result.clone() }
}

/// The later, the higher its number.
fn hours_ago(nth: u64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + 3_600 * i64::try_from(nth).unwrap()).unwrap()
}

fn identity(at: Timestamp, nth: u64) -> u128 {
    (u128::try_from(at.as_millisecond()).unwrap() << 80) | (7 << 76) | (2 << 62) | u128::from(nth)
}

fn ended(id: IncidentId, lesson: &Experience) -> Summary {
    Summary {
        id,
        number: lesson.number.unwrap(),
        playbook: lesson.playbook.clone(),
        playbook_hash: Digest::of(b"plan"),
        title: Text::both("客服系统中断", "Customer-service outage"),
        mode: Mode::Live,
        status: Status::Closed,
        stuck: false,
        level: 2,
        level_provisional: false,
        phase: "respond".into(),
        detected_at: lesson.began_at,
        declared_at: lesson.began_at,
        closed_at: Some(lesson.ended_at),
        restricted: false,
        involved: Vec::new(),
        dedup_key: None,
        version: 0,
        pending_notices: 0,
        open_clocks: 0,
    }
}

fn home(folder: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)
}

fn row(what: &str, mut ask: impl FnMut()) {
    let each = (0..ROUNDS).map(|_| {
        let began = Instant::now();
        ask();
        began.elapsed().as_secs_f64()
    });
    show(what, each.collect());
}

/// Prints the median.
fn show(what: &str, mut seconds: Vec<f64>) {
    seconds.sort_by(f64::total_cmp);
    println!("{what:<44} {:>10.2} ms", 1e3 * seconds[seconds.len() / 2]);
}

/// Returns the memory that this process has now, in KiB, as Linux tells.
fn resident_kib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
