//! Civil time in a named zone, and the one rule that maps it to instants.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};

/// A time zone of the IANA database, known by name.
#[derive(Clone, PartialEq, Eq)]
pub struct Zone(TimeZone);

/// The IANA database holds no zone of this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no time zone is called {0:?}")]
pub struct UnknownZone(pub String);

impl Zone {
    /// Coordinated universal time.
    #[must_use]
    pub const fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    /// Finds a zone by its IANA name, such as `Asia/Shanghai`.
    ///
    /// The database is compiled in, so the answer does not depend on the machine.
    ///
    /// # Errors
    /// [`UnknownZone`] when no zone has this name.
    pub fn named(name: &str) -> Result<Self, UnknownZone> {
        TimeZone::get(name).map(Self).map_err(|_| UnknownZone(name.to_owned()))
    }

    /// Returns the IANA name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// Returns what a wall clock in this zone shows at `at`.
    #[must_use]
    pub fn civil(&self, at: Timestamp) -> DateTime {
        self.0.to_datetime(at)
    }

    /// Returns the zone for calendar arithmetic elsewhere.
    #[must_use]
    pub const fn time_zone(&self) -> &TimeZone {
        &self.0
    }

    /// Returns the first instant at which a wall clock in this zone shows `civil` or later; `None`
    /// beyond the calendar's end.
    ///
    /// Where clocks go forward, a time inside the gap means the moment of the jump; where they go
    /// back, a repeated time means its first showing. Later civil times therefore never come
    /// earlier, which mapping "02:30 becomes 03:30" could not promise.
    #[must_use]
    pub fn first_showing(&self, civil: DateTime) -> Option<Timestamp> {
        let ambiguous = self.0.to_ambiguous_timestamp(civil);
        match ambiguous.offset() {
            AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(civil).ok(),
            AmbiguousOffset::Fold { before, .. } => before.to_timestamp(civil).ok(),
            AmbiguousOffset::Gap { after, .. } => {
                let just_before = after.to_timestamp(civil).ok()?;
                self.0
                    .following(just_before)
                    .find(|jump| jump.offset() == after)
                    .map(|jump| jump.timestamp())
            }
        }
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn shown(zone: &str, civil: DateTime) -> String {
        Zone::named(zone).unwrap().first_showing(civil).unwrap().to_string()
    }

    #[test]
    fn a_time_inside_a_gap_means_the_moment_of_the_jump() {
        let jump = "2027-03-14T07:00:00Z";
        assert_eq!(shown("America/New_York", date(2027, 3, 14).at(2, 0, 0, 0)), jump);
        assert_eq!(shown("America/New_York", date(2027, 3, 14).at(2, 30, 0, 0)), jump);
        assert_eq!(shown("America/New_York", date(2027, 3, 14).at(3, 0, 0, 0)), jump);
    }

    #[test]
    fn a_repeated_time_means_its_first_showing() {
        let first = "2027-11-07T05:30:00Z";
        assert_eq!(shown("America/New_York", date(2027, 11, 7).at(1, 30, 0, 0)), first);
    }

    #[test]
    fn a_whole_skipped_day_means_the_moment_of_the_jump() {
        assert_eq!(
            shown("Pacific/Apia", date(2011, 12, 30).at(12, 0, 0, 0)),
            "2011-12-30T10:00:00Z"
        );
    }

    #[test]
    fn an_unknown_zone_is_named_in_the_error() {
        assert_eq!(Zone::named("Asia/Shanghia"), Err(UnknownZone("Asia/Shanghia".into())));
        assert_eq!(Zone::named("Asia/Shanghai").unwrap().name(), "Asia/Shanghai");
    }
}
