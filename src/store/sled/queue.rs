//! The bounded way to the writer: a full queue refuses, it never acknowledges, and what fell due
//! does not wait behind requests.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::draft::Draft;
use super::snapshot::Frozen;
use crate::id::IncidentId;
use crate::store::layout::{Key, Table};
use crate::store::{Change, Lane, Pending, Redacted, StoreError};

/// Where the outcome of a request goes.
pub(super) type Reply<T> = oneshot::Sender<Result<T, StoreError>>;

/// What the writer is asked to do.
pub(super) enum Request {
    /// Append a batch.
    Append(Box<Draft>, Reply<u64>),
    /// Change documents.
    Put(Vec<Change>, Reply<Vec<u64>>),
    /// Work that runs alone.
    Maintain(Maintenance),
}

/// Work that reads and rewrites what is stored, outside of any group.
pub(super) enum Maintenance {
    Redact(IncidentId, Vec<String>, Reply<Redacted>),
    /// Remove the archive files that a redaction replaced while a backup needed them.
    Sweep(IncidentId, Redacted, Reply<Redacted>),
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
            Self::Redact(.., reply) | Self::Sweep(.., reply) => drop(reply.send(Err(error))),
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
            Self::Append(draft, _) => draft.bytes,
            Self::Put(changes, _) => changes.iter().map(Change::bytes).sum(),
            Self::Maintain(_) => 0,
        };
        bytes as u64
    }
}

/// The most bytes of ordinary appends that wait: a burst of large ones is refused before memory
/// runs short.
const MAX_WAITING_BYTES: u64 = 64 << 20;

/// What waits for the writer. What fell due has a lane of its own, which the writer empties first
/// and which no burst of requests can fill.
#[derive(Default)]
struct Lanes {
    due: VecDeque<Request>,
    ordinary: VecDeque<Request>,
    /// The bytes of the ordinary lane.
    bytes: u64,
    refused: u64,
    /// Whether the writer sleeps until something arrives.
    idle: bool,
    /// Whether nobody can ask any more, or nobody answers any more.
    closed: bool,
}

impl Lanes {
    fn take(&mut self) -> Option<Request> {
        let due = self.due.pop_front();
        due.or_else(|| {
            let request = self.ordinary.pop_front()?;
            self.bytes = self.bytes.saturating_sub(request.bytes());
            Some(request)
        })
    }

    fn waiting(&self) -> u64 {
        (self.due.len() + self.ordinary.len()) as u64
    }

    fn admit(&mut self, request: Request, limit: usize) -> Result<(), StoreError> {
        if self.closed {
            return Err(StoreError::Stopped);
        }
        let urgent = matches!(&request, Request::Append(draft, _) if draft.lane == Lane::Due);
        let lane = if urgent { &mut self.due } else { &mut self.ordinary };
        if lane.len() >= limit || (!urgent && self.bytes > MAX_WAITING_BYTES) {
            self.refused += 1;
            return Err(StoreError::Busy { queued: self.waiting() });
        }
        if !urgent {
            self.bytes += request.bytes();
        }
        lane.push_back(request);
        Ok(())
    }
}

/// The place where requests wait, seen from both ends.
#[derive(Default)]
pub(super) struct Line {
    lanes: Mutex<Lanes>,
    arrived: Condvar,
}

impl Line {
    /// Nothing panics while the lock is held.
    fn lanes(&self) -> MutexGuard<'_, Lanes> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn waiting(&self) -> u64 {
        self.lanes().waiting()
    }

    pub(super) fn refused(&self) -> u64 {
        self.lanes().refused
    }
}

/// The writer's end.
pub(super) struct Requests(Arc<Line>);

/// Nobody can ask any more and everything asked was taken.
pub(super) struct Ended;

impl Requests {
    /// Takes the next request if there is one.
    pub(super) fn try_next(&self) -> Option<Request> {
        self.0.lanes().take()
    }

    /// Waits for the next request, at most for `patience`; `None` when that is over.
    ///
    /// # Errors
    /// [`Ended`].
    pub(super) fn next(&self, patience: Option<Duration>) -> Result<Option<Request>, Ended> {
        let mut lanes = self.0.lanes();
        let until = patience.map(|patience| Instant::now() + patience);
        loop {
            if let Some(request) = lanes.take() {
                return Ok(Some(request));
            }
            if lanes.closed {
                return Err(Ended);
            }
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                return Ok(None);
            }
            lanes.idle = true;
            lanes = match left {
                Some(left) => {
                    let woken = self.0.arrived.wait_timeout(lanes, left);
                    woken.unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.0.arrived.wait(lanes).unwrap_or_else(PoisonError::into_inner),
            };
            lanes.idle = false;
        }
    }
}

impl Drop for Requests {
    /// Whoever still waits learns that the store has stopped.
    fn drop(&mut self) {
        let mut lanes = self.0.lanes();
        lanes.closed = true;
        let left = (std::mem::take(&mut lanes.due), std::mem::take(&mut lanes.ordinary));
        drop(lanes);
        drop(left);
    }
}

/// The end that requests are put in.
pub(super) struct Queue {
    line: Arc<Line>,
    limit: usize,
}

impl Queue {
    /// Makes both ends; `limit` requests may wait in a lane.
    pub(super) fn new(limit: usize) -> (Self, Requests, Arc<Line>) {
        let line = Arc::new(Line::default());
        (Self { line: Arc::clone(&line), limit }, Requests(Arc::clone(&line)), line)
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
        let mut lanes = self.line.lanes();
        let sent = lanes.admit(request, self.limit);
        let wake = lanes.idle;
        drop(lanes);
        if wake {
            self.line.arrived.notify_one();
        }
        sent
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        self.line.lanes().closed = true;
        self.line.arrived.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Mode, Status};
    use crate::store::{Batch, Digest, Summary};
    use crate::text::Text;

    fn append(number: u64, lane: Lane) -> impl FnOnce(Reply<u64>) -> Request {
        let summary = Summary {
            id: IncidentId::from_u128(number.into()),
            number,
            playbook: "outage".into(),
            playbook_hash: Digest::of(b""),
            title: Text::both("断", "down"),
            mode: Mode::Live,
            status: Status::Open,
            stuck: false,
            level: 1,
            level_provisional: false,
            phase: "one".into(),
            detected_at: Timestamp::UNIX_EPOCH,
            declared_at: Timestamp::UNIX_EPOCH,
            closed_at: None,
            restricted: false,
            involved: Vec::new(),
            dedup_key: None,
            version: 1,
            pending_notices: 0,
            open_clocks: 0,
        };
        let mut batch = Batch::new(0, vec![vec![1]], summary);
        batch.lane = lane;
        let draft = Draft::of(batch).expect("the batch is within its bounds");
        move |reply| Request::Append(Box::new(draft), reply)
    }

    fn taken(requests: &Requests) -> Vec<u64> {
        std::iter::from_fn(|| requests.try_next())
            .map(|request| match request {
                Request::Append(draft, _) => draft.row.summary.number,
                Request::Put(..) | Request::Maintain(_) => 0,
            })
            .collect()
    }

    #[test]
    fn what_fell_due_goes_before_requests_that_came_earlier() {
        let (queue, requests, line) = Queue::new(8);
        let lanes = [Lane::Ordinary, Lane::Due, Lane::Ordinary, Lane::Due];
        let _waits: Vec<_> = (1..).zip(lanes).map(|(n, lane)| queue.ask(append(n, lane))).collect();
        assert_eq!(line.waiting(), 4);
        assert_eq!(taken(&requests), [2, 4, 1, 3]);
        assert_eq!(line.waiting(), 0);
    }

    #[tokio::test]
    async fn a_full_lane_of_requests_still_takes_what_fell_due() {
        let (queue, requests, line) = Queue::new(2);
        let _waits: Vec<_> = (1..=2).map(|n| queue.ask(append(n, Lane::Ordinary))).collect();
        let refused = queue.ask(append(3, Lane::Ordinary)).await;
        assert!(matches!(refused, Err(StoreError::Busy { queued: 2 })), "{refused:?}");
        let _due = queue.ask(append(4, Lane::Due));
        assert_eq!((taken(&requests), line.refused()), (vec![4, 1, 2], 1));
    }

    #[tokio::test]
    async fn what_waits_when_the_writer_ends_learns_of_it() {
        let (queue, requests, _) = Queue::new(2);
        let waits = queue.ask(append(1, Lane::Due));
        drop(requests);
        assert!(matches!(waits.await, Err(StoreError::Stopped)));
        assert!(matches!(queue.ask(append(2, Lane::Due)).await, Err(StoreError::Stopped)));
    }

    #[test]
    fn the_writer_takes_what_is_left_before_it_ends() {
        let (queue, requests, _) = Queue::new(2);
        let _waits = queue.ask(append(1, Lane::Ordinary));
        drop(queue);
        assert!(requests.next(None).is_ok_and(|next| next.is_some()));
        assert!(requests.next(None).is_err());
    }
}
