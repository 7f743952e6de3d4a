//! What is usual: the counts of past weeks at the same hour of the week. The middle value stands for
//! the hour, so that a past surge or a holiday moves it little; hours of known surges are left out.

use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use super::tally::Tally;
use crate::people::Zone;

/// How many weeks back hours are compared at most.
pub const WEEKS_MAX: u32 = 12;
/// From how many weeks on the hour of the week stands for itself; before that every day counts.
const WEEKS_LEAST: usize = 3;
/// From how many days on anything is said to be usual.
const DAYS_LEAST: usize = 3;

const DAYS_OF_WEEK: usize = 7;

const HOUR_SECONDS: i64 = 3_600;

/// Returns the hour an instant lies in, counted from 1970.
#[must_use]
pub fn hour_of(at: Timestamp) -> u32 {
    u32::try_from(at.as_second().div_euclid(HOUR_SECONDS)).unwrap_or(0)
}

/// The hours that one hour is compared with: the same for every group of a monitor.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Comparable {
    weekly: Vec<u32>,
    daily: Vec<u32>,
}

impl Comparable {
    /// Finds the hours that a given hour is compared with: the same time of the day in the monitor's
    /// zone, so that summer time moves with the people.
    #[must_use]
    pub fn of(hour: u32, weeks: u32, zone: &Zone) -> Self {
        let at = Timestamp::from_second(i64::from(hour) * HOUR_SECONDS).unwrap_or_default();
        let here = zone.civil(at);
        let back = |days: i64| {
            let then = here.checked_sub(days.days()).ok()?;
            zone.first_showing(then).map(hour_of)
        };
        let weeks = i64::from(weeks.min(WEEKS_MAX));
        Self {
            weekly: (1..=weeks).filter_map(|week| back(week * 7)).collect(),
            daily: (1..=weeks * 7).filter_map(back).collect(),
        }
    }
}

/// The hours that say what is usual: those that were watched as a whole and held no surge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ordinary {
    first: u32,
    surged: Vec<(u32, u32)>,
}

impl Ordinary {
    /// Begins with the first hour that is watched as a whole.
    #[must_use]
    pub const fn since(first: u32) -> Self {
        Self { first, surged: Vec::new() }
    }

    /// Returns the first hour for which enough is known, where nothing is left out before it.
    #[must_use]
    pub const fn usual_from(&self) -> u32 {
        self.first.saturating_add(24 * DAYS_LEAST as u32)
    }

    /// Leaves out the hours of a surge, the first and the last with those between.
    pub fn leave_out(&mut self, from: u32, to: u32) {
        self.surged.push((from, to));
    }

    /// Forgets what lies before an hour.
    pub fn forget(&mut self, before: u32) {
        self.surged.retain(|(_, to)| *to >= before);
    }

    fn holds(&self, hour: u32) -> bool {
        hour >= self.first && !self.surged.iter().any(|(from, to)| (*from..=*to).contains(&hour))
    }
}

/// How far counts of comparable hours lie apart.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Apart {
    /// Half the squares of the differences, added up.
    pub squares: f64,
    /// The counts that were compared, added up.
    pub counts: f64,
    /// How many hours say what is usual.
    pub hours: usize,
}

/// Counts by hour of one group.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct History(Tally);

impl History {
    /// Counts so many more in an hour.
    pub fn add(&mut self, hour: u32, count: u32) {
        self.0.add(hour, count);
    }

    /// Returns how many are usual in an hour; nothing while too little is known of it.
    #[must_use]
    pub fn usual(&self, to: &Comparable, ordinary: &Ordinary) -> Option<f64> {
        let known = |hours: &[u32]| -> Vec<u32> {
            let hours = hours.iter().filter(|hour| ordinary.holds(**hour));
            hours.map(|hour| self.0.at(*hour)).collect()
        };
        let weekly = known(&to.weekly);
        if weekly.len() >= WEEKS_LEAST {
            return Some(middle(weekly));
        }
        let daily = known(&to.daily);
        (daily.len() >= DAYS_LEAST).then(|| middle(daily))
    }

    /// Adds up how far the counts of comparable hours lie apart: squares of what differs between the
    /// same hours of two weeks (of two days while weeks are few), the counts themselves, and how many
    /// hours said what is usual.
    pub fn spread(&self, to: &Comparable, ordinary: &Ordinary) -> Apart {
        let known = |hour: &&u32| ordinary.holds(**hour);
        let weeks = to.weekly.iter().filter(known).count();
        let (step, hours) = match weeks >= WEEKS_LEAST {
            true => (DAYS_OF_WEEK, weeks),
            false => (1, to.daily.iter().filter(known).count()),
        };
        let mut apart = Apart { squares: 0.0, counts: 0.0, hours };
        for (one, other) in to.daily.iter().zip(to.daily.iter().skip(step)) {
            if ordinary.holds(*one) && ordinary.holds(*other) {
                let (one, other) = (f64::from(self.0.at(*one)), f64::from(self.0.at(*other)));
                // Two draws of one distribution differ by twice its variance.
                apart.squares += (one - other).powi(2) / 2.0;
                apart.counts += f64::midpoint(one, other);
            }
        }
        apart
    }

    /// Forgets what lies before an hour.
    pub fn forget(&mut self, before: u32) {
        self.0.forget(before);
    }

    /// Returns how many were counted in an hour.
    #[must_use]
    pub fn at(&self, hour: u32) -> u32 {
        self.0.at(hour)
    }

    /// Returns the newest hour in which anything was counted.
    #[must_use]
    pub fn newest(&self) -> Option<u32> {
        self.0.newest()
    }
}

/// Returns the middle value; of two the mean.
fn middle(mut values: Vec<u32>) -> f64 {
    values.sort_unstable();
    let half = values.len() / 2;
    match values.len() {
        0 => 0.0,
        odd if odd % 2 == 1 => f64::from(values[half]),
        _ => f64::midpoint(f64::from(values[half - 1]), f64::from(values[half])),
    }
}
