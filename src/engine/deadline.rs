//! When the executor must act by itself: computed from the state, never kept as a timer, so that a
//! restart cannot lose one (Meaning 11, 13).

use jiff::Timestamp;

use super::clock::ClockKey;
use super::command::{Command, Deadline, DeadlineKind};
use super::event::LadderSubject;
use super::incident::{Incident, Pending};
use super::mode::Status;
use super::moment::moment;
use super::run::{Run, RunKey};
use crate::id::{NoticeId, ObjectiveId, RoleId};
use crate::playbook::{Objective, Playbook, Promise};

/// Returns the earliest instant at which the engine must be asked again; of several at one instant
/// the first by kind.
#[must_use]
pub fn next_deadline(playbook: &Playbook, incident: &Incident) -> Option<Deadline> {
    let mut earliest: Option<(Timestamp, Why<'_>)> = None;
    each(playbook, incident, &mut |at, why| {
        let sooner = match &earliest {
            None => true,
            Some((known, other)) => at < *known || (at == *known && why.kind() < other.kind()),
        };
        if sooner {
            earliest = Some((at, why));
        }
    });
    earliest.map(|(at, why)| Deadline { at, kind: why.kind() })
}

/// Returns what to tell the engine of the instants reached by `now`, earliest first.
///
/// Each command is harmless when an earlier one of the list has made it idle.
#[must_use]
pub fn due(playbook: &Playbook, incident: &Incident, now: Timestamp) -> Vec<Command> {
    let mut reached = Vec::new();
    each(playbook, incident, &mut |at, why| {
        if at <= now {
            reached.push(Deadline { at, kind: why.kind() });
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
        DeadlineKind::StepWarning(key) => run(key).and_then(warning),
        DeadlineKind::StepStart(key) => run(key).and_then(start_by),
        DeadlineKind::StepDue(key) => run(key).and_then(due_at),
        DeadlineKind::StepAlarm(key) => run(key)?.alarm.map(|alarm| alarm.at()),
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
        DeadlineKind::NoticeChannel(id) => match incident.outbox.get(id).map(AsRef::as_ref)? {
            Pending::Notice { channel_until, .. } => Some(*channel_until),
            Pending::Request { .. }
            | Pending::Child { .. }
            | Pending::Recall { .. }
            | Pending::Report { .. }
            | Pending::HandOff { .. } => None,
        },
    }
}

/// Returns when the dispatcher has something to send next.
#[must_use]
pub fn next_send(incident: &Incident) -> Option<Timestamp> {
    incident.outbox.values().map(|pending| pending.next_at()).min()
}

/// Why an instant matters, borrowed: most instants looked at are not the earliest.
enum Why<'a> {
    Role(&'a RoleId),
    Warning(&'a RunKey),
    Start(&'a RunKey),
    Due(&'a RunKey),
    Alarm(&'a RunKey),
    Rung(&'a LadderSubject),
    Objective(&'a ObjectiveId),
    Channel(NoticeId),
    ClockWarning(&'a ClockKey),
    ClockDue(&'a ClockKey),
}

impl Why<'_> {
    fn kind(&self) -> DeadlineKind {
        match self {
            Self::Role(role) => DeadlineKind::RoleAcknowledge((*role).clone()),
            Self::Warning(key) => DeadlineKind::StepWarning((*key).clone()),
            Self::Start(key) => DeadlineKind::StepStart((*key).clone()),
            Self::Due(key) => DeadlineKind::StepDue((*key).clone()),
            Self::Alarm(key) => DeadlineKind::StepAlarm((*key).clone()),
            Self::Rung(subject) => DeadlineKind::Rung((*subject).clone()),
            Self::Objective(id) => DeadlineKind::Objective((*id).clone()),
            Self::Channel(id) => DeadlineKind::NoticeChannel(*id),
            Self::ClockWarning(key) => DeadlineKind::ClockWarning((*key).clone()),
            Self::ClockDue(key) => DeadlineKind::ClockDue((*key).clone()),
        }
    }
}

/// Calls `visit` with every instant at which something is to happen.
fn each<'a>(
    playbook: &'a Playbook,
    incident: &'a Incident,
    visit: &mut dyn FnMut(Timestamp, Why<'a>),
) {
    for (id, pending) in incident.outbox.iter() {
        if let Pending::Notice { channel_until, .. } = pending.as_ref() {
            visit(*channel_until, Why::Channel(*id));
        }
    }
    never_frozen(incident, visit);
    if incident.status.is_open() {
        for objective in &playbook.objectives {
            if let Some(at) = objective_limit(incident, objective) {
                visit(at, Why::Objective(&objective.id));
            }
        }
    }
    if incident.status == Status::Open {
        frozen_by_pause(incident, visit);
    }
}

/// Calls `visit` with the instants of statutory clocks: neither a pause nor the end stops them.
fn never_frozen<'a>(incident: &'a Incident, visit: &mut dyn FnMut(Timestamp, Why<'a>)) {
    for (key, state) in incident.clocks.iter() {
        if let Some(at) = state.next_warning() {
            visit(at, Why::ClockWarning(key));
        }
        if let Some(at) = state.next_breach() {
            visit(at, Why::ClockDue(key));
        }
    }
    for (subject, ladder) in incident.ladders.iter().filter(|(subject, _)| subject.is_of_clock()) {
        if let Some(at) = ladder.next_at() {
            visit(at, Why::Rung(subject));
        }
    }
}

/// Calls `visit` with the instants that a pause freezes.
fn frozen_by_pause<'a>(incident: &'a Incident, visit: &mut dyn FnMut(Timestamp, Why<'a>)) {
    for role in incident.roles.keys() {
        if let Some(at) = acknowledge_by(incident, role) {
            visit(at, Why::Role(role));
        }
    }
    for (subject, ladder) in incident.ladders.iter().filter(|(of, _)| !of.is_of_clock()) {
        if let Some(at) = ladder.next_at() {
            visit(at, Why::Rung(subject));
        }
    }
    for run in incident.open_runs() {
        let instants = [
            (warning(run), Why::Warning(&run.key)),
            (start_by(run), Why::Start(&run.key)),
            (due_at(run), Why::Due(&run.key)),
            (run.alarm.map(|alarm| alarm.at()), Why::Alarm(&run.key)),
        ];
        for (at, why) in instants {
            if let Some(at) = at {
                visit(at, why);
            }
        }
    }
}

fn acknowledge_by(incident: &Incident, role: &RoleId) -> Option<Timestamp> {
    let state = incident.roles.get(role)?;
    state.tenure.until().or_else(|| state.vacancy?.retry_at)
}

fn warning(run: &Run) -> Option<Timestamp> {
    run.next_warning().filter(|_| !run.state.is_settled())
}

fn start_by(run: &Run) -> Option<Timestamp> {
    let waits = run.started_at.is_none() && !run.start_overdue && !run.state.is_settled();
    run.start_by.filter(|_| waits)
}

fn due_at(run: &Run) -> Option<Timestamp> {
    run.due_at.filter(|_| !run.overdue && !run.state.is_settled())
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
