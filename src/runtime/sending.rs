//! One notice on its way: its turn, the gate, one attempt over a channel, and what the engine is told
//! of it.

use std::sync::Arc;

use jiff::Timestamp;

use super::pacer::Carried;
use super::service::Inner;
use crate::engine::{Notice, NoticeOutcome, Recipient};
use crate::id::{ChannelId, DrillRunId, IncidentId, NoticeId, PersonId};
use crate::notify::gate::{self, Act, Allowed, Pass, Run};
use crate::notify::throttle::{Contact, Leave};
use crate::notify::{self, Configured, Delivery, Outgoing, Why, WhyCode};
use crate::playbook::LEVEL_WORST;

/// What is known of a notice that is to leave.
pub(super) struct Sending<'a> {
    pub(super) run: Run,
    pub(super) drill: Option<DrillRunId>,
    pub(super) notice: &'a Notice,
    /// Which of the notice's channels.
    pub(super) channel: usize,
    /// How many attempts were made on it.
    pub(super) attempt: u32,
    /// When the next channel's turn comes.
    pub(super) until: Timestamp,
}

/// Makes one attempt; `None` where the message is no longer wanted.
pub(super) async fn send(
    inner: &Arc<Inner>,
    incident: IncidentId,
    sending: &Sending<'_>,
    words: Option<notify::Rendered>,
) -> Option<NoticeOutcome> {
    let via = sending.notice.via.get(sending.channel)?.clone();
    let refused = |why: Why| NoticeOutcome::Refused { via: via.clone(), why: why.to_string() };
    // What a redaction erased was worded anew; what the plan has no words for stays without.
    let Some(words) = words else { return Some(refused(Why::new(WhyCode::Gone))) };
    let Some(configured) = inner.outbound.channels().get(&via) else {
        return Some(refused(Why::with(WhyCode::NoSuchChannel, &via)));
    };
    let lane = inner.outbound.lanes.get(&via)?;
    let waited = lane.available_permits() == 0;
    let permit = lane.acquire().await.ok()?;
    if waited && !still_wanted(inner, incident, sending.notice.id).await {
        return None;
    }
    let (pass, to) = match leave_for(inner, sending, &via, configured) {
        Ok(leave) => leave,
        Err(Held::Back(why)) => {
            inner.meters.held_back.count();
            return Some(NoticeOutcome::HeldBack { why: why.to_string() });
        }
        Err(Held::Never(why)) => return Some(refused(why)),
    };
    if let Some(late) = pass.late_by().filter(|_| sending.attempt == 0) {
        let now = inner.now_of(sending.drill);
        let until = now.saturating_add(late).unwrap_or(Timestamp::MAX);
        let why = Why::with(WhyCode::DrillChannelSlow, &via).to_string();
        return Some(NoticeOutcome::Retry { attempt: sending.attempt + 1, until, why });
    }
    let again = pass.again();
    let Notice { to: whom, purpose, .. } = sending.notice;
    let person = addressee(sending, to.shared);
    let contact = person.map(|person| (via.clone(), person.clone()));
    let leave = contact.as_ref().map_or(Leave::Now, |of| leave_of(inner, sending, of, &words));
    if let Leave::Later(until) = leave {
        let until = inner.by_own(sending.drill, until);
        let why = Why::new(WhyCode::Throttled).to_string();
        return Some(NoticeOutcome::Retry { attempt: sending.attempt, until, why });
    }
    // In a group everyone could press what speaks for one.
    let words = match configured.is_read_by_many(&to) {
        true => words,
        false => inner.answerable(words, whom, purpose, incident).await,
    };
    let patience = inner.by_real(sending.drill, sending.until);
    // The same message under the same identity: whoever gets it must cope.
    let twin = again.map(|pass| Outgoing::new(pass, to.clone(), words.clone(), inner.clock.now()));
    let outgoing = Outgoing::new(pass, to, words, inner.clock.now());
    let carried = match (leave, &contact) {
        (Leave::Together(until), Some(contact)) => {
            // Whoever gathers takes one place for all of them when they leave.
            drop(permit);
            let times = (until, patience);
            inner.with_others(contact, configured, outgoing, times).await
        }
        _ => inner.attempt(&via, configured, outgoing, patience).await,
    };
    if let Some(twin) = twin.filter(|_| matches!(carried.delivery, Delivery::Delivered)) {
        // What becomes of the second changes nothing: the first was delivered.
        drop(inner.attempt(&via, configured, twin, patience).await);
    }
    Some(outcome(inner, sending, via.clone(), carried))
}

async fn still_wanted(inner: &Arc<Inner>, incident: IncidentId, id: NoticeId) -> bool {
    match inner.current(incident).await {
        Ok(now) => now.incident.outbox.contains_key(&id),
        Err(_) => true,
    }
}

/// Returns whose message it is; what goes to a place that many read is nobody's.
fn addressee<'n>(sending: &Sending<'n>, shared: bool) -> Option<&'n PersonId> {
    match &sending.notice.to {
        Recipient::Person(person) if !shared => Some(person),
        Recipient::Person(_) | Recipient::Audience(_) => None,
    }
}

/// Asks whether somebody was sent too many lately. The page of a worst incident is never held back.
fn leave_of(
    inner: &Inner,
    sending: &Sending<'_>,
    contact: &Contact,
    words: &notify::Rendered,
) -> Leave {
    let worst = words.incident.as_ref().is_some_and(|line| line.level == LEVEL_WORST);
    let pressing = worst && sending.notice.purpose.is_page();
    let directory = inner.directory.load();
    let most = directory.person(&contact.1).and_then(|person| person.manner.at_most);
    inner.outbound.throttled(contact, most, pressing, inner.clock.now())
}

enum Held {
    Back(Why),
    Never(Why),
}

/// Asks the gate, with the address as it is now.
fn leave_for(
    inner: &Inner,
    sending: &Sending<'_>,
    via: &ChannelId,
    configured: &Configured,
) -> Result<(Pass, notify::Destination), Held> {
    let directory = inner.directory.load();
    let to: &Recipient = &sending.notice.to;
    let destination = notify::destination(&directory, to, via, configured.to.as_deref());
    let host = destination
        .as_ref()
        .ok()
        .and_then(|destination| configured.channel.host_of(&destination.address));
    let drills = configured.drills;
    let act = Act::Notice { to, channel: via, drills, host: host.as_ref() };
    let outages = inner.outages.of(sending.drill);
    let now = inner.now_of(sending.drill);
    let allowed = Allowed { now, ..inner.allowed(&directory, &outages) };
    match gate::pass(sending.run, act, allowed) {
        gate::Verdict::HoldBack(why) => Err(Held::Back(why)),
        gate::Verdict::Refuse(why) => Err(Held::Never(why)),
        gate::Verdict::Send(pass) => Ok((pass, destination.map_err(Held::Never)?)),
    }
}

/// Turns a channel's answer into what the engine is told.
fn outcome(
    inner: &Inner,
    sending: &Sending<'_>,
    via: ChannelId,
    carried: Carried,
) -> NoticeOutcome {
    let refused = |via, why: Why| {
        inner.meters.refused.count();
        NoticeOutcome::Refused { via, why: why.to_string() }
    };
    match carried.delivery {
        Delivery::Delivered => {
            inner.meters.delivered.count();
            if let Some(since) = inner.outbound.standing.taken(&via) {
                tracing::info!(channel = %via, %since, "the channel takes messages again");
            }
            NoticeOutcome::Delivered { via, within: carried.within }
        }
        Delivery::Retry { after, why } => {
            let attempt = sending.attempt + 1;
            let policy = notify::retry::Policy::PAGE;
            let (now, until) = (inner.now_of(sending.drill), sending.until);
            if inner.outbound.standing.in_vain(&via, inner.clock.now()) {
                tracing::warn!(channel = %via, %why, "the channel takes no message; trying again");
            }
            match notify::retry::next(policy, attempt, jitter(), after, now, until) {
                notify::retry::Next::At(until) => {
                    inner.meters.delayed.count();
                    NoticeOutcome::Retry { attempt, until, why: why.to_string() }
                }
                notify::retry::Next::GiveUp => refused(via, why),
            }
        }
        Delivery::Refused { why } => refused(via, why),
        Delivery::Misconfigured { why } => {
            tracing::error!(channel = %via, %why, "the channel must be mended");
            refused(via, why)
        }
    }
}

/// Chance between 0 and 1, so that many retries do not come back in the same second.
fn jitter() -> f64 {
    let bytes = crate::chance::draw::<4>();
    f64::from(u32::from_ne_bytes(bytes)) / f64::from(u32::MAX)
}
