//! Times and lengths as calendar files write them.

use jiff::civil::{Date, DateTime, Time};
use jiff::{Span, Timestamp};

use crate::people::Zone;

/// A time of a file, on the clock that it was written by.
#[derive(Debug, Clone)]
pub(super) struct Moment {
    pub(super) civil: DateTime,
    pub(super) zone: Zone,
    /// It is a day without a time.
    pub(super) is_day: bool,
}

impl Moment {
    /// Maps a civil time on this clock to an instant. The format says that a time which clocks skip
    /// is told by the offset before, and one that shows twice means the first (RFC 5545, 3.3.5).
    pub(super) fn at(&self, civil: DateTime) -> Option<Timestamp> {
        let ambiguous = self.zone.time_zone().to_ambiguous_timestamp(civil);
        ambiguous.compatible().ok()
    }

    pub(super) fn instant(&self) -> Timestamp {
        self.at(self.civil).unwrap_or(Timestamp::MIN)
    }

    /// Returns what this clock shows at another moment; days and floating times stay as written.
    pub(super) fn on_its_clock(&self, other: &Self) -> DateTime {
        if other.is_day && !self.is_day {
            return DateTime::from_parts(other.civil.date(), self.civil.time());
        }
        if self.is_day || other.zone == self.zone {
            return other.civil;
        }
        self.zone.civil(other.instant())
    }
}

/// Reads a `DATE` or `DATE-TIME`: `Z` is UTC, else the zone that is named, else `floating`. `None` for
/// what is none, and for a zone that nobody knows.
pub(super) fn moment(text: &str, zone: Option<&str>, floating: &Zone) -> Option<Moment> {
    let text = text.trim();
    let digits = |range: std::ops::Range<usize>| -> Option<i16> {
        let part = text.get(range)?;
        part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok())?
    };
    let small = |range| digits(range).and_then(|n| i8::try_from(n).ok());
    let date = Date::new(digits(0..4)?, small(4..6)?, small(6..8)?).ok()?;
    if text.len() == 8 {
        let civil = date.to_datetime(Time::midnight());
        return Some(Moment { civil, zone: floating.clone(), is_day: true });
    }
    if text.get(8..9)? != "T" {
        return None;
    }
    // A leap second is the second before it.
    let second = small(13..15)?.min(59);
    let time = Time::new(small(9..11)?, small(11..13)?, second, 0).ok()?;
    let zone = match (text.get(15..)?, zone) {
        ("Z" | "z", _) => Zone::utc(),
        ("", Some(name)) => Zone::named(name.trim_start_matches('/')).ok()?,
        ("", None) => floating.clone(),
        _ => return None,
    };
    Some(Moment { civil: date.to_datetime(time), zone, is_day: false })
}

/// Reads a `DURATION`, such as `PT8H`, `P1DT12H`, `P2W`.
pub(super) fn length(text: &str) -> Option<Span> {
    let span: Span = text.trim().trim_start_matches('+').parse().ok()?;
    (!span.is_negative() && span.get_years() == 0 && span.get_months() == 0).then_some(span)
}
