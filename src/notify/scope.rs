//! The names a plan's message may use, pure: what conditions know, and besides whom and what the
//! message is about, where people meet, and times as people read them.

use crate::engine::{Facts, Purpose, Recipient};
use crate::id::{RoleId, StepId};
use crate::playbook::expression::{Fact, HereFact, IncidentFact, Name, RoleFact, Scope};

use super::view::View;

/// The facts of one message.
pub(super) struct MessageScope<'a> {
    view: View<'a>,
    facts: Facts<'a>,
    url: Option<&'a str>,
    bridge: Option<&'a str>,
    role: Option<RoleId>,
    step: Option<StepId>,
    to: &'a Recipient,
}

impl<'a> MessageScope<'a> {
    /// Gathers what a message is about.
    pub(super) fn new(
        view: View<'a>,
        purpose: &'a Purpose,
        to: &'a Recipient,
        url: Option<&'a str>,
        bridge: Option<&'a str>,
    ) -> Self {
        let step = step_of(purpose);
        let role = role_of(purpose).or_else(|| {
            let (_, step) = view.playbook.step(step.as_ref()?)?;
            step.role.clone()
        });
        let run = purpose_key(purpose).and_then(|key| view.incident.run_of(key));
        let facts = match run {
            Some(run) => Facts::of_run(view.playbook, view.incident, run),
            None => Facts::new(view.playbook, view.incident),
        };
        Self { view, facts, url, bridge, role, step, to }
    }

    /// Returns the role the message is about.
    pub(super) fn role(&self) -> Option<&RoleId> {
        self.role.as_ref()
    }

    fn here(&self, fact: HereFact) -> Option<String> {
        let run = || self.view.incident.run(self.step.as_ref()?);
        let person = || match self.to {
            Recipient::Person(id) => Some(id),
            Recipient::Audience(_) => None,
        };
        match fact {
            HereFact::RoleId => self.role.as_ref().map(ToString::to_string),
            HereFact::RoleTitle => self.role.as_ref().map(|id| self.view.role(id)),
            HereFact::StepId => self.step.as_ref().map(ToString::to_string),
            HereFact::StepTitle => self.step.as_ref().map(|id| self.view.step(id)),
            HereFact::StepDueAt => run()?.due_at.map(|at| self.view.time(at)),
            HereFact::PersonId => person().map(ToString::to_string),
            HereFact::PersonName => person().map(|id| self.view.person(id)),
        }
    }
}

impl Scope for MessageScope<'_> {
    fn fact(&self, name: &Name) -> Option<Fact<'_>> {
        let incident = self.view.incident;
        let time = |at| Fact::text(self.view.date_time(at));
        match name {
            Name::Here(fact) => self.here(*fact).map(Fact::text),
            Name::Incident(IncidentFact::Url) => self.url.map(Fact::text),
            Name::Incident(IncidentFact::Bridge) => self.bridge.map(Fact::text),
            Name::Incident(IncidentFact::DetectedAt) => incident.detected_at.map(time),
            Name::Incident(IncidentFact::AwareAt) => incident.aware_at.map(time),
            Name::Incident(IncidentFact::DeclaredAt) => Some(time(incident.declared_at)),
            Name::Role(role, RoleFact::Holder) => {
                Some(self.view.holder(role).map_or(Fact::Nothing, Fact::text))
            }
            _ => self.facts.fact(name),
        }
    }
}

/// Returns the role a purpose names.
fn role_of(purpose: &Purpose) -> Option<RoleId> {
    use crate::engine::LadderSubject;
    match purpose {
        Purpose::RolePage { role, .. }
        | Purpose::RoleTaken { role }
        | Purpose::Escalation { subject: LadderSubject::Role { role }, .. } => Some(role.clone()),
        _ => None,
    }
}

/// Returns the step a purpose names.
fn step_of(purpose: &Purpose) -> Option<StepId> {
    purpose_key(purpose).map(|key| key.step.clone())
}

/// Returns the run of a step that a purpose is about.
pub(super) fn purpose_key(purpose: &Purpose) -> Option<&crate::engine::RunKey> {
    use crate::engine::LadderSubject;
    match purpose {
        Purpose::StepReady { key, .. }
        | Purpose::StepWarning { key }
        | Purpose::StepOverdue { key }
        | Purpose::StepFailed { key, .. }
        | Purpose::StepMessage { key }
        | Purpose::Escalation { subject: LadderSubject::Step { key }, .. } => Some(key),
        Purpose::RolePage { .. }
        | Purpose::RoleTaken { .. }
        | Purpose::RoleReleased { .. }
        | Purpose::Escalation { .. }
        | Purpose::HandlerMessage { .. }
        | Purpose::Commander { .. }
        | Purpose::Clock { .. }
        | Purpose::Ended => None,
    }
}
