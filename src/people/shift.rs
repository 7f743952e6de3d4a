//! Shifts that were not reckoned here but read from a calendar.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::id::PersonId;

/// People on call for a stretch of time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shift {
    /// The first instant.
    pub from: Timestamp,
    /// The first instant after it.
    pub to: Timestamp,
    /// Who; never empty.
    pub who: Vec<PersonId>,
}

/// Shifts by their beginning, found without looking through all of them. Copies share the list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shifts {
    list: Arc<[Shift]>,
    longest: SignedDuration,
}

impl Shifts {
    /// Puts shifts in order.
    #[must_use]
    pub fn new(mut list: Vec<Shift>) -> Self {
        list.sort_unstable();
        list.dedup();
        let longest = list.iter().map(|shift| shift.to.duration_since(shift.from)).max();
        Self { longest: longest.unwrap_or(SignedDuration::ZERO), list: list.into() }
    }

    /// Lists them by beginning.
    #[must_use]
    pub fn list(&self) -> &[Shift] {
        &self.list
    }

    /// Returns everyone whose shift holds at an instant, whose began first, first.
    #[must_use]
    pub fn at(&self, at: Timestamp) -> Vec<PersonId> {
        let begun = self.list.partition_point(|shift| shift.from <= at);
        let earliest = at.saturating_sub(self.longest).unwrap_or(Timestamp::MIN);
        let first = self.list[..begun].partition_point(|shift| shift.from < earliest);
        let mut who: Vec<PersonId> = Vec::new();
        for shift in self.list[first..begun].iter().filter(|shift| at < shift.to) {
            for person in &shift.who {
                if !who.contains(person) {
                    who.push(person.clone());
                }
            }
        }
        who
    }

    /// Lists the instants in `(from, to)` at which somebody comes or goes.
    pub fn edges(&self, from: Timestamp, to: Timestamp) -> impl Iterator<Item = Timestamp> + '_ {
        let edges = self.list.iter().flat_map(|shift| [shift.from, shift.to]);
        edges.filter(move |edge| from < *edge && *edge < to)
    }
}
