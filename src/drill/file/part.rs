//! Which part of the work an expectation tells of: what the file says, else what follows from the
//! names that a timeline's five times go by, too.

use crate::drill::expect::{Ask, Part, What};
use crate::drill::file::words::Plan;
use crate::id::{ObjectiveId, StepId};
use crate::playbook::diagnostic::Diagnostics;
use crate::playbook::yaml::Fields;
use crate::playbook::{Action, Moment, Promise};

/// The step that finds the cause.
const LOCATE: &str = "locate";
/// The phase in which the trouble is reported.
const REPORT: &str = "report";

/// Reads `part`.
pub(super) fn part(fields: &mut Fields<'_>, out: &mut Diagnostics) -> Option<Part> {
    let words = Part::ALL.map(|part| (part.name(), part));
    fields.take("part").and_then(|node| node.one_of(&words, out))
}

/// Returns the part where the file says nothing. What nothing is known of counts as response.
pub(super) fn usual(ask: &Ask, plan: Plan<'_>) -> Part {
    match ask {
        Ask::Seen(pattern) | Ask::Never(pattern) => of_pattern(&pattern.what, plan),
        Ask::Objective(id) => of_objective(id, plan),
        Ask::Reached(_) => Part::Communicate,
        Ask::Evaluator { .. } | Ask::Probe(_) => Part::Respond,
        Ask::Group { of, .. } => {
            let mut parts = of.iter().map(|asked| usual(&asked.ask, plan));
            let first = parts.next().unwrap_or(Part::Respond);
            if parts.all(|part| part == first) { first } else { Part::Respond }
        }
    }
}

fn of_pattern(what: &What, plan: Plan<'_>) -> Part {
    match what {
        What::Level(_) => Part::Detect,
        What::Clock(..) => Part::Comply,
        What::Noted(_) | What::Notified(_) => Part::Communicate,
        What::Step(step, _) | What::Decision(step, _) | What::Approved(step) => of_step(step, plan),
        What::PhaseEntered(phase) | What::PhaseDone(phase) if phase.as_str() == REPORT => {
            Part::Report
        }
        What::Acknowledged(_)
        | What::RoleEscalated(_)
        | What::StepEscalated(_)
        | What::PhaseEntered(_)
        | What::PhaseDone(_)
        | What::Closed => Part::Respond,
    }
}

fn of_objective(id: &ObjectiveId, plan: Plan<'_>) -> Part {
    match id.as_str() {
        "detected" => Part::Detect,
        "reported" => Part::Report,
        "responded" => Part::Respond,
        "located" => Part::Locate,
        _ => {
            let objectives = plan.0.map(|plan| plan.objectives.as_slice()).unwrap_or_default();
            let promise = objectives.iter().find(|one| one.id == *id).map(|one| &one.promise);
            match promise {
                Some(Promise::Within { to, .. }) => of_moment(to, plan),
                Some(Promise::Measure { .. }) | None => Part::Respond,
            }
        }
    }
}

fn of_moment(moment: &Moment, plan: Plan<'_>) -> Part {
    match moment {
        Moment::Detected => Part::Detect,
        Moment::Aware | Moment::Declared => Part::Report,
        Moment::Step(step, _) => of_step(step, plan),
        Moment::Closed | Moment::Phase(_) => Part::Respond,
    }
}

/// A step that submits what the law asks for is kept for the law, a message is told to someone; the
/// step `locate` finds the cause and the phase `report` is where things are reported.
fn of_step(id: &StepId, plan: Plan<'_>) -> Part {
    let Some(playbook) = plan.0 else { return Part::Respond };
    let submits = playbook.clocks.iter().any(|clock| clock.met_by.values().any(|step| step == id));
    if submits {
        return Part::Comply;
    }
    match playbook.step(id) {
        Some((_, step)) if matches!(step.action, Action::Notify(_)) => Part::Communicate,
        Some(_) if id.as_str() == LOCATE => Part::Locate,
        Some((phase, _)) if phase.id.as_str() == REPORT => Part::Report,
        _ => Part::Respond,
    }
}
