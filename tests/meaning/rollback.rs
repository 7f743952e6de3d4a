//! Meaning 8, rolling back: what was done is undone, the latest first, each by a step of its own.

use firebell::engine::{Command, Fact, Purpose, RejectionCode, Status};

use crate::act::{cancel, close, complete, fail, force_close, move_to, reopen, skip};
use crate::case::{Case, staffed};
use crate::plan::findings;

const PLAN: &str = "
    phases:
      - id: cut
        title: Cut
        steps:
          - { id: freeze, title: Freeze, compensate: thaw }
          - { id: block, title: Block, role: engineering, compensate: unblock }
          - { id: look, title: Look }
          - { id: thaw, title: Thaw, role: support, due: 30m }
          - { id: unblock, title: Unblock, role: engineering, due: 10m, escalate: duty }
        next: [ { to: mend, when: steps.look.done } ]
      - { id: mend, title: Mend, steps: [ { id: fix, title: Fix } ] }
";

fn rollback() -> Command {
    Command::Rollback { reason: "the wrong network".to_owned() }
}

fn as_is() -> Command {
    Command::Cancel { reason: "a test alert".to_owned(), as_is: Some("harmless".to_owned()) }
}

/// Both steps are done, the blocking last.
fn cut() -> Case {
    let mut case = staffed(PLAN);
    case.step("cid", "freeze", complete());
    case.step("bob", "block", complete());
    case
}

fn opened(case: &Case) -> [bool; 2] {
    ["thaw", "unblock"].map(|step| case.incident().run(&step.into()).is_some())
}

#[test]
fn meaning_08_the_ordinary_flow_never_begins_what_undoes_a_step() {
    let mut case = cut();
    assert_eq!(opened(&case), [false, false]);
    assert_eq!(case.step_refused("ann", "thaw", skip()), RejectionCode::UnknownStep);
    case.step("cid", "look", complete());
    assert_eq!(case.phase(), "mend", "the phase does not wait for it");
    case.step("cid", "fix", complete());
    assert_eq!((case.status(), opened(&case)), (Status::Closed, [false, false]));
}

#[test]
fn meaning_08_a_cancel_undoes_first_the_latest_first_and_then_ends() {
    let mut case = cut();
    case.tell("ann", cancel());
    assert_eq!(case.status(), Status::Open, "it waits until all is undone");
    assert!(case.incident().is_cancelling());
    assert_eq!(case.state("look"), "cancelled", "what was not done is not wanted");
    assert_eq!((case.state("unblock"), opened(&case)), ("ready", [false, true]));
    assert_eq!(case.due("unblock"), Some(10));
    assert!(case.told("bob", |p| matches!(p, Purpose::StepReady { .. })) > 0);
    case.step("bob", "unblock", complete());
    assert_eq!((case.state("unblock"), case.state("thaw")), ("done", "ready"));
    case.step("cid", "thaw", complete());
    assert_eq!(case.status(), Status::Cancelled);
    assert_eq!(case.next(), None);
    let Fact::Cancelled { reason, as_is: None } =
        &case.last(|f| matches!(f, Fact::Cancelled { .. })).fact
    else {
        panic!("cancelled for the reason given")
    };
    assert_eq!(reason, "a test alert");
}

#[test]
fn meaning_08_a_person_may_leave_one_with_a_reason() {
    let mut case = cut();
    case.tell("ann", cancel());
    case.step("ann", "unblock", skip());
    assert_eq!(case.state("thaw"), "ready");
    case.step("ann", "thaw", skip());
    assert_eq!(case.status(), Status::Cancelled);
}

#[test]
fn meaning_08_a_person_may_cancel_and_leave_all_as_it_is() {
    let mut case = cut();
    case.tell("ann", as_is());
    assert_eq!((case.status(), opened(&case)), (Status::Cancelled, [false, false]));
    let mut case = cut();
    case.tell("ann", cancel());
    assert_eq!(case.refused("ann", cancel()).code, RejectionCode::WrongStatus);
    case.tell("ann", as_is());
    assert_eq!((case.status(), case.cause("unblock").as_str()), (Status::Cancelled, "cancelled"));
}

#[test]
fn meaning_08_nothing_done_means_nothing_to_undo() {
    let mut case = staffed(PLAN);
    assert_eq!(case.refused("ann", rollback()).code, RejectionCode::WrongStatus);
    case.tell("ann", cancel());
    assert_eq!((case.status(), opened(&case)), (Status::Cancelled, [false, false]));
}

#[test]
fn meaning_08_while_it_is_cancelled_nothing_else_goes_on() {
    let mut case = cut();
    case.tell("ann", cancel());
    assert_eq!(case.refused("ann", move_to("mend")).code, RejectionCode::WrongStatus);
    assert_eq!(case.step_refused("cid", "block", reopen()), RejectionCode::WrongState);
    assert_eq!(case.refused("ann", close()).code, RejectionCode::Blocked);
    case.tell("ann", force_close());
    assert_eq!(case.status(), Status::Closed);
}

#[test]
fn meaning_08_a_failure_to_undo_waits_for_a_person_and_escalates() {
    let mut case = cut();
    case.tell("ann", cancel());
    case.step("bob", "unblock", fail());
    assert!(case.climbs_for("unblock"));
    assert_eq!((case.status(), opened(&case)), (Status::Open, [false, true]));
    case.step("bob", "unblock", firebell::engine::StepAct::Retry);
    case.step("bob", "unblock", complete());
    assert_eq!(case.state("thaw"), "ready");
}

#[test]
fn meaning_08_what_undoes_a_step_has_its_own_deadline_and_ladder() {
    let mut case = cut();
    case.tell("ann", cancel());
    case.pass("11m");
    assert!(case.run("unblock").overdue);
    assert!(case.climbs_for("unblock"));
}

#[test]
fn meaning_08_on_demand_it_is_undone_and_the_incident_goes_on() {
    let mut case = cut();
    case.tell("ann", rollback());
    case.step("cid", "look", complete());
    assert_eq!(case.phase(), "cut", "the phase is not left while it is being undone");
    case.step("bob", "unblock", complete());
    case.step("cid", "thaw", complete());
    assert_eq!((case.status(), case.phase()), (Status::Open, "mend"));
    assert_eq!(case.refused("ann", rollback()).code, RejectionCode::WrongStatus, "once is enough");
    case.tell("ann", cancel());
    assert_eq!(case.status(), Status::Cancelled, "it was undone before");
}

#[test]
fn meaning_08_what_is_done_again_is_undone_again() {
    let mut case = cut();
    case.tell("ann", rollback());
    case.step("bob", "unblock", complete());
    case.step("cid", "thaw", complete());
    case.step("bob", "block", reopen());
    case.step("bob", "block", complete());
    case.tell("ann", cancel());
    assert_eq!((case.state("unblock"), case.run("unblock").key.attempt), ("ready", 2));
    case.step("bob", "unblock", complete());
    assert_eq!(case.status(), Status::Cancelled, "the freeze was undone before");
}

#[test]
fn meaning_08_a_phase_left_by_a_person_takes_the_undoing_along() {
    let mut case = cut();
    case.tell("ann", rollback());
    case.step("bob", "unblock", fail());
    case.tell("ann", move_to("mend"));
    assert_eq!((case.phase(), case.state("unblock")), ("mend", "failed"));
    case.step("bob", "unblock", skip());
    case.step("cid", "thaw", complete());
    case.step("cid", "fix", complete());
    assert_eq!(case.status(), Status::Closed);
}

#[test]
fn meaning_08_a_rollback_becomes_a_cancel_without_beginning_anew() {
    let mut case = cut();
    case.tell("ann", rollback());
    case.step("bob", "unblock", complete());
    case.tell("ann", cancel());
    assert_eq!((case.run("unblock").key.attempt, case.state("unblock")), (1, "done"));
    case.step("cid", "thaw", complete());
    assert_eq!(case.status(), Status::Cancelled);
}

#[test]
fn meaning_08_a_plan_keeps_what_undoes_out_of_its_flow() {
    let plan = "
        phases:
          - id: cut
            title: Cut
            steps:
              - { id: a, title: A, compensate: z }
              - { id: b, title: B, after: [z] }
              - { id: z, title: Z }
    ";
    assert_eq!(findings(plan), ["E0310"]);
}
