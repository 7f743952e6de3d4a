//! Where things lie on disk, and the two calls that make a batch durable.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use ::sled::{Batch, Db};

use crate::id::IncidentId;
use crate::store::StoreError;
use crate::store::layout::Stub;

/// The places in a data directory that belong to the store.
#[derive(Debug, Clone)]
pub(in crate::store) struct Paths {
    /// The data directory.
    pub(in crate::store) data: PathBuf,
}

impl Paths {
    /// The most files of one folder of the archive: some file systems and most people grow slow
    /// above it.
    const FILES_PER_FOLDER: u64 = 1_000;

    pub(in crate::store) fn new(data: &Path) -> Self {
        Self { data: data.to_owned() }
    }

    /// The embedded database.
    pub(in crate::store) fn journal(&self) -> PathBuf {
        self.data.join("journal")
    }

    /// Where a database is made before it gets its name.
    pub(in crate::store) fn creating(&self) -> PathBuf {
        self.data.join("journal.creating")
    }

    /// The lock that one process holds.
    pub(in crate::store) fn lock(&self) -> PathBuf {
        self.data.join("journal.lock")
    }

    pub(in crate::store) fn archive(&self) -> PathBuf {
        self.data.join("archive")
    }

    pub(in crate::store) fn evidence(&self) -> PathBuf {
        self.data.join("evidence")
    }

    /// The file of an archived incident, relative to [`Paths::archive`].
    pub(in crate::store) fn archived(incident: IncidentId, stub: &Stub) -> PathBuf {
        let folder = format!("{:06}", stub.number / Self::FILES_PER_FOLDER);
        let file = format!("{}-{incident}.{}.pairs", stub.number, stub.generation);
        Path::new(&folder).join(file)
    }
}

/// An open database.
#[derive(Debug, Clone)]
pub(in crate::store) struct Disk {
    db: Db,
}

impl Disk {
    pub(in crate::store) const fn new(db: Db) -> Self {
        Self { db }
    }

    pub(in crate::store) const fn db(&self) -> &Db {
        &self.db
    }

    /// Applies `batch` as one unit, durable after the next sync.
    pub(in crate::store) fn apply(&self, batch: Batch) -> Result<(), StoreError> {
        self.db.apply_batch(batch).map_err(|error| failed("writing", &error))
    }
}

/// The handle that syncs the database file.
#[derive(Debug)]
pub(in crate::store) struct Syncer {
    file: File,
}

impl Syncer {
    pub(in crate::store) fn open(journal: &Path) -> Result<Self, StoreError> {
        let file = fs::OpenOptions::new().read(true).write(true).open(journal.join("db"));
        let file = file.map_err(|error| failed("opening the database file", &error))?;
        Ok(Self { file })
    }

    /// Makes everything applied so far durable.
    pub(in crate::store) fn sync(&self, disk: &Disk) -> Result<(), StoreError> {
        disk.db.flush().map_err(|error| failed("flushing", &error))?;
        self.file.sync_data().map_err(|error| failed("syncing", &error))
    }
}

/// Returns how many bytes an ordinary user may still write on the file system of `dir`.
pub(in crate::store) fn free_bytes(dir: &Path) -> Result<u64, StoreError> {
    let room = rustix::fs::statvfs(dir).map_err(|error| failed("asking for free space", &error))?;
    Ok(room.f_bavail.saturating_mul(room.f_frsize))
}

/// Makes the names in a folder durable.
pub(in crate::store) fn sync_dir(dir: &Path) -> Result<(), StoreError> {
    let synced = File::open(dir).and_then(|dir| dir.sync_all());
    synced.map_err(|error| failed("syncing a folder", &error))
}

/// The ending of files that are being written.
pub(in crate::store) const UNFINISHED: &str = "unfinished";

/// Keeps two writers of the same file apart.
static UNFINISHED_FILES: AtomicU64 = AtomicU64::new(0);

/// Writes a file so that it is either whole and durable under its name or not there.
pub(in crate::store) fn write_durably(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let folder = path.parent().ok_or(StoreError::Invalid { why: "a file has no folder" })?;
    let turn = UNFINISHED_FILES.fetch_add(1, Ordering::Relaxed);
    let unfinished = path.with_extension(format!("{turn}.{UNFINISHED}"));
    let written = (|| {
        fs::create_dir_all(folder)?;
        let mut file = File::create(&unfinished)?;
        std::io::Write::write_all(&mut file, bytes)?;
        file.sync_all()?;
        fs::rename(&unfinished, path)
    })();
    written.map_err(|error| failed("writing a file", &error))?;
    sync_dir(folder)?;
    folder.parent().map_or(Ok(()), sync_dir)
}

/// Wraps what a lower layer said.
pub(in crate::store) fn failed(doing: &'static str, error: &impl ToString) -> StoreError {
    StoreError::Failed { doing, why: error.to_string() }
}
