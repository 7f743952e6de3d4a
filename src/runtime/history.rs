//! An incident's whole history, for those who read it: events, what messages said, and whether the
//! chain of hashes holds. It must not know how a timeline is told.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::outbox::{self, Rendered};
use super::service::{Inner, Runtime};
use super::{Missing, Refusal};
use crate::engine::Event;
use crate::id::{IncidentId, NoticeId};
use crate::notify;
use crate::people::Zone;
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
        Ok(History {
            events: events.collect::<Result<_, _>>()?,
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
