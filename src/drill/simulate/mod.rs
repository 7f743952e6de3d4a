//! Runs a drill in virtual time: the engine that runs live incidents, a clock moved by hand,
//! modelled people. Pure: the same drill, plan, people, seed and beginning give the same journal to
//! the byte.

mod agenda;
mod outside;
mod people;
mod world;

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use smol_str::SmolStr;

use crate::drill::cast::Dice;
use crate::drill::inject::{InjectAct, Trigger};
use crate::drill::observe::Observed;
use crate::drill::result::{DrillResult, Outcome, RESULT_FORMAT};
use crate::drill::scenario::LENGTH_MAX;
use crate::drill::score::{Seen, judge};
use crate::drill::simulate::agenda::{Agenda, Happening};
use crate::drill::simulate::outside::Outside;
use crate::drill::simulate::people::People;
use crate::drill::simulate::world::World;
use crate::engine::{Actor, Command, Declare, Event, Incident, Mode, Rejection};
use crate::id::{DrillRunId, IncidentId};
use crate::text::{Lang, Text};

pub use world::Stage;

/// The most events of a simulated run: more than any plan makes that is not going round in circles.
pub const EVENTS_MAX: usize = 20_000;

/// What tells one run from another.
#[derive(Debug, Clone, Copy)]
pub struct Take {
    /// The run, as its result is filed. It does not enter the journal.
    pub run: DrillRunId,
    /// When it begins, in its own time: who is on call is looked up then.
    pub begin: Timestamp,
    /// The seed; the drill's own unless someone asks for another.
    pub seed: u64,
}

/// A simulated run.
#[derive(Debug)]
pub struct Simulated {
    /// How it ended.
    pub outcome: Outcome,
    /// Why it did not run to its end.
    pub why: Option<Text>,
    /// Its journal.
    pub events: Vec<Event>,
    /// The last link of the journal's hash chain, in hex; `None` where there is no journal.
    pub journal_hash: Option<SmolStr>,
    /// The incident as the last event left it; `None` where it could not be declared.
    pub incident: Option<Incident>,
    /// What expectations are judged by.
    pub observed: Observed,
    /// When it ended, in its own time.
    pub ended_at: Timestamp,
    /// Injects that never happened.
    pub injects_left: Vec<Text>,
}

/// Runs a drill once.
#[must_use]
pub fn simulate(stage: Stage<'_>, take: Take) -> Simulated {
    match Run::begin(stage, take) {
        Ok(mut run) => {
            let (outcome, why) = run.run_through(take.begin);
            run.conclude(outcome, why)
        }
        Err(rejection) => never_begun(stage, take, &rejection),
    }
}

/// Runs a drill once and judges it.
#[must_use]
pub fn rehearse(stage: Stage<'_>, take: Take) -> (DrillResult, Simulated) {
    let run = simulate(stage, take);
    let Stage { scenario, playbook, .. } = stage;
    let card = run.incident.as_ref().map(|incident| {
        let seen = Seen { observed: &run.observed, incident };
        judge(playbook, &scenario.expect, scenario.pass, run.outcome, seen)
    });
    let verdict = card.as_ref().map_or(crate::drill::score::Verdict::NotJudged, |c| c.verdict);
    let result = DrillResult {
        format: RESULT_FORMAT,
        run: take.run,
        drill: scenario.id.clone(),
        title: scenario.title.clone(),
        scenario_hash: scenario.hash.clone(),
        playbook: playbook.id.clone(),
        playbook_hash: playbook.hash.clone(),
        engine: env!("CARGO_PKG_VERSION").into(),
        kind: scenario.kind,
        run_as: scenario.run,
        seed: Some(take.seed),
        incident: None,
        planned_at: None,
        ran_at: None,
        started_at: take.begin,
        ended_at: run.ended_at,
        outcome: run.outcome,
        why: run.why.clone(),
        verdict,
        score: card.as_ref().and_then(|card| card.score),
        pass_score: scenario.pass.score,
        judgements: card.map(|card| card.judgements).unwrap_or_default(),
        injects_left: run.injects_left.clone(),
        events: run.events.len() as u64,
        journal_hash: run.journal_hash.clone(),
    };
    (result, run)
}

fn never_begun(stage: Stage<'_>, take: Take, rejection: &Rejection) -> Simulated {
    let injects = stage.scenario.injects.iter();
    Simulated {
        outcome: Outcome::Error,
        why: Some(rejection.text.clone()),
        events: Vec::new(),
        journal_hash: None,
        incident: None,
        observed: Observed::default(),
        ended_at: take.begin,
        injects_left: injects.map(|inject| inject.act.describe()).collect(),
    }
}

/// A run under way.
struct Run<'a> {
    world: World<'a>,
    people: People,
    outside: Outside,
    agenda: Agenda,
    dice: Dice,
    /// Injects that wait for their condition, by position.
    conditional: Vec<usize>,
    /// How many events have been reacted to.
    heard: usize,
}

impl<'a> Run<'a> {
    fn begin(stage: Stage<'a>, take: Take) -> Result<Self, Rejection> {
        let dice = Dice::new(take.seed, 0);
        let (declaration, starter) = declaration(stage, take);
        let world = World::declare(stage, take.begin, declaration)?;
        let mut agenda = Agenda::default();
        let mut conditional = Vec::new();
        for (position, inject) in stage.scenario.injects.iter().enumerate() {
            match &inject.trigger {
                _ if Some(position) == starter => {}
                Trigger::At(offset) => {
                    agenda.put(take.begin + *offset, Happening::Inject(position))
                }
                Trigger::When(_) => conditional.push(position),
            }
        }
        let people = People::new(dice);
        let outside = Outside::default();
        Ok(Self { world, people, outside, agenda, dice, conditional, heard: 0 })
    }

    fn run_through(&mut self, begin: Timestamp) -> (Outcome, Option<Text>) {
        loop {
            self.react();
            if !self.world.incident.status.is_open() {
                self.agenda.keep_deliveries();
                if self.world.incident.outbox.is_empty() {
                    return (Outcome::Completed, None);
                }
            }
            let deadline = self.world.next_deadline();
            let Some(at) = self.agenda.next_at().into_iter().chain(deadline).min() else {
                return (Outcome::Interrupted, Some(standstill(&self.world)));
            };
            if at.duration_since(begin) > LENGTH_MAX || self.world.events.len() > EVENTS_MAX {
                return (Outcome::Interrupted, Some(endless()));
            }
            self.world.now = self.world.now.max(at);
            match self.agenda.take_due(self.world.now) {
                Some(happening) => self.happen(happening),
                None => {
                    if !self.world.meet_deadlines() {
                        return (Outcome::Error, Some(deadline_stays()));
                    }
                }
            }
        }
    }

    /// Lets everyone react to what has happened since.
    fn react(&mut self) {
        loop {
            while let Some(event) = self.world.events.get(self.heard) {
                self.people.hear(&event.fact, &self.world, &mut self.agenda);
                self.heard += 1;
            }
            if !self.world.incident.status.is_open() {
                break;
            }
            let world = &self.world;
            let ripe = self.conditional.iter().position(|position| {
                match &world.scenario.injects[*position].trigger {
                    Trigger::When(condition) => world.holds(condition),
                    Trigger::At(_) => false,
                }
            });
            match ripe {
                Some(ripe) => {
                    let position = self.conditional.remove(ripe);
                    self.inject(position);
                }
                None => break,
            }
        }
        self.people.look(&self.world, &mut self.agenda);
        self.outside.look(&self.world, &mut self.people, self.dice, &mut self.agenda);
    }

    fn happen(&mut self, happening: Happening) {
        let Self { world, people, outside, agenda, .. } = self;
        match happening {
            Happening::Inject(position) => self.inject(position),
            Happening::Take { role, person } => people.take(role, person, world, agenda),
            Happening::Begin(key) => people.begin(key, world, agenda),
            Happening::Finish(key) => people.finish(key, world, agenda),
            Happening::Consent { key, person } => people.consent(key, person, world, agenda),
            Happening::Mend(key) => people.mend(key, world),
            Happening::Deliver(notice) => outside.deliver(notice, world, people, agenda),
            Happening::Seen { notice, person } => {
                world.ask(Actor::person(person), Command::AcknowledgeNotice { notice });
            }
            Happening::Answer { request, key } => outside.answer(request, &key, world, people),
            Happening::Close => people.close(world),
        }
    }

    fn inject(&mut self, position: usize) {
        let Self { world, people, outside, .. } = self;
        let act = &world.scenario.injects[position].act;
        let done = world.ask(Actor::Drill, act.command());
        match act {
            InjectAct::Absent { role, span } => people.leave(role, world.now + *span, world),
            InjectAct::ChannelDown { channel, span } => {
                outside.take_down(channel, world.now + *span);
            }
            InjectAct::Fail(step) if !done => people.doom(step),
            InjectAct::Fail(_)
            | InjectAct::Alert(_)
            | InjectAct::Set(_)
            | InjectAct::Message { .. }
            | InjectAct::Level(_) => {}
        }
    }

    fn conclude(self, outcome: Outcome, why: Option<Text>) -> Simulated {
        let injects = &self.world.scenario.injects;
        let mut left: Vec<usize> = self.agenda.injects().chain(self.conditional).collect();
        left.sort_unstable();
        Simulated {
            outcome,
            why,
            journal_hash: Some(SmolStr::new(self.world.link.to_string())),
            ended_at: self.world.incident.ended_at.unwrap_or(self.world.now),
            injects_left: left.into_iter().map(|n| injects[n].act.describe()).collect(),
            events: self.world.events,
            incident: Some(self.world.incident),
            observed: self.world.observed,
        }
    }
}

/// Returns the declaration, and the position of the alert that is its cause.
fn declaration(stage: Stage<'_>, take: Take) -> (Declare, Option<usize>) {
    let scenario = stage.scenario;
    let first = scenario.starting_alert();
    let identity = identity(stage, take);
    let declaration = Declare {
        title: Some(scenario.title.get(Lang::Zh).to_owned()),
        inputs: scenario.inputs.clone(),
        alert: first.map(|(_, alert)| alert.clone()),
        drill: Some(DrillRunId::from_u128(identity)),
        ..Declare::new(IncidentId::from_u128(identity), 1, Mode::Simulation)
    };
    (declaration, first.map(|(position, _)| position))
}

/// Names the incident of a run by everything that decides it, so that the same run gives the same
/// journal to the byte, whenever it is made.
fn identity(stage: Stage<'_>, take: Take) -> u128 {
    let mut hasher = Sha256::new();
    hasher.update(b"firebell/drill/simulation/1\n");
    hasher.update(stage.scenario.hash.as_bytes());
    hasher.update(stage.playbook.hash.as_bytes());
    hasher.update(take.seed.to_be_bytes());
    hasher.update(take.begin.as_microsecond().to_be_bytes());
    let digest: [u8; 32] = hasher.finalize().into();
    let mut half = [0; 16];
    half.copy_from_slice(&digest[..16]);
    u128::from_be_bytes(half)
}

fn standstill(world: &World<'_>) -> Text {
    let phase = &world.incident.phase;
    if world.incident.stuck.is_some() {
        return Text::both(
            format!("事件卡在阶段 {phase}：模拟的人员不会替指挥做决定"),
            format!(
                "the incident is stuck in {phase}: modelled people do not decide for a commander"
            ),
        );
    }
    Text::both(
        format!("演练停在阶段 {phase}：没有人行动，也没有时限会到"),
        format!("the drill came to a standstill in {phase}: nobody acts and no deadline will come"),
    )
}

fn endless() -> Text {
    Text::both(
        format!("演练超过 30 天或 {EVENTS_MAX} 条记录，已停止"),
        format!("the drill was stopped after 30 days or {EVENTS_MAX} events"),
    )
}

fn deadline_stays() -> Text {
    Text::both(
        "时限已到却没有任何变化：这是 firebell 的缺陷，请报告",
        "a deadline came and nothing changed: this is a defect of firebell, please report it",
    )
}

#[cfg(test)]
mod tests;
