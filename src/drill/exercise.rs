//! An exercise under way: what of its script is done and what comes next. Pure; `live` carries it
//! out. The record is stored after every inject, so that a restart goes on where it stopped.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::drill::inject::Trigger;
use crate::drill::scenario::{LENGTH_MAX, Scenario};
use crate::id::{DrillId, DrillRunId, IncidentId};
use crate::notify::gate::Outage;
use crate::playbook::Condition;

/// The version of the stored form; fields are added, never changed.
pub const EXERCISE_FORMAT: u8 = 1;

/// An exercise under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exercise {
    /// The version of this form.
    pub format: u8,
    /// The run.
    pub run: DrillRunId,
    /// The drill.
    pub drill: DrillId,
    /// The drill's file as it was when it began: a later edit does not change a running exercise.
    pub source: String,
    /// Its incident, once it is declared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<IncidentId>,
    /// The instant it was planned for, of a scheduled run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned_at: Option<Timestamp>,
    /// When it began.
    pub started_at: Timestamp,
    /// Injects that have happened, by position.
    #[serde(default)]
    pub done: BTreeSet<usize>,
    /// What its messages do without for a while.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outages: Vec<Outage>,
}

impl Exercise {
    /// Begins an exercise. The alert that is its cause counts as done: it comes with the
    /// declaration.
    #[must_use]
    pub fn begin(
        scenario: &Scenario,
        run: DrillRunId,
        planned_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Self {
        Self {
            format: EXERCISE_FORMAT,
            run,
            drill: scenario.id.clone(),
            source: scenario.source.clone(),
            incident: None,
            planned_at,
            started_at: now,
            done: scenario.starter().map(|(position, _)| position).into_iter().collect(),
            outages: Vec::new(),
        }
    }

    /// Returns the inject that is to happen now: the earliest by the clock, else the first whose
    /// condition holds.
    #[must_use]
    pub fn due(
        &self,
        scenario: &Scenario,
        now: Timestamp,
        holds: &dyn Fn(&Condition) -> bool,
    ) -> Option<usize> {
        self.due_by(scenario, now).into_iter().next().or_else(|| {
            self.open(scenario).find(|position| match &scenario.injects[*position].trigger {
                Trigger::When(condition) => holds(condition),
                Trigger::At(_) => false,
            })
        })
    }

    /// Lists the injects whose time has come by the clock, the earliest first.
    #[must_use]
    pub fn due_by(&self, scenario: &Scenario, now: Timestamp) -> Vec<usize> {
        let mut due: Vec<(Timestamp, usize)> =
            self.timed(scenario).filter(|(at, _)| *at <= now).collect();
        due.sort_unstable();
        due.into_iter().map(|(_, position)| position).collect()
    }

    /// Returns when the script must be looked at again, at the latest.
    #[must_use]
    pub fn next_at(&self, scenario: &Scenario) -> Timestamp {
        let over = self.over_at();
        self.timed(scenario).map(|(at, _)| at).min().unwrap_or(over).min(over)
    }

    /// Returns when the exercise has lasted too long.
    #[must_use]
    pub fn over_at(&self) -> Timestamp {
        self.started_at.saturating_add(LENGTH_MAX).unwrap_or(Timestamp::MAX)
    }

    /// Lists the injects that have not happened, by position.
    pub fn open<'a>(&'a self, scenario: &'a Scenario) -> impl Iterator<Item = usize> + 'a {
        (0..scenario.injects.len()).filter(|position| !self.done.contains(position))
    }

    fn timed<'a>(
        &'a self,
        scenario: &'a Scenario,
    ) -> impl Iterator<Item = (Timestamp, usize)> + 'a {
        self.open(scenario).filter_map(|position| match scenario.injects[position].trigger {
            Trigger::At(offset) => Some((self.started_at.saturating_add(offset).ok()?, position)),
            Trigger::When(_) => None,
        })
    }
}
