//! The doors for alerts of other tools: each source has its own key, which opens nothing else. What a
//! body means is for [`ingest`](crate::ingest) to say; here it is let in, carried to the runtime, and
//! answered once that is durable.

mod carry;
mod changes;
mod desk;
mod door;
mod handlers;
mod hearing;
mod heartbeat;
mod intake;
mod kept;
mod opsgenie;
mod pagerduty;
mod silences;
mod slots;
mod unmatched;
mod watch;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use smol_str::SmolStr;
use tokio::sync::{OnceCell, Semaphore};

use self::hearing::RECENT_MAX;
use self::heartbeat::Beats;
use crate::config::{Bodies, IngestSource};
use crate::id::PlaybookId;
use crate::ingest::{News, Policy, Source};
use crate::server::app::App;
use crate::store::{Query, Store, Which};

pub use changes::Changes;
pub use desk::{
    __path_body, __path_changes, __path_forget, __path_recent, __path_replay, __path_unmatched,
    body, changes, forget, recent, replay, unmatched,
};
pub use handlers::{
    __path_alertmanager, __path_aliyun, __path_aliyun_in_path, __path_apprise, __path_cloudevents,
    __path_generic, __path_grafana, __path_grafana_signed, __path_heartbeat, __path_sentry,
    __path_tencent, alertmanager, aliyun, aliyun_in_path, apprise, cloudevents, generic, grafana,
    grafana_signed, handshake, heartbeat, sentry, tencent,
};
pub use hearing::Hearing;
pub use kept::Kept;
pub use opsgenie::{__path_act, __path_create, __path_status, Requests, act, create, status};
pub use pagerduty::{__path_change_event, __path_enqueue, change_event, enqueue};
pub use silences::MadeSilence;
pub use unmatched::Unmatched;
pub use watch::run;

/// Bodies that are worked on at once; each waits for the disk. Beyond them the sender is told to come
/// back, since it keeps what is not taken.
const AT_ONCE_MAX: usize = 64;
/// How long one body may take: senders wait a few seconds.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the doors for alerts share.
#[derive(Debug)]
pub struct Ingest {
    sources: BTreeMap<SmolStr, IngestSource>,
    room: Semaphore,
    unmatched: Unmatched,
    hearing: Hearing,
    changes: Changes,
    kept: Kept,
    requests: Requests,
    /// What fired before the start was read again.
    recalled: OnceCell<()>,
    /// Every plan that an open incident may have been begun by.
    known: Mutex<BTreeSet<PlaybookId>>,
}

impl Ingest {
    /// Opens the doors of the configured sources.
    #[must_use]
    pub fn new(
        sources: BTreeMap<SmolStr, IngestSource>,
        bodies: Bodies,
        policy: Policy,
        store: &Arc<dyn Store>,
        now: Timestamp,
    ) -> Self {
        let store = &**store;
        let known = if sources.is_empty() { BTreeSet::new() } else { begun(store, &sources) };
        let beats = Beats::new(sources.values().map(|one| &one.source), now);
        Self {
            hearing: Hearing::open(policy, beats, store, now),
            room: Semaphore::new(AT_ONCE_MAX),
            unmatched: Unmatched::open(store),
            changes: Changes::open(store),
            kept: Kept::open(store, bodies),
            requests: Requests::default(),
            recalled: OnceCell::new(),
            known: Mutex::new(known),
            sources,
        }
    }

    /// Returns where alerts are heard.
    #[must_use]
    pub const fn hearing(&self) -> &Hearing {
        &self.hearing
    }

    /// Returns what matched nothing.
    #[must_use]
    pub const fn unmatched(&self) -> &Unmatched {
        &self.unmatched
    }

    /// Returns what was changed.
    #[must_use]
    pub const fn changes(&self) -> &Changes {
        &self.changes
    }

    /// Returns the bodies that are kept.
    #[must_use]
    pub const fn kept(&self) -> &Kept {
        &self.kept
    }

    const fn requests(&self) -> &Requests {
        &self.requests
    }

    fn named(&self, name: &str) -> Option<&Source> {
        self.sources.get(name).map(|one| &one.source)
    }

    /// Finds the plans that have left since, and may still have incidents.
    fn departed<'p>(&self, present: impl Iterator<Item = &'p PlaybookId>) -> BTreeSet<PlaybookId> {
        let present: BTreeSet<&PlaybookId> = present.collect();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let departed = known.iter().filter(|id| !present.contains(id)).cloned().collect();
        for id in present {
            if !known.contains(id) {
                known.insert(id.clone());
            }
        }
        departed
    }
}

/// Has what fired before the start known again, as far as its bodies are kept; once.
pub async fn recall(app: &App) {
    let reading = || async {
        let app = app.clone();
        let read = tokio::task::spawn_blocking(move || {
            let (ingest, store) = (app.ingest(), app.runtime().store());
            let fired = ingest.kept.before_start(&**store, app.now()).flat_map(|(one, bytes)| {
                let source = ingest.named(&one.source);
                let read = source.and_then(|s| s.read_bytes(&one.media, &bytes, "").ok());
                let alerts = read.unwrap_or_default().alerts.into_iter().rev();
                let fires = alerts.map(|(alert, _)| alert).filter(|a| a.status == News::Firing);
                fires.map(move |alert| (alert, one.at))
            });
            let fired: Vec<_> = fired.take(RECENT_MAX).collect();
            ingest.hearing.state().recall(fired.into_iter());
        });
        if read.await.is_err() {
            tracing::error!("what fired before the start could not be read again");
        }
    };
    app.ingest().recalled.get_or_init(reading).await;
}

/// Finds the plans of the open incidents that alerts have begun, as their keys name them.
fn begun(store: &dyn Store, sources: &BTreeMap<SmolStr, IngestSource>) -> BTreeSet<PlaybookId> {
    let mut plans = BTreeSet::new();
    let mut before = None;
    loop {
        let query = Query { which: Which::Open, before, limit: Query::MAX_ROWS };
        let rows = store.list(query).unwrap_or_else(|error| {
            tracing::error!(%error, "open incidents cannot be listed");
            Vec::new()
        });
        let Some(last) = rows.last() else { return plans };
        before = Some(last.number);
        for key in rows.iter().filter_map(|row| row.dedup_key.as_deref()) {
            let mut parts = key.splitn(3, '/');
            if let (Some(source), Some(plan), Some(_)) = (parts.next(), parts.next(), parts.next())
                && sources.contains_key(source)
            {
                plans.insert(PlaybookId::new(plan));
            }
        }
    }
}
