//! Meaning 9 and 10: levels, and how roles are filled, taken, passed on and missed.

use firebell::engine::{Actor, Command, Fact, RejectionCode, RoleAct, StepAct, Tenure};
use serde_json::json;

use crate::world::{World, declaration, minutes, plan, told};

const LEVELS: &str = "
inputs: { n: { type: integer }, sure: { type: boolean, default: true } }
levels:
  - { level: 1, when: n >= 100 }
  - { level: 2, when: { all: [ n >= 10, sure ] } }
  - { level: 3, when: sure }
  - { level: 4 }
assume_level: 2
phases: [ { id: one, title: One, steps: [ { id: a, title: A, due: { by_level: { 1: 10m, 2: 20m, else: 1h } } } ] } ]
";

fn level(world: &World) -> (u8, bool) {
    (world.incident.level.current, world.incident.level.provisional)
}

#[test]
fn meaning_09_while_a_worse_rule_is_unknown_the_level_is_provisional_and_the_facts_are_asked_for() {
    let mut world = World::declare(LEVELS);
    assert_eq!(level(&world), (2, true), "rule 3 holds, assumed no better than 2");
    assert_eq!(world.incident.facts_asked.as_slice(), ["n"]);
    assert!(told(&world.events).contains(&"ann: facts_wanted".to_owned()));
    world.set(json!({ "n": 1 }));
    assert_eq!(level(&world), (3, false), "better by rule while provisional");
    world.set(json!({ "sure": false }));
    assert_eq!(level(&world), (3, false), "better by rule alone does not lower a firm level");
    world.set(json!({ "n": 100 }));
    assert_eq!(level(&world), (1, false), "worse applies at once");
}

#[test]
fn meaning_09_facts_are_asked_for_once() {
    let mut world = World::declare(LEVELS);
    world.set(json!({ "sure": false }));
    assert_eq!(world.count(|f| matches!(f, Fact::FactsAsked { .. })), 1);
}

#[test]
fn meaning_09_a_persons_level_holds_until_the_rules_give_worse() {
    let mut world = World::declare_inputs(LEVELS, json!({ "n": 10 }));
    let set = |level| Command::SetLevel { level, reason: "I see it".into() };
    world.command("ann", set(4)).unwrap();
    assert_eq!(level(&world), (4, false));
    world.set(json!({ "n": 20 }));
    assert_eq!(level(&world), (4, false), "the rules give what they gave");
    world.set(json!({ "n": 100 }));
    assert_eq!(level(&world), (1, false));
    assert_eq!(world.command("ann", set(9)).unwrap_err().code, RejectionCode::InvalidFields);
    let empty = Command::SetLevel { level: 2, reason: String::new() };
    assert_eq!(world.command("ann", empty).unwrap_err().code, RejectionCode::BadText);
}

#[test]
fn meaning_09_a_level_said_when_declaring_holds_as_an_overrule() {
    let mut said = declaration(json!({}));
    said.level = Some(4);
    let mut world = World::declare_with(plan(LEVELS), said).unwrap();
    assert_eq!(level(&world), (4, false));
    world.set(json!({ "n": 10 }));
    assert_eq!(level(&world), (4, false), "the rules assumed 2 when it was said");
}

#[test]
fn meaning_09_a_deadline_by_level_that_becomes_shorter_leaves_at_least_five_minutes() {
    let mut world = World::declare_inputs(LEVELS, json!({ "n": 1 }));
    assert_eq!(world.run("a").due_at, Some(world.at(60)));
    world.pass(minutes(3));
    world.set(json!({ "n": 10 }));
    assert_eq!(world.run("a").due_at, Some(world.at(20)), "from the same anchor");
    world.pass(minutes(6));
    world.set(json!({ "n": 100 }));
    assert_eq!(world.run("a").due_at, Some(world.at(14)), "never less than five minutes from now");
}

#[test]
fn meaning_09_roles_once_engaged_stay() {
    let mut world = World::declare_inputs(
        "
inputs: { n: { type: integer, default: 0 } }
levels: [ { level: 1, when: n > 5 }, { level: 4 } ]
roles:
  commander: { title: C, assign: { team: ops } }
  comms: { title: M, assign: { team: board }, engage: level <= 2 }
phases: [ { id: one, title: One, steps: [ { id: a, title: A, role: comms } ] } ]
",
        json!({}),
    );
    assert_eq!(world.holder("comms"), None);
    assert!(told(&world.events).contains(&"ann: page commander".to_owned()));
    world.set(json!({ "n": 6 }));
    assert_eq!(world.holder("comms"), Some("flo"));
    world.command("ann", Command::SetLevel { level: 4, reason: "no".into() }).unwrap();
    assert_eq!(world.holder("comms"), Some("flo"));
}

#[test]
fn a_role_whose_engagement_is_unknown_is_engaged_and_says_so() {
    let world = World::declare(
        "
inputs: { hot: { type: boolean } }
roles:
  commander: { title: C, assign: { team: ops } }
  comms: { title: M, assign: { team: board }, engage: hot }
phases: [ { id: one, title: One, steps: [ { id: a, title: A } ] } ]
",
    );
    assert_eq!(world.holder("comms"), Some("flo"));
    assert_eq!(world.count(|f| matches!(f, Fact::RoleEngaged { unknown: true, .. })), 1);
}

const ROLES: &str = "
roles:
  commander: { title: C, assign: { team: board } }
  tech:
    title: T
    assign: { schedule: duty }
    deputies: [ { team: crew } ]
    acknowledge_within: 5m
    escalate: duty
  support: { title: S, assign: { claim: crew }, acknowledge_within: 10m }
phases: [ { id: one, title: One, steps: [ { id: a, title: A, role: tech } ] } ]
";

#[test]
fn meaning_10_being_assigned_is_not_acknowledging() {
    let mut world = World::declare(ROLES);
    let assigned = &world.incident.roles["tech"].tenure;
    assert!(matches!(assigned, Tenure::Assigned { to, .. } if to.as_str() == "ann"));
    let other = world.role("bo", "tech", RoleAct::Acknowledge).unwrap_err();
    assert_eq!(other.code, RejectionCode::NotYours);
    world.role("ann", "tech", RoleAct::Acknowledge).unwrap();
    assert!(matches!(world.incident.roles["tech"].tenure, Tenure::Held { .. }));
    world.pass(minutes(60));
    assert_eq!(world.holder("tech"), Some("ann"));
    let again = world.role("ann", "tech", RoleAct::Acknowledge).unwrap();
    assert!(again.is_empty(), "a second tap changes nothing");
}

#[test]
fn meaning_10_nobody_acknowledges_for_another() {
    let mut world = World::declare(ROLES);
    let for_ann = Actor::Person { id: "flo".into(), on_behalf_of: Some("ann".into()) };
    let command = Command::Role { role: "tech".into(), act: RoleAct::Acknowledge };
    let refused = world.command_at(for_ann, None, command).unwrap_err();
    assert_eq!(refused.code, RejectionCode::NotYours);
    let service = Actor::Service { name: "robot".into() };
    let command = Command::Role { role: "tech".into(), act: RoleAct::Claim };
    assert_eq!(world.command_at(service, None, command).unwrap_err().code, RejectionCode::NotYours);
}

#[test]
fn meaning_10_nobody_acknowledges_then_deputies_then_the_ladder_then_the_commander() {
    let mut world = World::declare(ROLES);
    let mut asked = Vec::new();
    for _ in 0..5 {
        asked.push(world.holder("tech").unwrap().to_owned());
        world.pass(minutes(5));
    }
    assert_eq!(asked, ["ann", "bo", "cy", "dee", "ed"]);
    assert_eq!(world.incident.roles["tech"].tenure, Tenure::Vacant);
    assert_eq!(world.count(|f| matches!(f, Fact::RoleVacant { .. })), 1 + 1, "support too");
    assert_eq!(world.incident.ladders.len(), 1);
    assert!(told(&world.events).contains(&"flo: role_vacant".to_owned()));
    let events = world.pass(minutes(5));
    assert_eq!(told(&events), ["cy: escalation", "dee: escalation", "ed: escalation"]);
    world.role("dee", "tech", RoleAct::Claim).unwrap();
    assert_eq!((world.holder("tech"), world.incident.ladders.len()), (Some("dee"), 0));
}

#[test]
fn meaning_10_a_vacant_role_is_sought_again_from_the_top() {
    let mut world = World::declare(ROLES);
    world.pass(minutes(25));
    assert_eq!(world.holder("tech"), None);
    world.pass(minutes(15));
    assert_eq!(world.holder("tech"), Some("ann"));
    world.role("ann", "tech", RoleAct::Acknowledge).unwrap();
    assert!(world.incident.ladders.is_empty());
}

#[test]
fn meaning_10_the_first_to_claim_holds_the_role_and_the_others_are_told() {
    let mut world = World::declare(ROLES);
    let asked: Vec<String> =
        told(&world.events).into_iter().filter(|line| line.ends_with("page support")).collect();
    assert_eq!(asked, ["cy: page support", "dee: page support", "ed: page support"]);
    world.deliver();
    let events = world.role("dee", "support", RoleAct::Claim).unwrap();
    assert_eq!(told(&events), ["cy: taken support", "ed: taken support"]);
    let lost = world.role("ed", "support", RoleAct::Claim).unwrap_err();
    assert_eq!((lost.code, &lost.details["holder"]), (RejectionCode::ClaimLost, &json!("dee")));
    let late = world.role("cy", "support", RoleAct::Acknowledge).unwrap_err();
    assert_eq!(late.code, RejectionCode::ClaimLost);
}

#[test]
fn meaning_10_those_who_decline_are_not_asked_again() {
    let mut world = World::declare(ROLES);
    world.role("ann", "tech", RoleAct::Decline { reason: Some("ill".into()) }).unwrap();
    assert_eq!(world.holder("tech"), Some("bo"));
    world.role("cy", "support", RoleAct::Decline { reason: None }).unwrap();
    world.role("dee", "support", RoleAct::Decline { reason: None }).unwrap();
    world.role("ed", "support", RoleAct::Decline { reason: None }).unwrap();
    assert_eq!(world.incident.roles["support"].tenure, Tenure::Vacant);
    let refused = world.role("flo", "tech", RoleAct::Decline { reason: None }).unwrap_err();
    assert_eq!(refused.code, RejectionCode::NotYours);
}

#[test]
fn meaning_10_a_handover_falls_back_to_whoever_gave_it_while_nobody_took_it() {
    let mut world = World::declare(ROLES);
    world.role("ann", "tech", RoleAct::Acknowledge).unwrap();
    let over = |to: &str| RoleAct::HandOver { to: to.into(), note: "see the log".into() };
    assert_eq!(world.role("bo", "tech", over("cy")).unwrap_err().code, RejectionCode::NotYours);
    assert_eq!(
        world.role("ann", "tech", over("who")).unwrap_err().code,
        RejectionCode::UnknownPerson
    );
    let events = world.role("ann", "tech", over("ed")).unwrap();
    assert_eq!(
        (world.holder("tech"), told(&events)),
        (Some("ed"), vec!["ed: page tech".to_owned()])
    );
    world.pass(minutes(5));
    assert_eq!(world.holder("tech"), Some("ann"));
}

#[test]
fn meaning_10_a_released_role_is_filled_by_the_next() {
    let mut world = World::declare(ROLES);
    world.role("ann", "tech", RoleAct::Acknowledge).unwrap();
    world.role("ann", "tech", RoleAct::Release).unwrap();
    assert_eq!(world.holder("tech"), Some("bo"));
    let refused = world.role("bo", "tech", RoleAct::Release).unwrap_err();
    assert_eq!(refused.details["allowed"], json!(["acknowledge", "decline"]));
}

#[test]
fn meaning_10_a_person_may_assign_and_the_one_before_is_told() {
    let mut world = World::declare(ROLES);
    world.role("ann", "tech", RoleAct::Acknowledge).unwrap();
    let events = world.role("flo", "tech", RoleAct::Assign { to: "ed".into() }).unwrap();
    assert_eq!(told(&events), ["ann: taken tech", "ed: page tech"]);
    world.role("flo", "tech", RoleAct::Assign { to: "flo".into() }).unwrap();
    assert!(
        matches!(&world.incident.roles["tech"].tenure, Tenure::Held { by, .. } if by.as_str() == "flo")
    );
}

#[test]
fn meaning_10_anyone_may_act_on_a_step_and_the_holder_acknowledges_by_working() {
    let mut world = World::declare(ROLES);
    world.act("flo", "a", StepAct::Start).unwrap();
    assert!(matches!(world.incident.roles["tech"].tenure, Tenure::Assigned { .. }));
    world.act("ann", "a", StepAct::Claim).unwrap();
    assert!(matches!(world.incident.roles["tech"].tenure, Tenure::Held { .. }));
    assert_eq!(world.run("a").claimed_by.as_ref().unwrap().as_str(), "ann");
}

#[test]
fn meaning_10_a_vacant_role_never_blocks_its_steps_silently() {
    let world = World::declare(
        "
roles:
  commander: { title: C, assign: { team: board } }
  tech: { title: T, assign: { team: silent } }
phases: [ { id: one, title: One, steps: [ { id: z, title: Z, role: tech } ] } ]
",
    );
    assert_eq!(told(&world.events), ["flo: page commander", "flo: role_vacant"]);
    assert_eq!(world.state("z"), "ready");
}

#[test]
fn a_person_is_paged_once_for_all_roles_and_steps_of_one_commit() {
    let mut world = World::declare(
        "
roles:
  commander: { title: C, assign: { team: board } }
  tech: { title: T, assign: { team: board } }
phases:
  - { id: one, title: One, steps: [ { id: a, title: A, role: tech }, { id: b, title: B } ] }
  - { id: two, title: Two, steps: [ { id: c, title: C, role: tech }, { id: d, title: D } ] }
",
    );
    assert_eq!(told(&world.events), ["flo: page commander +1"]);
    world.complete("a");
    assert_eq!(told(&world.complete("b")), ["flo: ready c +1"]);
}

#[test]
fn someone_without_a_channel_is_loud() {
    let mut world = World::declare(ROLES);
    let events = world.role("flo", "tech", RoleAct::Assign { to: "mute".into() }).unwrap();
    assert!(told(&events).contains(&"flo: notice_failed".to_owned()), "{:?}", told(&events));
    assert_eq!(world.holder("tech"), Some("ann"), "whoever cannot be reached is not waited for");
}
