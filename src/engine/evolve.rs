//! The fold: an incident and an event give the incident after it. Total, and the only way state
//! changes, so that a replay gives what the live run had.
//!
//! It consults nothing but the incident and the event: whatever depends on the plan, on people or
//! on chance was decided before and stands in the event.

mod attention;
mod clock;
mod kin;
mod level;
mod lifecycle;
mod outbox;
mod role;
mod step;

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use super::armed::{ladder_moved, next_rung};
use super::clock::{ClockEvent, ClockFact};
use super::event::{Event, LadderSubject};
use super::fact::Fact;
use super::family::Family;
use super::incident::{Incident, LadderState, LevelState, ObjectiveState};
use super::mode::Status;
use crate::id::PhaseId;
use crate::playbook::{LEVEL_MILDEST, Variables};

/// Returns the incident after an event.
///
/// Total: an event that does not fit changes as little as it can; a second declaration nothing.
#[must_use]
pub fn evolve(mut incident: Incident, event: &Event) -> Incident {
    incident.apply(event);
    incident
}

impl Incident {
    /// Makes an incident of its first event; `None` where that is no declaration.
    #[must_use]
    pub fn begin(event: &Event) -> Option<Self> {
        let Fact::Declared {
            id,
            number,
            mode,
            playbook,
            title,
            restricted,
            dedup_key,
            detected_at,
            drill,
            parent,
            beside,
        } = &event.fact
        else {
            return None;
        };
        Some(Self {
            id: *id,
            number: *number,
            mode: *mode,
            playbook: Arc::new(playbook.clone()),
            title: Arc::from(title.as_str()),
            restricted: *restricted,
            dedup_key: dedup_key.as_deref().map(Arc::from),
            drill: *drill,
            parent: parent.clone().map(Arc::new),
            beside: *beside,
            detected_at: *detected_at,
            declared_at: event.occurred_at,
            visit_began: event.occurred_at,
            version: event.seq,
            revision: event.seq,
            updated_at: event.recorded_at,
            ..Self::blank(*id)
        })
    }

    /// Makes the incident of a whole stream; `None` where it does not begin with a declaration.
    #[must_use]
    pub fn replay<'e>(events: impl IntoIterator<Item = &'e Event>) -> Option<Self> {
        let mut events = events.into_iter();
        let mut incident = Self::begin(events.next()?)?;
        for event in events {
            incident.apply(event);
        }
        Some(incident)
    }

    fn blank(id: crate::id::IncidentId) -> Self {
        Self {
            id,
            number: 0,
            mode: super::mode::Mode::Live,
            playbook: Arc::new(super::event::PlaybookRef { id: "".into(), hash: "".into() }),
            title: Arc::from(""),
            restricted: false,
            dedup_key: None,
            drill: None,
            parent: None,
            beside: None,
            children: Arc::default(),
            earlier: Arc::default(),
            status: Status::Open,
            stuck: None,
            close_awaited: false,
            rollback: None,
            level: LevelState {
                current: LEVEL_MILDEST,
                provisional: false,
                by_rules: LEVEL_MILDEST,
                overruled_at: None,
            },
            phase: PhaseId::new(""),
            visit: 0,
            visit_began: Timestamp::UNIX_EPOCH,
            ended_in_visit: 0,
            halting_in_visit: 0,
            next_taken: Arc::default(),
            phases_entered: Arc::default(),
            detected_at: None,
            aware_at: None,
            declared_at: Timestamp::UNIX_EPOCH,
            ended_at: None,
            paused_at: None,
            variables: Arc::new(Variables::new()),
            personal: Arc::default(),
            measures: Arc::default(),
            alert: None,
            surge: None,
            roles: Arc::default(),
            steps: Arc::default(),
            armed: Arc::default(),
            ladders: Arc::default(),
            handlers_fired: Arc::default(),
            objectives: Arc::default(),
            clocks: Arc::default(),
            moments: Arc::default(),
            levels_reached: Arc::default(),
            outbox: Arc::default(),
            told: Arc::default(),
            notices_ever: 0,
            facts_asked: Arc::default(),
            paged: Arc::new(BTreeSet::new()),
            evidence: 0,
            version: 0,
            revision: 0,
            updated_at: Timestamp::UNIX_EPOCH,
        }
    }

    /// Applies an event in place.
    pub(super) fn apply(&mut self, event: &Event) {
        match event.fact.family() {
            Family::Lifecycle => lifecycle::apply(self, event),
            Family::Level => level::apply(self, event),
            Family::Role => role::apply(self, event),
            Family::Step => step::apply(self, event),
            Family::Ladder => ladder(self, event),
            Family::Attention => attention::apply(self, event),
            Family::Rule => rule(self, event),
            Family::Clock => clock::apply(self, event),
            Family::Outbox => outbox::apply(self, event),
            Family::Kin => kin::apply(self, event),
        }
        self.version = event.seq;
        if is_decided_on(&event.fact) {
            self.revision = event.seq;
        }
        self.updated_at = event.recorded_at;
    }

    /// Moves an instant that is armed during a pause back by the part of the pause that has
    /// passed, so that resuming, which moves every instant by the whole pause, brings it right.
    fn frozen(&self, at: Timestamp, recorded_at: Timestamp) -> Timestamp {
        match self.paused_at {
            Some(paused_at) => shifted(at, paused_at.duration_since(recorded_at)),
            None => at,
        }
    }

    /// Does the same for a rung; a pause does not freeze the ladder of a statutory clock.
    fn frozen_rung(&self, of: &LadderSubject, at: Timestamp, recorded_at: Timestamp) -> Timestamp {
        if of.is_of_clock() { at } else { self.frozen(at, recorded_at) }
    }
}

/// Tells whether an event changes what people decide on: where the incident, its roles and its
/// steps stand. What became of messages, and that somebody was reminded or called, does not.
const fn is_decided_on(fact: &Fact) -> bool {
    match fact.family() {
        Family::Lifecycle
        | Family::Level
        | Family::Role
        | Family::Step
        | Family::Rule
        | Family::Clock => !matches!(
            fact,
            Fact::FactsAsked { .. }
                | Fact::StepWarned { .. }
                | Fact::HandlerFired { .. }
                | Fact::Clock(ClockEvent { what: ClockFact::Warned { .. }, .. })
        ),
        Family::Kin => matches!(
            fact,
            Fact::ChildStarted { .. }
                | Fact::CallRefused { .. }
                | Fact::ChildReported { .. }
                | Fact::HandedOff(_)
        ),
        Family::Ladder | Family::Attention | Family::Outbox => false,
    }
}

fn shifted(at: Timestamp, by: jiff::SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(at)
}

fn ladder(incident: &mut Incident, event: &Event) {
    let at = event.recorded_at;
    match &event.fact {
        Fact::LadderArmed { subject, ladder, rungs } => {
            let rungs = rungs.iter().map(|rung| incident.frozen_rung(subject, *rung, at)).collect();
            let ladder = ladder.clone();
            let state = LadderState {
                ladder,
                rungs,
                next: 0,
                called: Vec::new(),
                wanted: 1,
                answered: Vec::new(),
                silent_at: None,
                rounds: 0,
            };
            let (state, ladders) = (Arc::new(state), Arc::make_mut(&mut incident.ladders));
            let after = next_rung(Some(&state));
            let before = ladders.insert(subject.clone(), state);
            ladder_moved(&mut incident.armed, subject, next_rung(before.as_ref()), after);
        }
        Fact::RungFired { subject, rung, people, wanted, .. } => {
            climb(incident, subject, |ladder| {
                (ladder.next, ladder.wanted) = (rung.saturating_add(1), *wanted);
                for person in people {
                    if !ladder.called.contains(person) {
                        ladder.called.push(person.clone());
                    }
                }
            });
            if people.iter().any(|person| !incident.paged.contains(person)) {
                Arc::make_mut(&mut incident.paged).extend(people.iter().cloned());
            }
        }
        Fact::RungsMissed { subject, rungs, remaining } => {
            let remaining: Vec<_> =
                remaining.iter().map(|r| incident.frozen_rung(subject, *r, at)).collect();
            climb(incident, subject, |ladder| {
                ladder.next += u32::try_from(rungs.len()).unwrap_or(u32::MAX);
                let kept = ladder.rungs.len().saturating_sub(remaining.len());
                ladder.rungs.truncate(kept);
                ladder.rungs.extend(remaining);
            });
        }
        Fact::LadderStopped { subject, .. } if incident.ladders.contains_key(subject) => {
            let ladder = Arc::make_mut(&mut incident.ladders).remove(subject);
            ladder_moved(&mut incident.armed, subject, next_rung(ladder.as_ref()), None);
        }
        _ => {}
    }
}

fn climb(incident: &mut Incident, subject: &LadderSubject, change: impl FnOnce(&mut LadderState)) {
    if let Some(ladder) = Arc::make_mut(&mut incident.ladders).get_mut(subject) {
        let before = ladder.next_at();
        change(Arc::make_mut(ladder));
        ladder_moved(&mut incident.armed, subject, before, ladder.next_at());
    }
}

fn rule(incident: &mut Incident, event: &Event) {
    match &event.fact {
        Fact::HandlerFired { handler, .. } => {
            *Arc::make_mut(&mut incident.handlers_fired).entry(*handler).or_default() += 1;
        }
        Fact::ObjectiveMet { objective } => {
            let met = ObjectiveState::Met(event.occurred_at);
            Arc::make_mut(&mut incident.objectives).insert(objective.clone(), met);
        }
        Fact::ObjectiveMissed { objective } => {
            let missed = ObjectiveState::Missed(event.occurred_at);
            Arc::make_mut(&mut incident.objectives).insert(objective.clone(), missed);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::event::Actor;

    #[test]
    fn what_became_of_messages_and_reminders_leaves_the_revision() {
        let notice = crate::id::NoticeId::from_u128(1);
        let subject = LadderSubject::Stuck;
        let facts = [
            (Fact::Noted { text: "a".into() }, 1),
            (Fact::NoticeAcknowledged { notice, by: "ann".into() }, 1),
            (Fact::FactsAsked { names: Vec::new() }, 1),
            (Fact::LadderStopped { subject, why: "acted".into() }, 1),
            (Fact::Resumed, 5),
        ];
        let mut incident = Incident::blank(crate::id::IncidentId::from_u128(1));
        for (seq, (fact, revision)) in (1..).zip(facts) {
            let at = Timestamp::UNIX_EPOCH;
            let (occurred_at, recorded_at, actor) = (at, at, Actor::System);
            let event = Event { seq, occurred_at, recorded_at, actor, cause: None, fact };
            incident = evolve(incident, &event);
            assert_eq!((incident.version, incident.revision), (seq, revision));
        }
    }
}
