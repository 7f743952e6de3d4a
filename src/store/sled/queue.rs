//! The bounded way to the writer: a full queue refuses, it never acknowledges.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use jiff::Timestamp;
use tokio::sync::oneshot;

use super::snapshot::Frozen;
use crate::id::IncidentId;
use crate::store::layout::{Key, Table};
use crate::store::{Batch, Change, Pending, Redacted, StoreError};

/// Where the outcome of a request goes.
pub(super) type Reply<T> = oneshot::Sender<Result<T, StoreError>>;

/// What the writer is asked to do.
pub(super) enum Request {
    /// Append a batch; beside it the JSON of its row.
    Append(Box<Batch>, Vec<u8>, Reply<u64>),
    /// Change documents.
    Put(Vec<Change>, Reply<Vec<u64>>),
    /// Work that runs alone.
    Maintain(Maintenance),
}

/// Work that reads and rewrites what is stored, outside of any group.
pub(super) enum Maintenance {
    Redact(IncidentId, Vec<String>, Reply<Redacted>),
    Archive(IncidentId, Reply<()>),
    /// Forget answers in small turns: from which key on, and how many are forgotten already.
    Forget {
        older_than: Timestamp,
        from: Vec<u8>,
        forgotten: u64,
        reply: Reply<u64>,
    },
    /// Hold still the picture a backup takes.
    Freeze(Reply<Frozen>),
}

impl Maintenance {
    pub(super) fn forget(older_than: Timestamp, reply: Reply<u64>) -> Self {
        let from = Key::table(Table::Answers).as_bytes().to_vec();
        Self::Forget { older_than, from, forgotten: 0, reply }
    }

    /// Answers that it was not done.
    pub(super) fn refuse(self, error: StoreError) {
        // Whoever asked may have stopped waiting.
        match self {
            Self::Redact(.., reply) => drop(reply.send(Err(error))),
            Self::Archive(.., reply) => drop(reply.send(Err(error))),
            Self::Forget { reply, .. } => drop(reply.send(Err(error))),
            Self::Freeze(reply) => drop(reply.send(Err(error))),
        }
    }
}

impl Request {
    /// Returns roughly how much memory the request holds.
    fn bytes(&self) -> u64 {
        let bytes = match self {
            Self::Append(batch, row, _) => batch.bytes() + row.len(),
            Self::Put(changes, _) => changes.iter().map(Change::bytes).sum(),
            Self::Maintain(_) => 0,
        };
        bytes as u64
    }
}

/// The most bytes that wait: a burst of large appends is refused before memory runs short.
const MAX_WAITING_BYTES: u64 = 64 << 20;

/// How much waits, seen from both ends.
#[derive(Debug, Default)]
pub(super) struct Load {
    waiting: AtomicU64,
    bytes: AtomicU64,
    refused: AtomicU64,
}

impl Load {
    pub(super) fn waiting(&self) -> u64 {
        self.waiting.load(Ordering::Relaxed)
    }

    pub(super) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Takes a request off the load: the writer has it now.
    pub(super) fn taken(&self, request: &Request) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        self.bytes.fetch_sub(request.bytes(), Ordering::Relaxed);
    }
}

/// The end that requests are put in.
pub(super) struct Queue {
    sender: SyncSender<Request>,
    load: Arc<Load>,
}

impl Queue {
    pub(super) fn new(limit: usize) -> (Self, Receiver<Request>, Arc<Load>) {
        let (sender, receiver) = sync_channel(limit);
        let load = Arc::new(Load::default());
        (Self { sender, load: Arc::clone(&load) }, receiver, load)
    }

    /// Hands a request to the writer now; the future only waits for its outcome.
    pub(super) fn ask<T: Send + 'static>(
        &self,
        request: impl FnOnce(Reply<T>) -> Request,
    ) -> Pending<T> {
        let (reply, outcome) = oneshot::channel();
        match self.send(request(reply)) {
            Ok(()) => Box::pin(async { outcome.await.unwrap_or(Err(StoreError::Stopped)) }),
            Err(error) => Box::pin(std::future::ready(Err(error))),
        }
    }

    /// As [`Queue::ask`], from a thread that may block.
    pub(super) fn ask_blocking<T: Send + 'static>(
        &self,
        request: impl FnOnce(Reply<T>) -> Request,
    ) -> Result<T, StoreError> {
        let (reply, outcome) = oneshot::channel();
        self.send(request(reply))?;
        outcome.blocking_recv().unwrap_or(Err(StoreError::Stopped))
    }

    fn send(&self, request: Request) -> Result<(), StoreError> {
        let bytes = request.bytes();
        let queued = self.load.waiting.fetch_add(1, Ordering::Relaxed);
        let waiting_bytes = self.load.bytes.fetch_add(bytes, Ordering::Relaxed);
        let sent = if waiting_bytes > MAX_WAITING_BYTES {
            Err(StoreError::Busy { queued })
        } else {
            self.sender.try_send(request).map_err(|error| match error {
                TrySendError::Full(_) => StoreError::Busy { queued },
                TrySendError::Disconnected(_) => StoreError::Stopped,
            })
        };
        if sent.is_err() {
            self.load.waiting.fetch_sub(1, Ordering::Relaxed);
            self.load.bytes.fetch_sub(bytes, Ordering::Relaxed);
            self.load.refused.fetch_add(1, Ordering::Relaxed);
        }
        sent
    }
}
