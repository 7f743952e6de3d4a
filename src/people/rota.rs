//! Reading a roster: who is on call at an instant, and how that changes over a stretch of time.
//!
//! At any instant a calendar's shifts decide, else the last layer that has someone on duty; then the
//! overrides that hold are applied in order, so a later one wins. What changes can only change at an
//! *edge*: a hand-off, a shift's, window's or override's beginning or end. Previews evaluate at the
//! edges alone.

use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::id::PersonId;

use super::schedule::{Change, Layer, Override, Rotation, Schedule, WINDOW_SLACK_DAYS};
use super::zone::Zone;

/// How far ahead a preview looks: a little over a year, so that every yearly pattern shows once.
pub const HORIZON: SignedDuration = SignedDuration::from_hours(24 * 400);

/// The first stretch in which the next change is looked for; doubled until one is found.
const FIRST_LOOK: SignedDuration = SignedDuration::from_hours(24 * 2);

/// What put someone on call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// No layer has anybody on duty.
    Nobody,
    /// The layer with this index.
    Layer(usize),
    /// A shift of the calendar.
    Shift,
    /// The override with this index.
    Override(usize),
}

/// A stretch of time during which the same people are on call for the same reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Segment {
    /// The first instant.
    pub from: Timestamp,
    /// The first instant after it.
    pub to: Timestamp,
    /// Who is on call, first first; empty is a gap.
    pub who: Vec<PersonId>,
    /// What put them on call.
    pub by: Why,
}

impl Schedule {
    /// Returns who is on call at an instant, first first; empty where the roster has a gap.
    #[must_use]
    pub fn on_call(&self, at: Timestamp) -> Vec<PersonId> {
        self.read(at).0
    }

    /// Returns who is on call at an instant, and what put them there.
    #[must_use]
    pub fn read(&self, at: Timestamp) -> (Vec<PersonId>, Why) {
        let shift = self.shifts.as_ref().map(|shifts| shifts.at(at)).unwrap_or_default();
        let by_layer = self.layers.iter().enumerate().rev();
        let layer =
            || by_layer.filter_map(|(i, layer)| Some((layer.on_duty(&self.zone, at)?, i))).next();
        let (mut who, mut by) = if shift.is_empty() {
            layer().map_or((Vec::new(), Why::Nobody), |(people, index)| {
                (people.to_vec(), Why::Layer(index))
            })
        } else {
            (shift, Why::Shift)
        };
        for (index, over) in self.overrides.iter().enumerate().filter(|(_, o)| o.holds(at)) {
            if over.apply(&mut who) {
                by = Why::Override(index);
            }
        }
        (who, by)
    }

    /// Cuts `[from, to)` into stretches of equal answers, in order and without holes.
    ///
    /// At most [`HORIZON`] is looked at; the last segment ends there.
    #[must_use]
    pub fn segments(&self, from: Timestamp, to: Timestamp) -> Vec<Segment> {
        let to = to.min(from.saturating_add(HORIZON).unwrap_or(Timestamp::MAX));
        let mut segments: Vec<Segment> = Vec::new();
        if from >= to {
            return segments;
        }
        for start in self.edges(from, to) {
            let (who, by) = self.read(start);
            match segments.last_mut() {
                Some(last) if last.who == who && last.by == by => {}
                last => {
                    if let Some(last) = last {
                        last.to = start;
                    }
                    segments.push(Segment { from: start, to, who, by });
                }
            }
        }
        segments
    }

    /// Returns the stretches of `[from, to)` during which nobody is on call.
    #[must_use]
    pub fn gaps(&self, from: Timestamp, to: Timestamp) -> Vec<Segment> {
        self.segments(from, to).into_iter().filter(|s| s.who.is_empty()).collect()
    }

    /// Returns the first instant after `after` at which other people are on call; `None` when that
    /// does not happen within [`HORIZON`].
    #[must_use]
    pub fn next_change(&self, after: Timestamp) -> Option<Timestamp> {
        let mut look = FIRST_LOOK;
        loop {
            let end = after.saturating_add(look.min(HORIZON)).unwrap_or(Timestamp::MAX);
            let segments = self.segments(after, end);
            let now = &segments.first()?.who;
            if let Some(change) = segments.iter().find(|s| s.who != *now) {
                return Some(change.from);
            }
            if look >= HORIZON {
                return None;
            }
            look = look.saturating_add(look);
        }
    }

    /// Returns `from` and every instant in `(from, to)` at which the answer may change.
    fn edges(&self, from: Timestamp, to: Timestamp) -> Vec<Timestamp> {
        let mut edges = vec![from];
        for layer in &self.layers {
            layer.hand_offs(&self.zone, from, to, &mut edges);
            layer.window_edges(&self.zone, from, to, &mut edges);
        }
        edges.extend(self.shifts.iter().flat_map(|shifts| shifts.edges(from, to)));
        for over in &self.overrides {
            edges.extend([over.from, over.to]);
        }
        edges.retain(|edge| from <= *edge && *edge < to);
        edges.sort_unstable();
        edges.dedup();
        edges
    }
}

impl Override {
    /// Changes who is on call; tells whether it did.
    fn apply(&self, who: &mut Vec<PersonId>) -> bool {
        match &self.change {
            Change::Put(person) => {
                *who = vec![person.clone()];
                true
            }
            Change::Replace { out, with } => {
                let Some(place) = who.iter().position(|person| person == out) else {
                    return false;
                };
                who[place] = with.clone();
                let mut seen = Vec::new();
                who.retain(|person| {
                    let new = !seen.contains(person);
                    seen.push(person.clone());
                    new
                });
                true
            }
            Change::Off(person) => {
                let before = who.len();
                who.retain(|other| other != person);
                who.len() < before
            }
        }
    }
}

impl Layer {
    /// Returns who this layer has on duty at an instant.
    fn on_duty(&self, zone: &Zone, at: Timestamp) -> Option<&[PersonId]> {
        if !self.counts(zone, at) {
            return None;
        }
        let turn = self.turn(zone, at)?;
        let index = usize::try_from(turn).ok()?.checked_rem(self.turns.len())?;
        Some(self.turns[index].people())
    }

    /// Tells whether the restrictions let the layer count at an instant.
    fn counts(&self, zone: &Zone, at: Timestamp) -> bool {
        self.windows.is_empty() || self.windows.iter().any(|window| window.ends(zone, at).is_some())
    }

    /// Returns the number of the turn that runs at an instant; `None` before the layer starts.
    fn turn(&self, zone: &Zone, at: Timestamp) -> Option<i64> {
        if zone.first_showing(self.start)? > at {
            return None;
        }
        let mut turn = self.turn_by_wall_clock(zone.civil(at)).max(0);
        // The wall clock may have been put back since the turn began, or stood in a gap: correct
        // the estimate by what the hand-offs really are.
        while self.hand_off(zone, turn + 1).is_some_and(|next| next <= at) {
            turn += 1;
        }
        while turn > 0 && self.hand_off(zone, turn).is_none_or(|this| this > at) {
            turn -= 1;
        }
        Some(turn)
    }

    /// Estimates a turn's number from civil time alone.
    fn turn_by_wall_clock(&self, now: DateTime) -> i64 {
        match self.rotation {
            Rotation::Hours(every) => {
                now.duration_since(self.start).as_hours().div_euclid(i64::from(every.get()))
            }
            Rotation::Days { every, .. } => {
                let midnight = DateTime::from_parts;
                let days = midnight(now.date(), jiff::civil::Time::midnight())
                    .duration_since(midnight(self.start.date(), jiff::civil::Time::midnight()))
                    .as_hours()
                    / 24;
                days.div_euclid(i64::from(every.get()))
            }
        }
    }

    /// Returns the instant at which a turn begins; `None` beyond the calendar's end.
    fn hand_off(&self, zone: &Zone, turn: i64) -> Option<Timestamp> {
        if turn <= 0 {
            return zone.first_showing(self.start);
        }
        let civil = match self.rotation {
            Rotation::Hours(every) => {
                let hours = turn.checked_mul(i64::from(every.get()))?;
                self.start.checked_add(SignedDuration::from_hours(hours)).ok()?
            }
            Rotation::Days { every, at } => {
                let hours = turn.checked_mul(i64::from(every.get()))?.checked_mul(24)?;
                let date = self.start.date();
                date.checked_add(SignedDuration::from_hours(hours)).ok()?.to_datetime(at)
            }
        };
        zone.first_showing(civil)
    }

    /// Adds the beginnings of the turns that begin in `[from, to)`.
    fn hand_offs(&self, zone: &Zone, from: Timestamp, to: Timestamp, edges: &mut Vec<Timestamp>) {
        edges.extend(zone.first_showing(self.start));
        if self.turns.len() < 2 {
            return;
        }
        let mut turn = self.turn(zone, from).unwrap_or(0);
        while let Some(next) = self.hand_off(zone, turn + 1).filter(|next| *next < to) {
            edges.push(next);
            turn += 1;
        }
    }

    /// Adds the beginnings and ends of the windows that touch `[from, to)`.
    fn window_edges(
        &self,
        zone: &Zone,
        from: Timestamp,
        to: Timestamp,
        edges: &mut Vec<Timestamp>,
    ) {
        if self.windows.is_empty() {
            return;
        }
        let slack = SignedDuration::from_hours(24 * WINDOW_SLACK_DAYS);
        let mut date = zone.civil(from).date().saturating_sub(slack);
        let last = zone.civil(to).date().saturating_add(slack);
        while date <= last {
            for (begin, end) in self.windows.iter().filter_map(|window| window.on(date)) {
                edges.extend(zone.first_showing(begin));
                edges.extend(zone.first_showing(end));
            }
            let Ok(next) = date.tomorrow() else { return };
            date = next;
        }
    }
}

#[cfg(test)]
mod tests;
