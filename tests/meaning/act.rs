//! Short names for what people do in the cases.

use firebell::engine::{Command, EvidenceItem, RoleAct, StepAct};
use serde_json::{Map, Value as Json};

/// Says that it is done.
pub fn complete() -> StepAct {
    complete_with(Json::Null)
}

/// Says that it is done, with the form's answers.
pub fn complete_with(form: Json) -> StepAct {
    StepAct::Complete { form: object(form), evidence: Vec::new(), measure: None, note: None }
}

/// Says that it is done, with proof.
pub fn complete_proven(text: &str) -> StepAct {
    let evidence = vec![EvidenceItem::Text { text: text.to_owned() }];
    StepAct::Complete { form: Map::new(), evidence, measure: None, note: None }
}

/// Says that it is done, with a measured number.
pub fn complete_measured(measure: f64) -> StepAct {
    StepAct::Complete { form: Map::new(), evidence: Vec::new(), measure: Some(measure), note: None }
}

/// Says that it failed.
pub fn fail() -> StepAct {
    StepAct::Fail { reason: "it did not work".to_owned() }
}

/// Leaves it out.
pub fn skip() -> StepAct {
    StepAct::Skip { reason: "not needed".to_owned() }
}

/// Works on it again.
pub fn reopen() -> StepAct {
    StepAct::Reopen { reason: "not good enough".to_owned() }
}

/// Chooses.
pub fn answer(option: &str) -> StepAct {
    StepAct::Answer { option: option.into(), note: None }
}

/// Consents.
pub fn approve() -> StepAct {
    StepAct::Approve { note: None }
}

/// Refuses.
pub fn reject() -> StepAct {
    StepAct::Reject { reason: "not like this".to_owned() }
}

/// Ticks a checklist item.
pub fn tick(item: &str) -> StepAct {
    StepAct::Check { item: item.into(), done: true }
}

/// Says "not me".
pub fn decline() -> RoleAct {
    RoleAct::Decline { reason: None }
}

/// Gives a role to a person.
pub fn assign(to: &str) -> RoleAct {
    RoleAct::Assign { to: to.into() }
}

/// Passes a role on.
pub fn hand_over(to: &str) -> RoleAct {
    RoleAct::HandOver { to: to.into(), note: "as discussed".to_owned() }
}

/// Adds facts.
pub fn set(values: Json) -> Command {
    Command::SetInputs { values: object(values) }
}

/// Moves to a phase.
pub fn move_to(phase: &str) -> Command {
    Command::MovePhase { to: phase.into(), reason: "it is time".to_owned() }
}

/// Ends it.
pub fn close() -> Command {
    Command::Close { force: None }
}

/// Ends it over whatever blocks it.
pub fn force_close() -> Command {
    Command::Close { force: Some("the building burns".to_owned()) }
}

/// Ends it as a false alarm.
pub fn cancel() -> Command {
    Command::Cancel { reason: "a test alert".to_owned(), as_is: None }
}

/// Freezes it.
pub fn pause() -> Command {
    Command::Pause { reason: "waiting for the provider".to_owned() }
}

/// Sets the level over the rules.
pub fn set_level(level: u8) -> Command {
    Command::SetLevel { level, reason: "I see more than the rules".to_owned() }
}

/// Takes the object out of a JSON value; nothing of anything else.
pub fn object(json: Json) -> Map<String, Json> {
    match json {
        Json::Object(map) => map,
        _ => Map::new(),
    }
}
