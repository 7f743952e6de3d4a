//! The port: what the rest of the program may ask of a journal, and what is guaranteed after a
//! crash.

use std::future::Future;
use std::io::Write;
use std::pin::Pin;

use jiff::Timestamp;

use super::{
    Audit, Batch, Change, Document, Health, Idempotency, Kind, Query, Stats, StoreError, Stream,
    Summary, Verdict,
};
use crate::engine::Mode;
use crate::id::IncidentId;

/// A write under way. It was handed to the writer when the method returned; dropping it does not
/// take it back.
pub type Pending<T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send>>;

/// What a redaction erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Redacted {
    /// Pieces of personal content.
    pub personal: u64,
    /// Records whose notices were erased.
    pub notices: u64,
    /// Stored answers whose body was erased.
    pub answers: u64,
}

/// The journal.
///
/// Writes complete only when they are durable against power loss (a store in memory is exempt)
/// and each is atomic. Appends, changes of documents and redactions take effect in the order in
/// which they were handed over, but for appends of [`Lane::Due`](super::Lane::Due), which go first;
/// `archive` and `forget_idempotency` may be overtaken. A write
/// whose outcome is an error stored nothing — except [`StoreError::Failed`] and a process that
/// dies, after which the write may or may not be there: whoever repeats it uses the expected
/// version or an idempotency key.
///
/// Reads block shortly on the disk. The short ones (`summary`, `by_number`, `by_dedup_key`,
/// `due`, `next_wake`, `answered`, `document`, `personal`) may be called from async code;
/// `load`, `tail`, long lists, `verify*` and `backup` belong on a blocking thread. Reads see
/// every acknowledged write.
pub trait Store: Send + Sync + 'static {
    /// Stores one decision and returns the incident's version after it.
    ///
    /// # Errors
    /// In this order: [`StoreError::Invalid`] and [`StoreError::TooLarge`], [`StoreError::Busy`],
    /// [`StoreError::Full`], [`StoreError::Answered`] when the idempotency key has an answer,
    /// [`StoreError::Conflict`], [`StoreError::Taken`] (number of a new incident; its
    /// deduplication key when another open incident of its mode has it), [`StoreError::Stale`]
    /// for a document.
    fn append(&self, batch: Batch) -> Pending<u64>;

    /// Changes documents, all or none, and returns their versions (0 for a deleted one).
    ///
    /// # Errors
    /// [`StoreError::Stale`] names the first document whose expectation fails.
    fn put(&self, changes: Vec<Change>) -> Pending<Vec<u64>>;

    /// Erases the named personal content of an incident, every notice rendered for it and every
    /// stored answer about it, as they are at its turn: what is appended afterwards stays. Events
    /// and their hash chain stay. On an append-only medium the erased bytes leave the files only
    /// as their space is reused.
    ///
    /// # Errors
    /// [`StoreError::Unknown`]. An unknown reference is not an error: erasing twice is allowed.
    fn redact(&self, incident: IncidentId, references: Vec<String>) -> Pending<Redacted>;

    /// Moves the records of an ended incident out of the hot store. All reads still find it,
    /// and appending to it again is allowed.
    ///
    /// # Errors
    /// [`StoreError::Unknown`], [`StoreError::StillActive`].
    fn archive(&self, incident: IncidentId) -> Pending<()>;

    /// Forgets answers given before `older_than` and returns how many.
    fn forget_idempotency(&self, older_than: Timestamp) -> Pending<u64>;

    /// Reads the whole history of an incident; `None` where there is no such incident.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when a record does not read.
    fn load(&self, incident: IncidentId) -> Result<Option<Stream>, StoreError> {
        self.tail(incident, 0)
    }

    /// Reads the records that hold events after the `after`th (and maybe a few before it, of the
    /// same record).
    ///
    /// # Errors
    /// As [`Store::load`].
    fn tail(&self, incident: IncidentId, after: u64) -> Result<Option<Stream>, StoreError>;

    /// Reads an incident's row.
    ///
    /// # Errors
    /// [`StoreError::Damaged`].
    fn summary(&self, incident: IncidentId) -> Result<Option<Summary>, StoreError>;

    /// Reads the row of the incident with this number.
    ///
    /// # Errors
    /// [`StoreError::Damaged`].
    fn by_number(&self, number: u64) -> Result<Option<Summary>, StoreError>;

    /// Finds the open incident of this mode with this deduplication key; the newest, should a
    /// reopened one share it.
    fn by_dedup_key(&self, mode: Mode, key: &str) -> Option<IncidentId>;

    /// Reads one page of rows, newest number first.
    ///
    /// # Errors
    /// [`StoreError::Damaged`].
    fn list(&self, query: Query) -> Result<Vec<Summary>, StoreError>;

    /// Returns the highest number in use; 0 in an empty store.
    fn last_number(&self) -> u64;

    /// Returns the incidents whose wake-up is at or before `until`, earliest first. Costs
    /// nothing for the others.
    fn due(&self, until: Timestamp, limit: usize) -> Vec<(Timestamp, IncidentId)>;

    /// Returns the earliest wake-up of all.
    fn next_wake(&self) -> Option<Timestamp>;

    /// Finds the answer that was given to the request with this key.
    ///
    /// # Errors
    /// [`StoreError::Damaged`].
    fn answered(&self, key: &str) -> Result<Option<Idempotency>, StoreError>;

    /// Reads one document.
    ///
    /// # Errors
    /// [`StoreError::Damaged`].
    fn document(&self, kind: Kind, name: &str) -> Result<Option<Document>, StoreError>;

    /// Reads the documents of one kind whose name follows `after` (empty: from the first),
    /// ordered by name.
    ///
    /// # Errors
    /// [`StoreError::Damaged`].
    fn documents(&self, kind: Kind, after: &str, limit: usize)
    -> Result<Vec<Document>, StoreError>;

    /// Reads personal content; `None` where it never was or was erased.
    ///
    /// # Errors
    /// [`StoreError::Damaged`].
    fn personal(
        &self,
        incident: IncidentId,
        reference: &str,
    ) -> Result<Option<Vec<u8>>, StoreError>;

    /// Checks the hash chain of one incident; `None` where there is no such incident.
    ///
    /// # Errors
    /// Only what keeps it from looking; a damaged record is a [`Verdict::Broken`].
    fn verify(&self, incident: IncidentId) -> Result<Option<Verdict>, StoreError>;

    /// Checks every hash chain. `progress` is told incidents done and in all.
    ///
    /// # Errors
    /// As [`Store::verify`].
    fn verify_all(&self, progress: &mut dyn FnMut(u64, u64)) -> Result<Audit, StoreError>;

    /// Writes one archive with everything, as it is at one moment between two writes, while
    /// writes go on. `at` is recorded as the time it was taken.
    ///
    /// # Errors
    /// [`StoreError::Failed`] when the target cannot be written.
    fn backup(&self, to: &mut dyn Write, at: Timestamp) -> Result<(), StoreError>;

    /// Tells whether appends are acknowledged.
    fn health(&self) -> Health;

    /// Returns counters and sizes.
    fn stats(&self) -> Stats;
}
