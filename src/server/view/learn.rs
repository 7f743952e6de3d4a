//! How findings and actions look on the wire.

use crate::learn::Kept;
use crate::learn::action::{Action, ActionState};
use crate::learn::finding::Finding;
use crate::learn::subject::{Source, Subject};
use crate::server::wire::{About, LearnedAction, LearnedFinding};

/// Shows a finding.
pub fn finding(kept: &Kept<Finding>) -> LearnedFinding {
    let one = &*kept.value;
    let (run, incident) = parts(one.source);
    LearnedFinding {
        id: one.id.to_string(),
        kind: one.kind,
        state: one.state,
        text: one.text.clone(),
        about: one.about.as_ref().map(about).unwrap_or_default(),
        playbook: one.playbook.clone(),
        playbook_version: one.playbook_hash.to_string(),
        run,
        incident,
        how: one.how,
        shown_by: one.shown_by.as_ref().map(ToString::to_string),
        at: one.at,
        by: one.by.clone(),
        decided: one.decided.clone(),
        version: kept.version,
    }
}

/// Shows an action.
pub fn action(kept: &Kept<Action>, overdue: bool) -> LearnedAction {
    let one = &*kept.value;
    let verified = match one.state {
        ActionState::Verified { by, .. } => parts(by),
        _ => (None, None),
    };
    let (run, incident) = one.seen_in.map(parts).unwrap_or_default();
    LearnedAction {
        id: one.id.to_string(),
        status: one.state.name().to_owned(),
        overdue,
        text: one.text.clone(),
        owner: one.owner.clone(),
        due: one.due,
        playbook: one.playbook.clone(),
        about: about(&one.about),
        finding: one.finding.map(|id| id.to_string()),
        run,
        incident,
        at_least: one.at_least,
        closes_when: (!one.state.is_closed()).then(|| one.what_closes_it()),
        verified_by_run: verified.0,
        verified_by_incident: verified.1,
        made_at: one.made_at,
        made_by: one.made_by.clone(),
        changes: one.changes.clone(),
        version: kept.version,
    }
}

fn parts(source: Source) -> (Option<crate::id::DrillRunId>, Option<crate::id::IncidentId>) {
    match source {
        Source::Run(run) => (Some(run), None),
        Source::Incident(incident) => (None, Some(incident)),
    }
}

fn about(subject: &Subject) -> About {
    let name = Some(subject.name().to_owned());
    match subject {
        Subject::Step(_) => About { step: name, ..About::default() },
        Subject::Role(_) => About { role: name, ..About::default() },
        Subject::Objective(_) => About { objective: name, ..About::default() },
        Subject::Clock(_) => About { clock: name, ..About::default() },
    }
}
