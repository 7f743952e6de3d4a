//! Ways between phases that have a bound. How often one was taken does not matter until its bound
//! is spent: rounds but for that are alike. So a way that is taken is also taken as if for the last
//! time, and what that shows is held against counting every round.

use std::fmt;
use std::sync::Arc;

use super::key;
use super::world::{Moved, State};
use crate::engine::Incident;
use crate::id::PhaseId;
use crate::playbook::Playbook;

/// A way that has a bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bounded {
    pub(super) from: PhaseId,
    pub(super) to: PhaseId,
    pub(super) at_most: u32,
    /// Its place among the ways out of its phase.
    next: u32,
}

/// Lists the bounded ways that were ever taken, and how often.
pub(super) fn taken<'a>(
    playbook: &'a Playbook,
    incident: &'a Incident,
) -> impl Iterator<Item = (Bounded, u32)> + 'a {
    incident.next_taken.iter().filter_map(|((from, next), times)| {
        let way = playbook.phase(from)?.next.get(*next as usize)?;
        let (from, to) = (from.clone(), way.to.clone());
        Some((Bounded { from, to, at_most: way.at_most?, next: *next }, *times))
    })
}

impl fmt::Display for Bounded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}>{}", self.from, self.next)
    }
}

impl Bounded {
    fn times(&self, incident: &Incident) -> u32 {
        incident.next_taken.get(&(self.from.clone(), self.next)).copied().unwrap_or(0)
    }

    /// Tells whether it was taken between two states.
    pub(super) fn was_taken(&self, before: Option<&Incident>, after: &Incident) -> bool {
        before.map_or(0, |before| self.times(before)) != self.times(after)
    }

    pub(super) fn is_spent(&self, incident: &Incident) -> bool {
        self.times(incident) >= self.at_most
    }

    /// Returns what a move comes to when it takes the way for the last time.
    pub(super) fn spent(&self, moved: &Moved) -> Moved {
        let mut last = moved.clone();
        self.spend(&mut last.paged);
        self.spend(&mut last.state);
        last
    }

    pub(super) fn spend(&self, state: &mut State) {
        let taken = Arc::make_mut(&mut state.incident.next_taken);
        taken.insert((self.from.clone(), self.next), self.at_most);
    }
}

impl key::State<'_> {
    /// Lists the bounded ways that may be tried again, as far as rounds are told apart: how often
    /// each was taken.
    pub(super) fn rounds(&self) -> impl Iterator<Item = (Bounded, u32)> + '_ {
        let told = |way: &Bounded| self.reading.counts_rounds || way.is_spent(self.incident);
        let again = |way: &Bounded| {
            let at = self.playbook.index().phase(&way.from);
            way.from == self.incident.phase || at.is_some_and(|at| self.may_be_entered(at))
        };
        taken(self.playbook, self.incident).filter(move |(way, _)| told(way) && again(way))
    }
}
