//! Consent: so many of those whose word counts, never the authors of what is approved.

use super::decision::Decision;
use super::reject;
use crate::engine::event::Actor;
use crate::engine::fact::Fact;
use crate::engine::rejection::{Rejection, RejectionCode};
use crate::engine::run::{FailureCause, Run, StepState};
use crate::id::PersonId;
use crate::playbook::{Action, Approve, Approver, Step};

impl Decision<'_> {
    /// Takes a person's consent; the quorum ends the step.
    pub fn approve(
        &mut self,
        run: &Run,
        step: &Step,
        note: Option<String>,
    ) -> Result<(), Rejection> {
        let Action::Approve(approve) = &step.action else { return Ok(()) };
        let by = self.approver(step, approve)?;
        if run.approvals.contains(&by) {
            // Tapping twice is no mistake, and no second voice.
            return Ok(());
        }
        let settles = run.approvals.len() + 1 >= approve.quorum as usize;
        // Whoever's consent ends the step submits by it.
        if settles {
            self.check_late_step(&run.key.step, note.as_deref())?;
        }
        let note = note.map(|note| self.text("/note", note)).transpose()?;
        let key = run.key.clone();
        if run.state == StepState::Ready {
            self.emit(Fact::StepStarted { key: key.clone() });
        }
        self.emit(Fact::StepApproved { key: key.clone(), by, note });
        if settles {
            self.emit(Fact::StepDone { key, answer: None, note: None });
        }
        Ok(())
    }

    /// Takes a person's refusal; one is enough.
    pub fn refuse(&mut self, run: &Run, step: &Step, reason: String) -> Result<(), Rejection> {
        let Action::Approve(approve) = &step.action else { return Ok(()) };
        self.approver(step, approve)?;
        let why = self.text("/reason", reason)?;
        self.fail(&run.key, FailureCause::Rejected, why);
        Ok(())
    }

    /// Returns the acting person where their word counts. Nobody consents for another.
    fn approver(&self, step: &Step, approve: &Approve) -> Result<PersonId, Rejection> {
        let person = self.person()?;
        if matches!(&self.ctx.actor, Actor::Person { on_behalf_of: Some(_), .. }) {
            return Err(reject::not_yours("不能代他人审批", "nobody approves for another"));
        }
        let counts = approve.by.iter().any(|approver| match approver {
            Approver::Role(role) => self.incident.holder(role) == Some(&person),
            Approver::Team(team) => self.ctx.directory.is_member(team, &person),
        });
        if !counts {
            let by: Vec<String> = approve.by.iter().map(shown).collect();
            return Err(Rejection::new(
                RejectionCode::MayNotApprove,
                format!("您不在审批人之列：{}", by.join("、")),
                format!("your consent does not count here; it takes {}", by.join(", ")),
            )
            .with("by", by));
        }
        let wrote = step.after.iter().any(|before| self.worked_on(before, &person));
        if wrote {
            return Err(Rejection::new(
                RejectionCode::MayNotApprove,
                "不能审批自己完成的内容，请由其他人审批",
                "authors do not approve their own work; someone else must",
            ));
        }
        Ok(person)
    }

    fn worked_on(&self, step: &crate::id::StepId, person: &PersonId) -> bool {
        let Some(record) = self.incident.steps.get(step) else { return false };
        let items = record.items.iter().map(AsRef::as_ref);
        let mut runs = std::iter::once(&record.run).chain(items);
        runs.any(|run| run.worked_by.contains(person))
    }
}

fn shown(approver: &Approver) -> String {
    match approver {
        Approver::Role(role) => format!("role/{role}"),
        Approver::Team(team) => format!("team/{team}"),
    }
}
