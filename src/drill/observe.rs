//! What a drill's journal shows of what expectations ask for, gathered event by event. The same
//! observer watches a live exercise, a simulated run and a journal read back. It must not judge.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::drill::expect::{Ask, Expectation};
use crate::engine::{Event, Fact, Notice, NoticeEnd};
use crate::id::{NoticeId, ObjectiveId, RoleId};
use crate::playbook::Condition;

/// The facts gathered so far.
#[derive(Debug, Clone, Default)]
pub struct Observed {
    last_at: Option<Timestamp>,
    engaged: BTreeMap<RoleId, Timestamp>,
    acknowledged: BTreeMap<RoleId, Timestamp>,
    objectives: BTreeMap<ObjectiveId, bool>,
    notices: BTreeMap<NoticeId, (Notice, Option<NoticeEnd>)>,
    /// By position in the drill: the expectation's condition has held at some time.
    held: Vec<bool>,
}

impl Observed {
    /// Takes in one event. `holds` evaluates a condition over the incident as the event left it;
    /// unknown counts as false.
    pub fn see(
        &mut self,
        event: &Event,
        expect: &[Expectation],
        holds: &mut dyn FnMut(&Condition) -> bool,
    ) {
        self.last_at = Some(self.last_at.unwrap_or(event.recorded_at).max(event.recorded_at));
        let at = event.occurred_at;
        match &event.fact {
            Fact::RoleEngaged { role, .. } => {
                self.engaged.entry(role.clone()).or_insert(at);
            }
            Fact::RoleAcknowledged { role, .. } => {
                self.acknowledged.entry(role.clone()).or_insert(at);
            }
            Fact::ObjectiveMet { objective } => {
                self.objectives.entry(objective.clone()).or_insert(true);
            }
            Fact::ObjectiveMissed { objective } => {
                self.objectives.entry(objective.clone()).or_insert(false);
            }
            Fact::NoticeQueued { notice } => {
                self.notices.insert(notice.id, (notice.clone(), None));
            }
            Fact::NoticeEnded { notice, end, .. } => {
                if let Some((_, ended)) = self.notices.get_mut(notice) {
                    *ended = Some(end.clone());
                }
            }
            _ => {}
        }
        if may_change_conditions(&event.fact) {
            self.check_conditions(expect, holds);
        }
    }

    fn check_conditions(
        &mut self,
        expect: &[Expectation],
        holds: &mut dyn FnMut(&Condition) -> bool,
    ) {
        self.held.resize(expect.len(), false);
        for (held, expectation) in self.held.iter_mut().zip(expect) {
            if let Ask::Reached { when: Some(condition), .. } = &expectation.ask {
                *held = *held || holds(condition);
            }
        }
    }

    /// Returns when the latest event was recorded.
    #[must_use]
    pub const fn last_at(&self) -> Option<Timestamp> {
        self.last_at
    }

    /// Returns when a role was first needed.
    #[must_use]
    pub fn engaged_at(&self, role: &RoleId) -> Option<Timestamp> {
        self.engaged.get(role).copied()
    }

    /// Returns when a role was first acknowledged.
    #[must_use]
    pub fn acknowledged_at(&self, role: &RoleId) -> Option<Timestamp> {
        self.acknowledged.get(role).copied()
    }

    /// Tells how an objective was first judged; `None` while it is open.
    #[must_use]
    pub fn objective_kept(&self, objective: &ObjectiveId) -> Option<bool> {
        self.objectives.get(objective).copied()
    }

    /// Walks all messages with their ends.
    pub fn notices(&self) -> impl Iterator<Item = (&Notice, Option<&NoticeEnd>)> {
        self.notices.values().map(|(notice, end)| (notice, end.as_ref()))
    }

    /// Tells whether the condition of the expectation at a position has held at some time.
    #[must_use]
    pub fn held(&self, position: usize) -> bool {
        self.held.get(position).copied().unwrap_or(false)
    }
}

/// Messages and ladders change nothing that a condition can name.
const fn may_change_conditions(fact: &Fact) -> bool {
    !matches!(
        fact,
        Fact::NoticeQueued { .. }
            | Fact::NoticeDelayed { .. }
            | Fact::NoticeRerouted { .. }
            | Fact::NoticeEnded { .. }
            | Fact::NoticeAcknowledged { .. }
            | Fact::RequestQueued { .. }
            | Fact::LadderArmed { .. }
            | Fact::RungFired { .. }
            | Fact::RungsMissed { .. }
            | Fact::LadderStopped { .. }
            | Fact::Attention(_)
            | Fact::Noted { .. }
    )
}
