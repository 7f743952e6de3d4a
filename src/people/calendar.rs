//! Rosters as iCalendar files (RFC 5545). Pure: texts and instants in, texts and shifts out. The only
//! place that knows the format, and the crates that speak it.

mod write;

pub use write::{Entry, Feed};
