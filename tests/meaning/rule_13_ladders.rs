//! Meaning 13: ladders, and what becomes of them while firebell is down.

use firebell::engine::{Fact, Purpose};

use crate::case::{Case, staffed};

const PLAN: &str = "
    phases:
      - id: one
        title: One
        steps:
          - { id: a, title: A, role: support, due: 5m, escalate: long }
          - { id: b, title: B, role: support, due: 7m, escalate: duty }
";

fn fired(case: &Case, step: &str) -> Vec<(u32, i64)> {
    let of_step = |event: &firebell::engine::Event| match &event.fact {
        Fact::RungFired {
            subject: firebell::engine::LadderSubject::Step { key }, rung, ..
        } if key.step.as_str() == step => Some((*rung, case.minute(event.recorded_at))),
        _ => None,
    };
    case.events.iter().filter_map(of_step).collect()
}

#[test]
fn meaning_13_a_ladder_is_armed_with_absolute_instants() {
    let mut case = staffed(PLAN);
    case.pass("5m");
    let armed = case.last(|fact| matches!(fact, Fact::LadderArmed { .. })).fact.clone();
    let Fact::LadderArmed { rungs, .. } = armed else { unreachable!("just found") };
    let minutes: Vec<i64> = rungs.iter().map(|at| case.minute(*at)).collect();
    assert_eq!(minutes, [15, 25, 35, 45, 55, 65]);
}

#[test]
fn meaning_13_people_are_resolved_when_a_rung_fires_and_recorded() {
    let mut case = staffed(PLAN);
    case.pass("8m");
    // Between arming and firing bob hands the roster on to fay.
    let put = firebell::people::Override {
        from: case.start,
        to: case.at_minute(600),
        change: firebell::people::Change::Put("fay".into()),
        note: None,
    };
    let (directory, faults) = case.directory.with_overrides([("platform".into(), put)]);
    assert!(faults.is_empty());
    case.directory = directory;
    case.pass("5m");
    let people = |fact: &Fact| match fact {
        Fact::RungFired { people, .. } => people.iter().map(ToString::to_string).collect(),
        _ => Vec::new(),
    };
    let fired = case.last(|fact| matches!(fact, Fact::RungFired { .. }));
    assert_eq!(people(&fired.fact), ["fay"]);
    assert_eq!(case.told("fay", |p| matches!(p, Purpose::Escalation { .. })), 1);
}

#[test]
fn meaning_13_every_rung_fires_at_its_instant() {
    let mut case = staffed(PLAN);
    case.pass("2h");
    let long = [(0, 15), (1, 25), (2, 35), (3, 45), (4, 55), (5, 65)];
    assert_eq!(fired(&case, "a"), long);
    assert_eq!(fired(&case, "b"), [(0, 12), (1, 22)]);
}

#[test]
fn meaning_13_after_a_long_outage_each_ladder_fires_only_its_current_rung() {
    let mut case = staffed(PLAN);
    case.pass("16m");
    let before = case.hearers(|p| matches!(p, Purpose::Escalation { .. })).len();
    case.sleep("30m");
    let after = case.hearers(|p| matches!(p, Purpose::Escalation { .. })).len();
    assert_eq!(after - before, 1, "one page that names both, not one a rung");
    assert_eq!(fired(&case, "a"), [(0, 15), (3, 46)]);
    assert_eq!(fired(&case, "b"), [(0, 12), (1, 46)]);
}

#[test]
fn meaning_13_missed_rungs_are_recorded() {
    let mut case = staffed(PLAN);
    case.pass("16m");
    case.sleep("30m");
    let missed: Vec<Vec<u32>> = case
        .events
        .iter()
        .filter_map(|event| match &event.fact {
            Fact::RungsMissed { rungs, .. } => Some(rungs.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(missed, [vec![1, 2]]);
}

#[test]
fn meaning_13_it_goes_on_from_now() {
    let mut case = staffed(PLAN);
    case.pass("16m");
    case.sleep("30m");
    case.pass("2h");
    assert_eq!(fired(&case, "a"), [(0, 15), (3, 46), (4, 56), (5, 66)]);
}

#[test]
fn meaning_13_a_short_outage_passes_over_nothing() {
    let mut case = staffed(PLAN);
    case.pass("14m");
    case.sleep("4m");
    assert_eq!(fired(&case, "a"), [(0, 18)]);
    assert_eq!(case.count(|fact| matches!(fact, Fact::RungsMissed { .. })), 0);
}

#[test]
fn meaning_13_a_deadline_that_fell_due_during_an_outage_is_not_lost() {
    let mut case = staffed(PLAN);
    case.sleep("3h");
    assert!(case.run("a").overdue && case.run("b").overdue);
    let pages = case.hearers(|p| matches!(p, Purpose::Escalation { .. })).len();
    assert!(pages <= 2, "{pages} pages at once are a storm");
}

#[test]
fn meaning_13_after_hours_of_downtime_nobody_hears_the_same_twice() {
    let mut case =
        staffed(&PLAN.replace("due: 5m", "start_within: 2m, due: { within: 5m, warn: [50%] }"));
    let before = case.heard().len();
    case.sleep("10h");
    let mut heard = case.heard().split_off(before);
    assert!(heard.len() <= 6, "{heard:?}");
    let all = heard.len();
    heard.sort();
    heard.dedup();
    assert_eq!(heard.len(), all, "{heard:?}");
}
