//! What a reader wants to see of an incident: its steps with what may be done now, its objectives
//! with the time they have left. Computed, never kept.

use std::borrow::Cow;

use jiff::Timestamp;

use super::incident::{Incident, ObjectiveState};
use super::moment::moment;
use super::run::{Run, RunKey};
use super::transition::{ActName, allowed_acts};
use crate::playbook::{Objective, Phase, Playbook, Promise, Step};

/// A run as people see it.
#[derive(Debug, Clone)]
pub struct StepView<'a> {
    /// The phase as the plan has it.
    pub phase: &'a Phase,
    /// The step as the plan has it.
    pub step: &'a Step,
    /// The current run; made up for a step of the current phase that waits unopened.
    pub run: Cow<'a, Run>,
    /// What may be done with it now.
    pub allowed: Vec<ActName>,
}

/// Lists the current run of every step that has been opened or waits in the current phase, in the
/// order of the plan; the items of a for-each follow their step.
#[must_use]
pub fn steps<'a>(playbook: &'a Playbook, incident: &'a Incident) -> Vec<StepView<'a>> {
    let mut views = Vec::new();
    for phase in &playbook.phases {
        let here = phase.id == incident.phase && incident.status.is_open();
        for step in phase.every_step() {
            let here = here && !playbook.is_compensation(&step.id);
            let record = incident.steps.get(&step.id);
            let run = match record {
                Some(record) if !here || record.run.visit == incident.visit => {
                    Cow::Borrowed(&record.run)
                }
                _ if here => {
                    Cow::Owned(Run::waiting(RunKey::first(incident.visit, step.id.clone())))
                }
                _ => continue,
            };
            let current = matches!(run, Cow::Borrowed(_));
            views.push(view(incident, phase, step, run));
            for item in record.filter(|_| current).into_iter().flat_map(|record| &record.items) {
                views.push(view(incident, phase, step, Cow::Borrowed(item)));
            }
        }
    }
    views
}

fn view<'a>(
    incident: &Incident,
    phase: &'a Phase,
    step: &'a Step,
    run: Cow<'a, Run>,
) -> StepView<'a> {
    let allowed = allowed_acts(incident, step, &run);
    StepView { phase, step, run, allowed }
}

/// How an objective stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ObjectiveStanding {
    /// Its time has not begun, or its number was not measured.
    Pending,
    /// Its time runs.
    Running,
    /// It was kept.
    Met,
    /// It was missed.
    Missed,
}

impl ObjectiveStanding {
    /// Returns the stable name: `pending`, `running`, `met`, `missed`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Met => "met",
            Self::Missed => "missed",
        }
    }
}

/// An objective as people see it.
#[derive(Debug, Clone)]
pub struct ObjectiveView<'a> {
    /// The objective as the plan has it.
    pub objective: &'a Objective,
    /// How it stands.
    pub standing: ObjectiveStanding,
    /// When the moment it waits for was reached, late or not; when its number was judged.
    pub at: Option<Timestamp>,
    /// By when it must be reached.
    pub due_at: Option<Timestamp>,
}

/// Lists every objective of the plan in its order.
#[must_use]
pub fn objectives<'a>(playbook: &'a Playbook, incident: &Incident) -> Vec<ObjectiveView<'a>> {
    playbook.objectives.iter().map(|objective| objective_view(objective, incident)).collect()
}

fn objective_view<'a>(objective: &'a Objective, incident: &Incident) -> ObjectiveView<'a> {
    let judged = incident.objectives.get(&objective.id).copied();
    let (reached, due_at) = match &objective.promise {
        Promise::Within { from, to, within } => {
            let due_at = moment(incident, from).and_then(|from| within.after(from));
            (moment(incident, to), due_at)
        }
        Promise::Measure { .. } => (None, None),
    };
    let (standing, judged_at) = match judged {
        Some(ObjectiveState::Met(at)) => (ObjectiveStanding::Met, Some(at)),
        // A miss is dated by what came late, where anything came.
        Some(ObjectiveState::Missed(_)) => (ObjectiveStanding::Missed, None),
        None if due_at.is_some() && incident.status.is_open() => (ObjectiveStanding::Running, None),
        None => (ObjectiveStanding::Pending, None),
    };
    let at = match standing {
        ObjectiveStanding::Met | ObjectiveStanding::Missed => reached.or(judged_at),
        ObjectiveStanding::Pending | ObjectiveStanding::Running => None,
    };
    ObjectiveView { objective, standing, at, due_at }
}
