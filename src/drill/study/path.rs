//! What a run's end waited for: the steps that followed each other without a gap from the
//! declaration to the end. Read from the causes that the journal records.

use jiff::{SignedDuration, Timestamp};

use crate::engine::{Event, Fact, RunKey};
use crate::id::StepId;

/// One step on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Leg {
    pub(super) step: StepId,
    /// From being ready to being begun.
    pub(super) waited: SignedDuration,
    /// From being begun to being settled.
    pub(super) worked: SignedDuration,
}

/// Returns the way, from the end back to the beginning.
pub(super) fn critical_path(events: &[Event]) -> Vec<Leg> {
    let ends = |event: &Event| matches!(event.fact, Fact::Closed { .. });
    let Some(mut at) = events.iter().rposition(ends) else { return Vec::new() };
    let mut legs = Vec::new();
    loop {
        let event = &events[at];
        let next = match settled(&event.fact) {
            Some(key) => {
                let (leg, ready_at) = leg(&events[..=at], key);
                legs.push(leg);
                ready_at.and_then(|ready| cause(&events[ready]))
            }
            // What a person ends, ends because the last of its steps did.
            None => cause(event).or_else(|| match event.fact {
                Fact::Closed { .. } => {
                    events[..at].iter().rposition(|event| settled(&event.fact).is_some())
                }
                _ => None,
            }),
        };
        match next {
            Some(earlier) if earlier < at => at = earlier,
            _ => return legs,
        }
    }
}

/// Returns the position of the event that led to another; they are counted from 1.
fn cause(event: &Event) -> Option<usize> {
    event.cause.and_then(|seq| usize::try_from(seq).ok()?.checked_sub(1))
}

/// Returns the run that an event settles, so that others may follow.
const fn settled(fact: &Fact) -> Option<&RunKey> {
    match fact {
        Fact::StepDone { key, .. } | Fact::StepFailed { key, .. } => Some(key),
        _ => None,
    }
}

/// Tells how long a run waited and was worked on; with the position where it became ready.
fn leg(until: &[Event], of: &RunKey) -> (Leg, Option<usize>) {
    let end: Timestamp = until.last().map_or(Timestamp::MIN, |event| event.occurred_at);
    let mut begun = None;
    for (position, event) in until.iter().enumerate().rev() {
        match &event.fact {
            Fact::StepStarted { key } if key == of => begun = Some(event.occurred_at),
            Fact::StepReady { key, .. } if key == of => {
                let begun = begun.unwrap_or(event.occurred_at);
                let waited = begun.duration_since(event.occurred_at);
                let worked = end.duration_since(begun);
                return (Leg { step: of.step.clone(), waited, worked }, Some(position));
            }
            _ => {}
        }
    }
    let worked = begun.map_or(SignedDuration::ZERO, |begun| end.duration_since(begun));
    (Leg { step: of.step.clone(), waited: SignedDuration::ZERO, worked }, None)
}
