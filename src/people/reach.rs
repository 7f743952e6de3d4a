//! Whom a rung of a ladder reaches at the moment it fires.

use jiff::Timestamp;

use crate::id::{ChannelId, PersonId, RoleId};

use super::directory::Directory;
use super::ladder::Target;

/// The answer to "whom does this target mean now".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// These people, first first; may be empty, which the caller must not pass over in silence.
    People(Vec<PersonId>),
    /// Whoever holds this role; only the incident knows.
    Holder(RoleId),
    /// A shared channel.
    Channel(ChannelId),
}

impl Directory {
    /// Looks up whom a target means at an instant: a schedule's people on call, a team's reachable
    /// members.
    #[must_use]
    pub fn reach(&self, target: &Target, at: Timestamp) -> Reach {
        match target {
            Target::Schedule(schedule) => Reach::People(self.on_call(schedule, at)),
            Target::Team(team) => Reach::People(self.team_reachable(team, at)),
            Target::Person(person) => {
                Reach::People(self.person(person).map(|p| p.id.clone()).into_iter().collect())
            }
            Target::Role(role) => Reach::Holder(role.clone()),
            Target::Channel(channel) => Reach::Channel(channel.clone()),
        }
    }
}
