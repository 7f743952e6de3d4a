//! The soonest that anything can happen: people and machines take no time, waits take theirs. What is
//! promised sooner than that no run can keep.

use std::collections::{BTreeMap, BTreeSet};

use crate::id::{PhaseId, StepId};
use crate::playbook::critical::{Length, after, decisive, order};
use crate::playbook::model::{
    Action, Counts, Due, HandlerAct, Join, Milestone, Moment, OnFailure, Phase, Playbook, Step,
    Wait,
};

/// For how many steps what follows them is kept: most deadlines count from a few.
const ANCHORS_KEPT: usize = 16;

/// The soonest each phase and step can begin and end, in seconds from the declaration.
pub(super) struct Earliest {
    names: Vec<PhaseId>,
    /// Phase by phase, when it can be entered; `None` where it cannot.
    entered: Vec<Option<u64>>,
    /// Phase by phase and step by step, from the phase's beginning.
    steps: Vec<Vec<Times>>,
}

/// The soonest a step can begin, be done, and come to its end.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Times {
    begun: u64,
    done: u64,
    /// Later than done where it repeats.
    settled: u64,
}

impl Times {
    const fn at(self, milestone: Milestone) -> u64 {
        match milestone {
            Milestone::Ready | Milestone::Started => self.begun,
            Milestone::Done | Milestone::Failed => self.done,
            Milestone::Settled => self.settled,
        }
    }
}

impl Earliest {
    pub(super) fn of(plan: &Playbook) -> Self {
        let steps: Vec<Vec<Times>> = plan.phases.iter().map(within).collect();
        let mut entered: Vec<Option<u64>> = vec![None; plan.phases.len()];
        if let Some(first) = entered.first_mut() {
            *first = Some(0);
        }
        // Each round settles at least one phase; there are few.
        for _ in 0..plan.phases.len() {
            for (from, phase) in plan.phases.iter().enumerate() {
                let Some(at) = entered[from] else { continue };
                for (to, takes) in ways(plan, from, phase, &steps[from]) {
                    let then = at.saturating_add(takes);
                    entered[to] = Some(entered[to].map_or(then, |known| known.min(then)));
                }
            }
        }
        let names = plan.phases.iter().map(|phase| phase.id.clone()).collect();
        Self { names, entered, steps }
    }

    /// Returns the soonest a phase can be entered.
    pub(super) fn phase(&self, phase: usize) -> Option<u64> {
        *self.entered.get(phase)?
    }

    /// Returns the soonest a step can reach a milestone.
    pub(super) fn step(&self, phase: usize, step: usize, milestone: Milestone) -> Option<u64> {
        let within = self.steps.get(phase)?.get(step)?.at(milestone);
        Some(self.phase(phase)?.saturating_add(within))
    }

    /// Returns how long it takes at least from what a deadline of a step counts from to a milestone
    /// of it; `None` where nothing is known of that, and for the moments of steps.
    pub(super) fn least(
        &self,
        phase: usize,
        step: usize,
        due: &Due,
        milestone: Milestone,
    ) -> Option<u64> {
        let times = self.steps.get(phase)?.get(step)?;
        match &due.counts {
            Counts::FromReady => Some(times.at(milestone) - times.begun),
            // What was noticed before the declaration is later still.
            Counts::From(Moment::Declared | Moment::Detected) => self.step(phase, step, milestone),
            Counts::From(Moment::Phase(id)) if *id == self.names[phase] => {
                Some(times.at(milestone))
            }
            Counts::From(_) | Counts::Before(_) => None,
        }
    }
}

/// How long steps take at least from the beginning of each that deadlines count from.
pub(super) type Since = BTreeMap<usize, Vec<Option<Times>>>;

/// Which steps of a phase come after which.
pub(super) struct Course<'a> {
    pub phase: &'a Phase,
    pub after: Vec<Vec<usize>>,
    pub order: Vec<usize>,
    /// Whether a failure can make a step ready before what it comes after has ended.
    pub gone_to: Vec<bool>,
}

impl<'a> Course<'a> {
    pub(super) fn of(phase: &'a Phase) -> Self {
        let after = after(phase);
        let ways = phase.steps.iter().flat_map(|step| [&step.on_failure, &step.on_timeout]);
        let gone_to: BTreeSet<&StepId> = ways
            .filter_map(|way| match way {
                OnFailure::GoStep(to) => Some(to),
                OnFailure::Stop | OnFailure::Continue | OnFailure::GoPhase(_) => None,
            })
            .collect();
        let gone_to = phase.steps.iter().map(|step| gone_to.contains(&step.id)).collect();
        Self { phase, order: order(&after), after, gone_to }
    }

    /// Returns the predecessor that a step begins with, where it waits for any.
    pub(super) fn decisive(&self, step: usize, finish: &[Length]) -> Option<usize> {
        let join = self.phase.steps[step].join;
        decisive(join, &self.after[step], finish).filter(|_| !self.gone_to[step])
    }

    /// Returns how long it takes at least from a milestone of a step to one of another that waits for
    /// it; `None` where it does not.
    pub(super) fn least(
        &self,
        since: &mut Since,
        (from, of): (&StepId, Milestone),
        (to, milestone): (usize, Milestone),
    ) -> Option<u64> {
        let from = self.phase.steps.iter().position(|step| step.id == *from)?;
        if since.len() >= ANCHORS_KEPT {
            since.clear();
        }
        let since = since.entry(from).or_insert_with(|| self.since(from));
        let begun = since[from]?.at(of);
        Some(since[to]?.at(milestone).saturating_sub(begun))
    }

    /// Returns how long each step takes at least from the beginning of one that it waits for;
    /// nothing where it does not.
    fn since(&self, first: usize) -> Vec<Option<Times>> {
        let mut since: Vec<Option<Times>> = vec![None; self.phase.steps.len()];
        for at in self.order.iter().copied() {
            let step = &self.phase.steps[at];
            let waits = step.join == Join::All && !self.gone_to[at];
            let begun = match at == first {
                true => Some(0),
                false => self.after[at]
                    .iter()
                    .filter(|_| waits)
                    .filter_map(|before| Some(since[*before]?.settled))
                    .max(),
            };
            since[at] = begun.map(|begun| times(step, begun));
        }
        since
    }
}

/// Lists where a phase can be left for, and how long that takes at least.
fn ways(plan: &Playbook, at: usize, phase: &Phase, steps: &[Times]) -> Vec<(usize, u64)> {
    let position = |id: &PhaseId| plan.phases.iter().position(|phase| phase.id == *id);
    let blocks = |step: &Step| step.blocks == crate::playbook::Blocks::Phase;
    let over = phase.steps.iter().zip(steps).filter(|(step, _)| blocks(step));
    let over = over.map(|(_, times)| times.settled).max().unwrap_or(0);
    let next = phase.next.iter().filter_map(|next| position(&next.to));
    let following = (phase.next.is_empty() && at + 1 < plan.phases.len()).then_some(at + 1);
    let mut ways: Vec<(usize, u64)> = next.chain(following).map(|to| (to, over)).collect();
    // A failure or a handler may come at any time.
    let failures = phase.steps.iter().flat_map(|step| [&step.on_failure, &step.on_timeout]);
    let failures = failures.filter_map(|way| match way {
        OnFailure::GoPhase(to) => position(to),
        OnFailure::Stop | OnFailure::Continue | OnFailure::GoStep(_) => None,
    });
    let handlers = plan.handlers.iter().filter_map(|handler| match &handler.act {
        HandlerAct::Go(to) => position(to),
        HandlerAct::Notify(_) => None,
    });
    ways.extend(failures.chain(handlers).map(|to| (to, 0)));
    ways
}

/// Returns for each step of a phase when it can begin and end, from the phase's beginning.
fn within(phase: &Phase) -> Vec<Times> {
    let course = Course::of(phase);
    let mut finish = vec![Length::default(); phase.steps.len()];
    let mut all = vec![Times::default(); phase.steps.len()];
    for at in course.order.iter().copied() {
        let begun = course.decisive(at, &finish).map_or(0, |before| finish[before].seconds);
        all[at] = times(&phase.steps[at], begun);
        finish[at] = Length { seconds: all[at].settled, steps: 0 };
    }
    all
}

/// Returns how soon a step that begins then can be done; one that may be left out takes no time.
fn times(step: &Step, begun: u64) -> Times {
    let limit = step.timeout.map_or(u64::MAX, crate::playbook::Span::seconds);
    let takes = match &step.action {
        Action::Wait(Wait::For(span)) if step.when.is_none() => span.seconds().min(limit),
        _ => 0,
    };
    let rounds = match &step.repeat {
        // What no condition ends goes on to its bound.
        Some(repeat)
            if step.when.is_none() && repeat.until.is_none() && repeat.while_true.is_none() =>
        {
            repeat.every.seconds().saturating_mul(u64::from(repeat.at_most.saturating_sub(1)))
        }
        _ => 0,
    };
    let done = begun.saturating_add(takes);
    Times { begun, done, settled: done.saturating_add(rounds) }
}
