//! When a drill that nobody is told of begins: at a time drawn between its hours, not long after it
//! falls due. Pure: the draw derives from the run's identity, so a restart does not move it.

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use crate::drill::calendar::{MissedWhy, ON_TIME};
use crate::drill::diary::Planned;
use crate::drill::scenario::Announcement;
use crate::id::DrillRunId;

/// How long whoever was paged by a drill without notice is left in peace by the next: nobody is to
/// be startled twice in a week.
pub const SPARED_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Separates this use of the hash from every other.
const DOMAIN: &[u8] = b"firebell/drill/no-notice/1";

/// What becomes of a run that is to start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// It begins then.
    Waits(Timestamp),
    /// It begins now.
    Begins,
    /// It begins at another time, drawn anew, after this instant.
    PutOff {
        /// Nothing before.
        until: Timestamp,
    },
    /// The time in which it was to begin has no hour left.
    GivenUp(MissedWhy),
}

/// Decides what becomes of a run. `paged` is when one of those who would be asked first was last
/// paged by a drill that nobody was told of.
///
/// A drill without notice begins between its hours alone, whenever firebell was running again.
#[must_use]
pub fn turn(
    notice: Announcement,
    planned: Planned,
    zone: &TimeZone,
    now: Timestamp,
    paged: Option<Timestamp>,
) -> Turn {
    let Some(begins) = begins_at(notice, planned, zone) else {
        return Turn::GivenUp(MissedWhy::Downtime);
    };
    if now < begins {
        return Turn::Waits(begins);
    }
    let Announcement::None { within, hours } = notice else { return Turn::Begins };
    let free = paged.and_then(|at| at.checked_add(SPARED_FOR).ok()).filter(|free| *free > now);
    let open = open_stretches(planned.at, within, hours, zone);
    let is_open = open.is_empty() || open.iter().any(|(from, to)| (*from..=*to).contains(&now));
    let on_time = now.duration_since(begins) <= ON_TIME;
    if free.is_none() && (is_open || on_time) {
        return Turn::Begins;
    }
    let until = free.unwrap_or(now);
    let again = Planned { not_before: Some(until), ..planned };
    let left = begins_at(notice, again, zone).filter(|at| *at >= until);
    match (left, free) {
        (Some(_), _) => Turn::PutOff { until },
        (None, Some(_)) => Turn::GivenUp(MissedWhy::PagedLately),
        (None, None) => Turn::GivenUp(MissedWhy::Downtime),
    }
}

/// Returns when a planned run begins; `None` where it was put off past the time it has.
#[must_use]
pub fn begins_at(notice: Announcement, planned: Planned, zone: &TimeZone) -> Option<Timestamp> {
    let Planned { at, run, not_before, .. } = planned;
    let Announcement::None { within, hours } = notice else { return Some(at) };
    let mut open = open_stretches(at, within, hours, zone);
    if open.is_empty() {
        // No hour is open within the time: it begins when it falls due rather than never.
        return Some(at);
    }
    let from = not_before.unwrap_or(at);
    open.iter_mut().for_each(|stretch| stretch.0 = stretch.0.max(from));
    open.retain(|(from, to)| from < to);
    let length = |(from, to): &(Timestamp, Timestamp)| {
        u64::try_from(to.as_second() - from.as_second()).unwrap_or(0)
    };
    let mut left = share(run, not_before).checked_rem(open.iter().map(length).sum())?;
    for stretch in &open {
        if left < length(stretch) {
            let into = SignedDuration::from_secs(i64::try_from(left).unwrap_or(0));
            return stretch.0.checked_add(into).ok();
        }
        left -= length(stretch);
    }
    None
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

fn share(run: DrillRunId, not_before: Option<Timestamp>) -> u64 {
    let mut hasher = Sha256::new();
    hasher.update(DOMAIN);
    hasher.update(run.as_bytes());
    if let Some(not_before) = not_before {
        hasher.update(not_before.as_second().to_be_bytes());
    }
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

    fn planned(run: u128) -> Planned {
        let run = DrillRunId::from_u128(run);
        Planned { at: due(), run, late: false, not_before: None, told: false }
    }

    fn hours(n: i64) -> SignedDuration {
        SignedDuration::from_hours(n)
    }

    const WEEK: i64 = 7 * 24;

    #[test]
    fn it_begins_between_the_hours_and_spreads_over_the_days() {
        let mut days = std::collections::BTreeSet::new();
        for run in 0..500 {
            let at = begins_at(no_notice(WEEK), planned(run), &shanghai()).unwrap();
            assert_eq!(Some(at), begins_at(no_notice(WEEK), planned(run), &shanghai()));
            let local = at.to_zoned(shanghai());
            assert!((9..18).contains(&local.hour()), "{local}");
            assert!(at > due() && at <= due() + hours(WEEK));
            days.insert(local.date());
        }
        assert_eq!(days.len(), 7);
    }

    #[test]
    fn without_an_open_hour_or_with_a_notice_it_begins_when_it_falls_due() {
        assert_eq!(begins_at(no_notice(2), planned(1), &shanghai()), Some(due()));
        let ahead = Announcement::Ahead(hours(24));
        assert_eq!(begins_at(ahead, planned(1), &shanghai()), Some(due()));
    }

    #[test]
    fn nobody_is_paged_twice_within_a_week_whatever_is_drawn() {
        let zone = shanghai();
        for run in 0..300 {
            let mut planned = planned(run);
            let begins = begins_at(no_notice(2 * WEEK), planned, &zone).unwrap();
            let paged = begins - hours(3);
            let free = paged + SPARED_FOR;
            match turn(no_notice(2 * WEEK), planned, &zone, begins, Some(paged)) {
                Turn::PutOff { until } => {
                    assert_eq!(until, free);
                    planned.not_before = Some(until);
                    let again = begins_at(no_notice(2 * WEEK), planned, &zone).unwrap();
                    assert!(again >= free && again <= due() + hours(2 * WEEK), "{again}");
                    assert!((9..18).contains(&again.to_zoned(zone.clone()).hour()));
                    let then = turn(no_notice(2 * WEEK), planned, &zone, again, Some(paged));
                    assert_eq!(then, Turn::Begins);
                }
                Turn::GivenUp(why) => {
                    assert_eq!(why, MissedWhy::PagedLately);
                    // The last hour of the two weeks is over before they are free.
                    assert!(free + hours(15) > due() + hours(2 * WEEK), "{free}");
                }
                other => panic!("{other:?}"),
            }
            let (anew, long_ago) = (self::planned(run), Some(begins - SPARED_FOR));
            assert_eq!(turn(no_notice(2 * WEEK), anew, &zone, begins, long_ago), Turn::Begins);
        }
    }

    #[test]
    fn after_an_outage_it_still_begins_between_its_hours_or_not_at_all() {
        let zone = shanghai();
        for run in 0..300 {
            let begins = begins_at(no_notice(WEEK), planned(run), &zone).unwrap();
            let night = begins.to_zoned(zone.clone()).date().at(23, 30, 0, 0);
            let night = zone.to_timestamp(night).unwrap();
            match turn(no_notice(WEEK), planned(run), &zone, night, None) {
                Turn::PutOff { until } => {
                    let again = Planned { not_before: Some(until), ..planned(run) };
                    let at = begins_at(no_notice(WEEK), again, &zone).unwrap();
                    assert!(at > night && (9..18).contains(&at.to_zoned(zone.clone()).hour()));
                }
                Turn::GivenUp(why) => {
                    assert_eq!(why, MissedWhy::Downtime);
                    assert!(night + hours(12) > due() + hours(WEEK));
                }
                other => panic!("{other:?}"),
            }
            let soon = turn(no_notice(WEEK), planned(run), &zone, begins + ON_TIME, None);
            assert_eq!(soon, Turn::Begins, "a look that comes a little late is no outage");
        }
    }

    #[test]
    fn where_the_clocks_change_it_begins_between_the_hours_of_the_wall() {
        // New York skips from two to three on the fourteenth of March 2027 and repeats an hour in
        // November; Lord Howe moves by half an hour.
        let edges = [
            ("America/New_York", "2027-03-13T00:00:00-05:00"),
            ("America/New_York", "2027-11-06T00:00:00-04:00"),
            ("Australia/Lord_Howe", "2027-10-02T00:00:00+10:30"),
        ];
        for (zone, at) in edges {
            let (zone, at) = (TimeZone::get(zone).unwrap(), at.parse().unwrap());
            let span = (Time::constant(1, 30, 0, 0), Time::constant(3, 15, 0, 0));
            let notice = Announcement::None { within: hours(48), hours: span };
            for run in 0..300 {
                let planned = Planned { at, ..planned(run) };
                let begins = begins_at(notice, planned, &zone).unwrap();
                let wall = begins.to_zoned(zone.clone()).time();
                // Of an hour that comes twice all counts, from its first opening on.
                let twice = zone.to_ambiguous_timestamp(begins.to_zoned(zone.clone()).datetime());
                let open = (span.0..=span.1).contains(&wall) || twice.is_ambiguous();
                assert!(open, "{begins} is {wall} in {zone:?}");
                assert_eq!(turn(notice, planned, &zone, begins, None), Turn::Begins);
            }
        }
    }
}
