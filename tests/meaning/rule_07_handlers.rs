//! Meaning 7: what happens at any time.

use firebell::engine::{AlertNote, Command, Fact, SurgeNote};
use firebell::playbook::HandlerEvent;
use serde_json::json;

use crate::act::{complete, fail, move_to, set, set_level};
use crate::case::{Case, declared, staffed, staffed_with};

fn plan(handler: &str) -> String {
    format!(
        "
    inputs: {{ users: {{ type: integer }}, again: {{ type: boolean }} }}
    levels:
      - {{ level: 1, when: users > 100 }}
      - {{ level: 3, when: users > 10 }}
      - {{ level: 4 }}
    messages: {{ news: {{ text: news }} }}
    phases:
      - id: one
        title: One
        steps: [ {{ id: a, title: A }}, {{ id: b, title: B }} ]
        next: [ {{ to: two, when: again }} ]
      - id: two
        title: Two
        steps: [ {{ id: c, title: C }} ]
        next: [ {{ to: one, when: again, at_most: 5 }}, {{ to: three, when: not again }} ]
      - {{ id: three, title: Three, steps: [ {{ id: d, title: D }} ] }}
    handlers:
      - {handler}
"
    )
}

fn on(event: &str, more: &str) -> String {
    plan(&format!("{{ event: {event}, notify: {{ to: team/managers, message: news }}{more} }}"))
}

fn fired(case: &Case) -> usize {
    case.count(|fact| matches!(fact, Fact::HandlerFired { .. }))
}

#[test]
fn meaning_07_declared_fires_at_the_declaration() {
    assert_eq!(fired(&staffed(&on("declared", ""))), 1);
}

#[test]
fn meaning_07_a_worse_and_a_better_level_are_different_events() {
    let mut raised = staffed_with(&on("level_raised", ""), json!({ "users": 5 }));
    let mut lowered = staffed_with(&on("level_lowered", ""), json!({ "users": 5 }));
    for case in [&mut raised, &mut lowered] {
        assert_eq!(fired(case), 0);
        case.tell("ann", set(json!({ "users": 50 })));
    }
    assert_eq!((fired(&raised), fired(&lowered)), (1, 0));
    lowered.tell("ann", set_level(4));
    assert_eq!(fired(&lowered), 1);
}

#[test]
fn meaning_07_entering_a_phase_a_failure_and_being_stuck_are_events() {
    let mut entered = staffed(&on("phase_entered", ", at_most: 9"));
    entered.tell("ann", move_to("two"));
    assert_eq!(fired(&entered), 2, "the first phase is entered too");

    let mut failed = staffed(&on("step_failed", ""));
    failed.step("cid", "a", fail());
    assert_eq!(fired(&failed), 1);

    let mut stuck = staffed(&on("stuck", ""));
    stuck.step("cid", "a", complete());
    assert_eq!(fired(&stuck), 0);
    stuck.step("cid", "b", complete());
    assert_eq!(fired(&stuck), 1);
}

#[test]
fn meaning_07_an_alert_that_resolves_is_an_event() {
    let mut case = staffed(&on("alert_resolved", ""));
    let alert = AlertNote { name: "Down".into(), ..AlertNote::default() };
    case.report(Command::Alert { alert: alert.clone(), resolved: false });
    assert_eq!(fired(&case), 0);
    case.report(Command::Alert { alert, resolved: true });
    assert_eq!(fired(&case), 1);
}

#[test]
fn meaning_07_a_surge_that_subsides_is_an_event_once() {
    let mut case = staffed(&on("surge_subsided", ", at_most: 5"));
    let surge = SurgeNote { monitor: "complaints".into(), ..SurgeNote::default() };
    let tell = |case: &mut Case, over| case.report(Command::Surge { surge: surge.clone(), over });
    tell(&mut case, true);
    assert_eq!(fired(&case), 0, "none was attached");
    tell(&mut case, false);
    tell(&mut case, false);
    assert_eq!(fired(&case), 0);
    tell(&mut case, true);
    tell(&mut case, true);
    assert_eq!(fired(&case), 1, "it is over once");
    tell(&mut case, false);
    tell(&mut case, true);
    assert_eq!(fired(&case), 2, "it came back");
}

#[test]
fn meaning_07_a_role_that_nobody_takes_is_an_event() {
    let mut case = declared(
        "
        roles:
          commander: { title: C, assign: { schedule: duty } }
          comms: { title: M, assign: { schedule: platform }, acknowledge_within: 5m }
        messages: { news: { text: news } }
        phases: [ { id: one, title: One, steps: [ { id: a, title: A } ] } ]
        handlers: [ { event: role_vacant, notify: { to: team/managers, message: news } } ]
        ",
    );
    assert_eq!(fired(&case), 0);
    case.pass("6m");
    assert_eq!(fired(&case), 1);
}

#[test]
fn meaning_07_it_fires_once_where_nothing_is_said() {
    let mut case = staffed(&on("step_failed", ""));
    case.step("cid", "a", fail());
    case.step("cid", "b", fail());
    assert_eq!(fired(&case), 1);
}

#[test]
fn meaning_07_it_fires_at_most_so_often() {
    let mut case = staffed_with(&on("phase_entered", ", at_most: 3"), json!({ "again": true }));
    for step in ["a", "b", "c", "a", "b", "c", "a", "b"] {
        case.step("cid", step, complete());
    }
    assert_eq!((case.phase(), case.incident().visit), ("two", 6));
    assert_eq!(fired(&case), 3);
}

#[test]
fn meaning_07_only_in_its_phases() {
    let mut case = staffed(&on("step_failed", ", while_phase: [two], at_most: 9"));
    case.step("cid", "a", fail());
    assert_eq!(fired(&case), 0);
    case.tell("ann", move_to("two"));
    case.step("cid", "c", fail());
    assert_eq!(fired(&case), 1);
}

#[test]
fn meaning_07_a_condition_that_is_false_or_unknown_keeps_it_and_does_not_spend_it() {
    let mut case = staffed(&on("step_failed", ", when: users > 5"));
    case.step("cid", "a", fail());
    assert_eq!(fired(&case), 0);
    case.tell("ann", set(json!({ "users": 9 })));
    case.step("cid", "b", fail());
    assert_eq!(fired(&case), 1);
}

#[test]
fn meaning_07_it_sends_its_message() {
    let mut case = staffed(&on("step_failed", ""));
    case.step("cid", "a", fail());
    assert_eq!(case.hearers(|p| format!("{p:?}").contains("HandlerMessage")), ["hal"]);
}

#[test]
fn meaning_07_one_that_fires_twice_at_once_tells_nobody_twice() {
    let case = declared(
        "
        roles:
          commander: { title: C, assign: { schedule: duty } }
          comms: { title: M, assign: { team: ghosts } }
          legal: { title: L, assign: { team: ghosts } }
        messages: { news: { text: news } }
        phases: [ { id: one, title: One, steps: [ { id: a, title: A } ] } ]
        handlers: [ { event: role_vacant, notify: { to: team/managers, message: news }, at_most: 5 } ]
        ",
    );
    assert_eq!(fired(&case), 2);
    assert_eq!(case.hearers(|p| format!("{p:?}").contains("HandlerMessage")), ["hal"]);
}

#[test]
fn meaning_07_it_leads_to_a_phase() {
    let mut case = staffed(&plan("{ event: alert_resolved, while_phase: [one], go: three }"));
    let alert = AlertNote { name: "Down".into(), ..AlertNote::default() };
    case.report(Command::Alert { alert, resolved: true });
    assert_eq!(case.phase(), "three");
    assert_eq!(case.states(["a", "b"]), ["cancelled", "cancelled"]);
    let last = case.last(|fact| matches!(fact, Fact::HandlerFired { .. }));
    assert!(matches!(
        last.fact,
        Fact::HandlerFired { handler: 0, event: HandlerEvent::AlertResolved }
    ));
}

#[test]
fn meaning_07_handlers_that_send_each_other_around_stop_at_their_bounds() {
    let mut case = staffed(
        "
        phases:
          - { id: one, title: One, steps: [ { id: a, title: A } ] }
          - { id: two, title: Two, steps: [ { id: b, title: B } ] }
        handlers:
          - { event: phase_entered, while_phase: [two], go: one, at_most: 3 }
          - { event: phase_entered, while_phase: [one], when: steps.a.done, go: two, at_most: 3 }
        ",
    );
    case.step("cid", "a", complete());
    assert!(case.incident().visit < 10);
    assert!(case.status().is_open());
}
