//! Statutory clocks as an incident keeps them: what happened to each stage, and where it stands.
//! The law itself is in the plan; the limits are instants by the time they are here (Meaning 13).

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::run::RunKey;
use crate::id::{ClockId, PersonId, StageId};

/// A stage of a clock of the plan.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ClockKey {
    /// The clock.
    pub clock: ClockId,
    /// The stage of its regime.
    pub stage: StageId,
}

impl fmt::Display for ClockKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.clock, self.stage)
    }
}

/// What happened to which stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClockEvent {
    /// Which.
    #[serde(flatten)]
    pub key: ClockKey,
    /// What.
    #[serde(flatten)]
    pub what: ClockFact,
}

/// A limit as instants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockLimit {
    /// The moment it counts from.
    pub anchor: Timestamp,
    /// By when; `None` where the law names no number and the plan no target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// The law names no number: a target of our own.
    #[serde(default, skip_serializing_if = "is_false")]
    pub internal: bool,
    /// When its owner is warned, ascending.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warn_at: Vec<Timestamp>,
    /// The first year that the calendar of business days does not cover: weekdays were counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uncovered: Option<i16>,
}

impl ClockLimit {
    /// Returns when it ends; where nothing says by when, after all that does.
    #[must_use]
    pub fn end(&self) -> Timestamp {
        self.due_at.unwrap_or(Timestamp::MAX)
    }
}

/// What happened to a stage. Each variant says from which standing it is legal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum ClockFact {
    /// It is due from now on. Legal while it never ran, was stopped, or is due again on demand.
    Started {
        /// Its limit.
        limit: ClockLimit,
        /// What would have to be known to tell whether it is due: unknown counts as due.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        unsure: Vec<SmolStr>,
        /// Nobody has said when the organisation knew: the declaration stands in for it.
        #[serde(default, skip_serializing_if = "is_false")]
        assumed: bool,
    },
    /// It became shorter. Legal while it runs.
    Shortened {
        /// Its limit now.
        limit: ClockLimit,
        /// What it was.
        was: Option<Timestamp>,
    },
    /// It would have become longer and did not. Legal while it runs, and once it was submitted.
    Kept {
        /// What it would have been.
        would_be: Timestamp,
    },
    /// It is not due, or no longer. Legal while it runs.
    Stopped {
        /// Why: `condition`, `not_in_force`, `previous`, `anchor_lost`, `cancelled`, `merged`,
        /// `handed_off`, `forced_close`.
        why: SmolStr,
    },
    /// Part of its time has passed. Legal while it runs.
    Warned {
        /// Which of the warnings, from 0.
        nth: u32,
    },
    /// Its time is over. It runs on, late.
    Breached,
    /// It was submitted. Running, late, stopped or never run → met.
    Submitted {
        /// The step that did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<RunKey>,
        /// After its time.
        #[serde(default, skip_serializing_if = "is_false")]
        late: bool,
        /// Why it was late.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// What the authority calls it: a receipt number.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
    },
    /// A moment turned out to lie earlier than was known when it was submitted: the submission is
    /// held to the limit that gives. Legal once it was submitted.
    Judged {
        /// Its limit, as it would have been.
        limit: ClockLimit,
        /// What it was.
        was: Option<Timestamp>,
        /// The submission came after it.
        #[serde(default, skip_serializing_if = "is_false")]
        late: bool,
    },
    /// Someone said why a submission was late that nobody had said it of.
    Explained {
        /// Why.
        reason: String,
    },
    /// Someone proposes not to notify; another must approve. The clock runs on.
    WaiverAsked {
        /// Who.
        by: PersonId,
        /// Why.
        reason: String,
    },
    /// Another person refused that.
    WaiverRefused {
        /// Who.
        by: PersonId,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Another person approved that: it is not notified.
    Waived {
        /// Who proposed it.
        asked_by: PersonId,
        /// Who approved it.
        approved_by: PersonId,
        /// Why.
        reason: String,
    },
    /// An authority granted more time. Legal while it runs.
    Extended {
        /// Until when now, and the warnings before.
        limit: ClockLimit,
        /// What it was.
        was: Option<Timestamp>,
        /// Who granted it.
        by: String,
        /// The document that says so.
        document: String,
    },
}

/// A stage that has begun, or was settled without.
#[derive(Debug, Clone, PartialEq)]
pub struct ClockState {
    /// Where it stands.
    pub standing: ClockStanding,
    /// Its limit; `None` where it was submitted before it ever began.
    pub limit: Option<ClockLimit>,
    /// How many warnings were given.
    pub warned: u32,
    /// When its time was over, if it was.
    pub breached_at: Option<Timestamp>,
    /// What was unknown when it began.
    pub unsure: Vec<SmolStr>,
    /// The declaration stood in for the moment when the organisation knew.
    pub assumed: bool,
    /// The longer limit it would have had.
    pub kept: Option<Timestamp>,
    /// An authority has granted more time: no rule shortens it any more.
    pub extended: bool,
    /// Who proposed not to notify, and why, while nobody else has said anything to it.
    pub asked: Option<(PersonId, String)>,
}

/// Where a stage stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClockStanding {
    /// It is due.
    Running,
    /// It is not due.
    Stopped {
        /// Why.
        why: SmolStr,
    },
    /// It was submitted.
    Met {
        /// When.
        at: Timestamp,
        /// After its time.
        late: bool,
        /// Why it was late.
        reason: Option<String>,
        /// The receipt.
        reference: Option<String>,
    },
    /// It was decided not to notify.
    Waived {
        /// Who proposed it.
        asked_by: PersonId,
        /// Who approved it.
        approved_by: PersonId,
        /// Why.
        reason: String,
    },
}

impl ClockState {
    /// Returns by when it must be submitted, while it runs.
    #[must_use]
    pub fn due_at(&self) -> Option<Timestamp> {
        self.limit.as_ref().filter(|_| self.is_running())?.due_at
    }

    /// Tells whether it is due.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.standing == ClockStanding::Running
    }

    /// Returns when it was submitted.
    #[must_use]
    pub const fn met_at(&self) -> Option<Timestamp> {
        match self.standing {
            ClockStanding::Met { at, .. } => Some(at),
            _ => None,
        }
    }

    /// Tells whether it was submitted late and nobody has said why.
    #[must_use]
    pub const fn lacks_reason(&self) -> bool {
        matches!(self.standing, ClockStanding::Met { late: true, reason: None, .. })
    }

    /// Returns the next warning.
    #[must_use]
    pub fn next_warning(&self) -> Option<Timestamp> {
        let warn_at = &self.limit.as_ref().filter(|_| self.is_running())?.warn_at;
        warn_at.get(self.warned as usize).copied()
    }

    /// Returns when its time is over, where that was not recorded yet.
    #[must_use]
    pub fn next_breach(&self) -> Option<Timestamp> {
        self.due_at().filter(|_| self.breached_at.is_none())
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}
