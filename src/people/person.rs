//! Those who can be reached: persons, the teams they form, and partners outside the house.

use std::fmt;

use jiff::civil::Date;

use super::manner::Manner;
use crate::id::{ChannelId, PartnerId, PersonId, ScheduleId, TeamId};
use crate::text::{Lang, Text};

/// One way to reach someone: an address on a configured channel.
///
/// Addresses are personal data, so `Debug` leaves them out.
#[derive(Clone, PartialEq, Eq)]
pub struct Contact {
    /// The channel that carries the message.
    pub channel: ChannelId,
    /// The address in that channel's own form: a mailbox, a URL.
    pub address: String,
}

impl fmt::Debug for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:***", self.channel)
    }
}

/// A person of the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The person's id in the configuration.
    pub id: PersonId,
    /// The name others read.
    pub name: Text,
    /// The language the person is addressed in.
    pub lang: Lang,
    /// How the person is reached, best first; empty means unreachable.
    pub contacts: Vec<Contact>,
    /// Whether drills may send real messages to this person.
    pub drills: bool,
    /// How they want to be reached.
    pub manner: Manner,
}

impl Person {
    /// Tells whether any message can reach the person.
    #[must_use]
    pub fn is_reachable(&self) -> bool {
        !self.contacts.is_empty()
    }

    /// Returns the channels by which the person is reached in incidents of a level, in the order
    /// they are tried, each once; only those of `wanted` where any are named.
    #[must_use]
    pub fn ways(&self, level: u8, wanted: &[ChannelId]) -> Vec<ChannelId> {
        let rule = self.manner.rule(level).into_iter().flat_map(|rule| &rule.by);
        let by_rule = self.each_once(rule.map(|way| &way.channel), wanted);
        // Where the rule names nothing of what is wanted, better any way than none.
        if by_rule.is_empty() {
            return self.each_once(self.contacts.iter().map(|contact| &contact.channel), wanted);
        }
        by_rule
    }

    fn each_once<'c>(
        &self,
        channels: impl Iterator<Item = &'c ChannelId>,
        wanted: &[ChannelId],
    ) -> Vec<ChannelId> {
        let mut kept: Vec<ChannelId> = Vec::new();
        for channel in channels {
            let is_wanted = wanted.is_empty() || wanted.contains(channel);
            if is_wanted && self.address_on(channel).is_some() && !kept.contains(channel) {
                kept.push(channel.clone());
            }
        }
        kept
    }

    /// Returns the person's address on a channel.
    #[must_use]
    pub fn address_on(&self, channel: &ChannelId) -> Option<&str> {
        self.contacts.iter().find(|c| c.channel == *channel).map(|c| c.address.as_str())
    }
}

/// A team: who belongs to it, and whose turn it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Team {
    /// The team's id in the configuration.
    pub id: TeamId,
    /// The name others read.
    pub title: Text,
    /// The members, in the order they are tried.
    pub members: Vec<PersonId>,
    /// The schedule that says which of them is on call.
    pub schedule: Option<ScheduleId>,
}

/// An organisation outside the house that a plan may need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partner {
    /// The partner's id in the configuration.
    pub id: PartnerId,
    /// The name others read.
    pub title: Text,
    /// How the partner is reached, best first.
    pub contacts: Vec<Contact>,
    /// The day on which someone last made sure that the contacts are right.
    pub verified_on: Option<Date>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_never_shows_an_address() {
        let person = Person {
            id: "li".into(),
            name: "李".into(),
            lang: Lang::Zh,
            contacts: vec![Contact { channel: "email".into(), address: "li@shop.cn".into() }],
            drills: false,
            manner: crate::people::Manner::default(),
        };
        let shown = format!("{person:?}");
        assert!(shown.contains("email:***"), "{shown}");
        assert!(!shown.contains("shop.cn"), "{shown}");
    }
}
