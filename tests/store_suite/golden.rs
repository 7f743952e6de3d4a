//! What version 1 of the stored format wrote is read for ever.

use std::fs;
use std::path::PathBuf;

use firebell::engine::{Mode, Status};
use firebell::store::backup::restore;
use firebell::store::{Batch, Change, Expect, Kind, Query, Sled, Store, Which};
use firebell::text::Lang;

use crate::subject::{answer, at, close, declare, id, more, options, texts, wait};

fn file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/store/version-1.tar")
}

fn open_with_wake() -> Batch {
    let mut batch = declare(1, &["declared", "role_assigned"]);
    batch.notices = b"rendered notices".to_vec();
    batch.wake = Some(at(300));
    batch.summary.dedup_key = Some("phone".to_owned());
    batch.summary.involved = vec!["li-na".into(), "wang-wei".into()];
    batch.summary.restricted = true;
    batch.summary.stuck = true;
    batch.summary.pending_notices = 2;
    batch.personal = vec![("9f86d0".to_owned(), "王伟 13800138000".into())];
    batch.idempotency = Some(answer("declare-1", r#"{"id":1}"#, at(1)));
    batch.documents = vec![
        Change::write(Kind::Pin, "0f1e", Expect::Absent, b"playbook: service-outage".to_vec()),
        Change::write(Kind::DrillSchedule, "双11", Expect::Any, b"{}".to_vec()),
    ];
    batch
}

/// Writes the golden file. Run by hand, once per version of the format, never again.
#[test]
#[ignore = "writes the golden file of a new format version"]
fn write_the_golden_file() {
    assert!(!file().exists(), "golden files are never rewritten");
    let dir = tempfile::tempdir().unwrap();
    let store = Sled::open(dir.path(), options()).unwrap().store;
    wait(store.append(open_with_wake())).unwrap();
    let mut drill = declare(2, &["declared"]);
    drill.summary.mode = Mode::Drill;
    drill.events.push(vec![b'x'; 70_000]);
    wait(store.append(drill)).unwrap();
    let mut closing = close(2, 2);
    closing.summary.mode = Mode::Drill;
    wait(store.append(closing)).unwrap();
    wait(store.append(declare(3, &["declared", "worked"]))).unwrap();
    let mut cancelled = close(3, 2);
    cancelled.summary.status = Status::Cancelled;
    wait(store.append(cancelled)).unwrap();
    wait(store.archive(id(3))).unwrap();
    let mut notices = more(1, 2, &[]);
    notices.summary = open_with_wake().summary;
    notices.wake = Some(at(300));
    notices.notices = b"more notices".to_vec();
    wait(store.append(notices)).unwrap();
    fs::create_dir_all(dir.path().join("evidence")).unwrap();
    fs::write(dir.path().join("evidence/2c26b4"), b"foo").unwrap();
    let mut archive = Vec::new();
    store.backup(&mut archive, at(9)).unwrap();
    fs::create_dir_all(file().parent().unwrap()).unwrap();
    fs::write(file(), archive).unwrap();
}

#[test]
fn version_1_still_loads() {
    let dir = tempfile::tempdir().unwrap();
    let golden = fs::read(file()).unwrap();
    let restored = restore(&mut golden.as_slice(), dir.path()).unwrap();
    assert_eq!((restored.audit.incidents, restored.audit.events), (3, 8));
    assert_eq!(restored.audit.broken, []);
    let store = Sled::open(dir.path(), options()).unwrap().store;
    let first = open_with_wake();
    let summary = store.summary(id(1)).unwrap().unwrap();
    assert_eq!(summary, firebell::store::Summary { version: 2, ..first.summary });
    assert_eq!(summary.title.get(Lang::Zh), "客服系统中断");
    assert_eq!(store.due(at(300), 9), [(at(300), id(1))]);
    assert_eq!(store.by_dedup_key(Mode::Live, "phone"), Some(id(1)));
    assert_eq!(store.answered("declare-1"), Ok(first.idempotency));
    assert_eq!(store.personal(id(1), "9f86d0"), Ok(Some(first.personal[0].1.clone())));
    assert_eq!(store.document(Kind::Pin, "0f1e").unwrap().unwrap().version, 1);
    assert_eq!(store.documents(Kind::DrillSchedule, "", 9).unwrap()[0].name, "双11");
    let stream = store.load(id(1)).unwrap().unwrap();
    let notices: Vec<_> = stream.records.iter().map(|record| record.notices.as_slice()).collect();
    assert_eq!(notices, [b"rendered notices".as_slice(), b"more notices"]);
    assert_eq!(
        stream.link().to_string(),
        "13dda0c1143ef2eb53623f03d62e11b6f2cd929c802676457acc903abd4c4a9a",
        "the chain's rule is part of the format"
    );
    assert_eq!(texts(&store, 3, 0), ["declared", "worked", "closed"]);
    let ended = Query { which: Which::Ended, before: None, limit: 9 };
    let ended = store.list(ended).unwrap();
    let ended: Vec<_> = ended.iter().map(|row| (row.number, row.mode, row.status)).collect();
    let expected = [(3, Mode::Live, Status::Cancelled), (2, Mode::Drill, Status::Closed)];
    assert_eq!(ended, expected);
    assert_eq!(store.load(id(2)).unwrap().unwrap().records[0].events[1].bytes.len(), 70_000);
    assert_eq!(fs::read(dir.path().join("evidence/2c26b4")).unwrap(), b"foo");
}
