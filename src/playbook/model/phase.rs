//! Phases, the ways between them, and what happens at any time.

use crate::id::PhaseId;
use crate::playbook::expression::Condition;
use crate::playbook::model::{Notify, Step};
use crate::text::Text;

/// A state of the incident.
#[derive(Debug)]
pub struct Phase {
    /// Its name in the plan.
    pub id: PhaseId,
    /// What people call it.
    pub title: Text,
    /// What is done in it.
    pub steps: Vec<Step>,
    /// What undoes steps of the phase; begun by a rollback alone.
    pub compensations: Vec<Step>,
    /// Ways out, tried in order; empty means the phase that follows, or the end.
    pub next: Vec<Next>,
}

impl Phase {
    /// Walks every step: those of the ordinary flow, then those that undo them.
    pub fn every_step(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().chain(&self.compensations)
    }

    /// Returns the ways out that can be tried: none after one without a condition, which is taken,
    /// or whose spent bound holds the phase.
    #[must_use]
    pub fn ways(&self) -> &[Next] {
        let first = self.next.iter().position(|way| way.when.is_none());
        &self.next[..first.map_or(self.next.len(), |first| first + 1)]
    }
}

/// A way out of a phase.
#[derive(Debug)]
pub struct Next {
    /// The phase entered.
    pub to: PhaseId,
    /// When it may be taken; unknown counts as false.
    pub when: Option<Condition>,
    /// How often it may be taken.
    pub at_most: Option<u32>,
}

/// What happens at any time.
#[derive(Debug)]
pub struct Handler {
    /// What it answers.
    pub event: HandlerEvent,
    /// Whether it does; unknown counts as false.
    pub when: Option<Condition>,
    /// Only in these phases; empty means any.
    pub while_phase: Vec<PhaseId>,
    /// How often it fires.
    pub at_most: u32,
    /// What it does.
    pub act: HandlerAct,
}

/// What a handler answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HandlerEvent {
    /// The incident began.
    Declared,
    /// The level became worse.
    LevelRaised,
    /// The level became better.
    LevelLowered,
    /// The alert that is attached says it is over.
    AlertResolved,
    /// The surge that is attached is over.
    SurgeSubsided,
    /// A phase was entered.
    PhaseEntered,
    /// Nobody holds a role that is needed.
    RoleVacant,
    /// A step failed with `stop`.
    StepFailed,
    /// A statutory clock ran out.
    ClockBreached,
    /// No way out of the phase can be taken.
    Stuck,
}

/// What a handler does.
#[derive(Debug)]
pub enum HandlerAct {
    /// Sends messages.
    Notify(Notify),
    /// Leaves for a phase.
    Go(PhaseId),
}
