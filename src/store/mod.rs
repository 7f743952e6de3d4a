//! The journal: incidents' events, their rows for lists, what is due, answered requests, small
//! documents and personal content, behind one port with one conformance suite.
//!
//! It knows bytes, hashes and rows. It must not know what an event means, who is told about it,
//! or which command caused it.

pub mod backup;
mod batch;
pub mod chain;
mod digest;
mod document;
mod error;
mod health;
mod index;
mod layout;
mod memory;
mod pack;
mod port;
mod sled;
mod stream;
mod summary;
mod verify;
mod walk;

pub use batch::{Batch, Idempotency, Lane};
pub use digest::{BadDigest, Digest};
pub use document::{Change, Document, Expect, Kind};
pub use error::{StoreError, Unique};
pub use health::{Health, Stats};
pub use memory::Memory;
pub use port::{Pending, Redacted, Store};
pub use sled::{OpenReport, Opened, Options, Sled};
pub use stream::{Record, Stored, Stream};
pub use summary::{Query, Summary, Which};
pub use verify::{Audit, Break, Verdict};
pub use walk::each_document;
