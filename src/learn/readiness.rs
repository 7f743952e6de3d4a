//! How ready each plan is: drilled as often as it is to be, when next, how it went, what no drill
//! has covered, and whether real work goes as it was drilled. Pure.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use utoipa::ToSchema;

use crate::drill::result::Outcome;
use crate::drill::score::Verdict;
use crate::id::{DrillId, PlaybookId, TeamId};
use crate::learn::cadence::{Cadence, DrillState, is_this_year, standing};
use crate::learn::coverage::{Coverage, KindCoverage, PartKind, PartState, coverage};
use crate::learn::drift::{Drifted, StepTimes, drift};
use crate::learn::experience::Experience;
use crate::learn::subject::{How, Source};
use crate::people::Zone;
use crate::playbook::Playbook;
use crate::text::Text;

/// How many of its latest drills a plan's trend shows.
pub const TREND_MAX: usize = 12;

/// How ready a plan is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PlanReadiness {
    /// The plan.
    pub playbook: PlaybookId,
    /// What people call it.
    pub title: Text,
    /// The version in force.
    #[schema(value_type = String)]
    pub version: SmolStr,
    /// The team that keeps it true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<TeamId>,
    /// The classes of risk it answers.
    #[schema(value_type = Vec<String>)]
    pub risks: Vec<SmolStr>,
    /// How many drills are wanted in a year.
    pub per_year: u8,
    /// How many came to their end in the last 365 days.
    pub done_in_year: u32,
    /// Whether it was drilled as often as it is to be.
    pub state: DrillState,
    /// By when the next drill is to have taken place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_due_at: Option<Timestamp>,
    /// The last drill that came to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_drill: Option<DrillRun>,
    /// When people last took part in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_with_people_at: Option<Timestamp>,
    /// When a real incident last ran it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_live_at: Option<Timestamp>,
    /// Why what was drilled may no longer hold.
    pub stale: Vec<Stale>,
    /// Its latest drills, the latest first.
    pub trend: Vec<DrillRun>,
    /// What of it was exercised.
    pub coverage: CoverageSummary,
    /// The steps of which real work differs from what was drilled, with enough runs to say so.
    pub drift: Vec<StepTimes>,
}

/// One drill of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DrillRun {
    /// Which run: `run`.
    #[serde(flatten)]
    pub source: Source,
    /// The drill.
    pub drill: DrillId,
    /// How real it was.
    pub how: How,
    /// When it really began.
    pub at: Timestamp,
    /// `completed`, `aborted`, `interrupted` or `error`.
    #[schema(value_type = String)]
    pub outcome: Outcome,
    /// `passed`, `failed` or `not_judged`.
    #[schema(value_type = String)]
    pub verdict: Verdict,
    /// 0 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<u8>,
    /// It cannot be compared with the run before it: another drill, another way of running it, or
    /// another version of the plan.
    pub is_break: bool,
    /// Points gained on the run before it, where the two can be compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score_change: Option<i16>,
}

/// Why what was drilled may no longer hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stale {
    /// No drill of it ever came to its end.
    NeverDrilled,
    /// The plan was changed since the last drill.
    ChangedSince,
    /// Only simulations drilled it: no person did.
    OnlySimulated,
    /// Its review is overdue.
    ReviewOverdue,
    /// Some of its steps no run exercised as the plan has them now.
    UncoveredSteps,
}

/// What of a plan was exercised, in short.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CoverageSummary {
    /// A run of the plan was looked at.
    pub assessed: bool,
    /// By kind of part.
    pub kinds: Vec<KindCoverage>,
    /// The steps that no run exercised as the plan has them now.
    #[schema(value_type = Vec<String>)]
    pub uncovered_steps: Vec<SmolStr>,
}

/// What readiness is reckoned with.
#[derive(Debug, Clone, Copy)]
pub struct Reckoning<'a> {
    /// How often plans are due.
    pub cadence: &'a Cadence,
    /// The zone that days are counted in.
    pub zone: &'a Zone,
    /// The present instant.
    pub now: Timestamp,
}

/// Reckons how ready a plan is. `runs` are all drills and incidents of the plan, the latest first;
/// `known` is when it was first in force.
#[must_use]
pub fn plan_readiness(
    playbook: &Playbook,
    runs: &[&Experience],
    known: Timestamp,
    with: Reckoning<'_>,
) -> PlanReadiness {
    let now = with.now;
    let ended = || runs.iter().filter(|run| run.drill.is_some() && run.completed);
    let last = ended().next();
    let per_year = with.cadence.per_year(playbook);
    let stands = standing(per_year, last.map(|run| run.began_at), known, now);
    let this_year = ended().filter(|run| is_this_year(run.began_at, now)).count();
    let people = ended().find(|run| run.how > How::Simulated);
    let coverage = coverage(playbook, runs.iter().copied(), now);
    let trend = trend(runs);
    PlanReadiness {
        playbook: playbook.id.clone(),
        title: playbook.title.clone(),
        version: playbook.hash.clone(),
        owner: playbook.owner.clone(),
        risks: playbook.risks.clone(),
        per_year,
        done_in_year: u32::try_from(this_year).unwrap_or(u32::MAX),
        state: stands.state,
        next_due_at: stands.next_due_at,
        last_drill: last.and_then(|last| {
            trend.iter().find(|run| run.source == last.source).cloned().or_else(|| drill_run(last))
        }),
        last_with_people_at: people.map(|run| run.began_at),
        last_live_at: runs.iter().find(|run| run.how == How::Live).map(|run| run.began_at),
        stale: stale(playbook, last.copied(), people.is_some(), &coverage, with),
        trend,
        drift: drift(runs.iter().copied()).into_iter().filter(is_shown).collect(),
        coverage: summary(coverage),
    }
}

/// Tells whether the times of a step say anything of drills against real work.
fn is_shown(times: &StepTimes) -> bool {
    [times.to_begin, times.to_finish]
        .iter()
        .any(|one| matches!(one.drift, Drifted::LiveFaster | Drifted::LiveSlower))
}

fn stale(
    playbook: &Playbook,
    last: Option<&Experience>,
    with_people: bool,
    coverage: &Coverage,
    with: Reckoning<'_>,
) -> Vec<Stale> {
    let uncovered = coverage
        .parts
        .iter()
        .any(|part| part.kind == PartKind::Step && part.state != PartState::Exercised);
    let checks = [
        (last.is_none(), Stale::NeverDrilled),
        (last.is_some_and(|run| run.playbook_hash != playbook.hash), Stale::ChangedSince),
        (last.is_some() && !with_people, Stale::OnlySimulated),
        (review_is_overdue(playbook, with), Stale::ReviewOverdue),
        (coverage.assessed && uncovered, Stale::UncoveredSteps),
    ];
    checks.into_iter().filter_map(|(holds, why)| holds.then_some(why)).collect()
}

fn review_is_overdue(playbook: &Playbook, with: Reckoning<'_>) -> bool {
    let (Some(on), Some(every)) = (playbook.reviewed_on, playbook.review_every) else {
        return false;
    };
    let reviewed = with.zone.first_showing(on.at(0, 0, 0, 0));
    let until = reviewed.and_then(|at| playbook.later(every, at));
    until.is_some_and(|until| until < with.now)
}

fn drill_run(run: &Experience) -> Option<DrillRun> {
    let drilled = run.drill.as_ref()?;
    Some(DrillRun {
        source: run.source,
        drill: drilled.drill.clone(),
        how: run.how,
        at: run.began_at,
        outcome: drilled.outcome,
        verdict: drilled.verdict,
        score: drilled.score,
        is_break: true,
        score_change: None,
    })
}

/// Lists the latest drills, each against the one before it.
fn trend(runs: &[&Experience]) -> Vec<DrillRun> {
    let drills: Vec<&Experience> =
        runs.iter().copied().filter(|run| run.drill.is_some()).take(TREND_MAX + 1).collect();
    let shown = drills.iter().take(TREND_MAX).enumerate().filter_map(|(nth, run)| {
        let mut row = drill_run(run)?;
        let before = drills.get(nth + 1).filter(|before| is_alike(run, before));
        let before = before.and_then(|before| before.drill.as_ref());
        row.is_break = before.is_none();
        let scores = before.and_then(|before| before.score).zip(row.score);
        row.score_change = scores.map(|(before, after)| i16::from(after) - i16::from(before));
        Some(row)
    });
    shown.collect()
}

/// Only the same drill of the same version of the plan, run in the same way, tells of people.
fn is_alike(run: &Experience, before: &Experience) -> bool {
    let scenario = |run: &Experience| run.drill.as_ref().map(|drill| drill.scenario_hash.clone());
    run.how == before.how
        && run.playbook_hash == before.playbook_hash
        && scenario(run) == scenario(before)
}

fn summary(coverage: Coverage) -> CoverageSummary {
    let uncovered = coverage
        .parts
        .into_iter()
        .filter(|part| part.kind == PartKind::Step && part.state != PartState::Exercised);
    CoverageSummary {
        assessed: coverage.assessed,
        kinds: coverage.kinds,
        uncovered_steps: uncovered.map(|part| part.name).collect(),
    }
}

impl Stale {
    /// Says it in words.
    #[must_use]
    pub fn words(self) -> Text {
        match self {
            Self::NeverDrilled => Text::both("从未演练", "never drilled"),
            Self::ChangedSince => {
                Text::both("上次演练后预案有改动", "changed since the last drill")
            }
            Self::OnlySimulated => {
                Text::both("只做过模拟，无人参与", "only simulated, nobody took part")
            }
            Self::ReviewOverdue => Text::both("评审逾期", "its review is overdue"),
            Self::UncoveredSteps => Text::both("有步骤未演练到", "some steps were never exercised"),
        }
    }
}

#[cfg(test)]
mod tests;
