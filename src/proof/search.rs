//! The search: state after state, nearest first, each once; what is found is told by the shortest
//! way that leads there.

use std::collections::{BTreeMap, VecDeque};

use super::claim::{Claim, Proof};
use super::key::{Key, key};
use super::moves::{Herald, Move, moves};
use super::reading::{Detail, Reading};
use super::round::{Bounded, taken};
use super::story::{Made, Story};
use super::world::{House, Moved, State, is_handed_on};
use crate::engine::{Incident, StuckReason, invariants};
use crate::id::{PhaseId, StepId};

/// What a state is to the end of the incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It goes on.
    Open,
    /// The incident has ended, or goes on by another plan.
    Ends,
    /// The plan takes no way out of the phase: a person must do something over.
    Stuck,
    /// Nobody looked at what comes after it.
    Unknown,
}

/// A state that was found, and how.
struct Found {
    from: Option<usize>,
    made: Made,
    fate: Fate,
    visit: u32,
    /// The incident may be in a phase anew with it.
    begins: bool,
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

/// What was found against the promises.
struct Against {
    stuck: Option<usize>,
    trapped: Option<usize>,
    untold: Option<usize>,
    cut: bool,
}

/// Explores a plan up to `limit` states.
#[must_use]
pub fn prove(house: House<'_>, limit: usize, detail: Detail) -> Proof {
    let reading = |counts_rounds| {
        let mut reading = Reading::of(house.playbook, house.somebody(), detail);
        reading.counts_rounds |= counts_rounds;
        reading
    };
    let search = Search::through(house, limit, reading(false));
    let against = search.against();
    // That a bound can be spent was taken for granted: counting shows whether it can.
    let counted = against
        .all()
        .any(|at| search.rests_on_rounds(at))
        .then(|| Search::through(house, limit, reading(true)).against());
    search.conclude(&against, counted.as_ref())
}

impl Against {
    fn all(&self) -> impl Iterator<Item = usize> {
        [self.stuck, self.trapped, self.untold].into_iter().flatten()
    }
}

impl<'a> Search<'a> {
    fn through(house: House<'a>, limit: usize, reading: Reading<'a>) -> Self {
        let mut search = Self {
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
        for inputs in search.reading.inputs.forms.clone() {
            let heralds = [
                (Herald::Person, true),
                (Herald::Alert, search.reading.alert_ends),
                (Herald::Surge, search.reading.surge_ends),
            ];
            for (by, _) in heralds.into_iter().filter(|(_, matters)| *matters) {
                search.take(None, Move::Declare { inputs: inputs.clone(), by });
            }
        }
        while let Some((at, state)) = search.queue.pop_front() {
            search.follow(at, &state);
        }
        search
    }

    /// Makes every move that a state allows.
    fn follow(&mut self, at: usize, state: &State) {
        let moves = moves(&self.house, &self.reading, state);
        for of_step in moves.steps {
            let mut refused = false;
            for made in of_step {
                refused |= !self.take(Some((at, state)), made);
            }
            if !refused {
                break;
            }
        }
        for made in moves.anyhow {
            self.take(Some((at, state)), made);
        }
    }

    /// Makes a move and keeps where it leads. Tells whether it could be made.
    fn take(&mut self, from: Option<(usize, &State)>, by: Move) -> bool {
        let state = from.map(|(_, state)| state);
        let Some(moved) = self.house.make(&self.reading, state, &by) else { return false };
        self.made += 1;
        let at = from.map(|(at, _)| at);
        for way in self.rounds(state.map(|state| &state.incident), &moved.state.incident) {
            let made = Made { by: by.clone(), spends: Some(way.clone()) };
            self.keep(at, made, way.spent(&moved));
        }
        self.keep(at, Made { by, spends: None }, moved);
        true
    }

    /// Returns the bounded ways that a move took, where that may as well be for the last time.
    fn rounds(&mut self, before: Option<&Incident>, after: &Incident) -> Vec<Bounded> {
        let mut rounds = Vec::new();
        for (way, _) in taken(self.house.playbook, after) {
            let spendable = !self.reading.counts_rounds && !way.is_spent(after);
            self.loops.insert(way.from.clone(), way.at_most);
            if spendable && way.was_taken(before, after) {
                rounds.push(way);
            }
        }
        rounds
    }

    /// Keeps a state, if it was not found before.
    fn keep(&mut self, from: Option<usize>, made: Made, moved: Moved) {
        // To cancel is no way that the plan leads to its end; but what follows must end.
        let leads = from.filter(|_| made.by != Move::Cancel);
        let visit = leads.map(|from| self.found[from].visit);
        let begins = visit != Some(moved.state.incident.visit);
        let fingerprint = key(&self.house, &self.reading, &moved.state.incident);
        if let Some(known) = self.known.get(&fingerprint) {
            self.before[*known].extend(leads);
            self.found[*known].begins |= begins;
            return;
        }
        if self.found.len() >= self.limit {
            self.cut = true;
            if let Some(from) = from {
                self.found[from].fate = Fate::Unknown;
            }
            return;
        }
        let new = self.found.len();
        self.known.insert(fingerprint, new);
        self.before.push(leads.into_iter().collect());
        let fate = fate(&moved.state.incident);
        let visit = moved.state.incident.visit;
        self.found.push(Found { from, made, fate, visit, begins });
        self.judge(new, &moved);
        if moved.state.incident.status.is_open() {
            self.queue.push_back((new, moved.state));
        }
    }

    /// Holds a new state to every promise.
    fn judge(&mut self, new: usize, moved: &Moved) {
        let incident = &moved.state.incident;
        let broken = invariants(self.house.playbook, incident);
        if let Some(violation) = broken.first() {
            self.defect.get_or_insert((violation.promise, new));
        }
        if incident.stuck == Some(StuckReason::NoWayOut) {
            self.stuck.get_or_insert(new);
        }
        if self.untold.is_none()
            && let Some(step) = self.house.untold(&self.reading, &moved.paged)
        {
            self.untold = Some((new, step));
        }
    }

    fn against(&self) -> Against {
        let untold = self.untold.as_ref().map(|(at, _)| *at);
        Against { stuck: self.stuck, trapped: self.trapped(), untold, cut: self.cut }
    }

    /// Sums up, the second time against what counting showed.
    fn conclude(&self, against: &Against, counted: Option<&Against>) -> Proof {
        let narrowed = self.reading.is_narrowed();
        let claim = |of: fn(&Against) -> Option<usize>| {
            let sure = |at: &usize| !self.rests_on_rounds(*at) || counted.and_then(of).is_some();
            let cut = against.cut || counted.is_some_and(|counted| counted.cut);
            match of(against).filter(sure) {
                Some(at) => Claim::Refuted(self.story(at)),
                None if cut || narrowed => Claim::Open,
                None => Claim::Proven,
            }
        };
        let people_told = match (claim(|against| against.untold), &self.untold) {
            (Claim::Refuted(story), Some((_, step))) => Claim::Refuted(story.about(step.clone())),
            (other, _) => other,
        };
        Proof {
            states: self.found.len(),
            moves: self.made,
            cut: self.cut,
            narrowed,
            never_stuck: claim(|against| against.stuck),
            always_ends: claim(|against| against.trapped),
            people_told,
            loops: self.loops.clone(),
            defect: self.defect.map(|(promise, at)| (promise, self.story(at))),
        }
    }

    /// Returns the nearest state from which no way leads to an end. Being stuck is no end, but what
    /// was done in the phase may be done over: so it is held against the plan where the phase began
    /// without a way to an end, or where people come to nothing without being stuck.
    fn trapped(&self) -> Option<usize> {
        let leads = self.leading_to(|fate| matches!(fate, Fate::Ends | Fate::Unknown));
        let sticks = self.leading_to(|fate| fate == Fate::Stuck);
        let trapped = |at: usize| !leads[at] && (self.found[at].begins || !sticks[at]);
        let mut goes_on = vec![false; self.found.len()];
        for (at, before) in self.before.iter().enumerate() {
            let before = before.iter().filter(|before| **before != at);
            before.for_each(|before| goes_on[*before] = true);
        }
        // Where nothing happens any more says more than where it became inevitable.
        let over = |at: &usize| {
            let over = self.found[*at].fate == Fate::Stuck || !goes_on[*at];
            !leads[*at] && over && self.way_back(*at).any(trapped)
        };
        (0..leads.len()).find(over).or_else(|| (0..leads.len()).find(|at| trapped(*at)))
    }

    /// Finds the states from which a way leads to one of some fate.
    fn leading_to(&self, fate: impl Fn(Fate) -> bool) -> Vec<bool> {
        let mut leads = vec![false; self.found.len()];
        let mut open: Vec<usize> =
            (0..self.found.len()).filter(|at| fate(self.found[*at].fate)).collect();
        while let Some(at) = open.pop() {
            if !std::mem::replace(&mut leads[at], true) {
                open.extend(self.before[at].iter().filter(|before| !leads[**before]));
            }
        }
        leads
    }

    /// Returns a state and those on the way to it, last first.
    fn way_back(&self, at: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(Some(at), |at| self.found[*at].from)
    }

    /// Tells whether a bound was spent on the way to a state without counting.
    fn rests_on_rounds(&self, at: usize) -> bool {
        self.way_back(at).any(|at| self.found[at].made.spends.is_some())
    }

    fn story(&self, at: usize) -> Story {
        let mut moves: Vec<&Made> = self.way_back(at).map(|at| &self.found[at].made).collect();
        moves.reverse();
        Story::new(&self.house, &self.reading, &moves)
    }
}

fn fate(incident: &Incident) -> Fate {
    match &incident.stuck {
        _ if !incident.status.is_open() || is_handed_on(incident) => Fate::Ends,
        Some(StuckReason::NoWayOut | StuckReason::SpentLoop { .. }) => Fate::Stuck,
        Some(StuckReason::FailedStep { .. }) | None => Fate::Open,
    }
}
