//! What a drill makes happen, and injects that aim at nobody.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::finding::{Miss, Named};
use super::{Hindrance, Outset, RoleOutlook};
use crate::drill::absence::Scene;
use crate::drill::inject::{Absentee, Channels, InjectAct, Trigger};
use crate::id::{ChannelId, PersonId};
use crate::text::Text;

/// Something that the drill makes happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ScriptLine {
    /// When, at the earliest, where that is known before it begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// Until when, at the latest, where it comes at random.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// What it waits for, where no instant is known: `event` or `condition`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_for: Option<String>,
    /// What happens.
    pub what: Text,
}

/// Lists what the drill makes happen, what has an instant first, and finds what aims at nobody.
pub(super) fn lines(
    outset: Outset<'_>,
    roles: &[RoleOutlook],
    findings: &mut Vec<Hindrance>,
) -> Vec<ScriptLine> {
    let injects = &outset.scenario.injects;
    for (position, inject) in injects.iter().enumerate() {
        findings
            .extend(miss(outset, roles, &inject.act).map(|miss| Hindrance::inject(position, miss)));
        if matches!(inject.trigger, Trigger::At(after) if after.is_zero()) {
            taken_away(outset, roles, position, findings);
        }
    }
    let after = |by| outset.at.saturating_add(by).ok();
    let mut lines: Vec<ScriptLine> = injects
        .iter()
        .map(|inject| {
            let (at, until, waits_for) = match &inject.trigger {
                Trigger::At(by) => (after(*by), None, None),
                Trigger::Within(from, to) => (after(*from), after(*to), None),
                Trigger::After { .. } => (None, None, Some("event".to_owned())),
                Trigger::When(_) => (None, None, Some("condition".to_owned())),
            };
            ScriptLine { at, until, waits_for, what: inject.act.describe() }
        })
        .collect();
    lines.sort_by_key(|line| line.at.unwrap_or(Timestamp::MAX));
    lines
}

/// Returns what an inject aims at that is not there.
fn miss<'a>(outset: Outset<'_>, roles: &[RoleOutlook], act: &'a InjectAct) -> Option<Miss<'a>> {
    let asked = || roles.iter().flat_map(|role| role.first.iter().chain(&role.then));
    match act {
        InjectAct::Absent { who: Absentee::Person(person), .. } => {
            if outset.directory.person(person).is_none() {
                return Some(Miss::NoPerson(person.as_str()));
            }
            let listed = roles.iter().all(|role| role.and_more == 0);
            let idle = listed && !asked().any(|one| one.person == *person);
            idle.then_some(Miss::Bystander(person.as_str()))
        }
        InjectAct::Absent { who: Absentee::Role(role), .. } | InjectAct::Slow { role, .. } => {
            let filled = roles.iter().any(|one| one.role == *role && !one.first.is_empty());
            (!filled).then_some(Miss::NoHolder(role.as_str()))
        }
        InjectAct::Channel { which: Channels::One(channel), .. } => {
            if !outset.directory.has_channel(channel) {
                return Some(Miss::NoChannel(channel.as_str()));
            }
            let used = |one: &ChannelId| one == channel;
            let of_people = asked().any(|one| one.ways.iter().any(|way| used(&way.channel)));
            (!of_people).then_some(Miss::UnusedChannel(channel.as_str()))
        }
        InjectAct::Channel { which: Channels::All, .. }
        | InjectAct::Alert(_)
        | InjectAct::Surge { .. }
        | InjectAct::Set(_)
        | InjectAct::Message { .. }
        | InjectAct::Contradict(_)
        | InjectAct::ClockJump(_)
        | InjectAct::Level(_)
        | InjectAct::Fail(_) => None,
    }
}

/// Warns of roles that an absence at the very start leaves nobody for.
fn taken_away(
    outset: Outset<'_>,
    roles: &[RoleOutlook],
    position: usize,
    findings: &mut Vec<Hindrance>,
) {
    let InjectAct::Absent { who, .. } = &outset.scenario.injects[position].act else { return };
    let Outset { playbook, directory, at, .. } = outset;
    let scene = Scene { playbook, directory, incident: None, now: at };
    let gone: BTreeSet<PersonId> = scene.absentees(who).into_iter().collect();
    for role in roles.iter().filter(|role| role.needed) {
        let mut all = role.first.iter().chain(&role.then).filter(|one| one.is_reached()).peekable();
        let some = all.peek().is_some() && role.and_more == 0;
        if some && all.all(|one| gone.contains(&one.person)) {
            let named = Named { id: role.role.as_str(), title: &role.title };
            findings.push(Hindrance::all_taken_away(&named, position));
        }
    }
}
