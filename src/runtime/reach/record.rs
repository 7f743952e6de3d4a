//! What is kept of one contact, and how it stands. Pure.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::engine::Actor;
use crate::id::{ChannelId, PersonId};
use crate::store::{Change, Expect, Kind};

/// What is kept of a contact. The address is not: it changes, and this is no second directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// By what the address is known again.
    pub mark: String,
    /// When it was asked last.
    pub asked_at: Timestamp,
    /// By whom.
    pub asked_by: Actor,
    /// Until when that may be answered.
    pub expires_at: Timestamp,
    /// What the channel said; `None` while the message waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<Sent>,
    /// When somebody last confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_at: Option<Timestamp>,
}

/// What a channel said of the message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// When.
    pub at: Timestamp,
    /// Why it did not take it: the stored reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}

/// How a contact stands.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// The message could not be sent.
    NotSent,
    /// It was sent, and nobody confirmed in time.
    Silent,
    /// Nobody was ever asked at this address.
    NeverAsked,
    /// It is on its way, or there is still time to confirm.
    Waiting,
    /// Somebody confirmed that it arrived.
    Confirmed,
}

/// One contact as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactReach {
    /// Whose.
    pub person: PersonId,
    /// Over which channel.
    pub channel: ChannelId,
    /// How it stands.
    pub standing: Standing,
    /// When it was asked last, at this address.
    pub asked_at: Option<Timestamp>,
    /// Until when that may be answered.
    pub expires_at: Option<Timestamp>,
    /// When the channel took the message.
    pub sent_at: Option<Timestamp>,
    /// When somebody last confirmed, at this address.
    pub confirmed_at: Option<Timestamp>,
    /// Why it was not sent: the stored reason.
    pub why: Option<String>,
}

impl Record {
    /// Returns how the contact stands; `given_up` is the instant from which a message that still
    /// waits counts as lost.
    pub fn standing(&self, now: Timestamp, given_up: Timestamp) -> Standing {
        let confirmed = self.confirmed_at.is_some_and(|at| at >= self.asked_at);
        match &self.sent {
            _ if confirmed => Standing::Confirmed,
            Some(Sent { failed: Some(_), .. }) => Standing::NotSent,
            None if now >= given_up => Standing::NotSent,
            _ if now < self.expires_at => Standing::Waiting,
            _ => Standing::Silent,
        }
    }

    /// Returns the change that keeps it.
    pub fn write(&self, person: &PersonId, channel: &ChannelId) -> Change {
        Change::keep(Kind::Reach, name(person, channel), Expect::Any, self)
    }
}

/// Names the document of a contact.
pub fn name(person: &PersonId, channel: &ChannelId) -> String {
    format!("{person}/{channel}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_stands_as_its_latest_message_went() {
        let at = |n: i64| Timestamp::from_second(n).unwrap();
        let sent = |failed: Option<&str>| Some(Sent { at: at(11), failed: failed.map(Into::into) });
        let standing = |sent: Option<Sent>, confirmed: Option<i64>, now: i64| {
            let record = Record {
                mark: String::new(),
                asked_at: at(10),
                asked_by: Actor::System,
                expires_at: at(100),
                sent,
                confirmed_at: confirmed.map(at),
            };
            record.standing(at(now), at(50))
        };
        for (sent, confirmed, now, expected) in [
            (None, None, 12, Standing::Waiting),
            (None, None, 50, Standing::NotSent),
            (sent(None), None, 99, Standing::Waiting),
            (sent(None), None, 100, Standing::Silent),
            (sent(Some("gone")), None, 12, Standing::NotSent),
            (sent(None), Some(12), 100, Standing::Confirmed),
            // Confirmed once, and asked again since: that says nothing of today.
            (sent(None), Some(9), 100, Standing::Silent),
            // A message that was called lost may still have arrived.
            (sent(Some("timed_out")), Some(12), 13, Standing::Confirmed),
        ] {
            assert_eq!(standing(sent.clone(), confirmed, now), expected, "{sent:?} {confirmed:?}");
        }
    }
}
