//! What expressions and templates may know of an incident. It must not know how they compute.

use std::borrow::Cow;

use smol_str::SmolStr;

use super::incident::{Incident, RoleState, Tenure};
use super::run::{Run, StepState};
use crate::id::{RoleId, StepId, VarId};
use crate::playbook::expression::{
    Fact as Known, IncidentFact, Name, RoleFact, Scope, StepFact, StepWord, SurgeFact,
};
use crate::playbook::{Milestone, Playbook, Value};

/// The facts of an incident, perhaps with the item of a for-each.
///
/// Where the incident can be seen and whom a message is for, only others know: put another scope
/// behind this one for those.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    playbook: &'a Playbook,
    incident: &'a Incident,
    item: Option<(&'a VarId, &'a Value)>,
}

impl<'a> Facts<'a> {
    /// Makes the facts of an incident.
    #[must_use]
    pub const fn new(playbook: &'a Playbook, incident: &'a Incident) -> Self {
        Self { playbook, incident, item: None }
    }

    /// Makes the facts as a run of a step sees them: with its item, where it has one.
    #[must_use]
    pub fn of_run(playbook: &'a Playbook, incident: &'a Incident, run: &'a Run) -> Self {
        let bind = playbook.step(&run.key.step).and_then(|(_, step)| step.for_each.as_ref());
        let item = bind.map(|each| &each.bind).zip(run.item.as_ref());
        Self { playbook, incident, item }
    }

    /// Returns the run that stands for a step: none while it waits in the current phase.
    fn run(&self, step: &StepId) -> Option<&'a Run> {
        let run = self.incident.run(step)?;
        let place = self.playbook.index().place(step)?;
        let here = self.playbook.phases.get(place.phase)?.id == self.incident.phase;
        (!here || run.visit == self.incident.visit).then_some(run)
    }

    fn step_word(&self, step: &StepId, word: StepWord) -> Known<'a> {
        let run = self.run(step);
        let state = run.map_or(&StepState::Waiting, |run| &run.state);
        let is = |name: &str| Known::Boolean(state.name() == name);
        match word {
            StepWord::Waiting
            | StepWord::Ready
            | StepWord::Active
            | StepWord::Failed
            | StepWord::Skipped
            | StepWord::Cancelled => is(word.as_str()),
            StepWord::Started => Known::Boolean(run.is_some_and(|run| run.started_at.is_some())),
            StepWord::Done => {
                Known::Boolean(run.is_some_and(|r| *state == StepState::Done || r.passed_before))
            }
            StepWord::Settled => Known::Boolean(run.is_some_and(Run::is_settled)),
            StepWord::Overdue => {
                Known::Boolean(run.is_some_and(|run| !run.is_settled() && run.overdue))
            }
            StepWord::State => text(state.name()),
            StepWord::Cause => state.cause().map_or(Known::Nothing, text),
            StepWord::Answer => {
                run.and_then(|run| run.answer.as_ref()).map_or(Known::Nothing, |a| text(a))
            }
            StepWord::Holder => self.step_holder(step, run),
        }
    }

    fn step_holder(&self, step: &StepId, run: Option<&'a Run>) -> Known<'a> {
        let role = self.playbook.step(step).and_then(|(_, step)| step.role.as_ref());
        let claimed = run.and_then(|run| run.claimed_by.as_ref());
        let holder = claimed.or_else(|| self.incident.holder(role?));
        holder.map_or(Known::Nothing, |person| text(person.as_str()))
    }

    fn step_field(&self, step: &StepId, field: &VarId) -> Known<'a> {
        let done = self.incident.milestone(step, Milestone::Done).is_some();
        let value = self.incident.variables.get(field).filter(|_| done);
        value.map_or(Known::Nothing, Known::Value)
    }

    fn role(&self, role: &RoleId, fact: RoleFact) -> Known<'a> {
        let state: Option<&RoleState> = self.incident.roles.get(role).map(AsRef::as_ref);
        match fact {
            RoleFact::Holder => {
                let holder = state.and_then(|state| state.tenure.holder());
                holder.map_or(Known::Nothing, |person| text(person.as_str()))
            }
            RoleFact::Acknowledged => {
                Known::Boolean(state.is_some_and(|s| matches!(s.tenure, Tenure::Held { .. })))
            }
            RoleFact::Engaged => Known::Boolean(state.is_some_and(|state| state.engaged)),
        }
    }

    fn incident(&self, fact: IncidentFact) -> Option<Known<'a>> {
        let incident = self.incident;
        Some(match fact {
            IncidentFact::Id => Known::text(incident.id),
            IncidentFact::Number => Known::Integer(i64::try_from(incident.number).ok()?),
            IncidentFact::Title => text(&incident.title),
            IncidentFact::Playbook => text(incident.playbook.id.as_str()),
            IncidentFact::Mode => text(incident.mode.name()),
            IncidentFact::Status => text(incident.status.name()),
            IncidentFact::Level => Known::Integer(incident.level.current.into()),
            IncidentFact::Phase => text(incident.phase.as_str()),
            IncidentFact::DetectedAt => Known::text(incident.detected_at?),
            IncidentFact::AwareAt => Known::text(incident.aware_at?),
            IncidentFact::DeclaredAt => Known::text(incident.declared_at),
            IncidentFact::Url | IncidentFact::Bridge => return None,
        })
    }

    fn alert(&self, path: &[SmolStr]) -> Option<Known<'a>> {
        let alert = self.incident.alert.as_deref()?;
        match path {
            [word] if word == "name" => Some(text(&alert.name)),
            [map, key] if map == "labels" => alert.labels.get(key).map(|value| text(value)),
            [map, key] if map == "annotations" => {
                alert.annotations.get(key).map(|value| text(value))
            }
            _ => None,
        }
    }

    fn surge(&self, fact: SurgeFact) -> Option<Known<'a>> {
        let note = &self.incident.surge.as_deref()?.note;
        Some(match fact {
            SurgeFact::Monitor => text(&note.monitor),
            SurgeFact::Count => Known::Integer(i64::try_from(note.count).ok()?),
            SurgeFact::Baseline => Known::Number(note.baseline?),
            SurgeFact::Ratio => Known::Number(note.ratio?),
            SurgeFact::Peak => Known::Number(note.peak?),
            SurgeFact::Level => Known::Integer(note.level?.into()),
            SurgeFact::Window => Known::Integer(note.window.into()),
            SurgeFact::Top => text(&note.groups.first()?.name),
            SurgeFact::Groups => Known::text(note.group_list()),
            SurgeFact::Tickets => Known::text(note.tickets.join(", ")),
        })
    }
}

impl Scope for Facts<'_> {
    fn fact(&self, name: &Name) -> Option<Known<'_>> {
        match name {
            Name::Variable(id) => match self.item {
                Some((bind, value)) if bind == id => Some(Known::Value(value)),
                _ => self.incident.variables.get(id).map(Known::Value),
            },
            Name::Level => Some(Known::Integer(self.incident.level.current.into())),
            Name::Phase => Some(text(self.incident.phase.as_str())),
            Name::Step(step, StepFact::Word(word)) => Some(self.step_word(step, *word)),
            Name::Step(step, StepFact::Field(field)) => Some(self.step_field(step, field)),
            Name::Role(role, fact) => Some(self.role(role, *fact)),
            Name::Measure(name) => self.incident.measures.get(name).copied().map(Known::Number),
            Name::Incident(fact) => self.incident(*fact),
            Name::Alert(path) => self.alert(path),
            Name::Surge(fact) => self.surge(*fact),
            Name::Here(_) => None,
        }
    }
}

fn text(text: &str) -> Known<'_> {
    Known::Text(Cow::Borrowed(text))
}
