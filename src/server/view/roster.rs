//! Overrides, swaps and hand-overs as answers show them.

use jiff::Timestamp;

use crate::engine::Actor;
use crate::id::{PersonId, RoleId, ScheduleId, incident_number};
use crate::people::Segment;
use crate::people::ical::Remark;
use crate::runtime::{
    CalendarStanding, FeedOf, HandoverNote, HandoverView, KeptFeed, KeptOverride, KeptSwap, Made,
    OpenStage, OpenStep, OpenWork, OverrideStanding, Settled, Span, Stamp,
};
use crate::server::wire;
use crate::server::wire::{By, MadeOverride, RosterCalendar, RosterGap, ShownOverride, ShownSwap};
use crate::server::wire::{CalendarFrom, CalendarSeen};

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

/// Shows how a calendar stands.
#[must_use]
pub fn calendar_seen(
    schedule: &ScheduleId,
    standing: &CalendarStanding,
    now: Timestamp,
) -> CalendarSeen {
    let trouble = standing.trouble.as_ref();
    CalendarSeen {
        schedule: schedule.clone(),
        from: if standing.is_file { CalendarFrom::File } else { CalendarFrom::Url },
        read_at: standing.good,
        shifts: standing.shifts as u64,
        old: standing.is_old(now),
        left_out: standing.left_out.iter().map(Remark::message).collect(),
        trouble: trouble.map(|(_, why)| why.clone()),
        trouble_since: trouble.map(|(since, _)| *since),
    }
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

/// Shows the note of a hand-over that counts.
#[must_use]
pub fn last_note(view: &HandoverView) -> Option<wire::HandoverNote> {
    notes(view).pop()
}

fn notes(view: &HandoverView) -> Vec<wire::HandoverNote> {
    let Some(relief) = &view.relief else { return Vec::new() };
    let note = |note: &HandoverNote| wire::HandoverNote {
        text: note.text.clone(),
        made: by(&note.made),
        at: relief.at,
    };
    view.notes.iter().map(note).collect()
}

/// Shows a hand-over with what is open.
#[must_use]
pub fn handover(view: &HandoverView, open: &[OpenWork], more: usize) -> wire::Handover {
    let mut earlier_notes = notes(view);
    let note = earlier_notes.pop();
    let relief = view.relief.as_ref();
    wire::Handover {
        schedule: view.schedule.clone(),
        title: view.title.clone(),
        on_call: view.on_call.clone(),
        ask_before_s: view.ask_before.map(|before| before.unsigned_abs().as_secs()),
        from: relief.map_or_else(|| view.on_call.clone(), |relief| relief.from.clone()),
        to: relief.map_or_else(|| view.on_call.clone(), |relief| relief.to.clone()),
        at: relief.map(|relief| relief.at),
        ends_at: relief.map(|relief| relief.ends),
        asked_at: view.asked_at,
        told_at: view.told_at,
        note,
        earlier_notes,
        open: open.iter().map(open_incident).collect(),
        more: more as u64,
    }
}

fn open_incident(work: &OpenWork) -> wire::HandoverIncident {
    let (incident, plan) = (&work.seen.incident, &work.seen.playbook);
    let role = |(role, holder): &(RoleId, Option<PersonId>)| wire::HandoverRole {
        role: role.clone(),
        title: plan.roles.get(role).map_or_else(|| role.as_str().into(), |r| r.title.clone()),
        holder: holder.clone(),
    };
    let step = |step: &OpenStep| wire::HandoverStep {
        role: step.role.clone(),
        title: step.title.clone(),
        due_at: step.due_at,
        overdue: step.overdue,
    };
    let stage = |stage: &OpenStage| wire::HandoverStep {
        role: stage.role.clone(),
        title: stage.title.clone(),
        due_at: stage.due_at,
        overdue: stage.late,
    };
    wire::HandoverIncident {
        id: incident.id,
        number: incident_number(incident.number, incident.declared_at),
        title: incident.title.to_string(),
        level: incident.level.current,
        roles: work.roles.iter().map(role).collect(),
        steps: work.steps.iter().map(step).collect(),
        clocks: work.stages.iter().map(stage).collect(),
        next_at: work.next_at(),
    }
}
