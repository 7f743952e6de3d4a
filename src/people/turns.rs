//! Whose turn it is where a rung of a ladder tells one of several: counted over all incidents, so
//! that nobody is called twice before everyone was called once. A snapshot; counting on is a new one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::id::LadderId;

/// How many turns were taken on each rung.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Turns(BTreeMap<LadderId, BTreeMap<u32, u64>>);

impl Turns {
    /// Nobody had a turn.
    pub const NONE: &'static Self = &Self(BTreeMap::new());

    /// Returns the number of the next turn on a rung of a ladder, from 0.
    #[must_use]
    pub fn next(&self, ladder: &LadderId, rung: u32) -> u64 {
        self.0.get(ladder).and_then(|rungs| rungs.get(&rung)).copied().unwrap_or_default()
    }

    /// Counts a turn as taken; one that was counted already changes nothing.
    pub fn take(&mut self, ladder: &LadderId, rung: u32, turn: u64) {
        let next = self.0.entry(ladder.clone()).or_default().entry(rung).or_default();
        *next = (*next).max(turn.saturating_add(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_is_counted_once_and_for_its_rung_alone() {
        let (duty, other) = (LadderId::new("duty"), LadderId::new("other"));
        let mut turns = Turns::NONE.clone();
        turns.take(&duty, 1, 0);
        turns.take(&duty, 1, 0);
        assert_eq!((turns.next(&duty, 1), turns.next(&duty, 0), turns.next(&other, 1)), (1, 0, 0));
        turns.take(&duty, 1, 7);
        turns.take(&duty, 1, 3);
        assert_eq!(turns.next(&duty, 1), 8, "an older count does not turn it back");
    }
}
