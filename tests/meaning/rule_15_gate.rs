//! Meaning 15, as far as the engine has a part in it: what the gate held back.

use firebell::engine::{Fact, Mode, NoticeEnd, Pending, RequestOutcome};

use crate::act::complete;
use crate::case::{Carrier, Case, declared_as};

const PLAN: &str = "
    messages: { news: { text: news } }
    phases:
      - id: one
        title: One
        steps:
          - { id: inform, notify: { to: customers, via: [status], message: news } }
          - { id: call, http: { url: 'https://ops.example/x', save: { ticket: /id } } }
          - { id: b, title: B, after: [call], when: ticket == 'x' }
";

fn drill() -> Case {
    let mut case = Case::new(PLAN);
    case.carrier = Carrier::Silent;
    case.declare(|declare| declare.mode = Mode::Drill).expect("declared");
    case
}

#[test]
fn meaning_15_what_was_held_back_counts_as_delivered() {
    let mut case = drill();
    case.carrier = Carrier::HoldsBack;
    assert_eq!(case.state("inform"), "active");
    case.dispatch();
    assert_eq!(case.state("inform"), "done");
    let held =
        |fact: &Fact| matches!(fact, Fact::NoticeEnded { end: NoticeEnd::HeldBack { .. }, .. });
    assert!(case.count(held) >= 1);
}

#[test]
fn meaning_15_a_request_that_was_held_back_ends_as_the_cast_says() {
    let mut good = drill();
    good.answer_request("call", RequestOutcome::HeldBack { succeeds: true });
    assert_eq!(good.state("call"), "done");
    let mut bad = drill();
    bad.answer_request("call", RequestOutcome::HeldBack { succeeds: false });
    assert_eq!(bad.state("call"), "failed");
}

#[test]
fn meaning_15_its_saved_values_stay_unknown() {
    let mut case = drill();
    case.answer_request("call", RequestOutcome::HeldBack { succeeds: true });
    assert_eq!(case.variable("ticket"), None);
    assert_eq!(case.state("b"), "ready", "unknown counts as true in a `when`");
}

#[test]
fn meaning_15_the_mode_belongs_to_the_run_and_changes_nothing_before_the_gate() {
    let shape = |mode| {
        let mut case = declared_as(PLAN, |declare| declare.mode = mode);
        case.answer_request("call", RequestOutcome::HeldBack { succeeds: true });
        case.step("cid", "b", complete());
        let names: Vec<String> = case
            .events
            .iter()
            .map(|event| serde_json::to_value(&event.fact).expect("JSON")["type"].to_string())
            .collect();
        names
    };
    assert_eq!(shape(Mode::Live), shape(Mode::Drill));
    assert_eq!(shape(Mode::Live), shape(Mode::Simulation));
}

#[test]
fn meaning_15_every_outward_act_waits_in_the_outbox_for_the_gate() {
    let case = drill();
    let requests = case
        .incident()
        .outbox
        .values()
        .filter(|pending| matches!(pending.as_ref(), Pending::Request { .. }))
        .count();
    assert_eq!(requests, 1);
    assert!(case.waiting_notices().len() > requests);
}
