//! What one append carries, and the bounds it must keep.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Change, Digest, StoreError, Summary};
use crate::id::IncidentId;

/// Everything one decision stores, in one atomic unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// The incident.
    pub incident: IncidentId,
    /// How many events the caller believes are stored; 0 declares a new incident.
    pub expected: u64,
    /// The stored bytes of each new event, in order. May be empty when only notices, the row or
    /// the wake-up change.
    pub events: Vec<Vec<u8>>,
    /// Rendered notices, opaque; beside the events but outside the hash chain, erasable.
    pub notices: Vec<u8>,
    /// The incident's row from now on.
    pub summary: Summary,
    /// When the incident must be looked at again; `None`: never by itself.
    pub wake: Option<Timestamp>,
    /// The answer given to the request that caused this, if it carried a key.
    pub idempotency: Option<Idempotency>,
    /// Personal content by its salted hash, kept apart, erasable.
    pub personal: Vec<(String, Vec<u8>)>,
    /// Documents that change together with the incident.
    pub documents: Vec<Change>,
    /// Where it waits for its turn.
    pub lane: Lane,
}

/// Which appends go first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lane {
    /// What somebody asked for.
    #[default]
    Ordinary,
    /// What fell due: deadlines never wait behind requests.
    Due,
}

/// A request that was answered, so that its repetition gets the same answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Idempotency {
    /// The key the caller sent, at most [`Idempotency::MAX_KEY_BYTES`].
    pub key: String,
    /// Hash of principal, method, path and body: the same key with another one is an error.
    pub fingerprint: Digest,
    /// The HTTP status of the answer.
    pub status: u16,
    /// The body of the answer.
    pub body: Vec<u8>,
    /// When it was given.
    pub at: Timestamp,
}

impl Idempotency {
    /// The longest key; longer ones are refused.
    pub const MAX_KEY_BYTES: usize = 256;

    /// How much of a request's hash outlives an erasure: enough to notice that a key was taken for
    /// another request by mistake, too little to find a telephone number by trying them all.
    const TRACE_BYTES: usize = 2;

    /// Forgets what was said, and what was asked but for a trace.
    pub(super) fn erase(&mut self) {
        let mut trace = [0; 32];
        trace[..Self::TRACE_BYTES]
            .copy_from_slice(&self.fingerprint.as_bytes()[..Self::TRACE_BYTES]);
        self.fingerprint = Digest::from_bytes(trace);
        self.body = Vec::new();
    }

    /// Tells whether it was erased.
    #[must_use]
    pub fn is_erased(&self) -> bool {
        let rest = &self.fingerprint.as_bytes()[Self::TRACE_BYTES..];
        self.body.is_empty() && rest.iter().all(|byte| *byte == 0)
    }

    /// Tells whether it is the answer to the request with this hash, as far as is known.
    #[must_use]
    pub fn answers(&self, fingerprint: Digest) -> bool {
        let trace = |digest: &Digest| digest.as_bytes()[..Self::TRACE_BYTES].to_vec();
        match self.is_erased() {
            true => trace(&self.fingerprint) == trace(&fingerprint),
            false => self.fingerprint == fingerprint,
        }
    }
}

impl Batch {
    /// The most events of one append: a for-each at its bound stays below.
    pub const MAX_EVENTS: usize = 8_192;
    /// The most bytes of one append, all content together: bounds the writer's memory and the
    /// time others wait behind it.
    pub const MAX_BYTES: usize = 8 << 20;
    /// The largest row: lists hold a thousand of them.
    pub const MAX_ROW_BYTES: usize = 32 << 10;

    /// Makes an ordinary append without notices, wake-up, answer, personal content and documents.
    #[must_use]
    pub fn new(expected: u64, events: Vec<Vec<u8>>, summary: Summary) -> Self {
        Self {
            incident: summary.id,
            expected,
            events,
            notices: Vec::new(),
            summary,
            wake: None,
            idempotency: None,
            personal: Vec::new(),
            documents: Vec::new(),
            lane: Lane::default(),
        }
    }

    /// Returns the incident's version after this append.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.expected + self.events.len() as u64
    }

    /// Returns the bytes of its content.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let answer = self.idempotency.as_ref().map_or(0, |answer| answer.body.len());
        self.events.iter().map(Vec::len).sum::<usize>()
            + self.notices.len()
            + self.personal.iter().map(|(key, content)| key.len() + content.len()).sum::<usize>()
            + self.documents.iter().map(Change::bytes).sum::<usize>()
            + answer
    }

    /// Checks the bounds and that the parts belong together.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`] names the bound that is broken, [`StoreError::Invalid`] the
    /// contradiction.
    pub fn check(&self) -> Result<(), StoreError> {
        let invalid = |why: &'static str| Err(StoreError::Invalid { why });
        if self.summary.id != self.incident {
            return invalid("the row belongs to another incident");
        }
        if self.summary.number == 0 {
            return invalid("an incident's number is at least 1");
        }
        if self.expected == 0 && self.events.is_empty() {
            return invalid("a new incident begins with an event");
        }
        if self.events.iter().any(Vec::is_empty) {
            return invalid("an event has no bytes");
        }
        if self.personal.iter().any(|(reference, _)| !is_name(reference)) {
            return invalid("a reference of personal content is empty or holds a NUL");
        }
        bound("events", self.events.len(), Self::MAX_EVENTS)?;
        bound("bytes of one append", self.bytes(), Self::MAX_BYTES)?;
        for (reference, _) in &self.personal {
            bound("bytes of a reference", reference.len(), Change::MAX_NAME_BYTES)?;
        }
        if let Some(answer) = &self.idempotency {
            bound("bytes of an idempotency key", answer.key.len(), Idempotency::MAX_KEY_BYTES)?;
        }
        self.documents.iter().try_for_each(Change::check)
    }
}

/// Tells whether a text can name something: keys end names with a NUL.
pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty() && !text.contains('\0')
}

/// Refuses `amount` above `limit`.
pub(super) fn bound(what: &'static str, amount: usize, limit: usize) -> Result<(), StoreError> {
    if amount > limit { Err(StoreError::TooLarge { what, amount, limit }) } else { Ok(()) }
}
