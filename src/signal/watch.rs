//! A monitor at work: it counts, looks at its groups each minute, and says what it finds.

use indexmap::IndexMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::group::{Group, Look, Place, Window};
use super::history::{Comparable, Ordinary, hour_of};
use super::monitor::{Monitor, Spread};
use super::occurrence::Occurrence;
use super::surge::{Contributor, Finding, Point, Surge};

/// How many minutes ahead of us a reporter's clock may be.
pub(super) const AHEAD_MINUTES: u32 = 2;
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
    /// All but the groups.
    pub head: Head,
    /// The groups, by the values of their labels.
    pub groups: IndexMap<SmolStr, Group>,
}

/// What a monitor knows beside its groups.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Head {
    since: Timestamp,
    ordinary: Ordinary,
    total: Group,
    surge: Option<Surge>,
    /// The last surge that is over, as it ended.
    #[serde(default)]
    ended: Option<Surge>,
    /// The ratio that was told last.
    told: Option<f64>,
    /// Since which minute the surge is below what ends it.
    below_since: Option<u32>,
    /// Until which minute no other is begun.
    quiet_until: u32,
    tickets: Vec<SmolStr>,
    tallied: Tallied,
}

/// What became of all that was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tallied {
    /// How many were counted.
    pub counted: u64,
    /// How many of them in the total alone, since there were too many groups already.
    pub crowded_out: u64,
    /// Reports that came too late for this monitor.
    pub late: u64,
    /// When the last one that was counted arrived.
    pub last_at: Option<Timestamp>,
}

/// How a monitor stands, for people to read.
#[derive(Debug, Clone, PartialEq)]
pub struct Outlook {
    /// How many in the window at the last look.
    pub count: u64,
    /// How many are usual; nothing while that is not known.
    pub usual: Option<f64>,
    /// How many times what is usual, of everything.
    pub ratio: Option<f64>,
    /// The groups that bring most.
    pub top: Vec<Contributor>,
    /// Since when it watches.
    pub since: Timestamp,
    /// From when on at the earliest it is known what is usual; nothing once it is.
    pub learning_until: Option<Timestamp>,
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
    /// What the last look saw of everything and of the groups that bring most.
    seen: Option<(Look, Vec<Contributor>)>,
}

impl Watch {
    /// Begins to watch.
    #[must_use]
    pub fn new(monitor: Monitor, now: Timestamp) -> Self {
        let head = Head {
            since: now,
            ordinary: Ordinary::since(hour_of(now).saturating_add(1)),
            total: Group::default(),
            surge: None,
            ended: None,
            told: None,
            below_since: None,
            quiet_until: 0,
            tickets: Vec::new(),
            tallied: Tallied::default(),
        };
        Self::resume(monitor, Memory { head, groups: IndexMap::new() })
    }

    /// Goes on with what was known before a restart.
    #[must_use]
    pub fn resume(monitor: Monitor, memory: Memory) -> Self {
        let compared = (0, Vec::new());
        Self { monitor, memory, compared, key: String::new(), ratio: None, seen: None }
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

    /// Returns what became of all that was counted.
    #[must_use]
    pub const fn tallied(&self) -> Tallied {
        self.memory.head.tallied
    }

    /// Counts an occurrence, in the window of its own time, to the minute.
    pub fn count(&mut self, occurrence: &Occurrence<'_>, now: Timestamp) -> Counted {
        let monitor = &self.monitor;
        if *occurrence.signal != *monitor.signal {
            return Counted::Other;
        }
        let at = occurrence.at.unwrap_or(now);
        let (minute, present) = (minute_of(at), minute_of(now));
        if present.saturating_sub(minute) > monitor.late {
            self.memory.head.tallied.late += 1;
            return Counted::Late;
        }
        if minute > present + AHEAD_MINUTES {
            return Counted::Ahead;
        }
        let place = self.place(at.min(now));
        self.memory.head.total.add(&self.monitor, place, occurrence);
        let apart = self.monitor.group_by.is_empty() || self.count_group(occurrence, place);
        let head = &mut self.memory.head;
        let count = u64::from(occurrence.count);
        head.tallied.counted = head.tallied.counted.saturating_add(count);
        head.tallied.last_at = Some(now);
        if !apart {
            head.tallied.crowded_out = head.tallied.crowded_out.saturating_add(count);
        }
        if let Some(ticket) = &occurrence.ticket {
            head.tickets.retain(|known| **known != **ticket);
            head.tickets.truncate(TICKETS - 1);
            head.tickets.insert(0, SmolStr::new(ticket));
        }
        Counted::Yes
    }

    /// Counts in the group; tells whether there is one.
    fn count_group(&mut self, occurrence: &Occurrence<'_>, place: Place) -> bool {
        self.key.clear();
        for (n, label) in self.monitor.group_by.iter().enumerate() {
            if n > 0 {
                self.key.push(BETWEEN);
            }
            self.key.push_str(occurrence.label(label));
        }
        let groups = &mut self.memory.groups;
        if let Some(group) = groups.get_mut(self.key.as_str()) {
            group.add(&self.monitor, place, occurrence);
            return true;
        }
        if groups.len() >= self.monitor.groups_max {
            return false;
        }
        let mut group = Group::default();
        group.add(&self.monitor, place, occurrence);
        groups.insert(SmolStr::new(&self.key), group);
        true
    }

    fn place(&self, at: Timestamp) -> Place {
        Place { bucket: minute_of(at) / self.monitor.bucket(), hour: hour_of(at) }
    }

    /// Looks at every group as it is now; to be called each minute.
    pub fn tick(&mut self, now: Timestamp) -> Option<Finding> {
        self.compare(now);
        let Memory { head: Head { total, ordinary, .. }, groups } = &mut self.memory;
        let monitor = &self.monitor;
        let looks = if monitor.spread == Spread::Anywhere { groups.len() + 1 } else { 1 };
        let minute = minute_of(now);
        let hours = parts(now, monitor.window, &self.compared.1);
        let until = minute / monitor.bucket() + 1;
        let from = minute.saturating_sub(monitor.window) / monitor.bucket();
        #[expect(clippy::cast_precision_loss, reason = "groups are bounded")]
        let chance = if monitor.chance < 1.0 { monitor.chance / looks as f64 } else { 1.0 };
        let window = Window { buckets: (from, until), hours: &hours, minute, ordinary, chance };
        let mut seen = Seen::default();
        seen.take(monitor, total, None, &window);
        for (key, group) in groups {
            seen.take(monitor, group, Some(key), &window);
        }
        self.ratio = seen.greatest;
        self.seen = Some((seen.total, seen.contributors()));
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
        let ratio = seen.told();
        let Some(known) = self.memory.head.surge.take() else {
            if !seen.holds || minute < self.memory.head.quiet_until {
                return None;
            }
            let surge = self.described(&seen, now, now, ratio);
            (self.memory.head.below_since, self.memory.head.told) = (None, surge.ratio);
            self.memory.head.surge = Some(surge.clone());
            return Some(Finding::Began(surge));
        };
        let peak = [known.peak, ratio].into_iter().flatten().reduce(f64::max);
        let surge = self.described(&seen, known.began, now, peak);
        let calm = !seen.holds && ratio.is_none_or(|ratio| ratio < self.monitor.clear_below);
        let since = calm.then(|| self.memory.head.below_since.unwrap_or(minute));
        self.memory.head.below_since = since;
        if since.is_some_and(|since| minute.saturating_sub(since) >= self.monitor.clear_for) {
            self.memory.head.ordinary.leave_out(hour_of(known.began), hour_of(now));
            self.memory.head.quiet_until = minute.saturating_add(self.monitor.cool_down);
            self.memory.head.below_since = None;
            self.memory.head.ended = Some(surge.clone());
            return Some(Finding::Subsided(surge));
        }
        self.memory.head.surge = Some(surge.clone());
        if surge.level == known.level && !moved(self.memory.head.told, surge.ratio) {
            return None;
        }
        self.memory.head.told = surge.ratio;
        Some(Finding::Changed(surge))
    }

    fn described(&self, seen: &Seen, began: Timestamp, now: Timestamp, peak: Option<f64>) -> Surge {
        let ratio = seen.told();
        Surge {
            began,
            count: seen.total.count,
            usual: seen.total.usual,
            ratio,
            peak,
            level: ratio.and_then(|ratio| self.monitor.level(ratio)),
            top: seen.contributors(),
            tickets: self.memory.head.tickets.clone(),
            chart: self.chart(now),
        }
    }

    fn chart(&self, now: Timestamp) -> Vec<Point> {
        let hour = hour_of(now);
        let point = |hour: u32| {
            let to = Comparable::of(hour, self.monitor.baseline.weeks, &self.monitor.zone);
            let at = Timestamp::from_second(i64::from(hour) * 3_600).ok()?;
            let usual = self.memory.head.total.usual(&to, &self.memory.head.ordinary);
            Some(Point { at, count: self.memory.head.total.in_hour(hour), usual })
        };
        (hour.saturating_sub(CHART_HOURS - 1)..=hour).filter_map(point).collect()
    }

    /// Returns the surge that goes on.
    #[must_use]
    pub const fn surge(&self) -> Option<&Surge> {
        self.memory.head.surge.as_ref()
    }

    /// Returns the last surge that is over.
    #[must_use]
    pub const fn ended(&self) -> Option<&Surge> {
        self.memory.head.ended.as_ref()
    }

    /// Returns how it stands.
    #[must_use]
    pub fn standing(&self, now: Timestamp) -> Standing {
        match &self.memory.head.surge {
            Some(surge) => Standing::Surging(surge.clone()),
            None if self.usual(now).is_some() => Standing::Quiet,
            None => Standing::Learning,
        }
    }

    fn usual(&self, now: Timestamp) -> Option<f64> {
        let to = Comparable::of(hour_of(now), self.monitor.baseline.weeks, &self.monitor.zone);
        self.memory.head.total.usual(&to, &self.memory.head.ordinary)
    }

    /// Returns what the last look saw.
    #[must_use]
    pub fn outlook(&self, now: Timestamp) -> Outlook {
        let head = &self.memory.head;
        let (look, top) = self.seen.clone().unwrap_or((Look { count: 0, usual: None }, Vec::new()));
        let from = i64::from(head.ordinary.usual_from()) * 3_600;
        let learning = self.usual(now).is_none();
        Outlook {
            count: look.count,
            usual: look.usual,
            ratio: look.ratio(self.monitor.baseline.floor),
            top,
            since: head.since,
            learning_until: Timestamp::from_second(from).ok().filter(|_| learning),
        }
    }

    /// Forgets, once an hour, what lies further back than anything looks.
    fn forget(&mut self, now: Timestamp) {
        if !minute_of(now).is_multiple_of(60) {
            return;
        }
        let monitor = &self.monitor;
        let kept = monitor.window.saturating_add(monitor.late);
        let bucket = (minute_of(now).saturating_sub(kept)) / monitor.bucket();
        let weeks = monitor.baseline.weeks.saturating_add(1);
        let hour = hour_of(now).saturating_sub(weeks.saturating_mul(24 * 7));
        let place = Place { bucket: bucket.saturating_sub(1), hour };
        self.memory.head.total.forget(place);
        self.memory.groups.values_mut().for_each(|group| group.forget(place));
        self.memory.groups.retain(|_, group| !group.is_empty());
        self.memory.head.ordinary.forget(hour);
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
    /// The ratio that is told: of what is a surge by itself, else of what has enough to tell anything,
    /// so that a group's surge is not over before the group is calm.
    fn told(&self) -> Option<f64> {
        self.worst.or(self.greatest).or(self.ratio)
    }

    fn contributors(&self) -> Vec<Contributor> {
        let contributor = |(key, look, _): &(SmolStr, Look, bool)| Contributor {
            values: key.split(BETWEEN).map(SmolStr::new).collect(),
            count: look.count,
            usual: look.usual,
        };
        self.top.iter().map(contributor).collect()
    }

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
        if asked && look.count >= monitor.minimum && ratio > self.greatest {
            let telling = group.telling(monitor, look, window);
            self.greatest = [self.greatest, telling].into_iter().flatten().reduce(f64::max);
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

/// Returns the minute an instant lies in, counted from 1970.
pub(super) fn minute_of(at: Timestamp) -> u32 {
    u32::try_from(at.as_second().div_euclid(60)).unwrap_or(0)
}
