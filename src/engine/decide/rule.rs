//! Handlers (Meaning 7) and objectives: what answers events at any time, and what is promised.

use jiff::Timestamp;

use super::decision::{Decision, Voice};
use crate::engine::fact::Fact;
use crate::engine::incident::{Incident, ObjectiveState};
use crate::engine::mode::Status;
use crate::engine::moment::moment;
use crate::playbook::{HandlerAct, HandlerEvent, Moment, Objective, Promise};

impl Decision<'_> {
    /// Lets every handler answer that may: in its phases, while its condition is known to hold, and
    /// at most as often as the plan says.
    pub fn fire(&mut self, event: HandlerEvent) {
        let voice = self.voice;
        for (at, handler) in (0_u32..).zip(&self.playbook.handlers) {
            if handler.event != event || !self.incident.status.is_open() {
                continue;
            }
            let here = handler.while_phase.is_empty()
                || handler.while_phase.contains(&self.incident.phase);
            let fired = self.incident.handlers_fired.get(&at).copied().unwrap_or(0);
            if !here || fired >= handler.at_most || !self.holds(handler.when.as_ref()) {
                continue;
            }
            self.voice = voice;
            let seq = self.emit(Fact::HandlerFired { handler: at, event });
            self.voice = Voice::Rule(seq);
            match &handler.act {
                HandlerAct::Notify(notify) => self.send_handler_messages(at, notify),
                HandlerAct::Go(phase) => self.go_to_phase(phase, "handler"),
            }
        }
    }

    /// Judges every objective by what is known, and records what changed. A promise once missed
    /// counts as kept when it turns out, with a later record, that it was kept in time.
    pub fn judge_objectives(&mut self) {
        for objective in &self.playbook.objectives {
            let known = self.incident.objectives.get(&objective.id).copied();
            let verdict = self.verdict(objective);
            let fact = match (known, verdict) {
                (_, None) => continue,
                (Some(known), Some(verdict)) if same(known, verdict) => continue,
                (_, Some(ObjectiveState::Met(_))) => {
                    Fact::ObjectiveMet { objective: objective.id.clone() }
                }
                (_, Some(ObjectiveState::Missed(_))) => {
                    Fact::ObjectiveMissed { objective: objective.id.clone() }
                }
            };
            self.emit(fact);
        }
    }

    fn verdict(&self, objective: &Objective) -> Option<ObjectiveState> {
        let incident = &self.incident;
        match &objective.promise {
            Promise::Within { from, to, within } => {
                let limit = within.after(moment(incident, from)?)?;
                match self.reached(to) {
                    Some(at) if at <= limit => Some(ObjectiveState::Met(at)),
                    Some(_) => Some(ObjectiveState::Missed(limit)),
                    None if self.now() >= limit && !is_false_alarm(incident) => {
                        Some(ObjectiveState::Missed(limit))
                    }
                    None => None,
                }
            }
            Promise::Measure { measure, at_least, at_most } => {
                let value = *incident.measures.get(measure)?;
                let kept = at_least.is_none_or(|least| value >= least)
                    && at_most.is_none_or(|most| value <= most);
                let now = self.now();
                Some(if kept { ObjectiveState::Met(now) } else { ObjectiveState::Missed(now) })
            }
        }
    }

    /// Returns when the moment a promise waits for was reached. `detected` and `aware` are reached
    /// when someone says so, not by the declaration standing in for them.
    fn reached(&self, to: &Moment) -> Option<Timestamp> {
        match to {
            Moment::Detected => self.incident.detected_at,
            Moment::Aware => self.incident.aware_at,
            other => moment(self.incident, other),
        }
    }
}

fn is_false_alarm(incident: &Incident) -> bool {
    incident.status == Status::Cancelled || incident.is_cancelling()
}

/// Tells whether two judgements say the same; the instants are those of their records.
const fn same(one: ObjectiveState, other: ObjectiveState) -> bool {
    matches!(
        (one, other),
        (ObjectiveState::Met(_), ObjectiveState::Met(_))
            | (ObjectiveState::Missed(_), ObjectiveState::Missed(_))
    )
}
