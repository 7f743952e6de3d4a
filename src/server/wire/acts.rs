//! What requests carry: one body for each act. Fields that are not known are refused, so that a
//! misspelt one is not silently without effect.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use smol_str::SmolStr;
use utoipa::ToSchema;

use crate::engine::{EvidenceItem, SetMoment};
use crate::id::{PersonId, PhaseId, PlaybookId, VarId};

/// A body that may say when it happened.
pub trait Timed {
    /// Returns when it happened, where that was earlier than now.
    fn occurred_at(&self) -> Option<Timestamp>;
}

macro_rules! bodies {
    ($($(#[$doc:meta])* $name:ident { $($(#[$attr:meta])* $field:ident: $type:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $($(#[$attr])* pub $field: $type,)*
            /// When it happened, where that was earlier; never before its anchor, at most two
            /// minutes ahead.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub occurred_at: Option<Timestamp>,
        }

        impl Timed for $name {
            fn occurred_at(&self) -> Option<Timestamp> {
                self.occurred_at
            }
        }
    )*};
}

/// Declares a live incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Declare {
    /// The plan.
    pub playbook: PlaybookId,
    /// What it is about; the plan's title where missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The caller's word on the level, 1 (worst) to 4; overrules the plan's rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 4)]
    pub level: Option<u8>,
    /// The plan's inputs, by name.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = Object)]
    pub inputs: Map<String, Json>,
    /// When the trouble was noticed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detected_at: Option<Timestamp>,
    /// Requests with the same key mean the same trouble: while it is open, they are answered with
    /// the one incident.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dedup_key: Option<String>,
}

bodies! {
    /// An act that needs no words.
    Plain {}
    /// An act that needs a reason.
    Because {
        /// Why.
        reason: String,
    }
    /// Ends an incident as a false alarm.
    Cancel {
        /// Why.
        reason: String,
        /// Why what was done is left as it is; without it, it is undone first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        as_is: Option<String>,
    }
    /// An act that may carry a remark.
    Remark {
        /// A remark.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    }
    /// Says "not me".
    Decline {
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    }
    /// Gives a role to a person, who must acknowledge.
    Assign {
        /// The person.
        to: PersonId,
    }
    /// Passes a role on.
    HandOver {
        /// To whom.
        to: PersonId,
        /// What they must know.
        note: String,
    }
    /// Ticks or unticks an item of a checklist.
    Check {
        /// Its path of positions: `2`, `2.1`.
        #[schema(value_type = String)]
        item: SmolStr,
        /// Ticked.
        #[serde(default = "yes")]
        done: bool,
    }
    /// Finishes a step.
    Complete {
        /// The form's answers, by name.
        #[serde(default, skip_serializing_if = "Map::is_empty")]
        #[schema(value_type = Object)]
        form: Map<String, Json>,
        /// Proof; files are sent to `…/evidence?step=` beforehand.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        evidence: Vec<Evidence>,
        /// A number for the step's measure.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        measure: Option<f64>,
        /// A remark.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    }
    /// Chooses.
    Answer {
        /// The option.
        #[schema(value_type = String)]
        option: SmolStr,
        /// A remark.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    }
    /// Sets the level over the rules.
    Level {
        /// 1 (worst) to 4.
        #[schema(minimum = 1, maximum = 4)]
        level: u8,
        /// Why.
        reason: String,
    }
    /// Writes something down.
    Note {
        /// What.
        text: String,
    }
    /// Records a measured number.
    Measure {
        /// The measure.
        name: VarId,
        /// The number.
        value: f64,
    }
    /// Records that a stage of a statutory clock was submitted.
    Submit {
        /// Why it was late; must be there where it was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// What the authority calls it: a receipt number.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
    }
    /// Proposes not to notify, or answers such a proposal as another person.
    NotNotify {
        /// Why; must be there in a proposal.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// Answers what another person proposed: approves it, or not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        approve: Option<bool>,
    }
    /// Records that an authority granted more time.
    Extend {
        /// Until when.
        until: Timestamp,
        /// Who granted it.
        by: String,
        /// The document that says so.
        document: String,
    }
    /// Says when the trouble was noticed, when the organisation knew, or when a moment came that a
    /// regime of the plan counts from.
    Moment {
        /// `detected`, `aware`, or a moment of a regime.
        #[schema(value_type = String)]
        moment: SetMoment,
        /// The instant.
        at: Timestamp,
        /// What shows it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        grounds: Option<String>,
    }
    /// Answers late what was asked when declaring.
    Inputs {
        /// By name.
        #[schema(value_type = Object)]
        values: Map<String, Json>,
    }
    /// Moves to a phase.
    MovePhase {
        /// The phase.
        to: PhaseId,
        /// Why.
        reason: String,
    }
    /// Ends an incident.
    Close {
        /// Why what is still open is overruled, where it is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        force: Option<String>,
    }
    /// Works on a settled step again.
    Reopen {
        /// Why.
        reason: String,
    }
    /// Runs an ended incident again.
    ReopenIncident {
        /// The phase; the last where missing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        phase: Option<PhaseId>,
        /// Why.
        reason: String,
    }
    /// Sets an earlier entry right; the earlier one stays.
    Correct {
        /// Its place in the stream.
        of: u64,
        /// What is right.
        text: String,
    }
    /// Erases personal content; the chain of hashes stays valid.
    Redact {
        /// Single pieces: personal values by the references that the timeline names, files by
        /// their hash.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        references: Vec<String>,
        /// Inputs and fields of forms: everything ever given for them.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        fields: Vec<VarId>,
        /// Why.
        reason: String,
    }
    /// Ends an incident in favour of another that is about the same trouble.
    Merge {
        /// The other: its id or its number.
        into: String,
    }
    /// Links another incident.
    Link {
        /// The other: its id or its number.
        to: String,
        /// `duplicate`, `caused_by` or `related`.
        #[schema(value_type = String)]
        relation: SmolStr,
    }
    /// Attaches words or an address as proof.
    AddEvidence {
        /// The step it belongs to: `{step}` or `{step}:{item}`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<String>,
        /// The moment it shows, in place of a step: `detected`, `aware`, or a moment of a regime.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        moment: Option<SetMoment>,
        /// The proof.
        evidence: Evidence,
    }
}

const fn yes() -> bool {
    true
}

/// Proof that is no file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Evidence {
    /// Words.
    Text {
        /// The words.
        text: String,
    },
    /// An address.
    Url {
        /// The address.
        url: String,
    },
}

impl From<Evidence> for EvidenceItem {
    fn from(evidence: Evidence) -> Self {
        match evidence {
            Evidence::Text { text } => Self::Text { text },
            Evidence::Url { url } => Self::Url { url },
        }
    }
}

/// A file that was attached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Attached {
    /// SHA-256 of its content, in hex: the last part of its address.
    pub hash: String,
    /// Its size in bytes.
    pub size: u64,
    /// The name it came with.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// The incident's version with it.
    pub version: u64,
}
