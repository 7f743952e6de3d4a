//! The writer: one thread, one group after the other.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use ::sled::Batch as Writes;
use tokio::time::Instant;

use super::disk::{Disk, Syncer};
use super::draft::Draft;
use super::journal::Shared;
use super::open::{OpenReport, build_index, open_disk, panic_text};
use super::queue::{Ended, Maintenance, Reply, Request, Requests};
use super::snapshot::Camera;
use super::stage::{Stage, Staged};
use crate::store::{Change, StoreError};

/// The most records of a group: larger ones cost more latency than they save syncs. The events
/// of one append lie in one record.
const GROUP_RECORDS: usize = 512;

/// The most bytes of a group, so that a few large appends do not hold up everyone else.
const GROUP_BYTES: usize = 4 << 20;

/// How often a failed database is opened anew, and put-off work is looked at.
const RETRY: Duration = Duration::from_secs(1);

/// The thread's state.
pub(super) struct Writer {
    pub(super) shared: Arc<Shared>,
    requests: Requests,
    /// `None` while the database is closed.
    pub(super) syncer: Option<Syncer>,
    pub(super) camera: Camera,
    /// Work that waits for its turn, or for the end of a backup.
    pub(super) later: VecDeque<Maintenance>,
    retry_at: Instant,
}

/// An outcome on its way back.
enum Ack {
    Version(Reply<u64>, Result<u64, StoreError>),
    Versions(Reply<Vec<u64>>, Result<Vec<u64>, StoreError>),
}

impl Ack {
    /// Tells the outcome, or that the whole group failed. Whoever asked may not wait any more.
    fn send(self, failure: Option<&StoreError>) {
        match (self, failure.cloned()) {
            (Self::Version(reply, outcome), None) => drop(reply.send(outcome)),
            (Self::Version(reply, _), Some(error)) => drop(reply.send(Err(error))),
            (Self::Versions(reply, outcome), None) => drop(reply.send(outcome)),
            (Self::Versions(reply, _), Some(error)) => drop(reply.send(Err(error))),
        }
    }
}

/// The requests of one group.
#[derive(Default)]
struct Group {
    acks: Vec<Ack>,
    appends: u64,
    events: u64,
    /// What was gathered, whatever came of it: appends and documents, and their bytes.
    records: usize,
    bytes: usize,
}

impl Group {
    fn change(&mut self, stage: &mut Stage<'_>, changes: Vec<Change>, reply: Reply<Vec<u64>>) {
        self.records += changes.len();
        self.bytes += changes.iter().map(Change::bytes).sum::<usize>();
        self.acks.push(Ack::Versions(reply, stage.change(changes)));
    }

    const fn is_full(&self) -> bool {
        self.records >= GROUP_RECORDS || self.bytes >= GROUP_BYTES
    }

    fn append(&mut self, stage: &mut Stage<'_>, draft: Draft, reply: Reply<u64>) {
        let events = draft.events();
        self.records += 1;
        self.bytes += draft.bytes;
        let outcome = stage.append(draft);
        if outcome.is_ok() {
            self.appends += 1;
            self.events += events;
        }
        self.acks.push(Ack::Version(reply, outcome));
    }
}

impl Writer {
    pub(super) fn new(shared: Arc<Shared>, requests: Requests, syncer: Syncer) -> Self {
        Self {
            shared,
            requests,
            syncer: Some(syncer),
            camera: Camera::default(),
            later: VecDeque::new(),
            retry_at: Instant::now(),
        }
    }

    /// Serves requests until nobody can make any more, then closes the database.
    pub(super) fn run(&mut self) {
        while let Ok(request) = self.next() {
            match request {
                Some(Request::Maintain(work)) => put_off(&mut self.later, work),
                Some(request) => self.serve(request),
                None => self.recover(),
            }
            self.maintain_once();
        }
        while !self.later.is_empty() && !self.camera.is_open() {
            self.maintain_once();
        }
        self.close();
    }

    /// Waits for a request; `None` when something else may have to be done.
    fn next(&self) -> Result<Option<Request>, Ended> {
        let failed = self.shared.failure().is_some();
        if self.later.is_empty() && !failed {
            return self.requests.next(None);
        }
        let pause = if failed || self.camera.is_open() { RETRY } else { Duration::ZERO };
        self.requests.next(Some(pause))
    }

    /// Checks that writing makes sense, opening a failed database anew.
    pub(super) fn ready(&mut self) -> Result<Disk, StoreError> {
        if self.shared.failure().is_some() {
            self.recover();
        }
        self.shared.check_room()?;
        let failure = self.shared.failure().clone();
        failure.map_or_else(|| self.shared.disk(), Err)
    }

    /// Gathers a group that begins with `first`, makes it durable, and acknowledges it.
    fn serve(&mut self, first: Request) {
        let mut group = Group::default();
        let outcome = match self.ready() {
            Ok(disk) => self.guarded(|writer| writer.write_group(&disk, first, &mut group)),
            Err(error) => {
                refuse(first, &error);
                return;
            }
        };
        for ack in group.acks {
            ack.send(outcome.as_ref().err());
        }
    }

    fn write_group(
        &mut self,
        disk: &Disk,
        first: Request,
        group: &mut Group,
    ) -> Result<(), StoreError> {
        let shared = Arc::clone(&self.shared);
        let mut stage = Stage::new(shared.reader(disk), &self.camera);
        let mut request = Some(first);
        while let Some(next) = request.take() {
            match next {
                Request::Append(draft, reply) => group.append(&mut stage, *draft, reply),
                Request::Put(changes, reply) => group.change(&mut stage, changes, reply),
                Request::Maintain(work) => {
                    put_off(&mut self.later, work);
                    break;
                }
            }
            if !group.is_full() {
                request = self.requests.try_next();
            }
        }
        let staged = stage.finish()?;
        self.commit(disk, staged)?;
        self.count(group);
        Ok(())
    }

    /// Does work during which the database may panic; then it counts as failed.
    pub(super) fn guarded<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        catch_unwind(AssertUnwindSafe(|| work(self))).unwrap_or_else(|panic| {
            let why = format!("the database panicked: {}", panic_text(panic.as_ref()));
            let error = StoreError::Failed { doing: "writing", why };
            self.fail(&error);
            Err(error)
        })
    }

    /// Makes changes durable, then shows them to readers.
    pub(super) fn commit(&mut self, disk: &Disk, staged: Staged) -> Result<(), StoreError> {
        let begun = Instant::now();
        let Staged { writes, rewrites, rows } = staged;
        if let Err(error) = self.make_durable(disk, writes, rewrites) {
            self.fail(&error);
            return Err(error);
        }
        let took = u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.shared.counters.syncing_nanos.fetch_add(took, Ordering::Relaxed);
        self.shared.counters.last_sync_nanos.store(took, Ordering::Relaxed);
        let mut index = self.shared.index.write().unwrap_or_else(PoisonError::into_inner);
        for row in rows {
            index.note(row);
        }
        Ok(())
    }

    fn make_durable(&self, disk: &Disk, writes: Writes, rewrites: bool) -> Result<(), StoreError> {
        let syncer = self.syncer.as_ref().ok_or(StoreError::Stopped)?;
        if rewrites {
            self.shared.rewrites.during(|| disk.apply(writes))?;
        } else {
            disk.apply(writes)?;
        }
        syncer.sync(disk)
    }

    fn count(&self, group: &Group) {
        let counters = &self.shared.counters;
        counters.appends.fetch_add(group.appends, Ordering::Relaxed);
        counters.events.fetch_add(group.events, Ordering::Relaxed);
        counters.groups.fetch_add(1, Ordering::Relaxed);
        counters.largest_group.fetch_max(group.acks.len() as u64, Ordering::Relaxed);
    }

    /// Takes note that the database failed: what it holds in memory may not be on disk, so
    /// nothing more is written to it. Reads of what is durable go on.
    fn fail(&mut self, error: &StoreError) {
        tracing::error!(%error, "the journal failed and refuses writes until it is opened anew");
        *self.shared.failure() = Some(error.clone());
        self.retry_at = Instant::now() + RETRY;
    }

    /// Opens a failed database anew, when it is time and there is room.
    fn recover(&mut self) {
        if self.shared.failure().is_none() || Instant::now() < self.retry_at {
            return;
        }
        self.retry_at = Instant::now() + RETRY;
        if self.shared.check_room().is_err() {
            return;
        }
        self.close();
        match self.reopen() {
            Ok(()) => {
                tracing::info!("the journal is open again");
                *self.shared.failure() = None;
            }
            Err(error) => self.fail(&error),
        }
    }

    fn reopen(&mut self) -> Result<(), StoreError> {
        let mut report = OpenReport::default();
        let (disk, syncer) = open_disk(&self.shared.paths, RETRY, &mut report)?;
        let index = build_index(disk.db(), &mut report)?;
        if !report.is_ordinary() {
            tracing::warn!(?report, "the journal was repaired");
        }
        *self.shared.index.write().unwrap_or_else(PoisonError::into_inner) = index;
        *self.shared.disk.write().unwrap_or_else(PoisonError::into_inner) = Some(disk);
        self.syncer = Some(syncer);
        Ok(())
    }

    fn close(&mut self) {
        self.syncer = None;
        let disk = self.shared.disk.write().unwrap_or_else(PoisonError::into_inner).take();
        // A failed database may panic when it flushes for the last time.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(disk)));
    }
}

/// Lines up work for between two groups. A redaction goes first: what is handed over after it is
/// not erased by it.
fn put_off(later: &mut VecDeque<Maintenance>, work: Maintenance) {
    match work {
        Maintenance::Redact(..) => later.push_front(work),
        _ => later.push_back(work),
    }
}

fn refuse(request: Request, error: &StoreError) {
    match request {
        Request::Append(_, reply) => drop(reply.send(Err(error.clone()))),
        Request::Put(_, reply) => drop(reply.send(Err(error.clone()))),
        Request::Maintain(work) => work.refuse(error.clone()),
    }
}
