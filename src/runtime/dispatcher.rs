//! The outbox's way out: claim → gate → channel → the answer back as a command. A message leaves
//! at least once; its identity is constant, so a receiver can tell a repetition.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Semaphore;

use super::cells::Loaded;
use super::kin;
use super::outbox::Rendered;
use super::pacer::Pacer;
use super::service::Inner;
use super::standing::Standing;
use crate::engine::{
    Command, Incident, Mode, Notice, NoticeOutcome, Pending, Recipient, RequestOutcome, RunKey,
};
use crate::id::{ChannelId, DrillRunId, IncidentId, NoticeId};
use crate::notify::gate::{self, Act, Allowed, Outage, Pass};
use crate::notify::{self, Channels, Configured, Delivery, Hosts, Outgoing, Why, WhyCode, http};
use crate::people::Directory;

/// How many messages one channel carries at once.
const PER_CHANNEL: usize = 64;
/// How many messages wait for one channel that takes only so many in a time: enough to put a storm
/// together, bounded in memory.
const PER_QUEUE: usize = 1_024;
/// How many requests of plans are made at once.
const REQUESTS: usize = 64;
/// How long to wait before an answer that could not be committed is tried again.
pub(super) const COMMIT_AGAIN: Duration = Duration::from_secs(1);

/// The ways out and what the installation allows.
pub struct Outbound {
    channels: Channels,
    lanes: BTreeMap<ChannelId, Arc<Semaphore>>,
    pacers: BTreeMap<ChannelId, Arc<Pacer>>,
    requests: Arc<Semaphore>,
    http: notify::Client,
    drill_hosts: Hosts,
    http_hosts: Hosts,
    in_flight: Mutex<HashSet<NoticeId>>,
    pub(super) standing: Standing,
}

impl Outbound {
    /// Opens the ways out.
    #[must_use]
    pub fn new(
        channels: Channels,
        http: notify::Client,
        drill_hosts: Hosts,
        http_hosts: Hosts,
    ) -> Self {
        let mut lanes = BTreeMap::new();
        let mut pacers = BTreeMap::new();
        for (id, configured) in channels.iter() {
            let mut room = PER_CHANNEL;
            if let Some(pace) = configured.channel.pace() {
                let pacer = Pacer::new(pace, Arc::clone(&configured.channel));
                pacers.insert(id.clone(), pacer);
                room = PER_QUEUE;
            }
            lanes.insert(id.clone(), Arc::new(Semaphore::new(room)));
        }
        Self {
            lanes,
            pacers,
            channels,
            requests: Arc::new(Semaphore::new(REQUESTS)),
            http,
            drill_hosts,
            http_hosts,
            in_flight: Mutex::default(),
            standing: Standing::default(),
        }
    }

    /// Returns the configured channels.
    #[must_use]
    pub const fn channels(&self) -> &Channels {
        &self.channels
    }

    fn claim(&self, id: NoticeId) -> bool {
        self.in_flight.lock().unwrap_or_else(PoisonError::into_inner).insert(id)
    }

    fn release(&self, id: NoticeId) {
        self.in_flight.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }
}

/// One thing that is about to leave.
struct Errand {
    from: Arc<Incident>,
    incident: IncidentId,
    mode: Mode,
    drill: Option<DrillRunId>,
    id: NoticeId,
    what: What,
}

enum What {
    Notice {
        notice: Notice,
        channel: usize,
        attempt: u32,
        until: Timestamp,
        words: Option<notify::Rendered>,
    },
    Request {
        key: RunKey,
        prepared: Option<http::Prepared>,
    },
    Kin(Pending),
}

impl Inner {
    /// Returns what the gate goes by.
    pub(super) fn allowed<'a>(
        &'a self,
        directory: &'a Directory,
        outages: &'a [Outage],
    ) -> Allowed<'a> {
        Allowed {
            directory,
            drill_hosts: &self.outbound.drill_hosts,
            http_hosts: &self.outbound.http_hosts,
            outages,
            now: self.clock.now(),
        }
    }

    /// Makes one attempt over a channel, when its limit allows; what has not left by `until` is
    /// refused.
    pub(super) async fn attempt(
        &self,
        via: &ChannelId,
        configured: &Configured,
        outgoing: Outgoing,
        until: Timestamp,
    ) -> Delivery {
        match self.outbound.pacers.get(via) {
            Some(pacer) => pacer.deliver(&self.clock, outgoing, until).await,
            None => configured.channel.send(&outgoing).await,
        }
    }

    /// Sends what is to be sent now; returns when the next one is.
    pub(super) fn dispatch(self: &Arc<Self>, loaded: &Loaded, now: Timestamp) -> Option<Timestamp> {
        let mut later = None;
        for (id, pending) in loaded.incident.outbox.iter() {
            let at = pending.next_at();
            if at > now || self.is_held() {
                later = Some(later.map_or(at, |earlier: Timestamp| earlier.min(at)));
            } else if self.outbound.claim(*id) {
                let errand = errand(loaded, *id, pending);
                self.meters.in_flight.count();
                self.tasks.spawn(run(Arc::clone(self), errand));
            }
        }
        later
    }
}

fn errand(loaded: &Loaded, id: NoticeId, pending: &Pending) -> Errand {
    let rendered = loaded.rendered.get(&id).map(Arc::as_ref);
    let what = match pending {
        Pending::Notice { notice, channel, attempt, channel_until, .. } => What::Notice {
            notice: notice.clone(),
            channel: *channel,
            attempt: *attempt,
            until: *channel_until,
            words: match rendered {
                Some(Rendered::Notice(words)) => Some(words.clone()),
                Some(Rendered::Request(_)) | None => None,
            },
        },
        Pending::Request { key, .. } => What::Request {
            key: key.clone(),
            prepared: match rendered {
                Some(Rendered::Request(prepared)) => Some(prepared.clone()),
                Some(Rendered::Notice(_)) | None => None,
            },
        },
        kin @ (Pending::Child { .. }
        | Pending::Recall { .. }
        | Pending::Report { .. }
        | Pending::HandOff { .. }) => What::Kin(kin.clone()),
    };
    let Incident { id: incident, mode, drill, .. } = *loaded.incident;
    Errand { from: Arc::clone(&loaded.incident), incident, mode, drill, id, what }
}

/// Runs one errand to its committed end. The claim is held until then, so nothing leaves twice
/// while its answer is on the way.
async fn run(inner: Arc<Inner>, errand: Errand) {
    let Errand { incident, id, mode, drill, .. } = errand;
    let command = match errand.what {
        What::Notice { notice, channel, attempt, until, words } => {
            let sending = Sending { mode, drill, notice: &notice, channel, attempt, until };
            let outcome = send(&inner, incident, &sending, words).await;
            outcome.map(|outcome| Command::NoticeOutcome { notice: id, outcome })
        }
        What::Request { key, prepared } => {
            let outcome = request(&inner, mode, &key, prepared).await;
            Some(Command::RequestOutcome { request: id, outcome })
        }
        What::Kin(pending) => kin::carry(&inner, &errand.from, id, &pending).await,
    };
    let goes_on = matches!(
        command,
        Some(Command::NoticeOutcome { outcome: NoticeOutcome::Refused { .. }, .. }) | None
    );
    if let Some(command) = command {
        inner.cells.cell(incident).leave(command);
        keep(&inner, incident).await;
    }
    inner.outbound.release(id);
    inner.meters.in_flight.take();
    if goes_on && !inner.drain.is_cancelled() {
        // While the claim was held, the next channel could not be tried.
        keep(&inner, incident).await;
    }
}

/// Commits what was left for an incident, again and again until the store takes it.
async fn keep(inner: &Arc<Inner>, incident: IncidentId) {
    while let Err(error) = inner.advance(incident, false).await {
        tracing::warn!(%incident, %error, "a channel's answer could not be kept; trying again");
        tokio::select! {
            () = tokio::time::sleep(COMMIT_AGAIN) => {}
            () = inner.drain.cancelled() => return,
        }
    }
}

struct Sending<'a> {
    mode: Mode,
    drill: Option<DrillRunId>,
    notice: &'a Notice,
    channel: usize,
    attempt: u32,
    until: Timestamp,
}

/// Makes one attempt; `None` where the message is no longer wanted.
async fn send(
    inner: &Arc<Inner>,
    incident: IncidentId,
    sending: &Sending<'_>,
    words: Option<notify::Rendered>,
) -> Option<NoticeOutcome> {
    let via = sending.notice.via.get(sending.channel)?.clone();
    let refused = |why: Why| NoticeOutcome::Refused { via: via.clone(), why: why.to_string() };
    // What a redaction erased was worded anew; what the plan has no words for stays without.
    let Some(words) = words else { return Some(refused(Why::new(WhyCode::Gone))) };
    let Some(configured) = inner.outbound.channels.get(&via) else {
        return Some(refused(Why::with(WhyCode::NoSuchChannel, &via)));
    };
    let lane = inner.outbound.lanes.get(&via)?;
    let waited = lane.available_permits() == 0;
    let _permit = lane.acquire().await.ok()?;
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
    let outgoing = Outgoing::new(pass, to, words, inner.clock.now());
    let delivery = inner.attempt(&via, configured, outgoing, sending.until).await;
    Some(outcome(inner, sending, via.clone(), delivery))
}

async fn still_wanted(inner: &Arc<Inner>, incident: IncidentId, id: NoticeId) -> bool {
    match inner.current(incident).await {
        Ok(now) => now.incident.outbox.contains_key(&id),
        Err(_) => true,
    }
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
    match gate::pass(sending.mode, act, inner.allowed(&directory, &outages)) {
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
    delivery: Delivery,
) -> NoticeOutcome {
    let refused = |via, why: Why| {
        inner.meters.refused.count();
        NoticeOutcome::Refused { via, why: why.to_string() }
    };
    match delivery {
        Delivery::Delivered => {
            inner.meters.delivered.count();
            if let Some(since) = inner.outbound.standing.taken(&via) {
                tracing::info!(channel = %via, %since, "the channel takes messages again");
            }
            NoticeOutcome::Delivered { via }
        }
        Delivery::Retry { after, why } => {
            let attempt = sending.attempt + 1;
            let policy = notify::retry::Policy::PAGE;
            let (now, until) = (inner.clock.now(), sending.until);
            if inner.outbound.standing.in_vain(&via, now) {
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
    let mut bytes = [0; 4];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    f64::from(u32::from_ne_bytes(bytes)) / f64::from(u32::MAX)
}

/// Makes the request of an `http` step, unless the gate holds it back.
async fn request(
    inner: &Arc<Inner>,
    mode: Mode,
    key: &RunKey,
    prepared: Option<http::Prepared>,
) -> RequestOutcome {
    let not_made = |why: Why| RequestOutcome::NotMet { status: None, why: why.to_string() };
    let Some(prepared) = prepared else { return not_made(Why::new(WhyCode::BadRequest)) };
    let host = match prepared.host() {
        Ok(host) => host,
        Err(why) => return not_made(why),
    };
    let Ok(_permit) = inner.outbound.requests.acquire().await else {
        return not_made(Why::new(WhyCode::Busy));
    };
    let verdict = {
        let directory = inner.directory.load();
        gate::pass(mode, Act::Request { host: &host }, inner.allowed(&directory, &[]))
    };
    match verdict {
        gate::Verdict::Send(pass) => http::send(&inner.outbound.http, pass, &prepared).await,
        // A cast may say otherwise; without one a held-back request counts as success.
        gate::Verdict::HoldBack(why) => {
            tracing::info!(step = %key, %why, "held back");
            inner.meters.held_back.count();
            RequestOutcome::HeldBack { succeeds: true }
        }
        gate::Verdict::Refuse(why) => not_made(why),
    }
}
