//! What the store promises, held against every implementation and against crashes.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod backups;
mod conformance;
mod full_disk;
mod golden;
mod kill;
mod model;
mod opening;
mod power_cut;
mod subject;
mod tampering;
mod workload;
