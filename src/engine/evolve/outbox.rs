//! How messages and requests on their way out change.

use std::sync::Arc;

use jiff::Timestamp;

use crate::engine::armed::{channel_until, notice_moved};
use crate::engine::event::Event;
use crate::engine::fact::Fact;
use crate::engine::incident::{Incident, Pending, Told};
use crate::engine::notice::{Notice, NoticeEnd, Purpose, Recipient};
use crate::engine::run::NoticeTally;
use crate::id::{ChannelId, NoticeId};

use super::step::change;

/// How many delivered notices are remembered for a late "seen": the newest; a state must not grow
/// with its history. Messages of a step that still counts acknowledgements come on top.
const TOLD_MAX: usize = 64;

pub(super) fn apply(incident: &mut Incident, event: &Event) {
    match &event.fact {
        Fact::NoticeQueued { notice } => queue(incident, notice, event),
        Fact::NoticeDelayed { notice, attempt, until, .. } => {
            try_again(incident, *notice, |pending| {
                if let Pending::Notice { attempt: made, next_at, .. } = pending {
                    (*made, *next_at) = (*attempt, *until);
                }
            });
        }
        Fact::NoticeRerouted { notice, to, until, .. } => {
            try_again(incident, *notice, |pending| {
                reroute(pending, to, *until, event);
            });
        }
        Fact::NoticeEnded { notice, end, .. } => finish(incident, *notice, end, event.seq),
        Fact::NoticeAcknowledged { notice, .. } => acknowledge(incident, *notice),
        Fact::RequestQueued { request, key } => {
            incident.notices_ever += 1;
            let pending = Pending::Request { key: key.clone(), queued_at: event.recorded_at };
            put(incident, *request, pending);
            change(incident, key, |run| run.request = Some(*request));
        }
        Fact::RequestEnded { request, .. } => {
            let pending = remove(incident, *request);
            if let Some(Pending::Request { key, .. }) = pending.as_deref() {
                change(incident, key, |run| run.request = None);
            }
        }
        _ => {}
    }
}

fn queue(incident: &mut Incident, notice: &Notice, event: &Event) {
    incident.notices_ever += 1;
    count(incident, &notice.purpose, |tally| tally.queued += 1);
    if let Recipient::Person(person) = &notice.to
        && notice.purpose.asks_for_work()
        && !incident.paged.contains(person)
    {
        Arc::make_mut(&mut incident.paged).insert(person.clone());
    }
    let pending = Pending::Notice {
        notice: notice.clone(),
        channel: 0,
        attempt: 0,
        next_at: notice.begins(event.recorded_at),
        channel_until: notice.channel_until,
        reached: None,
    };
    put(incident, notice.id, pending);
}

/// Puts something into the outbox.
pub(super) fn put(incident: &mut Incident, id: NoticeId, pending: Pending) {
    let after = channel_until(&pending);
    let before = Arc::make_mut(&mut incident.outbox).insert(id, Arc::new(pending));
    let before = before.and_then(|pending| channel_until(&pending));
    notice_moved(&mut incident.armed, id, before, after);
}

/// Takes something out of the outbox. What is not there is no reason to copy the rest.
pub(super) fn remove(incident: &mut Incident, id: NoticeId) -> Option<Arc<Pending>> {
    if !incident.outbox.contains_key(&id) {
        return None;
    }
    let pending = Arc::make_mut(&mut incident.outbox).remove(&id)?;
    notice_moved(&mut incident.armed, id, channel_until(&pending), None);
    Some(pending)
}

/// Changes something in the outbox, where it is there.
fn edit(incident: &mut Incident, id: NoticeId, change: impl FnOnce(&mut Pending)) {
    let Some(pending) = Arc::make_mut(&mut incident.outbox).get_mut(&id) else { return };
    let before = channel_until(pending);
    change(Arc::make_mut(pending));
    notice_moved(&mut incident.armed, id, before, channel_until(pending));
}

fn reroute(pending: &mut Pending, to: &ChannelId, until: Timestamp, event: &Event) {
    if let Pending::Notice { notice, channel, attempt, next_at, channel_until, .. } = pending {
        *channel = notice.via.iter().position(|via| via == to).unwrap_or(*channel);
        (*attempt, *next_at, *channel_until) = (0, event.recorded_at, until);
    }
}

/// A way took a page, which stays for the next.
pub(super) fn reached(
    incident: &mut Incident,
    id: NoticeId,
    via: &ChannelId,
    next: &ChannelId,
    (at, until): (Timestamp, Timestamp),
    seq: u64,
) {
    try_again(incident, id, |pending| {
        if let Pending::Notice { notice, channel, attempt, next_at, channel_until, reached } =
            pending
        {
            *channel = notice.via.iter().position(|via| via == next).unwrap_or(*channel);
            (*attempt, *next_at, *channel_until) = (0, at, until);
            *reached = Some(via.clone());
        }
    });
    let notice = incident.outbox.get(&id).and_then(|pending| match pending.as_ref() {
        Pending::Notice { notice, .. } => Some(notice.clone()),
        _ => None,
    });
    if let Some(Notice { to: Recipient::Person(person), purpose, .. }) = notice {
        remember(
            incident,
            id,
            Told { person, purpose, via: Some(via.clone()), acknowledged: false, seq },
        );
    }
}

/// A message no longer waits for the end of somebody's rest.
pub(super) fn release(incident: &mut Incident, id: NoticeId, to: &[Timestamp], until: Timestamp) {
    edit(incident, id, |pending| {
        if let Pending::Notice { notice, next_at, channel_until, .. } = pending {
            notice.planned = to.to_vec();
            (*next_at, *channel_until) = (to.first().copied().unwrap_or(*next_at), until);
        }
    });
}

/// Changes a pending notice; the first change of one that was never tried counts as its attempt.
fn try_again(incident: &mut Incident, id: NoticeId, change: impl FnOnce(&mut Pending)) {
    let mut untried = None;
    edit(incident, id, |pending| {
        untried = pending.purpose_if_untried();
        change(pending);
    });
    if let Some(purpose) = untried {
        count(incident, &purpose, |tally| tally.attempted += 1);
    }
}

fn finish(incident: &mut Incident, id: NoticeId, end: &NoticeEnd, seq: u64) {
    let Some(pending) = remove(incident, id) else { return };
    let untried = pending.purpose_if_untried().is_some();
    let Pending::Notice { notice, .. } = pending.as_ref() else { return };
    count(incident, &notice.purpose, |tally| {
        tally.attempted += u32::from(untried);
        match end {
            NoticeEnd::Delivered { .. } | NoticeEnd::HeldBack { .. } => tally.delivered += 1,
            NoticeEnd::Failed { .. } | NoticeEnd::NoChannel => tally.failed += 1,
            NoticeEnd::Withdrawn => {}
        }
    });
    let reached = matches!(end, NoticeEnd::Delivered { .. } | NoticeEnd::HeldBack { .. });
    if let (true, Recipient::Person(person)) = (reached, &notice.to) {
        let purpose = notice.purpose.clone();
        let acknowledged = incident.told.get(&id).is_some_and(|told| told.acknowledged);
        let via = match end {
            NoticeEnd::Delivered { via, .. } => Some(via.clone()),
            _ => None,
        };
        let person = person.clone();
        remember(incident, id, Told { person, purpose, via, acknowledged, seq });
    }
}

fn remember(incident: &mut Incident, id: NoticeId, told: Told) {
    let all = Arc::make_mut(&mut incident.told);
    all.insert(id, Arc::new(told));
    let counts = |told: &Told| matches!(told.purpose, Purpose::StepMessage { .. });
    if all.len() > TOLD_MAX {
        let others = all.iter().filter(|(_, told)| !counts(told));
        let (mut many, mut oldest) = (0, None);
        for (id, told) in others {
            many += 1;
            if oldest.is_none_or(|(seq, _)| told.seq < seq) {
                oldest = Some((told.seq, *id));
            }
        }
        if let (true, Some((_, id))) = (many > TOLD_MAX, oldest) {
            all.remove(&id);
        }
    }
}

fn acknowledge(incident: &mut Incident, id: NoticeId) {
    let Some(told) = Arc::make_mut(&mut incident.told).get_mut(&id) else { return };
    if told.acknowledged {
        return;
    }
    let told = Arc::make_mut(told);
    told.acknowledged = true;
    let purpose = told.purpose.clone();
    count(incident, &purpose, |tally| tally.acknowledged += 1);
}

/// Counts what became of a message of a notify step; other purposes are not counted.
fn count(incident: &mut Incident, purpose: &Purpose, count: impl FnOnce(&mut NoticeTally)) {
    if let Purpose::StepMessage { key } = purpose
        && incident.run_of(key).is_some()
    {
        change(incident, key, |run| count(&mut run.notices));
    }
}

impl Pending {
    fn purpose_if_untried(&self) -> Option<Purpose> {
        match self {
            Self::Notice { notice, channel: 0, attempt: 0, .. } => Some(notice.purpose.clone()),
            Self::Notice { .. }
            | Self::Request { .. }
            | Self::Child { .. }
            | Self::Recall { .. }
            | Self::Report { .. }
            | Self::HandOff { .. } => None,
        }
    }
}
