//! What a monitor would have done with the past: when it would have fired, how often for nothing,
//! how late, and what ratio would have suited better.

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::monitor::Monitor;
use super::occurrence::Occurrence;
use super::surge::Finding;
use super::watch::{Counted, Watch};
use crate::playbook::Level;

/// The longest past that is replayed: two years, minute by minute.
pub const DAYS_MAX: i64 = 731;
/// How often a suggested ratio may fire for nothing: once in so many weeks.
const WEEKS_PER_FALSE_ALARM: usize = 4;

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// A stretch of time in which something was really wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trouble {
    /// When it began.
    pub from: Timestamp,
    /// When it was over.
    pub until: Timestamp,
}

/// What the monitor would have done.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Backtest {
    /// The first minute that was replayed.
    pub from: Timestamp,
    /// The last.
    pub until: Timestamp,
    /// How many occurrences were counted.
    pub counted: u64,
    /// How many were not: of another signal, or out of order by more than the monitor waits.
    pub passed_over: u64,
    /// When it would have fired.
    pub fired: Vec<Fired>,
    /// Known troubles that it would not have found.
    pub missed: usize,
    /// How often it would have fired for nothing, in a week; nothing where no trouble is known.
    pub false_alarms_per_week: Option<f64>,
    /// The least ratio that would have fired for nothing at most once in four weeks.
    pub suggested_ratio: Option<f64>,
}

/// One surge that would have been found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fired {
    /// When.
    pub at: Timestamp,
    /// When it would have been over; nothing where it still was one at the end.
    pub until: Option<Timestamp>,
    /// The greatest ratio.
    pub peak: Option<f64>,
    /// The worst level.
    pub level: Option<Level>,
    /// How long after the trouble began, in minutes; nothing where there was none.
    pub delay_minutes: Option<i64>,
}

/// What keeps a past from being replayed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BacktestFault {
    /// There is nothing of the signal in it.
    #[error("nothing of the signal is in it")]
    Empty,
    /// It is longer than two years.
    #[error("it is longer than {DAYS_MAX} days")]
    TooLong,
}

/// Replays a past, minute by minute. Rows may stand in any order; each has its instant.
///
/// # Errors
///
/// A past with nothing in it, or one that is too long.
pub fn backtest(
    monitor: &Monitor,
    mut rows: Vec<(Timestamp, Occurrence<'_>)>,
    known: &[Trouble],
) -> Result<Backtest, BacktestFault> {
    rows.sort_by_key(|(at, _)| *at);
    let (Some((from, _)), Some((last, _))) = (rows.first(), rows.last()) else {
        return Err(BacktestFault::Empty);
    };
    let (from, last) = (*from, *last);
    if last.duration_since(from) > SignedDuration::from_hours(24 * DAYS_MAX) {
        return Err(BacktestFault::TooLong);
    }
    let mut run = Run::new(monitor, from, known);
    let mut rows = rows.into_iter().peekable();
    let mut now = from;
    while now <= last {
        let until = now.saturating_add(MINUTE).unwrap_or(Timestamp::MAX);
        while let Some((_, occurrence)) = rows.next_if(|(at, _)| *at < until) {
            run.count(&occurrence, until);
        }
        run.tick(until);
        now = until;
    }
    if run.counted == 0 {
        return Err(BacktestFault::Empty);
    }
    Ok(run.told(from, now))
}

struct Run<'a> {
    watch: Watch,
    known: &'a [Trouble],
    counted: u64,
    passed_over: u64,
    fired: Vec<Fired>,
    /// The ratios of the last minutes that a surge must hold for.
    recent: VecDeque<f64>,
    /// The greatest ratio that held, of each day without trouble.
    calm_days: BTreeMap<i64, f64>,
}

impl<'a> Run<'a> {
    fn new(monitor: &Monitor, from: Timestamp, known: &'a [Trouble]) -> Self {
        Self {
            watch: Watch::new(monitor.clone(), from),
            known,
            counted: 0,
            passed_over: 0,
            fired: Vec::new(),
            recent: VecDeque::new(),
            calm_days: BTreeMap::new(),
        }
    }

    fn count(&mut self, occurrence: &Occurrence<'_>, now: Timestamp) {
        match self.watch.count(occurrence, now) {
            Counted::Yes => self.counted += 1,
            Counted::Other | Counted::Late | Counted::Ahead => self.passed_over += 1,
        }
    }

    fn tick(&mut self, now: Timestamp) {
        match self.watch.tick(now) {
            Some(Finding::Began(surge)) => self.fired.push(Fired {
                at: now,
                until: None,
                peak: surge.ratio,
                level: surge.level,
                delay_minutes: self.trouble(now).map(|t| now.duration_since(t.from).as_mins()),
            }),
            Some(Finding::Changed(surge)) => {
                if let Some(fired) = self.fired.last_mut() {
                    fired.peak = surge.peak;
                    fired.level = [fired.level, surge.level].into_iter().flatten().min();
                }
            }
            Some(Finding::Subsided(surge)) => {
                if let Some(fired) = self.fired.last_mut() {
                    (fired.until, fired.peak) = (Some(now), surge.peak);
                }
            }
            None => {}
        }
        self.note_ratio(now);
    }

    /// Returns the trouble that an instant lies in, or shortly after: what fires then is no mistake.
    fn trouble(&self, at: Timestamp) -> Option<&Trouble> {
        let after = SignedDuration::from_mins(i64::from(self.watch.monitor().window));
        let ends = |t: &Trouble| t.until.saturating_add(after).unwrap_or(t.until);
        self.known.iter().find(|t| t.from <= at && at <= ends(t))
    }

    fn note_ratio(&mut self, now: Timestamp) {
        let held = self.watch.monitor().rule.held().max(1) as usize;
        self.recent.push_back(self.watch.ratio().unwrap_or(0.0));
        if self.recent.len() > held {
            self.recent.pop_front();
        }
        if self.recent.len() == held && self.trouble(now).is_none() {
            let least = self.recent.iter().copied().fold(f64::INFINITY, f64::min);
            let most = self.calm_days.entry(now.as_second().div_euclid(86_400)).or_insert(0.0);
            *most = most.max(least);
        }
    }

    fn told(self, from: Timestamp, until: Timestamp) -> Backtest {
        #[expect(clippy::cast_precision_loss, reason = "there are two years at most")]
        let weeks = until.duration_since(from).as_mins() as f64 / (7.0 * 1_440.0);
        let in_vain = self.fired.iter().filter(|fired| fired.delay_minutes.is_none()).count();
        let found = |t: &&Trouble| {
            self.fired.iter().any(|fired| self.trouble(fired.at).is_some_and(|of| of == *t))
        };
        let missed = self.known.iter().filter(|t| !found(t)).count();
        #[expect(clippy::cast_precision_loss, reason = "there are two years at most")]
        let per_week = (!self.known.is_empty()).then(|| in_vain as f64 / weeks.max(1.0 / 7.0));
        Backtest {
            from,
            until,
            counted: self.counted,
            passed_over: self.passed_over,
            missed,
            false_alarms_per_week: per_week,
            suggested_ratio: suggested(self.calm_days.into_values().collect()),
            fired: self.fired,
        }
    }
}

/// Returns the least ratio, in tenths, that the calm days would have reached at most once in four
/// weeks; nothing before there were that many.
fn suggested(mut days: Vec<f64>) -> Option<f64> {
    let allowed = days.len() / (7 * WEEKS_PER_FALSE_ALARM);
    if allowed == 0 {
        return None;
    }
    days.sort_by(|a, b| b.total_cmp(a));
    let reached = days.get(allowed)?;
    Some(((reached * 10.0).floor() + 1.0).max(11.0) / 10.0)
}
