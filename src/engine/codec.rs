//! The stored form of events: JSON with its version. Stored events are forever, so a version is
//! never changed; golden files of each still load.

use serde::{Deserialize, Serialize};

use super::event::{EVENT_FORMAT, Event};

/// Why stored bytes are no event.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    /// The bytes are not JSON of an event.
    #[error("not a stored event: {0}")]
    Malformed(#[from] serde_json::Error),
    /// A later firebell wrote them.
    #[error("event format {0} is newer than this firebell; upgrade before reading it")]
    TooNew(u8),
}

#[derive(Serialize)]
struct Stored<'a> {
    v: u8,
    #[serde(flatten)]
    event: &'a Event,
}

#[derive(Deserialize)]
struct Version {
    v: u8,
}

/// Returns the bytes an event is stored as; the same event always gives the same bytes.
#[must_use]
pub fn encode(event: &Event) -> Vec<u8> {
    serde_json::to_vec(&Stored { v: EVENT_FORMAT, event })
        .expect("events hold only text keys and finite numbers")
}

/// Reads stored bytes.
///
/// # Errors
/// Bytes that are no event, or of a later version.
pub fn decode(bytes: &[u8]) -> Result<Event, CodecError> {
    // Unknown fields are passed over, so the version costs one light pass and no second form.
    let Version { v } = serde_json::from_slice(bytes)?;
    if v > EVENT_FORMAT {
        return Err(CodecError::TooNew(v));
    }
    Ok(serde_json::from_slice(bytes)?)
}
