//! Drives the engine and the model side by side and compares them after every command.

mod command;
mod compare;
mod work;

use firebell::engine::{Fact, StepAct};
use firebell::playbook::Playbook;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::engine::{Check, Engine};
use crate::generate::RawCommand;
use crate::people::directory;
use crate::reference::{Model, State};
use crate::spec::{Kind, Spec, Step};

/// What the language says of an act: granted, refused, or nothing.
type Verdict = Option<bool>;

/// Runs a case.
pub fn run(spec: &Spec, users: Option<i64>, level: Option<u8>, commands: &[RawCommand]) -> Check {
    let yaml = spec.yaml();
    let first = drive(spec, &yaml, users, level, commands);
    first.map_err(|what| format!("{what}\n---- plan ----\n{yaml}"))
}

fn drive(
    spec: &Spec,
    yaml: &str,
    users: Option<i64>,
    level: Option<u8>,
    commands: &[RawCommand],
) -> Check {
    let playbook = Playbook::restore(yaml)
        .map_err(|found| format!("the plan does not load: {:?}", found.iter().next()))?;
    let directory = directory();
    let start: Timestamp = "2026-11-21T08:00:00Z".parse().expect("an instant");
    let engine = Engine::declare(&playbook, &directory, start, |declare| {
        declare.level = level;
        declare.inputs.extend(users.map(|users| ("users".to_owned(), json!(users))));
    })?;
    let model = Model::declare(spec, start, users, level);
    let mut driver = Driver { spec, engine, model, drift: 0 };
    driver.settle()?;
    for command in commands {
        driver.step(*command)?;
    }
    driver.engine.check_replay()
}

struct Driver<'s, 'w> {
    spec: &'s Spec,
    engine: Engine<'w>,
    model: Model<'s>,
    /// Makes every stretch of time one of its own.
    drift: i64,
}

impl<'s> Driver<'s, '_> {
    fn step(&mut self, raw: RawCommand) -> Check {
        let RawCommand { op, on, how, who } = raw;
        let who = ["ann", "bob", "cid", "dan", "eve", "fay", "gus", "hal"][usize::from(who) % 8];
        match op % 32 {
            0..=6 => self.work(who, on, how)?,
            7 | 25 | 26 => self.set_inputs(who, on, how)?,
            8 => self.act_where_it_fits(who, on, StepAct::Start)?,
            9 | 10 => self.act_where_it_fits(who, on, work::fail())?,
            11 => self.act_where_it_fits(who, on, work::skip())?,
            12 => self.act_where_it_fits(who, on, StepAct::Retry)?,
            13 => self.act_where_it_fits(who, on, work::reopen())?,
            14 | 15 => self.act(who, on, work::any_act(how))?,
            16 | 17 => self.set_level(who, how)?,
            18 => self.move_phase(who, on)?,
            19 => self.pause_or_resume(who)?,
            20 => self.end_or_reopen(who, on, how)?,
            21 | 22 => self.answer_request(on, how)?,
            23 => self.resolve_alert()?,
            24 => self.role(who, on, how)?,
            _ => return self.pass(i64::from(how) % 90),
        }
        self.settle()
    }

    // ---- time -----------------------------------------------------------------------------------

    fn pass(&mut self, minutes: i64) -> Check {
        self.drift += 1;
        let time = SignedDuration::from_secs(minutes * 60 + 1)
            + SignedDuration::from_micros(self.drift * 1_013);
        let until = self.engine.now + time;
        while let Some(at) = [self.engine.next(), self.model.next_instant()]
            .into_iter()
            .flatten()
            .min()
            .filter(|at| *at <= until)
        {
            self.set_now(at.max(self.engine.now));
            self.settle()?;
        }
        self.set_now(until);
        self.settle()
    }

    fn set_now(&mut self, now: Timestamp) {
        self.engine.now = now;
        self.model.now = now;
    }

    /// Both do what is due, messages arrive, and then they are compared.
    fn settle(&mut self) -> Check {
        self.model.tick();
        let before = self.engine.events.len();
        self.engine.come_to_rest()?;
        while let Some(step) = self.notifying(before) {
            self.model.done(step);
            self.model.tick();
        }
        self.compare()
    }

    /// Returns the step whose messages arrive next. In which order messages of one instant arrive
    /// is the world's affair, so the model takes the order that the engine met with.
    fn notifying(&self, before: usize) -> Option<&'s Step> {
        let notifying = self.steps().filter(|step| {
            let run = self.model.runs.get(&step.id);
            step.kind == Kind::Notify && run.is_some_and(|run| run.state == State::Active)
        });
        let arrived = |step: &Step| {
            self.engine.events[before..].iter().position(
                |event| matches!(&event.fact, Fact::StepDone { key, .. } if key.step.as_str() == step.id),
            )
        };
        notifying.min_by_key(|step| arrived(step).unwrap_or(usize::MAX))
    }

    fn steps(&self) -> impl Iterator<Item = &'s Step> + use<'s> {
        self.spec.phases.iter().flat_map(|phase| &phase.steps)
    }
}
