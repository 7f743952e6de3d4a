//! Rosters against known days and against a slow, obvious model. The model must not know instants:
//! it only watches a wall clock.

use std::num::NonZeroU16;

use jiff::civil::{Date, Time, Weekday, date, time};
use proptest::prelude::*;

use super::*;
use crate::people::{Duty, Shift, Shifts, Weekdays, Window};

/// Zones with every kind of trouble: none, hourly jumps, half hours, jumps at midnight, a negative
/// winter, two hours at once, a skipped day.
const ZONES: [&str; 12] = [
    "Asia/Shanghai",
    "America/New_York",
    "Europe/London",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "Asia/Kathmandu",
    "Africa/Casablanca",
    "America/Sao_Paulo",
    "Asia/Beirut",
    "Antarctica/Troll",
    "Europe/Dublin",
    "Pacific/Apia",
];

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// The obvious reading of a roster, a minute at a time. It knows nothing of instants: it watches a
/// wall clock that stands still while it would run backwards, and counts on the civil calendar.
struct Model<'a> {
    schedule: &'a Schedule,
    wall: Option<DateTime>,
}

impl Model<'_> {
    fn minute(&mut self, at: Timestamp) -> Vec<PersonId> {
        let shown = self.schedule.zone.civil(at);
        let wall = self.wall.map_or(shown, |latest| latest.max(shown));
        self.wall = Some(wall);
        let mut who: Vec<PersonId> = Vec::new();
        for layer in &self.schedule.layers {
            if let Some(people) = duty(layer, wall) {
                who = people;
            }
        }
        let shifts = self.schedule.shifts.iter().flat_map(Shifts::list);
        let mut on_shift: Vec<PersonId> = Vec::new();
        for shift in shifts.filter(|shift| (shift.from..shift.to).contains(&at)) {
            let new = shift.who.iter().filter(|person| !on_shift.contains(person));
            let new: Vec<PersonId> = new.cloned().collect();
            on_shift.extend(new);
        }
        if !on_shift.is_empty() {
            who = on_shift;
        }
        for over in &self.schedule.overrides {
            if over.from > at || at >= over.to {
                continue;
            }
            match &over.change {
                Change::Put(person) => who = vec![person.clone()],
                Change::Replace { out, with } => {
                    if who.contains(out) && who.contains(with) {
                        let first = who.iter().find(|p| *p == out || *p == with).cloned();
                        let keep =
                            |p: &PersonId| Some(p) == first.as_ref() || (p != out && p != with);
                        who.retain(keep);
                    }
                    for person in &mut who {
                        if person == out {
                            *person = with.clone();
                        }
                    }
                }
                Change::Off(person) => {
                    while let Some(place) = who.iter().position(|other| other == person) {
                        who.remove(place);
                    }
                }
            }
        }
        who
    }
}

fn duty(layer: &Layer, wall: DateTime) -> Option<Vec<PersonId>> {
    if wall < layer.start {
        return None;
    }
    let inside = layer.windows.is_empty() || layer.windows.iter().any(|w| is_inside(w, wall));
    if !inside {
        return None;
    }
    let turn = match layer.rotation {
        Rotation::Hours(every) => minutes(layer.start, wall) / (60 * i64::from(every.get())),
        Rotation::Days { every, at } => {
            let today = minutes(midnight(layer.start.date()), midnight(wall.date())) / 1440;
            let passed = if wall.time() < at { today - 1 } else { today };
            (passed / i64::from(every.get())).max(0)
        }
    };
    Some(layer.turns[turn as usize % layer.turns.len()].people().to_vec())
}

fn is_inside(window: &Window, wall: DateTime) -> bool {
    let of_day = |t: Time| i64::from(t.hour()) * 60 + i64::from(t.minute());
    let length = (of_day(window.to) - of_day(window.from) + 1440 - 1).rem_euclid(1440) + 1;
    (0..=1).any(|days_ago| {
        let begun = wall.date().checked_sub(SignedDuration::from_hours(24 * days_ago)).unwrap();
        let since = minutes(begun.to_datetime(window.from), wall);
        window.days.contains(begun.weekday()) && (0..length).contains(&since)
    })
}

fn midnight(date: Date) -> DateTime {
    date.to_datetime(Time::midnight())
}

fn minutes(from: DateTime, to: DateTime) -> i64 {
    to.duration_since(from).as_mins()
}

fn schedule(zone: &str, layers: Vec<Layer>, overrides: Vec<Override>) -> Schedule {
    Schedule {
        id: "s".into(),
        title: "s".into(),
        zone: Zone::named(zone).unwrap(),
        layers,
        shifts: None,
        overrides,
    }
}

fn layer(rotation: Rotation, start: DateTime, turns: &[&str]) -> Layer {
    let turns = turns.iter().map(|p| Duty::alone((*p).into())).collect();
    Layer { rotation, start, turns, windows: Vec::new() }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn who(schedule: &Schedule, instant: &str) -> String {
    let people = schedule.on_call(at(instant));
    people.iter().map(PersonId::as_str).collect::<Vec<_>>().join("+")
}

fn shown(segments: &[Segment]) -> Vec<String> {
    let people = |s: &Segment| s.who.iter().map(PersonId::as_str).collect::<Vec<_>>().join("+");
    segments.iter().map(|s| format!("{} {} {:?}", s.from, people(s), s.by)).collect()
}

#[test]
fn a_hand_off_at_nine_stays_at_nine_when_clocks_change() {
    let nine = Rotation::daily(time(9, 0, 0, 0));
    let start = date(2027, 3, 12).at(9, 0, 0, 0);
    let roster = schedule("America/New_York", vec![layer(nine, start, &["a", "b"])], vec![]);
    let changes = roster.segments(at("2027-03-12T15:00:00Z"), at("2027-03-15T15:00:00Z"));
    assert_eq!(
        shown(&changes),
        [
            "2027-03-12T15:00:00Z a Layer(0)",
            "2027-03-13T14:00:00Z b Layer(0)",
            "2027-03-14T13:00:00Z a Layer(0)",
            "2027-03-15T13:00:00Z b Layer(0)",
        ]
    );
}

#[test]
fn a_hand_off_inside_a_gap_happens_when_the_clock_jumps() {
    let rotation = Rotation::daily(time(2, 30, 0, 0));
    let start = date(2027, 3, 13).at(2, 30, 0, 0);
    let roster = schedule("America/New_York", vec![layer(rotation, start, &["a", "b"])], vec![]);
    assert_eq!(roster.next_change(at("2027-03-14T00:00:00Z")), Some(at("2027-03-14T07:00:00Z")));
}

#[test]
fn a_hand_off_at_a_repeated_time_happens_once_at_its_first_showing() {
    let rotation = Rotation::daily(time(1, 30, 0, 0));
    let start = date(2027, 11, 6).at(1, 30, 0, 0);
    let roster = schedule("America/New_York", vec![layer(rotation, start, &["a", "b"])], vec![]);
    let changes = roster.segments(at("2027-11-07T00:00:00Z"), at("2027-11-08T07:00:00Z"));
    assert_eq!(
        shown(&changes),
        [
            "2027-11-07T00:00:00Z a Layer(0)",
            "2027-11-07T05:30:00Z b Layer(0)",
            "2027-11-08T06:30:00Z a Layer(0)",
        ]
    );
}

#[test]
fn nobody_is_on_call_before_a_layer_starts() {
    let weekly = Rotation::weekly(time(9, 0, 0, 0));
    let start = date(2026, 11, 2).at(9, 0, 0, 0);
    let roster = schedule("Asia/Shanghai", vec![layer(weekly, start, &["a"])], vec![]);
    assert_eq!(who(&roster, "2026-11-02T00:59:59Z"), "");
    assert_eq!(who(&roster, "2026-11-02T01:00:00Z"), "a");
    let gaps = roster.gaps(at("2026-11-01T00:00:00Z"), at("2026-12-01T00:00:00Z"));
    assert_eq!(shown(&gaps), ["2026-11-01T00:00:00Z  Nobody"]);
    assert_eq!(gaps[0].to, at("2026-11-02T01:00:00Z"));
}

#[test]
fn a_later_layer_wins_while_its_window_is_open() {
    let start = date(2026, 11, 2).at(0, 0, 0, 0);
    let weekly = Rotation::weekly(time(0, 0, 0, 0));
    let mut nights = layer(weekly, start, &["night"]);
    nights.windows = vec![Window {
        days: [Weekday::Friday].into_iter().collect(),
        from: time(22, 0, 0, 0),
        to: time(6, 0, 0, 0),
    }];
    let roster = schedule("UTC", vec![layer(weekly, start, &["day"]), nights], vec![]);
    let changes = roster.segments(at("2026-11-02T00:00:00Z"), at("2026-11-09T00:00:00Z"));
    assert_eq!(
        shown(&changes),
        [
            "2026-11-02T00:00:00Z day Layer(0)",
            "2026-11-06T22:00:00Z night Layer(1)",
            "2026-11-07T06:00:00Z day Layer(0)",
        ]
    );
}

#[test]
fn overrides_win_over_layers_and_a_later_one_over_an_earlier() {
    let start = date(2026, 11, 2).at(0, 0, 0, 0);
    let mut pair = layer(Rotation::weekly(time(0, 0, 0, 0)), start, &["a"]);
    pair.turns = vec![Duty::together(vec!["a".into(), "b".into()]).unwrap()];
    let over = |from, to, change| Override { from: at(from), to: at(to), change, note: None };
    let swap = |out: &str, with: &str| Change::Replace { out: out.into(), with: with.into() };
    let overrides = vec![
        over("2026-11-02T01:00:00Z", "2026-11-02T05:00:00Z", Change::Put("c".into())),
        over("2026-11-02T02:00:00Z", "2026-11-02T03:00:00Z", swap("c", "d")),
        over("2026-11-02T04:00:00Z", "2026-11-02T08:00:00Z", swap("a", "b")),
    ];
    let roster = schedule("UTC", vec![pair], overrides);
    let changes = roster.segments(at("2026-11-02T00:00:00Z"), at("2026-11-03T00:00:00Z"));
    assert_eq!(
        shown(&changes),
        [
            "2026-11-02T00:00:00Z a+b Layer(0)",
            "2026-11-02T01:00:00Z c Override(0)",
            "2026-11-02T02:00:00Z d Override(1)",
            "2026-11-02T03:00:00Z c Override(0)",
            "2026-11-02T05:00:00Z b Override(2)",
            "2026-11-02T08:00:00Z a+b Layer(0)",
        ]
    );
}

#[test]
fn a_change_months_ahead_is_found_and_one_beyond_the_horizon_is_not() {
    let start = date(2026, 11, 2).at(0, 0, 0, 0);
    let long = Rotation::Days { every: NonZeroU16::new(300).unwrap(), at: Time::midnight() };
    let roster = schedule("UTC", vec![layer(long, start, &["a", "b"])], vec![]);
    assert_eq!(roster.next_change(at("2026-11-02T00:00:00Z")), Some(at("2027-08-29T00:00:00Z")));
    let alone = schedule("UTC", vec![layer(long, start, &["a"])], vec![]);
    assert_eq!(alone.next_change(at("2026-11-02T00:00:00Z")), None);
}

#[test]
fn the_ends_of_the_calendar_neither_panic_nor_hang() {
    let start = date(2026, 11, 2).at(9, 0, 0, 0);
    let hourly = Rotation::Hours(NonZeroU16::MIN);
    let mut windowed = layer(hourly, start, &["a", "b"]);
    windowed.windows =
        vec![Window { days: Weekdays::ALL, from: Time::midnight(), to: Time::midnight() }];
    for zone in ZONES {
        let roster =
            schedule(zone, vec![layer(hourly, start, &["a", "b"]), windowed.clone()], vec![]);
        for end in [Timestamp::MIN, Timestamp::MAX] {
            let _ = roster.on_call(end);
            assert!(roster.segments(end, end).is_empty());
            assert_eq!(roster.next_change(Timestamp::MAX), None);
        }
        assert_eq!(who(&roster, "-009999-01-02T01:59:59Z"), "");
    }
}

fn people() -> impl Strategy<Value = Duty> {
    proptest::sample::subsequence(vec!["a", "b", "c", "d"], 1..=2).prop_map(|ids| {
        Duty::together(ids.into_iter().map(Into::into).collect()).expect("one or two people")
    })
}

fn minute_of_day() -> impl Strategy<Value = Time> {
    let near_the_jumps = prop_oneof![0i8..4, 0i8..24];
    (near_the_jumps, prop_oneof![Just(0i8), Just(1), Just(30), 0i8..60])
        .prop_map(|(hour, minute)| time(hour, minute, 0, 0))
}

fn window() -> impl Strategy<Value = Window> {
    (1u8..128, minute_of_day(), minute_of_day()).prop_map(|(bits, from, to)| {
        let day = |n: i8| Weekday::from_monday_zero_offset(n).expect("0 to 6");
        let days = (0..7).filter(|n| bits & (1 << n) != 0).map(day).collect();
        Window { days, from, to }
    })
}

fn rotation() -> impl Strategy<Value = Rotation> {
    let every = |most| (1u16..=most).prop_map(|n| NonZeroU16::new(n).expect("from 1"));
    prop_oneof![
        every(30).prop_map(Rotation::Hours),
        (every(9), minute_of_day()).prop_map(|(every, at)| Rotation::Days { every, at }),
    ]
}

/// A roster in some zone and an instant at which that zone's clocks change, or any other.
fn roster_and_moment() -> impl Strategy<Value = (Schedule, Timestamp)> {
    let change = |zone: &str, from: Timestamp| {
        let zone = Zone::named(zone).expect("listed above");
        let mut following = zone.time_zone().following(from);
        following.next().map_or(from, |change| change.timestamp())
    };
    (0..ZONES.len(), 2007i16..2030, 1i8..=12, 1i8..=28).prop_flat_map(
        move |(zone, year, month, day)| {
            let near = change(ZONES[zone], at(&format!("{year}-{month:02}-{day:02}T00:00:00Z")));
            let local = Zone::named(ZONES[zone]).expect("listed above").civil(near).date();
            let start = (0i64..40, minute_of_day()).prop_map(move |(days, time)| {
                let before = SignedDuration::from_hours(24 * (days - 1));
                local.saturating_sub(before).to_datetime(time)
            });
            let layer = (
                rotation(),
                start,
                proptest::collection::vec(people(), 1..4),
                proptest::collection::vec(window(), 0..3),
            )
                .prop_map(|(rotation, start, turns, windows)| Layer {
                    rotation,
                    start,
                    turns,
                    windows,
                });
            let over = (-2000i64..2000, 1i64..1500, people(), people(), 0..3u8).prop_map(
                move |(from, length, out, with, kind)| {
                    let from = near.saturating_add(MINUTE * i32::try_from(from).unwrap()).unwrap();
                    let to = from.saturating_add(MINUTE * i32::try_from(length).unwrap()).unwrap();
                    let (out, with) = (out.people()[0].clone(), with.people()[0].clone());
                    let change = match kind {
                        0 => Change::Put(with),
                        1 => Change::Replace { out, with },
                        _ => Change::Off(out),
                    };
                    Override { from, to, change, note: None }
                },
            );
            let shift =
                (-2000i64..2000, 1i64..1500, people()).prop_map(move |(from, length, who)| {
                    let from = near.saturating_add(MINUTE * i32::try_from(from).unwrap()).unwrap();
                    let to = from.saturating_add(MINUTE * i32::try_from(length).unwrap()).unwrap();
                    Shift { from, to, who: who.people().to_vec() }
                });
            let shifts = proptest::collection::vec(shift, 0..5);
            (
                proptest::collection::vec(layer, 0..4),
                proptest::option::of(shifts.prop_map(Shifts::new)),
                proptest::collection::vec(over, 0..3),
            )
                .prop_map(move |(layers, shifts, overrides)| {
                    let roster = schedule(ZONES[zone], layers, overrides);
                    (Schedule { shifts, ..roster }, near)
                })
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn the_roster_agrees_with_a_clock_watched_minute_by_minute(
        (roster, near) in roster_and_moment()
    ) {
        let hours = SignedDuration::from_hours;
        let from = near - hours(30);
        let to = near + hours(54);
        // The watched clock must have seen the hours before: a day and a bit covers every fold.
        let mut model = Model { schedule: &roster, wall: None };
        let mut now = from - hours(26);
        while now < from {
            model.minute(now);
            now += MINUTE;
        }
        let segments = roster.segments(from, to);
        let mut changes = Vec::new();
        let mut last: Option<Vec<PersonId>> = None;
        for segment in &segments {
            prop_assert_eq!(now, segment.from, "the segments leave no hole");
            while now < segment.to {
                let expected = model.minute(now);
                prop_assert_eq!(&segment.who, &expected, "at {}", now);
                if now.duration_since(near).abs() < hours(3) {
                    prop_assert_eq!(&roster.on_call(now), &expected, "at {}", now);
                }
                if last.as_ref().is_some_and(|last| *last != expected) {
                    changes.push(now);
                }
                last = Some(expected);
                now += MINUTE;
            }
        }
        prop_assert_eq!(now, to, "the segments reach the end");
        if let Some(first) = changes.first() {
            prop_assert_eq!(roster.next_change(from), Some(*first));
        }
    }
}
