//! Ways between phases: every phase is reached, and nothing goes round for ever.

use std::collections::{BTreeMap, BTreeSet};

use crate::id::PhaseId;
use crate::playbook::check::{Check, NEVER_TRIED, UNREACHABLE_PHASE};
use crate::playbook::diagnostic::{Diagnostic, both};
use crate::playbook::lower::NO_BOUND;
use crate::playbook::model::Phase;
use crate::playbook::source::Span;
use crate::text::Text;

/// A way from phase to phase that may be taken as often as one likes.
struct Way {
    from: PhaseId,
    to: PhaseId,
    span: Option<Span>,
}

impl Check<'_> {
    /// Checks the ways between phases.
    pub(super) fn flow(&mut self) {
        let reached = self.playbook.enterable_after(0);
        for (at, phase) in self.playbook.phases.iter().enumerate() {
            if at > 0 && !reached.contains(&at) {
                self.unreachable(&phase.id);
            }
        }
        for phase in &self.playbook.phases {
            self.never_tried(phase);
        }
        for circle in circles(&self.unbounded_ways()) {
            self.endless(&circle);
        }
    }

    fn unbounded_ways(&self) -> Vec<Way> {
        let phases = &self.playbook.phases;
        let mut ways = Vec::new();
        for (at, phase) in phases.iter().enumerate() {
            let places = self.notes.next.get(&phase.id).map(Vec::as_slice).unwrap_or_default();
            for (n, next) in phase.ways().iter().enumerate() {
                if next.at_most.is_none() {
                    let (from, to) = (phase.id.clone(), next.to.clone());
                    ways.push(Way { from, to, span: places.get(n).copied() });
                }
            }
            if phase.next.is_empty()
                && let Some(following) = phases.get(at + 1)
            {
                let (from, to) = (phase.id.clone(), following.id.clone());
                ways.push(Way { from, to, span: None });
            }
        }
        for noted in &self.notes.failure_ways {
            let (step, to) = &noted.what;
            let from = self.playbook.step(step).map(|(phase, _)| phase.id.clone());
            // Going to the current phase does nothing.
            if let Some(from) = from.filter(|from| from != to) {
                ways.push(Way { from, to: to.clone(), span: Some(noted.span) });
            }
        }
        ways
    }

    fn unreachable(&mut self, id: &PhaseId) {
        let found = Diagnostic::new(
            UNREACHABLE_PHASE,
            both!("没有路径进入阶段 `{id}`", "no way leads to the phase `{id}`"),
        )
        .help(Text::both(
            "在某个阶段的 `next` 里写上它，或删去它",
            "name it in the `next` of a phase, or remove it",
        ));
        self.told(found, self.notes.phases.get(id.as_str()).copied());
    }

    /// Ways out that come after one without a condition.
    fn never_tried(&mut self, phase: &Phase) {
        let Some((taken, tried)) = phase.ways().split_last() else { return };
        let places = self.notes.next.get(&phase.id).map(Vec::as_slice).unwrap_or_default();
        for (n, way) in phase.next.iter().enumerate().skip(tried.len() + 1) {
            let (before, to) = (&taken.to, &way.to);
            let found = Diagnostic::new(
                NEVER_TRIED,
                both!("这个去往 `{to}` 的出口永远轮不到", "this way out to `{to}` is never tried"),
            );
            let help = match taken.at_most {
                None => both!(
                    "它前面去往 `{before}` 的出口没有 `when`，总被采用：调换顺序，或给前者加上 `when`",
                    "the way to `{before}` before it has no `when` and is always taken: put it \
                     last, or give it a `when`"
                ),
                Some(_) => both!(
                    "它前面去往 `{before}` 的出口没有 `when`：次数用完后停在本阶段，不再看后面的\
                     出口。给前者加上 `when`",
                    "the way to `{before}` before it has no `when`: once its bound is spent the \
                     phase is held, and no later way is tried. Give it a `when`"
                ),
            };
            self.told(found.help(help), places.get(n).copied());
        }
    }

    fn endless(&mut self, circle: &Circle) {
        let path = circle.phases.iter().map(PhaseId::as_str).collect::<Vec<_>>().join(" → ");
        let found = Diagnostic::new(
            NO_BOUND,
            both!("阶段可以无限循环：{path}", "phases can go round for ever: {path}"),
        )
        .help(Text::both(
            "给其中一个 `next` 加上 `at_most: 次数`；`go` 没有上限，不能用来往回走",
            "add `at_most: times` to one `next` of them; a `go` has no bound and must not lead back",
        ));
        self.told(found, circle.span);
    }
}

/// Phases that lead back to the first of them, and the way that closes the circle.
struct Circle {
    phases: Vec<PhaseId>,
    span: Option<Span>,
}

/// Finds circles: one for each way that goes back on a depth-first walk.
fn circles(ways: &[Way]) -> Vec<Circle> {
    let mut from: BTreeMap<&PhaseId, Vec<&Way>> = BTreeMap::new();
    for way in ways {
        from.entry(&way.from).or_default().push(way);
    }
    let mut done: BTreeSet<&PhaseId> = BTreeSet::new();
    let mut circles = Vec::new();
    for start in from.keys() {
        let mut path: Vec<(&PhaseId, usize)> = vec![(start, 0)];
        while let Some((phase, next)) = path.pop() {
            let way = from.get(phase).and_then(|ways| ways.get(next));
            let Some(way) = way.filter(|_| !done.contains(phase)) else {
                done.insert(phase);
                continue;
            };
            path.push((phase, next + 1));
            if let Some(at) = path.iter().position(|(known, _)| **known == way.to) {
                let mut phases: Vec<PhaseId> =
                    path[at..].iter().map(|(id, _)| (*id).clone()).collect();
                phases.push(way.to.clone());
                circles.push(Circle { phases, span: way.span });
            } else if !done.contains(&way.to) {
                path.push((&way.to, 0));
            }
        }
    }
    circles
}
