//! Changes of shift: where the people on call are followed by others. What lies between two shifts,
//! a night or a weekend with nobody on call, belongs to one change. Pure.

use jiff::{SignedDuration, Timestamp};

use crate::id::PersonId;

use super::schedule::Schedule;

/// How far back the holders before a gap are looked for: over a week, so that whoever has every
/// Monday is found before the next.
const LOOK_BACK: SignedDuration = SignedDuration::from_hours(24 * 9);

/// How far ahead the next change is looked for: near first, since most shifts are short.
const LOOKS_AHEAD: [SignedDuration; 3] =
    [SignedDuration::from_hours(24 * 9), SignedDuration::from_hours(24 * 62), super::rota::HORIZON];

/// One change of shift.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relief {
    /// When those before go: earlier than `at` where nobody is on call in between.
    pub ends: Timestamp,
    /// When those after come.
    pub at: Timestamp,
    /// Who was on call before; empty where nobody was for long.
    pub from: Vec<PersonId>,
    /// Who is on call after; never empty.
    pub to: Vec<PersonId>,
}

impl Relief {
    /// Lists those who go.
    pub fn going(&self) -> impl Iterator<Item = &PersonId> {
        self.from.iter().filter(|person| !self.to.contains(person))
    }

    /// Lists those who come.
    pub fn coming(&self) -> impl Iterator<Item = &PersonId> {
        self.to.iter().filter(|person| !self.from.contains(person))
    }
}

impl Schedule {
    /// Lists the changes of shift in `(after, until]` at which somebody comes, in order.
    #[must_use]
    pub fn reliefs(&self, after: Timestamp, until: Timestamp) -> Vec<Relief> {
        let begin = after.saturating_sub(LOOK_BACK).unwrap_or(Timestamp::MIN);
        let end = until.saturating_add(SignedDuration::from_micros(1)).unwrap_or(Timestamp::MAX);
        let (mut reliefs, mut ends) = (Vec::new(), begin);
        let mut before: Vec<PersonId> = Vec::new();
        for segment in self.segments(begin, end).into_iter().filter(|s| !s.who.is_empty()) {
            let ended = std::mem::replace(&mut ends, segment.to);
            let from = std::mem::replace(&mut before, segment.who.clone());
            let ends = if from.is_empty() { segment.from } else { ended };
            let relief = Relief { ends, at: segment.from, from, to: segment.who };
            if relief.at > after && relief.coming().next().is_some() {
                reliefs.push(relief);
            }
        }
        reliefs
    }

    /// Finds the first change of shift after an instant.
    #[must_use]
    pub fn next_relief(&self, after: Timestamp) -> Option<Relief> {
        LOOKS_AHEAD.iter().find_map(|look| {
            let until = after.saturating_add(*look).unwrap_or(Timestamp::MAX);
            self.reliefs(after, until).into_iter().next()
        })
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU16;

    use jiff::civil::{Time, Weekday, date, time};

    use super::*;
    use crate::people::{Change, Duty, Layer, Override, Rotation, Window, Zone};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn roster(turns: &[&[&str]]) -> Schedule {
        let duty = |who: &&[&str]| {
            Duty::together(who.iter().map(|id| PersonId::new(*id)).collect()).unwrap()
        };
        Schedule {
            id: "days".into(),
            title: "days".into(),
            zone: Zone::utc(),
            layers: vec![Layer {
                rotation: Rotation::Days { every: NonZeroU16::MIN, at: time(9, 0, 0, 0) },
                start: date(2026, 11, 2).at(9, 0, 0, 0),
                turns: turns.iter().map(duty).collect(),
                windows: Vec::new(),
            }],
            shifts: None,
            overrides: Vec::new(),
        }
    }

    fn shown(roster: &Schedule, from: &str, to: &str) -> Vec<String> {
        let join =
            |people: &[PersonId]| people.iter().map(PersonId::as_str).collect::<Vec<_>>().join("+");
        let reliefs = roster.reliefs(at(from), at(to));
        let row = |r: &Relief| format!("{} {}>{} {}", r.ends, join(&r.from), join(&r.to), r.at);
        reliefs.iter().map(row).collect()
    }

    #[test]
    fn a_change_is_where_somebody_comes_and_not_where_the_same_people_stay() {
        let days = roster(&[&["a"], &["a"], &["b"], &["b", "c"], &["c"]]);
        assert_eq!(
            shown(&days, "2026-11-02T09:00:00Z", "2026-11-07T09:00:00Z"),
            [
                "2026-11-04T09:00:00Z a>b 2026-11-04T09:00:00Z",
                "2026-11-05T09:00:00Z b>b+c 2026-11-05T09:00:00Z",
                "2026-11-07T09:00:00Z c>a 2026-11-07T09:00:00Z",
            ]
        );
        assert_eq!(roster(&[&["a"]]).next_relief(at("2026-11-03T09:00:00Z")), None);
    }

    #[test]
    fn a_gap_belongs_to_the_change_and_an_override_moves_it() {
        let mut days = roster(&[&["a"], &["b"]]);
        let weekdays = (0..5).map(|n| Weekday::from_monday_zero_offset(n).unwrap()).collect();
        days.layers[0].rotation = Rotation::weekly(Time::midnight());
        days.layers[0].windows =
            vec![Window { days: weekdays, from: time(9, 0, 0, 0), to: time(18, 0, 0, 0) }];
        let week = ("2026-11-03T00:00:00Z", "2026-11-10T00:00:00Z");
        let over_the_weekend = ["2026-11-06T18:00:00Z a>b 2026-11-09T09:00:00Z"];
        assert_eq!(shown(&days, week.0, week.1), over_the_weekend, "no change every night");
        days.overrides.push(Override {
            from: at("2026-11-06T18:00:00Z"),
            to: at("2026-11-06T20:00:00Z"),
            change: Change::Put("a".into()),
            note: None,
        });
        let moved = ["2026-11-06T20:00:00Z a>b 2026-11-09T09:00:00Z"];
        assert_eq!(shown(&days, week.0, week.1), moved);
    }
}
