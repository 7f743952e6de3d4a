//! Random use of the store on disk against the store in memory, which is the specification.

use firebell::engine::{Mode, Status};
use firebell::id::IncidentId;
use firebell::store::{
    Batch, Change, Expect, Kind, Memory, Pending, Query, Redacted, Sled, Store, StoreError, Which,
};
use jiff::Timestamp;
use proptest::prelude::*;
use proptest::sample::select;
use tempfile::TempDir;

use crate::subject::{answer, at, id, options, row, wait};

/// Few incidents, keys and names, so that they meet often.
const INCIDENTS: u64 = 5;
const NAMES: [&str; 3] = ["a", "b", "甲"];

/// One request.
#[derive(Debug, Clone)]
enum Request {
    Append(Box<Batch>, Guess),
    Put(Vec<Change>),
    Redact(IncidentId, Vec<String>),
    Archive(IncidentId),
    Forget(Timestamp),
}

/// What an append believes of the version.
#[derive(Debug, Clone, Copy)]
enum Guess {
    Right,
    Off(u64),
}

/// What is done in one go: requests handed over together, or a restart.
#[derive(Debug, Clone)]
enum Turn {
    Requests(Vec<Request>),
    Restart,
}

#[derive(Debug, PartialEq)]
enum Outcome {
    Version(Result<u64, StoreError>),
    Versions(Result<Vec<u64>, StoreError>),
    Redacted(Result<Redacted, StoreError>),
    Archived(Result<(), StoreError>),
    Forgotten(Result<u64, StoreError>),
}

enum Waiting {
    Version(Pending<u64>),
    Versions(Pending<Vec<u64>>),
    Redacted(Pending<Redacted>),
    Archived(Pending<()>),
    Forgotten(Pending<u64>),
}

impl Waiting {
    fn outcome(self) -> Outcome {
        match self {
            Self::Version(pending) => Outcome::Version(wait(pending)),
            Self::Versions(pending) => Outcome::Versions(wait(pending)),
            Self::Redacted(pending) => Outcome::Redacted(wait(pending)),
            Self::Archived(pending) => Outcome::Archived(wait(pending)),
            Self::Forgotten(pending) => Outcome::Forgotten(wait(pending)),
        }
    }
}

fn ask(store: &dyn Store, request: &Request) -> Waiting {
    match request.clone() {
        Request::Append(batch, _) => Waiting::Version(store.append(*batch)),
        Request::Put(changes) => Waiting::Versions(store.put(changes)),
        Request::Redact(incident, names) => Waiting::Redacted(store.redact(incident, names)),
        Request::Archive(incident) => Waiting::Archived(store.archive(incident)),
        Request::Forget(before) => Waiting::Forgotten(store.forget_idempotency(before)),
    }
}

fn content() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        8 => prop::collection::vec(any::<u8>(), 1..40),
        1 => (60_000..140_000_usize, any::<u8>()).prop_map(|(length, byte)| vec![byte; length]),
    ]
}

fn name() -> impl Strategy<Value = String> {
    select(&NAMES[..]).prop_map(str::to_owned)
}

fn change() -> impl Strategy<Value = Change> {
    let kind = select(vec![Kind::Setting, Kind::Token]);
    let expect = prop_oneof![
        3 => Just(Expect::Any),
        1 => Just(Expect::Absent),
        2 => (1..4_u64).prop_map(Expect::Version),
    ];
    (kind, name(), expect, prop::option::weighted(0.8, content()))
        .prop_map(|(kind, name, expect, content)| Change { kind, name, expect, content })
}

fn batch() -> impl Strategy<Value = Batch> {
    let head = (
        1..=INCIDENTS,
        prop::collection::vec(content(), 0..4),
        select(vec![Status::Open, Status::Paused, Status::Closed, Status::Cancelled]),
        select(vec![Mode::Live, Mode::Drill]),
    );
    let wake = prop::option::of((0..50_i64).prop_map(at));
    let key = prop::option::weighted(0.5, name());
    let request = prop::option::weighted(0.4, (name(), 0..20_i64));
    let rest = (
        prop::option::weighted(0.4, content()),
        prop::collection::vec((name(), content()), 0..2),
        prop::collection::vec(change(), 0..2),
    );
    (head, wake, key, request, rest).prop_map(|(head, wake, key, request, rest)| {
        let (n, events, status, mode) = head;
        let mut summary = row(n, status);
        summary.mode = mode;
        summary.dedup_key = key;
        let mut batch = Batch::new(0, events, summary);
        batch.wake = wake;
        batch.idempotency = request.map(|(key, when)| answer(&key, "body", at(when)));
        (batch.notices, batch.personal, batch.documents) =
            (rest.0.unwrap_or_default(), rest.1, rest.2);
        batch
    })
}

fn request() -> impl Strategy<Value = Request> {
    let guess = prop_oneof![9 => Just(Guess::Right), 1 => (0..4_u64).prop_map(Guess::Off)];
    let incident = || (1..=INCIDENTS + 1).prop_map(id);
    prop_oneof![
        12 => (batch(), guess).prop_map(|(batch, guess)| Request::Append(Box::new(batch), guess)),
        2 => prop::collection::vec(change(), 1..3).prop_map(Request::Put),
        1 => (incident(), prop::collection::vec(name(), 0..3))
            .prop_map(|(incident, names)| Request::Redact(incident, names)),
        2 => incident().prop_map(Request::Archive),
        1 => (0..20_i64).prop_map(|when| Request::Forget(at(when))),
    ]
}

fn turn() -> impl Strategy<Value = Turn> {
    prop_oneof![
        6 => prop::collection::vec(request(), 1..8).prop_map(Turn::Requests),
        1 => Just(Turn::Restart),
    ]
}

/// Everything that can be read.
fn picture(store: &dyn Store) -> Vec<String> {
    let mut picture = Vec::new();
    let mut see = |what: String| picture.push(what);
    for n in 1..=INCIDENTS {
        see(format!("{:?}", store.load(id(n))));
        see(format!("{:?}", store.tail(id(n), 2)));
        see(format!("{:?}", store.summary(id(n))));
        see(format!("{:?}", store.by_number(n)));
        see(format!("{:?}", store.verify(id(n))));
        for name in NAMES {
            see(format!("{:?}", store.personal(id(n), name)));
        }
    }
    for name in NAMES {
        see(format!("{:?}", store.answered(name)));
        see(format!("{:?}", store.by_dedup_key(Mode::Live, name)));
        see(format!("{:?}", store.by_dedup_key(Mode::Drill, name)));
        see(format!("{:?}", store.document(Kind::Setting, name)));
    }
    for kind in [Kind::Setting, Kind::Token] {
        see(format!("{:?}", store.documents(kind, "", 9)));
        see(format!("{:?}", store.documents(kind, "a", 1)));
    }
    for which in [Which::Open, Which::Ended, Which::All] {
        for before in [None, Some(4)] {
            see(format!("{:?}", store.list(Query { which, before, limit: 3 })));
        }
    }
    see(format!("{:?}", store.due(at(25), 3)));
    see(format!("{:?}", store.next_wake()));
    see(format!("{:?}", store.last_number()));
    see(format!("{:?}", store.stats().active));
    see(format!("{:?}", store.verify_all(&mut |_, _| ())));
    picture
}

/// Sets the versions that appends expect, as the specification will have them at their turn.
fn run_on_memory(memory: &Memory, requests: &mut [Request]) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for request in requests {
        if let Request::Append(batch, guess) = request {
            let stored = memory.summary(batch.incident).unwrap().map_or(0, |row| row.version);
            batch.expected = match guess {
                Guess::Right => stored,
                Guess::Off(version) => *version,
            };
        }
        outcomes.push(ask(memory, request).outcome());
    }
    outcomes
}

fn open(dir: &TempDir) -> Sled {
    Sled::open(dir.path(), options()).unwrap().store
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, max_shrink_iters: 400, ..ProptestConfig::default() })]

    #[test]
    fn the_store_on_disk_does_what_the_specification_does(
        turns in prop::collection::vec(turn(), 1..14),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let memory = Memory::new();
        let mut store = open(&dir);
        for turn in turns {
            match turn {
                Turn::Restart => {
                    drop(store);
                    store = open(&dir);
                }
                Turn::Requests(mut requests) => {
                    let expected = run_on_memory(&memory, &mut requests);
                    // All at once: they meet in one group.
                    let waiting: Vec<_> = requests.iter().map(|one| ask(&store, one)).collect();
                    let outcomes: Vec<_> = waiting.into_iter().map(Waiting::outcome).collect();
                    prop_assert_eq!(outcomes, expected);
                }
            }
            let (seen, expected) = (picture(&store), picture(&memory));
            for (seen, expected) in seen.into_iter().zip(expected) {
                prop_assert_eq!(seen, expected);
            }
        }
    }
}
