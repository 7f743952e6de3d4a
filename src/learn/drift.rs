//! How long steps take in drills and for real, and whether the two differ. Nothing is claimed from
//! too few runs. Pure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::drill::covered::StepSeen;
use crate::id::StepId;
use crate::learn::experience::Experience;
use crate::learn::subject::How;

/// The fewest runs of which a median is told with an interval: below six the interval that holds it
/// with 95 percent is wider than all that was seen.
pub const RUNS_MIN: usize = 6;
/// How many of the latest runs are looked at; earlier ones tell of other people and another plan.
pub const RUNS_MAX: usize = 50;

/// How long something took over several runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Took {
    /// In how many runs it was seen.
    pub runs: u32,
    /// The median, in seconds.
    pub median_seconds: u32,
    /// Where the median lies with at least 95 percent, in seconds; missing where too few were seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low_seconds: Option<u32>,
    /// The upper end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high_seconds: Option<u32>,
}

/// Whether real work goes as it was drilled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Drifted {
    /// Too few runs of one kind to say.
    TooFew,
    /// The intervals overlap.
    NotShown,
    /// Real work is slower.
    LiveSlower,
    /// Real work is faster.
    LiveFaster,
}

/// One of the times of a step, drilled and live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Times {
    /// In drills with people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drilled: Option<Took>,
    /// In real incidents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live: Option<Took>,
    /// In simulated runs: what the model supposes, and never compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub simulated: Option<Took>,
    /// Whether the two differ.
    pub drift: Drifted,
}

/// How long one step took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StepTimes {
    /// The step.
    pub step: StepId,
    /// From when it could be worked on until it was begun.
    pub to_begin: Times,
    /// From when it could be worked on until it was done.
    pub to_finish: Times,
}

/// Reckons the times of every step over the runs of one plan, the latest runs first.
#[must_use]
pub fn drift<'a>(runs: impl Iterator<Item = &'a Experience>) -> Vec<StepTimes> {
    let mut seen: BTreeMap<StepId, [Samples; 2]> = BTreeMap::new();
    for run in runs {
        let Some(covered) = &run.covered else { continue };
        for (step, one) in &covered.steps {
            let [begin, finish] = seen.entry(step.clone()).or_default();
            begin.add(run.how, one, |one| one.to_begin);
            finish.add(run.how, one, |one| one.to_finish);
        }
    }
    let timed = seen.into_iter().filter(|(_, samples)| samples.iter().any(|one| !one.is_empty()));
    timed
        .map(|(step, [begin, finish])| StepTimes {
            step,
            to_begin: begin.times(),
            to_finish: finish.times(),
        })
        .collect()
}

#[derive(Default)]
struct Samples {
    drilled: Vec<u32>,
    live: Vec<u32>,
    simulated: Vec<u32>,
}

impl Samples {
    fn add(&mut self, how: How, seen: &StepSeen, time: fn(&StepSeen) -> Option<u32>) {
        let list = match how {
            How::Simulated => &mut self.simulated,
            How::Tabletop => return, // A facilitator moves that clock: its times are no one's.
            How::Exercise => &mut self.drilled,
            How::Live => &mut self.live,
        };
        if list.len() < RUNS_MAX {
            list.extend(time(seen));
        }
    }

    const fn is_empty(&self) -> bool {
        self.drilled.is_empty() && self.live.is_empty() && self.simulated.is_empty()
    }

    fn times(self) -> Times {
        let (drilled, live) = (took(self.drilled), took(self.live));
        let drift = match (drilled.and_then(interval), live.and_then(interval)) {
            (Some((_, drilled)), Some((live, _))) if live > drilled => Drifted::LiveSlower,
            (Some((drilled, _)), Some((_, live))) if live < drilled => Drifted::LiveFaster,
            (Some(_), Some(_)) => Drifted::NotShown,
            _ => Drifted::TooFew,
        };
        Times { drilled, live, simulated: took(self.simulated), drift }
    }
}

const fn interval(took: Took) -> Option<(u32, u32)> {
    match (took.low_seconds, took.high_seconds) {
        (Some(low), Some(high)) => Some((low, high)),
        _ => None,
    }
}

fn took(mut seconds: Vec<u32>) -> Option<Took> {
    seconds.sort_unstable();
    let n = seconds.len();
    let middle = n.checked_sub(1)? / 2;
    let median = u32::midpoint(seconds[middle], seconds[n / 2]);
    let bounds = (n >= RUNS_MIN).then(|| ranks(n));
    Some(Took {
        runs: u32::try_from(n).unwrap_or(u32::MAX),
        median_seconds: median,
        low_seconds: bounds.map(|(low, _)| seconds[low]),
        high_seconds: bounds.map(|(_, high)| seconds[high]),
    })
}

/// Returns the positions in order between which the median lies with at least 95 percent, whatever
/// the distribution: as many on each side as a fair coin leaves out with 2.5 percent.
fn ranks(n: usize) -> (usize, usize) {
    let mut chance = 0.5_f64.powi(i32::try_from(n).unwrap_or(i32::MAX));
    let (mut below, mut out) = (chance, 0);
    let (mut k, mut left) = (0.0_f64, f64::from(u32::try_from(n).unwrap_or(u32::MAX)));
    while below <= 0.025 && out < n / 2 {
        out += 1;
        k += 1.0;
        chance *= left / k;
        left -= 1.0;
        below += chance;
    }
    let low = out.saturating_sub(1);
    (low, n - 1 - low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_of_a_median_is_that_of_the_sign_test() {
        // From tables: the ranks (from 1) for 95 percent are 1 and 6 of 6, 2 and 9 of 10, 6 and 15 of 20.
        assert_eq!(ranks(6), (0, 5));
        assert_eq!(ranks(10), (1, 8));
        assert_eq!(ranks(20), (5, 14));
    }

    #[test]
    fn nothing_is_claimed_from_few_runs_or_overlapping_intervals() {
        let of = |drilled: &[u32], live: &[u32]| {
            Samples { drilled: drilled.to_vec(), live: live.to_vec(), simulated: Vec::new() }
                .times()
                .drift
        };
        assert_eq!(of(&[60; 5], &[600; 9]), Drifted::TooFew);
        assert_eq!(of(&[60; 6], &[600; 6]), Drifted::LiveSlower);
        assert_eq!(of(&[600; 6], &[60; 6]), Drifted::LiveFaster);
        assert_eq!(of(&[60, 70, 80, 90, 100, 900], &[600; 6]), Drifted::NotShown);
    }

    #[test]
    fn the_median_of_an_even_number_lies_between_the_middle_two() {
        assert_eq!(took(vec![4, 1, 3, 2]).unwrap().median_seconds, 2);
        assert_eq!(took(vec![10, 30, 20]).unwrap().median_seconds, 20);
        assert_eq!(took(Vec::new()), None);
    }
}
