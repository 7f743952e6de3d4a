//! Statutory clocks as they are shown.

use smol_str::SmolStr;

use crate::engine::{ClockStanding, ClockState, ClockView, Incident, ViewState, clocks};
use crate::playbook::Playbook;
use crate::server::wire;
use crate::text::{Lang, Text};
use crate::timeline::because;

/// Shows every stage of every clock, in the order of the plan.
#[must_use]
pub fn shown_clocks(playbook: &Playbook, incident: &Incident) -> Vec<wire::Clock> {
    clocks(playbook, incident).iter().map(|view| shown(playbook, incident, view)).collect()
}

fn shown(playbook: &Playbook, incident: &Incident, view: &ClockView<'_>) -> wire::Clock {
    let because = |lang| because(playbook, incident, view, lang);
    let (clock, stage) = (view.clock, view.stage);
    let limit = view.limit();
    let standing = view.record.map(|record| &record.standing);
    let reference = match standing {
        Some(ClockStanding::Met { reference, .. }) => reference.clone(),
        _ => None,
    };
    wire::Clock {
        key: format!("{}:{}", clock.id, stage.id),
        id: clock.id.clone(),
        stage: stage.id.clone(),
        regime: clock.regime.id.clone(),
        title: clock.title().clone(),
        stage_title: stage.title.clone(),
        party: clock.party.clone(),
        to: stage.to.clone(),
        state: SmolStr::new_static(view.state.name()),
        started_at: limit.map(|limit| limit.anchor),
        due_at: limit.and_then(|limit| limit.due_at),
        internal: limit.is_some_and(|limit| limit.internal),
        overdue: view.state == ViewState::Late,
        submitted_at: view.record.and_then(ClockState::met_at),
        why: why(view),
        because: because(Lang::Zh).zip(because(Lang::En)).map(|(zh, en)| Text::both(zh, en)),
        reference,
        unknown: view.unsure.clone(),
        assumed: view.state.is_open()
            && incident.aware_at.is_none()
            && view.record.is_some_and(|record| record.assumed),
        uncovered: limit.and_then(|limit| limit.uncovered),
        verified: stage.verified,
        on_demand: stage.on_demand,
        met_by: clock.met_by.get(&stage.id).cloned(),
        role: view.role.cloned(),
        holder: view.role.and_then(|role| incident.holder(role)).cloned(),
        waiver: waiver(view),
    }
}

fn why(view: &ClockView<'_>) -> Option<String> {
    let of_record = view.record.and_then(|record| match &record.standing {
        ClockStanding::Met { reason, .. } => reason.clone(),
        ClockStanding::Waived { reason, .. } => Some(reason.clone()),
        ClockStanding::Running | ClockStanding::Stopped { .. } => None,
    });
    of_record.or_else(|| view.why.as_ref().map(ToString::to_string))
}

fn waiver(view: &ClockView<'_>) -> Option<wire::Waiver> {
    let record = view.record?;
    match (&record.standing, &record.asked) {
        (ClockStanding::Waived { asked_by, approved_by, reason }, _) => Some(wire::Waiver {
            asked_by: asked_by.clone(),
            approved_by: Some(approved_by.clone()),
            reason: reason.clone(),
        }),
        (_, Some((asked_by, reason))) => Some(wire::Waiver {
            asked_by: asked_by.clone(),
            approved_by: None,
            reason: reason.clone(),
        }),
        _ => None,
    }
}
