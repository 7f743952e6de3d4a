//! Who could be asked at the instant a simulation begins: a role that nobody can fill, or that only
//! deputies can, says more about the rosters than about the plan, and must not pass for luck. Pure;
//! it must not know how it is shown.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::drill::simulate::world::Stage;
use crate::id::{ChannelId, RoleId};
use crate::people::{Directory, Source, tries};
use crate::playbook::{Playbook, Role};
use crate::text::{Lang, Text};

/// The earliest morning that is thought of: a Monday, ten o'clock in Shanghai.
const FIRST: Timestamp = Timestamp::constant(1_767_578_400, 0);
/// The mornings that are looked at, one a week: rosters are written for two years at most.
const MORNINGS: i64 = 104;

/// What a role lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lack {
    /// Nobody can be asked at all.
    Everyone,
    /// Those who ought to be asked are not there; deputies are.
    OwnSource,
}

/// A role for which somebody is missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Understaffed {
    /// The role.
    pub role: RoleId,
    /// What people call it.
    pub title: Text,
    /// What it lacks.
    pub lack: Lack,
    /// Where people ought to come from.
    pub source: Text,
}

impl Understaffed {
    /// Says it in one sentence.
    #[must_use]
    pub fn sentence(&self) -> Text {
        let Self { title, source, .. } = self;
        let [zh, en] = [Lang::Zh, Lang::En].map(|lang| (title.get(lang), source.get(lang)));
        match self.lack {
            Lack::Everyone => Text::both(
                format!("“{}”无人可找：{}和所有代理来源此刻都没有人", zh.0, zh.1),
                format!(
                    "nobody can be asked to be “{}”: {} and every deputy are empty",
                    en.0, en.1
                ),
            ),
            Lack::OwnSource => Text::both(
                format!("“{}”只能找代理：{}此刻没有人", zh.0, zh.1),
                format!("“{}” falls to deputies: {} has nobody then", en.0, en.1),
            ),
        }
    }
}

/// Lists the channels that the cast speaks of and nobody configured: what it says of them would
/// pass for luck that never came.
#[must_use]
pub fn unknown_channels(stage: Stage<'_>) -> Vec<Text> {
    let unknown = |id: &&ChannelId| !stage.directory.has_channel(id);
    let say = |id: &ChannelId| {
        Text::both(
            format!("`cast` 说到渠道 {id}，但没有配置这个渠道"),
            format!("`cast` speaks of the channel {id}, and no such channel is configured"),
        )
    };
    stage.scenario.cast.channels.keys().filter(unknown).map(say).collect()
}

/// Lists the roles of a plan for which somebody is missing at an instant, the worst first.
#[must_use]
pub fn understaffed(stage: Stage<'_>, at: Timestamp) -> Vec<Understaffed> {
    let Stage { playbook, directory, .. } = stage;
    let mut found: Vec<Understaffed> = playbook
        .roles
        .iter()
        .filter_map(|(id, role)| {
            let lack = lack(role, directory, at)?;
            let source = name(&role.assign, directory);
            let title = playbook.role_title(id);
            Some(Understaffed { role: id.clone(), title, lack, source })
        })
        .collect();
    found.sort_by_key(|one| one.lack);
    found
}

/// Returns the morning on which runs begin that nobody gave an instant: the first on which every
/// role's own source has somebody, so that rosters that begin later count. The same plan and people
/// give the same morning on any day.
#[must_use]
pub fn ordinary_morning(playbook: &Playbook, directory: &Directory) -> Timestamp {
    let mornings = (0..MORNINGS).map(|week| FIRST + SignedDuration::from_hours(7 * 24 * week));
    let lacks = |at: Timestamp| {
        playbook.roles.values().filter(|role| lack(role, directory, at).is_some()).count()
    };
    let mut best = (usize::MAX, FIRST);
    for at in mornings {
        let missing = lacks(at);
        if missing < best.0 {
            best = (missing, at);
        }
        if missing == 0 {
            break;
        }
    }
    best.1
}

fn lack(role: &Role, directory: &Directory, at: Timestamp) -> Option<Lack> {
    let asked = |deputies: &[Source]| tries(directory, &role.assign, deputies, at, &[]);
    if asked(&role.deputies).is_empty() {
        return Some(Lack::Everyone);
    }
    asked(&[]).is_empty().then_some(Lack::OwnSource)
}

fn name(source: &Source, directory: &Directory) -> Text {
    let named = |zh: &str, en: &str, id: &str, title: Option<&Text>| {
        let own = Text::Same(id.to_owned());
        let title = title.unwrap_or(&own);
        Text::both(
            format!("{zh}“{}”", title.get(Lang::Zh)),
            format!("the {en} “{}”", title.get(Lang::En)),
        )
    };
    match source {
        Source::Schedule(id) => {
            let title = directory.schedule(id).map(|schedule| &schedule.title);
            named("值班表", "schedule", id.as_str(), title)
        }
        Source::Team(id) | Source::Claim(id) => {
            named("团队", "team", id.as_str(), directory.team(id).map(|team| &team.title))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drill::house::House;
    use crate::people::{Duty, Layer, Parts, Person, Rotation, Schedule, Team, Zone};

    const PLAN: &str = "playbook: small\ntitle: { zh: 小预案, en: Small }\nowner: ops\nroles:\n  \
        lead: { title: { zh: 负责人, en: Lead }, assign: { schedule: leads }, deputies: [ { team: others } ], acknowledge_within: 5m }\n  \
        hand: { title: { zh: 帮手, en: Hand }, assign: { schedule: hands }, acknowledge_within: 5m }\n\
        phases:\n  - id: only\n    title: { zh: 唯一, en: Only }\n    steps:\n      \
        - { id: a, role: lead, title: { zh: 甲, en: A } }\n      - { id: b, role: hand, title: { zh: 乙, en: B } }\n";
    const DRILL: &str = "drill: small\ntitle: { zh: 小演练, en: Small }\nplaybook: small\nrun: simulated\n\
        cast: { default: { acknowledge: { median: 1m, p90: 2m }, work: { median: 1m, p90: 2m } } }\n";

    fn person(id: &str) -> Person {
        let name = Text::Same(format!("{id} by name"));
        let contact = crate::people::Contact { channel: "mail".into(), address: id.into() };
        let (lang, manner) = (Lang::default(), crate::people::Manner::default());
        Person { id: id.into(), name, lang, contacts: vec![contact], drills: true, manner }
    }

    fn team(id: &str) -> Team {
        let members = vec!["bob".into()];
        Team { id: id.into(), title: Text::Same(id.to_owned()), members, schedule: None }
    }

    fn schedule(id: &str, title: Text, person: &str, from: jiff::civil::Date) -> Schedule {
        let layer = Layer {
            rotation: Rotation::weekly(jiff::civil::Time::midnight()),
            start: from.at(0, 0, 0, 0),
            turns: Duty::together(vec![person.into()]).into_iter().collect(),
            windows: Vec::new(),
        };
        let (zone, layers, overrides) = (Zone::utc(), vec![layer], Vec::new());
        Schedule { id: id.into(), title, zone, layers, shifts: None, overrides }
    }

    /// Leads are on call from the second of November, hands from the month before or never.
    fn house(hands: bool) -> House {
        let never = jiff::civil::date(2040, 1, 1);
        let from = if hands { jiff::civil::date(2026, 10, 1) } else { never };
        let leads = Text::both("组长值班", "Leads on duty");
        let parts = Parts {
            people: ["ann", "bob", "eve"].map(person).into(),
            teams: vec![team("others"), team("ops")],
            schedules: vec![
                schedule("leads", leads, "ann", jiff::civil::date(2026, 11, 2)),
                schedule("hands", Text::Same("hands".to_owned()), "eve", from),
            ],
            ladders: Vec::new(),
            partners: Vec::new(),
            channels: std::iter::once("mail".into()).collect(),
            last_resort: vec!["bob".into()],
        };
        House { directory: Directory::new(parts).unwrap(), ..House::new(PLAN, DRILL) }
    }

    #[test]
    fn a_role_that_nobody_can_fill_is_told_before_one_that_falls_to_deputies() {
        let house = house(false);
        let found = understaffed(house.stage(), FIRST);
        let lacks: Vec<_> = found.iter().map(|one| (one.role.as_str(), one.lack)).collect();
        assert_eq!(lacks, [("hand", Lack::Everyone), ("lead", Lack::OwnSource)]);
        let said: Vec<Text> = found.iter().map(Understaffed::sentence).collect();
        assert_eq!(
            said[0].get(Lang::En),
            "nobody can be asked to be “Hand”: the schedule “hands” and every deputy are empty"
        );
        assert_eq!(said[1].get(Lang::Zh), "“负责人”只能找代理：值班表“组长值班”此刻没有人");
    }

    #[test]
    fn a_channel_that_nobody_configured_is_said() {
        let drill = DRILL
            .replace("cast: {", "cast: { channels: { smz: { loss: 5% }, mail: { loss: 5% } },");
        let house = House { directory: house(true).directory, ..House::new(PLAN, &drill) };
        let said = unknown_channels(house.stage());
        assert_eq!(said.len(), 1);
        assert!(said[0].get(Lang::En).contains("the channel smz"), "{said:?}");
    }

    #[test]
    fn runs_begin_on_the_first_morning_on_which_the_rosters_have_somebody() {
        let house = house(true);
        let morning = ordinary_morning(&house.playbook, &house.directory);
        assert_eq!(morning.to_string(), "2026-11-02T02:00:00Z");
        assert_eq!(understaffed(house.stage(), morning), []);
    }

    #[test]
    fn a_role_that_nobody_ever_fills_does_not_hide_the_other_rosters() {
        let house = house(false);
        let morning = ordinary_morning(&house.playbook, &house.directory);
        assert_eq!(morning.to_string(), "2026-11-02T02:00:00Z");
        assert_eq!(understaffed(house.stage(), morning).len(), 1);
    }
}
