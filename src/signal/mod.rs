//! Counted occurrences (complaints, dropped calls) and what watches them: how many is usual at this
//! hour, and when far more is a surge. Pure: the time comes in, findings go out. Must not know HTTP,
//! the store, or what a finding leads to.

mod backtest;
mod batch;
mod body;
mod chance;
mod chart;
mod group;
mod history;
mod monitor;
mod news;
mod occurrence;
mod rule;
mod surge;
mod tally;
mod watch;

pub use backtest::{Backtest, BacktestFault, Fired, Trouble, backtest};
pub use batch::{Batch, Gather, Wanted};
pub use body::{BODY_BYTES_MAX, BodyFault, Form, OCCURRENCES_MAX, Report, read_body};
pub use chance::upper_tail;
pub use chart::{chart, table};
pub use group::Group;
pub use monitor::{Baseline, Monitor, Spread};
pub use news::Told;
pub use occurrence::{LABELS_MAX, LINE_BYTES_MAX, Occurrence, OccurrenceFault};
pub use rule::{Mark, Rule};
pub use surge::{Contributor, Finding, Point, Surge};
pub use watch::{Counted, Head, Memory, Outlook, Standing, Tallied, Watch};

#[cfg(test)]
mod tests;
