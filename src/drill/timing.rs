//! Times that vary: what is known of how long people and systems take, and one draw of it. It must
//! not know whose time it is.

use std::sync::Arc;

use jiff::SignedDuration;
use rand::RngExt;
use rand::distr::Distribution;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Exp, LogNormal, Triangular};

use crate::drill::study::normal::Z90;

/// The longest time a distribution may name, and the longest ever drawn: a tail may have no end, a
/// drill has.
pub const TIME_MAX: SignedDuration = SignedDuration::from_hours(24 * 90);
/// The most observed times of one distribution: more says nothing more.
pub const OBSERVED_MAX: usize = 1_000;

/// A time that varies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Timing {
    /// Lognormal, by its median and 90th percentile: how people's times mostly are.
    Skewed {
        /// Half are shorter.
        median: SignedDuration,
        /// Nine in ten are shorter.
        p90: SignedDuration,
    },
    /// Triangular: what someone who knows the work would say.
    Judged {
        /// No time is shorter.
        least: SignedDuration,
        /// The most frequent time.
        likely: SignedDuration,
        /// No time is longer.
        most: SignedDuration,
    },
    /// Exponential: what has waited long has no better chance than what has just begun.
    Memoryless {
        /// The mean.
        mean: SignedDuration,
    },
    /// What was seen; each as likely as the others.
    Observed(Arc<[SignedDuration]>),
}

/// Why a timing is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimingError {
    /// A time is not more than nothing.
    NotPositive,
    /// A later one of the times is shorter than the one before.
    Reversed,
    /// Longer than [`TIME_MAX`].
    TooLong,
    /// Nothing was observed, or more than [`OBSERVED_MAX`].
    Count,
}

impl Timing {
    /// Makes a lognormal timing of its median and 90th percentile.
    ///
    /// # Errors
    /// Percentiles that no distribution has.
    pub fn new(median: SignedDuration, p90: SignedDuration) -> Result<Self, TimingError> {
        in_order(&[median, p90])?;
        Ok(Self::Skewed { median, p90 })
    }

    /// Makes a triangular timing.
    ///
    /// # Errors
    /// Times that do not follow each other.
    pub fn judged(
        least: SignedDuration,
        likely: SignedDuration,
        most: SignedDuration,
    ) -> Result<Self, TimingError> {
        in_order(&[least, likely, most])?;
        Ok(Self::Judged { least, likely, most })
    }

    /// Makes an exponential timing of its mean.
    ///
    /// # Errors
    /// A mean that no time has.
    pub fn memoryless(mean: SignedDuration) -> Result<Self, TimingError> {
        in_order(&[mean])?;
        Ok(Self::Memoryless { mean })
    }

    /// Makes a timing of what was seen.
    ///
    /// # Errors
    /// No times or too many, or one that is out of bounds.
    pub fn observed(times: Vec<SignedDuration>) -> Result<Self, TimingError> {
        if times.is_empty() || times.len() > OBSERVED_MAX {
            return Err(TimingError::Count);
        }
        times.iter().try_for_each(|time| in_order(&[*time]))?;
        Ok(Self::Observed(times.into()))
    }

    /// Draws one time, `slower` times as long as it says, in whole seconds, at least one and at
    /// most [`TIME_MAX`].
    pub(super) fn draw(&self, slower: f64, stream: &mut ChaCha8Rng) -> SignedDuration {
        let seconds = slower * self.seconds(stream);
        let whole = seconds.round().clamp(1.0, TIME_MAX.as_secs_f64());
        SignedDuration::try_from_secs_f64(whole).unwrap_or(TIME_MAX)
    }

    fn seconds(&self, stream: &mut ChaCha8Rng) -> f64 {
        match self {
            Self::Skewed { median, p90 } => {
                let (median, p90) = (median.as_secs_f64(), p90.as_secs_f64());
                let spread = (p90 / median).ln() / Z90;
                LogNormal::new(median.ln(), spread).map_or(median, |times| times.sample(stream))
            }
            Self::Judged { least, likely, most } => {
                let (least, likely, most) =
                    (least.as_secs_f64(), likely.as_secs_f64(), most.as_secs_f64());
                // Three times that are one leave nothing to draw.
                Triangular::new(least, most, likely).map_or(likely, |times| times.sample(stream))
            }
            Self::Memoryless { mean } => {
                let mean = mean.as_secs_f64();
                Exp::new(mean.recip()).map_or(mean, |times| times.sample(stream))
            }
            Self::Observed(times) => times[stream.random_range(0..times.len())].as_secs_f64(),
        }
    }
}

fn in_order(times: &[SignedDuration]) -> Result<(), TimingError> {
    if times.iter().any(|time| *time <= SignedDuration::ZERO) {
        Err(TimingError::NotPositive)
    } else if !times.is_sorted() {
        Err(TimingError::Reversed)
    } else if times.iter().any(|time| *time > TIME_MAX) {
        Err(TimingError::TooLong)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    const fn minutes(n: i64) -> SignedDuration {
        SignedDuration::from_mins(n)
    }

    /// Draws many times, in minutes, shortest first.
    fn drawn(timing: &Timing, slower: f64) -> Vec<f64> {
        let mut stream = ChaCha8Rng::seed_from_u64(42);
        let mut times: Vec<f64> =
            (0..20_000).map(|_| timing.draw(slower, &mut stream).as_secs_f64() / 60.0).collect();
        times.sort_by(f64::total_cmp);
        times
    }

    fn at(times: &[f64], share: f64) -> f64 {
        times[(share * times.len() as f64) as usize]
    }

    fn mean(times: &[f64]) -> f64 {
        times.iter().sum::<f64>() / times.len() as f64
    }

    fn near(found: f64, wanted: f64) {
        assert!((found / wanted - 1.0).abs() < 0.03, "{found} is not {wanted}");
    }

    #[test]
    fn times_that_no_distribution_has_are_refused() {
        use TimingError::{Count, NotPositive, Reversed, TooLong};
        let day = 24 * 60;
        let cases = [
            (Timing::new(minutes(0), minutes(5)), NotPositive),
            (Timing::new(minutes(-1), minutes(5)), NotPositive),
            (Timing::new(minutes(5), minutes(4)), Reversed),
            (Timing::new(minutes(5), minutes(91 * day)), TooLong),
            (Timing::judged(minutes(0), minutes(1), minutes(2)), NotPositive),
            (Timing::judged(minutes(3), minutes(1), minutes(4)), Reversed),
            (Timing::judged(minutes(1), minutes(3), minutes(2)), Reversed),
            (Timing::memoryless(minutes(0)), NotPositive),
            (Timing::memoryless(minutes(91 * day)), TooLong),
            (Timing::observed(Vec::new()), Count),
            (Timing::observed(vec![minutes(1); OBSERVED_MAX + 1]), Count),
            (Timing::observed(vec![minutes(1), minutes(0)]), NotPositive),
        ];
        for (made, why) in cases {
            assert_eq!(made, Err(why));
        }
        assert!(Timing::new(minutes(5), minutes(5)).is_ok(), "a time that never varies");
    }

    #[test]
    fn a_lognormal_has_its_median_and_its_90th_percentile() {
        let times = drawn(&Timing::new(minutes(8), minutes(20)).unwrap(), 1.0);
        near(at(&times, 0.5), 8.0);
        near(at(&times, 0.9), 20.0);
        let slower = drawn(&Timing::new(minutes(8), minutes(20)).unwrap(), 2.0);
        near(at(&slower, 0.5), 16.0);
    }

    #[test]
    fn a_triangle_keeps_its_bounds_its_mean_and_its_median() {
        let times = drawn(&Timing::judged(minutes(2), minutes(5), minutes(20)).unwrap(), 1.0);
        assert!(times[0] >= 2.0 && *times.last().unwrap() <= 20.0);
        near(mean(&times), (2.0 + 5.0 + 20.0) / 3.0);
        // The mode lies left of the middle: most - sqrt((most - least) (most - likely) / 2).
        near(at(&times, 0.5), 20.0 - (18.0_f64 * 15.0 / 2.0).sqrt());
        let one = drawn(&Timing::judged(minutes(5), minutes(5), minutes(5)).unwrap(), 1.0);
        assert!(one.iter().all(|time| *time == 5.0));
    }

    #[test]
    fn an_exponential_has_its_mean_and_forgets() {
        let times = drawn(&Timing::memoryless(minutes(10)).unwrap(), 1.0);
        near(mean(&times), 10.0);
        let long: Vec<f64> = times.iter().filter(|time| **time > 10.0).map(|t| t - 10.0).collect();
        near(mean(&long), 10.0);
    }

    #[test]
    fn what_was_seen_comes_again_and_nothing_else() {
        let seen = vec![minutes(1), minutes(1), minutes(7), minutes(9)];
        let times = drawn(&Timing::observed(seen).unwrap(), 1.0);
        near(mean(&times), 4.5);
        assert!(times.iter().all(|time| [1.0, 7.0, 9.0].contains(time)));
    }

    #[test]
    fn nothing_is_drawn_beyond_the_longest_time() {
        let times = drawn(&Timing::memoryless(TIME_MAX).unwrap(), 10.0);
        assert_eq!(*times.last().unwrap(), TIME_MAX.as_secs_f64() / 60.0);
    }
}
