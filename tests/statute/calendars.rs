//! Business days.

use firebell::playbook::statute::Day;
use jiff::civil::Date;

use crate::files::calendars;

fn day(calendar: &str, date: &str) -> Day {
    let date: Date = date.parse().expect(date);
    calendars()[calendar].day(date)
}

#[test]
fn weekends_are_swapped_as_the_state_council_announced() {
    use Day::{Business, Off};
    let table = [
        ("2026-01-02", Off),      // a Friday off
        ("2026-01-04", Business), // a Sunday worked
        ("2026-02-13", Business),
        ("2026-02-14", Business), // a Saturday worked
        ("2026-02-16", Off),
        ("2026-02-23", Off),
        ("2026-02-24", Business),
        ("2026-02-28", Business),
        ("2026-05-09", Business),
        ("2026-06-19", Off),
        ("2026-09-20", Business),
        ("2026-10-07", Off),
        ("2026-10-08", Business),
        ("2026-10-10", Business),
        ("2026-10-11", Off), // an ordinary Sunday
        ("2025-10-08", Off),
        ("2025-10-11", Business),
    ];
    for (date, expected) in table {
        assert_eq!(day("cn", date), expected, "{date}");
    }
}

#[test]
fn a_year_that_no_notice_covers_is_not_guessed() {
    assert_eq!(day("cn", "2024-12-31"), Day::Uncovered);
    assert_eq!(day("cn", "2027-01-04"), Day::Uncovered);
    assert_eq!(day("us-federal", "2021-12-31"), Day::Uncovered);
}

#[test]
fn federal_holidays_follow_their_rules() {
    use Day::{Business, Off};
    let table = [
        ("2026-01-01", Off),
        ("2026-01-19", Off), // third Monday
        ("2026-02-16", Off),
        ("2026-05-25", Off), // last Monday
        ("2026-06-19", Off),
        ("2026-07-03", Off), // the 4th is a Saturday
        ("2026-07-06", Business),
        ("2026-09-07", Off),
        ("2026-10-12", Off),
        ("2026-11-11", Off),
        ("2026-11-26", Off),
        ("2026-11-27", Business),
        ("2026-12-25", Off),
        ("2027-07-05", Off), // the 4th is a Sunday
        ("2027-12-24", Off), // Christmas is a Saturday
        ("2027-12-31", Off), // the first of 2028 is a Saturday
        ("2028-01-03", Business),
        ("2026-11-28", Off),
    ];
    for (date, expected) in table {
        assert_eq!(day("us-federal", date), expected, "{date}");
    }
}

#[test]
fn business_days_begin_the_day_after_and_end_with_the_last() {
    let table = [
        // (calendar, from, days, until)
        ("us-federal", "2026-11-23T15:00:00Z", 4, "2026-12-01T05:00:00Z"),
        // On a Saturday the first is Monday.
        ("us-federal", "2026-11-21T15:00:00Z", 4, "2026-11-28T05:00:00Z"),
        // Over the switch to summer time the end of the day moves with the clocks.
        ("us-federal", "2026-03-06T20:00:00Z", 1, "2026-03-10T04:00:00Z"),
        // Spring festival: nine days off, Saturday the 14th worked.
        ("cn", "2026-02-13T02:00:00Z", 2, "2026-02-24T16:00:00Z"),
        ("cn", "2026-09-30T02:00:00Z", 7, "2026-10-15T16:00:00Z"),
    ];
    for (calendar, from, n, until) in table {
        let (at, uncovered) = calendars()[calendar].after(from.parse().expect(from), n);
        assert_eq!(at.expect("an instant").to_string(), until, "{calendar} {from} {n}");
        assert_eq!(uncovered, None);
    }
}

#[test]
fn a_limit_that_reaches_into_a_year_without_notice_counts_every_weekday_and_says_so() {
    let from = "2026-12-30T02:00:00Z".parse().expect("an instant");
    let (at, uncovered) = calendars()["cn"].after(from, 3);
    // The first of January is surely a holiday, but nobody has said which days are worked instead.
    assert_eq!(at.expect("an instant").to_string(), "2027-01-04T16:00:00Z");
    assert_eq!(uncovered, Some(2027));
}
