//! The incidents around one, and the plans before its own, as they are shown.

use smol_str::SmolStr;

use crate::engine::{Beside, ChildRecord, EarlierPlan, Incident, ObjectiveState, ParentRef};
use crate::id::IncidentId;
use crate::server::wire;

/// Shows the incident that asked for another.
pub fn parent(parent: &ParentRef) -> wire::Parent {
    wire::Parent {
        id: parent.id,
        number: parent.number,
        playbook: parent.playbook.clone(),
        key: parent.key.to_string(),
        href: href(parent.id),
    }
}

/// Shows the live incident that a rehearsal goes beside.
pub fn beside(beside: Beside) -> wire::Beside {
    let Beside { id, number } = beside;
    wire::Beside { id, number, href: href(id) }
}

/// Shows the incidents that one asked for, in the order of their numbers; last those that have none
/// yet.
pub fn children(incident: &Incident) -> Vec<wire::Child> {
    let shown = |(id, child): (&IncidentId, &ChildRecord)| {
        let waits = |run: &crate::engine::Run| !run.is_settled() && run.child == Some(*id);
        wire::Child {
            id: *id,
            number: child.number,
            playbook: child.playbook.clone(),
            key: child.key.to_string(),
            status: child.status,
            href: href(*id),
            awaited: !child.detached && incident.run_of(&child.key).is_some_and(waits),
        }
    };
    let children = incident.children.iter().map(|(id, child)| shown((id, child.as_ref())));
    let mut children: Vec<wire::Child> = children.collect();
    children.sort_by_key(|child| child.number.unwrap_or(u64::MAX));
    children
}

fn href(id: IncidentId) -> String {
    format!("/api/v1/incidents/{id}")
}

/// Shows a plan that the incident ran before.
pub fn earlier(plan: &EarlierPlan) -> wire::EarlierPlan {
    let judged = |state: &ObjectiveState| match state {
        ObjectiveState::Met(_) => SmolStr::new_static("met"),
        ObjectiveState::Missed(_) => SmolStr::new_static("missed"),
    };
    wire::EarlierPlan {
        playbook: wire::PlaybookVersion::new(plan.playbook.id.clone(), &plan.playbook.hash),
        until: plan.until,
        objectives: plan.objectives.iter().map(|(id, s)| (id.clone(), judged(s))).collect(),
    }
}
