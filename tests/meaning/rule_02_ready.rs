//! Meaning 2: when a step becomes ready.

use firebell::engine::Fact;
use serde_json::json;

use crate::act::{complete, fail, set, skip};
use crate::case::{Case, staffed, staffed_with};

fn one_phase(steps: &str) -> Case {
    staffed(&phase(steps))
}

fn phase(steps: &str) -> String {
    let steps: String = steps.lines().map(|line| format!("      {}\n", line.trim())).collect();
    format!(
        "inputs:\n  users: {{ type: integer }}\n\
         phases:\n  - id: one\n    title: One\n    steps:\n{steps}"
    )
}

#[test]
fn meaning_02_steps_without_after_are_ready_on_entry_and_run_in_parallel() {
    let mut case = one_phase("- { id: a, title: A }\n- { id: b, title: B }\n- { id: c, title: C }");
    assert_eq!(case.states(["a", "b", "c"]), ["ready", "ready", "ready"]);
    case.step("cid", "b", complete());
    assert_eq!(case.states(["a", "b", "c"]), ["ready", "done", "ready"]);
}

#[test]
fn meaning_02_all_predecessors_must_be_satisfied() {
    let mut case = one_phase(
        "- { id: a, title: A }\n- { id: b, title: B }\n- { id: c, title: C, after: [a, b] }",
    );
    case.step("cid", "a", complete());
    assert_eq!(case.state("c"), "waiting");
    case.step("cid", "b", complete());
    assert_eq!(case.state("c"), "ready");
}

#[test]
fn meaning_02_a_skipped_predecessor_satisfies_whoever_skipped_it() {
    let mut case = staffed_with(
        &phase(
            "- { id: a, title: A }\n\
             - { id: b, title: B, when: users > 5 }\n\
             - { id: c, title: C, after: [a] }\n\
             - { id: d, title: D, after: [b] }",
        ),
        json!({ "users": 1 }),
    );
    assert_eq!(case.states(["b", "d"]), ["skipped", "ready"]);
    case.step("cid", "a", skip());
    assert_eq!(case.state("c"), "ready");
}

#[test]
fn meaning_02_a_failure_with_continue_satisfies() {
    let mut case =
        one_phase("- { id: a, title: A, on_failure: continue }\n- { id: b, title: B, after: [a] }");
    case.step("cid", "a", fail());
    assert_eq!(case.states(["a", "b"]), ["failed", "ready"]);
}

#[test]
fn meaning_02_a_failure_with_go_satisfies() {
    let mut case = one_phase(
        "- { id: a, title: A, on_failure: { go: c } }\n\
         - { id: b, title: B, after: [a] }\n\
         - { id: c, title: C, after: [b] }",
    );
    case.step("cid", "a", fail());
    assert_eq!(case.states(["a", "b", "c"]), ["failed", "ready", "ready"]);
}

#[test]
fn meaning_02_a_failure_with_stop_does_not_satisfy() {
    let mut case = one_phase("- { id: a, title: A }\n- { id: b, title: B, after: [a] }");
    case.step("cid", "a", fail());
    assert_eq!(case.states(["a", "b"]), ["failed", "waiting"]);
}

#[test]
fn meaning_02_any_is_satisfied_at_the_first_and_not_again_at_the_second() {
    let mut case = one_phase(
        "- { id: a, title: A }\n- { id: b, title: B }\n- { id: c, title: C, after: [a, b], join: any }",
    );
    case.step("cid", "b", complete());
    assert_eq!(case.state("c"), "ready");
    case.step("cid", "c", complete());
    case.step("cid", "a", fail());
    assert_eq!(case.state("c"), "done");
    let ready =
        |fact: &Fact| matches!(fact, Fact::StepReady { key, .. } if key.step.as_str() == "c");
    assert_eq!(case.count(ready), 1);
}

const TWO_OF_THREE: &str = "- { id: a, title: A }\n- { id: b, title: B }\n- { id: c, title: C }\n\
     - { id: d, title: D, after: [a, b, c], join: 2 }\n- { id: e, title: E, after: [d] }";

#[test]
fn meaning_02_n_is_satisfied_at_the_nth() {
    let mut case = one_phase(TWO_OF_THREE);
    case.step("cid", "a", complete());
    assert_eq!(case.state("d"), "waiting");
    case.step("cid", "b", fail());
    assert_eq!(case.state("d"), "waiting");
    case.step("cid", "c", complete());
    assert_eq!(case.state("d"), "ready");
}

#[test]
fn meaning_02_a_join_that_can_no_longer_be_satisfied_skips_the_step_as_unreachable() {
    let mut case = one_phase(TWO_OF_THREE);
    case.step("cid", "a", fail());
    assert_eq!(case.state("d"), "waiting");
    case.step("cid", "b", fail());
    assert_eq!((case.state("d"), case.cause("d").as_str()), ("skipped", "unreachable"));
}

#[test]
fn meaning_02_any_is_unreachable_only_when_every_predecessor_has_stopped() {
    let mut case = one_phase(
        "- { id: a, title: A }\n- { id: b, title: B }\n- { id: c, title: C, after: [a, b], join: any }",
    );
    case.step("cid", "a", fail());
    assert_eq!(case.state("c"), "waiting");
    case.step("cid", "b", fail());
    assert_eq!(case.state("c"), "skipped");
}

#[test]
fn meaning_02_all_is_never_unreachable_it_waits_for_a_person() {
    let mut case = one_phase(
        "- { id: a, title: A }\n- { id: b, title: B }\n- { id: c, title: C, after: [a, b] }",
    );
    case.step("cid", "a", fail());
    case.step("cid", "b", complete());
    assert_eq!(case.state("c"), "waiting");
}

#[test]
fn meaning_02_a_skip_does_not_propagate() {
    let mut case = one_phase(TWO_OF_THREE);
    case.step("cid", "a", fail());
    case.step("cid", "b", fail());
    assert_eq!(case.states(["d", "e"]), ["skipped", "ready"]);
}

#[test]
fn meaning_02_when_is_evaluated_when_after_is_satisfied_and_not_before() {
    let mut case = staffed_with(
        &phase("- { id: a, title: A }\n- { id: b, title: B, after: [a], when: users > 5 }"),
        json!({ "users": 1 }),
    );
    assert_eq!(case.state("b"), "waiting");
    case.tell("ann", set(json!({ "users": 9 })));
    case.step("cid", "a", complete());
    assert_eq!(case.state("b"), "ready");
}

#[test]
fn meaning_02_when_is_evaluated_once() {
    let body = phase(
        "- { id: a, title: A, when: users > 5 }\n- { id: b, title: B, when: users < 5 }\n- { id: c, title: C }",
    );
    let mut case = staffed_with(&body, json!({ "users": 1 }));
    assert_eq!(case.states(["a", "b"]), ["skipped", "ready"]);
    assert_eq!(case.cause("a"), "condition");
    case.tell("ann", set(json!({ "users": 9 })));
    assert_eq!(case.states(["a", "b"]), ["skipped", "ready"]);
}

#[test]
fn meaning_02_a_chain_of_false_conditions_is_walked_to_its_end_at_once() {
    let case = staffed_with(
        &phase(
            "- { id: a, title: A, when: users > 5 }\n\
             - { id: b, title: B, after: [a], when: users > 6 }\n\
             - { id: c, title: C, after: [b] }",
        ),
        json!({ "users": 1 }),
    );
    assert_eq!(case.states(["a", "b", "c"]), ["skipped", "skipped", "ready"]);
}
