//! Meaning 11: deadlines that count back from when something else must be done.

use firebell::engine::{ClockAct, ClockRef, Command, DeadlineName, Fact, SetMoment};
use serde_json::json;

use crate::act::{complete, pause, set, set_level};
use crate::case::{Case, staffed};

const OF_STEP: &str = "
levels: [ { level: 4 } ]
phases:
  - id: one
    title: One
    steps:
      - { id: tell, role: support, title: Tell users, due: { by_level: { 1: 10h, else: 48h } } }
      - { id: brief, role: support, title: Brief support, due: { lead: 4h, before: { step: tell }, warn: [50%] } }
";

const OF_CLOCK: &str = "
inputs: { people: { type: integer }, abroad: { type: boolean } }
clocks:
  - { id: law, regime: law, role: support, escalate: duty, met_by: { report: send } }
phases:
  - id: one
    title: One
    steps:
      - { id: send, role: support, title: Send, blocks: nothing }
      - { id: draft, role: support, title: Draft, due: { lead: 1h, before: { clock: law, stage: report } } }
";

fn aware(case: &mut Case, minute: i64) {
    let at = case.at_minute(minute);
    case.tell("ann", Command::SetMoment { moment: SetMoment::Aware, at, grounds: None });
}

fn overdue(case: &Case, step: &str) -> Vec<i64> {
    case.minutes(|fact| {
        let Fact::StepOverdue { key, which } = fact else { return false };
        key.step.as_str() == step && *which == DeadlineName::Due
    })
}

#[test]
fn meaning_11_a_deadline_lies_before_that_of_another_step_and_moves_with_it() {
    let mut case = staffed(OF_STEP);
    assert_eq!((case.due("tell"), case.due("brief")), (Some(48 * 60), Some(44 * 60)));
    case.pass("1h");
    case.tell("ann", set_level(1));
    assert_eq!((case.due("tell"), case.due("brief")), (Some(10 * 60), Some(6 * 60)));
    case.pass("6h");
    assert_eq!(overdue(&case, "brief"), [6 * 60]);
    assert!(overdue(&case, "tell").is_empty());
}

#[test]
fn meaning_11_a_deadline_before_another_stays_when_that_step_is_done() {
    let mut case = staffed(OF_STEP);
    case.pass("1h");
    case.step("cid", "tell", complete());
    assert_eq!(case.due("brief"), Some(44 * 60));
}

#[test]
fn meaning_11_a_deadline_before_another_waits_until_that_one_is_known() {
    let mut case = staffed(&OF_STEP.replace(
        "title: Tell users, due: { by_level: { 1: 10h, else: 48h } } }",
        "title: Tell users, after: [fix], due: 5h }\n      - { id: fix, role: support, title: Fix }",
    ));
    assert_eq!(case.due("brief"), None, "nobody knows yet when users are told");
    case.pass("30m");
    case.step("cid", "fix", complete());
    assert_eq!(case.due("brief"), Some(30 + 60));
}

#[test]
fn meaning_11_a_deadline_lies_before_a_statutory_limit_and_moves_with_it() {
    let mut case = staffed(OF_CLOCK);
    assert_eq!(case.due("draft"), Some(180), "an hour before the four of the law");
    case.pass("10m");
    aware(&mut case, -60);
    assert_eq!(case.due("draft"), Some(120));
    case.tell("ann", set(json!({ "people": 5 })));
    assert_eq!(case.due("draft"), None, "the law asks for nothing any more");
    case.tell("ann", set(json!({ "people": 500 })));
    assert_eq!(case.due("draft"), Some(120));
    case.pass("3h");
    assert_eq!(overdue(&case, "draft"), [120]);
}

#[test]
fn meaning_11_a_pause_does_not_move_what_lies_before_a_statutory_limit() {
    let mut case = staffed(OF_CLOCK);
    case.pass("10m");
    case.tell("ann", pause());
    case.pass("1h");
    case.tell("ann", Command::Resume);
    assert_eq!(case.due("draft"), Some(180));
}

#[test]
fn meaning_11_more_time_from_an_authority_moves_what_lies_before() {
    let mut case = staffed(OF_CLOCK);
    case.pass("10m");
    let act = ClockAct::Extend {
        until: case.at_minute(24 * 60),
        by: "authority".to_owned(),
        document: "No. 1".to_owned(),
    };
    let clock = ClockRef { clock: "law".into(), stage: Some("report".into()) };
    case.tell("ann", Command::Clock { clock, act });
    assert_eq!(case.due("draft"), Some(23 * 60));
}

#[test]
fn meaning_11_what_is_already_too_late_to_lead_is_overdue_at_once() {
    let mut case = staffed(OF_CLOCK);
    aware(&mut case, -210);
    assert_eq!(case.due("draft"), Some(5), "one that became shorter leaves five minutes");
    let mut late = staffed(&OF_CLOCK.replace("lead: 1h", "lead: 5h"));
    late.pass("1m");
    assert_eq!(overdue(&late, "draft"), [0]);
}
