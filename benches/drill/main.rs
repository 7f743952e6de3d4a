//! What a rehearsal costs: simulated runs a second of a plan of ten steps, of one of forty, and of
//! the shipped outage plan, judged, beside folding and encoding the same journals alone; many runs
//! counted, on one core and two; the memory they take; what a run costs as the plan grows; and an
//! experiment of ten steps that do nothing, here and in Chaos Toolkit.
//!
//! `cargo bench --bench drill` prints all tables, `cargo bench --bench drill -- growth` one of
//! `once many memory growth chaos`. Absolute figures belong to the machine.
//!
//! The last table wants Chaos Toolkit in a folder of its own and says so where it is missing:
//! `python3 -m venv target/peers/chaos && target/peers/chaos/bin/pip install chaostoolkit`.

#![expect(clippy::unwrap_used, reason = "a bench may fail where it stands")]
#![expect(clippy::disallowed_methods, reason = "a bench reads the machine's stop watch")]

mod chaos;
mod memory;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use firebell::drill::file::{Playbooks, load};
use firebell::drill::scenario::Scenario;
use firebell::drill::simulate::{Change, Simulated, Stage, Take, rehearse, sample, simulate};
use firebell::drill::stand_in::stand_ins;
use firebell::drill::study::{Design, study};
use firebell::engine::{Incident, codec};
use firebell::id::DrillRunId;
use firebell::people::Directory;
use firebell::playbook::Playbook;
use firebell::runtime::Library;

const ROUND: Duration = Duration::from_millis(400);
const ROUNDS: usize = 5;

fn main() {
    // Test runners start every target; only `cargo bench` passes this.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let named: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    let wanted = |part: &str| named.is_empty() || named.iter().any(|name| name == part);
    if wanted("once") {
        once();
    }
    if wanted("many") {
        many();
    }
    if wanted("memory") {
        memory::compare();
    }
    if wanted("growth") {
        growth();
    }
    if wanted("chaos") {
        chaos::compare();
    }
}

/// Plans and their drills.
const CASES: [(&str, &str); 3] = [
    (
        "src/drill/fixtures/ten-steps.yaml",
        include_str!("../../src/drill/fixtures/ten-steps-drill.yaml"),
    ),
    FORTY,
    ("playbooks/service-outage.yaml", include_str!("../../drills/service-outage.yaml")),
];

/// Forty steps, eight roles, ten injects.
const FORTY: (&str, &str) = (
    "src/drill/fixtures/forty-steps.yaml",
    include_str!("../../src/drill/fixtures/forty-steps-drill.yaml"),
);

fn once() {
    println!(
        "{:<16} {:>7} {:>12} {:>12} {:>14} {:>7}",
        "drill", "events", "µs a run", "runs/s", "journal alone", "ratio"
    );
    for (plan, drill) in CASES {
        House::new(plan, drill).measure();
    }
}

fn many() {
    println!(
        "\n{:<34} {:>9} {:>12} {:>14}",
        "many runs, counted", "runs/s", "10,000 runs", "µs a run, core"
    );
    for (plan, drill) in CASES {
        for cores in [1, 2] {
            House::new(plan, drill).study(cores);
        }
    }
}

fn growth() {
    println!(
        "\n{:<34} {:>9} {:>14} {:>14}",
        "as steps grow, one core", "events", "µs a run", "µs a step"
    );
    for steps in [10, 30, 100, 300, 1_000] {
        House::of_steps(steps).grow(steps);
    }
}

/// Runs that are counted together.
const RUNS: u32 = 10_000;

struct House {
    plans: Playbooks,
    playbook: Arc<Playbook>,
    scenario: Scenario,
    directory: Directory,
}

impl House {
    fn new(plan: &str, drill: &str) -> Self {
        let plan = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(plan);
        let playbook = Library::of_plan(&plan).playbooks().next().cloned().unwrap();
        let playbooks = BTreeMap::from([(playbook.id.clone(), Arc::clone(&playbook))]);
        let scenario = load("drill.yaml", drill.as_bytes(), &playbooks).0.unwrap();
        let directory = stand_ins(&playbook, &playbooks, &scenario.injects).unwrap();
        Self { plans: playbooks, playbook, scenario, directory }
    }

    /// A plan of so many steps in chains of ten, of eight roles.
    fn of_steps(steps: usize) -> Self {
        let mut plan = String::from("playbook: made\ntitle: Made\nowner: ops\nroles:\n");
        for role in 0..8 {
            let _ = writeln!(
                plan,
                "  r{role}: {{ title: R{role}, assign: {{ team: t{role} }}, acknowledge_within: 5m }}"
            );
        }
        plan.push_str("phases:\n  - id: only\n    title: Only\n    steps:\n");
        for step in 0..steps {
            let after =
                if step % 10 == 0 { String::new() } else { format!(", after: [s{}]", step - 1) };
            let _ = writeln!(
                plan,
                "      - {{ id: s{step}, title: S{step}, role: r{}{after} }}",
                step % 8
            );
        }
        let drill = "drill: made\ntitle: Made\nplaybook: made\nrun: simulated\ncast: { default: { acknowledge: { median: 1m, p90: 3m }, work: { median: 5m, p90: 12m } } }\n";
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("made.yaml");
        std::fs::write(&file, plan).unwrap();
        Self::new(file.to_str().unwrap(), drill)
    }

    /// Many runs, on so many cores.
    fn study(&self, cores: usize) {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(cores).build().unwrap();
        let design = Design { take: take(7), runs: RUNS, trials: false };
        let began = Instant::now();
        let study = pool.install(|| study(self.stage(), design, &|_| {}));
        let seconds = began.elapsed().as_secs_f64();
        assert_eq!(study.runs, u64::from(RUNS));
        let each = seconds / f64::from(RUNS);
        println!(
            "{:<34} {:>9.0} {:>10.2} s {:>14.0}",
            format!("{}, {cores} core(s)", self.playbook.id),
            1.0 / each,
            10_000.0 * each,
            1e6 * each * cores as f64
        );
    }

    /// What one counted run costs.
    fn grow(&self, steps: usize) {
        let run = sample(self.stage(), take(7), 0, Change::None);
        let mut nth = 0;
        let each = per_call(|| {
            nth = (nth + 1) % 100;
            black_box(sample(self.stage(), take(7), nth, Change::None));
        });
        let (events, of_step) = (run.events.len(), 1e6 * each / steps as f64);
        println!("{steps:<34} {events:>9} {:>14.0} {of_step:>14.1}", 1e6 * each);
    }

    fn stage(&self) -> Stage<'_> {
        let Self { plans, playbook, scenario, directory } = self;
        Stage { scenario, playbook, plans, directory }
    }

    fn measure(&self) {
        let sample: Vec<Simulated> =
            (0..100).map(|seed| simulate(self.stage(), take(seed))).collect();
        let events: usize = sample.iter().map(|run| run.events.len()).sum();
        let mut seed = 0;
        let run = per_call(|| {
            seed = (seed + 1) % 100;
            black_box(rehearse(self.stage(), take(seed)));
        });
        let mut at = 0;
        let journal = per_call(|| {
            at = (at + 1) % sample.len();
            let events = &sample[at].events;
            black_box(Incident::replay(events));
            for event in events {
                black_box(codec::encode(event));
            }
        });
        println!(
            "{:<16} {:>7} {:>12.0} {:>12.0} {:>11.0} µs {:>7.1}",
            self.playbook.id,
            events / sample.len(),
            run * 1e6,
            1.0 / run,
            journal * 1e6,
            run / journal
        );
    }
}

fn take(seed: u64) -> Take {
    let begin = "2027-03-01T02:00:00Z".parse().unwrap();
    Take { run: DrillRunId::from_u128(1), begin, seed }
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
