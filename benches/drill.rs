//! What a rehearsal costs: simulated runs a second of a ten-step plan and of the shipped outage
//! plan, judged, beside folding and encoding the same journals alone.
//!
//! `cargo bench --bench drill` prints the table. Absolute figures belong to the machine; the last
//! column says how much of a run is more than its journal.

#![expect(clippy::unwrap_used, reason = "a bench may fail where it stands")]
#![expect(clippy::disallowed_methods, reason = "a bench reads the machine's stop watch")]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use firebell::drill::file::{Playbooks, load};
use firebell::drill::scenario::Scenario;
use firebell::drill::simulate::{Simulated, Stage, Take, rehearse, simulate};
use firebell::drill::stand_in::stand_ins;
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
    println!(
        "{:<16} {:>7} {:>12} {:>12} {:>14} {:>7}",
        "drill", "events", "µs a run", "runs/s", "journal alone", "ratio"
    );
    let cases = [
        (
            "src/drill/fixtures/ten-steps.yaml",
            include_str!("../src/drill/fixtures/ten-steps-drill.yaml"),
        ),
        ("playbooks/service-outage.yaml", include_str!("../drills/service-outage.yaml")),
    ];
    for (plan, drill) in cases {
        House::new(plan, drill).measure();
    }
}

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

    fn stage(&self) -> Stage<'_> {
        let Self { plans, playbook, scenario, directory } = self;
        Stage { scenario, playbook, plans, directory }
    }

    fn measure(&self) {
        let take = |seed| Take {
            run: DrillRunId::from_u128(1),
            begin: "2027-03-01T02:00:00Z".parse().unwrap(),
            seed,
        };
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
