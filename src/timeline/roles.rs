//! Who was asked for which role, and how long it took until someone had it.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::names::Names;
use super::story::Story;
use crate::engine::Fact;
use crate::id::{PersonId, RoleId};
use crate::text::{Lang, Text};

/// One role's way to a holder.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RoleRow {
    /// The role.
    pub role: RoleId,
    /// What people call it.
    pub title: Text,
    /// When it was first needed.
    pub engaged_at: Timestamp,
    /// When someone first took it.
    pub acknowledged_at: Option<Timestamp>,
    /// From needed to taken.
    pub took: Option<SignedDuration>,
    /// Who took it first.
    pub first_holder: Option<Text>,
    /// How many people were asked.
    pub asked: u32,
    /// How many of them stayed silent.
    pub unanswered: u32,
    /// How many declined.
    pub declined: u32,
    /// How often it was handed over.
    pub handed_over: u32,
    /// How often nobody was left to ask.
    pub vacant: u32,
}

/// Lists the roles that were needed, in the order they were.
pub(super) fn roles(story: &Story<'_>) -> Vec<RoleRow> {
    let [zh, en] = Lang::ALL.map(|lang| Names::new(story, lang));
    let mut rows: Vec<RoleRow> = Vec::new();
    for event in story.events {
        let Some(role) = role_of(&event.fact) else { continue };
        zh.speak_of(event);
        en.speak_of(event);
        let at = event.occurred_at;
        let place = rows.iter().position(|row| row.role == *role).unwrap_or_else(|| {
            rows.push(RoleRow {
                role: role.clone(),
                title: Text::both(zh.role(role), en.role(role)),
                engaged_at: at,
                acknowledged_at: None,
                took: None,
                first_holder: None,
                asked: 0,
                unanswered: 0,
                declined: 0,
                handed_over: 0,
                vacant: 0,
            });
            rows.len() - 1
        });
        let name = |id: &PersonId| Text::both(zh.person(id), en.person(id));
        if let Some(row) = rows.get_mut(place) {
            row.follow(&event.fact, at, name);
        }
    }
    rows
}

impl RoleRow {
    fn follow(&mut self, fact: &Fact, at: Timestamp, name: impl Fn(&PersonId) -> Text) {
        match fact {
            Fact::RoleOffered { to, .. } => {
                self.asked += u32::try_from(to.len()).unwrap_or(u32::MAX);
            }
            Fact::RoleAssigned { .. } => self.asked += 1,
            Fact::RoleAcknowledged { by, .. } if self.acknowledged_at.is_none() => {
                self.acknowledged_at = Some(at);
                self.took = Some(at.duration_since(self.engaged_at));
                self.first_holder = Some(name(by));
            }
            Fact::RoleDeclined { .. } => self.declined += 1,
            Fact::RoleUnanswered { asked, .. } => {
                self.unanswered += u32::try_from(asked.len()).unwrap_or(u32::MAX);
            }
            Fact::RoleHandedOver { .. } => self.handed_over += 1,
            Fact::RoleVacant { .. } => self.vacant += 1,
            _ => {}
        }
    }
}

/// Returns the role an event is about.
fn role_of(fact: &Fact) -> Option<&RoleId> {
    match fact {
        Fact::RoleEngaged { role, .. }
        | Fact::RoleOffered { role, .. }
        | Fact::RoleAssigned { role, .. }
        | Fact::RoleAcknowledged { role, .. }
        | Fact::RoleDeclined { role, .. }
        | Fact::RoleUnanswered { role, .. }
        | Fact::RoleHandedOver { role, .. }
        | Fact::RoleReleased { role, .. }
        | Fact::RoleVacant { role, .. }
        | Fact::RoleSought { role } => Some(role),
        _ => None,
    }
}
