//! When each incident must be looked at next. Kept in memory; the store's wake index rebuilds it.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use tokio::sync::Notify;

use crate::id::IncidentId;

/// The instants ahead, one per incident.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    inner: Mutex<Inner>,
    /// Rings when the earliest instant moved forward.
    pub(super) earlier: Notify,
}

#[derive(Debug, Default)]
struct Inner {
    queue: BTreeSet<(Timestamp, IncidentId)>,
    of: HashMap<IncidentId, Timestamp>,
}

impl Agenda {
    /// Sets or clears an incident's instant.
    pub(super) fn set(&self, incident: IncidentId, at: Option<Timestamp>) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let before = inner.queue.first().map(|(at, _)| *at);
        if let Some(old) = inner.of.remove(&incident) {
            inner.queue.remove(&(old, incident));
        }
        if let Some(at) = at {
            inner.of.insert(incident, at);
            inner.queue.insert((at, incident));
            if before.is_none_or(|before| at < before) {
                self.earlier.notify_one();
            }
        }
    }

    /// Sets an instant unless an earlier one is set.
    pub(super) fn at_latest(&self, incident: IncidentId, at: Timestamp) {
        let set = {
            let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
            inner.of.get(&incident).is_none_or(|old| at < *old)
        };
        if set {
            self.set(incident, Some(at));
        }
    }

    /// Returns the earliest instant.
    pub(super) fn next(&self) -> Option<Timestamp> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.queue.first().map(|(at, _)| *at)
    }

    /// Takes out up to `limit` incidents whose instant has come, earliest first.
    pub(super) fn take_due(&self, now: Timestamp, limit: usize) -> Vec<(Timestamp, IncidentId)> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let mut due = Vec::new();
        while due.len() < limit {
            match inner.queue.first() {
                Some((at, _)) if *at <= now => {}
                _ => break,
            }
            let Some(entry) = inner.queue.pop_first() else { break };
            inner.of.remove(&entry.1);
            due.push(entry);
        }
        due
    }

    /// Lists what is due without taking it out.
    pub(super) fn overdue(&self, now: Timestamp, limit: usize) -> Vec<(Timestamp, IncidentId)> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.queue.iter().take_while(|(at, _)| *at <= now).take(limit).copied().collect()
    }

    /// Returns how many incidents have an instant ahead.
    pub(super) fn len(&self) -> usize {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).of.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn an_incident_has_one_instant_and_the_earliest_comes_first() {
        let agenda = Agenda::default();
        let [a, b] = [1, 2].map(IncidentId::from_u128);
        agenda.set(a, Some(at(10)));
        agenda.set(b, Some(at(5)));
        agenda.set(a, Some(at(3)));
        agenda.at_latest(a, at(7));
        assert_eq!(agenda.next(), Some(at(3)));
        assert_eq!(agenda.take_due(at(4), 9), [(at(3), a)]);
        assert_eq!(agenda.overdue(at(9), 9), [(at(5), b)]);
        agenda.set(b, None);
        assert_eq!((agenda.next(), agenda.len()), (None, 0));
    }
}
