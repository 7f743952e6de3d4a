//! What an inject may wait for in an incident, and when it was first heard. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::engine::{Event, Fact, Incident, NoticeEnd, Purpose};
use crate::id::{NoticeId, PhaseId, RoleId, StepId};
use crate::playbook::Milestone;

/// Something that happens in an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cue {
    /// A step reaches a milestone.
    Step {
        /// The step.
        step: StepId,
        /// The milestone.
        is: Milestone,
    },
    /// A role is acknowledged.
    Acknowledged(RoleId),
    /// A channel has taken a page for a role.
    Reached(RoleId),
    /// A phase is entered.
    Phase(PhaseId),
}

/// Hears what happens in an incident, event by event.
#[derive(Debug, Clone, Default)]
pub struct Listener {
    pages: BTreeMap<NoticeId, Vec<RoleId>>,
    acknowledged: BTreeMap<RoleId, Timestamp>,
    reached: BTreeMap<RoleId, Timestamp>,
    phases: BTreeMap<PhaseId, Timestamp>,
}

impl Listener {
    /// Hears a whole journal.
    #[must_use]
    pub fn of(events: &[Event]) -> Self {
        let mut listener = Self::default();
        events.iter().for_each(|event| listener.hear(event));
        listener
    }

    /// Hears one event. When it was recorded counts: a script cannot answer what it does not know.
    pub fn hear(&mut self, event: &Event) {
        let at = event.recorded_at;
        match &event.fact {
            Fact::RoleAcknowledged { role, .. } => {
                self.acknowledged.entry(role.clone()).or_insert(at);
            }
            Fact::PhaseEntered { phase, .. } => {
                self.phases.entry(phase.clone()).or_insert(at);
            }
            Fact::NoticeQueued { notice } => {
                if let Purpose::RolePage { role, also } = &notice.purpose {
                    let roles = std::iter::once(role).chain(also).cloned().collect();
                    self.pages.insert(notice.id, roles);
                }
            }
            Fact::NoticeEnded { notice, end: NoticeEnd::Delivered { .. }, .. } => {
                for role in self.pages.remove(notice).unwrap_or_default() {
                    self.reached.entry(role).or_insert(at);
                }
            }
            _ => {}
        }
    }

    /// Returns when something first happened.
    #[must_use]
    pub fn heard(&self, cue: &Cue, incident: &Incident) -> Option<Timestamp> {
        match cue {
            Cue::Step { step, is } => incident.milestone(step, *is),
            Cue::Acknowledged(role) => self.acknowledged.get(role).copied(),
            Cue::Reached(role) => self.reached.get(role).copied(),
            Cue::Phase(phase) => self.phases.get(phase).copied(),
        }
    }
}
