//! Where alerts are heard before anything is begun: the [`Ledger`], the silences that people made,
//! and when each source was last heard of. What must outlive the process is durable before the sender
//! is answered.

use std::collections::{BTreeMap, VecDeque};
use std::ops::ControlFlow;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use smol_str::SmolStr;
use tokio::sync::Notify;

use super::heartbeat::Beats;
use super::silences::{MadeSilence, Silences};
use crate::ingest::{Alert, Heard, Held, Lasting, Ledger, News, Policy, Verdict};
use crate::server::app::App;
use crate::server::wire::TriedAlert;
use crate::store::{Batch, Change, Expect, Kind, Store, StoreError, each_document};

/// Alerts that a silence can be tried on.
pub(super) const RECENT_MAX: usize = 2_000;
/// Labels kept of each of those: more than any silence names.
const RECENT_LABELS_MAX: usize = 64;

/// Where alerts are heard.
#[derive(Debug)]
pub struct Hearing {
    state: Mutex<State>,
    /// Held while something is written, so that what is written last is what is known last.
    writing: tokio::sync::Mutex<()>,
    changed: Notify,
}

#[derive(Debug)]
pub(in crate::server) struct State {
    /// What fires.
    pub ledger: Ledger,
    /// What mutes, with the silences of the configuration and those that people made.
    pub policy: Policy,
    /// Where those come from.
    pub silences: Silences,
    /// When each source was heard of.
    pub beats: Beats,
    /// What fired lately.
    pub recent: VecDeque<TriedAlert>,
}

impl Hearing {
    /// Reads what was kept before. What waits is looked at at once: the configuration may be new.
    pub fn open(policy: Policy, beats: Beats, store: &dyn Store, now: Timestamp) -> Self {
        let mut ledger = Ledger::default();
        for content in documents(store, Kind::Trouble) {
            if let Err(error) = ledger.restore(&content) {
                tracing::error!(%error, "a trouble that waited cannot be read");
            }
        }
        ledger.look_again(now);
        let read = |content: Vec<u8>| serde_json::from_slice::<MadeSilence>(&content).ok();
        let made = documents(store, Kind::Silence).into_iter().filter_map(read);
        let silences = Silences::new(policy.silences.clone(), made);
        let policy = Policy { silences: silences.all(), ..policy };
        let recent = VecDeque::new();
        let state = State { ledger, policy, silences, beats, recent };
        let (writing, changed) = (tokio::sync::Mutex::new(()), Notify::new());
        Self { state: Mutex::new(state), writing, changed }
    }

    /// Looks at what is known. Nothing may be waited for meanwhile.
    pub(in crate::server) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hears alerts; done when what is held back of them is durable.
    ///
    /// # Errors
    /// The store's own; then nothing may be said of them, and the sender sends them again.
    pub async fn hear(
        &self,
        app: &App,
        alerts: Vec<Alert>,
        open: &(dyn Fn(&Alert) -> bool + Sync),
    ) -> Result<Heard, StoreError> {
        let now = app.now();
        let heard = {
            let mut state = self.state();
            for alert in alerts.iter().filter(|alert| alert.status == News::Firing) {
                state.remember(alert, now);
            }
            let State { ledger, policy, .. } = &mut *state;
            ledger.hear(alerts, &|alert| open(alert), policy, now)
        };
        let mut muted = false;
        for (alert, verdict) in &heard {
            if let Verdict::Muted(mute) = verdict {
                muted = true;
                tracing::info!(source = %alert.source, reason = mute.as_str(), "an alert is muted");
            }
        }
        self.write(&**app.runtime().store()).await?;
        if muted {
            self.wake();
        }
        Ok(heard)
    }

    /// Writes down what changed.
    pub(super) async fn write(&self, store: &dyn Store) -> Result<(), StoreError> {
        let _writing = self.writing.lock().await;
        let changes = self.state().ledger.take_changes();
        let mut rest = changes.as_slice();
        while !rest.is_empty() {
            let (now, later) = rest.split_at(at_once(rest));
            if let Err(error) = store.put(now.iter().map(change).collect()).await {
                let unwritten = rest.to_vec();
                self.state().ledger.not_written(unwritten);
                return Err(error);
            }
            rest = later;
        }
        Ok(())
    }

    /// Makes a silence, or changes one; done when it is durable.
    ///
    /// # Errors
    /// The store's own.
    pub async fn put_silence(
        &self,
        store: &dyn Store,
        silence: MadeSilence,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let bytes = serde_json::to_vec(&silence).unwrap_or_default();
        let name = silence.id.to_string();
        store.put(vec![Change::write(Kind::Silence, name, Expect::Any, bytes)]).await?;
        let mut state = self.state();
        state.silences.put(silence);
        state.resilence(now);
        drop(state);
        self.wake();
        Ok(())
    }

    /// Forgets a silence; done when that is durable.
    ///
    /// # Errors
    /// The store's own.
    pub async fn erase_silence(
        &self,
        store: &dyn Store,
        id: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        store.put(vec![Change::delete(Kind::Silence, id, Expect::Any)]).await?;
        let mut state = self.state();
        state.silences.forget(id);
        state.resilence(now);
        drop(state);
        self.wake();
        Ok(())
    }

    /// Puts another policy into force; tells whether it is another. What waits is looked at anew.
    /// What fires already keeps others quiet by a new rule once it is heard of again.
    pub fn configure(&self, policy: Policy, now: Timestamp) -> bool {
        let mut state = self.state();
        let before =
            Policy { silences: state.silences.configured().to_vec(), ..state.policy.clone() };
        if policy == before {
            return false;
        }
        state.silences.configure(policy.silences.clone());
        state.policy = policy;
        state.resilence(now);
        drop(state);
        self.wake();
        true
    }

    /// Lists what waits.
    pub fn waiting(&self) -> Vec<Held> {
        self.state().ledger.waiting().cloned().collect()
    }

    /// Counts what waits by what mutes it.
    pub fn waiting_by_reason(&self) -> BTreeMap<&'static str, u64> {
        let mut counts = BTreeMap::new();
        for held in self.state().ledger.waiting() {
            *counts.entry(held.mute.as_str()).or_default() += 1;
        }
        counts
    }

    /// Returns when something is to be done next.
    pub fn next(&self, now: Timestamp) -> Option<Timestamp> {
        let state = self.state();
        state.ledger.next_due().into_iter().chain(state.beats.next(now)).min()
    }

    /// Has whoever waits for [`next`](Self::next) look again.
    pub(super) fn wake(&self) {
        self.changed.notify_one();
    }

    /// Waits until what is next may have changed.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Notes that a source was heard of.
    pub fn beat(&self, source: &SmolStr, now: Timestamp) {
        if self.state().beats.beat(source, now) {
            self.wake();
        }
    }
}

impl State {
    /// Puts what fired before the start in front of what fired since, the latest first, as far as
    /// there is room.
    pub fn recall(&mut self, earlier: impl Iterator<Item = (Alert, Timestamp)>) {
        let room = RECENT_MAX.saturating_sub(self.recent.len());
        for (alert, at) in earlier.take(room) {
            self.recent.push_front(tried(&alert, at));
        }
    }

    /// Has what waits looked at again, since the silences have changed.
    fn resilence(&mut self, now: Timestamp) {
        self.policy.silences = self.silences.all();
        self.ledger.look_again(now);
    }

    fn remember(&mut self, alert: &Alert, now: Timestamp) {
        if self.recent.len() >= RECENT_MAX {
            self.recent.pop_front();
        }
        self.recent.push_back(tried(alert, now));
    }
}

/// Keeps of an alert what a silence can be tried on.
fn tried(alert: &Alert, at: Timestamp) -> TriedAlert {
    let labels = alert.labels.iter().take(RECENT_LABELS_MAX);
    TriedAlert {
        source: alert.source.clone(),
        name: alert.name.clone(),
        at,
        labels: labels.map(|(key, value)| (key.clone(), value.clone())).collect(),
    }
}

/// Counts how many of these the store takes in one append.
fn at_once(changes: &[Lasting]) -> usize {
    let mut bytes = 0;
    let fits = changes.iter().take_while(|lasting| {
        bytes += lasting.bytes.as_ref().map_or(0, Vec::len);
        bytes <= Batch::MAX_BYTES / 2
    });
    fits.count().max(1)
}

fn change(lasting: &Lasting) -> Change {
    let name = lasting.key.digest();
    match &lasting.bytes {
        Some(bytes) => Change::write(Kind::Trouble, name, Expect::Any, bytes.clone()),
        None => Change::delete(Kind::Trouble, name, Expect::Any),
    }
}

fn documents(store: &dyn Store, kind: Kind) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    let read = each_document(store, kind, "", &mut |document| {
        all.push(document.content);
        Ok(ControlFlow::Continue(()))
    });
    if let Err(error) = read {
        tracing::error!(%error, kind = kind.name(), "what was kept of alerts cannot be read");
    }
    all
}
