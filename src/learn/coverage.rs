//! What of a plan was ever exercised, when and how really: steps, branches, roles and who held them,
//! channels, kinds of injects, deadlines. Pure.
//!
//! A part counts while the plan says the same of it: the mark of what it said travels with every
//! run. What was exercised counts half after [`HALF_LIFE`], a quarter after twice that. How real it
//! was is never mixed: a simulated run says nothing of people.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};
use utoipa::ToSchema;

use crate::drill::covered::{Covered, marks_of};
use crate::drill::file::INJECT_KINDS;
use crate::id::{PersonId, RoleId};
use crate::learn::experience::Experience;
use crate::learn::names::{Names, deadlines};
use crate::learn::subject::{How, Source};
use crate::playbook::{Action, Playbook};
use crate::text::{Lang, Text};

/// After how long an exercise counts half: people change posts and forget, and most plans are due
/// twice a year.
pub const HALF_LIFE: SignedDuration = SignedDuration::from_hours(24 * 180);

/// What kind of part it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PartKind {
    /// A step.
    Step,
    /// A way out of a phase, or an option of a decision.
    Branch,
    /// A role.
    Role,
    /// A channel.
    Channel,
    /// A kind of inject.
    Inject,
    /// A deadline of a step, an objective or a statutory clock.
    Deadline,
}

impl PartKind {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Step, Self::Branch, Self::Role, Self::Channel, Self::Inject, Self::Deadline];

    /// Returns the word for several of them.
    #[must_use]
    pub fn word(self, lang: Lang) -> &'static str {
        match self {
            Self::Step => lang.pick("步骤", "steps"),
            Self::Branch => lang.pick("分支", "branches"),
            Self::Role => lang.pick("角色", "roles"),
            Self::Channel => lang.pick("渠道", "channels"),
            Self::Inject => lang.pick("注入类型", "kinds of injects"),
            Self::Deadline => lang.pick("时限", "deadlines"),
        }
    }
}

/// Whether a part was exercised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PartState {
    /// It was, as the plan has it now.
    Exercised,
    /// It was, before the plan changed it.
    Void,
    /// Runs were looked at, and none exercised it.
    None,
    /// No run of this version of it was looked at.
    NeverAssessed,
}

/// A part of a plan and when it was last exercised.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Part {
    /// What kind of part it is.
    pub kind: PartKind,
    /// Its name: of a step or role its own, of others their key.
    #[schema(value_type = String)]
    pub name: SmolStr,
    /// What people call it.
    pub title: Text,
    /// Whether it was exercised.
    pub state: PartState,
    /// When it was last exercised, once for each way in which it was, the most real first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub last: Vec<LastTime>,
    /// Who held the role, the latest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<Held>,
}

/// When a part was last exercised in one way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LastTime {
    /// How real it was.
    pub how: How,
    /// When.
    pub at: Timestamp,
    /// Where it was seen: `run` or `incident`.
    #[serde(flatten)]
    pub source: Source,
    /// How much that still counts, 0 to 1.
    pub weight: f64,
}

/// When a person last held a role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Held {
    /// Who.
    pub person: PersonId,
    /// How real it was.
    pub how: How,
    /// When.
    pub at: Timestamp,
}

/// How much of one kind of parts was exercised.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct KindCoverage {
    /// Which kind.
    pub kind: PartKind,
    /// How many there are.
    pub total: u32,
    /// How many were exercised as the plan has them now.
    pub exercised: u32,
    /// How many were exercised before the plan changed them.
    pub void: u32,
    /// How many no run exercised that was looked at.
    pub none: u32,
    /// Of how many no run was looked at.
    pub never_assessed: u32,
    /// How much of all still counts, by how real it was, in percent.
    pub percent: Percent,
}

/// A share of parts, by how real their exercise was; each by itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Percent {
    /// In simulated runs.
    pub simulated: f64,
    /// In tabletop drills.
    pub tabletop: f64,
    /// In exercises.
    pub exercise: f64,
    /// In real incidents.
    pub live: f64,
}

/// What of a plan was exercised.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Coverage {
    /// A run of the plan was looked at, whatever its version.
    pub assessed: bool,
    /// By kind of part.
    pub kinds: Vec<KindCoverage>,
    /// Each part.
    pub parts: Vec<Part>,
}

/// Reckons what of a plan was exercised over the runs of it.
#[must_use]
pub fn coverage<'a>(
    playbook: &Playbook,
    runs: impl Iterator<Item = &'a Experience>,
    now: Timestamp,
) -> Coverage {
    let seen: Vec<Seen<'_>> =
        runs.filter_map(|run| Some(Seen { run, covered: run.covered.as_ref()? })).collect();
    let marks = marks_of(playbook);
    let parts: Vec<Part> =
        wanted(playbook, &seen).into_iter().map(|one| part(one, &seen, &marks, now)).collect();
    let kinds = PartKind::ALL.into_iter().map(|kind| of_kind(kind, &parts)).collect();
    Coverage { assessed: !seen.is_empty(), kinds, parts }
}

struct Seen<'a> {
    run: &'a Experience,
    covered: &'a Covered,
}

/// A part that is asked for, and the mark that says whether it is still the same.
struct Wanted {
    kind: PartKind,
    name: SmolStr,
    title: Text,
    mark: Option<SmolStr>,
}

fn wanted(playbook: &Playbook, seen: &[Seen<'_>]) -> Vec<Wanted> {
    let names = Names(Some(playbook));
    let mut all = Vec::new();
    let mut want = |kind, name: SmolStr, title, mark| {
        all.push(Wanted { kind, name, title, mark });
    };
    for step in playbook.every_step() {
        let mark = Some(format_smolstr!("step/{}", step.id));
        want(PartKind::Step, SmolStr::new(step.id.as_str()), names.step(&step.id), mark);
    }
    for (key, title, mark) in branches(playbook, names) {
        want(PartKind::Branch, key, title, Some(mark));
    }
    for role in playbook.roles.keys() {
        let mark = Some(format_smolstr!("role/{role}"));
        want(PartKind::Role, SmolStr::new(role.as_str()), names.role(role), mark);
    }
    let named = playbook.every_step().filter_map(|step| match &step.action {
        Action::Notify(notify) => Some(&notify.via),
        _ => None,
    });
    let used = seen.iter().flat_map(|one| &one.covered.channels);
    let channels: std::collections::BTreeSet<_> = named.flatten().chain(used).collect();
    for channel in channels {
        let title = Text::Same(channel.to_string());
        want(PartKind::Channel, SmolStr::new(channel.as_str()), title, None);
    }
    for kind in INJECT_KINDS {
        want(PartKind::Inject, SmolStr::new_static(kind), Text::Same(kind.to_owned()), None);
    }
    for key in deadlines(playbook) {
        let title = names.deadline(&key);
        let mark = mark_of_deadline(&key);
        want(PartKind::Deadline, key, title, mark);
    }
    all
}

fn mark_of_deadline(key: &str) -> Option<SmolStr> {
    let (kind, name) = key.split_once('/')?;
    Some(match kind {
        "start" | "due" => format_smolstr!("step/{name}"),
        "clock" => format_smolstr!("clock/{}", name.split(':').next()?),
        _ => format_smolstr!("{kind}/{name}"),
    })
}

/// Lists the branches of a plan: key, what people call it, and the part whose mark it has.
fn branches(playbook: &Playbook, names: Names<'_>) -> Vec<(SmolStr, Text, SmolStr)> {
    let mut all = Vec::new();
    for phase in &playbook.phases {
        for (nth, next) in phase.next.iter().enumerate() {
            let to = playbook.phase(&next.to).map(|to| to.title.clone());
            let to = to.unwrap_or_else(|| Text::Same(next.to.to_string()));
            let title = |lang: Lang| format!("{} → {}", phase.title.get(lang), to.get(lang));
            let title = Text::both(title(Lang::Zh), title(Lang::En));
            let key = format_smolstr!("next/{}/{nth}", phase.id);
            all.push((key, title, format_smolstr!("phase/{}", phase.id)));
        }
    }
    for step in playbook.every_step() {
        let Action::Decide(decide) = &step.action else { continue };
        let called = names.step(&step.id);
        for option in &decide.options {
            let title = |lang: Lang| format!("{}: {option}", called.get(lang));
            let title = Text::both(title(Lang::Zh), title(Lang::En));
            let key = format_smolstr!("option/{}/{option}", step.id);
            all.push((key, title, format_smolstr!("step/{}", step.id)));
        }
    }
    all
}

impl Seen<'_> {
    fn exercises(&self, kind: PartKind, name: &str) -> bool {
        let covered = self.covered;
        match kind {
            PartKind::Step => covered.steps.get(name).is_some_and(|seen| seen.worked),
            PartKind::Branch => covered.ways.contains(name),
            PartKind::Role => covered.roles.get(name).is_some_and(|role| !role.holders.is_empty()),
            PartKind::Channel => covered.channels.contains(name),
            PartKind::Inject => covered.injects.contains(name),
            PartKind::Deadline => covered.deadlines.contains_key(name),
        }
    }

    /// Tells whether the plan said the same of a part then; what has no mark never changes.
    fn is_same(&self, mark: Option<&SmolStr>, marks: &BTreeMap<SmolStr, SmolStr>) -> bool {
        mark.is_none_or(|mark| {
            let then = self.covered.marks.get(mark);
            then.is_some() && then == marks.get(mark)
        })
    }
}

fn part(
    wanted: Wanted,
    seen: &[Seen<'_>],
    marks: &BTreeMap<SmolStr, SmolStr>,
    now: Timestamp,
) -> Part {
    let Wanted { kind, name, title, mark } = wanted;
    let (mut assessed, mut before) = (false, false);
    let mut last: BTreeMap<How, LastTime> = BTreeMap::new();
    let mut people: Vec<Held> = Vec::new();
    for one in seen {
        let same = one.is_same(mark.as_ref(), marks);
        assessed |= same;
        if !one.exercises(kind, &name) {
            continue;
        }
        if !same {
            before = true;
            continue;
        }
        let (how, at) = (one.run.how, one.run.ended_at);
        let time = LastTime { how, at, source: one.run.source, weight: weight(at, now) };
        if last.get(&how).is_none_or(|known| known.at < at) {
            last.insert(how, time);
        }
        if kind == PartKind::Role {
            hold(&mut people, one, &name);
        }
    }
    let state = match (last.is_empty(), before, assessed) {
        (false, ..) => PartState::Exercised,
        (true, true, _) => PartState::Void,
        (true, false, true) => PartState::None,
        (true, false, false) => PartState::NeverAssessed,
    };
    people.sort_by(|one, other| other.at.cmp(&one.at).then(one.person.cmp(&other.person)));
    Part { kind, name, title, state, last: last.into_values().rev().collect(), people }
}

/// Modelled people hold nothing: who a simulated run asked was not asked.
fn hold(people: &mut Vec<Held>, seen: &Seen<'_>, role: &str) {
    if seen.run.how == How::Simulated {
        return;
    }
    let holders = seen.covered.roles.get(&RoleId::new(role)).map(|role| &role.holders);
    for person in holders.into_iter().flatten() {
        let held = Held { person: person.clone(), how: seen.run.how, at: seen.run.ended_at };
        match people.iter_mut().find(|one| one.person == held.person) {
            Some(known) if known.at < held.at => *known = held,
            Some(_) => {}
            None => people.push(held),
        }
    }
}

/// Reckons how much an exercise still counts.
fn weight(at: Timestamp, now: Timestamp) -> f64 {
    let age = now.duration_since(at).as_secs_f64().max(0.0);
    let weight = 0.5_f64.powf(age / HALF_LIFE.as_secs_f64());
    (weight * 1_000.0).round() / 1_000.0
}

fn of_kind(kind: PartKind, parts: &[Part]) -> KindCoverage {
    let of = || parts.iter().filter(move |part| part.kind == kind);
    let count = |state| u32::try_from(of().filter(|one| one.state == state).count()).unwrap_or(0);
    let total = u32::try_from(of().count()).unwrap_or(u32::MAX);
    let percent = |how| {
        let weights = of().flat_map(|part| &part.last).filter(|last| last.how == how);
        let sum: f64 = weights.map(|last| last.weight).sum();
        // The sum of nothing is a negative zero.
        if sum > 0.0 { (1_000.0 * sum / f64::from(total)).round() / 10.0 } else { 0.0 }
    };
    KindCoverage {
        kind,
        total,
        exercised: count(PartState::Exercised),
        void: count(PartState::Void),
        none: count(PartState::None),
        never_assessed: count(PartState::NeverAssessed),
        percent: Percent {
            simulated: percent(How::Simulated),
            tabletop: percent(How::Tabletop),
            exercise: percent(How::Exercise),
            live: percent(How::Live),
        },
    }
}

#[cfg(test)]
mod tests;
