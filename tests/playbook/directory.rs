//! A small directory to check plans against.

use firebell::id::{ChannelId, LadderId, PartnerId, PersonId, RoleId, ScheduleId, TeamId};
use firebell::people::{
    Contact, Directory, Duty, Ladder, Layer, Partner, Parts, Person, Rotation, Rung, Schedule,
    Target, Team, Weekdays, Window, Zone,
};
use firebell::text::{Lang, Text};
use jiff::SignedDuration;
use jiff::civil::{date, time};

/// Returns the directory that a file asks for in its first line, if it does.
pub fn named_by(bytes: &[u8]) -> Option<Directory> {
    let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    match first {
        b"# directory: configured" => Some(configured()),
        b"# directory: built-in" => Some(Directory::built_in()),
        _ => None,
    }
}

fn rung(target: Target) -> Rung {
    let after = SignedDuration::from_mins(5);
    Rung { after, targets: vec![target], terms: firebell::people::Terms::default() }
}

fn configured() -> Directory {
    let channel = ChannelId::new("email");
    let contact = Contact { channel: channel.clone(), address: "li@example.com".to_owned() };
    let person = |id: &str, contacts| Person {
        id: PersonId::new(id),
        name: Text::from(id),
        lang: Lang::Zh,
        contacts,
        drills: false,
        manner: firebell::people::Manner::default(),
    };
    let team = |id: &str, members: &[&str]| Team {
        id: TeamId::new(id),
        title: Text::from(id),
        members: members.iter().map(PersonId::new).collect(),
        schedule: None,
    };
    let ladder = |id: &str, target| Ladder {
        id: LadderId::new(id),
        rungs: vec![rung(target)],
        repeat: 0,
        finally: Vec::new(),
    };
    let silence = Target::Team(TeamId::new("silent-team"));
    let through = Ladder {
        rungs: [silence.clone(), Target::Team(TeamId::new("night-watch"))].map(rung).into(),
        ..ladder("through-silence", silence.clone())
    };
    let partner = |id: &str, contacts, verified_on| Partner {
        id: PartnerId::new(id),
        title: Text::from(id),
        contacts,
        verified_on: Some(verified_on),
    };
    Directory::new(Parts {
        people: vec![
            person("li-lei", vec![contact.clone()]),
            person("han-mei", vec![contact.clone()]),
            person("silent", Vec::new()),
        ],
        teams: vec![
            team("cs-operations", &["li-lei", "han-mei"]),
            team("night-watch", &["li-lei", "silent"]),
            team("silent-team", &["silent"]),
        ],
        schedules: vec![office(), by_night()],
        ladders: vec![
            ladder("duty", Target::Role(RoleId::new("commander"))),
            ladder("into-silence", silence),
            through,
        ],
        partners: vec![
            partner("silent-partner", Vec::new(), date(2026, 11, 1)),
            partner("old-friend", vec![contact.clone()], date(2026, 1, 1)),
            // The last day that still counts.
            partner("new-friend", vec![contact], date(2026, 5, 26)),
        ],
        channels: [channel, ChannelId::new("sms")].into(),
        last_resort: Vec::new(),
    })
    .expect("a sound directory")
}

/// Two people take turns by day; at night there is nobody.
fn office() -> Schedule {
    shifts("office", (9, 18))
}

/// The same two by night.
fn by_night() -> Schedule {
    shifts("by-night", (18, 9))
}

fn shifts(id: &str, (from, to): (i8, i8)) -> Schedule {
    let turns = ["li-lei", "han-mei"].map(|person| Duty::alone(PersonId::new(person)));
    Schedule {
        id: ScheduleId::new(id),
        title: Text::from(id),
        zone: Zone::utc(),
        layers: vec![Layer {
            rotation: Rotation::weekly(time(9, 0, 0, 0)),
            start: date(2026, 1, 5).at(9, 0, 0, 0),
            turns: turns.into(),
            windows: vec![Window {
                days: Weekdays::ALL,
                from: time(from, 0, 0, 0),
                to: time(to, 0, 0, 0),
            }],
        }],
        shifts: None,
        overrides: Vec::new(),
    }
}
