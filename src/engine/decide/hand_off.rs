//! An incident goes on by another plan (Meaning 14): the old plan's work ends, the new plan begins
//! with what is known, with those who hold its roles, and with the whole history.

use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::decision::{Decision, Voice};
use super::phase::Way;
use super::{Change, reject};
use crate::engine::command::Ctx;
use crate::engine::event::{LadderSubject, PlaybookRef, ValueSource};
use crate::engine::fact::Fact;
use crate::engine::incident::{Incident, Pending};
use crate::engine::kin::Takeover;
use crate::engine::limits::HAND_OFFS_MAX;
use crate::engine::notice::Purpose;
use crate::engine::rejection::Rejection;
use crate::engine::run::{RunKey, StepCancelReason};
use crate::id::{NoticeId, RoleId, VarId};
use crate::playbook::{Access, Field, Playbook, Signature, Variables};

/// A hand-off that may happen.
struct Over<'a> {
    request: NoticeId,
    key: RunKey,
    to: &'a Playbook,
    values: Variables,
}

/// Decides a hand-off: the only decision that begins under one plan and ends under another.
///
/// # Errors
/// As every decision: a plan whose automatic steps find no end.
pub(super) fn hand_over(
    playbook: &Playbook,
    incident: &mut Incident,
    (request, to): (NoticeId, &Arc<Playbook>),
    ctx: &Ctx<'_>,
) -> Result<Change, Rejection> {
    let asked = incident.outbox.get(&request).cloned();
    let earlier = incident.earlier.len();
    let mut decision = Decision::new(playbook, incident, ctx);
    let Some(Pending::HandOff { key, with, .. }) = asked.as_deref() else {
        return Ok(decision.made());
    };
    if !decision.is_active(key) {
        return Ok(decision.made());
    }
    let given: Map<String, Json> =
        with.iter().map(|(name, value)| (name.to_string(), value.clone())).collect();
    let why = match Field::read_some(&to.inputs, &Json::Object(given)) {
        _ if earlier >= HAND_OFFS_MAX => {
            format!("an incident is handed over at most {HAND_OFFS_MAX} times")
        }
        Ok(values) => {
            let values = values.into_iter().collect();
            let over = Over { request, key: key.clone(), to, values };
            return over.happen(decision, ctx);
        }
        Err(problems) => match problems.first() {
            Some(problem) => {
                let said = problem.text();
                format!("{}: {}", problem.pointer, said.get(crate::text::Lang::En))
            }
            None => return Err(reject::endless()),
        },
    };
    decision.call_refused(request, key, why);
    decision.settle()?;
    Ok(decision.made())
}

impl Over<'_> {
    fn happen(self, mut old: Decision<'_>, ctx: &Ctx<'_>) -> Result<Change, Rejection> {
        let Self { request, key, to, values } = self;
        let seq = old.emit(Fact::StepDone { key: key.clone(), answer: None, note: None });
        old.voice = Voice::Rule(seq);
        old.judge_objectives();
        let seq = old.end_old_plan(to, (request, &key));
        let Decision { incident, events, personal, wishes, .. } = old;
        let mut new = Decision::new(to, incident, ctx);
        (new.events, new.personal, new.wishes) = (events, personal, wishes);
        new.voice = Voice::Rule(seq);
        new.begin_new_plan(values, key);
        new.settle()?;
        Ok(new.made())
    }
}

impl Decision<'_> {
    /// Ends what the old plan was doing, and hands the incident over.
    fn end_old_plan(&mut self, to: &Playbook, (request, key): (NoticeId, &RunKey)) -> u64 {
        let (phase, visit) = (self.incident.phase.clone(), self.incident.visit);
        self.emit(Fact::PhaseLeft { phase, visit });
        self.end_everything(StepCancelReason::HandedOff);
        self.stop_clocks_without(to);
        let released = self.roles_without(to);
        self.silence_old_plan(&released);
        let signature = Signature::of(to);
        let kept = |(name, value)| signature.takes(name, value);
        let dropped = self.incident.variables.iter().filter(|known| !kept(*known));
        let dropped: Vec<VarId> = dropped.map(|(name, _)| name.clone()).collect();
        for role in &released {
            for person in self.holders_of(role) {
                let title = self.playbook.roles.get(role).map(|role| role.title.clone());
                let title = title.unwrap_or_else(|| role.as_str().into());
                self.tell(person, Purpose::RoleReleased { role: role.clone(), title });
            }
        }
        self.emit(Fact::HandedOff(Takeover {
            request,
            key: key.clone(),
            from: (*self.incident.playbook).clone(),
            to: PlaybookRef { id: to.id.clone(), hash: to.hash.clone() },
            restricted: to.access == Access::Restricted,
            released,
            dropped,
        }))
    }

    fn roles_without(&self, to: &Playbook) -> Vec<RoleId> {
        let gone = self.incident.roles.keys().filter(|role| !to.roles.contains_key(*role));
        gone.cloned().collect()
    }

    /// Stops the ladders of the old plan's steps, and withdraws what was still to be said of them
    /// and of roles that are no more.
    fn silence_old_plan(&mut self, released: &[RoleId]) {
        let subjects: Vec<LadderSubject> = self.incident.ladders.keys().cloned().collect();
        for subject in subjects {
            let stops = match &subject {
                LadderSubject::Step { .. } | LadderSubject::Stuck => true,
                LadderSubject::Role { role } => released.contains(role),
                LadderSubject::Notice { .. } | LadderSubject::Clock { .. } => false,
            };
            if stops {
                self.stop_ladder(&subject, "handed_off");
            }
        }
        self.wishes.clear();
        self.withdraw(|purpose| match purpose {
            Purpose::StepReady { .. }
            | Purpose::StepWarning { .. }
            | Purpose::StepOverdue { .. }
            | Purpose::StepFailed { .. } => true,
            Purpose::Escalation { .. } => purpose
                .ladders()
                .all(|of| matches!(of, LadderSubject::Step { .. } | LadderSubject::Stuck)),
            Purpose::RolePage { role, also } => {
                released.contains(role) && also.iter().all(|role| released.contains(role))
            }
            _ => false,
        });
    }

    /// Begins the new plan as a declaration would, with what is known already.
    fn begin_new_plan(&mut self, values: Variables, key: RunKey) {
        let defaults = self.playbook.inputs.iter().filter_map(|(name, field)| {
            let unknown = !self.incident.variables.contains_key(name)
                && !self.incident.personal.contains_key(name);
            Some((name.clone(), field.default.clone().filter(|_| unknown)?))
        });
        let mut all: Variables = defaults.collect();
        all.extend(values);
        self.agenda.moments = true;
        self.set(all, ValueSource::HandOff { key });
        self.weigh_levels();
        self.tell_commander("handed_off");
        self.engage_roles();
        self.fill_vacant();
        if let Some(phase) = self.playbook.phases.first() {
            self.enter(&phase.id, Way::default());
        }
    }
}
