//! Which steps of a workflow make a phase of a plan, what each waits for, and under which choices
//! it is done. It must not know what steps do.

use std::collections::{BTreeMap, BTreeSet};

use crate::exchange::cacao::graph::{By, Graph, Kind};
use crate::exchange::cacao::guard::{DEFAULT, FAILED, Guard, SUCCEEDED};

/// A stretch of the workflow that becomes a phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stretch {
    /// Its first step.
    pub(super) head: usize,
    /// The step at which the next stretch begins.
    pub(super) stop: Option<usize>,
    /// The `while` whose body it is.
    pub(super) round: Option<usize>,
}

/// A step with what comes before it.
#[derive(Debug)]
pub(super) struct Placed {
    pub(super) at: usize,
    /// The steps of the workflow that must have ended.
    pub(super) after: BTreeSet<usize>,
    pub(super) guard: Guard,
}

/// Why a stretch cannot be laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tangle {
    /// A step is inside a branch and after it at once.
    Entangled(usize),
    /// More alternatives lead to a step than are followed.
    TooMany(usize),
}

/// Cuts the workflow into stretches: a `while` on the way from the start that every run takes
/// becomes a phase of its own. Where ways cross such a cut, all is one stretch.
pub(super) fn stretches(graph: &Graph<'_>, head: usize) -> Vec<Stretch> {
    let whole = vec![Stretch { head, stop: None, round: None }];
    let mut spine = vec![head];
    while let Some(next) = spine.last().and_then(|at| {
        let part = &graph.parts[*at];
        part.way(By::Failure).is_none().then(|| part.next())?
    }) {
        if graph.parts[next].kind == Kind::End {
            break;
        }
        spine.push(next);
    }
    let mut cut: Vec<Stretch> = Vec::new();
    let mut begin = Some(head);
    for at in &spine {
        if graph.parts[*at].kind != Kind::While {
            begin = begin.or(Some(*at));
            continue;
        }
        if let Some(head) = begin.take().filter(|head| head != at) {
            cut.push(Stretch { head, stop: Some(*at), round: None });
        }
        let body = graph.parts[*at].way(By::True).unwrap_or(*at);
        cut.push(Stretch { head: body, stop: Some(*at), round: Some(*at) });
    }
    cut.extend(begin.map(|head| Stretch { head, stop: None, round: None }));
    let mut seen: BTreeSet<usize> =
        spine.iter().copied().filter(|at| graph.parts[*at].kind == Kind::While).collect();
    for stretch in &cut {
        for at in region(graph, *stretch) {
            if !seen.insert(at) {
                return whole;
            }
        }
    }
    cut
}

/// Returns the steps of a stretch in no order; ends are left out.
fn region(graph: &Graph<'_>, stretch: Stretch) -> BTreeSet<usize> {
    let mut seen = BTreeSet::new();
    let mut open = vec![stretch.head];
    while let Some(at) = open.pop() {
        let part = &graph.parts[at];
        if part.kind == Kind::End || stretch.stop == Some(at) || !seen.insert(at) {
            continue;
        }
        // The body of a `while` in a branch is work of one step.
        let inside = |by: By| part.kind == Kind::While && by == By::True;
        open.extend(part.ways.iter().filter(|(by, _)| !inside(*by)).map(|(_, to)| *to));
    }
    seen
}

/// Lays out a stretch: its steps in an order in which each comes after what it waits for.
///
/// # Errors
/// The step at which the branches cannot be told apart.
pub(super) fn lay(
    graph: &Graph<'_>,
    stretch: Stretch,
    full: &dyn Fn(usize) -> u64,
) -> Result<Vec<Placed>, Tangle> {
    let region = region(graph, stretch);
    let mut loom = Loom { graph, region: &region, tails: BTreeMap::new() };
    loom.tails();
    let befores = loom.befores();
    order(stretch, &region, &befores, full)
}

/// The steps after which each step with branches has ended.
pub(super) fn ends(graph: &Graph<'_>, stretch: Stretch) -> BTreeMap<usize, BTreeSet<usize>> {
    let region = region(graph, stretch);
    let mut loom = Loom { graph, region: &region, tails: BTreeMap::new() };
    loom.tails();
    region.iter().map(|at| (*at, loom.own(*at))).collect()
}

fn order(
    stretch: Stretch,
    region: &BTreeSet<usize>,
    befores: &BTreeMap<usize, Before>,
    full: &dyn Fn(usize) -> u64,
) -> Result<Vec<Placed>, Tangle> {
    let mut placed: BTreeMap<usize, Placed> = BTreeMap::new();
    let mut order = Vec::with_capacity(region.len());
    let mut left: BTreeMap<usize, usize> =
        region.iter().map(|at| (*at, befores.get(at).map_or(0, |b| b.after.len()))).collect();
    let mut follow: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (at, before) in befores {
        for earlier in &before.after {
            follow.entry(*earlier).or_default().push(*at);
        }
    }
    let mut ready: BTreeSet<usize> =
        left.iter().filter(|(_, n)| **n == 0).map(|(at, _)| *at).collect();
    while let Some(at) = ready.pop_first() {
        let none = Before::default();
        let before = befores.get(&at).unwrap_or(&none);
        let mut guard = if before.ways.is_empty() { first(stretch) } else { Guard::never() };
        for (from, choice) in &before.ways {
            let earlier = placed.get(from).map_or_else(Guard::always, |p| p.guard.clone());
            let way = choice.map_or(earlier.clone(), |(of, answer)| earlier.and(of, answer));
            guard = guard.or(&way, full).ok_or(Tangle::TooMany(at))?;
        }
        let mut after = before.after.clone();
        // The body of a `while` waits for the decision about its condition.
        after.extend(stretch.round.filter(|_| at == stretch.head));
        placed.insert(at, Placed { at, after, guard });
        order.push(at);
        for next in follow.get(&at).into_iter().flatten() {
            let waits = left.entry(*next).or_default();
            *waits = waits.saturating_sub(1);
            if *waits == 0 {
                ready.insert(*next);
            }
        }
    }
    if let Some(at) = region.iter().find(|at| !placed.contains_key(at)) {
        return Err(Tangle::Entangled(*at));
    }
    Ok(order.into_iter().filter_map(|at| placed.remove(&at)).collect())
}

/// The body of a `while` is done under its condition.
fn first(stretch: Stretch) -> Guard {
    let always = Guard::always();
    stretch.round.map_or(always.clone(), |round| always.and(round, 0))
}

/// What comes before a step.
#[derive(Debug, Default)]
struct Before {
    after: BTreeSet<usize>,
    /// From where, and the answer that the way wants.
    ways: Vec<(usize, Option<(usize, usize)>)>,
}

struct Loom<'a> {
    graph: &'a Graph<'a>,
    region: &'a BTreeSet<usize>,
    /// The last steps of what begins at a step.
    tails: BTreeMap<usize, BTreeSet<usize>>,
}

impl Loom<'_> {
    fn inside(&self, at: usize) -> bool {
        self.region.contains(&at)
    }

    /// The ways out of a step that hold work of its own.
    fn branches(&self, at: usize) -> impl Iterator<Item = usize> + '_ {
        let part = &self.graph.parts[at];
        let own = |by: By| match by {
            By::Branch | By::False | By::Case(_) | By::Default => true,
            By::True => part.kind == Kind::If,
            By::Next | By::Success | By::Failure => false,
        };
        part.ways.iter().filter(move |(by, _)| own(*by)).map(|(_, to)| *to)
    }

    /// Computes the tails of every step, the last steps first.
    fn tails(&mut self) {
        let mut open: Vec<(usize, bool)> = self.region.iter().map(|at| (*at, false)).collect();
        while let Some((at, again)) = open.pop() {
            if self.tails.contains_key(&at) {
                continue;
            }
            if again {
                let tails = self.of(at);
                self.tails.insert(at, tails);
                continue;
            }
            open.push((at, true));
            let ways = self.graph.parts[at].ways.iter().map(|(_, to)| *to);
            open.extend(ways.filter(|to| self.inside(*to)).map(|to| (to, false)));
        }
    }

    fn of(&self, at: usize) -> BTreeSet<usize> {
        let part = &self.graph.parts[at];
        let mut tails = match part.next().filter(|to| self.inside(*to)) {
            Some(next) => self.tails.get(&next).cloned().unwrap_or_default(),
            None => self.own(at),
        };
        match part.way(By::Failure) {
            Some(to) if self.inside(to) => {
                tails.extend(self.tails.get(&to).into_iter().flatten().copied());
            }
            Some(_) => {
                tails.insert(at);
            }
            None => {}
        }
        tails
    }

    /// The steps after which a step with branches has ended.
    fn own(&self, at: usize) -> BTreeSet<usize> {
        let mut own = BTreeSet::new();
        for to in self.branches(at) {
            own.extend(self.tails.get(&to).into_iter().flatten().copied());
        }
        if own.is_empty() {
            own.insert(at);
        }
        own
    }

    fn befores(&self) -> BTreeMap<usize, Before> {
        let mut befores: BTreeMap<usize, Before> = BTreeMap::new();
        for at in self.region.iter().copied() {
            let part = &self.graph.parts[at];
            let branching = self.branches(at).next().is_some();
            for (by, to) in &part.ways {
                if !self.inside(*to) || (part.kind == Kind::While && *by == By::True) {
                    continue;
                }
                let before = befores.entry(*to).or_default();
                let joins = branching && matches!(by, By::Next | By::Success | By::Failure);
                if joins {
                    before.after.extend(self.own(at));
                } else {
                    before.after.insert(at);
                }
                before.ways.push((at, answer(part.kind, *by).map(|answer| (at, answer))));
            }
        }
        befores
    }
}

/// Which answer of a step's choice a way stands for.
fn answer(kind: Kind, by: By) -> Option<usize> {
    let plain = matches!(kind, Kind::Action | Kind::PlaybookAction);
    match by {
        By::Next | By::Branch => None,
        By::Success if plain => Some(0),
        By::Failure if plain => Some(1),
        By::Success => Some(SUCCEEDED),
        By::Failure => Some(FAILED),
        By::True => Some(0),
        By::False => Some(1),
        By::Case(n) => Some(n),
        By::Default => Some(DEFAULT),
    }
}

impl Placed {
    /// A step that waits for nothing.
    pub(super) fn alone(at: usize) -> Self {
        Self { at, after: BTreeSet::new(), guard: Guard::always() }
    }

    /// The steps with branches whose failure or success decides about this one.
    pub(super) fn guard_choices(&self, graph: &Graph<'_>) -> Vec<usize> {
        let branching =
            |at: &usize| !matches!(graph.parts[*at].kind, Kind::Action | Kind::PlaybookAction);
        self.guard.choices().filter(branching).collect()
    }
}
