//! What begins when a run is ready: machines start, people are told, deadlines run.

use jiff::Timestamp;

use super::decision::{Decision, Voice};
use crate::engine::event::{StepAlarm, ValueSource};
use crate::engine::fact::Fact;
use crate::engine::facts::Facts;
use crate::engine::notice::Purpose;
use crate::engine::run::{FailureCause, RunKey, StepState};
use crate::id::{NoticeId, VarId};
use crate::playbook::expression::Unsure;
use crate::playbook::{Action, Approver, Expression, Step, Variables, Wait};

impl Decision<'_> {
    /// Begins a run that became ready.
    pub fn begin(&mut self, key: &RunKey) {
        let Some((step, run)) = self.step_and_run(key) else { return };
        if run.state != StepState::Ready {
            return;
        }
        if step.for_each.is_some() && key.item.is_none() {
            // An iteration or a new attempt of the whole begins without its list.
            if run.items.is_empty() {
                self.list_again(key)
            } else {
                self.open_items(key)
            }
            return;
        }
        self.arm_deadlines(key);
        match &step.action {
            Action::Manual(_) | Action::Decide(_) => {
                for person in self.responsible(step) {
                    let also = Vec::new();
                    self.tell(person, Purpose::StepReady { key: key.clone(), also });
                }
            }
            Action::Approve(approve) => self.ask_approvers(key, &approve.by),
            Action::Notify(notify) => {
                self.start(key);
                self.arm_timeout(key, step);
                self.send_step_messages(key, notify);
            }
            Action::Http(_) => {
                self.start(key);
                let request = NoticeId::nth(self.incident.id, self.incident.notices_ever + 1);
                self.emit(Fact::RequestQueued { request, key: key.clone() });
                self.arm_timeout(key, step);
            }
            Action::Child(call) => {
                self.start(key);
                self.arm_timeout(key, step);
                self.ask_for_child(key, call);
            }
            Action::HandOff(over) => {
                self.start(key);
                self.arm_timeout(key, step);
                self.ask_for_hand_off(key, over);
            }
            Action::Wait(wait) => {
                self.start(key);
                self.begin_wait(key, step, wait);
            }
            Action::Set(variables) => {
                self.start(key);
                self.compute(key, variables);
            }
        }
    }

    fn start(&mut self, key: &RunKey) {
        let seq = self.emit(Fact::StepStarted { key: key.clone() });
        self.voice = Voice::Rule(seq);
    }

    fn ask_approvers(&mut self, key: &RunKey, by: &[Approver]) {
        let now = self.now();
        for approver in by {
            let people = match approver {
                Approver::Role(role) => self.holders_of(role),
                Approver::Team(team) => self.ctx.directory.team_reachable(team, now),
            };
            for person in people {
                let also = Vec::new();
                self.tell(person, Purpose::StepReady { key: key.clone(), also });
            }
        }
    }

    /// A run was started: its time begins, and so does that of the step it is an item of.
    pub fn started(&mut self, key: &RunKey) {
        let Some((step, run)) = self.step_and_run(key) else { return };
        // Whoever finishes at once has nothing left that could run out of time.
        if step.action.is_human() && run.state == StepState::Active {
            self.arm_timeout(key, step);
        }
        if key.item.is_some() {
            let whole = RunKey { item: None, ..key.clone() };
            let record = self.incident.run(&key.step);
            if record.is_some_and(|run| run.state == StepState::Ready) {
                let whole = record.map_or(whole, |run| run.key.clone());
                self.emit(Fact::StepStarted { key: whole });
            }
        }
    }

    fn arm_timeout(&mut self, key: &RunKey, step: &Step) {
        if let Some(at) = step.timeout.and_then(|timeout| timeout.after(self.now())) {
            self.set_alarm(key, Some(StepAlarm::Timeout { at }));
        }
    }

    fn begin_wait(&mut self, key: &RunKey, step: &Step, wait: &Wait) {
        let time_out = step.timeout.and_then(|timeout| timeout.after(self.now()));
        let over = match wait {
            // A wait is over when it truly is, however late its beginning was entered.
            Wait::For(span) => span.after(self.happened()),
            Wait::Until(until) => {
                let run = self.incident.run_of(key);
                if self.weigh(Some(until), run).is_some_and(|verdict| verdict.and_known()) {
                    self.emit(Fact::StepDone { key: key.clone(), answer: None, note: None });
                    return;
                }
                None
            }
        };
        let alarm = match (over, time_out) {
            (Some(at), None) => Some(StepAlarm::WaitOver { at }),
            (Some(at), Some(out)) if at <= out => Some(StepAlarm::WaitOver { at }),
            (_, Some(at)) => Some(StepAlarm::Timeout { at }),
            (None, None) => None,
        };
        if alarm.is_some() {
            self.set_alarm(key, alarm);
        }
    }

    /// Returns when the command's consequences happened: now, or earlier where it says so.
    fn happened(&self) -> Timestamp {
        self.ctx.occurred_at.map_or(self.now(), |earlier| earlier.min(self.now()))
    }

    /// Computes the variables of a `set`, in order, each seeing those before it. What rests on an
    /// unknown stays unknown; what cannot be computed fails the step.
    fn compute(&mut self, key: &RunKey, variables: &indexmap::IndexMap<VarId, Expression>) {
        for (name, expression) in variables {
            let Some(run) = self.incident.run_of(key) else { return };
            let facts = Facts::of_run(self.playbook, self.incident, run);
            match expression.value(&facts) {
                Ok(value) => {
                    let values = Variables::from([(name.clone(), value)]);
                    let source = ValueSource::Set { key: key.clone() };
                    self.learn(values, source);
                }
                Err(Unsure::Unset(_)) => {}
                Err(unsure @ Unsure::Failed { .. }) => {
                    let why = unsure.text().get(crate::text::Lang::En).to_owned();
                    self.fail(key, FailureCause::Error, why);
                    return;
                }
            }
        }
        self.emit(Fact::StepDone { key: key.clone(), answer: None, note: None });
    }

    /// Does what was waiting for a condition: waits that are over, repeats that end (Meaning 6).
    pub fn watch(&mut self, changed: crate::playbook::Needs) {
        for watch in &self.index.watches {
            if !watch.needs.meets(changed) {
                continue;
            }
            let Some(step) = self.step(&watch.step) else { continue };
            let runs = self.incident.steps.get(&watch.step);
            let keys: Vec<RunKey> = runs
                .into_iter()
                .flat_map(|record| {
                    let items = record.items.iter().map(|run| run.key.clone());
                    std::iter::once(record.run.key.clone()).chain(items)
                })
                .collect();
            for key in keys {
                self.watch_run(&key, step);
            }
        }
    }

    fn watch_run(&mut self, key: &RunKey, step: &Step) {
        let Some(run) = self.incident.run_of(key) else { return };
        if run.is_settled() {
            return;
        }
        if let Action::Wait(Wait::Until(until)) = &step.action
            && run.state == StepState::Active
            && self.weigh(Some(until), Some(run)).is_some_and(|verdict| verdict.and_known())
        {
            self.emit(Fact::StepDone { key: key.clone(), answer: None, note: None });
            return;
        }
        if let Some(repeat) = &step.repeat
            && key.item.is_none()
        {
            self.watch_repeat(key, repeat);
        }
    }
}
