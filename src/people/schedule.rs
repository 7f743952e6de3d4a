//! The parts of a roster: rotations, layers, restrictions and overrides, as they are written down.
//!
//! Every time of day here is civil time in the schedule's zone; [`Zone::first_showing`] says which
//! instant it means where clocks are put forward or back.

use std::collections::BTreeSet;
use std::num::NonZeroU16;

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::id::{PersonId, ScheduleId};
use crate::text::Text;

use super::shift::Shifts;
use super::zone::Zone;

/// How long a turn lasts and when it is handed over.
///
/// Turns are counted in civil time: a hand-off at 09:00 stays at 09:00 all year, so a turn of
/// "24 hours" is 23 or 25 on the days when clocks change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// A turn lasts this many hours of the wall clock, counted from the layer's start.
    Hours(NonZeroU16),
    /// A turn lasts this many days and is handed over at a time of day.
    Days {
        /// The days of one turn; 7 is weekly.
        every: NonZeroU16,
        /// The time of the hand-off.
        at: Time,
    },
}

impl Rotation {
    /// Makes a rotation that hands over every day.
    #[must_use]
    pub const fn daily(at: Time) -> Self {
        Self::Days { every: NonZeroU16::MIN, at }
    }

    /// Makes a rotation that hands over every week, on the weekday of the layer's start.
    #[must_use]
    pub fn weekly(at: Time) -> Self {
        Self::Days { every: NonZeroU16::MIN.saturating_add(6), at }
    }
}

/// Those who have one turn together; never empty. The first is asked first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duty(Vec<PersonId>);

impl Duty {
    /// Puts one person on duty alone.
    #[must_use]
    pub fn alone(person: PersonId) -> Self {
        Self(vec![person])
    }

    /// Puts people on duty together; `None` when there are none.
    #[must_use]
    pub fn together(people: Vec<PersonId>) -> Option<Self> {
        if people.is_empty() { None } else { Some(Self(people)) }
    }

    /// Returns the people, first first.
    #[must_use]
    pub fn people(&self) -> &[PersonId] {
        &self.0
    }
}

/// Days by which a window may lie beside its civil date: a window runs into the next day, and the
/// largest shift of a zone's offset is one day.
pub(super) const WINDOW_SLACK_DAYS: i64 = 2;

/// A set of weekdays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Weekdays(u8);

impl Weekdays {
    /// All seven.
    pub const ALL: Self = Self(0b111_1111);

    /// Tells whether the set holds a day.
    #[must_use]
    pub fn contains(self, day: Weekday) -> bool {
        self.0 & Self::bit(day) != 0
    }

    /// Tells whether the set holds no day.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    fn bit(day: Weekday) -> u8 {
        1 << day.to_monday_zero_offset()
    }
}

impl FromIterator<Weekday> for Weekdays {
    fn from_iter<I: IntoIterator<Item = Weekday>>(days: I) -> Self {
        Self(days.into_iter().fold(0, |set, day| set | Self::bit(day)))
    }
}

/// A restriction: a stretch of the day, on some weekdays, during which a layer counts.
///
/// A window whose end is not after its beginning runs into the next day and belongs to the weekday
/// it begins on; equal times make a whole day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The weekdays it begins on.
    pub days: Weekdays,
    /// When it begins.
    pub from: Time,
    /// When it ends (not included).
    pub to: Time,
}

impl Window {
    /// Returns the beginning and end of the window that begins on `date`, if one does.
    pub(super) fn on(&self, date: Date) -> Option<(DateTime, DateTime)> {
        if !self.days.contains(date.weekday()) {
            return None;
        }
        let last = if self.to > self.from { date } else { date.tomorrow().ok()? };
        Some((date.to_datetime(self.from), last.to_datetime(self.to)))
    }

    /// Returns the end of the window that an instant lies in, by the clocks of a zone; `None`
    /// outside of it.
    #[must_use]
    pub fn ends(&self, zone: &Zone, at: Timestamp) -> Option<Timestamp> {
        let today = zone.civil(at).date();
        let near = -WINDOW_SLACK_DAYS..=WINDOW_SLACK_DAYS;
        let dates =
            near.filter_map(|days| today.checked_add(SignedDuration::from_hours(24 * days)).ok());
        let mut windows = dates.filter_map(|date| self.on(date));
        windows.find_map(|(from, to)| {
            let begun = zone.first_showing(from).is_some_and(|from| from <= at);
            let end = zone.first_showing(to).unwrap_or(Timestamp::MAX);
            (begun && at < end).then_some(end)
        })
    }
}

/// One layer of a schedule: people taking turns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    /// How turns pass.
    pub rotation: Rotation,
    /// When the first turn begins; before it the layer holds nobody.
    pub start: DateTime,
    /// Who has the turns, in order; never empty.
    pub turns: Vec<Duty>,
    /// When the layer counts at all; empty means always.
    pub windows: Vec<Window>,
}

/// What an override changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// This person alone is on call, whatever the layers say.
    Put(PersonId),
    /// One person stands in for another wherever the other would be on call.
    Replace {
        /// Who is relieved.
        out: PersonId,
        /// Who stands in.
        with: PersonId,
    },
    /// One person is off; whoever else is on call stays.
    Off(PersonId),
}

/// A temporary change of a schedule: a swap, a holiday, an illness.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    /// The first instant it holds.
    pub from: Timestamp,
    /// The first instant it no longer holds; after `from`.
    pub to: Timestamp,
    /// What it changes.
    pub change: Change,
    /// Why, for those who read the schedule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Override {
    /// Tells whether the override holds at an instant.
    #[must_use]
    pub fn holds(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.to
    }

    /// Returns the person it puts on call; none where it only relieves somebody.
    #[must_use]
    pub const fn person(&self) -> Option<&PersonId> {
        match &self.change {
            Change::Put(person) | Change::Replace { with: person, .. } => Some(person),
            Change::Off(_) => None,
        }
    }

    /// Returns the person it relieves by name.
    #[must_use]
    pub const fn off(&self) -> Option<&PersonId> {
        match &self.change {
            Change::Put(_) => None,
            Change::Replace { out: person, .. } | Change::Off(person) => Some(person),
        }
    }
}

/// A schedule: layers over each other, later ones winning, the shifts of a calendar over them, and
/// overrides over all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// The schedule's id in the configuration.
    pub id: ScheduleId,
    /// The name others read.
    pub title: Text,
    /// The zone all its civil times are in.
    pub zone: Zone,
    /// The layers, weakest first.
    pub layers: Vec<Layer>,
    /// The shifts of a calendar, where it takes them from one; over the layers.
    pub shifts: Option<Shifts>,
    /// The overrides, weakest first.
    pub overrides: Vec<Override>,
}

impl Schedule {
    /// Returns everyone who has a turn.
    #[must_use]
    pub fn people(&self) -> BTreeSet<&PersonId> {
        let turns = self.layers.iter().flat_map(|layer| &layer.turns);
        let shifts = self.shifts.iter().flat_map(Shifts::list).flat_map(|shift| &shift.who);
        turns.flat_map(Duty::people).chain(shifts).collect()
    }
}
