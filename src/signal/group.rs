//! The counts of one group: in the window, hour by hour, and of what its rules ask for.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use serde::{Deserialize, Serialize};

use super::chance::upper_tail;
use super::history::{Comparable, History, Ordinary};
use super::monitor::Monitor;
use super::occurrence::Occurrence;
use super::rule::Facts;
use super::tally::Tally;

/// The most different values of a source that are told apart: beyond it a source has "very many".
const DISTINCT_MAX: usize = 10_000;

/// The counts of one group.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Group {
    window: Tally,
    history: History,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    marked: Vec<Marked>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    sources: Vec<BTreeMap<u64, u32>>,
    /// Since when each rule holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    since: Vec<Option<u32>>,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
struct Marked {
    window: Tally,
    in_a_row: u32,
}

/// Where an instant lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The bucket of the window.
    pub bucket: u32,
    /// The hour.
    pub hour: u32,
}

/// What a group looks like at an instant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Look {
    /// How many in the window.
    pub count: u64,
    /// How many are usual.
    pub usual: Option<f64>,
}

impl Look {
    /// Returns how many times the usual it is.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    pub fn ratio(&self, floor: f64) -> Option<f64> {
        Some(self.count as f64 / self.usual?.max(floor))
    }

    /// Returns how many more than usual it is.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    pub fn beyond(&self) -> f64 {
        self.count as f64 - self.usual.unwrap_or(0.0)
    }
}

/// What the window is at an instant, and what it is compared with.
#[derive(Debug)]
pub struct Window<'a> {
    /// Its first bucket, and the one after its last.
    pub buckets: (u32, u32),
    /// The hours it lies in: what each is compared with, and which part of it lies in the window.
    pub hours: &'a [(&'a Comparable, f64)],
    /// The instant, in minutes.
    pub minute: u32,
    /// The hours that say what is usual.
    pub ordinary: &'a Ordinary,
    /// What is likelier than this by chance alone is none: the monitor's, shared by all it looks at.
    pub chance: f64,
}

impl Group {
    /// Counts an occurrence.
    pub fn add(&mut self, monitor: &Monitor, place: Place, occurrence: &Occurrence<'_>) {
        let count = occurrence.count;
        self.window.add(place.bucket, count);
        self.history.add(place.hour, count);
        self.marked.resize(monitor.marks.len(), Marked::default());
        for (marked, mark) in self.marked.iter_mut().zip(&monitor.marks) {
            if occurrence.label(&mark.label) == mark.value {
                marked.window.add(place.bucket, count);
                marked.in_a_row = marked.in_a_row.saturating_add(count);
            } else {
                marked.in_a_row = 0;
            }
        }
        self.sources.resize(monitor.sources.len(), BTreeMap::new());
        for (seen, label) in self.sources.iter_mut().zip(&monitor.sources) {
            let value = occurrence.label(label);
            if !value.is_empty() && (seen.len() < DISTINCT_MAX || seen.contains_key(&hash(value))) {
                let last = seen.entry(hash(value)).or_insert(place.bucket);
                *last = (*last).max(place.bucket);
            }
        }
    }

    /// Looks at the window.
    #[must_use]
    pub fn look(&self, window: &Window<'_>) -> Look {
        let (from, until) = window.buckets;
        let usual = window
            .hours
            .iter()
            .map(|(to, part)| Some(self.history.usual(to, window.ordinary)? * part));
        Look { count: self.window.between(from, until), usual: usual.sum() }
    }

    /// Returns how likely it is by chance alone that there are so many; 1 while nothing is known.
    ///
    /// What is usual is known from a few hours only, which makes the count vary by so much more.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "there are twelve weeks at most")]
    pub fn chance(&self, look: Look, floor: f64, window: &Window<'_>) -> f64 {
        let Some(usual) = look.usual else { return 1.0 };
        let (mut squares, mut counts, mut hours) = (0.0, 0.0, usize::MAX);
        for (to, _) in window.hours {
            let apart = self.history.spread(to, window.ordinary);
            squares += apart.squares;
            counts += apart.counts;
            hours = hours.min(apart.hours);
        }
        let dispersion = if counts > 0.0 { (squares / counts).max(1.0) } else { 1.0 };
        let known_from = 1.0 + 1.0 / hours.max(1) as f64;
        upper_tail(look.count, usual.max(floor), dispersion * known_from)
    }

    /// Judges the monitor's rule; below its least volume nothing is a surge, and no ratio is one
    /// that chance alone brings about often enough.
    pub fn judge(&mut self, monitor: &Monitor, look: Look, window: &Window<'_>) -> bool {
        let (from, until) = window.buckets;
        let marked: Vec<(u64, u32)> =
            self.marked.iter().map(|of| (of.window.between(from, until), of.in_a_row)).collect();
        let distinct = |seen: &BTreeMap<u64, u32>| {
            let here = seen.values().filter(|at| (from..until).contains(*at)).count();
            u32::try_from(here).unwrap_or(u32::MAX)
        };
        let distinct: Vec<u32> = self.sources.iter().map(distinct).collect();
        let enough = look.count >= monitor.minimum;
        let facts = Facts {
            count: look.count,
            ratio: self.telling(monitor, look, window),
            marked: &marked,
            distinct: &distinct,
            minute: window.minute,
        };
        monitor.rule.holds(&facts, &mut self.since) && enough
    }

    /// Returns the ratio where it tells something: of enough, and of more than chance brings.
    #[must_use]
    pub fn telling(&self, monitor: &Monitor, look: Look, window: &Window<'_>) -> Option<f64> {
        let floor = monitor.baseline.floor;
        let ratio = look.ratio(floor).filter(|_| look.count >= monitor.minimum)?;
        let tells = ratio <= 1.0 || self.chance(look, floor, window) <= window.chance;
        tells.then_some(ratio)
    }

    /// Returns how many were counted in an hour.
    #[must_use]
    pub fn in_hour(&self, hour: u32) -> u32 {
        self.history.at(hour)
    }

    /// Returns how many are usual in an hour.
    #[must_use]
    pub fn usual(&self, to: &Comparable, ordinary: &Ordinary) -> Option<f64> {
        self.history.usual(to, ordinary)
    }

    /// Forgets what nothing looks at any more.
    pub fn forget(&mut self, place: Place) {
        self.window.forget(place.bucket);
        self.history.forget(place.hour);
        for marked in &mut self.marked {
            marked.window.forget(place.bucket);
        }
        for seen in &mut self.sources {
            seen.retain(|_, last| *last >= place.bucket);
        }
    }

    /// Tells whether nothing of it is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.history.newest().is_none()
    }
}

/// Tells values apart by a number that is the same in every run.
fn hash(value: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
