//! A row: an incident's summary with what an append needs to continue its history.

use jiff::Timestamp;

use super::FORMAT;
use super::bytes::{Fields, put_timestamp};
use super::key::Shelf;
use crate::store::{Digest, Summary};

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

/// Encodes a row; `summary` is its summary as JSON.
pub(in crate::store) fn encode_row(
    link: Digest,
    records: u32,
    wake: Option<Timestamp>,
    summary: &[u8],
) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(64 + summary.len());
    bytes.push(FORMAT);
    bytes.extend_from_slice(link.as_bytes());
    bytes.extend_from_slice(&records.to_be_bytes());
    match wake {
        Some(at) => {
            bytes.push(1);
            put_timestamp(&mut bytes, at);
        }
        None => bytes.push(0),
    }
    bytes.extend_from_slice(summary);
    bytes
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
