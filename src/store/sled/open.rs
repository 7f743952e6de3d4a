//! Opening: one process at a time, a database that is made in one step, damaged snapshot files
//! set aside, and a report of everything out of the ordinary.

use std::fs::{self, File, TryLockError};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use ::sled::Db;
use tokio::time::Instant;

use super::disk::{Disk, Paths, Syncer, failed, free_bytes, sync_dir};
use super::journal::Sled;
use crate::store::index::Index;
use crate::store::layout::{
    FORMAT, Key, Meta, NumberedKey, Shelf, decode_meta, decode_row, encode_meta,
};
use crate::store::{Audit, StoreError};
use crate::text::{Text, count};

/// How the store is opened.
#[derive(Debug, Clone)]
pub struct Options {
    /// How long another process may still hold the store: a killed one needs a moment.
    pub lock_wait: Duration,
    /// Bytes that must stay free on the disk; below, appends are refused. The embedded database
    /// does not survive running out of room in the middle of a write as gracefully.
    pub reserve_bytes: u64,
    /// How many requests may wait for the writer.
    pub queue: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { lock_wait: Duration::from_secs(5), reserve_bytes: 64 << 20, queue: 16_384 }
    }
}

/// A store that was opened, and what there is to know about it.
#[derive(Debug)]
pub struct Opened {
    /// The store.
    pub store: Sled,
    /// What happened while it was opened.
    pub report: OpenReport,
}

/// What happened while the store was opened.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OpenReport {
    /// Whether there was no store and an empty one was made.
    pub created: bool,
    /// Whether the database did not open until its snapshot files were set aside.
    pub repaired: bool,
    /// Damaged or unfinished snapshot files, where they are now. The database was rebuilt from
    /// its log without them.
    pub set_aside: Vec<PathBuf>,
    /// The copy of the database that was made before the repair.
    pub copy: Option<PathBuf>,
    /// The check of every hash chain that follows a repair.
    pub audit: Option<Audit>,
    /// Rows of active incidents that do not read, and why.
    pub damaged: Vec<String>,
    /// Incidents that run or wait for a wake-up.
    pub active: u64,
}

impl OpenReport {
    /// Tells whether nothing needs a person's attention.
    #[must_use]
    pub fn is_ordinary(&self) -> bool {
        let intact = self.audit.as_ref().is_none_or(|audit| audit.broken.is_empty());
        !self.repaired && self.damaged.is_empty() && intact
    }

    /// Returns what happened, a sentence each, for people.
    #[must_use]
    pub fn findings(&self) -> Vec<Text> {
        let mut findings = Vec::new();
        if self.repaired {
            findings.push(Text::both(
                "数据库打不开：已移走其快照文件，并从日志重建全部内容",
                "the database did not open: its snapshot files were set aside and everything was \
                 rebuilt from its log",
            ));
        }
        findings.extend(self.set_aside.iter().map(|path| {
            let path = path.display();
            Text::both(
                format!("未写完或已损坏的快照文件已移至 {path}"),
                format!("an unfinished or damaged snapshot file is now {path}"),
            )
        }));
        findings.extend(self.copy.iter().map(|path| {
            let path = path.display();
            Text::both(
                format!("修复前的原样副本在 {path}；确认无误后可删除"),
                format!("a copy from before the repair is in {path}; remove it when all is well"),
            )
        }));
        findings.extend(
            self.damaged.iter().map(|what| {
                Text::both(format!("无法读取：{what}"), format!("does not read: {what}"))
            }),
        );
        findings.extend(self.audit.iter().map(|audit| {
            let (incidents, events, broken) = (audit.incidents, audit.events, audit.broken.len());
            let zh = format!("已核对 {incidents} 个事件、{events} 条记录，{broken} 处哈希链断裂");
            let incidents = count(incidents, "incident", "incidents");
            let events = count(events, "event", "events");
            let broken = count(broken, "broken chain", "broken chains");
            Text::both(zh, format!("checked {incidents}, {events}: {broken}"))
        }));
        findings
    }
}

/// The pause between two attempts to get a lock.
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// 8 MiB hold twenty of the longest values in a quarter; see the stored format.
const SEGMENT_BYTES: usize = 8 << 20;

/// A larger cache is not faster and costs memory.
const CACHE_BYTES: u64 = 64 << 20;

fn config(journal: &Path) -> ::sled::Config {
    ::sled::Config::new()
        .path(journal)
        .segment_size(SEGMENT_BYTES)
        .cache_capacity(CACHE_BYTES)
        .flush_every_ms(None)
}

/// Takes the lock of the data directory. It is held as long as the file is.
pub(in crate::store) fn take_lock(paths: &Paths, wait: Duration) -> Result<File, StoreError> {
    let file = File::options().create(true).truncate(false).write(true).open(paths.lock());
    let file = file.map_err(|error| failed("opening the lock", &error))?;
    let deadline = Instant::now() + wait;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                thread::sleep(LOCK_PAUSE);
            }
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::Locked { dir: paths.data.clone() });
            }
            Err(TryLockError::Error(error)) => return Err(failed("taking the lock", &error)),
        }
    }
}

/// Opens the database of a data directory whose lock is held, making it where there is none.
pub(super) fn open_disk(
    paths: &Paths,
    wait: Duration,
    report: &mut OpenReport,
) -> Result<(Disk, Syncer), StoreError> {
    let journal = paths.journal();
    if !journal.exists() {
        create(paths, wait)?;
        report.created = true;
    }
    set_aside(paths, report, |name| name.ends_with(".generating"))?;
    let db = match open_db(&journal, wait) {
        Ok(db) => db,
        Err(why) => {
            report.repaired = true;
            copy_before_repair(paths, report)?;
            set_aside(paths, report, |name| name.starts_with("snap."))?;
            let unrepaired = |again| beyond_repair(paths, report, &why, again);
            open_db(&journal, wait).map_err(unrepaired)?
        }
    };
    let meta = db.get(Key::meta().as_bytes()).map_err(|error| failed("reading", &error))?;
    match meta.map(|bytes| decode_meta(&bytes)) {
        Some(Ok(Meta { format: FORMAT })) => {}
        other => return Err(not_a_store(paths, other)),
    }
    let syncer = Syncer::open(&journal)?;
    let disk = Disk::new(db);
    sync_files(&journal)?;
    Ok((disk, syncer))
}

fn not_a_store(paths: &Paths, meta: Option<Result<Meta, String>>) -> StoreError {
    let what = format!("the journal in {}", paths.journal().display());
    let why = match meta {
        None => "it came up empty although it was in use; restore a backup".to_owned(),
        Some(Ok(meta)) => format!("it has format {}, this program reads {FORMAT}", meta.format),
        Some(Err(why)) => why,
    };
    StoreError::Damaged { what, why }
}

fn beyond_repair(paths: &Paths, report: &OpenReport, why: &str, again: String) -> StoreError {
    let kept = report.copy.as_ref().map_or_else(String::new, |copy| {
        format!("; the copy in {} is as it was found", copy.display())
    });
    StoreError::Damaged {
        what: format!("the journal in {}", paths.journal().display()),
        why: format!("{why}; without its snapshot files: {again}; restore a backup{kept}"),
    }
}

/// Makes an empty database under another name and renames it: a crash in between leaves no
/// half-made store behind.
fn create(paths: &Paths, wait: Duration) -> Result<(), StoreError> {
    let (disk, syncer) = make_disk(paths, wait)?;
    let meta = encode_meta(&Meta { format: FORMAT });
    let mut batch = ::sled::Batch::default();
    batch.insert(Key::meta().as_bytes(), meta);
    disk.apply(batch)?;
    syncer.sync(&disk)?;
    drop(disk);
    name_disk(paths)
}

/// Makes a database without any content under its preliminary name.
pub(in crate::store) fn make_disk(
    paths: &Paths,
    wait: Duration,
) -> Result<(Disk, Syncer), StoreError> {
    let creating = paths.creating();
    if creating.exists() {
        fs::remove_dir_all(&creating).map_err(|error| failed("removing a leftover", &error))?;
    }
    let db = open_db(&creating, wait)
        .map_err(|why| StoreError::Failed { doing: "making the journal", why })?;
    Ok((Disk::new(db), Syncer::open(&creating)?))
}

/// Gives a finished database its name.
pub(in crate::store) fn name_disk(paths: &Paths) -> Result<(), StoreError> {
    let creating = paths.creating();
    sync_files(&creating)?;
    fs::rename(creating, paths.journal()).map_err(|error| failed("naming the journal", &error))?;
    sync_dir(&paths.data)
}

/// Opens the database, waiting while the kernel still tears down a killed process. A panic
/// inside the database counts as an error.
fn open_db(journal: &Path, wait: Duration) -> Result<Db, String> {
    let deadline = Instant::now() + wait;
    loop {
        let opened = catch_unwind(AssertUnwindSafe(|| config(journal).open()));
        let error = match opened {
            Ok(Ok(db)) => return Ok(db),
            Ok(Err(error)) => error.to_string(),
            Err(panic) => return Err(format!("it panicked: {}", panic_text(panic.as_ref()))),
        };
        if !error.contains("could not acquire lock") || Instant::now() >= deadline {
            return Err(error);
        }
        thread::sleep(LOCK_PAUSE);
    }
}

/// Returns the words of a panic.
pub(super) fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no reason given").to_owned()
}

fn files_of(dir: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let entries = fs::read_dir(dir).map_err(|error| failed("listing a folder", &error))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| failed("listing a folder", &error))?.path();
        if path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Moves snapshot files whose name is `wanted` out of the database's sight. They only shorten
/// the opening: the log holds everything.
fn set_aside(
    paths: &Paths,
    report: &mut OpenReport,
    wanted: impl Fn(&str) -> bool,
) -> Result<(), StoreError> {
    for path in files_of(&paths.journal())? {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if !name.starts_with("snap.") || !wanted(name) {
            continue;
        }
        let folder = paths.data.join("journal.set-aside");
        fs::create_dir_all(&folder).map_err(|error| failed("making a folder", &error))?;
        let target = unused(&folder, name);
        fs::rename(&path, &target).map_err(|error| failed("setting a file aside", &error))?;
        report.set_aside.push(target);
    }
    Ok(())
}

/// Copies the database as it was found, where the disk has room for it.
fn copy_before_repair(paths: &Paths, report: &mut OpenReport) -> Result<(), StoreError> {
    let files = files_of(&paths.journal())?;
    let size = files.iter().filter_map(|file| file.metadata().ok()).map(|meta| meta.len()).sum();
    if free_bytes(&paths.data)? / 2 < size {
        return Ok(());
    }
    let copy = unused(&paths.data, "journal.damaged");
    fs::create_dir_all(&copy).map_err(|error| failed("making a folder", &error))?;
    for file in files {
        let name = file.file_name().unwrap_or_default();
        fs::copy(&file, copy.join(name)).map_err(|error| failed("copying the journal", &error))?;
    }
    report.copy = Some(copy);
    Ok(())
}

/// Returns a path in `folder` that begins with `name` and does not exist.
fn unused(folder: &Path, name: &str) -> PathBuf {
    let numbered = (1_u64..).map(|number| folder.join(format!("{name}.{number}")));
    let mut free = numbered.filter(|path| !path.exists());
    free.next().unwrap_or_else(|| folder.join(name))
}

/// Makes the database's files and their names durable: sled syncs neither when it makes them.
fn sync_files(journal: &Path) -> Result<(), StoreError> {
    for path in files_of(journal)? {
        let synced = File::open(&path).and_then(|file| file.sync_all());
        synced.map_err(|error| failed("syncing a file", &error))?;
    }
    sync_dir(journal)?;
    journal.parent().map_or(Ok(()), sync_dir)
}

/// Reads what is kept in memory: the active shelf, and the highest number.
pub(in crate::store) fn build_index(db: &Db, report: &mut OpenReport) -> Result<Index, StoreError> {
    let mut index = Index::default();
    for pair in db.scan_prefix(Key::rows(Shelf::Active).as_bytes()) {
        let (key, value) = pair.map_err(|error| failed("reading", &error))?;
        let number = NumberedKey::row(&key).unwrap_or_default();
        match decode_row(&value) {
            Ok(row) => index.note(std::sync::Arc::new(row)),
            Err(why) => report.damaged.push(format!("the row of incident #{number}: {why}")),
        }
        index.note_number(number);
    }
    let last = db.scan_prefix(Key::rows(Shelf::Resting).as_bytes()).next_back();
    let last = last.transpose().map_err(|error| failed("reading", &error))?;
    if let Some(number) = last.and_then(|(key, _)| NumberedKey::row(&key)) {
        index.note_number(number);
    }
    report.active = index.active();
    Ok(index)
}
