//! Drills as they are listed and started. Results travel as they are stored.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use utoipa::ToSchema;

use crate::drill::calendar::MissedWhy;
use crate::drill::diary::MissedRun;
use crate::drill::judge::{Given, Rating};
use crate::drill::result::{DrillResult, Outcome};
use crate::drill::scenario::{Kind, RunAs};
use crate::drill::score::Verdict;
use crate::id::{DrillId, DrillRunId, ObjectiveId, PersonId, PlaybookId};
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
    /// Nobody is told when it begins but its safety officers; for others `cron` and `next` are left
    /// out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub no_notice: bool,
    /// Its next planned instants; of a drill without notice, from when on it may begin.
    pub next: Vec<Timestamp>,
    /// When the next runs of a drill without notice begin, once that is drawn; for its safety
    /// officers and administrators alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub begins: Vec<Timestamp>,
    /// Drills whose planned runs fall together with its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overlaps: Vec<DrillOverlap>,
    /// Planned runs that did not take place, the latest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missed: Vec<MissedDrill>,
    /// Its runs under way.
    pub running: Vec<DrillRunId>,
    /// Its latest result.
    pub last: Option<LastRun>,
}

/// Another drill that falls together with this one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DrillOverlap {
    /// The other drill.
    pub drill: DrillId,
    /// When both first go on.
    pub at: Timestamp,
    /// Whom both ask first; missing where both rehearse one plan.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<PersonId>,
}

/// A planned run that did not take place.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MissedDrill {
    /// When it was to begin.
    pub at: Timestamp,
    /// `downtime`, `superseded`, `overlap`, `live_incident`, `not_available`,
    /// `not_ready`, `not_in_force` or `paged_lately`.
    #[schema(value_type = String)]
    pub why: MissedWhy,
    /// The particulars.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<Text>,
    /// Further ones from this instant on, too many to list.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub and_more: bool,
}

impl From<MissedRun> for MissedDrill {
    fn from(missed: MissedRun) -> Self {
        let MissedRun { at, why, said, and_more } = missed;
        Self { at, why, said, and_more }
    }
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
    /// The live incident that a shadow goes beside, by id or number; the latest open one of its plan
    /// where missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beside: Option<String>,
    /// Start a drill with people whatever stands in its way; its timeline then says so.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub anyway: bool,
}

/// Lets a drill under way stand still.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PauseRun {
    /// Why.
    pub reason: String,
}

/// Stops a drill under way for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EndRun {
    /// Why.
    pub reason: String,
}

/// Steps the clock of a tabletop: exactly one of these.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdvanceRun {
    /// To this instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Timestamp>,
    /// By so much, `10m`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// To whatever comes next: an inject or a deadline.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub next: bool,
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
    /// How many samples are made, of a simulated drill.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made: Option<u64>,
    /// Of how many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<u64>,
}

/// Answers a question of a drill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RateDrill {
    /// `P`, `S`, `M` or `U`; or `yes` or `no`.
    #[schema(value_type = String)]
    pub rating: Rating,
    /// Why, at most 2000 characters.
    #[serde(default)]
    pub note: String,
}

/// Says what an evaluator saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Observe {
    /// What, at most 2000 characters.
    pub text: String,
    /// The objective it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objective: Option<ObjectiveId>,
}

/// A run as evaluators see it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct JudgedRun {
    /// The run.
    pub run: DrillRunId,
    /// The drill.
    pub drill: DrillId,
    /// What evaluators are asked, and what they said.
    pub questions: Vec<AskedOfEvaluators>,
    /// What else they saw.
    pub observations: Vec<SeenByEvaluator>,
    /// Until when it may be judged; missing while the run goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_until: Option<Timestamp>,
}

/// A question, and what evaluators said to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AskedOfEvaluators {
    /// What it is known by.
    #[schema(value_type = String)]
    pub key: SmolStr,
    /// What is asked.
    pub asked: Text,
    /// `PSMU` or `yes-no`.
    #[schema(value_type = String)]
    pub scale: SmolStr,
    /// What each evaluator says now.
    pub ratings: Vec<RatedHistory>,
}

/// What an evaluator says, and said before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RatedHistory {
    /// Who.
    #[schema(value_type = String)]
    pub by: SmolStr,
    /// The rating.
    #[schema(value_type = String)]
    pub rating: Rating,
    /// Why.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// When.
    pub at: Timestamp,
    /// What they said before, the first first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<Object>)]
    pub before: Vec<Given>,
}

/// What an evaluator saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SeenByEvaluator {
    /// Who.
    #[schema(value_type = String)]
    pub by: SmolStr,
    /// What.
    pub text: String,
    /// The objective it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub objective: Option<SmolStr>,
    /// When it was written down.
    pub at: Timestamp,
}
