//! The store as the rest of the program holds it.

use std::fmt;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use jiff::Timestamp;

use super::disk::{Disk, Paths, failed, free_bytes};
use super::draft::Draft;
use super::open::{OpenReport, Opened, Options, build_index, open_disk, take_lock};
use super::queue::{Line, Maintenance, Queue, Reply, Request};
use super::read::{Reader, Rewrites};
use super::snapshot::Frozen;
use super::writer::Writer;
use crate::engine::Mode;
use crate::id::IncidentId;
use crate::store::backup;
use crate::store::index::Index;
use crate::store::{
    Audit, Batch, Change, Document, Health, Idempotency, Kind, Pending, Query, Redacted, Stats,
    Store, StoreError, Stream, Summary, Verdict,
};

/// A journal in a directory of one machine.
pub struct Sled {
    shared: Arc<Shared>,
    /// Taken when the store is dropped: the writer ends when nobody can ask it any more.
    queue: Option<Queue>,
    writer: Option<JoinHandle<()>>,
    /// Held until the writer has let go of the database.
    _lock: File,
}

/// What readers and the writer share.
pub(super) struct Shared {
    pub(super) paths: Paths,
    pub(super) options: Options,
    /// `None` while the writer opens the database anew after a failure.
    pub(super) disk: RwLock<Option<Disk>>,
    pub(super) index: RwLock<Index>,
    pub(super) rewrites: Rewrites,
    /// Why the database failed, until it is opened anew.
    pub(super) failure: Mutex<Option<StoreError>>,
    pub(super) line: Arc<Line>,
    pub(super) counters: Counters,
}

/// What the writer has done.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) appends: AtomicU64,
    pub(super) events: AtomicU64,
    pub(super) groups: AtomicU64,
    pub(super) largest_group: AtomicU64,
    pub(super) syncing_nanos: AtomicU64,
    pub(super) last_sync_nanos: AtomicU64,
}

impl Shared {
    pub(super) fn failure(&self) -> MutexGuard<'_, Option<StoreError>> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the open database, or why there is none.
    pub(super) fn disk(&self) -> Result<Disk, StoreError> {
        let disk = self.disk.read().unwrap_or_else(PoisonError::into_inner).clone();
        disk.ok_or_else(|| self.failure().clone().unwrap_or(StoreError::Stopped))
    }

    pub(super) fn reader<'a>(&'a self, disk: &'a Disk) -> Reader<'a> {
        Reader { db: disk.db(), index: &self.index, rewrites: &self.rewrites, paths: &self.paths }
    }

    fn read<T>(
        &self,
        read: impl FnOnce(&Reader<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let disk = self.disk()?;
        read(&self.reader(&disk))
    }

    fn index<T>(&self, read: impl FnOnce(&Index) -> T) -> T {
        read(&self.index.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Checks that there is room for one more group.
    pub(super) fn check_room(&self) -> Result<(), StoreError> {
        let (free, needed) = (free_bytes(&self.paths.data)?, self.options.reserve_bytes);
        if free < needed { Err(StoreError::Full { free, needed }) } else { Ok(()) }
    }
}

impl fmt::Debug for Sled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sled").field("data", &self.shared.paths.data).finish_non_exhaustive()
    }
}

impl Sled {
    /// Tells whether a data directory holds a store, without making one.
    #[must_use]
    pub fn is_in(data: &Path) -> bool {
        Paths::new(data).journal().exists()
    }

    /// Opens the store in a data directory, making it where there is none.
    ///
    /// # Errors
    /// [`StoreError::Locked`] when another process still has it after a few seconds,
    /// [`StoreError::Damaged`] when it is beyond repair, [`StoreError::Failed`] when the disk
    /// refuses.
    pub fn open(data: &Path, options: Options) -> Result<Opened, StoreError> {
        make_private_dir(data)?;
        let paths = Paths::new(data);
        let lock = take_lock(&paths, options.lock_wait)?;
        let mut report = OpenReport::default();
        let (disk, syncer) = open_disk(&paths, options.lock_wait, &mut report)?;
        let index = build_index(disk.db(), &mut report)?;
        let (queue, requests, line) = Queue::new(options.queue);
        let shared = Arc::new(Shared {
            paths,
            options,
            disk: RwLock::new(Some(disk)),
            index: RwLock::new(index),
            rewrites: Rewrites::default(),
            failure: Mutex::new(None),
            line,
            counters: Counters::default(),
        });
        let mut writer = Writer::new(Arc::clone(&shared), requests, syncer);
        let thread = Builder::new().name("journal".to_owned()).spawn(move || writer.run());
        let thread = thread.map_err(|error| failed("starting the writer", &error))?;
        let store = Self { shared, queue: Some(queue), writer: Some(thread), _lock: lock };
        if report.repaired {
            report.audit = Some(store.verify_all(&mut |_, _| ())?);
        }
        Ok(Opened { store, report })
    }

    fn ask<T: Send + 'static>(&self, request: impl FnOnce(Reply<T>) -> Request) -> Pending<T> {
        match &self.queue {
            Some(queue) => queue.ask(request),
            None => refused(StoreError::Stopped),
        }
    }

    /// Holds the store's present state still for a backup.
    fn freeze(&self) -> Result<Frozen, StoreError> {
        let queue = self.queue.as_ref().ok_or(StoreError::Stopped)?;
        queue.ask_blocking(|reply| Request::Maintain(Maintenance::Freeze(reply)))
    }
}

impl Drop for Sled {
    /// Waits until everything handed over is durable and the database is closed.
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has nothing left to finish.
            let _ = writer.join();
        }
    }
}

fn refused<T: Send + 'static>(error: StoreError) -> Pending<T> {
    Box::pin(std::future::ready(Err(error)))
}

/// Makes a directory that only the owner may enter: it holds personal content.
fn make_private_dir(dir: &Path) -> Result<(), StoreError> {
    if dir.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(|error| failed("making the data directory", &error))
}

impl Store for Sled {
    fn append(&self, batch: Batch) -> Pending<u64> {
        match Draft::of(batch) {
            Ok(draft) => self.ask(|reply| Request::Append(Box::new(draft), reply)),
            Err(error) => refused(error),
        }
    }

    fn put(&self, changes: Vec<Change>) -> Pending<Vec<u64>> {
        match Change::check_all(&changes) {
            Ok(()) => self.ask(|reply| Request::Put(changes, reply)),
            Err(error) => refused(error),
        }
    }

    fn redact(&self, incident: IncidentId, references: Vec<String>) -> Pending<Redacted> {
        self.ask(|reply| Request::Maintain(Maintenance::Redact(incident, references, reply)))
    }

    fn archive(&self, incident: IncidentId) -> Pending<()> {
        self.ask(|reply| Request::Maintain(Maintenance::Archive(incident, reply)))
    }

    fn forget_idempotency(&self, older_than: Timestamp) -> Pending<u64> {
        self.ask(|reply| Request::Maintain(Maintenance::forget(older_than, reply)))
    }

    fn tail(&self, incident: IncidentId, after: u64) -> Result<Option<Stream>, StoreError> {
        self.shared.read(|reader| reader.tail(incident, after))
    }

    fn summary(&self, incident: IncidentId) -> Result<Option<Summary>, StoreError> {
        let row = self.shared.read(|reader| reader.row(incident))?;
        Ok(row.map(|row| row.summary.clone()))
    }

    fn by_number(&self, number: u64) -> Result<Option<Summary>, StoreError> {
        let row = self.shared.read(|reader| reader.row_by_number(number))?;
        Ok(row.map(|row| row.summary.clone()))
    }

    fn by_dedup_key(&self, mode: Mode, key: &str) -> Option<IncidentId> {
        self.shared.index(|index| index.by_dedup_key(mode, key))
    }

    fn list(&self, query: Query) -> Result<Vec<Summary>, StoreError> {
        self.shared.read(|reader| reader.list(query))
    }

    fn last_number(&self) -> u64 {
        self.shared.index(Index::last_number)
    }

    fn due(&self, until: Timestamp, limit: usize) -> Vec<(Timestamp, IncidentId)> {
        self.shared.index(|index| index.due(until, limit))
    }

    fn next_wake(&self) -> Option<Timestamp> {
        self.shared.index(Index::next_wake)
    }

    fn answered(&self, key: &str) -> Result<Option<Idempotency>, StoreError> {
        self.shared.read(|reader| reader.answered(key))
    }

    fn document(&self, kind: Kind, name: &str) -> Result<Option<Document>, StoreError> {
        self.shared.read(|reader| reader.document(kind, name))
    }

    fn documents(
        &self,
        kind: Kind,
        after: &str,
        limit: usize,
    ) -> Result<Vec<Document>, StoreError> {
        self.shared.read(|reader| reader.documents(kind, after, limit))
    }

    fn personal(
        &self,
        incident: IncidentId,
        reference: &str,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        self.shared.read(|reader| reader.personal(incident, reference))
    }

    fn verify(&self, incident: IncidentId) -> Result<Option<Verdict>, StoreError> {
        self.shared.read(|reader| reader.verdict(incident))
    }

    fn verify_all(&self, progress: &mut dyn FnMut(u64, u64)) -> Result<Audit, StoreError> {
        self.shared.read(|reader| reader.audit(progress))
    }

    fn backup(&self, to: &mut dyn Write, at: Timestamp) -> Result<(), StoreError> {
        let frozen = self.freeze()?;
        backup::write(to, at, &self.shared.paths, |take| frozen.pairs(take))
    }

    fn health(&self) -> Health {
        let failure = self.shared.failure().clone();
        match (self.shared.check_room(), failure) {
            (Err(StoreError::Full { free, needed }), _) => Health::Full { free, needed },
            (Err(error), _) | (Ok(()), Some(error)) => Health::Broken { why: error.to_string() },
            (Ok(()), None) => Health::Healthy,
        }
    }

    fn stats(&self) -> Stats {
        let counters = &self.shared.counters;
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let database = self.shared.paths.journal().join("db");
        Stats {
            queued: self.shared.line.waiting(),
            queue_limit: self.shared.options.queue as u64,
            appends: count(&counters.appends),
            events: count(&counters.events),
            groups: count(&counters.groups),
            largest_group: count(&counters.largest_group),
            refused: self.shared.line.refused(),
            syncing: Duration::from_nanos(count(&counters.syncing_nanos)),
            last_sync: Duration::from_nanos(count(&counters.last_sync_nanos)),
            disk_bytes: fs::metadata(database).map_or(0, |meta| meta.len()),
            active: self.shared.index(Index::active),
        }
    }
}
