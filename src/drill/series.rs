//! The runs of one drill in order of time: which of them compare with one another, and whether it
//! gets better. Pure; it must not know where results are kept or how a series is shown.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::drill::expect::Part;
use crate::drill::result::{DrillResult, Outcome};
use crate::drill::scenario::RunAs;
use crate::drill::score::{Judgement, Verdict};
use crate::id::{DrillId, DrillRunId};
use crate::text::{Lang, Text};

/// The most runs of a series, the latest: a hundred years of drills twice a year.
pub const RUNS_MAX: usize = 200;
/// The fewest values that can show a direction: of three in a row, luck alone puts one in six in
/// order.
pub const DIRECTION_LEAST: usize = 4;
/// A direction is said where luck alone would show so much of it in at most this share of cases.
pub const LUCK_MAX: f64 = 0.05;
/// The most values a direction is looked for in, the latest: what was long ago says nothing of now.
const DIRECTION_MOST: usize = 50;

/// The runs of one drill.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// The drill.
    pub drill: DrillId,
    /// Runs that compare with one another, the earliest stretch first.
    pub stretches: Vec<Stretch>,
}

/// Runs that compare with one another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stretch {
    /// Why they do not compare with those before; nothing at the beginning.
    pub breaks: Vec<Break>,
    /// The runs, the earliest first.
    pub runs: Vec<Point>,
    /// Whether the score gets better.
    pub score: Direction,
    /// Whether each part of the work does.
    pub parts: BTreeMap<Part, Direction>,
    /// How long each expectation took.
    pub times: Vec<Times>,
}

/// Why runs do not compare with those before them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Break {
    /// The drill was changed in what decides a run.
    Scenario,
    /// It is run in another way.
    Way,
    /// The plan was changed.
    Plan,
    /// Another version of firebell simulates it.
    Engine,
}

impl Break {
    /// Returns the words for it.
    #[must_use]
    pub fn word(self, lang: Lang) -> &'static str {
        match self {
            Self::Scenario => lang.pick("演练有改动", "the drill was changed"),
            Self::Way => lang.pick("演练方式不同", "it was run in another way"),
            Self::Plan => lang.pick("预案有改动", "the plan was changed"),
            Self::Engine => lang.pick("firebell 版本不同", "another version of firebell"),
        }
    }
}

/// One run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// The run.
    pub run: DrillRunId,
    /// When it was really run.
    pub at: Timestamp,
    /// How it ended.
    pub outcome: Outcome,
    /// Whether it was passed.
    pub verdict: Verdict,
    /// Its score.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<u8>,
    /// The score of each part of the work.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parts: BTreeMap<Part, u8>,
}

/// How long an expectation took in each run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Times {
    /// What it is known by.
    pub key: SmolStr,
    /// What is asked for, as the latest run says it.
    pub asked: Text,
    /// Seconds, by run in the order of the stretch; nothing where it did not happen.
    pub seconds: Vec<Option<f64>>,
    /// Whether it gets better, which is shorter.
    pub direction: Direction,
}

/// Whether something gets better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// It does, beyond what luck would show.
    Better,
    /// It gets worse, beyond what luck would show.
    Worse,
    /// Nothing beyond luck.
    Steady,
    /// Fewer runs than can tell.
    TooFew,
}

impl Direction {
    /// Returns the words for it.
    #[must_use]
    pub fn word(self, lang: Lang) -> &'static str {
        match self {
            Self::Better => lang.pick("变好", "better"),
            Self::Worse => lang.pick("变差", "worse"),
            Self::Steady => lang.pick("无明显变化", "no more than luck"),
            Self::TooFew => lang.pick("次数太少", "too few runs"),
        }
    }

    const fn turned(self) -> Self {
        match self {
            Self::Better => Self::Worse,
            Self::Worse => Self::Better,
            other => other,
        }
    }
}

/// Puts the results of one drill in order of time and into stretches, the latest [`RUNS_MAX`] of
/// them. What evaluators say is to be counted in before.
#[must_use]
pub fn series(drill: &DrillId, results: &[DrillResult]) -> Series {
    let mut ordered: Vec<&DrillResult> = results.iter().filter(|one| one.drill == *drill).collect();
    ordered.sort_by_key(|result| (at(result), result.run));
    let ordered = &ordered[ordered.len().saturating_sub(RUNS_MAX)..];
    let mut groups: Vec<(Vec<Break>, Vec<&DrillResult>)> = Vec::new();
    for result in ordered {
        let breaks = match groups.last().and_then(|(_, runs)| runs.last()) {
            Some(before) => breaks(before, result),
            None => Vec::new(),
        };
        match groups.last_mut() {
            Some((_, runs)) if breaks.is_empty() => runs.push(result),
            _ => groups.push((breaks, vec![result])),
        }
    }
    let stretches = groups.into_iter().map(|(breaks, runs)| stretch(breaks, &runs)).collect();
    Series { drill: drill.clone(), stretches }
}

/// A simulated run has a time of its own; when it was made is what a series goes by.
fn at(result: &DrillResult) -> Timestamp {
    result.ran_at.unwrap_or(result.started_at)
}

fn breaks(before: &DrillResult, after: &DrillResult) -> Vec<Break> {
    // People do not hang on firebell's version; what is simulated does.
    let simulated = after.run_as == RunAs::Simulated;
    [
        (before.scenario_hash != after.scenario_hash, Break::Scenario),
        (before.run_as != after.run_as, Break::Way),
        (before.playbook_hash != after.playbook_hash, Break::Plan),
        (simulated && before.engine != after.engine, Break::Engine),
    ]
    .into_iter()
    .filter_map(|(holds, why)| holds.then_some(why))
    .collect()
}

fn stretch(breaks: Vec<Break>, runs: &[&DrillResult]) -> Stretch {
    let points: Vec<Point> = runs.iter().map(|result| point(result)).collect();
    // What ended early was not rehearsed to its end, and says nothing of how it gets on.
    let whole = |point: &&Point| point.outcome == Outcome::Completed;
    let scores = points.iter().filter(whole).filter_map(|point| point.score);
    let score = direction(scores.map(f64::from).collect());
    let of_part = |part: Part| {
        let scores = points.iter().filter(whole).filter_map(|point| point.parts.get(&part));
        let scores: Vec<f64> = scores.map(|score| f64::from(*score)).collect();
        (!scores.is_empty()).then(|| (part, direction(scores)))
    };
    let parts = Part::ALL.into_iter().filter_map(of_part).collect();
    Stretch { breaks, score, parts, times: times(runs), runs: points }
}

fn point(result: &DrillResult) -> Point {
    let parts = result.parts.iter().filter_map(|(part, scored)| Some((*part, scored.score?)));
    Point {
        run: result.run,
        at: at(result),
        outcome: result.outcome,
        verdict: result.verdict,
        score: result.score,
        parts: parts.collect(),
    }
}

/// Gathers the seconds of every expectation that has some, in the order of the latest run.
fn times(runs: &[&DrillResult]) -> Vec<Times> {
    let Some(latest) = runs.last() else { return Vec::new() };
    let by_run: Vec<BTreeMap<&SmolStr, Option<f64>>> = runs
        .iter()
        .map(|result| {
            flat(&result.judgements).into_iter().map(|one| (&one.key, one.seconds)).collect()
        })
        .collect();
    let taken = |judgement: &Judgement| {
        let seconds: Vec<Option<f64>> =
            by_run.iter().map(|run| run.get(&judgement.key).copied().flatten()).collect();
        if seconds.iter().all(Option::is_none) {
            return None;
        }
        let whole = runs.iter().zip(&seconds);
        let whole = whole.filter(|(run, _)| run.outcome == Outcome::Completed);
        let direction = direction(whole.filter_map(|(_, seconds)| *seconds).collect()).turned();
        let (key, asked) = (judgement.key.clone(), judgement.asked.clone());
        Some(Times { key, asked, seconds, direction })
    };
    flat(&latest.judgements).into_iter().filter_map(taken).collect()
}

fn flat(judgements: &[Judgement]) -> Vec<&Judgement> {
    let mut all = Vec::new();
    for judgement in judgements {
        all.push(judgement);
        all.extend(flat(&judgement.of));
    }
    all
}

/// Tells whether values rise, by Kendall's test against an order that is pure luck: of all pairs,
/// how many more rise than fall. Only the order of values counts, so that one wild run turns
/// nothing; equal values count neither way, which makes the test stricter.
#[must_use]
pub fn direction(values: Vec<f64>) -> Direction {
    let values = &values[values.len().saturating_sub(DIRECTION_MOST)..];
    if values.len() < DIRECTION_LEAST {
        return Direction::TooFew;
    }
    let (mut rises, mut falls) = (0_usize, 0_usize);
    for (nth, later) in values.iter().enumerate() {
        for earlier in &values[..nth] {
            rises += usize::from(later > earlier);
            falls += usize::from(later < earlier);
        }
    }
    let pairs = values.len() * (values.len() - 1) / 2;
    // Ties are split as if half of them rose: the surplus is what counts.
    let at_least = (pairs + rises.abs_diff(falls)).div_euclid(2);
    if by_luck(values.len(), at_least) > LUCK_MAX {
        Direction::Steady
    } else if rises > falls {
        Direction::Better
    } else {
        Direction::Worse
    }
}

/// Returns how likely an order that is pure luck has at least so many rising pairs.
fn by_luck(values: usize, at_least: usize) -> f64 {
    // The chance of each number of rising pairs, one value more at a time: the new value stands
    // above any number of those before with the same chance.
    let mut chances = vec![1.0_f64];
    for count in 2..=values {
        let mut next = vec![0.0; chances.len() + count - 1];
        #[expect(clippy::cast_precision_loss, reason = "at most fifty values")]
        let share = 1.0 / count as f64;
        for (pairs, chance) in chances.iter().enumerate() {
            for above in 0..count {
                next[pairs + above] += chance * share;
            }
        }
        chances = next;
    }
    chances.get(at_least..).map_or(0.0, |tail| tail.iter().sum())
}

#[cfg(test)]
mod tests;
