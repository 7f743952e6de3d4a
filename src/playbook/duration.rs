//! Durations as plans write them: `90s 5m 1h30m 7d 1mo 3bd`. A length of time is kept in the parts
//! it was written in, because a month and a business day have no fixed length.

use std::fmt;
use std::str::FromStr;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::text::Text;

/// The longest fixed part: ten years. Longer promises are slips of the finger.
pub const SECONDS_MAX: u64 = 10 * 366 * DAY;
/// The most months: ten years.
pub const MONTHS_MAX: u32 = 120;
/// The most business days: about ten years.
pub const BUSINESS_DAYS_MAX: u32 = 2_600;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const WEEK: u64 = 7 * DAY;

/// A length of time with exact parts: seconds, calendar months, business days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span {
    months: u32,
    business_days: u32,
    seconds: u64,
}

/// What keeps a text from being a [`Span`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpanError {
    /// Nothing is written.
    #[error("a duration is empty")]
    Empty,
    /// A number has no unit.
    #[error("`{0}` has no unit")]
    NoUnit(String),
    /// A unit has no number.
    #[error("`{0}` has no number before its unit")]
    NoNumber(String),
    /// A unit nobody knows.
    #[error("`{0}` is not a unit")]
    UnknownUnit(String),
    /// Units stand twice or from small to large.
    #[error("`{0}` must stand before smaller units, and once")]
    Order(String),
    /// More than ten years.
    #[error("longer than ten years")]
    TooLong,
}

impl SpanError {
    /// Says what is wrong in both languages.
    #[must_use]
    pub fn text(&self) -> Text {
        let zh = match self {
            Self::Empty => "时长为空".to_owned(),
            Self::NoUnit(number) => format!("`{number}` 缺少单位"),
            Self::NoNumber(unit) => format!("`{unit}` 前缺少数字"),
            Self::UnknownUnit(unit) => format!("`{unit}` 不是时间单位"),
            Self::Order(unit) => format!("单位须从大到小且各出现一次：`{unit}`"),
            Self::TooLong => "超过十年".to_owned(),
        };
        Text::both(zh, self.to_string())
    }
}

/// The units, largest first: a duration is written in this order.
const UNITS: [(&str, Unit); 7] = [
    ("mo", Unit::Month),
    ("bd", Unit::BusinessDay),
    ("w", Unit::Seconds(WEEK)),
    ("d", Unit::Seconds(DAY)),
    ("h", Unit::Seconds(HOUR)),
    ("m", Unit::Seconds(MINUTE)),
    ("s", Unit::Seconds(1)),
];

#[derive(Clone, Copy)]
enum Unit {
    Month,
    BusinessDay,
    Seconds(u64),
}

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self { months: 0, business_days: 0, seconds: 0 };

    /// Makes a duration of so many seconds.
    #[must_use]
    pub const fn from_seconds(seconds: u64) -> Self {
        Self { seconds, ..Self::ZERO }
    }

    /// Makes a duration of so many minutes.
    #[must_use]
    pub const fn from_minutes(minutes: u64) -> Self {
        Self::from_seconds(minutes * MINUTE)
    }

    /// Returns the fixed part in seconds.
    #[must_use]
    pub const fn seconds(self) -> u64 {
        self.seconds
    }

    /// Returns the calendar months.
    #[must_use]
    pub const fn months(self) -> u32 {
        self.months
    }

    /// Returns the business days.
    #[must_use]
    pub const fn business_days(self) -> u32 {
        self.business_days
    }

    /// Returns the calendar months alone.
    #[must_use]
    pub(in crate::playbook) const fn months_alone(self) -> Self {
        Self { months: self.months, ..Self::ZERO }
    }

    /// Tells whether it is no time at all.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.months == 0 && self.business_days == 0 && self.seconds == 0
    }

    /// Returns the length where it does not depend on a calendar.
    #[must_use]
    pub fn fixed(self) -> Option<SignedDuration> {
        let calendar = self.months > 0 || self.business_days > 0;
        let seconds = i64::try_from(self.seconds).ok()?;
        (!calendar).then(|| SignedDuration::from_secs(seconds))
    }

    /// Returns the instant this long after `start`: months first, counted in UTC, the last day of a
    /// shorter month standing for the missing one; then the fixed part.
    ///
    /// `None` where business days would need a calendar, or beyond the year 9999.
    #[must_use]
    pub fn after(self, start: Timestamp) -> Option<Timestamp> {
        if self.business_days > 0 {
            return None;
        }
        let fixed = SignedDuration::from_secs(i64::try_from(self.seconds).ok()?);
        if self.months == 0 {
            return start.checked_add(fixed).ok();
        }
        let civil = start.to_zoned(TimeZone::UTC);
        let later = civil.checked_add(i64::from(self.months).months()).ok()?;
        later.timestamp().checked_add(fixed).ok()
    }
}

impl Span {
    /// Returns the instant this long before `end`: the reverse of [`Self::after`].
    #[must_use]
    pub fn before(self, end: Timestamp) -> Option<Timestamp> {
        if self.business_days > 0 {
            return None;
        }
        let fixed = SignedDuration::from_secs(i64::try_from(self.seconds).ok()?);
        let civil = end.checked_sub(fixed).ok()?.to_zoned(TimeZone::UTC);
        Some(civil.checked_sub(i64::from(self.months).months()).ok()?.timestamp())
    }
}

impl FromStr for Span {
    type Err = SpanError;

    fn from_str(text: &str) -> Result<Self, SpanError> {
        let mut rest = text;
        if rest.is_empty() {
            return Err(SpanError::Empty);
        }
        let mut span = Self::ZERO;
        let mut allowed = UNITS.as_slice();
        while !rest.is_empty() {
            let (number, after) = split(rest, |c| c.is_ascii_digit());
            let (unit, after) = split(after, |c| !c.is_ascii_digit());
            if number.is_empty() {
                return Err(SpanError::NoNumber(unit.to_owned()));
            }
            if unit.is_empty() {
                return Err(SpanError::NoUnit(number.to_owned()));
            }
            let Some(at) = allowed.iter().position(|(name, _)| *name == unit) else {
                return Err(match UNITS.iter().any(|(name, _)| *name == unit) {
                    true => SpanError::Order(unit.to_owned()),
                    false => SpanError::UnknownUnit(unit.to_owned()),
                });
            };
            span.add(number, allowed[at].1)?;
            allowed = &allowed[at + 1..];
            rest = after;
        }
        Ok(span)
    }
}

impl Span {
    fn add(&mut self, number: &str, unit: Unit) -> Result<(), SpanError> {
        let number: u32 = number.parse().map_err(|_| SpanError::TooLong)?;
        match unit {
            Unit::Month => self.months = number,
            Unit::BusinessDay => self.business_days = number,
            Unit::Seconds(each) => self.seconds += u64::from(number) * each,
        }
        let fits = self.months <= MONTHS_MAX
            && self.business_days <= BUSINESS_DAYS_MAX
            && self.seconds <= SECONDS_MAX;
        if fits { Ok(()) } else { Err(SpanError::TooLong) }
    }
}

fn split(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !belongs(c)).unwrap_or(text.len()))
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write as _;
        let mut text = String::new();
        let mut seconds = self.seconds;
        for (name, unit) in UNITS {
            let number = match unit {
                Unit::Month => u64::from(self.months),
                Unit::BusinessDay => u64::from(self.business_days),
                // Weeks are read and written as days: people count `7d`, and `10d` is not `1w3d`.
                Unit::Seconds(WEEK) => 0,
                Unit::Seconds(each) => {
                    let number = seconds / each;
                    seconds %= each;
                    number
                }
            };
            if number > 0 {
                write!(text, "{number}{name}")?;
            }
        }
        f.pad(if text.is_empty() { "0s" } else { &text })
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'_, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn span(text: &str) -> Span {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn the_forms_of_the_language_parse() {
        assert_eq!(span("90s").seconds(), 90);
        assert_eq!(span("5m").seconds(), 300);
        assert_eq!(span("1h30m").seconds(), 5_400);
        assert_eq!(span("7d").seconds(), 7 * 86_400);
        assert_eq!(span("1w"), span("7d"));
        assert_eq!(span("1mo").months(), 1);
        assert_eq!(span("3bd").business_days(), 3);
        assert_eq!(span("0m"), Span::ZERO);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let error = |text: &str| text.parse::<Span>().expect_err("must be refused");
        assert_eq!(error(""), SpanError::Empty);
        assert_eq!(error("5"), SpanError::NoUnit("5".into()));
        assert_eq!(error("1h30"), SpanError::NoUnit("30".into()));
        assert_eq!(error("m"), SpanError::NoNumber("m".into()));
        assert_eq!(error("-5m"), SpanError::NoNumber("-".into()));
        assert_eq!(error("5min"), SpanError::UnknownUnit("min".into()));
        assert_eq!(error("5 m"), SpanError::UnknownUnit(" m".into()));
        assert_eq!(error("30m1h"), SpanError::Order("h".into()));
        assert_eq!(error("1h1h"), SpanError::Order("h".into()));
        assert_eq!(error("4000d"), SpanError::TooLong);
        assert_eq!(error("99999999999999999999s"), SpanError::TooLong);
    }

    #[test]
    fn every_reason_is_worded_in_both_languages() {
        for text in ["", "5", "m", "5x", "1m1h", "9999d"] {
            let said = text.parse::<Span>().expect_err("must be refused").text();
            assert!(said.missing().is_empty());
            assert_ne!(said.get(crate::text::Lang::Zh), said.get(crate::text::Lang::En));
        }
    }

    #[test]
    fn a_month_ends_on_the_last_day_of_a_shorter_one() {
        let at = |text: &str| text.parse::<Timestamp>().expect("an instant");
        let january = at("2026-01-31T10:00:00Z");
        assert_eq!(span("1mo").after(january), Some(at("2026-02-28T10:00:00Z")));
        assert_eq!(span("1mo12h").after(january), Some(at("2026-02-28T22:00:00Z")));
        assert_eq!(span("90s").after(january), Some(at("2026-01-31T10:01:30Z")));
        assert_eq!(span("1bd").after(january), None);
        assert_eq!(span("5m").after(Timestamp::MAX), None);
    }

    #[test]
    fn only_what_needs_no_calendar_has_a_fixed_length() {
        assert_eq!(span("5m").fixed(), Some(SignedDuration::from_mins(5)));
        assert_eq!(span("1mo").fixed(), None);
        assert_eq!(span("1bd").fixed(), None);
    }

    proptest! {
        #[test]
        fn what_is_printed_parses_to_the_same(
            months in 0..=MONTHS_MAX,
            business_days in 0..=BUSINESS_DAYS_MAX,
            seconds in 0..=SECONDS_MAX,
        ) {
            let span = Span { months, business_days, seconds };
            prop_assert_eq!(span.to_string().parse(), Ok(span));
            let json = serde_json::to_string(&span).expect("a string");
            prop_assert_eq!(serde_json::from_str::<Span>(&json).ok(), Some(span));
        }

        #[test]
        fn no_text_breaks_the_parser(text in "\\PC{0,12}") {
            let _ = text.parse::<Span>();
        }
    }
}
