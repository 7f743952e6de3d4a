//! What was changed, as other tools told it: the latest, for those who ask what changed. Open incidents
//! that the same source has begun hear of it on their timelines; nobody is called.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::carry::note;
use super::slots::Slots;
use crate::engine::{Actor, Mode};
use crate::id::IncidentId;
use crate::ingest::Source;
use crate::ingest::change::Change as Said;
use crate::runtime::{Caller, CommitOptions, Scope};
use crate::server::app::App;
use crate::server::problem::Problem;
use crate::server::wire::Change;
use crate::store::{Kind, Query, Store, Which};

/// How many are kept: a page that a person reads.
pub const KEPT_MAX: usize = 200;
/// Incidents told of one change; more would be about everything, and so about nothing.
const TOLD_MAX: usize = 20;
/// The bytes of each text that are kept.
const TEXT_BYTES_MAX: usize = 2_000;

/// The list.
#[derive(Debug)]
pub struct Changes(Mutex<Slots<Change>>);

impl Changes {
    /// Reads what was kept before.
    pub fn open(store: &dyn Store) -> Self {
        Self(Mutex::new(Slots::open(store, Kind::Change, KEPT_MAX)))
    }

    /// Lists them, the latest first.
    pub fn list(&self) -> Vec<Change> {
        let mut all: Vec<_> = self.held().all().values().cloned().collect();
        all.sort_by_key(|one| std::cmp::Reverse(one.received_at));
        all
    }

    /// Keeps one and tells the incidents; done when it is durable.
    ///
    /// # Errors
    /// The store's own.
    pub async fn keep(&self, app: &App, source: &Source, said: Said) -> Result<(), Problem> {
        let change = kept(source, said, app.now());
        let pending = {
            let mut held = self.held();
            let oldest = held.all().iter().min_by_key(|(_, one)| one.received_at);
            let oldest = oldest.map(|(slot, _)| *slot);
            let slot = oldest.filter(|_| held.all().len() >= KEPT_MAX);
            let slot = slot.unwrap_or_else(|| held.free());
            app.runtime().store().put(vec![held.put(slot, change.clone())])
        };
        pending.await?;
        tell(app, source, &change).await;
        Ok(())
    }

    fn held(&self) -> MutexGuard<'_, Slots<Change>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn kept(source: &Source, said: Said, now: Timestamp) -> Change {
    let cut = |mut text: String| {
        text.truncate(text.floor_char_boundary(TEXT_BYTES_MAX));
        text
    };
    Change {
        source: source.id.clone(),
        summary: cut(said.summary),
        origin: said.origin.map(cut),
        at: said.at,
        received_at: now,
        link: said.link.map(cut),
        details: said.details.map(cut),
    }
}

/// Tells the open incidents that alerts of the source have begun. A change is news, not trouble: what
/// refuses it, or is closed meanwhile, misses nothing that the list has not.
async fn tell(app: &App, source: &Source, change: &Change) {
    let prefix = format!("{}/", source.id);
    let store = Arc::clone(app.runtime().store());
    let found = tokio::task::spawn_blocking(move || begun_by(&*store, &prefix)).await;
    let actor = Actor::Service { name: source.id.clone() };
    let caller = Caller { actor, scope: Scope::Responder };
    for incident in found.unwrap_or_default() {
        let command = note(sentence(change));
        let done =
            app.runtime().execute(&caller, incident, command, CommitOptions::default()).await;
        if done.is_err() {
            tracing::debug!(%incident, "an incident was not told of a change");
        }
    }
}

fn begun_by(store: &dyn Store, prefix: &str) -> Vec<IncidentId> {
    let query = Query { which: Which::Open, before: None, limit: Query::MAX_ROWS };
    let rows = store.list(query).unwrap_or_default();
    let own = rows.into_iter().filter(|row| {
        let key = row.dedup_key.as_deref();
        row.mode == Mode::Live && key.is_some_and(|key| key.starts_with(prefix))
    });
    own.map(|row| row.id).take(TOLD_MAX).collect()
}

fn sentence(change: &Change) -> String {
    let mut text = format!("变更 / What changed: {}", change.summary);
    for more in [change.origin.clone(), change.at.map(|at| at.to_string()), change.link.clone()] {
        text.extend(more.map(|more| format!(" · {more}")));
    }
    text
}
