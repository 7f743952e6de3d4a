//! What a decision costs: commands a second on the outage plan, the same at the 10 000th event as at
//! the 10th, 200 steps in one phase, and the replay of 10 000 events.
//!
//! `cargo bench --bench engine` prints the table. Absolute figures belong to the machine; within a
//! table the ratios are what counts.

#![expect(clippy::unwrap_used, reason = "a bench may fail where it stands")]
#![expect(clippy::disallowed_methods, reason = "a bench reads the machine's stop watch")]

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::{Duration, Instant};

use firebell::engine::{
    Actor, Chance, Command, Ctx, Declare, Event, Incident, Mode, Outcome, StepAct, StepRef, decide,
    declare, next_deadline,
};
use firebell::id::IncidentId;
use firebell::people::Directory;
use firebell::playbook::Playbook;
use firebell::runtime::Library;
use jiff::Timestamp;
use serde_json::{Map, json};

const ROUND: Duration = Duration::from_millis(400);
const ROUNDS: usize = 5;

fn main() {
    // Test runners start every target; only `cargo bench` passes this.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let outage = concat!(env!("CARGO_MANIFEST_DIR"), "/playbooks/service-outage.yaml");
    let outage = Library::of_plan(outage.as_ref()).playbooks().next().cloned().unwrap();
    let mut bench = Bench { directory: Directory::built_in() };
    println!("{:<44} {:>12} {:>10}", "service-outage plan", "per second", "ns each");
    bench.line("declare (some 40 events, its notices)", |bench| {
        black_box(bench.declare(&outage));
    });
    let young = bench.worked(&outage, 10);
    let old = bench.worked(&outage, 10_000);
    bench.commands("10th", &outage, &young.incident);
    bench.commands("10 000th", &outage, &old.incident);
    bench.line("next_deadline", |_| {
        black_box(next_deadline(&outage, &old.incident));
    });
    bench.large_phase();
    replay(&old);
}

struct Bench {
    directory: Directory,
}

impl Bench {
    fn ctx(&self) -> Ctx<'_> {
        let now: Timestamp = "2026-11-21T08:00:00Z".parse().unwrap();
        let actor = Actor::person("operator");
        let (directory, chance) = (&self.directory, Chance::new([7; 32]));
        Ctx {
            now,
            occurred_at: None,
            actor,
            admin: false,
            directory,
            chance,
            turns: firebell::people::Turns::NONE,
        }
    }

    fn declare(&self, playbook: &Playbook) -> Outcome {
        let inputs = json!({ "users_affected": 250_000, "channels_down": ["电话"] });
        let inputs = if playbook.inputs.is_empty() { json!({}) } else { inputs };
        let inputs = inputs.as_object().cloned().unwrap();
        let bare = Declare::new(IncidentId::from_u128(7), 7, Mode::Live);
        let declaration = Declare { inputs, ..bare };
        declare(playbook, declaration, &self.ctx()).unwrap()
    }

    fn decide(&self, playbook: &Playbook, incident: &Incident, command: Command) -> Outcome {
        decide(playbook, incident, command, &self.ctx()).unwrap()
    }

    /// Works on the first step of a plan until the incident has so many events.
    fn worked(&self, playbook: &Playbook, events: usize) -> History {
        let Outcome { events: mut all, mut incident, .. } = self.declare(playbook);
        let step = |step: &str, act| Command::Step { step: StepRef::current(step), act };
        let mut round = 0_u64;
        while all.len() < events {
            let command = match round % 4 {
                0 => step(
                    "assemble",
                    StepAct::Check { item: "1".into(), done: round.is_multiple_of(8) },
                ),
                1 => step("confirm", StepAct::Claim),
                2 => Command::Note { text: "seen".to_owned() },
                _ => Command::Measure { name: "queue".into(), value: 12.0 },
            };
            let outcome = self.decide(playbook, &incident, command);
            all.extend(outcome.events);
            incident = outcome.incident;
            round += 1;
        }
        History { events: all, incident }
    }

    fn commands(&mut self, at: &str, playbook: &Playbook, incident: &Incident) {
        let step = |step: &str, act| Command::Step { step: StepRef::current(step), act };
        let form = json!({ "users_affected": 250_000 }).as_object().cloned().unwrap();
        let complete = StepAct::Complete { form, evidence: Vec::new(), measure: None, note: None };
        let commands = [
            ("claim a step", step("confirm", StepAct::Claim)),
            ("start a step", step("confirm", StepAct::Start)),
            ("tick an item", step("assemble", StepAct::Check { item: "2".into(), done: true })),
            ("complete a step with a form", step("confirm", complete)),
            ("write a note", Command::Note { text: "seen".to_owned() }),
        ];
        for (name, command) in commands {
            self.line(&format!("{name}, {at} event"), |bench| {
                black_box(bench.decide(playbook, incident, command.clone()));
            });
        }
    }

    /// Completes one step of 200 that stand side by side, and one of a chain of 200.
    fn large_phase(&mut self) {
        for (name, plan) in [("side by side", wide()), ("in a chain", chain())] {
            let mut incident = self.declare(&plan).incident;
            for step in 0..100 {
                incident = self.decide(&plan, &incident, complete(step)).incident;
            }
            self.line(&format!("complete the 100th of 200 steps {name}"), |bench| {
                black_box(bench.decide(&plan, &incident, complete(100)));
            });
        }
        let automatic = automatic();
        self.line("200 automatic steps in one commit, each", |bench| {
            black_box(bench.declare(&automatic));
        });
    }

    /// Prints how often a second something can be done: the best of several rounds, because other
    /// work on the machine only ever slows a round down.
    fn line(&mut self, name: &str, mut work: impl FnMut(&Self)) {
        let mut best = f64::INFINITY;
        for _ in 0..ROUNDS {
            let (begun, mut times) = (Instant::now(), 0_u32);
            while begun.elapsed() < ROUND {
                for _ in 0..64 {
                    work(self);
                }
                times += 64;
            }
            best = best.min(begun.elapsed().as_secs_f64() / f64::from(times));
        }
        println!("{name:<44} {:>12.0} {:>10.0}", 1.0 / best, best * 1e9);
    }
}

struct History {
    events: Vec<Event>,
    incident: Incident,
}

fn complete(step: usize) -> Command {
    let act =
        StepAct::Complete { form: Map::new(), evidence: Vec::new(), measure: None, note: None };
    Command::Step { step: StepRef::current(format!("s{step}").as_str()), act }
}

fn plan(steps: impl Fn(usize) -> String) -> Playbook {
    let mut text = String::from(
        "playbook: large\ntitle: Large\nroles: { commander: { title: C, assign: { team: ops } } }\n\
         phases:\n  - id: one\n    title: One\n    steps:\n",
    );
    for step in 0..200 {
        writeln!(text, "      - {{ id: s{step}, {} }}", steps(step)).unwrap();
    }
    text.push_str("      - { id: last, title: Last }\n");
    Playbook::restore(&text).unwrap()
}

fn wide() -> Playbook {
    plan(|_| "title: Wide, due: 1h".to_owned())
}

fn chain() -> Playbook {
    plan(|step| match step {
        0 => "title: Chain".to_owned(),
        _ => format!("title: Chain, after: [s{}]", step - 1),
    })
}

fn automatic() -> Playbook {
    plan(|step| match step {
        0 => "set: { v0: '1' }".to_owned(),
        _ => format!("after: [s{}], set: {{ v{step}: v{} + 1 }}", step - 1, step - 1),
    })
}

fn replay(history: &History) {
    let mut best = f64::INFINITY;
    for _ in 0..ROUNDS * 4 {
        let begun = Instant::now();
        let replayed = Incident::replay(&history.events).unwrap();
        best = best.min(begun.elapsed().as_secs_f64());
        assert_eq!(replayed.version, history.incident.version);
    }
    println!("replay of {} events: {:.2} ms", history.events.len(), best * 1e3);
}
