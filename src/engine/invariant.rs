//! What must hold of every incident after every command (invariant 5 and the shape of the state).
//! Cheap enough to be checked while running; a violation is a defect, never a user's mistake.

use super::armed::Armed;
use super::deadline::next_deadline;
use super::incident::{Incident, Pending, RoleState, Tenure};
use super::mode::Status;
use super::run::{Run, StepState};
use crate::playbook::{Action, Playbook};

/// A broken promise of the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The stable name of the promise.
    pub promise: &'static str,
    /// What breaks it: a run, a role, a notice.
    pub of: String,
}

/// Lists what is broken; nothing of a sound incident.
#[must_use]
pub fn invariants(playbook: &Playbook, incident: &Incident) -> Vec<Violation> {
    let mut broken = Vec::new();
    if incident.status.is_open() {
        if !goes_on(playbook, incident) {
            broken.push(violation("waits_on_someone", incident.id));
        }
        roles(playbook, incident, &mut broken);
    } else {
        ended(incident, &mut broken);
    }
    for run in incident.runs() {
        run_shape(playbook, incident, run, &mut broken);
    }
    for (subject, ladder) in incident.ladders.iter() {
        if ladder.next_at().is_none() {
            broken.push(violation("ladder_has_a_next_rung", format!("{subject:?}")));
        }
    }
    for (id, pending) in incident.outbox.iter() {
        if let Pending::Notice { notice, channel, .. } = pending.as_ref()
            && *channel >= notice.via.len()
        {
            broken.push(violation("notice_has_a_channel", id));
        }
    }
    for (key, state) in incident.clocks.iter() {
        if state.is_running() && state.limit.is_none() {
            broken.push(violation("a_running_clock_has_a_limit", key));
        }
    }
    if (incident.status == Status::Paused) != incident.paused_at.is_some() {
        broken.push(violation("paused_since_an_instant", incident.id));
    }
    counts(incident, &mut broken);
    broken
}

fn violation(promise: &'static str, of: impl ToString) -> Violation {
    Violation { promise, of: of.to_string() }
}

/// Tells whether something will happen by itself or somebody by name is waited for.
fn goes_on(playbook: &Playbook, incident: &Incident) -> bool {
    // A plan without roles waits on whoever declared it; a pause on whoever paused it.
    if incident.status == Status::Paused || playbook.roles.is_empty() {
        return true;
    }
    if !incident.outbox.is_empty() {
        return true;
    }
    if next_deadline(playbook, incident).is_some() {
        return true;
    }
    if incident.children.values().any(|child| child.is_open() && !child.detached) {
        return true;
    }
    let somebody = |state: &RoleState| !state.tenure.people().is_empty();
    incident.roles.values().any(|role| somebody(role))
}

fn roles(playbook: &Playbook, incident: &Incident, broken: &mut Vec<Violation>) {
    for (id, state) in incident.roles.iter() {
        let sought = state.vacancy.is_some_and(|vacancy| vacancy.retry_at.is_some());
        if state.engaged && state.tenure == Tenure::Vacant && !sought {
            broken.push(violation("vacant_role_is_sought", id));
        }
        if !playbook.roles.contains_key(id) {
            broken.push(violation("role_is_of_the_plan", id));
        }
    }
}

fn ended(incident: &Incident, broken: &mut Vec<Violation>) {
    if incident.ended_at.is_none() {
        broken.push(violation("ended_at_an_instant", incident.id));
    }
    // A clock that counts from the close goes on, and so does its ladder.
    if incident.ladders.keys().any(|subject| !subject.is_of_clock()) {
        broken.push(violation("no_ladder_after_the_end", incident.id));
    }
    for run in incident.runs().filter(|run| !run.is_settled()) {
        broken.push(violation("no_open_step_after_the_end", &run.key));
    }
}

fn run_shape(playbook: &Playbook, incident: &Incident, run: &Run, broken: &mut Vec<Violation>) {
    let Some((_, step)) = playbook.step(&run.key.step) else {
        broken.push(violation("run_is_of_the_plan", &run.key));
        return;
    };
    if run.visit > incident.visit || run.key.visit > run.visit {
        broken.push(violation("run_is_of_a_visit", &run.key));
    }
    let waits_for_nothing = match &step.action {
        Action::Http(_) | Action::HandOff(_) => run.request.is_none() && run.alarm.is_none(),
        Action::Child(_) => {
            let called = run.request.is_some() || run.child.is_some();
            !called && run.alarm.is_none()
        }
        _ => false,
    };
    let whole = !run.items.is_empty();
    if run.state == StepState::Active && waits_for_nothing && !whole {
        broken.push(violation("request_or_alarm_of_an_active_run", &run.key));
    }
    if run.is_settled() && (run.alarm.is_some() || run.request.is_some()) {
        broken.push(violation("nothing_comes_to_a_settled_run", &run.key));
    }
    let between = run.state.is_settled() && !run.is_settled() && !run.is_halting();
    if between && run.alarm.is_none() {
        broken.push(violation("next_iteration_has_an_instant", &run.key));
    }
}

fn counts(incident: &Incident, broken: &mut Vec<Violation>) {
    let here = || {
        let runs = incident.steps.values().map(|record| &record.run);
        runs.filter(|run| run.visit == incident.visit)
    };
    let ended = here().filter(|run| run.state.is_settled()).count();
    let halting = here().filter(|run| run.is_halting()).count();
    if (ended, halting) != (incident.ended_in_visit as usize, incident.halting_in_visit as usize) {
        broken.push(violation("counts_of_the_visit", incident.id));
    }
    if *incident.armed != Armed::of(incident) {
        broken.push(violation("instants_are_listed", incident.id));
    }
}
