//! An exercise under way: what of its script is done and what comes next. Pure; `live` carries it
//! out. The record is stored after every inject, so that a restart goes on where it stopped.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::drill::cast::Dice;
use crate::drill::cue::Cue;
use crate::drill::inject::{Inject, Trigger};
use crate::drill::probe::Answered;
use crate::drill::scenario::{LENGTH_MAX, RunAs, Scenario};
use crate::drill::shadow::Shadowing;
use crate::engine::Beside;
use crate::id::{DrillId, DrillRunId, IncidentId};
use crate::notify::gate::Outage;
use crate::playbook::Condition;
use crate::text::Text;

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
    /// How long after the start those injects come that come at random, in milliseconds; by
    /// position.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub drawn: BTreeMap<usize, i64>,
    /// What came back of its probes, by their keys.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub probes: BTreeMap<SmolStr, Answered>,
    /// Where its clock stands, where somebody steps it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<Timestamp>,
    /// When firebell took it up again after it had stopped in the middle.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resumed: Vec<Timestamp>,
    /// What was found to stand in its way, where it was begun all the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub despite: Option<Text>,
    /// Nobody was told of it but those who watch over it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unannounced: bool,
    /// The numbers of live incidents it stood still for.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub gave_way: BTreeSet<u64>,
    /// When it stood still, the earliest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pauses: Vec<Pause>,
    /// How far it has followed the live incident that it goes beside, where it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beside: Option<Shadowing>,
}

/// A time in which a drill stood still.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// From when.
    pub from: Timestamp,
    /// Until when; `None` while it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Timestamp>,
}

/// What an exercise is looked at with.
#[derive(Clone, Copy)]
pub struct Look<'a> {
    /// The instant, by the clock of the exercise.
    pub now: Timestamp,
    /// Tells when something was first heard in the incident.
    pub heard: &'a dyn Fn(&Cue) -> Option<Timestamp>,
    /// Tells whether a condition holds; unknown counts as false.
    pub holds: &'a dyn Fn(&Condition) -> bool,
}

impl Look<'_> {
    /// Looks before there is an incident.
    #[must_use]
    pub fn before(now: Timestamp) -> Self {
        Self { now, heard: &|_| None, holds: &|_| false }
    }
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
        // Chance comes with the run: the same drill surprises each time anew.
        let mut seed = [0; 8];
        seed.copy_from_slice(&run.as_bytes()[8..]);
        let dice = Dice::new(u64::from_be_bytes(seed), 0);
        let draw = |(position, inject): (usize, &Inject)| match inject.trigger {
            Trigger::Within(from, to) => {
                let drawn = dice.between(position, (from, to)).as_millis();
                Some((position, i64::try_from(drawn).unwrap_or(i64::MAX)))
            }
            Trigger::At(_) | Trigger::After { .. } | Trigger::When(_) => None,
        };
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
            probes: BTreeMap::new(),
            drawn: scenario.injects.iter().enumerate().filter_map(draw).collect(),
            clock: (scenario.run == RunAs::Tabletop).then_some(now),
            resumed: Vec::new(),
            despite: None,
            unannounced: scenario.is_unannounced(),
            gave_way: BTreeSet::new(),
            pauses: Vec::new(),
            beside: None,
        }
    }

    /// Begins one that goes beside a live incident. By its own clock it begins when that was declared;
    /// what has happened since it catches up on.
    #[must_use]
    pub fn begin_beside(
        scenario: &Scenario,
        run: DrillRunId,
        (of, declared_at): (Beside, Timestamp),
        now: Timestamp,
    ) -> Self {
        Self {
            clock: Some(declared_at),
            beside: Some(Shadowing::begin(of, now)),
            ..Self::begin(scenario, run, None, declared_at)
        }
    }

    /// Returns the inject that is to happen now: the earliest by the clock, else the first whose
    /// condition holds. None does while it stands still.
    #[must_use]
    pub fn due(&self, scenario: &Scenario, look: Look<'_>) -> Option<usize> {
        if self.is_paused() {
            return None;
        }
        self.due_by(scenario, look).into_iter().next().or_else(|| {
            self.open(scenario).find(|position| match &scenario.injects[*position].trigger {
                Trigger::When(condition) => (look.holds)(condition),
                Trigger::At(_) | Trigger::Within(..) | Trigger::After { .. } => false,
            })
        })
    }

    /// Lists the injects whose time has come by the clock, the earliest first.
    #[must_use]
    pub fn due_by(&self, scenario: &Scenario, look: Look<'_>) -> Vec<usize> {
        let ahead = self.ahead(scenario, look).into_iter();
        ahead.take_while(|(at, _)| *at <= look.now).map(|(_, position)| position).collect()
    }

    /// Lists the injects whose instant is known, with it, the earliest first.
    #[must_use]
    pub fn ahead(&self, scenario: &Scenario, look: Look<'_>) -> Vec<(Timestamp, usize)> {
        let mut ahead: Vec<(Timestamp, usize)> = self
            .open(scenario)
            .filter_map(|position| Some((self.instant_of(scenario, position, look)?, position)))
            .collect();
        ahead.sort_unstable();
        ahead
    }

    fn instant_of(
        &self,
        scenario: &Scenario,
        position: usize,
        look: Look<'_>,
    ) -> Option<Timestamp> {
        match &scenario.injects[position].trigger {
            Trigger::At(offset) => self.shifted(self.started_at, *offset),
            Trigger::Within(from, _) => {
                let drawn = self.drawn.get(&position).copied().map(SignedDuration::from_millis);
                self.shifted(self.started_at, drawn.unwrap_or(*from))
            }
            Trigger::After { cue, wait } => self.shifted((look.heard)(cue)?, *wait),
            Trigger::When(_) => None,
        }
    }

    /// Returns the instant so long after another, later by what it stood still in between; `None`
    /// where it stands still before.
    fn shifted(&self, from: Timestamp, by: SignedDuration) -> Option<Timestamp> {
        let mut at = from.saturating_add(by).ok()?;
        for pause in &self.pauses {
            if pause.to.is_some_and(|to| to <= from) || pause.from >= at {
                continue;
            }
            at = at.saturating_add(pause.to?.duration_since(pause.from.max(from))).ok()?;
        }
        Some(at)
    }

    /// Returns when the script must be looked at again, at the latest.
    #[must_use]
    pub fn next_at(&self, scenario: &Scenario, look: Look<'_>) -> Timestamp {
        let over = self.over_at(scenario);
        let next = (!self.is_paused()).then(|| self.ahead(scenario, look).into_iter().next());
        next.flatten().map_or(over, |(at, _)| at.min(over))
    }

    /// Returns when the exercise has lasted long enough: as long as its drill says, without the
    /// time it stood still, and never longer than any drill.
    #[must_use]
    pub fn over_at(&self, scenario: &Scenario) -> Timestamp {
        let longest = self.forgotten_at();
        self.shifted(self.started_at, scenario.length()).map_or(longest, |at| at.min(longest))
    }

    /// Returns when it was begun by the real clock.
    #[must_use]
    pub fn joined_at(&self) -> Timestamp {
        self.beside.as_ref().map_or(self.started_at, |follows| follows.joined_at)
    }

    /// Returns when it ends by the real clock, whatever its own says.
    #[must_use]
    pub fn forgotten_at(&self) -> Timestamp {
        self.started_at.saturating_add(LENGTH_MAX).unwrap_or(Timestamp::MAX)
    }

    /// Lists the injects that have not happened, by position.
    pub fn open<'a>(&'a self, scenario: &'a Scenario) -> impl Iterator<Item = usize> + 'a {
        (0..scenario.injects.len()).filter(|position| !self.done.contains(position))
    }

    /// Tells whether it stands still.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.pauses.last().is_some_and(|pause| pause.to.is_none())
    }

    /// Lets it stand still.
    pub fn pause(&mut self, from: Timestamp) {
        if !self.is_paused() {
            self.pauses.push(Pause { from, to: None });
        }
    }

    /// Lets it go on. What is missing for a while is missing for that much longer.
    pub fn go_on(&mut self, now: Timestamp) {
        let Some(pause) = self.pauses.last_mut().filter(|pause| pause.to.is_none()) else { return };
        let (from, stood) = (pause.from, now.duration_since(pause.from));
        pause.to = Some(now);
        for outage in self.outages.iter_mut().filter(|outage| outage.until > from) {
            outage.until = outage.until.saturating_add(stood).unwrap_or(Timestamp::MAX);
        }
    }
}

#[cfg(test)]
mod tests;
