//! Meaning 6: a step done again and again.

use firebell::engine::{Fact, StepAct};
use firebell::id::StepId;
use firebell::playbook::Milestone;
use serde_json::json;

use crate::act::{complete, set};
use crate::case::{Case, staffed};

const PLAN: &str = "
    inputs: { over: { type: boolean } }
    objectives:
      - { id: first, from: declared, to: { step: check, is: done }, within: 10m }
      - { id: last, from: declared, to: { step: check, is: settled }, within: 10m }
    phases:
      - id: one
        title: One
        steps:
          - { id: check, title: Check, repeat: { every: 10m, until: over, at_most: 3 } }
          - { id: b, title: B, after: [check] }
      - { id: two, title: Two, steps: [ { id: e, title: E } ] }
";

fn iteration(case: &Case) -> u32 {
    case.run("check").key.iteration
}

#[test]
fn meaning_06_iterations_follow_each_other_from_start_to_start() {
    let mut case = staffed(PLAN);
    case.pass("4m");
    case.step("cid", "check", StepAct::Start);
    case.pass("3m");
    case.step("cid", "check", complete());
    case.pass("6m");
    assert_eq!((iteration(&case), case.run("check").is_settled()), (1, false));
    case.pass("1m");
    assert_eq!((iteration(&case), case.state("check")), (2, "ready"));
}

#[test]
fn meaning_06_an_iteration_that_takes_longer_than_every_is_followed_at_once_and_not_before() {
    let mut case = staffed(PLAN);
    case.step("cid", "check", StepAct::Start);
    case.pass("25m");
    assert_eq!((iteration(&case), case.state("check")), (1, "active"));
    case.step("cid", "check", complete());
    case.pass("0s");
    assert_eq!((iteration(&case), case.state("check")), (2, "ready"));
}

#[test]
fn meaning_06_the_step_settles_at_its_last_iteration() {
    let mut case = staffed(PLAN);
    for n in 1..=3 {
        assert_eq!((iteration(&case), case.phase()), (n, "one"));
        case.step("cid", "check", complete());
        case.pass("10m");
    }
    assert_eq!((iteration(&case), case.run("check").is_settled()), (3, true));
    case.step("cid", "b", complete());
    assert_eq!(case.phase(), "two");
}

#[test]
fn meaning_06_the_phase_does_not_end_between_iterations() {
    let mut case = staffed(PLAN);
    case.step("cid", "check", complete());
    case.step("cid", "b", complete());
    assert_eq!(case.phase(), "one");
}

#[test]
fn meaning_06_done_is_the_first_iterations_and_settled_the_last_ones() {
    let mut case = staffed(PLAN);
    case.pass("4m");
    case.step("cid", "check", complete());
    assert_eq!(case.state("b"), "ready", "dependents follow the first iteration");
    case.pass("10m");
    case.step("cid", "check", complete());
    case.pass("10m");
    case.step("cid", "check", complete());
    let milestone = |milestone| {
        let at = case.incident().milestone(&StepId::new("check"), milestone);
        at.map(|at| case.minute(at))
    };
    assert_eq!(milestone(Milestone::Done), Some(4));
    assert_eq!(milestone(Milestone::Settled), Some(24));
    let met = |fact: &Fact| matches!(fact, Fact::ObjectiveMet { objective } if objective.as_str() == "first");
    let missed = |fact: &Fact| matches!(fact, Fact::ObjectiveMissed { objective } if objective.as_str() == "last");
    assert_eq!((case.minutes(met), case.minutes(missed)), (vec![4], vec![10]));
}

#[test]
fn meaning_06_until_ends_it_after_an_iteration() {
    let mut case = staffed(PLAN);
    case.step("cid", "check", complete());
    case.tell("ann", set(json!({ "over": true })));
    assert!(case.run("check").is_settled());
    assert_eq!(iteration(&case), 1);
}

#[test]
fn meaning_06_until_ends_it_with_the_iteration_that_is_being_worked_on() {
    let mut case = staffed(PLAN);
    case.tell("ann", set(json!({ "over": true })));
    case.step("cid", "check", complete());
    assert!(case.run("check").is_settled());
}

#[test]
fn meaning_06_while_ends_it_when_it_is_no_longer_true() {
    let mut case = staffed(
        "
        inputs: { bad: { type: boolean, default: true } }
        phases:
          - id: one
            title: One
            steps:
              - { id: check, title: Check, repeat: { every: 10m, while: bad, at_most: 9 } }
        ",
    );
    case.step("cid", "check", complete());
    case.pass("10m");
    assert_eq!(iteration(&case), 2);
    case.step("cid", "check", complete());
    assert!(!case.run("check").is_settled(), "another is to come");
    case.tell("ann", set(json!({ "bad": false })));
    assert!(case.run("check").is_settled(), "between two as well as after one");
}

#[test]
fn meaning_06_every_iteration_is_a_run_of_its_own() {
    let mut case = staffed(PLAN);
    case.step("cid", "check", complete());
    case.pass("10m");
    case.step("cid", "check", complete());
    let keys: Vec<String> = case
        .events
        .iter()
        .filter_map(|event| match &event.fact {
            Fact::StepDone { key, .. } => Some(key.to_string()),
            _ => None,
        })
        .collect();
    assert_eq!(keys, ["1.check", "1.check#2"]);
}

#[test]
fn meaning_06_an_iteration_whose_failure_leaves_the_phase_is_the_last() {
    let mut case = staffed(
        "
    phases:
      - id: one
        title: One
        steps:
          - { id: check, title: Check, repeat: { every: 10m, at_most: 3 }, on_failure: { go: two } }
      - { id: two, title: Two, steps: [ { id: e, title: E } ] }
",
    );
    case.step("cid", "check", StepAct::Fail { reason: "no use".into() });
    assert_eq!(case.phase(), "two");
    assert!(case.run("check").is_settled() && case.run("check").alarm.is_none());
    case.pass("10m");
    assert_eq!((iteration(&case), case.state("check")), (1, "failed"));
}
