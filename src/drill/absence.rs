//! Whom an absence means, and what a drill takes away for a while: a channel, a person. Pure.

use jiff::Timestamp;

use crate::drill::inject::{Absentee, ChannelFault, Channels, InjectAct};
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

    /// Returns whom an inject means.
    #[must_use]
    pub fn absentees(&self, who: &Absentee) -> Vec<PersonId> {
        match who {
            Absentee::Role(role) => self.who_has(role),
            Absentee::Person(person) => vec![person.clone()],
        }
    }

    /// Returns what an inject takes away from the drill's messages, from now on.
    #[must_use]
    pub fn outages(&self, act: &InjectAct) -> Vec<Outage> {
        let (missing, span) = match act {
            InjectAct::Channel { which, fault, span } => (vec![lost(which, *fault)], span),
            InjectAct::Absent { who, span } => {
                (self.absentees(who).into_iter().map(Missing::Person).collect(), span)
            }
            InjectAct::Alert(_)
            | InjectAct::Surge { .. }
            | InjectAct::Set(_)
            | InjectAct::Message { .. }
            | InjectAct::Slow { .. }
            | InjectAct::Contradict(_)
            | InjectAct::ClockJump(_)
            | InjectAct::Level(_)
            | InjectAct::Fail(_) => return Vec::new(),
        };
        let until = self.now.saturating_add(*span).unwrap_or(Timestamp::MAX);
        missing.into_iter().map(|missing| Outage { missing, until }).collect()
    }
}

fn lost(which: &Channels, fault: ChannelFault) -> Missing {
    let channel = match which {
        Channels::All => None,
        Channels::One(channel) => Some(channel.clone()),
    };
    match (fault, channel) {
        (ChannelFault::Down, Some(channel)) => Missing::Channel(channel),
        (ChannelFault::Down, None) => Missing::EveryChannel,
        (ChannelFault::Slow(by), channel) => Missing::Haste { channel, seconds: by.as_secs() },
        (ChannelFault::Twice, channel) => Missing::Once { channel },
    }
}
