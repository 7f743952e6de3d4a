//! How long an event lasts, each time it occurs.

use icalendar::parser::{Component, Property};
use jiff::civil::DateTime;
use jiff::{SignedDuration, Span, Timestamp};

use super::read::property;
use super::remark::RemarkKind;
use super::when::{Moment, length};

/// The longest shift; what lasts longer is a holiday of somebody, not a duty.
const SHIFT_DAYS_MAX: i64 = 92;

/// How an event ends.
pub(super) enum Ends {
    /// So much later on the wall clock, as calendars show it: a night from 20:00 to 08:00 ends at 08:00
    /// on the night of a clock change too, where the letter of the format would leave an hour empty.
    /// The first occurrence ends at the very instant that is written.
    Civil {
        /// By the wall clock.
        length: SignedDuration,
        /// When the first one ends.
        first: Timestamp,
    },
    /// So many days of the calendar and then so much elapsed time later, as a duration says.
    Nominal(Span),
}

impl Ends {
    pub(super) fn of(
        part: &Component<'_>,
        start: &Moment,
        read: impl Fn(&Property<'_>) -> Option<Moment>,
    ) -> Result<Self, RemarkKind> {
        let ends = if let Some(end) = property(part, "DTEND") {
            let end = read(end).ok_or(RemarkKind::BadTime)?;
            let civil = start.on_its_clock(&end);
            let first = if start.is_day { start.at(civil) } else { Some(end.instant()) };
            Self::civil(start, civil, first)?
        } else if let Some(duration) = property(part, "DURATION") {
            Self::Nominal(length(duration.val.as_str()).ok_or(RemarkKind::BadTime)?)
        } else if start.is_day {
            let next = start.civil.saturating_add(SignedDuration::from_hours(24));
            Self::civil(start, next, start.at(next))?
        } else {
            return Err(RemarkKind::NoEnd);
        };
        let longest = SignedDuration::from_hours(24 * SHIFT_DAYS_MAX);
        if ends.reach() > longest { Err(RemarkKind::TooLong) } else { Ok(ends) }
    }

    fn civil(start: &Moment, end: DateTime, first: Option<Timestamp>) -> Result<Self, RemarkKind> {
        let first = first.ok_or(RemarkKind::BadTime)?;
        Ok(Self::Civil { length: end.duration_since(start.civil), first })
    }

    /// How long it lasts at most, about.
    pub(super) fn reach(&self) -> SignedDuration {
        match self {
            Self::Civil { length, .. } => *length,
            Self::Nominal(span) => span
                .to_duration(jiff::SpanRelativeTo::days_are_24_hours())
                .unwrap_or(SignedDuration::MAX),
        }
    }

    /// Returns when the occurrence ends that begins at `civil` on the event's clock, which is `from`.
    pub(super) fn after(
        &self,
        start: &Moment,
        civil: DateTime,
        from: Timestamp,
    ) -> Option<Timestamp> {
        match self {
            Self::Civil { first, .. } if civil == start.civil => Some(*first),
            Self::Civil { length, .. } => start.at(civil.checked_add(*length).ok()?),
            Self::Nominal(span) => {
                let zoned = from.to_zoned(start.zone.time_zone().clone());
                zoned.checked_add(*span).ok().map(|end| end.timestamp())
            }
        }
    }
}
