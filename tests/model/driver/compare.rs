//! Holds what the engine has against what the model has.

use firebell::engine::{Pending, Run, StepState, StuckReason};
use firebell::id::StepId;

use super::Driver;
use crate::engine::Check;
use crate::reference::{State, Status, Stuck, Why, is_settled};
use crate::spec::Step;

impl Driver<'_, '_> {
    pub fn compare(&mut self) -> Check {
        let incident = &self.engine.incident;
        let model = &self.model;
        let status = match model.status {
            Status::Open => "open",
            Status::Paused => "paused",
            Status::Closed => "closed",
            Status::Cancelled => "cancelled",
        };
        self.same("status", incident.status.name(), status)?;
        self.same("phase", incident.phase.as_str(), format!("p{}", model.phase).as_str())?;
        self.same("visit", &incident.visit, &model.visit)?;
        self.same("level", &incident.level.current, &model.level)?;
        self.same("provisional", &incident.level.provisional, &model.provisional)?;
        self.same("a person's word", &incident.level.overruled_at, &model.overruled_at)?;
        self.same("stuck", &incident.stuck.as_ref().map(stuck), &model.stuck)?;
        self.same("close awaited", &incident.close_awaited, &model.close_awaited)?;
        if let Some(engineering) = incident.roles.get("engineering") {
            self.same("engaged", &engineering.engaged, &model.engaged)?;
        } else {
            self.same("engaged", &false, &model.engaged)?;
        }
        for step in self.steps() {
            self.compare_step(step)?;
        }
        for pending in self.engine.incident.outbox.values() {
            if let Pending::Notice { notice, .. } = pending.as_ref() {
                return Err(self.engine.wrong(format!("a notice waits: {notice:?}")));
            }
        }
        Ok(())
    }

    fn compare_step(&mut self, step: &Step) -> Check {
        let run = self.engine.incident.run(&StepId::new(&step.id)).cloned();
        let Some(model) = self.model.runs.get(&step.id).cloned() else {
            return match run {
                None => Ok(()),
                Some(_) => Err(self.engine.wrong(format!("{} was never entered", step.id))),
            };
        };
        let of = |what: &str| format!("{what} of {}", step.id);
        let Some(run) = run.filter(|run| run.visit == model.visit) else {
            return self.same(&of("state"), "waiting", model.state.name());
        };
        self.same(&of("state"), run.state.name(), model.state.name())?;
        self.same(&of("cause"), &why(&run), &model_why(model.state))?;
        self.same(&of("iteration"), &run.key.iteration, &model.iteration)?;
        self.same(&of("attempt"), &run.key.attempt, &model.attempt)?;
        self.same(&of("settled"), &run.is_settled(), &is_settled(step, &model))?;
        if !is_settled(step, &model) && !model.state.name().eq("done") && self.open() {
            self.compare_deadline(step, &run)?;
        }
        Ok(())
    }

    fn compare_deadline(&mut self, step: &Step, run: &Run) -> Check {
        if self.model.paused_at.is_some() {
            return Ok(());
        }
        let known = self.model.runs.get_mut(&step.id).expect("just seen");
        if let (Some(due), Some(or)) = (&mut known.due, known.due_or.take())
            && run.due_at == Some(or)
        {
            due.at = or;
        }
        let (due, overdue) = (known.due.map(|due| due.at), known.overdue);
        self.same(&format!("deadline of {}", step.id), &run.due_at, &due)?;
        self.same(&format!("overdue of {}", step.id), &run.overdue, &overdue)
    }

    fn same<T: PartialEq + std::fmt::Debug + ?Sized>(
        &self,
        what: &str,
        engine: &T,
        model: &T,
    ) -> Check {
        if engine == model {
            return Ok(());
        }
        Err(self.engine.wrong(format!("{what}: engine {engine:?}, model {model:?}")))
    }
}

fn stuck(reason: &StuckReason) -> Stuck {
    match reason {
        StuckReason::NoWayOut => Stuck::NoWay,
        StuckReason::SpentLoop { next } => Stuck::Spent(*next),
        StuckReason::FailedStep { key } => Stuck::Failed(key.step.to_string()),
    }
}

fn why(run: &Run) -> Option<Why> {
    use firebell::engine::SkipReason;
    match &run.state {
        StepState::Skipped { reason: SkipReason::Condition } => Some(Why::Condition),
        StepState::Skipped { reason: SkipReason::Unreachable } => Some(Why::Unreachable),
        StepState::Skipped { reason: SkipReason::ByPerson { .. } } => Some(Why::Person),
        _ => None,
    }
}

fn model_why(state: State) -> Option<Why> {
    match state {
        State::Skipped(why) => Some(why),
        _ => None,
    }
}
