//! What is promised of a plan, and what exploring it showed of each promise.

use std::collections::BTreeMap;

use super::story::Story;
use crate::id::PhaseId;

/// A promise about every state that can be reached.
#[derive(Debug, Clone, PartialEq)]
pub enum Claim {
    /// It holds in all of them.
    Proven,
    /// It does not hold at the end of this story, and there is no shorter one.
    Refuted(Story),
    /// It holds in all that were looked at, but there are more.
    Open,
}

impl Claim {
    /// Tells whether a counter-example was found.
    #[must_use]
    pub const fn is_refuted(&self) -> bool {
        matches!(self, Self::Refuted(_))
    }
}

/// What exploring a plan showed.
#[derive(Debug, Clone, PartialEq)]
pub struct Proof {
    /// How many states were looked at.
    pub states: usize,
    /// How many moves were made between them.
    pub moves: usize,
    /// There are more states than were looked at.
    pub cut: bool,
    /// Not every combination of answers was tried.
    pub narrowed: bool,
    /// When all that holds a phase is settled, some way out of it can be taken; a bound that is
    /// spent is meant to hold it.
    pub never_stuck: Claim,
    /// A way leads to the end, which is that the incident closes, or goes on by another plan: from
    /// wherever a phase is entered, with bounds that are spent too, and from wherever people come
    /// in it, unless they are stuck and may do over what they did. Being stuck is no end.
    pub always_ends: Claim,
    /// Somebody who may act has been told of every open step.
    pub people_told: Claim,
    /// Phases that a bounded way leads back from, and its bound: when it is spent, the commander
    /// must decide.
    pub loops: BTreeMap<PhaseId, u32>,
    /// A promise of the engine that was broken: a defect of firebell, never of the plan.
    pub defect: Option<(&'static str, Story)>,
}

impl Proof {
    /// Tells whether anything was refuted.
    #[must_use]
    pub const fn is_refuted(&self) -> bool {
        self.never_stuck.is_refuted()
            || self.always_ends.is_refuted()
            || self.people_told.is_refuted()
            || self.defect.is_some()
    }
}
