//! A cast made of what people really did: how soon they answered and how long they worked, read out
//! of the journals of incidents and exercises.
//!
//! `gather` reads journals, `fit` makes a distribution of times of which some were not waited out,
//! `cast` writes what a drill's file takes. Pure; it must not know where journals are kept.

pub mod cast;
pub mod fit;
pub mod gather;

use serde::{Deserialize, Serialize};

use crate::drill::study::estimate::Share;
use crate::id::{PlaybookId, RoleId, StepId};
use crate::playbook::Playbook;
use fit::{Lognormal, Wait, quantile};
use gather::Times;

/// The fewest answers that a median is made of: of five, the median lies between the least and the
/// greatest in fifteen of sixteen cases.
pub const MEDIAN_LEAST: u64 = 5;
/// The fewest answers that a 90th percentile is made of: of twenty, two are expected beyond it.
pub const P90_LEAST: u64 = 20;
/// The most incidents of which times are taken, the latest first: what was years ago says little.
pub const INCIDENTS_MAX: usize = 2_000;

/// What the past says of the people of one plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// The plan.
    pub playbook: PlaybookId,
    /// How many incidents and exercises it is made of.
    pub incidents: u64,
    /// All roles together.
    pub answers: Answers,
    /// All steps together.
    pub work: Found,
    /// Each role that was ever asked for.
    pub roles: Vec<RoleRow>,
    /// Each step that was ever begun.
    pub steps: Vec<StepRow>,
}

/// How soon people answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answers {
    /// How long answers take.
    pub found: Found,
    /// Pages that ran out, of those that were answered or ran out.
    pub ran_out: Share,
    /// The share of pages that are never answered, however long one waits; `None` of too few.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_show: Option<f64>,
}

/// What times show.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// How many came.
    pub came: u64,
    /// How many were not waited out.
    pub censored: u64,
    /// The median in seconds; `None` of too few.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub median: Option<u64>,
    /// The 90th percentile in seconds; `None` of too few.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p90: Option<u64>,
    /// The median without supposing a shape, to hold the other against; of pages it counts those
    /// that are never answered, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plain_median: Option<u64>,
}

/// One role.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RoleRow {
    /// The role.
    pub role: RoleId,
    /// How soon people answer who are asked to take it.
    pub answers: Answers,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepRow {
    /// The step.
    pub step: StepId,
    /// How long it is worked on.
    pub work: Found,
}

/// Makes a cast of what was gathered. Roles and steps that the plan has no longer are left out, and so
/// are steps that nobody works on.
#[must_use]
pub fn calibrate(playbook: &Playbook, times: &Times) -> Calibration {
    let known = |role: &&RoleId| playbook.roles.contains_key(*role);
    let roles: Vec<&RoleId> = times.answers.keys().filter(known).collect();
    let worked =
        |step: &&StepId| playbook.step(step).is_some_and(|(_, step)| step.action.is_human());
    let steps: Vec<&StepId> = times.work.keys().filter(worked).collect();
    let ran_out = |role: &RoleId| times.ran_out.get(role).copied().unwrap_or(0);
    let all: Vec<Wait> = roles.iter().flat_map(|role| &times.answers[*role]).copied().collect();
    let work: Vec<Wait> = steps.iter().flat_map(|step| &times.work[*step]).copied().collect();
    Calibration {
        playbook: playbook.id.clone(),
        incidents: times.incidents,
        answers: answers(&all, roles.iter().map(|role| ran_out(role)).sum()),
        work: found(&work, Lognormal::of(&work, false)),
        roles: roles
            .iter()
            .map(|role| RoleRow {
                role: (*role).clone(),
                answers: answers(&times.answers[*role], ran_out(role)),
            })
            .collect(),
        steps: steps
            .iter()
            .map(|step| {
                let waits = &times.work[*step];
                let work = found(waits, Lognormal::of(waits, false));
                StepRow { step: (*step).clone(), work }
            })
            .collect(),
    }
}

fn answers(waits: &[Wait], ran_out: u64) -> Answers {
    let came = waits.iter().filter(|wait| wait.came).count() as u64;
    // Few answers do not tell those who never come from those who are slow.
    let tells = came >= P90_LEAST;
    let fitted = Lognormal::of(waits, tells);
    Answers {
        found: found(waits, fitted),
        ran_out: Share::of(ran_out, ran_out + came),
        no_show: fitted.filter(|_| tells).map(|fitted| fitted.never),
    }
}

fn found(waits: &[Wait], fitted: Option<Lognormal>) -> Found {
    let came = waits.iter().filter(|wait| wait.came).count() as u64;
    let whole = |seconds: f64| seconds.round().max(1.0) as u64;
    Found {
        came,
        censored: waits.len() as u64 - came,
        median: fitted.filter(|_| came >= MEDIAN_LEAST).map(|fitted| whole(fitted.median())),
        p90: fitted.filter(|_| came >= P90_LEAST).map(|fitted| whole(fitted.p90())),
        plain_median: quantile(waits, 0.5).filter(|_| came >= MEDIAN_LEAST),
    }
}

#[cfg(test)]
mod tests;
