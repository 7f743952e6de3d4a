//! Calendars against tables of what they mean. Each table was worked out by hand from RFC 5545.

use proptest::prelude::*;

use super::*;
use crate::people::{Contact, Person, Shift, Zone};
use crate::text::{Lang, Text};

fn person(id: &str, zh: &str, en: &str, mail: &str) -> Person {
    Person {
        id: id.into(),
        name: Text::both(zh, en),
        lang: Lang::Zh,
        contacts: vec![Contact { channel: "mail".into(), address: mail.to_owned() }],
        drills: false,
        manner: crate::people::Manner::default(),
    }
}

fn names() -> Names {
    Names::of(&[
        person("ada", "艾达", "Ada Lovelace", "ada.l@shop.example"),
        person("li-lei", "李雷", "Li Lei", "li@shop.example"),
        person("han", "韩梅", "Han Mei", "han@shop.example"),
        person("han-2", "韩梅", "Han Mei", "han2@shop.example"),
    ])
}

fn calendar(events: &[&str]) -> String {
    let mut text = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n".to_owned();
    for event in events {
        text.push_str("BEGIN:VEVENT\r\n");
        for line in event.lines().map(str::trim).filter(|line| !line.is_empty()) {
            text.push_str(line);
            text.push_str("\r\n");
        }
        text.push_str("END:VEVENT\r\n");
    }
    text + "END:VCALENDAR\r\n"
}

fn read_in(zone: &str, text: &str) -> Result<Reading, NoCalendar> {
    let (zone, names) = (Zone::named(zone).unwrap(), names());
    let (from, to) = ("2026-01-01T00:00:00Z", "2028-01-01T00:00:00Z");
    let (from, to) = (from.parse().unwrap(), to.parse().unwrap());
    Reader { zone: &zone, names: &names, from, to }.read(text)
}

fn read(events: &[&str]) -> Reading {
    read_in("Asia/Shanghai", &calendar(events)).unwrap()
}

/// Writes shifts as `from to who`, without what every one has.
fn shown(reading: &Reading) -> Vec<String> {
    assert_eq!(reading.remarks, [], "nothing is left out");
    let who = |s: &Shift| s.who.iter().map(|p| p.as_str()).collect::<Vec<_>>().join("+");
    reading.shifts.list().iter().map(|s| format!("{} {} {}", s.from, s.to, who(s))).collect()
}

fn starts(lines: &str) -> Vec<String> {
    let event = format!("UID:u\nSUMMARY:ada\n{lines}");
    shown(&read(&[&event])).into_iter().map(|line| line[..16].to_owned()).collect()
}

#[test]
fn rules_mean_what_the_format_says() {
    let nine = "DTSTART;TZID=Asia/Shanghai:20261102T090000\nDURATION:PT8H\n";
    for (rule, expected) in [
        ("FREQ=DAILY;COUNT=3", &["2026-11-02T01:00", "2026-11-03T01:00", "2026-11-04T01:00"][..]),
        ("FREQ=DAILY;INTERVAL=10;COUNT=2", &["2026-11-02T01:00", "2026-11-12T01:00"]),
        (
            "FREQ=WEEKLY;BYDAY=MO,WE;COUNT=3",
            &["2026-11-02T01:00", "2026-11-04T01:00", "2026-11-09T01:00"],
        ),
        // The end is included, in UTC, on the clock of the event, or as a day.
        ("FREQ=DAILY;UNTIL=20261103T010000Z", &["2026-11-02T01:00", "2026-11-03T01:00"]),
        ("FREQ=DAILY;UNTIL=20261103T005959Z", &["2026-11-02T01:00"]),
        ("FREQ=DAILY;UNTIL=20261103T090000", &["2026-11-02T01:00", "2026-11-03T01:00"]),
        ("FREQ=DAILY;UNTIL=20261103", &["2026-11-02T01:00", "2026-11-03T01:00"]),
        ("FREQ=MONTHLY;BYDAY=1MO;COUNT=2", &["2026-11-02T01:00", "2026-12-07T01:00"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=1", &["2026-11-02T01:00", "2026-11-30T01:00"]),
        (
            "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=SU,MO;COUNT=3",
            &["2026-11-02T01:00", "2026-11-15T01:00", "2026-11-16T01:00"],
        ),
        // What is written as the beginning is one of them though the rule passes it by.
        ("FREQ=WEEKLY;BYDAY=SU;COUNT=1", &["2026-11-02T01:00", "2026-11-08T01:00"]),
        ("freq=yearly;count=2", &["2026-11-02T01:00", "2027-11-02T01:00"]),
    ] {
        assert_eq!(starts(&format!("{nine}RRULE:{rule}")), expected, "{rule}");
    }
}

#[test]
fn dates_are_taken_out_and_put_in() {
    let nine = "DTSTART;TZID=Asia/Shanghai:20261102T090000\nDURATION:PT8H\n";
    for (lines, expected) in [
        // A date that is taken out still counts.
        (
            "RRULE:FREQ=DAILY;COUNT=3\nEXDATE;TZID=Asia/Shanghai:20261103T090000",
            &["2026-11-02T01:00", "2026-11-04T01:00"][..],
        ),
        (
            "RRULE:FREQ=DAILY;COUNT=3\nEXDATE:20261102T010000Z,20261104T010000Z",
            &["2026-11-03T01:00"],
        ),
        ("RRULE:FREQ=DAILY;COUNT=2\nEXDATE;VALUE=DATE:20261103", &["2026-11-02T01:00"]),
        ("RDATE;TZID=Asia/Tokyo:20261110T090000", &["2026-11-02T01:00", "2026-11-10T00:00"]),
    ] {
        assert_eq!(starts(&format!("{nine}{lines}")), expected, "{lines}");
    }
}

const SERIES: &str = "UID:s
    SUMMARY:ada
    DTSTART;TZID=Asia/Shanghai:20261102T090000
    DTEND;TZID=Asia/Shanghai:20261102T170000
    RRULE:FREQ=DAILY;COUNT=3";

#[test]
fn one_occurrence_is_changed_or_called_off() {
    let moved = "UID:s
        RECURRENCE-ID;TZID=Asia/Shanghai:20261103T090000
        SUMMARY:Li Lei
        DTSTART;TZID=Asia/Shanghai:20261103T100000
        DTEND;TZID=Asia/Shanghai:20261103T110000";
    let off = "UID:s
        RECURRENCE-ID:20261104T010000Z
        STATUS:CANCELLED
        DTSTART:20261104T010000Z";
    let expected = [
        "2026-11-02T01:00:00Z 2026-11-02T09:00:00Z ada",
        "2026-11-03T02:00:00Z 2026-11-03T03:00:00Z li-lei",
    ];
    assert_eq!(shown(&read(&[SERIES, moved, off])), expected);
    assert_eq!(shown(&read(&[off, moved, SERIES])), expected, "in whatever order they stand");
    let cancelled = format!("{SERIES}\nSTATUS:CANCELLED");
    assert!(shown(&read(&[&cancelled])).is_empty());
}

#[test]
fn shifts_stay_at_their_time_of_day_when_clocks_change_both_ways() {
    let nights = |date: &str, zone: &str| {
        format!(
            "UID:n\nSUMMARY:ada\nDTSTART;TZID={zone}:{date}T200000\n\
             DTEND;TZID={zone}:{date}T233000\nRRULE:FREQ=DAILY;COUNT=2"
        )
    };
    assert_eq!(
        shown(&read(&[&nights("20270313", "America/New_York")])),
        [
            "2027-03-14T01:00:00Z 2027-03-14T04:30:00Z ada",
            "2027-03-15T00:00:00Z 2027-03-15T03:30:00Z ada",
        ]
    );
    assert_eq!(
        shown(&read(&[&nights("20271106", "America/New_York")])),
        [
            "2027-11-07T00:00:00Z 2027-11-07T03:30:00Z ada",
            "2027-11-08T01:00:00Z 2027-11-08T04:30:00Z ada",
        ]
    );
    // Nights over the change itself end in the morning by the clock: no hour is empty.
    let over = "UID:o\nSUMMARY:ada\nDTSTART;TZID=Europe/London:20271029T200000\n\
        DTEND;TZID=Europe/London:20271030T080000\nRRULE:FREQ=DAILY;COUNT=2";
    assert_eq!(
        shown(&read(&[over])),
        [
            "2027-10-29T19:00:00Z 2027-10-30T07:00:00Z ada",
            "2027-10-30T19:00:00Z 2027-10-31T08:00:00Z ada",
        ]
    );
    // What clocks skip is told by the offset before; what they show twice means the first.
    for (date, expected) in [
        ("20270314T023000", "2027-03-14T07:30:00Z 2027-03-14T08:30:00Z ada"),
        ("20271107T013000", "2027-11-07T05:30:00Z 2027-11-07T06:30:00Z ada"),
    ] {
        let one =
            format!("UID:g\nSUMMARY:ada\nDTSTART;TZID=America/New_York:{date}\nDURATION:PT1H");
        assert_eq!(shown(&read(&[&one])), [expected]);
    }
}

#[test]
fn whole_days_and_times_without_a_zone_are_meant_in_the_zone_of_the_schedule() {
    let day = "UID:d\nSUMMARY:ada\nDTSTART;VALUE=DATE:20270314\nRRULE:FREQ=DAILY;COUNT=2";
    let floating = "UID:f\nSUMMARY:ada\nDTSTART:20270320T090000\nDTEND:20270320T100000";
    let week = "UID:w\nSUMMARY:ada\nDTSTART;VALUE=DATE:20270401\nDTEND;VALUE=DATE:20270408";
    let reading = read_in("America/New_York", &calendar(&[day, floating, week])).unwrap();
    assert_eq!(
        shown(&reading),
        [
            "2027-03-14T05:00:00Z 2027-03-15T04:00:00Z ada",
            "2027-03-15T04:00:00Z 2027-03-16T04:00:00Z ada",
            "2027-03-20T13:00:00Z 2027-03-20T14:00:00Z ada",
            "2027-04-01T04:00:00Z 2027-04-08T04:00:00Z ada",
        ]
    );
}

#[test]
fn people_are_found_by_id_name_or_address_as_whole_words() {
    let meant = |summary: &str, attendees: &[&str]| {
        names().meant(summary, attendees.iter().copied()).map(|who| {
            who.iter().map(|person| person.as_str().to_owned()).collect::<Vec<_>>().join("+")
        })
    };
    for (summary, attendees, expected) in [
        ("ada", &[][..], "ada"),
        ("On call: LI LEI (nights)", &[], "li-lei"),
        ("值班：李雷、艾达", &[], "li-lei+ada"),
        ("duty li-lei, ADA.L@SHOP.EXAMPLE, ada", &[], "li-lei+ada"),
        ("Ada - week 3", &["mailto:li@shop.example"], "ada"),
        ("On call", &["MAILTO:li@shop.example", "mailto:boss@shop.example"], "li-lei"),
    ] {
        assert_eq!(meant(summary, attendees).as_deref(), Ok(expected), "{summary}");
    }
    for nobody in ["", "Lunch", "adam", "李雷雷", "ada@elsewhere.example", "ada.lx", "li"] {
        let unmatched = RemarkKind::Unmatched { summary: nobody.to_owned() };
        assert_eq!(meant(nobody, &[]), Err(unmatched), "{nobody}");
    }
    let ambiguous = RemarkKind::Ambiguous { name: "han mei".to_owned() };
    assert_eq!(meant("Han Mei", &[]), Err(ambiguous));
    assert_eq!(meant("han-2", &[]).as_deref(), Ok("han-2"));
}

#[test]
fn those_who_declined_are_not_on_call() {
    let event = "UID:a\nSUMMARY:On call\nDTSTART:20261102T010000Z\nDURATION:PT1H
        ATTENDEE;CN=Ada;PARTSTAT=DECLINED:mailto:ada.l@shop.example
        ATTENDEE;CN=Li;PARTSTAT=ACCEPTED:mailto:li@shop.example";
    assert_eq!(shown(&read(&[event])), ["2026-11-02T01:00:00Z 2026-11-02T02:00:00Z li-lei"]);
}

#[test]
fn what_means_nothing_is_told_with_its_line_and_identity_and_the_rest_is_read() {
    let bad = |lines: &str| {
        let bad = format!("UID:bad\nSUMMARY:ada\n{lines}");
        let reading = read(&[SERIES, &bad]);
        assert_eq!(reading.shifts.list().len(), 3, "{lines}");
        let [remark] = reading.remarks.as_slice() else { panic!("{lines}: {reading:?}") };
        assert_eq!((remark.uid.as_str(), remark.line), ("bad", 10), "{lines}");
        for lang in Lang::ALL {
            assert!(remark.message().get(lang).contains("bad"), "{lines}");
        }
        remark.kind.clone()
    };
    let start = "DTSTART:20261202T010000Z";
    let hour = "DTSTART:20261202T010000Z\nDURATION:PT1H";
    assert_eq!(bad(""), RemarkKind::NoStart);
    assert_eq!(
        bad("DTSTART;TZID=Nowhere/Land:20261102T010000\nDURATION:PT1H"),
        RemarkKind::NoStart
    );
    assert_eq!(bad("DTSTART:20261302T010000Z\nDURATION:PT1H"), RemarkKind::NoStart);
    assert_eq!(bad(start), RemarkKind::NoEnd);
    assert_eq!(bad(&format!("{start}\nDTEND:soon")), RemarkKind::BadTime);
    assert_eq!(bad(&format!("{start}\nDURATION:-PT1H")), RemarkKind::BadTime);
    assert_eq!(bad(&format!("{start}\nDURATION:P93D")), RemarkKind::TooLong);
    assert_eq!(bad(&format!("{hour}\nRRULE:FREQ=DAILY\nEXDATE:x")), RemarkKind::BadTime);
    assert_eq!(bad(&format!("{hour}\nRRULE:FREQ=MINUTELY")), RemarkKind::TooOften);
    assert_eq!(
        bad(&format!("{hour}\nRECURRENCE-ID;RANGE=THISANDFUTURE:20261102T010000Z")),
        RemarkKind::AndFuture
    );
    for rule in ["FREQ=SOMETIMES", "FREQ=DAILY;COUNT=x", "COUNT=3", "FREQ=DAILY;BYDAY=XX"] {
        let kind = bad(&format!("{hour}\nRRULE:{rule}"));
        assert!(matches!(kind, RemarkKind::BadRule { .. }), "{rule}: {kind:?}");
    }
}

#[test]
fn what_is_no_calendar_is_refused_as_a_whole() {
    let refused = |text: &str| read_in("UTC", text).unwrap_err();
    assert_eq!(refused(""), NoCalendar::NoBeginning);
    assert_eq!(refused("listen: 127.0.0.1:80\n"), NoCalendar::NoBeginning);
    let whole = calendar(&[SERIES]);
    assert_eq!(refused(&whole[..whole.len() - 20]), NoCalendar::Malformed);
    assert_eq!(refused(&"BEGIN:VCALENDAR\r\n".repeat(9)), NoCalendar::TooDeep);
    assert_eq!(refused(&" ".repeat(CALENDAR_BYTES_MAX + 1)), NoCalendar::TooLarge);
    let many = "BEGIN:VEVENT\r\nEND:VEVENT\r\n".repeat(5_001);
    let many = format!("BEGIN:VCALENDAR\r\n{many}END:VCALENDAR\r\n");
    assert_eq!(refused(&many), NoCalendar::TooMany);
    assert!(read_in("UTC", "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n").unwrap().remarks.is_empty());
}

#[test]
fn a_calendar_that_never_ends_is_cut_where_its_bound_is() {
    let hourly = "UID:h\nSUMMARY:ada\nDTSTART:20260101T000000Z\nDURATION:PT1H\nRRULE:FREQ=HOURLY";
    let reading = read(&[hourly, &hourly.replace("UID:h", "UID:i")]);
    assert_eq!(reading.shifts.list().len(), 17_520, "the same hours are the same shifts");
    assert_eq!(reading.remarks[0].kind, RemarkKind::TooMany);
    let never = "UID:v\nSUMMARY:ada\nDTSTART:20260101T000000Z\nDURATION:PT1H
        RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30";
    assert_eq!(shown(&read(&[never])).len(), 1, "the first alone");
}

#[test]
fn folded_lines_and_escaped_texts_are_read() {
    let text = "\u{feff}BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:f\r\nSUMMARY:On call\\, Ada \r\n \
        Lovelace\r\nDTSTART:20261102T010000Z\r\nDURATION:PT1H\r\nBEGIN:VALARM\r\nACTION:AUDIO\r\n\
        END:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    let reading = read_in("UTC", text).unwrap();
    assert_eq!(shown(&reading), ["2026-11-02T01:00:00Z 2026-11-02T02:00:00Z ada"]);
}

proptest! {
    #[test]
    fn no_file_makes_the_reader_panic(
        lines in proptest::collection::vec(
            prop_oneof![
                "(BEGIN|END):(VEVENT|VALARM|VCALENDAR)",
                "(DTSTART|DTEND|EXDATE|RDATE|RECURRENCE-ID)(;TZID=[A-Z/]{0,9})?:[0-9]{0,9}T?[0-9]{0,7}Z?",
                "DURATION:[-+]?P[0-9]{0,12}[DWTHMS]{0,3}",
                "RRULE:FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY);(INTERVAL|COUNT|BYDAY|BYSETPOS|UNTIL)=[-0-9MOTU,]{0,9}",
                "\\PC{0,30}",
            ],
            0..12,
        ),
    ) {
        let event = lines.join("\n");
        let _ = read_in("Europe/London", &calendar(&[&event]));
        let _ = read_in("Europe/London", &lines.join("\r\n"));
    }
}
