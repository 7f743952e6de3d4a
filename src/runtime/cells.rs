//! The incidents in memory, one lock each. A cell is only a cache: the journal can rebuild it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Mutex as AsyncMutex;

use super::outbox::Rendered;
use crate::engine::{Command, Incident};
use crate::id::{IncidentId, NoticeId};
use crate::playbook::Playbook;

/// How many incidents stay in memory. At some 20 KiB each this bounds the cache to tens of
/// megabytes; others are read from the journal when they are needed.
const CELLS_MAX: usize = 4_096;
/// How many cells one eviction looks at before it lets the cache grow by one.
const EVICTION_STEPS: usize = 64;

/// An incident as the last commit left it.
#[derive(Debug, Clone)]
pub(super) struct Loaded {
    pub(super) playbook: Arc<Playbook>,
    pub(super) incident: Arc<Incident>,
    /// What the outbox's pending entries say.
    pub(super) rendered: Arc<BTreeMap<NoticeId, Arc<Rendered>>>,
}

/// One incident's lock, its state, and the answers of channels that wait to be committed.
#[derive(Debug, Default)]
pub(super) struct Cell {
    pub(super) state: AsyncMutex<Option<Loaded>>,
    inbox: Mutex<Vec<Command>>,
}

impl Cell {
    /// Leaves a command for whoever holds the lock next.
    pub(super) fn leave(&self, command: Command) {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner).push(command);
    }

    /// Takes every command left.
    pub(super) fn collect(&self) -> Vec<Command> {
        std::mem::take(&mut *self.inbox.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// All cells.
#[derive(Debug, Default)]
pub(super) struct Cells {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    cells: BTreeMap<IncidentId, Arc<Cell>>,
    /// Where the last eviction stopped.
    hand: Option<IncidentId>,
}

impl Cells {
    /// Returns the incident's cell, empty if it was not in memory.
    pub(super) fn cell(&self, id: IncidentId) -> Arc<Cell> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cell) = inner.cells.get(&id) {
            return Arc::clone(cell);
        }
        if inner.cells.len() >= CELLS_MAX {
            inner.evict();
        }
        Arc::clone(inner.cells.entry(id).or_default())
    }

    /// Forgets a cell that nobody uses.
    pub(super) fn release(&self, id: IncidentId) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if inner.cells.get(&id).is_some_and(is_idle) {
            inner.cells.remove(&id);
        }
    }

    /// Returns how many incidents are in memory.
    pub(super) fn len(&self) -> usize {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).cells.len()
    }
}

impl Inner {
    fn evict(&mut self) {
        let from = self.hand.unwrap_or(IncidentId::from_u128(0));
        let around = self.cells.range(from..).chain(self.cells.range(..from));
        let mut last = None;
        let mut victim = None;
        for (id, cell) in around.take(EVICTION_STEPS) {
            last = Some(*id);
            if is_idle(cell) {
                victim = Some(*id);
                break;
            }
        }
        self.hand = last;
        if let Some(victim) = victim {
            self.cells.remove(&victim);
        }
    }
}

/// Only the map itself holds it, so nobody waits for its lock, and nothing is left in it.
fn is_idle(cell: &Arc<Cell>) -> bool {
    Arc::strong_count(cell) == 1
        && cell.inbox.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cache_is_bounded_and_keeps_what_is_in_use() {
        let cells = Cells::default();
        let used = IncidentId::from_u128(1);
        let held = cells.cell(used);
        for n in 2..(CELLS_MAX as u128 + 100) {
            cells.cell(IncidentId::from_u128(n));
        }
        assert_eq!(cells.len(), CELLS_MAX);
        assert!(Arc::ptr_eq(&held, &cells.cell(used)));
    }
}
