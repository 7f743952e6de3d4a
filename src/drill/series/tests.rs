//! Series by hand.

use super::*;
use crate::drill::score::{Finding, PartScore};

const GOLDEN: &str = include_str!("../golden/result-1.json");

fn run(day: i64, score: u8) -> DrillResult {
    let golden: DrillResult = serde_json::from_str(GOLDEN).unwrap();
    let at = Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_hours(24 * day);
    let part = PartScore { score: Some(score), ..PartScore::default() };
    DrillResult {
        run: DrillRunId::from_u128(u128::from(day.unsigned_abs())),
        ran_at: Some(at),
        score: Some(score),
        parts: [(Part::Respond, part)].into(),
        ..golden
    }
}

fn runs(scores: &[u8]) -> Vec<DrillResult> {
    (1..).zip(scores).map(|(day, score)| run(day, *score)).collect()
}

fn timed(day: i64, seconds: f64) -> DrillResult {
    let text = Text::from("a");
    let judged = Judgement { seconds: Some(seconds), ..Judgement::of("a", text, Finding::Met) };
    DrillResult { judgements: vec![judged], ..run(day, 80) }
}

fn of(results: &[DrillResult]) -> Series {
    series(&"outage".into(), results)
}

#[test]
fn a_change_of_drill_way_plan_or_version_begins_a_new_stretch_and_says_why() {
    let first = || run(1, 50);
    type Change = fn(&mut DrillResult);
    let cases: Vec<(Change, Vec<Break>)> = vec![
        (|_| {}, vec![]),
        (|one| one.scenario_hash = "s2".into(), vec![Break::Scenario]),
        (|one| one.playbook_hash = "p2".into(), vec![Break::Plan]),
        (|one| one.engine = "0.2.0".into(), vec![Break::Engine]),
        (|one| one.run_as = RunAs::Exercise, vec![Break::Way]),
        (
            |one| {
                one.scenario_hash = "s2".into();
                one.playbook_hash = "p2".into();
            },
            vec![Break::Scenario, Break::Plan],
        ),
    ];
    for (change, breaks) in cases {
        let mut second = run(2, 60);
        change(&mut second);
        let series = of(&[second, first()]);
        let last = series.stretches.last().unwrap();
        assert_eq!(last.breaks, breaks);
        assert_eq!(series.stretches.len(), if breaks.is_empty() { 1 } else { 2 });
        assert_eq!(series.stretches[0].runs[0].score, Some(50), "the earliest first");
    }
}

#[test]
fn people_do_not_hang_on_the_version_of_firebell() {
    let mut both = [run(1, 50), run(2, 60)];
    both.iter_mut().for_each(|one| one.run_as = RunAs::Exercise);
    both[1].engine = "0.2.0".into();
    assert_eq!(of(&both).stretches.len(), 1);
}

#[test]
fn a_direction_is_said_only_beyond_luck() {
    let cases: &[(&[u8], Direction)] = &[
        (&[], Direction::TooFew),
        (&[10, 50, 90], Direction::TooFew),
        (&[10, 50, 70, 90], Direction::Better),
        (&[90, 70, 50, 10], Direction::Worse),
        (&[10, 50, 90, 70], Direction::Steady),
        (&[70, 70, 70, 70, 70], Direction::Steady),
        (&[70, 70, 70, 70, 90], Direction::Steady),
        (&[60, 62, 61, 65, 70, 68, 75], Direction::Better),
        (&[60, 80, 55, 90, 50, 85], Direction::Steady),
    ];
    for (scores, expected) in cases {
        let values = scores.iter().map(|score| f64::from(*score)).collect();
        assert_eq!(direction(values), *expected, "{scores:?}");
    }
}

#[test]
fn luck_alone_is_taken_for_a_direction_as_rarely_as_promised() {
    // Every order of six values: the share that is called better.
    let mut values: Vec<u8> = (0..6).collect();
    let (mut all, mut better, mut worse) = (0_u32, 0_u32, 0_u32);
    each_order(&mut values, 0, &mut |order| {
        all += 1;
        match direction(order.iter().map(|value| f64::from(*value)).collect()) {
            Direction::Better => better += 1,
            Direction::Worse => worse += 1,
            _ => {}
        }
    });
    assert_eq!((all, better), (720, worse));
    assert!(f64::from(better) / f64::from(all) <= LUCK_MAX, "{better} of {all}");
    assert!(better > 0);
}

fn each_order(values: &mut Vec<u8>, from: usize, visit: &mut dyn FnMut(&[u8])) {
    if from == values.len() {
        visit(values);
    }
    for other in from..values.len() {
        values.swap(from, other);
        each_order(values, from + 1, visit);
        values.swap(from, other);
    }
}

#[test]
fn shorter_is_better() {
    let shorter: Vec<_> =
        (1..).zip([400.0, 300.0, 200.0, 100.0]).map(|(d, s)| timed(d, s)).collect();
    let series = of(&shorter);
    let times = &series.stretches[0].times[0];
    assert_eq!((times.key.as_str(), times.direction), ("a", Direction::Better));
    assert_eq!(times.seconds[3], Some(100.0));
}

#[test]
fn what_ended_early_is_shown_and_shows_no_direction() {
    let mut results = runs(&[10, 50, 70, 90]);
    results[3].outcome = Outcome::Aborted;
    let series = of(&results);
    assert_eq!(series.stretches[0].runs.len(), 4);
    assert_eq!(series.stretches[0].score, Direction::TooFew);
    let whole = of(&runs(&[10, 50, 70, 90]));
    assert_eq!(whole.stretches[0].score, Direction::Better);
    assert_eq!(whole.stretches[0].parts[&Part::Respond], Direction::Better);
}

#[test]
fn a_series_is_of_one_drill_and_bounded() {
    let mut other = run(1, 10);
    other.drill = "other".into();
    assert!(of(&[other]).stretches.is_empty());
    let many: Vec<_> = (0..300).map(|day| run(day, 50)).collect();
    let series = of(&many);
    assert_eq!(series.stretches[0].runs.len(), RUNS_MAX);
    assert_eq!(series.stretches[0].runs.last().unwrap().run, many[299].run);
}
