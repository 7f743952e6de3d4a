//! Numbers with how far they can be trusted: shares, times, differences. Plain statistics; it must
//! not know what was counted.

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use super::normal::{Z95, beyond_either};

/// Digits of a time that are kept: quantiles are exact to one part in a thousand.
const DIGITS: u8 = 3;
/// How many bars a chart of times has.
const BARS: u64 = 24;

/// A share of all runs, with its 95 % interval after Wilson (1927).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// How often.
    pub hits: u64,
    /// Of how many.
    pub of: u64,
    /// The share, 0 to 1; 0 of nothing.
    pub share: f64,
    /// The interval's lower end.
    pub low: f64,
    /// The interval's upper end.
    pub high: f64,
}

impl Share {
    /// Estimates a share. Nothing counted says nothing: the interval is everything.
    #[must_use]
    pub fn of(hits: u64, of: u64) -> Self {
        if of == 0 {
            return Self { hits, of, share: 0.0, low: 0.0, high: 1.0 };
        }
        let (n, share) = (of as f64, hits as f64 / of as f64);
        let square = Z95 * Z95;
        let middle = (share + square / (2.0 * n)) / (1.0 + square / n);
        let spread = (share * (1.0 - share) / n + square / (4.0 * n * n)).sqrt();
        let half = Z95 / (1.0 + square / n) * spread;
        let (low, high) = ((middle - half).max(0.0), (middle + half).min(1.0));
        Self { hits, of, share, low, high }
    }
}

/// Times of many runs, in memory that does not grow with them.
#[derive(Debug, Clone)]
pub struct Times {
    histogram: Option<Histogram<u32>>,
    sum: u64,
    squares: u128,
}

impl Times {
    /// Of no run.
    pub const NONE: Self = Self { histogram: None, sum: 0, squares: 0 };

    /// Adds a time in seconds.
    pub fn add(&mut self, seconds: u64) {
        let new = || Histogram::new(DIGITS).expect("three digits are allowed");
        let histogram = self.histogram.get_or_insert_with(new);
        histogram.record(seconds).expect("a histogram that resizes itself takes every time");
        self.sum += seconds;
        self.squares += u128::from(seconds) * u128::from(seconds);
    }

    /// Adds the times of other runs.
    pub fn merge(&mut self, other: &Self) {
        if let Some(theirs) = &other.histogram {
            match &mut self.histogram {
                Some(ours) => ours.add(theirs).expect("a histogram that resizes itself"),
                none => *none = Some(theirs.clone()),
            }
        }
        self.sum += other.sum;
        self.squares += other.squares;
    }

    /// Says what they are; `None` of no run.
    #[must_use]
    pub fn spread(&self) -> Option<Spread> {
        let histogram = self.histogram.as_ref().filter(|histogram| !histogram.is_empty())?;
        let (count, n) = (histogram.len(), histogram.len() as f64);
        let mean = self.sum as f64 / n;
        let variance = (self.squares as f64 / n - mean * mean).max(0.0);
        let at = |quantile: f64| histogram.value_at_quantile(quantile.clamp(0.0, 1.0));
        let quantile = |wanted: f64| {
            // The rank of a quantile is binomial; its interval is read off at the ranks' ends.
            let half = Z95 * (wanted * (1.0 - wanted) / n).sqrt();
            Quantile { seconds: at(wanted), low: at(wanted - half), high: at(wanted + half) }
        };
        Some(Spread {
            count,
            mean,
            mean_error: Z95 * (variance / n).sqrt(),
            least: histogram.min(),
            p50: quantile(0.5),
            p90: quantile(0.9),
            p99: quantile(0.99),
            most: histogram.max(),
            bars: bars(histogram),
        })
    }
}

/// Cuts the times up to their 99th percentile into bars of one width; the last holds the tail.
fn bars(histogram: &Histogram<u32>) -> Vec<Bar> {
    let (least, most) = (histogram.min(), histogram.value_at_quantile(0.99));
    let width = ((most - least) / BARS).max(1);
    let mut bars: Vec<Bar> = (0..=(most - least) / width)
        .map(|n| Bar { from: least + n * width, to: least + (n + 1) * width, runs: 0 })
        .collect();
    for step in histogram.iter_recorded() {
        let nth = step.value_iterated_to().saturating_sub(least) / width;
        let nth = usize::try_from(nth).unwrap_or(usize::MAX).min(bars.len() - 1);
        bars[nth].runs += u64::from(step.count_at_value());
    }
    bars
}

/// What times of many runs are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// Of how many runs.
    pub count: u64,
    /// The mean, in seconds.
    pub mean: f64,
    /// Half of the mean's 95 % interval, in seconds.
    pub mean_error: f64,
    /// The shortest, in seconds.
    pub least: u64,
    /// The median.
    pub p50: Quantile,
    /// The 90th percentile.
    pub p90: Quantile,
    /// The 99th percentile.
    pub p99: Quantile,
    /// The longest, in seconds.
    pub most: u64,
    /// How many runs took how long.
    pub bars: Vec<Bar>,
}

/// A quantile with its 95 % interval, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quantile {
    /// The quantile.
    pub seconds: u64,
    /// The interval's lower end.
    pub low: u64,
    /// The interval's upper end.
    pub high: u64,
}

/// How many runs took between two times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bar {
    /// From so many seconds.
    pub from: u64,
    /// To so many, not included; of the last bar the tail is included.
    pub to: u64,
    /// So many runs.
    pub runs: u64,
}

/// A mean difference of runs that met the same luck, with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// Of how many pairs.
    pub pairs: u64,
    /// The mean of the second less the first.
    pub mean: f64,
    /// The interval's lower end.
    pub low: f64,
    /// The interval's upper end.
    pub high: f64,
}

impl Difference {
    /// Compares pairs; `None` without any.
    #[must_use]
    pub fn of(pairs: impl Iterator<Item = (f64, f64)>) -> Option<Self> {
        let changes: Vec<f64> = pairs.map(|(first, second)| second - first).collect();
        if changes.is_empty() {
            return None;
        }
        let n = changes.len() as f64;
        let mean = changes.iter().sum::<f64>() / n;
        let squares: f64 = changes.iter().map(|change| (change - mean).powi(2)).sum();
        let half = if n > 1.0 { Z95 * (squares / (n - 1.0) / n).sqrt() } else { f64::INFINITY };
        Some(Self { pairs: changes.len() as u64, mean, low: mean - half, high: mean + half })
    }

    /// Tells whether the difference is more than luck.
    #[must_use]
    pub fn is_real(&self) -> bool {
        self.low > 0.0 || self.high < 0.0
    }

    /// Returns how likely luck alone makes a difference at least as large; 1 where nobody can tell.
    #[must_use]
    pub fn chance(&self) -> f64 {
        let error = (self.high - self.low) / (2.0 * Z95);
        match error {
            _ if !error.is_finite() || self.mean == 0.0 => 1.0,
            0.0 => 0.0,
            _ => beyond_either(self.mean / error),
        }
    }
}

/// How often any of many differences that are all luck may be taken for real.
pub const FALSE_ALARM: f64 = 0.05;

/// Tells which of many differences are more than luck, so that the whole list is wrong at most
/// [`FALSE_ALARM`] of the time: of `n` the least likely one must pass at a part in `n`, the next at
/// a part in `n - 1`, until one does not (Holm 1979).
#[must_use]
pub fn more_than_luck(differences: &[Option<Difference>]) -> Vec<bool> {
    let chance = |at: usize| differences[at].map_or(1.0, |difference| difference.chance());
    let mut order: Vec<usize> = (0..differences.len()).collect();
    order.sort_by(|a, b| chance(*a).total_cmp(&chance(*b)));
    let mut real = vec![false; differences.len()];
    for (before, at) in order.iter().enumerate() {
        if chance(*at) > FALSE_ALARM / (differences.len() - before) as f64 {
            break;
        }
        real[*at] = true;
    }
    real
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From R's `binom::binom.confint(…, methods = "wilson")`, to four digits.
    #[test]
    fn shares_have_the_interval_that_others_give_them() {
        let cases = [
            (0, 10, 0.0, 0.2775),
            (1, 10, 0.0179, 0.4042),
            (5, 10, 0.2366, 0.7634),
            (10, 10, 0.7225, 1.0),
            (91, 1_825, 0.0408, 0.0608),
        ];
        for (hits, of, low, high) in cases {
            let share = Share::of(hits, of);
            assert!((share.low - low).abs() < 1e-4, "{hits} of {of}: {share:?}");
            assert!((share.high - high).abs() < 1e-4, "{hits} of {of}: {share:?}");
        }
        assert_eq!((Share::of(0, 0).low, Share::of(0, 0).high), (0.0, 1.0));
    }

    fn times(seconds: impl Iterator<Item = u64>) -> Times {
        let mut times = Times::NONE;
        seconds.for_each(|seconds| times.add(seconds));
        times
    }

    #[test]
    fn times_are_told_by_mean_quantiles_and_bars() {
        assert_eq!(Times::NONE.spread(), None);
        let spread = times(1..=1_000).spread().unwrap();
        assert_eq!((spread.count, spread.least, spread.most), (1_000, 1, 1_000));
        assert!((spread.mean - 500.5).abs() < 1e-9);
        let found = [spread.p50.seconds, spread.p90.seconds, spread.p99.seconds];
        assert_eq!(found, [500, 900, 990]);
        assert!(spread.p90.low < 900 && spread.p90.high > 900, "{:?}", spread.p90);
        assert_eq!(spread.bars.iter().map(|bar| bar.runs).sum::<u64>(), 1_000);
        assert!(spread.bars.windows(2).all(|two| two[0].to == two[1].from));
    }

    #[test]
    fn one_time_alone_is_all_its_quantiles() {
        let spread = times(std::iter::once(90)).spread().unwrap();
        assert_eq!([spread.least, spread.p50.seconds, spread.p99.seconds, spread.most], [90; 4]);
        assert_eq!(spread.bars, [Bar { from: 90, to: 91, runs: 1 }]);
    }

    #[test]
    fn times_of_two_halves_are_the_times_of_the_whole() {
        let mut first = times((1..=500).map(|n| n * n));
        first.merge(&times((501..=1_000).map(|n| n * n)));
        let whole = times((1..=1_000).map(|n| n * n));
        assert_eq!(first.spread(), whole.spread());
        let mut none = Times::NONE;
        none.merge(&whole);
        none.merge(&Times::NONE);
        assert_eq!(none.spread(), whole.spread());
    }

    #[test]
    fn a_difference_that_may_be_luck_is_not_called_real() {
        let luck = Difference::of((0..100).map(|n| (0.0, if n % 2 == 0 { 1.0 } else { -1.0 })));
        assert!(!luck.unwrap().is_real());
        let real = Difference::of((0..100).map(|n| (0.0, 5.0 + f64::from(n % 3)))).unwrap();
        assert!(real.is_real() && (real.mean - 5.99).abs() < 1e-9);
        assert!(!Difference::of(std::iter::once((1.0, 9.0))).unwrap().is_real());
        assert_eq!(Difference::of(std::iter::empty()), None);
    }

    fn difference(mean: f64, error: f64) -> Option<Difference> {
        let half = Z95 * error;
        Some(Difference { pairs: 100, mean, low: mean - half, high: mean + half })
    }

    #[test]
    fn of_many_differences_those_are_real_that_holm_lets_pass() {
        // Chances of about 0.0027, 0.0143, 0.0164 and 0.0455 of 0.05: the first needs a fourth of
        // it, the second a third, the third half, the last all.
        let four = [difference(3.0, 1.0), difference(-2.45, 1.0), difference(2.4, 1.0)];
        let all = [four.as_slice(), &[difference(2.0, 1.0)]].concat();
        assert_eq!(more_than_luck(&all), [true; 4]);
        // One that stops the row stops all behind it, though its own interval leaves nothing out.
        let stopped = [difference(3.0, 1.0), difference(2.1, 1.0), difference(2.0, 1.0)];
        assert!(stopped.iter().flatten().all(Difference::is_real));
        assert_eq!(more_than_luck(&stopped), [true, false, false]);
        assert_eq!(more_than_luck(&[None, difference(0.0, 0.0)]), [false, false]);
        assert_eq!(more_than_luck(&[]), Vec::<bool>::new());
    }

    #[test]
    fn a_list_of_luck_alone_is_seldom_taken_for_real() {
        use rand::{RngExt, SeedableRng};
        let mut stream = rand_chacha::ChaCha8Rng::seed_from_u64(7);
        let mut luck = || {
            let pairs = (0..200).map(|_| (0.0, stream.random::<f64>() - 0.5)).collect::<Vec<_>>();
            Difference::of(pairs.into_iter())
        };
        let lists: Vec<Vec<_>> = (0..200).map(|_| (0..40).map(|_| luck()).collect()).collect();
        let wrong = |list: &&Vec<_>| more_than_luck(list).contains(&true);
        let alarms = lists.iter().filter(wrong).count();
        let naive =
            |list: &&Vec<Option<Difference>>| list.iter().flatten().any(Difference::is_real);
        assert!(alarms <= 22, "{alarms} of 200 lists of 40");
        assert!(lists.iter().filter(naive).count() > 140, "one by one most lists would be wrong");
    }
}
