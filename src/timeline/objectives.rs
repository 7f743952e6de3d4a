//! What the plan promised, and what became of it.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::measures::recorded;
use super::names::Names;
use super::story::Story;
use crate::engine::{Fact, Incident, Status, moment};
use crate::id::ObjectiveId;
use crate::playbook::{Objective, Promise};
use crate::text::{Lang, Text};

/// An objective and how it was judged.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ObjectiveRow {
    /// Its name in the plan.
    pub id: ObjectiveId,
    /// What people call it.
    pub title: Text,
    /// How it was judged.
    pub verdict: Verdict,
    /// When it was judged.
    pub judged_at: Option<Timestamp>,
    /// When its time was or is over.
    pub due_at: Option<Timestamp>,
    /// How long it took, where it counts time and is reached.
    pub took: Option<SignedDuration>,
    /// What was measured, where it is about a number.
    pub measured: Option<f64>,
}

/// How an objective was judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Kept.
    Met,
    /// Missed, and never reached.
    Missed,
    /// Missed, but reached late.
    MetLate,
    /// Its time is not over.
    Open,
    /// The incident ended without it being judged.
    NotJudged,
}

impl Verdict {
    /// Returns the word for it.
    #[must_use]
    pub fn word(self, lang: Lang) -> &'static str {
        match self {
            Self::Met => lang.pick("达成", "met"),
            Self::Missed => lang.pick("未达成", "missed"),
            Self::MetLate => lang.pick("逾期达成", "met late"),
            Self::Open => lang.pick("进行中", "open"),
            Self::NotJudged => lang.pick("未评定", "not judged"),
        }
    }
}

/// Lists the plan's objectives in its order.
pub(super) fn objectives(story: &Story<'_>, incident: &Incident) -> Vec<ObjectiveRow> {
    let [zh, en] = Lang::ALL.map(|lang| Names::new(story, lang));
    let row = |objective: &Objective| {
        let (met_at, missed_at) = judged(story, &objective.id);
        let (due_at, reached_at, took) = times(objective, incident);
        let verdict = match (met_at, missed_at) {
            (Some(_), None) => Verdict::Met,
            (Some(met), Some(missed)) if met < missed => Verdict::Met,
            (Some(_), Some(_)) => Verdict::MetLate,
            (None, Some(_)) if reached_at.is_some() => Verdict::MetLate,
            (None, Some(_)) => Verdict::Missed,
            (None, None) => match incident.status {
                Status::Open | Status::Paused => Verdict::Open,
                Status::Closed | Status::Cancelled => Verdict::NotJudged,
            },
        };
        let measured = match &objective.promise {
            Promise::Measure { measure, .. } => incident.measures.get(measure).copied(),
            Promise::Within { .. } => None,
        };
        ObjectiveRow {
            id: objective.id.clone(),
            title: Text::both(zh.objective(&objective.id), en.objective(&objective.id)),
            verdict,
            judged_at: met_at.or(missed_at),
            due_at,
            took,
            measured,
        }
    };
    story.playbook.objectives.iter().map(row).collect()
}

/// Returns when an objective was kept and when it was missed.
fn judged(story: &Story<'_>, id: &ObjectiveId) -> (Option<Timestamp>, Option<Timestamp>) {
    let (mut met, mut missed) = (None, None);
    for event in story.events {
        match &event.fact {
            Fact::ObjectiveMet { objective } if objective == id => {
                met = Some(event.occurred_at);
            }
            Fact::ObjectiveMissed { objective } if objective == id => {
                missed = Some(event.occurred_at);
            }
            _ => {}
        }
    }
    (met, missed)
}

/// Returns when the objective's time is over, when its goal was reached, and how long that took.
fn times(
    objective: &Objective,
    incident: &Incident,
) -> (Option<Timestamp>, Option<Timestamp>, Option<SignedDuration>) {
    let Promise::Within { from, to, within } = &objective.promise else {
        return (None, None, None);
    };
    let due_at = moment(incident, from).and_then(|from| within.after(from));
    let reached_at = moment(incident, to);
    // Without a recorded beginning the engine counts from the declaration; nobody took that time.
    let took = recorded(incident, from).zip(reached_at).map(|(from, to)| to.duration_since(from));
    (due_at, reached_at, took)
}
