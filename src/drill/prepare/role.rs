//! Who would be asked for each role of a plan, and whether messages reach them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use utoipa::ToSchema;

use super::finding::{Asked, Named};
use super::message::in_words;
use super::{Gravity, Hindrance, NAMES_SHOWN_MAX, Outset};
use crate::engine::Recipient;
use crate::id::{ChannelId, PersonId, PlaybookId, RoleId};
use crate::people::{Reach, Try, tries};
use crate::playbook::{Action, Approver, LEVEL_MILDEST, Level, Playbook, Role};
use crate::text::Text;

/// A role, and who would be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RoleOutlook {
    /// The plan it belongs to.
    pub playbook: PlaybookId,
    /// The role.
    pub role: RoleId,
    /// What people call it.
    pub title: Text,
    /// A step of the plan needs it.
    pub needed: bool,
    /// Who is asked first; together, where any of them may claim it.
    pub first: Vec<AskedPerson>,
    /// Who is asked after them, one after another.
    pub then: Vec<AskedPerson>,
    /// How many more there are than are listed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub and_more: usize,
    /// Who is told while nobody acts.
    pub ladder: Vec<RungOutlook>,
}

/// Somebody who would be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AskedPerson {
    /// Who.
    pub person: PersonId,
    /// What they are called.
    pub name: Text,
    /// The ways to them, in the order they are tried.
    pub ways: Vec<WayOut>,
}

/// A way to somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WayOut {
    /// The channel.
    pub channel: ChannelId,
    /// Somebody confirmed that messages arrive there.
    pub confirmed: bool,
    /// The stable code of what keeps a message of the drill from leaving there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub bar: Option<SmolStr>,
    /// The same in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Text>,
}

/// A rung of a role's ladder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RungOutlook {
    /// How many seconds after nobody was left to ask.
    pub after_seconds: i64,
    /// Who is told.
    pub people: Vec<AskedPerson>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
const fn is_zero(n: &usize) -> bool {
    *n == 0
}

impl AskedPerson {
    /// Tells whether a message of the drill reaches them.
    #[must_use]
    pub fn is_reached(&self) -> bool {
        self.ways.iter().any(|way| way.bar.is_none())
    }

    fn is_confirmed(&self) -> bool {
        self.ways.iter().any(|way| way.bar.is_none() && way.confirmed)
    }
}

/// Looks at the roles of a plan.
pub(super) fn of_plan(
    outset: Outset<'_>,
    plan: &Playbook,
    findings: &mut Vec<Hindrance>,
) -> Vec<RoleOutlook> {
    let needed = needed(plan);
    let own = plan.id == outset.playbook.id;
    let mut outlooks = Vec::new();
    for (id, role) in &plan.roles {
        let all = everybody(outset, plan, role);
        let title = plan.role_title(id);
        // Whether it comes to a plan that is called is open until it does.
        let grave = own && needed.contains(id);
        let gravity = if grave { Gravity::Blocks } else { Gravity::Warns };
        findings.extend(all.judge(&Named { id: id.as_str(), title: &title }, gravity));
        outlooks.push(all.outlook(plan, id, title, needed.contains(id)));
    }
    outlooks
}

/// Warns of those asked first who never confirmed that messages reach them.
pub(super) fn unconfirmed(roles: &[RoleOutlook], findings: &mut Vec<Hindrance>) {
    let mut seen = BTreeSet::new();
    let first = roles.iter().flat_map(|role| &role.first);
    let doubtful = first.filter(|asked| asked.is_reached() && !asked.is_confirmed());
    let names: Vec<Text> = doubtful
        .filter(|asked| seen.insert(&asked.person))
        .map(|asked| asked.name.clone())
        .collect();
    if !names.is_empty() {
        findings.push(Hindrance::unconfirmed(&names));
    }
}

/// Lists the roles that steps need: whoever does one, whoever must consent.
fn needed(plan: &Playbook) -> BTreeSet<&RoleId> {
    let mut needed = BTreeSet::new();
    for step in plan.every_step() {
        needed.extend(&step.role);
        if let Action::Approve(approve) = &step.action {
            needed.extend(approve.by.iter().filter_map(|approver| match approver {
                Approver::Role(role) => Some(role),
                Approver::Team(_) => None,
            }));
        }
    }
    needed
}

/// Everybody a role could come to.
struct Everybody {
    own_source: bool,
    first: Vec<AskedPerson>,
    then: Vec<AskedPerson>,
    ladder: Vec<RungOutlook>,
}

fn everybody(outset: Outset<'_>, plan: &Playbook, role: &Role) -> Everybody {
    let Outset { directory, at, .. } = outset;
    let level = plan.assume_level.unwrap_or(LEVEL_MILDEST);
    let person = |id: &PersonId| asked(outset, level, id);
    let tries = tries(directory, &role.assign, &role.deputies, at, &[]);
    let own_source = tries.iter().any(|one| match one {
        Try::Assign { by, .. } | Try::Ask { by, .. } => *by == role.assign,
    });
    let mut tries = tries.into_iter().map(|one| match one {
        Try::Assign { person, .. } => vec![person],
        Try::Ask { people, .. } => people,
    });
    let first: Vec<AskedPerson> = tries.next().unwrap_or_default().iter().map(person).collect();
    let mut seen: BTreeSet<PersonId> = first.iter().map(|asked| asked.person.clone()).collect();
    let mut then = Vec::new();
    for id in tries.flatten() {
        if seen.insert(id.clone()) {
            then.push(person(&id));
        }
    }
    let ladder = role.escalate.as_ref().and_then(|ladder| directory.ladder(ladder));
    let ladder = ladder.map(|ladder| {
        let mut elapsed = jiff::SignedDuration::ZERO;
        let rungs = ladder.rungs.iter().map(|rung| {
            elapsed = elapsed.saturating_add(rung.after);
            let people = rung.targets.iter().flat_map(|target| match directory.reach(target, at) {
                Reach::People(people) => people,
                Reach::Holder(_) | Reach::Channel(_) => Vec::new(),
            });
            let people = people.take(NAMES_SHOWN_MAX).map(|id| person(&id)).collect();
            RungOutlook { after_seconds: elapsed.as_secs(), people }
        });
        rungs.collect()
    });
    Everybody { own_source, first, then, ladder: ladder.unwrap_or_default() }
}

/// Looks at the ways to somebody.
pub(super) fn asked(outset: Outset<'_>, level: Level, id: &PersonId) -> AskedPerson {
    let person = outset.directory.person(id);
    let to = Recipient::Person(id.clone());
    let channels = person.map(|person| person.ways(level, &[])).unwrap_or_default();
    let ways = channels.into_iter().map(|channel| {
        let bar = outset.ways.bar(&to, &channel);
        WayOut {
            confirmed: outset.ways.is_confirmed(id, &channel),
            why: bar.as_ref().map(in_words),
            bar: bar.map(|why| SmolStr::new_static(why.code.as_str())),
            channel,
        }
    });
    let name = person.map_or_else(|| Text::Same(id.to_string()), |person| person.name.clone());
    AskedPerson { person: id.clone(), name, ways: ways.collect() }
}

impl Everybody {
    fn judge(&self, role: &Named<'_>, gravity: Gravity) -> Option<Hindrance> {
        let mut tried = self.first.iter().chain(&self.then);
        if !tried.any(AskedPerson::is_reached) {
            let mut told = self.ladder.iter().flat_map(|rung| &rung.people);
            if told.any(AskedPerson::is_reached) {
                return Some(Hindrance::by_ladder_only(role));
            }
            let asked = if self.first.is_empty() { Asked::Nobody } else { Asked::Unreachable };
            return Some(Hindrance::unfilled(role, gravity, asked));
        }
        if !self.first.iter().any(AskedPerson::is_reached) {
            let names: Vec<Text> = self.first.iter().map(|asked| asked.name.clone()).collect();
            return Some(Hindrance::first_unreachable(role, &names));
        }
        (!self.own_source).then(|| Hindrance::by_deputies_only(role))
    }

    fn outlook(mut self, plan: &Playbook, role: &RoleId, title: Text, needed: bool) -> RoleOutlook {
        let all = self.first.len() + self.then.len();
        self.first.truncate(NAMES_SHOWN_MAX);
        self.then.truncate(NAMES_SHOWN_MAX);
        let and_more = all - self.first.len() - self.then.len();
        let (playbook, role) = (plan.id.clone(), role.clone());
        let Self { first, then, ladder, .. } = self;
        RoleOutlook { playbook, role, title, needed, first, then, and_more, ladder }
    }
}
