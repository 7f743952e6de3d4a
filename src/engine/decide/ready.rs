//! When a step becomes ready (Meaning 2, 5): joins, conditions, and `go`.

use super::decision::Decision;
use crate::engine::fact::Fact;
use crate::engine::facts::Facts;
use crate::engine::run::{FailureCause, Run, RunKey, SkipReason, Standing, StepState};
use crate::id::StepId;
use crate::playbook::{ForEach, Join, Step, Value};

/// Whether the steps that come before let a step begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Joined {
    Yes,
    NotYet,
    Never,
}

/// The items of a for-each, cut to its bound.
struct Items {
    list: Vec<Value>,
    left_out: u32,
}

impl Decision<'_> {
    /// Judges whether a step of the current phase that waits is ready.
    pub fn judge(&mut self, id: &StepId) {
        let Some(step) = self.step(id) else { return };
        if !self.waits(id) {
            return;
        }
        match self.joined(step) {
            Joined::NotYet => {}
            Joined::Never => {
                let key = self.waiting_key(id);
                self.emit(Fact::StepSkipped { key, reason: SkipReason::Unreachable });
            }
            Joined::Yes => {
                // Evaluated once, when the predecessors have passed.
                let verdict = self.weigh(step.when.as_ref(), None);
                if verdict.as_ref().is_some_and(|verdict| !verdict.or_unknown()) {
                    let key = self.waiting_key(id);
                    self.emit(Fact::StepSkipped { key, reason: SkipReason::Condition });
                } else {
                    let unknown = verdict.is_some_and(|verdict| !verdict.and_known());
                    self.make_ready(step, unknown);
                }
            }
        }
    }

    /// Tells whether a step belongs to the current phase and waits in it.
    pub fn waits(&self, id: &StepId) -> bool {
        let here = self.playbook.step(id).is_some_and(|(phase, _)| phase.id == self.incident.phase);
        let run = self.incident.current_run(id);
        here && !self.playbook.is_compensation(id)
            && run.is_none_or(|run| run.state == StepState::Waiting)
    }

    /// Returns the key of a step that waits in the current visit.
    pub fn waiting_key(&self, id: &StepId) -> RunKey {
        match self.incident.current_run(id) {
            Some(run) => run.key.clone(),
            None => RunKey::first(self.incident.visit, id.clone()),
        }
    }

    fn joined(&self, step: &Step) -> Joined {
        if step.after.is_empty() {
            return Joined::Yes;
        }
        let standing = |before| {
            let run: Option<&Run> = self.incident.current_run(before);
            run.map_or(Standing::Pending, Run::standing)
        };
        let needed = match step.join {
            // Whoever waits for all stops at the first that has not passed: a failed one may still
            // be retried or skipped by a person (Meaning 4).
            Join::All => {
                let all = step.after.iter().all(|before| standing(before) == Standing::Passed);
                return if all { Joined::Yes } else { Joined::NotYet };
            }
            Join::Any => 1,
            Join::AtLeast(many) => many as usize,
        };
        let (mut passed, mut possible) = (0, 0);
        for before in &step.after {
            match standing(before) {
                Standing::Passed => (passed, possible) = (passed + 1, possible + 1),
                Standing::Pending => possible += 1,
                Standing::Halted => {}
            }
        }
        if passed >= needed {
            Joined::Yes
        } else if possible < needed {
            Joined::Never
        } else {
            Joined::NotYet
        }
    }

    /// Makes a step ready whatever its `after` and `when` (Meaning 5); one that is being worked on
    /// or has ended otherwise stays as it is.
    pub fn go_to_step(&mut self, id: &StepId) {
        let Some(step) = self.step(id) else { return };
        let skipped = |run: &Run| matches!(run.state, StepState::Skipped { .. });
        if self.waits(id) || self.incident.current_run(id).is_some_and(skipped) {
            self.make_ready(step, false);
        }
    }

    fn make_ready(&mut self, step: &Step, unknown: bool) {
        let key = self.waiting_key(&step.id);
        let repeats = step.repeat.is_some();
        let Some(for_each) = &step.for_each else {
            let (items, left_out) = (Vec::new(), 0);
            self.emit(Fact::StepReady { key, unknown, repeats, items, left_out });
            return;
        };
        match self.items_of(for_each) {
            Ok(Items { list, .. }) if list.is_empty() => {
                self.emit(Fact::StepSkipped { key, reason: SkipReason::NoItems });
            }
            Ok(Items { list: items, left_out }) => {
                self.emit(Fact::StepReady { key, unknown, repeats, items, left_out });
            }
            Err(why) => {
                // A list nobody can compute is no empty list: somebody must look.
                self.fail(&key, FailureCause::Error, why);
            }
        }
    }

    /// Lists the items anew, as for the next iteration of a repeating for-each.
    pub fn list_again(&mut self, key: &RunKey) {
        let Some((step, run)) = self.step_and_run(key) else { return };
        let repeats = run.repeats;
        let Some(for_each) = &step.for_each else { return };
        match self.items_of(for_each) {
            Ok(Items { list, .. }) if list.is_empty() => {
                self.emit(Fact::StepDone { key: key.clone(), answer: None, note: None });
            }
            Ok(Items { list: items, left_out }) => {
                let key = key.clone();
                self.emit(Fact::StepReady { key, unknown: false, repeats, items, left_out });
            }
            Err(why) => self.fail(key, FailureCause::Error, why),
        }
    }

    fn items_of(&self, for_each: &ForEach) -> Result<Items, String> {
        let facts = Facts::new(self.playbook, self.incident);
        let list = match for_each.list.value(&facts) {
            Ok(Value::List(list)) => list,
            Ok(_) => return Err(format!("`{}` is not a list", for_each.list.source())),
            Err(unsure) => return Err(unsure.text().get(crate::text::Lang::En).to_owned()),
        };
        let most = for_each.at_most as usize;
        let left_out = u32::try_from(list.len().saturating_sub(most)).unwrap_or(u32::MAX);
        let list = list.into_iter().take(most).collect();
        Ok(Items { list, left_out })
    }
}
