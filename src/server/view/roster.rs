//! Overrides and swaps as answers show them.

use jiff::Timestamp;

use crate::engine::Actor;
use crate::people::Segment;
use crate::runtime::{
    FeedOf, KeptFeed, KeptOverride, KeptSwap, Made, OverrideStanding, Settled, Span, Stamp,
};
use crate::server::wire::{By, MadeOverride, RosterCalendar, RosterGap, ShownOverride, ShownSwap};

fn by(stamp: &Stamp) -> By {
    let (person, through, service) = match &stamp.by {
        Actor::Person { id, on_behalf_of: Some(other), .. } => {
            (Some(other.clone()), Some(id.clone()), None)
        }
        Actor::Person { id, on_behalf_of: None, .. } => (Some(id.clone()), None, None),
        Actor::Service { name } => (None, None, Some(name.to_string())),
        Actor::System | Actor::Drill => (None, None, None),
    };
    let token = stamp.token.as_ref().map(ToString::to_string);
    By { at: stamp.at, person, through, service, token }
}

/// Shows an override.
#[must_use]
pub fn shown_override(kept: &KeptOverride, state: OverrideStanding) -> ShownOverride {
    let stored = &kept.stored;
    ShownOverride {
        id: kept.id.clone(),
        schedule: stored.schedule.clone(),
        from: stored.change.from,
        to: stored.change.to,
        person: stored.change.person().cloned(),
        off: stored.change.off().cloned(),
        note: stored.change.note.clone(),
        reason: stored.reason.clone(),
        correction: stored.correction,
        state,
        swap: stored.swap.clone(),
        made: stored.made.as_ref().map(by),
        withdrawn: stored.withdrawn.as_ref().map(by),
    }
}

/// Shows an override that was just made.
#[must_use]
pub fn made_override(made: &Made, now: Timestamp) -> MadeOverride {
    let change = &made.kept.stored.change;
    let state = match () {
        () if change.to <= now => OverrideStanding::Ended,
        () if change.from <= now => OverrideStanding::InForce,
        () => OverrideStanding::Upcoming,
    };
    MadeOverride {
        made_override: shown_override(&made.kept, state),
        over: made.over.clone(),
        leaves_gaps: made.gaps.iter().map(gap).collect(),
    }
}

fn gap(segment: &Segment) -> RosterGap {
    RosterGap { from: segment.from, to: segment.to }
}

/// Shows an offer to change shifts.
#[must_use]
pub fn swap(kept: &KeptSwap, now: Timestamp) -> ShownSwap {
    let swap = &kept.swap;
    let Span { from, to } = swap.give;
    let (accepted_by, overrides) = match &swap.settled {
        Some((_, Settled::Accepted { by, overrides })) => (Some(by.clone()), overrides.clone()),
        Some((_, Settled::Declined | Settled::Withdrawn)) | None => (None, Vec::new()),
    };
    ShownSwap {
        id: kept.id.clone(),
        schedule: swap.schedule.clone(),
        by: swap.by.clone(),
        from,
        to,
        person: swap.to.clone(),
        in_return: swap.take,
        note: swap.note.clone(),
        state: swap.state(now),
        expires_at: swap.expires_at,
        accepted_by,
        overrides,
        declined_by: swap.declined.clone(),
        made: by(&swap.made),
        settled: swap.settled.as_ref().map(|(stamp, _)| by(stamp)),
    }
}

/// Shows a calendar of shifts, without its secret.
#[must_use]
pub fn calendar(kept: &KeptFeed) -> RosterCalendar {
    let (person, schedule) = match &kept.stored.of {
        FeedOf::Person(person) => (Some(person.clone()), None),
        FeedOf::Schedule(schedule) => (None, Some(schedule.clone())),
    };
    let (made, revoked) = (by(&kept.stored.made), kept.stored.revoked.as_ref().map(by));
    RosterCalendar { id: kept.id.clone(), person, schedule, lang: kept.stored.lang, made, revoked }
}
