//! When the executor must act by itself: computed from the state, never kept as a timer, so that a
//! restart cannot lose one (Meaning 11, 13).

use jiff::Timestamp;

use super::armed::{Moments, channel_until};
use super::command::{Command, Deadline, DeadlineKind};
use super::incident::Incident;
use super::mode::Status;
use super::moment::moment;
use super::run::RunKey;
use crate::id::RoleId;
use crate::playbook::{Objective, Playbook, Promise};

/// Returns the earliest instant at which the engine must be asked again; of several at one instant
/// the first by kind.
#[must_use]
pub fn next_deadline(playbook: &Playbook, incident: &Incident) -> Option<Deadline> {
    let listed = incident.armed.counted(incident.status).into_iter().filter_map(|mut of| of.next());
    let mut earliest: Option<Deadline> = listed.min().cloned();
    each_unlisted(playbook, incident, &mut |at, kind| {
        let sooner = match &earliest {
            None => true,
            Some(known) => at < known.at || (at == known.at && kind() < known.kind),
        };
        if sooner {
            earliest = Some(Deadline { at, kind: kind() });
        }
    });
    earliest
}

/// Returns what to tell the engine of the instants reached by `now`, earliest first.
///
/// Each command is harmless when an earlier one of the list has made it idle.
#[must_use]
pub fn due(playbook: &Playbook, incident: &Incident, now: Timestamp) -> Vec<Command> {
    let mut reached: Vec<Deadline> = Vec::new();
    for listed in incident.armed.counted(incident.status) {
        reached.extend(listed.take_while(|deadline| deadline.at <= now).cloned());
    }
    each_unlisted(playbook, incident, &mut |at, kind| {
        if at <= now {
            reached.push(Deadline { at, kind: kind() });
        }
    });
    reached.sort();
    reached.into_iter().map(|deadline| Command::Reached(deadline.kind)).collect()
}

/// Returns when the instant of that kind comes; `None` where the state knows none.
pub(super) fn instant(
    playbook: &Playbook,
    incident: &Incident,
    kind: &DeadlineKind,
) -> Option<Timestamp> {
    let open = incident.status == Status::Open;
    let run = |key: &RunKey| incident.run_of(key).filter(|run| open && !run.is_settled());
    match kind {
        DeadlineKind::RoleAcknowledge(role) => acknowledge_by(incident, role).filter(|_| open),
        DeadlineKind::StepWarning(key) => Moments::of(run(key)?).warning(),
        DeadlineKind::StepStart(key) => Moments::of(run(key)?).start_by(),
        DeadlineKind::StepDue(key) => Moments::of(run(key)?).due_at(),
        DeadlineKind::StepAlarm(key) => Moments::of(run(key)?).alarm(),
        DeadlineKind::Rung(subject) => {
            let climbed = open || subject.is_of_clock();
            incident.ladders.get(subject).filter(|_| climbed)?.next_at()
        }
        DeadlineKind::ClockWarning(key) => incident.clocks.get(key)?.next_warning(),
        DeadlineKind::ClockDue(key) => incident.clocks.get(key)?.next_breach(),
        DeadlineKind::Objective(id) => {
            let objective = playbook.objectives.iter().find(|objective| objective.id == *id)?;
            objective_limit(incident, objective)
        }
        DeadlineKind::NoticeChannel(id) => channel_until(incident.outbox.get(id)?),
    }
}

/// Returns when the dispatcher has something to send next.
#[must_use]
pub fn next_send(incident: &Incident) -> Option<Timestamp> {
    incident.outbox.values().map(|pending| pending.next_at()).min()
}

/// Calls `visit` with every instant that the incident keeps no list of: there are as many as the
/// plan has roles, objectives and clocks. Most are not the earliest, so why they matter is said
/// only where somebody asks.
fn each_unlisted(
    playbook: &Playbook,
    incident: &Incident,
    visit: &mut dyn FnMut(Timestamp, &dyn Fn() -> DeadlineKind),
) {
    // Neither a pause nor the end stops a statutory clock.
    for (key, state) in incident.clocks.iter() {
        if let Some(at) = state.next_warning() {
            visit(at, &|| DeadlineKind::ClockWarning(key.clone()));
        }
        if let Some(at) = state.next_breach() {
            visit(at, &|| DeadlineKind::ClockDue(key.clone()));
        }
    }
    if incident.status.is_open() {
        for objective in &playbook.objectives {
            if let Some(at) = objective_limit(incident, objective) {
                visit(at, &|| DeadlineKind::Objective(objective.id.clone()));
            }
        }
    }
    if incident.status == Status::Open {
        for role in incident.roles.keys() {
            if let Some(at) = acknowledge_by(incident, role) {
                visit(at, &|| DeadlineKind::RoleAcknowledge(role.clone()));
            }
        }
    }
}

fn acknowledge_by(incident: &Incident, role: &RoleId) -> Option<Timestamp> {
    let state = incident.roles.get(role)?;
    state.tenure.until().or_else(|| state.vacancy?.retry_at)
}

/// Returns when an objective that is neither kept nor missed will be missed.
pub(super) fn objective_limit(incident: &Incident, objective: &Objective) -> Option<Timestamp> {
    let Promise::Within { from, within, .. } = &objective.promise else { return None };
    // What turns out a false alarm misses nothing.
    if incident.objectives.contains_key(&objective.id) || incident.is_cancelling() {
        return None;
    }
    within.after(moment(incident, from)?)
}
