//! The picture's axis of time. An incident is an hour of haste and days of waiting: long waits are
//! cut out, and the cut is shown with how long it was.

use jiff::{SignedDuration, Timestamp};

use super::span;
use crate::people::Zone;
use crate::text::Lang;

/// A wait shorter than this is never cut out.
const CUT_MIN_SECONDS: f64 = 3600.0;
/// A wait is cut out if it would take more than this share of what is left.
const CUT_SHARE: f64 = 0.3;
/// The width of a cut, in pixels.
const CUT_WIDTH: f64 = 24.0;
/// The least distance between two labels, in pixels.
const LABEL_DISTANCE: f64 = 72.0;
/// Labels closer than this name their seconds.
const MINUTE: SignedDuration = SignedDuration::from_secs(60);
/// Distances between labels that people count in, in seconds.
const STEPS: [i64; 18] = [
    1, 2, 5, 10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400,
    604_800,
];

/// An axis: instants to pixels.
#[derive(Debug, Clone)]
pub(super) struct Axis {
    /// Instants and where they are, ascending in both.
    knots: Vec<(Timestamp, f64)>,
    /// What is cut out: between which knots.
    cuts: Vec<usize>,
}

/// A label of the axis.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tick {
    pub(super) x: f64,
    pub(super) label: String,
}

/// A wait that is cut out.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cut {
    pub(super) x: f64,
    pub(super) width: f64,
    pub(super) label: String,
}

impl Axis {
    /// Lays instants out between two pixels.
    pub(super) fn new(mut instants: Vec<Timestamp>, left: f64, right: f64) -> Self {
        instants.sort_unstable();
        instants.dedup();
        let gaps: Vec<f64> =
            instants.windows(2).map(|pair| pair[1].duration_since(pair[0]).as_secs_f64()).collect();
        let cuts = cuts(&gaps);
        let room = right - left;
        // Precision is no matter here: there are at most some dozen cuts.
        #[expect(clippy::cast_precision_loss, reason = "a handful of cuts")]
        let cut_width = CUT_WIDTH.min(room / (2.0 * cuts.len().max(1) as f64));
        #[expect(clippy::cast_precision_loss, reason = "a handful of cuts")]
        let drawn = room - cut_width * cuts.len() as f64;
        let total: f64 =
            gaps.iter().enumerate().filter(|(n, _)| !cuts.contains(n)).map(|(_, gap)| gap).sum();
        let scale = if total > 0.0 { drawn / total } else { 0.0 };
        let mut x = left;
        let mut knots = Vec::with_capacity(instants.len());
        for (n, at) in instants.into_iter().enumerate() {
            if n > 0 {
                x += if cuts.contains(&(n - 1)) { cut_width } else { gaps[n - 1] * scale };
            }
            knots.push((at, x));
        }
        Self { knots, cuts }
    }

    /// Returns where an instant is; outside, the nearest end.
    pub(super) fn x(&self, at: Timestamp) -> f64 {
        let after = self.knots.partition_point(|(knot, _)| *knot < at);
        let Some((next, x_next)) = self.knots.get(after) else {
            return self.knots.last().map_or(0.0, |(_, x)| *x);
        };
        let Some((before, x_before)) = after.checked_sub(1).and_then(|n| self.knots.get(n)) else {
            return *x_next;
        };
        let gap = next.duration_since(*before).as_secs_f64();
        let part = at.duration_since(*before).as_secs_f64() / gap;
        x_before + (x_next - x_before) * part
    }

    /// Returns the waits that are cut out, with how long they were.
    pub(super) fn cuts(&self, lang: Lang) -> Vec<Cut> {
        let cut = |n: &usize| {
            let ((from, x), (to, end)) = (self.knots[*n], self.knots[*n + 1]);
            let label = span::say(to.duration_since(from), lang);
            Cut { x, width: end - x, label }
        };
        self.cuts.iter().map(cut).collect()
    }

    /// Returns the labels: round wall-clock times, far enough apart to be read.
    pub(super) fn ticks(&self, zone: &Zone) -> Vec<Tick> {
        let mut ticks: Vec<Tick> = Vec::new();
        let mut day = None;
        for (from, to) in self.stretches() {
            let times = round_times(self, from, to, zone);
            let close = times.windows(2).any(|pair| pair[1].duration_since(pair[0]) < MINUTE);
            let clock = if close { "%H:%M:%S" } else { "%H:%M" };
            for at in times {
                let x = self.x(at);
                if ticks.last().is_some_and(|last| x - last.x < LABEL_DISTANCE) {
                    continue;
                }
                let civil = zone.civil(at);
                let time = civil.strftime(clock);
                let label = if day == Some(civil.date()) {
                    time.to_string()
                } else {
                    format!("{} {time}", civil.strftime("%m-%d"))
                };
                day = Some(civil.date());
                ticks.push(Tick { x, label });
            }
        }
        ticks
    }

    /// Returns the stretches between cuts.
    fn stretches(&self) -> Vec<(Timestamp, Timestamp)> {
        let mut stretches = Vec::new();
        let mut first = 0;
        for cut in self.cuts.iter().copied().chain(self.knots.len().checked_sub(1)) {
            if let (Some((from, _)), Some((to, _))) = (self.knots.get(first), self.knots.get(cut)) {
                stretches.push((*from, *to));
            }
            first = cut + 1;
        }
        stretches
    }
}

/// Chooses the waits to cut out: while the longest takes too large a share of all that is left.
fn cuts(gaps: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..gaps.len()).collect();
    order.sort_by(|a, b| gaps[*b].total_cmp(&gaps[*a]));
    let mut left: f64 = gaps.iter().sum();
    let mut cuts = Vec::new();
    for n in order {
        if gaps[n] < CUT_MIN_SECONDS || gaps[n] < left * CUT_SHARE {
            break;
        }
        left -= gaps[n];
        cuts.push(n);
    }
    cuts.sort_unstable();
    cuts
}

/// Lists the round times of a stretch, at a distance that leaves room for labels.
fn round_times(axis: &Axis, from: Timestamp, to: Timestamp, zone: &Zone) -> Vec<Timestamp> {
    let seconds = to.duration_since(from).as_secs();
    let pixels = axis.x(to) - axis.x(from);
    #[expect(clippy::cast_precision_loss, reason = "seconds of an incident are far below 2^52")]
    let fits = |step: &&i64| pixels / (seconds.max(1) as f64) * (**step as f64) >= LABEL_DISTANCE;
    let Some(step) = STEPS.iter().find(fits) else { return vec![from] };
    let offset = i64::from(zone.time_zone().to_offset(from).seconds());
    let first = (from.as_second() + offset).div_euclid(*step) * step - offset;
    let times = (0..).map(|n| first + n * step).take_while(|second| *second <= to.as_second());
    let round = times.filter_map(|second| Timestamp::from_second(second).ok());
    let mut times: Vec<Timestamp> = round.filter(|at| *at >= from).collect();
    if times.is_empty() {
        times.push(from);
    }
    times
}

/// Returns the shortest time that the picture can be about: instants alone have no width.
pub(super) const SHORTEST: SignedDuration = SignedDuration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_795_287_600 + seconds).unwrap()
    }

    fn axis(seconds: &[i64]) -> Axis {
        Axis::new(seconds.iter().map(|s| at(*s)).collect(), 100.0, 1100.0)
    }

    #[test]
    fn without_long_waits_the_axis_is_even() {
        let axis = axis(&[0, 600, 1000]);
        assert!(axis.cuts.is_empty());
        assert!((axis.x(at(500)) - 600.0).abs() < 1e-6);
        assert!((axis.x(at(-5)) - 100.0).abs() < 1e-6, "before the beginning");
        assert!((axis.x(at(5000)) - 1100.0).abs() < 1e-6, "after the end");
    }

    #[test]
    fn long_waits_are_cut_out_and_say_how_long_they_were() {
        let day = 86_400;
        let axis = axis(&[0, 1800, 3600, 7 * day, 7 * day + 600, 10 * day]);
        let cuts: Vec<String> = axis.cuts(Lang::En).into_iter().map(|cut| cut.label).collect();
        assert_eq!(cuts, ["6 d 23 h", "2 d 23 h"]);
        let hour = axis.x(at(3600)) - axis.x(at(0));
        assert!(hour > 700.0, "the hour of haste has the room: {hour}");
    }

    #[test]
    fn labels_are_round_times_that_do_not_touch() {
        let axis = axis(&[0, 100, 3600, 400_000]);
        let shanghai = Zone::named("Asia/Shanghai").unwrap();
        let ticks = axis.ticks(&shanghai);
        assert_eq!(ticks[0].label, "11-22 03:00");
        assert!(ticks.windows(2).all(|pair| pair[1].x - pair[0].x >= LABEL_DISTANCE), "{ticks:?}");
        let second = |tick: &Tick| tick.label.ends_with("0") || tick.label.ends_with("5");
        assert!(ticks.iter().all(second), "{ticks:?}");
    }

    #[test]
    fn labels_of_a_short_time_name_their_seconds_so_that_no_two_are_the_same() {
        let ticks = axis(&[0, 48]).ticks(&Zone::utc());
        let labels: Vec<_> = ticks.iter().map(|tick| tick.label.as_str()).collect();
        assert_eq!(labels[..3], ["11-21 19:00:00", "19:00:05", "19:00:10"]);
    }

    #[test]
    fn an_axis_of_one_instant_does_not_fail() {
        let axis = axis(&[0]);
        assert!((axis.x(at(0)) - 100.0).abs() < 1e-6);
        assert_eq!(axis.ticks(&Zone::utc()).len(), 1);
        assert!(axis.cuts(Lang::Zh).is_empty());
    }

    #[test]
    fn later_is_never_further_left() {
        let axis = axis(&[0, 30, 40, 4000, 90_000, 90_001, 1_000_000]);
        let xs: Vec<f64> = (0..1_000).map(|n| axis.x(at(n * 1000))).collect();
        assert!(xs.windows(2).all(|pair| pair[0] <= pair[1]));
    }
}
