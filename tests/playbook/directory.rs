//! A small directory to check plans against.

use firebell::id::{ChannelId, LadderId, PartnerId, PersonId, RoleId, TeamId};
use firebell::people::{Contact, Directory, Ladder, Partner, Parts, Person, Rung, Target, Team};
use firebell::text::{Lang, Text};
use jiff::SignedDuration;

/// Returns the directory that a file asks for in its first line, if it does.
pub fn named_by(bytes: &[u8]) -> Option<Directory> {
    let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    match first {
        b"# directory: configured" => Some(configured()),
        b"# directory: built-in" => Some(Directory::built_in()),
        _ => None,
    }
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
    };
    let team = |id: &str, members: &[&str]| Team {
        id: TeamId::new(id),
        title: Text::from(id),
        members: members.iter().map(PersonId::new).collect(),
        schedule: None,
    };
    let rung = Rung {
        after: SignedDuration::from_mins(5),
        targets: vec![Target::Role(RoleId::new("commander"))],
    };
    Directory::new(Parts {
        people: vec![person("li-lei", vec![contact]), person("silent", Vec::new())],
        teams: vec![team("cs-operations", &["li-lei"]), team("silent-team", &["silent"])],
        schedules: Vec::new(),
        ladders: vec![Ladder { id: LadderId::new("duty"), rungs: vec![rung], repeat: 0 }],
        partners: vec![Partner {
            id: PartnerId::new("silent-partner"),
            title: Text::from("silent-partner"),
            contacts: Vec::new(),
            verified_on: None,
        }],
        channels: [channel].into(),
    })
    .expect("a sound directory")
}
