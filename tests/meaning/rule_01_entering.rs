//! Meaning 1: entering a phase opens a new visit; its steps are waiting.

use firebell::engine::Fact;

use crate::act::{complete, move_to};
use crate::case::staffed;

const LOOP: &str = "
    phases:
      - id: respond
        title: Respond
        steps:
          - { id: a, title: A }
          - { id: b, title: B, after: [a] }
      - id: recover
        title: Recover
        steps:
          - { id: c, title: C }
        next:
          - { to: respond, at_most: 3 }
";

#[test]
fn meaning_01_the_first_phase_is_entered_at_the_declaration() {
    let case = staffed(LOOP);
    assert_eq!(case.phase(), "respond");
    assert_eq!(case.incident().visit, 1);
    assert_eq!(case.states(["a", "b"]), ["ready", "waiting"]);
    assert_eq!(case.state("c"), "waiting");
}

#[test]
fn meaning_01_each_entry_is_a_visit_of_its_own_and_its_steps_wait_again() {
    let mut case = staffed(LOOP);
    for step in ["a", "b", "c"] {
        case.step("cid", step, complete());
    }
    assert_eq!((case.phase(), case.incident().visit), ("respond", 3));
    assert_eq!(case.states(["a", "b"]), ["ready", "waiting"]);
    assert_eq!(case.run("a").key.to_string(), "3.a");
}

#[test]
fn meaning_01_a_new_visit_never_overwrites_what_the_earlier_one_did() {
    let mut case = staffed(LOOP);
    for step in ["a", "b", "c", "a"] {
        case.step("cid", step, complete());
    }
    let done = |key: &str| {
        case.count(|fact| matches!(fact, Fact::StepDone { key: of, .. } if of.to_string() == key))
    };
    assert_eq!((done("1.a"), done("3.a")), (1, 1));
}

#[test]
fn meaning_01_a_person_who_moves_the_phase_opens_a_visit_too() {
    let mut case = staffed(LOOP);
    case.tell("ann", move_to("recover"));
    assert_eq!((case.phase(), case.incident().visit), ("recover", 2));
    assert_eq!(case.state("c"), "ready");
}
