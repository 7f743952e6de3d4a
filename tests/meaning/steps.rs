//! What each kind of step does and when it settles, and the states a run goes through.

use firebell::engine::{Command, Fact, Purpose, RejectionCode, RequestOutcome, StepAct, StepRef};
use firebell::id::NoticeId;
use firebell::playbook::Value;
use serde_json::json;

use crate::act::{
    answer, approve, complete, complete_measured, complete_proven, complete_with, fail, reject,
    reopen, skip, tick,
};
use crate::case::{Carrier, Case, staffed, staffed_with};

fn one(steps: &str) -> Case {
    staffed(&body(steps))
}

fn body(steps: &str) -> String {
    let steps: String = steps.lines().map(|line| format!("      {}\n", line.trim())).collect();
    format!(
        "inputs: {{ names: {{ type: list, of: string }} }}\n\
         messages: {{ news: {{ text: news }} }}\n\
         phases:\n  - id: one\n    title: One\n    steps:\n{steps}      - {{ id: z, title: Z }}\n"
    )
}

// ---- by hand ------------------------------------------------------------------------------------

#[test]
fn steps_by_hand_become_ready_are_started_and_done() {
    let mut case = one("- { id: a, title: A }");
    case.step("cid", "a", StepAct::Start);
    assert_eq!(case.state("a"), "active");
    case.step("cid", "a", complete());
    assert_eq!(case.state("a"), "done");
    assert_eq!(case.run("a").worked_by, ["cid".into()]);
}

#[test]
fn steps_by_hand_may_be_done_without_starting() {
    let mut case = one("- { id: a, title: A }");
    case.step("cid", "a", complete());
    assert_eq!(case.state("a"), "done");
    assert!(case.run("a").started_at.is_some());
}

#[test]
fn steps_that_are_settled_take_no_more_work_but_may_be_reopened() {
    let mut case = one("- { id: a, title: A }\n- { id: b, title: B, after: [a] }");
    case.step("cid", "a", complete());
    for act in [complete(), fail(), skip(), StepAct::Start, StepAct::Claim, StepAct::Retry] {
        assert_eq!(case.step_refused("cid", "a", act), RejectionCode::WrongState);
    }
    case.step("cid", "a", reopen());
    assert_eq!((case.state("a"), case.run("a").key.attempt), ("ready", 2));
}

#[test]
fn steps_that_wait_cannot_be_started() {
    let mut case = one("- { id: a, title: A }\n- { id: b, title: B, after: [a] }");
    let refused =
        case.refused("cid", Command::Step { step: StepRef::current("b"), act: StepAct::Start });
    assert_eq!(refused.code, RejectionCode::WrongState);
    assert_eq!(refused.details["state"], json!("waiting"));
    assert!(refused.details.contains_key("allowed"), "it says what is allowed");
}

#[test]
fn steps_that_do_not_exist_are_unknown() {
    let mut case = one("- { id: a, title: A }");
    assert_eq!(case.step_refused("cid", "nope", complete()), RejectionCode::UnknownStep);
}

#[test]
fn steps_acts_must_fit_the_kind() {
    let mut case = one("- { id: a, title: A }\n- { id: w, wait: { for: 1h } }");
    for act in [answer("x"), approve(), reject()] {
        assert_eq!(case.step_refused("cid", "a", act), RejectionCode::WrongKind);
    }
    assert_eq!(case.step_refused("cid", "w", complete()), RejectionCode::WrongKind);
}

#[test]
fn steps_named_with_the_key_of_an_earlier_run_are_stale() {
    let mut case = one("- { id: a, title: A, repeat: { every: 1m, at_most: 5 } }");
    case.step("cid", "a", complete());
    case.pass("1m");
    let stale = StepRef { key: Some("1.a".to_owned()), ..StepRef::current("a") };
    let refused = case.refused("cid", Command::Step { step: stale, act: complete() });
    assert_eq!(refused.code, RejectionCode::StaleRun);
    let current = StepRef { key: Some("1.a#2".to_owned()), ..StepRef::current("a") };
    case.tell("cid", Command::Step { step: current, act: complete() });
}

#[test]
fn steps_with_a_form_set_variables_and_refuse_what_does_not_fit() {
    let mut case =
        one("- { id: a, title: A, form: { users: { type: integer, min: 0, required: true } } }");
    for form in [json!({}), json!({ "users": "x" }), json!({ "users": -1 }), json!({ "user": 1 })] {
        let refused = case.refused(
            "cid",
            Command::Step { step: StepRef::current("a"), act: complete_with(form.clone()) },
        );
        assert_eq!(refused.code, RejectionCode::InvalidFields, "{form}");
        assert!(!refused.fields.is_empty(), "{form}");
        assert!(refused.fields[0].pointer.starts_with("/form"), "{}", refused.fields[0].pointer);
    }
    assert_eq!(case.state("a"), "ready");
    case.step("cid", "a", complete_with(json!({ "users": 7 })));
    assert_eq!(case.variable("users"), Some(&Value::Integer(7)));
}

#[test]
fn steps_with_a_checklist_need_every_item_that_is_not_optional() {
    let mut case = one(
        "- { id: a, title: A, checklist: [ One, { title: Two, optional: true }, { title: Three, items: [ Four ] } ] }",
    );
    assert_eq!(case.step_refused("cid", "a", complete()), RejectionCode::ChecklistOpen);
    case.step("cid", "a", tick("1"));
    assert_eq!(case.state("a"), "active");
    assert_eq!(case.step_refused("cid", "a", tick("9")), RejectionCode::UnknownItem);
    case.step("cid", "a", tick("3.1"));
    case.step("cid", "a", complete());
    assert_eq!(case.state("a"), "done");
}

#[test]
fn steps_that_require_proof_need_it() {
    let mut case = one("- { id: a, title: A, evidence: required }");
    assert_eq!(case.step_refused("cid", "a", complete()), RejectionCode::EvidenceRequired);
    case.step("cid", "a", complete_proven("a photograph"));
    assert_eq!((case.state("a"), case.run("a").evidence), ("done", 1));
}

#[test]
fn steps_with_a_measure_record_it() {
    let mut case = staffed(&format!(
        "objectives: [ {{ id: o, measure: m, at_least: 95 }} ]\n{}",
        body("- { id: a, title: A, measure: m }")
    ));
    case.step("cid", "a", complete_measured(96.5));
    assert_eq!(case.incident().measures.get("m"), Some(&96.5));
    assert_eq!(case.count(|fact| matches!(fact, Fact::ObjectiveMet { .. })), 1);
}

#[test]
fn steps_measures_must_be_finite() {
    let mut case = one("- { id: a, title: A, measure: m }");
    let act = complete_measured(f64::NAN);
    assert_eq!(case.step_refused("cid", "a", act), RejectionCode::InvalidFields);
}

#[test]
fn steps_by_hand_that_are_finished_at_once_leave_no_timeout_behind() {
    let mut case = one("- { id: a, title: A, timeout: 10m }");
    case.step("cid", "a", complete());
    assert_eq!(case.run("a").alarm, None);
}

// ---- decide and approve -------------------------------------------------------------------------

#[test]
fn steps_decide_settles_when_answered_with_one_of_its_options() {
    let mut case = one("- { id: q, title: Q, decide: { by: commander, options: ['yes', 'no'] } }");
    assert_eq!(case.step_refused("ann", "q", answer("maybe")), RejectionCode::UnknownItem);
    case.step("ann", "q", answer("no"));
    assert_eq!((case.state("q"), case.run("q").answer.as_deref()), ("done", Some("no")));
}

#[test]
fn steps_decide_takes_its_default_when_due() {
    let mut case = one(
        "- { id: q, title: Q, due: 10m, decide: { by: commander, options: ['yes', 'no'], default: 'no' } }",
    );
    case.pass("9m");
    assert_eq!(case.state("q"), "ready");
    case.pass("1m");
    assert_eq!((case.state("q"), case.run("q").answer.as_deref()), ("done", Some("no")));
}

#[test]
fn steps_approve_settles_with_its_quorum() {
    let mut case =
        one("- { id: p, title: P, approve: { by: [commander, engineering], quorum: 2 } }");
    case.step("ann", "p", approve());
    assert_eq!(case.state("p"), "active");
    case.step("bob", "p", approve());
    assert_eq!(case.state("p"), "done");
}

#[test]
fn steps_approve_counts_each_person_once() {
    let mut case =
        one("- { id: p, title: P, approve: { by: [commander, team/managers], quorum: 2 } }");
    case.step("ann", "p", approve());
    let again = case.ask(Command::Step { step: StepRef::current("p"), act: approve() }, |ctx| {
        ctx.actor = firebell::engine::Actor::person("ann")
    });
    let _ = again;
    assert_eq!(case.state("p"), "active");
    case.step("hal", "p", approve());
    assert_eq!(case.state("p"), "done");
}

#[test]
fn steps_approve_fails_with_one_refusal() {
    let mut case =
        one("- { id: p, title: P, approve: { by: [commander, engineering], quorum: 2 } }");
    case.step("ann", "p", reject());
    assert_eq!((case.state("p"), case.cause("p").as_str()), ("failed", "rejected"));
}

#[test]
fn steps_approve_takes_nobody_else() {
    let mut case = one("- { id: p, title: P, approve: { by: [commander] } }");
    assert_eq!(case.step_refused("cid", "p", approve()), RejectionCode::MayNotApprove);
}

#[test]
fn steps_approve_never_takes_the_author_of_what_is_approved() {
    let mut case = one(
        "- { id: a, title: A }\n- { id: p, title: P, after: [a], approve: { by: [commander, team/ops] } }",
    );
    case.step("ann", "a", complete());
    assert_eq!(case.step_refused("ann", "p", approve()), RejectionCode::MayNotApprove);
    case.step("gus", "p", approve());
    assert_eq!(case.state("p"), "done");
}

// ---- notify -------------------------------------------------------------------------------------

#[test]
fn steps_notify_settles_when_delivered() {
    let mut case =
        staffed_silent("- { id: n, notify: { to: [role/support, team/ops], message: news } }");
    assert_eq!(case.state("n"), "active");
    case.carrier = Carrier::Delivers;
    case.dispatch();
    assert_eq!(case.state("n"), "done");
    assert_eq!(case.hearers(|p| matches!(p, Purpose::StepMessage { .. })), ["cid", "fay", "gus"]);
}

fn staffed_silent(steps: &str) -> Case {
    let steps =
        format!("- {{ id: go, title: Go }}\n{}", steps.replace("id: n,", "id: n, after: [go],"));
    let mut case = one(&steps);
    case.carrier = Carrier::Silent;
    case.step("cid", "go", complete());
    case
}

#[test]
fn steps_notify_until_acknowledged_waits_for_people() {
    let mut case = staffed_silent(
        "- { id: n, notify: { to: team/service, message: news, until: acknowledged(2) } }",
    );
    case.carrier = Carrier::Delivers;
    case.dispatch();
    assert_eq!(case.state("n"), "active");
    let messages: Vec<(NoticeId, String)> = case
        .incident()
        .told
        .iter()
        .filter(|(_, told)| matches!(told.purpose, Purpose::StepMessage { .. }))
        .map(|(id, told)| (*id, told.person.to_string()))
        .collect();
    assert_eq!(messages.len(), 3);
    let (first, who) = messages[0].clone();
    let stranger = messages[1].1.clone();
    let refused = case.refused(&stranger, Command::AcknowledgeNotice { notice: first });
    assert_eq!(refused.code, RejectionCode::NotYours);
    case.tell(&who, Command::AcknowledgeNotice { notice: first });
    assert_eq!(case.state("n"), "active");
    let (second, who) = messages[1].clone();
    case.tell(&who, Command::AcknowledgeNotice { notice: second });
    assert_eq!(case.state("n"), "done");
}

#[test]
fn steps_notify_that_reaches_nobody_fails() {
    let mut case = staffed_silent("- { id: n, notify: { to: team/ops, message: news } }");
    case.carrier = Carrier::Refuses;
    case.dispatch();
    assert_eq!(case.state("n"), "failed");
    assert!(
        case.commander_told("notice_failed") + case.count(|f| matches!(f, Fact::StepFailed { .. }))
            > 0
    );
}

#[test]
fn steps_a_refused_channel_leads_to_the_next_one() {
    let mut case = staffed_silent("- { id: n, notify: { to: role/support, message: news } }");
    let notice = *case.incident().outbox.keys().next_back().expect("waiting");
    case.report(Command::NoticeOutcome {
        notice,
        outcome: firebell::engine::NoticeOutcome::Refused {
            via: "email".into(),
            why: "no".to_owned(),
        },
    });
    let rerouted =
        |fact: &Fact| matches!(fact, Fact::NoticeRerouted { to, .. } if to.as_str() == "sms");
    assert_eq!(case.count(rerouted), 1);
    assert_eq!(case.state("n"), "active");
    case.carrier = Carrier::Delivers;
    case.dispatch();
    assert_eq!(case.state("n"), "done");
}

// ---- http ---------------------------------------------------------------------------------------

const HTTP: &str = "- { id: h, http: { url: 'https://ops.example/x', save: { ticket: /id } }, retry: { attempts: 3, backoff: 5s }, on_failure: { go: by_hand } }\n\
                    - { id: by_hand, title: M, after: [h], when: steps.h.failed }";

fn not_met() -> RequestOutcome {
    RequestOutcome::NotMet { status: Some(500), why: "500".to_owned() }
}

#[test]
fn steps_http_settles_when_its_expectation_is_met_and_saves_values() {
    let mut case = one(HTTP);
    assert_eq!(case.state("h"), "active");
    case.answer_request(
        "h",
        RequestOutcome::Met {
            status: 200,
            saved: vec![("ticket".into(), Value::String("T1".into()))],
        },
    );
    assert_eq!(case.states(["h", "by_hand"]), ["done", "skipped"]);
    assert_eq!(case.variable("ticket"), Some(&Value::String("T1".into())));
}

#[test]
fn steps_http_is_tried_again_after_a_pause_that_doubles() {
    let mut case = one(HTTP);
    case.answer_request("h", not_met());
    assert_eq!(case.state("h"), "active", "an attempt failed and not the step");
    case.pass("4s");
    assert_eq!(case.run("h").request, None);
    case.pass("1s");
    assert_eq!(case.run("h").key.attempt, 2);
    case.answer_request("h", not_met());
    case.pass("9s");
    assert_eq!(case.run("h").request, None);
    case.pass("1s");
    case.answer_request("h", not_met());
    assert_eq!((case.state("h"), case.run("h").key.attempt), ("failed", 3));
    assert_eq!(case.state("by_hand"), "ready");
}

#[test]
fn steps_http_that_never_answers_runs_out_of_time() {
    let mut case = one("- { id: h, http: { url: 'https://ops.example/x' }, timeout: 1m }");
    let request = case.run("h").request.expect("asked");
    case.pass("1m");
    assert_eq!((case.state("h"), case.cause("h").as_str()), ("failed", "timeout"));
    let late = case.ask(
        Command::RequestOutcome {
            request,
            outcome: RequestOutcome::Met { status: 200, saved: vec![] },
        },
        |_| (),
    );
    let _ = late;
    assert_eq!(case.state("h"), "failed", "a late answer changes nothing");
}

// ---- wait, set, for-each ------------------------------------------------------------------------

#[test]
fn steps_wait_for_settles_when_the_time_is_over() {
    let mut case = one("- { id: w, wait: { for: 10m } }\n- { id: b, title: B, after: [w] }");
    case.pass("9m");
    assert_eq!(case.states(["w", "b"]), ["active", "waiting"]);
    case.pass("1m");
    assert_eq!(case.states(["w", "b"]), ["done", "ready"]);
}

#[test]
fn steps_set_settles_at_once() {
    let case = one(
        "- { id: s, set: { n: '2 + 3', m: level } }\n- { id: b, title: B, after: [s], when: n == 5 }",
    );
    assert_eq!(case.states(["s", "b"]), ["done", "ready"]);
    assert_eq!(case.variable("n"), Some(&Value::Integer(5)));
}

#[test]
fn steps_set_from_what_is_unknown_leaves_it_unknown() {
    let case = one("- { id: s, set: { n: names, m: '1' } }");
    assert_eq!(case.state("s"), "done");
    assert_eq!((case.variable("n"), case.variable("m")), (None, Some(&Value::Integer(1))));
}

const ITEMS: &str = "- { id: a, title: A, for_each: { in: names, as: name, at_most: 9, at_once: 2 } }\n\
                     - { id: b, title: B, after: [a] }";

fn with_items(names: &[&str]) -> Case {
    staffed_with(&body(ITEMS), json!({ "names": names }))
}

#[test]
fn steps_for_each_does_one_run_an_item_and_so_many_at_once() {
    let mut case = with_items(&["p", "q", "r"]);
    let items = |case: &Case| -> Vec<&'static str> {
        (0..3)
            .map(|n| case.incident().item_run(&"a".into(), n).map_or("-", |run| run.state.name()))
            .collect()
    };
    assert_eq!(items(&case), ["ready", "ready", "waiting"]);
    case.item("cid", "a", 1, complete());
    assert_eq!(items(&case), ["ready", "done", "ready"]);
    case.item("cid", "a", 0, complete());
    case.item("cid", "a", 2, complete());
    assert_eq!(case.states(["a", "b"]), ["done", "ready"]);
}

#[test]
fn steps_for_each_must_be_named_with_the_item() {
    let mut case = with_items(&["p", "q"]);
    let refused =
        case.refused("cid", Command::Step { step: StepRef::current("a"), act: complete() });
    assert_eq!(refused.code, RejectionCode::AmbiguousStep);
    assert!(refused.details.contains_key("keys"));
}

#[test]
fn steps_for_each_that_failed_goes_on_when_the_failed_item_is_dealt_with() {
    for act in [skip(), StepAct::Retry, reopen()] {
        let mut case = with_items(&["p", "q"]);
        case.item("cid", "a", 0, fail());
        case.item("cid", "a", 1, complete());
        assert_eq!(case.states(["a", "b"]), ["failed", "waiting"]);
        let left_out = matches!(act, StepAct::Skip { .. });
        case.item("cid", "a", 0, act);
        if !left_out {
            assert_eq!(case.states(["a", "b"]), ["ready", "waiting"]);
            case.item("cid", "a", 0, complete());
        }
        assert_eq!(case.states(["a", "b"]), ["done", "ready"]);
    }
}

#[test]
fn steps_for_each_over_nothing_is_skipped() {
    let case = with_items(&[]);
    assert_eq!((case.state("a"), case.cause("a").as_str()), ("skipped", "no_items"));
    assert_eq!(case.state("b"), "ready");
}

// ---- always -------------------------------------------------------------------------------------

#[test]
fn steps_what_is_refused_changes_nothing() {
    let mut case = one("- { id: a, title: A }\n- { id: q, title: Q, decide: { options: [x] } }");
    let (before, events) = (case.incident().clone(), case.events.len());
    case.step_refused("cid", "q", complete());
    case.step_refused("cid", "a", answer("x"));
    case.refused("ann", crate::act::move_to("nowhere"));
    assert_eq!((case.incident(), case.events.len()), (&before, events));
}

#[test]
fn steps_ready_ones_are_told_to_their_holder() {
    let case = one("- { id: a, title: A, role: support }");
    let told = case.told("cid", |p| matches!(p, Purpose::StepReady { .. }));
    assert!(told <= 1, "once at most");
}
