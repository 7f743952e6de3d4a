//! What a drill has taken away from its own messages: channels that take nothing, people who are
//! away. Plain data.

use jiff::Timestamp;
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
    /// A person: nothing reaches them.
    Person(PersonId),
}

impl Outage {
    /// Tells whether this is missing at an instant.
    #[must_use]
    pub fn holds(&self, missing: &Missing, now: Timestamp) -> bool {
        self.missing == *missing && now < self.until
    }
}
