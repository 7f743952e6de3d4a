//! The people of the cases: few, with one of every kind a rule speaks of.

use std::collections::BTreeSet;

use firebell::id::{ChannelId, PersonId};
use firebell::people::{
    Contact, Directory, Duty, Ladder, Layer, Partner, Parts, Person, Rotation, Rung, Schedule,
    Target, Team, Zone,
};
use firebell::text::{Lang, Text};
use jiff::SignedDuration;

/// Makes the directory.
///
/// On call: `duty` ann, `platform` bob, `nobody` nobody. Teams: `service` cid dan eve, `ops` fay
/// gus, `managers` hal, `ghosts` zoe, who cannot be reached. The ladder `duty` tells bob after
/// 5 minutes and hal 10 minutes later; `long` tells hal every 10 minutes, six times.
pub fn directory() -> Directory {
    let channels: BTreeSet<ChannelId> = ["email", "sms", "status"].map(ChannelId::from).into();
    let parts = Parts {
        people: ["ann", "bob", "cid", "dan", "eve", "fay", "gus", "hal"]
            .map(|id| person(id, &["email", "sms"]))
            .into_iter()
            .chain([person("zoe", &[])])
            .collect(),
        teams: vec![
            team("service", &["cid", "dan", "eve"]),
            team("ops", &["fay", "gus"]),
            team("managers", &["hal"]),
            team("ghosts", &["zoe"]),
        ],
        schedules: vec![
            schedule("duty", "ann", 2000),
            schedule("platform", "bob", 2000),
            schedule("nobody", "ann", 2999),
        ],
        ladders: vec![
            Ladder {
                id: "duty".into(),
                rungs: vec![
                    rung(5, Target::Schedule("platform".into())),
                    rung(10, Target::Team("managers".into())),
                ],
                repeat: 0,
                finally: Vec::new(),
            },
            Ladder {
                id: "long".into(),
                rungs: vec![rung(10, Target::Team("managers".into()))],
                repeat: 5,
                finally: Vec::new(),
            },
        ],
        partners: vec![Partner {
            id: "cloud".into(),
            title: "Cloud".into(),
            contacts: vec![contact("cloud", "email")],
            verified_on: None,
        }],
        channels,
        last_resort: vec!["hal".into()],
    };
    Directory::new(parts).unwrap_or_else(|faults| panic!("{faults:?}"))
}

fn person(id: &str, channels: &[&str]) -> Person {
    Person {
        id: id.into(),
        name: Text::from(id),
        lang: Lang::En,
        contacts: channels.iter().map(|channel| contact(id, channel)).collect(),
        drills: true,
        manner: firebell::people::Manner::default(),
    }
}

fn contact(who: &str, channel: &str) -> Contact {
    Contact { channel: channel.into(), address: format!("{who}@example.org") }
}

fn team(id: &str, members: &[&str]) -> Team {
    let members = members.iter().copied().map(PersonId::from).collect();
    Team { id: id.into(), title: Text::from(id), members, schedule: None }
}

fn schedule(id: &str, who: &str, from_year: i16) -> Schedule {
    let layer = Layer {
        rotation: Rotation::weekly(jiff::civil::Time::midnight()),
        start: jiff::civil::date(from_year, 1, 3).at(0, 0, 0, 0),
        turns: vec![Duty::alone(who.into())],
        windows: Vec::new(),
    };
    Schedule {
        id: id.into(),
        title: Text::from(id),
        zone: Zone::utc(),
        layers: vec![layer],
        shifts: None,
        overrides: Vec::new(),
    }
}

fn rung(minutes: i64, target: Target) -> Rung {
    Rung {
        after: SignedDuration::from_mins(minutes),
        targets: vec![target],
        terms: firebell::people::Terms::default(),
    }
}
