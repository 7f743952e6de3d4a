//! What the plan promised, and what became of it.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::measures::recorded;
use super::names::Names;
use super::story::Story;
use crate::engine::{Event, Fact, Incident, moment};
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

/// Lists the objectives of every plan in its order: of an earlier one as they stood when the incident
/// was handed over.
pub(super) fn objectives(story: &Story<'_>, incident: &Incident) -> Vec<ObjectiveRow> {
    let [zh, en] = Lang::ALL.map(|lang| Names::new(story, lang));
    let mut rows = Vec::new();
    let mut seen = 0;
    let stretches = story.stretches();
    let last = stretches.len().saturating_sub(1);
    for (nth, (plan, events)) in stretches.into_iter().enumerate() {
        seen += events.len();
        if let Some(event) = events.last() {
            zh.speak_of(event);
            en.speak_of(event);
        }
        // Before the hand-off itself: it makes history of the steps that promises speak of.
        let before = story.events.get(..seen.saturating_sub(1)).unwrap_or_default();
        let then = (nth < last).then(|| Incident::replay(before)).flatten();
        let open = nth == last && incident.status.is_open();
        let incident = then.as_ref().unwrap_or(incident);
        let titled = |id: &ObjectiveId| Text::both(zh.objective(id), en.objective(id));
        let told = |objective| row(objective, titled, (incident, open), events);
        rows.extend(plan.objectives.iter().map(told));
    }
    rows
}

fn row(
    objective: &Objective,
    titled: impl Fn(&ObjectiveId) -> Text,
    (incident, open): (&Incident, bool),
    events: &[Event],
) -> ObjectiveRow {
    let (met_at, missed_at) = judged(events, &objective.id);
    let (due_at, reached_at, took) = times(objective, incident);
    let verdict = match (met_at, missed_at) {
        (Some(_), None) => Verdict::Met,
        (Some(met), Some(missed)) if met < missed => Verdict::Met,
        (Some(_), Some(_)) => Verdict::MetLate,
        (None, Some(_)) if reached_at.is_some() => Verdict::MetLate,
        (None, Some(_)) => Verdict::Missed,
        (None, None) if open => Verdict::Open,
        (None, None) => Verdict::NotJudged,
    };
    let measured = match &objective.promise {
        Promise::Measure { measure, .. } => incident.measures.get(measure).copied(),
        Promise::Within { .. } => None,
    };
    ObjectiveRow {
        id: objective.id.clone(),
        title: titled(&objective.id),
        verdict,
        judged_at: met_at.or(missed_at),
        due_at,
        took,
        measured,
    }
}

/// Returns when an objective was kept and when it was missed.
fn judged(events: &[Event], id: &ObjectiveId) -> (Option<Timestamp>, Option<Timestamp>) {
    let (mut met, mut missed) = (None, None);
    for event in events {
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
