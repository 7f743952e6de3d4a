//! A row: an incident's summary with what an append needs to continue its history.

use jiff::Timestamp;

use super::FORMAT;
use super::bytes::{Fields, put_timestamp};
use super::key::Shelf;
use crate::store::batch::bound;
use crate::store::{Batch, Digest, StoreError, Summary};

/// Everything the store keeps per incident besides its records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) struct Row {
    pub(in crate::store) summary: Summary,
    /// The link of the last event.
    pub(in crate::store) link: Digest,
    /// How many records it has.
    pub(in crate::store) records: u32,
    pub(in crate::store) wake: Option<Timestamp>,
}

impl Row {
    /// Returns where the row belongs.
    pub(in crate::store) const fn shelf(&self) -> Shelf {
        if self.summary.status.is_open() || self.wake.is_some() {
            Shelf::Active
        } else {
            Shelf::Resting
        }
    }
}

/// Most rows fit, so that encoding one asks for memory once.
const USUAL_BYTES: usize = 576;

/// Where a row says how its history ends.
const END: std::ops::Range<usize> = 1..37;

/// Encodes a row; [`end_row`] writes how its history ends.
///
/// # Errors
/// [`StoreError::TooLarge`] above [`Batch::MAX_ROW_BYTES`].
pub(in crate::store) fn draft_row(
    summary: &Summary,
    wake: Option<Timestamp>,
) -> Result<Vec<u8>, StoreError> {
    let mut bytes = Vec::with_capacity(USUAL_BYTES);
    bytes.push(FORMAT);
    bytes.resize(END.end, 0);
    match wake {
        Some(at) => {
            bytes.push(1);
            put_timestamp(&mut bytes, at);
        }
        None => bytes.push(0),
    }
    let head = bytes.len();
    summary.put_json(&mut bytes);
    bound("bytes of a row", bytes.len() - head, Batch::MAX_ROW_BYTES)?;
    Ok(bytes)
}

/// Writes how the history of a row ends: the last link and the number of records.
pub(in crate::store) fn end_row(draft: &mut [u8], link: Digest, records: u32) {
    let (at, count) = draft[END].split_at_mut(32);
    at.copy_from_slice(link.as_bytes());
    count.copy_from_slice(&records.to_be_bytes());
}

/// Decodes a row.
pub(in crate::store) fn decode_row(bytes: &[u8]) -> Result<Row, String> {
    let mut fields = Fields::new(bytes);
    let version = fields.byte()?;
    if version != FORMAT {
        return Err(format!("it has format version {version}, this program reads {FORMAT}"));
    }
    let link = fields.digest()?;
    let records = fields.int()?;
    let wake = match fields.byte()? {
        0 => None,
        1 => Some(fields.timestamp()?),
        other => return Err(format!("its wake-up is marked {other}")),
    };
    let summary = serde_json::from_slice(fields.rest()).map_err(|error| error.to_string())?;
    Ok(Row { summary, link, records, wake })
}
