//! What people call the parts of a plan; the plan's own name for them where it is gone. Pure.

use crate::drill::covered::{due_of, limit_of, start_of};
use crate::id::{ObjectiveId, RoleId, StepId};
use crate::learn::subject::Subject;
use crate::playbook::Playbook;
use crate::text::{Lang, Text};

/// The names of a plan.
#[derive(Clone, Copy)]
pub(super) struct Names<'a>(pub Option<&'a Playbook>);

impl Names<'_> {
    pub(super) fn step(self, id: &StepId) -> Text {
        let found = self.0.and_then(|plan| plan.step(id)).and_then(|(_, step)| step.title.clone());
        found.unwrap_or_else(|| Text::Same(id.to_string()))
    }

    pub(super) fn role(self, id: &RoleId) -> Text {
        let found = self.0.and_then(|plan| plan.roles.get(id)).map(|role| role.title.clone());
        found.unwrap_or_else(|| Text::Same(id.to_string()))
    }

    pub(super) fn objective(self, id: &ObjectiveId) -> Text {
        let all = self.0.into_iter().flat_map(|plan| &plan.objectives);
        let found = all.into_iter().find(|one| one.id == *id).and_then(|one| one.title.clone());
        found.unwrap_or_else(|| Text::Same(id.to_string()))
    }

    pub(super) fn clock(self, key: &str) -> Text {
        let (id, stage) = key.split_once(':').unwrap_or((key, ""));
        let clock = self.0.and_then(|plan| plan.clocks.iter().find(|one| one.id.as_str() == id));
        let Some(clock) = clock else { return Text::Same(key.to_owned()) };
        let stage = clock.stages().find(|known| known.id.as_str() == stage);
        let both = |lang: Lang| match stage {
            Some(stage) => format!("{} · {}", clock.title().get(lang), stage.title.get(lang)),
            None => clock.title().get(lang).to_owned(),
        };
        Text::both(both(Lang::Zh), both(Lang::En))
    }

    pub(super) fn subject(self, about: &Subject) -> Text {
        match about {
            Subject::Step(id) => self.step(id),
            Subject::Role(id) => self.role(id),
            Subject::Objective(id) => self.objective(id),
            Subject::Clock(key) => self.clock(key),
        }
    }

    /// Names a deadline by its key.
    pub(super) fn deadline(self, key: &str) -> Text {
        let Some((kind, name)) = key.split_once('/') else { return Text::Same(key.to_owned()) };
        let (zh, en, what) = match kind {
            "start" => ("：开始", ": begun", self.step(&StepId::new(name))),
            "due" => ("：完成", ": done", self.step(&StepId::new(name))),
            "objective" => ("", "", self.objective(&ObjectiveId::new(name))),
            "clock" => ("", "", self.clock(name)),
            _ => return Text::Same(key.to_owned()),
        };
        Text::both(format!("{}{zh}", what.get(Lang::Zh)), format!("{}{en}", what.get(Lang::En)))
    }
}

/// Lists the deadlines of a plan by their keys, in its order.
pub(super) fn deadlines(plan: &Playbook) -> Vec<smol_str::SmolStr> {
    let mut keys = Vec::new();
    for step in plan.every_step() {
        keys.extend(step.start_within.as_ref().map(|_| start_of(&step.id)));
        keys.extend(step.due.as_ref().map(|_| due_of(&step.id)));
    }
    keys.extend(plan.objectives.iter().map(|objective| limit_of(&objective.id)));
    for clock in &plan.clocks {
        let stages = clock.stages();
        keys.extend(
            stages.map(|stage| smol_str::format_smolstr!("clock/{}:{}", clock.id, stage.id)),
        );
    }
    keys
}
