//! What a plan asks about a running incident, and when it asks: the conditions that decide
//! something, and the expressions whose values are taken. It must not know how states are found.

use std::collections::{BTreeMap, BTreeSet};

use crate::id::{PhaseId, RoleId, StepId, VarId};
use crate::playbook::expression::{IncidentFact, Name, StepFact};
use crate::playbook::{
    Action, Condition, Decide, Expression, HandlerAct, HandlerEvent, LevelRule, Limit, Phase,
    Playbook, Step, Wait,
};

/// What not knowing comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doubt {
    /// It is told apart from both.
    Stays,
    /// It counts as true.
    Yes,
    /// It counts as false.
    No,
}

impl Doubt {
    /// Returns what it comes to where the opposite is asked.
    pub(super) const fn turned(self) -> Self {
        match self {
            Self::Stays => Self::Stays,
            Self::Yes => Self::No,
            Self::No => Self::Yes,
        }
    }
}

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ask<'a> {
    /// Whether something holds.
    Whether(&'a Condition, Doubt),
    /// A value.
    What(&'a Expression),
    /// The level, by the rules.
    Levels(&'a [LevelRule]),
}

/// When it is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum When {
    /// Again and again, whatever phase the incident is in.
    Always,
    /// Until the role is engaged.
    Engaging(RoleId),
    /// Once in a visit: when the step's turn comes.
    Opening(StepId),
    /// Again and again while the step is open.
    During(StepId),
    /// Once in a visit: when everything that holds the phase is settled.
    Leaving,
}

/// Something a plan asks.
#[derive(Debug)]
pub(super) struct Question<'a> {
    pub(super) ask: Ask<'a>,
    pub(super) when: When,
    /// The place of the phase that asks; `None` where any may.
    pub(super) phase: Option<usize>,
    pub(super) expressions: Vec<&'a Expression>,
    names: BTreeSet<&'a Name>,
}

impl<'a> Question<'a> {
    fn new(ask: Ask<'a>, when: When, phase: Option<usize>) -> Self {
        let mut expressions = Vec::new();
        let mut note = |condition: &'a Condition| condition.visit(&mut |e| expressions.push(e));
        match ask {
            Ask::Whether(condition, _) => note(condition),
            Ask::What(expression) => expressions.push(expression),
            Ask::Levels(rules) => rules.iter().filter_map(|rule| rule.when.as_ref()).for_each(note),
        }
        let names = expressions.iter().flat_map(|expression| expression.names()).collect();
        Self { ask, when, phase, expressions, names }
    }

    pub(super) const fn is_levels(&self) -> bool {
        matches!(self.ask, Ask::Levels(_))
    }

    /// Tells whether the level has a say in it.
    pub(super) fn reads_level(&self) -> bool {
        self.names
            .iter()
            .any(|name| matches!(name, Name::Level | Name::Incident(IncidentFact::Level)))
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &'a Name> {
        self.names.iter().copied()
    }

    pub(super) fn reads_step(&self, step: &StepId) -> bool {
        self.names.iter().any(|name| matches!(name, Name::Step(id, _) if id == step))
    }

    pub(super) fn reads_role(&self, role: &RoleId) -> bool {
        self.names.iter().any(|name| matches!(name, Name::Role(id, _) if id == role))
    }

    /// Returns the variables it reads.
    pub(super) fn variables(&self) -> impl Iterator<Item = &'a VarId> {
        self.names.iter().filter_map(|name| variable(name))
    }
}

/// Returns the variable that a name stands for.
pub(super) fn variable(name: &Name) -> Option<&VarId> {
    match name {
        Name::Variable(id) | Name::Step(_, StepFact::Field(id)) => Some(id),
        _ => None,
    }
}

/// Returns the variables that a step may set.
pub(super) fn sets(step: &Step) -> BTreeSet<VarId> {
    match &step.action {
        Action::Manual(manual) => manual.form.keys().cloned().collect(),
        Action::Http(http) => http.save.keys().cloned().collect(),
        Action::Child(child) => child.save.keys().cloned().collect(),
        Action::Set(values) => values.keys().cloned().collect(),
        Action::Notify(_)
        | Action::Decide(_)
        | Action::Approve(_)
        | Action::Wait(_)
        | Action::HandOff(_) => BTreeSet::new(),
    }
}

/// Everything a plan asks, and what may be set when.
#[derive(Debug)]
pub(super) struct Questions<'a> {
    pub(super) all: Vec<Question<'a>>,
    /// Whether the level decides when something happens by itself.
    pub(super) level_times: bool,
    /// What may be set once a phase was left, by the phase.
    pub(super) set_later: BTreeMap<PhaseId, BTreeSet<VarId>>,
    /// The places of the phases that may be entered once a phase was left, by the phase.
    pub(super) entered_later: BTreeMap<PhaseId, BTreeSet<usize>>,
}

impl<'a> Questions<'a> {
    /// Collects them. What only starts a message decides nothing: a message more or less leads
    /// nowhere else. Neither does what only tells which reports the law asks for, since any of
    /// them can be submitted.
    pub(super) fn of(playbook: &'a Playbook) -> Self {
        let mut all = anytime(playbook);
        for (at, phase) in playbook.phases.iter().enumerate() {
            all.extend(of_phase(phase, at));
        }
        let level_times = playbook.every_step().any(waits_by_level);
        if level_times || all.iter().any(Question::reads_level) {
            all.push(Question::new(Ask::Levels(&playbook.levels), When::Always, None));
        }
        let mut questions =
            Self { all, level_times, set_later: BTreeMap::new(), entered_later: BTreeMap::new() };
        for (at, phase) in playbook.phases.iter().enumerate() {
            let later = playbook.enterable_after(at);
            let steps = later.iter().flat_map(|at| &playbook.phases[*at].steps);
            let set = steps.flat_map(sets).collect();
            questions.set_later.insert(phase.id.clone(), set);
            questions.entered_later.insert(phase.id.clone(), later);
        }
        questions
    }

    /// Returns the rules of the levels and the variables they read, where anything depends on the
    /// level.
    pub(super) fn levels(&self) -> Option<(&'a [LevelRule], &Question<'a>)> {
        self.all.iter().find_map(|question| match question.ask {
            Ask::Levels(rules) => Some((rules, question)),
            Ask::Whether(..) | Ask::What(_) => None,
        })
    }

    /// Returns what may be asked in the first phase, the level only where that asks for it.
    pub(super) fn early(&self) -> impl Iterator<Item = &Question<'a>> {
        let early = |question: &&Question<'_>| question.phase.is_none_or(|phase| phase == 0);
        let asks = |question: &Question<'_>| early(&question) && question.reads_level();
        let level = self.level_times || self.all.iter().any(asks);
        self.all.iter().filter(early).filter(move |question| level || !question.is_levels())
    }

    /// Leaves out what only steps ask of which `drop` is true.
    pub(super) fn forget(&mut self, drop: impl Fn(&StepId) -> bool) {
        self.all.retain(|question| match &question.when {
            When::Opening(step) | When::During(step) => !drop(step),
            When::Always | When::Engaging(_) | When::Leaving => true,
        });
    }
}

fn anytime(playbook: &Playbook) -> Vec<Question<'_>> {
    let mut all = Vec::new();
    for (id, role) in &playbook.roles {
        let engage = role.engage.iter();
        all.extend(engage.map(|engage| {
            Question::new(Ask::Whether(engage, Doubt::Yes), When::Engaging(id.clone()), None)
        }));
    }
    let mut breach_matters = false;
    for handler in &playbook.handlers {
        if !matches!(handler.act, HandlerAct::Go(_)) {
            continue;
        }
        breach_matters |= handler.event == HandlerEvent::ClockBreached;
        let when = handler.when.iter();
        all.extend(
            when.map(|when| Question::new(Ask::Whether(when, Doubt::No), When::Always, None)),
        );
    }
    for clock in playbook.clocks.iter().filter(|_| breach_matters) {
        let stages = clock.regime.stages.iter().filter_map(|stage| stage.when.as_ref());
        let of_clock = clock.when.iter().chain(clock.regime.when.as_ref()).chain(stages);
        all.extend(
            of_clock
                .map(|when| Question::new(Ask::Whether(when, Doubt::Stays), When::Always, None)),
        );
    }
    all
}

fn of_phase(phase: &Phase, at: usize) -> Vec<Question<'_>> {
    let mut all = Vec::new();
    for way in phase.ways() {
        let when = way.when.iter();
        all.extend(
            when.map(|when| Question::new(Ask::Whether(when, Doubt::No), When::Leaving, Some(at))),
        );
    }
    for step in &phase.steps {
        // What goes on after its phase asks in later ones too.
        of_step(step, (!step.outlives_phase).then_some(at), &mut all);
    }
    // A cancellation may come in any phase.
    phase.compensations.iter().for_each(|step| of_step(step, None, &mut all));
    all
}

fn of_step<'a>(step: &'a Step, place: Option<usize>, all: &mut Vec<Question<'a>>) {
    let opening = || When::Opening(step.id.clone());
    let during = || When::During(step.id.clone());
    let whether =
        |condition, doubt, when| Question::new(Ask::Whether(condition, doubt), when, place);
    all.extend(step.when.iter().map(|when| whether(when, Doubt::Yes, opening())));
    if let Some(repeat) = &step.repeat {
        let ends = repeat.until.iter().chain(&repeat.while_true);
        all.extend(ends.map(|end| whether(end, Doubt::No, during())));
    }
    if let Some(each) = &step.for_each {
        all.push(Question::new(Ask::What(&each.list), opening(), place));
    }
    match &step.action {
        Action::Set(values) => all
            .extend(values.values().map(|value| Question::new(Ask::What(value), opening(), place))),
        Action::Wait(Wait::Until(until)) => all.push(whether(until, Doubt::No, during())),
        Action::Manual(_)
        | Action::Notify(_)
        | Action::Http(_)
        | Action::Decide(_)
        | Action::Approve(_)
        | Action::Wait(Wait::For(_))
        | Action::Child(_)
        | Action::HandOff(_) => {}
    }
}

/// Tells whether the level decides how long a step waits for an answer that time would give.
fn waits_by_level(step: &Step) -> bool {
    let by_level = step.due.as_ref().is_some_and(|due| matches!(due.limit, Limit::ByLevel { .. }));
    by_level && matches!(step.action, Action::Decide(Decide { default: Some(_), .. }))
}
