//! What may still be asked in a state, and what can still change the answer. Answers that nothing
//! changes any more are all that is kept of the facts behind them.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::key::State;
use super::question::{Question, When, variable};
use super::residue::{Hold, Left, Outlook};
use crate::engine::{Facts, StepState};
use crate::id::{StepId, VarId};
use crate::playbook::LEVEL_MILDEST;
use crate::playbook::expression::{IncidentFact, Name, StepFact};

impl State<'_> {
    /// Writes how everything falls that may still be asked.
    pub(super) fn asked(&self, text: &mut String) -> std::fmt::Result {
        let open = self.open_variables();
        let facts = Facts::new(self.playbook, self.incident);
        let levels = self.levels(&facts, &open);
        let is_open = levels.as_ref().is_some_and(|levels| levels.open);
        let hold = |name: &Name| self.hold(name, &open, is_open);
        let mut level_read = false;
        for (at, question) in self.reading.questions.all.iter().enumerate() {
            if question.is_levels() || !self.may_be_asked(question) {
                continue;
            }
            level_read |= question.reads_level();
            let again = !self.is_asked_now(question);
            let hold = |name: &Name| match name {
                // Whoever asks in another visit asks of what its steps will have come to then.
                Name::Step(step, StepFact::Word(_)) if again && self.is_of(step, question) => {
                    Hold::Told
                }
                _ => hold(name),
            };
            let outlook = Outlook { facts: &facts, hold: &hold };
            write!(text, "{at}={} ", outlook.left(question).text)?;
            // What a field holds counts from when its step is done.
            for name in question.names().filter(|name| hold(name) != Hold::Fixed) {
                if let Name::Step(_, StepFact::Field(id)) = name {
                    write!(text, "{id}={:?} ", self.incident.variables.get(id))?;
                }
            }
        }
        // A level that is settled was read where anything depends on it.
        if self.reading.questions.level_times {
            write!(text, "{} ", self.incident.level.current)?;
        }
        if let Some(levels) = levels.filter(|levels| levels.open && level_read) {
            write!(text, "{} ", levels.text)?;
        }
        Ok(())
    }

    /// Returns the level and what may still become of it.
    fn levels(&self, facts: &Facts<'_>, open: &BTreeSet<&VarId>) -> Option<Left> {
        let (rules, question) = self.reading.questions.levels()?;
        let read: BTreeSet<&VarId> = question.variables().filter(|id| open.contains(id)).collect();
        let hold = |name: &Name| match self.hold(name, open, false) {
            // The level was weighed by what it is now, and is weighed anew when it changes.
            Hold::Open if read.len() == 1 => Hold::Told,
            other => other,
        };
        let level = &self.incident.level;
        // A level that somebody gave, or that was only assumed, may also become milder.
        let (state, worse_than) = match (level.provisional, level.overruled_at) {
            (false, None) => (level.current.to_string(), level.current),
            _ => (format!("{level:?}"), LEVEL_MILDEST + 1),
        };
        let left = Outlook { facts, hold: &hold }.levels(rules, worse_than);
        Some(Left { text: format!("{state} {}", left.text), open: left.open })
    }

    /// Returns what may still be set.
    fn open_variables(&self) -> BTreeSet<&VarId> {
        let later = self.reading.questions.set_later.get(&self.incident.phase);
        let mut open: BTreeSet<&VarId> = later.into_iter().flatten().collect();
        let phase = self.playbook.phase(&self.incident.phase);
        let here = phase.into_iter().flat_map(|phase| &phase.steps).map(|step| &step.id);
        let here = here.filter(|step| !self.is_passed(step));
        let elsewhere = self.incident.runs().filter(|run| !run.is_settled());
        let steps = here.chain(elsewhere.map(|run| &run.key.step));
        open.extend(steps.filter_map(|step| self.reading.sets.get(step)).flatten());
        open
    }

    /// Tells whether a question may still be asked.
    fn may_be_asked(&self, question: &Question<'_>) -> bool {
        question.phase.is_some_and(|at| self.may_be_entered(at)) || self.is_asked_now(question)
    }

    /// Tells whether a question may be asked before the phase is left.
    fn is_asked_now(&self, question: &Question<'_>) -> bool {
        let here = self.playbook.index().phase(&self.incident.phase);
        match (&question.when, question.phase) {
            (_, Some(at)) if here != Some(at) => false,
            (When::Always | When::Leaving, _) => true,
            (When::Engaging(role), _) => {
                self.incident.roles.get(role).is_none_or(|role| !role.engaged)
            }
            (When::Opening(step), Some(_)) => {
                let run = self.incident.run(step);
                run.is_none_or(|run| {
                    run.visit != self.incident.visit || run.state == StepState::Waiting
                })
            }
            (When::During(step), Some(_)) => !self.is_passed(step),
            // A step that goes on after its phase.
            (When::Opening(_) | When::During(_), None) => true,
        }
    }

    /// Tells whether a step and a question are of the same phase.
    fn is_of(&self, step: &StepId, question: &Question<'_>) -> bool {
        self.playbook.index().place(step).map(|place| place.phase) == question.phase
    }

    fn hold(&self, name: &Name, open: &BTreeSet<&VarId>, level: bool) -> Hold {
        let may = |may| if may { Hold::Open } else { Hold::Fixed };
        match name {
            Name::Step(step, _) => self.hold_step(step, variable(name), open),
            Name::Variable(id) => may(open.contains(id)),
            Name::Level | Name::Incident(IncidentFact::Level) if level => Hold::Told,
            Name::Level | Name::Incident(IncidentFact::Level) => Hold::Fixed,
            Name::Phase | Name::Role(..) => Hold::Told,
            Name::Incident(IncidentFact::Phase | IncidentFact::Status) => Hold::Told,
            Name::Incident(_) | Name::Here(_) => Hold::Fixed,
            Name::Measure(_) => Hold::Open,
            Name::Alert(_) => may(self.reading.alert_ends),
            Name::Surge(_) => may(self.reading.surge_ends),
        }
    }

    /// The facts of a step change until it is settled, and when it is done again.
    fn hold_step(&self, step: &StepId, field: Option<&VarId>, open: &BTreeSet<&VarId>) -> Hold {
        let Some(place) = self.playbook.index().place(step) else { return Hold::Fixed };
        let phase = self.playbook.phases.get(place.phase);
        let here = phase.is_some_and(|phase| phase.id == self.incident.phase);
        let unsettled = self.incident.run(step).is_some_and(|run| !run.is_settled());
        if unsettled || (here && !self.is_passed(step)) {
            return if field.is_some() { Hold::Open } else { Hold::Told };
        }
        match self.may_be_entered(place.phase) || field.is_some_and(|id| open.contains(id)) {
            true => Hold::Open,
            false => Hold::Fixed,
        }
    }
}
