//! Steps that run another plan (Steps; Meaning 8, 14, 15): a child begins, is waited for or not,
//! ends, and is called off with what asked for it.

use firebell::engine::limits::CHILDREN_MAX;
use firebell::engine::{ChildOutcome, Command, Fact, Mode, Pending, RecallReason, Status};
use firebell::playbook::Value;
use serde_json::{Value as Json, json};

use crate::act::{cancel, complete, complete_with, fail, force_close, move_to, reopen, skip};
use crate::case::Case;
use crate::household::Household;

const PARENT: &str = "
    inputs: { users: { type: integer }, where_: { type: string } }
    phases:
      - id: one
        title: One
        steps:
          - { id: ask, playbook: leak, with: { found: '{{ users }}', place: 'at {{ where_ }}', kind: hack }, save: { lost: records } }
          - { id: then, title: Then, after: [ask] }
      - { id: two, title: Two, steps: [ { id: z, title: Z } ] }
";

const LEAK: &str = "
    inputs: { found: { type: integer }, place: { type: string }, kind: { type: string } }
    phases:
      - id: look
        title: Look
        steps: [ { id: count, title: Count, form: { records: { type: integer } } } ]
";

const PLANS: [(&str, &str); 1] = [("leak", LEAK)];

fn house() -> Household {
    Household::of(PARENT, &PLANS)
}

/// A parent whose step has these further fields.
fn asking(more: &str) -> String {
    format!(
        "
    phases:
      - id: one
        title: One
        steps:
          - {{ id: ask, playbook: leak, {more} }}
          - {{ id: then, title: Then, after: [ask] }}
      - {{ id: two, title: Two, steps: [ {{ id: z, title: Z }} ] }}
"
    )
}

fn count_of(case: &Case, is: impl Fn(&Fact) -> bool) -> usize {
    case.count(is)
}

fn call_of(case: &Case) -> Pending {
    let calls = case.incident().outbox.values();
    let call = calls.map(AsRef::as_ref).find(|pending| matches!(pending, Pending::Child { .. }));
    call.cloned().expect("a child is asked for")
}

#[test]
fn a_step_waits_for_its_child_and_takes_what_it_found() {
    let mut house = house();
    assert_eq!((house.children(), house.parent().state("ask")), (1, "active"));
    house.child(1).step("cid", "count", complete_with(json!({ "records": 12 })));
    assert_eq!(house.child(1).status(), Status::Closed);
    house.carry();
    assert_eq!(house.parent().states(["ask", "then"]), ["done", "ready"]);
    assert_eq!(house.parent().variable("lost"), Some(&Value::Integer(12)));
    let known = house.parent().incident().children.values().next().cloned().expect("a child");
    assert_eq!((known.number, known.status), (Some(2), Some(Status::Closed)));
}

#[test]
fn what_is_given_keeps_its_type_and_what_is_unknown_stays_so() {
    let mut house = Household::with(PARENT, json!({ "users": 7 }), &PLANS);
    assert_eq!(house.child(1).variable("found"), Some(&Value::Integer(7)));
    assert_eq!(house.child(1).variable("place"), None, "no word for unknown");
    assert_eq!(house.child(1).variable("kind"), Some(&Value::String("hack".into())));
}

#[test]
fn a_child_knows_its_parent_and_the_step() {
    let mut house = house();
    let parent = house.parent().incident().id;
    let known = house.child(1).incident().parent.clone().expect("a parent");
    assert_eq!((known.id, known.number, known.depth), (parent, 1, 1));
    assert_eq!(known.key.to_string(), "1.ask");
}

#[test]
fn a_step_that_does_not_wait_is_done_when_the_child_begins() {
    let mut house = Household::of(&asking("wait: false"), &PLANS);
    assert_eq!((house.children(), house.parent().state("ask")), (1, "done"));
    house.child(1).step("cid", "count", complete());
    house.carry();
    let told = |fact: &Fact| matches!(fact, Fact::ChildReported { status: Status::Closed, .. });
    assert_eq!(count_of(house.parent(), told), 1, "its end is still told");
}

#[test]
fn a_cancelled_child_fails_its_step_and_no_attempt_follows_by_itself() {
    let plan = asking("retry: { attempts: 3, backoff: 1m }, on_failure: continue");
    let mut house = Household::of(&plan, &PLANS);
    house.child(1).tell("hal", cancel());
    house.carry();
    assert_eq!(house.parent().states(["ask", "then"]), ["failed", "ready"]);
    assert_eq!(house.parent().cause("ask"), "by_person");
    house.pass("10m");
    assert_eq!(house.children(), 1);
}

#[test]
fn a_failure_goes_where_the_step_says() {
    let mut house = Household::of(&asking("on_failure: { go: two }"), &PLANS);
    house.child(1).tell("hal", cancel());
    house.carry();
    assert_eq!(house.parent().phase(), "two");
}

#[test]
fn a_plan_that_is_gone_fails_the_step_and_a_retry_asks_for_a_new_child() {
    let mut house = Household::of(&asking("retry: { attempts: 2, backoff: 1m }"), &[]);
    let first = house.parent().last(|fact| matches!(fact, Fact::ChildQueued(_))).clone();
    assert_eq!(house.parent().state("ask"), "active", "the next attempt waits");
    house.pass("1m");
    assert_eq!(house.parent().state("ask"), "failed");
    assert_eq!(house.parent().cause("ask"), "error");
    let second = house.parent().last(|fact| matches!(fact, Fact::ChildQueued(_))).clone();
    let child = |fact: &Fact| match fact {
        Fact::ChildQueued(call) => call.child,
        other => panic!("{other:?}"),
    };
    assert_ne!(child(&first.fact), child(&second.fact));
    assert!(house.parent().incident().children.is_empty(), "nothing began");
}

#[test]
fn a_retry_by_hand_starts_a_new_child() {
    let mut house = Household::of(&asking("role: commander"), &PLANS);
    house.child(1).tell("hal", cancel());
    house.carry();
    house.parent().step("ann", "ask", firebell::engine::StepAct::Retry);
    house.carry();
    assert_eq!((house.children(), house.parent().state("ask")), (2, "active"));
    house.child(2).step("cid", "count", complete());
    house.carry();
    assert_eq!(house.parent().state("ask"), "done");
}

#[test]
fn a_timeout_calls_the_child_off() {
    let mut house = Household::of(&asking("timeout: 10m, on_timeout: continue"), &PLANS);
    house.pass("10m");
    assert_eq!(house.parent().states(["ask", "then"]), ["failed", "ready"]);
    assert_eq!(house.child(1).status(), Status::Cancelled);
    let why = match &house.child(1).last(|fact| matches!(fact, Fact::Cancelled { .. })).fact {
        Fact::Cancelled { reason, .. } => reason.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(why, "called off by incident 1: its step ran out of time");
}

#[test]
fn meaning_08_whatever_ends_the_step_calls_its_child_off() {
    type Act = fn(&mut Case);
    let acts: [(&str, Act, RecallReason); 5] = [
        ("cancelled", |case| case.tell("ann", cancel()), RecallReason::Cancelled),
        ("closed", |case| case.tell("ann", force_close()), RecallReason::Closed),
        ("left", |case| case.tell("ann", move_to("two")), RecallReason::PhaseLeft),
        ("skipped", |case| case.step("ann", "ask", skip()), RecallReason::StepSkipped),
        ("failed", |case| case.step("ann", "ask", fail()), RecallReason::StepFailed),
    ];
    for (name, act, expected) in acts {
        let mut house = house();
        act(house.parent());
        let recalled = house.parent().last(|fact| matches!(fact, Fact::ChildRecalled { .. }));
        let Fact::ChildRecalled { why, .. } = &recalled.fact else { panic!("{name}") };
        assert_eq!(*why, expected, "{name}");
        house.carry();
        assert_eq!(house.child(1).status(), Status::Cancelled, "{name}");
        let known = house.parent().incident().children.values().next().cloned();
        assert_eq!(known.and_then(|known| known.status), Some(Status::Cancelled), "{name}");
        assert!(house.parent().incident().outbox.is_empty(), "{name}");
    }
}

#[test]
fn meaning_08_a_child_nobody_waits_for_lives_on() {
    let mut house = Household::of(&asking("wait: false"), &PLANS);
    house.parent().tell("ann", cancel());
    house.carry();
    assert_eq!(house.child(1).status(), Status::Open);
    assert_eq!(house.parent().incident().children.len(), 1, "and stays linked");
}

#[test]
fn meaning_08_cancellation_flows_down_through_all() {
    let outer = "phases: [ { id: one, title: One, steps: [ { id: a, playbook: middle } ] } ]";
    let middle = "phases: [ { id: one, title: One, steps: [ { id: b, playbook: leak } ] } ]";
    let mut house = Household::of(outer, &[("middle", middle), ("leak", LEAK)]);
    assert_eq!(house.children(), 2);
    house.parent().tell("ann", cancel());
    house.carry();
    assert_eq!(house.child(1).status(), Status::Cancelled);
    assert_eq!(house.child(2).status(), Status::Cancelled);
}

#[test]
fn meaning_03_a_step_that_outlives_its_phase_keeps_its_child() {
    let mut house = Household::of(&asking("outlives_phase: true, blocks: close"), &PLANS);
    house.parent().tell("ann", move_to("two"));
    house.carry();
    assert_eq!(house.child(1).status(), Status::Open);
    house.child(1).step("cid", "count", complete());
    house.carry();
    assert_eq!(house.parent().state("ask"), "done");
}

#[test]
fn what_is_recalled_before_it_began_never_begins() {
    let mut house = Household::before_anything(PARENT, Json::Null, &PLANS);
    house.parent().step("ann", "ask", skip());
    house.carry();
    assert_eq!(house.children(), 0);
    assert!(house.parent().incident().children.is_empty());
    assert!(house.parent().incident().outbox.is_empty());
}

#[test]
fn a_child_that_began_while_it_was_recalled_is_called_off() {
    let mut house = Household::before_anything(PARENT, Json::Null, &PLANS);
    let call = call_of(house.parent());
    let outcome = house.begin(0, &call);
    let outbox = &house.parent().incident().outbox;
    let request = *outbox.iter().find(|(_, of)| ***of == call).expect("the call").0;
    house.parent().step("ann", "ask", skip());
    house.parent().report(Command::ChildOutcome { request, outcome });
    house.carry();
    assert_eq!(house.child(1).status(), Status::Cancelled);
    assert!(house.parent().incident().outbox.is_empty());
}

#[test]
fn a_late_answer_leaves_the_attempt_that_took_the_place() {
    let mut house = Household::before_anything(&asking("role: commander"), Json::Null, &PLANS);
    let call = call_of(house.parent());
    let outbox = &house.parent().incident().outbox;
    let request = *outbox.iter().find(|(_, of)| ***of == call).expect("the call").0;
    house.parent().step("ann", "ask", fail());
    house.parent().step("ann", "ask", firebell::engine::StepAct::Retry);
    let outcome = house.begin(0, &call);
    house.parent().report(Command::ChildOutcome { request, outcome });
    assert_eq!(house.parent().run("ask").key.attempt, 2);
    assert_eq!(house.parent().state("ask"), "active");
    house.carry();
    assert_eq!(house.child(1).status(), Status::Cancelled);
    assert_eq!(house.child(2).status(), Status::Open);
}

#[test]
fn a_second_try_finds_the_first_child() {
    let mut house = Household::before_anything(PARENT, Json::Null, &PLANS);
    let call = call_of(house.parent());
    // The process dies after the child was stored and before the parent heard of it.
    let first = house.begin(0, &call);
    let again = house.begin(0, &call);
    assert_eq!(first, again);
    house.carry();
    assert_eq!(house.children(), 1);
}

#[test]
fn an_answer_or_a_report_that_comes_twice_changes_nothing() {
    let mut house = house();
    house.child(1).step("cid", "count", complete());
    house.carry();
    let version = house.parent().incident().version;
    house.deliver_report(1, Status::Closed, None);
    let request = firebell::id::NoticeId::from_u128(5);
    let outcome = ChildOutcome::Started { number: 2 };
    house.parent().report(Command::ChildOutcome { request, outcome });
    house.parent().report(Command::ErrandEnded { request });
    assert_eq!(house.parent().incident().version, version);
}

#[test]
fn a_report_may_overtake_the_news_of_the_beginning() {
    let at_once = "phases: [ { id: a, title: A, steps: [ { id: s, set: { n: '1' } } ] } ]";
    let mut house =
        Household::before_anything(&asking("save: { n: n }"), Json::Null, &[("leak", at_once)]);
    let call = call_of(house.parent());
    let late = house.begin(0, &call);
    let outbox = &house.parent().incident().outbox;
    let request = *outbox.iter().find(|(_, of)| ***of == call).expect("the call").0;
    house.deliver_report(1, Status::Closed, None);
    assert_eq!(house.parent().state("ask"), "done");
    house.parent().report(Command::ChildOutcome { request, outcome: late });
    house.carry();
    assert_eq!(house.parent().variable("n"), Some(&Value::Integer(1)));
    assert_eq!(count_of(house.parent(), |fact| matches!(fact, Fact::ChildStarted { .. })), 1);
}

#[test]
fn a_child_that_is_opened_again_says_so() {
    let mut house = house();
    house.child(1).step("cid", "count", complete());
    house.carry();
    let again = Command::Reopen { phase: None, reason: "more was found".into() };
    house.child(1).tell("ann", again);
    house.carry();
    let known = house.parent().incident().children.values().next().cloned();
    assert_eq!(known.and_then(|known| known.status), Some(Status::Open));
    assert_eq!(house.parent().state("ask"), "done", "what was waited for came");
}

#[test]
fn each_item_of_a_list_has_its_own_child() {
    let plan =
        asking("for_each: { in: '[1, 2, 3]', as: x, at_most: 5 }, with: { found: '{{ x }}' }");
    let mut house = Household::of(&plan, &PLANS);
    assert_eq!(house.children(), 3);
    for n in 1..=3_i64 {
        let nth = usize::try_from(n).expect("small");
        assert_eq!(house.child(nth).variable("found"), Some(&Value::Integer(n)));
        house.child(nth).step("cid", "count", complete());
    }
    house.carry();
    assert_eq!(house.parent().states(["ask", "then"]), ["done", "ready"]);
}

#[test]
fn meaning_06_each_iteration_starts_a_new_child() {
    let mut house = Household::of(&asking("repeat: { every: 1h, at_most: 2 }"), &PLANS);
    house.child(1).step("cid", "count", complete());
    house.carry();
    house.pass("1h");
    assert_eq!(house.children(), 2);
    house.child(2).step("cid", "count", complete());
    house.carry();
    assert!(house.parent().run("ask").is_settled());
}

#[test]
fn a_step_worked_on_again_starts_a_new_child() {
    let mut house = Household::of(&asking("role: commander"), &PLANS);
    house.child(1).step("cid", "count", complete());
    house.carry();
    house.parent().step("ann", "ask", reopen());
    house.carry();
    assert_eq!((house.children(), house.parent().state("ask")), (2, "active"));
}

#[test]
fn meaning_14_children_nest_five_deep_and_no_deeper() {
    let body = "phases: [ { id: one, title: One, steps: [ { id: a, playbook: same } ] } ]";
    let mut house = Household::of(body, &[("same", body)]);
    assert_eq!(house.children(), 5);
    assert_eq!(house.child(5).state("a"), "failed");
    assert_eq!(house.child(4).state("a"), "active");
}

#[test]
fn meaning_14_an_incident_has_a_bounded_number_of_children() {
    let items = (0..CHILDREN_MAX + 3).map(|n| n.to_string()).collect::<Vec<_>>().join(", ");
    let step = format!(
        "wait: false, for_each: {{ in: '[{items}]', as: x, at_most: 1000 }}, on_failure: continue"
    );
    let mut house = Household::before_anything(&asking(&step), Json::Null, &PLANS);
    let asked = |fact: &Fact| matches!(fact, Fact::ChildQueued(_));
    assert_eq!(count_of(house.parent(), asked), CHILDREN_MAX);
    let failed = |fact: &Fact| matches!(fact, Fact::StepFailed { .. });
    assert_eq!(count_of(house.parent(), failed), 3);
}

#[test]
fn meaning_15_a_child_held_back_by_the_gate_counts_as_done() {
    let mut house = Household::before_anything(PARENT, Json::Null, &PLANS);
    let call = call_of(house.parent());
    let outbox = &house.parent().incident().outbox;
    let request = *outbox.iter().find(|(_, of)| ***of == call).expect("the call").0;
    house.parent().report(Command::ChildOutcome { request, outcome: ChildOutcome::HeldBack });
    assert_eq!(house.parent().state("ask"), "done");
    assert_eq!(house.parent().variable("lost"), None);
    assert_eq!(house.parent().incident().mode, Mode::Live);
}
