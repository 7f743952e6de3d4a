//! Drills as they are listed and started. Results travel as they are stored.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use utoipa::ToSchema;

use crate::drill::result::{DrillResult, Outcome};
use crate::drill::scenario::{Kind, RunAs};
use crate::drill::score::Verdict;
use crate::id::{DrillId, DrillRunId, PlaybookId};
use crate::text::Text;

/// A drill and when it takes place.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Drill {
    /// The drill.
    pub drill: DrillId,
    /// What people call it.
    pub title: Text,
    /// The plan it rehearses.
    pub playbook: PlaybookId,
    /// `tabletop`, `functional` or `full-scale`.
    #[schema(value_type = String)]
    pub kind: Kind,
    /// `simulated`, `exercise`, `tabletop` or `shadow`.
    #[schema(value_type = String)]
    pub run: RunAs,
    /// Its schedule as it is written; absent where it is only run by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cron: Option<String>,
    /// Its next planned instants.
    pub next: Vec<Timestamp>,
    /// Its runs under way.
    pub running: Vec<DrillRunId>,
    /// Its latest result.
    pub last: Option<LastRun>,
}

/// A result in short.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct LastRun {
    /// The run.
    pub run: DrillRunId,
    /// When it was really begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ran_at: Option<Timestamp>,
    /// When it began, in its own time.
    pub started_at: Timestamp,
    /// `completed`, `aborted`, `interrupted` or `error`.
    #[schema(value_type = String)]
    pub outcome: Outcome,
    /// `passed`, `failed` or `not_judged`.
    #[schema(value_type = String)]
    pub verdict: Verdict,
    /// 0 to 100.
    pub score: Option<u8>,
}

impl From<&DrillResult> for LastRun {
    fn from(result: &DrillResult) -> Self {
        Self {
            run: result.run,
            ran_at: result.ran_at,
            started_at: result.started_at,
            outcome: result.outcome,
            verdict: result.verdict,
            score: result.score,
        }
    }
}

/// Starts a drill.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RunDrill {
    /// What the draws of a simulated run derive from; the drill's own where missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
}

/// A drill that goes on; its result follows under the same address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RunStarted {
    /// The run.
    pub run: DrillRunId,
    /// The drill.
    pub drill: DrillId,
    /// `running`.
    #[schema(value_type = String)]
    pub state: SmolStr,
}
