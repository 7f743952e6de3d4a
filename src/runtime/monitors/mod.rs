//! The monitors at work inside the server: batches of occurrences are made durable, counted, and
//! looked at once a minute. It must not know HTTP, nor what an occurrence looked like on the way in.

mod desk;
mod shelf;
mod state;
mod teller;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tokio::sync::{Notify, mpsc, oneshot};

use super::Runtime;
use crate::signal::{Batch, Monitor, Outlook, Standing, Tallied, Wanted};
use crate::store::{Change, Store, StoreError};
use state::State;

pub(super) use desk::run;
pub(super) use teller::run as tell;

/// Batches that wait to be made durable: a few rounds of the disk. Beyond them the sender waits.
const QUEUE_MAX: usize = 256;

/// A batch on its way, with what is stored together with it.
struct Handed {
    batch: Batch,
    keep: Option<Change>,
    done: oneshot::Sender<Result<(), StoreError>>,
}

/// The monitors of the configuration, with what they know.
pub(super) struct Monitors {
    wanted: Wanted,
    state: Arc<Mutex<State>>,
    queue: mpsc::Sender<Handed>,
    inbox: Mutex<Option<mpsc::Receiver<Handed>>>,
    /// Told after every look at the monitors.
    looked: Notify,
}

/// How one monitor stands.
#[derive(Debug, Clone, PartialEq)]
pub struct MonitorView {
    /// What it watches, and when it is too much.
    pub monitor: Monitor,
    /// How it stands.
    pub standing: Standing,
    /// What its last look saw.
    pub outlook: Outlook,
    /// What became of all that was counted.
    pub tallied: Tallied,
    /// How many groups are counted apart.
    pub groups: usize,
    /// The minute it looked at last.
    pub looked_at: Timestamp,
}

impl Monitors {
    /// Takes up the monitors where they were left. Blocks on the disk.
    pub fn open(monitors: Vec<Monitor>, store: &dyn Store, now: Timestamp) -> Self {
        let wanted = Wanted::by(&monitors);
        let state = shelf::open(monitors, store, now);
        let (queue, inbox) = mpsc::channel(QUEUE_MAX);
        let (state, inbox) = (Arc::new(Mutex::new(state)), Mutex::new(Some(inbox)));
        Self { wanted, state, queue, inbox, looked: Notify::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }

    /// Returns how every monitor's surge stands.
    fn now(&self) -> Vec<teller::Now> {
        let now = |watch: &crate::signal::Watch| teller::Now {
            monitor: watch.monitor().clone(),
            surge: watch.surge().cloned(),
            ended: watch.ended().cloned(),
        };
        self.state().watches.iter().map(now).collect()
    }

    /// Takes the end of the queue that the desk works at; there is one desk.
    fn inbox(&self) -> Option<mpsc::Receiver<Handed>> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Hands a batch to the desk; done once it is durable and counted.
    async fn take(&self, batch: Batch, keep: Option<Change>) -> Result<(), StoreError> {
        let (done, answer) = oneshot::channel();
        self.queue.try_send(Handed { batch, keep, done }).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => StoreError::Busy { queued: QUEUE_MAX as u64 },
            mpsc::error::TrySendError::Closed(_) => StoreError::Stopped,
        })?;
        answer.await.unwrap_or(Err(StoreError::Stopped))
    }
}

/// Counting does not panic; if it did, a count that is off by some is better than none.
fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Runtime {
    /// Returns what the monitors ask of occurrences.
    #[must_use]
    pub fn wanted_signals(&self) -> &Wanted {
        &self.inner().monitors.wanted
    }

    /// Counts the surges that go on.
    #[must_use]
    pub fn surges_open(&self) -> u64 {
        self.inner().monitors.state().surging()
    }

    /// Counts a batch; done once it is durable, together with the change that is kept with it.
    ///
    /// # Errors
    /// The store's own. After [`StoreError::Failed`] and [`StoreError::Stopped`] it may have been
    /// counted: whoever sends it again uses a key.
    pub async fn count_signals(
        &self,
        batch: Batch,
        keep: Option<Change>,
    ) -> Result<(), StoreError> {
        self.inner().monitors.take(batch, keep).await
    }

    /// Returns how the monitors stand, in the order of the configuration.
    #[must_use]
    pub fn monitors(&self) -> Vec<MonitorView> {
        let now = self.inner().clock.now();
        let state = self.inner().monitors.state();
        let view = |watch: &crate::signal::Watch| MonitorView {
            monitor: watch.monitor().clone(),
            standing: watch.standing(now),
            outlook: watch.outlook(now),
            tallied: watch.tallied(),
            groups: watch.groups(),
            looked_at: state::start_of(state.minute),
        };
        state.watches.iter().map(view).collect()
    }
}
