//! Nothing in the picture runs into anything else, whatever the incident.

use proptest::prelude::*;

use super::*;
use crate::text::Text;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_795_287_600 + seconds).unwrap()
}

fn bar(ready: i64, length: Option<i64>, title: &str) -> Bar {
    Bar {
        step: "s".into(),
        title: Text::from(title),
        state: if length.is_some() { BarState::Done } else { BarState::Open },
        ready: at(ready),
        started: Some(at(ready)),
        ended: length.map(|length| at(ready + length)),
        due: Some(at(ready + 600)),
        again: Vec::new(),
    }
}

fn lanes(bars: Vec<Bar>, to: i64) -> Lanes {
    let lane = Lane { title: "技术负责人".into(), bars, marks: Vec::new() };
    Lanes { from: at(0), to: at(to), phases: Vec::new(), levels: Vec::new(), lanes: vec![lane] }
}

#[test]
fn what_is_late_is_drawn_from_the_deadline_on() {
    let chart = chart(&lanes(vec![bar(0, Some(1200), "x")], 1200), Lang::Zh, &Zone::utc());
    let bar = &chart.lanes[0].bars[0];
    let (from, width) = bar.late.unwrap();
    assert!((from - (bar.x + bar.width / 2.0)).abs() < 1.0, "{from}");
    assert!((width - bar.width / 2.0).abs() < 1.0, "{width}");
}

#[test]
fn more_bars_than_can_be_seen_are_counted() {
    let bars = (0..200).map(|n| bar(n * 10, Some(5), "x")).collect();
    let chart = chart(&lanes(bars, 3000), Lang::En, &Zone::utc());
    assert_eq!((chart.lanes[0].bars.len(), chart.left_out), (BARS_MAX, 80));
}

#[test]
fn an_incident_of_one_instant_can_be_drawn() {
    let chart = chart(&lanes(vec![bar(0, Some(0), "立即")], 0), Lang::Zh, &Zone::utc());
    assert!(chart.lanes[0].bars[0].width >= BAR_WIDTH_MIN);
    assert!(chart.height.is_finite());
}

proptest! {
    #[test]
    fn labels_and_bars_stay_inside_and_apart(
        raw in prop::collection::vec(
            (0_i64..20_000, prop::option::of(0_i64..900_000), "[a-z定位根因 ]{1,40}"), 1..30),
    ) {
        let mut raw = raw;
        raw.sort_by_key(|(ready, _, _)| *ready);
        let bars: Vec<Bar> = raw.iter().map(|(r, l, t)| bar(*r, *l, t)).collect();
        let to = raw.iter().map(|(r, l, _)| r + l.unwrap_or(0)).max().unwrap_or(0);
        let chart = chart(&lanes(bars, to), Lang::Zh, &Zone::utc());
        let lane = &chart.lanes[0];
        let extent = |bar: &DrawnBar| {
            let label = text_width(&bar.label, FONT);
            (bar.x.min(bar.label_x), (bar.x + bar.width).max(bar.label_x + label))
        };
        for (n, one) in lane.bars.iter().enumerate() {
            let (left, right) = extent(one);
            prop_assert!(left >= LEFT - 1e-6 && right <= RIGHT + BAR_WIDTH_MIN + 1e-6);
            prop_assert!(one.y + ROW <= lane.y + lane.height + 1e-6);
            for other in &lane.bars[n + 1..] {
                if (one.y - other.y).abs() < 1.0 {
                    let (l, r) = extent(other);
                    prop_assert!(r <= left || l >= right, "{} / {}", one.label, other.label);
                }
            }
        }
    }
}
