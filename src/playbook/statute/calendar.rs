//! Calendars of business days: which days an authority works, weekends swapped for holidays
//! included. A year that a calendar does not cover is never guessed silently.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, Time, Weekday};
use jiff::{Timestamp, ToSpan};

use crate::id::CalendarId;
use crate::people::Zone;
use crate::playbook::statute::Origin;
use crate::text::Text;

/// The earliest year of a calendar.
pub const YEAR_MIN: i16 = 2000;
/// The latest year of a calendar.
pub const YEAR_MAX: i16 = 2199;

/// A calendar of business days.
#[derive(Debug, Clone, PartialEq)]
pub struct Calendar {
    /// The slug regimes know it by.
    pub id: CalendarId,
    /// What people call it.
    pub title: Text,
    /// Where its days begin and end.
    pub zone: Zone,
    /// When a business day is over; `None` at midnight.
    pub day_ends: Option<Time>,
    /// Days of the week without business.
    pub weekend: BTreeSet<u8>,
    /// The years it covers.
    pub covers: Covers,
    /// Holidays that follow a rule.
    pub holidays: Vec<Holiday>,
    /// Where it was read.
    pub source: Vec<Origin>,
    /// Someone has compared it with its source.
    pub verified: bool,
}

/// The years a calendar covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Covers {
    /// Rules hold from one year to another, both included.
    Rules {
        /// The first year.
        from: i16,
        /// The last year.
        to: i16,
    },
    /// The days that differ from the week are listed, year by year.
    Listed(BTreeMap<i16, SpecialDays>),
}

/// The days of one year that differ from the week.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SpecialDays {
    /// Days without business.
    pub off: BTreeSet<Date>,
    /// Days of a weekend with business.
    pub worked: BTreeSet<Date>,
}

/// A holiday that follows a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holiday {
    /// What people call it.
    pub title: Text,
    /// On which day of a year.
    pub on: Pattern,
    /// Where it falls on a weekend, the nearest weekday is kept instead: Friday for Saturday,
    /// Monday for Sunday.
    pub observed_nearest: bool,
}

/// The day of a year that a rule means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pattern {
    /// Always the same.
    Fixed {
        /// The month.
        month: i8,
        /// The day.
        day: i8,
    },
    /// The n-th such day of the week in a month; below zero counted from its end.
    Weekday {
        /// Which.
        nth: i8,
        /// The day of the week.
        weekday: Weekday,
        /// The month.
        month: i8,
    },
}

impl Pattern {
    /// Returns the day in a year; `None` where the year has no such day.
    #[must_use]
    pub fn date(self, year: i16) -> Option<Date> {
        match self {
            Self::Fixed { month, day } => Date::new(year, month, day).ok(),
            Self::Weekday { nth, weekday, month } => {
                Date::new(year, month, 1).ok()?.nth_weekday_of_month(nth, weekday).ok()
            }
        }
    }
}

impl Holiday {
    /// Returns the day without business that the holiday of a year leads to.
    #[must_use]
    pub fn observed(&self, year: i16) -> Option<Date> {
        let date = self.on.date(year)?;
        let by = match date.weekday() {
            Weekday::Saturday if self.observed_nearest => -1,
            Weekday::Sunday if self.observed_nearest => 1,
            _ => 0,
        };
        date.checked_add(by.days()).ok()
    }
}

/// What a day is in a calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Day {
    /// There is business.
    Business,
    /// There is none.
    Off,
    /// The calendar does not cover its year.
    Uncovered,
}

impl Calendar {
    /// Tells what a day is.
    #[must_use]
    pub fn day(&self, date: Date) -> Day {
        let weekend = self.is_weekend(date);
        let business = match &self.covers {
            Covers::Rules { from, to } => {
                let year = date.year();
                if year < *from || year > *to {
                    return Day::Uncovered;
                }
                // The first day of a year may be kept in the year before.
                let around = [year - 1, year, year + 1];
                let off = around.into_iter().any(|year| {
                    self.holidays.iter().any(|holiday| holiday.observed(year) == Some(date))
                });
                !weekend && !off
            }
            Covers::Listed(years) => match years.get(&date.year()) {
                None => return Day::Uncovered,
                Some(special) if special.worked.contains(&date) => true,
                Some(special) => !weekend && !special.off.contains(&date),
            },
        };
        if business { Day::Business } else { Day::Off }
    }

    /// Tells whether a day belongs to the weekend, whatever else is said of it.
    #[must_use]
    pub fn is_weekend(&self, date: Date) -> bool {
        self.weekend.contains(&date.weekday().to_monday_one_offset().unsigned_abs())
    }

    /// Returns the last year it covers.
    #[must_use]
    pub fn last_year(&self) -> Option<i16> {
        match &self.covers {
            Covers::Rules { to, .. } => Some(*to),
            Covers::Listed(years) => years.keys().next_back().copied(),
        }
    }

    /// Counts `n` business days from the day after that of `start`, and returns the end of the
    /// last, with the first year that the calendar does not cover.
    ///
    /// In a year that is not covered every day outside the weekend counts: the earliest end that
    /// may be right. Whoever uses it must say so.
    #[must_use]
    pub fn after(&self, start: Timestamp, n: u32) -> (Option<Timestamp>, Option<i16>) {
        let mut date = self.zone.civil(start).date();
        let mut uncovered = None;
        let mut counted = 0;
        while counted < n {
            let Ok(next) = date.tomorrow() else { return (None, uncovered) };
            date = next;
            let business = match self.day(date) {
                Day::Business => true,
                Day::Off => false,
                Day::Uncovered => {
                    uncovered.get_or_insert(date.year());
                    !self.is_weekend(date)
                }
            };
            counted += u32::from(business);
        }
        let end = match self.day_ends {
            Some(time) => Some(date.to_datetime(time)),
            None => date.tomorrow().ok().map(|next| next.at(0, 0, 0, 0)),
        };
        (end.and_then(|end| self.zone.first_showing(end)), uncovered)
    }
}
