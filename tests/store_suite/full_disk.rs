//! A full disk: appends stop being acknowledged, reads go on, and everything recovers by itself
//! when there is room again.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use firebell::store::{Health, Options, Sled, Store, StoreError};

use tokio::time::Instant;

use crate::power_cut::{Mount, skipped};
use crate::subject::{close, declare, id, more, options, texts, wait};

/// Room for a few segments of the journal.
const SIZE: &str = "size=96m";

fn small_disk(at: &Path) -> Option<Mount> {
    match Mount::new(&["-t", "tmpfs", "-o", SIZE, "tmpfs"], at) {
        Ok(mount) => Some(mount),
        Err(why) => {
            skipped("the full-disk test", &why);
            None
        }
    }
}

/// Fills the disk to the last byte.
fn fill(path: &Path) {
    let mut size = 64 << 20;
    let mut filler = fs::File::create(path).unwrap();
    while size > 0 {
        match std::io::Write::write_all(&mut filler, &vec![0; size]) {
            Ok(()) => {}
            Err(_) => size /= 4,
        }
    }
}

fn large(n: u64, expected: u64) -> firebell::store::Batch {
    let mut batch = more(n, expected, &[]);
    batch.events = vec![vec![b'x'; 900_000]];
    batch
}

#[test]
fn below_the_reserve_appends_are_refused_and_go_on_when_there_is_room() {
    let dir = tempfile::tempdir().unwrap();
    let Some(mount) = small_disk(&dir.path().join("disk")) else { return };
    let reserve = Options { reserve_bytes: 16 << 20, ..options() };
    let store = Sled::open(&mount.at.join("data"), reserve).unwrap().store;
    wait(store.append(declare(1, &["declared"]))).unwrap();
    fill(&mount.at.join("filler"));
    let refused = wait(store.append(more(1, 1, &["lost"])));
    assert!(matches!(refused, Err(StoreError::Full { .. })), "{refused:?}");
    assert!(matches!(store.health(), Health::Full { .. }));
    assert_eq!(texts(&store, 1, 0), ["declared"]);
    fs::remove_file(mount.at.join("filler")).unwrap();
    assert_eq!(store.health(), Health::Healthy);
    assert_eq!(wait(store.append(more(1, 1, &["stored"]))), Ok(2));
}

#[test]
fn a_write_that_hits_the_end_of_the_disk_is_not_acknowledged_and_the_store_recovers() {
    let dir = tempfile::tempdir().unwrap();
    let Some(mount) = small_disk(&dir.path().join("disk")) else { return };
    let data = mount.at.join("data");
    let store = Sled::open(&data, options()).unwrap().store;
    let mut version = wait(store.append(declare(1, &["declared"]))).unwrap();
    fill(&mount.at.join("filler"));
    // The journal's file has some room of its own left.
    let error = loop {
        match wait(store.append(large(1, version))) {
            Ok(next) => version = next,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, StoreError::Failed { .. }), "{error:?}");
    assert_ne!(store.health(), Health::Healthy);
    // A page whose last change is not stored cannot be read before the database is opened anew, for
    // which there is no room. Reads show what is durable, or fail; the room that is kept free below
    // which nothing is acknowledged is there so that it does not come to this.
    match store.load(id(1)) {
        Ok(stream) => assert_eq!(stream.unwrap().version(), version),
        Err(error) => assert!(matches!(error, StoreError::Failed { .. }), "{error:?}"),
    }
    fs::remove_file(mount.at.join("filler")).unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    let next = loop {
        match wait(store.append(more(1, version, &["after"]))) {
            Ok(next) => break next,
            // The failed write may be stored after all; then its version counts.
            Err(StoreError::Conflict { actual }) => {
                assert_eq!(actual, version + 1);
                version = actual;
            }
            Err(error) => {
                assert!(Instant::now() < deadline, "it does not recover: {error}");
                thread::sleep(Duration::from_millis(100));
            }
        }
    };
    assert_eq!((next, store.health()), (version + 1, Health::Healthy));
    drop(store);
    let store = Sled::open(&data, options()).unwrap().store;
    assert_eq!(store.load(id(1)).unwrap().unwrap().version(), next);
    assert!(store.verify_all(&mut |_, _| ()).unwrap().broken.is_empty());
}

#[test]
fn an_archive_that_cannot_be_written_leaves_the_journal_working() {
    let dir = tempfile::tempdir().unwrap();
    let store = Sled::open(dir.path(), options()).unwrap().store;
    wait(store.append(declare(1, &["declared"]))).unwrap();
    wait(store.append(close(1, 1))).unwrap();
    fs::write(dir.path().join("archive"), b"in the way").unwrap();
    assert!(matches!(wait(store.archive(id(1))), Err(StoreError::Failed { .. })));
    assert_eq!(store.health(), Health::Healthy);
    assert_eq!(wait(store.append(more(1, 2, &["reopened"]))), Ok(3));
    assert_eq!(texts(&store, 1, 0), ["declared", "closed", "reopened"]);
}
