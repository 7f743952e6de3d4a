//! What a directory answers and refuses. Must not know how rosters are read.

use super::*;
use crate::people::{Change, FaultKind, Noun, Reach};

fn person(id: &str, reachable: bool) -> Person {
    let contact = Contact { channel: "email".into(), address: format!("{id}@shop.example") };
    Person {
        id: id.into(),
        name: id.into(),
        lang: Lang::En,
        contacts: reachable.then_some(contact).into_iter().collect(),
        drills: false,
        manner: crate::people::Manner::default(),
    }
}

fn schedule(id: &str, turns: &[&str]) -> Schedule {
    Schedule {
        id: id.into(),
        title: id.into(),
        zone: Zone::named("Asia/Shanghai").unwrap(),
        layers: vec![Layer {
            rotation: Rotation::daily(jiff::civil::time(9, 0, 0, 0)),
            start: jiff::civil::date(2026, 11, 2).at(9, 0, 0, 0),
            turns: turns.iter().map(|p| Duty::alone((*p).into())).collect(),
            windows: Vec::new(),
        }],
        shifts: None,
        overrides: Vec::new(),
    }
}

fn team(id: &str, members: &[&str], schedule: Option<&str>) -> Team {
    Team {
        id: id.into(),
        title: id.into(),
        members: members.iter().map(|m| (*m).into()).collect(),
        schedule: schedule.map(Into::into),
    }
}

fn parts() -> Parts {
    Parts {
        people: vec![person("ann", true), person("bo", false), person("cy", true)],
        teams: vec![team("ops", &["bo", "cy", "ann"], Some("duty")), team("law", &["bo"], None)],
        schedules: vec![schedule("duty", &["ann", "bo"])],
        ladders: vec![Ladder {
            id: "duty".into(),
            rungs: vec![Rung {
                after: SignedDuration::from_mins(5),
                targets: vec![Target::Team("ops".into()), Target::Role("commander".into())],
                terms: crate::people::Terms::default(),
            }],
            repeat: 1,
            finally: Vec::new(),
        }],
        partners: Vec::new(),
        channels: BTreeSet::from(["email".into()]),
        last_resort: Vec::new(),
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn names(people: &[PersonId]) -> Vec<&str> {
    people.iter().map(PersonId::as_str).collect()
}

fn faults(parts: Parts) -> Vec<(String, FaultKind)> {
    Directory::new(parts).unwrap_err().into_iter().map(|f| (f.at, f.kind)).collect()
}

#[test]
fn the_team_is_tried_from_whoever_is_on_call_and_skips_the_unreachable() {
    let directory = Directory::new(parts()).unwrap();
    let monday = at("2026-11-02T02:00:00Z");
    assert_eq!(names(&directory.on_call(&"duty".into(), monday)), ["ann"]);
    assert_eq!(directory.team_on_call(&"ops".into(), monday), Some("ann".into()));
    assert_eq!(names(&directory.team_reachable(&"ops".into(), monday)), ["ann", "cy"]);
    let tuesday = at("2026-11-03T02:00:00Z");
    assert_eq!(names(&directory.on_call(&"duty".into(), tuesday)), ["bo"]);
    assert_eq!(directory.team_on_call(&"ops".into(), tuesday), None, "bo has no contact");
    assert_eq!(names(&directory.team_reachable(&"ops".into(), tuesday)), ["cy", "ann"]);
}

#[test]
fn what_does_not_exist_answers_with_nobody() {
    let directory = Directory::new(parts()).unwrap();
    let now = at("2026-11-02T02:00:00Z");
    assert!(directory.on_call(&"nowhere".into(), now).is_empty());
    assert!(directory.team_reachable(&"nowhere".into(), now).is_empty());
    assert!(directory.ladder(&"nowhere".into()).is_none());
    assert!(!directory.is_built_in());
}

#[test]
fn the_built_in_directory_leads_every_reference_to_the_operator() {
    let directory = Directory::built_in();
    let now = at("2026-11-02T02:00:00Z");
    let operator = [PersonId::new(OPERATOR)];
    assert!(directory.is_built_in());
    assert_eq!(directory.on_call(&"any".into(), now), operator);
    assert_eq!(directory.team_on_call(&"any".into(), now).as_ref(), operator.first());
    assert_eq!(directory.team_members(&"any".into()), operator);
    assert!(directory.gaps(&"any".into(), now, at("2027-11-02T02:00:00Z")).is_empty());
    assert_eq!(directory.next_change(&"any".into(), now), None);
    let ladder = directory.ladder(&"any".into()).unwrap();
    let minutes: Vec<i64> = ladder.climb().map(|(after, _)| after.as_mins()).collect();
    assert_eq!(minutes, [5, 15]);
    for (_, rung) in ladder.climb() {
        assert!(rung.targets.contains(&Target::Person(OPERATOR.into())));
    }
    assert!(directory.person(&OPERATOR.into()).unwrap().is_reachable());
}

#[test]
fn a_target_reaches_people_a_holder_or_a_channel() {
    let directory = Directory::new(parts()).unwrap();
    let now = at("2026-11-02T02:00:00Z");
    let people = |ids: &[&str]| Reach::People(ids.iter().map(|id| (*id).into()).collect());
    let cases = [
        (Target::Schedule("duty".into()), people(&["ann"])),
        (Target::Team("ops".into()), people(&["ann", "cy"])),
        (Target::Team("law".into()), people(&[])),
        (Target::Person("cy".into()), people(&["cy"])),
        (Target::Person("nobody".into()), people(&[])),
        (Target::Role("commander".into()), Reach::Holder("commander".into())),
        (Target::Channel("email".into()), Reach::Channel("email".into())),
    ];
    for (target, expected) in cases {
        assert_eq!(directory.reach(&target, now), expected, "{target:?}");
    }
}

#[test]
fn every_dangling_reference_is_found_with_its_place() {
    let mut parts = parts();
    parts.people[0].contacts[0].channel = "pigeon".into();
    parts.teams[0].members[1] = "cyy".into();
    parts.teams[1].schedule = Some("dutty".into());
    parts.schedules[0].layers[0].turns[1] =
        Duty::together(vec!["ann".into(), "dee".into()]).unwrap();
    parts.ladders[0].rungs[0].targets[0] = Target::Team("opps".into());
    let unknown =
        |at: &str, noun, id: &str| (at.to_owned(), FaultKind::Unknown { noun, id: id.to_owned() });
    assert_eq!(
        faults(parts),
        [
            unknown("/people/ann/contacts/0", Noun::Channel, "pigeon"),
            unknown("/teams/ops/members/1", Noun::Person, "cyy"),
            unknown("/teams/law/schedule", Noun::Schedule, "dutty"),
            unknown("/schedules/duty/layers/0/members/1/1", Noun::Person, "dee"),
            unknown("/escalations/duty/rungs/0/to/0", Noun::Team, "opps"),
        ]
    );
}

#[test]
fn empty_lists_repeated_names_and_impossible_waits_are_found() {
    let mut parts = parts();
    parts.teams[0].members.push("ann".into());
    parts.teams[1].members.clear();
    parts.schedules[0].layers.clear();
    parts.ladders[0].rungs[0].after = SignedDuration::from_hours(169);
    parts.ladders[0].rungs[0].targets.clear();
    assert_eq!(
        faults(parts),
        [
            ("/teams/ops/members/3".to_owned(), FaultKind::Twice { id: "ann".into() }),
            ("/teams/law/members".to_owned(), FaultKind::Empty),
            ("/schedules/duty/layers".to_owned(), FaultKind::Empty),
            ("/escalations/duty/rungs/0/after".to_owned(), FaultKind::Wait { limit_hours: 168 }),
            ("/escalations/duty/rungs/0/to".to_owned(), FaultKind::Empty),
        ]
    );
}

fn over(from: &str, to: &str, change: Change) -> Override {
    Override { from: at(from), to: at(to), change, note: None }
}

#[test]
fn overrides_that_cannot_both_be_meant_are_found() {
    let put = |who: &str| Change::Put(who.into());
    let swap = |out: &str, with: &str| Change::Replace { out: out.into(), with: with.into() };
    let mut parts = parts();
    parts.schedules[0].overrides = vec![
        over("2026-11-02T00:00:00Z", "2026-11-03T00:00:00Z", put("ann")),
        over("2026-11-03T00:00:00Z", "2026-11-04T00:00:00Z", put("cy")),
        over("2026-11-03T23:00:00Z", "2026-11-05T00:00:00Z", swap("ann", "cy")),
        over("2026-11-04T00:00:00Z", "2026-11-05T00:00:00Z", swap("bo", "cy")),
        over("2026-11-04T00:00:00Z", "2026-11-05T00:00:00Z", swap("bo", "ann")),
        over("2026-11-06T00:00:00Z", "2026-11-06T00:00:00Z", put("zed")),
    ];
    let place = |i: usize| format!("/schedules/duty/overrides/{i}");
    assert_eq!(
        faults(parts),
        [
            (place(2), FaultKind::Overlap { with: 1 }),
            (place(4), FaultKind::Overlap { with: 3 }),
            (place(5), FaultKind::Unknown { noun: Noun::Person, id: "zed".into() }),
            (place(5), FaultKind::Backwards),
        ]
    );
}

#[test]
fn overrides_made_later_win_and_those_that_no_longer_fit_are_reported() {
    let directory = Directory::new(parts()).unwrap();
    let day = ("2026-11-02T00:00:00Z", "2026-11-03T00:00:00Z");
    let (next, faults) = directory.with_overrides([
        ("duty".into(), over(day.0, day.1, Change::Put("cy".into()))),
        ("duty".into(), over(day.0, day.1, Change::Put("gone".into()))),
        ("gone".into(), over(day.0, day.1, Change::Put("cy".into()))),
    ]);
    let noon = at("2026-11-02T04:00:00Z");
    assert_eq!(names(&next.on_call(&"duty".into(), noon)), ["cy"]);
    assert_eq!(
        names(&directory.on_call(&"duty".into(), noon)),
        ["ann"],
        "the old one is unchanged"
    );
    assert_eq!(faults.len(), 2);
}

#[test]
fn bounds_are_enforced() {
    let mut parts = parts();
    parts.schedules[0].layers =
        vec![parts.schedules[0].layers[0].clone(); crate::people::limits::MAX_LAYERS + 1];
    assert_eq!(
        faults(parts),
        [(
            "/schedules/duty/layers".to_owned(),
            FaultKind::TooMany { limit: crate::people::limits::MAX_LAYERS }
        )]
    );
}

#[test]
fn an_override_survives_storage() {
    let swap = over(
        "2026-11-02T00:00:00Z",
        "2026-11-03T00:00:00Z",
        Change::Replace { out: "ann".into(), with: "cy".into() },
    );
    let json = serde_json::to_string(&swap).unwrap();
    assert_eq!(serde_json::from_str::<Override>(&json).unwrap(), swap);
}
