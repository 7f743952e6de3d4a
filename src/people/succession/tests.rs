//! Who is tried after whom. Must not know incidents.

use std::collections::BTreeSet;

use super::*;
use crate::people::{Contact, Duty, Layer, Parts, Person, Rotation, Schedule, Team, Zone};

/// Five people of whom `deaf` cannot be reached; `duty` has `a` and `b` on call together.
fn directory() -> Directory {
    let person = |id: &str| Person {
        id: id.into(),
        name: id.into(),
        lang: crate::text::Lang::Zh,
        contacts: (id != "deaf")
            .then(|| Contact { channel: "email".into(), address: id.into() })
            .into_iter()
            .collect(),
        drills: false,
        manner: crate::people::Manner::default(),
    };
    let team = |id: &str, members: &[&str]| Team {
        id: id.into(),
        title: id.into(),
        members: members.iter().map(|m| (*m).into()).collect(),
        schedule: None,
    };
    let layer = Layer {
        rotation: Rotation::weekly(jiff::civil::time(9, 0, 0, 0)),
        start: jiff::civil::date(2026, 11, 2).at(9, 0, 0, 0),
        turns: vec![Duty::together(vec!["a".into(), "b".into()]).unwrap()],
        windows: Vec::new(),
    };
    Directory::new(Parts {
        people: ["a", "b", "c", "d", "e", "deaf"].map(person).to_vec(),
        teams: vec![team("crew", &["deaf", "c", "a", "d", "e"]), team("silent", &["deaf"])],
        schedules: vec![Schedule {
            id: "duty".into(),
            title: "duty".into(),
            zone: Zone::utc(),
            layers: vec![layer],
            shifts: None,
            overrides: Vec::new(),
        }],
        channels: BTreeSet::from(["email".into()]),
        ..Parts::default()
    })
    .unwrap()
}

fn shown(assign: &Source, deputies: &[Source], excluding: &[&str]) -> Vec<String> {
    let at = "2026-11-04T00:00:00Z".parse().unwrap();
    let excluding: Vec<PersonId> = excluding.iter().map(|id| (*id).into()).collect();
    tries(&directory(), assign, deputies, at, &excluding)
        .into_iter()
        .map(|attempt| match attempt {
            Try::Assign { person, .. } => person.to_string(),
            Try::Ask { people, .. } => {
                people.iter().map(PersonId::as_str).collect::<Vec<_>>().join("|")
            }
        })
        .collect()
}

#[test]
fn meaning_10_those_on_call_come_first_then_the_deputies_and_nobody_twice() {
    let crew = [Source::Team("crew".into())];
    assert_eq!(shown(&Source::Schedule("duty".into()), &crew, &[]), ["a", "b", "c", "d"]);
}

#[test]
fn meaning_10_who_declined_or_stayed_silent_is_not_tried_again() {
    let crew = [Source::Team("crew".into())];
    assert_eq!(shown(&Source::Schedule("duty".into()), &crew, &["a"]), ["b", "c", "d"]);
    assert_eq!(shown(&Source::Schedule("duty".into()), &crew, &["a", "b", "c", "d"]), [""; 0]);
}

#[test]
fn meaning_10_a_claim_asks_every_reachable_member_at_once() {
    let claim = Source::Claim("crew".into());
    assert_eq!(shown(&claim, &[], &[]), ["c|a|d|e"]);
    assert_eq!(shown(&claim, &[], &["c"]), ["a|d|e"]);
    assert_eq!(shown(&Source::Schedule("duty".into()), &[claim], &[]), ["a", "b", "c|d|e"]);
}

#[test]
fn meaning_10_a_team_without_a_reachable_member_is_passed_over() {
    let silent = Source::Team("silent".into());
    let claim = Source::Claim("silent".into());
    assert_eq!(shown(&silent, &[claim], &[]), [""; 0]);
    assert_eq!(shown(&silent, &[Source::Schedule("duty".into())], &[]), ["a", "b"]);
}

#[test]
fn a_long_team_is_tried_a_few_times_before_the_deputies() {
    let duty = [Source::Schedule("duty".into())];
    assert_eq!(shown(&Source::Team("crew".into()), &duty, &["c"]), ["a", "d", "b"]);
}
