//! Holds [`Schedule`] against `croner`, an independent evaluator, over thousands of random lines
//! and every change of clocks of ten zones in forty years.
//!
//! The two differ by design in four places, and the comparison allows for exactly these:
//! - `croner` takes `*/2` in a day field for a restriction, Vixie cron does not; where one day
//!   field begins with `*`, the oracle is told that both must hold (its `+`).
//! - `croner` lets a line with several times a day run on both passes of a repeated hour; a drill
//!   runs on the first only.
//! - `SUN-SUN` is every day to `croner` and Sunday here; such lines are not drawn.
//! - `croner` drops what such a line planned in a skipped hour; a drill runs once right after it.

use std::collections::BTreeSet;

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp, Zoned};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::schedule::Schedule;

const LINES: u64 = 6_000;
const RUNS_COMPARED: usize = 12;
const ZONES: [&str; 10] = [
    "Africa/Casablanca",
    "Africa/Cairo",
    "America/New_York",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Asia/Shanghai",
    "Asia/Tehran",
    "Australia/Lord_Howe",
    "Europe/Berlin",
    "Pacific/Auckland",
];

fn chance(rng: &mut impl Rng, percent: u32) -> bool {
    rng.random_range(0..100) < percent
}

fn item(rng: &mut impl Rng, min: u16, max: u16, names: &[&str], first: u16) -> String {
    let write = |rng: &mut dyn Rng, n: u16| match names.get(usize::from(n - first)) {
        Some(name) if rng.random_range(0..3) == 0 => (*name).to_owned(),
        _ => n.to_string(),
    };
    let low = rng.random_range(min..=max);
    let high = rng.random_range(low..=max);
    match rng.random_range(0..6) {
        0 => format!("*/{}", rng.random_range(1..=max)),
        1 if low < high => format!("{}-{}", write(rng, low), write(rng, high)),
        2 => format!("{low}-{high}/{}", rng.random_range(1..=5)),
        3 => format!("{low}/{}", rng.random_range(1..=max)),
        _ => write(rng, low),
    }
}

fn field(rng: &mut impl Rng, stars: u32, (min, max): (u16, u16), names: &[&str]) -> String {
    if chance(rng, stars) {
        return "*".to_owned();
    }
    let items = rng.random_range(1..=3);
    let items: Vec<String> = (0..items).map(|_| item(rng, min, max, names, min)).collect();
    items.join(",")
}

const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const MONTHS: [&str; 12] =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

fn random_line(rng: &mut impl Rng) -> String {
    let mut fields = Vec::new();
    let seconds = chance(rng, 30);
    if seconds {
        fields.push(field(rng, 10, (0, 59), &[]));
    }
    fields.push(field(rng, 15, (0, 59), &[]));
    fields.push(field(rng, 25, (0, 23), &[]));
    fields.push(field(rng, 50, (1, 31), &[]));
    fields.push(field(rng, 60, (1, 12), &MONTHS));
    fields.push(field(rng, 50, (0, 7), &WEEKDAYS));
    if seconds && chance(rng, 30) {
        fields.push(format!("2020-{}", rng.random_range(2030..2090)));
    }
    fields.join(" ")
}

/// The same line for the oracle: Vixie's reading of a starred day field spelt out.
fn oracle(line: &str) -> Cron {
    let mut fields: Vec<String> = line.split(' ').map(str::to_owned).collect();
    let day = if fields.len() == 5 { 2 } else { 3 };
    let starred = fields[day].starts_with('*') || fields[day + 2].starts_with('*');
    if starred && fields[day] != "*" && fields[day + 2] != "*" {
        fields[day + 2].insert(0, '+');
    }
    CronParser::builder()
        .seconds(Seconds::Optional)
        .year(Year::Optional)
        .sloppy_ranges(true)
        .build()
        .parse(&fields.join(" "))
        .unwrap_or_else(|error| panic!("the oracle refuses {line}: {error}"))
}

fn random_instant(rng: &mut impl Rng) -> Timestamp {
    Timestamp::from_second(rng.random_range(1_577_836_800..2_524_608_000)).unwrap()
}

#[test]
fn civil_runs_of_random_lines_equal_those_of_an_independent_evaluator() {
    let mut never = 0;
    for seed in 0..LINES {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let line = random_line(&mut rng);
        let cron = oracle(&line);
        let mut at = TimeZone::UTC.to_datetime(random_instant(&mut rng));
        let Ok(schedule) = Schedule::parse(&line, "UTC") else {
            let first = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);
            let found = cron.find_next_occurrence(&first, true);
            assert!(!found.is_ok_and(|d| d.year() <= 2100), "seed {seed}: {line} does run");
            never += 1;
            continue;
        };
        for run in 0..RUNS_COMPARED {
            let ours = schedule.next_civil(at);
            let theirs = cron.find_next_occurrence(&at, false).ok().filter(|d| d.year() <= 2100);
            assert_eq!(ours, theirs, "seed {seed}, run {run}: {line} after {at}");
            let Some(next) = ours else { break };
            at = next;
        }
    }
    assert!(never < LINES / 20, "{never} of {LINES} lines never run: the sample is too poor");
}

/// Lists the instants in `(from, to]`.
fn ours(schedule: &Schedule, from: Timestamp, to: Timestamp) -> Vec<Timestamp> {
    let mut at = from;
    std::iter::from_fn(|| {
        at = schedule.next_after(at).filter(|next| *next <= to)?;
        Some(at)
    })
    .collect()
}

/// Lists what the oracle runs in `(from, to]`, less second passes, plus one run after each skip.
fn theirs(cron: &Cron, zone: &TimeZone, from: Timestamp, to: Timestamp) -> Vec<Timestamp> {
    let mut runs = BTreeSet::new();
    let end = to.to_zoned(zone.clone());
    let mut at = from.to_zoned(zone.clone());
    while let Ok(next) = cron.find_next_occurrence(&at, false) {
        if next > end {
            break;
        }
        let first = zone.to_ambiguous_zoned(next.datetime()).earlier().unwrap();
        if first == next {
            runs.insert(next.timestamp());
        }
        at = next;
    }
    for skip in zone.following(from).take_while(|skip| skip.timestamp() <= to) {
        if planned_in_the_skip(cron, zone, skip.timestamp()) {
            runs.insert(skip.timestamp());
        }
    }
    runs.into_iter().collect()
}

fn planned_in_the_skip(cron: &Cron, zone: &TimeZone, skip: Timestamp) -> bool {
    let after: Zoned = skip.to_zoned(zone.clone());
    let second = SignedDuration::from_secs(1);
    let last_shown = (skip - second).to_zoned(zone.clone()).datetime();
    match cron.find_next_occurrence(&last_shown, false) {
        Ok(planned) => {
            planned < after.datetime()
                && matches!(zone.to_ambiguous_zoned(planned).offset(), AmbiguousOffset::Gap { .. })
        }
        Err(_) => false,
    }
}

#[test]
fn runs_around_every_change_of_clocks_equal_those_of_an_independent_evaluator() {
    let begin: Timestamp = "1985-01-01T00:00:00Z".parse().unwrap();
    let end: Timestamp = "2038-01-01T00:00:00Z".parse().unwrap();
    let around = SignedDuration::from_hours(5);
    let (mut changes, mut runs) = (0, 0);
    for zone_name in ZONES {
        let zone = TimeZone::get(zone_name).unwrap();
        let edges: Vec<Timestamp> = zone
            .following(begin)
            .map(|change| change.timestamp())
            .take_while(|at| *at < end)
            .collect();
        for (n, edge) in edges.into_iter().enumerate() {
            changes += 1;
            for line in lines_around(n as u64, &zone, edge) {
                let schedule = Schedule::parse(&line, zone_name).unwrap();
                let mine = ours(&schedule, edge - around, edge + around);
                let other = theirs(&oracle(&line), &zone, edge - around, edge + around);
                assert_eq!(mine, other, "{line} in {zone_name} around {edge} (seed {n})");
                assert!(mine.is_sorted_by(|a, b| a < b), "{line} fires twice at one instant");
                runs += mine.len();
            }
        }
    }
    assert!(changes > 500 && runs > 10_000, "only {changes} changes and {runs} runs compared");
}

/// Lines that hit the changing hour: the edge itself, single times near it, and several a day.
fn lines_around(seed: u64, zone: &TimeZone, edge: Timestamp) -> Vec<String> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut lines = vec!["*/10 * * * *".to_owned(), "7,37 */2 * * *".to_owned()];
    for _ in 0..3 {
        let near = edge + SignedDuration::from_mins(rng.random_range(-120..120));
        let time = zone.to_datetime(near);
        lines.push(format!("{} {} * * *", time.minute(), time.hour()));
        let planned = zone.to_datetime(edge - SignedDuration::from_secs(1))
            + SignedDuration::from_mins(rng.random_range(1..90));
        lines.push(format!("{} {} {} * *", planned.minute(), planned.hour(), planned.day()));
    }
    lines
}
