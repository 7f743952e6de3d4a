//! How each part of the work went over many runs: its scores, and how long what it asks for took.
//! It must not know how that is shown.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::estimate::{Share, Spread, Times};
use crate::drill::expect::{Ask, Asked, Part};
use crate::drill::score::{PartScore, describe};
use crate::drill::simulate::Stage;
use crate::text::Text;

/// How one part of the work went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PartRow {
    /// The part.
    pub part: Part,
    /// How often all of it that could be judged was met, of the runs in which anything could.
    pub full: Share,
    /// Its scores; missing where no run could judge anything of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<Scores>,
    /// How long each took that it asks for and that has a time, in seconds: what no score tells.
    pub took: Vec<PartTime>,
}

/// Scores of many runs, 0 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// The mean.
    pub mean: f64,
    /// Half of the runs score at least this.
    pub p50: u8,
    /// Nine runs in ten score at least this.
    pub p90: u8,
}

/// How long something took that a part asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PartTime {
    /// Its name for programs: that of an expectation, or of one within a group.
    pub key: SmolStr,
    /// What was required.
    pub asked: Text,
    /// The most it may take, in seconds, where that is fixed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// How long it took, in seconds, in the runs in which it came about.
    pub took: Spread,
}

/// The counts of a part over some runs, in memory that does not grow with them.
#[derive(Debug, Clone, Default)]
pub(super) struct PartTally {
    /// How many runs had which score.
    scores: BTreeMap<u8, u64>,
    times: BTreeMap<SmolStr, Times>,
}

impl PartTally {
    /// Counts a run.
    pub(super) fn count(&mut self, run: &PartScore) {
        if let Some(score) = run.score {
            *self.scores.entry(score).or_default() += 1;
        }
        for (key, seconds) in &run.seconds {
            self.times_of(key).add(*seconds as u64);
        }
    }

    /// Adds the counts of other runs.
    pub(super) fn merge(&mut self, other: &Self) {
        for (score, runs) in &other.scores {
            *self.scores.entry(*score).or_default() += runs;
        }
        for (key, times) in &other.times {
            self.times_of(key).merge(times);
        }
    }

    fn times_of(&mut self, key: &SmolStr) -> &mut Times {
        if !self.times.contains_key(key) {
            self.times.insert(key.clone(), Times::NONE);
        }
        self.times.get_mut(key).expect("it was put there")
    }

    fn runs(&self) -> u64 {
        self.scores.values().sum()
    }

    fn scores(&self) -> Option<Scores> {
        let (runs, sum) = (self.runs(), |of: &dyn Fn(u8, u64) -> u64| -> u64 {
            self.scores.iter().map(|(score, runs)| of(*score, *runs)).sum()
        });
        let mean = sum(&|score, runs| u64::from(score) * runs) as f64 / runs as f64;
        Some(Scores { mean, p50: self.reached(50)?, p90: self.reached(90)? })
    }

    /// Returns the score that so many runs in a hundred reach.
    fn reached(&self, percent: u64) -> Option<u8> {
        let wanted = (self.runs() * percent).div_ceil(100);
        let mut runs = 0;
        self.scores.iter().rev().find_map(|(score, more)| {
            runs += more;
            (runs >= wanted).then_some(*score)
        })
    }
}

/// Reports each part that an expectation tells of.
pub(super) fn rows(stage: Stage<'_>, tally: &BTreeMap<Part, PartTally>) -> Vec<PartRow> {
    let row = |(part, tally): (&Part, &PartTally)| PartRow {
        part: *part,
        full: Share::of(tally.scores.get(&100).copied().unwrap_or(0), tally.runs()),
        score: tally.scores(),
        took: took(stage, *part, tally),
    };
    tally.iter().map(row).collect()
}

/// Lists the times of a part in the order of the drill.
fn took(stage: Stage<'_>, part: Part, tally: &PartTally) -> Vec<PartTime> {
    let mut all = Vec::new();
    let mine = stage.scenario.expect.iter().filter(|expectation| expectation.part == part);
    mine.for_each(|expectation| flatten(&expectation.asked, &mut all));
    let time = |asked: &Asked| {
        let took = tally.times.get(&asked.key)?.spread()?;
        let (words, limit) = describe(stage.playbook, &asked.ask);
        let limit = limit.and_then(|limit| u64::try_from(limit.as_secs()).ok());
        Some(PartTime { key: asked.key.clone(), asked: words, limit, took })
    };
    all.into_iter().filter_map(time).collect()
}

/// Lists a requirement and, of a group, those within it.
fn flatten<'a>(asked: &'a Asked, all: &mut Vec<&'a Asked>) {
    all.push(asked);
    if let Ask::Group { of, .. } = &asked.ask {
        of.iter().for_each(|one| flatten(one, all));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scored(score: Option<u8>, seconds: &[(&str, f64)]) -> PartScore {
        let seconds = seconds.iter().map(|(key, took)| ((*key).into(), *took)).collect();
        PartScore { score, seconds, ..PartScore::default() }
    }

    #[test]
    fn half_of_the_runs_score_at_least_the_first_and_nine_in_ten_the_second() {
        let mut tally = PartTally::default();
        assert_eq!(tally.scores(), None, "no run, no score");
        for score in (1..=10).map(|n| 10 * n) {
            tally.count(&scored(Some(score), &[]));
        }
        tally.count(&scored(None, &[("a", 5.0)]));
        assert_eq!(tally.scores(), Some(Scores { mean: 55.0, p50: 60, p90: 20 }));
        assert_eq!(tally.runs(), 10, "what could not be judged is not among them");
    }

    #[test]
    fn two_halves_are_the_whole() {
        let run = |n: u32| scored(Some(n as u8), &[("a", f64::from(n)), ("b", 7.0)]);
        let tallied = |runs: std::ops::Range<u32>| {
            let mut tally = PartTally::default();
            runs.for_each(|n| tally.count(&run(n)));
            tally
        };
        let (mut first, second, whole) = (tallied(0..40), tallied(40..100), tallied(0..100));
        first.merge(&second);
        assert_eq!(first.scores(), whole.scores());
        let spread = |tally: &PartTally, key: &str| tally.times[key].spread();
        assert_eq!(spread(&first, "a"), spread(&whole, "a"));
        assert_eq!(spread(&first, "b").unwrap().count, 100);
    }
}
