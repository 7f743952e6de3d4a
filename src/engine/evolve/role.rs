//! How roles change hands.

use std::sync::Arc;

use crate::engine::event::Event;
use crate::engine::fact::Fact;
use crate::engine::incident::{HandOver, Incident, RoleState, Tenure, Vacancy};
use crate::id::{PersonId, RoleId};

pub(super) fn apply(incident: &mut Incident, event: &Event) {
    let at = event.recorded_at;
    match &event.fact {
        Fact::RoleEngaged { role, .. } => change(incident, role, |state| state.engaged = true),
        Fact::RoleOffered { role, to, until } => {
            let until = until.map(|until| incident.frozen(until, at));
            change(incident, role, |state| {
                state.tenure = Tenure::Offered { to: to.clone(), until };
                state.asked();
            });
            page(incident, to);
        }
        Fact::RoleAssigned { role, to, until, .. } => {
            let until = until.map(|until| incident.frozen(until, at));
            change(incident, role, |state| {
                state.tenure = Tenure::Assigned { to: to.clone(), until };
                state.handed = None;
                state.asked();
            });
            page(incident, std::slice::from_ref(to));
        }
        Fact::RoleAcknowledged { role, by, .. } => change(incident, role, |state| {
            *state = RoleState {
                engaged: true,
                tenure: Tenure::Held { by: by.clone(), since: event.occurred_at },
                tried: Vec::new(),
                handed: None,
                vacancy: None,
            };
        }),
        Fact::RoleDeclined { role, by, .. } => change(incident, role, |state| state.decline(by)),
        Fact::RoleUnanswered { role, asked } => change(incident, role, |state| {
            state.leave_out(asked);
            state.tenure = Tenure::Vacant;
        }),
        Fact::RoleHandedOver { role, from, to, note, until } => {
            let until = until.map(|until| incident.frozen(until, at));
            change(incident, role, |state| {
                state.tenure = Tenure::Assigned { to: to.clone(), until };
                state.handed = Some(HandOver { from: from.clone(), note: note.clone() });
                state.asked();
            });
            page(incident, std::slice::from_ref(to));
        }
        Fact::RoleReleased { role, by } => change(incident, role, |state| {
            state.leave_out(std::slice::from_ref(by));
            state.tenure = Tenure::Vacant;
        }),
        Fact::RoleVacant { role, retry_at } => {
            let retry_at = retry_at.map(|retry_at| incident.frozen(retry_at, at));
            change(incident, role, |state| {
                let rounds = state.vacancy.map_or(0, |vacancy| vacancy.rounds);
                state.tenure = Tenure::Vacant;
                state.vacancy = Some(Vacancy { rounds: rounds.saturating_add(1), retry_at });
            });
        }
        Fact::RoleSought { role } => change(incident, role, |state| {
            state.tried.clear();
            state.asked();
        }),
        _ => {}
    }
}

impl RoleState {
    fn decline(&mut self, by: &PersonId) {
        self.leave_out(std::slice::from_ref(by));
        let left = match &mut self.tenure {
            Tenure::Offered { to, .. } => {
                to.retain(|person| person != by);
                !to.is_empty()
            }
            Tenure::Assigned { .. } | Tenure::Vacant => false,
            Tenure::Held { .. } => true,
        };
        if !left {
            self.tenure = Tenure::Vacant;
        }
    }

    fn leave_out(&mut self, people: &[PersonId]) {
        for person in people {
            if !self.tried.contains(person) {
                self.tried.push(person.clone());
            }
        }
    }

    /// Someone is being asked: no further round is due until this one was in vain.
    fn asked(&mut self) {
        if let Some(vacancy) = &mut self.vacancy {
            vacancy.retry_at = None;
        }
    }
}

fn change(incident: &mut Incident, role: &RoleId, change: impl FnOnce(&mut RoleState)) {
    let roles = Arc::make_mut(&mut incident.roles);
    if !roles.contains_key(role) {
        let state = RoleState {
            engaged: false,
            tenure: Tenure::Vacant,
            tried: Vec::new(),
            handed: None,
            vacancy: None,
        };
        roles.insert(role.clone(), Arc::new(state));
    }
    if let Some(state) = roles.get_mut(role) {
        change(Arc::make_mut(state));
    }
}

fn page(incident: &mut Incident, people: &[PersonId]) {
    if people.iter().any(|person| !incident.paged.contains(person)) {
        Arc::make_mut(&mut incident.paged).extend(people.iter().cloned());
    }
}
