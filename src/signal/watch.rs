//! A monitor at work: it counts, looks at its groups each minute, and says what it finds.

use indexmap::IndexMap;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::group::{Group, Look, Place, Window};
use super::history::{Comparable, Ordinary, hour_of};
use super::monitor::{Monitor, Spread};
use super::occurrence::Occurrence;
use super::surge::{Contributor, Finding, Point, Surge};

/// How far ahead of us a reporter's clock may be.
const AHEAD: SignedDuration = SignedDuration::from_mins(2);
/// How many groups a surge names.
const TOP: usize = 5;
/// How many tickets a surge names.
const TICKETS: usize = 5;
/// How many hours a chart shows.
const CHART_HOURS: u32 = 24;
/// By which part the ratio must move for the surge to be told again.
const TELLS_AGAIN: f64 = 0.25;
/// Stands between the values of a group's labels: no text of people holds it.
const BETWEEN: char = '\u{1f}';

/// What became of an occurrence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Counted {
    /// It was counted where it belongs.
    Yes,
    /// It is of another signal.
    Other,
    /// It came later than the monitor waits for.
    Late,
    /// It says it happens only later.
    Ahead,
}

/// How a monitor stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Standing {
    /// Nothing is known of what is usual yet.
    Learning,
    /// Nothing is out of the ordinary.
    Quiet,
    /// There is a surge.
    Surging(Surge),
}

/// What a monitor knows: everything that must survive a restart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    ordinary: Ordinary,
    total: Group,
    groups: IndexMap<SmolStr, Group>,
    surge: Option<Surge>,
    /// The ratio that was told last.
    told: Option<f64>,
    /// Since which minute the surge is below what ends it.
    below_since: Option<u32>,
    /// Until which minute no other is begun.
    quiet_until: u32,
    tickets: Vec<SmolStr>,
}

/// A monitor at work.
#[derive(Debug, Clone, PartialEq)]
pub struct Watch {
    monitor: Monitor,
    memory: Memory,
    /// What the hours of the present window are compared with: the same for every group.
    compared: (u32, Vec<Comparable>),
    key: String,
    ratio: Option<f64>,
}

impl Watch {
    /// Begins to watch.
    #[must_use]
    pub fn new(monitor: Monitor, now: Timestamp) -> Self {
        let memory = Memory {
            ordinary: Ordinary::since(hour_of(now).saturating_add(1)),
            total: Group::default(),
            groups: IndexMap::new(),
            surge: None,
            told: None,
            below_since: None,
            quiet_until: 0,
            tickets: Vec::new(),
        };
        Self::resume(monitor, memory)
    }

    /// Goes on with what was known before a restart.
    #[must_use]
    pub fn resume(monitor: Monitor, memory: Memory) -> Self {
        Self { monitor, memory, compared: (0, Vec::new()), key: String::new(), ratio: None }
    }

    /// Returns what must survive a restart.
    #[must_use]
    pub const fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Returns what is watched.
    #[must_use]
    pub const fn monitor(&self) -> &Monitor {
        &self.monitor
    }

    /// Returns the greatest ratio at the last look, of what has enough to be a surge.
    #[must_use]
    pub const fn ratio(&self) -> Option<f64> {
        self.ratio
    }

    /// Returns how many groups are counted apart.
    #[must_use]
    pub fn groups(&self) -> usize {
        self.memory.groups.len()
    }

    /// Counts an occurrence, in the window of its own time.
    pub fn count(&mut self, occurrence: &Occurrence<'_>, now: Timestamp) -> Counted {
        let monitor = &self.monitor;
        if *occurrence.signal != *monitor.signal {
            return Counted::Other;
        }
        let at = occurrence.at.unwrap_or(now);
        let late = SignedDuration::from_mins(i64::from(monitor.late));
        if now.duration_since(at) > late {
            return Counted::Late;
        }
        if at.duration_since(now) > AHEAD {
            return Counted::Ahead;
        }
        let place = self.place(at.min(now));
        self.memory.total.add(&self.monitor, place, occurrence);
        if !self.monitor.group_by.is_empty() {
            self.count_group(occurrence, place);
        }
        if let Some(ticket) = &occurrence.ticket {
            self.memory.tickets.retain(|known| **known != **ticket);
            self.memory.tickets.truncate(TICKETS - 1);
            self.memory.tickets.insert(0, SmolStr::new(ticket));
        }
        Counted::Yes
    }

    fn count_group(&mut self, occurrence: &Occurrence<'_>, place: Place) {
        self.key.clear();
        for label in &self.monitor.group_by {
            if !self.key.is_empty() {
                self.key.push(BETWEEN);
            }
            self.key.push_str(occurrence.label(label));
        }
        let groups = &mut self.memory.groups;
        if let Some(group) = groups.get_mut(self.key.as_str()) {
            group.add(&self.monitor, place, occurrence);
        } else if groups.len() < self.monitor.groups_max {
            let mut group = Group::default();
            group.add(&self.monitor, place, occurrence);
            groups.insert(SmolStr::new(&self.key), group);
        }
    }

    fn place(&self, at: Timestamp) -> Place {
        Place { bucket: minute_of(at) / self.monitor.bucket(), hour: hour_of(at) }
    }

    /// Looks at every group as it is now; to be called each minute.
    pub fn tick(&mut self, now: Timestamp) -> Option<Finding> {
        self.compare(now);
        let Memory { total, groups, ordinary, .. } = &mut self.memory;
        let monitor = &self.monitor;
        let minute = minute_of(now);
        let hours = parts(now, monitor.window, &self.compared.1);
        let until = minute / monitor.bucket() + 1;
        let from = minute.saturating_sub(monitor.window) / monitor.bucket();
        let window = Window { buckets: (from, until), hours: &hours, minute, ordinary };
        let mut seen = Seen::default();
        seen.take(monitor, total, None, &window);
        for (key, group) in groups {
            seen.take(monitor, group, Some(key), &window);
        }
        self.ratio = seen.greatest;
        let finding = self.weigh(seen, now);
        self.forget(now);
        finding
    }

    /// Finds what the hours of the window are compared with; they change once an hour.
    fn compare(&mut self, now: Timestamp) {
        let hour = hour_of(now);
        if self.compared.0 == hour && !self.compared.1.is_empty() {
            return;
        }
        let back = self.monitor.window.div_ceil(60);
        let (weeks, zone) = (self.monitor.baseline.weeks, &self.monitor.zone);
        let hours = (0..=back).map(|n| Comparable::of(hour.saturating_sub(n), weeks, zone));
        self.compared = (hour, hours.collect());
    }

    /// Weighs what was seen against what was known: a surge begins, goes on, or ends.
    fn weigh(&mut self, seen: Seen, now: Timestamp) -> Option<Finding> {
        let minute = minute_of(now);
        let ratio = seen.worst.or(seen.ratio);
        let Some(known) = self.memory.surge.take() else {
            if !seen.holds || minute < self.memory.quiet_until {
                return None;
            }
            let surge = self.surge(&seen, now, now, ratio);
            (self.memory.below_since, self.memory.told) = (None, surge.ratio);
            self.memory.surge = Some(surge.clone());
            return Some(Finding::Began(surge));
        };
        let peak = [known.peak, ratio].into_iter().flatten().reduce(f64::max);
        let surge = self.surge(&seen, known.began, now, peak);
        let calm = !seen.holds && ratio.is_none_or(|ratio| ratio < self.monitor.clear_below);
        let since = calm.then(|| self.memory.below_since.unwrap_or(minute));
        self.memory.below_since = since;
        if since.is_some_and(|since| minute.saturating_sub(since) >= self.monitor.clear_for) {
            self.memory.ordinary.leave_out(hour_of(known.began), hour_of(now));
            self.memory.quiet_until = minute.saturating_add(self.monitor.cool_down);
            self.memory.below_since = None;
            return Some(Finding::Subsided(surge));
        }
        self.memory.surge = Some(surge.clone());
        if surge.level == known.level && !moved(self.memory.told, surge.ratio) {
            return None;
        }
        self.memory.told = surge.ratio;
        Some(Finding::Changed(surge))
    }

    fn surge(&self, seen: &Seen, began: Timestamp, now: Timestamp, peak: Option<f64>) -> Surge {
        let ratio = seen.worst.or(seen.ratio);
        let contributor = |(key, look, _): &(SmolStr, Look, bool)| Contributor {
            values: key.split(BETWEEN).map(SmolStr::new).collect(),
            count: look.count,
            usual: look.usual,
        };
        Surge {
            began,
            count: seen.total.count,
            usual: seen.total.usual,
            ratio,
            peak,
            level: ratio.and_then(|ratio| self.monitor.level(ratio)),
            top: seen.top.iter().map(contributor).collect(),
            tickets: self.memory.tickets.clone(),
            chart: self.chart(now),
        }
    }

    fn chart(&self, now: Timestamp) -> Vec<Point> {
        let hour = hour_of(now);
        let point = |hour: u32| {
            let to = Comparable::of(hour, self.monitor.baseline.weeks, &self.monitor.zone);
            let at = Timestamp::from_second(i64::from(hour) * 3_600).ok()?;
            let usual = self.memory.total.usual(&to, &self.memory.ordinary);
            Some(Point { at, count: self.memory.total.in_hour(hour), usual })
        };
        (hour.saturating_sub(CHART_HOURS - 1)..=hour).filter_map(point).collect()
    }

    /// Returns how it stands.
    #[must_use]
    pub fn standing(&self, now: Timestamp) -> Standing {
        if let Some(surge) = &self.memory.surge {
            return Standing::Surging(surge.clone());
        }
        let to = Comparable::of(hour_of(now), self.monitor.baseline.weeks, &self.monitor.zone);
        match self.memory.total.usual(&to, &self.memory.ordinary) {
            Some(_) => Standing::Quiet,
            None => Standing::Learning,
        }
    }

    /// Forgets, once an hour, what lies further back than anything looks.
    fn forget(&mut self, now: Timestamp) {
        if minute_of(now) % 60 != 0 {
            return;
        }
        let monitor = &self.monitor;
        let kept = monitor.window.saturating_add(monitor.late);
        let bucket = (minute_of(now).saturating_sub(kept)) / monitor.bucket();
        let weeks = monitor.baseline.weeks.saturating_add(1);
        let hour = hour_of(now).saturating_sub(weeks.saturating_mul(24 * 7));
        let place = Place { bucket: bucket.saturating_sub(1), hour };
        self.memory.total.forget(place);
        self.memory.groups.values_mut().for_each(|group| group.forget(place));
        self.memory.groups.retain(|_, group| !group.is_empty());
        self.memory.ordinary.forget(hour);
    }
}

/// What one look at all groups saw.
#[derive(Debug)]
struct Seen {
    holds: bool,
    total: Look,
    ratio: Option<f64>,
    /// The greatest ratio of what has enough to be one.
    greatest: Option<f64>,
    /// The greatest ratio of what is a surge by itself.
    worst: Option<f64>,
    /// The groups that bring most, with whether each is a surge by itself.
    top: Vec<(SmolStr, Look, bool)>,
}

impl Default for Seen {
    fn default() -> Self {
        let total = Look { count: 0, usual: None };
        Self { holds: false, total, ratio: None, greatest: None, worst: None, top: Vec::new() }
    }
}

impl Seen {
    fn take(
        &mut self,
        monitor: &Monitor,
        group: &mut Group,
        key: Option<&SmolStr>,
        window: &Window<'_>,
    ) {
        let look = group.look(window);
        let ratio = look.ratio(monitor.baseline.floor);
        let asked = key.is_none() || monitor.spread == Spread::Anywhere;
        let holds = asked && group.judge(monitor, look, window);
        if asked && look.count >= monitor.minimum {
            self.greatest = [self.greatest, ratio].into_iter().flatten().reduce(f64::max);
        }
        self.holds |= holds;
        if holds {
            self.worst = [self.worst, ratio].into_iter().flatten().reduce(f64::max);
        }
        match key {
            None => (self.total, self.ratio) = (look, ratio),
            Some(key) if look.count > 0 => {
                // What is a surge by itself comes before what merely brings much.
                let rank = |holds: bool, look: Look| (holds, look.beyond());
                let at = self
                    .top
                    .partition_point(|(_, known, held)| rank(*held, *known) >= rank(holds, look));
                if at < TOP {
                    self.top.insert(at, (key.clone(), look, holds));
                    self.top.truncate(TOP);
                }
            }
            Some(_) => {}
        }
    }
}

fn moved(was: Option<f64>, is: Option<f64>) -> bool {
    match (was, is) {
        (Some(was), Some(is)) => (is - was).abs() >= was * TELLS_AGAIN,
        (was, is) => was.is_some() != is.is_some(),
    }
}

/// Pairs the hours that a window lies in with the part of each that does, newest first.
fn parts(now: Timestamp, window: u32, compared: &[Comparable]) -> Vec<(&Comparable, f64)> {
    let minute = minute_of(now);
    let from = minute.saturating_sub(window);
    let part = |(n, to)| {
        let hour = (minute / 60).saturating_sub(u32::try_from(n).unwrap_or(u32::MAX)) * 60;
        let inside = minute.min(hour + 60).saturating_sub(from.max(hour));
        (inside > 0).then(|| (to, f64::from(inside) / 60.0))
    };
    compared.iter().enumerate().filter_map(part).collect()
}

fn minute_of(at: Timestamp) -> u32 {
    u32::try_from(at.as_second().div_euclid(60)).unwrap_or(0)
}
