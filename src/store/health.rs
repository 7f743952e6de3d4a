//! How the store is doing: for `/readyz`, for metrics, and for the decision to refuse work.

use std::time::Duration;

/// Whether the store acknowledges appends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// Yes.
    Healthy,
    /// No: the disk has too little room. Reads go on; appends are accepted again as soon as
    /// there is room.
    Full {
        /// Bytes that are free.
        free: u64,
        /// Bytes that must be free.
        needed: u64,
    },
    /// No: the disk or the store failed. It is tried again by itself.
    Broken {
        /// What went wrong.
        why: String,
    },
}

/// Counters since the store was opened, and sizes now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    /// Requests that wait for the writer now.
    pub queued: u64,
    /// The most requests that may wait.
    pub queue_limit: u64,
    /// Appends acknowledged.
    pub appends: u64,
    /// Events acknowledged.
    pub events: u64,
    /// Groups of requests made durable together.
    pub groups: u64,
    /// Requests in the largest group.
    pub largest_group: u64,
    /// Requests refused because the queue was full.
    pub refused: u64,
    /// Time spent in making groups durable.
    pub syncing: Duration,
    /// Time the last group took to become durable.
    pub last_sync: Duration,
    /// Bytes on disk.
    pub disk_bytes: u64,
    /// Incidents that run or wait for a wake-up.
    pub active: u64,
}
