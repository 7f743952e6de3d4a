//! Meaning 8: how an incident ends, and how it comes back.

use firebell::engine::{Actor, Command, Fact, Purpose, RejectionCode, Status};

use crate::act::{cancel, close, complete, fail, force_close, skip};
use crate::case::{Case, declared, staffed};

const PLAN: &str = "
    phases:
      - { id: one, title: One, steps: [ { id: a, title: A } ] }
      - id: two
        title: Two
        steps:
          - { id: b, title: B }
          - { id: c, title: C, blocks: close }
          - { id: d, title: D, blocks: nothing }
";

fn reopen(phase: Option<&str>) -> Command {
    Command::Reopen { phase: phase.map(Into::into), reason: "it came back".to_owned() }
}

#[test]
fn meaning_08_it_closes_by_itself_after_the_last_phase_when_nothing_blocks() {
    let mut case = staffed(PLAN);
    case.step("cid", "a", complete());
    case.step("cid", "b", complete());
    assert_eq!(case.status(), Status::Open, "a step still blocks the close");
    case.step("cid", "c", complete());
    assert_eq!(case.status(), Status::Closed);
    assert_eq!((case.state("d"), case.cause("d").as_str()), ("cancelled", "closed"));
    assert_eq!(case.next(), None);
    let told = case.hearers(|purpose| matches!(purpose, Purpose::Ended));
    assert_eq!(told, ["ann", "bob", "cid", "dan", "eve"], "those who were paged hear of it");
}

#[test]
fn meaning_08_a_failure_nobody_dealt_with_blocks_the_close() {
    let mut case = staffed(PLAN);
    case.step("cid", "a", complete());
    case.step("cid", "b", complete());
    case.step("cid", "c", fail());
    assert_eq!(case.status(), Status::Open);
    assert_eq!(case.refused("ann", close()).details["blockers"], serde_json::json!(["2.c"]));
    case.step("ann", "c", skip());
    assert_eq!(case.status(), Status::Closed);
}

#[test]
fn meaning_08_a_plan_may_leave_the_close_to_a_person() {
    let plan = format!("{PLAN}\nclose: by_person\n").replace("\nclose", "\n    close");
    let mut case = staffed(&plan);
    for step in ["a", "b", "c"] {
        case.step("cid", step, complete());
    }
    assert_eq!(case.status(), Status::Open);
    assert!(case.incident().close_awaited);
    assert_eq!(case.commander_told("close_awaited"), 1);
    case.tell("ann", close());
    assert_eq!(case.status(), Status::Closed);
}

#[test]
fn meaning_08_closing_with_open_blockers_is_refused_with_the_list() {
    let mut case = staffed(PLAN);
    case.step("cid", "a", complete());
    let refused = case.refused("ann", close());
    assert_eq!(refused.code, RejectionCode::Blocked);
    let blockers = refused.details["blockers"].to_string();
    assert!(blockers.contains("b") && blockers.contains("c"), "{blockers}");
    assert!(!blockers.contains('d'), "{blockers}");
}

#[test]
fn meaning_08_a_commander_may_force_it_with_a_reason_which_cancels_the_blockers() {
    let mut case = staffed(PLAN);
    case.step("cid", "a", complete());
    let empty = case.refused("ann", Command::Close { force: Some(" ".to_owned()) });
    assert_eq!(empty.code, RejectionCode::BadText);
    case.tell("ann", force_close());
    assert_eq!(case.status(), Status::Closed);
    assert_eq!(case.states(["b", "c"]), ["cancelled", "cancelled"]);
    assert_eq!(case.cause("b"), "closed");
    let forced = |fact: &Fact| matches!(fact, Fact::Closed { forced: Some(_) });
    assert_eq!(case.count(forced), 1);
}

fn closed() -> Case {
    let mut case = staffed(PLAN);
    for step in ["a", "b", "c"] {
        case.step("cid", step, complete());
    }
    case
}

#[test]
fn meaning_08_reopen_opens_a_new_visit_of_the_last_phase() {
    let mut case = closed();
    case.tell("ann", reopen(None));
    assert_eq!((case.status(), case.phase(), case.incident().visit), (Status::Open, "two", 3));
    assert_eq!(case.states(["b", "c", "d"]), ["ready", "ready", "ready"]);
    assert_eq!(case.incident().ended_at, None);
}

#[test]
fn meaning_08_reopen_opens_a_new_visit_of_the_phase_named() {
    let mut case = closed();
    case.tell("ann", reopen(Some("one")));
    assert_eq!((case.phase(), case.state("a")), ("one", "ready"));
    let mut case = closed();
    assert_eq!(case.refused("ann", reopen(Some("four"))).code, RejectionCode::UnknownPhase);
}

#[test]
fn meaning_08_an_open_incident_is_not_reopened() {
    let mut case = staffed(PLAN);
    assert_eq!(case.refused("ann", reopen(None)).code, RejectionCode::IncidentOpen);
}

#[test]
fn meaning_08_a_closed_incident_takes_no_work() {
    let mut case = closed();
    assert_eq!(case.step_refused("cid", "b", skip()), RejectionCode::IncidentEnded);
    assert_eq!(case.refused("ann", close()).code, RejectionCode::IncidentEnded);
    assert_eq!(case.refused("ann", cancel()).code, RejectionCode::IncidentEnded);
}

#[test]
fn meaning_08_cancelling_needs_a_reason() {
    let mut case = staffed(PLAN);
    let refused = case.refused("ann", Command::Cancel { reason: String::new(), as_is: None });
    assert_eq!(refused.code, RejectionCode::BadText);
    assert_eq!(case.status(), Status::Open);
}

#[test]
fn meaning_08_cancelling_withdraws_open_notices_and_tells_those_who_were_paged() {
    let mut case = declared(PLAN);
    case.carrier = crate::case::Carrier::Silent;
    case.role("cid", "support", firebell::engine::RoleAct::Claim);
    assert!(!case.waiting_notices().is_empty());
    let before = case.waiting_notices();
    case.tell("ann", cancel());
    assert_eq!(case.status(), Status::Cancelled);
    let kept: Vec<_> = case.waiting_notices();
    assert!(before.iter().all(|notice| !kept.contains(notice)), "no page for a false alarm");
    let mut told = case.hearers(|purpose| matches!(purpose, Purpose::Ended));
    told.sort_unstable();
    assert_eq!(told, ["ann", "bob", "cid", "dan", "eve"]);
    assert_eq!((case.state("a"), case.cause("a").as_str()), ("cancelled", "cancelled"));
}

#[test]
fn meaning_08_nothing_happens_by_itself_after_the_end() {
    let mut case = declared(PLAN);
    case.tell("ann", cancel());
    assert_eq!(case.next(), None);
    assert!(case.incident().ladders.is_empty());
}

#[test]
fn meaning_08_only_an_administrator_reopens_a_false_alarm() {
    let mut case = staffed(PLAN);
    case.tell("ann", cancel());
    assert_eq!(case.refused("ann", reopen(None)).code, RejectionCode::AdminOnly);
    let refused = case.ask(reopen(None), |ctx| {
        ctx.actor = Actor::person("hal");
        ctx.admin = true;
    });
    assert_eq!(refused, None);
    assert_eq!(case.status(), Status::Open);
}

// The random model test found this one.
#[test]
fn meaning_08_a_close_is_no_longer_awaited_once_a_step_that_was_unreachable_waits_again() {
    let mut case = staffed(
        "
        close: by_person
        phases:
          - id: one
            title: One
            steps:
              - { id: a, title: A, blocks: nothing }
              - { id: b, title: B, blocks: nothing }
              - { id: c, title: C, after: [a, b], join: 2, blocks: close }
        ",
    );
    case.step("cid", "b", fail());
    assert_eq!((case.state("c"), case.incident().close_awaited), ("skipped", true));
    case.step("cid", "b", skip());
    assert_eq!((case.state("c"), case.incident().close_awaited), ("waiting", false));
    case.step("cid", "a", complete());
    case.step("cid", "c", complete());
    assert!(case.incident().close_awaited);
}
