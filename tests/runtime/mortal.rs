//! A store that dies: after so many commits it takes nothing more, until it is revived. What it took
//! is what a new start finds, also where the writer never heard that it was taken.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use firebell::engine::Mode;
use firebell::id::IncidentId;
use firebell::store::{
    Audit, Batch, Change, Document, Health, Idempotency, Kind, Memory, Pending, Query, Redacted,
    Stats, Store, StoreError, Stream, Summary, Verdict,
};
use jiff::Timestamp;

/// When a store dies.
#[derive(Debug, Clone, Copy)]
pub struct Death {
    /// After so many commits.
    pub after: u64,
    /// The last of them is stored, and its writer is not told.
    pub silently: bool,
}

/// The store.
pub struct Mortal {
    inner: Memory,
    death: Option<Death>,
    commits: AtomicU64,
    /// 0 alive and to die, 1 dead, 2 revived.
    fate: AtomicU64,
}

impl Mortal {
    pub fn new(death: Option<Death>) -> Arc<Self> {
        let (commits, fate) = (AtomicU64::new(0), AtomicU64::new(0));
        Arc::new(Self { inner: Memory::new(), death, commits, fate })
    }

    pub fn is_dead(&self) -> bool {
        self.fate.load(Ordering::SeqCst) == 1
    }

    pub fn revive(&self) {
        self.fate.store(2, Ordering::SeqCst);
    }

    pub fn commits(&self) -> u64 {
        self.commits.load(Ordering::SeqCst)
    }
}

impl Store for Mortal {
    fn append(&self, batch: Batch) -> Pending<u64> {
        if self.is_dead() {
            return Box::pin(async { Err(StoreError::Stopped) });
        }
        let nth = self.commits.fetch_add(1, Ordering::SeqCst) + 1;
        let dies = self.death.filter(|_| self.fate.load(Ordering::SeqCst) == 0);
        let Some(Death { silently, .. }) = dies.filter(|death| nth > death.after) else {
            return self.inner.append(batch);
        };
        self.fate.store(1, Ordering::SeqCst);
        let last = silently.then(|| self.inner.append(batch));
        Box::pin(async move {
            if let Some(last) = last {
                let _ = last.await;
            }
            Err(StoreError::Stopped)
        })
    }

    fn put(&self, changes: Vec<Change>) -> Pending<Vec<u64>> {
        self.inner.put(changes)
    }

    fn redact(&self, incident: IncidentId, references: Vec<String>) -> Pending<Redacted> {
        self.inner.redact(incident, references)
    }

    fn archive(&self, incident: IncidentId) -> Pending<()> {
        self.inner.archive(incident)
    }

    fn forget_idempotency(&self, older_than: Timestamp) -> Pending<u64> {
        self.inner.forget_idempotency(older_than)
    }

    fn tail(&self, incident: IncidentId, after: u64) -> Result<Option<Stream>, StoreError> {
        self.inner.tail(incident, after)
    }

    fn summary(&self, incident: IncidentId) -> Result<Option<Summary>, StoreError> {
        self.inner.summary(incident)
    }

    fn by_number(&self, number: u64) -> Result<Option<Summary>, StoreError> {
        self.inner.by_number(number)
    }

    fn by_dedup_key(&self, mode: Mode, key: &str) -> Option<IncidentId> {
        self.inner.by_dedup_key(mode, key)
    }

    fn list(&self, query: Query) -> Result<Vec<Summary>, StoreError> {
        self.inner.list(query)
    }

    fn last_number(&self) -> u64 {
        self.inner.last_number()
    }

    fn due(&self, until: Timestamp, limit: usize) -> Vec<(Timestamp, IncidentId)> {
        self.inner.due(until, limit)
    }

    fn next_wake(&self) -> Option<Timestamp> {
        self.inner.next_wake()
    }

    fn answered(&self, key: &str) -> Result<Option<Idempotency>, StoreError> {
        self.inner.answered(key)
    }

    fn document(&self, kind: Kind, name: &str) -> Result<Option<Document>, StoreError> {
        self.inner.document(kind, name)
    }

    fn documents(
        &self,
        kind: Kind,
        after: &str,
        limit: usize,
    ) -> Result<Vec<Document>, StoreError> {
        self.inner.documents(kind, after, limit)
    }

    fn personal(
        &self,
        incident: IncidentId,
        reference: &str,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner.personal(incident, reference)
    }

    fn verify(&self, incident: IncidentId) -> Result<Option<Verdict>, StoreError> {
        self.inner.verify(incident)
    }

    fn verify_all(&self, progress: &mut dyn FnMut(u64, u64)) -> Result<Audit, StoreError> {
        self.inner.verify_all(progress)
    }

    fn backup(&self, to: &mut dyn Write, at: Timestamp) -> Result<(), StoreError> {
        self.inner.backup(to, at)
    }

    fn health(&self) -> Health {
        self.inner.health()
    }

    fn stats(&self) -> Stats {
        self.inner.stats()
    }
}
