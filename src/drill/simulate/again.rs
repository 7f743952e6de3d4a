//! A run that goes as an incident went: declared as it was, told what it was told, worked on as
//! people worked on it.

use serde_json::Map;

use super::agenda::{Agenda, Happening};
use super::manners::Manners;
use super::setting::{Change, Setting};
use super::{Simulated, Stage, Take, identity, through};
use crate::drill::past::Past;
use crate::engine::{Declare, Mode};
use crate::id::IncidentId;
use crate::playbook::{Field, Playbook};

/// Runs a plan as people behaved in an incident that really was. What the plan has no place for is
/// left out, and told.
#[must_use]
pub fn again(stage: Stage<'_>, take: Take, past: &Past) -> Simulated {
    let manners = Manners::Remembered(past);
    through(Setting { stage, manners, change: Change::None, hashed: false }, take)
}

/// Declares the incident as it was, with the inputs that the plan can read.
pub(super) fn declaration(stage: Stage<'_>, take: Take, past: &Past) -> Declare {
    let declared = &past.declared;
    let inputs = declared.inputs.iter().filter(|(name, value)| {
        let one = Map::from_iter([((*name).clone(), (*value).clone())]);
        reads(stage.playbook, one)
    });
    Declare {
        title: declared.title.clone(),
        level: declared.level,
        inputs: inputs.map(|(name, value)| (name.clone(), value.clone())).collect(),
        detected_at: declared.detected_at,
        alert: declared.alert.clone(),
        surge: declared.surge.clone(),
        ..Declare::new(IncidentId::from_u128(identity(stage, take)), 1, Mode::Simulation)
    }
}

fn reads(playbook: &Playbook, inputs: Map<String, serde_json::Value>) -> bool {
    Field::read_some(&playbook.inputs, &serde_json::Value::Object(inputs)).is_ok()
}

/// Puts down what reaches the incident later.
pub(super) fn expect(past: &Past, agenda: &mut Agenda) {
    for (position, heard) in past.heard.iter().enumerate() {
        agenda.put(heard.at, Happening::Again(position));
    }
}
