//! Meaning, conditions: three truth values, and what unknown counts as where.

use firebell::engine::{AlertNote, Command, Fact, StuckReason, SurgeNote};
use serde_json::json;

use crate::act::{complete, fail, set};
use crate::case::{Case, declared_as, staffed, staffed_with};

const USERS: &str = "inputs: { users: { type: integer }, over: { type: boolean } }\n";

fn one(steps: &str, users: Option<i64>) -> Case {
    let steps: String = steps.lines().map(|line| format!("      {}\n", line.trim())).collect();
    let body = format!("{USERS}phases:\n  - id: one\n    title: One\n    steps:\n{steps}");
    let inputs = users.map_or(json!({}), |users| json!({ "users": users }));
    staffed_with(&body, inputs)
}

#[test]
fn conditions_unknown_counts_as_true_in_when_and_says_so() {
    let case = one("- { id: a, title: A, when: users > 5 }", None);
    assert_eq!(case.state("a"), "ready");
    let ready = case.last(|fact| matches!(fact, Fact::StepReady { .. }));
    assert!(matches!(ready.fact, Fact::StepReady { unknown: true, .. }));
    let known = one("- { id: a, title: A, when: users > 5 }", Some(9));
    let ready = known.last(|fact| matches!(fact, Fact::StepReady { .. }));
    assert!(matches!(ready.fact, Fact::StepReady { unknown: false, .. }));
}

#[test]
fn conditions_unknown_counts_as_true_in_engage_and_says_so() {
    let case = crate::case::declared(
        "
        roles:
          commander: { title: C, assign: { schedule: duty } }
          comms: { title: M, assign: { team: ops }, engage: users > 5 }
        inputs: { users: { type: integer } }
        phases: [ { id: one, title: One, steps: [ { id: a, title: A } ] } ]
        ",
    );
    let engaged = |fact: &Fact| matches!(fact, Fact::RoleEngaged { role, unknown: true } if role.as_str() == "comms");
    assert_eq!(case.count(engaged), 1);
}

#[test]
fn conditions_unknown_counts_as_false_in_next() {
    let mut case = staffed(
        "
        inputs: { users: { type: integer } }
        phases:
          - { id: one, title: One, steps: [ { id: a, title: A } ], next: [ { to: two, when: users > 5 }, { to: three, when: not users > 5 } ] }
          - { id: two, title: Two, steps: [ { id: b, title: B } ] }
          - { id: three, title: Three, steps: [ { id: c, title: C } ] }
        ",
    );
    case.step("cid", "a", complete());
    assert_eq!(case.incident().stuck, Some(StuckReason::NoWayOut));
}

#[test]
fn conditions_unknown_counts_as_false_in_the_until_of_a_wait() {
    let mut case =
        one("- { id: w, wait: { until: users > 5 } }\n- { id: b, title: B, after: [w] }", None);
    assert_eq!(case.states(["w", "b"]), ["active", "waiting"]);
    case.tell("ann", set(json!({ "users": 3 })));
    assert_eq!(case.state("w"), "active");
    case.tell("ann", set(json!({ "users": 9 })));
    assert_eq!(case.states(["w", "b"]), ["done", "ready"]);
}

#[test]
fn conditions_unknown_counts_as_false_in_until_and_while_of_a_repeat() {
    let mut until =
        one("- { id: a, title: A, repeat: { every: 1m, until: over, at_most: 9 } }", None);
    until.step("cid", "a", complete());
    assert!(!until.run("a").is_settled(), "until is not known to hold");
    let mut whiles = one(
        "- { id: a, title: A, repeat: { every: 1m, while: over, at_most: 9 } }\n- { id: b, title: B }",
        None,
    );
    whiles.step("cid", "a", complete());
    assert!(whiles.run("a").is_settled(), "while is not known to hold");
}

#[test]
fn conditions_any_holds_when_one_part_does_whatever_is_unknown() {
    let when = "{ any: [ users > 5, steps.b.ready ] }";
    let case =
        one(&format!("- {{ id: b, title: B }}\n- {{ id: w, wait: {{ until: {when} }} }}"), None);
    assert_eq!(case.state("w"), "done");
}

#[test]
fn conditions_all_fails_when_one_part_does_whatever_is_unknown() {
    let when = "{ all: [ users > 5, steps.b.done ] }";
    let case =
        one(&format!("- {{ id: b, title: B }}\n- {{ id: a, title: A, when: {when} }}"), None);
    assert_eq!(case.state("a"), "skipped");
}

#[test]
fn conditions_not_keeps_unknown() {
    let case = one("- { id: a, title: A, when: { not: users > 5 } }", None);
    assert_eq!(case.state("a"), "ready");
    let case = one("- { id: w, wait: { until: { not: users > 5 } } }", None);
    assert_eq!(case.state("w"), "active");
}

#[test]
fn conditions_each_string_is_evaluated_alone() {
    // In one string the unknown name makes the whole unknown; in two it does not.
    let whole = one("- { id: w, wait: { until: 'level >= 1 or users > 5' } }", None);
    assert_eq!(whole.state("w"), "active");
    let apart = one(
        "- { id: w, wait: { until: { any: [ level >= 1, users > 5 ] } } }\n- { id: b, title: B }",
        None,
    );
    assert_eq!(apart.state("w"), "done");
}

#[test]
fn conditions_steps_and_roles_are_never_unknown() {
    let case = one(
        "- { id: b, title: B }\n\
         - { id: c, title: C, after: [b] }\n\
         - { id: q, title: Q, decide: { options: [x, y] } }\n\
         - { id: w, wait: { until: not steps.c.done } }\n\
         - { id: v, wait: { until: \"steps.q.answer != 'x'\" } }\n\
         - { id: u, wait: { until: roles.support.holder == 'cid' } }",
        None,
    );
    assert_eq!(case.states(["w", "v", "u"]), ["done", "done", "done"]);
}

#[test]
fn conditions_the_names_of_the_language_are_known() {
    let mut case = one(
        "- { id: b, title: B, measure: satisfaction }\n\
         - { id: w, wait: { until: measures.satisfaction >= 95 } }\n\
         - { id: v, wait: { until: incident.mode == 'live' and phase == 'one' } }\n\
         - { id: u, wait: { until: alert.labels.site == 'gz' } }",
        None,
    );
    assert_eq!(case.states(["w", "v", "u"]), ["active", "done", "active"]);
    case.step("cid", "b", crate::act::complete_measured(97.0));
    assert_eq!(case.state("w"), "done");
    let alert = AlertNote {
        name: "Down".into(),
        labels: [("site".into(), "gz".to_owned())].into(),
        ..AlertNote::default()
    };
    case.report(Command::Alert { alert, resolved: false });
    assert_eq!(case.run("u").state.name(), "done");
}

const ALERT: &str = "
    inputs: { users: { type: integer, min: 0 }, site: { type: string } }
    activate_when:
      - alert: { match: { alertname: Down }, inputs: { users: '{{ alert.annotations.users }}', site: '{{ alert.labels.site }}' } }
    phases: [ { id: one, title: One, steps: [ { id: a, title: A } ] } ]
";

fn alerted(users: Option<&str>) -> Case {
    declared_as(ALERT, |declare| {
        let users = users.map(|users| ("users".into(), users.to_owned()));
        declare.alert = Some(AlertNote {
            name: "Down".into(),
            labels: [("alertname".into(), "Down".to_owned()), ("site".into(), "gz".to_owned())]
                .into(),
            annotations: users.into_iter().collect(),
        });
    })
}

#[test]
fn conditions_an_alert_fills_inputs() {
    let case = alerted(Some("250"));
    assert_eq!(case.variable("users"), Some(&firebell::playbook::Value::Integer(250)));
    assert_eq!(case.variable("site"), Some(&firebell::playbook::Value::String("gz".to_owned())));
}

#[test]
fn conditions_an_alerts_input_that_is_missing_or_does_not_parse_stays_unknown_and_is_reported() {
    for users in [None, Some("many"), Some("-3"), Some("")] {
        let case = alerted(users);
        assert_eq!(case.variable("users"), None, "{users:?}");
        let received = case.last(|fact| matches!(fact, Fact::AlertReceived { .. }));
        assert!(
            matches!(&received.fact, Fact::AlertReceived { unreadable, .. } if unreadable.len() == 1),
            "{users:?}"
        );
        assert_eq!(case.state("a"), "ready", "it never refuses the alert");
    }
}

fn surge(ratio: Option<f64>) -> SurgeNote {
    SurgeNote { monitor: "complaints".into(), count: 90, ratio, ..SurgeNote::default() }
}

#[test]
fn conditions_a_surge_fills_inputs_and_moves_them_until_a_person_has_the_last_word() {
    let plan = "
    inputs: { times: { type: number }, count: { type: integer } }
    activate_when:
      - surge: { monitor: other, inputs: { times: '7' } }
      - surge: { monitor: complaints, at_least: 3.0, inputs: { times: '{{ surge.ratio }}', count: '{{ surge.count }}' } }
    levels: [ { level: 2, when: times >= 5.0 }, { level: 4 } ]
    phases: [ { id: one, title: One, steps: [ { id: a, title: A }, { id: w, wait: { until: surge.ratio >= 4.0 } } ] } ]
    ";
    let mut case = declared_as(plan, |declare| declare.surge = Some(surge(Some(3.5))));
    let number = |n| Some(firebell::playbook::Value::Number(n));
    assert_eq!(case.variable("times").cloned(), number(3.5));
    assert_eq!(case.variable("count"), Some(&firebell::playbook::Value::Integer(90)));
    assert_eq!((case.state("w"), case.incident().level.current), ("active", 4));
    case.report(Command::Surge { surge: surge(Some(6.0)), over: false });
    assert_eq!(case.variable("times").cloned(), number(6.0));
    assert_eq!((case.state("w"), case.incident().level.current), ("done", 2));
    let values = json!({ "times": 9.0 }).as_object().cloned().unwrap();
    case.report(Command::SetInputs { values });
    case.report(Command::Surge { surge: surge(Some(1.0)), over: true });
    assert_eq!(case.variable("times").cloned(), number(9.0), "a person said so");
    let unread = declared_as(plan, |declare| declare.surge = Some(surge(None)));
    let seen = unread.last(|fact| matches!(fact, Fact::SurgeObserved(_)));
    assert!(matches!(&seen.fact, Fact::SurgeObserved(seen) if seen.unreadable == ["times".into()]));
}

#[test]
fn conditions_an_answer_of_a_form_is_unset_until_it_is_given() {
    let mut case = one(
        "- { id: b, title: B, form: { root: { type: string } } }\n\
         - { id: w, wait: { until: steps.b.root == 'disk' } }\n\
         - { id: v, wait: { until: root == 'disk' } }\n\
         - { id: z, title: Z }",
        None,
    );
    assert_eq!(case.states(["w", "v"]), ["active", "active"]);
    case.step("cid", "b", crate::act::complete_with(json!({ "root": "disk" })));
    assert_eq!(case.states(["w", "v"]), ["done", "done"]);
}

#[test]
fn conditions_a_failed_step_is_seen_as_failed() {
    let mut case = one(
        "- { id: b, title: B, on_failure: continue }\n\
         - { id: w, wait: { until: \"steps.b.failed and steps.b.cause == 'by_person'\" } }\n\
         - { id: z, title: Z }",
        None,
    );
    case.step("cid", "b", fail());
    assert_eq!(case.state("w"), "done");
}
