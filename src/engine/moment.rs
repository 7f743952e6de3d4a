//! The instants that durations count from and objectives reach.

use jiff::Timestamp;

use super::incident::Incident;
use super::mode::Status;
use super::run::StepState;
use crate::playbook::{Milestone, Moment, Playbook};

/// Returns when a moment was first reached; `None` while it was not.
///
/// Until someone says otherwise the trouble was noticed, and the organisation knew, when the
/// incident was declared (Meaning 11).
#[must_use]
pub fn moment(incident: &Incident, moment: &Moment) -> Option<Timestamp> {
    match moment {
        Moment::Detected => Some(incident.detected_at.unwrap_or(incident.declared_at)),
        Moment::Aware => Some(incident.aware_at.unwrap_or(incident.declared_at)),
        Moment::Declared => Some(incident.declared_at),
        Moment::Closed => incident.ended_at.filter(|_| incident.status == Status::Closed),
        Moment::Phase(phase) => incident.phases_entered.get(phase).copied(),
        Moment::Step(step, milestone) => incident.milestone(step, *milestone),
    }
}

/// Returns the instant a deadline counts from: as [`moment`], but of the current visit where the
/// anchor belongs to it, so that a loop starts its deadlines afresh.
#[must_use]
pub fn anchor(playbook: &Playbook, incident: &Incident, anchor: &Moment) -> Option<Timestamp> {
    let is_here = |step| {
        let place = playbook.index().place(step);
        let phase = place.and_then(|place| playbook.phases.get(place.phase));
        phase.is_some_and(|phase| phase.id == incident.phase)
    };
    match anchor {
        Moment::Phase(phase) if *phase == incident.phase => Some(incident.visit_began),
        Moment::Step(step, milestone) => match incident.current_run(step) {
            Some(run) => match milestone {
                Milestone::Ready => run.ready_at,
                Milestone::Started => run.started_at,
                Milestone::Done if run.state == StepState::Done => run.settled_at,
                Milestone::Done if run.passed_before => incident.milestone(step, *milestone),
                Milestone::Done => None,
                Milestone::Failed => run.settled_at.filter(|_| run.state.name() == "failed"),
                Milestone::Settled => run.settled_at.filter(|_| run.is_settled()),
            },
            // In this visit it was not opened yet.
            None if is_here(step) => None,
            None => moment(incident, &Moment::Step(step.clone(), *milestone)),
        },
        other => moment(incident, other),
    }
}
