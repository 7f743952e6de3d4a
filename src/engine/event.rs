//! What has happened, in the past tense. Events are the only truth: state is a fold over them.
//!
//! Stored events are forever: golden files of every version still load. This file must not know
//! how events are stored or shown.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::clock::ClockKey;
use super::fact::Fact;
use super::run::RunKey;
use crate::id::{MomentId, NoticeId, PersonId, PlaybookId, RoleId, StepId};

/// The version of the stored form.
pub const EVENT_FORMAT: u8 = 1;

/// One thing that happened in an incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Its place in the incident's stream, from 1.
    pub seq: u64,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// When firebell learned of it; never before `occurred_at` by more than two minutes.
    pub recorded_at: Timestamp,
    /// Who did it.
    pub actor: Actor,
    /// The event that led to it by the plan's rules; `None` for what a person or the outside did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<u64>,
    /// What happened.
    #[serde(flatten)]
    pub fact: Fact,
}

/// How a person spoke who gave no token: what reached them stands for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Through {
    /// A link that was sent to them.
    Link,
    /// A reply to a short message.
    Reply,
    /// A key on the telephone.
    Telephone,
}

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Actor {
    /// A person, perhaps for another.
    Person {
        /// Who acted.
        id: PersonId,
        /// For whom.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        on_behalf_of: Option<PersonId>,
        /// Through what, where not with a token of their own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        through: Option<Through>,
    },
    /// Another program, by the name of its token.
    Service {
        /// The token's name.
        name: SmolStr,
    },
    /// firebell itself: a rule of the plan, a deadline, a channel's answer.
    System,
    /// A drill's script: injects and modelled people.
    Drill,
}

impl Actor {
    /// Makes the actor of a person acting for themselves.
    #[must_use]
    pub fn person(id: impl Into<PersonId>) -> Self {
        Self::Person { id: id.into(), on_behalf_of: None, through: None }
    }

    /// Returns the person whose act this counts as: the one acted for, else the one who acted.
    #[must_use]
    pub fn acting_person(&self) -> Option<&PersonId> {
        match self {
            Self::Person { id, on_behalf_of, .. } => Some(on_behalf_of.as_ref().unwrap_or(id)),
            Self::Service { .. } | Self::System | Self::Drill => None,
        }
    }
}

/// Which plan an incident runs, pinned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaybookRef {
    /// The plan's slug.
    pub id: PlaybookId,
    /// The hash of the version it began with.
    pub hash: SmolStr,
}

/// A moment that people and alerts can set.
///
/// Written as one word: `detected`, `aware`, or the name of a moment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "SmolStr", into = "SmolStr")]
pub enum SetMoment {
    /// When the trouble was noticed.
    Detected,
    /// When the organisation knew.
    Aware,
    /// A moment of a regime that the plan's clocks use.
    Named(MomentId),
}

impl From<SmolStr> for SetMoment {
    fn from(word: SmolStr) -> Self {
        match word.as_str() {
            "detected" => Self::Detected,
            "aware" => Self::Aware,
            name => Self::Named(MomentId::new(name)),
        }
    }
}

impl From<SetMoment> for SmolStr {
    fn from(moment: SetMoment) -> Self {
        match moment {
            SetMoment::Detected => Self::new_static("detected"),
            SetMoment::Aware => Self::new_static("aware"),
            SetMoment::Named(name) => Self::new(name.as_str()),
        }
    }
}

/// What a rollback is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RollbackCause {
    /// A person wants what was done undone; the incident goes on.
    Asked,
    /// The incident was a false alarm; it is cancelled when all is undone.
    Cancel,
}

/// A step that was done, and the run that undoes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undoing {
    /// The step.
    pub step: StepId,
    /// The first attempt of what undoes it.
    pub by: RunKey,
}

/// Why an incident is stuck.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum StuckReason {
    /// No entry of `next` holds.
    NoWayOut,
    /// The entry that holds has been taken as often as it may.
    SpentLoop {
        /// Its position.
        next: u32,
    },
    /// A blocking step failed with `stop`.
    FailedStep {
        /// The run.
        key: RunKey,
    },
}

/// Where values came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum ValueSource {
    /// Given when declaring, or a default of the plan.
    Input,
    /// A step's form.
    Form {
        /// The run.
        key: RunKey,
    },
    /// A step's `set`.
    Set {
        /// The run.
        key: RunKey,
    },
    /// Saved from an HTTP answer.
    Saved {
        /// The run.
        key: RunKey,
    },
    /// An alert.
    Alert,
    /// A surge.
    Surge,
    /// A drill's inject.
    Inject,
    /// Taken from a child that closed.
    Child {
        /// The run that asked for the child.
        key: RunKey,
    },
    /// Given, or a default of the new plan, when the incident was handed over.
    HandOff {
        /// The run that handed it over.
        key: RunKey,
    },
}

/// What comes to a step by itself at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum StepAlarm {
    /// The attempt runs out of time.
    Timeout {
        /// When.
        at: Timestamp,
    },
    /// The next attempt begins.
    Retry {
        /// When.
        at: Timestamp,
    },
    /// The next iteration begins.
    Iterate {
        /// When.
        at: Timestamp,
    },
    /// The wait is over.
    WaitOver {
        /// When.
        at: Timestamp,
    },
}

impl StepAlarm {
    /// Returns the same with its instant changed.
    #[must_use]
    pub fn map(self, change: impl Fn(Timestamp) -> Timestamp) -> Self {
        match self {
            Self::Timeout { at } => Self::Timeout { at: change(at) },
            Self::Retry { at } => Self::Retry { at: change(at) },
            Self::Iterate { at } => Self::Iterate { at: change(at) },
            Self::WaitOver { at } => Self::WaitOver { at: change(at) },
        }
    }

    /// Tells whether another attempt is what comes.
    #[must_use]
    pub const fn is_retry(&self) -> bool {
        matches!(self, Self::Retry { .. })
    }

    /// Returns the instant.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        match self {
            Self::Timeout { at }
            | Self::Retry { at }
            | Self::Iterate { at }
            | Self::WaitOver { at } => *at,
        }
    }
}

/// Which deadline of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeadlineName {
    /// `start_within`.
    Start,
    /// `due`.
    Due,
}

/// What a ladder is climbed for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum LadderSubject {
    /// Nobody took a role.
    Role {
        /// The role.
        role: RoleId,
    },
    /// A step is overdue or failed.
    Step {
        /// The run.
        key: RunKey,
    },
    /// The incident is stuck.
    Stuck,
    /// A notice reached nobody.
    Notice {
        /// The notice.
        notice: NoticeId,
    },
    /// A statutory clock runs out or has run out. No pause freezes it.
    Clock {
        /// Which.
        #[serde(flatten)]
        key: ClockKey,
    },
}

impl LadderSubject {
    /// Tells whether it is climbed for a statutory clock.
    #[must_use]
    pub const fn is_of_clock(&self) -> bool {
        matches!(self, Self::Clock { .. })
    }
}

/// Proof: a text, an address, or a file kept under its hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EvidenceItem {
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
    /// A file.
    File {
        /// SHA-256 of its content, in hex.
        hash: SmolStr,
        /// The name it came with.
        name: String,
        /// Its media type.
        media_type: String,
        /// Its size in bytes.
        size: u64,
    },
}

/// What is kept of an alert in the journal.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AlertNote {
    /// Its name.
    pub name: SmolStr,
    /// Its labels.
    #[serde(default)]
    pub labels: std::collections::BTreeMap<SmolStr, String>,
    /// Its annotations.
    #[serde(default)]
    pub annotations: std::collections::BTreeMap<SmolStr, String>,
}
