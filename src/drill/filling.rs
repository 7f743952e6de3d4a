//! What is filled in where a rehearsal must fill in what nobody has: forms, and why something comes
//! late. Pure.

use jiff::Timestamp;
use serde_json::{Map, Value as Json};

use crate::engine::{ClockKey, Incident};
use crate::id::StepId;
use crate::playbook::{Manual, Playbook};

/// Says why a step comes late that submits a stage of a statutory clock; people must. `None` where it
/// does not come late.
pub(super) fn reason_for_lateness(
    playbook: &Playbook,
    incident: &Incident,
    step: &StepId,
    now: Timestamp,
) -> Option<String> {
    let submits = playbook.index().submits.get(step)?;
    let late = submits.iter().any(|(clock, stage)| {
        let key = ClockKey { clock: clock.clone(), stage: stage.clone() };
        let state = incident.clocks.get(&key);
        state.and_then(|state| state.due_at()).is_some_and(|due_at| due_at < now)
    });
    late.then(|| "rehearsed".to_owned())
}

/// Answers a form as it was filled in, else with what is known; what is not and must be given, with
/// a value that fits.
pub(super) fn answers(
    manual: &Manual,
    filled_in: Option<&Map<String, Json>>,
    incident: &Incident,
) -> Map<String, Json> {
    let mut answers = Map::new();
    for (name, field) in &manual.form {
        let given = filled_in.and_then(|form| form.get(name.as_str())).cloned();
        let known = given.or_else(|| incident.variables.get(name).map(|value| value.to_plain()));
        let given = known.or_else(|| field.required.then(|| field.kind.sample().to_plain()));
        answers.extend(given.map(|json| (name.to_string(), json)));
    }
    answers
}
