//! Meaning 14: everything that goes round has a bound.

use firebell::engine::limits::VISITS_MAX;
use firebell::engine::{Fact, StuckReason};

use crate::act::{complete, complete_with};
use crate::case::{declared, staffed};
use crate::plan::findings;

#[test]
fn meaning_14_a_loop_between_phases_without_a_bound_is_an_error() {
    let codes = findings(
        "
        phases:
          - { id: one, title: One, steps: [ { id: a, title: A } ] }
          - { id: two, title: Two, steps: [ { id: b, title: B } ], next: [ { to: one } ] }
        ",
    );
    assert!(!codes.is_empty());
}

#[test]
fn meaning_14_a_repeat_without_a_bound_is_an_error() {
    let codes = findings(
        "phases: [ { id: one, title: One, steps: [ { id: a, title: A, repeat: { every: 5m } } ] } ]",
    );
    assert!(!codes.is_empty());
}

#[test]
fn meaning_14_a_for_each_without_a_bound_is_an_error() {
    let codes = findings(
        "
        inputs: { list: { type: list, of: string } }
        phases: [ { id: one, title: One, steps: [ { id: a, title: A, for_each: { in: list, as: x } } ] } ]
        ",
    );
    assert!(!codes.is_empty());
}

#[test]
fn meaning_14_steps_that_wait_for_each_other_are_an_error() {
    let codes = findings(
        "
        phases:
          - id: one
            title: One
            steps: [ { id: a, title: A, after: [b] }, { id: b, title: B, after: [a] } ]
        ",
    );
    assert!(!codes.is_empty());
}

#[test]
fn meaning_14_a_loop_runs_to_its_bound_and_then_is_stuck() {
    let mut case = staffed(
        "
        phases:
          - { id: one, title: One, steps: [ { id: a, title: A } ] }
          - id: two
            title: Two
            steps: [ { id: b, title: B } ]
            next: [ { to: one, at_most: 100 } ]
        ",
    );
    for _ in 0..100 {
        case.step("cid", "a", complete());
        assert!(!case.stuck());
        case.step("cid", "b", complete());
    }
    case.step("cid", "a", complete());
    case.step("cid", "b", complete());
    assert_eq!(case.incident().stuck, Some(StuckReason::SpentLoop { next: 0 }));
    assert_eq!(case.incident().visit, 202);
}

#[test]
fn meaning_14_a_repeat_runs_to_its_bound() {
    let mut case = staffed(
        "
        phases:
          - id: one
            title: One
            steps: [ { id: s, set: { n: '1' }, repeat: { every: 1m, at_most: 50 } }, { id: b, title: B } ]
        ",
    );
    case.pass("5h");
    assert_eq!(case.count(|fact| matches!(fact, Fact::StepDone { .. })), 50);
    assert!(case.run("s").is_settled());
}

#[test]
fn meaning_14_a_for_each_does_as_many_as_it_may_and_says_what_it_left_out() {
    let mut case = staffed(
        "
        phases:
          - id: one
            title: One
            steps:
              - { id: ask, title: Ask, form: { list: { type: list, of: string } } }
              - { id: a, title: A, after: [ask], for_each: { in: list, as: x, at_most: 2 } }
        ",
    );
    let list = ["p", "q", "r", "s"];
    case.step("cid", "ask", complete_with(serde_json::json!({ "list": list })));
    let ready = case.last(|fact| matches!(fact, Fact::StepReady { key, .. } if key.step.as_str() == "a" && key.item.is_none()));
    assert!(matches!(&ready.fact, Fact::StepReady { items, left_out: 2, .. } if items.len() == 2));
}

#[test]
fn meaning_14_a_loop_of_automatic_steps_stops_at_the_bound_on_visits() {
    let phases = 12;
    let ring = (0..phases).map(|n| {
        let to = (n + 1) % phases;
        format!(
            "- {{ id: p{n}, title: P, steps: [ {{ id: s{n}, set: {{ v{n}: '1' }} }} ], \
             next: [ {{ to: p{to}, at_most: 100 }} ] }}\n"
        )
    });
    let case = declared(&format!("phases:\n{}", ring.collect::<String>()));
    assert_eq!(case.incident().visit, VISITS_MAX);
    assert!(case.stuck(), "a person may move it on, no rule does");
}
