//! Whether what is sent reaches people.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::id::{ChannelId, PersonId, TeamId};
use crate::runtime::Standing;
use crate::text::Text;

/// Asks contacts to confirm that messages reach them: everyone's where nothing is said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AskReach {
    /// Those of this person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// Those of the members of this team.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<TeamId>,
    /// Those on this channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<ChannelId>,
}

/// How one contact of one person stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Reached {
    /// Whose.
    pub person: PersonId,
    /// What the person is called.
    pub name: Text,
    /// Over which channel; one address a channel.
    pub channel: ChannelId,
    /// How it stands.
    pub standing: Standing,
    /// When it was asked last, at the address it has now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_at: Option<Timestamp>,
    /// Until when that may be answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// When the channel took the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<Timestamp>,
    /// When somebody last confirmed, at the address it has now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_at: Option<Timestamp>,
    /// Why the message could not be sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}
