//! Percentiles of measured times, and how they are printed.

use std::time::Duration;

/// Measured times of one case.
#[derive(Debug, Default)]
pub struct Times(Vec<Duration>);

impl Times {
    pub fn push(&mut self, time: Duration) {
        self.0.push(time);
    }

    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns the time below which the given share lies, in milliseconds.
    pub fn percentile(&mut self, share: f64) -> f64 {
        if self.0.is_empty() {
            return f64::NAN;
        }
        self.0.sort_unstable();
        let place = ((self.0.len() as f64 * share).ceil() as usize).clamp(1, self.0.len());
        self.0[place - 1].as_secs_f64() * 1e3
    }

    /// Prints one row: rate, p50, p99, max.
    pub fn row(&mut self, what: &str, seconds: f64) -> f64 {
        let rate = self.len() as f64 / seconds;
        println!(
            "{what:<52} {rate:>9.0}/s  p50 {:>8.2} ms  p99 {:>8.2} ms  max {:>8.2} ms  n {}",
            self.percentile(0.5),
            self.percentile(0.99),
            self.percentile(1.0),
            self.len(),
        );
        rate
    }
}
