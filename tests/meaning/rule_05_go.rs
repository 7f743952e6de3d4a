//! Meaning 5: where a failure leads to.

use firebell::engine::{Fact, StepAct};
use serde_json::json;

use crate::act::{complete, fail, skip};
use crate::case::{staffed, staffed_with};

const TO_STEP: &str = "
    inputs: { users: { type: integer, default: 1 } }
    phases:
      - id: one
        title: One
        steps:
          - { id: a, title: A, on_failure: { go: manual } }
          - { id: manual, title: M, after: [a, far], when: users > 5 }
          - { id: far, title: F, blocks: nothing }
      - { id: two, title: Two, steps: [ { id: e, title: E } ] }
";

#[test]
fn meaning_05_go_makes_a_waiting_step_ready_whatever_its_after_and_when() {
    let mut case = staffed(TO_STEP);
    case.step("cid", "a", fail());
    assert_eq!(case.states(["a", "manual", "far"]), ["failed", "ready", "ready"]);
}

#[test]
fn meaning_05_the_failed_step_then_counts_as_settled() {
    let mut case = staffed(TO_STEP);
    case.step("cid", "a", fail());
    assert!(!case.stuck());
    case.step("cid", "manual", complete());
    assert_eq!(case.phase(), "two");
}

#[test]
fn meaning_05_go_makes_a_skipped_step_ready() {
    let mut case = staffed_with(
        "
        inputs: { users: { type: integer } }
        phases:
          - id: one
            title: One
            steps:
              - { id: a, title: A, on_failure: { go: manual } }
              - { id: manual, title: M, when: users > 5 }
        ",
        json!({ "users": 1 }),
    );
    assert_eq!(case.state("manual"), "skipped");
    case.step("cid", "a", fail());
    assert_eq!(case.state("manual"), "ready");
}

#[test]
fn meaning_05_go_leaves_a_step_that_is_ready_worked_on_or_done_as_it_is() {
    let plan = "
        phases:
          - id: one
            title: One
            steps:
              - { id: a, title: A, on_failure: { go: manual } }
              - { id: manual, title: M }
              - { id: more, title: More }
    ";
    let mut ready = staffed(plan);
    ready.step("cid", "a", fail());
    assert_eq!(ready.state("manual"), "ready");
    let mut active = staffed(plan);
    active.step("cid", "manual", StepAct::Start);
    active.step("cid", "a", fail());
    assert_eq!(active.state("manual"), "active");
    let mut done = staffed(plan);
    done.step("cid", "manual", complete());
    done.step("cid", "a", fail());
    assert_eq!(done.state("manual"), "done");
    let opened =
        |fact: &Fact| matches!(fact, Fact::StepReady { key, .. } if key.step.as_str() == "manual");
    for case in [ready, active, done] {
        assert_eq!(case.count(opened), 1);
    }
}

#[test]
fn meaning_05_a_step_that_was_left_out_late_has_its_time_once_more() {
    let mut case = staffed(
        "
        phases:
          - id: one
            title: One
            steps:
              - { id: a, title: A, on_failure: { go: manual } }
              - { id: manual, title: M, start_within: 2m, due: 5m }
        ",
    );
    case.step("cid", "manual", StepAct::Start);
    case.pass("9m");
    case.step("ann", "manual", skip());
    case.step("cid", "a", fail());
    let run = case.run("manual");
    assert_eq!((run.state.name(), run.started_at, run.overdue), ("ready", None, false));
    assert_eq!(case.due("manual"), Some(14));
    case.pass("3m");
    assert!(case.run("manual").start_overdue);
    case.pass("3m");
    assert!(case.run("manual").overdue);
}

const TO_PHASE: &str = "
    phases:
      - id: one
        title: One
        steps:
          - { id: a, title: A, on_failure: { go: three } }
          - { id: b, title: B }
      - { id: two, title: Two, steps: [ { id: c, title: C } ] }
      - { id: three, title: Three, steps: [ { id: d, title: D } ] }
";

#[test]
fn meaning_05_go_to_a_phase_leaves_at_once_and_cancels_what_is_open() {
    let mut case = staffed(TO_PHASE);
    case.step("cid", "a", fail());
    assert_eq!(case.phase(), "three");
    assert_eq!((case.state("b"), case.cause("b").as_str()), ("cancelled", "phase_left"));
    assert_eq!(case.state("a"), "failed");
}

#[test]
fn meaning_05_go_to_the_current_phase_does_nothing_and_the_failed_step_counts_as_settled() {
    let mut case = staffed(
        "
        phases:
          - id: one
            title: One
            steps: [ { id: a, title: A, on_failure: { go: one } }, { id: b, title: B } ]
          - { id: two, title: Two, steps: [ { id: c, title: C } ] }
        ",
    );
    case.step("cid", "a", fail());
    assert_eq!((case.phase(), case.incident().visit), ("one", 1));
    assert_eq!(case.states(["a", "b"]), ["failed", "ready"]);
    case.step("cid", "b", complete());
    assert_eq!(case.phase(), "two");
}

#[test]
fn meaning_05_a_handler_that_goes_to_the_current_phase_does_nothing() {
    let mut case = staffed(
        "
        phases:
          - { id: one, title: One, steps: [ { id: a, title: A }, { id: b, title: B } ] }
        handlers:
          - { event: step_failed, go: one }
        ",
    );
    case.step("cid", "a", fail());
    assert_eq!((case.phase(), case.incident().visit, case.state("b")), ("one", 1, "ready"));
}

#[test]
fn meaning_05_a_timeout_has_a_way_of_its_own() {
    let mut case = staffed(
        "
        phases:
          - id: one
            title: One
            steps:
              - id: a
                http: { url: 'https://ops.example/x' }
                timeout: 1m
                on_timeout: { go: by_hand }
              - { id: by_hand, title: By hand, after: [a], when: steps.a.cause == 'error' }
        ",
    );
    case.pass("2m");
    assert_eq!((case.state("a"), case.cause("a").as_str()), ("failed", "timeout"));
    assert_eq!(case.state("by_hand"), "ready");
}
