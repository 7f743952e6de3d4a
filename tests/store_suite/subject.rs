//! Stores to test, and makers of what is put in them.

use std::future::Future;
use std::sync::Arc;

use firebell::engine::{Mode, Status};
use firebell::id::IncidentId;
use firebell::store::{
    Batch, Digest, Idempotency, Memory, Options, Sled, Store, StoreError, Summary,
};
use firebell::text::Text;
use jiff::Timestamp;
use tempfile::TempDir;

/// A store that can be restarted.
pub struct Subject {
    store: Option<Arc<dyn Store>>,
    dir: Option<TempDir>,
}

impl Subject {
    pub fn memory() -> Self {
        Self { store: Some(Arc::new(Memory::new())), dir: None }
    }

    pub fn sled() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self { store: Some(open(&dir)), dir: Some(dir) }
    }

    pub fn store(&self) -> &dyn Store {
        self.store.as_deref().unwrap()
    }

    /// Closes and opens the store; one in memory just goes on.
    pub fn restart(&mut self) {
        if let Some(dir) = &self.dir {
            drop(self.store.take());
            self.store = Some(open(dir));
        }
    }

    pub fn append(&self, batch: Batch) -> Result<u64, StoreError> {
        wait(self.store().append(batch))
    }
}

fn open(dir: &TempDir) -> Arc<dyn Store> {
    Arc::new(Sled::open(dir.path(), options()).unwrap().store)
}

/// The default options, without a demand for free space: test machines are often full.
pub fn options() -> Options {
    Options { reserve_bytes: 0, ..Options::default() }
}

/// Waits for a write.
pub fn wait<T>(pending: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(pending)
}

pub fn id(n: u64) -> IncidentId {
    IncidentId::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + u128::from(n))
}

pub fn at(seconds: i64) -> Timestamp {
    Timestamp::new(1_800_000_000 + seconds, 123_456_000).unwrap()
}

/// The row of incident `n`, whose number is `n`.
pub fn row(n: u64, status: Status) -> Summary {
    Summary {
        id: id(n),
        number: n,
        playbook: "service-outage".into(),
        playbook_hash: Digest::of(b"plan"),
        title: Text::both("客服系统中断", "Customer-service outage"),
        mode: Mode::Live,
        status,
        stuck: false,
        level: 2,
        level_provisional: true,
        phase: "report".into(),
        detected_at: at(0),
        declared_at: at(60),
        closed_at: (!status.is_open()).then(|| at(3_600)),
        restricted: false,
        involved: Vec::new(),
        dedup_key: None,
        version: 0,
        pending_notices: 0,
        open_clocks: 0,
    }
}

/// The declaration of open incident `n` with these events.
pub fn declare(n: u64, events: &[&str]) -> Batch {
    Batch::new(0, bytes(events), row(n, Status::Open))
}

/// A later append to incident `n`.
pub fn more(n: u64, expected: u64, events: &[&str]) -> Batch {
    Batch::new(expected, bytes(events), row(n, Status::Open))
}

/// An append that closes incident `n`.
pub fn close(n: u64, expected: u64) -> Batch {
    Batch::new(expected, bytes(&["closed"]), row(n, Status::Closed))
}

pub fn bytes(events: &[&str]) -> Vec<Vec<u8>> {
    events.iter().map(|event| event.as_bytes().to_vec()).collect()
}

pub fn answer(key: &str, body: &str, when: Timestamp) -> Idempotency {
    Idempotency {
        key: key.to_owned(),
        fingerprint: Digest::of(body.as_bytes()),
        status: 201,
        body: body.as_bytes().to_vec(),
        at: when,
    }
}

/// The texts of an incident's events from the one after `after` on.
pub fn texts(store: &dyn Store, n: u64, after: u64) -> Vec<String> {
    let stream = store.tail(id(n), after).unwrap().unwrap();
    let texts = stream.events().filter(|(number, _)| *number > after);
    texts.map(|(_, event)| String::from_utf8(event.bytes.clone()).unwrap()).collect()
}
