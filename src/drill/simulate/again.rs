//! A run that goes as an incident went: declared as it was, told what it was told, worked on as
//! people worked on it.

use super::agenda::{Agenda, Happening};
use super::manners::Manners;
use super::setting::{Change, Setting};
use super::{Simulated, Stage, Take, identity, through};
use crate::drill::past::Past;
use crate::engine::{Declare, Mode};
use crate::id::IncidentId;

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
    Declare {
        title: declared.title.clone(),
        level: declared.level,
        inputs: declared.inputs_for(stage.playbook),
        detected_at: declared.detected_at,
        alert: declared.alert.clone(),
        surge: declared.surge.clone(),
        ..Declare::new(IncidentId::from_u128(identity(stage, take)), 1, Mode::Simulation)
    }
}

/// Puts down what reaches the incident later.
pub(super) fn expect(past: &Past, agenda: &mut Agenda) {
    for (position, heard) in past.heard.iter().enumerate() {
        agenda.put(heard.at, Happening::Again(position));
    }
}
