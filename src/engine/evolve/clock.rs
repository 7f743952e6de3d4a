//! How statutory clocks change.

use std::sync::Arc;

use jiff::Timestamp;

use crate::engine::clock::{
    ClockEvent, ClockFact, ClockKey, ClockLimit, ClockStanding, ClockState,
};
use crate::engine::event::Event;
use crate::engine::fact::Fact;
use crate::engine::incident::Incident;

pub(super) fn apply(incident: &mut Incident, event: &Event) {
    let Fact::Clock(ClockEvent { key, what }) = &event.fact else { return };
    let at = event.occurred_at;
    match what {
        ClockFact::Started { limit, unsure, assumed } => {
            let mut state = blank(ClockStanding::Running);
            (state.limit, state.unsure) = (Some(limit.clone()), unsure.clone());
            state.assumed = *assumed;
            Arc::make_mut(&mut incident.clocks).insert(key.clone(), Arc::new(state));
        }
        ClockFact::Shortened { limit, .. } => relimit(incident, key, limit, false),
        ClockFact::Extended { limit, .. } => relimit(incident, key, limit, true),
        ClockFact::Submitted { late, reason, reference, .. } => {
            let standing = ClockStanding::Met {
                at,
                late: *late,
                reason: reason.clone(),
                reference: reference.clone(),
            };
            settle(incident, key, standing);
        }
        ClockFact::Judged { limit, late: is_late, .. } => change(incident, key, |state| {
            (state.limit, state.kept) = (Some(limit.clone()), None);
            if let ClockStanding::Met { late, .. } = &mut state.standing {
                *late = *is_late;
            }
        }),
        ClockFact::Explained { reason: said } => change(incident, key, |state| {
            if let ClockStanding::Met { reason, .. } = &mut state.standing {
                *reason = Some(said.clone());
            }
        }),
        ClockFact::Stopped { why } => {
            settle(incident, key, ClockStanding::Stopped { why: why.clone() });
        }
        ClockFact::Waived { asked_by, approved_by, reason } => {
            let standing = ClockStanding::Waived {
                asked_by: asked_by.clone(),
                approved_by: approved_by.clone(),
                reason: reason.clone(),
            };
            settle(incident, key, standing);
        }
        ClockFact::Kept { would_be } => change(incident, key, |s| s.kept = Some(*would_be)),
        ClockFact::Warned { nth } => {
            change(incident, key, |state| state.warned = nth.saturating_add(1));
        }
        ClockFact::Breached => breach(incident, key, at),
        ClockFact::WaiverAsked { by, reason } => {
            change(incident, key, |state| state.asked = Some((by.clone(), reason.clone())));
        }
        ClockFact::WaiverRefused { .. } => change(incident, key, |state| state.asked = None),
    }
}

const fn blank(standing: ClockStanding) -> ClockState {
    ClockState {
        standing,
        limit: None,
        warned: 0,
        breached_at: None,
        unsure: Vec::new(),
        assumed: false,
        kept: None,
        extended: false,
        asked: None,
    }
}

/// Changes a stage that has begun.
fn change(incident: &mut Incident, key: &ClockKey, change: impl FnOnce(&mut ClockState)) {
    if let Some(state) = Arc::make_mut(&mut incident.clocks).get_mut(key) {
        change(Arc::make_mut(state));
    }
}

fn breach(incident: &mut Incident, key: &ClockKey, at: Timestamp) {
    change(incident, key, |state| state.breached_at = Some(at));
}

fn relimit(incident: &mut Incident, key: &ClockKey, limit: &ClockLimit, extended: bool) {
    change(incident, key, |state| {
        state.limit = Some(limit.clone());
        (state.warned, state.breached_at, state.kept) = (0, None, None);
        state.extended |= extended;
    });
}

fn settle(incident: &mut Incident, key: &ClockKey, standing: ClockStanding) {
    let clocks = Arc::make_mut(&mut incident.clocks);
    let state = clocks.entry(key.clone()).or_insert_with(|| Arc::new(blank(standing.clone())));
    let state = Arc::make_mut(state);
    (state.standing, state.asked) = (standing, None);
}
