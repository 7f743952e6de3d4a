//! The soonest that anything can happen: people and machines take no time, waits take theirs. What is
//! promised sooner than that no run can keep.

use crate::id::PhaseId;
use crate::playbook::critical::{Length, after, decisive, order};
use crate::playbook::model::{
    Action, HandlerAct, Milestone, OnFailure, Phase, Playbook, Step, Wait,
};

/// The soonest each phase and step can begin and end, in seconds from the declaration.
pub(super) struct Earliest {
    /// Phase by phase, when it can be entered; `None` where it cannot.
    entered: Vec<Option<u64>>,
    /// Phase by phase and step by step: begun and ended, from the phase's beginning.
    steps: Vec<Vec<(u64, u64)>>,
}

impl Earliest {
    pub(super) fn of(plan: &Playbook) -> Self {
        let steps: Vec<Vec<(u64, u64)>> = plan.phases.iter().map(within).collect();
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
        Self { entered, steps }
    }

    /// Returns the soonest a phase can be entered.
    pub(super) fn phase(&self, phase: usize) -> Option<u64> {
        *self.entered.get(phase)?
    }

    /// Returns the soonest a step can reach a milestone.
    pub(super) fn step(&self, phase: usize, step: usize, milestone: Milestone) -> Option<u64> {
        let (begun, ended) = *self.steps.get(phase)?.get(step)?;
        let within = match milestone {
            Milestone::Ready | Milestone::Started => begun,
            Milestone::Done | Milestone::Failed | Milestone::Settled => ended,
        };
        Some(self.phase(phase)?.saturating_add(within))
    }
}

/// Lists where a phase can be left for, and how long that takes at least.
fn ways(plan: &Playbook, at: usize, phase: &Phase, steps: &[(u64, u64)]) -> Vec<(usize, u64)> {
    let position = |id: &PhaseId| plan.phases.iter().position(|phase| phase.id == *id);
    let blocks = |step: &Step| step.blocks == crate::playbook::Blocks::Phase;
    let over = phase.steps.iter().zip(steps).filter(|(step, _)| blocks(step));
    let over = over.map(|(_, (_, ended))| *ended).max().unwrap_or(0);
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
fn within(phase: &Phase) -> Vec<(u64, u64)> {
    let after = after(phase);
    let mut finish = vec![Length::default(); phase.steps.len()];
    let mut times = vec![(0, 0); phase.steps.len()];
    for at in order(&after) {
        let step = &phase.steps[at];
        let is_gone_to = phase.steps.iter().any(|other| {
            let goes = |way: &OnFailure| matches!(way, OnFailure::GoStep(to) if *to == step.id);
            goes(&other.on_failure) || goes(&other.on_timeout)
        });
        let before = decisive(step.join, &after[at], &finish).filter(|_| !is_gone_to);
        let begun = before.map_or(0, |before| finish[before].seconds);
        let ended = begun.saturating_add(at_least(step));
        finish[at] = Length { seconds: ended, steps: 0 };
        times[at] = (begun, ended);
    }
    times
}

/// Returns how long a step takes at least; one that may be left out takes no time.
fn at_least(step: &Step) -> u64 {
    match &step.action {
        Action::Wait(Wait::For(span)) if step.when.is_none() => {
            let limit = step.timeout.map_or(u64::MAX, crate::playbook::Span::seconds);
            span.seconds().min(limit)
        }
        _ => 0,
    }
}
