//! Opening what a crash, a killed process or another server left behind.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use firebell::store::{OpenReport, Options, Sled, Store, StoreError};

use crate::subject::{declare, id, more, options, texts, wait};

/// Makes a store that was used, closed and opened again, so that it has a snapshot file.
fn used(dir: &Path) -> PathBuf {
    for n in 1..=30 {
        let store = Sled::open(dir, options()).unwrap().store;
        wait(store.append(declare(n, &["declared"]))).unwrap();
        wait(store.append(more(n, 1, &["worked"]))).unwrap();
    }
    snapshot(dir).expect("the database has a snapshot file")
}

fn snapshot(dir: &Path) -> Option<PathBuf> {
    let files = fs::read_dir(dir.join("journal")).unwrap().map(|file| file.unwrap().path());
    files.into_iter().find(|path| path.file_name().unwrap().to_str().unwrap().starts_with("snap."))
}

fn assert_whole(store: &dyn Store) {
    for n in 1..=30 {
        assert_eq!(texts(store, n, 0), ["declared", "worked"]);
    }
}

#[test]
fn an_ordinary_opening_has_nothing_to_report() {
    let dir = tempfile::tempdir().unwrap();
    let first = Sled::open(dir.path(), options()).unwrap();
    assert!(first.report.created && first.report.is_ordinary());
    drop(first);
    let second = Sled::open(dir.path(), options()).unwrap();
    assert_eq!(second.report, OpenReport::default());
    assert_eq!(second.report.findings(), []);
}

#[test]
fn a_damaged_snapshot_file_is_set_aside_and_everything_recovered_and_reported() {
    let damages: [fn(Vec<u8>) -> Vec<u8>; 4] = [
        |_| Vec::new(),
        |bytes| bytes[..bytes.len() / 2].to_vec(),
        |bytes| bytes[..bytes.len() - 1].to_vec(),
        |bytes| bytes.iter().map(|byte| byte ^ 0x55).collect(),
    ];
    for damage in damages {
        let dir = tempfile::tempdir().unwrap();
        let snapshot = used(dir.path());
        let damaged = damage(fs::read(&snapshot).unwrap());
        fs::write(&snapshot, &damaged).unwrap();
        let opened = Sled::open(dir.path(), options()).unwrap();
        assert_whole(&opened.store);
        let report = opened.report;
        assert!(report.repaired && !report.is_ordinary());
        assert_eq!(report.findings().len(), 4);
        assert!(report.findings().iter().all(|finding| finding.missing().is_empty()));
        assert_eq!(fs::read(&report.set_aside[0]).unwrap(), damaged);
        let copy = report.copy.expect("a copy as it was found");
        assert_eq!(fs::read(copy.join(snapshot.file_name().unwrap())).unwrap(), damaged);
        let audit = report.audit.expect("a check of all chains");
        assert_eq!((audit.incidents, audit.events, audit.broken.len()), (30, 60, 0));
        drop(opened.store);
        assert!(Sled::open(dir.path(), options()).unwrap().report.is_ordinary());
    }
}

#[test]
fn an_unfinished_snapshot_file_is_set_aside_before_it_does_harm() {
    let dir = tempfile::tempdir().unwrap();
    let snapshot = used(dir.path());
    let name = format!("{}.generating", snapshot.file_name().unwrap().to_str().unwrap());
    fs::write(snapshot.with_file_name(name), b"half").unwrap();
    let opened = Sled::open(dir.path(), options()).unwrap();
    assert_whole(&opened.store);
    assert_eq!(opened.report.set_aside.len(), 1);
    assert!(!opened.report.repaired);
}

#[test]
fn a_database_that_came_up_empty_is_not_taken_for_a_new_one() {
    let dir = tempfile::tempdir().unwrap();
    let snapshot = used(dir.path());
    fs::write(dir.path().join("journal/db"), b"").unwrap();
    fs::remove_file(snapshot).unwrap();
    let error = Sled::open(dir.path(), options()).unwrap_err();
    assert!(matches!(&error, StoreError::Damaged { why, .. } if why.contains("came up empty")));
}

#[test]
fn a_database_of_rubbish_is_an_error_that_names_what_to_do_never_a_panic() {
    let dir = tempfile::tempdir().unwrap();
    used(dir.path());
    let rubbish: Vec<u8> =
        (0..9_000_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    fs::write(dir.path().join("journal/db"), rubbish).unwrap();
    let error = Sled::open(dir.path(), options()).unwrap_err();
    assert!(matches!(&error, StoreError::Damaged { why, .. } if why.contains("restore a backup")));
}

#[test]
fn a_half_made_store_is_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir_all(dir.path().join("journal.creating")).unwrap();
    fs::write(dir.path().join("journal.creating/db"), b"half").unwrap();
    let opened = Sled::open(dir.path(), options()).unwrap();
    assert!(opened.report.created);
    assert!(!dir.path().join("journal.creating").exists());
}

#[test]
fn a_store_in_use_is_a_typed_error_in_both_languages() {
    let dir = tempfile::tempdir().unwrap();
    let _held = Sled::open(dir.path(), options()).unwrap();
    let impatient = Options { lock_wait: Duration::ZERO, ..options() };
    let error = Sled::open(dir.path(), impatient).unwrap_err();
    assert_eq!(error, StoreError::Locked { dir: dir.path().to_owned() });
    let text = error.text();
    assert!(text.get(firebell::text::Lang::En).contains("FIREBELL_URL"));
    assert!(text.get(firebell::text::Lang::Zh).contains("FIREBELL_URL"));
}

#[test]
fn a_lock_that_is_let_go_in_time_is_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let held = Sled::open(dir.path(), options()).unwrap();
    let waiting = std::thread::spawn({
        let path = dir.path().to_owned();
        move || Sled::open(&path, options()).unwrap().report
    });
    wait(held.store.append(declare(1, &["declared"]))).unwrap();
    drop(held);
    assert!(waiting.join().unwrap().active <= 1);
}

#[test]
fn a_full_queue_refuses_and_what_was_accepted_is_stored() {
    let dir = tempfile::tempdir().unwrap();
    let narrow = Options { queue: 2, ..options() };
    let store = Sled::open(dir.path(), narrow).unwrap().store;
    let mut large = declare(1, &[]);
    large.events = vec![vec![b'x'; 1 << 20]; 4];
    let mut pending = vec![store.append(large)];
    pending.extend((2..200).map(|n| store.append(declare(n, &["declared"]))));
    let outcomes: Vec<_> = pending.into_iter().map(wait).collect();
    let refused = outcomes.iter().filter(|outcome| matches!(outcome, Err(StoreError::Busy { .. })));
    assert!(refused.count() > 0);
    for (n, outcome) in (1..).zip(&outcomes) {
        assert_eq!(store.summary(id(n)).unwrap().is_some(), outcome.is_ok(), "incident {n}");
    }
    assert!(store.stats().refused > 0);
    assert_eq!(store.stats().queued, 0);
}

#[test]
fn dropping_the_future_does_not_take_the_append_back() {
    let dir = tempfile::tempdir().unwrap();
    let store = Sled::open(dir.path(), options()).unwrap().store;
    drop(store.append(declare(1, &["declared"])));
    drop(store);
    let store = Sled::open(dir.path(), options()).unwrap().store;
    assert_eq!(texts(&store, 1, 0), ["declared"]);
}
