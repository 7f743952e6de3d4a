//! Meaning 12: when it happened and when firebell learned of it.

use firebell::engine::{Actor, Command, Fact, Purpose, RejectionCode, SetMoment, StepAct, StepRef};

use crate::act::complete;
use crate::case::{Case, staffed};

const PLAN: &str = "
    objectives: [ { id: o, from: declared, to: { step: a, is: done }, within: 10m } ]
    phases:
      - id: one
        title: One
        steps:
          - { id: a, title: A, role: support, due: 10m, escalate: duty }
          - { id: b, title: B }
";

fn at(case: &mut Case, minute: i64, command: Command) -> Option<RejectionCode> {
    let when = case.at_minute(minute);
    let refused = case.ask(command, |ctx| {
        ctx.actor = Actor::person("cid");
        ctx.occurred_at = Some(when);
    });
    refused.map(|refused| refused.code)
}

fn done() -> Command {
    Command::Step { step: StepRef::current("a"), act: complete() }
}

#[test]
fn meaning_12_work_may_be_reported_later_than_it_happened() {
    let mut case = staffed(PLAN);
    case.pass("8m");
    assert_eq!(at(&mut case, 3, done()), None);
    let event = case.last(|fact| matches!(fact, Fact::StepDone { .. }));
    assert_eq!((case.minute(event.occurred_at), case.minute(event.recorded_at)), (3, 8));
}

#[test]
fn meaning_12_it_clears_overdue() {
    let mut case = staffed(PLAN);
    case.pass("15m");
    assert!(case.run("a").overdue);
    assert_eq!(at(&mut case, 9, done()), None);
    assert!(!case.run("a").overdue);
    assert!(!case.climbs_for("a"));
}

#[test]
fn meaning_12_it_never_unsends() {
    let mut case = staffed(PLAN);
    case.pass("16m");
    let heard = |case: &Case| {
        case.hearers(|p| matches!(p, Purpose::StepOverdue { .. } | Purpose::Escalation { .. }))
            .len()
    };
    let before = heard(&case);
    assert!(before > 0);
    assert_eq!(at(&mut case, 9, done()), None);
    assert_eq!(heard(&case), before);
    assert_eq!(case.count(|fact| matches!(fact, Fact::StepOverdue { .. })), 1, "history stays");
}

#[test]
fn meaning_12_before_its_anchor_is_refused() {
    let mut case = staffed(PLAN);
    case.pass("5m");
    assert_eq!(at(&mut case, -1, done()), Some(RejectionCode::ImplausibleTime));
    assert_eq!(case.state("a"), "ready");
}

#[test]
fn meaning_12_at_its_anchor_is_accepted() {
    let mut case = staffed(PLAN);
    case.pass("5m");
    assert_eq!(at(&mut case, 0, done()), None);
}

#[test]
fn meaning_12_up_to_two_minutes_ahead_is_accepted_and_no_more() {
    let mut case = staffed(PLAN);
    case.pass("5m");
    assert_eq!(at(&mut case, 8, done()), Some(RejectionCode::ImplausibleTime));
    assert_eq!(at(&mut case, 7, done()), None);
}

#[test]
fn meaning_12_the_anchor_of_a_step_is_when_it_became_ready() {
    let mut case = staffed(
        "
        phases:
          - id: one
            title: One
            steps: [ { id: b, title: B }, { id: a, title: A, after: [b] } ]
        ",
    );
    case.pass("10m");
    case.step("cid", "b", complete());
    case.pass("10m");
    assert_eq!(at(&mut case, 5, done()), Some(RejectionCode::ImplausibleTime));
    assert_eq!(at(&mut case, 10, done()), None);
}

#[test]
fn meaning_12_a_plan_worked_without_firebell_is_entered_at_its_true_times() {
    let mut case = staffed(
        "
        phases:
          - id: one
            title: One
            steps:
              - { id: a, title: A }
              - { id: also, title: Also }
              - { id: pause, after: [a], wait: { for: 30m } }
              - { id: b, title: B, after: [pause] }
          - id: two
            title: Two
            steps: [ { id: c, title: C } ]
        ",
    );
    let noticed = case.at_minute(-60);
    let set = SetMoment::Detected;
    case.tell("cid", Command::SetMoment { moment: set, at: noticed, grounds: None });
    let done = |id: &str| Command::Step { step: StepRef::current(id), act: complete() };
    assert_eq!(at(&mut case, -61, done("a")), Some(RejectionCode::ImplausibleTime));
    assert_eq!(at(&mut case, -50, done("a")), None);
    assert_eq!(at(&mut case, -55, done("also")), None, "in whatever order it is entered");
    case.pass("1s");
    // The wait was over before the incident was declared; it ends when firebell runs again.
    assert_eq!(case.state("b"), "ready");
    assert_eq!(at(&mut case, -51, done("b")), Some(RejectionCode::ImplausibleTime));
    assert_eq!(at(&mut case, -20, done("b")), None);
    assert_eq!(at(&mut case, -21, done("c")), Some(RejectionCode::ImplausibleTime));
    assert_eq!(at(&mut case, -10, done("c")), None);
}

#[test]
fn meaning_12_what_follows_became_ready_when_it_happened_and_leaves_people_their_time() {
    let mut case = staffed(
        "
        phases:
          - id: one
            title: One
            steps: [ { id: a, title: A }, { id: b, title: B, after: [a], due: 10m } ]
        ",
    );
    case.pass("8m");
    assert_eq!(at(&mut case, 3, done()), None);
    assert_eq!(case.run("b").ready_at, Some(case.at_minute(3)));
    assert_eq!(case.due("b"), Some(18), "nobody could have begun before it was recorded");
}

#[test]
fn meaning_12_a_correction_is_a_new_entry_and_the_old_one_stays() {
    let mut case = staffed(PLAN);
    case.step("cid", "a", StepAct::Start);
    let of = case.last(|fact| matches!(fact, Fact::StepStarted { .. })).seq;
    let before = case.events.clone();
    case.tell("cid", Command::Correct { of, text: "it was dan who began".to_owned() });
    assert_eq!(case.events[..before.len()], before[..]);
    assert!(matches!(
        &case.events[before.len()].fact,
        Fact::Corrected { of: corrected, .. } if *corrected == of
    ));
}

#[test]
fn meaning_12_an_entry_that_does_not_exist_cannot_be_corrected() {
    let mut case = staffed(PLAN);
    for of in [0, 9_999] {
        let refused = case.refused("cid", Command::Correct { of, text: "x".to_owned() });
        assert_eq!(refused.code, RejectionCode::UnknownItem);
    }
}

#[test]
fn meaning_12_an_objective_reached_in_time_and_reported_late_is_kept() {
    let mut case = staffed(PLAN);
    case.pass("9m");
    assert_eq!(at(&mut case, 7, done()), None);
    let met = |fact: &Fact| matches!(fact, Fact::ObjectiveMet { .. });
    assert_eq!(case.count(met), 1);
    assert_eq!(case.count(|fact| matches!(fact, Fact::ObjectiveMissed { .. })), 0);
}

#[test]
fn meaning_12_an_objective_missed_on_record_is_kept_by_a_later_entry_in_time() {
    let mut case = staffed(PLAN);
    case.pass("15m");
    assert_eq!(case.count(|fact| matches!(fact, Fact::ObjectiveMissed { .. })), 1);
    assert_eq!(at(&mut case, 7, done()), None);
    assert_eq!(case.count(|fact| matches!(fact, Fact::ObjectiveMet { .. })), 1);
}
