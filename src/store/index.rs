//! What is kept in memory of the active incidents: rows, wake-ups, deduplication keys. It grows
//! with the incidents that run, never with those that ended.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::layout::{Row, Shelf};
use super::{Query, Summary, Which};
use crate::engine::Mode;
use crate::id::IncidentId;

/// The active incidents.
#[derive(Debug, Default)]
pub(super) struct Index {
    rows: BTreeMap<IncidentId, Arc<Row>>,
    numbers: BTreeMap<u64, IncidentId>,
    due: BTreeSet<(Timestamp, IncidentId)>,
    keys: BTreeMap<Mode, BTreeMap<String, BTreeSet<(u64, IncidentId)>>>,
    last_number: u64,
}

impl Index {
    /// Takes note of an incident's row: replaces what was known, forgets it when it rests. Most
    /// appends change a row without moving it, so only what moves is touched.
    pub(super) fn note(&mut self, row: Arc<Row>) {
        let (id, number) = (row.summary.id, row.summary.number);
        self.last_number = self.last_number.max(number);
        let stays = row.shelf() == Shelf::Active;
        let before = if stays {
            self.rows.insert(id, Arc::clone(&row))
        } else {
            self.numbers.remove(&number);
            self.rows.remove(&id)
        };
        if stays && before.is_none() {
            self.numbers.insert(number, id);
        }
        let now = stays.then_some(&*row);
        self.move_wake(id, before.as_deref(), now);
        self.move_key((number, id), before.as_deref(), now);
    }

    fn move_wake(&mut self, id: IncidentId, before: Option<&Row>, now: Option<&Row>) {
        let (before, now) = (before.and_then(|row| row.wake), now.and_then(|row| row.wake));
        if before == now {
            return;
        }
        if let Some(at) = before {
            self.due.remove(&(at, id));
        }
        self.due.extend(now.map(|at| (at, id)));
    }

    fn move_key(&mut self, holder: (u64, IncidentId), before: Option<&Row>, now: Option<&Row>) {
        let key = |row: &'_ Row| Some((row.summary.mode, open_key(&row.summary)?.to_owned()));
        let (before, now) = (before.and_then(key), now.and_then(key));
        if before == now {
            return;
        }
        if let Some((mode, key)) = before
            && let Some(of_mode) = self.keys.get_mut(&mode)
            && let Some(holders) = of_mode.get_mut(&key)
        {
            holders.remove(&holder);
            if holders.is_empty() {
                of_mode.remove(&key);
            }
        }
        if let Some((mode, key)) = now {
            self.keys.entry(mode).or_default().entry(key).or_default().insert(holder);
        }
    }

    /// Takes note of a number that a resting incident has.
    pub(super) fn note_number(&mut self, number: u64) {
        self.last_number = self.last_number.max(number);
    }

    pub(super) fn row(&self, incident: IncidentId) -> Option<&Arc<Row>> {
        self.rows.get(&incident)
    }

    pub(super) fn by_number(&self, number: u64) -> Option<&Arc<Row>> {
        self.numbers.get(&number).and_then(|id| self.rows.get(id))
    }

    pub(super) fn by_dedup_key(&self, mode: Mode, key: &str) -> Option<IncidentId> {
        self.with_dedup_key(mode, key).map(|(_, id)| id).last()
    }

    /// Returns the open incidents of a mode with a deduplication key, by rising number.
    pub(super) fn with_dedup_key(
        &self,
        mode: Mode,
        key: &str,
    ) -> impl Iterator<Item = (u64, IncidentId)> {
        self.keys.get(&mode).and_then(|of_mode| of_mode.get(key)).into_iter().flatten().copied()
    }

    /// Returns the active incidents a list asks for, newest first; ended ones that still wait
    /// for a wake-up included.
    pub(super) fn list(&self, query: Query) -> Vec<Arc<Row>> {
        let numbers = self.numbers.range(..query.before.unwrap_or(u64::MAX)).rev();
        let rows = numbers.filter_map(|(_, id)| self.rows.get(id));
        let wanted = rows.filter(|row| query.which.admits(row.summary.status));
        wanted.take(query.rows()).cloned().collect()
    }

    pub(super) fn is_active(&self, number: u64) -> bool {
        self.numbers.contains_key(&number)
    }

    pub(super) const fn last_number(&self) -> u64 {
        self.last_number
    }

    pub(super) fn due(&self, until: Timestamp, limit: usize) -> Vec<(Timestamp, IncidentId)> {
        self.due.iter().take_while(|(at, _)| *at <= until).take(limit).copied().collect()
    }

    pub(super) fn next_wake(&self) -> Option<Timestamp> {
        self.due.first().map(|(at, _)| *at)
    }

    pub(super) fn active(&self) -> u64 {
        self.rows.len() as u64
    }
}

fn open_key(summary: &Summary) -> Option<&str> {
    summary.dedup_key.as_deref().filter(|_| Which::Open.admits(summary.status))
}
