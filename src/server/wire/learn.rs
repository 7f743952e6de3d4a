//! What was learned, as it travels: findings, actions, readiness.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::id::{DrillRunId, IncidentId, PersonId, PlaybookId};
use crate::learn::action::ActionStatus;
use crate::learn::coverage::Coverage;
use crate::learn::drift::StepTimes;
use crate::learn::finding::{FindingKind, FindingState};
use crate::learn::readiness::PlanReadiness;
use crate::learn::subject::How;
use crate::text::Text;

/// A part of a plan: exactly one of the four.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct About {
    /// A step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// A role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// An objective.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objective: Option<String>,
    /// A stage of a statutory clock, as `clock:stage`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<String>,
}

/// Makes a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MakeFinding {
    /// The run of a drill it was seen in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<DrillRunId>,
    /// The real incident it was seen in, by id or number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<String>,
    /// Whether it went well.
    pub kind: FindingKind,
    /// What was found.
    #[schema(max_length = 2000)]
    pub text: String,
    /// The step it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// The role it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The objective it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objective: Option<String>,
    /// The stage of a statutory clock it is about, as `clock:stage`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<String>,
}

/// Accepts or dismisses a finding.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecideFinding {
    /// Why; needed to dismiss it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1000)]
    pub reason: Option<String>,
}

/// A finding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LearnedFinding {
    /// Its identity.
    pub id: String,
    /// Whether it went well.
    pub kind: FindingKind,
    /// Where it stands.
    pub state: FindingState,
    /// What was found.
    pub text: Text,
    /// What of the plan it is about.
    #[serde(flatten)]
    pub about: About,
    /// The plan.
    pub playbook: PlaybookId,
    /// The plan's version then.
    pub playbook_version: String,
    /// The run of a drill it was seen in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<DrillRunId>,
    /// The real incident it was seen in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<IncidentId>,
    /// How real that was.
    pub how: How,
    /// What the journal shows it by, where it was proposed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown_by: Option<String>,
    /// When it was made or proposed.
    pub at: Timestamp,
    /// Who made it.
    #[schema(value_type = Object)]
    pub by: crate::engine::Actor,
    /// What people decided since: when, who, what, why.
    #[schema(value_type = Vec<Object>)]
    pub decided: Vec<crate::learn::finding::Decided>,
    /// How often it was written; 0 where it is only proposed.
    pub version: u64,
}

/// Makes an action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MakeAction {
    /// The plan; that of the finding where missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub playbook: Option<PlaybookId>,
    /// The finding it follows from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finding: Option<String>,
    /// The run of a drill in which its cause was seen, where no finding says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<DrillRunId>,
    /// The real incident in which its cause was seen, by id or number, where no finding says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<String>,
    /// What is to be done.
    #[schema(max_length = 2000)]
    pub text: String,
    /// Who does it.
    pub owner: PersonId,
    /// Until the end of which day, `2026-12-31`.
    #[schema(value_type = String, format = Date)]
    pub due: Date,
    /// The step it mends; what its finding is about where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// The role it mends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The objective it mends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objective: Option<String>,
    /// The stage of a statutory clock it mends, as `clock:stage`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<String>,
    /// How real a run must be, at least, to prove it; as real as where its finding was seen, and
    /// never more than an exercise, where missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<How>,
}

/// Changes an action.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditAction {
    /// Another text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2000)]
    pub text: Option<String>,
    /// Another owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<PersonId>,
    /// Another date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    pub due: Option<Date>,
    /// Where it is to stand: `open`, `done` or `dropped`. Only a later run makes it `verified`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<ActionStatus>,
    /// Why, or a remark; needed to drop it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1000)]
    pub reason: Option<String>,
}

/// An action.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LearnedAction {
    /// Its identity.
    pub id: String,
    /// `open`, `done` (to be verified), `verified` (closed) or `dropped`.
    pub status: String,
    /// It is open and its day is over.
    pub overdue: bool,
    /// What is to be done.
    pub text: String,
    /// Who does it.
    pub owner: PersonId,
    /// Until the end of which day.
    #[schema(value_type = String, format = Date)]
    pub due: Date,
    /// The plan.
    pub playbook: PlaybookId,
    /// What of the plan it mends.
    #[serde(flatten)]
    pub about: About,
    /// The finding it follows from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finding: Option<String>,
    /// The run of a drill in which its cause was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<DrillRunId>,
    /// The real incident in which its cause was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<IncidentId>,
    /// How real a run must be, at least, to prove it.
    pub at_least: How,
    /// What closes it, while it is not closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closes_when: Option<Text>,
    /// The run that proved it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified_by_run: Option<DrillRunId>,
    /// The real incident that proved it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified_by_incident: Option<IncidentId>,
    /// When it was made.
    pub made_at: Timestamp,
    /// Who made it.
    #[schema(value_type = Object)]
    pub made_by: crate::engine::Actor,
    /// What was changed since: when, who, what.
    #[schema(value_type = Vec<Object>)]
    pub changes: Vec<crate::learn::action::Change>,
    /// How often it was written.
    pub version: u64,
}

/// How ready an installation is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Readiness {
    /// When this was reckoned.
    pub as_of: Timestamp,
    /// How many plans should have been drilled by now.
    pub overdue: u64,
    /// How many are to be drilled within thirty days.
    pub due: u64,
    /// How many were drilled as often as they are to be.
    pub done: u64,
    /// What is to be done.
    pub actions: ActionCounts,
    /// Each plan.
    pub plans: Vec<PlanReadiness>,
}

/// How many actions there are to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ActionCounts {
    /// To be done.
    pub open: u64,
    /// Of these, overdue.
    pub overdue: u64,
    /// Done, and waiting for a run that shows it.
    pub to_verify: u64,
}

/// How ready one plan is, with every part of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PlanReady {
    /// How ready it is.
    #[serde(flatten)]
    pub readiness: PlanReadiness,
    /// Each part of it, and when it was last exercised.
    pub covered: Coverage,
    /// How long its steps took, drilled and for real.
    pub times: Vec<StepTimes>,
}
