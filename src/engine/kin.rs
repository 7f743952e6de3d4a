//! What incidents know of each other: a call for a child, where a child came from, why it is no
//! longer wanted; and an incident that goes on by another plan. Plain data.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::event::PlaybookRef;
use super::run::RunKey;
use crate::id::{IncidentId, NoticeId, PlaybookId, RoleId, VarId};

/// The incident that asked for another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParentRef {
    /// Its identity.
    pub id: IncidentId,
    /// Its number.
    pub number: u64,
    /// Its plan at the time.
    pub playbook: PlaybookId,
    /// The run of the step that asked.
    pub key: RunKey,
    /// How many incidents stand above the child: 1 for the child of one that nobody asked for.
    pub depth: u32,
}

/// The live incident that a rehearsal goes beside. Nothing of such a rehearsal leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beside {
    /// Its identity.
    pub id: IncidentId,
    /// Its number.
    pub number: u64,
}

/// Why a child is no longer wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecallReason {
    /// The step that waits for it failed.
    StepFailed,
    /// The step that waits for it ran out of time.
    TimedOut,
    /// The step that waits for it was skipped.
    StepSkipped,
    /// The phase of the step was left.
    PhaseLeft,
    /// The parent was closed.
    Closed,
    /// The parent was a false alarm.
    Cancelled,
    /// The parent goes on by another plan.
    HandedOff,
}

impl RecallReason {
    /// Returns the reason in the words that are stored with the child's end.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::StepFailed => "its step failed",
            Self::TimedOut => "its step ran out of time",
            Self::StepSkipped => "its step was skipped",
            Self::PhaseLeft => "the phase was left",
            Self::Closed => "the incident was closed",
            Self::Cancelled => "the incident was cancelled",
            Self::HandedOff => "the incident goes on by another plan",
        }
    }
}

/// A child that is asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChildCall {
    /// The call.
    pub request: NoticeId,
    /// The run that asks.
    pub key: RunKey,
    /// The identity the child will have, however often it is tried.
    pub child: IncidentId,
    /// The child's plan.
    pub playbook: PlaybookId,
    /// Its inputs as JSON; those unknown are left out.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub with: BTreeMap<VarId, Json>,
    /// Nobody waits for its end.
    #[serde(default, skip_serializing_if = "is_false")]
    pub detached: bool,
}

/// Another plan is asked to take over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HandOffCall {
    /// The call.
    pub request: NoticeId,
    /// The run that asks.
    pub key: RunKey,
    /// The other plan.
    pub playbook: PlaybookId,
    /// Inputs set by it, as JSON.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub with: BTreeMap<VarId, Json>,
}

/// Another plan takes over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Takeover {
    /// The call.
    pub request: NoticeId,
    /// The run that asked.
    pub key: RunKey,
    /// The plan until now.
    pub from: PlaybookRef,
    /// The plan from now on, pinned.
    pub to: PlaybookRef,
    /// Only role holders and those entitled may see it from now on.
    #[serde(default, skip_serializing_if = "is_false")]
    pub restricted: bool,
    /// Roles that the new plan does not have.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub released: Vec<RoleId>,
    /// Variables that the new plan does not know, or knows with another type.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dropped: Vec<VarId>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
pub(super) fn is_false(flag: &bool) -> bool {
    !flag
}
