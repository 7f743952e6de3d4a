//! The ways out of an installation: its channels with their queues, and what may leave by them. It
//! must not know what is sent.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Semaphore;

use super::gather::Gatherer;
use super::pacer::{Carried, Pacer};
use super::service::Inner;
use super::standing::Standing;
use crate::clock::Clock;
use crate::id::{ChannelId, NoticeId};
use crate::notify::gate::{Allowed, Outage};
use crate::notify::throttle::{self, Contact, Leave, Throttle};
use crate::notify::{self, Channel, Channels, Configured, Delivery, Hosts, Outgoing, Why, WhyCode};
use crate::people::Directory;

/// How many messages one channel carries at once.
const PER_CHANNEL: usize = 64;
/// How many messages wait for one channel that takes only so many in a time: enough to put a storm
/// together, bounded in memory.
const PER_QUEUE: usize = 1_024;
/// The longest that one attempt takes, whatever a channel does: twice the longest time-out that can
/// be set, so that a channel which forgets its own holds up nobody for ever.
const ATTEMPT_MAX: SignedDuration = SignedDuration::from_mins(2);
/// How many requests of plans are made at once.
const REQUESTS: usize = 64;

/// The ways out and what the installation allows.
pub struct Outbound {
    channels: Channels,
    pub(super) lanes: BTreeMap<ChannelId, Arc<Semaphore>>,
    pacers: BTreeMap<ChannelId, Arc<Pacer>>,
    pub(super) requests: Arc<Semaphore>,
    pub(super) http: notify::Client,
    drill_hosts: Hosts,
    http_hosts: Hosts,
    in_flight: Mutex<HashSet<NoticeId>>,
    pub(super) standing: Standing,
    throttle: Mutex<Throttle>,
    pub(super) gatherer: Gatherer,
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
            throttle: Mutex::default(),
            gatherer: Gatherer::default(),
        }
    }

    /// Returns the configured channels.
    #[must_use]
    pub const fn channels(&self) -> &Channels {
        &self.channels
    }

    /// Takes a notice in hand; tells whether nobody else has it.
    pub(super) fn claim(&self, id: NoticeId) -> bool {
        self.in_flight.lock().unwrap_or_else(PoisonError::into_inner).insert(id)
    }

    /// Counts a message to a person; tells what becomes of it. A channel with a limit of its own
    /// puts many into one, unless it says how many are enough for one person.
    pub(super) fn throttled(
        &self,
        contact: &Contact,
        of_person: Option<u16>,
        pressing: bool,
        now: Timestamp,
    ) -> Leave {
        let of_channel = self.channels.get(&contact.0).and_then(|configured| configured.at_most);
        if of_channel.is_none() && self.pacers.contains_key(&contact.0) {
            return Leave::Now;
        }
        let most = of_person.into_iter().chain(of_channel).min().unwrap_or(throttle::MOST);
        let mut throttle = self.throttle.lock().unwrap_or_else(PoisonError::into_inner);
        throttle.admit(contact.clone(), most, pressing, now)
    }

    /// Lets go of a notice.
    pub(super) fn release(&self, id: NoticeId) {
        self.in_flight.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }
}

/// Lets a channel try; what it does not answer in time counts as tried in vain.
pub(super) async fn bounded(
    clock: &dyn Clock,
    channel: &dyn Channel,
    outgoing: &Outgoing,
) -> Delivery {
    let until = clock.now().saturating_add(ATTEMPT_MAX).unwrap_or(Timestamp::MAX);
    tokio::select! {
        biased;
        delivery = channel.send(outgoing) => delivery,
        () = clock.sleep_until(until) => {
            Delivery::Retry { after: None, why: Why::new(WhyCode::TimedOut) }
        }
    }
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
    ) -> Carried {
        match self.outbound.pacers.get(via) {
            Some(pacer) => pacer.deliver(&self.clock, outgoing, until).await,
            None => Carried::alone(bounded(&*self.clock, &*configured.channel, &outgoing).await),
        }
    }
}
