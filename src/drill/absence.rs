//! Whom an absence means, and what a drill takes away for a while: a channel, a person. Pure.

use jiff::Timestamp;

use crate::drill::inject::InjectAct;
use crate::engine::Incident;
use crate::id::{PersonId, RoleId};
use crate::notify::gate::{Missing, Outage};
use crate::people::{Directory, Try, tries};
use crate::playbook::Playbook;

/// What an absence is looked up in.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// The plan.
    pub playbook: &'a Playbook,
    /// The people.
    pub directory: &'a Directory,
    /// The incident, once there is one.
    pub incident: Option<&'a Incident>,
    /// The instant.
    pub now: Timestamp,
}

impl Scene<'_> {
    /// Returns who has a role or is asked to take it, else who would be asked first.
    #[must_use]
    pub fn who_has(&self, role: &RoleId) -> Vec<PersonId> {
        let state = self.incident.and_then(|incident| incident.roles.get(role));
        let people = state.map(|state| state.tenure.people()).unwrap_or_default();
        if !people.is_empty() {
            return people.to_vec();
        }
        let Some(plan) = self.playbook.roles.get(role) else { return Vec::new() };
        let tries = tries(self.directory, &plan.assign, &plan.deputies, self.now, &[]);
        match tries.into_iter().next() {
            Some(Try::Assign { person, .. }) => vec![person],
            Some(Try::Ask { people, .. }) => people,
            None => Vec::new(),
        }
    }

    /// Returns what an inject takes away from the drill's messages, from now on.
    #[must_use]
    pub fn outages(&self, act: &InjectAct) -> Vec<Outage> {
        let (missing, span) = match act {
            InjectAct::ChannelDown { channel, span } => {
                (vec![Missing::Channel(channel.clone())], span)
            }
            InjectAct::Absent { role, span } => {
                (self.who_has(role).into_iter().map(Missing::Person).collect(), span)
            }
            InjectAct::Alert(_)
            | InjectAct::Surge { .. }
            | InjectAct::Set(_)
            | InjectAct::Message { .. }
            | InjectAct::Level(_)
            | InjectAct::Fail(_) => return Vec::new(),
        };
        let until = self.now.saturating_add(*span).unwrap_or(Timestamp::MAX);
        missing.into_iter().map(|missing| Outage { missing, until }).collect()
    }
}
