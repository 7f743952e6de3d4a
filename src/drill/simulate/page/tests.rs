//! Who is paged, where nobody answers, where somebody does, over rosters with holes and over the
//! nights on which clocks change.

use jiff::civil::{DateTime, date, time};

use super::*;
use crate::people::{
    Contact, Duty, Ladder, Layer, Manner, Parts, Person, Rotation, Rung, Schedule, Target, Team,
    Terms, Zone,
};
use crate::text::Lang;

const PLAN: &str = "
playbook: trouble
title: { zh: 故障, en: Trouble }
owner: lead
levels: [ { level: 2 } ]
roles:
  commander: { title: { zh: 指挥, en: Commander }, assign: { schedule: duty },
    deputies: [ { team: lead } ], acknowledge_within: 5m, escalate: up }
phases:
  - id: work
    title: { zh: 处置, en: Work }
    steps: [ { id: fix, role: commander, title: { zh: 修复, en: Fix } } ]
";

fn person(id: &str, contacts: usize) -> Person {
    let contact = Contact { channel: "mail".into(), address: format!("{id}@shop.example") };
    let contacts = vec![contact; contacts];
    Person {
        id: id.into(),
        name: id.into(),
        lang: Lang::En,
        contacts,
        drills: true,
        manner: Manner::default(),
    }
}

/// Nights belong to `ann`, days to `bob`, handed over at 02:30 and 14:30 on the wall; `rung` is whom
/// the ladder's second rung tells.
fn directory(zone: &str, start: DateTime, bob: usize, rung: Target) -> Directory {
    let layer = Layer {
        rotation: Rotation::Hours(12.try_into().unwrap()),
        start,
        turns: ["ann", "bob"].map(|id| Duty::alone(id.into())).to_vec(),
        windows: Vec::new(),
    };
    let schedule = |id: &str, layers| Schedule {
        id: id.into(),
        title: id.into(),
        zone: Zone::named(zone).unwrap(),
        layers,
        shifts: None,
        overrides: Vec::new(),
    };
    let mut never = layer.clone();
    never.start = date(2100, 1, 1).at(0, 0, 0, 0);
    let rungs = [(5, Target::Team("lead".into())), (10, rung)]
        .map(|(minutes, target)| Rung {
            after: SignedDuration::from_mins(minutes),
            targets: vec![target],
            terms: Terms::default(),
        })
        .to_vec();
    Directory::new(Parts {
        people: vec![person("ann", 1), person("bob", bob), person("eve", 1)],
        teams: vec![Team {
            id: "lead".into(),
            title: "lead".into(),
            members: vec!["eve".into()],
            schedule: None,
        }],
        schedules: vec![schedule("duty", vec![layer]), schedule("empty", vec![never])],
        ladders: vec![Ladder { id: "up".into(), rungs, repeat: 0, finally: Vec::new() }],
        channels: ["mail".into()].into(),
        ..Parts::default()
    })
    .unwrap()
}

fn berlin(bob: usize, rung: Target) -> Directory {
    directory("Europe/Berlin", date(2027, 1, 1).to_datetime(time(2, 30, 0, 0)), bob, rung)
}

fn tried(directory: &Directory, at: &str, answer: Option<i64>) -> Paged {
    let playbook = crate::playbook::shipped::load("plan.yaml", PLAN);
    let (inputs, answer) = (Map::new(), answer.map(SignedDuration::from_mins));
    let zone = &Zone::utc();
    let trial =
        Trial { playbook: &playbook, directory, level: None, inputs: &inputs, answer, zone };
    page(trial, at.parse().unwrap()).unwrap()
}

fn told(paged: &Paged) -> Vec<String> {
    let line = |page: &Page| {
        let minutes = page.at.duration_since(paged.at).as_mins();
        let who = page.person.as_ref().map_or("-", PersonId::as_str);
        let rung = page.rung.map_or_else(String::new, |rung| format!(" {rung}"));
        format!("{minutes} {who} {} {}{rung}", page.purpose, page.about)
    };
    paged.pages.iter().map(line).collect()
}

#[test]
fn where_nobody_answers_everyone_is_asked_in_turn_until_the_ladder_ends() {
    let paged = tried(&berlin(1, Target::Person("bob".into())), "2027-02-01T06:00:00Z", None);
    let told = told(&paged);
    assert_eq!(told[0], "0 ann role_page commander", "{told:#?}");
    assert!(told.contains(&"5 eve role_page commander".to_owned()), "{told:#?}");
    assert!(told.iter().any(|line| line.ends_with("escalation commander 2")), "{told:#?}");
    assert_eq!(paged.wrong, []);
    // What is read has titles and names, in both languages.
    let said = |n: usize, lang| paged.pages[n].says.get(lang).to_owned();
    assert!(said(0, Lang::En).contains("Commander"), "{}", said(0, Lang::En));
    assert!(said(0, Lang::Zh).contains("指挥"), "{}", said(0, Lang::Zh));
    assert_eq!(paged.pages[0].name, Some("ann".into()));
}

#[test]
fn whoever_answers_ends_it() {
    let directory = berlin(1, Target::Person("bob".into()));
    let paged = tried(&directory, "2027-02-01T06:00:00Z", Some(2));
    assert_eq!(told(&paged), ["0 ann role_page commander"]);
    let late = tried(&directory, "2027-02-01T06:00:00Z", Some(4));
    assert_eq!(told(&late), ["0 ann role_page commander"]);
}

#[test]
fn who_cannot_be_reached_and_a_rung_that_reaches_nobody_are_wrong() {
    let silent = berlin(0, Target::Person("eve".into()));
    let day = tried(&silent, "2027-02-01T16:00:00Z", None);
    let bob = Wrong::Unreachable { role: "commander".into(), person: "bob".into() };
    assert_eq!(day.wrong, [bob]);
    assert_eq!(tried(&silent, "2027-02-01T06:00:00Z", None).wrong, [], "at night it is ann");
    let empty = tried(&berlin(1, Target::Schedule("empty".into())), "2027-02-01T06:00:00Z", None);
    assert_eq!(empty.wrong, [Wrong::EmptyRung { about: "commander".into(), rung: 2 }]);
    let before = tried(&berlin(1, Target::Person("eve".into())), "2026-12-31T06:00:00Z", None);
    let gap = Wrong::Gap { role: "commander".into(), schedule: "duty".into() };
    assert_eq!(before.wrong, [gap]);
}

#[test]
fn the_shift_changes_at_the_same_wall_clock_time_when_clocks_change() {
    let first = |directory: &Directory, at: &str| {
        tried(directory, at, Some(1)).pages[0].person.clone().unwrap().to_string()
    };
    let berlin = berlin(1, Target::Person("eve".into()));
    // Forward: 02:30 is skipped on 2027-03-28, so the shift begins when clocks jump, at 01:00Z; the
    // next one at 14:30 summer time.
    for (at, who) in [
        ("2027-03-28T00:59:59Z", "bob"),
        ("2027-03-28T01:00:00Z", "ann"),
        ("2027-03-28T12:29:59Z", "ann"),
        ("2027-03-28T12:30:00Z", "bob"),
        // Back: 02:30 shows twice on 2027-10-31; its first showing counts.
        ("2027-10-31T00:29:59Z", "bob"),
        ("2027-10-31T00:30:00Z", "ann"),
        ("2027-10-31T01:30:00Z", "ann"),
        ("2027-10-31T13:30:00Z", "bob"),
    ] {
        assert_eq!(first(&berlin, at), who, "Berlin {at}");
    }
    let start = date(2027, 1, 1).to_datetime(time(1, 30, 0, 0));
    let new_york = directory("America/New_York", start, 1, Target::Person("eve".into()));
    for (at, who) in [
        ("2027-03-14T06:29:59Z", "bob"),
        ("2027-03-14T06:30:00Z", "ann"),
        ("2027-03-14T17:29:59Z", "ann"),
        ("2027-03-14T17:30:00Z", "bob"),
        ("2027-11-07T05:29:59Z", "bob"),
        ("2027-11-07T05:30:00Z", "ann"),
        ("2027-11-07T06:30:00Z", "ann"),
        ("2027-11-07T18:30:00Z", "bob"),
    ] {
        assert_eq!(first(&new_york, at), who, "New York {at}");
    }
}
