//! Backups: whole, of one moment, and refused when anything in them changed.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use firebell::store::backup::restore;
use firebell::store::{
    Change, Expect, Kind, Query, Redacted, Sled, Store, StoreError, Verdict, Which,
};

use crate::subject::{answer, at, close, declare, id, more, options, texts, wait};

fn backup(store: &dyn Store) -> Vec<u8> {
    let mut archive = Vec::new();
    store.backup(&mut archive, at(9)).unwrap();
    archive
}

/// A store with everything a store can hold.
fn furnished(dir: &Path) -> Sled {
    let store = Sled::open(dir, options()).unwrap().store;
    let mut batch = declare(1, &["declared"]);
    batch.notices = b"notices".to_vec();
    batch.wake = Some(at(5));
    batch.personal = vec![("h".to_owned(), b"secret".to_vec())];
    batch.idempotency = Some(answer("key", "body", at(1)));
    batch.documents = vec![Change::write(Kind::Pin, "p", Expect::Any, vec![7; 200_000])];
    batch.events.push(vec![b'x'; 100_000]);
    wait(store.append(batch)).unwrap();
    wait(store.append(declare(2, &["declared"]))).unwrap();
    wait(store.append(close(2, 1))).unwrap();
    wait(store.archive(id(2))).unwrap();
    fs::create_dir_all(dir.join("evidence/ab")).unwrap();
    fs::write(dir.join("evidence/ab/abcd"), b"a photograph").unwrap();
    store
}

#[test]
fn a_backup_restores_to_the_same_store() {
    let dir = tempfile::tempdir().unwrap();
    let store = furnished(&dir.path().join("a"));
    let archive = backup(&store);
    let to = dir.path().join("b");
    let restored = restore(&mut archive.as_slice(), &to).unwrap();
    assert_eq!((restored.audit.incidents, restored.audit.events), (2, 4));
    assert!(restored.audit.broken.is_empty());
    assert_eq!(restored.manifest.taken_at, at(9));
    let copy = Sled::open(&to, options()).unwrap();
    assert!(copy.report.is_ordinary() && !copy.report.created);
    let copy = copy.store;
    for n in [1, 2] {
        assert!(copy.load(id(n)).unwrap() == store.load(id(n)).unwrap());
        assert_eq!(copy.summary(id(n)), store.summary(id(n)));
    }
    assert_eq!(copy.due(at(9), 9), [(at(5), id(1))]);
    assert_eq!(copy.personal(id(1), "h"), Ok(Some(b"secret".to_vec())));
    assert_eq!(copy.answered("key"), store.answered("key"));
    assert!(copy.document(Kind::Pin, "p").unwrap() == store.document(Kind::Pin, "p").unwrap());
    assert_eq!(fs::read(to.join("evidence/ab/abcd")).unwrap(), b"a photograph");
    assert_eq!(wait(copy.append(more(1, 2, &["next"]))), Ok(3));
}

/// Collects a backup and, at every mebibyte, waits until something was written meanwhile.
struct Slow<'a> {
    archive: Vec<u8>,
    written: &'a AtomicU64,
}

impl std::io::Write for Slow<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let before = self.archive.len() >> 20;
        self.archive.extend_from_slice(bytes);
        if self.archive.len() >> 20 > before {
            let seen = self.written.load(Ordering::SeqCst);
            while self.written.load(Ordering::SeqCst) < seen + 2 {
                std::thread::yield_now();
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Writes, until told to stop, to a document, to incident 1 and to incident 2, in this order,
/// and closes one incident after the other.
fn keep_writing(store: &Sled, written: &AtomicU64, stop: &AtomicBool) {
    let mut version = 1;
    while !stop.load(Ordering::SeqCst) {
        let content = version.to_string().into_bytes();
        let change = Change::write(Kind::Setting, "count", Expect::Any, content);
        wait(store.put(vec![change])).unwrap();
        wait(store.append(more(1, version, &["x"]))).unwrap();
        wait(store.append(more(2, version, &["x"]))).unwrap();
        let mut closing = close(3 + version % FILLERS, 1);
        closing.wake = version.is_multiple_of(2).then(|| at(1));
        // One that is closed already is a conflict.
        let _ = wait(store.append(closing));
        version += 1;
        written.store(version, Ordering::SeqCst);
    }
}

/// Incidents that make the journal longer than two parts of a backup.
const FILLERS: u64 = 180;

#[test]
fn a_backup_shows_one_moment_while_writes_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let store = Sled::open(&dir.path().join("a"), options()).unwrap().store;
    for n in [1, 2] {
        wait(store.append(declare(n, &["0"]))).unwrap();
    }
    let long = "x".repeat(50_000);
    let declared = (3..3 + FILLERS).map(|n| store.append(declare(n, &[&long])));
    declared.collect::<Vec<_>>().into_iter().for_each(|pending| {
        wait(pending).unwrap();
    });
    let (written, stop) = (AtomicU64::new(1), AtomicBool::new(false));
    let archives = std::thread::scope(|scope| {
        scope.spawn(|| keep_writing(&store, &written, &stop));
        let archives: Vec<_> = (0..3)
            .map(|_| {
                let mut slow = Slow { archive: Vec::new(), written: &written };
                store.backup(&mut slow, at(9)).unwrap();
                slow.archive
            })
            .collect();
        stop.store(true, Ordering::SeqCst);
        archives
    });
    let mut before = 0;
    for (index, archive) in archives.iter().enumerate() {
        let to = dir.path().join(index.to_string());
        let restored = restore(&mut archive.as_slice(), &to).unwrap();
        assert_eq!(restored.audit.broken, []);
        let copy = Sled::open(&to, options()).unwrap().store;
        let version = |n| copy.summary(id(n)).unwrap().unwrap().version;
        let count = copy.document(Kind::Setting, "count").unwrap();
        let count = count.map_or(0, |count| count.version);
        // Each write raises one of the three: they differ by one at most, in this order.
        assert!(version(1) <= count + 1 && count <= version(1));
        assert!(version(2) <= version(1) && version(1) <= version(2) + 1);
        let all = Query { which: Which::All, before: None, limit: 1_000 };
        let mut numbers: Vec<_> = copy.list(all).unwrap().iter().map(|row| row.number).collect();
        numbers.reverse();
        assert_eq!(numbers, (1..3 + FILLERS).collect::<Vec<_>>());
        assert!(version(1) > before);
        before = version(1);
    }
}

#[test]
fn work_that_would_blur_the_picture_waits_for_the_backup() {
    let dir = tempfile::tempdir().unwrap();
    let store = furnished(&dir.path().join("a"));
    wait(store.append(close(1, 2))).unwrap();
    let mut pending = Vec::new();
    let mut archive = Vec::new();
    struct During<'a>(&'a mut Vec<u8>, &'a mut dyn FnMut());
    impl std::io::Write for During<'_> {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            (self.1)();
            self.0.write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut begun = false;
    let mut begin = || {
        if !begun {
            begun = true;
            pending.push(store.archive(id(1)));
            wait(store.append(declare(3, &["meanwhile"]))).unwrap();
        }
    };
    store.backup(&mut During(&mut archive, &mut begin), at(9)).unwrap();
    assert_eq!(wait(pending.remove(0)), Ok(()));
    let to = dir.path().join("b");
    restore(&mut archive.as_slice(), &to).unwrap();
    let copy = Sled::open(&to, options()).unwrap().store;
    assert_eq!(texts(&copy, 1, 2), ["closed"]);
    assert_eq!(copy.summary(id(3)), Ok(None));
    assert_eq!(texts(&store, 1, 2), ["closed"]);
}

#[test]
fn a_backup_with_any_change_is_refused_and_leaves_no_store() {
    let dir = tempfile::tempdir().unwrap();
    let archive = backup(&furnished(&dir.path().join("a")));
    let mut refused = 0;
    for index in 0..64 {
        let mut damaged = archive.clone();
        let position = index * archive.len() / 64 + 7;
        damaged[position] ^= 1;
        let to = dir.path().join(format!("flip {index}"));
        match restore(&mut damaged.as_slice(), &to) {
            Err(StoreError::Damaged { .. }) => {
                refused += 1;
                assert!(!to.join("journal").exists());
            }
            Err(other) => panic!("byte {position}: {other}"),
            // Padding between files carries nothing.
            Ok(restored) => assert!(restored.audit.broken.is_empty()),
        }
    }
    assert!(refused > 56, "only {refused} of 64 changes were noticed");
    for length in [0, 511, archive.len() / 2, archive.len() - 3_000] {
        let to = dir.path().join(format!("cut {length}"));
        let cut = restore(&mut &archive[..length], &to);
        assert!(matches!(cut, Err(StoreError::Damaged { .. })), "{length}: {cut:?}");
        assert!(!to.join("journal").exists());
    }
}

#[test]
fn an_archive_with_foreign_paths_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    for (index, path) in
        ["../evil", "/evil", "elsewhere/evil", "evidence/../../evil"].into_iter().enumerate()
    {
        let mut header = tar::Header::new_gnu();
        header.set_size(4);
        header.as_gnu_mut().unwrap().name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_cksum();
        let mut tar = tar::Builder::new(Vec::new());
        tar.append(&header, b"evil".as_slice()).unwrap();
        let archive = tar.into_inner().unwrap();
        let to = dir.path().join(index.to_string());
        let error = restore(&mut archive.as_slice(), &to).unwrap_err();
        assert!(error.to_string().contains("does not hold such a file"), "{error}");
    }
    assert!(!dir.path().join("evil").exists());
}

#[test]
fn a_restore_never_overwrites() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("a");
    let store = furnished(&data);
    let archive = backup(&store);
    let locked = restore(&mut archive.as_slice(), &data);
    assert!(matches!(locked, Err(StoreError::Locked { .. })), "{locked:?}");
    drop(store);
    let taken = restore(&mut archive.as_slice(), &data);
    assert_eq!(taken, Err(StoreError::NotEmpty { dir: data.join("journal") }));
    // A restore that was interrupted can be repeated.
    let to = dir.path().join("b");
    fs::create_dir_all(to.join("restoring/journal.creating")).unwrap();
    restore(&mut archive.as_slice(), &to).unwrap();
    assert!(!to.join("restoring").exists());
}

/// Collects a backup; its first bytes are taken only when it is told to go on.
struct Held {
    archive: Vec<u8>,
    begun: Option<Sender<()>>,
    go_on: Receiver<()>,
}

impl std::io::Write for Held {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if let Some(begun) = self.begun.take() {
            begun.send(()).unwrap();
            self.go_on.recv().unwrap();
        }
        self.archive.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Does something while a backup is being taken, and returns the backup.
fn while_backing_up(store: &Sled, work: impl FnOnce(&dyn Fn())) -> Vec<u8> {
    let ((begun, has_begun), (go_on, may_go_on)) = (channel(), channel());
    std::thread::scope(|scope| {
        let mut held = Held { archive: Vec::new(), begun: Some(begun), go_on: may_go_on };
        let taken = scope.spawn(move || {
            store.backup(&mut held, at(9)).unwrap();
            held.archive
        });
        has_begun.recv().unwrap();
        work(&|| go_on.send(()).unwrap());
        taken.join().unwrap()
    })
}

#[test]
fn what_is_handed_over_after_a_redaction_is_not_erased_by_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = furnished(&dir.path().join("a"));
    let archive = while_backing_up(&store, |go_on| {
        let redacted = store.redact(id(1), vec!["h".to_owned()]);
        let mut next = more(1, 2, &["next"]);
        next.notices = b"a page that must not be lost".to_vec();
        next.personal = vec![("h".to_owned(), b"given anew".to_vec())];
        next.idempotency = Some(answer("another", "said afterwards", at(2)));
        let appended = store.append(next);
        assert_eq!(wait(redacted), Ok(Redacted { personal: 1, notices: 1, answers: 1 }));
        assert_eq!(wait(appended), Ok(3));
        go_on();
    });
    let records = store.load(id(1)).unwrap().unwrap().records;
    let notices: Vec<&[u8]> = records.iter().map(|record| record.notices.as_slice()).collect();
    assert_eq!(notices, [b"".as_slice(), b"a page that must not be lost"]);
    assert_eq!(store.personal(id(1), "h"), Ok(Some(b"given anew".to_vec())));
    assert_eq!(store.answered("another").unwrap().unwrap().body, b"said afterwards");
    assert!(store.answered("key").unwrap().unwrap().is_erased());
    // The backup shows the moment before.
    let to = dir.path().join("b");
    assert!(restore(&mut archive.as_slice(), &to).unwrap().audit.broken.is_empty());
    let copy = Sled::open(&to, options()).unwrap().store;
    assert_eq!(copy.personal(id(1), "h"), Ok(Some(b"secret".to_vec())));
    assert_eq!(copy.answered("key").unwrap().unwrap().body, b"body");
}

/// Counts the files of the archive that hold these bytes.
fn files_with(dir: &Path, bytes: &[u8]) -> usize {
    let folders = fs::read_dir(dir.join("archive")).unwrap();
    let files = folders.flat_map(|folder| fs::read_dir(folder.unwrap().path()).unwrap());
    let holds = |path: &Path| {
        let file = fs::read(path).unwrap();
        file.windows(bytes.len()).any(|part| part == bytes)
    };
    files.filter(|file| holds(&file.as_ref().unwrap().path())).count()
}

#[test]
fn an_archived_secret_is_erased_when_no_file_holds_it_any_more() {
    let dir = tempfile::tempdir().unwrap();
    let store = furnished(&dir.path().join("a"));
    let data = dir.path().join("a");
    wait(store.append(close(1, 2))).unwrap();
    wait(store.archive(id(1))).unwrap();
    assert_eq!(files_with(&data, b"secret"), 1);
    let mut answered = None;
    let archive = while_backing_up(&store, |go_on| {
        let redacted = store.redact(id(1), vec!["h".to_owned()]);
        // The writer has done it once it does what was handed over next.
        wait(store.put(vec![Change::write(Kind::Setting, "x", Expect::Any, Vec::new())])).unwrap();
        assert_eq!(store.personal(id(1), "h"), Ok(None));
        assert_eq!(files_with(&data, b"secret"), 1, "the backup still needs it");
        go_on();
        answered = Some(redacted);
    });
    let redacted = wait(answered.unwrap());
    assert_eq!(redacted, Ok(Redacted { personal: 1, notices: 1, answers: 1 }));
    assert_eq!(files_with(&data, b"secret"), 0);
    assert!(matches!(store.verify(id(1)), Ok(Some(Verdict::Intact { events: 3, .. }))));
    let to = dir.path().join("b");
    assert!(restore(&mut archive.as_slice(), &to).unwrap().audit.broken.is_empty());
}

#[test]
fn a_file_that_a_crash_left_behind_is_found_by_the_next_redaction() {
    let dir = tempfile::tempdir().unwrap();
    let store = furnished(dir.path());
    wait(store.append(close(1, 2))).unwrap();
    wait(store.archive(id(1))).unwrap();
    let folder = dir.path().join("archive/000000");
    let current = folder.join(format!("1-{}.1.pairs", id(1)));
    let left = folder.join(format!("1-{}.0.pairs", id(1)));
    fs::copy(&current, &left).unwrap();
    let neighbour = folder.join(format!("2-{}.1.pairs", id(2)));
    assert!(neighbour.exists());
    wait(store.redact(id(1), vec!["h".to_owned()])).unwrap();
    assert_eq!(files_with(dir.path(), b"secret"), 0);
    assert!(neighbour.exists() && !left.exists() && !current.exists());
    assert_eq!(wait(store.redact(id(1), vec!["h".to_owned()])), Ok(Redacted::default()));
    assert!(matches!(store.verify(id(1)), Ok(Some(Verdict::Intact { .. }))));
}
