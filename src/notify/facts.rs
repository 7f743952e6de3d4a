//! The facts a message needs of an incident, pure; a part of those that conditions know.

use crate::engine::{Incident, Run};
use crate::playbook::Playbook;
use crate::playbook::expression::{Fact, IncidentFact, Name, Scope};

/// The facts of an incident.
pub(super) struct Facts<'a>(&'a Incident);

impl<'a> Facts<'a> {
    pub(super) const fn new(_: &'a Playbook, incident: &'a Incident) -> Self {
        Self(incident)
    }

    pub(super) const fn of_run(_: &'a Playbook, incident: &'a Incident, _: &'a Run) -> Self {
        Self(incident)
    }
}

impl Scope for Facts<'_> {
    fn fact(&self, name: &Name) -> Option<Fact<'_>> {
        match name {
            Name::Variable(id) => self.0.variables.get(id).map(Fact::Value),
            Name::Level => Some(Fact::Integer(self.0.level.current.into())),
            Name::Phase => Some(Fact::text(&self.0.phase)),
            Name::Incident(IncidentFact::Number) => {
                i64::try_from(self.0.number).ok().map(Fact::Integer)
            }
            Name::Incident(IncidentFact::Title) => Some(Fact::text(&self.0.title)),
            _ => None,
        }
    }
}
