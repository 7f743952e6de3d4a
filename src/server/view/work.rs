//! What a person should do now: a reading of the incident with their eyes, pure. It offers what the
//! engine allows; the engine alone decides.

use smol_str::SmolStr;

use super::form::form;
use super::personal::Sight;
use super::step::holder;
use crate::engine::{ActName, Incident, Run, StepState, Tenure, allowed_acts};
use crate::id::{PersonId, VarId};
use crate::people::Directory;
use crate::playbook::{Action, Approve, Approver, CheckItem, Evidence, Playbook, Step};
use crate::server::wire::{ChecklistItem, FormField, Work};

/// Lists a person's open work: first roles to acknowledge, then steps, overdue and near ones
/// first, then what only the commander sees.
#[must_use]
pub fn work(
    playbook: &Playbook,
    incident: &Incident,
    directory: &Directory,
    person: &PersonId,
    sight: &Sight,
) -> Vec<Work> {
    if !incident.status.is_open() {
        return Vec::new();
    }
    let mut list: Vec<Work> = roles(playbook, incident, person).collect();
    let mut steps: Vec<(bool, Option<jiff::Timestamp>, Work)> =
        steps(playbook, incident, directory, person, sight).collect();
    steps.sort_by_key(|(overdue, due_at, _)| (!overdue, due_at.is_none(), *due_at));
    list.extend(steps.into_iter().map(|(.., work)| work));
    let commands = playbook.commander().is_some_and(|role| incident.holder(role) == Some(person));
    if commands {
        list.extend(command(incident));
    }
    list
}

fn words(words: &[&'static str]) -> Vec<SmolStr> {
    words.iter().copied().map(SmolStr::new_static).collect()
}

fn roles<'a>(
    playbook: &'a Playbook,
    incident: &'a Incident,
    person: &'a PersonId,
) -> impl Iterator<Item = Work> + 'a {
    playbook.roles.values().filter_map(move |role| {
        let tenure = &incident.roles.get(&role.id)?.tenure;
        let allows = match tenure {
            Tenure::Offered { to, .. } if to.contains(person) => words(&["claim", "decline"]),
            Tenure::Assigned { to, .. } if to == person => words(&["acknowledge", "decline"]),
            _ => return None,
        };
        Some(Work::Role {
            role: role.id.clone(),
            title: role.title.clone(),
            allows,
            acknowledge_by: tenure.until(),
        })
    })
}

fn steps<'a>(
    playbook: &'a Playbook,
    incident: &'a Incident,
    directory: &'a Directory,
    person: &'a PersonId,
    sight: &'a Sight,
) -> impl Iterator<Item = (bool, Option<jiff::Timestamp>, Work)> + 'a {
    let all = playbook.every_step();
    all.flat_map(move |step| {
        runs(incident, step).filter_map(move |run| {
            let allows = allowed(step, run, incident, directory, person)?;
            let overdue = run.overdue || run.start_overdue;
            let known = |name: &VarId| match playbook.is_personal(name) {
                true => sight.value(name),
                false => incident.variables.get(name),
            };
            let form = match &step.action {
                Action::Manual(manual) => form(&manual.form, known),
                _ => Vec::new(),
            };
            Some((overdue, run.due_at.or(run.start_by), show(step, run, allows, form)))
        })
    })
}

fn runs<'a>(incident: &'a Incident, step: &Step) -> impl Iterator<Item = &'a Run> + use<'a> {
    incident.steps.get(&step.id).into_iter().flat_map(|record| {
        let own = record.items.is_empty().then_some(&record.run);
        own.into_iter().chain(record.items.iter().map(AsRef::as_ref))
    })
}

/// Returns what the person may do to a run that waits for them; `None` where it does not.
fn allowed(
    step: &Step,
    run: &Run,
    incident: &Incident,
    directory: &Directory,
    person: &PersonId,
) -> Option<Vec<SmolStr>> {
    let wanted = |act: &ActName| match act {
        ActName::Claim => run.claimed_by.as_ref() != Some(person),
        ActName::Check => !matches!(&step.action, Action::Manual(m) if m.checklist.is_empty()),
        ActName::Approve | ActName::Reject => true,
        // Whoever consents does not decide what becomes of the step, unless it failed on them.
        _ => run.state.is_settled() || !matches!(step.action, Action::Approve(_)),
    };
    waits_for(step, run, incident, directory, person).then(|| {
        let acts = allowed_acts(incident, step, run).into_iter().filter(wanted);
        acts.map(|act| SmolStr::new_static(act.as_str())).collect()
    })
}

fn waits_for(
    step: &Step,
    run: &Run,
    incident: &Incident,
    directory: &Directory,
    person: &PersonId,
) -> bool {
    match (&step.action, &run.state) {
        (Action::Approve(approve), StepState::Ready | StepState::Active) => {
            may_approve(approve, run, incident, directory, person)
        }
        (Action::Manual(_) | Action::Decide(_), StepState::Ready | StepState::Active) => {
            holder(step, incident, run) == Some(person)
        }
        (_, StepState::Failed { .. }) => run.is_halting() && decides(step, incident, person),
        _ => false,
    }
}

/// A failed step waits for the holder of its role.
fn decides(step: &Step, incident: &Incident, person: &PersonId) -> bool {
    step.doer().is_some_and(|role| incident.holder(role) == Some(person))
}

fn may_approve(
    approve: &Approve,
    run: &Run,
    incident: &Incident,
    directory: &Directory,
    person: &PersonId,
) -> bool {
    let entitled = approve.by.iter().any(|by| match by {
        Approver::Role(role) => incident.holder(role) == Some(person),
        Approver::Team(team) => directory.is_member(team, person),
    });
    entitled && !run.approvals.contains(person) && !run.worked_by.contains(person)
}

fn show(step: &Step, run: &Run, allows: Vec<SmolStr>, form: Vec<FormField>) -> Work {
    let manual = match &step.action {
        Action::Manual(manual) => Some(manual),
        _ => None,
    };
    let options = match &step.action {
        Action::Decide(decide) => decide.options.clone(),
        _ => Vec::new(),
    };
    Work::Step {
        step: step.id.clone(),
        key: run.key.to_string(),
        item: run.key.item,
        title: step.title.clone(),
        state: SmolStr::new_static(run.state.name()),
        allows,
        instructions: manual.and_then(|manual| manual.instructions.clone()),
        form,
        checklist: manual.map(|m| checklist(&m.checklist, run)).unwrap_or_default(),
        options,
        evidence_required: manual.is_some_and(|m| m.evidence == Evidence::Required),
        due_at: run.due_at,
        overdue: run.overdue || run.start_overdue,
    }
}

fn checklist(items: &[CheckItem], run: &Run) -> Vec<ChecklistItem> {
    let mut list = Vec::new();
    add(&mut list, items, "", run);
    list
}

/// Positions count from 1, as people read them.
fn add(list: &mut Vec<ChecklistItem>, items: &[CheckItem], above: &str, run: &Run) {
    for (n, item) in (1..).zip(items) {
        let path = if above.is_empty() { format!("{n}") } else { format!("{above}.{n}") };
        let path = SmolStr::new(path);
        list.push(ChecklistItem {
            item: path.clone(),
            title: item.title.clone(),
            done: run.checked.contains(&path),
            optional: item.optional,
        });
        add(list, &item.items, &path, run);
    }
}

fn command(incident: &Incident) -> impl Iterator<Item = Work> {
    let stuck = incident.stuck.as_ref().map(|why| Work::Stuck {
        phase: incident.phase.clone(),
        why: serde_json::to_value(why).unwrap_or_default(),
        allows: words(&["phase", "close", "cancel"]),
    });
    let wants_facts = incident.level.provisional && !incident.facts_asked.is_empty();
    let facts = wants_facts.then(|| Work::Facts {
        names: incident.facts_asked.to_vec(),
        allows: words(&["inputs", "level"]),
    });
    let close = incident.close_awaited.then(|| Work::Close { allows: words(&["close"]) });
    [stuck, facts, close].into_iter().flatten()
}
