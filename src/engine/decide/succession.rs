//! How roles are filled by themselves (Meaning 10): engaged, asked in succession, vacant, sought
//! again. Being assigned is not acknowledging.

use jiff::Timestamp;

use super::decision::{Decision, Task, Voice};
use crate::engine::event::LadderSubject;
use crate::engine::fact::Fact;
use crate::engine::incident::{HandOver, Tenure, Vacancy};
use crate::engine::limits::{VACANCY_RETRY, VACANCY_RETRY_MAX};
use crate::engine::notice::Purpose;
use crate::id::{PersonId, RoleId};
use crate::people::{Try, tries};

impl Decision<'_> {
    /// Engages every role that is needed and is not engaged yet; roles once engaged stay.
    pub fn engage_roles(&mut self) {
        for (id, role) in &self.playbook.roles {
            if self.incident.roles.get(id).is_some_and(|state| state.engaged) {
                continue;
            }
            let verdict = self.weigh(role.engage.as_ref(), None);
            if verdict.as_ref().is_none_or(|verdict| verdict.or_unknown()) {
                let unknown = verdict.is_some_and(|verdict| !verdict.and_known());
                self.emit(Fact::RoleEngaged { role: id.clone(), unknown });
            }
        }
    }

    /// Asks the next in succession for a role that is needed and vacant.
    pub fn fill(&mut self, id: &RoleId) {
        let Some(role) = self.playbook.roles.get(id) else { return };
        let Some(state) = self.incident.roles.get(id) else { return };
        if !state.engaged || state.tenure != Tenure::Vacant {
            return;
        }
        let until = self.acknowledge_until(id);
        // What was handed over and not taken falls back to whoever handed it over.
        if let Some(HandOver { from, .. }) = &state.handed
            && self.ctx.directory.is_reachable(from)
            && !state.tried.contains(from)
        {
            let to = from.clone();
            self.assign_in_turn(id, to, None, until);
            return;
        }
        let rank = u32::try_from(state.tried.len()).ok();
        let directory = self.ctx.directory;
        let attempts = tries(directory, &role.assign, &role.deputies, self.now(), &state.tried);
        match attempts.into_iter().next() {
            Some(Try::Assign { person, .. }) => self.assign_in_turn(id, person, rank, until),
            Some(Try::Ask { people, .. }) => {
                let to = people.clone();
                let seq = self.emit(Fact::RoleOffered { role: id.clone(), to, until });
                self.voice = Voice::Rule(seq);
                for person in &people {
                    self.page(id, person);
                }
            }
            None => self.leave_vacant(id),
        }
    }

    fn assign_in_turn(
        &mut self,
        role: &RoleId,
        to: PersonId,
        rank: Option<u32>,
        until: Option<Timestamp>,
    ) {
        let fact = Fact::RoleAssigned { role: role.clone(), to: to.clone(), rank, until };
        let seq = self.emit(fact);
        self.voice = Voice::Rule(seq);
        self.page(role, &to);
    }

    /// Nobody is left to ask: the ladder climbs, the commander hears of it, and the whole
    /// succession is asked again later.
    fn leave_vacant(&mut self, id: &RoleId) {
        let vacancy = self.incident.roles.get(id).and_then(|state| state.vacancy);
        let retry_at = self.now().checked_add(pause_before_round(vacancy)).ok();
        let seq = self.emit(Fact::RoleVacant { role: id.clone(), retry_at });
        self.voice = Voice::Rule(seq);
        let ladder = self.playbook.roles.get(id).and_then(|role| role.escalate.clone());
        if let Some(ladder) = ladder {
            self.arm_ladder(LadderSubject::Role { role: id.clone() }, &ladder);
        }
        if self.playbook.commander() != Some(id) {
            self.tell_commander("role_vacant");
        }
    }

    /// The time to acknowledge is over, or the pause between two rounds.
    pub fn acknowledgement_due(&mut self, id: &RoleId) {
        let Some(state) = self.incident.roles.get(id) else { return };
        let asked = match &state.tenure {
            Tenure::Offered { to, .. } => to.clone(),
            Tenure::Assigned { to, .. } => vec![to.clone()],
            Tenure::Vacant => {
                self.emit(Fact::RoleSought { role: id.clone() });
                return;
            }
            Tenure::Held { .. } => return,
        };
        self.unanswered(id, asked);
    }

    /// Those asked did not answer, or cannot be reached: the next are asked.
    pub fn unanswered(&mut self, id: &RoleId, asked: Vec<PersonId>) {
        let seq = self.emit(Fact::RoleUnanswered { role: id.clone(), asked });
        self.after_direct(seq, |decision| decision.withdraw_pages(id));
    }

    /// Returns by when someone asked now must acknowledge.
    pub fn acknowledge_until(&self, id: &RoleId) -> Option<Timestamp> {
        let role = self.playbook.roles.get(id)?;
        role.acknowledge_within?.after(self.now())
    }

    /// Asks a person to take a role.
    pub fn page(&mut self, role: &RoleId, person: &PersonId) {
        let purpose = Purpose::RolePage { role: role.clone(), also: Vec::new() };
        self.tell(person.clone(), purpose);
    }

    /// Looks again at the roles that are needed and that nobody is being asked for, as after a
    /// reopening.
    pub fn fill_vacant(&mut self) {
        let cause = self.incident.version;
        let vacant = self
            .incident
            .roles
            .iter()
            .filter(|(_, state)| state.engaged && state.tenure == Tenure::Vacant);
        let vacant: Vec<RoleId> = vacant.map(|(role, _)| role.clone()).collect();
        for role in vacant {
            self.agenda.push(Task::Fill(role), cause);
        }
    }
}

/// Returns the pause before the next round: doubled with every round in vain, up to a day.
fn pause_before_round(vacancy: Option<Vacancy>) -> jiff::SignedDuration {
    let rounds = vacancy.map_or(0, |vacancy| vacancy.rounds).min(16);
    let pause = VACANCY_RETRY.saturating_mul(1 << rounds);
    pause.min(VACANCY_RETRY_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_between_rounds_doubles_up_to_a_day() {
        let pause = |rounds| pause_before_round(Some(Vacancy { rounds, retry_at: None })).as_mins();
        assert_eq!(pause_before_round(None).as_mins(), 15);
        assert_eq!([pause(1), pause(2), pause(6), pause(7), pause(400)], [30, 60, 960, 1440, 1440]);
    }
}
