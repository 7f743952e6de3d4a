//! When a drill falls due: a crontab line read in the civil time of a zone.
//!
//! The evaluating crate is fed civil time dressed as UTC, because given a zone with daylight saving
//! it repeats one instant for ever in the hour that occurs twice. Zones are jiff's business: a time
//! that the clocks skip runs once, at the first instant after the skip; a time that occurs twice
//! runs once, at its first occurrence. It must not read the clock or know what a drill does.

use std::str::FromStr;

use chrono::{DateTime as UtcDateTime, Utc};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};

use crate::drill::crontab::{Crontab, CrontabError, DayRule, Field};
use crate::text::Text;

/// How far a misspelt zone may be from a known one to be suggested (Jaro–Winkler).
const SUGGESTION_MIN: f64 = 0.8;
/// The names the evaluating crate gives the weekdays; its numbers count from one.
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
/// How many values of a field mean that it does not restrict, in the order of the fields.
const FULL: [usize; 7] = [60, 60, 24, 31, 12, 7, 131];

/// A crontab line in a zone.
#[derive(Debug, Clone)]
pub struct Schedule {
    source: String,
    zone: TimeZone,
    /// One, or two whose union is meant: the evaluating crate only knows days that satisfy both
    /// day fields.
    patterns: Vec<cron::Schedule>,
}

impl PartialEq for Schedule {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source && self.zone == other.zone
    }
}

impl Eq for Schedule {}

impl Schedule {
    /// Reads a crontab line and the IANA name of its zone.
    ///
    /// # Errors
    /// Refuses what [`Crontab::parse`] refuses, a line that can never run, and an unknown zone.
    pub fn parse(expression: &str, zone: &str) -> Result<Self, ScheduleError> {
        let patterns = compile(expression)?;
        let zone = TimeZone::get(zone).map_err(|_| ScheduleError::unknown_zone(zone))?;
        let schedule = Self { source: expression.trim().to_owned(), zone, patterns };
        if schedule.next_civil(DateTime::constant(1969, 12, 31, 23, 59, 59, 0)).is_none() {
            return Err(ScheduleError::Crontab(CrontabError::NeverRuns));
        }
        Ok(schedule)
    }

    /// Returns the line as it was written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Returns the zone whose civil time the line speaks of.
    #[must_use]
    pub const fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// Returns the first matching civil time after `after`, whether or not the zone's clocks show
    /// it; `None` when the line's last year is over.
    #[must_use]
    pub fn next_civil(&self, after: DateTime) -> Option<DateTime> {
        let after = to_fake_utc(after)?;
        self.patterns
            .iter()
            .filter_map(|pattern| pattern.after(&after).next())
            .min()
            .and_then(from_fake_utc)
    }

    /// Maps a civil time of this schedule to the instant at which it runs.
    ///
    /// Skipped times collapse into the first instant after the skip, repeated ones run at their
    /// first occurrence, so the mapping never goes backwards. `None` outside the years jiff knows.
    #[must_use]
    pub fn instant_of(&self, civil: DateTime) -> Option<Timestamp> {
        match self.zone.to_ambiguous_timestamp(civil).offset() {
            AmbiguousOffset::Unambiguous { offset }
            | AmbiguousOffset::Fold { before: offset, .. } => offset.to_timestamp(civil).ok(),
            AmbiguousOffset::Gap { after, .. } => {
                let before_the_skip = after.to_timestamp(civil).ok()?;
                self.zone.following(before_the_skip).next().map(|skip| skip.timestamp())
            }
        }
    }

    /// Returns the first instant after `after` at which the schedule runs.
    #[must_use]
    pub fn next_after(&self, after: Timestamp) -> Option<Timestamp> {
        let mut civil = self.zone.to_datetime(after);
        loop {
            civil = self.next_civil(civil)?;
            let instant = self.instant_of(civil)?;
            // Civil times repeated by the clocks lie behind `after` on the second pass.
            if instant > after {
                return Some(instant);
            }
        }
    }
}

fn compile(expression: &str) -> Result<Vec<cron::Schedule>, CrontabError> {
    let mut tab = Crontab::parse(expression)?;
    if tab.day_rule() == DayRule::Both {
        return Ok(vec![pattern(&tab)?]);
    }
    let any = Crontab::parse("* * * * *")?;
    let weekdays = std::mem::replace(&mut tab.weekdays, any.weekdays);
    let by_day = pattern(&tab)?;
    tab.weekdays = weekdays;
    tab.days = any.days;
    Ok(vec![by_day, pattern(&tab)?])
}

/// Spells the sets out for the evaluating crate: lists of plain numbers and weekday names, so that
/// nothing of its own dialect is left to interpretation.
fn pattern(tab: &Crontab) -> Result<cron::Schedule, CrontabError> {
    let fields =
        [&tab.seconds, &tab.minutes, &tab.hours, &tab.days, &tab.months, &tab.weekdays, &tab.years];
    let line: Vec<String> = fields
        .iter()
        .zip(FULL)
        .enumerate()
        .map(|(position, (field, full))| spell(field, full, position == 5))
        .collect();
    // Every set is non-empty and within the crate's ranges; a refusal would mean that its ranges
    // have shrunk, and then the line cannot run.
    cron::Schedule::from_str(&line.join(" ")).map_err(|_| CrontabError::NeverRuns)
}

fn spell(field: &Field, full: usize, weekday: bool) -> String {
    if field.values().count() == full {
        return "*".to_owned();
    }
    let words: Vec<String> = field
        .values()
        .map(|value| match WEEKDAYS.get(usize::from(value)) {
            Some(name) if weekday => (*name).to_owned(),
            _ => value.to_string(),
        })
        .collect();
    words.join(",")
}

fn to_fake_utc(civil: DateTime) -> Option<UtcDateTime<Utc>> {
    let seconds = Offset::UTC.to_timestamp(civil).ok()?.as_second();
    UtcDateTime::from_timestamp(seconds, 0)
}

fn from_fake_utc(utc: UtcDateTime<Utc>) -> Option<DateTime> {
    let instant = Timestamp::from_second(utc.timestamp()).ok()?;
    Some(Offset::UTC.to_datetime(instant))
}

/// Why a schedule is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScheduleError {
    /// The crontab line is wrong.
    Crontab(CrontabError),
    /// The zone is not in the time-zone database.
    UnknownZone {
        /// The name as written.
        zone: String,
        /// The nearest known name.
        closest: Option<String>,
    },
}

impl From<CrontabError> for ScheduleError {
    fn from(error: CrontabError) -> Self {
        Self::Crontab(error)
    }
}

impl ScheduleError {
    fn unknown_zone(zone: &str) -> Self {
        let wanted = zone.to_ascii_lowercase();
        let closest = jiff::tz::db()
            .available()
            .map(|name| (strsim::jaro_winkler(&name.as_str().to_ascii_lowercase(), &wanted), name))
            .filter(|(score, _)| *score >= SUGGESTION_MIN)
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, name)| name.as_str().to_owned());
        Self::UnknownZone { zone: zone.to_owned(), closest }
    }

    /// Returns the sentence that says what is wrong and what to do.
    #[must_use]
    pub fn message(&self) -> Text {
        match self {
            Self::Crontab(error) => error.message(),
            Self::UnknownZone { zone, closest: Some(closest) } => Text::both(
                format!("不认识时区 {zone}；是不是 {closest}？"),
                format!("time zone {zone} is not known; did you mean {closest}?"),
            ),
            Self::UnknownZone { zone, closest: None } => Text::both(
                format!("不认识时区 {zone}；请用 IANA 名称，例如 Asia/Shanghai"),
                format!("time zone {zone} is not known; use an IANA name such as Asia/Shanghai"),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Lang;

    fn run(expression: &str, zone: &str, after: &str, n: usize) -> Vec<String> {
        let schedule = Schedule::parse(expression, zone).unwrap();
        let mut at: Timestamp = after.parse().unwrap();
        let mut instants = Vec::new();
        for _ in 0..n {
            let Some(next) = schedule.next_after(at) else { break };
            instants.push(next.to_zoned(schedule.zone().clone()).strftime("%F %T %:z").to_string());
            at = next;
        }
        instants
    }

    #[test]
    fn twice_a_year_in_shanghai() {
        assert_eq!(
            run("0 10 1 3,9 *", "Asia/Shanghai", "2026-11-21T12:00:00Z", 3),
            [
                "2027-03-01 10:00:00 +08:00",
                "2027-09-01 10:00:00 +08:00",
                "2028-03-01 10:00:00 +08:00"
            ]
        );
    }

    #[test]
    fn a_time_the_clocks_skip_runs_once_right_after_the_skip() {
        let berlin = "Europe/Berlin";
        assert_eq!(
            run("30 2 * * *", berlin, "2027-03-27T12:00:00Z", 2),
            ["2027-03-28 03:00:00 +02:00", "2027-03-29 02:30:00 +02:00"]
        );
        assert_eq!(
            run("*/20 2 * * *", berlin, "2027-03-27T12:00:00Z", 2),
            ["2027-03-28 03:00:00 +02:00", "2027-03-29 02:00:00 +02:00"]
        );
        assert_eq!(
            run("*/30 * * * *", berlin, "2027-03-28T00:40:00Z", 2),
            ["2027-03-28 03:00:00 +02:00", "2027-03-28 03:30:00 +02:00"]
        );
    }

    #[test]
    fn a_time_that_occurs_twice_runs_at_its_first_occurrence_only() {
        assert_eq!(
            run("30 1 * * *", "America/New_York", "2027-11-07T04:00:00Z", 3),
            [
                "2027-11-07 01:30:00 -04:00",
                "2027-11-08 01:30:00 -05:00",
                "2027-11-09 01:30:00 -05:00"
            ]
        );
        // Asked in the middle of the second pass, it does not run again.
        assert_eq!(
            run("15,45 1 * * *", "America/New_York", "2027-11-07T06:20:00Z", 1),
            ["2027-11-08 01:15:00 -05:00"]
        );
    }

    #[test]
    fn a_day_that_a_zone_skipped_whole_runs_at_the_next_midnight() {
        assert_eq!(
            run("0 10 * * *", "Pacific/Apia", "2011-12-29T21:00:00Z", 2),
            ["2011-12-31 00:00:00 +14:00", "2011-12-31 10:00:00 +14:00"]
        );
    }

    #[test]
    fn a_weekday_and_a_day_of_month_are_alternatives() {
        assert_eq!(
            run("0 0 13 * FRI", "UTC", "2027-01-07T00:00:00Z", 3),
            [
                "2027-01-08 00:00:00 +00:00",
                "2027-01-13 00:00:00 +00:00",
                "2027-01-15 00:00:00 +00:00"
            ]
        );
    }

    #[test]
    fn a_line_that_can_never_run_is_refused_and_one_that_is_over_ends() {
        for never in ["0 0 31 2 *", "0 0 30 2 *", "0 0 31 4,6,9,11 *", "0 0 0 29 2 * 2027"] {
            let error = Schedule::parse(never, "UTC").unwrap_err();
            assert_eq!(error, ScheduleError::Crontab(CrontabError::NeverRuns), "{never}");
        }
        assert!(Schedule::parse("0 0 31 2 MON", "UTC").is_ok(), "Mondays of February exist");
        assert_eq!(run("0 0 0 1 1 * 2026", "UTC", "2026-06-01T00:00:00Z", 1), [""; 0]);
    }

    #[test]
    fn an_unknown_zone_is_refused_with_the_nearest_name() {
        let message = Schedule::parse("0 0 * * *", "Asia/Shanghia").unwrap_err().message();
        assert!(message.get(Lang::En).contains("did you mean Asia/Shanghai"));
        let message = Schedule::parse("0 0 * * *", "qqqq").unwrap_err().message();
        assert!(message.get(Lang::Zh).contains("IANA"));
    }

    #[test]
    fn parts_of_a_second_do_not_hide_the_next_run() {
        assert_eq!(
            run("* * * * * *", "UTC", "2027-01-01T00:00:00.9Z", 2),
            ["2027-01-01 00:00:01 +00:00", "2027-01-01 00:00:02 +00:00"]
        );
    }
}
