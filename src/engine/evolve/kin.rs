//! How children, the parent and the plan itself change.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::outbox::{put, remove};
use super::step::change;
use crate::engine::armed::Armed;
use crate::engine::event::{Event, LadderSubject};
use crate::engine::fact::Fact;
use crate::engine::incident::{ChildRecord, EarlierPlan, Incident, Pending};
use crate::engine::kin::{ChildCall, HandOffCall, Takeover};
use crate::engine::mode::Status;
use crate::engine::run::{Run, RunKey};
use crate::id::{IncidentId, NoticeId};

pub(super) fn apply(incident: &mut Incident, event: &Event) {
    match &event.fact {
        Fact::ChildQueued(call) => child_queued(incident, call, event),
        Fact::ChildStarted { request, key, child, number } => {
            if matches!(pending(incident, *request), Some(Pending::Child { .. })) {
                remove(incident, *request);
            }
            touch(incident, key, |run| {
                if run.request == Some(*request) {
                    run.request = None;
                }
            });
            record(incident, *child, |known| {
                known.number = Some(*number);
                known.status.get_or_insert(Status::Open);
            });
        }
        Fact::CallRefused { request, key, .. } => {
            if let Some(Pending::Child { child, .. }) = remove(incident, *request).as_deref() {
                Arc::make_mut(&mut incident.children).remove(child);
            }
            touch(incident, key, |run| (run.request, run.child) = (None, None));
        }
        Fact::ChildRecalled { request, key, child, why } => {
            if remove(incident, *request).is_none() {
                incident.notices_ever += 1;
            }
            let (key, queued_at) = (key.clone(), event.recorded_at);
            let recall = Pending::Recall { key: key.clone(), child: *child, why: *why, queued_at };
            put(incident, *request, recall);
            touch(incident, &key, |run| run.request = None);
        }
        Fact::ChildReported { child, number, status, .. } => {
            record(incident, *child, |known| {
                (known.number, known.status) = (Some(*number), Some(*status));
            });
        }
        Fact::ReportQueued { request, status, reason } => {
            incident.notices_ever += 1;
            let (reason, queued_at) = (reason.clone(), event.recorded_at);
            put(incident, *request, Pending::Report { status: *status, reason, queued_at });
        }
        Fact::ErrandEnded { request } => errand_ended(incident, *request),
        Fact::HandOffQueued(HandOffCall { request, key, playbook, with }) => {
            incident.notices_ever += 1;
            let (with, queued_at) = (Arc::new(with.clone()), event.recorded_at);
            let over =
                Pending::HandOff { key: key.clone(), playbook: playbook.clone(), with, queued_at };
            put(incident, *request, over);
            change(incident, key, |run| run.request = Some(*request));
        }
        Fact::HandedOff(over) => handed_off(incident, over, event),
        _ => {}
    }
}

fn child_queued(incident: &mut Incident, call: &ChildCall, event: &Event) {
    let ChildCall { request, key, child, playbook, with, detached } = call;
    incident.notices_ever += 1;
    let known = ChildRecord {
        key: key.clone(),
        playbook: playbook.clone(),
        detached: *detached,
        number: None,
        status: None,
    };
    Arc::make_mut(&mut incident.children).insert(*child, Arc::new(known));
    let call = Pending::Child {
        key: key.clone(),
        child: *child,
        playbook: playbook.clone(),
        with: Arc::new(with.clone()),
        queued_at: event.recorded_at,
    };
    put(incident, *request, call);
    change(incident, key, |run| (run.request, run.child) = (Some(*request), Some(*child)));
}

/// Changes a run where it is still the current one: an answer may come when another took its place.
fn touch(incident: &mut Incident, key: &RunKey, how: impl FnOnce(&mut Run)) {
    if incident.run_of(key).is_some() {
        change(incident, key, how);
    }
}

fn pending(incident: &Incident, request: NoticeId) -> Option<&Pending> {
    incident.outbox.get(&request).map(AsRef::as_ref)
}

fn record(incident: &mut Incident, child: IncidentId, change: impl FnOnce(&mut ChildRecord)) {
    if incident.children.contains_key(&child)
        && let Some(known) = Arc::make_mut(&mut incident.children).get_mut(&child)
    {
        change(Arc::make_mut(known));
    }
}

/// What was recalled before it began never was.
fn errand_ended(incident: &mut Incident, request: NoticeId) {
    let gone = remove(incident, request);
    match gone.as_deref() {
        Some(Pending::Recall { child, .. }) => {
            let begun = incident.children.get(child).is_some_and(|known| known.status.is_some());
            if !begun {
                Arc::make_mut(&mut incident.children).remove(child);
            }
        }
        Some(Pending::HandOff { key, .. }) => touch(incident, key, |run| run.request = None),
        _ => {}
    }
}

/// The new plan begins with what the incident is and knows, not with what the old plan was doing.
fn handed_off(incident: &mut Incident, over: &Takeover, event: &Event) {
    let Takeover { request, from, to, restricted, released, dropped, .. } = over;
    remove(incident, *request);
    Arc::make_mut(&mut incident.earlier).push(EarlierPlan {
        playbook: from.clone(),
        until: event.occurred_at,
        objectives: std::mem::take(&mut incident.objectives),
    });
    incident.playbook = Arc::new(to.clone());
    incident.restricted |= restricted;
    incident.steps = Arc::default();
    (incident.next_taken, incident.phases_entered) = (Arc::default(), Arc::default());
    (incident.handlers_fired, incident.facts_asked) = (Arc::default(), Arc::default());
    (incident.ended_in_visit, incident.halting_in_visit) = (0, 0);
    (incident.stuck, incident.close_awaited) = (None, false);
    incident.rollback = None;
    Arc::make_mut(&mut incident.roles).retain(|role, _| !released.contains(role));
    Arc::make_mut(&mut incident.variables).retain(|name, _| !dropped.contains(name));
    let of_plan = |subject: &LadderSubject| match subject {
        LadderSubject::Role { role } => released.contains(role),
        LadderSubject::Step { .. } | LadderSubject::Stuck => true,
        LadderSubject::Notice { .. } | LadderSubject::Clock { .. } => false,
    };
    if incident.ladders.keys().any(of_plan) {
        let ladders: &mut BTreeMap<_, _> = Arc::make_mut(&mut incident.ladders);
        ladders.retain(|subject, _| !of_plan(subject));
    }
    incident.armed = Arc::new(Armed::of(incident));
}
