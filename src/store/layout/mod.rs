//! The stored format, version 1: how keys sort and how values read. Every value begins with the
//! format version, no value is longer than [`MAX_PIECE_BYTES`], and integers are big-endian.
//!
//! | key | value |
//! |---|---|
//! | `E` incident first-event record piece | one record: events with links, notices |
//! | `R` shelf number | the incident's row, with the end of its chain and its wake-up |
//! | `X` incident | an archived incident: where its records went |
//! | `D` kind name 0 piece | a document |
//! | `I` SHA-256 of the key, piece | an answered request |
//! | `P` incident reference 0 piece | personal content |
//! | `M` `store` | what this store is |
//!
//! The format is for ever: a later version reads this one too.

mod bytes;
mod key;
mod record;
mod row;
mod value;

pub(super) use key::{Key, NumberedKey, Shelf, Table};
pub(super) use record::{decode_record, draft_record, link_record, number_in, without_notices};
pub(super) use row::{Row, decode_row, draft_row, end_row};
pub(super) use value::{
    Meta, Stub, answer_head, decode_answer, decode_document, decode_meta, decode_stub,
    document_version, encode_answer, encode_document, encode_meta, encode_stub,
};

pub(super) use bytes::{content_of, join, pieces_of, split};

/// The version every value of this format begins with.
pub(super) const FORMAT: u8 = 1;

/// The longest value. The embedded database writes a leaf of up to twenty pairs as one record,
/// and a record above a quarter of its segment leaves the file that is synced; 20 × 64 KiB stay
/// below a quarter of 8 MiB.
pub(super) const MAX_PIECE_BYTES: usize = 60 << 10;
