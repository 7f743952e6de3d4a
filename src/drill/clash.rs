//! Two drills whose planned runs fall together on one plan or on the same people: each would spoil
//! the other. Pure; it must not know how it is told.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::drill::file::Playbooks;
use crate::drill::scenario::{Announcement, RunAs, Scenario};
use crate::id::{DrillId, PersonId};
use crate::people::{Directory, Try, tries};
use crate::playbook::Playbook;

/// How far ahead is looked: drills are planned for a year.
pub const AHEAD: SignedDuration = SignedDuration::from_hours(24 * 366);
/// How many planned runs of one drill are looked at: one a day for a year and then some; whoever
/// drills more often meets every other drill within these.
pub const RUNS_MAX: usize = 400;
/// How long a drill counts as going on that does not say how long it lasts: a long meeting.
pub const USUAL_LENGTH: SignedDuration = SignedDuration::from_hours(2);
/// How many people a clash names.
pub const PEOPLE_MAX: usize = 5;

/// Two drills that fall together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clash {
    /// One of them.
    pub one: DrillId,
    /// The other.
    pub other: DrillId,
    /// When both first go on.
    pub at: Timestamp,
    /// On what.
    pub on: Same,
}

/// What two drills both need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Same {
    /// The plan.
    Plan,
    /// These people, at most [`PEOPLE_MAX`] of them.
    People(Vec<PersonId>),
}

/// A stretch in which a run may go on.
type Stretch = (Timestamp, Timestamp);

/// Lists the pairs of drills that fall together, each with the first instant at which it does.
#[must_use]
pub fn clashes<'a>(
    drills: impl Iterator<Item = &'a Arc<Scenario>>,
    plans: &Playbooks,
    directory: &Directory,
    now: Timestamp,
) -> Vec<Clash> {
    let planned: Vec<(&Arc<Scenario>, Vec<Stretch>)> = drills
        .map(|drill| (drill, stretches(drill, now)))
        .filter(|(_, stretches)| !stretches.is_empty())
        .collect();
    let mut found = Vec::new();
    for (n, (one, of_one)) in planned.iter().enumerate() {
        for (other, of_other) in &planned[n + 1..] {
            let together = together(of_one, of_other);
            let on = |at: Timestamp| {
                if one.playbook == other.playbook {
                    return Some(Same::Plan);
                }
                let both = shared((one, other), plans, directory, at);
                (!both.is_empty()).then_some(Same::People(both))
            };
            let first = together.into_iter().find_map(|at| Some((at, on(at)?)));
            found.extend(first.map(|(at, on)| {
                let (one, other) = (one.id.clone(), other.id.clone());
                Clash { one, other, at, on }
            }));
        }
    }
    found
}

/// Lists when the runs of a drill with people may go on. What is simulated disturbs nobody.
fn stretches(drill: &Scenario, now: Timestamp) -> Vec<Stretch> {
    let (RunAs::Exercise | RunAs::Tabletop, Some(calendar)) = (drill.run, &drill.calendar) else {
        return Vec::new();
    };
    let late = match drill.notice {
        Announcement::Ahead(_) => SignedDuration::ZERO,
        Announcement::None { within, .. } => within,
    };
    let length = drill.lasts.unwrap_or(USUAL_LENGTH).saturating_add(late);
    let until = now.saturating_add(AHEAD).unwrap_or(Timestamp::MAX);
    let planned = calendar.upcoming(now, RUNS_MAX).into_iter().take_while(|at| *at <= until);
    planned.map(|at| (at, at.saturating_add(length).unwrap_or(Timestamp::MAX))).collect()
}

/// Lists the instants from which a stretch of each goes on.
fn together(one: &[Stretch], other: &[Stretch]) -> Vec<Timestamp> {
    let (mut n, mut m) = (0, 0);
    let mut found = Vec::new();
    while let (Some(a), Some(b)) = (one.get(n), other.get(m)) {
        let from = a.0.max(b.0);
        if from < a.1.min(b.1) {
            found.push(from);
        }
        if a.1 <= b.1 { n += 1 } else { m += 1 }
    }
    found
}

/// Returns who would be asked by both. Where nobody is configured everything falls to one person,
/// which says nothing of drills.
fn shared(
    (one, other): (&Scenario, &Scenario),
    plans: &Playbooks,
    directory: &Directory,
    at: Timestamp,
) -> Vec<PersonId> {
    if directory.is_built_in() {
        return Vec::new();
    }
    let of = |drill: &Scenario| {
        plans.get(&drill.playbook).map(|plan| asked(plan, directory, at)).unwrap_or_default()
    };
    of(one).intersection(&of(other)).take(PEOPLE_MAX).cloned().collect()
}

/// Returns who is asked first for each role.
fn asked(plan: &Playbook, directory: &Directory, at: Timestamp) -> BTreeSet<PersonId> {
    let first = plan.roles.values().filter_map(|role| {
        tries(directory, &role.assign, &role.deputies, at, &[]).into_iter().next()
    });
    first
        .flat_map(|asked| match asked {
            Try::Assign { person, .. } => vec![person],
            Try::Ask { people, .. } => people,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drill::file::load;
    use crate::people::{Contact, Parts, Person, Team};
    use crate::text::Lang;

    fn plan(id: &str, team: &str) -> Arc<Playbook> {
        let text = format!(
            "playbook: {id}\ntitle: {{ zh: 预案, en: Plan }}\nowner: {team}\nroles:\n  \
             lead: {{ title: {{ zh: 总指挥, en: Lead }}, assign: {{ team: {team} }}, acknowledge_within: 5m }}\n\
             phases:\n  - id: only\n    title: {{ zh: 唯一, en: Only }}\n    steps:\n      \
             - {{ id: do, role: lead, title: {{ zh: 做, en: Do }} }}\n"
        );
        Arc::new(crate::playbook::shipped::load("plan.yaml", &text))
    }

    fn people() -> Directory {
        let person = |id: &str| Person {
            id: id.into(),
            name: id.into(),
            lang: Lang::Zh,
            contacts: vec![Contact { channel: "mail".into(), address: id.to_owned() }],
            drills: true,
            manner: crate::people::Manner::default(),
        };
        let team = |id: &str, members: &[&str]| Team {
            id: id.into(),
            title: id.into(),
            members: members.iter().copied().map(PersonId::new).collect(),
            schedule: None,
        };
        Directory::new(Parts {
            people: vec![person("ann"), person("bo")],
            teams: vec![team("a", &["ann"]), team("b", &["bo"]), team("c", &["ann", "bo"])],
            channels: ["mail".into()].into(),
            ..Parts::default()
        })
        .unwrap()
    }

    /// Two drills, each of `(plan, cron, more lines)`.
    fn found(drills: [(&str, &str, &str); 2]) -> Vec<Clash> {
        let plans: Playbooks = [plan("pa", "a"), plan("pb", "b"), plan("pc", "c")]
            .into_iter()
            .map(|plan| (plan.id.clone(), plan))
            .collect();
        let read = |(n, (plan, cron, more)): (usize, (&str, &str, &str))| {
            let text = format!(
                "drill: d{n}\ntitle: {{ zh: 演练, en: Drill }}\nplaybook: {plan}\nstart: declare\n\
                 schedule: {{ cron: \"{cron}\", timezone: UTC }}\n{more}\n"
            );
            let (scenario, findings) = load("d.yaml", text.as_bytes(), &plans);
            Arc::new(scenario.unwrap_or_else(|| panic!("{findings:?}")))
        };
        let drills: Vec<_> = drills.into_iter().enumerate().map(read).collect();
        let now = "2026-11-21T00:00:00Z".parse().unwrap();
        clashes(drills.iter(), &plans, &people(), now)
    }

    const EXERCISE: &str = "run: exercise";

    #[test]
    fn two_drills_of_one_plan_at_one_time_clash_at_the_first_such_instant() {
        let found =
            found([("pa", "0 10 1 * *", EXERCISE), ("pa", "30 11 1 3,9 *", "run: tabletop")]);
        assert_eq!(found.len(), 1);
        let Clash { one, other, at, on } = &found[0];
        assert_eq!((one.as_str(), other.as_str(), on), ("d0", "d1", &Same::Plan));
        assert_eq!(at.to_string(), "2027-03-01T11:30:00Z");
    }

    #[test]
    fn drills_that_ask_the_same_people_clash_and_those_of_others_do_not() {
        let at_ten = |plan| (plan, "0 10 1 12 *", EXERCISE);
        let same = found([at_ten("pa"), at_ten("pc")]);
        assert_eq!(same[0].on, Same::People(vec!["ann".into()]));
        assert_eq!(found([at_ten("pa"), at_ten("pb")]), []);
    }

    #[test]
    fn how_long_a_drill_lasts_and_what_it_keeps_secret_count() {
        let (morning, later) = ("0 8 1 12 *", "0 11 1 12 *");
        assert_eq!(found([("pa", morning, EXERCISE), ("pa", later, EXERCISE)]), []);
        let long = "run: exercise\nlasts: 4h";
        assert_eq!(found([("pa", morning, long), ("pa", later, EXERCISE)]).len(), 1);
        let secret = "run: exercise\nnotice: { no_notice_within: 3d, hours: \"09:00-18:00\" }";
        assert_eq!(found([("pa", morning, secret), ("pa", "0 9 3 12 *", EXERCISE)]).len(), 1);
    }

    #[test]
    fn what_is_simulated_disturbs_nobody() {
        let times = "{ median: 2m, p90: 6m }";
        let simulated = format!(
            "run: simulated\ncast: {{ default: {{ acknowledge: {times}, work: {times} }} }}"
        );
        assert_eq!(found([("pa", "0 10 1 12 *", EXERCISE), ("pa", "0 10 1 12 *", &simulated)]), []);
    }

    #[test]
    fn a_drill_every_minute_is_bounded() {
        let every = ("pa", "* * * * *", EXERCISE);
        assert_eq!(found([every, every]).len(), 1);
    }
}
