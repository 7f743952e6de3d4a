//! An incident with its plan, as it is shown.

use indexmap::IndexMap;
use smol_str::SmolStr;

use super::clock::shown_clocks;
use super::kin;
use super::personal::{Sight, personal};
use super::step::steps;
use crate::engine::{self, Incident, RoleState, RollbackCause, RunKey, Tenure};
use crate::id::RoleId;
use crate::playbook::{Bridge, Objective, Playbook, Promise};
use crate::server::wire;

/// Shows an incident; `now` is what its reader should do, `sight` what they see of personal values.
#[must_use]
pub fn incident(
    playbook: &Playbook,
    incident: &Incident,
    now: Vec<wire::Work>,
    sight: &Sight,
) -> wire::Incident {
    let personal = personal(playbook, incident, sight);
    wire::Incident {
        id: incident.id,
        number: crate::id::incident_number(incident.number, incident.declared_at),
        playbook: wire::PlaybookVersion::new(incident.playbook.id.clone(), &incident.playbook.hash),
        title: incident.title.to_string(),
        mode: incident.mode,
        status: incident.status,
        stuck: incident.stuck.is_some(),
        stuck_why: incident.stuck.as_ref().and_then(|why| serde_json::to_value(why).ok()),
        close_awaited: incident.close_awaited,
        rollback: incident.rollback.as_deref().map(|rollback| shown_rollback(incident, rollback)),
        level: incident.level.current,
        level_provisional: incident.level.provisional,
        phase: incident.phase.clone(),
        phase_title: playbook.phase_title(&incident.phase),
        visit: incident.visit,
        detected_at: incident.detected_at,
        aware_at: incident.aware_at,
        declared_at: incident.declared_at,
        closed_at: incident.ended_at,
        paused_at: incident.paused_at,
        restricted: incident.restricted,
        drill: incident.drill,
        parent: incident.parent.as_deref().map(kin::parent),
        beside: incident.beside.map(kin::beside),
        children: kin::children(incident),
        earlier_plans: incident.earlier.iter().map(kin::earlier).collect(),
        bridge: playbook.bridge.as_ref().map(|bridge| shown_bridge(playbook, incident, bridge)),
        now,
        roles: roles(playbook, incident),
        steps: steps(playbook, incident, &personal),
        objectives: playbook.objectives.iter().map(|o| objective(incident, o)).collect(),
        clocks: shown_clocks(playbook, incident),
        variables: incident
            .variables
            .iter()
            .filter(|(name, _)| !playbook.is_personal(name))
            .map(|(name, value)| (name.clone(), value.to_plain()))
            .collect(),
        personal,
        measures: incident.measures.iter().map(|(name, n)| (name.clone(), *n)).collect(),
        pending_notices: u32::try_from(incident.outbox.len()).unwrap_or(u32::MAX),
        version: incident.version,
    }
}

fn shown_rollback(incident: &Incident, rollback: &engine::Rollback) -> wire::Rollback {
    let state = |by: &RunKey| {
        let run = incident.run(&by.step).filter(|run| run.key.visit == by.visit);
        run.filter(|run| run.key.attempt >= by.attempt).map_or("waiting", |run| run.state.name())
    };
    let shown = |undoing: &engine::Undoing| wire::Undoing {
        step: undoing.step.clone(),
        by: undoing.by.step.clone(),
        state: SmolStr::new_static(state(&undoing.by)),
    };
    wire::Rollback {
        cause: SmolStr::new_static(match rollback.cause {
            RollbackCause::Asked => "asked",
            RollbackCause::Cancel => "cancel",
        }),
        reason: rollback.reason.clone(),
        steps: rollback.steps.iter().map(shown).collect(),
    }
}

fn shown_bridge(playbook: &Playbook, incident: &Incident, bridge: &Bridge) -> wire::Bridge {
    let facts = engine::Facts::new(playbook, incident);
    wire::Bridge { title: bridge.title.clone(), url: bridge.url.render(&facts) }
}

fn roles(playbook: &Playbook, incident: &Incident) -> IndexMap<RoleId, wire::Role> {
    playbook
        .roles
        .values()
        .map(|role| {
            let title = role.title.clone();
            (role.id.clone(), shown_role(title, incident.roles.get(&role.id).map(AsRef::as_ref)))
        })
        .collect()
}

fn shown_role(title: crate::text::Text, state: Option<&RoleState>) -> wire::Role {
    let vacant = Tenure::Vacant;
    let tenure = state.map_or(&vacant, |state| &state.tenure);
    let (offered_to, since) = match tenure {
        Tenure::Offered { to, .. } => (to.clone(), None),
        Tenure::Held { since, .. } => (Vec::new(), Some(*since)),
        Tenure::Vacant | Tenure::Assigned { .. } => (Vec::new(), None),
    };
    wire::Role {
        title,
        engaged: state.is_some_and(|state| state.engaged),
        state: match tenure {
            Tenure::Vacant => wire::RoleState::Vacant,
            Tenure::Offered { .. } => wire::RoleState::Offered,
            Tenure::Assigned { .. } => wire::RoleState::Assigned,
            Tenure::Held { .. } => wire::RoleState::Held,
        },
        holder: tenure.holder().cloned(),
        offered_to,
        acknowledge_by: tenure.until(),
        since,
    }
}

fn objective(incident: &Incident, objective: &Objective) -> wire::Objective {
    let (state, at) = match incident.objectives.get(&objective.id) {
        None => (wire::ObjectiveState::Pending, None),
        Some(engine::ObjectiveState::Met(at)) => (wire::ObjectiveState::Met, Some(*at)),
        Some(engine::ObjectiveState::Missed(at)) => (wire::ObjectiveState::Missed, Some(*at)),
    };
    let due_at = match &objective.promise {
        Promise::Within { from, within, .. } => {
            engine::moment(incident, from).and_then(|from| within.after(from))
        }
        Promise::Measure { .. } => None,
    };
    wire::Objective { id: objective.id.clone(), title: objective.title.clone(), state, at, due_at }
}
