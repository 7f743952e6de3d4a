//! When runs of steps, ladders and messages fall due, in order. The fold keeps it beside the state
//! it is derived from, so that whoever asks what comes next need not look at everything that is
//! open. It must not know the plan.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use super::command::{Deadline, DeadlineKind};
use super::event::LadderSubject;
use super::incident::{Incident, LadderState, Pending};
use super::mode::Status;
use super::run::{Run, RunKey};
use crate::id::NoticeId;

/// The instants that the state of an incident holds, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Armed {
    /// Those that a pause freezes: of runs and their ladders.
    frozen: BTreeSet<Deadline>,
    /// Those that nothing stops: of messages and of the ladders of statutory clocks.
    free: BTreeSet<Deadline>,
}

impl Armed {
    /// Reads off a state what the fold has kept beside it.
    #[must_use]
    pub fn of(incident: &Incident) -> Self {
        let mut armed = Self::default();
        for run in incident.runs() {
            armed.change(&run.key, Moments::NONE, Moments::of(run));
        }
        for (subject, ladder) in incident.ladders.iter() {
            let rung = DeadlineKind::Rung(subject.clone());
            armed.put(subject.is_of_clock(), ladder.next_at(), rung);
        }
        for (id, pending) in incident.outbox.iter() {
            armed.put(true, channel_until(pending), DeadlineKind::NoticeChannel(*id));
        }
        armed
    }

    /// Walks the instants that count while the incident stands so, the earliest first among those
    /// that a pause freezes, then among the others.
    pub(super) fn counted(&self, status: Status) -> [impl Iterator<Item = &Deadline>; 2] {
        let frozen = match status {
            Status::Open => usize::MAX,
            Status::Paused | Status::Closed | Status::Cancelled => 0,
        };
        [self.frozen.iter().take(frozen), self.free.iter().take(usize::MAX)]
    }

    fn change(&mut self, key: &RunKey, before: Moments, after: Moments) {
        for ((was, is), kind) in before.0.into_iter().zip(after.0).zip(KINDS) {
            if was != is {
                self.take(false, was, || kind(key.clone()));
                self.put(false, is, kind(key.clone()));
            }
        }
    }

    fn put(&mut self, free: bool, at: Option<Timestamp>, kind: DeadlineKind) {
        let set = if free { &mut self.free } else { &mut self.frozen };
        set.extend(at.map(|at| Deadline { at, kind }));
    }

    fn take(&mut self, free: bool, at: Option<Timestamp>, kind: impl FnOnce() -> DeadlineKind) {
        let set = if free { &mut self.free } else { &mut self.frozen };
        if let Some(at) = at {
            set.remove(&Deadline { at, kind: kind() });
        }
    }
}

/// What the moments of a run are, in their order.
const KINDS: [fn(RunKey) -> DeadlineKind; 4] = [
    DeadlineKind::StepWarning,
    DeadlineKind::StepStart,
    DeadlineKind::StepDue,
    DeadlineKind::StepAlarm,
];

/// When a run falls due, by [`KINDS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moments([Option<Timestamp>; 4]);

impl Moments {
    pub const NONE: Self = Self([None; 4]);

    pub fn of(run: &Run) -> Self {
        if run.is_settled() {
            return Self::NONE;
        }
        let alarm = run.alarm.map(|alarm| alarm.at());
        if run.state.is_settled() {
            return Self([None, None, None, alarm]);
        }
        let waits = run.started_at.is_none() && !run.start_overdue;
        let start_by = run.start_by.filter(|_| waits);
        Self([run.next_warning(), start_by, run.due_at.filter(|_| !run.overdue), alarm])
    }

    pub const fn warning(self) -> Option<Timestamp> {
        self.0[0]
    }

    pub const fn start_by(self) -> Option<Timestamp> {
        self.0[1]
    }

    pub const fn due_at(self) -> Option<Timestamp> {
        self.0[2]
    }

    pub const fn alarm(self) -> Option<Timestamp> {
        self.0[3]
    }
}

/// Changes a run, and keeps what became of its moments. A run may give way to another attempt in its
/// place: what was listed under the old key must not stay.
pub(super) fn change_run(armed: &mut Arc<Armed>, run: &mut Run, change: impl FnOnce(&mut Run)) {
    let (key, before) = (run.key.clone(), Moments::of(run));
    change(run);
    let after = Moments::of(run);
    if run.key == key {
        run_moved(armed, &key, before, after);
    } else {
        run_moved(armed, &key, before, Moments::NONE);
        run_moved(armed, &run.key, Moments::NONE, after);
    }
}

/// Keeps that a run came back into its place as it was.
pub(super) fn run_came(armed: &mut Arc<Armed>, run: &Run) {
    run_moved(armed, &run.key, Moments::NONE, Moments::of(run));
}

/// Keeps that a run gave way to another.
pub(super) fn run_left(armed: &mut Arc<Armed>, run: &Run) {
    run_moved(armed, &run.key, Moments::of(run), Moments::NONE);
}

/// What did not move is no reason to copy the rest.
fn run_moved(armed: &mut Arc<Armed>, key: &RunKey, before: Moments, after: Moments) {
    if before != after {
        Arc::make_mut(armed).change(key, before, after);
    }
}

/// Keeps what became of the next rung of a ladder.
pub(super) fn ladder_moved(
    armed: &mut Arc<Armed>,
    subject: &LadderSubject,
    before: Option<Timestamp>,
    after: Option<Timestamp>,
) {
    if before != after {
        let (armed, free) = (Arc::make_mut(armed), subject.is_of_clock());
        armed.take(free, before, || DeadlineKind::Rung(subject.clone()));
        armed.put(free, after, DeadlineKind::Rung(subject.clone()));
    }
}

/// Keeps what became of the time of a message's channel.
pub(super) fn notice_moved(
    armed: &mut Arc<Armed>,
    id: NoticeId,
    before: Option<Timestamp>,
    after: Option<Timestamp>,
) {
    if before != after {
        let armed = Arc::make_mut(armed);
        armed.take(true, before, || DeadlineKind::NoticeChannel(id));
        armed.put(true, after, DeadlineKind::NoticeChannel(id));
    }
}

/// Returns when the channel that is tried has had its time, of a message.
pub(super) const fn channel_until(pending: &Pending) -> Option<Timestamp> {
    match pending {
        Pending::Notice { channel_until, .. } => Some(*channel_until),
        Pending::Request { .. }
        | Pending::Child { .. }
        | Pending::Recall { .. }
        | Pending::Report { .. }
        | Pending::HandOff { .. } => None,
    }
}

/// Returns when a ladder is climbed on; `None` where there is none.
pub(super) fn next_rung(ladder: Option<&Arc<LadderState>>) -> Option<Timestamp> {
    ladder.and_then(|ladder| ladder.next_at())
}
