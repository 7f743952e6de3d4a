//! What is found before a drill begins.

use std::collections::BTreeSet;

use super::*;
use crate::drill::house::House;
use crate::people::{Contact, Ladder, Parts, Person, Rung, Target, Team, Terms};

const PLAN: &str = "playbook: small
title: { zh: 小预案, en: Small }
owner: ops
partners: [cloud]
roles:
  lead: { title: { zh: 负责人, en: Lead }, assign: { team: leads }, deputies: [ { team: others } ], acknowledge_within: 5m, escalate: up }
  extra: { title: { zh: 旁听, en: Extra }, assign: { team: ghosts }, acknowledge_within: 5m }
messages:
  update: { text: { zh: 处理中, en: In progress } }
phases:
  - id: only
    title: { zh: 唯一, en: Only }
    steps:
      - { id: do, role: lead, title: { zh: 做, en: Do } }
      - { id: tell, notify: { to: [customers, team/ghosts], via: [mail], message: update } }
";

const DRILL: &str = "drill: alarm
title: { zh: 警铃, en: Alarm }
playbook: small
run: exercise
start: declare
";

/// The ways of a made-up installation.
#[derive(Default)]
struct Made {
    shut: BTreeSet<&'static str>,
    confirmed: BTreeSet<&'static str>,
}

impl Ways for Made {
    fn bar(&self, to: &Recipient, _: &ChannelId) -> Option<Why> {
        let shut = matches!(to, Recipient::Person(id) if self.shut.contains(id.as_str()));
        shut.then(|| Why::new(crate::notify::WhyCode::DrillPerson))
    }

    fn is_confirmed(&self, person: &PersonId, _: &ChannelId) -> bool {
        self.confirmed.contains(person.as_str())
    }
}

fn directory(leads: &[&str], others: &[&str], rung: &[&str]) -> Directory {
    let person = |id: &&str| Person {
        id: (*id).into(),
        name: Text::both(format!("{id}君"), format!("{id} by name")),
        lang: Lang::Zh,
        contacts: if *id == "mute" {
            Vec::new()
        } else {
            vec![Contact { channel: "mail".into(), address: (*id).to_owned() }]
        },
        drills: true,
        manner: crate::people::Manner::default(),
    };
    let team = |id: &str, members: &[&str]| Team {
        id: id.into(),
        title: id.into(),
        // No team is empty; one of somebody without a contact is as good as that.
        members: if members.is_empty() { &["mute"] } else { members }
            .iter()
            .copied()
            .map(PersonId::new)
            .collect(),
        schedule: None,
    };
    let rung = if rung.is_empty() { &["mute"] } else { rung };
    let targets = rung.iter().map(|id| Target::Person((*id).into())).collect();
    let rungs =
        vec![Rung { after: jiff::SignedDuration::from_mins(5), targets, terms: Terms::default() }];
    let ladder = Ladder { id: "up".into(), rungs, repeat: 0, finally: Vec::new() };
    Directory::new(Parts {
        people: ["ann", "bo", "cy", "di", "mute"].iter().map(person).collect(),
        teams: vec![
            team("leads", leads),
            team("others", others),
            team("ghosts", &[]),
            team("ops", &["cy"]),
        ],
        ladders: vec![ladder],
        channels: ["mail".into(), "sms".into()].into(),
        ..Parts::default()
    })
    .unwrap()
}

fn look(directory: Directory, drill: &str, ways: &Made) -> Preparation {
    let house = House { directory, ..House::new(PLAN, drill) };
    let House { scenario, playbook, plans, directory, .. } = &house;
    let at = "2026-12-01T10:00:00Z".parse().unwrap();
    prepare(Outset { scenario, playbook, plans, directory, at, ways })
}

fn codes(found: &Preparation) -> Vec<(Gravity, &str)> {
    found.findings.iter().map(|one| (one.gravity, one.code.as_str())).collect()
}

fn said<'a>(found: &'a Preparation, code: &str, lang: Lang) -> &'a str {
    found.findings.iter().find(|one| one.code == code).expect(code).text.get(lang)
}

#[test]
fn a_role_that_nobody_could_fill_blocks_where_a_step_needs_it_and_only_there() {
    let found = look(directory(&[], &[], &[]), DRILL, &Made::default());
    assert!(!found.ready);
    assert_eq!(codes(&found)[0], (Gravity::Blocks, "role_nobody"));
    assert_eq!(found.blocks().count(), 1, "the role that no step needs only warns");
    let why = found.why_not().unwrap();
    assert!(why.get(Lang::Zh).contains("“负责人”无人可找"), "{why:?}");
    assert!(why.get(Lang::En).contains("“Lead”"), "{why:?}");
    assert!(found.roles[0].needed && !found.roles[1].needed);
}

#[test]
fn a_drill_that_writes_to_nobody_is_told_and_not_blocked() {
    let times = "{ median: 2m, p90: 6m }";
    let cast = format!("cast: {{ default: {{ acknowledge: {times}, work: {times} }} }}\n");
    let drill = DRILL.replace("run: exercise", "run: simulated") + &cast;
    let found = look(directory(&[], &[], &[]), &drill, &Made::default());
    assert!(found.ready && found.why_not().is_none());
    assert!(codes(&found).contains(&(Gravity::Warns, "role_nobody")));
}

#[test]
fn whom_no_message_of_a_drill_reaches_cannot_fill_a_role() {
    let shut =
        |who: &[&'static str]| Made { shut: who.iter().copied().collect(), ..Made::default() };
    let people = || directory(&["ann"], &["bo"], &[]);
    let found = look(people(), DRILL, &shut(&["ann", "bo"]));
    assert_eq!(codes(&found)[0], (Gravity::Blocks, "role_unreachable"));
    let way = &found.roles[0].first[0].ways[0];
    assert_eq!(way.bar.as_deref(), Some("drill_person"));
    assert!(way.why.as_ref().unwrap().get(Lang::En).contains("drills: true"));

    let found = look(people(), DRILL, &shut(&["ann"]));
    assert!(found.ready);
    assert!(said(&found, "first_unreachable", Lang::Zh).contains("ann君"));

    let found = look(directory(&["ann"], &["bo"], &["di"]), DRILL, &shut(&["ann", "bo"]));
    assert!(found.ready, "the ladder reaches somebody");
    assert_eq!(codes(&found)[0].1, "role_by_ladder");
    let rung = &found.roles[0].ladder[0];
    assert_eq!((rung.after_seconds, rung.people[0].person.as_str()), (300, "di"));
}

#[test]
fn an_own_source_that_is_empty_is_told() {
    let found = look(directory(&[], &["bo"], &[]), DRILL, &Made::default());
    assert!(found.ready);
    assert!(codes(&found).contains(&(Gravity::Warns, "role_by_deputies")));
}

#[test]
fn those_asked_first_who_never_confirmed_are_named_once() {
    let people = || directory(&["ann", "cy"], &["bo"], &[]);
    let found = look(people(), DRILL, &Made::default());
    assert!(said(&found, "contact_unconfirmed", Lang::En).ends_with(": ann by name"));
    let confirmed = Made { confirmed: ["ann"].into(), ..Made::default() };
    let found = look(people(), DRILL, &confirmed);
    assert!(codes(&found).iter().all(|(_, code)| *code != "contact_unconfirmed"));
    assert!(found.roles[0].first[0].ways[0].confirmed);
    let then: Vec<&str> = found.roles[0].then.iter().map(|one| one.person.as_str()).collect();
    assert_eq!(then, ["cy", "bo"]);
}

#[test]
fn injects_that_aim_at_nobody_are_loud() {
    let injects = "injects:
  - { when: level <= 2, message: { from: media, text: { zh: 来电, en: A call } } }
  - { at: 20m, absent: person/nemo, for: 5m }
  - { at: 10m, absent: person/di, for: 5m }
  - { at: 10m, absent: extra, for: 5m }
  - { at: 10m, channel_down: fax, for: 5m }
  - { within: [5m, 9m], channel_down: sms, for: 5m }
  - { at: 0m, absent: person/ann, for: 5m }
";
    let found =
        look(directory(&["ann"], &[], &[]), &(DRILL.to_owned() + injects), &Made::default());
    let of_injects: Vec<(&str, &str)> = found
        .findings
        .iter()
        .filter(|one| one.code.starts_with("inject"))
        .map(|one| (one.about.as_deref().unwrap(), one.code.as_str()))
        .collect();
    let expected = [
        ("2", "inject_nobody"),
        ("3", "inject_idle"),
        ("4", "inject_nobody"),
        ("5", "inject_no_channel"),
        ("6", "inject_idle"),
    ];
    assert_eq!(of_injects, expected);
    assert!(said(&found, "role_taken_away", Lang::En).contains("“Lead”"));
    let whens: Vec<(Option<&str>, bool, bool)> = found
        .script
        .iter()
        .map(|line| (line.waits_for.as_deref(), line.at.is_some(), line.until.is_some()))
        .collect();
    assert_eq!(whens[0], (None, true, false));
    assert_eq!(whens[1], (None, true, true), "at random between two instants");
    assert_eq!(whens[6], (Some("condition"), false, false), "what has no instant comes last");
}

#[test]
fn what_is_held_back_and_a_team_that_nothing_reaches_are_told() {
    let found = look(directory(&["ann"], &[], &[]), DRILL, &Made::default());
    let held: Vec<(Option<&str>, &str)> = found
        .held_back
        .iter()
        .map(|one| (one.step.as_ref().map(|s| s.as_str()), &*one.to))
        .collect();
    assert_eq!(held, [(Some("tell"), "customers")]);
    assert!(said(&found, "team_unreached", Lang::En).contains("the team ghosts"));
    assert!(said(&found, "team_unreached", Lang::Zh).contains("没有一个人收得到"));
}

#[test]
fn an_installation_without_people_is_told_in_one_sentence_and_starts() {
    let found = look(Directory::built_in(), DRILL, &Made::default());
    assert!(found.ready);
    assert_eq!(codes(&found)[0].1, "nobody_configured");
    assert!(found.roles.iter().all(|role| role.first[0].person.as_str() == "operator"));
}

#[test]
fn what_is_found_is_read_back_as_it_was_written() {
    let found = look(directory(&["ann"], &["bo"], &["di"]), DRILL, &Made::default());
    let written = serde_json::to_vec(&found).unwrap();
    assert_eq!(serde_json::from_slice::<Preparation>(&written).unwrap(), found);
}
