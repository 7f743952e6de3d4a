//! Going on by another plan: `handoff: true` (Steps; Meaning 3, 8, 9, 10, 11).

use firebell::engine::limits::HAND_OFFS_MAX;
use firebell::engine::{Fact, ObjectiveState, Purpose, RecallReason, Status, Takeover, Tenure};
use firebell::playbook::Value;
use serde_json::{Value as Json, json};

use crate::act::{complete, move_to, pause, set_level, skip};
use crate::case::Case;
use crate::household::Household;

const FIRST: &str = "
    inputs: { users: { type: integer }, site: { type: string }, size: { type: string } }
    levels: [ { level: 3, when: users >= 10 } ]
    objectives:
      - { id: seen, from: declared, to: { step: look, is: done }, within: 10m }
      - { id: late, from: declared, to: { step: rest, is: done }, within: 10h }
    phases:
      - id: one
        title: One
        steps:
          - { id: look, role: support, title: Look }
          - { id: rest, role: support, title: Rest, due: 2h, blocks: nothing }
          - { id: side, playbook: other, blocks: nothing }
          - { id: over, after: [look], playbook: second, handoff: true, with: { cause: attack } }
";

const SECOND: &str = "
    inputs:
      users: { type: integer }
      size: { type: integer }
      cause: { type: string }
      speed: { type: string, default: fast }
    levels: [ { level: 2, when: users >= 10 }, { level: 4 } ]
    roles:
      commander: { title: Commander, assign: { schedule: duty }, acknowledge_within: 5m }
      defence: { title: Defence, assign: { schedule: platform }, acknowledge_within: 5m }
    objectives:
      - { id: seen, from: declared, to: { step: answer_it, is: done }, within: 1h }
    phases:
      - id: begin
        title: Begin
        steps:
          - { id: answer_it, role: defence, title: Answer, due: { within: 3h, from: declared } }
      - { id: one, title: One, steps: [ { id: look, title: Look again } ] }
";

const OTHER: &str = "phases: [ { id: a, title: A, steps: [ { id: x, title: X } ] } ]";

fn house(inputs: Json) -> Household {
    Household::with(FIRST, inputs, &[("second", SECOND), ("other", OTHER)])
}

/// An incident that was handed over after twenty minutes.
fn handed_over() -> Household {
    let mut house = house(json!({ "users": 12, "site": "east", "size": "big" }));
    house.pass("20m");
    house.parent().step("cid", "look", complete());
    house.carry();
    house
}

fn over(case: &Case) -> Takeover {
    match &case.last(|fact| matches!(fact, Fact::HandedOff(_))).fact {
        Fact::HandedOff(over) => over.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_incident_goes_on_in_the_first_phase_of_the_new_plan() {
    let mut house = handed_over();
    let case = house.parent();
    assert_eq!((case.phase(), case.incident().visit), ("begin", 2));
    assert_eq!(case.state("answer_it"), "ready");
    let Takeover { to, from, .. } = over(case);
    assert_eq!(case.incident().playbook.hash, to.hash);
    assert_eq!(case.incident().earlier[0].playbook, from);
    assert_eq!(case.status(), Status::Open);
    assert_eq!(case.commander_told("handed_off"), 1);
}

#[test]
fn what_was_open_is_cancelled_and_children_are_called_off() {
    let mut house = handed_over();
    let cancelled = house.parent().last(
        |fact| matches!(fact, Fact::StepCancelled { key, .. } if key.step.as_str() == "rest"),
    );
    let Fact::StepCancelled { reason, .. } = &cancelled.fact else { panic!("cancelled") };
    assert_eq!(serde_json::to_value(reason).expect("JSON"), "handed_off");
    let recalled = house.parent().last(|fact| matches!(fact, Fact::ChildRecalled { .. }));
    assert!(matches!(recalled.fact, Fact::ChildRecalled { why: RecallReason::HandedOff, .. }));
    assert_eq!(house.child(1).status(), Status::Cancelled);
    assert_eq!(house.parent().incident().children.len(), 1, "the child stays known");
}

#[test]
fn a_step_of_the_old_plan_is_nothing_to_the_new_one() {
    let mut house = handed_over();
    // `look` is done in the old plan; the new plan has a step of that name, in another phase.
    assert_eq!(house.parent().state("look"), "waiting");
    house.parent().step("bob", "answer_it", complete());
    let case = house.parent();
    assert_eq!((case.phase(), case.state("look")), ("one", "ready"));
}

#[test]
fn meaning_10_roles_of_the_same_name_keep_their_holders() {
    let mut house = handed_over();
    let case = house.parent();
    assert_eq!(case.holder("commander"), Some("ann"));
    assert!(matches!(case.tenure("defence"), Tenure::Assigned { to, .. } if to.as_str() == "bob"));
    assert!(!case.incident().roles.contains_key("support"));
    let released = |role: &str| {
        let role = role.to_owned();
        move |purpose: &Purpose| matches!(purpose, Purpose::RoleReleased { role: of, .. } if of.as_str() == role)
    };
    assert_eq!(case.told("cid", released("support")), 1);
    assert_eq!(case.told("bob", released("engineering")), 1);
    assert_eq!(case.told("ann", released("commander")), 0);
}

#[test]
fn variables_of_the_same_name_and_type_are_kept() {
    let mut house = handed_over();
    let case = house.parent();
    assert_eq!(case.variable("users"), Some(&Value::Integer(12)));
    assert_eq!(case.variable("cause"), Some(&Value::String("attack".into())));
    assert_eq!(case.variable("speed"), Some(&Value::String("fast".into())), "a default");
    assert_eq!(case.variable("site"), None, "the new plan does not know it");
    assert_eq!(case.variable("size"), None, "it is of another type there");
}

#[test]
fn meaning_09_worse_by_the_new_rules_applies_at_once() {
    assert_eq!(handed_over().parent().level(), (2, false));
}

#[test]
fn meaning_09_better_by_the_new_rules_does_not_lower_the_level() {
    let mut house = house(json!({ "users": 3 }));
    house.parent().tell("ann", set_level(1));
    house.parent().step("cid", "look", complete());
    house.carry();
    assert_eq!(house.parent().level().0, 1, "a person's word holds");
}

#[test]
fn meaning_11_deadlines_from_the_declaration_keep_their_anchor() {
    assert_eq!(handed_over().parent().due("answer_it"), Some(180));
}

#[test]
fn objectives_of_the_old_plan_stay_as_they_were_judged() {
    let mut house = handed_over();
    let case = house.parent();
    let old = &case.incident().earlier[0].objectives;
    assert!(matches!(old.get("seen"), Some(ObjectiveState::Missed(_))));
    assert!(!old.contains_key("late"), "not judged is not judged");
    assert!(case.incident().objectives.is_empty());
    case.step("bob", "answer_it", complete());
    let now = case.incident().objectives.get("seen").copied();
    assert!(matches!(now, Some(ObjectiveState::Met(_))), "that of the new plan");
    assert!(matches!(
        case.incident().earlier[0].objectives.get("seen"),
        Some(ObjectiveState::Missed(_))
    ));
}

#[test]
fn a_plan_that_is_gone_fails_the_step_and_nothing_else_changes() {
    let mut house = Household::of(FIRST, &[("other", OTHER)]);
    house.parent().step("cid", "look", complete());
    house.carry();
    assert_eq!(house.parent().states(["over", "rest"]), ["failed", "ready"]);
    assert_eq!(house.parent().phase(), "one");
}

#[test]
fn inputs_that_do_not_fit_fail_the_step() {
    let bad = FIRST.replace("with: { cause: attack }", "with: { size: '{{ site }}' }");
    let mut house =
        Household::with(&bad, json!({ "site": "east" }), &[("second", SECOND), ("other", OTHER)]);
    house.parent().step("cid", "look", complete());
    house.carry();
    assert_eq!(house.parent().state("over"), "failed");
}

#[test]
fn a_step_that_is_skipped_hands_nothing_over() {
    let plans = [("second", SECOND), ("other", OTHER)];
    let mut house = Household::before_anything(FIRST, Json::Null, &plans);
    house.parent().step("cid", "look", complete());
    house.parent().step("ann", "over", skip());
    house.carry();
    assert_eq!(house.parent().phase(), "one");
}

#[test]
fn an_incident_that_has_moved_on_is_not_handed_over() {
    let first =
        format!("{FIRST}      - {{ id: two, title: Two, steps: [ {{ id: z, title: Z }} ] }}\n");
    let plans = [("second", SECOND), ("other", OTHER)];
    let mut house = Household::before_anything(&first, Json::Null, &plans);
    house.parent().step("cid", "look", complete());
    house.parent().tell("ann", move_to("two"));
    house.carry();
    assert_eq!(house.parent().phase(), "two");
}

#[test]
fn a_paused_incident_is_handed_over_and_stays_paused() {
    let plans = [("second", SECOND), ("other", OTHER)];
    let mut house = Household::before_anything(FIRST, Json::Null, &plans);
    house.parent().step("cid", "look", complete());
    house.parent().tell("ann", pause());
    house.carry();
    let case = house.parent();
    assert_eq!((case.phase(), case.status()), ("begin", Status::Paused));
}

#[test]
fn meaning_14_an_incident_is_handed_over_a_bounded_number_of_times() {
    let round =
        "phases: [ { id: a, title: A, steps: [ { id: x, playbook: round, handoff: true } ] } ]";
    let mut house = Household::of(round, &[("round", round)]);
    assert_eq!(house.parent().incident().earlier.len(), HAND_OFFS_MAX);
    assert_eq!(house.parent().state("x"), "failed");
}
