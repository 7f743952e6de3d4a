//! A lognormal of times of which some were not waited out, and of those that never come: maximum
//! likelihood by expectation and maximisation. Plain statistics; it must not know whose times.

use crate::drill::study::normal::{Z90, beyond, hazard};

/// A time, or how long it was waited for in vain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// Seconds, at least one.
    pub seconds: u64,
    /// It came then; else nobody knows more than that it took longer.
    pub came: bool,
}

/// What times look like.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lognormal {
    /// The mean of the logarithms of seconds.
    pub middle: f64,
    /// Their standard deviation.
    pub spread: f64,
    /// The share that never comes.
    pub never: f64,
}

/// The least spread that is looked for: times that are all one have none.
const SPREAD_LEAST: f64 = 1e-3;
/// The most rounds: the last digits do not matter.
const ROUNDS_MAX: u32 = 2_000;
/// A round that moves nothing by more than this is the last.
const STILL: f64 = 1e-8;

impl Lognormal {
    /// Returns the median, in seconds.
    #[must_use]
    pub fn median(&self) -> f64 {
        self.middle.exp()
    }

    /// Returns the 90th percentile, in seconds.
    #[must_use]
    pub fn p90(&self) -> f64 {
        (self.middle + Z90 * self.spread).exp()
    }

    /// Fits what was seen; `None` where nothing came. Without `may_never_come` everything would
    /// have come in the end.
    ///
    /// What was waited for in vain for `c` counts as what a time longer than `c` is on average, as
    /// far as it is still to come; with the share that never comes found in the same way.
    #[must_use]
    pub fn of(waits: &[Wait], may_never_come: bool) -> Option<Self> {
        let logs: Vec<(f64, bool)> =
            waits.iter().map(|wait| ((wait.seconds.max(1) as f64).ln(), wait.came)).collect();
        let came: Vec<f64> = logs.iter().filter(|(_, came)| *came).map(|(log, _)| *log).collect();
        if came.is_empty() {
            return None;
        }
        let n = came.len() as f64;
        let middle = came.iter().sum::<f64>() / n;
        let variance = came.iter().map(|log| (log - middle).powi(2)).sum::<f64>() / n;
        let never = if may_never_come { 0.5 * (1.0 - n / logs.len() as f64) } else { 0.0 };
        let mut fitted = Self { middle, spread: variance.sqrt().max(SPREAD_LEAST), never };
        if came.len() == logs.len() {
            return Some(fitted);
        }
        for _ in 0..ROUNDS_MAX {
            let next = fitted.round(&logs);
            let moved = [
                next.middle - fitted.middle,
                next.spread - fitted.spread,
                next.never - fitted.never,
            ];
            fitted = next;
            if moved.iter().all(|by| by.abs() < STILL) {
                break;
            }
        }
        Some(fitted)
    }

    fn round(self, logs: &[(f64, bool)]) -> Self {
        let Self { middle, spread, never } = self;
        // Per time: how surely it comes, its log, and the square of its distance from the middle.
        let expected = logs.iter().map(|(log, came)| {
            if *came {
                return (1.0, *log, (log - middle).powi(2));
            }
            let z = (log - middle) / spread;
            let alive = (1.0 - never) * beyond(z);
            let comes = if never > 0.0 { alive / (never + alive) } else { 1.0 };
            let h = hazard(z);
            (comes, middle + spread * h, spread * spread * (1.0 + z * h))
        });
        let expected: Vec<(f64, f64, f64)> = expected.collect();
        let weight: f64 = expected.iter().map(|(comes, ..)| comes).sum();
        let mean = expected.iter().map(|(comes, log, _)| comes * log).sum::<f64>() / weight;
        let square = expected.iter().map(|(comes, _, square)| comes * square).sum::<f64>() / weight;
        // The squares were taken from the middle of before.
        let variance = (square - (mean - middle).powi(2)).max(0.0);
        Self {
            middle: mean,
            spread: variance.sqrt().max(SPREAD_LEAST),
            never: if never > 0.0 { 1.0 - weight / logs.len() as f64 } else { 0.0 },
        }
    }
}

/// Returns the quantile of times of which some were not waited out, without supposing a shape
/// (Kaplan and Meier 1958); `None` where too few came for it.
#[must_use]
pub fn quantile(waits: &[Wait], share: f64) -> Option<u64> {
    let mut order: Vec<Wait> = waits.to_vec();
    // Of one instant what came counts before what was given up.
    order.sort_by_key(|wait| (wait.seconds, !wait.came));
    let mut longer = 1.0;
    for (before, wait) in order.iter().enumerate() {
        if !wait.came {
            continue;
        }
        let left = (order.len() - before) as f64;
        longer *= 1.0 - 1.0 / left;
        if longer <= 1.0 - share + 1e-12 {
            return Some(wait.seconds);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use rand::distr::Distribution;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;
    use rand_distr::LogNormal;

    use super::*;

    fn came(seconds: &[u64]) -> Vec<Wait> {
        seconds.iter().map(|seconds| Wait { seconds: *seconds, came: true }).collect()
    }

    /// Pages that are answered with a median of two minutes and a 90th percentile of six, but for
    /// one in ten; each is given up after a time between two and ten minutes.
    fn pages(count: usize, never: f64, seed: u64) -> Vec<Wait> {
        let mut stream = ChaCha8Rng::seed_from_u64(seed);
        let times = LogNormal::new(120_f64.ln(), 3_f64.ln() / Z90).unwrap();
        let page = |_| {
            let given_up = stream.random_range(120_u32..600);
            let after =
                if stream.random_bool(never) { f64::MAX } else { times.sample(&mut stream) };
            let came = after < f64::from(given_up);
            let seconds = if came { after.round().max(1.0) as u64 } else { u64::from(given_up) };
            Wait { seconds, came }
        };
        (0..count).map(page).collect()
    }

    #[test]
    fn times_that_all_came_are_fitted_by_the_mean_and_the_deviation_of_their_logs() {
        let fitted = Lognormal::of(&came(&[10, 1_000]), false).unwrap();
        assert!((fitted.median() - 100.0).abs() < 1e-9);
        assert!((fitted.spread - 10_f64.ln()).abs() < 1e-12);
        let alike = Lognormal::of(&came(&[60; 9]), true).unwrap();
        assert!((alike.median() - 60.0).abs() < 1e-6 && (alike.p90() - 60.0).abs() < 0.1);
        assert_eq!(alike.never, 0.0);
        assert_eq!(Lognormal::of(&[Wait { seconds: 60, came: false }], true), None);
        assert_eq!(Lognormal::of(&[], true), None);
    }

    #[test]
    fn what_was_made_up_is_found_again_though_a_quarter_was_not_waited_out() {
        let waits = pages(20_000, 0.1, 1);
        let given_up = waits.iter().filter(|wait| !wait.came).count();
        assert!((4_400..4_900).contains(&given_up), "{given_up}");
        let fitted = Lognormal::of(&waits, true).unwrap();
        assert!((fitted.median() / 120.0 - 1.0).abs() < 0.05, "{fitted:?}");
        assert!((fitted.p90() / 360.0 - 1.0).abs() < 0.10, "{fitted:?}");
        assert!((fitted.never - 0.1).abs() < 0.03, "{fitted:?}");
        let patient = Lognormal::of(&pages(20_000, 0.0, 2), false).unwrap();
        assert!((patient.median() / 120.0 - 1.0).abs() < 0.03, "{patient:?}");
        assert!((patient.p90() / 360.0 - 1.0).abs() < 0.04, "{patient:?}");
    }

    #[test]
    fn leaving_out_what_was_not_waited_out_would_make_people_look_far_quicker() {
        let waits = pages(20_000, 0.0, 3);
        let answered: Vec<Wait> = waits.iter().copied().filter(|wait| wait.came).collect();
        let (naive, fair) =
            (Lognormal::of(&answered, false).unwrap(), Lognormal::of(&waits, false).unwrap());
        // Nearly a fifth below the median and a third below the 90th percentile that are true.
        assert!(naive.median() < 0.85 * 120.0, "{}", naive.median());
        assert!(naive.p90() < 0.72 * 360.0, "{}", naive.p90());
        assert!(fair.p90() > 0.95 * 360.0, "{}", fair.p90());
        // So would taking the time at which it was given up for the answer's.
        let cut: Vec<Wait> = waits.iter().map(|wait| Wait { came: true, ..*wait }).collect();
        let cut = Lognormal::of(&cut, false).unwrap();
        assert!(cut.p90() < 0.90 * 360.0, "{}", cut.p90());
    }

    /// Remission under 6-mercaptopurine (Freireich 1963), in weeks: the example of the textbooks,
    /// with a median of 23.
    #[test]
    fn quantiles_without_a_shape_are_those_of_the_textbook() {
        let wait = |seconds, came| Wait { seconds, came };
        let mut waits = came(&[6, 6, 6, 7, 10, 13, 16, 22, 23]);
        let given_up = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35];
        waits.extend(given_up.map(|seconds| wait(seconds, false)));
        assert_eq!(quantile(&waits, 0.5), Some(23));
        assert_eq!(quantile(&waits, 0.25), Some(13));
        assert_eq!(quantile(&waits, 0.9), None, "too few came");
        assert_eq!(quantile(&came(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]), 0.9), Some(9));
        assert_eq!(quantile(&[], 0.5), None);
    }

    #[test]
    fn the_shape_and_no_shape_agree_where_both_can_tell() {
        let waits = pages(5_000, 0.1, 4);
        // With one in ten who never answer, half of all answer by the 55.6th percentile of those
        // who do: 120 · e^(0.1397 · spread).
        let half = quantile(&waits, 0.5).unwrap() as f64;
        assert!((half / 135.3 - 1.0).abs() < 0.06, "{half}");
    }
}
