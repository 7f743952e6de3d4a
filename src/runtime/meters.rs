//! What the runtime counts. Plain numbers; telemetry gives them names and a format.

use std::sync::atomic::{AtomicU64, Ordering};

/// A number that grows, or that is set.
#[derive(Debug, Default)]
pub struct Meter(AtomicU64);

impl Meter {
    /// Adds one.
    pub fn count(&self) {
        self.add(1);
    }

    /// Adds `n`.
    pub fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    /// Takes one away.
    pub fn take(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    /// Replaces the number.
    pub fn set(&self, n: u64) {
        self.0.store(n, Ordering::Relaxed);
    }

    /// Reads the number.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Everything the runtime counts since it started.
#[derive(Debug, Default)]
pub struct Meters {
    /// Incidents declared.
    pub declared: Meter,
    /// Commands that changed something.
    pub committed: Meter,
    /// Events stored.
    pub events: Meter,
    /// Commands the engine refused.
    pub rejected: Meter,
    /// Commits repeated because another writer was first.
    pub conflicts: Meter,
    /// Deadlines acted on.
    pub deadlines: Meter,
    /// How late the latest deadline was acted on, in milliseconds.
    pub deadline_lag_ms: Meter,
    /// Messages a channel took.
    pub delivered: Meter,
    /// Attempts that are made again.
    pub delayed: Meter,
    /// Messages a channel refused.
    pub refused: Meter,
    /// Messages and requests the gate held back.
    pub held_back: Meter,
    /// Messages and requests under way now.
    pub in_flight: Meter,
    /// Incidents whose deadlines are being acted on now.
    pub acting: Meter,
    /// Drills that were passed.
    pub drills_passed: Meter,
    /// Drills that were not.
    pub drills_failed: Meter,
    /// Drills that nothing could be said of.
    pub drills_not_judged: Meter,
    /// Occurrences that a monitor counted.
    pub signals_counted: Meter,
    /// Reports of occurrences that came too late to be counted.
    pub signals_late: Meter,
    /// Reports of occurrences that lie ahead.
    pub signals_ahead: Meter,
    /// Reports of occurrences that no monitor watches.
    pub signals_unwatched: Meter,
    /// Reports that could not be read.
    pub signals_refused: Meter,
    /// Violations of invariants the auditor found.
    pub violations: Meter,
}
