//! How long a stage allows, and the instant that comes of it. The rules:
//!
//! - Minutes and hours (`30m`, `72h`) are elapsed time, whatever clocks on walls do.
//! - Calendar days (`30d`) end at the same time of the day, that many days later, on clocks of the
//!   regime's zone. The whole last day may be allowed; the earlier reading is the safe one.
//! - Months (`1mo`) end on the day of the same number, at the same time of the day; in a shorter
//!   month on its last day (31 January + 1 month = 28 February, in leap years 29).
//! - Business days (`4bd`) begin with the day after; the limit is the end of the last one, on the
//!   regime's calendar.
//! - A time of the day that clocks skip means the moment of the jump; one that they show twice, the
//!   first.
//! - `promptly` is no number. A plan sets a target of its own, which is shown as internal.

use std::fmt;
use std::str::FromStr;

use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp, ToSpan};

use crate::people::Zone;
use crate::playbook::duration::Span;
use crate::playbook::statute::Calendar;
use crate::text::Text;

/// The most of any unit: a slip of the finger beyond.
pub const LIMIT_MAX: u32 = 10_000;

/// How long a stage allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Minutes, as elapsed time.
    Minutes(u32),
    /// Hours, as elapsed time.
    Hours(u32),
    /// Calendar days in the regime's zone.
    Days(u32),
    /// Business days on the regime's calendar.
    BusinessDays(u32),
    /// Calendar months in the regime's zone.
    Months(u32),
    /// Without undue delay. The target is our own, not the law's.
    Promptly(Option<Span>),
}

/// What keeps a text from being a [`Limit`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no limit")]
pub struct LimitError(pub String);

/// What a limit is reckoned with.
#[derive(Debug, Clone, Copy)]
pub struct Reckoning<'a> {
    /// Where days begin and end.
    pub zone: &'a Zone,
    /// What business days are counted on.
    pub calendar: Option<&'a Calendar>,
    /// The plan's own target for what is to be done promptly.
    pub internal: Option<Span>,
}

/// The instant that comes of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reckoned {
    /// By when.
    pub at: Timestamp,
    /// A target of our own: the law names no number.
    pub internal: bool,
    /// The first year that the calendar does not cover: its weekdays were all counted.
    pub uncovered: Option<i16>,
}

impl Limit {
    /// Tells whether it is counted on a calendar of business days.
    #[must_use]
    pub const fn needs_calendar(self) -> bool {
        matches!(self, Self::BusinessDays(_))
    }

    /// Returns the instant that ends the limit; `None` for what is to be done promptly where
    /// nobody set a target, for business days without a calendar, and beyond the year 9999.
    #[must_use]
    pub fn after(self, start: Timestamp, with: &Reckoning<'_>) -> Option<Reckoned> {
        let plain =
            |at: Option<Timestamp>| at.map(|at| Reckoned { at, internal: false, uncovered: None });
        let elapsed = |each: i64, n: u32| {
            start.checked_add(SignedDuration::from_secs(each * i64::from(n))).ok()
        };
        match self {
            Self::Minutes(n) => plain(elapsed(60, n)),
            Self::Hours(n) => plain(elapsed(3_600, n)),
            Self::Days(n) => {
                plain(civil(start, with.zone, |at| at.checked_add(i64::from(n).days()).ok()))
            }
            Self::Months(n) => {
                plain(civil(start, with.zone, |at| at.checked_add(i64::from(n).months()).ok()))
            }
            Self::BusinessDays(n) => {
                let (at, uncovered) = with.calendar?.after(start, n);
                at.map(|at| Reckoned { at, internal: false, uncovered })
            }
            Self::Promptly(target) => {
                let at = with.internal.or(target)?.after(start)?;
                Some(Reckoned { at, internal: true, uncovered: None })
            }
        }
    }

    /// Says it in words.
    #[must_use]
    pub fn words(self) -> Text {
        let each = |n: u32, zh: &str, one: &str, many: &str| {
            let unit = if n == 1 { one } else { many };
            Text::both(format!("{n} {zh}"), format!("{n} {unit}"))
        };
        match self {
            Self::Minutes(n) => each(n, "分钟", "minute", "minutes"),
            Self::Hours(n) => each(n, "小时", "hour", "hours"),
            Self::Days(n) => each(n, "个自然日", "calendar day", "calendar days"),
            Self::BusinessDays(n) => each(n, "个工作日", "business day", "business days"),
            Self::Months(n) => each(n, "个月", "month", "months"),
            Self::Promptly(_) => Text::both("立即（法律未定时数）", "promptly (no number in law)"),
        }
    }
}

/// Moves what a wall clock shows, and returns the first instant at which it shows that.
fn civil(
    start: Timestamp,
    zone: &Zone,
    later: impl Fn(DateTime) -> Option<DateTime>,
) -> Option<Timestamp> {
    zone.first_showing(later(zone.civil(start))?)
}

impl FromStr for Limit {
    type Err = LimitError;

    fn from_str(text: &str) -> Result<Self, LimitError> {
        if text == "promptly" {
            return Ok(Self::Promptly(None));
        }
        let wrong = || LimitError(text.to_owned());
        let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
        let n: u32 = text[..digits].parse().map_err(|_| wrong())?;
        if n == 0 || n > LIMIT_MAX {
            return Err(wrong());
        }
        match &text[digits..] {
            "m" => Ok(Self::Minutes(n)),
            "h" => Ok(Self::Hours(n)),
            "d" => Ok(Self::Days(n)),
            "bd" => Ok(Self::BusinessDays(n)),
            "mo" => Ok(Self::Months(n)),
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Minutes(n) => write!(f, "{n}m"),
            Self::Hours(n) => write!(f, "{n}h"),
            Self::Days(n) => write!(f, "{n}d"),
            Self::BusinessDays(n) => write!(f, "{n}bd"),
            Self::Months(n) => write!(f, "{n}mo"),
            Self::Promptly(_) => f.write_str("promptly"),
        }
    }
}
