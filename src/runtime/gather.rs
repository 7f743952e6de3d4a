//! Messages to one person that were held back, and leave as one when there is room again. What is
//! decided stands in `notify::throttle`; here is who waits, and the clock.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use tokio::sync::oneshot;

use super::pacer::Carried;
use super::service::Inner;
use crate::notify::digest::{Company, together};
use crate::notify::pace::DIGEST_MAX;
use crate::notify::throttle::Contact;
use crate::notify::{Configured, Delivery, Outgoing, Why, WhyCode};

/// What waits to leave together, by whom it is for.
#[derive(Default)]
pub(super) struct Gatherer(Mutex<BTreeMap<Contact, Vec<Entry>>>);

struct Entry {
    outgoing: Outgoing,
    answer: oneshot::Sender<Carried>,
}

impl Gatherer {
    /// Adds a message; tells whether it is the first, which sees to all of them.
    fn enter(&self, contact: &Contact, entry: Entry) -> bool {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let entries = waiting.entry(contact.clone()).or_default();
        entries.push(entry);
        entries.len() == 1
    }

    fn take(&self, contact: &Contact) -> Vec<Entry> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.remove(contact).unwrap_or_default()
    }
}

impl Inner {
    /// Sends a message with the others that come for the same person until an instant; what has not
    /// left by `patience` is refused.
    pub(super) async fn with_others(
        &self,
        contact: &Contact,
        configured: &Configured,
        outgoing: Outgoing,
        (until, patience): (Timestamp, Timestamp),
    ) -> Carried {
        let (answer, received) = oneshot::channel();
        if self.outbound.gatherer.enter(contact, Entry { outgoing, answer }) {
            self.clock.sleep_until(until).await;
            for group in groups(self.outbound.gatherer.take(contact)) {
                self.send_as_one(contact, configured, group, patience).await;
            }
        }
        let late = || Carried::alone(Delivery::Refused { why: Why::new(WhyCode::TooLate) });
        received.await.unwrap_or_else(|_| late())
    }

    async fn send_as_one(
        &self,
        (via, person): &Contact,
        configured: &Configured,
        group: Vec<Entry>,
        patience: Timestamp,
    ) {
        let (messages, answers): (Vec<Outgoing>, Vec<_>) =
            group.into_iter().map(|entry| (entry.outgoing, entry.answer)).unzip();
        let count = messages.len();
        let Some(message) = together(messages) else { return };
        if count > 1 {
            tracing::info!(count, channel = %via, %person, "notices leave as one message");
        }
        let within = (count > 1).then(|| message.facts().notice);
        let Some(lane) = self.outbound.lanes.get(via) else { return };
        let Ok(_permit) = lane.acquire().await else { return };
        let carried = self.attempt(via, configured, message, patience).await;
        let carried = Carried { within: carried.within.or(within), ..carried };
        for answer in answers {
            // Whoever asked may have run out of patience meanwhile.
            let _ = answer.send(carried.clone());
        }
    }
}

/// Puts those together that may share a message, in the order they came, so many at once.
fn groups(entries: Vec<Entry>) -> Vec<Vec<Entry>> {
    let mut groups: Vec<(Company, Vec<Entry>)> = Vec::new();
    for entry in entries {
        let company = Company::of(&entry.outgoing);
        let open =
            |(of, group): &&mut (Company, Vec<Entry>)| *of == company && group.len() < DIGEST_MAX;
        match groups.iter_mut().find(open) {
            Some((_, group)) => group.push(entry),
            None => groups.push((company, vec![entry])),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}
