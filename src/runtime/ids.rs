//! Makes identities: the only place that draws chance for them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use uuid::Uuid;

use crate::engine::Chance;
use crate::id::{DrillRunId, IncidentId};

/// A source of new identities and of incident numbers.
#[derive(Debug)]
pub struct Ids {
    number: AtomicU64,
    /// The latest identity: those made within one millisecond still sort as they were made.
    latest: Mutex<u128>,
}

impl Ids {
    /// Starts numbering after the highest number in use.
    #[must_use]
    pub const fn after(last_number: u64) -> Self {
        Self { number: AtomicU64::new(last_number), latest: Mutex::new(0) }
    }

    /// Returns the next incident number.
    pub fn number(&self) -> u64 {
        self.number.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Gives back the number of a declaration that came to nothing, so that reviewers need not ask
    /// where it went. Where another one was drawn since, the gap stays.
    pub fn give_back(&self, number: u64) {
        let before = number.saturating_sub(1);
        let order = Ordering::Relaxed;
        let _ = self.number.compare_exchange(number, before, order, order);
    }

    /// Makes an incident's identity.
    #[must_use]
    pub fn incident(&self, now: Timestamp) -> IncidentId {
        IncidentId::from_u128(self.next(now))
    }

    /// Makes the identity of a drill's run.
    #[must_use]
    pub fn drill_run(&self, now: Timestamp) -> DrillRunId {
        DrillRunId::from_u128(self.next(now))
    }

    /// Makes the name of a file of evidence that is being taken in.
    #[must_use]
    pub fn file(&self, now: Timestamp) -> u128 {
        self.next(now)
    }

    /// Makes the name of an erasure.
    #[must_use]
    pub fn erasure(&self, now: Timestamp) -> String {
        Uuid::from_u128(self.next(now)).to_string()
    }

    /// Draws chance for the salts of one decision.
    #[must_use]
    pub fn chance(&self) -> Chance {
        let drawn = crate::chance::draw::<32>();
        Chance::new(drawn)
    }

    fn next(&self, now: Timestamp) -> u128 {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        let drawn = version_7(now).as_u128();
        // A clock that stands still or goes back must not turn the order round.
        *latest = if drawn > *latest { drawn } else { *latest + 1 };
        *latest
    }
}

fn version_7(now: Timestamp) -> Uuid {
    let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
    let chance = crate::chance::draw::<10>();
    uuid::Builder::from_unix_timestamp_millis(millis, &chance).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities_sort_by_time_and_numbers_go_on() {
        let ids = Ids::after(41);
        let early = ids.incident("2026-11-21T00:00:00Z".parse().unwrap());
        let late = ids.incident("2026-11-21T00:00:01Z".parse().unwrap());
        assert!(early < late);
        let again: Vec<IncidentId> =
            (0..100).map(|_| ids.incident("2026-11-21T00:00:01Z".parse().unwrap())).collect();
        assert!(again.is_sorted() && again[0] > late);
        assert_eq!((ids.number(), ids.number()), (42, 43));
        ids.give_back(43);
        assert_eq!((ids.number(), ids.number()), (43, 44), "nothing was drawn since");
        ids.give_back(43);
        assert_eq!(ids.number(), 45, "a number in use is never given twice");
    }
}
