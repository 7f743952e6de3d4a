//! A plan as it is shown to those who may declare with it.

use super::form::form;
use super::step::kind;
use crate::playbook::{Phase, Playbook, Step};
use crate::server::wire::{PlanDetail, PlanPhase, PlanRole, PlanStep, PlanSummary};

/// Shows a plan with its inputs, roles, phases and source.
#[must_use]
pub fn plan(playbook: &Playbook) -> PlanDetail {
    PlanDetail {
        summary: PlanSummary::from(playbook),
        inputs: form(&playbook.inputs, |_| None),
        roles: playbook
            .roles
            .values()
            .map(|role| PlanRole { id: role.id.clone(), title: role.title.clone() })
            .collect(),
        phases: playbook.phases.iter().map(phase).collect(),
        objectives: playbook.objectives.iter().map(|objective| objective.id.clone()).collect(),
        source: playbook.bundle.plan().to_owned(),
    }
}

fn phase(phase: &Phase) -> PlanPhase {
    PlanPhase {
        id: phase.id.clone(),
        title: phase.title.clone(),
        steps: phase.every_step().map(step).collect(),
    }
}

fn step(step: &Step) -> PlanStep {
    PlanStep {
        id: step.id.clone(),
        title: step.title.clone(),
        kind: kind(&step.action),
        role: step.doer().cloned(),
        after: step.after.clone(),
    }
}
