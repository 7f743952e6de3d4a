//! What people do with roles (Meaning 10): claim, acknowledge, decline, assign, hand over, release.

use super::decision::{Decision, Voice};
use super::reject;
use crate::engine::command::RoleAct;
use crate::engine::event::{Actor, LadderSubject};
use crate::engine::fact::Fact;
use crate::engine::incident::{RoleState, Tenure};
use crate::engine::notice::Purpose;
use crate::engine::rejection::Rejection;
use crate::id::{PersonId, RoleId};

impl Decision<'_> {
    /// Does what a person asked of a role.
    pub fn role(&mut self, role: &RoleId, act: RoleAct) -> Result<(), Rejection> {
        if !self.playbook.roles.contains_key(role) {
            let known: Vec<&str> = self.playbook.roles.keys().map(RoleId::as_str).collect();
            return Err(reject::unknown_role(role, &known));
        }
        match act {
            RoleAct::Claim => self.claim(role),
            RoleAct::Acknowledge => self.acknowledge(role),
            RoleAct::Decline { reason } => self.decline(role, reason),
            RoleAct::Assign { to } => self.assign(role, &to),
            RoleAct::HandOver { to, note } => self.hand_over(role, &to, note),
            RoleAct::Release => self.release(role),
        }
    }

    fn tenure(&self, role: &RoleId) -> Tenure {
        self.incident.roles.get(role).map_or(Tenure::Vacant, |state| state.tenure.clone())
    }

    /// Returns the person who acts, where it is one.
    pub fn person(&self) -> Result<PersonId, Rejection> {
        self.ctx.actor.acting_person().cloned().ok_or_else(reject::persons_only)
    }

    /// Returns the person who acts for themselves: nobody acknowledges for another.
    fn in_person(&self) -> Result<PersonId, Rejection> {
        if matches!(&self.ctx.actor, Actor::Person { on_behalf_of: Some(_), .. }) {
            return Err(reject::not_yours(
                "不能代他人确认；可以改为指派角色",
                "nobody acknowledges for another; assign the role instead",
            ));
        }
        self.person()
    }

    fn claim(&mut self, role: &RoleId) -> Result<(), Rejection> {
        let person = self.in_person()?;
        match self.tenure(role) {
            Tenure::Vacant | Tenure::Offered { .. } => self.take(role, &person, true),
            Tenure::Assigned { to, .. } if to == person => self.take(role, &person, false),
            Tenure::Held { by, .. } if by == person => {}
            Tenure::Assigned { .. } if self.was_asked(role, &person) => {
                self.take(role, &person, true);
            }
            Tenure::Assigned { to, .. } => return Err(reject::claim_of_assigned(role, &to)),
            Tenure::Held { by, .. } => return Err(reject::claim_lost(role, &by)),
        }
        Ok(())
    }

    fn acknowledge(&mut self, role: &RoleId) -> Result<(), Rejection> {
        let person = self.in_person()?;
        match self.tenure(role) {
            Tenure::Assigned { to, .. } if to == person => self.take(role, &person, false),
            Tenure::Offered { to, .. } if to.contains(&person) => self.take(role, &person, true),
            // Tapping twice is no mistake at three in the morning.
            Tenure::Held { by, .. } if by == person => {}
            Tenure::Held { by, .. } => return Err(reject::claim_lost(role, &by)),
            _ if self.was_asked(role, &person) => self.take(role, &person, true),
            Tenure::Vacant => {
                return Err(reject::wrong_tenure(role, "vacant", &["claim", "assign"]));
            }
            other => return Err(reject::asked_of(role, other.people())),
        }
        Ok(())
    }

    /// Whoever was asked and stayed silent may still come, as long as nobody has acknowledged: the
    /// one asked after them may be asleep, too.
    fn was_asked(&self, role: &RoleId, person: &PersonId) -> bool {
        self.incident.roles.get(role).is_some_and(|state| state.tried.contains(person))
    }

    /// The person takes the role; those asked with them hear that it is taken.
    pub fn take(&mut self, role: &RoleId, person: &PersonId, claimed: bool) {
        let asked = self.tenure(role).people().to_vec();
        let by = person.clone();
        let seq = self.emit(Fact::RoleAcknowledged { role: role.clone(), by, claimed });
        self.after_direct(seq, |decision| {
            decision.stop_ladder(&LadderSubject::Role { role: role.clone() }, "acted");
            decision.withdraw_pages(role);
            for other in asked.into_iter().filter(|other| other != person) {
                decision.tell(other, Purpose::RoleTaken { role: role.clone() });
            }
        });
    }

    fn decline(&mut self, role: &RoleId, reason: Option<String>) -> Result<(), Rejection> {
        let person = self.in_person()?;
        let tenure = self.tenure(role);
        let asked = tenure.people().contains(&person);
        match &tenure {
            Tenure::Held { by, .. } if *by == person => {
                return Err(reject::wrong_tenure(role, "held", &["hand-over", "release"]));
            }
            Tenure::Assigned { .. } | Tenure::Offered { .. } if asked => {}
            _ => {
                return Err(reject::not_yours(
                    format!("没有人请您担任角色 `{role}`"),
                    format!("you were not asked to take role `{role}`"),
                ));
            }
        }
        let reason = reason.map(|reason| self.text("/reason", reason)).transpose()?;
        let seq = self.emit(Fact::RoleDeclined { role: role.clone(), by: person.clone(), reason });
        self.after_direct(seq, |decision| decision.withdraw_page_of(role, &person));
        Ok(())
    }

    fn assign(&mut self, role: &RoleId, to: &PersonId) -> Result<(), Rejection> {
        self.known(to)?;
        let tenure = self.tenure(role);
        if tenure.holder() == Some(to) {
            return Ok(());
        }
        let before = tenure.people().to_vec();
        let oneself = self.ctx.actor.acting_person() == Some(to);
        let until = self.acknowledge_until(role).filter(|_| !oneself);
        self.engage_by_hand(role);
        let assigned = Fact::RoleAssigned { role: role.clone(), to: to.clone(), rank: None, until };
        let seq = self.emit(assigned);
        self.after_direct(seq, |decision| {
            decision.stop_ladder(&LadderSubject::Role { role: role.clone() }, "acted");
            decision.withdraw_pages(role);
            for other in before.into_iter().filter(|other| other != to) {
                decision.tell(other, Purpose::RoleTaken { role: role.clone() });
            }
            if !oneself {
                decision.page(role, to);
            }
        });
        if oneself {
            self.take(role, to, false);
        }
        Ok(())
    }

    fn hand_over(&mut self, role: &RoleId, to: &PersonId, note: String) -> Result<(), Rejection> {
        let from = self.holding(role)?;
        self.known(to)?;
        let note = self.text("/note", note)?;
        if *to == from {
            return Err(reject::field(
                "/to",
                "不能交接给自己",
                "the role cannot be handed to its holder",
            ));
        }
        let until = self.acknowledge_until(role);
        let (role_id, to_id) = (role.clone(), to.clone());
        let seq = self.emit(Fact::RoleHandedOver { role: role_id, from, to: to_id, note, until });
        self.after_direct(seq, |decision| decision.page(role, to));
        Ok(())
    }

    fn release(&mut self, role: &RoleId) -> Result<(), Rejection> {
        let by = self.holding(role)?;
        self.emit(Fact::RoleReleased { role: role.clone(), by });
        Ok(())
    }

    /// Returns the acting person as the holder of a role.
    fn holding(&self, role: &RoleId) -> Result<PersonId, Rejection> {
        let person = self.person()?;
        match self.tenure(role) {
            Tenure::Held { by, .. } if by == person => Ok(person),
            Tenure::Held { by, .. } => Err(reject::not_yours(
                format!("角色 `{role}` 由 {by} 担任，只有本人可以交出；指挥者可以改为指派"),
                format!("role `{role}` is held by {by}, who alone can lay it down; a commander can assign it"),
            )
            .with("holder", by.as_str())),
            Tenure::Assigned { to, .. } if to == person => {
                Err(reject::wrong_tenure(role, "assigned", &["acknowledge", "decline"]))
            }
            other => Err(reject::wrong_tenure(role, other.name(), &["claim", "assign"])),
        }
    }

    fn known(&self, person: &PersonId) -> Result<(), Rejection> {
        match self.ctx.directory.person(person) {
            Some(_) => Ok(()),
            None => Err(reject::unknown_person(person)),
        }
    }

    fn engage_by_hand(&mut self, role: &RoleId) {
        let engaged = self.incident.roles.get(role).is_some_and(|state| state.engaged);
        if !engaged {
            self.emit(Fact::RoleEngaged { role: role.clone(), unknown: false });
        }
    }

    /// Does something as a rule's answer to an event just emitted, then speaks for the caller again.
    pub fn after_direct(&mut self, seq: u64, act: impl FnOnce(&mut Self)) {
        let voice = std::mem::replace(&mut self.voice, Voice::Rule(seq));
        act(self);
        self.voice = voice;
    }

    /// Whoever works on a step of a role given to them has seen that they have it.
    pub fn acknowledge_by_working(&mut self, role: &RoleId) {
        let Some(person) = self.ctx.actor.acting_person().cloned() else { return };
        let given = |state: &RoleState| matches!(&state.tenure, Tenure::Assigned { to, .. } if *to == person);
        if self.incident.roles.get(role).is_some_and(|state| given(state)) {
            self.take(role, &person, false);
        }
    }
}
