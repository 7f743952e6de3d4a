//! Rolling back (Meaning 8): what was done is undone, the latest first, by the steps that the plan
//! names for it. One is offered at a time; the next waits until it is done or a person has left it.

use super::decision::Decision;
use super::reject;
use crate::engine::event::{RollbackCause, Undoing};
use crate::engine::fact::Fact;
use crate::engine::rejection::Rejection;
use crate::engine::run::{Run, RunKey, SkipReason, Standing, StepCancelReason};
use crate::id::StepId;
use crate::playbook::Compensate;

impl Decision<'_> {
    /// Undoes what was done because a person says so; the incident goes on.
    pub fn roll_back(&mut self, reason: String) -> Result<(), Rejection> {
        let reason = self.text("/reason", reason)?;
        if self.incident.rollback.is_some() {
            return Err(reject::rolling_back(self.incident, &self.left_to_undo()));
        }
        let steps = self.owed();
        if steps.is_empty() {
            return Err(reject::nothing_to_undo(self.incident));
        }
        self.emit(Fact::RollbackBegun { cause: RollbackCause::Asked, reason, steps });
        Ok(())
    }

    /// Begins to cancel where something must be undone first; tells whether it did.
    pub fn undo_before_cancelling(&mut self, reason: &str) -> bool {
        let steps = self.owed();
        if steps.is_empty() {
            return false;
        }
        if self.incident.stuck.is_some() {
            self.unstick();
        }
        self.end_ordinary_steps(StepCancelReason::Cancelled);
        let (cause, reason) = (RollbackCause::Cancel, reason.to_owned());
        self.emit(Fact::RollbackBegun { cause, reason, steps });
        true
    }

    /// Lists what was done and not undone since, with the runs that will undo it, the latest
    /// first. What is being undone already stays at its place.
    fn owed(&self) -> Vec<Undoing> {
        let plan = self.playbook.phases.iter().flat_map(|phase| &phase.steps);
        let mut done: Vec<(u64, &StepId, &StepId)> = plan
            .filter_map(|step| {
                let Some(Compensate::Step(by)) = &step.compensate else { return None };
                let record = self.incident.steps.get(&step.id)?;
                Some((record.done.filter(|done| *done > record.undone)?, &step.id, by))
            })
            .collect();
        done.sort_unstable_by(|one, other| other.cmp(one));
        let mut steps: Vec<Undoing> = Vec::with_capacity(done.len());
        for (_, step, by) in done {
            let begun = self.undoing().find(|undoing| undoing.step == *step);
            let passed = begun.is_some_and(|undoing| self.has_passed(&undoing.by));
            let offered = steps.iter().any(|earlier| earlier.by.step == *by);
            if passed || offered {
                continue;
            }
            let by = begun.map_or_else(|| self.next_run_of(by), |undoing| undoing.by.clone());
            steps.push(Undoing { step: step.clone(), by });
        }
        steps.sort_by_key(|undoing| self.offered(&undoing.by).is_none());
        steps
    }

    fn undoing(&self) -> impl Iterator<Item = &Undoing> {
        self.incident.rollback.iter().flat_map(|rollback| &rollback.steps)
    }

    /// Names a run that no earlier rollback used.
    fn next_run_of(&self, step: &StepId) -> RunKey {
        let first = RunKey::first(self.incident.visit, step.clone());
        match self.incident.run(step) {
            Some(run) if run.key.visit == first.visit => {
                RunKey { attempt: run.key.attempt + 1, ..first }
            }
            _ => first,
        }
    }

    /// Returns the run that undoes something, or a later attempt of it, once it was offered.
    fn offered(&self, by: &RunKey) -> Option<&Run> {
        let run = self.incident.run(&by.step)?;
        (run.key.visit == by.visit && run.key.attempt >= by.attempt).then_some(run)
    }

    /// Tells whether nothing waits for it any more: done, left out, or failed with consent.
    fn has_passed(&self, by: &RunKey) -> bool {
        let run = self.offered(by);
        run.is_some_and(|run| run.is_settled() && run.standing() != Standing::Halted)
    }

    /// Offers the next step that undoes something, or ends the rollback.
    pub fn go_on_undoing(&mut self) {
        let next = self.undoing().find(|undoing| !self.has_passed(&undoing.by)).cloned();
        let Some(next) = next else { return self.end_rollback() };
        if self.offered(&next.by).is_some() {
            return;
        }
        let Some(step) = self.step(&next.by.step) else { return };
        let verdict = self.weigh(step.when.as_ref(), None);
        if verdict.as_ref().is_some_and(|verdict| !verdict.or_unknown()) {
            self.emit(Fact::StepSkipped { key: next.by, reason: SkipReason::Condition });
            return;
        }
        let unknown = verdict.is_some_and(|verdict| !verdict.and_known());
        let (items, left_out) = (Vec::new(), 0);
        let ready = Fact::StepReady { key: next.by, unknown, repeats: false, items, left_out };
        self.emit(ready);
    }

    /// Lists the runs that a rollback still waits for.
    pub fn left_to_undo(&self) -> Vec<RunKey> {
        let left = self.undoing().filter(|undoing| !self.has_passed(&undoing.by));
        left.map(|undoing| undoing.by.clone()).collect()
    }

    /// What undoes something belongs to no phase: it goes along into the next visit.
    pub fn take_along_undoing(&mut self, visit: u32) {
        let left = self.left_to_undo();
        let runs = left.iter().filter_map(|by| self.offered(by));
        let keys: Vec<RunKey> = runs.map(|run| run.key.clone()).collect();
        for key in keys {
            self.emit(Fact::StepAdopted { key, visit });
        }
    }

    fn end_rollback(&mut self) {
        let Some(rollback) = self.incident.rollback.clone() else { return };
        self.emit(Fact::RollbackEnded);
        match rollback.cause {
            RollbackCause::Asked => self.agenda.look_for_way = true,
            RollbackCause::Cancel => self.cancel_now(rollback.reason.clone(), None),
        }
    }
}
