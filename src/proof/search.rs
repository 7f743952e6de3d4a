//! The search: state after state, nearest first, each once; what is found is told by the shortest
//! way that leads there.

use std::collections::{BTreeMap, VecDeque};

use super::key::{Key, key};
use super::moves::{Move, moves};
use super::reading::{Detail, Reading};
use super::story::Story;
use super::world::{House, Moved, State, is_handed_on};
use crate::engine::{Incident, StuckReason, invariants};
use crate::id::{PhaseId, StepId};

/// A promise about every state that can be reached.
#[derive(Debug, Clone, PartialEq)]
pub enum Claim {
    /// It holds in all of them.
    Proven,
    /// It does not hold at the end of this story, and there is no shorter one.
    Refuted(Story),
    /// It holds in all that were looked at, but there are more.
    Open,
}

impl Claim {
    /// Tells whether a counter-example was found.
    #[must_use]
    pub const fn is_refuted(&self) -> bool {
        matches!(self, Self::Refuted(_))
    }
}

/// What exploring a plan showed.
#[derive(Debug, Clone, PartialEq)]
pub struct Proof {
    /// How many states were looked at.
    pub states: usize,
    /// How many moves were made between them.
    pub moves: usize,
    /// There are more states than were looked at.
    pub cut: bool,
    /// Not every combination of answers was tried.
    pub narrowed: bool,
    /// Some way out of a phase can always be taken, loops whose bound is spent excepted.
    pub never_stuck: Claim,
    /// A way leads to the end from everywhere.
    pub always_ends: Claim,
    /// Somebody who may act has been told of every open step.
    pub people_told: Claim,
    /// Phases that a bounded way leads back from, and its bound: when it is spent, the commander
    /// must decide.
    pub loops: BTreeMap<PhaseId, u32>,
    /// A promise of the engine that was broken: a defect of firebell, never of the plan.
    pub defect: Option<(&'static str, Story)>,
}

impl Proof {
    /// Tells whether anything was refuted.
    #[must_use]
    pub const fn is_refuted(&self) -> bool {
        self.never_stuck.is_refuted()
            || self.always_ends.is_refuted()
            || self.people_told.is_refuted()
            || self.defect.is_some()
    }
}

/// A state that was found: how, and what it is to the end of the incident.
struct Found {
    from: Option<usize>,
    by: Move,
    /// The incident has ended, or a person must decide.
    ends: bool,
}

struct Search<'a> {
    house: House<'a>,
    reading: Reading<'a>,
    limit: usize,
    known: BTreeMap<Key, usize>,
    found: Vec<Found>,
    /// From a state back to those that lead to it.
    before: Vec<Vec<usize>>,
    queue: VecDeque<(usize, State)>,
    made: usize,
    cut: bool,
    stuck: Option<usize>,
    untold: Option<(usize, StepId)>,
    loops: BTreeMap<PhaseId, u32>,
    defect: Option<(&'static str, usize)>,
}

/// Explores a plan up to `limit` states.
#[must_use]
pub fn prove(house: House<'_>, limit: usize, detail: Detail) -> Proof {
    let reading = Reading::of(house.playbook, house.somebody(), detail);
    let mut search = Search {
        house,
        reading,
        limit,
        known: BTreeMap::new(),
        found: Vec::new(),
        before: Vec::new(),
        queue: VecDeque::new(),
        made: 0,
        cut: false,
        stuck: None,
        untold: None,
        loops: BTreeMap::new(),
        defect: None,
    };
    let narrowed = search.reading.is_narrowed();
    for inputs in search.reading.inputs.forms.clone() {
        for alert in [false, true] {
            if !alert || search.reading.alert_ends {
                search.take(None, Move::Declare { inputs: inputs.clone(), alert });
            }
        }
    }
    while let Some((at, state)) = search.queue.pop_front() {
        let moves = moves(&search.house, &search.reading, &state);
        for of_step in moves.steps {
            let mut refused = false;
            for made in of_step {
                refused |= !search.take(Some((at, &state)), made);
            }
            if !refused {
                break;
            }
        }
        for made in moves.anyhow {
            search.take(Some((at, &state)), made);
        }
    }
    search.conclude(narrowed)
}

impl Search<'_> {
    /// Makes a move and keeps where it leads, if nothing led there before. Tells whether it could be made.
    fn take(&mut self, from: Option<(usize, &State)>, by: Move) -> bool {
        let state = from.map(|(_, state)| state);
        let Some(moved) = self.house.make(&self.reading, state, &by) else { return false };
        self.made += 1;
        self.note_loops(&moved.state.incident);
        let at = from.map(|(at, _)| at);
        if let Some((at, state)) = from
            && self.goes_round(&state.incident, &moved.state.incident)
        {
            // Whoever goes round and round spends the bound, and then the commander decides.
            self.found[at].ends = true;
        }
        let fingerprint = key(&self.house, &self.reading, &moved.state.incident);
        if let Some(known) = self.known.get(&fingerprint) {
            self.before[*known].extend(at);
            return true;
        }
        if self.found.len() >= self.limit {
            self.cut = true;
            // Nobody knows what comes after it: it may well lead to the end.
            if let Some(at) = at {
                self.found[at].ends = true;
            }
            return true;
        }
        let new = self.found.len();
        self.known.insert(fingerprint, new);
        self.before.push(at.into_iter().collect());
        self.found.push(Found { from: at, by, ends: false });
        if self.judge(new, &moved) {
            self.queue.push_back((new, moved.state));
        }
        true
    }

    /// A way that is bounded and was taken can be taken until its bound is spent, if what follows
    /// leads back to it.
    fn note_loops(&mut self, incident: &Incident) {
        for way in incident.next_taken.keys() {
            if let Some(at_most) = self.bound(way) {
                self.loops.insert(way.0.clone(), at_most);
            }
        }
    }

    /// Tells whether a way that is bounded was taken.
    fn goes_round(&self, before: &Incident, after: &Incident) -> bool {
        let mut taken = after.next_taken.iter();
        taken.any(|(way, times)| {
            self.bound(way).is_some() && before.next_taken.get(way) != Some(times)
        })
    }

    fn bound(&self, (phase, next): &(PhaseId, u32)) -> Option<u32> {
        self.house.playbook.phase(phase)?.next.get(*next as usize)?.at_most
    }

    /// Holds a new state to every promise; tells whether anything can follow it.
    fn judge(&mut self, new: usize, moved: &Moved) -> bool {
        let incident = &moved.state.incident;
        let broken = invariants(self.house.playbook, incident);
        if let Some(violation) = broken.first() {
            self.defect.get_or_insert((violation.promise, new));
        }
        let mut goes_on = incident.status.is_open();
        self.found[new].ends = !goes_on || is_handed_on(incident);
        match &incident.stuck {
            Some(StuckReason::NoWayOut) => {
                (goes_on, self.found[new].ends) = (false, true);
                self.stuck.get_or_insert(new);
            }
            Some(StuckReason::SpentLoop { .. }) => {
                (goes_on, self.found[new].ends) = (false, true);
            }
            Some(StuckReason::FailedStep { .. }) | None => {}
        }
        if self.untold.is_none()
            && let Some(step) = self.house.untold(&self.reading, &moved.paged)
        {
            self.untold = Some((new, step));
        }
        goes_on
    }

    fn conclude(self, narrowed: bool) -> Proof {
        let trapped = self.trapped();
        let story = |at: usize| self.story(at);
        let claim = |refuted: Option<Story>| match refuted {
            Some(story) => Claim::Refuted(story),
            None if self.cut || narrowed => Claim::Open,
            None => Claim::Proven,
        };
        let people_told = self.untold.as_ref().map(|(at, step)| story(*at).about(step.clone()));
        Proof {
            states: self.found.len(),
            moves: self.made,
            cut: self.cut,
            narrowed,
            never_stuck: claim(self.stuck.map(story)),
            always_ends: claim(trapped.map(story)),
            people_told: claim(people_told),
            loops: self.loops.clone(),
            defect: self.defect.map(|(promise, at)| (promise, story(at))),
        }
    }

    /// Returns the nearest state from which no way leads to an end: one that nothing follows, if
    /// there is one.
    fn trapped(&self) -> Option<usize> {
        let mut leads = vec![false; self.found.len()];
        let mut open: Vec<usize> =
            (0..self.found.len()).filter(|at| self.found[*at].ends).collect();
        while let Some(at) = open.pop() {
            if !std::mem::replace(&mut leads[at], true) {
                open.extend(self.before[at].iter().filter(|before| !leads[**before]));
            }
        }
        let mut goes_on = vec![false; self.found.len()];
        for (at, before) in self.before.iter().enumerate() {
            before
                .iter()
                .filter(|before| **before != at)
                .for_each(|before| goes_on[*before] = true);
        }
        // Where nothing happens any more says more than where it became inevitable.
        let trapped = || (0..leads.len()).filter(|at| !leads[*at]);
        trapped().find(|at| !goes_on[*at]).or_else(|| trapped().next())
    }

    fn story(&self, at: usize) -> Story {
        let mut moves = Vec::new();
        let mut here = Some(at);
        while let Some(at) = here {
            moves.push(self.found[at].by.clone());
            here = self.found[at].from;
        }
        moves.reverse();
        Story::new(&self.house, &self.reading, moves)
    }
}
