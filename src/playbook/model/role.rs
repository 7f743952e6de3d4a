//! Roles, and whom a plan speaks to.

use crate::id::{ChannelId, LadderId, PartnerId, RoleId, TeamId};
use crate::people::Source;
use crate::playbook::duration::Span;
use crate::playbook::expression::Condition;
use crate::text::Text;

/// A role: who acts, bound to people at run time.
#[derive(Debug)]
pub struct Role {
    /// Its name in the plan.
    pub id: RoleId,
    /// What people call it.
    pub title: Text,
    /// Where its holder is found.
    pub assign: Source,
    /// Tried in order when nobody is found or nobody acknowledges.
    pub deputies: Vec<Source>,
    /// How long a paged person has.
    pub acknowledge_within: Option<Span>,
    /// Climbed after the deputies.
    pub escalate: Option<LadderId>,
    /// When the role is needed; `None` from the start. Unknown counts as true.
    pub engage: Option<Condition>,
}

/// Who hears a message.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// `role/…`: the holder of a role, else whoever is being paged for it.
    Role(RoleId),
    /// `team/…`: every member.
    Team(TeamId),
    /// `partner/…`: an outside party. Live only.
    Partner(PartnerId),
    /// `customers`. Live only.
    Customers,
    /// `regulators`. Live only.
    Regulators,
    /// `channel/…`: the channel's own address, such as a status page or a group.
    Channel(ChannelId),
}

impl Audience {
    /// Tells whether only live incidents may reach it: a rehearsal never does.
    #[must_use]
    pub const fn is_live_only(&self) -> bool {
        matches!(self, Self::Partner(_) | Self::Customers | Self::Regulators)
    }
}

/// Whose consent counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Approver {
    /// The holder of a role.
    Role(RoleId),
    /// A member of a team.
    Team(TeamId),
}
