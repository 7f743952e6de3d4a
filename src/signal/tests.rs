//! What is counted where, what is usual, and when a surge begins and ends.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::tally::Tally;
use super::*;
use crate::people::Zone;

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

fn monitor(rule: Rule) -> Monitor {
    Monitor {
        id: "complaints".into(),
        signal: "complaint".into(),
        window: 60,
        group_by: vec!["category".into()],
        spread: Spread::Anywhere,
        minimum: 10,
        rule,
        marks: vec![Mark { label: "outcome".into(), value: "dropped".into() }],
        sources: vec!["customer".into()],
        baseline: Baseline { weeks: 4, floor: 1.0 },
        chance: 1e-4,
        levels: vec![(1, 5.0), (2, 4.0), (3, 3.0), (4, 1.4)],
        clear_below: 1.5,
        clear_for: 30,
        cool_down: 60,
        late: 10,
        groups_max: 100,
        zone: Zone::named("Asia/Shanghai").expect("a zone"),
    }
}

fn ratio(times: f64, minutes: u32) -> Rule {
    Rule::Ratio { times, minutes }
}

/// A watch with its time, minute by minute.
struct Case {
    watch: Watch,
    now: Timestamp,
    found: Vec<(Timestamp, Finding)>,
}

impl Case {
    fn new(monitor: Monitor) -> Self {
        // A Monday at midnight in Shanghai.
        let now = at("2026-06-07T16:00:00Z");
        Self { watch: Watch::new(monitor, now), now, found: Vec::new() }
    }

    /// Lets minutes pass, each with so many occurrences of a category.
    fn pass(&mut self, minutes: u32, each: u32, category: &str) {
        for _ in 0..minutes {
            if each > 0 {
                let line = format!(
                    r#"{{"signal":"complaint","count":{each},"labels":{{"category":"{category}"}}}}"#
                );
                self.count(&line);
            }
            self.now += SignedDuration::from_mins(1);
            let found = self.watch.tick(self.now);
            self.found.extend(found.map(|found| (self.now, found)));
        }
    }

    fn count(&mut self, line: &str) -> Counted {
        let occurrence = Occurrence::read(line.as_bytes()).expect("an occurrence");
        self.watch.count(&occurrence, self.now)
    }

    fn learn(&mut self, days: u32) {
        self.pass(days * 1_440, 1, "delivery");
    }

    fn names(&self) -> Vec<&'static str> {
        let name = |found: &Finding| match found {
            Finding::Began(_) => "began",
            Finding::Changed(_) => "changed",
            Finding::Subsided(_) => "subsided",
        };
        self.found.iter().map(|(_, found)| name(found)).collect()
    }

    fn first(&self) -> &Surge {
        match &self.found[0].1 {
            Finding::Began(surge) => surge,
            other => panic!("{other:?} before anything began"),
        }
    }
}

#[test]
fn nothing_is_usual_before_three_days_and_no_ratio_is_a_surge_until_then() {
    let mut case = Case::new(monitor(ratio(3.0, 0)));
    case.learn(1);
    assert_eq!(case.watch.standing(case.now), Standing::Learning);
    case.pass(60, 50, "delivery");
    assert!(case.found.is_empty(), "{:?}", case.found);
    case.learn(3);
    assert_eq!(case.watch.standing(case.now), Standing::Quiet);
}

#[test]
fn a_surge_begins_when_the_ratio_held_long_enough_and_ends_once_it_stays_low() {
    let mut case = Case::new(monitor(ratio(3.0, 10)));
    case.learn(22);
    let began = case.now;
    case.pass(120, 6, "delivery");
    let (found, _) = case.found[0].clone();
    let after = found.duration_since(began).as_mins();
    // Three times sixty are reached after 24 minutes of six each; then ten more.
    assert_eq!(after, 24 + 10, "found after {after} minutes");
    assert_eq!(case.first().level, Some(3));
    case.pass(240, 1, "delivery");
    let names = case.names();
    assert_eq!((names[0], names[names.len() - 1]), ("began", "subsided"));
    let Finding::Subsided(over) = &case.found[names.len() - 1].1 else { panic!("{names:?}") };
    assert!(over.peak.is_some_and(|peak| peak > 5.5), "{over:?}");
}

#[test]
fn a_short_burst_is_no_surge_where_the_ratio_must_hold() {
    let mut case = Case::new(monitor(ratio(3.0, 70)));
    case.learn(22);
    case.pass(40, 6, "delivery");
    case.pass(200, 1, "delivery");
    assert!(case.found.is_empty(), "{:?}", case.found);
}

#[test]
fn after_a_surge_another_waits_for_the_cool_down() {
    let mut case = Case::new(Monitor { cool_down: 400, ..monitor(ratio(3.0, 0)) });
    case.learn(22);
    case.pass(60, 6, "delivery");
    case.pass(180, 1, "delivery");
    case.pass(120, 8, "delivery");
    assert_eq!(case.names().iter().filter(|name| **name == "began").count(), 1);
    case.pass(360, 8, "delivery");
    assert_eq!(case.names().iter().filter(|name| **name == "began").count(), 2);
}

#[test]
fn past_surges_do_not_become_usual() {
    let mut case = Case::new(monitor(ratio(3.0, 0)));
    case.learn(28);
    // Three Mondays in four the same hour surges.
    for _ in 0..3 {
        case.pass(90, 8, "delivery");
        case.pass(7 * 1_440 - 90, 1, "delivery");
    }
    assert_eq!(case.names().iter().filter(|name| **name == "began").count(), 3);
    let before = case.found.len();
    case.pass(90, 8, "delivery");
    assert!(case.found.len() > before, "the fourth is found as the first was");
}

#[test]
fn a_small_group_surges_although_everything_together_does_not() {
    let mut case = Case::new(monitor(ratio(3.0, 0)));
    for _ in 0..(22 * 24) {
        case.pass(59, 20, "delivery");
        case.pass(1, 4, "billing");
    }
    case.pass(60, 20, "delivery");
    assert!(case.found.is_empty());
    for _ in 0..30 {
        let line = r#"{"signal":"complaint","labels":{"category":"billing"},"ticket":"T-1"}"#;
        case.count(line);
        case.pass(1, 20, "delivery");
    }
    let surge = case.first();
    assert_eq!(surge.top[0].values, ["billing"]);
    assert!(surge.ratio.is_some_and(|ratio| ratio >= 3.0));
    assert_eq!(surge.tickets, ["T-1"]);
    assert_eq!(surge.chart.len(), 24);
}

#[test]
fn what_comes_late_is_counted_in_its_own_window_and_too_late_not_at_all() {
    let mut case = Case::new(monitor(Rule::AtLeast(10)));
    case.pass(90, 0, "delivery");
    let line = |minutes_ago: i64, count: u32| {
        let at = case.now - SignedDuration::from_mins(minutes_ago);
        format!(r#"{{"signal":"complaint","at":"{at}","count":{count}}}"#)
    };
    let (late, too_late, ahead) = (line(9, 20), line(11, 20), line(-3, 20));
    let other = r#"{"signal":"call"}"#;
    assert_eq!(case.count(&too_late), Counted::Late);
    assert_eq!(case.count(&ahead), Counted::Ahead);
    assert_eq!(case.count(other), Counted::Other);
    case.pass(1, 0, "delivery");
    assert!(case.found.is_empty());
    assert_eq!(case.count(&late), Counted::Yes);
    case.pass(1, 0, "delivery");
    assert_eq!(case.names(), ["began"]);
    // Nine minutes and then two have passed: fifty more and it has left the window.
    case.found.clear();
    let count = |case: &Case| match case.watch.standing(case.now) {
        Standing::Surging(surge) => surge.count,
        other => panic!("{other:?}"),
    };
    case.pass(49, 0, "delivery");
    assert_eq!(count(&case), 20);
    case.pass(1, 0, "delivery");
    assert_eq!(count(&case), 0);
}

#[test]
fn drops_in_a_row_shares_and_sources_are_rules_too() {
    let line = |outcome: &str, customer: u32| {
        format!(
            r#"{{"signal":"complaint","labels":{{"outcome":"{outcome}","customer":"{customer}"}}}}"#
        )
    };
    let mut row = Case::new(monitor(Rule::InARow { mark: 0, at_least: 10 }));
    for n in 0..19 {
        row.count(&line(if n == 9 { "answered" } else { "dropped" }, 1));
    }
    row.pass(1, 0, "");
    assert!(row.found.is_empty(), "an answer in between breaks the row");
    row.count(&line("dropped", 1));
    row.pass(1, 0, "");
    assert_eq!(row.names(), ["began"]);

    let mut share = Case::new(monitor(Rule::Share { mark: 0, below: 0.9, minutes: 5 }));
    for n in 0..20 {
        share.count(&line(if n % 5 == 0 { "answered" } else { "dropped" }, 1));
    }
    share.pass(5, 0, "");
    assert!(share.found.is_empty(), "not held yet");
    share.pass(1, 0, "");
    assert_eq!(share.names(), ["began"]);

    let distinct = |least| monitor(Rule::Distinct { source: 0, at_least: least });
    let both = Rule::All(vec![Rule::AtLeast(30), Rule::Distinct { source: 0, at_least: 20 }]);
    let mut people = Case::new(Monitor { rule: both, ..distinct(20) });
    for n in 0..40 {
        people.count(&line("dropped", n % 19));
    }
    people.pass(1, 0, "");
    assert!(people.found.is_empty(), "nineteen people");
    people.count(&line("dropped", 19));
    people.pass(1, 0, "");
    assert_eq!(people.names(), ["began"]);
}

#[test]
fn more_groups_than_may_be_are_counted_in_the_total_alone() {
    let mut case = Case::new(Monitor { groups_max: 10, ..monitor(Rule::AtLeast(1_000)) });
    for n in 0..1_000 {
        case.count(&format!(r#"{{"signal":"complaint","labels":{{"category":"c{n}"}}}}"#));
    }
    case.pass(1, 0, "");
    assert_eq!(case.watch.groups(), 10);
    assert_eq!(case.first().count, 1_000);
}

#[test]
fn a_restart_changes_nothing() {
    let mut whole = Case::new(monitor(ratio(3.0, 5)));
    whole.learn(22);
    let kept = serde_json::to_string(whole.watch.memory()).expect("JSON");
    let memory: Memory = serde_json::from_str(&kept).expect("what was written");
    let watch = Watch::resume(whole.watch.monitor().clone(), memory);
    let mut resumed = Case { watch, now: whole.now, found: Vec::new() };
    for case in [&mut whole, &mut resumed] {
        case.pass(90, 6, "delivery");
        case.pass(120, 1, "delivery");
    }
    assert!(!whole.found.is_empty());
    assert_eq!(whole.found, resumed.found);
}

#[test]
fn lines_that_are_too_much_are_refused_with_what_is_wrong() {
    let many: String = (0..17).map(|n| format!(r#""l{n}":"v","#)).collect();
    let labels = format!(r#"{{"signal":"s","labels":{{{}"z":"v"}}}}"#, many);
    let table: [(&str, OccurrenceFault); 6] = [
        (r#"{"signal":""}"#, OccurrenceFault::Name("signal")),
        (r#"{"signal":"s","count":0}"#, OccurrenceFault::Count),
        (r#"{"signal":"s","count":1000001}"#, OccurrenceFault::Count),
        (r#"{"signal":"s","ticket":""}"#, OccurrenceFault::Name("ticket")),
        (r#"{"signal":"s","labels":{"":"v"}}"#, OccurrenceFault::Name("labels")),
        (&labels, OccurrenceFault::Labels),
    ];
    for (line, fault) in table {
        assert_eq!(Occurrence::read(line.as_bytes()), Err(fault), "{line}");
    }
    let long = format!(r#"{{"signal":"{}"}}"#, "s".repeat(LINE_BYTES_MAX));
    assert_eq!(Occurrence::read(long.as_bytes()), Err(OccurrenceFault::TooLong));
    for line in ["", "[]", "null", r#"{"signal":"s","more":1}"#, r#"{"signal":"s","at":"x"}"#] {
        let read = Occurrence::read(line.as_bytes());
        assert!(matches!(read, Err(OccurrenceFault::Malformed(_))), "{line}");
    }
    assert!(Occurrence::read(b"{\"signal\":\"\xff\"}").is_err());
}

/// A year of complaints with the ups and downs of days and weeks, and surges strewn over it.
fn year(seed: u64) -> (Vec<(Timestamp, Occurrence<'static>)>, Vec<Trouble>) {
    use rand::{RngExt as _, SeedableRng as _};
    let mut chance = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
    let start = at("2026-01-04T16:00:00Z");
    let day = SignedDuration::from_hours(24);
    let known: Vec<Trouble> = (0..20)
        .map(|n| {
            let from =
                start + day * (40 + n * 16) + SignedDuration::from_hours(i64::from(n) * 5 % 24);
            Trouble { from, until: from + SignedDuration::from_hours(3) }
        })
        .collect();
    let mut rows = Vec::new();
    for ten in 0..(365 * 144) {
        let when = start + SignedDuration::from_mins(i64::from(ten) * 10);
        let hour = (ten / 6) % 24;
        let weekend = (ten / 144) % 7 >= 5;
        let usual = [2.0, 10.0, 16.0, 6.0][(hour / 6) as usize] * if weekend { 0.6 } else { 1.0 };
        let surging = known.iter().any(|t| t.from <= when && when < t.until);
        let mean: f64 = if surging { usual * 5.0 } else { usual };
        let noise = 0.75 + 0.5 * chance.random::<f64>();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small")]
        let count = (mean * noise).round() as u32;
        if count > 0 {
            let occurrence = Occurrence {
                signal: "complaint".into(),
                at: Some(when),
                count,
                labels: Vec::new(),
                ticket: None,
            };
            rows.push((when, occurrence));
        }
    }
    (rows, known)
}

#[test]
fn a_year_with_twenty_surges_is_found_out_without_false_alarms() {
    let watched = Monitor { group_by: Vec::new(), ..monitor(ratio(3.0, 10)) };
    let (rows, known) = year(7);
    let told = backtest(&watched, rows, &known).expect("a year");
    assert_eq!((told.missed, told.fired.len()), (0, 20), "{:?}", told.fired);
    assert_eq!(told.false_alarms_per_week, Some(0.0));
    let delays: Vec<i64> = told.fired.iter().filter_map(|fired| fired.delay_minutes).collect();
    assert!(delays.iter().all(|delay| (10..=60).contains(delay)), "{delays:?}");
    let suggested = told.suggested_ratio.expect("many calm days");
    assert!((1.1..2.5).contains(&suggested), "{suggested}");
    assert_eq!(backtest(&watched, Vec::new(), &[]), Err(BacktestFault::Empty));
}

#[test]
fn many_small_groups_do_not_fire_by_chance_alone() {
    use rand::SeedableRng as _;
    use rand_distr::{Distribution as _, Poisson};
    let fires = |chance: f64| {
        let watched = Monitor { chance, spread: Spread::Anywhere, ..monitor(ratio(3.0, 0)) };
        let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(11);
        let usual = Poisson::new(4.0 / 6.0).expect("a mean");
        let start = at("2026-01-04T16:00:00Z");
        let names: Vec<String> = (0..12).map(|n| format!("g{n}")).collect();
        let mut rows = Vec::new();
        for ten in 0..(12 * 144) {
            let when = start + SignedDuration::from_mins(ten * 10);
            for name in &names {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "small"
                )]
                let count = f64::max(usual.sample(&mut random), 0.0) as u32;
                if count > 0 {
                    let labels = vec![("category".into(), name.as_str().into())];
                    let (signal, at) = ("complaint".into(), Some(when));
                    rows.push((when, Occurrence { signal, at, count, labels, ticket: None }));
                }
            }
        }
        backtest(&watched, rows, &[]).expect("some weeks").fired.len()
    };
    assert!(fires(1.0) > 0, "a ratio by itself does");
    assert_eq!(fires(1e-4), 0);
}

#[test]
fn what_is_told_again_has_moved_by_a_tenth_or_to_another_level() {
    let mut case = Case::new(monitor(Rule::AtLeast(10)));
    case.pass(1, 20, "delivery");
    let surge = Surge { ratio: Some(4.0), level: Some(3), ..case.first().clone() };
    let told = Told::of(&surge);
    let is_old = |ratio, level| told.is_old(&Surge { ratio, level, ..surge.clone() });
    assert!(!is_old(Some(4.39), Some(3)) && !is_old(Some(3.61), Some(3)));
    assert!(is_old(Some(4.41), Some(3)) && is_old(Some(4.0), Some(2)) && is_old(None, Some(3)));
}

#[test]
fn a_chart_and_its_table_show_every_hour_and_hide_no_markup_of_others() {
    let mut case = Case::new(monitor(Rule::AtLeast(10)));
    case.count(r#"{"signal":"complaint","count":20,"labels":{"category":"<a|b>"},"ticket":"T"}"#);
    case.pass(1, 0, "");
    let watched = Monitor { id: "a<b&c".into(), ..monitor(Rule::AtLeast(10)) };
    let drawn = chart(&watched, case.first());
    assert_eq!(drawn.matches("<rect").count(), 25, "a ground and a bar for each hour");
    assert!(drawn.contains("a&lt;b&amp;c") && !drawn.contains("a<b"));
    let told = table(&watched, case.first());
    assert!(told.contains("| <a\\|b> | 20 |") && told.contains("tickets: T"), "{told}");
    assert_eq!(told.lines().filter(|line| line.contains(":00 |")).count(), 24);
}

proptest! {
    #[test]
    fn what_is_gathered_and_kept_counts_as_each_by_itself(
        all in prop::collection::vec((0i64..15, 0u8..4, 1u32..4, any::<bool>()), 1..60),
        in_a_row in any::<bool>(),
    ) {
        let rule = if in_a_row { Rule::InARow { mark: 0, at_least: 3 } } else { Rule::AtLeast(5) };
        let watched = Monitor { late: 10, ..monitor(rule) };
        let now = at("2026-06-07T16:00:30Z");
        let lines: Vec<String> = all.iter().map(|(ago, category, count, dropped)| {
            let at = now - SignedDuration::from_mins(*ago);
            let outcome = if *dropped { "dropped" } else { "answered" };
            format!(
                r#"{{"signal":"complaint","at":"{at}","count":{count},"labels":{{"x":"y","category":"c{category}","customer":"{ago}","outcome":"{outcome}"}}}}"#
            )
        }).collect();
        let wanted = Wanted::by([&watched]);
        let mut gather = Gather::new(&wanted, now);
        let told = read_body(lines.join("\n").as_bytes(), Form::Lines, &mut gather).expect("lines");
        let kept = serde_json::to_vec(&gather.batch()).expect("JSON");
        let kept: Batch = serde_json::from_slice(&kept).expect("what was written");
        let mut one = Watch::new(watched.clone(), now);
        let (mut counted, mut other) = (0, one.clone());
        for line in &lines {
            let occurrence = Occurrence::read(line.as_bytes()).expect("an occurrence");
            counted += u64::from(one.count(&occurrence, now) == Counted::Yes);
        }
        for occurrence in kept.occurrences() {
            prop_assert_eq!(other.count(&occurrence, kept.at), Counted::Yes);
        }
        prop_assert_eq!((told.counted, told.late), (counted, lines.len() as u64 - counted));
        let until = now + SignedDuration::from_mins(1);
        prop_assert_eq!(one.tick(until), other.tick(until));
        prop_assert_eq!(one.outlook(until), other.outlook(until));
        prop_assert_eq!(one.tallied().counted, other.tallied().counted);
    }


    #[test]
    fn a_tally_counts_as_a_table_does(
        adds in prop::collection::vec((0u32..50, 1u32..5), 0..80),
        (from, until, before) in (0u32..50, 0u32..50, 0u32..50),
    ) {
        let mut tally = Tally::default();
        let mut table = [0u64; 50];
        for (bucket, count) in adds {
            tally.add(bucket, count);
            table[bucket as usize] += u64::from(count);
        }
        let sum = |from: u32, until: u32| {
            (from..until.max(from)).map(|at| table[at as usize]).sum::<u64>()
        };
        prop_assert_eq!(tally.between(from, until), sum(from, until));
        tally.forget(before);
        prop_assert_eq!(tally.between(0, 50), sum(before, 50));
    }
}
