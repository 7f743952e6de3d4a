//! What people may do with a run of a step: one table of states and acts, and one of kinds and acts.

use super::command::StepAct;
use super::incident::Incident;
use super::mode::Status;
use super::run::{Run, StepState};
use crate::playbook::{Action, Step};

/// The name of an act, without what it carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ActName {
    /// Takes it.
    Claim,
    /// Begins.
    Start,
    /// Ticks an item off.
    Check,
    /// Finishes.
    Complete,
    /// Gives up.
    Fail,
    /// Leaves it out.
    Skip,
    /// Tries a failed one again.
    Retry,
    /// Chooses.
    Answer,
    /// Consents.
    Approve,
    /// Refuses.
    Reject,
    /// Works on a settled one again.
    Reopen,
}

impl ActName {
    /// Every act, in the order they are listed to people.
    pub const ALL: [Self; 11] = [
        Self::Claim,
        Self::Start,
        Self::Check,
        Self::Complete,
        Self::Answer,
        Self::Approve,
        Self::Reject,
        Self::Fail,
        Self::Skip,
        Self::Retry,
        Self::Reopen,
    ];

    /// Returns the stable name used in paths, problems and tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Claim => "claim",
            Self::Start => "start",
            Self::Check => "check",
            Self::Complete => "complete",
            Self::Fail => "fail",
            Self::Skip => "skip",
            Self::Retry => "retry",
            Self::Answer => "answer",
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::Reopen => "reopen",
        }
    }
}

impl StepAct {
    /// Returns which act it is.
    #[must_use]
    pub const fn kind(&self) -> ActName {
        match self {
            Self::Claim => ActName::Claim,
            Self::Start => ActName::Start,
            Self::Check { .. } => ActName::Check,
            Self::Complete { .. } => ActName::Complete,
            Self::Fail { .. } => ActName::Fail,
            Self::Skip { .. } => ActName::Skip,
            Self::Retry => ActName::Retry,
            Self::Answer { .. } => ActName::Answer,
            Self::Approve { .. } => ActName::Approve,
            Self::Reject { .. } => ActName::Reject,
            Self::Reopen { .. } => ActName::Reopen,
        }
    }

    /// Returns the stable name used in paths, problems and tables.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.kind().as_str()
    }
}

/// Tells whether a run in that state accepts an act.
///
/// A step that waits can only be left out: the plan orders its steps for a reason, and whoever is
/// in the way can be skipped. A cancelled one is done with: its phase was left.
#[must_use]
pub const fn accepts(state: &StepState, act: ActName) -> bool {
    match (state, act) {
        (StepState::Waiting, ActName::Skip) => true,
        (StepState::Waiting, _) => false,
        (
            StepState::Ready,
            ActName::Claim
            | ActName::Start
            | ActName::Check
            | ActName::Complete
            | ActName::Answer
            | ActName::Approve
            | ActName::Reject
            | ActName::Fail
            | ActName::Skip,
        ) => true,
        (StepState::Ready, ActName::Retry | ActName::Reopen) => false,
        (
            StepState::Active,
            ActName::Claim
            | ActName::Check
            | ActName::Complete
            | ActName::Answer
            | ActName::Approve
            | ActName::Reject
            | ActName::Fail
            | ActName::Skip,
        ) => true,
        (StepState::Active, ActName::Start | ActName::Retry | ActName::Reopen) => false,
        (StepState::Done | StepState::Skipped { .. }, act) => matches!(act, ActName::Reopen),
        (StepState::Failed { .. }, act) => {
            matches!(act, ActName::Retry | ActName::Skip | ActName::Reopen)
        }
        (StepState::Cancelled { .. }, _) => false,
    }
}

/// Tells whether an act fits what a step does.
#[must_use]
pub const fn fits(action: &Action, act: ActName) -> bool {
    match act {
        ActName::Skip | ActName::Fail | ActName::Retry | ActName::Reopen => true,
        ActName::Claim | ActName::Start => action.is_human(),
        ActName::Check | ActName::Complete => matches!(action, Action::Manual(_)),
        ActName::Answer => matches!(action, Action::Decide(_)),
        ActName::Approve | ActName::Reject => matches!(action, Action::Approve(_)),
    }
}

/// Returns what may be done with a run now, in the order it is listed to people.
#[must_use]
pub fn allowed_acts(incident: &Incident, step: &Step, run: &Run) -> Vec<ActName> {
    let gone = run.visit != incident.visit && run.is_settled();
    let whole = step.for_each.is_some() && run.key.item.is_none() && !run.items.is_empty();
    let ended = !matches!(incident.status, Status::Open | Status::Paused);
    let unwanted = incident.is_cancelling() && !incident.undoes(&step.id);
    if gone || whole || ended || unwanted {
        return Vec::new();
    }
    let may = |act: &ActName| accepts(&run.state, *act) && fits(&step.action, *act);
    ActName::ALL.into_iter().filter(may).collect()
}
