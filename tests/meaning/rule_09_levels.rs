//! Meaning 9: how the level follows what is known, and what people make of it.

use firebell::engine::Fact;
use serde_json::json;

use crate::act::{complete_with, set, set_level};
use crate::case::{Case, declared_with, staffed_with};

const PLAN: &str = "
    roles:
      commander: { title: C, assign: { schedule: duty } }
      support: { title: S, assign: { claim: service } }
      engineering: { title: E, assign: { schedule: platform } }
      comms: { title: M, assign: { team: ops }, engage: level <= 2 }
    inputs:
      users: { type: integer }
      channels: { type: integer, default: 0 }
    levels:
      - { level: 1, when: { any: [ users >= 1000, channels >= 3 ] } }
      - { level: 2, when: users >= 100 }
      - { level: 3, when: users >= 10 }
      - { level: 4 }
    assume_level: 2
    phases:
      - id: one
        title: One
        steps:
          - { id: a, title: A, form: { users: { type: integer } } }
          - { id: t, title: T, due: { by_level: { 1: 10m, 2: 20m, else: 1h } } }
          - { id: z, title: Z }
";

fn with_users(users: i64) -> Case {
    staffed_with(PLAN, json!({ "users": users }))
}

#[test]
fn meaning_09_the_first_rule_that_holds_gives_the_level() {
    for (users, level) in [(5000, 1), (100, 2), (99, 3), (9, 4)] {
        assert_eq!(with_users(users).level(), (level, false), "{users}");
    }
}

#[test]
fn meaning_09_an_unknown_part_does_not_hide_a_known_one() {
    let case = declared_with(PLAN, json!({ "channels": 3 }));
    assert_eq!(case.level(), (1, false));
}

#[test]
fn meaning_09_while_a_worse_rule_is_unknown_the_level_is_provisional_and_assumed() {
    let case = declared_with(PLAN, json!({}));
    assert_eq!(case.level(), (2, true));
}

#[test]
fn meaning_09_a_provisional_level_is_the_worse_of_what_holds_and_what_is_assumed() {
    let plan = PLAN.replace("assume_level: 2", "assume_level: 3").replace(
        "level: 1, when: { any: [ users >= 1000, channels >= 3 ] }",
        "level: 1, when: users >= 1000",
    );
    let plan = plan.replace("level: 2, when: users >= 100", "level: 2, when: channels >= 1");
    let worse = declared_with(&plan, json!({ "channels": 1 }));
    assert_eq!(worse.level(), (2, true));
    let assumed = declared_with(&plan, json!({}));
    assert_eq!(assumed.level(), (3, true));
}

#[test]
fn meaning_09_without_an_assumption_the_rule_that_holds_is_provisional() {
    let plan = PLAN.replace("assume_level: 2", "close: auto");
    assert_eq!(declared_with(&plan, json!({})).level(), (4, true));
}

#[test]
fn meaning_09_the_commander_is_asked_for_what_is_missing_once() {
    let mut case = staffed_with(PLAN, json!({}));
    let asked = |fact: &Fact| matches!(fact, Fact::FactsAsked { names } if names == &["users"]);
    assert_eq!(case.count(asked), 1);
    assert_eq!(case.commander_told("facts_wanted"), 1);
    case.tell("ann", set(json!({ "channels": 1 })));
    assert_eq!(case.count(asked), 1, "nobody is asked twice for the same");
}

#[test]
fn meaning_09_a_known_level_asks_nobody() {
    let case = with_users(5);
    assert_eq!(case.count(|fact| matches!(fact, Fact::FactsAsked { .. })), 0);
}

#[test]
fn meaning_09_it_is_evaluated_whenever_a_variable_changes() {
    let mut case = with_users(5);
    case.step("cid", "a", complete_with(json!({ "users": 150 })));
    assert_eq!(case.level(), (2, false));
    case.tell("ann", set(json!({ "channels": 7 })));
    assert_eq!(case.level(), (1, false));
}

#[test]
fn meaning_09_better_by_rule_alone_only_while_provisional() {
    let mut provisional = staffed_with(PLAN, json!({}));
    provisional.tell("ann", set(json!({ "users": 5 })));
    assert_eq!(provisional.level(), (4, false));
    let mut certain = with_users(150);
    certain.tell("ann", set(json!({ "users": 5 })));
    assert_eq!(certain.level(), (2, false));
}

#[test]
fn meaning_09_worse_applies_at_once_even_while_provisional() {
    let mut case = staffed_with(PLAN, json!({}));
    case.tell("ann", set(json!({ "channels": 3 })));
    assert_eq!(case.level(), (1, false));
}

#[test]
fn meaning_09_a_person_may_overrule_either_way_with_a_reason() {
    let mut case = with_users(150);
    case.tell("ann", set_level(4));
    assert_eq!(case.level(), (4, false));
    case.tell("ann", set_level(1));
    assert_eq!(case.level(), (1, false));
    let empty = firebell::engine::Command::SetLevel { level: 2, reason: String::new() };
    assert_eq!(case.refused("ann", empty).code, firebell::engine::RejectionCode::BadText);
}

#[test]
fn meaning_09_a_level_outside_one_to_four_is_refused() {
    let mut case = with_users(5);
    for level in [0, 5, 255] {
        case.refused("ann", set_level(level));
    }
}

#[test]
fn meaning_09_a_persons_level_holds_until_the_rules_give_worse_than_when_they_overruled() {
    let mut case = with_users(50);
    case.tell("ann", set_level(4));
    case.tell("ann", set(json!({ "users": 60 })));
    assert_eq!(case.level().0, 4, "the rules still give 3, as they did");
    case.tell("ann", set(json!({ "users": 1 })));
    assert_eq!(case.level().0, 4);
    case.tell("ann", set(json!({ "users": 60 })));
    assert_eq!(case.level().0, 4, "3 again is not worse than it was then");
    case.tell("ann", set(json!({ "users": 150 })));
    assert_eq!(case.level().0, 2, "2 is worse than the rules gave then");
}

#[test]
fn meaning_09_a_persons_worse_level_holds_against_better_rules() {
    let mut case = staffed_with(PLAN, json!({}));
    case.tell("ann", set_level(1));
    case.tell("ann", set(json!({ "users": 5 })));
    assert_eq!(case.level().0, 1);
}

#[test]
fn meaning_09_a_persons_worse_level_is_not_bettered_by_rules_that_grow_worse() {
    let mut case = with_users(5);
    case.tell("ann", set_level(1));
    case.tell("ann", set(json!({ "users": 150 })));
    assert_eq!(case.level().0, 1, "the rules give 2: worse than before, better than hers");
}

#[test]
fn meaning_09_a_persons_word_ends_though_the_rules_worse_level_is_the_one_they_gave() {
    let mut case = declared_with(
        "
        inputs: { users: { type: integer }, channels: { type: integer, default: 0 } }
        levels: [ { level: 1, when: users >= 1000 }, { level: 2, when: channels >= 1 }, { level: 4 } ]
        phases: [ { id: one, title: One, steps: [ { id: a, title: A } ] } ]
        ",
        json!({}),
    );
    assert_eq!(case.level(), (4, true));
    case.tell("ann", set_level(2));
    case.tell("ann", set(json!({ "channels": 1 })));
    assert_eq!(case.level(), (2, true), "the rules give 2 too, where they had given 4");
    case.tell("ann", set(json!({ "users": 5, "channels": 0 })));
    assert_eq!(case.level(), (4, false), "from then on the rules govern");
}

#[test]
fn meaning_09_a_level_given_at_the_declaration_is_a_persons() {
    let mut case = crate::case::declared_as(PLAN, |declare| {
        declare.level = Some(3);
        declare.inputs = crate::act::object(json!({ "users": 5 }));
    });
    assert_eq!(case.level().0, 3);
    case.tell("ann", set(json!({ "users": 6 })));
    assert_eq!(case.level().0, 3);
    case.tell("ann", set(json!({ "users": 150 })));
    assert_eq!(case.level().0, 2);
}

#[test]
fn meaning_09_roles_once_engaged_stay() {
    let mut case = with_users(5);
    let engaged = |case: &Case| {
        case.count(
            |fact| matches!(fact, Fact::RoleEngaged { role, .. } if role.as_str() == "comms"),
        )
    };
    assert_eq!(engaged(&case), 0);
    case.tell("ann", set_level(2));
    assert_eq!(engaged(&case), 1);
    case.tell("ann", set_level(4));
    assert!(case.incident().roles["comms"].engaged);
    case.tell("ann", set_level(2));
    assert_eq!(engaged(&case), 1);
}

#[test]
fn meaning_09_a_deadline_that_becomes_shorter_counts_from_the_same_anchor() {
    let mut case = with_users(5);
    assert_eq!(case.due("t"), Some(60));
    case.pass("3m");
    case.tell("ann", set_level(2));
    assert_eq!(case.due("t"), Some(20));
}

#[test]
fn meaning_09_but_never_ends_less_than_five_minutes_from_now() {
    let mut case = with_users(5);
    case.pass("17m");
    case.tell("ann", set_level(2));
    assert_eq!(case.due("t"), Some(22));
    case.pass("2m");
    case.tell("ann", set_level(1));
    assert_eq!(case.due("t"), Some(22), "a deadline that would end later is not made later");
}

#[test]
fn meaning_09_the_five_minutes_stay_when_a_step_that_waited_becomes_ready() {
    let mut case = staffed_with(
        "
        levels: [ { level: 4 } ]
        phases:
          - id: one
            title: One
            steps:
              - { id: z, title: Z }
              - { id: t, title: T, after: [z], due: { by_level: { 1: 10m, else: 1h }, from: declared } }
        ",
        json!({}),
    );
    case.pass("50m");
    case.tell("ann", set_level(1));
    case.pass("2m");
    case.step("cid", "z", crate::act::complete());
    assert_eq!((case.due("t"), case.run("t").overdue), (Some(55), false));
}

#[test]
fn meaning_09_a_deadline_long_past_its_shorter_length_gets_five_minutes() {
    let mut case = with_users(5);
    case.pass("50m");
    case.tell("ann", set_level(1));
    assert_eq!(case.due("t"), Some(55));
}

#[test]
fn meaning_09_a_deadline_that_begins_with_the_level_is_not_one_that_becomes_shorter() {
    let plan = PLAN.replace(
        "- { id: t, title: T, due: { by_level: { 1: 10m, 2: 20m, else: 1h } } }",
        "- { id: t, title: T, due: { by_level: { 1: 2m, else: 1h }, from: { step: a, is: started } } }",
    );
    let mut case = staffed_with(&plan, json!({ "users": 5 }));
    case.step("cid", "a", complete_with(json!({ "users": 5000 })));
    assert_eq!((case.level().0, case.due("t")), (1, Some(2)));
}

/// A step that a failed one leads to, where its own condition leaves it out or not.
fn led_to(when: &str) -> Case {
    let plan = format!(
        "
        levels: [ {{ level: 4 }} ]
        inputs: {{ users: {{ type: integer }} }}
        phases:
          - id: one
            title: One
            steps:
              - {{ id: z, title: Z, on_failure: {{ go: t }} }}
              - {{ id: y, title: Y }}
              - {{ id: t, title: T, {when}, due: {{ by_level: {{ 1: 36m, else: 54m }}, from: declared }} }}
        "
    );
    staffed_with(&plan, json!({ "users": 0 }))
}

// The random model test found this one: a step that never waited had no deadline to shorten.
#[test]
fn meaning_09_a_step_left_out_at_once_has_the_deadline_of_the_level_at_which_it_becomes_ready() {
    let mut case = led_to("when: users >= 1");
    assert_eq!(case.run("t").due_at, None);
    case.tell("ann", set_level(1));
    case.step("cid", "z", crate::act::fail());
    assert_eq!(case.due("t"), Some(36));
}

#[test]
fn meaning_09_a_deadline_is_shortened_also_where_the_level_moved_while_the_step_was_left_out() {
    for (passed, due) in [("3m", 36), ("33m", 38), ("52m", 54)] {
        let mut case = led_to("after: [y]");
        assert_eq!(case.due("t"), Some(54));
        case.step("cid", "t", crate::act::skip());
        case.tell("ann", set_level(1));
        assert_eq!(case.due("t"), Some(54), "nobody works towards it");
        case.pass(passed);
        case.step("cid", "z", crate::act::fail());
        assert_eq!(case.due("t"), Some(due), "ready {passed} after the declaration");
    }
}
