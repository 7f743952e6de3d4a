//! What the monitors know, and how it moves on: by batches and by minutes, in one order that a
//! restart can follow again. Pure.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::signal::{Batch, Watch};

/// How many minutes are looked at one by one after a pause: what a rule must hold for is seen, and a
/// server that was away for days is back at once.
const CATCH_UP_MINUTES: i64 = 60;

/// By how many minutes a clock may be behind before it counts as set back.
const SET_BACK_MINUTES: i64 = 2;

/// What the monitors know.
#[derive(Debug, Default)]
pub(super) struct State {
    pub watches: Vec<Watch>,
    /// The last minute that was looked at, counted from 1970.
    pub minute: i64,
    /// The number of the last delta that is counted.
    pub serial: u64,
    /// How it lies on the disk.
    pub fold: Fold,
}

/// How what is known lies on the disk.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Fold {
    pub generation: u64,
    /// The bytes of the generation.
    pub bytes: usize,
    /// The minute it was written.
    pub minute: i64,
    /// The bytes of the deltas since.
    pub since: usize,
    /// The first delta since.
    pub first: u64,
}

/// Batches that were made durable together, with the minute that was looked at before them.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Delta {
    pub after: i64,
    pub batches: Vec<Batch>,
}

/// Returns the minute an instant lies in.
pub(super) fn minute_of(at: Timestamp) -> i64 {
    at.as_second().div_euclid(60)
}

/// Returns when a minute begins.
pub(super) fn start_of(minute: i64) -> Timestamp {
    Timestamp::from_second(minute.saturating_mul(60)).unwrap_or(Timestamp::MAX)
}

impl State {
    /// Looks at every minute up to this one; tells whether there was any. A clock that is set back
    /// is followed, or nothing would be looked at until it comes here again.
    pub fn advance(&mut self, to: i64) -> bool {
        if to < self.minute - SET_BACK_MINUTES {
            self.minute = to;
        }
        if to <= self.minute {
            return false;
        }
        let first = (self.minute + 1).max(to - CATCH_UP_MINUTES);
        for minute in first..=to {
            for watch in &mut self.watches {
                watch.tick(start_of(minute));
            }
        }
        self.minute = to;
        true
    }

    /// Counts the surges that go on.
    pub fn surging(&self) -> u64 {
        self.watches.iter().filter(|watch| watch.surge().is_some()).count() as u64
    }

    /// Counts a batch.
    pub fn count(&mut self, batch: &Batch) {
        for occurrence in batch.occurrences() {
            for watch in &mut self.watches {
                watch.count(&occurrence, batch.at);
            }
        }
    }

    /// Follows a delta again.
    pub fn replay(&mut self, delta: &Delta) {
        self.advance(delta.after);
        delta.batches.iter().for_each(|batch| self.count(batch));
    }
}
