//! One body of promises, run against every store: in memory, on disk, and on disk with a restart
//! before every look.

use firebell::engine::{Mode, Status};
use firebell::store::{
    Batch, Change, Expect, Idempotency, Kind, Query, Redacted, StoreError, Summary, Unique,
    Verdict, Which, chain,
};

use crate::subject::{Subject, answer, at, bytes, close, declare, id, more, texts, wait};

macro_rules! promises {
    ($($name:ident)*) => {
        mod in_memory {
            $(#[test] fn $name() { super::$name(&mut super::Subject::memory(), |_| ()); })*
        }
        mod on_disk {
            $(#[test] fn $name() { super::$name(&mut super::Subject::sled(), |_| ()); })*
        }
        mod on_disk_restarted {
            $(#[test] fn $name() {
                super::$name(&mut super::Subject::sled(), super::Subject::restart);
            })*
        }
    };
}

promises! {
    an_append_is_read_back_whole
    a_stale_append_is_refused_and_changes_nothing
    a_number_and_an_open_dedup_key_belong_to_one_incident
    a_dedup_key_is_free_again_after_the_close_and_never_shared_between_modes
    an_answered_request_is_answered_once
    answers_are_forgotten_by_age
    lists_show_what_is_asked_for_newest_first
    only_what_wakes_is_due_earliest_first
    a_reopened_incident_goes_on_where_it_ended
    large_content_survives
    bounds_are_kept
    notices_alone_and_rows_alone_can_change
    documents_are_versioned_and_change_together
    documents_are_listed_by_name
    documents_change_with_the_incident_or_not_at_all
    personal_content_and_notices_can_be_erased_and_the_chain_stays
    an_archived_incident_is_still_found_and_can_go_on
    a_tail_begins_where_it_is_asked_to
    chains_are_verified
    events_and_links_are_those_of_the_published_rule
    unknown_things_are_absent_not_errors
}

type Restart = fn(&mut Subject);

fn page(subject: &Subject, which: Which, before: Option<u64>, limit: usize) -> Vec<u64> {
    let rows = subject.store().list(Query { which, before, limit }).unwrap();
    rows.iter().map(|row| row.number).collect()
}

fn an_append_is_read_back_whole(subject: &mut Subject, restart: Restart) {
    let mut batch = declare(1, &["declared", "role_vacant"]);
    batch.notices = b"rendered".to_vec();
    batch.wake = Some(at(300));
    batch.summary.dedup_key = Some("phone".to_owned());
    batch.summary.involved = vec!["li-na".into()];
    batch.personal = vec![("hash".to_owned(), "王伟".into())];
    batch.idempotency = Some(answer("key", "{}", at(1)));
    let expected = Summary { version: 2, ..batch.summary.clone() };
    assert_eq!(subject.append(batch.clone()), Ok(2));
    restart(subject);
    let store = subject.store();
    assert_eq!(store.summary(id(1)), Ok(Some(expected.clone())));
    assert_eq!(store.by_number(1), Ok(Some(expected.clone())));
    assert_eq!(store.by_dedup_key(Mode::Live, "phone"), Some(id(1)));
    let all = Query { which: Which::All, before: None, limit: 10 };
    assert_eq!(store.list(all), Ok(vec![expected]));
    let stream = store.load(id(1)).unwrap().unwrap();
    assert_eq!((stream.version(), stream.records.len()), (2, 1));
    assert_eq!(stream.records[0].notices, b"rendered");
    assert_eq!(texts(store, 1, 0), ["declared", "role_vacant"]);
    assert_eq!(store.personal(id(1), "hash"), Ok(Some("王伟".into())));
    assert_eq!(store.answered("key"), Ok(batch.idempotency));
    assert_eq!(store.due(at(300), 9), [(at(300), id(1))]);
    assert_eq!(store.last_number(), 1);
    assert_eq!(store.stats().active, 1);
}

fn a_stale_append_is_refused_and_changes_nothing(subject: &mut Subject, restart: Restart) {
    subject.append(declare(1, &["a", "b"])).unwrap();
    for (expected, events) in [(0, ["x"]), (1, ["x"]), (3, ["x"])] {
        let mut batch = more(1, expected, &events);
        batch.idempotency = Some(answer("key", "{}", at(1)));
        batch.personal = vec![("hash".to_owned(), b"p".to_vec())];
        assert_eq!(subject.append(batch), Err(StoreError::Conflict { actual: 2 }));
    }
    assert_eq!(subject.append(more(2, 1, &["x"])), Err(StoreError::Conflict { actual: 0 }));
    restart(subject);
    assert_eq!(texts(subject.store(), 1, 0), ["a", "b"]);
    assert_eq!(subject.store().answered("key"), Ok(None));
    assert_eq!(subject.store().personal(id(1), "hash"), Ok(None));
    assert_eq!(subject.store().summary(id(2)), Ok(None));
    assert_eq!(subject.append(more(1, 2, &["c"])), Ok(3));
}

fn a_number_and_an_open_dedup_key_belong_to_one_incident(subject: &mut Subject, restart: Restart) {
    let with = |n: u64, number: u64, key: &str| {
        let mut batch = declare(n, &["declared"]);
        batch.summary.number = number;
        batch.summary.dedup_key = Some(key.to_owned());
        batch
    };
    subject.append(with(1, 1, "phone")).unwrap();
    subject.append(with(2, 2, "app")).unwrap();
    subject.append(close(2, 1)).unwrap();
    restart(subject);
    let taken = |what, by| Err(StoreError::Taken { what, by });
    assert_eq!(subject.append(with(3, 1, "web")), taken(Unique::Number(1), id(1)));
    assert_eq!(subject.append(with(3, 2, "web")), taken(Unique::Number(2), id(2)));
    let key = Unique::DedupKey("phone".to_owned());
    assert_eq!(subject.append(with(3, 3, "phone")), taken(key, id(1)));
    let mut renumbered = more(1, 1, &["x"]);
    renumbered.summary.number = 9;
    assert!(matches!(subject.append(renumbered), Err(StoreError::Invalid { .. })));
    assert_eq!(subject.append(with(3, 3, "web")), Ok(1));
}

fn a_dedup_key_is_free_again_after_the_close_and_never_shared_between_modes(
    subject: &mut Subject,
    restart: Restart,
) {
    let with = |n: u64, mode| {
        let mut batch = declare(n, &["declared"]);
        batch.summary.dedup_key = Some("phone".to_owned());
        batch.summary.mode = mode;
        batch
    };
    subject.append(with(1, Mode::Live)).unwrap();
    subject.append(with(2, Mode::Drill)).unwrap();
    restart(subject);
    let find = |subject: &Subject, mode| subject.store().by_dedup_key(mode, "phone");
    assert_eq!(find(subject, Mode::Live), Some(id(1)));
    assert_eq!(find(subject, Mode::Drill), Some(id(2)));
    assert_eq!(find(subject, Mode::Simulation), None);
    let mut closing = close(1, 1);
    closing.summary.dedup_key = Some("phone".to_owned());
    // Ended, but still waking for a notice: the key is free all the same.
    closing.wake = Some(at(10));
    subject.append(closing).unwrap();
    restart(subject);
    assert_eq!(find(subject, Mode::Live), None);
    assert_eq!(subject.append(with(3, Mode::Live)), Ok(1));
    let mut reopening = more(1, 2, &["reopened"]);
    reopening.summary.dedup_key = Some("phone".to_owned());
    subject.append(reopening).unwrap();
    restart(subject);
    assert_eq!(find(subject, Mode::Live), Some(id(3)));
}

fn an_answered_request_is_answered_once(subject: &mut Subject, restart: Restart) {
    let with = |n: u64, body: &str| {
        let mut batch = declare(n, &["declared"]);
        batch.idempotency = Some(answer("key", body, at(1)));
        batch
    };
    subject.append(with(1, "first")).unwrap();
    restart(subject);
    // The stored answer comes back even where the repetition would be a conflict.
    for n in [1, 2] {
        let Err(StoreError::Answered(stored)) = subject.append(with(n, "second")) else {
            panic!("a request was answered twice");
        };
        assert_eq!(*stored, answer("key", "first", at(1)));
    }
    assert_eq!(subject.store().summary(id(2)), Ok(None));
}

fn answers_are_forgotten_by_age(subject: &mut Subject, restart: Restart) {
    for n in 1..=20 {
        let mut batch = declare(n, &["declared"]);
        let when = at(i64::try_from(n).unwrap());
        batch.idempotency = Some(answer(&format!("key {n}"), "body", when));
        subject.append(batch).unwrap();
    }
    assert_eq!(wait(subject.store().forget_idempotency(at(8))), Ok(7));
    restart(subject);
    let kept = |n: u64| subject.store().answered(&format!("key {n}")).unwrap().is_some();
    assert_eq!((1..=20).filter(|n| kept(*n)).count(), 13);
    assert!(!kept(7) && kept(8));
    assert_eq!(wait(subject.store().forget_idempotency(at(8))), Ok(0));
}

fn lists_show_what_is_asked_for_newest_first(subject: &mut Subject, restart: Restart) {
    for n in 1..=9 {
        subject.append(declare(n, &["declared"])).unwrap();
    }
    for n in [2, 3, 5, 8] {
        subject.append(close(n, 1)).unwrap();
    }
    let mut waking = close(6, 1);
    waking.wake = Some(at(5));
    subject.append(waking).unwrap();
    restart(subject);
    assert_eq!(page(subject, Which::Open, None, 99), [9, 7, 4, 1]);
    assert_eq!(page(subject, Which::Ended, None, 99), [8, 6, 5, 3, 2]);
    assert_eq!(page(subject, Which::All, None, 99), [9, 8, 7, 6, 5, 4, 3, 2, 1]);
    assert_eq!(page(subject, Which::All, None, 4), [9, 8, 7, 6]);
    assert_eq!(page(subject, Which::All, Some(6), 4), [5, 4, 3, 2]);
    assert_eq!(page(subject, Which::Ended, Some(8), 2), [6, 5]);
    assert_eq!(page(subject, Which::Open, Some(7), 9), [4, 1]);
    assert_eq!(page(subject, Which::All, Some(1), 9), [0_u64; 0]);
    assert_eq!(page(subject, Which::All, None, 0), [0_u64; 0]);
}

fn only_what_wakes_is_due_earliest_first(subject: &mut Subject, restart: Restart) {
    assert_eq!(subject.store().next_wake(), None);
    for (n, wake) in [(1, Some(30)), (2, Some(10)), (3, None), (4, Some(20))] {
        let mut batch = declare(n, &["declared"]);
        batch.wake = wake.map(at);
        subject.append(batch).unwrap();
    }
    restart(subject);
    let due = |subject: &Subject, until, limit| -> Vec<_> {
        let due = subject.store().due(at(until), limit);
        due.into_iter().map(|(_, incident)| incident).collect()
    };
    assert_eq!(subject.store().next_wake(), Some(at(10)));
    assert_eq!(due(subject, 9, 9), []);
    assert_eq!(due(subject, 20, 9), [id(2), id(4)]);
    assert_eq!(due(subject, 99, 2), [id(2), id(4)]);
    let mut later = more(2, 1, &["snoozed"]);
    later.wake = Some(at(40));
    subject.append(later).unwrap();
    subject.append(more(4, 1, &["settled"])).unwrap();
    // An incident that ended still wakes when it asked to.
    let mut closing = close(1, 1);
    closing.wake = Some(at(35));
    subject.append(closing).unwrap();
    restart(subject);
    assert_eq!(due(subject, 99, 9), [id(1), id(2)]);
    assert_eq!(subject.store().next_wake(), Some(at(35)));
}

fn a_reopened_incident_goes_on_where_it_ended(subject: &mut Subject, restart: Restart) {
    subject.append(declare(1, &["declared"])).unwrap();
    subject.append(close(1, 1)).unwrap();
    restart(subject);
    assert_eq!(subject.append(more(1, 1, &["x"])), Err(StoreError::Conflict { actual: 2 }));
    assert_eq!(subject.append(more(1, 2, &["reopened"])), Ok(3));
    restart(subject);
    assert_eq!(page(subject, Which::Open, None, 9), [1]);
    assert_eq!(page(subject, Which::Ended, None, 9), [0_u64; 0]);
    assert_eq!(page(subject, Which::All, None, 9), [1]);
    assert_eq!(subject.store().by_number(1).unwrap().unwrap().status, Status::Open);
    subject.append(close(1, 3)).unwrap();
    restart(subject);
    assert_eq!(page(subject, Which::Ended, None, 9), [1]);
    assert_eq!(texts(subject.store(), 1, 0), ["declared", "closed", "reopened", "closed"]);
    assert!(matches!(subject.store().verify(id(1)), Ok(Some(Verdict::Intact { events: 4, .. }))));
}

fn large_content_survives(subject: &mut Subject, restart: Restart) {
    let large = |seed: usize, length: usize| -> Vec<u8> {
        (0..length).map(|at| ((at * 31 + seed) % 251) as u8).collect()
    };
    let mut batch = declare(1, &["declared"]);
    batch.events = vec![large(1, 200_000), large(2, 10), large(3, 61_440)];
    batch.notices = large(4, 150_000);
    batch.personal = vec![("hash".to_owned(), large(5, 130_000))];
    batch.idempotency = Some(Idempotency { body: large(6, 70_000), ..answer("k", "", at(1)) });
    batch.documents = vec![Change::write(Kind::Pin, "plan", Expect::Absent, large(7, 500_000))];
    let copy = batch.clone();
    assert_eq!(subject.append(batch), Ok(3));
    restart(subject);
    let store = subject.store();
    let stream = store.load(id(1)).unwrap().unwrap();
    let events: Vec<_> = stream.events().map(|(_, event)| event.bytes.clone()).collect();
    assert!(events == copy.events);
    assert!(stream.records[0].notices == copy.notices);
    assert!(store.personal(id(1), "hash").unwrap().unwrap() == copy.personal[0].1);
    assert!(store.answered("k").unwrap() == copy.idempotency);
    let plan = store.document(Kind::Pin, "plan").unwrap().unwrap();
    assert!(Some(plan.content) == copy.documents[0].content);
    // A shorter value leaves nothing of the longer one behind.
    let shorter = Change::write(Kind::Pin, "plan", Expect::Version(1), b"short".to_vec());
    assert_eq!(wait(store.put(vec![shorter])), Ok(vec![2]));
    let mut again = more(1, 3, &["x"]);
    again.personal = vec![("hash".to_owned(), b"short".to_vec())];
    subject.append(again).unwrap();
    restart(subject);
    let store = subject.store();
    assert_eq!(store.document(Kind::Pin, "plan").unwrap().unwrap().content, b"short");
    assert_eq!(store.documents(Kind::Pin, "", 9).unwrap().len(), 1);
    assert_eq!(store.personal(id(1), "hash"), Ok(Some(b"short".to_vec())));
}

fn bounds_are_kept(subject: &mut Subject, _: Restart) {
    let too_large = |outcome| matches!(outcome, Err(StoreError::TooLarge { .. }));
    let invalid = |outcome| matches!(outcome, Err(StoreError::Invalid { .. }));
    let mut batch = declare(1, &[]);
    batch.events = vec![b"e".to_vec(); Batch::MAX_EVENTS + 1];
    assert!(too_large(subject.append(batch)));
    let mut batch = declare(1, &["e"]);
    batch.notices = vec![0; Batch::MAX_BYTES];
    assert!(too_large(subject.append(batch)));
    let mut batch = declare(1, &["e"]);
    batch.summary.dedup_key = Some("k".repeat(Batch::MAX_ROW_BYTES));
    assert!(too_large(subject.append(batch)));
    let mut batch = declare(1, &["e"]);
    batch.idempotency = Some(answer(&"k".repeat(Idempotency::MAX_KEY_BYTES + 1), "", at(1)));
    assert!(too_large(subject.append(batch)));
    let mut batch = declare(1, &["e"]);
    batch.documents =
        vec![Change::delete(Kind::Token, "n".repeat(Change::MAX_NAME_BYTES + 1), Expect::Any)];
    assert!(too_large(subject.append(batch)));
    assert!(invalid(subject.append(declare(1, &[]))));
    assert!(invalid(subject.append(declare(1, &[""]))));
    assert!(invalid(subject.append(Batch { incident: id(2), ..declare(1, &["e"]) })));
    let mut batch = declare(1, &["e"]);
    batch.summary.number = 0;
    assert!(invalid(subject.append(batch)));
    let mut batch = declare(1, &["e"]);
    batch.personal = vec![("a\0b".to_owned(), Vec::new())];
    assert!(invalid(subject.append(batch)));
    let change = |name: &str| Change::write(Kind::Token, name, Expect::Any, Vec::new());
    for changes in [vec![change("")], vec![change("a\0")], vec![change("a"), change("a")]] {
        assert!(matches!(wait(subject.store().put(changes)), Err(StoreError::Invalid { .. })));
    }
    assert_eq!(subject.store().last_number(), 0);
}

fn notices_alone_and_rows_alone_can_change(subject: &mut Subject, restart: Restart) {
    subject.append(declare(1, &["declared"])).unwrap();
    let mut notices = more(1, 1, &[]);
    notices.notices = b"more".to_vec();
    assert_eq!(subject.append(notices), Ok(1));
    let mut only_row = more(1, 1, &[]);
    only_row.summary.pending_notices = 3;
    only_row.wake = Some(at(9));
    assert_eq!(subject.append(only_row), Ok(1));
    assert_eq!(subject.append(more(1, 1, &["next"])), Ok(2));
    restart(subject);
    let stream = subject.store().load(id(1)).unwrap().unwrap();
    let notices: Vec<_> = stream.records.iter().map(|record| record.notices.as_slice()).collect();
    assert_eq!(notices, [b"".as_slice(), b"more", b""]);
    assert_eq!(texts(subject.store(), 1, 0), ["declared", "next"]);
    assert!(matches!(subject.store().verify(id(1)), Ok(Some(Verdict::Intact { events: 2, .. }))));
}

fn documents_are_versioned_and_change_together(subject: &mut Subject, restart: Restart) {
    let write = |name: &str, expect, content: &str| {
        Change::write(Kind::Setting, name, expect, content.as_bytes().to_vec())
    };
    let put = |subject: &Subject, changes| wait(subject.store().put(changes));
    assert_eq!(put(subject, vec![write("a", Expect::Absent, "1")]), Ok(vec![1]));
    assert_eq!(
        put(subject, vec![write("a", Expect::Version(1), "2"), write("b", Expect::Any, "1")]),
        Ok(vec![2, 1])
    );
    let stale = |name: &str, actual| {
        Err(StoreError::Stale { kind: Kind::Setting, name: name.to_owned(), actual })
    };
    restart(subject);
    let both = vec![write("b", Expect::Any, "x"), write("a", Expect::Version(1), "x")];
    assert_eq!(put(subject, both), stale("a", Some(2)));
    assert_eq!(put(subject, vec![write("a", Expect::Absent, "x")]), stale("a", Some(2)));
    assert_eq!(put(subject, vec![write("c", Expect::Version(1), "x")]), stale("c", None));
    restart(subject);
    let b = subject.store().document(Kind::Setting, "b").unwrap().unwrap();
    assert_eq!((b.version, b.content), (1, b"1".to_vec()));
    let delete = |expect| vec![Change::delete(Kind::Setting, "a", expect)];
    assert_eq!(put(subject, delete(Expect::Version(1))), stale("a", Some(2)));
    assert_eq!(put(subject, delete(Expect::Version(2))), Ok(vec![0]));
    assert_eq!(put(subject, delete(Expect::Any)), Ok(vec![0]));
    restart(subject);
    assert_eq!(subject.store().document(Kind::Setting, "a"), Ok(None));
    assert_eq!(put(subject, vec![write("a", Expect::Absent, "new")]), Ok(vec![1]));
}

fn documents_are_listed_by_name(subject: &mut Subject, restart: Restart) {
    let names = ["a", "a-b", "ab", "b", "乙", "甲"];
    let changes = |kind| -> Vec<_> {
        let write = |name: &&str| Change::write(kind, *name, Expect::Any, name.as_bytes().to_vec());
        names.iter().rev().map(write).collect()
    };
    wait(subject.store().put(changes(Kind::DrillResult))).unwrap();
    wait(subject.store().put(changes(Kind::DrillSchedule))).unwrap();
    restart(subject);
    let list = |kind, after: &str, limit| -> Vec<String> {
        let documents = subject.store().documents(kind, after, limit).unwrap();
        assert!(documents.iter().all(|document| document.content == document.name.as_bytes()));
        documents.into_iter().map(|document| document.name).collect()
    };
    let mut sorted = names;
    sorted.sort_unstable();
    assert_eq!(list(Kind::DrillResult, "", 99), sorted);
    assert_eq!(list(Kind::DrillResult, "a", 2), ["a-b", "ab"]);
    assert_eq!(list(Kind::DrillResult, "aa", 2), ["ab", "b"]);
    assert_eq!(list(Kind::DrillResult, sorted[5], 9), [""; 0]);
    assert_eq!(list(Kind::DrillResult, "", 0), [""; 0]);
    assert_eq!(list(Kind::Token, "", 9), [""; 0]);
}

fn documents_change_with_the_incident_or_not_at_all(subject: &mut Subject, restart: Restart) {
    let fired = |n: u64, expect| {
        let mut batch = declare(n, &["declared"]);
        batch.documents = vec![Change::write(Kind::DrillSchedule, "d", expect, b"fired".to_vec())];
        batch
    };
    assert_eq!(subject.append(fired(1, Expect::Absent)), Ok(1));
    restart(subject);
    // The schedule was already moved on by somebody: no second incident.
    assert!(matches!(subject.append(fired(2, Expect::Absent)), Err(StoreError::Stale { .. })));
    assert_eq!(subject.store().summary(id(2)), Ok(None));
    assert_eq!(subject.append(fired(2, Expect::Version(1))), Ok(1));
}

fn personal_content_and_notices_can_be_erased_and_the_chain_stays(
    subject: &mut Subject,
    restart: Restart,
) {
    let mut batch = declare(1, &["declared #h1"]);
    batch.notices = vec![b'n'; 100_000];
    let personal = [("h1", "王伟"), ("h2", "138")];
    batch.personal = personal.map(|(name, text)| (name.to_owned(), text.into())).to_vec();
    batch.idempotency = Some(answer("key", "王伟", at(1)));
    subject.append(batch).unwrap();
    let mut other = declare(2, &["declared"]);
    other.notices = b"kept".to_vec();
    other.personal = vec![("h1".to_owned(), b"kept".to_vec())];
    other.idempotency = Some(answer("other", "kept", at(1)));
    subject.append(other).unwrap();
    let redact = |subject: &Subject, names: &[&str]| {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        wait(subject.store().redact(id(1), names))
    };
    restart(subject);
    let first = redact(subject, &["h1", "never"]);
    assert_eq!(first, Ok(Redacted { personal: 1, notices: 1, answers: 1 }));
    restart(subject);
    let store = subject.store();
    assert_eq!(store.personal(id(1), "h1"), Ok(None));
    assert_eq!(store.personal(id(1), "h2"), Ok(Some(b"138".to_vec())));
    assert_eq!(store.personal(id(2), "h1"), Ok(Some(b"kept".to_vec())));
    let notices = |n| store.load(id(n)).unwrap().unwrap().records[0].notices.clone();
    assert_eq!((notices(1), notices(2)), (Vec::new(), b"kept".to_vec()));
    assert!(store.answered("key").unwrap().unwrap().is_erased());
    assert_eq!(store.answered("other").unwrap().unwrap().body, b"kept");
    assert!(matches!(store.verify(id(1)), Ok(Some(Verdict::Intact { events: 1, .. }))));
    assert_eq!(redact(subject, &["h1"]), Ok(Redacted::default()));
    let unknown = wait(subject.store().redact(id(9), Vec::new()));
    assert_eq!(unknown, Err(StoreError::Unknown(id(9))));
    // The history goes on, and what comes after an erasure is not erased by it.
    let mut next = more(1, 1, &["next"]);
    next.notices = b"page".to_vec();
    next.personal = vec![("h1".to_owned(), b"given anew".to_vec())];
    let store = subject.store();
    let erased = store.redact(id(1), vec!["h1".to_owned(), "h2".to_owned()]);
    let appended = store.append(next);
    assert_eq!(wait(appended), Ok(2));
    assert_eq!(wait(erased), Ok(Redacted { personal: 1, notices: 0, answers: 0 }));
    assert_eq!(store.personal(id(1), "h1"), Ok(Some(b"given anew".to_vec())));
    assert_eq!(store.load(id(1)).unwrap().unwrap().records[1].notices, b"page");
}

fn an_archived_incident_is_still_found_and_can_go_on(subject: &mut Subject, restart: Restart) {
    let mut batch = declare(1, &["declared", "worked"]);
    batch.events.push(vec![b'x'; 100_000]);
    batch.notices = b"notices".to_vec();
    batch.personal = vec![("h".to_owned(), b"secret".to_vec()), ("k".to_owned(), vec![7; 70_000])];
    subject.append(batch).unwrap();
    let archive = |subject: &Subject| wait(subject.store().archive(id(1)));
    assert_eq!(archive(subject), Err(StoreError::StillActive(id(1))));
    assert_eq!(wait(subject.store().archive(id(9))), Err(StoreError::Unknown(id(9))));
    subject.append(close(1, 3)).unwrap();
    let before = subject.store().load(id(1)).unwrap();
    assert_eq!(archive(subject), Ok(()));
    restart(subject);
    assert_eq!(archive(subject), Ok(()));
    assert!(subject.store().load(id(1)).unwrap() == before);
    assert_eq!(page(subject, Which::Ended, None, 9), [1]);
    assert_eq!(subject.store().summary(id(1)).unwrap().unwrap().version, 4);
    assert_eq!(subject.store().personal(id(1), "h"), Ok(Some(b"secret".to_vec())));
    assert!(matches!(subject.store().verify(id(1)), Ok(Some(Verdict::Intact { events: 4, .. }))));
    let erased = wait(subject.store().redact(id(1), vec!["h".to_owned()]));
    assert_eq!(erased, Ok(Redacted { personal: 1, notices: 1, answers: 0 }));
    restart(subject);
    assert_eq!(subject.store().personal(id(1), "h"), Ok(None));
    assert_eq!(subject.store().personal(id(1), "k"), Ok(Some(vec![7; 70_000])));
    assert_eq!(subject.append(more(1, 4, &["reopened"])), Ok(5));
    restart(subject);
    assert_eq!(texts(subject.store(), 1, 3), ["closed", "reopened"]);
    // Part of it lies in the archive, part in the hot store.
    let erased = wait(subject.store().redact(id(1), vec!["k".to_owned()]));
    assert_eq!(erased, Ok(Redacted { personal: 1, notices: 0, answers: 0 }));
    assert_eq!(subject.store().personal(id(1), "k"), Ok(None));
    subject.append(close(1, 5)).unwrap();
    assert_eq!(archive(subject), Ok(()));
    restart(subject);
    let mut audit_calls = 0;
    let audit = subject.store().verify_all(&mut |_, _| audit_calls += 1).unwrap();
    assert_eq!((audit.incidents, audit.events, audit_calls), (1, 6, 1));
    assert_eq!(audit.broken, []);
    assert_eq!(texts(subject.store(), 1, 3), ["closed", "reopened", "closed"]);
}

fn a_tail_begins_where_it_is_asked_to(subject: &mut Subject, restart: Restart) {
    subject.append(declare(1, &["1", "2", "3"])).unwrap();
    let mut notices = more(1, 3, &[]);
    notices.notices = b"n".to_vec();
    subject.append(notices).unwrap();
    for n in 3..10 {
        subject.append(more(1, n, &[&format!("{}", n + 1)])).unwrap();
    }
    restart(subject);
    for after in 0..10 {
        let expected: Vec<_> = (after + 1..=10).map(|n| n.to_string()).collect();
        assert_eq!(texts(subject.store(), 1, after), expected, "after {after}");
    }
    let tail = |after| subject.store().tail(id(1), after).unwrap().unwrap().records;
    assert_eq!(tail(2)[0].first, 1);
    assert_eq!(tail(3)[0].first, 4);
    assert_eq!(tail(0).len(), 9);
    assert!(tail(10).is_empty() && tail(u64::MAX).is_empty());
}

fn chains_are_verified(subject: &mut Subject, restart: Restart) {
    for n in 1..=5 {
        subject.append(declare(n, &["a", "b"])).unwrap();
        subject.append(more(n, 2, &["c"])).unwrap();
    }
    restart(subject);
    let mut seen = Vec::new();
    let audit = subject.store().verify_all(&mut |done, all| seen.push((done, all))).unwrap();
    assert_eq!((audit.incidents, audit.events, audit.broken.len()), (5, 15, 0));
    assert_eq!(seen, [(1, 5), (2, 5), (3, 5), (4, 5), (5, 5)]);
    let link = subject.store().load(id(3)).unwrap().unwrap().link();
    assert_eq!(subject.store().verify(id(3)), Ok(Some(Verdict::Intact { events: 3, link })));
    assert_eq!(subject.store().verify(id(9)), Ok(None));
}

fn events_and_links_are_those_of_the_published_rule(subject: &mut Subject, restart: Restart) {
    subject.append(declare(1, &["a", "b"])).unwrap();
    subject.append(more(1, 2, &["c"])).unwrap();
    restart(subject);
    let stream = subject.store().load(id(1)).unwrap().unwrap();
    let all = bytes(&["a", "b", "c"]);
    let links = chain::links(chain::genesis(id(1)), all.iter().map(Vec::as_slice));
    assert_eq!(stream.events().map(|(_, event)| event.link).collect::<Vec<_>>(), links);
    assert_eq!(stream.events().map(|(number, _)| number).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(stream.link(), links[2]);
}

fn unknown_things_are_absent_not_errors(subject: &mut Subject, restart: Restart) {
    restart(subject);
    let store = subject.store();
    assert_eq!(store.load(id(1)), Ok(None));
    assert_eq!(store.tail(id(1), 5), Ok(None));
    assert_eq!(store.summary(id(1)), Ok(None));
    assert_eq!(store.by_number(1), Ok(None));
    assert_eq!(store.by_dedup_key(Mode::Live, "k"), None);
    assert_eq!(store.answered("k"), Ok(None));
    assert_eq!(store.document(Kind::Pin, "p"), Ok(None));
    assert_eq!(store.personal(id(1), "r"), Ok(None));
    assert_eq!(store.last_number(), 0);
    assert_eq!(page(subject, Which::All, None, 9), [0_u64; 0]);
    assert_eq!(store.health(), firebell::store::Health::Healthy);
}
