//! How often plans are to be drilled, and whether they were. Pure.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::playbook::Playbook;

/// How often a plan is due whose class of risk the configuration does not name.
pub const OTHERS_PER_YEAR: u8 = 1;
/// How long before its date a drill counts as due: time to arrange one.
pub const DUE_AHEAD: SignedDuration = SignedDuration::from_hours(24 * 30);
/// How long a plan that nobody has drilled yet is given from when it was first in force.
pub const FIRST_WITHIN: SignedDuration = SignedDuration::from_hours(24 * 30);
/// A year, as cadence counts it.
const YEAR: SignedDuration = SignedDuration::from_hours(24 * 365);

/// How many drills a year, by class of risk.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cadence(pub BTreeMap<String, u8>);

impl Cadence {
    /// Returns how often a plan is due in a year: by the most demanding of its classes.
    #[must_use]
    pub fn per_year(&self, playbook: &Playbook) -> u8 {
        let of_class = |class: &smol_str::SmolStr| {
            self.0.get(class.as_str()).copied().unwrap_or(OTHERS_PER_YEAR)
        };
        playbook.risks.iter().map(of_class).max().unwrap_or(OTHERS_PER_YEAR)
    }
}

/// Whether a plan was drilled as often as it is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DrillState {
    /// Drilled, and the next is not due yet.
    Done,
    /// The next is due within thirty days.
    Due,
    /// It should have taken place.
    Overdue,
    /// The configuration asks for none.
    NotRequired,
}

/// When a plan is to be drilled next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Whether it was drilled as often as it is to be.
    pub state: DrillState,
    /// By when the next drill is to have taken place; `None` where none is required.
    pub next_due_at: Option<Timestamp>,
}

/// Reckons how a plan stands. `last` is when the last drill that came to its end began, `known` when
/// the plan was first in force. The drills of a year are spread evenly: each is due so long after
/// the one before, so that two in one week are not two for the year.
#[must_use]
pub fn standing(
    per_year: u8,
    last: Option<Timestamp>,
    known: Timestamp,
    now: Timestamp,
) -> Standing {
    if per_year == 0 {
        return Standing { state: DrillState::NotRequired, next_due_at: None };
    }
    let next = match last {
        Some(last) => last.saturating_add(YEAR / i32::from(per_year)),
        None => known.saturating_add(FIRST_WITHIN),
    };
    let next = next.unwrap_or(Timestamp::MAX);
    let soon = now.saturating_add(DUE_AHEAD).unwrap_or(Timestamp::MAX);
    let state = if next <= now {
        DrillState::Overdue
    } else if last.is_none() || next <= soon {
        DrillState::Due
    } else {
        DrillState::Done
    };
    Standing { state, next_due_at: Some(next) }
}

/// Tells whether an instant lies within the year before now.
#[must_use]
pub fn is_this_year(at: Timestamp, now: Timestamp) -> bool {
    now.duration_since(at) < YEAR
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: i64) -> Timestamp {
        Timestamp::from_second(day * 86_400).unwrap()
    }

    #[test]
    fn drills_are_spread_over_the_year() {
        for (per_year, last, known, now, state, next) in [
            (2, Some(0), 0, 10, DrillState::Done, Some(182)),
            (2, Some(0), 0, 160, DrillState::Due, Some(182)),
            (2, Some(0), 0, 183, DrillState::Overdue, Some(182)),
            (1, Some(0), 0, 183, DrillState::Done, Some(365)),
            (1, None, 0, 0, DrillState::Due, Some(30)),
            (1, None, 0, 31, DrillState::Overdue, Some(30)),
            (0, None, 0, 999, DrillState::NotRequired, None),
        ] {
            let found = standing(per_year, last.map(at), at(known), at(now));
            let day = found.next_due_at.map(|at| at.as_second() / 86_400);
            assert_eq!((found.state, day), (state, next), "{per_year} {last:?} {now}");
        }
    }
}
