//! The steps of an incident, in the plan's order.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use crate::engine::{FailureCause, Incident, Run, SkipReason, StepCancelReason, StepState};
use crate::id::{PersonId, VarId};
use crate::playbook::{Action, Phase, Playbook, Step};
use crate::server::wire;

/// Shows every step that was opened: its current run, or the runs of its items.
#[must_use]
pub fn steps(
    playbook: &Playbook,
    incident: &Incident,
    personal: &BTreeMap<VarId, wire::Personal>,
) -> Vec<wire::Step> {
    let mut shown = Vec::with_capacity(incident.steps.len());
    for phase in &playbook.phases {
        for step in phase.every_step() {
            let Some(record) = incident.steps.get(&step.id) else { continue };
            let show = |run| wire::Step {
                personal: personal_of(step, personal),
                ..show(phase, step, incident, run)
            };
            if record.items.is_empty() {
                shown.push(show(&record.run));
            } else {
                shown.extend(record.items.iter().map(AsRef::as_ref).map(show));
            }
        }
    }
    shown
}

/// Picks what is known of the personal fields of a step's form.
fn personal_of(
    step: &Step,
    personal: &BTreeMap<VarId, wire::Personal>,
) -> BTreeMap<VarId, wire::Personal> {
    let Action::Manual(manual) = &step.action else { return BTreeMap::new() };
    let asked = personal.iter().filter(|(name, _)| manual.form.contains_key(*name));
    asked.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Names what a step does.
#[must_use]
pub const fn kind(action: &Action) -> wire::StepKind {
    match action {
        Action::Manual(_) => wire::StepKind::Manual,
        Action::Notify(_) => wire::StepKind::Notify,
        Action::Http(_) => wire::StepKind::Http,
        Action::Decide(_) => wire::StepKind::Decide,
        Action::Approve(_) => wire::StepKind::Approve,
        Action::Wait(_) => wire::StepKind::Wait,
        Action::Set(_) => wire::StepKind::Set,
        Action::Child(_) => wire::StepKind::Playbook,
        Action::HandOff(_) => wire::StepKind::Handoff,
    }
}

/// Returns who is at a run: who took it, else the holder of its role.
#[must_use]
pub fn holder<'a>(step: &Step, incident: &'a Incident, run: &'a Run) -> Option<&'a PersonId> {
    run.claimed_by.as_ref().or_else(|| incident.holder(step.doer()?))
}

fn show(phase: &Phase, step: &Step, incident: &Incident, run: &Run) -> wire::Step {
    let (cause, reason) = cause(&run.state);
    wire::Step {
        id: step.id.clone(),
        key: run.key.to_string(),
        title: step.title.clone(),
        kind: kind(&step.action),
        phase: phase.id.clone(),
        visit: run.key.visit,
        item: run.key.item,
        item_value: run.item.as_ref().map(crate::playbook::Value::to_plain),
        iteration: run.key.iteration,
        attempt: run.key.attempt,
        state: SmolStr::new_static(run.state.name()),
        cause: cause.map(SmolStr::new_static),
        reason,
        role: step.doer().cloned(),
        holder: holder(step, incident, run).cloned(),
        worked_by: run.worked_by.last().cloned(),
        ready_at: run.ready_at,
        started_at: run.started_at,
        settled_at: run.settled_at,
        start_by: run.start_by,
        due_at: run.due_at,
        overdue: run.overdue || run.start_overdue,
        answer: run.answer.clone(),
        checked: run.checked.clone(),
        approvals: run.approvals.clone(),
        evidence: run.evidence,
        personal: BTreeMap::new(),
    }
}

fn cause(state: &StepState) -> (Option<&'static str>, Option<String>) {
    match state {
        StepState::Waiting | StepState::Ready | StepState::Active | StepState::Done => (None, None),
        StepState::Failed { cause } => (Some(failure(*cause)), None),
        StepState::Skipped { reason } => match reason {
            SkipReason::Condition => (Some("condition"), None),
            SkipReason::Unreachable => (Some("unreachable"), None),
            SkipReason::NoItems => (Some("no_items"), None),
            SkipReason::ByPerson { reason } => (Some("by_person"), Some(reason.clone())),
        },
        StepState::Cancelled { reason } => (Some(cancel(*reason)), None),
    }
}

const fn failure(cause: FailureCause) -> &'static str {
    match cause {
        FailureCause::Error => "error",
        FailureCause::Timeout => "timeout",
        FailureCause::ByPerson => "by_person",
        FailureCause::Rejected => "rejected",
    }
}

const fn cancel(reason: StepCancelReason) -> &'static str {
    match reason {
        StepCancelReason::PhaseLeft => "phase_left",
        StepCancelReason::Closed => "closed",
        StepCancelReason::Cancelled => "cancelled",
        StepCancelReason::HandedOff => "handed_off",
    }
}
