//! What a drill's journal shows of what expectations ask for, gathered event by event. The same
//! observer watches a live exercise, a simulated run and a journal read back. It must not judge.

use std::collections::BTreeMap;

use jiff::Timestamp;
use smol_str::SmolStr;

use crate::drill::expect::{Expectation, Pattern, What};
use crate::drill::probe::Answered;
use crate::engine::{ClockFact, Event, Fact, Incident, LadderSubject, Notice, NoticeEnd, RunKey};
use crate::id::{NoticeId, ObjectiveId, PersonId, PhaseId, RoleId, StepId};
use crate::playbook::{Condition, Milestone};

/// The facts gathered so far.
#[derive(Debug, Clone, Default)]
pub struct Observed {
    last_at: Option<Timestamp>,
    engaged: BTreeMap<RoleId, Timestamp>,
    acknowledged: BTreeMap<RoleId, Timestamp>,
    objectives: BTreeMap<ObjectiveId, bool>,
    letters: BTreeMap<NoticeId, Letter>,
    /// Who holds each role or was given it.
    tenures: BTreeMap<RoleId, Tenure>,
    /// Who completed a step, by the event that says so.
    completed: BTreeMap<u64, PersonId>,
    phase: Option<PhaseId>,
    /// By position of the pattern among those of the drill.
    sightings: Vec<Sighting>,
    /// By position in the drill: the expectation's condition has held at some time.
    held: Vec<bool>,
    probes: BTreeMap<SmolStr, Answered>,
}

/// How a person has a role.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Tenure {
    /// It was given to them, and they have not said that they take it.
    Given(PersonId),
    /// They said so.
    Held(PersonId),
}

impl Tenure {
    const fn person(&self) -> &PersonId {
        match self {
            Self::Given(person) | Self::Held(person) => person,
        }
    }
}

/// A message and its end.
#[derive(Debug, Clone)]
pub struct Letter {
    /// The message.
    pub notice: Notice,
    /// When it was written.
    pub queued_at: Timestamp,
    /// How it ended, and when.
    pub end: Option<(NoticeEnd, Timestamp)>,
}

impl Letter {
    /// Returns when a channel took it.
    #[must_use]
    pub fn delivered_at(&self) -> Option<Timestamp> {
        match &self.end {
            Some((NoticeEnd::Delivered { .. }, at)) => Some(*at),
            _ => None,
        }
    }
}

/// What was seen of one pattern.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sighting {
    /// When it first happened, whoever did it.
    pub first: Option<Timestamp>,
    /// When it was first done by a holder of the role that is asked for.
    pub by_holder: Option<Timestamp>,
    /// It was done by people who had been given that role and had not taken it: when it was
    /// recorded, and when each did it. Work on a step takes the role, in the same commit, after.
    by_given: Option<(Timestamp, BTreeMap<PersonId, Timestamp>)>,
    /// What was chosen in its place, the latest.
    pub otherwise: Option<SmolStr>,
}

impl Sighting {
    fn done_by_given(&mut self, person: &PersonId, event: &Event) {
        let recorded = event.recorded_at;
        let same = self.by_given.take().filter(|(at, _)| *at == recorded);
        let (_, each) = self.by_given.insert(same.unwrap_or((recorded, BTreeMap::new())));
        each.entry(person.clone()).or_insert(event.occurred_at);
    }

    /// Returns when a person did it who takes the role by having done it.
    fn taken_by_working(&self, role: &RoleId, event: &Event) -> Option<Timestamp> {
        let Fact::RoleAcknowledged { role: taken, by, .. } = &event.fact else { return None };
        let (recorded, each) = self.by_given.as_ref()?;
        (taken == role && *recorded == event.recorded_at).then(|| each.get(by).copied())?
    }
}

impl Observed {
    /// Takes in one event, with the incident as the commit left it. `holds` evaluates a condition
    /// over that; unknown counts as false.
    pub fn see(
        &mut self,
        event: &Event,
        incident: &Incident,
        expect: &[Expectation],
        holds: &mut dyn FnMut(&Condition) -> bool,
    ) {
        self.last_at = Some(self.last_at.unwrap_or(event.recorded_at).max(event.recorded_at));
        self.gather(event);
        self.follow_holders(&event.fact);
        self.sight(event, incident, expect);
        if let Fact::PhaseEntered { phase, .. } = &event.fact {
            self.phase = Some(phase.clone());
        }
        if may_change_conditions(&event.fact) {
            self.check_conditions(expect, holds);
        }
    }

    fn gather(&mut self, event: &Event) {
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
                let letter = Letter { notice: notice.clone(), queued_at: at, end: None };
                self.letters.insert(notice.id, letter);
            }
            Fact::NoticeEnded { notice, end, .. } => {
                if let Some(letter) = self.letters.get_mut(notice) {
                    letter.end = Some((end.clone(), at));
                }
            }
            Fact::StepDone { .. } => {
                let person = event.actor.acting_person().cloned();
                self.completed.extend(person.map(|person| (event.seq, person)));
            }
            _ => {}
        }
    }

    /// Keeps who holds a role, or was given it, as the incident does.
    fn follow_holders(&mut self, fact: &Fact) {
        match fact {
            Fact::RoleAssigned { role, to, .. } | Fact::RoleHandedOver { role, to, .. } => {
                self.tenures.insert(role.clone(), Tenure::Given(to.clone()));
            }
            Fact::RoleAcknowledged { role, by, .. } => {
                self.tenures.insert(role.clone(), Tenure::Held(by.clone()));
            }
            Fact::RoleDeclined { role, by, .. }
                if self.tenures.get(role).map(Tenure::person) != Some(by) => {}
            Fact::RoleOffered { role, .. }
            | Fact::RoleDeclined { role, .. }
            | Fact::RoleUnanswered { role, .. }
            | Fact::RoleReleased { role, .. }
            | Fact::RoleVacant { role, .. } => {
                self.tenures.remove(role);
            }
            _ => {}
        }
    }

    fn sight(&mut self, event: &Event, incident: &Incident, expect: &[Expectation]) {
        let mut sightings = std::mem::take(&mut self.sightings);
        let mut slot = 0;
        for expectation in expect {
            expectation.asked.ask.each_pattern(&mut |pattern| {
                if sightings.len() <= slot {
                    sightings.push(Sighting::default());
                }
                self.compare(pattern, event, incident, &mut sightings[slot]);
                slot += 1;
            });
        }
        self.sightings = sightings;
    }

    fn compare(
        &self,
        pattern: &Pattern,
        event: &Event,
        incident: &Incident,
        sighting: &mut Sighting,
    ) {
        let at = event.occurred_at;
        if sighting.first.is_none() {
            sighting.first = match (&pattern.what, &event.fact) {
                // Of a step with items or iterations, only the incident knows.
                (What::Step(step, is), fact) if step_of(fact) == Some(step) => {
                    incident.milestone(step, *is)
                }
                (what, fact) => self.shows(what, fact).then_some(at),
            };
        }
        if let Some(role) = &pattern.by
            && sighting.by_holder.is_none()
        {
            let person = self.doer(&pattern.what, event);
            let tenure = self.tenures.get(role).filter(|tenure| Some(tenure.person()) == person);
            match tenure {
                Some(Tenure::Held(_)) => sighting.by_holder = Some(at),
                Some(Tenure::Given(person)) => sighting.done_by_given(person, event),
                None => sighting.by_holder = sighting.taken_by_working(role, event),
            }
        }
        if let (What::Decision(step, is), Fact::StepDone { key, answer: Some(answer), .. }) =
            (&pattern.what, &event.fact)
            && key.step == *step
        {
            sighting.otherwise = (answer != is).then(|| answer.clone());
        }
    }

    /// Tells whether a fact by itself is what is asked for.
    fn shows(&self, what: &What, fact: &Fact) -> bool {
        match (what, fact) {
            (What::Acknowledged(asked), Fact::RoleAcknowledged { role, .. }) => asked == role,
            (What::RoleEscalated(asked), Fact::RungFired { subject, .. }) => {
                matches!(subject, LadderSubject::Role { role } if role == asked)
            }
            (What::StepEscalated(asked), Fact::RungFired { subject, .. }) => {
                matches!(subject, LadderSubject::Step { key } if key.step == *asked)
            }
            (What::Decision(step, is), Fact::StepDone { key, answer, .. }) => {
                key.step == *step && answer.as_ref() == Some(is)
            }
            (What::Approved(step), Fact::StepDone { key, .. }) => key.step == *step,
            (What::PhaseEntered(asked), Fact::PhaseEntered { phase, .. })
            | (What::PhaseDone(asked), Fact::PhaseLeft { phase, .. }) => asked == phase,
            (What::PhaseDone(asked), Fact::Closed { .. }) => self.phase.as_ref() == Some(asked),
            (What::Level(level), Fact::LevelChanged { to, .. }) => to <= level,
            (What::Closed, Fact::Closed { .. }) => true,
            _ => false,
        }
    }

    /// Returns the person who did what is asked for, where this event is it and a person did it.
    fn doer<'a>(&'a self, what: &What, event: &'a Event) -> Option<&'a PersonId> {
        let fact = &event.fact;
        let by_actor = match (what, fact) {
            (What::Step(step, Milestone::Started), Fact::StepStarted { key })
            | (What::Step(step, Milestone::Done), Fact::StepDone { key, .. })
            | (What::Step(step, Milestone::Failed), Fact::StepFailed { key, .. }) => {
                key.step == *step
            }
            // Consent has its own event: the last one alone settles the step.
            (What::Approved(step), Fact::StepApproved { key, by, .. }) => {
                return Some(by).filter(|_| key.step == *step);
            }
            (What::Approved(_), _) => false,
            (What::Acknowledged(_), Fact::RoleAcknowledged { by, .. }) => {
                return Some(by).filter(|_| self.shows(what, fact));
            }
            (What::Clock(clock, stage), Fact::Clock(event_of_clock)) => {
                let of = &event_of_clock.key;
                let submitted = matches!(event_of_clock.what, ClockFact::Submitted { .. });
                let asked = of.clock == *clock && stage.as_ref().is_none_or(|s| *s == of.stage);
                if !(submitted && asked) {
                    return None;
                }
                // A step that submits does so by rule; who completed the step is meant.
                let completed = || self.completed.get(&event.cause?);
                return event.actor.acting_person().or_else(completed);
            }
            _ => self.shows(what, fact),
        };
        event.actor.acting_person().filter(|_| by_actor)
    }

    fn check_conditions(
        &mut self,
        expect: &[Expectation],
        holds: &mut dyn FnMut(&Condition) -> bool,
    ) {
        self.held.resize(expect.len(), false);
        for (held, expectation) in self.held.iter_mut().zip(expect) {
            if let Some(condition) = &expectation.when {
                *held = *held || holds(condition);
            }
        }
    }

    /// Takes in what came back of a probe.
    pub fn answered(&mut self, key: SmolStr, answer: Answered) {
        self.probes.insert(key, answer);
    }

    /// Returns what came back of a probe.
    #[must_use]
    pub fn answer(&self, key: &str) -> Option<&Answered> {
        self.probes.get(key)
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
    pub fn letters(&self) -> impl Iterator<Item = &Letter> {
        self.letters.values()
    }

    /// Returns what was seen of the pattern at a position among those of the drill.
    #[must_use]
    pub fn sighting(&self, slot: usize) -> Sighting {
        self.sightings.get(slot).cloned().unwrap_or_default()
    }

    /// Tells whether the condition of the expectation at a position has held at some time.
    #[must_use]
    pub fn held(&self, position: usize) -> bool {
        self.held.get(position).copied().unwrap_or(false)
    }
}

/// Returns the step whose state a fact changes.
const fn step_of(fact: &Fact) -> Option<&StepId> {
    let key: &RunKey = match fact {
        Fact::StepReady { key, .. }
        | Fact::StepStarted { key }
        | Fact::StepChecked { key, .. }
        | Fact::StepApproved { key, .. }
        | Fact::StepDone { key, .. }
        | Fact::StepFailed { key, .. }
        | Fact::StepSkipped { key, .. }
        | Fact::StepCancelled { key, .. }
        | Fact::StepRepeatEnded { key, .. } => key,
        _ => return None,
    };
    Some(&key.step)
}

/// Tells whether a condition can name what a fact changes. Messages and ladders none can.
pub(in crate::drill) const fn may_change_conditions(fact: &Fact) -> bool {
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

#[cfg(test)]
mod tests;
