//! What people call the parts of a plan. What has no title of its own, or is not in the plan, is
//! called by its name.

use crate::id::{ClockId, ObjectiveId, PhaseId, RoleId, StageId, StepId};
use crate::playbook::Playbook;
use crate::text::{Lang, Text};

impl Playbook {
    /// Returns what people call a role.
    #[must_use]
    pub fn role_title(&self, role: &RoleId) -> Text {
        let title = self.roles.get(role).map(|role| role.title.clone());
        title.unwrap_or_else(|| Text::Same(role.to_string()))
    }

    /// Returns what people call a step.
    #[must_use]
    pub fn step_title(&self, step: &StepId) -> Text {
        let title = self.step(step).and_then(|(_, step)| step.title.clone());
        title.unwrap_or_else(|| Text::Same(step.to_string()))
    }

    /// Returns what people call a phase.
    #[must_use]
    pub fn phase_title(&self, phase: &PhaseId) -> Text {
        let title = self.phase(phase).map(|phase| phase.title.clone());
        title.unwrap_or_else(|| Text::Same(phase.to_string()))
    }

    /// Returns what people call an objective.
    #[must_use]
    pub fn objective_title(&self, objective: &ObjectiveId) -> Text {
        let found = self.objectives.iter().find(|known| known.id == *objective);
        let title = found.and_then(|objective| objective.title.clone());
        title.unwrap_or_else(|| Text::Same(objective.to_string()))
    }

    /// Returns what people call a stage of a statutory clock.
    #[must_use]
    pub fn clock_title(&self, clock: &ClockId, stage: &StageId) -> Text {
        let known = self.clocks.iter().find(|known| known.id == *clock);
        let of = known.and_then(|clock| {
            let found = clock.regime.stages.iter().find(|known| known.id == *stage)?;
            Some((clock.title(), &found.title))
        });
        let Some((clock_title, stage_title)) = of else {
            return Text::Same(format!("{clock}:{stage}"));
        };
        Text::both(
            format!("{}：{}", clock_title.get(Lang::Zh), stage_title.get(Lang::Zh)),
            format!("{}: {}", clock_title.get(Lang::En), stage_title.get(Lang::En)),
        )
    }
}
