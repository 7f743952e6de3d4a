//! What the store promises, held against every implementation and against crashes.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod conformance;
mod subject;
