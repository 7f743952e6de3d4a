//! Where a deed of the live incident has its place in the rehearsal beside it: it can be done now, must
//! wait, need not be done, or has none. Pure.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Map, Value as Json};

use super::deed::{Deed, Spot, What, Work};
use crate::drill::filling::{answers, reason_for_lateness};
use crate::drill::inject::REASON;
use crate::drill::past::End;
use crate::engine::{
    Command, EvidenceItem, Incident, Purpose, RoleAct, Run, StepAct, StepRef, StepState, Tenure,
};
use crate::id::{PersonId, RoleId, StepId};
use crate::playbook::{Action, Evidence, Manual, Playbook, Step};

/// What becomes of a deed now.
#[derive(Debug, Clone)]
pub enum Fit {
    /// It is done by this; with `more` it is not all, and the deed is looked at again.
    Do {
        /// What is asked of the rehearsal.
        command: Box<Command>,
        /// Something of the deed is still to follow.
        more: bool,
    },
    /// Its step is not there yet.
    Waits,
    /// It is so already, or the plan does it by itself.
    Needless,
    /// The plan has no place for it.
    NoPlace,
}

impl Fit {
    fn act(command: Command) -> Self {
        Self::Do { command: Box::new(command), more: false }
    }
}

/// The rehearsal as it stands.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// Its plan.
    pub playbook: &'a Playbook,
    /// Its incident.
    pub incident: &'a Incident,
    /// The instant, by its clock.
    pub now: Timestamp,
}

impl Scene<'_> {
    /// Finds the first deed that need not wait, and what becomes of it. What was done on one step keeps
    /// its order: while the first of it waits, so does the rest.
    #[must_use]
    pub fn first_of<'d>(
        &self,
        waiting: impl IntoIterator<Item = &'d Deed>,
    ) -> Option<(&'d Deed, Fit)> {
        let mut held_up: BTreeSet<&Spot> = BTreeSet::new();
        for deed in waiting {
            if let What::Worked(spot, _) = &deed.what
                && held_up.contains(spot)
            {
                continue;
            }
            match (self.fit(deed), &deed.what) {
                (Fit::Waits, What::Worked(spot, _)) => drop(held_up.insert(spot)),
                (Fit::Waits, _) => {}
                (fit, _) => return Some((deed, fit)),
            }
        }
        None
    }

    fn fit(&self, deed: &Deed) -> Fit {
        match (&deed.what, &deed.by) {
            (What::Heard(command), _) => Fit::act(command.clone()),
            (What::Took(role), Some(by)) => self.take(role, by),
            (What::Declined(role, reason), Some(by)) => self.decline(role, by, reason.as_ref()),
            (What::Released(role), Some(by)) => self.release(role, by),
            (What::Saw(step), Some(by)) => self.see(step, by),
            (What::Worked(spot, work), _) => self.work(spot, work),
            (What::Took(_) | What::Declined(..) | What::Released(_) | What::Saw(_), None) => {
                Fit::NoPlace
            }
        }
    }

    fn tenure(&self, role: &RoleId) -> Option<&Tenure> {
        self.incident.roles.get(role).map(|state| &state.tenure)
    }

    fn take(&self, role: &RoleId, by: &PersonId) -> Fit {
        if !self.playbook.roles.contains_key(role) {
            return Fit::NoPlace;
        }
        let act = match self.tenure(role) {
            Some(Tenure::Held { by: holder, .. }) if holder == by => return Fit::Needless,
            Some(Tenure::Assigned { to, .. }) if to == by => RoleAct::Acknowledge,
            Some(Tenure::Vacant | Tenure::Offered { .. }) | None => RoleAct::Claim,
            // Whoever gives a role to themselves has acknowledged it by that.
            Some(Tenure::Held { .. } | Tenure::Assigned { .. }) => {
                RoleAct::Assign { to: by.clone() }
            }
        };
        Fit::act(Command::Role { role: role.clone(), act })
    }

    fn decline(&self, role: &RoleId, by: &PersonId, reason: Option<&String>) -> Fit {
        let asked = match self.tenure(role) {
            Some(Tenure::Offered { to, .. }) => to.contains(by),
            Some(Tenure::Assigned { to, .. }) => to == by,
            Some(Tenure::Vacant | Tenure::Held { .. }) | None => false,
        };
        let act = RoleAct::Decline { reason: reason.cloned() };
        // The other plan may not have asked them.
        if asked { Fit::act(Command::Role { role: role.clone(), act }) } else { Fit::Needless }
    }

    fn release(&self, role: &RoleId, by: &PersonId) -> Fit {
        match self.tenure(role) {
            Some(Tenure::Held { by: holder, .. }) if holder == by => {
                Fit::act(Command::Role { role: role.clone(), act: RoleAct::Release })
            }
            _ => Fit::Needless,
        }
    }

    fn see(&self, step: &StepId, by: &PersonId) -> Fit {
        if self.playbook.step(step).is_none() {
            return Fit::NoPlace;
        }
        let of_step = |purpose: &Purpose| matches!(purpose, Purpose::StepMessage { key } if key.step == *step);
        let mut told = self.incident.told.iter().filter(|(_, told)| told.person == *by);
        match told.find(|(_, told)| of_step(&told.purpose)) {
            Some((_, told)) if told.acknowledged => Fit::Needless,
            Some((notice, _)) => Fit::act(Command::AcknowledgeNotice { notice: *notice }),
            None => Fit::Waits,
        }
    }

    fn work(&self, spot: &Spot, work: &Work) -> Fit {
        let Some((_, step)) = self.playbook.step(&spot.step) else { return Fit::NoPlace };
        let run = match spot.item {
            Some(item) => self.incident.item_run(&spot.step, item),
            None => self.incident.run(&spot.step),
        };
        match run {
            None => Fit::Waits,
            Some(run) if run.state == StepState::Waiting => Fit::Waits,
            // It belongs to an earlier visit; the step may come again.
            Some(run) if run.visit != self.incident.visit && run.is_settled() => Fit::Waits,
            Some(run) => self.on(step, run, work),
        }
    }

    fn on(&self, step: &Step, run: &Run, work: &Work) -> Fit {
        let open = !run.is_settled();
        let failed = matches!(run.state, StepState::Failed { .. });
        let act = match (work, &step.action) {
            (Work::Retried, _) if failed => StepAct::Retry,
            (Work::Reopened(reason), _) if !open => StepAct::Reopen { reason: reason.clone() },
            (Work::Retried | Work::Reopened(_), _) => return Fit::Needless,
            (Work::Ended { end: End::Skipped(reason), .. }, _) if open || failed => {
                StepAct::Skip { reason: reason.clone() }
            }
            _ if !open => return Fit::Needless,
            (Work::Began, Action::Manual(_)) if run.state == StepState::Ready => StepAct::Start,
            (Work::Checked { item, done }, Action::Manual(_)) => {
                StepAct::Check { item: item.clone(), done: *done }
            }
            (Work::Approved { note }, Action::Approve(_)) => {
                StepAct::Approve { note: note.clone().or_else(|| self.late(step)) }
            }
            (Work::Ended { end, form }, action) => return self.end(step, run, (end, form), action),
            // The plan does it by itself, or otherwise.
            (Work::Began | Work::Checked { .. } | Work::Approved { .. }, _) => {
                return Fit::Needless;
            }
        };
        Fit::act(on_run(run, act))
    }

    fn end(
        &self,
        step: &Step,
        run: &Run,
        (end, form): (&End, &Map<String, Json>),
        action: &Action,
    ) -> Fit {
        let act = match (end, action) {
            (End::Done(_), Action::Manual(manual)) => {
                return self.complete(step, run, manual, form);
            }
            (End::Done(Some(answer)), Action::Decide(decide)) => {
                if !decide.options.contains(answer) {
                    return Fit::NoPlace;
                }
                StepAct::Answer { option: answer.clone(), note: self.late(step) }
            }
            (End::Failed(reason), Action::Approve(_)) => StepAct::Reject { reason: reason.clone() },
            (End::Failed(reason), action) if action.is_human() => {
                StepAct::Fail { reason: reason.clone() }
            }
            (End::Done(_), Action::Decide(_) | Action::Approve(_)) => return Fit::NoPlace,
            (End::Done(_) | End::Failed(_) | End::Skipped(_), _) => return Fit::Needless,
        };
        Fit::act(on_run(run, act))
    }

    /// Ticks what the plan wants ticked before it counts as done, then says that it is done.
    fn complete(&self, step: &Step, run: &Run, manual: &Manual, form: &Map<String, Json>) -> Fit {
        if let Some(item) = manual.open_items(&run.checked).into_iter().next() {
            let tick = StepAct::Check { item: item.into(), done: true };
            return Fit::Do { command: Box::new(on_run(run, tick)), more: true };
        }
        let evidence = match manual.evidence {
            Evidence::Required => vec![EvidenceItem::Text { text: REASON.to_owned() }],
            Evidence::Optional => Vec::new(),
        };
        let form = answers(manual, Some(form), self.incident);
        let act = StepAct::Complete { form, evidence, measure: None, note: self.late(step) };
        Fit::act(on_run(run, act))
    }

    fn late(&self, step: &Step) -> Option<String> {
        reason_for_lateness(self.playbook, self.incident, &step.id, self.now)
    }
}

fn on_run(run: &Run, act: StepAct) -> Command {
    let key = &run.key;
    let step = StepRef { step: key.step.clone(), item: key.item, key: Some(key.to_string()) };
    Command::Step { step, act }
}
