//! The journal on one machine's disk: sled behind one writer thread.
//!
//! sled's own flush does not survive a power cut: it writes the file without syncing its size.
//! So one thread takes requests from a bounded queue, applies a group of them as one batch,
//! flushes, syncs the database file through a second handle, and only then acknowledges the
//! group. Nothing waits on a timer: while one group syncs, the next one gathers.

mod content;
mod disk;
mod draft;
mod history;
mod journal;
mod maintain;
mod open;
mod queue;
mod read;
mod snapshot;
mod stage;
mod writer;

pub use journal::Sled;
pub use open::{OpenReport, Opened, Options};

pub(super) use disk::{Disk, Paths, UNFINISHED, failed, sync_dir, write_durably};
pub(super) use open::{build_index, make_disk, name_disk, take_lock};
pub(super) use read::{Reader, Rewrites};
