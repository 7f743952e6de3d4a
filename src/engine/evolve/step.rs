//! How runs of steps change.

use std::sync::Arc;

use jiff::Timestamp;

use super::shifted;
use crate::engine::armed::{change_run, run_came, run_left};
use crate::engine::event::{DeadlineName, Event, StepAlarm};
use crate::engine::fact::Fact;
use crate::engine::incident::{Incident, Milestones, StepRecord};
use crate::engine::notice::Purpose;
use crate::engine::run::{Run, RunKey, SkipReason, Standing, StepState};
use crate::id::PersonId;
use crate::playbook::{Milestone, Value};

pub(super) fn apply(incident: &mut Incident, event: &Event) {
    match &event.fact {
        Fact::StepReady { key, repeats, items, .. } => {
            let at = event.occurred_at;
            incident.close_awaited = false;
            change(incident, key, |run| {
                (run.state, run.ready_at, run.settled_at) = (StepState::Ready, Some(at), None);
                (run.armed_at, run.started_at) = (Some(event.recorded_at), None);
                (run.repeats, run.repeat_ended) = (*repeats, false);
                run.items.clone_from(items);
            });
            if key.item.is_none() {
                open_items(incident, key, items);
            }
            reach(incident, key, at, &[Milestone::Ready]);
        }
        Fact::StepDeadlines { .. } => deadlines(incident, event),
        Fact::StepClaimed { key, by } => {
            change(incident, key, |run| run.claimed_by = Some(by.clone()));
        }
        Fact::StepStarted { key } => {
            change(incident, key, |run| {
                run.state = StepState::Active;
                run.begin(event);
            });
            reach(incident, key, event.occurred_at, &[Milestone::Started]);
        }
        Fact::StepChecked { key, item, done } => change(incident, key, |run| {
            run.checked.retain(|path| path != item);
            if *done {
                run.checked.push(item.clone());
            }
            run.worked(event);
        }),
        Fact::StepApproved { key, by, .. } => {
            change(incident, key, |run| run.approvals.push(by.clone()));
        }
        Fact::StepAwaits { key } => {
            incident.close_awaited = false;
            change(incident, key, |run| {
                (run.state, run.settled_at, run.repeat_ended) = (StepState::Waiting, None, false);
            });
        }
        Fact::StepAdopted { key, visit } => adopt(incident, key, *visit),
        Fact::StepWarned { key, nth } => change(incident, key, |run| run.warned = nth + 1),
        Fact::StepOverdue { key, which } => change(incident, key, |run| match which {
            DeadlineName::Start => run.start_overdue = true,
            DeadlineName::Due => run.overdue = true,
        }),
        Fact::StepRetried { key } | Fact::StepReopened { key, .. } => {
            again(incident, key, event, false);
        }
        Fact::StepIterated { key } => again(incident, key, event, true),
        _ => settle(incident, event),
    }
}

/// Applies the ends of runs.
fn settle(incident: &mut Incident, event: &Event) {
    let at = event.occurred_at;
    match &event.fact {
        Fact::StepDone { key, answer, .. } => {
            change(incident, key, |run| {
                run.begin(event);
                run.answer.clone_from(answer);
                run.end(StepState::Done, event);
            });
            reach(incident, key, at, &[Milestone::Started, Milestone::Done]);
            if let Some(record) = Arc::make_mut(&mut incident.steps).get_mut(&key.step)
                && key.item.is_none()
            {
                Arc::make_mut(record).done = Some(event.seq);
            }
            ended(incident, key, at);
        }
        Fact::StepFailed { key, retry_at: Some(retry_at), .. } => {
            let retry_at = incident.frozen(*retry_at, event.recorded_at);
            change(incident, key, |run| {
                run.request = None;
                run.alarm = Some(StepAlarm::Retry { at: retry_at });
            });
        }
        Fact::StepFailed { key, cause, let_pass, .. } => {
            change(incident, key, |run| {
                run.let_pass = *let_pass;
                run.end(StepState::Failed { cause: *cause }, event);
            });
            reach(incident, key, at, &[Milestone::Failed]);
            ended(incident, key, at);
        }
        Fact::StepSkipped { key, reason } => {
            change(incident, key, |run| {
                let by_person = matches!(reason, SkipReason::ByPerson { .. });
                run.repeat_ended |= !by_person;
                run.end(StepState::Skipped { reason: reason.clone() }, event);
            });
            ended(incident, key, at);
        }
        Fact::StepCancelled { key, reason } => {
            change(incident, key, |run| {
                run.repeat_ended = true;
                run.end(StepState::Cancelled { reason: *reason }, event);
            });
            ended(incident, key, at);
        }
        Fact::StepRepeatEnded { key, .. } => {
            change(incident, key, |run| (run.repeat_ended, run.alarm) = (true, None));
            ended(incident, key, at);
        }
        _ => {}
    }
}

impl Run {
    fn begin(&mut self, event: &Event) {
        let at = *self.started_at.get_or_insert(event.occurred_at);
        self.start_overdue &= self.start_by.is_none_or(|start_by| at > start_by);
        self.worked(event);
    }

    fn worked(&mut self, event: &Event) {
        if let Some(person) = event.actor.acting_person() {
            self.worked_by.retain(|known| known != person);
            self.worked_by.push(person.clone());
        }
    }

    fn end(&mut self, state: StepState, event: &Event) {
        self.state = state;
        self.settled_at = Some(event.occurred_at);
        (self.alarm, self.request) = (None, None);
        self.overdue &= self.due_at.is_none_or(|due_at| event.occurred_at > due_at);
        let worked: Option<&PersonId> = event.actor.acting_person();
        if worked.is_some() {
            self.worked(event);
        }
    }
}

/// Changes the run of that key, opening it where it is not the current one, and keeps count of
/// what has ended in the current visit.
pub(super) fn change(incident: &mut Incident, key: &RunKey, change: impl FnOnce(&mut Run)) {
    let steps = Arc::make_mut(&mut incident.steps);
    let record = steps.entry(key.step.clone()).or_insert_with(|| {
        let key = RunKey { item: None, ..key.clone() };
        let run = Run::waiting(key);
        let firsts = Milestones::default();
        Arc::new(StepRecord { run, items: Vec::new(), firsts, done: None, undone: 0 })
    });
    let record = Arc::make_mut(record);
    if let Some(item) = key.item {
        if let Some(run) = record.items.get_mut(item as usize) {
            change_run(&mut incident.armed, Arc::make_mut(run), change);
        }
        return;
    }
    let before = weight(&record.run, incident.visit);
    if record.run.key != *key {
        let runs = std::iter::once(&record.run).chain(record.items.iter().map(Arc::as_ref));
        runs.for_each(|run| run_left(&mut incident.armed, run));
        record.run = Run::waiting(key.clone());
        record.items.clear();
    }
    change_run(&mut incident.armed, &mut record.run, change);
    let after = weight(&record.run, incident.visit);
    incident.ended_in_visit = incident.ended_in_visit + after.0 - before.0;
    incident.halting_in_visit = incident.halting_in_visit + after.1 - before.1;
}

/// Returns what a run adds to the visit's counts: ended, halting.
fn weight(run: &Run, visit: u32) -> (u32, u32) {
    if run.visit != visit {
        return (0, 0);
    }
    (u32::from(run.state.is_settled()), u32::from(run.is_halting()))
}

fn open_items(incident: &mut Incident, key: &RunKey, items: &[Value]) {
    let steps = Arc::make_mut(&mut incident.steps);
    let Some(record) = steps.get_mut(&key.step) else { return };
    let record = Arc::make_mut(record);
    let visit = record.run.visit;
    record.items.iter().for_each(|run| run_left(&mut incident.armed, run));
    record.items = (0_u32..)
        .zip(items)
        .map(|(place, item)| {
            let run = Run::waiting(RunKey { item: Some(place), ..key.clone() });
            Arc::new(Run { visit, item: Some(item.clone()), ..run })
        })
        .collect();
}

/// Puts a new run in the place of an earlier one: another attempt, or the next iteration.
fn again(incident: &mut Incident, key: &RunKey, event: &Event, iterates: bool) {
    let at = event.occurred_at;
    incident.close_awaited = false;
    let earlier = match key.item {
        None => incident.run(&key.step),
        Some(item) => incident.item_run(&key.step, item),
    };
    let Some(earlier) = earlier.cloned() else { return };
    let passed = iterates && earlier.standing() == Standing::Passed;
    let next = Run {
        visit: earlier.visit,
        state: StepState::Ready,
        repeats: earlier.repeats,
        passed_before: earlier.passed_before || passed,
        worked_by: if iterates { Vec::new() } else { earlier.worked_by },
        item: earlier.item,
        items: earlier.items,
        ready_at: Some(at),
        armed_at: Some(event.recorded_at),
        ..Run::waiting(key.clone())
    };
    let items = incident.steps.get(&key.step).map(|record| record.items.clone());
    change(incident, key, |run| *run = next);
    // The items of a for-each keep their runs when the step as a whole is tried again.
    if let (None, Some(items)) = (key.item, items)
        && let Some(record) = Arc::make_mut(&mut incident.steps).get_mut(&key.step)
    {
        items.iter().for_each(|run| run_came(&mut incident.armed, run));
        Arc::make_mut(record).items = items;
    }
    reach(incident, key, at, &[Milestone::Ready]);
}

fn adopt(incident: &mut Incident, key: &RunKey, visit: u32) {
    change(incident, key, |run| run.visit = visit);
    let steps = Arc::make_mut(&mut incident.steps);
    let Some(record) = steps.get_mut(&key.step) else { return };
    for item in &mut Arc::make_mut(record).items {
        Arc::make_mut(item).visit = visit;
    }
}

fn deadlines(incident: &mut Incident, event: &Event) {
    let Fact::StepDeadlines { key, start_by, due_at, warn_at, alarm } = &event.fact else { return };
    let by =
        incident.frozen(event.recorded_at, event.recorded_at).duration_since(event.recorded_at);
    let frozen = |at: Timestamp| shifted(at, by);
    change(incident, key, |run| {
        if !run.has_deadlines() {
            run.paused = by;
        }
        run.start_by = start_by.map(frozen);
        run.due_at = due_at.map(frozen);
        // A run that was left out and is ready once more has its time once more.
        let to_come = |at: Option<Timestamp>| at.is_some_and(|at| at > frozen(event.recorded_at));
        run.start_overdue &= !to_come(run.start_by);
        run.overdue &= !to_come(run.due_at);
        let warn_at: Vec<_> = warn_at.iter().map(|at| frozen(*at)).collect();
        if warn_at != run.warn_at {
            (run.warn_at, run.warned) = (warn_at, 0);
        }
        run.alarm = alarm.map(|alarm| alarm.map(frozen));
    });
}

/// Keeps the first instants of milestones; those of a for-each are the step's, not its items'.
fn reach(incident: &mut Incident, key: &RunKey, at: Timestamp, milestones: &[Milestone]) {
    if key.item.is_some() {
        return;
    }
    let Some(record) = Arc::make_mut(&mut incident.steps).get_mut(&key.step) else { return };
    let record = Arc::make_mut(record);
    for milestone in milestones {
        record.firsts.reach(*milestone, at);
    }
}

/// Does what follows every end: the milestone, and forgetting whom it told and what it asked.
fn ended(incident: &mut Incident, key: &RunKey, at: Timestamp) {
    let Some(run) = incident.run_of(key) else { return };
    let (settled, told) = (run.is_settled(), run.notices.queued > 0);
    if settled {
        reach(incident, key, at, &[Milestone::Settled]);
    }
    if told {
        Arc::make_mut(&mut incident.told).retain(
            |_, told| !matches!(&told.purpose, Purpose::StepMessage { key: of } if of == key),
        );
    }
}
