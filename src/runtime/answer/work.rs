//! Working on a step by a link: what its page says and offers, and what a press does. The link names
//! the run, so that a late press never completes the next iteration.

use std::sync::Arc;

use super::{About, NoQuestion, Press, Question};
use crate::engine::{
    ActName, Command, Incident, Purpose, RunKey, StepAct, StepRef, StepState, allowed_acts,
};
use crate::id::IncidentId;
use crate::people::Person;
use crate::playbook::{Action, Evidence, Playbook, Step};
use crate::runtime::service::Inner;
use crate::runtime::{Caller, CommitOptions};
use crate::text::Lang;

/// How many steps of one message have a link: what follows is seen in the incident.
const STEPS_MAX: usize = 4;

/// Tells whether a message asks its reader to work on runs of steps.
pub(super) fn names_runs(purpose: &Purpose) -> bool {
    !keys_of(purpose).is_empty()
}

/// Lists the runs that a message asks its reader to work on, with a name for each.
pub(super) fn runs_of(purpose: &Purpose, playbook: &Playbook, lang: Lang) -> Vec<(RunKey, String)> {
    let named = |key: &RunKey| {
        let title = playbook.step_title(&key.step);
        let title = title.get(lang);
        (key.clone(), lang.pick(format!("处理“{title}”"), format!("Work on “{title}”")))
    };
    keys_of(purpose).into_iter().take(STEPS_MAX).map(named).collect()
}

fn keys_of(purpose: &Purpose) -> Vec<&RunKey> {
    match purpose {
        Purpose::StepReady { key, also } => std::iter::once(key).chain(also).collect(),
        Purpose::StepWarning { key } | Purpose::StepOverdue { key } => vec![key],
        _ => Vec::new(),
    }
}

/// Lists what may be pressed: never what would need more than a press.
fn presses(incident: &Incident, step: &Step, key: &RunKey) -> Vec<Press> {
    let Some(run) = incident.run_of(key) else { return Vec::new() };
    let simple = match &step.action {
        Action::Manual(manual) => {
            manual.form.values().all(|field| !field.required)
                && manual.evidence == Evidence::Optional
                && manual.measure.is_none()
                && manual.open_items(&run.checked).is_empty()
        }
        _ => false,
    };
    let acts = allowed_acts(incident, step, run);
    let offered = [
        (Press::Start, ActName::Start, run.state == StepState::Ready),
        (Press::Complete, ActName::Complete, simple),
        (Press::Cannot, ActName::Fail, true),
    ];
    let may = |(_, act, wanted): &(Press, ActName, bool)| *wanted && acts.contains(act);
    offered.into_iter().filter(may).map(|(press, ..)| press).collect()
}

impl Inner {
    /// Reads how a run stands, for its page.
    pub(super) async fn work_question(
        self: &Arc<Self>,
        person: &Person,
        incident: IncidentId,
        key: &RunKey,
    ) -> Result<Question, NoQuestion> {
        let now = self.current(incident).await?;
        let (incident, playbook) = (&now.incident, &now.playbook);
        let (_, step) = playbook.step(&key.step).ok_or(NoQuestion::Over)?;
        let run = incident.run_of(key).ok_or(NoQuestion::Over)?;
        let about = About::Step {
            number: incident.number,
            title: incident.title.to_string(),
            step: playbook.step_title(&key.step),
            state: run.state.clone(),
            overdue: run.overdue,
        };
        let presses = presses(incident, step, key);
        let question = self.asked(person, about, presses);
        Ok(Question {
            until: run.due_at,
            asks: self.who_asks(incident, playbook),
            drill: incident.mode != crate::engine::Mode::Live,
            done: run.state.is_settled(),
            ..question
        })
    }

    /// Does what was pressed on a run; what the engine refuses it says in its own words.
    pub(super) async fn work(
        self: &Arc<Self>,
        caller: &Caller,
        incident: IncidentId,
        key: &RunKey,
        (press, reason): (Press, Option<&str>),
    ) -> Result<(), NoQuestion> {
        let act = match press {
            Press::Start => StepAct::Start,
            Press::Complete => StepAct::Complete {
                form: serde_json::Map::new(),
                evidence: Vec::new(),
                measure: None,
                note: None,
            },
            Press::Cannot => StepAct::Fail { reason: reason.unwrap_or(NO_REASON).to_owned() },
            Press::Accept | Press::Decline => return Err(NoQuestion::Over),
        };
        let step = StepRef { step: key.step.clone(), item: key.item, key: Some(key.to_string()) };
        let command = Command::Step { step, act };
        self.execute(caller, incident, command, CommitOptions::default()).await?;
        Ok(())
    }
}

/// What is recorded where somebody who cannot do a step gives no reason.
const NO_REASON: &str = "做不了（未写明原因） / cannot do it (no reason given)";
