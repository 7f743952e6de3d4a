//! Rosters as iCalendar files (RFC 5545). Pure: rosters and instants in, texts out. With its
//! sister `ical`, which reads them, the only place that knows the format and the crates that speak it.

mod write;

pub use write::{Entry, Feed};
