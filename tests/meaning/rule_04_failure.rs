//! Meaning 4: a failure with `stop` halts what depends on it, nothing else, and someone hears.

use firebell::engine::{Purpose, StepAct};
use serde_json::json;

use crate::act::{complete, fail, move_to, skip};
use crate::case::{Case, staffed, staffed_with};

const PLAN: &str = "
    phases:
      - id: one
        title: One
        steps:
          - { id: a, title: A, role: support, escalate: duty }
          - { id: b, title: B, after: [a] }
          - { id: c, title: C }
          - { id: d, title: D, after: [c] }
      - { id: two, title: Two, steps: [ { id: e, title: E } ] }
";

fn failed() -> Case {
    let mut case = staffed(PLAN);
    case.step("cid", "a", fail());
    case
}

#[test]
fn meaning_04_dependents_and_the_phase_end_wait_and_neighbours_go_on() {
    let mut case = failed();
    case.step("cid", "c", complete());
    case.step("cid", "d", complete());
    assert_eq!(case.states(["a", "b", "c", "d"]), ["failed", "waiting", "done", "done"]);
    assert_eq!(case.phase(), "one");
}

#[test]
fn meaning_04_it_escalates_until_someone_acts() {
    let mut case = failed();
    assert!(case.climbs_for("a"));
    case.pass("16m");
    assert_eq!(
        case.hearers(|p| matches!(p, Purpose::Escalation { .. })),
        ["bob", "hal"],
        "the ladder is climbed rung by rung"
    );
    case.step("cid", "a", StepAct::Retry);
    assert!(!case.climbs_for("a"));
}

#[test]
fn meaning_04_someone_who_answers_for_it_is_told() {
    let case = failed();
    assert_eq!(case.hearers(|p| matches!(p, Purpose::StepFailed { .. })), ["cid", "ann"]);
}

#[test]
fn meaning_04_one_message_names_all_that_failed_at_once() {
    let mut case = staffed_with(
        "
        inputs: { users: { type: integer } }
        phases:
          - id: one
            title: One
            steps:
              - { id: a, title: A }
              - { id: b, after: [a], set: { n: '1 // users' } }
              - { id: c, after: [a], set: { m: '1 // users' } }
              - { id: d, after: [a], set: { k: '1 // users' } }
        ",
        json!({ "users": 0 }),
    );
    case.step("cid", "a", complete());
    assert_eq!(case.states(["b", "c", "d"]), ["failed", "failed", "failed"]);
    let named = |purpose: &Purpose| match purpose {
        Purpose::StepFailed { key, also } => {
            let names = std::iter::once(key).chain(also).map(|key| key.step.as_str());
            names.collect::<Vec<_>>() == ["b", "c", "d"]
        }
        _ => false,
    };
    assert_eq!(case.told("ann", named), 1, "nobody must look for what else failed");
    assert_eq!(case.hearers(|p| matches!(p, Purpose::StepFailed { .. })), ["ann"]);
}

#[test]
fn meaning_04_a_retry_is_another_attempt_and_lets_dependents_go_on() {
    let mut case = failed();
    case.step("cid", "a", StepAct::Retry);
    assert_eq!((case.state("a"), case.run("a").key.attempt), ("ready", 2));
    case.step("cid", "a", complete());
    assert_eq!(case.states(["a", "b"]), ["done", "ready"]);
}

#[test]
fn meaning_04_a_skip_with_a_reason_lets_dependents_go_on() {
    let mut case = failed();
    case.step("ann", "a", skip());
    assert_eq!(case.states(["a", "b"]), ["skipped", "ready"]);
    assert!(!case.climbs_for("a"));
}

#[test]
fn meaning_04_a_skip_without_a_reason_is_refused() {
    let mut case = failed();
    let refused = case.step_refused("ann", "a", StepAct::Skip { reason: "  ".to_owned() });
    assert_eq!(refused, firebell::engine::RejectionCode::BadText);
}

#[test]
fn meaning_04_moving_the_phase_leaves_it_behind() {
    let mut case = failed();
    case.tell("ann", move_to("two"));
    assert_eq!((case.phase(), case.state("a")), ("two", "failed"));
    assert_eq!(case.states(["b", "c"]), ["cancelled", "cancelled"]);
    assert!(!case.climbs_for("a"), "nobody waits for it any more");
}

#[test]
fn meaning_04_a_repeat_that_failed_is_not_told_again_when_its_phase_is_left() {
    let mut case = staffed(
        "
        messages: { news: { text: news } }
        phases:
          - id: one
            title: One
            steps:
              - { id: go, title: Go }
              - { id: a, title: A, role: support, after: [go], repeat: { every: 5m, at_most: 3 }, blocks: nothing, escalate: duty }
              - { id: b, title: B }
          - { id: two, title: Two, steps: [ { id: c, title: C } ] }
        ",
    );
    case.step("cid", "go", complete());
    case.step("cid", "a", fail());
    let told = |case: &Case| case.hearers(|p| matches!(p, Purpose::StepFailed { .. })).len();
    let before = told(&case);
    assert!(before > 0 && case.climbs_for("a"));
    case.step("cid", "b", complete());
    assert_eq!((case.phase(), told(&case)), ("two", before));
    assert!(!case.climbs_for("a"), "nobody waits for it any more");
}

#[test]
fn meaning_04_nothing_is_silently_abandoned() {
    let mut case = failed();
    case.step("cid", "c", complete());
    case.step("cid", "d", complete());
    assert!(case.stuck(), "the phase says that it cannot end");
    assert!(case.told("ann", |p| matches!(p, Purpose::StepFailed { .. })) > 0);
}

const UNREACHABLE: &str = "
    phases:
      - id: one
        title: One
        steps:
          - { id: a, title: A }
          - { id: b, title: B, after: [a] }
          - { id: c, title: C, after: [a], join: any }
          - { id: d, title: D, after: [a, b], join: 2 }
";

#[test]
fn meaning_04_a_joined_step_made_unreachable_waits_again_when_its_predecessor_is_retried() {
    let mut case = staffed(UNREACHABLE);
    case.step("cid", "a", fail());
    assert_eq!(case.states(["b", "c", "d"]), ["waiting", "skipped", "skipped"]);
    case.step("cid", "a", StepAct::Retry);
    case.step("cid", "a", complete());
    assert_eq!(case.states(["b", "c", "d"]), ["ready", "ready", "waiting"]);
}

#[test]
fn meaning_04_a_joined_step_made_unreachable_waits_again_when_its_predecessor_is_skipped() {
    let mut case = staffed(UNREACHABLE);
    case.step("cid", "a", fail());
    case.step("ann", "a", skip());
    assert_eq!(case.states(["b", "c", "d"]), ["ready", "ready", "waiting"]);
    case.step("cid", "b", complete());
    assert_eq!(case.state("d"), "ready");
}
