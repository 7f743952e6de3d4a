//! How the incident's life and phases change.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::shifted;
use super::step::change;
use crate::engine::armed::{Armed, ladder_moved};
use crate::engine::event::{Event, SetMoment};
use crate::engine::fact::Fact;
use crate::engine::incident::{Incident, KeptApart, Rollback, Tenure};
use crate::engine::mode::Status;
use crate::engine::run::Run;
use crate::engine::surge::{AttachedSurge, SurgeNote, SurgeSeen};
use crate::id::{PhaseId, StepId};

pub(super) fn apply(incident: &mut Incident, event: &Event) {
    match &event.fact {
        Fact::MomentSet { moment, at, .. } => match moment {
            SetMoment::Detected => incident.detected_at = Some(*at),
            SetMoment::Aware => incident.aware_at = Some(*at),
            SetMoment::Named(name) => {
                Arc::make_mut(&mut incident.moments).insert(name.clone(), *at);
            }
        },
        Fact::PhaseEntered { phase, visit, by_next, .. } => {
            enter(incident, phase, *visit, *by_next, event.occurred_at);
        }
        Fact::Stuck { reason, .. } => incident.stuck = Some(reason.clone()),
        Fact::Unstuck => incident.stuck = None,
        Fact::Paused { .. } => {
            incident.status = Status::Paused;
            incident.paused_at = Some(event.recorded_at);
        }
        Fact::Resumed => {
            incident.status = Status::Open;
            if let Some(paused_at) = incident.paused_at.take() {
                thaw(incident, event.recorded_at.duration_since(paused_at));
            }
        }
        Fact::CloseAwaited => incident.close_awaited = true,
        Fact::Closed { .. } | Fact::Merged { .. } => {
            end(incident, Status::Closed, event.occurred_at);
        }
        Fact::Cancelled { .. } => end(incident, Status::Cancelled, event.occurred_at),
        Fact::RollbackBegun { cause, reason, steps } => {
            let rollback = Rollback { cause: *cause, reason: reason.clone(), steps: steps.clone() };
            let earlier = incident.rollback.replace(Arc::new(rollback));
            undone(incident, earlier.as_deref(), event.seq);
        }
        Fact::RollbackEnded => {
            let rollback = incident.rollback.take();
            undone(incident, rollback.as_deref(), event.seq);
        }
        Fact::Reopened { .. } => {
            incident.status = Status::Open;
            incident.ended_at = None;
        }
        Fact::EvidenceAdded { step: Some(key), .. } => {
            change(incident, key, |run| run.evidence = run.evidence.saturating_add(1));
        }
        Fact::EvidenceAdded { step: None, .. } => {
            incident.evidence = incident.evidence.saturating_add(1);
        }
        Fact::Redacted { references, .. } => {
            let erased = |kept: &KeptApart| {
                !kept.erased && references.iter().any(|name| name == kept.reference.as_str())
            };
            if incident.personal.values().any(erased) {
                let personal = Arc::make_mut(&mut incident.personal).values_mut();
                personal.filter(|kept| erased(kept)).for_each(|kept| kept.erased = true);
            }
        }
        Fact::AlertReceived { alert, .. } => incident.alert = Some(Arc::new(alert.clone())),
        Fact::SurgeObserved(SurgeSeen { surge, .. }) => attach(incident, surge, false),
        Fact::SurgeSubsided(SurgeSeen { surge, .. }) => attach(incident, surge, true),
        // A second declaration cannot be; what is left are remarks that change no state.
        _ => {}
    }
}

fn attach(incident: &mut Incident, surge: &SurgeNote, over: bool) {
    incident.surge = Some(Arc::new(AttachedSurge { note: surge.clone(), over }));
}

fn enter(
    incident: &mut Incident,
    phase: &PhaseId,
    visit: u32,
    by_next: Option<u32>,
    at: Timestamp,
) {
    if let Some(next) = by_next {
        let way = (incident.phase.clone(), next);
        *Arc::make_mut(&mut incident.next_taken).entry(way).or_default() += 1;
    }
    if !incident.phases_entered.contains_key(phase) {
        Arc::make_mut(&mut incident.phases_entered).insert(phase.clone(), at);
    }
    incident.phase = phase.clone();
    incident.visit = visit;
    incident.visit_began = at;
    incident.ended_in_visit = 0;
    incident.halting_in_visit = 0;
    incident.stuck = None;
    incident.close_awaited = false;
}

fn end(incident: &mut Incident, status: Status, at: Timestamp) {
    incident.status = status;
    incident.ended_at = Some(at);
    incident.paused_at = None;
    incident.stuck = None;
    incident.close_awaited = false;
    incident.rollback = None;
    for (subject, ladder) in incident.ladders.iter() {
        ladder_moved(&mut incident.armed, subject, ladder.next_at(), None);
    }
    incident.ladders = Arc::default();
}

/// Notes that what a rollback went through is undone; what the next one still lists is not.
fn undone(incident: &mut Incident, rollback: Option<&Rollback>, seq: u64) {
    let listed = incident.rollback.clone();
    let listed =
        |step: &StepId| listed.iter().flat_map(|r| &r.steps).any(|undoing| undoing.step == *step);
    let steps = Arc::make_mut(&mut incident.steps);
    for undoing in rollback.into_iter().flat_map(|rollback| &rollback.steps) {
        if let Some(record) = steps.get_mut(&undoing.step).filter(|_| !listed(&undoing.step)) {
            Arc::make_mut(record).undone = seq;
        }
    }
}

/// Moves every frozen instant by the length of the pause: deadlines of steps, acknowledgements of
/// roles, rungs of ladders (Meaning 11). Notices and objectives were never frozen.
fn thaw(incident: &mut Incident, by: SignedDuration) {
    let later = |at: Timestamp| shifted(at, by);
    for record in Arc::make_mut(&mut incident.steps).values_mut() {
        let record = Arc::make_mut(record);
        thaw_run(&mut record.run, by, later);
        for item in &mut record.items {
            thaw_run(Arc::make_mut(item), by, later);
        }
    }
    for role in Arc::make_mut(&mut incident.roles).values_mut() {
        let role = Arc::make_mut(role);
        match &mut role.tenure {
            Tenure::Offered { until, .. } | Tenure::Assigned { until, .. } => {
                *until = until.map(later);
            }
            Tenure::Vacant | Tenure::Held { .. } => {}
        }
        if let Some(vacancy) = &mut role.vacancy {
            vacancy.retry_at = vacancy.retry_at.map(later);
        }
    }
    let ladders = Arc::make_mut(&mut incident.ladders).iter_mut();
    for (_, ladder) in ladders.filter(|(subject, _)| !subject.is_of_clock()) {
        let ladder = Arc::make_mut(ladder);
        for rung in &mut ladder.rungs {
            *rung = later(*rung);
        }
        ladder.silent_at = ladder.silent_at.map(later);
    }
    incident.armed = Arc::new(Armed::of(incident));
}

fn thaw_run(run: &mut Run, by: SignedDuration, later: impl Fn(Timestamp) -> Timestamp) {
    if run.is_settled() {
        return;
    }
    if run.has_deadlines() {
        run.paused = run.paused.saturating_add(by);
    }
    run.start_by = run.start_by.map(&later);
    run.due_at = run.due_at.map(&later);
    for warning in &mut run.warn_at {
        *warning = later(*warning);
    }
    run.alarm = run.alarm.map(|alarm| alarm.map(later));
}
