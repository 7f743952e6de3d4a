//! The doors for alerts of other tools: each source has its own key, which opens nothing else. What a
//! body means is for [`ingest`](crate::ingest) to say; here it is let in, carried to the runtime, and
//! answered once that is durable.

mod carry;
mod door;
mod handlers;
mod pagerduty;
mod unmatched;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use smol_str::SmolStr;
use tokio::sync::Semaphore;

use crate::config::IngestSource;
use crate::store::Store;

pub use handlers::{
    __path_alertmanager, __path_cloudevents, __path_generic, __path_grafana, __path_unmatched,
    alertmanager, cloudevents, generic, grafana, handshake, unmatched,
};
pub use pagerduty::{__path_enqueue, enqueue};
pub use unmatched::Unmatched;

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
}

impl Ingest {
    /// Opens the doors of the configured sources.
    #[must_use]
    pub fn new(sources: BTreeMap<SmolStr, IngestSource>, store: &Arc<dyn Store>) -> Self {
        Self { sources, room: Semaphore::new(AT_ONCE_MAX), unmatched: Unmatched::open(&**store) }
    }

    /// Returns what matched nothing.
    #[must_use]
    pub fn unmatched(&self) -> &Unmatched {
        &self.unmatched
    }
}
