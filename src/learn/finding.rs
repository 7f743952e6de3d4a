//! A finding: what went well or must become better, as a person sees it. Every change is kept. Pure.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use uuid::Uuid;

use crate::engine::Actor;
use crate::id::PlaybookId;
use crate::learn::propose::Proposal;
use crate::learn::subject::{How, Source, Subject};
use crate::text::Text;

/// The version of the stored form; fields are added, never changed.
pub const FINDING_FORMAT: u8 = 1;
/// The longest finding or action, in characters: a paragraph that a report can print.
pub const TEXT_CHARS_MAX: usize = 2_000;
/// The longest reason, in characters.
pub const REASON_CHARS_MAX: usize = 1_000;

/// Whether something went well.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// It went well and should stay.
    Strength,
    /// It must become better.
    Improvement,
}

/// Where a finding stands.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum FindingState {
    /// The journal shows it; no person has said what they think of it.
    Proposed,
    /// A person made it, or agreed.
    Accepted,
    /// A person looked and did not agree.
    Dismissed,
}

impl FindingState {
    /// Returns the stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Accepted => "accepted",
            Self::Dismissed => "dismissed",
        }
    }
}

/// A finding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The version of this form.
    pub format: u8,
    /// Its identity.
    pub id: Uuid,
    /// Whether it went well.
    pub kind: FindingKind,
    /// What was found.
    pub text: Text,
    /// What of the plan it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<Subject>,
    /// Where it was seen.
    pub source: Source,
    /// How real that was.
    pub how: How,
    /// The plan.
    pub playbook: PlaybookId,
    /// The plan's version then.
    pub playbook_hash: SmolStr,
    /// Where it stands.
    pub state: FindingState,
    /// What the journal shows it by, where it was proposed: stable over versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown_by: Option<SmolStr>,
    /// When it was made or proposed.
    pub at: Timestamp,
    /// Who made it; firebell where it was proposed.
    pub by: Actor,
    /// What people decided since, the earliest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decided: Vec<Decided>,
}

/// What a person decided of a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: Actor,
    /// What.
    pub state: FindingState,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// How often people may change their minds about one finding; more is a quarrel, not a record.
pub const DECISIONS_MAX: usize = 50;

impl Finding {
    /// Makes what is shown of a proposal that nobody has decided about.
    #[must_use]
    pub fn proposed(proposal: Proposal) -> Self {
        let Proposal { id, kind, text, about, source, how, playbook, playbook_hash, key, at } =
            proposal;
        Self {
            format: FINDING_FORMAT,
            id,
            kind,
            text,
            about,
            source,
            how,
            playbook,
            playbook_hash,
            state: FindingState::Proposed,
            shown_by: Some(key),
            at,
            by: Actor::System,
            decided: Vec::new(),
        }
    }

    /// Records what a person decided; `None` where it was decided too often.
    #[must_use]
    pub fn decide(
        mut self,
        state: FindingState,
        reason: Option<String>,
        by: Actor,
        at: Timestamp,
    ) -> Option<Self> {
        if self.decided.len() >= DECISIONS_MAX {
            return None;
        }
        self.state = state;
        self.decided.push(Decided { at, by, state, reason });
        Some(self)
    }
}
