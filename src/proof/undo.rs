//! A cancellation undoes first what was done: what of it matters before, and what is left of it.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::key::State;
use super::reading::Detail;
use crate::engine::{Facts, Incident, Run, Standing};
use crate::id::StepId;
use crate::playbook::{Compensate, Playbook, Step};

/// Lists what a cancellation would undo, the latest first.
pub(super) fn owed<'a>(playbook: &'a Playbook, incident: &Incident) -> Vec<&'a StepId> {
    let steps = playbook.phases.iter().flat_map(|phase| &phase.steps).filter(|step| undone(step));
    let mut owed: Vec<_> = steps
        .filter_map(|step| {
            let record = incident.steps.get(&step.id)?;
            Some((record.done.filter(|done| *done > record.undone)?, &step.id))
        })
        .collect();
    owed.sort_unstable_by(|one, other| other.cmp(one));
    owed.into_iter().map(|(_, step)| step).collect()
}

/// Tells whether the plan says how to undo a step.
pub(super) const fn undone(step: &Step) -> bool {
    matches!(&step.compensate, Some(Compensate::Step(_)))
}

impl State<'_> {
    /// Writes what a cancellation would undo.
    pub(super) fn owed(&self, text: &mut String) -> std::fmt::Result {
        let owed = owed(self.playbook, self.incident);
        if owed.is_empty() {
            return Ok(());
        }
        match self.reading.detail {
            Detail::All => write!(text, "owed {owed:?} "),
            // It is the same work, whichever is first.
            Detail::Kinds => write!(text, "owed {:?} ", owed.into_iter().collect::<BTreeSet<_>>()),
        }
    }

    /// Writes what is left of a cancellation: everything else has ended.
    pub(super) fn undoing(&self, text: &mut String) -> std::fmt::Result {
        text.push_str("cancelling ");
        let facts = Facts::new(self.playbook, self.incident);
        for undoing in self.incident.rollback.iter().flat_map(|rollback| &rollback.steps) {
            let Some((_, step)) = self.playbook.step(&undoing.by.step) else { continue };
            let run = self.incident.run(&step.id);
            let run = run.filter(|run| run.key.visit == undoing.by.visit);
            if run.is_some_and(|run| run.is_settled() && run.standing() != Standing::Halted) {
                continue;
            }
            let when = step.when.as_ref().map(|when| when.evaluate(&facts).truth);
            write!(text, "{} {when:?} ", step.id)?;
            run.into_iter().try_for_each(|run: &Run| self.run(text, step, run))?;
        }
        let roles = self.incident.roles.iter().filter(|(name, _)| self.undoes(name));
        roles.into_iter().try_for_each(|(name, role)| {
            write!(text, "{name}:{}{} ", role.engaged, role.tenure.name())
        })
    }
}
