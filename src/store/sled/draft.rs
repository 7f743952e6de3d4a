//! An append as it waits for the writer: whoever asks encodes it, and leaves blank what depends
//! on the appends before it. There are many who ask and only one writer.

use ::sled::IVec;

use crate::store::layout::{Row, draft_record, draft_row, end_row, link_record};
use crate::store::{Batch, Change, Digest, Idempotency, Lane, StoreError, chain};

/// A batch whose bounds were checked.
pub(super) struct Draft {
    pub(super) lane: Lane,
    /// Roughly how much memory it holds.
    pub(super) bytes: usize,
    pub(super) expected: u64,
    /// The encoded record, if there is one.
    pub(super) record: Option<IVec>,
    /// The incident's row from now on.
    pub(super) row: Row,
    /// The encoded row.
    pub(super) row_value: IVec,
    pub(super) idempotency: Option<Idempotency>,
    pub(super) personal: Vec<(String, Vec<u8>)>,
    pub(super) documents: Vec<Change>,
}

impl Draft {
    /// Encodes a batch.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] and [`StoreError::TooLarge`].
    pub(super) fn of(batch: Batch) -> Result<Self, StoreError> {
        batch.check()?;
        let (bytes, version) = (batch.bytes(), batch.version());
        let Batch { expected, events, notices, mut summary, wake, lane, .. } = batch;
        summary.version = version;
        let row_value = draft_row(&summary, wake)?;
        let recorded = !events.is_empty() || !notices.is_empty();
        let record = recorded.then(|| draft_record(summary.number, &events, &notices).into());
        Ok(Self {
            lane,
            bytes: bytes + row_value.len(),
            expected,
            record,
            row: Row { summary, link: Digest::from_bytes([0; 32]), records: 0, wake },
            row_value: row_value.into(),
            idempotency: batch.idempotency,
            personal: batch.personal,
            documents: batch.documents,
        })
    }

    /// Returns how many events it appends.
    pub(super) const fn events(&self) -> u64 {
        self.row.summary.version - self.expected
    }

    /// Lets it follow the row `before` it: fills in what was left blank.
    pub(super) fn follow(&mut self, before: Option<&Row>) {
        let genesis = || chain::genesis(self.row.summary.id);
        let mut link = before.map_or_else(genesis, |row| row.link);
        let mut records = before.map_or(0, |row| row.records);
        if let Some(record) = &mut self.record {
            link_record(record, |event| {
                link = chain::link(link, event);
                link
            });
            records += 1;
        }
        (self.row.link, self.row.records) = (link, records);
        end_row(&mut self.row_value, link, records);
    }
}
