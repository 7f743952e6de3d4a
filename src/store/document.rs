//! Small documents beside the journal: pinned playbooks, drill results, tokens, settings.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::batch::{bound, is_name};
use super::{Batch, StoreError};

/// What a document is. The byte is part of the stored format: kinds are added, never renumbered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Kind {
    /// A canonical playbook with its libraries, named by their joint hash.
    Pin = 1,
    /// The result of one run of a drill.
    DrillResult = 2,
    /// What a drill's schedule has fired.
    DrillSchedule = 3,
    /// An access token's record, named by its id.
    Token = 4,
    /// An override of an on-call schedule.
    Override = 5,
    /// A setting of the installation.
    Setting = 6,
    /// The counters of a monitor.
    Monitor = 7,
    /// The answer to a keyed request that was about no incident, named by its key.
    Answer = 8,
    /// An erasure that is on record and not yet carried out.
    Erasure = 9,
    /// When a contact of a person was asked and confirmed, named by both.
    Reach = 10,
    /// What arrived from other tools and led to nothing, named by its slot.
    Unmatched = 11,
    /// An offer to change shifts with another person.
    Swap = 12,
    /// The right to read a roster as a calendar, named by the hash of its secret.
    Feed = 13,
    /// What is handed over at one change of shift, named by schedule and instant.
    Handover = 14,
    /// The last good copy of a calendar that a schedule takes its shifts from.
    Calendar = 15,
    /// A message about a roster that was sent, named by what it is about.
    RosterNotice = 16,
    /// What was changed, as other tools told it, named by its slot.
    Change = 17,
    /// When a body of another tool arrived and what it led to, named by its number.
    Arrival = 18,
    /// Such a body, named by its SHA-256 hash.
    Body = 19,
    /// A trouble of which something waits to be said, named by its hash.
    Trouble = 20,
    /// A silence that a person made, named by its id.
    Silence = 21,
    /// What was found in a drill or an incident, named by its id.
    Finding = 22,
    /// What is to be done about it, named by its id.
    Action = 23,
    /// What an ended live incident exercised of its plan, named by its number.
    Lesson = 24,
    /// What people were reminded of, named by what it is about.
    Reminder = 25,
    /// What one evaluator says of one run of a drill, named by both.
    DrillJudgement = 26,
}

impl Kind {
    /// All kinds, in the order of their stored bytes.
    pub const ALL: [Self; 26] = [
        Self::Pin,
        Self::DrillResult,
        Self::DrillSchedule,
        Self::Token,
        Self::Override,
        Self::Setting,
        Self::Monitor,
        Self::Answer,
        Self::Erasure,
        Self::Reach,
        Self::Unmatched,
        Self::Swap,
        Self::Feed,
        Self::Handover,
        Self::Calendar,
        Self::RosterNotice,
        Self::Change,
        Self::Arrival,
        Self::Body,
        Self::Trouble,
        Self::Silence,
        Self::Finding,
        Self::Action,
        Self::Lesson,
        Self::Reminder,
        Self::DrillJudgement,
    ];

    /// Returns the stored byte.
    #[must_use]
    pub const fn byte(self) -> u8 {
        self as u8
    }

    /// Returns the name used in messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pin => "pin",
            Self::DrillResult => "drill-result",
            Self::DrillSchedule => "drill-schedule",
            Self::Token => "token",
            Self::Override => "override",
            Self::Setting => "setting",
            Self::Monitor => "monitor",
            Self::Answer => "answer",
            Self::Erasure => "erasure",
            Self::Reach => "reach",
            Self::Unmatched => "unmatched",
            Self::Swap => "swap",
            Self::Feed => "feed",
            Self::Handover => "handover",
            Self::Calendar => "calendar",
            Self::RosterNotice => "roster-notice",
            Self::Change => "change",
            Self::Arrival => "arrival",
            Self::Body => "body",
            Self::Trouble => "trouble",
            Self::Silence => "silence",
            Self::Finding => "finding",
            Self::Action => "action",
            Self::Lesson => "lesson",
            Self::Reminder => "reminder",
            Self::DrillJudgement => "drill-judgement",
        }
    }
}

/// A stored document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Its kind.
    pub kind: Kind,
    /// Its name, unique in its kind; lists are ordered by it.
    pub name: String,
    /// How often it was written, counted from 1. A document that is deleted and written again
    /// begins anew.
    pub version: u64,
    /// Its bytes.
    pub content: Vec<u8>,
}

impl Document {
    /// Reads what it says; what does not read is said and passed over, so that one bad document
    /// does not hide the others.
    #[must_use]
    pub fn read<T: DeserializeOwned>(&self) -> Option<T> {
        let read = serde_json::from_slice(&self.content);
        read.inspect_err(|error| {
            let (kind, name) = (self.kind.name(), &self.name);
            tracing::error!(kind, name, %error, "a stored document does not read");
        })
        .ok()
    }
}

/// What must hold before a change is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// Nothing: the last writer wins.
    Any,
    /// The document does not exist.
    Absent,
    /// The document has this version.
    Version(u64),
}

impl Expect {
    /// Tells whether a document of this version (`None`: no document) may be changed.
    #[must_use]
    pub fn admits(self, actual: Option<u64>) -> bool {
        match self {
            Self::Any => true,
            Self::Absent => actual.is_none(),
            Self::Version(version) => actual == Some(version),
        }
    }
}

/// One change of one document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The document's kind.
    pub kind: Kind,
    /// The document's name.
    pub name: String,
    /// What must hold.
    pub expect: Expect,
    /// The new content; `None` deletes.
    pub content: Option<Vec<u8>>,
}

impl Change {
    /// The longest name of a document and the longest reference of personal content.
    pub const MAX_NAME_BYTES: usize = 256;

    /// Makes a write.
    #[must_use]
    pub fn write(kind: Kind, name: impl Into<String>, expect: Expect, content: Vec<u8>) -> Self {
        Self { kind, name: name.into(), expect, content: Some(content) }
    }

    /// Makes a write of plain data in the form that [`Document::read`] reads.
    ///
    /// # Panics
    /// What has no JSON form; numbers, texts, lists and maps by text have one.
    #[must_use]
    pub fn keep(
        kind: Kind,
        name: impl Into<String>,
        expect: Expect,
        value: &impl Serialize,
    ) -> Self {
        let content = serde_json::to_vec(value).expect("plain data has a JSON form");
        Self::write(kind, name, expect, content)
    }

    /// Makes a deletion; deleting what does not exist is allowed with [`Expect::Any`].
    #[must_use]
    pub fn delete(kind: Kind, name: impl Into<String>, expect: Expect) -> Self {
        Self { kind, name: name.into(), expect, content: None }
    }

    /// Returns the bytes of its content.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.name.len() + self.content.as_ref().map_or(0, Vec::len)
    }

    /// Checks the bounds of changes that are made together.
    pub(super) fn check_all(changes: &[Self]) -> Result<(), StoreError> {
        bound("bytes of one append", changes.iter().map(Self::bytes).sum(), Batch::MAX_BYTES)?;
        changes.iter().try_for_each(Self::check)
    }

    /// Checks the bounds of the name.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        if !is_name(&self.name) {
            return Err(StoreError::Invalid { why: "a document's name is empty or holds a NUL" });
        }
        bound("bytes of a document's name", self.name.len(), Self::MAX_NAME_BYTES)
    }
}
