//! What the caller should do now: their open work, and what each piece allows.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use smol_str::SmolStr;
use utoipa::ToSchema;

use crate::id::{PhaseId, RoleId, StepId};
use crate::text::Text;

/// One thing that waits for the caller. `allows` holds the last parts of the paths that may be
/// posted to now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Work {
    /// A role was offered or given to the caller, who has not acknowledged it.
    Role {
        /// The role.
        role: RoleId,
        /// What people call it.
        title: Text,
        /// `claim`, `acknowledge`, `decline`.
        #[schema(value_type = Vec<String>)]
        allows: Vec<SmolStr>,
        /// By when.
        acknowledge_by: Option<Timestamp>,
    },
    /// A step waits for the caller.
    Step {
        /// The step.
        step: StepId,
        /// The exact run.
        key: String,
        /// The item of a for-each.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        item: Option<u32>,
        /// What people call it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<Text>,
        /// `ready`, `active`, `failed`.
        #[schema(value_type = String)]
        state: SmolStr,
        /// `claim`, `start`, `check`, `complete`, `fail`, `skip`, `retry`, `answer`, `approve`,
        /// `reject`.
        #[schema(value_type = Vec<String>)]
        allows: Vec<SmolStr>,
        /// What to do, in Markdown.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        instructions: Option<Text>,
        /// What to fill in.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        form: Vec<FormField>,
        /// What to tick off.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        checklist: Vec<ChecklistItem>,
        /// What can be chosen.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[schema(value_type = Vec<String>)]
        options: Vec<SmolStr>,
        /// It cannot be completed without proof.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        evidence_required: bool,
        /// By when it must be finished.
        due_at: Option<Timestamp>,
        /// A deadline of it has passed.
        overdue: bool,
    },
    /// The caller commands, and no way out of the phase can be taken.
    Stuck {
        /// The phase.
        phase: PhaseId,
        /// Why.
        why: Json,
        /// `phase`, `close`, `cancel`, or acts on the step that failed.
        #[schema(value_type = Vec<String>)]
        allows: Vec<SmolStr>,
    },
    /// The caller commands, and a worse level depends on what nobody has said yet.
    Facts {
        /// The unknown names.
        #[schema(value_type = Vec<String>)]
        names: Vec<SmolStr>,
        /// `inputs`, `level`.
        #[schema(value_type = Vec<String>)]
        allows: Vec<SmolStr>,
    },
    /// The caller commands, and nothing is left to do but to close.
    Close {
        /// `close`.
        #[schema(value_type = Vec<String>)]
        allows: Vec<SmolStr>,
    },
}

/// A field of a form or an input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FormField {
    /// The variable that the answer becomes.
    #[schema(value_type = String)]
    pub id: SmolStr,
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<Text>,
    /// How to answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<Text>,
    /// `integer`, `number`, `string`, `text`, `boolean`, `date`, `datetime`, `duration`, `list`,
    /// `choice` or `person`.
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    pub kind: SmolStr,
    /// An answer must be given.
    pub required: bool,
    /// What can be chosen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    pub options: Vec<SmolStr>,
    /// Taken when no answer is given, or known already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Json>,
    /// Holds personal data.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub personal: bool,
}

/// An item to tick off.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChecklistItem {
    /// Its path of positions: what `item` of a check takes.
    #[schema(value_type = String)]
    pub item: SmolStr,
    /// What it says.
    pub title: Text,
    /// It is ticked.
    pub done: bool,
    /// It may be left open.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
}
