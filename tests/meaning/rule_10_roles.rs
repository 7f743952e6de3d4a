//! Meaning 10: how roles are filled.

use firebell::engine::{
    Actor, Command, Fact, Purpose, RejectionCode, RoleAct, StepAct, StepRef, Tenure,
};
use firebell::id::PersonId;
use firebell::text::Lang;
use serde_json::json;

use crate::act::{assign, complete, decline, hand_over};
use crate::case::{Case, declared, declared_with, staffed};

fn plan(roles: &str) -> String {
    let roles: String = roles.lines().map(|line| format!("  {}\n", line.trim())).collect();
    format!(
        "roles:\n{roles}\
         inputs: {{ users: {{ type: integer }} }}\n\
         phases: [ {{ id: one, title: One, steps: [ {{ id: a, title: A, role: r }} ] }} ]\n"
    )
}

const COMMANDER: &str = "commander: { title: C, assign: { schedule: duty } }";

fn with_role(role: &str) -> Case {
    declared(&plan(&format!("{COMMANDER}\nr: {role}")))
}

fn people(ids: &[&str]) -> Vec<PersonId> {
    ids.iter().copied().map(PersonId::from).collect()
}

fn assigned(case: &Case, role: &str) -> Option<String> {
    match case.tenure(role) {
        Tenure::Assigned { to, .. } => Some(to.to_string()),
        _ => None,
    }
}

#[test]
fn meaning_10_a_schedule_gives_who_is_on_call() {
    let case = with_role("{ title: R, assign: { schedule: platform } }");
    assert_eq!(assigned(&case, "r").as_deref(), Some("bob"));
    assert_eq!(case.told("bob", |p| matches!(p, Purpose::RolePage { .. })), 1);
}

#[test]
fn meaning_10_a_team_gives_its_first_reachable_member() {
    let case = with_role("{ title: R, assign: { team: ops } }");
    assert_eq!(assigned(&case, "r").as_deref(), Some("fay"));
}

#[test]
fn meaning_10_claim_pages_all_and_the_first_to_claim_holds_and_has_acknowledged() {
    let mut case = with_role("{ title: R, assign: { claim: service } }");
    assert!(
        matches!(case.tenure("r"), Tenure::Offered { to, .. } if *to == people(&["cid", "dan", "eve"]))
    );
    assert_eq!(
        case.hearers(|p| matches!(p, Purpose::RolePage { role, .. } if role.as_str() == "r")),
        ["cid", "dan", "eve"]
    );
    case.role("dan", "r", RoleAct::Claim);
    assert_eq!(case.holder("r"), Some("dan"));
    let told = case.hearers(|p| matches!(p, Purpose::RoleTaken { .. }));
    assert_eq!(told, ["cid", "eve"], "the others are told");
}

#[test]
fn meaning_10_a_lost_claim_says_who_won() {
    let mut case = with_role("{ title: R, assign: { claim: service } }");
    case.role("dan", "r", RoleAct::Claim);
    let refused = case.refused("eve", Command::Role { role: "r".into(), act: RoleAct::Claim });
    assert_eq!(refused.code, RejectionCode::ClaimLost);
    assert_eq!(refused.details["holder"], json!("dan"));
    assert_eq!(case.holder("r"), Some("dan"));
}

#[test]
fn meaning_10_who_wakes_late_may_still_come_while_nobody_has_acknowledged() {
    for act in [RoleAct::Claim, RoleAct::Acknowledge] {
        let role = "{ title: R, assign: { schedule: platform }, deputies: [ { team: ops } ], \
                    acknowledge_within: 5m }";
        let mut case = with_role(role);
        assert_eq!(assigned(&case, "r").as_deref(), Some("bob"));
        case.pass("6m");
        assert_eq!(assigned(&case, "r").as_deref(), Some("fay"), "bob stayed silent");
        let stranger = case.refused("eve", Command::Role { role: "r".into(), act: act.clone() });
        assert!(stranger.text.get(Lang::En).contains("fay"), "{stranger:?}");
        case.role("bob", "r", act);
        assert_eq!(case.holder("r"), Some("bob"));
        assert_eq!(case.hearers(|p| matches!(p, Purpose::RoleTaken { .. })), ["fay"]);
        let late = RoleAct::Acknowledge;
        let refused = case.refused("fay", Command::Role { role: "r".into(), act: late });
        assert_eq!(refused.code, RejectionCode::ClaimLost);
    }
}

#[test]
fn meaning_10_claiming_twice_changes_nothing() {
    let mut case = with_role("{ title: R, assign: { claim: service } }");
    case.role("dan", "r", RoleAct::Claim);
    let before = case.events.len();
    case.role("dan", "r", RoleAct::Claim);
    assert_eq!(case.events.len(), before);
}

#[test]
fn meaning_10_being_assigned_is_not_acknowledging() {
    let mut case = with_role("{ title: R, assign: { schedule: platform } }");
    assert_eq!(case.holder("r"), None);
    case.role("bob", "r", RoleAct::Acknowledge);
    assert_eq!(case.holder("r"), Some("bob"));
}

#[test]
fn meaning_10_nobody_acknowledges_for_another() {
    let mut case = with_role("{ title: R, assign: { schedule: platform } }");
    assert_eq!(case.role_refused("eve", "r", RoleAct::Acknowledge), RejectionCode::NotYours);
    let command = Command::Role { role: "r".into(), act: RoleAct::Acknowledge };
    let behalf = case.ask(command, |ctx| {
        ctx.actor =
            Actor::Person { id: "hal".into(), on_behalf_of: Some("bob".into()), through: None };
    });
    assert_eq!(behalf.map(|refused| refused.code), Some(RejectionCode::NotYours));
    let command = Command::Role { role: "r".into(), act: RoleAct::Claim };
    let machine = case.ask(command, |ctx| ctx.actor = Actor::Service { name: "robot".into() });
    assert_eq!(machine.map(|refused| refused.code), Some(RejectionCode::NotYours));
    assert_eq!(case.holder("r"), None);
}

const LADDERED: &str = "{ title: R, assign: { schedule: platform }, deputies: [ { team: ops } ], \
                        acknowledge_within: 5m, escalate: long }";

#[test]
fn meaning_10_silence_leads_to_the_deputies_then_the_ladder_then_the_commander() {
    let mut case = with_role(LADDERED);
    case.role("ann", "commander", RoleAct::Acknowledge);
    let mut asked = vec![assigned(&case, "r")];
    for _ in 0..2 {
        case.pass("5m");
        asked.push(assigned(&case, "r"));
    }
    let asked: Vec<_> = asked.iter().flatten().map(String::as_str).collect();
    assert_eq!(asked, ["bob", "fay", "gus"]);
    assert_eq!(case.count(|f| matches!(f, Fact::RoleVacant { .. })), 0);
    case.pass("5m");
    assert_eq!(*case.tenure("r"), Tenure::Vacant);
    assert_eq!(case.count(|f| matches!(f, Fact::RoleVacant { .. })), 1);
    assert!(case.commander_told("role_vacant") >= 1, "a vacant role is never silent");
    let heard = |case: &Case| case.told("hal", |p| matches!(p, Purpose::Escalation { .. }));
    case.pass("10m");
    assert!(heard(&case) >= 1, "the ladder is climbed");
}

#[test]
fn meaning_10_a_vacant_role_is_sought_again_from_the_top() {
    let mut case = with_role(LADDERED);
    case.pass("15m");
    assert_eq!(*case.tenure("r"), Tenure::Vacant);
    case.pass("15m");
    assert_eq!(assigned(&case, "r").as_deref(), Some("bob"));
    case.role("bob", "r", RoleAct::Acknowledge);
    assert!(case.incident().ladders.is_empty());
}

#[test]
fn meaning_10_those_who_decline_are_not_asked_again() {
    let mut case = with_role("{ title: R, assign: { claim: service } }");
    for person in ["cid", "dan"] {
        case.role(person, "r", decline());
        assert!(!case.tenure("r").people().contains(&person.into()));
    }
    case.role("eve", "r", decline());
    assert_eq!(*case.tenure("r"), Tenure::Vacant);
    assert_eq!(case.role_refused("eve", "r", decline()), RejectionCode::NotYours);
}

#[test]
fn meaning_10_a_refusal_leads_to_the_next_at_once() {
    let mut case = with_role(LADDERED);
    case.role("bob", "r", decline());
    assert_eq!(assigned(&case, "r").as_deref(), Some("fay"));
}

#[test]
fn meaning_10_nobody_found_leads_to_the_deputies() {
    let case = with_role("{ title: R, assign: { schedule: nobody }, deputies: [ { team: ops } ] }");
    assert_eq!(assigned(&case, "r").as_deref(), Some("fay"));
}

#[test]
fn meaning_10_people_who_cannot_be_reached_are_nobody() {
    let case = with_role("{ title: R, assign: { team: ghosts } }");
    assert_eq!(*case.tenure("r"), Tenure::Vacant);
    assert!(case.commander_told("role_vacant") >= 1);
}

#[test]
fn meaning_10_a_vacant_role_never_blocks_its_steps() {
    let mut case = with_role("{ title: R, assign: { team: ghosts } }");
    assert_eq!(case.state("a"), "ready");
    case.step("eve", "a", complete());
    assert_eq!(case.state("a"), "done");
}

#[test]
fn meaning_10_a_vacant_role_may_be_claimed_or_given() {
    let mut case = with_role("{ title: R, assign: { team: ghosts } }");
    case.role("eve", "r", RoleAct::Claim);
    assert_eq!(case.holder("r"), Some("eve"));
    let mut case = with_role("{ title: R, assign: { team: ghosts } }");
    case.role("ann", "r", assign("dan"));
    assert_eq!(assigned(&case, "r").as_deref(), Some("dan"));
    case.role("dan", "r", RoleAct::Acknowledge);
    assert_eq!(case.holder("r"), Some("dan"));
}

#[test]
fn meaning_10_a_role_is_given_only_to_people_who_exist() {
    let mut case = with_role(LADDERED);
    assert_eq!(case.role_refused("ann", "r", assign("nemo")), RejectionCode::UnknownPerson);
    assert_eq!(case.role_refused("ann", "q", assign("dan")), RejectionCode::UnknownRole);
}

#[test]
fn meaning_10_a_hand_over_must_be_acknowledged() {
    let mut case = with_role(LADDERED);
    case.role("bob", "r", RoleAct::Acknowledge);
    case.role("bob", "r", hand_over("eve"));
    assert_eq!(assigned(&case, "r").as_deref(), Some("eve"));
    let note = |case: &Case| case.incident().roles["r"].handed.as_ref().map(|h| h.note.clone());
    assert_eq!(note(&case).as_deref(), Some("as discussed"), "the page says it");
    case.role("eve", "r", RoleAct::Acknowledge);
    assert_eq!((case.holder("r"), note(&case)), (Some("eve"), None));
}

#[test]
fn meaning_10_only_the_holder_hands_over() {
    let mut case = with_role(LADDERED);
    case.role("bob", "r", RoleAct::Acknowledge);
    assert_eq!(case.role_refused("eve", "r", hand_over("eve")), RejectionCode::NotYours);
}

#[test]
fn meaning_10_a_hand_over_that_is_refused_falls_back() {
    let mut case = with_role(LADDERED);
    case.role("bob", "r", RoleAct::Acknowledge);
    case.role("bob", "r", hand_over("eve"));
    case.role("eve", "r", decline());
    assert!(case.tenure("r").holder().is_some(), "somebody is responsible");
}

#[test]
fn meaning_10_a_role_laid_down_goes_to_the_next() {
    let mut case = with_role(LADDERED);
    case.role("bob", "r", RoleAct::Acknowledge);
    case.role("bob", "r", RoleAct::Release);
    assert_eq!(assigned(&case, "r").as_deref(), Some("fay"));
}

#[test]
fn meaning_10_a_hand_over_that_nobody_answers_falls_back() {
    let mut case = with_role(LADDERED);
    case.role("bob", "r", RoleAct::Acknowledge);
    case.role("bob", "r", hand_over("eve"));
    case.pass("5m");
    assert_eq!(assigned(&case, "r").as_deref(), Some("bob"));
    assert_eq!(case.incident().roles["r"].handed, None, "his own note is no news to him");
}

#[test]
fn meaning_10_a_person_may_give_a_role_and_the_one_before_is_told() {
    let mut case = with_role(LADDERED);
    case.role("bob", "r", RoleAct::Acknowledge);
    case.role("hal", "r", assign("eve"));
    assert_eq!(case.hearers(|p| matches!(p, Purpose::RoleTaken { .. })), ["bob"]);
    assert_eq!(case.told("eve", |p| matches!(p, Purpose::RolePage { .. })), 1);
    case.role("hal", "r", assign("hal"));
    assert_eq!(case.holder("r"), Some("hal"), "whoever takes it themselves has acknowledged");
}

#[test]
fn meaning_10_whoever_works_on_a_step_of_their_role_has_acknowledged_it() {
    let mut case = with_role("{ title: R, assign: { schedule: platform } }");
    case.step("eve", "a", StepAct::Start);
    assert_eq!(case.holder("r"), None, "it is not hers");
    case.step("bob", "a", StepAct::Claim);
    assert_eq!(case.holder("r"), Some("bob"));
}

#[test]
fn meaning_10_anyone_may_act_on_a_step_and_it_is_recorded_who_and_for_whom() {
    let mut case = staffed(
        "phases: [ { id: one, title: One, steps: [ { id: a, title: A, role: support } ] } ]",
    );
    let command = Command::Step { step: StepRef::current("a"), act: complete() };
    let refused = case.ask(command, |ctx| {
        ctx.actor =
            Actor::Person { id: "hal".into(), on_behalf_of: Some("cid".into()), through: None };
    });
    assert_eq!(refused, None);
    let event = case.last(|fact| matches!(fact, Fact::StepDone { .. }));
    assert_eq!(
        event.actor,
        Actor::Person { id: "hal".into(), on_behalf_of: Some("cid".into()), through: None }
    );
}

#[test]
fn meaning_10_a_role_is_needed_when_its_condition_holds() {
    let body = plan(&format!(
        "{COMMANDER}\nr: {{ title: R, assign: {{ schedule: platform }}, engage: users > 5 }}"
    ));
    let mut case = declared_with(&body, json!({ "users": 1 }));
    assert_eq!(
        case.count(|f| matches!(f, Fact::RoleAssigned { role, .. } if role.as_str() == "r")),
        0
    );
    case.tell("ann", crate::act::set(json!({ "users": 9 })));
    assert_eq!(assigned(&case, "r").as_deref(), Some("bob"));
}

#[test]
fn meaning_10_acknowledging_ends_the_search_and_its_ladder() {
    let mut case = with_role(LADDERED);
    case.pass("17m");
    assert!(!case.incident().ladders.is_empty());
    case.role("gus", "r", RoleAct::Claim);
    assert!(case.incident().ladders.is_empty());
    assert_eq!(case.holder("r"), Some("gus"));
}

#[test]
fn meaning_10_a_claim_that_nobody_answers_goes_on_to_the_deputies() {
    let mut case = with_role(
        "{ title: R, assign: { claim: service }, deputies: [ { team: ops } ], acknowledge_within: 10m }",
    );
    case.pass("9m");
    assert!(matches!(case.tenure("r"), Tenure::Offered { .. }));
    case.pass("1m");
    assert_eq!(assigned(&case, "r").as_deref(), Some("fay"));
}
