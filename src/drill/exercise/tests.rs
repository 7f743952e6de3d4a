//! When the injects of an exercise come: by the clock, at random, after something, and later by
//! what it stood still.

use super::*;
use crate::drill::file::{Playbooks, load};
use std::sync::Arc;

const PLAN: &str = include_str!("../fixtures/ten-steps.yaml");
const DRILL: &str = include_str!("../fixtures/ten-steps-drill.yaml");

fn scenario(injects: &str) -> Scenario {
    let plan = crate::playbook::shipped::load("plan.yaml", PLAN);
    let plans = Playbooks::from([(plan.id.clone(), Arc::new(plan))]);
    let (start, end) = (DRILL.find("injects:").unwrap(), DRILL.find("expect:").unwrap());
    let text = format!("{}injects:\n{injects}{}", &DRILL[..start], &DRILL[end..]);
    let text = text.replace("start: inject", "start: declare");
    let (scenario, findings) = load("drill", text.as_bytes(), &plans);
    scenario.unwrap_or_else(|| panic!("{findings:?}"))
}

fn minute(minutes: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + minutes * 60).unwrap()
}

fn begun(scenario: &Scenario, run: u128) -> Exercise {
    Exercise::begin(scenario, DrillRunId::from_u128(run), None, minute(0))
}

fn instants(exercise: &Exercise, scenario: &Scenario) -> Vec<(Timestamp, usize)> {
    exercise.ahead(scenario, Look::before(minute(0)))
}

#[test]
fn what_comes_at_random_is_drawn_once_for_a_run_and_stays_in_its_window() {
    let scenario = scenario("  - { within: [10m, 40m], message: hello }\n");
    let of_run = |run| instants(&begun(&scenario, run), &scenario)[0].0;
    let drawn: BTreeSet<Timestamp> = (0..200).map(of_run).collect();
    assert!(drawn.iter().all(|at| (minute(10)..minute(40)).contains(at)));
    assert!(drawn.len() > 190, "runs differ");
    assert!(*drawn.first().unwrap() < minute(12) && *drawn.last().unwrap() > minute(38));
    assert_eq!(of_run(7), of_run(7));
    let kept = serde_json::to_string(&begun(&scenario, 7)).unwrap();
    let read: Exercise = serde_json::from_str(&kept).unwrap();
    assert_eq!(instants(&read, &scenario)[0].0, of_run(7), "it is stored");
}

#[test]
fn what_comes_after_something_waits_for_it_and_then_as_long_as_it_says() {
    let scenario = scenario("  - { after: { step: locate, is: done }, wait: 5m, level: 2 }\n");
    let exercise = begun(&scenario, 1);
    assert_eq!(instants(&exercise, &scenario), []);
    let heard = |cue: &Cue| matches!(cue, Cue::Step { .. }).then(|| minute(7));
    let at = |now| exercise.due(&scenario, Look { now, heard: &heard, holds: &|_| false });
    assert_eq!((at(minute(11)), at(minute(12))), (None, Some(0)));
}

#[test]
fn a_pause_puts_off_what_is_to_come_by_as_long_as_it_lasted() {
    let scenario = scenario("  - { at: 10m, level: 2 }\n  - { at: 30m, level: 1 }\n");
    let mut exercise = begun(&scenario, 1);
    exercise
        .outages
        .push(Outage { missing: crate::notify::gate::Missing::EveryChannel, until: minute(25) });
    exercise.pause(minute(5));
    exercise.pause(minute(6));
    assert!(exercise.is_paused());
    assert_eq!(exercise.due(&scenario, Look::before(minute(60))), None, "it stands still");
    assert_eq!(exercise.next_at(&scenario, Look::before(minute(6))), exercise.over_at(&scenario));
    exercise.go_on(minute(20));
    assert_eq!(instants(&exercise, &scenario), [(minute(25), 0), (minute(45), 1)]);
    assert_eq!(exercise.outages[0].until, minute(40));
    exercise.done.insert(0);
    exercise.pause(minute(30));
    exercise.go_on(minute(31));
    assert_eq!(instants(&exercise, &scenario), [(minute(46), 1)]);
    assert_eq!(exercise.pauses.len(), 2);
}

#[test]
fn an_exercise_ends_when_its_drill_says_without_counting_pauses() {
    let mut scenario = scenario("  - { at: 10m, level: 2 }\n");
    let mut exercise = begun(&scenario, 1);
    assert_eq!(exercise.over_at(&scenario), minute(30 * 24 * 60));
    scenario.lasts = Some(SignedDuration::from_hours(2));
    assert_eq!(exercise.over_at(&scenario), minute(120));
    exercise.pause(minute(60));
    assert_eq!(exercise.over_at(&scenario), minute(30 * 24 * 60), "for ever is still bounded");
    exercise.go_on(minute(90));
    assert_eq!(exercise.over_at(&scenario), minute(150));
}

#[test]
fn an_exercise_of_an_older_version_still_loads() {
    let scenario = scenario("  - { at: 10m, level: 2 }\n");
    let mut value = serde_json::to_value(begun(&scenario, 1)).unwrap();
    let map = value.as_object_mut().unwrap();
    map.retain(|key, _| {
        ["format", "run", "drill", "source", "started_at", "done"].contains(&key.as_str())
    });
    let read: Exercise = serde_json::from_value(value).unwrap();
    assert_eq!(read, begun(&scenario, 1));
}
