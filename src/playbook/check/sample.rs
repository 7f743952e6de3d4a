//! Sample facts: values of the declared types, to try expressions and templates on before anyone
//! depends on them.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::id::VarId;
use crate::playbook::expression::{
    Expression, Fact, HereFact, IncidentFact, Name, RoleFact, Scope, StepFact, StepWord, SurgeFact,
};
use crate::playbook::lower::Noted;
use crate::playbook::model::{Action, Playbook};
use crate::playbook::template::Template;
use crate::playbook::value::{FieldType, Value};

/// Sample facts of one plan.
pub(super) struct Samples<'a> {
    playbook: &'a Playbook,
    variables: BTreeMap<&'a VarId, Option<Value>>,
    anything: Value,
    part_of_alert: Json,
}

impl<'a> Samples<'a> {
    pub(super) fn new(
        playbook: &'a Playbook,
        variables: &'a BTreeMap<VarId, Vec<Noted<Option<FieldType>>>>,
    ) -> Self {
        let sample = |places: &[Noted<Option<FieldType>>]| {
            places.iter().find_map(|place| place.what.as_ref()).map(FieldType::sample)
        };
        Self {
            playbook,
            variables: variables.iter().map(|(name, places)| (name, sample(places))).collect(),
            anything: Value::String("样例".to_owned()),
            part_of_alert: Json::String("1".to_owned()),
        }
    }

    /// Returns what goes wrong with an expression on values of the declared types. Where a type is
    /// not declared, nothing is tried.
    pub(super) fn failure(&self, expression: &Expression) -> Option<String> {
        let typed = expression.names().iter().all(|name| match name {
            Name::Variable(id) => self.variables.get(id).is_some_and(Option::is_some),
            Name::Step(_, StepFact::Field(id)) => {
                self.variables.get(id).is_some_and(Option::is_some)
            }
            Name::Alert(_) | Name::Surge(_) => false,
            _ => true,
        });
        typed.then(|| expression.failure(self)).flatten()
    }

    /// Returns what goes wrong with a template on values of the declared types; a value without one
    /// is text.
    pub(super) fn template_failure(&self, template: &Template) -> Option<String> {
        template.try_render(self).err()
    }

    fn variable(&self, id: &VarId) -> Option<&Value> {
        Some(self.variables.get(id)?.as_ref().unwrap_or(&self.anything))
    }

    fn answer(&self, step: &crate::id::StepId) -> Fact<'_> {
        match self.playbook.step(step).map(|(_, step)| &step.action) {
            Some(Action::Decide(decide)) => {
                Fact::text(decide.options.first().cloned().unwrap_or_default())
            }
            _ => Fact::Nothing,
        }
    }
}

/// A decision answered in one way or not yet, and nothing else known.
pub(super) struct Answered<'a>(pub Option<&'a str>);

impl Scope for Answered<'_> {
    fn fact(&self, name: &Name) -> Option<Fact<'_>> {
        match name {
            Name::Step(_, StepFact::Word(StepWord::Answer)) => {
                Some(self.0.map_or(Fact::Nothing, |option| Fact::Text(option.into())))
            }
            _ => None,
        }
    }
}

impl Scope for Samples<'_> {
    fn fact(&self, name: &Name) -> Option<Fact<'_>> {
        const AT: &str = "2026-11-11T08:00:00Z";
        Some(match name {
            Name::Variable(id) => Fact::Value(self.variable(id)?),
            Name::Level => Fact::Integer(2),
            Name::Phase => Fact::text(self.playbook.phases.first()?.id.as_str()),
            Name::Step(id, StepFact::Word(word)) => match word {
                StepWord::Answer => self.answer(id),
                StepWord::State => Fact::text("done"),
                StepWord::Cause => Fact::text("error"),
                StepWord::Holder => Fact::text("someone"),
                _ => Fact::Boolean(true),
            },
            Name::Step(_, StepFact::Field(id)) => Fact::Value(self.variable(id)?),
            Name::Role(_, RoleFact::Holder) => Fact::text("someone"),
            Name::Role(..) => Fact::Boolean(true),
            Name::Measure(_) => Fact::Number(95.0),
            Name::Incident(fact) => match fact {
                IncidentFact::Title => Fact::Words(&self.playbook.title),
                IncidentFact::Level => Fact::Integer(2),
                IncidentFact::DetectedAt | IncidentFact::AwareAt | IncidentFact::DeclaredAt => {
                    Fact::text(AT)
                }
                other => Fact::text(other.as_str()),
            },
            Name::Alert(_) => Fact::Json(&self.part_of_alert),
            Name::Surge(fact) => match fact {
                SurgeFact::Ratio | SurgeFact::Peak | SurgeFact::Baseline => Fact::Number(3.2),
                SurgeFact::Count | SurgeFact::Window => Fact::Integer(120),
                SurgeFact::Level => Fact::Integer(2),
                SurgeFact::Monitor | SurgeFact::Top | SurgeFact::Groups | SurgeFact::Tickets => {
                    Fact::text("complaints")
                }
            },
            Name::Here(HereFact::StepDueAt) => Fact::text(AT),
            Name::Here(_) => Fact::Words(&self.playbook.title),
        })
    }
}
