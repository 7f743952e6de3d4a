//! Meaning 3: how a phase is left, and what happens where it cannot be.

use firebell::engine::{Fact, LadderSubject, Status, StuckReason};
use serde_json::json;

use crate::act::{complete, fail, move_to, set, skip};
use crate::case::{staffed, staffed_with};

#[test]
fn meaning_03_the_phase_waits_for_every_blocking_step_and_for_no_other() {
    let mut case = staffed(
        "
        phases:
          - id: one
            title: One
            steps:
              - { id: a, title: A }
              - { id: b, title: B }
              - { id: c, title: C, blocks: nothing }
              - { id: d, title: D, blocks: close }
          - { id: two, title: Two, steps: [ { id: e, title: E } ] }
        ",
    );
    case.step("cid", "a", complete());
    assert_eq!(case.phase(), "one");
    case.step("cid", "b", skip());
    assert_eq!(case.phase(), "two");
    assert_eq!(case.states(["c", "d"]), ["cancelled", "cancelled"]);
    assert_eq!(case.cause("c"), "phase_left");
}

#[test]
fn meaning_03_no_next_means_the_following_phase() {
    let mut case = staffed(
        "
        phases:
          - { id: one, title: One, steps: [ { id: a, title: A } ] }
          - { id: two, title: Two, steps: [] }
          - { id: three, title: Three, steps: [ { id: b, title: B } ] }
        ",
    );
    case.step("cid", "a", complete());
    assert_eq!((case.phase(), case.state("b")), ("three", "ready"));
}

const CHOICES: &str = "
    inputs: { users: { type: integer } }
    phases:
      - id: one
        title: One
        steps: [ { id: a, title: A } ]
        next:
          - { to: three, when: users > 5 }
          - { to: two, when: users > 3 }
          - { to: three, when: users > 1 }
      - { id: two, title: Two, steps: [ { id: b, title: B } ] }
      - { id: three, title: Three, steps: [ { id: c, title: C } ] }
";

#[test]
fn meaning_03_entries_are_tried_in_order_and_the_first_that_holds_is_taken() {
    for (users, phase) in [(9, "three"), (5, "two"), (2, "three")] {
        let mut case = staffed_with(CHOICES, json!({ "users": users }));
        case.step("cid", "a", complete());
        assert_eq!(case.phase(), phase, "{users}");
    }
}

#[test]
fn meaning_03_nothing_taken_is_stuck_and_told_to_the_commander() {
    let mut case = staffed_with(CHOICES, json!({ "users": 0 }));
    case.step("cid", "a", complete());
    assert_eq!(case.phase(), "one");
    assert_eq!(case.incident().stuck, Some(StuckReason::NoWayOut));
    assert_eq!(case.commander_told("stuck"), 1);
    assert_eq!(case.hearers(|p| p.asks_for_work() && format!("{p:?}").contains("stuck")), ["ann"]);
}

#[test]
fn meaning_03_an_unknown_entry_is_not_taken() {
    let mut case = staffed(CHOICES);
    case.step("cid", "a", complete());
    assert!(case.stuck());
}

#[test]
fn meaning_03_a_way_that_opens_ends_being_stuck() {
    let mut case = staffed_with(CHOICES, json!({ "users": 0 }));
    case.step("cid", "a", complete());
    case.tell("ann", set(json!({ "users": 4 })));
    assert_eq!((case.phase(), case.stuck()), ("two", false));
}

#[test]
fn meaning_03_a_person_may_move_a_stuck_incident_on() {
    let mut case = staffed_with(CHOICES, json!({ "users": 0 }));
    case.step("cid", "a", complete());
    case.tell("ann", move_to("three"));
    assert_eq!((case.phase(), case.stuck()), ("three", false));
}

#[test]
fn meaning_03_stuck_escalates() {
    let mut case = staffed_with(
        "
        roles:
          commander: { title: C, assign: { schedule: duty }, escalate: duty }
          support: { title: S, assign: { claim: service } }
          engineering: { title: E, assign: { schedule: platform } }
        inputs: { users: { type: integer } }
        phases:
          - id: one
            title: One
            steps: [ { id: a, title: A } ]
            next: [ { to: two, when: users > 3 } ]
          - { id: two, title: Two, steps: [ { id: b, title: B } ] }
        ",
        json!({ "users": 0 }),
    );
    case.step("cid", "a", complete());
    assert!(case.incident().ladders.contains_key(&LadderSubject::Stuck));
    case.pass("20m");
    let rung = |fact: &Fact| matches!(fact, Fact::RungFired { subject: LadderSubject::Stuck, .. });
    assert_eq!(case.minutes(rung), [5, 15]);
    case.tell("ann", set(json!({ "users": 4 })));
    assert!(!case.incident().ladders.contains_key(&LadderSubject::Stuck));
}

const SPENT: &str = "
    inputs: { again: { type: boolean } }
    phases:
      - id: one
        title: One
        steps: [ { id: a, title: A } ]
      - id: two
        title: Two
        steps: [ { id: b, title: B } ]
        next:
          - { to: one, when: again, at_most: 1 }
          - { to: three }
      - { id: three, title: Three, steps: [ { id: c, title: C } ] }
";

#[test]
fn meaning_03_a_spent_entry_that_holds_is_stuck_and_later_entries_are_not_tried() {
    let mut case = staffed_with(SPENT, json!({ "again": true }));
    for step in ["a", "b", "a", "b"] {
        case.step("cid", step, complete());
    }
    assert_eq!(case.phase(), "two");
    assert_eq!(case.incident().stuck, Some(StuckReason::SpentLoop { next: 0 }));
}

#[test]
fn meaning_03_a_spent_entry_that_does_not_hold_is_passed_over() {
    let mut case = staffed_with(SPENT, json!({ "again": true }));
    for step in ["a", "b", "a"] {
        case.step("cid", step, complete());
    }
    case.tell("ann", set(json!({ "again": false })));
    case.step("cid", "b", complete());
    assert_eq!(case.phase(), "three");
}

#[test]
fn meaning_03_a_step_failed_with_stop_keeps_the_phase_and_is_stuck() {
    let mut case = staffed(
        "
        phases:
          - { id: one, title: One, steps: [ { id: a, title: A } ] }
          - { id: two, title: Two, steps: [ { id: b, title: B } ] }
        ",
    );
    case.step("cid", "a", fail());
    assert_eq!(case.phase(), "one");
    assert!(matches!(case.incident().stuck, Some(StuckReason::FailedStep { .. })));
}

#[test]
fn meaning_03_a_phase_whose_steps_are_all_skipped_is_left_at_once() {
    let case = staffed_with(
        "
        inputs: { users: { type: integer } }
        phases:
          - { id: one, title: One, steps: [ { id: a, title: A, when: users > 5 } ] }
          - { id: two, title: Two, steps: [ { id: b, title: B } ] }
        ",
        json!({ "users": 1 }),
    );
    assert_eq!((case.phase(), case.status()), ("two", Status::Open));
}

const OUTLIVES: &str = "
    inputs: { over: { type: boolean } }
    messages: { news: { text: news } }
    phases:
      - id: one
        title: One
        steps:
          - { id: a, title: A }
          - id: inform
            title: Inform
            notify: { to: team/managers, message: news }
            repeat: { every: 30m, until: over, at_most: 4 }
            blocks: nothing
            outlives_phase: true
      - id: two
        title: Two
        steps: [ { id: b, title: B } ]
        next: [ { to: one, at_most: 2 } ]
";

#[test]
fn meaning_03_a_step_that_outlives_its_phase_runs_on() {
    let mut case = staffed(OUTLIVES);
    case.step("cid", "a", complete());
    assert_eq!(case.phase(), "two");
    let sent = |fact: &Fact| matches!(fact, Fact::NoticeQueued { notice } if format!("{:?}", notice.purpose).contains("StepMessage"));
    assert_eq!(case.count(sent), 1);
    case.pass("65m");
    assert_eq!(case.minutes(sent), [0, 30, 60]);
}

#[test]
fn meaning_03_it_runs_on_until_its_until() {
    let mut case = staffed(OUTLIVES);
    case.step("cid", "a", complete());
    case.tell("ann", set(json!({ "over": true })));
    assert!(case.run("inform").is_settled());
    assert_eq!(case.state("inform"), "done");
}

#[test]
fn meaning_03_an_iteration_nobody_needs_any_more_is_cancelled() {
    let mut case = staffed(&OUTLIVES.replace("notify: { to: team/managers, message: news }", ""));
    case.step("cid", "a", complete());
    assert_eq!((case.phase(), case.state("inform")), ("two", "ready"));
    case.tell("ann", set(json!({ "over": true })));
    assert_eq!((case.state("inform"), case.cause("inform").as_str()), ("cancelled", "phase_left"));
}

#[test]
fn meaning_03_it_runs_on_until_its_at_most() {
    let mut case = staffed(OUTLIVES);
    case.step("cid", "a", complete());
    case.pass("10h");
    assert!(case.run("inform").is_settled());
    assert_eq!(case.run("inform").key.iteration, 4);
}

#[test]
fn meaning_03_it_runs_on_until_the_close() {
    let mut case = staffed(OUTLIVES);
    case.step("cid", "a", complete());
    case.tell("ann", crate::act::force_close());
    assert_eq!(case.status(), Status::Closed);
    assert!(case.run("inform").is_settled());
    assert_eq!(case.next(), None);
}

#[test]
fn meaning_03_a_new_visit_adopts_the_running_one_instead_of_starting_another() {
    let mut case = staffed(OUTLIVES);
    case.step("cid", "a", complete());
    case.pass("40m");
    case.step("cid", "b", complete());
    assert_eq!((case.phase(), case.incident().visit), ("one", 3));
    let run = case.run("inform");
    assert_eq!((run.key.visit, run.visit, run.key.iteration), (1, 3, 2));
    case.pass("30m");
    assert_eq!(case.run("inform").key.iteration, 3);
    let ready =
        |fact: &Fact| matches!(fact, Fact::StepReady { key, .. } if key.step.as_str() == "inform");
    assert_eq!(case.count(ready), 1);
}

#[test]
fn meaning_03_a_settled_one_starts_afresh_in_a_new_visit() {
    let mut case = staffed(OUTLIVES);
    case.step("cid", "a", complete());
    case.pass("10h");
    case.step("cid", "b", complete());
    let run = case.run("inform");
    assert_eq!((run.key.visit, run.visit, run.key.iteration), (3, 3, 1));
}
