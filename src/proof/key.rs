//! What makes two states of an incident the same: everything the future depends on, and nothing
//! of the past that no condition asks for.

use std::collections::BTreeSet;
use std::fmt::Write;

use sha2::{Digest, Sha256};

use super::reading::{Detail, Reading};
use super::world::{House, awaits_answer, awaits_messages};
use crate::engine::{Incident, Run, Standing, StepState};
use crate::id::{PersonId, RoleId, StepId};
use crate::playbook::{Action, HandlerAct, OnFailure, Playbook, Step};

/// Repeated often enough: a step done a third time is as one done a second time.
const OFTEN: u32 = 2;

/// The fingerprint of a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key([u8; 16]);

/// Returns the fingerprint of an incident's state.
pub(super) fn key(house: &House<'_>, reading: &Reading<'_>, incident: &Incident) -> Key {
    let text = State { playbook: house.playbook, reading, incident }.text();
    let digest: [u8; 32] = Sha256::digest(text.as_bytes()).into();
    let mut short = [0; 16];
    short.copy_from_slice(&digest[..16]);
    Key(short)
}

/// An incident, as its plan reads it.
pub(super) struct State<'a> {
    pub(super) playbook: &'a Playbook,
    pub(super) reading: &'a Reading<'a>,
    pub(super) incident: &'a Incident,
}

impl State<'_> {
    fn text(&self) -> String {
        if !self.incident.status.is_open() {
            return self.incident.status.name().to_owned();
        }
        let mut text = String::with_capacity(512);
        if self.incident.is_cancelling() {
            self.undoing(&mut text).expect("a text takes whatever is written");
            return text;
        }
        self.whole(&mut text).expect("a text takes whatever is written");
        self.asked(&mut text).expect("a text takes whatever is written");
        for phase in &self.playbook.phases {
            for step in &phase.steps {
                self.step(&mut text, step).expect("a text takes whatever is written");
            }
        }
        if self.reading.detail == Detail::All {
            self.every_fact(&mut text).expect("a text takes whatever is written");
        }
        text
    }

    /// Writes also what the plan makes nothing of.
    fn every_fact(&self, text: &mut String) -> std::fmt::Result {
        let incident = self.incident;
        write!(text, "{:?} {:?} ", incident.level, incident.variables)?;
        for (name, role) in incident.roles.iter() {
            write!(text, "{name}:{}{} ", role.engaged, role.tenure.name())?;
        }
        let here = incident.runs().filter(|run| run.visit == incident.visit);
        for run in here {
            let (step, state) = (&run.key.step, run.state.name());
            write!(text, "{step} {state}{:?} {:?} ", run.state.cause(), run.answer)?;
        }
        Ok(())
    }

    fn whole(&self, text: &mut String) -> std::fmt::Result {
        let incident = self.incident;
        write!(
            text,
            "{:?} {} {:?} {} ",
            incident.status,
            incident.phase,
            incident.stuck.is_some(),
            incident.close_awaited,
        )?;
        self.rounds().try_for_each(|(way, times)| write!(text, "{way}:{times} "))?;
        // A message more or less leads nowhere else.
        for (place, times) in incident.handlers_fired.iter() {
            let handler = self.playbook.handlers.get(*place as usize);
            if handler.is_some_and(|handler| matches!(handler.act, HandlerAct::Go(_))) {
                write!(text, "h{place}:{times} ")?;
            }
        }
        self.owed(text)?;
        let alert = self.reading.alert_ends && incident.alert.is_some();
        let surge = incident.surge.as_deref().filter(|_| self.reading.surge_ends);
        write!(text, "{alert} {:?} ", surge.map(|surge| surge.over))?;
        // Which reports are due matters when nothing else is left to do.
        if incident.runs().all(Run::is_settled) {
            let running = incident.clocks.iter().filter(|(_, clock)| clock.is_running());
            running.into_iter().try_for_each(|(clock, _)| write!(text, "{clock:?} "))?;
        }
        for (name, role) in incident.roles.iter().filter(|(name, _)| self.is_needed(name)) {
            write!(text, "{name}:{}{} ", role.engaged, role.tenure.name())?;
        }
        Ok(())
    }

    /// Tells whether a phase may be entered, also anew, once the present one is left.
    pub(super) fn may_be_entered(&self, at: usize) -> bool {
        let later = self.reading.questions.entered_later.get(&self.incident.phase);
        later.is_some_and(|later| later.contains(&at))
    }

    /// Tells whether a role has a part in what a cancellation does.
    pub(super) fn undoes(&self, role: &RoleId) -> bool {
        let named = |step: &StepId| self.reading.roles.get(step).is_some_and(|r| r.contains(role));
        let steps = self.incident.rollback.iter().flat_map(|rollback| &rollback.steps);
        let mut steps = steps.map(|undoing| &undoing.by.step);
        self.playbook.commander() == Some(role) || steps.any(named)
    }

    /// Tells whether a role may still have something to do.
    fn is_needed(&self, role: &RoleId) -> bool {
        let later = self.reading.questions.entered_later.get(&self.incident.phase);
        let named = |step: &StepId| self.reading.roles.get(step).is_some_and(|r| r.contains(role));
        let later = later.into_iter().flatten().filter_map(|at| self.playbook.phases.get(*at));
        let mut later = later.flat_map(|phase| &phase.steps);
        let phase = self.playbook.phase(&self.incident.phase);
        let mut here = phase.into_iter().flat_map(|phase| &phase.steps);
        let mut elsewhere = self.incident.runs().filter(|run| !run.is_settled());
        let mut undoing = self.playbook.phases.iter().flat_map(|phase| &phase.compensations);
        let asked = || self.reading.questions.all.iter().any(|question| question.reads_role(role));
        self.playbook.commander() == Some(role)
            || here.any(|step| named(&step.id) && !self.is_passed(&step.id))
            || elsewhere.any(|run| named(&run.key.step))
            || later.any(|step| named(&step.id))
            || undoing.any(|step| named(&step.id))
            || asked()
    }

    /// Tells whether a step of the current phase is settled, and well, in this visit.
    pub(super) fn is_passed(&self, step: &StepId) -> bool {
        let run = self.incident.run(step);
        let run = run.filter(|run| run.visit == self.incident.visit);
        let passed = |run: &Run| run.is_settled() && run.standing() == Standing::Passed;
        run.is_some_and(|run| passed(run) && !self.may_be_called(run))
    }

    /// Tells whether a step that was skipped may become ready after all, when another fails.
    fn may_be_called(&self, run: &Run) -> bool {
        let calls = |step: &&Step| {
            let go = OnFailure::GoStep(run.key.step.clone());
            step.on_failure == go || step.on_timeout == go
        };
        let phase = self.playbook.phase(&self.incident.phase);
        let mut callers = phase.into_iter().flat_map(|phase| &phase.steps).filter(calls);
        let may_fail = |step: &Step| {
            let run = self.incident.run(&step.id);
            run.is_none_or(|run| run.visit != self.incident.visit || !run.is_settled())
        };
        matches!(run.state, StepState::Skipped { .. }) && callers.any(may_fail)
    }

    /// Writes where a step stands.
    fn step(&self, text: &mut String, step: &Step) -> std::fmt::Result {
        let Some(record) = self.incident.steps.get(&step.id) else { return Ok(()) };
        let phase = self.playbook.step(&step.id).map(|(phase, _)| &phase.id);
        let here = phase == Some(&self.incident.phase);
        let current = here && record.run.visit == self.incident.visit;
        let over = !current && record.run.is_settled();
        if self.reading.is_aside(&step.id) || over {
            return Ok(());
        }
        // Authors may not consent to what they wrote.
        if current && self.awaits_consent(&step.id) {
            let runs = record.items.iter().map(AsRef::as_ref).chain([&record.run]);
            let authors: BTreeSet<&PersonId> = runs.flat_map(|run| &run.worked_by).collect();
            write!(text, "{authors:?} ")?;
        }
        if current && self.is_passed(&step.id) {
            return write!(text, "{} passed ", step.id);
        }
        write!(text, "{} ", step.id)?;
        self.run(text, step, &record.run)?;
        // Which of several equal items is done does not matter.
        let mut items = Vec::with_capacity(record.items.len());
        for item in &record.items {
            let mut said = String::new();
            self.run(&mut said, step, item)?;
            items.push(said);
        }
        items.sort_unstable();
        items.iter().try_for_each(|item| write!(text, "[{item}]"))
    }

    /// Tells whether somebody has still to consent to what a step came to.
    fn awaits_consent(&self, step: &StepId) -> bool {
        let phase = self.playbook.phase(&self.incident.phase);
        let mut steps = phase.into_iter().flat_map(|phase| &phase.steps);
        steps.any(|later| {
            matches!(later.action, Action::Approve(_))
                && later.after.contains(step)
                && !self.is_passed(&later.id)
        })
    }

    pub(super) fn run(&self, text: &mut String, step: &Step, run: &Run) -> std::fmt::Result {
        let messages = awaits_messages(self.incident, &run.key);
        let request = awaits_answer(self.incident, run);
        let state = run.state.name();
        if self.reading.is_plain(&step.id) {
            return write!(text, "{state} {request} {messages} ");
        }
        // People may try as often as they like.
        let attempt = if step.action.is_human() { 0 } else { run.key.attempt.min(OFTEN) };
        let late = self.reading.overdue.contains(&run.key.step) && run.overdue;
        write!(
            text,
            "{state}{:?} {:?} {} {} {} {} {} {attempt} {late} {request} {messages} ",
            run.state.cause(),
            run.answer,
            run.let_pass,
            run.passed_before,
            run.repeat_ended,
            run.key.iteration.min(OFTEN),
            run.approvals.len(),
        )
    }
}
