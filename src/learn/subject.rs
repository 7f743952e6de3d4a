//! What a finding or an action is about, where it was seen, and how real that was. Plain data.

use std::fmt;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::drill::scenario::RunAs;
use crate::id::{DrillRunId, IncidentId, ObjectiveId, RoleId, StepId};
use crate::playbook::Playbook;
use crate::text::{Lang, Text};

/// A part of a plan that can go well or badly.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// A step.
    Step(StepId),
    /// A role.
    Role(RoleId),
    /// An objective.
    Objective(ObjectiveId),
    /// A stage of a statutory clock, as `clock:stage`.
    Clock(SmolStr),
}

impl Subject {
    /// Returns its name in the plan.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Step(id) => id.as_str(),
            Self::Role(id) => id.as_str(),
            Self::Objective(id) => id.as_str(),
            Self::Clock(key) => key,
        }
    }

    /// Tells whether a plan has it.
    #[must_use]
    pub fn is_in(&self, playbook: &Playbook) -> bool {
        match self {
            Self::Step(id) => playbook.step(id).is_some(),
            Self::Role(id) => playbook.roles.contains_key(id),
            Self::Objective(id) => playbook.objectives.iter().any(|one| one.id == *id),
            Self::Clock(key) => {
                let Some((clock, stage)) = key.split_once(':') else { return false };
                let clock = playbook.clocks.iter().find(|one| one.id.as_str() == clock);
                clock.is_some_and(|one| one.stages().any(|known| known.id.as_str() == stage))
            }
        }
    }

    /// Returns the word for its kind.
    #[must_use]
    pub fn kind_word(&self, lang: Lang) -> &'static str {
        match self {
            Self::Step(_) => lang.pick("步骤", "step"),
            Self::Role(_) => lang.pick("角色", "role"),
            Self::Objective(_) => lang.pick("目标时限", "objective"),
            Self::Clock(_) => lang.pick("法定时限", "statutory clock"),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Self::Step(_) => "step",
            Self::Role(_) => "role",
            Self::Objective(_) => "objective",
            Self::Clock(_) => "clock",
        };
        write!(f, "{kind}/{}", self.name())
    }
}

/// Where something was seen.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A run of a drill.
    Run(DrillRunId),
    /// A real incident.
    Incident(IncidentId),
}

impl Source {
    /// Returns its identity as a number.
    #[must_use]
    pub const fn bits(self) -> u128 {
        match self {
            Self::Run(run) => u128::from_be_bytes(*run.as_bytes()),
            Self::Incident(incident) => u128::from_be_bytes(*incident.as_bytes()),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Run(run) => run.fmt(f),
            Self::Incident(incident) => incident.fmt(f),
        }
    }
}

/// How real a rehearsal was, the least real first.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// With modelled people, in virtual time; a shadow counts as one, since nobody is asked.
    Simulated,
    /// People answered a facilitator who moved the clock.
    Tabletop,
    /// Real people over real channels.
    Exercise,
    /// It was no rehearsal.
    Live,
}

impl How {
    /// All of them, the least real first.
    pub const ALL: [Self; 4] = [Self::Simulated, Self::Tabletop, Self::Exercise, Self::Live];

    /// Returns the stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Simulated => "simulated",
            Self::Tabletop => "tabletop",
            Self::Exercise => "exercise",
            Self::Live => "live",
        }
    }

    /// Says it in words.
    #[must_use]
    pub fn words(self) -> Text {
        match self {
            Self::Simulated => Text::both("模拟演练", "simulated drill"),
            Self::Tabletop => Text::both("桌面演练", "tabletop drill"),
            Self::Exercise => Text::both("实战演练", "exercise"),
            Self::Live => Text::both("真实事件", "real incident"),
        }
    }
}

impl From<RunAs> for How {
    fn from(run: RunAs) -> Self {
        match run {
            RunAs::Simulated | RunAs::Shadow => Self::Simulated,
            RunAs::Tabletop => Self::Tabletop,
            RunAs::Exercise => Self::Exercise,
        }
    }
}
