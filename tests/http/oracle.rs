//! Calendar files as others read them: every event means the same shifts to us and to
//! `recurring-ical-events`. `tests/run` fetches it; where it is missing the test says so.

use std::io::Write as _;
use std::process::{Command, Stdio};

use firebell::id::PersonId;
use firebell::people::ical::{Names, Reader};
use firebell::people::{Manner, Person, Zone};
use firebell::text::{Lang, Text};
use jiff::Timestamp;

use crate::peers::{python, root};

const FROM: &str = "2026-10-01T00:00:00+00:00";
const TO: &str = "2028-04-01T00:00:00+00:00";

/// Beginnings by a wall clock, some near the changes of clocks, with how long they last.
const TIMES: [(&str, &str); 6] = [
    ("20261024T200000", "20261025T080000"),
    ("20270313T220000", "20270314T060000"),
    ("20261101T090000", "20261101T170000"),
    ("20270327T033000", "20270327T043000"),
    ("20270228T000000", "20270301T000000"),
    ("20261231T233000", "20270101T000000"),
];

const ZONES: [&str; 5] =
    ["Asia/Shanghai", "America/New_York", "Europe/London", "Australia/Lord_Howe", "UTC"];

const RULES: [&str; 14] = [
    "FREQ=DAILY;COUNT=9",
    "FREQ=DAILY;INTERVAL=3;UNTIL=20270410T120000Z",
    "FREQ=WEEKLY;COUNT=12",
    "FREQ=WEEKLY;INTERVAL=2;COUNT=9",
    "FREQ=WEEKLY;UNTIL=20270630T000000Z",
    "FREQ=MONTHLY;COUNT=8",
    "FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=5",
    "FREQ=MONTHLY;BYDAY=-1SU;COUNT=5",
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=5",
    "FREQ=YEARLY;COUNT=2",
    "FREQ=YEARLY;BYMONTH=3;BYDAY=2SU;COUNT=2",
    "FREQ=DAILY;BYMONTH=3;BYHOUR=1,2,3;COUNT=40",
    "FREQ=YEARLY;BYWEEKNO=10,20;COUNT=9",
    "FREQ=YEARLY;BYYEARDAY=1,100,-1;COUNT=5",
];

/// Writes one event of each time, zone and rule, and each with exceptions; returns their names too.
fn everything() -> (String, Vec<String>) {
    let mut text = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//x//EN\r\n".to_owned();
    let mut names = Vec::new();
    let mut event = |name: &str, uid: &str, lines: &str| {
        let lines = lines.replace('\n', "\r\n");
        text.push_str(&format!(
            "BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:{name}\r\n\
             {lines}\r\nEND:VEVENT\r\n"
        ));
        names.push(name.to_owned());
    };
    for (z, zone) in ZONES.iter().enumerate() {
        for (t, (start, end)) in TIMES.iter().enumerate() {
            let times = format!("DTSTART;TZID={zone}:{start}\nDTEND;TZID={zone}:{end}");
            for (r, rule) in RULES.iter().enumerate() {
                let name = format!("e-{z}-{t}-{r}");
                event(&name, &name, &format!("{times}\nRRULE:{rule}"));
            }
            let name = format!("x-{z}-{t}");
            let first = format!("EXDATE;TZID={zone}:{start}");
            event(&name, &name, &format!("{times}\nRRULE:FREQ=WEEKLY;COUNT=4\n{first}"));
            let series = format!("m-{z}-{t}");
            event(&series, &series, &format!("{times}\nRRULE:FREQ=WEEKLY;COUNT=4"));
            let moved = "DTSTART:20270501T010000Z\nDTEND:20270501T030000Z";
            let of = format!("RECURRENCE-ID;TZID={zone}:{start}");
            event(&format!("c-{z}-{t}"), &series, &format!("{of}\n{moved}"));
            let more = format!("RDATE;TZID={zone}:20270707T070000,20270708T080000");
            let name = format!("r-{z}-{t}");
            event(&name, &name, &format!("{times}\n{more}"));
        }
    }
    for (r, rule) in RULES.iter().enumerate().filter(|(_, rule)| !rule.contains("Z")) {
        let name = format!("d-{r}");
        if !rule.contains("BYHOUR") {
            let days = "DTSTART;VALUE=DATE:20270312\nDTEND;VALUE=DATE:20270314";
            event(&name, &name, &format!("{days}\nRRULE:{rule}"));
        }
    }
    (text + "END:VCALENDAR\r\n", names)
}

fn person(id: &str) -> Person {
    Person {
        id: PersonId::new(id),
        name: Text::from(id),
        lang: Lang::En,
        contacts: Vec::new(),
        drills: false,
        manner: Manner::default(),
    }
}

#[test]
fn calendars_mean_to_us_what_they_mean_to_others() {
    let Some(python) = python("recurring_ical_events") else { return };
    let zone = "America/New_York";
    let (text, names) = everything();
    let mut peer = Command::new(python)
        .arg(root().join("tests/peers/of_icalendar.py"))
        .args([FROM, TO, zone])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    peer.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let said = peer.wait_with_output().unwrap();
    assert!(said.status.success());
    let mut theirs: Vec<(String, i64, i64)> = serde_json::from_slice(&said.stdout).unwrap();
    // Where clocks jump over the whole of a shift they see one without length: nobody is on call in it.
    theirs.retain(|(_, from, to)| from < to);

    let people: Vec<Person> = names.iter().map(|name| person(name)).collect();
    let (zone, names) = (Zone::named(zone).unwrap(), Names::of(&people));
    let [from, to] = [FROM, TO].map(|at| at.parse::<Timestamp>().unwrap());
    let read = Reader { zone: &zone, names: &names, from, to }.read(&text).unwrap();
    assert_eq!(read.remarks, []);
    let mut ours: Vec<(String, i64, i64)> = Vec::new();
    for shift in read.shifts.list() {
        let who = shift.who[0].to_string();
        ours.push((who, shift.from.as_second(), shift.to.as_second()));
    }
    ours.sort();
    let only = |these: &[(String, i64, i64)], those: &[(String, i64, i64)]| {
        let new = these.iter().filter(|one| those.binary_search(one).is_err());
        new.map(|(who, from, to)| {
            let at = |second: &i64| Timestamp::from_second(*second).unwrap().to_string();
            format!("{who} {} {}", at(from), at(to))
        })
        .take(40)
        .collect::<Vec<_>>()
    };
    assert!(theirs.len() > 2_000, "{}", theirs.len());
    assert_eq!((only(&ours, &theirs), only(&theirs, &ours)), (Vec::new(), Vec::new()));
}
