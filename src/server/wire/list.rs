//! Lists: pages and rows.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::engine::{Mode, Status};
use crate::id::{IncidentId, PhaseId, PlaybookId, incident_number};
use crate::store;
use crate::text::Text;

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// The rows of this page.
    pub items: Vec<T>,
    /// Give it as `?cursor=` to get the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// An incident's row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Summary {
    /// Its identity.
    pub id: IncidentId,
    /// Its number as people say it: `INC-2026-0042`.
    pub number: String,
    /// The plan it runs.
    pub playbook: PlaybookId,
    /// What it is about.
    pub title: Text,
    /// Whether it is real.
    pub mode: Mode,
    /// Where it stands.
    pub status: Status,
    /// No way out of the phase can be taken.
    pub stuck: bool,
    /// Severity, 1 (worst) to 4.
    #[schema(minimum = 1, maximum = 4)]
    pub level: u8,
    /// A worse rule is still unknown.
    pub level_provisional: bool,
    /// The current phase.
    pub phase: PhaseId,
    /// What people call that phase, as the plan in force has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase_title: Option<Text>,
    /// When it was declared.
    pub declared_at: Timestamp,
    /// When it was closed or cancelled.
    pub closed_at: Option<Timestamp>,
    /// How many events it has.
    pub version: u64,
}

impl From<store::Summary> for Summary {
    fn from(row: store::Summary) -> Self {
        Self {
            id: row.id,
            number: incident_number(row.number, row.declared_at),
            playbook: row.playbook,
            title: row.title,
            mode: row.mode,
            status: row.status,
            stuck: row.stuck,
            level: row.level,
            level_provisional: row.level_provisional,
            phase: row.phase,
            phase_title: None,
            declared_at: row.declared_at,
            closed_at: row.closed_at,
            version: row.version,
        }
    }
}
