//! An incident's whole history, for those who read it: events, what messages said, and whether the
//! chain of hashes holds. It must not know how a timeline is told.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::outbox::{self, Rendered};
use super::service::{Inner, Runtime};
use super::{Missing, Refusal};
use crate::engine::{Event, Fact};
use crate::id::{IncidentId, NoticeId};
use crate::notify;
use crate::people::Zone;
use crate::playbook::Playbook;
use crate::store::{StoreError, Verdict};
use crate::text::Lang;

/// Everything that was recorded of an incident.
#[derive(Debug, Clone)]
pub struct History {
    /// Its events, from the first.
    pub events: Vec<Event>,
    /// What its messages said; those erased since are missing.
    pub messages: BTreeMap<NoticeId, notify::Rendered>,
    /// Whether the chain of hashes holds.
    pub verdict: Verdict,
    /// The plans it ran before it was handed over, the first one first.
    pub earlier: Vec<Arc<Playbook>>,
}

impl Runtime {
    /// Reads an incident's history from the journal and checks its chain.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], or the store's own.
    pub async fn history(&self, id: IncidentId) -> Result<History, Refusal> {
        let inner = Arc::clone(self.inner());
        let read = tokio::task::spawn_blocking(move || inner.history(id));
        read.await.map_err(|_| Refusal::Store(StoreError::Stopped))?
    }

    /// Returns the language of those whose own is not known.
    #[must_use]
    pub fn lang(&self) -> Lang {
        self.inner().place().lang
    }

    /// Returns the zone that people are told times in.
    #[must_use]
    pub fn zone(&self) -> Zone {
        self.inner().place().zone.clone()
    }
}

impl Inner {
    fn history(&self, id: IncidentId) -> Result<History, Refusal> {
        let unknown = || Refusal::NotFound {
            what: Missing::Incident,
            name: id.to_string(),
            closest: Vec::new(),
        };
        let stream = self.store.load(id)?.ok_or_else(unknown)?;
        let verdict = self.store.verify(id)?.ok_or_else(unknown)?;
        let events = stream.events().map(|(_, stored)| outbox::decode_event(&stored.bytes));
        let words = stream.records.iter().flat_map(|record| outbox::decode(&record.notices));
        let events: Vec<Event> = events.collect::<Result<_, _>>()?;
        let hashes = events.iter().filter_map(|event| match &event.fact {
            Fact::HandedOff(over) => Some(&over.from.hash),
            _ => None,
        });
        let earlier = hashes.map(|hash| self.pins.version(&*self.store, hash));
        Ok(History {
            earlier: earlier.collect::<Result<_, _>>()?,
            events,
            messages: words
                .filter_map(|(notice, rendered)| match rendered.as_ref() {
                    Rendered::Notice(words) => Some((notice, words.clone())),
                    Rendered::Request(_) => None,
                })
                .collect(),
            verdict,
        })
    }
}
