//! Runs a drill in virtual time: the engine that runs live incidents, a clock moved by hand,
//! modelled people. Pure: the same drill, plan, people, seed and beginning give the same journal to
//! the byte.

mod again;
mod agenda;
mod kin;
mod life;
mod manners;
mod outside;
pub mod page;
mod people;
mod setting;
pub mod staffing;
mod world;

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use smol_str::SmolStr;

use crate::drill::cast::Dice;
use crate::drill::covered::covered;
use crate::drill::cue::Listener;
use crate::drill::inject::{InjectAct, Trigger};
use crate::drill::observe::{Observed, may_change_conditions};
use crate::drill::result::{DrillResult, Outcome, RESULT_FORMAT};
use crate::drill::scenario::{LENGTH_MAX, Scenario};
use crate::drill::score::{Scorecard, Seen, Verdict, judge};
use crate::drill::simulate::agenda::Happening;
use crate::drill::simulate::life::Life;
use crate::drill::simulate::manners::Manners;
use crate::drill::simulate::setting::Setting;
use crate::drill::simulate::world::World;
use crate::engine::{Actor, Declare, Event, Incident, Mode, Rejection};
use crate::id::{DrillRunId, IncidentId};
use crate::store;
use crate::text::{Lang, Text};

pub use again::again;
pub use setting::Change;
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
    /// The last link of the journal's hash chain, in hex; `None` where there is no journal, or
    /// nobody asked for its hash.
    pub journal_hash: Option<SmolStr>,
    /// The incident as the last event left it; `None` where it could not be declared.
    pub incident: Option<Incident>,
    /// The incidents that it asked for, and those that these asked for, as they were left.
    pub others: Vec<Incident>,
    /// What expectations are judged by.
    pub observed: Observed,
    /// When it ended, in its own time.
    pub ended_at: Timestamp,
    /// Injects that never happened.
    pub injects_left: Vec<Text>,
    /// The kinds of the injects that happened.
    pub injects_done: BTreeSet<&'static str>,
    /// What reached a run that goes as an incident went and was refused, by its position in the past.
    pub refused: Vec<usize>,
}

impl Simulated {
    /// Judges the run by what the drill expects; `None` where it could not be declared.
    #[must_use]
    pub fn judged(&self, stage: Stage<'_>) -> Option<Scorecard> {
        let Stage { scenario, playbook, .. } = stage;
        let incident = self.incident.as_ref()?;
        let seen = Seen { observed: &self.observed, incident };
        Some(judge(playbook, &scenario.expect, scenario.pass, self.outcome, seen))
    }
}

/// Runs a drill once.
#[must_use]
pub fn simulate(stage: Stage<'_>, take: Take) -> Simulated {
    sample_hashed(stage, take, 0)
}

fn through(setting: Setting<'_>, take: Take) -> Simulated {
    match Run::begin(setting, take) {
        Ok(mut run) => {
            let (outcome, why) = run.run_through(take.begin);
            run.conclude(outcome, why)
        }
        Err(rejection) => never_begun(setting.stage, take, &rejection),
    }
}

/// Runs a drill once more, with the luck of another sample and with a change, without a journal's
/// hash: for those who count.
#[must_use]
pub fn sample(stage: Stage<'_>, take: Take, sample: u32, change: Change<'_>) -> Simulated {
    let manners = Manners::Modelled(&stage.scenario.cast, Dice::new(take.seed, sample));
    through(Setting { stage, manners, change, hashed: false }, take)
}

/// Runs a drill once more, with the luck of another sample and its journal's hash: for those who
/// read one run among many.
#[must_use]
pub fn sample_hashed(stage: Stage<'_>, take: Take, sample: u32) -> Simulated {
    let manners = Manners::Modelled(&stage.scenario.cast, Dice::new(take.seed, sample));
    through(Setting { stage, manners, change: Change::None, hashed: true }, take)
}

/// Runs a drill once and judges it.
#[must_use]
pub fn rehearse(stage: Stage<'_>, take: Take) -> (DrillResult, Simulated) {
    let run = simulate(stage, take);
    let Stage { scenario, playbook, .. } = stage;
    let card = run.judged(stage);
    let verdict = card.as_ref().map_or(Verdict::NotJudged, |card| card.verdict);
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
        parts: card.as_ref().map(|card| card.parts.clone()).unwrap_or_default(),
        judgements: card.map(|card| card.judgements).unwrap_or_default(),
        odds: None,
        covered: Some(Box::new(covered(playbook, &run.events, run.injects_done.iter().copied()))),
        injects_left: run.injects_left.clone(),
        pauses: Vec::new(),
        resumed: Vec::new(),
        beside: None,
        despite: None,
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
        others: Vec::new(),
        observed: Observed::default(),
        ended_at: take.begin,
        injects_left: injects.map(|inject| inject.act.describe()).collect(),
        injects_done: BTreeSet::new(),
        refused: Vec::new(),
    }
}

/// A run under way: the incident that is rehearsed, and those it asked for, under one clock.
struct Run<'a> {
    setting: Setting<'a>,
    /// The rehearsed incident first, then the others in the order in which they began.
    lives: Vec<Life<'a>>,
    /// Injects that wait for their condition, by position.
    conditional: Vec<usize>,
    /// How many events had happened when all of them were weighed in vain.
    weighed: usize,
    /// What reached the incident from outside as before and was refused, by position.
    refused: Vec<usize>,
    /// Injects that wait for something to happen, by position.
    waiting: Vec<usize>,
    listener: Listener,
    /// How many events the listener has heard.
    listened: usize,
}

impl<'a> Run<'a> {
    fn begin(setting: Setting<'a>, take: Take) -> Result<Self, Rejection> {
        let stage = setting.stage;
        let (declaration, starter) = match setting.manners {
            Manners::Modelled(..) => declaration(stage, take),
            Manners::Remembered(past) => (again::declaration(stage, take, past), None),
        };
        let mut first = Life::declare(setting, take.begin, declaration)?;
        if let Manners::Remembered(past) = setting.manners {
            again::expect(past, &mut first.agenda);
        }
        let (mut conditional, mut waiting) = (Vec::new(), Vec::new());
        for (position, inject) in stage.scenario.injects.iter().enumerate() {
            match &inject.trigger {
                _ if Some(position) == starter => {}
                Trigger::At(offset) => {
                    first.agenda.put(take.begin + *offset, Happening::Inject(position));
                }
                Trigger::Within(from, to) => {
                    let offset = setting.manners.between(position, (*from, *to));
                    first.agenda.put(take.begin + offset, Happening::Inject(position));
                }
                Trigger::When(_) => conditional.push(position),
                Trigger::After { .. } => waiting.push(position),
            }
        }
        Ok(Self {
            setting,
            lives: vec![first],
            conditional,
            weighed: 0,
            refused: Vec::new(),
            waiting,
            listener: Listener::default(),
            listened: 0,
        })
    }

    fn first(&mut self) -> &mut Life<'a> {
        &mut self.lives[0]
    }

    fn run_through(&mut self, begin: Timestamp) -> (Outcome, Option<Text>) {
        loop {
            self.react();
            for life in self.lives.iter_mut().filter(|life| !life.is_open()) {
                life.agenda.keep_deliveries();
            }
            let first = self.first();
            if !first.is_open() && first.world.incident.outbox.is_empty() {
                return (Outcome::Completed, None);
            }
            let next =
                self.lives.iter().enumerate().filter_map(|(n, life)| Some((life.next()?, n)));
            let next = next.min().filter(|_| !self.lives.iter().any(Life::is_given_up));
            let Some((at, nth)) = next else {
                return (Outcome::Interrupted, Some(standstill(&self.first().world)));
            };
            let events: usize = self.lives.iter().map(|life| life.world.events.len()).sum();
            let scenario = self.setting.stage.scenario;
            if at.duration_since(begin) > scenario.length() || events > EVENTS_MAX {
                return (Outcome::Interrupted, Some(endless(scenario)));
            }
            for life in &mut self.lives {
                life.world.now = life.world.now.max(at);
            }
            if !self.go_on(nth) {
                return (Outcome::Error, Some(deadline_stays()));
            }
        }
    }

    /// Lets what is due in an incident happen; tells whether anything did.
    fn go_on(&mut self, nth: usize) -> bool {
        let life = &mut self.lives[nth];
        match life.agenda.take_due(life.world.now) {
            Some(Happening::Inject(position)) => self.inject(position),
            Some(Happening::Again(position)) => self.hear_again(position),
            Some(happening) => life.happen(happening),
            None => return life.world.meet_deadlines(),
        }
        true
    }

    /// Lets everyone react to what has happened since, and carries what one incident asks of
    /// another, until nothing more follows.
    fn react(&mut self) {
        loop {
            kin::share_people(&mut self.lives);
            for nth in 0..self.lives.len() {
                self.lives[nth].hear();
                self.listen();
                while nth == 0 && self.inject_what_is_ripe() {
                    self.lives[nth].hear();
                }
                self.lives[nth].look();
            }
            if !kin::carry(self.setting, &mut self.lives) {
                return;
            }
        }
    }

    /// Puts down the injects whose cue has come.
    fn listen(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        let Self { lives, waiting, listener, listened, setting, .. } = self;
        let Life { world, agenda, .. } = &mut lives[0];
        world.events[*listened..].iter().for_each(|event| listener.hear(event));
        *listened = world.events.len();
        waiting.retain(|position| {
            let trigger = &setting.stage.scenario.injects[*position].trigger;
            let Trigger::After { cue, wait } = trigger else { return false };
            let Some(heard) = listener.heard(cue, &world.incident) else { return true };
            agenda.put((heard + *wait).max(world.now), Happening::Inject(*position));
            false
        });
    }

    /// Conditions are of facts alone: what was not ripe stays so until something happens that one
    /// of them can name.
    fn inject_what_is_ripe(&mut self) -> bool {
        let world = &self.lives[0].world;
        if self.conditional.is_empty() || !world.incident.status.is_open() {
            return false;
        }
        let news = &world.events[self.weighed..];
        let moved = news.iter().any(|event| may_change_conditions(&event.fact));
        let is_ripe = |position: &usize| match &world.scenario.injects[*position].trigger {
            Trigger::When(condition) => world.holds(condition),
            Trigger::At(_) | Trigger::Within(..) | Trigger::After { .. } => false,
        };
        let Some(ripe) = moved.then(|| self.conditional.iter().position(is_ripe)).flatten() else {
            self.weighed = world.events.len();
            return false;
        };
        let position = self.conditional.remove(ripe);
        self.inject(position);
        true
    }

    fn inject(&mut self, position: usize) {
        let Life { world, people, outside, .. } = self.first();
        let act = &world.scenario.injects[position].act;
        let mut done = true;
        for command in act.commands() {
            done &= world.ask(Actor::Drill, command);
        }
        match act {
            InjectAct::Absent { who, span } => people.leave(who, world.now + *span, world),
            InjectAct::Channel { .. } => outside.suffer(world.scene().outages(act)),
            InjectAct::Slow { role, times, span } => {
                world.slowed.push((role.clone(), *times, world.now + *span));
            }
            InjectAct::ClockJump(by) => self.jump(*by),
            InjectAct::Fail(step) if !done => people.doom(step),
            InjectAct::Fail(_)
            | InjectAct::Contradict(_)
            | InjectAct::Alert(_)
            | InjectAct::Surge { .. }
            | InjectAct::Set(_)
            | InjectAct::Message { .. }
            | InjectAct::Level(_) => {}
        }
    }

    fn hear_again(&mut self, position: usize) {
        let Manners::Remembered(past) = self.setting.manners else { return };
        let command = past.heard[position].command.clone();
        if !self.first().world.ask(Actor::Drill, command) {
            self.refused.push(position);
        }
    }

    /// Lets the clock jump: limits pass at once, what people are at takes as long as before.
    fn jump(&mut self, by: SignedDuration) {
        for life in &mut self.lives {
            life.world.now = life.world.now.saturating_add(by).unwrap_or(Timestamp::MAX);
            life.agenda.put_off(by);
        }
    }

    fn conclude(self, outcome: Outcome, why: Option<Text>) -> Simulated {
        let journal_hash = joined(&self.lives).map(|link| SmolStr::new(link.to_string()));
        let mut lives = self.lives.into_iter();
        let first = lives.next().expect("a run has the incident it began with");
        let injects = &first.world.scenario.injects;
        let mut left: Vec<usize> =
            first.agenda.injects().chain(self.conditional).chain(self.waiting).collect();
        left.sort_unstable();
        Simulated {
            outcome,
            why,
            journal_hash,
            refused: self.refused,
            ended_at: first.world.incident.ended_at.unwrap_or(first.world.now),
            injects_done: (0..injects.len())
                .filter(|n| left.binary_search(n).is_err())
                .map(|n| injects[n].act.kind())
                .collect(),
            injects_left: left.into_iter().map(|n| injects[n].act.describe()).collect(),
            events: first.world.events,
            incident: Some(first.world.incident),
            others: lives.map(|life| life.world.incident).collect(),
            observed: first.world.observed,
        }
    }
}

/// Returns the link of the journal; of several incidents one that hangs on all of theirs.
fn joined(lives: &[Life<'_>]) -> Option<store::Digest> {
    match lives {
        [only] => only.world.link,
        all => {
            let links: Option<Vec<store::Digest>> =
                all.iter().map(|life| life.world.link).collect();
            let bytes: Vec<u8> = links?.iter().flat_map(|link| *link.as_bytes()).collect();
            Some(store::Digest::of(&bytes))
        }
    }
}

/// Returns the declaration, and the position of the alert that is its cause.
fn declaration(stage: Stage<'_>, take: Take) -> (Declare, Option<usize>) {
    let scenario = stage.scenario;
    let first = scenario.starter();
    let (alert, surge) = first.map_or((None, None), |(_, starter)| starter.split());
    let identity = identity(stage, take);
    let declaration = Declare {
        title: Some(scenario.title.get(Lang::Zh).to_owned()),
        inputs: scenario.inputs.clone(),
        alert: alert.cloned(),
        surge: surge.cloned(),
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

fn endless(scenario: &Scenario) -> Text {
    let length = scenario.length();
    if length < LENGTH_MAX {
        return Text::both(
            format!("演练持续了 `lasts` 规定的 {length:#}，已结束"),
            format!("the drill lasted the {length:#} that `lasts` gives it and was ended"),
        );
    }
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
