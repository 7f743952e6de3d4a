//! Moments, and what is promised between them.

use std::collections::BTreeMap;

use crate::id::{ClockId, ObjectiveId, PhaseId, StageId, StepId, VarId};
use crate::playbook::duration::Span;
use crate::playbook::model::Level;
use crate::text::Text;

/// A measurable promise.
#[derive(Debug)]
pub struct Objective {
    /// Its name in the plan.
    pub id: ObjectiveId,
    /// What people call it; falls back to the name.
    pub title: Option<Text>,
    /// What is promised.
    pub promise: Promise,
}

/// What an objective promises.
#[derive(Debug)]
pub enum Promise {
    /// From one moment to another within a duration.
    Within {
        /// The moment it counts from.
        from: Moment,
        /// The moment that meets it.
        to: Moment,
        /// The most it may take.
        within: Span,
    },
    /// A measured number.
    Measure {
        /// The measure's name.
        measure: VarId,
        /// Its least value.
        at_least: Option<f64>,
        /// Its greatest value.
        at_most: Option<f64>,
    },
}

/// An instant of an incident that durations count from or objectives reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Moment {
    /// When the trouble was noticed; until set, the declaration.
    Detected,
    /// When the organisation knew; until set, the declaration, and it says so.
    Aware,
    /// When the incident was declared.
    Declared,
    /// When the incident closed.
    Closed,
    /// When a phase was first entered.
    Phase(PhaseId),
    /// When a step first reached a milestone.
    Step(StepId, Milestone),
}

/// A milestone in the life of a step.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Milestone {
    /// Its `after` was satisfied and its `when` not false.
    Ready,
    /// Someone began, or it ran by itself.
    Started,
    /// It succeeded; of a repeating step, its first iteration did.
    Done,
    /// It failed.
    Failed,
    /// It reached any end; of a repeating step, its last iteration did.
    Settled,
}

/// A deadline of a step.
#[derive(Debug)]
pub struct Due {
    /// How long.
    pub limit: Limit,
    /// From what.
    pub counts: Counts,
    /// Percentages of the time at which the holder is warned, ascending.
    pub warn: Vec<u8>,
}

/// What a deadline counts from, and which way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Counts {
    /// From when the step became ready.
    FromReady,
    /// From a moment.
    From(Moment),
    /// Back from when something else must be done.
    Before(Term),
}

/// Something that must be done by an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Term {
    /// A step, by its own deadline.
    Step(StepId),
    /// A stage of a statutory clock, by its limit.
    Clock(ClockId, StageId),
}

impl Due {
    /// Returns the moment it counts from, where it counts from one.
    #[must_use]
    pub const fn from(&self) -> Option<&Moment> {
        match &self.counts {
            Counts::From(moment) => Some(moment),
            Counts::FromReady | Counts::Before(_) => None,
        }
    }

    /// Returns what it lies before, where it counts back.
    #[must_use]
    pub const fn before(&self) -> Option<&Term> {
        match &self.counts {
            Counts::Before(term) => Some(term),
            Counts::FromReady | Counts::From(_) => None,
        }
    }
}

/// How long a deadline allows.
#[derive(Debug)]
pub enum Limit {
    /// Always the same.
    Fixed(Span),
    /// By the incident's level.
    ByLevel {
        /// Level to duration.
        levels: BTreeMap<Level, Span>,
        /// For levels not named.
        otherwise: Option<Span>,
    },
}

impl Limit {
    /// Returns the duration at `level`; `None` where no deadline holds at that level.
    #[must_use]
    pub fn at(&self, level: Level) -> Option<&Span> {
        match self {
            Self::Fixed(span) => Some(span),
            Self::ByLevel { levels, otherwise } => levels.get(&level).or(otherwise.as_ref()),
        }
    }
}
