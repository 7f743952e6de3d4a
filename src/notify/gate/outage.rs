//! What a drill has taken away from its own messages: channels that take nothing, are late or say
//! everything twice, people who are away. Plain data.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::id::{ChannelId, PersonId};

/// One thing that a drill does without for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outage {
    /// What.
    pub missing: Missing,
    /// Until when.
    pub until: Timestamp,
}

/// What a drill does without.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// A channel: it takes nothing.
    Channel(ChannelId),
    /// Every channel: none takes anything.
    EveryChannel,
    /// A person: nothing reaches them.
    Person(PersonId),
    /// The haste of a channel: messages leave so many seconds later.
    Haste {
        /// The channel; every one where missing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        channel: Option<ChannelId>,
        /// How much later.
        seconds: i64,
    },
    /// A channel's saying things once: it delivers every message twice.
    Once {
        /// The channel; every one where missing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        channel: Option<ChannelId>,
    },
}

/// What is wrong with a channel at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Faults {
    /// It takes nothing.
    pub down: bool,
    /// Messages leave so much later.
    pub late: Option<SignedDuration>,
    /// It delivers everything twice.
    pub twice: bool,
}

impl Outage {
    /// Tells whether a person is away at an instant.
    #[must_use]
    pub fn takes(&self, person: &PersonId, now: Timestamp) -> bool {
        now < self.until && matches!(&self.missing, Missing::Person(away) if away == person)
    }
}

impl Faults {
    /// Returns what outages do to a channel at an instant.
    #[must_use]
    pub fn of(channel: &ChannelId, outages: &[Outage], now: Timestamp) -> Self {
        let mut faults = Self::default();
        let meant = |named: &Option<ChannelId>| named.as_ref().is_none_or(|name| name == channel);
        for outage in outages.iter().filter(|outage| now < outage.until) {
            match &outage.missing {
                Missing::Channel(named) => faults.down |= named == channel,
                Missing::EveryChannel => faults.down = true,
                Missing::Haste { channel, seconds } if meant(channel) => {
                    faults.late = faults.late.max(Some(SignedDuration::from_secs(*seconds)));
                }
                Missing::Once { channel } => faults.twice |= meant(channel),
                Missing::Haste { .. } | Missing::Person(_) => {}
            }
        }
        faults
    }
}
