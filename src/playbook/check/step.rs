//! Steps that can never be done.

use std::collections::{BTreeMap, BTreeSet};

use crate::id::StepId;
use crate::playbook::check::{Check, STEP_CYCLE, UNREACHABLE_STEP};
use crate::playbook::diagnostic::{Diagnostic, both};
use crate::playbook::expression::{Condition, Name, Scope, Truth};
use crate::playbook::lower::Decides;
use crate::playbook::model::{Join, OnFailure, Phase, Step};
use crate::text::Text;

/// A scope in which nothing is known: a condition that is false here is false for ever.
pub(super) struct Nothing;

impl Scope for Nothing {
    fn fact(&self, _: &Name) -> Option<crate::playbook::expression::Fact<'_>> {
        None
    }
}

impl Check<'_> {
    pub(super) fn steps(&mut self) {
        let playbook = self.playbook;
        for phase in &playbook.phases {
            let ready = can_become_ready(phase);
            let mut told = BTreeSet::new();
            for step in &phase.steps {
                if !ready.contains(&step.id) {
                    self.waits_for_itself(phase, step, &mut told);
                } else if is_never(step.when.as_ref()) && !is_gone_to(phase, &step.id) {
                    self.never_wanted(step);
                }
            }
        }
    }

    /// Reports a step in a circle of `after`. Steps behind a circle are only its consequence.
    fn waits_for_itself(&mut self, phase: &Phase, step: &Step, told: &mut BTreeSet<StepId>) {
        if told.contains(&step.id) {
            return;
        }
        let Some(circle) = circle(phase, &step.id) else { return };
        told.extend(circle.iter().cloned());
        let path = circle.iter().map(StepId::as_str).collect::<Vec<_>>().join(" → ");
        let place = self.notes.after.get(&step.id).copied();
        let found = Diagnostic::new(
            STEP_CYCLE,
            both!("步骤互相等待：{path}", "steps wait for each other: {path}"),
        )
        .help(Text::both("去掉其中一个 `after`", "remove one `after`"));
        self.told(found, place);
    }

    fn never_wanted(&mut self, step: &Step) {
        let id = &step.id;
        let found = Diagnostic::new(
            UNREACHABLE_STEP,
            both!("步骤 `{id}` 永远不会执行", "the step `{id}` can never run"),
        )
        .label(Text::both("总是不成立", "this never holds"));
        let place = self.notes.conditions.get(&Decides::Step(id.clone())).copied();
        self.told(found, place);
    }
}

pub(super) fn is_never(condition: Option<&Condition>) -> bool {
    condition.is_some_and(|when| when.evaluate(&Nothing).truth == Truth::No)
}

pub(super) fn is_gone_to(phase: &Phase, id: &StepId) -> bool {
    let goes = |way: &OnFailure| matches!(way, OnFailure::GoStep(to) if to == id);
    phase.steps.iter().any(|step| goes(&step.on_failure) || goes(&step.on_timeout))
}

/// Returns the steps whose predecessors can be satisfied, or that a failure makes ready. Each step
/// is looked at once for each of its predecessors.
fn can_become_ready(phase: &Phase) -> BTreeSet<&StepId> {
    let mut waiting: BTreeMap<&StepId, usize> = BTreeMap::new();
    let mut followers: BTreeMap<&StepId, Vec<&StepId>> = BTreeMap::new();
    let mut open: Vec<&StepId> = Vec::new();
    for step in &phase.steps {
        let needed = match step.join {
            Join::All => step.after.len(),
            Join::Any => step.after.len().min(1),
            Join::AtLeast(n) => usize::try_from(n).unwrap_or(usize::MAX).min(step.after.len()),
        };
        waiting.insert(&step.id, needed);
        for before in &step.after {
            followers.entry(before).or_default().push(&step.id);
        }
        if needed == 0 {
            open.push(&step.id);
        }
    }
    let steps: BTreeMap<&StepId, &Step> = phase.steps.iter().map(|step| (&step.id, step)).collect();
    let mut ready: BTreeSet<&StepId> = BTreeSet::new();
    while let Some(id) = open.pop() {
        if !ready.insert(id) {
            continue;
        }
        for follower in followers.get(id).into_iter().flatten() {
            if let Some(left) = waiting.get_mut(follower) {
                *left = left.saturating_sub(1);
                if *left == 0 {
                    open.push(follower);
                }
            }
        }
        let ways = steps.get(id).map(|step| [&step.on_failure, &step.on_timeout]);
        for way in ways.into_iter().flatten() {
            if let OnFailure::GoStep(to) = way {
                open.push(to);
            }
        }
    }
    ready
}

/// Finds a way from a step through `after` back to it.
fn circle(phase: &Phase, start: &StepId) -> Option<Vec<StepId>> {
    let steps: BTreeMap<&StepId, &Step> = phase.steps.iter().map(|step| (&step.id, step)).collect();
    // From each step seen to the one that waits for it on the way from `start`.
    let mut waits: BTreeMap<&StepId, &StepId> = BTreeMap::new();
    let mut open = vec![start];
    while let Some(id) = open.pop() {
        for before in steps.get(id).into_iter().flat_map(|step| &step.after) {
            if before == start {
                let mut path = vec![start.clone(), id.clone()];
                let mut at = id;
                while let Some(next) = waits.get(at).filter(|_| at != start) {
                    path.push((*next).clone());
                    at = next;
                }
                if id == start {
                    path.truncate(2);
                }
                return Some(path);
            }
            if !waits.contains_key(before) {
                waits.insert(before, id);
                open.push(before);
            }
        }
    }
    None
}
