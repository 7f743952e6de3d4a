//! How pages that go from way to way and ladders that nobody answered change.

use std::sync::Arc;

use crate::engine::attention::AttentionFact;
use crate::engine::event::Event;
use crate::engine::fact::Fact;
use crate::engine::incident::Incident;

use super::{climb, outbox};

pub(super) fn apply(incident: &mut Incident, event: &Event) {
    let Fact::Attention(fact) = &event.fact else { return };
    let at = event.recorded_at;
    match fact {
        AttentionFact::Reached { notice, via, next, at, until, .. } => {
            outbox::reached(incident, *notice, via, next, (*at, *until), event.seq);
        }
        AttentionFact::Released { notice, planned, until } => {
            outbox::release(incident, *notice, planned, *until);
        }
        AttentionFact::RungSkipped { subject, rung, remaining } => {
            let remaining: Vec<_> =
                remaining.iter().map(|r| incident.frozen_rung(subject, *r, at)).collect();
            climb(incident, subject, |ladder| {
                ladder.next = rung.saturating_add(1);
                ladder.rungs.truncate(ladder.next as usize);
                ladder.rungs.extend(remaining);
            });
        }
        AttentionFact::Answered { subject, by, .. } => {
            climb(incident, subject, |ladder| {
                if !ladder.answered.contains(by) {
                    ladder.answered.push(by.clone());
                }
            });
        }
        AttentionFact::AnswerAwaited { subject, until } => {
            let until = incident.frozen_rung(subject, *until, at);
            climb(incident, subject, |ladder| ladder.silent_at = Some(until));
        }
        AttentionFact::NobodyAnswered { subject, round, people, next_at } => {
            let next_at = incident.frozen_rung(subject, *next_at, at);
            climb(incident, subject, |ladder| {
                (ladder.rounds, ladder.silent_at) = (*round, Some(next_at));
            });
            if people.iter().any(|person| !incident.paged.contains(person)) {
                Arc::make_mut(&mut incident.paged).extend(people.iter().cloned());
            }
        }
        // The entry itself is all.
        AttentionFact::WayFailed { .. } => {}
    }
}
