//! Hours of the day on some weekdays in a zone: when a rung counts, when a person rests.

use jiff::{SignedDuration, Timestamp};

use super::schedule::Window;
use super::zone::Zone;

/// Days by which a window that holds may lie beside the civil date: it runs into the next day, and
/// the largest shift of a zone's offset is one day.
const SLACK_DAYS: i64 = 2;

/// A window on the wall clock of a zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hours {
    /// When.
    pub window: Window,
    /// On whose clock.
    pub zone: Zone,
}

impl Hours {
    /// Tells whether an instant lies in them.
    #[must_use]
    pub fn hold(&self, at: Timestamp) -> bool {
        self.end_of(at).is_some()
    }

    /// Returns when the stretch ends that an instant lies in; `None` where it lies in none.
    #[must_use]
    pub fn end_of(&self, at: Timestamp) -> Option<Timestamp> {
        let today = self.zone.civil(at).date();
        let near = -SLACK_DAYS..=SLACK_DAYS;
        let dates = near
            .filter_map(|days| today.checked_add(SignedDuration::from_hours(24 * days)).ok())
            .filter_map(|date| self.window.on(date));
        dates
            .filter_map(|(from, to)| {
                let from = self.zone.first_showing(from)?;
                let to = self.zone.first_showing(to).unwrap_or(Timestamp::MAX);
                (from <= at && at < to).then_some(to)
            })
            .max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people::Weekdays;
    use jiff::civil::{Time, Weekday};

    fn hours(zone: &str, days: Weekdays, from: i8, to: i8) -> Hours {
        let time = |hour| Time::constant(hour, 0, 0, 0);
        let window = Window { days, from: time(from), to: time(to) };
        Hours { window, zone: Zone::named(zone).unwrap() }
    }

    #[test]
    fn a_night_belongs_to_the_day_it_begins_on() {
        let friday = hours("Asia/Shanghai", [Weekday::Friday].into_iter().collect(), 22, 8);
        let end = |at: &str| friday.end_of(at.parse().unwrap()).map(|at| at.to_string());
        // 20 November 2026 is a Friday.
        assert_eq!(end("2026-11-20T14:00:00Z").unwrap(), "2026-11-21T00:00:00Z");
        assert_eq!(end("2026-11-20T23:59:59Z").unwrap(), "2026-11-21T00:00:00Z");
        assert_eq!(end("2026-11-21T00:00:00Z"), None);
        assert_eq!(end("2026-11-21T14:00:00Z"), None, "Saturday evening");
    }

    #[test]
    fn hours_are_reckoned_on_the_wall_clock_where_clocks_change() {
        let night = hours("Europe/Berlin", Weekdays::ALL, 22, 3);
        let end = |at: &str| night.end_of(at.parse().unwrap()).map(|at| at.to_string());
        // In the night to 29 March 2026 there is no 2 o'clock; in that to 25 October there are two.
        assert_eq!(end("2026-03-28T22:00:00Z").unwrap(), "2026-03-29T01:00:00Z");
        assert_eq!(end("2026-10-24T22:00:00Z").unwrap(), "2026-10-25T02:00:00Z");
        assert_eq!(end("2026-10-25T02:00:00Z"), None);
        assert!(!night.hold("2026-10-24T19:59:59Z".parse().unwrap()), "a second before");
    }
}
