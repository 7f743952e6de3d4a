//! A body full of occurrences: one, a list, or a line each. A line that cannot be counted is told
//! with its number and keeps no other from being counted.

use serde_json::value::RawValue;

use super::batch::Gather;
use super::occurrence::{Occurrence, OccurrenceFault};
use super::watch::Counted;

/// The largest body: thousands of lines, and half of what the store takes at once.
pub const BODY_BYTES_MAX: usize = 1 << 20;
/// The most occurrences of one body: what is kept of each has a bound in bytes.
pub const OCCURRENCES_MAX: usize = 10_000;
/// How many faults are told; the rest is counted.
const FAULTS_TOLD: usize = 20;

/// How occurrences are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// One as an object, or several as a list.
    Json,
    /// One on each line.
    Lines,
}

/// What became of the occurrences of a body.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// How many are counted.
    pub counted: u64,
    /// How many came too late for every monitor.
    pub late: u64,
    /// How many lie ahead.
    pub ahead: u64,
    /// How many are of signals that nothing watches.
    pub unwatched: u64,
    /// How many cannot be read.
    pub refused: u64,
    /// The first of those, each with its number, counted from 1.
    pub faults: Vec<(usize, OccurrenceFault)>,
}

/// What keeps a body from being read at all.
#[derive(Debug, thiserror::Error)]
pub enum BodyFault {
    /// It is neither an object nor a list.
    #[error(transparent)]
    Malformed(#[from] serde_json::Error),
    /// There is nothing in it.
    #[error("there is nothing in it")]
    Empty,
    /// There is too much in it.
    #[error("there are more than {OCCURRENCES_MAX} occurrences in it")]
    TooMany,
}

/// Reads a body into what gathers it.
///
/// # Errors
/// What is no list and no object, holds nothing, or holds too much; then nothing counts.
pub fn read_body(body: &[u8], form: Form, gather: &mut Gather<'_>) -> Result<Report, BodyFault> {
    let mut report = Report::default();
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace()).ok_or(BodyFault::Empty)?;
    match form {
        Form::Lines => {
            let lines = body.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
            let lines = (1..).zip(lines).filter(|(_, line)| !line.is_empty());
            if lines.clone().nth(OCCURRENCES_MAX).is_some() {
                return Err(BodyFault::TooMany);
            }
            lines.for_each(|(number, line)| report.take(number, line, gather));
        }
        Form::Json if *first == b'[' => {
            let all: Vec<&RawValue> = serde_json::from_slice(body)?;
            if all.len() > OCCURRENCES_MAX {
                return Err(BodyFault::TooMany);
            }
            if all.is_empty() {
                return Err(BodyFault::Empty);
            }
            for (number, one) in (1..).zip(all) {
                report.take(number, one.get().as_bytes(), gather);
            }
        }
        Form::Json => {
            let one: &RawValue = serde_json::from_slice(body)?;
            report.take(1, one.get().as_bytes(), gather);
        }
    }
    Ok(report)
}

impl Report {
    fn take(&mut self, number: usize, line: &[u8], gather: &mut Gather<'_>) {
        match Occurrence::read(line) {
            Ok(occurrence) => match gather.take(&occurrence) {
                Counted::Yes => self.counted += 1,
                Counted::Other => self.unwatched += 1,
                Counted::Late => self.late += 1,
                Counted::Ahead => self.ahead += 1,
            },
            Err(fault) => {
                self.refused += 1;
                if self.faults.len() < FAULTS_TOLD {
                    self.faults.push((number, fault));
                }
            }
        }
    }

    /// Tells whether nothing in it could be read.
    #[must_use]
    pub const fn is_refused(&self) -> bool {
        self.refused > 0 && self.counted + self.late + self.ahead + self.unwatched == 0
    }
}
