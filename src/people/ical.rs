//! Rosters out of calendar files (RFC 5545): what the events of a file mean in a stretch of time, and
//! what in it means nothing. Pure: texts and instants in, shifts and remarks out.
//!
//! Recurrences are expanded on the wall clock, as if it were UTC, and mapped to instants afterwards by
//! the time library of this house: the crate that expands them brings a zone database of its own,
//! and never sees a zone.

mod ends;
mod expand;
mod names;
mod read;
mod remark;
mod renewal;
mod when;

pub use names::Names;
pub use read::{CALENDAR_BYTES_MAX, NoCalendar, Reader, Reading};
pub use remark::{Remark, RemarkKind};
pub use renewal::{Unfit, fitness};

#[cfg(test)]
mod tests;
