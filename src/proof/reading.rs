//! What the conditions of a plan read: only that tells two states of an incident apart.

use std::collections::{BTreeMap, BTreeSet};

use super::choice::{Forms, forms};
use crate::id::{PersonId, PhaseId, StepId, VarId};
use crate::playbook::expression::{Name, StepFact, StepWord};
use crate::playbook::{
    Action, Blocks, Condition, Expression, Handler, HandlerAct, HandlerEvent, Join, OnFailure,
    Playbook, Step, Wait,
};

/// What a part of a plan asks for, and what it sets.
#[derive(Debug, Default, Clone)]
struct Asked<'a> {
    conditions: Vec<&'a Condition>,
    expressions: Vec<&'a Expression>,
    steps: BTreeSet<StepId>,
    sets: BTreeSet<VarId>,
}

impl Asked<'_> {
    fn extend(&mut self, other: &Self) {
        self.conditions.extend(&other.conditions);
        self.expressions.extend(&other.expressions);
        self.steps.extend(other.steps.iter().cloned());
        self.sets.extend(other.sets.iter().cloned());
    }
}

/// What may still be asked for from a phase on.
#[derive(Debug, Default)]
pub(super) struct Ahead<'a> {
    /// Steps whose outcome is asked for.
    pub(super) steps: BTreeSet<StepId>,
    /// Variables whose values matter.
    pub(super) variables: BTreeSet<VarId>,
    /// Conditions over variables that nothing sets any more: only how they fall matters.
    pub(super) settled: Vec<&'a Condition>,
}

impl<'a> Ahead<'a> {
    fn of(asked: &Asked<'a>) -> Self {
        let mut ahead = Self { steps: asked.steps.clone(), ..Self::default() };
        for condition in &asked.conditions {
            let names = condition.names();
            let fixed =
                names.iter().all(|name| variable(name).is_some_and(|id| !asked.sets.contains(id)));
            if fixed {
                ahead.settled.push(condition);
            } else {
                ahead.variables.extend(names.into_iter().filter_map(variable).cloned());
            }
        }
        let names = asked.expressions.iter().flat_map(|expression| expression.names());
        ahead.variables.extend(names.filter_map(variable).cloned());
        ahead
    }
}

fn variable(name: &Name) -> Option<&VarId> {
    match name {
        Name::Variable(id) | Name::Step(_, StepFact::Field(id)) => Some(id),
        _ => None,
    }
}

/// What a plan reads of a running incident.
#[derive(Debug, Default)]
pub(super) struct Reading<'a> {
    /// Every expression that decides something.
    pub(super) expressions: Vec<&'a Expression>,
    /// Variables that decide something.
    pub(super) variables: BTreeSet<VarId>,
    /// Steps whose outcome is asked for.
    steps: BTreeSet<StepId>,
    /// What may still be asked for, by the phase the incident is in.
    ahead: BTreeMap<PhaseId, Ahead<'a>>,
    /// Steps whose lateness is asked for.
    pub(super) overdue: BTreeSet<StepId>,
    /// Steps of which it matters which one is done first.
    raced: BTreeSet<StepId>,
    /// Steps on which nothing depends: whatever becomes of them, the incident goes the same way.
    aside: BTreeSet<StepId>,
    /// Steps on which only their dependents depend.
    plain: BTreeSet<StepId>,
    /// What may be answered to each step's form.
    pub(super) forms: BTreeMap<StepId, Forms>,
    /// Whether being late, or nobody being there, sets something going.
    pub(super) patience: bool,
    /// Whether the end of an alert sets something going.
    pub(super) alert_ends: bool,
    /// Whether a failure sets something going.
    failures: bool,
}

impl<'a> Reading<'a> {
    pub(super) fn of(playbook: &'a Playbook, person: Option<&PersonId>) -> Self {
        let mut reading = Self::default();
        let levels = playbook.levels.iter().filter_map(|rule| rule.when.as_ref());
        let roles = playbook.roles.values().filter_map(|role| role.engage.as_ref());
        let clocks = playbook.clocks.iter().filter_map(|clock| clock.when.as_ref());
        let handlers = playbook.handlers.iter().filter_map(|handler| handler.when.as_ref());
        let mut always = Asked::default();
        always.conditions.extend(levels.chain(roles).chain(clocks).chain(handlers));
        reading.note(&mut always);
        let mut by_phase = Vec::new();
        for phase in &playbook.phases {
            let mut asked = Asked::default();
            asked.conditions.extend(phase.next.iter().filter_map(|next| next.when.as_ref()));
            phase.steps.iter().for_each(|step| reading.step(step, &mut asked));
            reading.note(&mut asked);
            // A phase sees its own steps as they are in its present visit.
            asked.steps.retain(|step| phase.steps.iter().all(|own| own.id != *step));
            by_phase.push(asked);
        }
        for (at, phase) in playbook.phases.iter().enumerate() {
            let mut asked = always.clone();
            for later in reachable(playbook, at) {
                asked.extend(&by_phase[later]);
            }
            reading.ahead.insert(phase.id.clone(), Ahead::of(&asked));
        }
        playbook.handlers.iter().for_each(|handler| reading.handler(handler));
        reading.patience |= !reading.overdue.is_empty();
        reading.aside = aside(playbook, &reading.steps);
        for step in playbook.phases.iter().flat_map(|phase| &phase.steps) {
            if reading.stands_alone(step) {
                reading.plain.insert(step.id.clone());
            }
            if let Action::Manual(manual) = &step.action {
                let forms = forms(&manual.form, &reading, person);
                reading.forms.insert(step.id.clone(), forms);
            }
        }
        reading
    }

    /// Takes note of every name that a part asks for.
    fn note(&mut self, asked: &mut Asked<'a>) {
        let mut all = asked.expressions.clone();
        for condition in &asked.conditions {
            condition.visit(&mut |expression| all.push(expression));
        }
        for name in all.iter().flat_map(|expression| expression.names()) {
            self.variables.extend(variable(name).cloned());
            if let Name::Step(id, StepFact::Word(word)) = name {
                asked.steps.insert(id.clone());
                if *word == StepWord::Overdue {
                    self.overdue.insert(id.clone());
                }
            }
        }
        self.steps.extend(asked.steps.iter().cloned());
        self.expressions.extend(all);
    }

    fn handler(&mut self, handler: &Handler) {
        if !matches!(handler.act, HandlerAct::Go(_)) {
            return;
        }
        match handler.event {
            HandlerEvent::RoleVacant | HandlerEvent::ClockBreached => self.patience = true,
            HandlerEvent::AlertResolved => self.alert_ends = true,
            HandlerEvent::StepFailed => self.failures = true,
            HandlerEvent::Declared
            | HandlerEvent::LevelRaised
            | HandlerEvent::LevelLowered
            | HandlerEvent::SurgeSubsided
            | HandlerEvent::PhaseEntered
            | HandlerEvent::Stuck => {}
        }
    }

    /// Returns what may still be asked for from a phase on.
    pub(super) fn ahead(&self, phase: &PhaseId) -> Option<&Ahead<'a>> {
        self.ahead.get(phase)
    }

    fn step(&mut self, step: &'a Step, asked: &mut Asked<'a>) {
        asked.conditions.extend(&step.when);
        if let Some(repeat) = &step.repeat {
            asked.conditions.extend(repeat.until.iter().chain(&repeat.while_true));
        }
        if let Some(each) = &step.for_each {
            asked.expressions.push(&each.list);
            asked.sets.insert(each.bind.clone());
        }
        match &step.action {
            Action::Manual(manual) => asked.sets.extend(manual.form.keys().cloned()),
            Action::Http(http) => asked.sets.extend(http.save.keys().cloned()),
            Action::Child(child) => asked.sets.extend(child.save.keys().cloned()),
            Action::Set(values) => {
                asked.sets.extend(values.keys().cloned());
                asked.expressions.extend(values.values());
            }
            Action::Wait(Wait::Until(until)) => asked.conditions.push(until),
            Action::Wait(Wait::For(_))
            | Action::Notify(_)
            | Action::Decide(_)
            | Action::Approve(_)
            | Action::HandOff(_) => {}
        }
        if step.join != Join::All {
            self.raced.extend(step.after.iter().cloned());
        }
    }

    /// Tells whether nothing depends on what becomes of a step and when.
    pub(super) fn is_aside(&self, step: &StepId) -> bool {
        self.aside.contains(step)
    }

    /// Tells whether nothing but its dependents depends on how and when a step is done, so that
    /// the order in which such steps are done need not be tried.
    pub(super) fn is_plain(&self, step: &StepId) -> bool {
        self.plain.contains(step)
    }

    fn stands_alone(&self, step: &Step) -> bool {
        let asked = |name: &VarId| self.variables.contains(name);
        let read = match &step.action {
            Action::Manual(manual) => manual.form.keys().any(asked),
            Action::Http(http) => http.save.keys().any(asked),
            Action::Child(child) => child.save.keys().any(asked),
            Action::Notify(_) => false,
            Action::Decide(_)
            | Action::Approve(_)
            | Action::Wait(_)
            | Action::Set(_)
            | Action::HandOff(_) => true,
        };
        let named = self.steps.contains(&step.id) || self.raced.contains(&step.id);
        let once = step.repeat.is_none() && step.for_each.is_none() && step.timeout.is_none();
        let stays = matches!(step.on_failure, OnFailure::Stop | OnFailure::Continue);
        let holds = step.blocks != Blocks::Nothing && !step.outlives_phase;
        holds && once && stays && !self.failures && !read && !named
    }
}

/// Returns the places of the phases that can follow one, itself included.
fn reachable(playbook: &Playbook, from: usize) -> BTreeSet<usize> {
    let anytime = playbook.handlers.iter().filter_map(|handler| match &handler.act {
        HandlerAct::Go(phase) => playbook.index().phase(phase),
        HandlerAct::Notify(_) => None,
    });
    let mut found = BTreeSet::new();
    let mut open: Vec<usize> = anytime.chain([from]).collect();
    while let Some(at) = open.pop() {
        let Some(phase) = playbook.phases.get(at).filter(|_| found.insert(at)) else { continue };
        if phase.next.is_empty() {
            open.push(at + 1);
        }
        open.extend(phase.next.iter().filter_map(|next| playbook.index().phase(&next.to)));
        for step in &phase.steps {
            for go in [&step.on_failure, &step.on_timeout] {
                if let OnFailure::GoPhase(phase) = go {
                    open.extend(playbook.index().phase(phase));
                }
            }
        }
    }
    found
}

/// Finds the steps that block nothing, of which no condition asks, that set nothing a condition
/// asks for, and whose dependents are such steps too.
fn aside(playbook: &Playbook, asked: &BTreeSet<StepId>) -> BTreeSet<StepId> {
    let mut aside = BTreeSet::new();
    for phase in &playbook.phases {
        let quiet = |step: &Step| {
            let sets = match &step.action {
                Action::Manual(manual) => !manual.form.is_empty(),
                Action::Http(http) => !http.save.is_empty(),
                Action::Child(child) => !child.save.is_empty(),
                Action::Set(_) | Action::HandOff(_) => true,
                Action::Notify(_) | Action::Decide(_) | Action::Approve(_) | Action::Wait(_) => {
                    false
                }
            };
            let stays = |go: &OnFailure| matches!(go, OnFailure::Stop | OnFailure::Continue);
            let stays = stays(&step.on_failure) && stays(&step.on_timeout);
            step.blocks == Blocks::Nothing && stays && !sets && !asked.contains(&step.id)
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
