//! An incident's history as stored.

use super::{Digest, chain};
use crate::id::IncidentId;

/// One stored event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its link in the hash chain, as stored.
    pub link: Digest,
}

/// What one append stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The number of its first event, counted from 1; without events, of the next one to come.
    pub first: u64,
    /// Its events.
    pub events: Vec<Stored>,
    /// The notices that were rendered with it; empty when there were none or they were erased.
    pub notices: Vec<u8>,
}

impl Record {
    /// Returns the number of its last event; `first - 1` when it has none.
    #[must_use]
    pub fn last(&self) -> u64 {
        self.first + self.events.len() as u64 - 1
    }
}

/// The records of an incident, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stream {
    /// The incident.
    pub incident: IncidentId,
    /// Its records.
    pub records: Vec<Record>,
}

impl Stream {
    /// Returns the number of the last event; 0 without any.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.records.last().map_or(0, Record::last)
    }

    /// Returns the link of the last event; the chain's beginning without any.
    #[must_use]
    pub fn link(&self) -> Digest {
        let last = self.records.iter().rev().find_map(|record| record.events.last());
        last.map_or_else(|| chain::genesis(self.incident), |event| event.link)
    }

    /// Returns the events with their numbers, oldest first.
    pub fn events(&self) -> impl Iterator<Item = (u64, &Stored)> {
        self.records.iter().flat_map(|record| (record.first..).zip(&record.events))
    }
}
