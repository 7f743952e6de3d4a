//! When a drill that nobody is told of begins: at a time drawn between its hours, not long after it
//! falls due. Pure: the draw derives from the run's identity, so a restart does not move it.

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use crate::drill::scenario::Announcement;
use crate::id::DrillRunId;

/// Separates this use of the hash from every other.
const DOMAIN: &[u8] = b"firebell/drill/no-notice/1";

/// Returns when a run planned for `at` begins.
#[must_use]
pub fn begins_at(
    notice: Announcement,
    at: Timestamp,
    run: DrillRunId,
    zone: &TimeZone,
) -> Timestamp {
    let Announcement::None { within, hours } = notice else { return at };
    let open = open_stretches(at, within, hours, zone);
    let total: i64 = open.iter().map(|(from, to)| to.as_second() - from.as_second()).sum();
    // No hour is open within the time: it begins when it falls due rather than never.
    let Some(mut left) = share(run).checked_rem(u64::try_from(total).unwrap_or(0)) else {
        return at;
    };
    for (from, to) in open {
        let length = u64::try_from(to.as_second() - from.as_second()).unwrap_or(0);
        if left < length {
            let into = SignedDuration::from_secs(i64::try_from(left).unwrap_or(0));
            return from.saturating_add(into).unwrap_or(at);
        }
        left -= length;
    }
    at
}

/// Lists the stretches of `[at, at + within]` between the two times of day, day by day.
fn open_stretches(
    at: Timestamp,
    within: SignedDuration,
    (opens, closes): (Time, Time),
    zone: &TimeZone,
) -> Vec<(Timestamp, Timestamp)> {
    let end = at.saturating_add(within).unwrap_or(at);
    let last = zone.to_datetime(end).date();
    let mut stretches = Vec::new();
    for day in zone.to_datetime(at).date().series(jiff::Span::new().days(1)) {
        if day > last {
            break;
        }
        let instant = |time: Time| zone.to_timestamp(day.to_datetime(time)).ok();
        if let (Some(from), Some(to)) = (instant(opens), instant(closes)) {
            let (from, to) = (from.max(at), to.min(end));
            if from < to {
                stretches.push((from, to));
            }
        }
    }
    stretches
}

fn share(run: DrillRunId) -> u64 {
    let mut hasher = Sha256::new();
    hasher.update(DOMAIN);
    hasher.update(run.as_bytes());
    let digest: [u8; 32] = hasher.finalize().into();
    u64::from_be_bytes([
        digest[0], digest[1], digest[2], digest[3], digest[4], digest[5], digest[6], digest[7],
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shanghai() -> TimeZone {
        TimeZone::get("Asia/Shanghai").unwrap()
    }

    fn due() -> Timestamp {
        "2027-03-01T20:00:00+08:00".parse().unwrap()
    }

    fn no_notice(hours: i64) -> Announcement {
        Announcement::None {
            within: SignedDuration::from_hours(hours),
            hours: (Time::constant(9, 0, 0, 0), Time::constant(18, 0, 0, 0)),
        }
    }

    #[test]
    fn it_begins_between_the_hours_and_spreads_over_the_days() {
        let mut days = std::collections::BTreeSet::new();
        for run in 0..500 {
            let run = DrillRunId::from_u128(run);
            let at = begins_at(no_notice(7 * 24), due(), run, &shanghai());
            assert_eq!(at, begins_at(no_notice(7 * 24), due(), run, &shanghai()));
            let local = at.to_zoned(shanghai());
            assert!((9..18).contains(&local.hour()), "{local}");
            assert!(at > due() && at <= due() + SignedDuration::from_hours(7 * 24));
            days.insert(local.date());
        }
        assert_eq!(days.len(), 7);
    }

    #[test]
    fn without_an_open_hour_or_with_a_notice_it_begins_when_it_falls_due() {
        let run = DrillRunId::from_u128(1);
        assert_eq!(begins_at(no_notice(2), due(), run, &shanghai()), due());
        let ahead = Announcement::Ahead(SignedDuration::from_hours(24));
        assert_eq!(begins_at(ahead, due(), run, &shanghai()), due());
    }
}
