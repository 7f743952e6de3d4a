//! What a plan makes of what happens: which steps may be taken one after the other, which change
//! nothing, and what may be answered. Only what decides something tells two states apart.

use std::collections::{BTreeMap, BTreeSet};

use super::choice::{Asked, Forms, Occasion, forms};
use super::order::{Order, stays};
use super::question::{Question, Questions, sets, variable};
use super::undo::undone;
use crate::id::{PersonId, RoleId, StepId, VarId};
use crate::playbook::expression::{Name, StepFact, StepWord};
use crate::playbook::{
    Action, Approver, Audience, Blocks, Handler, HandlerAct, HandlerEvent, Join, Phase, Playbook,
    Step,
};

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Detail {
    /// One state and one order of each kind, where the plan makes nothing of the difference.
    #[default]
    Kinds,
    /// Every order and every answer, as far as one can: slow, and what the other is held to.
    All,
}

/// What a plan reads of a running incident.
#[derive(Debug)]
pub(super) struct Reading<'a> {
    pub(super) detail: Detail,
    /// Whether states are told apart by how often a bounded way was taken, not only by whether its
    /// bound is spent.
    pub(super) counts_rounds: bool,
    pub(super) questions: Questions<'a>,
    /// Steps whose lateness is asked for.
    pub(super) overdue: BTreeSet<StepId>,
    /// What each step may set.
    pub(super) sets: BTreeMap<StepId, BTreeSet<VarId>>,
    /// Who has a part in each step.
    pub(super) roles: BTreeMap<StepId, BTreeSet<RoleId>>,
    /// What may be answered to each step's form.
    pub(super) forms: BTreeMap<StepId, Forms>,
    /// What may be answered when it is declared.
    pub(super) inputs: Forms,
    /// Whether being late, or nobody being there, sets something going.
    pub(super) patience: bool,
    /// Whether the end of an alert sets something going.
    pub(super) alert_ends: bool,
    /// Whether the end of a surge does.
    pub(super) surge_ends: bool,
    /// Steps on which nothing depends: whatever becomes of them, the incident goes the same way.
    aside: BTreeSet<StepId>,
    /// Steps on which only what comes after them depends.
    free: BTreeSet<StepId>,
    /// Steps of which nobody asks how they were done.
    plain: BTreeSet<StepId>,
}

impl<'a> Reading<'a> {
    pub(super) fn of(playbook: &'a Playbook, person: Option<&PersonId>, detail: Detail) -> Self {
        let mut questions = Questions::of(playbook);
        let aside = match detail {
            Detail::Kinds => aside(playbook, &questions),
            Detail::All => BTreeSet::new(),
        };
        questions.forget(|step| {
            let human = playbook.step(step).is_some_and(|(_, step)| step.action.is_human());
            aside.contains(step) && !human
        });
        let events = || {
            let goes = |handler: &&Handler| matches!(handler.act, HandlerAct::Go(_));
            playbook.handlers.iter().filter(goes).map(|handler| handler.event)
        };
        let overdue = overdue(&questions);
        let patience = !overdue.is_empty()
            || events().any(|event| {
                matches!(event, HandlerEvent::RoleVacant | HandlerEvent::ClockBreached)
            });
        let asked_again = asked_again(playbook);
        let (declaring, doing) = match detail {
            Detail::Kinds => (Occasion::Declaring { asked_again: &asked_again }, Occasion::Doing),
            Detail::All => (Occasion::Any, Occasion::Any),
        };
        let set =
            playbook.phases.iter().flat_map(|phase| &phase.steps).map(sets).collect::<Vec<_>>();
        let mut reading = Self {
            detail,
            counts_rounds: detail == Detail::All,
            overdue,
            sets: playbook.every_step().map(|step| (step.id.clone(), sets(step))).collect(),
            roles: playbook.every_step().map(|step| (step.id.clone(), roles(step))).collect(),
            forms: BTreeMap::new(),
            inputs: forms(&playbook.inputs, &Asked::before(&questions, &set), declaring, person),
            patience,
            alert_ends: events().any(|event| event == HandlerEvent::AlertResolved),
            surge_ends: events().any(|event| event == HandlerEvent::SurgeSubsided),
            aside,
            free: BTreeSet::new(),
            plain: BTreeSet::new(),
            questions,
        };
        for phase in &playbook.phases {
            for step in phase.every_step() {
                let Action::Manual(manual) = &step.action else { continue };
                let set = set_after(playbook, &reading.questions, phase, step);
                let of =
                    forms(&manual.form, &Asked::before(&reading.questions, &set), doing, person);
                reading.forms.insert(step.id.clone(), of);
            }
        }
        if detail == Detail::Kinds {
            let order = Order { playbook, questions: &reading.questions, aside: &reading.aside };
            (reading.free, reading.plain) = (order.free(), order.plain());
        }
        reading
    }

    /// Tells whether not every combination of answers is tried.
    pub(super) fn is_narrowed(&self) -> bool {
        self.forms.values().chain([&self.inputs]).any(|forms| forms.narrowed)
    }

    /// Tells whether nothing depends on what becomes of a step and when.
    pub(super) fn is_aside(&self, step: &StepId) -> bool {
        self.aside.contains(step)
    }

    /// Tells whether only what waits for a step depends on it, so that the order in which such
    /// steps are done need not be tried.
    pub(super) fn is_free(&self, step: &StepId) -> bool {
        self.free.contains(step)
    }

    /// Tells whether nobody asks how a step was done, nor what was filled in.
    pub(super) fn is_plain(&self, step: &StepId) -> bool {
        self.plain.contains(step)
    }
}

/// Returns what may be set after a step is done, by each of the steps that may set it.
fn set_after(
    playbook: &Playbook,
    questions: &Questions<'_>,
    phase: &Phase,
    step: &Step,
) -> Vec<BTreeSet<VarId>> {
    let later = questions.entered_later.get(&phase.id).into_iter().flatten();
    let later = later.filter_map(|at| playbook.phases.get(*at)).flat_map(|phase| &phase.steps);
    let beside = phase.steps.iter().filter(|other| other.id != step.id);
    let every = playbook.phases.iter().flat_map(|phase| &phase.steps);
    let beside = beside.chain(every.filter(|step| step.outlives_phase));
    beside.chain(later).map(sets).collect()
}

/// Returns what the first phase asks for in any case, before another is entered.
fn asked_again(playbook: &Playbook) -> BTreeSet<VarId> {
    let first = playbook.phases.first().into_iter().flat_map(|phase| &phase.steps);
    let certain = |step: &&Step| {
        step.when.is_none() && step.join == Join::All && step.blocks == Blocks::Phase
    };
    first
        .filter(certain)
        .filter_map(|step| match &step.action {
            Action::Manual(manual) => Some(manual.form.keys().cloned()),
            _ => None,
        })
        .flatten()
        .collect()
}

/// Returns the roles that have a part in a step.
fn roles(step: &Step) -> BTreeSet<RoleId> {
    let mut roles: BTreeSet<RoleId> = step.role.iter().chain(step.doer()).cloned().collect();
    match &step.action {
        Action::Approve(approve) => roles.extend(approve.by.iter().filter_map(|by| match by {
            Approver::Role(role) => Some(role.clone()),
            Approver::Team(_) => None,
        })),
        Action::Notify(notify) => roles.extend(notify.to.iter().filter_map(|to| match to {
            Audience::Role(role) => Some(role.clone()),
            Audience::Team(_)
            | Audience::Partner(_)
            | Audience::Customers
            | Audience::Regulators
            | Audience::Channel(_) => None,
        })),
        _ => {}
    }
    roles
}

fn overdue(questions: &Questions<'_>) -> BTreeSet<StepId> {
    let names = questions.all.iter().flat_map(Question::names);
    names
        .filter_map(|name| match name {
            Name::Step(step, StepFact::Word(StepWord::Overdue)) => Some(step.clone()),
            _ => None,
        })
        .collect()
}

/// Finds the steps that block nothing, of which nobody asks, that set nothing, and whose dependents
/// are such steps too.
fn aside(playbook: &Playbook, questions: &Questions<'_>) -> BTreeSet<StepId> {
    let mut aside = BTreeSet::new();
    // Whichever step fails, the incident then goes elsewhere.
    let by_failure = playbook.handlers.iter().filter(|h| h.event == HandlerEvent::StepFailed);
    if by_failure.into_iter().any(|handler| matches!(handler.act, HandlerAct::Go(_))) {
        return aside;
    }
    let read: BTreeSet<&VarId> =
        questions.all.iter().flat_map(Question::names).filter_map(variable).collect();
    for phase in &playbook.phases {
        let quiet = |step: &Step| {
            let asked = questions.all.iter().any(|question| question.reads_step(&step.id));
            let sets = sets(step).iter().any(|id| read.contains(id));
            let hands_off = matches!(step.action, Action::HandOff(_));
            step.blocks == Blocks::Nothing
                && stays(step)
                && !undone(step)
                && !sets
                && !asked
                && !hands_off
        };
        let mut quiet: BTreeSet<&StepId> =
            phase.steps.iter().filter(|step| quiet(step)).map(|step| &step.id).collect();
        loop {
            let needed = phase.steps.iter().filter(|step| !quiet.contains(&step.id));
            let needed: BTreeSet<&StepId> = needed.flat_map(|step| &step.after).collect();
            let before = quiet.len();
            quiet.retain(|step| !needed.contains(step));
            if quiet.len() == before {
                break;
            }
        }
        aside.extend(quiet.into_iter().cloned());
    }
    aside
}
