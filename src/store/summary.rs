//! The row of an incident: what a list shows and what a lookup needs, without reading events.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Digest;
use crate::engine::{Mode, Status};
use crate::id::{IncidentId, PersonId, PhaseId, PlaybookId};
use crate::text::Text;

/// An incident's row. It is replaced by every append, in the same atomic unit as the events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// The incident.
    pub id: IncidentId,
    /// Its number, unique in the store, counted from 1; lists are ordered by it.
    pub number: u64,
    /// The playbook it runs.
    pub playbook: PlaybookId,
    /// The joint hash under which that playbook is pinned.
    pub playbook_hash: Digest,
    /// Its title.
    pub title: Text,
    /// Live, drill or simulation.
    pub mode: Mode,
    /// Where it stands.
    pub status: Status,
    /// Whether no `next` entry could be taken.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stuck: bool,
    /// Severity, 1 (worst) to 4.
    pub level: u8,
    /// Whether a worse level rule is still unknown.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub level_provisional: bool,
    /// The current phase.
    pub phase: PhaseId,
    /// When it began to happen.
    pub detected_at: Timestamp,
    /// When it was declared.
    pub declared_at: Timestamp,
    /// When it was closed or cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Timestamp>,
    /// Whether only entitled people may see it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub restricted: bool,
    /// Who is entitled by taking part; used for restricted incidents only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub involved: Vec<PersonId>,
    /// The caller's name for what happens; unique among open incidents of one mode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dedup_key: Option<String>,
    /// How many events it has. The store fills it in.
    pub version: u64,
    /// How many notices still wait for an outcome.
    #[serde(default)]
    pub pending_notices: u32,
    /// How many stages of statutory clocks still wait to be submitted.
    #[serde(default, skip_serializing_if = "is_none_left")]
    pub open_clocks: u32,
}

/// Tells whether nothing is left; most rows say so by leaving it out.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
const fn is_none_left(count: &u32) -> bool {
    *count == 0
}

impl Summary {
    /// Writes the stored form.
    pub(super) fn put_json(&self, bytes: &mut Vec<u8>) {
        serde_json::to_writer(bytes, self).expect("a struct of numbers and texts has a JSON form");
    }
}

/// Which incidents a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// Those that still run; answered without touching the others.
    Open,
    /// Closed and cancelled ones, archived ones included.
    Ended,
    /// All.
    All,
}

impl Which {
    /// Tells whether an incident of this status belongs to the list.
    #[must_use]
    pub const fn admits(self, status: Status) -> bool {
        match self {
            Self::Open => status.is_open(),
            Self::Ended => !status.is_open(),
            Self::All => true,
        }
    }
}

/// One page of a list, newest number first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Query {
    /// Which incidents.
    pub which: Which,
    /// Only numbers below this one: the last number of the page before.
    pub before: Option<u64>,
    /// At most so many rows; cut to [`Query::MAX_ROWS`].
    pub limit: usize,
}

impl Query {
    /// The largest page: bounds the memory of one request.
    pub const MAX_ROWS: usize = 1_000;

    /// Returns the bounded page size.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.limit.min(Self::MAX_ROWS)
    }
}
