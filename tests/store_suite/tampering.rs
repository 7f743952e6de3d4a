//! Somebody changes the database behind the store's back.

use std::path::Path;
use std::time::Duration;

use firebell::store::{Break, Digest, Sled, Store, StoreError, Verdict};

use tokio::time::Instant;

use crate::subject::{close, declare, id, more, options, wait};

/// Opens the database as soon as the threads of the one before have let go of its files.
fn opened(config: &sled::Config) -> sled::Db {
    let patience = Instant::now() + Duration::from_secs(20);
    loop {
        match config.open() {
            Ok(db) => return db,
            Err(error) => assert!(Instant::now() < patience, "{error}"),
        }
        std::thread::yield_now();
    }
}

/// Changes stored pairs with the database's own tools; `None` removes a pair.
fn tamper(dir: &Path, mut change: impl FnMut(&[u8], &[u8]) -> Option<Option<Vec<u8>>>) {
    let config =
        sled::Config::new().path(dir.join("journal")).segment_size(8 << 20).flush_every_ms(None);
    let db = opened(&config);
    let mut changed = 0;
    for pair in db.iter() {
        let (key, value) = pair.unwrap();
        match change(&key, &value) {
            Some(Some(value)) => drop(db.insert(key, value).unwrap()),
            Some(None) => drop(db.remove(key).unwrap()),
            None => continue,
        }
        changed += 1;
    }
    db.flush().unwrap();
    assert_eq!(changed, 1, "the test changes exactly one pair");
}

fn replaced(value: &[u8], from: &str, to: &str) -> Option<Option<Vec<u8>>> {
    let at = value.windows(from.len()).position(|part| part == from.as_bytes())?;
    let mut value = value.to_vec();
    value.splice(at..at + from.len(), to.bytes());
    Some(Some(value))
}

/// Three incidents; the second has three records.
fn used(dir: &Path) {
    let store = Sled::open(dir, options()).unwrap().store;
    for n in 1..=3 {
        wait(store.append(declare(n, &["declared", "paged"]))).unwrap();
    }
    wait(store.append(more(2, 2, &["isolated at 10:15"]))).unwrap();
    wait(store.append(more(2, 3, &["located"]))).unwrap();
}

/// Returns the one break of the whole store.
fn break_after(tampering: impl FnMut(&[u8], &[u8]) -> Option<Option<Vec<u8>>>) -> Break {
    let dir = tempfile::tempdir().unwrap();
    used(dir.path());
    tamper(dir.path(), tampering);
    let store = Sled::open(dir.path(), options()).unwrap().store;
    let mut audit = store.verify_all(&mut |_, _| ()).unwrap();
    assert_eq!((audit.incidents, audit.broken.len()), (3, 1));
    let found = audit.broken.remove(0);
    assert_eq!(store.verify(found.incident), Ok(Some(Verdict::Broken(found.clone()))));
    assert!(matches!(store.verify(id(1)), Ok(Some(Verdict::Intact { events: 2, .. }))));
    found
}

#[test]
fn a_changed_event_is_named() {
    let found = break_after(|_, value| replaced(value, "10:15", "10:10"));
    assert_eq!((found.incident, found.number, found.event), (id(2), 2, 3));
    assert!(found.to_string().starts_with("incident #2"));
}

#[test]
fn a_removed_record_is_named() {
    let found = break_after(|_, value| replaced(value, "isolated", "").map(|_| None));
    assert_eq!((found.incident, found.event), (id(2), 3));
}

#[test]
fn a_record_cut_off_at_the_end_is_named() {
    let found = break_after(|_, value| replaced(value, "located", "").map(|_| None));
    assert_eq!((found.incident, found.event), (id(2), 4));
}

#[test]
fn a_record_that_does_not_read_is_named_and_is_no_panic() {
    let damaged = |_: &[u8], value: &[u8]| {
        let at = value.windows(8).position(|part| part == b"isolated")?;
        Some(Some(value[..at].to_vec()))
    };
    let found = break_after(damaged);
    assert_eq!((found.incident, found.event), (id(2), 3));
    let dir = tempfile::tempdir().unwrap();
    used(dir.path());
    tamper(dir.path(), damaged);
    let store = Sled::open(dir.path(), options()).unwrap().store;
    assert!(matches!(store.load(id(2)), Err(StoreError::Damaged { .. })));
}

#[test]
fn a_row_that_does_not_read_is_reported_at_opening_and_by_the_check() {
    let dir = tempfile::tempdir().unwrap();
    used(dir.path());
    tamper(dir.path(), |key, value| {
        (key.first() == Some(&b'R') && key.last() == Some(&2)).then(|| Some(value[..9].to_vec()))
    });
    let opened = Sled::open(dir.path(), options()).unwrap();
    assert!(!opened.report.is_ordinary());
    assert!(opened.report.damaged[0].contains("incident #2"));
    assert_eq!(opened.report.active, 2);
    let audit = opened.store.verify_all(&mut |_, _| ()).unwrap();
    assert_eq!(audit.broken.len(), 1);
    assert_eq!(audit.broken[0].incident, id(2));
}

#[test]
fn a_changed_archive_file_is_damaged_not_believed() {
    let dir = tempfile::tempdir().unwrap();
    let store = Sled::open(dir.path(), options()).unwrap().store;
    wait(store.append(declare(1, &["declared"]))).unwrap();
    wait(store.append(close(1, 1))).unwrap();
    wait(store.archive(id(1))).unwrap();
    let folder = dir.path().join("archive/000000");
    let file = std::fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[60] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    assert!(matches!(store.load(id(1)), Err(StoreError::Damaged { .. })));
    assert!(matches!(store.verify(id(1)), Ok(Some(Verdict::Broken(at))) if at.number == 1));
}

#[test]
fn changed_personal_content_is_named_with_the_event_that_speaks_of_it() {
    let dir = tempfile::tempdir().unwrap();
    let content = b"0123456789abcdef\"13800138000\"".to_vec();
    let reference = Digest::of(&content).to_string();
    let store = Sled::open(dir.path(), options()).unwrap().store;
    let said = format!("set {reference}");
    let mut batch = declare(1, &["declared", &said, "paged"]);
    batch.personal = vec![(reference.clone(), content)];
    wait(store.append(batch)).unwrap();
    assert!(matches!(store.verify(id(1)), Ok(Some(Verdict::Intact { events: 3, .. }))));
    drop(store);
    tamper(dir.path(), |_, value| replaced(value, "13800138000", "13900139000"));
    let store = Sled::open(dir.path(), options()).unwrap().store;
    let Ok(Some(Verdict::Broken(found))) = store.verify(id(1)) else { panic!("it goes unnoticed") };
    assert_eq!(found.event, 2);
    assert!(found.why.contains(&reference), "{found}");
    // Moved to the archive it is still what it is.
    wait(store.append(close(1, 3))).unwrap();
    wait(store.archive(id(1))).unwrap();
    let Ok(Some(Verdict::Broken(found))) = store.verify(id(1)) else { panic!("it goes unnoticed") };
    assert_eq!(found.event, 2);
    wait(store.redact(id(1), vec![reference])).unwrap();
    assert!(matches!(store.verify(id(1)), Ok(Some(Verdict::Intact { events: 4, .. }))));
}
