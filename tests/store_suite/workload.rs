//! A child process that writes as fast as it can and reports what was acknowledged, and the
//! check of what a store holds after that process died.
//!
//! Everything stored is a function of the incident's number and version, so that the check needs
//! nothing but the acknowledgements.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use firebell::engine::Status;
use firebell::store::{
    Batch, Change, Expect, Idempotency, Kind, OpenReport, Options, Sled, Store, StoreError, Verdict,
};
use jiff::Timestamp;

use crate::subject::{answer, at, id, options, row};

/// Tells the child which data directory to write to.
const DIR: &str = "FIREBELL_TEST_STORE_DIR";

/// How many tasks write at once.
const TASKS: u64 = 16;

/// The version at which an incident is closed, and sometimes archived.
const LAST: u64 = 12;

/// Acknowledged versions by incident number.
pub type Acked = BTreeMap<u64, u64>;

/// The `k`th event of incident `n`: mostly short, now and then longer than one stored value.
fn event(n: u64, k: u64) -> Vec<u8> {
    let length = match (n * 7 + k) % 61 {
        0 => 150_000,
        1..=4 => 20_000,
        _ => 300,
    };
    let text = format!("event {k} of incident {n}; ");
    text.bytes().cycle().take(length).collect()
}

fn wake(n: u64, version: u64) -> Option<Timestamp> {
    (version < LAST && !(n + version).is_multiple_of(3))
        .then(|| at(i64::try_from(n * 100 + version).unwrap()))
}

/// How many events the append after `version` has.
fn step(n: u64, version: u64) -> u64 {
    (1 + (n + version) % 3).min(LAST - version)
}

fn stored_answer(n: u64, version: u64) -> Idempotency {
    answer(&format!("key {n} {version}"), &format!("answer {n} {version}"), at(1))
}

fn batch(n: u64, version: u64) -> Batch {
    let next = version + step(n, version);
    let status = if next == LAST { Status::Closed } else { Status::Open };
    let mut batch =
        Batch::new(version, (version + 1..=next).map(|k| event(n, k)).collect(), row(n, status));
    batch.notices = format!("notices {n} {next}").into_bytes();
    batch.wake = wake(n, next);
    batch.idempotency = Some(stored_answer(n, next));
    batch.personal = vec![(format!("ref {next}"), event(n, next))];
    let content = next.to_string().into_bytes();
    let name = format!("incident {n}");
    batch.documents = vec![Change::write(Kind::Setting, name, Expect::Any, content)];
    batch
}

/// Writes until it is killed. Run by the tests in a process of its own.
#[test]
#[ignore = "the child process of the crash tests"]
fn child() {
    let Some(dir) = std::env::var_os(DIR) else {
        panic!("{DIR} is not set: only crash tests run this")
    };
    let store: Arc<Sled> = Arc::new(Sled::open(Path::new(&dir), options()).unwrap().store);
    let base = store.last_number();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime.block_on(async {
        let mut tasks = Vec::new();
        for task in 1..=TASKS {
            tasks.push(tokio::spawn(write_on(Arc::clone(&store), base + task)));
        }
        for task in tasks {
            task.await.unwrap();
        }
    });
}

/// Runs incidents `n`, `n + TASKS`, … through their lives, reporting what is acknowledged.
async fn write_on(store: Arc<Sled>, mut n: u64) {
    loop {
        let mut version = 0;
        while version < LAST {
            match store.append(batch(n, version)).await {
                Ok(next) => version = next,
                // The disk is gone: nothing more can be acknowledged.
                Err(_) => return,
            }
            report(n, version);
        }
        let maintained = match n % 4 {
            0 => store.archive(id(n)).await,
            1 => store.redact(id(n), vec!["ref 12".to_owned()]).await.map(|_| ()),
            _ => Ok(()),
        };
        if maintained.is_err() {
            return;
        }
        n += TASKS;
    }
}

/// Reports with one write, so that a line is either whole or cut off at the end of the pipe.
fn report(n: u64, version: u64) {
    let line = format!("ack {n} {version}\n");
    std::io::stdout().write_all(line.as_bytes()).unwrap();
    std::io::stdout().flush().unwrap();
}

/// A child that writes into `dir`.
pub struct Writing {
    child: Child,
    output: BufReader<ChildStdout>,
    acked: Acked,
}

impl Writing {
    /// Starts the child and waits for its first acknowledgement.
    pub fn start(dir: &Path) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["workload::child", "--exact", "--ignored", "--nocapture"])
            .env(DIR, dir)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let mut writing = Self { child, output, acked: Acked::new() };
        while writing.acked.is_empty() {
            let mut line = String::new();
            assert_ne!(writing.output.read_line(&mut line).unwrap(), 0, "the child ended early");
            note(&mut writing.acked, &line);
        }
        writing
    }

    /// Reads acknowledgements for a while.
    pub fn go_on(&mut self, appends: usize) {
        for _ in 0..appends {
            let mut line = String::new();
            self.output.read_line(&mut line).unwrap();
            note(&mut self.acked, &line);
        }
    }

    /// Kills the child with SIGKILL and returns everything that was acknowledged before.
    pub fn kill(mut self) -> Acked {
        self.child.kill().unwrap();
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).unwrap();
        for line in rest.split_inclusive('\n') {
            note(&mut self.acked, line);
        }
        self.child.wait().unwrap();
        self.acked
    }
}

fn note(acked: &mut Acked, line: &str) {
    // The last line may be cut off, and the test harness prints lines of its own.
    let Some(("ack", rest)) = line.strip_suffix('\n').and_then(|line| line.split_once(' ')) else {
        return;
    };
    let (n, version) = rest.split_once(' ').unwrap();
    acked.insert(n.parse().unwrap(), version.parse().unwrap());
}

/// Opens the store after a crash and checks that it holds everything that was acknowledged and
/// nothing by halves.
pub fn check(dir: &Path, acked: &Acked) -> OpenReport {
    let patient = Options { lock_wait: Duration::from_secs(20), ..options() };
    let opened = Sled::open(dir, patient).unwrap();
    let store = opened.store;
    for (n, version) in acked {
        let row = store.by_number(*n).unwrap();
        let row = row.unwrap_or_else(|| panic!("incident {n} is lost"));
        assert!(row.version >= *version, "incident {n}: {} of {version} events", row.version);
    }
    for n in 1..=store.last_number() {
        check_incident(&store, n);
    }
    assert_eq!(std::fs::read_dir(dir.join("journal/blobs")).unwrap().count(), 0, "unsynced files");
    opened.report
}

/// Checks that all parts of an incident belong to the same version.
fn check_incident(store: &Sled, n: u64) {
    // Some of the last incidents may never have been declared.
    let Some(row) = store.by_number(n).unwrap() else {
        assert_eq!(store.load(id(n)), Ok(None));
        assert_eq!(store.document(Kind::Setting, &format!("incident {n}")), Ok(None));
        return;
    };
    let version = row.version;
    assert_eq!(row.status == Status::Closed, version == LAST);
    let stream = store.load(id(n)).unwrap().unwrap();
    assert_eq!(stream.version(), version);
    for (number, stored) in stream.events() {
        assert!(stored.bytes == event(n, number), "event {number} of incident {n} is wrong");
    }
    assert!(matches!(store.verify(id(n)), Ok(Some(Verdict::Intact { .. }))));
    let counter = store.document(Kind::Setting, &format!("incident {n}")).unwrap().unwrap();
    assert_eq!(counter.content, version.to_string().into_bytes());
    let redacted = version == LAST && n % 4 == 1;
    for record in &stream.records {
        let (key, personal) = (format!("key {n} {}", record.last()), record.last());
        let stored = store.answered(&key).unwrap().unwrap();
        let content = store.personal(id(n), &format!("ref {personal}")).unwrap();
        if !redacted {
            assert_eq!(record.notices, format!("notices {n} {}", record.last()).into_bytes());
            assert_eq!(stored, stored_answer(n, record.last()));
            assert!(content == Some(event(n, personal)));
        }
    }
    let due = store.due(Timestamp::MAX, usize::MAX);
    let waking = due.iter().find(|(_, incident)| *incident == id(n)).map(|(wake, _)| *wake);
    assert_eq!(waking, wake(n, version), "the wake-up of incident {n}");
    let again = crate::subject::wait(store.append(batch(n, version - 1).clone()));
    assert!(matches!(again, Err(StoreError::Answered(_) | StoreError::Conflict { .. })));
}
