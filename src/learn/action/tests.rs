//! Tests of `action`.

use super::*;
use crate::id::StepId;

pub(in crate::learn) fn action(about: Subject) -> Action {
    Action {
        format: ACTION_FORMAT,
        id: Uuid::from_u128(7),
        playbook: "ten-steps".into(),
        about,
        text: "Write the runbook".into(),
        owner: "amir".into(),
        due: jiff::civil::date(2026, 2, 1),
        finding: None,
        seen_in: None,
        at_least: How::Simulated,
        state: ActionState::Open,
        made_at: at(0),
        made_by: Actor::person("lin"),
        changes: Vec::new(),
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn isolate() -> Action {
    action(Subject::Step(StepId::new("isolate")))
}

fn stand(status: ActionStatus, reason: Option<&str>) -> Edit {
    Edit { status: Some(status), reason: reason.map(str::to_owned), ..Edit::default() }
}

#[test]
fn nobody_closes_an_action_by_hand_and_it_says_what_does() {
    let by = Actor::person("lin");
    for status in [ActionStatus::Verified] {
        let refused = isolate().edit(stand(status, Some("I looked")), &by, Scope::Admin, at(1));
        let Err(NotChanged::NotByHand(text)) = refused else { panic!("{refused:?}") };
        for lang in Lang::ALL {
            assert!(text.get(lang).contains("isolate"), "{text:?}");
            assert!(text.get(lang).contains("ten-steps"), "{text:?}");
        }
    }
}

#[test]
fn a_commander_drops_an_action_with_a_reason_and_no_one_else_does() {
    let by = Actor::person("lin");
    let drop =
        |reason, scope| isolate().edit(stand(ActionStatus::Dropped, reason), &by, scope, at(1));
    assert!(matches!(drop(Some("no"), Scope::Responder), Err(NotChanged::NotYours(_))));
    assert!(matches!(drop(None, Scope::Commander), Err(NotChanged::ReasonMissing(_))));
    assert!(matches!(drop(Some("  "), Scope::Commander), Err(NotChanged::ReasonMissing(_))));
    let dropped = drop(Some("the system is gone"), Scope::Commander).unwrap();
    assert_eq!(dropped.state.name(), "dropped");
    let again = dropped.edit(stand(ActionStatus::Open, None), &by, Scope::Admin, at(2));
    assert!(matches!(again, Err(NotChanged::Closed(_))));
}

#[test]
fn every_change_is_kept_and_what_is_so_already_is_none() {
    let by = Actor::person("lin");
    let edit = Edit {
        text: Some("Write two runbooks".into()),
        owner: Some("bao".into()),
        due: Some(jiff::civil::date(2026, 3, 1)),
        status: Some(ActionStatus::Done),
        reason: None,
    };
    let edited = isolate().edit(edit.clone(), &by, Scope::Responder, at(1)).unwrap();
    assert_eq!(edited.changes.len(), 4);
    assert_eq!(edited.changes[1].what, What::Owner { from: "amir".into() });
    assert_eq!(edited.state, ActionState::Done { at: at(1), by: by.clone() });
    let again = edited.clone().edit(edit, &by, Scope::Responder, at(2)).unwrap();
    assert_eq!(again, edited);
    let open = again.edit(stand(ActionStatus::Open, Some("not yet")), &by, Scope::Responder, at(3));
    assert_eq!(open.unwrap().state, ActionState::Open);
}

#[test]
fn an_action_is_changed_so_often_and_no_more() {
    let by = Actor::person("lin");
    let mut action = isolate();
    for nth in 0..CHANGES_MAX {
        let edit = Edit { text: Some(format!("{nth}")), ..Edit::default() };
        action = action.edit(edit, &by, Scope::Responder, at(1)).unwrap();
    }
    let edit = Edit { text: Some("once more".into()), ..Edit::default() };
    let refused = action.edit(edit, &by, Scope::Responder, at(1));
    assert!(matches!(refused, Err(NotChanged::TooOften(_))));
}

#[test]
fn an_action_of_format_1_still_loads() {
    let stored = r#"{"format":1,"id":"00000000-0000-0000-0000-000000000007","playbook":"ten-steps",
        "about":{"step":"isolate"},"text":"Write the runbook","owner":"amir","due":"2026-02-01",
        "at_least":"simulated","state":{"status":"open"},"made_at":"1970-01-01T00:00:00Z",
        "made_by":{"kind":"person","id":"lin"}}"#;
    assert_eq!(serde_json::from_str::<Action>(stored).unwrap(), isolate());
}
