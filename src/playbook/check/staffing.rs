//! The plan against the rosters of the weeks to come: enough people, at all hours, who can be
//! reached, and partners whose contacts someone has tried.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::id::PersonId;
use crate::people::{Directory, Ladder, Segment, Source, Target, Zone};
use crate::playbook::check::directory::candidates;
use crate::playbook::check::{
    Check, FEW_HOLDERS, LADDER_TO_NOBODY, NOT_VERIFIED, SINGLE_CHANNEL, UNSTAFFED,
};
use crate::playbook::diagnostic::{Diagnostic, both};
use crate::playbook::lower::DirectoryName;
use crate::playbook::model::{Action, Audience, Role};
use crate::text::Text;

/// How far ahead rosters are looked at: they are put right within weeks.
const AHEAD: SignedDuration = SignedDuration::from_hours(24 * 30);
/// How long a partner's contact may be trusted without a call.
const TRUSTED: SignedDuration = SignedDuration::from_hours(24 * 180);

impl Check<'_> {
    pub(super) fn staffing(&mut self, directory: &Directory, now: Timestamp) {
        let end = now.saturating_add(AHEAD).unwrap_or(Timestamp::MAX);
        for role in self.playbook.roles.values() {
            // Where nobody comes at all, single hours say nothing more.
            if self.holders(role, directory, now, end) {
                self.hours(role, directory, now, end);
            }
        }
        self.partners(directory, now);
        self.channels();
        self.ladders(directory, now, end);
    }

    /// Tells of a role that too few can hold; returns whether anybody can.
    fn holders(
        &mut self,
        role: &Role,
        directory: &Directory,
        now: Timestamp,
        end: Timestamp,
    ) -> bool {
        let mut people: BTreeSet<PersonId> = BTreeSet::new();
        for source in std::iter::once(&role.assign).chain(&role.deputies) {
            match source {
                // What does not exist, or reaches nobody at all, is told elsewhere.
                Source::Team(team) | Source::Claim(team) if directory.team(team).is_none() => {
                    return true;
                }
                Source::Schedule(id) if directory.schedule(id).is_none() => return true,
                Source::Team(team) | Source::Claim(team) => {
                    people.extend(directory.team_members(team).iter().cloned());
                }
                Source::Schedule(id) => {
                    let on_call = directory.segments(id, now, end).into_iter();
                    people.extend(on_call.flat_map(|segment| segment.who));
                }
            }
        }
        people.retain(|person| directory.is_reachable(person));
        let sources = std::iter::once(&role.assign).chain(&role.deputies);
        let ever = sources.filter_map(|source| candidates(source, directory)).flatten();
        let id = &role.id;
        let message = match people.len() {
            // Whoever never comes is told as an error.
            0 if !ever.into_iter().any(|person| directory.is_reachable(&person)) => return false,
            0 => both!(
                "今后 30 天没有人可任角色 `{id}`",
                "nobody can hold the role `{id}` in the next 30 days"
            ),
            1 => both!(
                "今后 30 天只有一个人可任角色 `{id}`",
                "one person alone can hold the role `{id}` in the next 30 days"
            ),
            _ => return true,
        };
        let help = Text::both(
            "在值班表或团队里加人，或写上 `deputies`",
            "add people to the roster or team, or write `deputies`",
        );
        self.of_role(FEW_HOLDERS, id.as_str(), message, help);
        !people.is_empty()
    }

    /// A role that rests on schedules alone has hours in which none of them has anyone.
    fn hours(&mut self, role: &Role, directory: &Directory, now: Timestamp, end: Timestamp) {
        let mut open: Option<Vec<(Timestamp, Timestamp)>> = None;
        for source in std::iter::once(&role.assign).chain(&role.deputies) {
            let Source::Schedule(id) = source else { return };
            if directory.schedule(id).is_none() {
                return;
            }
            let gaps: Vec<_> = directory.gaps(id, now, end).iter().map(ends).collect();
            open = Some(open.map_or_else(|| gaps.clone(), |open| common(&open, &gaps)));
        }
        let open = open.unwrap_or_default();
        let Some((from, to)) = open.first() else { return };
        let Some(zone) = zone_of(role, directory) else { return };
        let civil = |at: &Timestamp| zone.civil(*at).strftime("%Y-%m-%d %H:%M").to_string();
        let (from, to, zone) = (civil(from), civil(to), zone.name());
        let id = &role.id;
        let message = match open.len() {
            1 => both!(
                "今后 30 天有一段时间没有人可任角色 `{id}`：{from} 至 {to}（{zone}）",
                "in the next 30 days there is one stretch in which nobody can hold the role \
                 `{id}`: {from} to {to} ({zone})"
            ),
            n => both!(
                "今后 30 天有 {n} 段时间没有人可任角色 `{id}`，最早 {from} 至 {to}（{zone}）",
                "in the next 30 days there are {n} stretches in which nobody can hold the role \
                 `{id}`, the first {from} to {to} ({zone})"
            ),
        };
        let help = Text::both(
            "补上值班表，或写上一个团队作 `deputies`",
            "cover the roster, or name a team among the `deputies`",
        );
        self.of_role(UNSTAFFED, id.as_str(), message, help);
    }

    fn partners(&mut self, directory: &Directory, now: Timestamp) {
        let mut told = BTreeSet::new();
        for noted in &self.notes.directory {
            let DirectoryName::Partner(id) = &noted.what else { continue };
            let Some(partner) = directory.partner(id) else { continue };
            let verified =
                partner.verified_on.and_then(|on| on.to_zoned(jiff::tz::TimeZone::UTC).ok());
            let fresh = verified.is_some_and(|on| now.duration_since(on.timestamp()) <= TRUSTED);
            if fresh || !told.insert(id) {
                continue;
            }
            let message = match partner.verified_on {
                Some(on) => both!(
                    "合作方 `{id}` 的联系方式自 {on} 起未再核实",
                    "the contact of the partner `{id}` was last verified on {on}"
                ),
                None => both!(
                    "合作方 `{id}` 的联系方式从未核实",
                    "the contact of the partner `{id}` was never verified"
                ),
            };
            let help = Text::both(
                "打一次电话，再更新配置里的 `verified_on`",
                "call them, then write the day as `verified_on` in the configuration",
            );
            self.out.push(Diagnostic::new(NOT_VERIFIED, message).at(noted.span).help(help));
        }
    }

    /// A message to those outside that goes over one channel is lost with it.
    fn channels(&mut self) {
        let playbook = self.playbook;
        for step in playbook.every_step() {
            let Action::Notify(notify) = &step.action else { continue };
            let outside = |to: &Audience| matches!(to, Audience::Customers | Audience::Regulators);
            let [only] = notify.via.as_slice() else { continue };
            if !notify.to.iter().any(outside) {
                continue;
            }
            let id = &step.id;
            let found = Diagnostic::new(
                SINGLE_CHANNEL,
                both!("`{id}` 只经 `{only}` 一个渠道发出", "`{id}` goes over `{only}` alone"),
            )
            .help(Text::both("在 `via` 里再写一个渠道", "name a second channel in `via`"));
            self.told_of(id, found);
        }
    }

    fn ladders(&mut self, directory: &Directory, now: Timestamp, end: Timestamp) {
        let mut told = BTreeSet::new();
        for noted in &self.notes.directory {
            let DirectoryName::Ladder(id) = &noted.what else { continue };
            let Some(ladder) = directory.ladder(id) else { continue };
            if self.reaches_someone(ladder, directory, now, end) || !told.insert(id) {
                continue;
            }
            let message =
                both!("升级阶梯 `{id}` 的最后一级没有人", "the escalation `{id}` ends with nobody");
            let help = Text::both(
                "让最后一级通知有人的团队或值班表",
                "let its last rung name a team or schedule that has people",
            );
            self.out.push(Diagnostic::new(LADDER_TO_NOBODY, message).at(noted.span).help(help));
        }
    }

    fn reaches_someone(
        &self,
        ladder: &Ladder,
        directory: &Directory,
        now: Timestamp,
        end: Timestamp,
    ) -> bool {
        let reached = |person: &PersonId| directory.is_reachable(person);
        ladder.rungs.last().is_some_and(|rung| {
            rung.targets.iter().any(|target| match target {
                Target::Schedule(id) => {
                    directory.segments(id, now, end).iter().any(|s| s.who.iter().any(reached))
                }
                Target::Team(id) => directory.team_members(id).iter().any(reached),
                Target::Person(id) => reached(id),
                Target::Role(id) => self.playbook.roles.contains_key(id),
                Target::Channel(_) => true,
            })
        })
    }
}

/// Returns the zone that the hours of a role are told in: that of its first schedule.
fn zone_of<'d>(role: &Role, directory: &'d Directory) -> Option<&'d Zone> {
    let sources = std::iter::once(&role.assign).chain(&role.deputies);
    let mut schedules = sources.filter_map(|source| match source {
        Source::Schedule(id) => directory.schedule(id),
        Source::Team(_) | Source::Claim(_) => None,
    });
    schedules.next().map(|schedule| &schedule.zone)
}

const fn ends(segment: &Segment) -> (Timestamp, Timestamp) {
    (segment.from, segment.to)
}

/// Returns the time that two lists of stretches have in common.
fn common(
    one: &[(Timestamp, Timestamp)],
    other: &[(Timestamp, Timestamp)],
) -> Vec<(Timestamp, Timestamp)> {
    let overlaps = one.iter().flat_map(|a| other.iter().map(move |b| (a.0.max(b.0), a.1.min(b.1))));
    overlaps.filter(|(from, to)| from < to).collect()
}
