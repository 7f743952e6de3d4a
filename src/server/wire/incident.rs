//! An incident as it is shown.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use smol_str::SmolStr;
use utoipa::ToSchema;

use super::clock::Clock;
use super::work::Work;
use crate::engine::{Mode, Status};
use crate::id::{
    DrillRunId, IncidentId, ObjectiveId, PersonId, PhaseId, PlaybookId, RoleId, StepId, VarId,
};
use crate::text::Text;

/// One run of a playbook, with what the caller should do now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Incident {
    /// Its identity; paths take it and the number alike.
    pub id: IncidentId,
    /// Its number as people say it: `INC-2026-0042`.
    pub number: String,
    /// The plan it runs, pinned.
    pub playbook: PlaybookVersion,
    /// What it is about.
    pub title: String,
    /// Whether it is real.
    pub mode: Mode,
    /// Where it stands.
    pub status: Status,
    /// No way out of the phase can be taken.
    pub stuck: bool,
    /// Why it is stuck.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stuck_why: Option<Json>,
    /// Nothing is left to do but to close, which the plan leaves to a person.
    pub close_awaited: bool,
    /// What was done is being undone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollback: Option<Rollback>,
    /// Severity, 1 (worst) to 4.
    #[schema(minimum = 1, maximum = 4)]
    pub level: u8,
    /// A worse rule is still unknown.
    pub level_provisional: bool,
    /// The current phase.
    pub phase: PhaseId,
    /// What the plan calls it.
    pub phase_title: Text,
    /// The current visit, counted over all phases from 1.
    pub visit: u32,
    /// When the trouble was noticed, where known.
    pub detected_at: Option<Timestamp>,
    /// When the organisation knew, where set.
    pub aware_at: Option<Timestamp>,
    /// When it was declared.
    pub declared_at: Timestamp,
    /// When it was closed or cancelled.
    pub closed_at: Option<Timestamp>,
    /// When it was paused, while it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused_at: Option<Timestamp>,
    /// Only those entitled see it.
    pub restricted: bool,
    /// The drill that started it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drill: Option<DrillRunId>,
    /// The incident that asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Parent>,
    /// The live incident it rehearses beside; nothing of such a rehearsal leaves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beside: Option<Beside>,
    /// The incidents it asked for, in the order in which it did.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<Child>,
    /// The plans it ran before it was handed over, the first one first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier_plans: Vec<EarlierPlan>,
    /// Where people meet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bridge: Option<Bridge>,
    /// What the caller should do now, most urgent first.
    pub now: Vec<Work>,
    /// Who acts, in the plan's order.
    #[schema(value_type = BTreeMap<String, Role>)]
    pub roles: IndexMap<RoleId, Role>,
    /// The steps opened so far, in the plan's order; each with its current run.
    pub steps: Vec<Step>,
    /// The promises, in the plan's order.
    pub objectives: Vec<Objective>,
    /// Statutory clocks, stage by stage, in the plan's order.
    pub clocks: Vec<Clock>,
    /// What is known.
    #[schema(value_type = BTreeMap<String, Value>)]
    pub variables: BTreeMap<VarId, Json>,
    /// What is known and personal; kept apart from the journal.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = BTreeMap<String, Personal>)]
    pub personal: BTreeMap<VarId, Personal>,
    /// What was measured last.
    #[schema(value_type = BTreeMap<String, f64>)]
    pub measures: BTreeMap<VarId, f64>,
    /// Messages and requests without an end.
    pub pending_notices: u32,
    /// How many events it has. `If-Match` takes it, in quotes, as it takes the `ETag`.
    pub version: u64,
}

/// A plan at the version an incident began with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PlaybookVersion {
    /// The plan's slug.
    pub id: PlaybookId,
    /// The version as people quote it: the beginning of the hash.
    pub version: String,
    /// SHA-256, in hex, of everything the plan's meaning depends on.
    pub hash: String,
}

impl PlaybookVersion {
    /// How much of the hash people quote; enough to tell the versions of one plan apart.
    const QUOTED: usize = 12;

    /// Names a version by its hash.
    #[must_use]
    pub fn new(id: PlaybookId, hash: &str) -> Self {
        let version = hash.get(..Self::QUOTED).unwrap_or(hash).to_owned();
        Self { id, version, hash: hash.to_owned() }
    }
}

/// The incident that asked for another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Parent {
    /// Its identity.
    pub id: IncidentId,
    /// Its number in the store, which paths take too.
    pub number: u64,
    /// Its plan when it asked.
    pub playbook: PlaybookId,
    /// The run of its step that asked.
    pub key: String,
    /// Where it is read, by those who may see it.
    pub href: String,
}

/// The live incident that a rehearsal goes beside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Beside {
    /// Its identity.
    pub id: IncidentId,
    /// Its number in the store, which paths take too.
    pub number: u64,
    /// Where it is read, by those who may see it.
    pub href: String,
}

/// An incident that this one asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Child {
    /// Its identity.
    pub id: IncidentId,
    /// Its number in the store, which paths take too; `null` before it began.
    pub number: Option<u64>,
    /// Its plan.
    pub playbook: PlaybookId,
    /// The run of the step that asked.
    pub key: String,
    /// Where it is read once it has begun, by those who may see it.
    pub href: String,
    /// Where it stands as far as this incident was told; `null` before it began.
    pub status: Option<Status>,
    /// A step waits for its end.
    pub awaited: bool,
}

/// A plan that the incident ran until it was handed over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EarlierPlan {
    /// The plan, pinned.
    pub playbook: PlaybookVersion,
    /// Until when.
    pub until: Timestamp,
    /// Its objectives as far as they were judged: `met` or `missed`.
    #[schema(value_type = BTreeMap<String, String>)]
    pub objectives: BTreeMap<ObjectiveId, SmolStr>,
}

/// Where people meet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Bridge {
    /// What people call it.
    pub title: Text,
    /// Its address.
    pub url: String,
}

/// A role and who holds it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Role {
    /// What people call it.
    pub title: Text,
    /// It is needed.
    pub engaged: bool,
    /// How it is filled.
    pub state: RoleState,
    /// The person who holds it or was given it.
    pub holder: Option<PersonId>,
    /// Those asked, while nobody has taken it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub offered_to: Vec<PersonId>,
    /// By when someone must acknowledge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledge_by: Option<Timestamp>,
    /// Since when it is held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}

/// How a role is filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RoleState {
    /// Nobody holds it and nobody is being asked.
    Vacant,
    /// Several were asked; the first to claim holds it.
    Offered,
    /// A person was given it and has not acknowledged.
    Assigned,
    /// A person holds it.
    Held,
}

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// A person does it.
    Manual,
    /// Messages are sent.
    Notify,
    /// One HTTP request is made.
    Http,
    /// A person chooses.
    Decide,
    /// People consent.
    Approve,
    /// Time passes, or a condition comes true.
    Wait,
    /// Variables are computed.
    Set,
    /// Another plan runs as a child.
    Playbook,
    /// The incident goes on by another plan.
    Handoff,
}

/// The current run of a step, or of one item of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Step {
    /// The step.
    pub id: StepId,
    /// The exact run: what `?key=` takes.
    pub key: String,
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Text>,
    /// What it does.
    pub kind: StepKind,
    /// The phase it belongs to.
    pub phase: PhaseId,
    /// The visit of the phase it began in.
    pub visit: u32,
    /// The position of the item of a for-each, from 0: what `{step}:{item}` takes.
    pub item: Option<u32>,
    /// The item itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item_value: Option<Json>,
    /// The iteration of a repeat, from 1.
    pub iteration: u32,
    /// The attempt, from 1.
    pub attempt: u32,
    /// `waiting`, `ready`, `active`, `done`, `failed`, `skipped` or `cancelled`.
    #[schema(value_type = String)]
    pub state: SmolStr,
    /// Why it failed, was skipped or was cancelled: `error`, `timeout`, `by_person`, `rejected`,
    /// `condition`, `unreachable`, `no_items`, `phase_left`, `closed`, `cancelled`.
    #[schema(value_type = Option<String>)]
    pub cause: Option<SmolStr>,
    /// The reason a person gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who does it.
    pub role: Option<RoleId>,
    /// The person who took it, else the holder of its role.
    pub holder: Option<PersonId>,
    /// Who finished it, or began it last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worked_by: Option<PersonId>,
    /// When it became ready.
    pub ready_at: Option<Timestamp>,
    /// When work began.
    pub started_at: Option<Timestamp>,
    /// When it settled.
    pub settled_at: Option<Timestamp>,
    /// By when it must be started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_by: Option<Timestamp>,
    /// By when it must be finished.
    pub due_at: Option<Timestamp>,
    /// A deadline of it has passed and it is not settled, or was settled late.
    pub overdue: bool,
    /// The option chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub answer: Option<SmolStr>,
    /// Checklist items ticked, by their path of positions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    pub checked: Vec<SmolStr>,
    /// Who consented.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approvals: Vec<PersonId>,
    /// How many pieces of evidence it has.
    pub evidence: u32,
    /// What is known of the personal fields of its form.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = BTreeMap<String, Personal>)]
    pub personal: BTreeMap<VarId, Personal>,
}

/// A personal value, which is kept apart from the journal and can be erased.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Personal {
    /// Where it is.
    pub state: PersonalState,
    /// What it is erased by; to those who may act on the incident.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The value, to those who may act on the incident and ask for it: what changes something is
    /// answered without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Json>,
}

/// Where a personal value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PersonalState {
    /// It is kept apart.
    Apart,
    /// It was erased.
    Erased,
    /// What is kept is not what was given; `firebell verify` says more.
    Damaged,
    /// It stands in the journal, from before such values were kept apart, and cannot be erased.
    Recorded,
}

/// A personal value of an incident, found by its reference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PersonalFound {
    /// The variable it is a value of, now or earlier.
    pub field: VarId,
    /// Where it is.
    pub state: PersonalState,
    /// The value, where it is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Json>,
}

/// A promise and how it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Objective {
    /// The objective.
    pub id: ObjectiveId,
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Text>,
    /// How it stands.
    pub state: ObjectiveState,
    /// When it was judged.
    pub at: Option<Timestamp>,
    /// By when it must be kept, once its anchor is known.
    pub due_at: Option<Timestamp>,
}

/// How an objective stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ObjectiveState {
    /// Not judged yet.
    Pending,
    /// Kept.
    Met,
    /// Missed.
    Missed,
}

/// What is being undone, the latest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Rollback {
    /// `asked` by a person, or `cancel`: the incident is cancelled when all is undone.
    #[schema(value_type = String)]
    pub cause: SmolStr,
    /// Why.
    pub reason: String,
    /// What is undone, in this order.
    pub steps: Vec<Undoing>,
}

/// A step that was done, and what undoes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Undoing {
    /// The step that was done.
    pub step: StepId,
    /// The step that undoes it.
    pub by: StepId,
    /// Where that stands: `waiting` until it is its turn.
    #[schema(value_type = String)]
    pub state: SmolStr,
}
