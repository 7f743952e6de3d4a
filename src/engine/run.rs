//! The identity and the state of one run of a step. Plain data.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::event::StepAlarm;
use crate::id::{IncidentId, NoticeId, PersonId, StepId};
use crate::playbook::Value;

/// Which run of which step: loops, repeats, items and retries never overwrite history.
///
/// Shown as `visit.step[:item]#iteration/attempt`; item, iteration 1 and attempt 1 are left out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RunKey {
    /// The visit of the phase it began in.
    pub visit: u32,
    /// The step.
    pub step: StepId,
    /// The position of the item of a for-each, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<u32>,
    /// The iteration of a repeat, from 1.
    pub iteration: u32,
    /// The attempt, from 1.
    pub attempt: u32,
}

impl RunKey {
    /// Makes the key of a step's first run in a visit.
    #[must_use]
    pub fn first(visit: u32, step: StepId) -> Self {
        Self { visit, step, item: None, iteration: 1, attempt: 1 }
    }
}

impl fmt::Display for RunKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.visit, self.step)?;
        if let Some(item) = self.item {
            write!(f, ":{item}")?;
        }
        if self.iteration > 1 {
            write!(f, "#{}", self.iteration)?;
        }
        if self.attempt > 1 {
            write!(f, "/{}", self.attempt)?;
        }
        Ok(())
    }
}

/// Where a run of a step stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum StepState {
    /// Its predecessors have not settled.
    Waiting,
    /// It may be worked on.
    Ready,
    /// It is being worked on.
    Active,
    /// It succeeded.
    Done,
    /// It failed.
    Failed {
        /// Why, in kind.
        cause: FailureCause,
    },
    /// It was not done.
    Skipped {
        /// Why.
        reason: SkipReason,
    },
    /// It was no longer wanted.
    Cancelled {
        /// Why.
        reason: StepCancelReason,
    },
}

impl StepState {
    /// Tells whether nothing more happens to it by itself.
    #[must_use]
    pub const fn is_settled(&self) -> bool {
        !matches!(self, Self::Waiting | Self::Ready | Self::Active)
    }

    /// Returns the stable name of why it failed, was skipped or was cancelled.
    #[must_use]
    pub const fn cause(&self) -> Option<&'static str> {
        match self {
            Self::Waiting | Self::Ready | Self::Active | Self::Done => None,
            Self::Failed { cause } => Some(match cause {
                FailureCause::Error => "error",
                FailureCause::Timeout => "timeout",
                FailureCause::ByPerson => "by_person",
                FailureCause::Rejected => "rejected",
            }),
            Self::Skipped { reason } => Some(match reason {
                SkipReason::Condition => "condition",
                SkipReason::Unreachable => "unreachable",
                SkipReason::NoItems => "no_items",
                SkipReason::ByPerson { .. } => "by_person",
            }),
            Self::Cancelled { reason } => Some(match reason {
                StepCancelReason::PhaseLeft => "phase_left",
                StepCancelReason::Closed => "closed",
                StepCancelReason::Cancelled => "cancelled",
                StepCancelReason::HandedOff => "handed_off",
            }),
        }
    }

    /// Returns the stable name: `waiting`, `ready`, …
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Ready => "ready",
            Self::Active => "active",
            Self::Done => "done",
            Self::Failed { .. } => "failed",
            Self::Skipped { .. } => "skipped",
            Self::Cancelled { .. } => "cancelled",
        }
    }
}

/// Why a step failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureCause {
    /// The machine said no.
    Error,
    /// It took too long.
    Timeout,
    /// A person said that it failed.
    ByPerson,
    /// Consent was refused.
    Rejected,
}

/// Why a step was skipped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "skip", rename_all = "snake_case")]
pub enum SkipReason {
    /// Its `when` was false.
    Condition,
    /// Its `after` can no longer be satisfied.
    Unreachable,
    /// The list it is done for is empty.
    NoItems,
    /// A person said so.
    ByPerson {
        /// Why.
        reason: String,
    },
}

/// Why a step was cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepCancelReason {
    /// Its phase was left.
    PhaseLeft,
    /// The incident was closed over it.
    Closed,
    /// The incident was a false alarm.
    Cancelled,
    /// The incident goes on by another plan.
    HandedOff,
}

/// The current run of a step (or of one item of it), with what the next decisions need.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Run {
    /// Which run.
    pub key: RunKey,
    /// The visit it belongs to now: the one it began in, or the later one that adopted it.
    pub visit: u32,
    /// Where it stands.
    #[serde(flatten)]
    pub state: StepState,
    /// Iterations follow until the repeat has ended.
    pub repeats: bool,
    /// Of a repeating step: its last iteration has ended.
    pub repeat_ended: bool,
    /// An earlier iteration has passed, so dependents do not wait.
    pub passed_before: bool,
    /// A failure that dependents and the phase's end do not wait for.
    pub let_pass: bool,
    /// Who took it.
    pub claimed_by: Option<PersonId>,
    /// Everyone who worked on it, for "never the author"; the latest last.
    pub worked_by: Vec<PersonId>,
    /// The option chosen.
    pub answer: Option<SmolStr>,
    /// The item of a for-each.
    pub item: Option<Value>,
    /// The items of a for-each, in its own run.
    pub items: Vec<Value>,
    /// Checklist items ticked, by path.
    pub checked: Vec<SmolStr>,
    /// Who consented.
    pub approvals: Vec<PersonId>,
    /// How many pieces of evidence it has.
    pub evidence: u32,
    /// What became of the messages it sent.
    pub notices: NoticeTally,
    /// What it waits for in the outbox: its HTTP request, its child, its hand-off.
    pub request: Option<NoticeId>,
    /// The child it asked for.
    pub child: Option<IncidentId>,
    /// When it became ready.
    pub ready_at: Option<Timestamp>,
    /// When it was recorded as ready: deadlines from ready count from here, so that work entered
    /// late from paper leaves people their time.
    pub armed_at: Option<Timestamp>,
    /// How long pauses have held up its deadlines: only the parts through which they ran. Below
    /// zero during the pause in which they were armed, for then the end of it adds it whole.
    pub paused: SignedDuration,
    /// When work began.
    pub started_at: Option<Timestamp>,
    /// When it settled.
    pub settled_at: Option<Timestamp>,
    /// By when it must be started.
    pub start_by: Option<Timestamp>,
    /// By when it must be finished.
    pub due_at: Option<Timestamp>,
    /// When the holder is warned.
    pub warn_at: Vec<Timestamp>,
    /// How many of the warnings were given or passed over.
    pub warned: u32,
    /// `start_by` has passed unstarted.
    pub start_overdue: bool,
    /// `due_at` has passed unfinished.
    pub overdue: bool,
    /// What comes to it by itself.
    pub alarm: Option<StepAlarm>,
}

/// What became of the messages of a notify step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct NoticeTally {
    /// How many were queued.
    pub queued: u32,
    /// How many of them were handed to a channel at least once, or have ended.
    pub attempted: u32,
    /// How many were delivered or held back.
    pub delivered: u32,
    /// How many reached nobody.
    pub failed: u32,
    /// How many were acknowledged.
    pub acknowledged: u32,
}

/// What a step is to those that come after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It may still pass.
    Pending,
    /// Done, skipped, or failed in a way that does not stop: dependents need not wait.
    Passed,
    /// Failed with `stop`, or cancelled: dependents wait for a person.
    Halted,
}

impl Run {
    /// Makes a run that waits.
    #[must_use]
    pub const fn waiting(key: RunKey) -> Self {
        Self {
            visit: key.visit,
            key,
            state: StepState::Waiting,
            repeats: false,
            repeat_ended: false,
            passed_before: false,
            let_pass: false,
            claimed_by: None,
            worked_by: Vec::new(),
            answer: None,
            item: None,
            items: Vec::new(),
            checked: Vec::new(),
            approvals: Vec::new(),
            evidence: 0,
            notices: NoticeTally {
                queued: 0,
                attempted: 0,
                delivered: 0,
                failed: 0,
                acknowledged: 0,
            },
            request: None,
            child: None,
            ready_at: None,
            armed_at: None,
            paused: SignedDuration::ZERO,
            started_at: None,
            settled_at: None,
            start_by: None,
            due_at: None,
            warn_at: Vec::new(),
            warned: 0,
            start_overdue: false,
            overdue: false,
            alarm: None,
        }
    }

    /// Tells whether nothing more happens to the step by itself: its run has ended and no
    /// iteration follows (Meaning 6).
    #[must_use]
    pub const fn is_settled(&self) -> bool {
        self.state.is_settled() && (!self.repeats || self.repeat_ended)
    }

    /// Tells whether it failed with `stop`.
    #[must_use]
    pub const fn is_halting(&self) -> bool {
        matches!(self.state, StepState::Failed { .. }) && !self.let_pass
    }

    /// Tells what it is to its dependents (Meaning 2).
    #[must_use]
    pub const fn standing(&self) -> Standing {
        match self.state {
            StepState::Done | StepState::Skipped { .. } => Standing::Passed,
            _ if self.passed_before => Standing::Passed,
            StepState::Failed { .. } if self.let_pass => Standing::Passed,
            StepState::Failed { .. } | StepState::Cancelled { .. } => Standing::Halted,
            StepState::Waiting | StepState::Ready | StepState::Active => Standing::Pending,
        }
    }

    /// Tells whether a deadline of it runs.
    #[must_use]
    pub const fn has_deadlines(&self) -> bool {
        self.start_by.is_some() || self.due_at.is_some()
    }

    /// Returns the instant of the next warning.
    #[must_use]
    pub fn next_warning(&self) -> Option<Timestamp> {
        self.warn_at.get(self.warned as usize).copied()
    }
}
