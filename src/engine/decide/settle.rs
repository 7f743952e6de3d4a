//! What follows by itself: the plan's automatic rules, run to a fixed point after every command, in
//! the same commit. Bounded: hitting the bound is a rejection, never a loop.

use super::decision::{Decision, Task, Voice};
use super::reject;
use crate::engine::limits::EVENTS_PER_COMMIT_MAX;
use crate::engine::rejection::Rejection;
use crate::playbook::Needs;

impl Decision<'_> {
    /// Runs every rule that can run. Conditions come before work, so that work sees the level and
    /// roles its own cause led to; the phase's end comes last.
    pub fn settle(&mut self) -> Result<(), Rejection> {
        self.run_rules()?;
        // What cannot be sent may itself call for more: the next in succession, the commander.
        while !self.wishes.is_empty() {
            self.send_wishes();
            self.run_rules()?;
        }
        Ok(())
    }

    fn run_rules(&mut self) -> Result<(), Rejection> {
        while self.incident.status.is_open() {
            if self.events.len() > EVENTS_PER_COMMIT_MAX {
                return Err(reject::endless());
            }
            if let Some((changed, cause)) = self.agenda.take_changed() {
                self.voice = Voice::Rule(cause);
                self.weigh_conditions(changed);
            } else if let Some((task, cause)) = self.agenda.pop() {
                self.voice = Voice::Rule(cause);
                self.perform(task);
            } else if std::mem::take(&mut self.agenda.moments) {
                self.voice = Voice::Rule(self.incident.version);
                self.anchor_deadlines();
                self.judge_objectives();
            } else if std::mem::take(&mut self.agenda.ends) {
                self.voice = Voice::Rule(self.incident.version);
                self.move_backward();
            } else if std::mem::take(&mut self.agenda.look_for_way) {
                self.voice = Voice::Rule(self.incident.version);
                match self.incident.rollback {
                    Some(_) => self.go_on_undoing(),
                    None => self.look_for_way(),
                }
            } else {
                break;
            }
        }
        if std::mem::take(&mut self.agenda.moments) {
            self.voice = Voice::Rule(self.incident.version);
            self.judge_objectives();
            self.weigh_clocks();
        }
        Ok(())
    }

    fn weigh_conditions(&mut self, changed: Needs) {
        if changed.meets(self.index.levels) {
            self.weigh_levels();
        }
        if changed.meets(self.index.clocks) {
            self.weigh_clocks();
        }
        if changed.meets(self.index.engage) {
            self.engage_roles();
        }
        self.watch(changed);
        // A stuck incident may find its way with any new fact.
        self.agenda.look_for_way |= self.incident.stuck.is_some();
    }

    fn perform(&mut self, task: Task) {
        match task {
            Task::Judge(step) => self.judge(&step),
            Task::Begin(key) => self.begin(&key),
            Task::Started(key) => self.started(&key),
            Task::Ended(key) => self.ended(&key),
            Task::Fill(role) => self.fill(&role),
            Task::MoveDeadlines => {
                self.move_deadlines();
                self.release_held();
            }
            Task::Fire(event) => self.fire(event),
        }
    }
}
