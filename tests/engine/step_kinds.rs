//! The kinds of steps beside manual work: requests, lists, waits, computed values, consent.

use firebell::engine::{Fact, RejectionCode, RequestOutcome, StepAct, StepCancelReason};
use firebell::id::PersonId;
use serde_json::json;

use crate::world::{World, minutes};

#[test]
fn a_request_is_tried_again_and_its_failure_opens_the_manual_way() {
    let mut world = World::declare(
        "
phases:
  - id: one
    title: One
    steps:
      - id: auto
        title: A
        http: { method: POST, url: 'https://ops.example/x', save: { ticket: /id } }
        retry: { attempts: 3, backoff: 10s }
        timeout: 1m
        on_failure: { go: manual }
      - { id: manual, title: M, after: [auto], when: steps.auto.failed }
",
    );
    let no = |why: &str| RequestOutcome::NotMet { status: Some(500), why: why.into() };
    world.respond(no("500"));
    assert_eq!(world.state("auto"), "active", "an attempt failed, not the step");
    world.pass(minutes(1));
    assert_eq!(world.run("auto").key.to_string(), "1.auto/2");
    world.pass(minutes(1));
    assert_eq!(world.run("auto").key.attempt, 3, "a time-out is an attempt too");
    world.respond(no("500"));
    assert_eq!((world.state("auto"), world.state("manual")), ("failed", "ready"));
    assert_eq!(world.count(|f| matches!(f, Fact::StepFailed { retry_at: None, .. })), 1);
}

#[test]
fn a_list_is_worked_item_by_item_so_many_at_once() {
    let mut world = World::declare_inputs(
        "
inputs: { sites: { type: list, of: string } }
phases:
  - id: one
    title: One
    steps:
      - { id: a, title: A, for_each: { in: sites, as: site, at_most: 3, at_once: 2 } }
      - { id: b, title: B, after: [a] }
",
        json!({ "sites": ["x", "y", "z", "left out"] }),
    );
    assert_eq!(["a:0", "a:1", "a:2"].map(|a| world.state(a)), ["ready", "ready", "waiting"]);
    let refused = world.act("ann", "a", StepAct::Start).unwrap_err();
    assert_eq!(refused.code, RejectionCode::AmbiguousStep);
    assert_eq!(refused.details["keys"], json!(["a:0", "a:1", "a:2"]));
    world.complete("a:1");
    assert_eq!(world.state("a:2"), "ready");
    world.fail("a:0");
    world.complete("a:2");
    assert_eq!((world.state("a"), world.state("b")), ("failed", "unopened"));
    world.retry("a:0");
    assert_eq!(world.state("a"), "ready");
    world.complete("a:0");
    assert_eq!((world.state("a"), world.state("b")), ("done", "ready"));
}

#[test]
fn waits_and_computed_values_go_by_themselves() {
    let mut world = World::declare_inputs(
        "
inputs: { n: { type: integer }, ok: { type: boolean } }
phases:
  - id: one
    title: One
    steps:
      - { id: twice, set: { m: n + n, k: m + 1, unknown: missing_one } }
      - { id: pause, after: [twice], wait: { for: 10m } }
      - { id: until, after: [twice], wait: { until: ok } }
      - { id: last, title: L, after: [pause, until] }
",
        json!({ "n": 2 }),
    );
    assert_eq!(world.incident.variables["k"].to_string(), "5");
    assert_eq!(["twice", "pause", "until"].map(|s| world.state(s)), ["done", "active", "active"]);
    world.set(json!({ "ok": true }));
    assert_eq!(world.state("until"), "done");
    world.pass(minutes(10));
    assert_eq!(world.state("last"), "ready");
}

#[test]
fn consent_takes_a_quorum_and_never_the_author() {
    let mut world = World::declare(
        "
roles: { commander: { title: C, assign: { team: board } } }
phases:
  - id: one
    title: One
    steps:
      - { id: draft, title: D }
      - { id: agree, title: A, after: [draft], approve: { by: [ team/ops, role/commander ], quorum: 2 } }
",
    );
    world.complete("draft");
    let yes = || StepAct::Approve { note: None };
    let author = world.act("ann", "agree", yes()).unwrap_err();
    assert_eq!(author.code, RejectionCode::MayNotApprove);
    assert_eq!(world.act("ed", "agree", yes()).unwrap_err().code, RejectionCode::MayNotApprove);
    world.act("bo", "agree", yes()).unwrap();
    world.act("bo", "agree", yes()).unwrap();
    assert_eq!(world.run("agree").approvals, [PersonId::new("bo")], "no second voice");
    world.act("flo", "agree", yes()).unwrap();
    assert_eq!(world.state("agree"), "done");
}

#[test]
fn one_refusal_fails_the_consent() {
    let mut world = World::declare(
        "
phases: [ { id: one, title: One, steps: [ { id: agree, title: A, approve: { by: [ team/ops ], quorum: 2 } } ] } ]
",
    );
    world.act("bo", "agree", StepAct::Reject { reason: "no".into() }).unwrap();
    assert_eq!(world.run("agree").state.cause(), Some("rejected"));
    let cancelled = StepCancelReason::Cancelled;
    assert_ne!(
        world.run("agree").state,
        firebell::engine::StepState::Cancelled { reason: cancelled }
    );
}
