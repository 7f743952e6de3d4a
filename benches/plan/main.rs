//! What working on plans costs: checking, exploring, drawing and importing them.
//!
//! `cargo bench --bench plan` prints the table. Absolute figures belong to the machine; beside each
//! stands a baseline of the same run: the same text read by the YAML or JSON library alone, or a
//! process that only says its version.

#![expect(clippy::unwrap_used, reason = "a bench may fail where it stands")]
#![expect(clippy::disallowed_methods, reason = "a bench reads the machine's stop watch")]

mod made;

use std::hint::black_box;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use firebell::drill::file::Playbooks;
use firebell::drill::stand_in::stand_ins;
use firebell::exchange::cacao::import;
use firebell::people::Directory;
use firebell::picture::Graph;
use firebell::playbook::{Context, Playbook};
use firebell::proof::{Detail, House, Proof, prove};
use firebell::runtime::Library;
use firebell::text::Lang;
use jiff::Timestamp;

const ROUND: Duration = Duration::from_millis(400);
const ROUNDS: usize = 5;
/// The most states that are explored, as in `firebell check --prove`.
const STATES_MAX: usize = 100_000;

fn main() {
    // Test runners start every target; only `cargo bench` passes this.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    // First, while this process has held no memory that it could use again.
    println!("{:<52} {:>10} {:>12} {:>7}", "CACAO 2.0, 1 MiB", "ms", "baseline ms", "ratio");
    imported(folder.path());
    println!(
        "\n{:<52} {:>10} {:>12} {:>7}",
        "100 steps, two languages", "ms", "baseline ms", "ratio"
    );
    let text = made::hundred_steps();
    let playbook = checked(&text, folder.path());
    drawn(&playbook);
    println!("\n{:<22} {:>9} {:>9} {:>10} {:>10}", "explored", "states", "moves", "ms", "states/s");
    explored(&playbook);
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/playbooks");
    for file in Library::yaml_files(shipped.as_ref()) {
        Library::of_plan(&file).playbooks().for_each(|plan| explored(plan));
    }
}

fn now() -> Timestamp {
    "2026-11-22T08:00:00Z".parse().unwrap()
}

/// Measures the check as a call and as a whole process, and returns the plan.
fn checked(text: &str, folder: &Path) -> Playbook {
    let directory = Directory::built_in();
    let context = Context { directory: Some(&directory), now: Some(now()), ..Context::default() };
    let call = per_call(|| {
        black_box(Playbook::load("plan.yaml", black_box(text).as_bytes(), &context));
    });
    let parse = per_call(|| {
        black_box(serde_yaml::from_str::<serde_json::Value>(black_box(text)).unwrap());
    });
    line("check, as a call (YAML alone)", call, Some(parse));
    let file = folder.join("plan.yaml");
    std::fs::write(&file, text).unwrap();
    let file = file.to_str().unwrap();
    let process = per_call(|| run(&["check", file], folder));
    line("check, as a process (a process)", process, Some(a_process(folder)));
    let proving = once(|| run(&["check", "--prove", file], folder));
    line("check --prove, as a process", proving, None);
    Playbook::load("plan.yaml", text.as_bytes(), &context).playbook.unwrap()
}

fn drawn(playbook: &Playbook) {
    let graph = per_call(|| {
        black_box(Graph::of(playbook, Lang::Zh));
    });
    let svg = per_call(|| {
        black_box(Graph::of(playbook, Lang::Zh).to_svg());
    });
    line("graph --format svg, as a call (the graph alone)", svg, Some(graph));
}

/// Explores a plan once and prints how many states a second were looked at.
fn explored(playbook: &Playbook) {
    let directory = stand_ins(playbook, &Playbooks::default(), &[]).unwrap();
    let house = House { playbook, directory: &directory, now: now() };
    let begun = Instant::now();
    let Proof { states, moves, cut, .. } = prove(house, STATES_MAX, Detail::Kinds);
    let took = begun.elapsed().as_secs_f64();
    println!(
        "{:<22} {states:>9} {moves:>9} {:>10.0} {:>10.0}{}",
        playbook.id,
        took * 1e3,
        states as f64 / took,
        if cut { "  there are more" } else { "" }
    );
}

fn imported(folder: &Path) {
    let text = made::cacao(900, made::MEBIBYTE);
    assert!(text.len() <= made::MEBIBYTE && text.len() > made::MEBIBYTE - 4096);
    let before = fresh_peak_kib();
    let first = once(|| {
        black_box(import("large.json", text.as_bytes(), Lang::Zh).unwrap());
    });
    let peak = peak_kib().zip(before).map(|(peak, before)| peak.saturating_sub(before));
    line("import, the first call", first, None);
    if let Some(peak) = peak {
        println!("{:<52} {:>10.1} MiB", "memory it adds at its peak", peak as f64 / 1024.0);
    }
    let call = per_call(|| {
        black_box(import("large.json", black_box(&text).as_bytes(), Lang::Zh).unwrap());
    });
    let parse = per_call(|| {
        black_box(serde_json::from_str::<serde_json::Value>(black_box(&text)).unwrap());
    });
    line("import, as a call (JSON alone)", call, Some(parse));
    let file = folder.join("large.json");
    std::fs::write(&file, &text).unwrap();
    let process = per_call(|| run(&["import", "cacao", file.to_str().unwrap()], folder));
    line("import, as a process (a process)", process, Some(a_process(folder)));
}

fn a_process(folder: &Path) -> f64 {
    per_call(|| run(&["--version"], folder))
}

fn run(arguments: &[&str], folder: &Path) {
    let mut firebell = Command::new(env!("CARGO_BIN_EXE_firebell"));
    firebell.args(arguments).current_dir(folder).stdout(Stdio::null()).stderr(Stdio::null());
    // A plan that is refuted is an exit code, not a failure to run.
    assert!(firebell.status().unwrap().code().is_some());
}

fn line(name: &str, seconds: f64, baseline: Option<f64>) {
    let ms = seconds * 1e3;
    match baseline {
        Some(alone) => {
            println!("{name:<52} {ms:>10.2} {:>12.2} {:>7.1}", alone * 1e3, seconds / alone)
        }
        None => println!("{name:<52} {ms:>10.2}"),
    }
}

/// Returns the most memory this process has held since it was last asked to forget, in KiB; `None`
/// where the system does not tell.
fn peak_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Lets the peak begin at what is held now, and returns that.
fn fresh_peak_kib() -> Option<u64> {
    std::fs::write("/proc/self/clear_refs", "5").ok()?;
    peak_kib()
}

fn once(work: impl FnOnce()) -> f64 {
    let begun = Instant::now();
    work();
    begun.elapsed().as_secs_f64()
}

/// Returns the seconds of one call: the best of some rounds, which other load disturbs least.
fn per_call(mut call: impl FnMut()) -> f64 {
    let mut best = f64::MAX;
    for _ in 0..ROUNDS {
        let (begin, mut calls) = (Instant::now(), 0_u32);
        while begin.elapsed() < ROUND {
            call();
            calls += 1;
        }
        best = best.min(begin.elapsed().as_secs_f64() / f64::from(calls));
    }
    best
}
