//! The queue before a channel that takes only so many messages in a time. What is decided stands in
//! `notify::pace`; here is who waits, and the clock.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use tokio::sync::{Notify, oneshot};

use super::outbound::bounded;
use crate::clock::Clock;
use crate::id::NoticeId;
use crate::notify::digest::{Company, together};
use crate::notify::pace::{self, Pace, Turn, Waiting};
use crate::notify::{Channel, Delivery, Outgoing, Why, WhyCode};

/// The most messages that wait for one channel: more would not leave within the hour anyway, and
/// their next channel is better than that.
const QUEUE_MAX: usize = 5_000;

/// How a message left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Carried {
    /// What the channel answered.
    pub(super) delivery: Delivery,
    /// The notice under whose identity it left, where many left as one.
    pub(super) within: Option<NoticeId>,
}

impl Carried {
    /// Left by itself, or not at all.
    pub(super) const fn alone(delivery: Delivery) -> Self {
        Self { delivery, within: None }
    }
}

/// A channel's queue.
pub(super) struct Pacer {
    pace: Pace,
    channel: Arc<dyn Channel>,
    queue: Mutex<Queue>,
    changed: Notify,
}

#[derive(Default)]
struct Queue {
    waiting: Vec<Entry>,
    sent: Vec<Timestamp>,
    next: u64,
    /// Somebody works on it.
    worked: bool,
}

struct Entry {
    ticket: u64,
    company: Company,
    urgent: bool,
    since: Timestamp,
    outgoing: Outgoing,
    answer: oneshot::Sender<Carried>,
}

impl Pacer {
    /// Makes an empty queue before a channel.
    pub(super) fn new(pace: Pace, channel: Arc<dyn Channel>) -> Arc<Self> {
        Arc::new(Self { pace, channel, queue: Mutex::default(), changed: Notify::new() })
    }

    fn with<T>(&self, work: impl FnOnce(&mut Queue) -> T) -> T {
        work(&mut self.queue.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Delivers a message when its turn comes, by itself or with others; what has not left by
    /// `until` is refused, so that its next channel is tried.
    pub(super) async fn deliver(
        self: &Arc<Self>,
        clock: &Arc<dyn Clock>,
        outgoing: Outgoing,
        until: Timestamp,
    ) -> Carried {
        let late = || Carried::alone(Delivery::Refused { why: Why::new(WhyCode::TooLate) });
        let Some((ticket, begin, mut answer)) = self.enter(clock.now(), outgoing) else {
            return late();
        };
        if begin {
            tokio::spawn(Arc::clone(self).work(Arc::clone(clock)));
        }
        tokio::select! {
            biased;
            carried = &mut answer => carried.unwrap_or_else(|_| late()),
            () = clock.sleep_until(until) => {
                if self.with(|queue| queue.leave(ticket)) {
                    return late();
                }
                // It is on its way: to send it by another channel, too, would wake somebody twice.
                // The channel's own time-out bounds the wait.
                answer.await.unwrap_or_else(|_| late())
            }
        }
    }

    /// Puts a message into the queue; tells whether nobody works on it yet.
    fn enter(
        &self,
        since: Timestamp,
        outgoing: Outgoing,
    ) -> Option<(u64, bool, oneshot::Receiver<Carried>)> {
        let (answer, received) = oneshot::channel();
        let (ticket, begin) = self.with(|queue| {
            if queue.waiting.len() >= QUEUE_MAX {
                return None;
            }
            let ticket = queue.next;
            queue.next += 1;
            let company = Company::of(&outgoing);
            let urgent = outgoing.asks_to_act();
            queue.waiting.push(Entry { ticket, company, urgent, since, outgoing, answer });
            Some((ticket, !std::mem::replace(&mut queue.worked, true)))
        })?;
        self.changed.notify_one();
        Some((ticket, begin, received))
    }

    /// Works on the queue until it is empty.
    async fn work(self: Arc<Self>, clock: Arc<dyn Clock>) {
        loop {
            let now = clock.now();
            match self.with(|queue| queue.turn(self.pace, now)) {
                Turn::Idle => return,
                Turn::Wait(until) => {
                    tokio::select! {
                        () = clock.sleep_until(until) => {}
                        () = self.changed.notified() => {}
                    }
                }
                Turn::Send(tickets) => self.send(&clock, &tickets, now).await,
            }
        }
    }

    async fn send(&self, clock: &Arc<dyn Clock>, tickets: &[u64], now: Timestamp) {
        let (messages, answers) = self.with(|queue| queue.take(tickets));
        let count = messages.len();
        let Some(message) = together(messages) else { return };
        if count > 1 {
            tracing::info!(count, "notices leave as one message");
        }
        // A long message is several to the other side.
        let weight = self.channel.weight(&message);
        self.with(|queue| queue.sent.extend(std::iter::repeat_n(now, weight)));
        let within = (count > 1).then(|| message.facts().notice);
        let delivery = bounded(&**clock, &*self.channel, &message).await;
        let carried = Carried { delivery, within };
        for answer in answers {
            // Whoever asked may have run out of patience meanwhile.
            let _ = answer.send(carried.clone());
        }
    }
}

impl Queue {
    fn turn(&mut self, pace: Pace, now: Timestamp) -> Turn<u64> {
        if self.waiting.is_empty() {
            // Whoever comes next begins to work again.
            self.worked = false;
            return Turn::Idle;
        }
        self.sent.retain(|at| now.duration_since(*at) < pace.within);
        let group = |company: &Company| {
            let first = self.waiting.iter().position(|entry| entry.company == *company);
            first.unwrap_or_default() as u64
        };
        let waiting: Vec<Waiting<u64>> = self
            .waiting
            .iter()
            .map(|entry| Waiting {
                id: entry.ticket,
                group: group(&entry.company),
                urgent: entry.urgent,
                since: entry.since,
            })
            .collect();
        pace::next(pace, &self.sent, &waiting, now)
    }

    /// Takes a message out that nobody waits for any more; tells whether it was still there.
    fn leave(&mut self, ticket: u64) -> bool {
        let before = self.waiting.len();
        self.waiting.retain(|entry| entry.ticket != ticket);
        self.waiting.len() < before
    }

    /// Takes messages out, in the order of the list.
    fn take(&mut self, tickets: &[u64]) -> (Vec<Outgoing>, Vec<oneshot::Sender<Carried>>) {
        let (mut messages, mut answers) = (Vec::new(), Vec::new());
        for ticket in tickets {
            if let Some(at) = self.waiting.iter().position(|entry| entry.ticket == *ticket) {
                let entry = self.waiting.remove(at);
                messages.push(entry.outgoing);
                answers.push(entry.answer);
            }
        }
        (messages, answers)
    }
}

#[cfg(test)]
mod tests;
