//! Counts in buckets of time, newest last, only those that are not zero: most groups are quiet most
//! of the time.

use serde::{Deserialize, Serialize};

/// Counts by bucket. A bucket is a stretch of time of a length that its owner knows.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tally(Vec<(u32, u32)>);

impl Tally {
    /// Counts so many more in a bucket.
    pub fn add(&mut self, bucket: u32, count: u32) {
        match self.0.last_mut() {
            Some((last, known)) if *last == bucket => *known = known.saturating_add(count),
            Some((last, _)) if *last > bucket => {
                match self.0.binary_search_by_key(&bucket, |(at, _)| *at) {
                    Ok(at) => self.0[at].1 = self.0[at].1.saturating_add(count),
                    Err(at) => self.0.insert(at, (bucket, count)),
                }
            }
            _ => self.0.push((bucket, count)),
        }
    }

    /// Returns how many were counted from one bucket on and before another.
    #[must_use]
    pub fn between(&self, from: u32, until: u32) -> u64 {
        let counted = self.0.iter().rev().skip_while(|(at, _)| *at >= until);
        counted.take_while(|(at, _)| *at >= from).map(|(_, count)| u64::from(*count)).sum()
    }

    /// Returns how many were counted in a bucket.
    #[must_use]
    pub fn at(&self, bucket: u32) -> u32 {
        self.0.binary_search_by_key(&bucket, |(at, _)| *at).map_or(0, |at| self.0[at].1)
    }

    /// Returns the newest bucket that is not empty.
    #[must_use]
    pub fn newest(&self) -> Option<u32> {
        self.0.last().map(|(at, _)| *at)
    }

    /// Forgets what lies before a bucket.
    pub fn forget(&mut self, before: u32) {
        if self.0.first().is_some_and(|(at, _)| *at < before) {
            self.0.retain(|(at, _)| *at >= before);
        }
    }
}
