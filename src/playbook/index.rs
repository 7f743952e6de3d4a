//! What the engine asks of a plan again and again, computed once: where each step stands, who comes
//! after it, and what each condition depends on. It must not know incidents.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::BitOr;
use std::sync::OnceLock;

use indexmap::IndexMap;

use super::expression::{Condition, Name};
use super::model::{Action, Blocks, Clock, Counts, Moment, Phase, Playbook, Repeat, Step, Wait};
use super::value::Field;
use crate::id::{ClockId, PhaseId, StageId, StepId, VarId};

/// The kinds of facts a condition depends on: it need not be evaluated again while they rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Needs(u8);

impl Needs {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// Inputs, answers, saved and computed values.
    pub const VARIABLES: Self = Self(1);
    /// The level.
    pub const LEVEL: Self = Self(1 << 1);
    /// The phase.
    pub const PHASE: Self = Self(1 << 2);
    /// States and answers of steps.
    pub const STEPS: Self = Self(1 << 3);
    /// Roles and their holders.
    pub const ROLES: Self = Self(1 << 4);
    /// Measured numbers.
    pub const MEASURES: Self = Self(1 << 5);
    /// The attached alert or surge, and the incident's own facts.
    pub const INCIDENT: Self = Self(1 << 6);
    /// How statutory clocks stand.
    pub const CLOCKS: Self = Self(1 << 7);

    /// Tells whether the two have a kind in common.
    #[must_use]
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Returns what a condition depends on.
    #[must_use]
    pub fn of(condition: &Condition) -> Self {
        condition.names().into_iter().fold(Self::NONE, |needs, name| needs | Self::of_name(name))
    }

    fn of_name(name: &Name) -> Self {
        match name {
            Name::Variable(_) => Self::VARIABLES,
            Name::Level => Self::LEVEL,
            Name::Phase => Self::PHASE,
            // A field of a step's form is a variable, unset until the step is done.
            Name::Step(..) => Self::STEPS | Self::VARIABLES,
            Name::Role(..) => Self::ROLES,
            Name::Measure(_) => Self::MEASURES,
            Name::Incident(_) => Self::INCIDENT | Self::LEVEL | Self::PHASE,
            Name::Alert(_) | Name::Surge(_) | Name::Here(_) => Self::INCIDENT,
        }
    }
}

impl BitOr for Needs {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// Where a step stands: its phase and its position in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The position of the phase in the plan.
    pub phase: usize,
    /// The position of the step in the phase; those that undo others come last.
    pub step: usize,
}

/// What is known of a phase.
#[derive(Debug, Default)]
pub struct PhaseIndex {
    /// For each step the positions of those that come after it.
    pub dependents: Vec<Vec<usize>>,
    /// For each step the positions of those it comes after.
    pub after: Vec<Vec<usize>>,
    /// How many steps the phase's end waits for.
    pub blocking: u32,
}

/// A step that something other than a person, a timer or a predecessor can move: a wait or a
/// repeat with a condition.
#[derive(Debug)]
pub struct Watch {
    /// The step.
    pub step: StepId,
    /// What its condition depends on.
    pub needs: Needs,
}

/// The computed answers for one plan.
#[derive(Debug, Default)]
pub struct Index {
    phases: BTreeMap<PhaseId, usize>,
    steps: BTreeMap<StepId, Place>,
    by_phase: Vec<PhaseIndex>,
    /// What the level table depends on.
    pub levels: Needs,
    /// What the roles' `engage` conditions depend on.
    pub engage: Needs,
    /// What statutory clocks depend on: their conditions and the moments they count from.
    pub clocks: Needs,
    /// The stages of clocks that each step submits.
    pub submits: BTreeMap<StepId, Vec<(ClockId, StageId)>>,
    /// Waits and repeats with a condition.
    pub watches: Vec<Watch>,
    /// Steps with a deadline that counts from a moment rather than from when they became ready.
    pub anchored: Vec<StepId>,
    /// Steps with a deadline that counts back from when something else must be done.
    pub ahead: Vec<StepId>,
    /// Variables whose values are kept apart: whatever any input or form calls personal.
    pub personal: BTreeSet<VarId>,
}

impl Index {
    fn of(playbook: &Playbook) -> Self {
        let mut index = Self::default();
        index.note_personal(&playbook.inputs);
        for (at, phase) in playbook.phases.iter().enumerate() {
            index.phases.insert(phase.id.clone(), at);
            for (place, step) in phase.every_step().enumerate() {
                index.steps.insert(step.id.clone(), Place { phase: at, step: place });
                index.watch(step);
                if let Action::Manual(manual) = &step.action {
                    index.note_personal(&manual.form);
                }
                let deadlines = || [&step.due, &step.start_within].into_iter().flatten();
                if deadlines().any(|due| due.counts != Counts::FromReady) {
                    index.anchored.push(step.id.clone());
                }
                if deadlines().any(|due| due.before().is_some()) {
                    index.ahead.push(step.id.clone());
                }
            }
            index.by_phase.push(PhaseIndex::of(phase));
        }
        let any = |conditions: &mut dyn Iterator<Item = &Condition>| {
            conditions.fold(Needs::NONE, |needs, condition| needs | Needs::of(condition))
        };
        index.levels = any(&mut playbook.levels.iter().filter_map(|rule| rule.when.as_ref()));
        index.engage = any(&mut playbook.roles.values().filter_map(|role| role.engage.as_ref()));
        playbook.clocks.iter().for_each(|clock| index.note_clock(clock));
        index
    }

    fn note_clock(&mut self, clock: &Clock) {
        let needs = Needs::CLOCKS | Needs::LEVEL | Needs::INCIDENT | Needs::PHASE;
        let stages = clock.stages().filter_map(|stage| stage.when.as_ref());
        let conditions = clock.when.iter().chain(&clock.regime.when).chain(stages);
        let needs = conditions.fold(needs, |needs, when| needs | Needs::of(when));
        let moments = clock.starts.iter().chain(clock.moments.values());
        let of_steps = moments.into_iter().any(|moment| matches!(moment, Moment::Step(..)));
        let steps = if of_steps { Needs::STEPS } else { Needs::NONE };
        self.clocks = self.clocks | needs | steps;
        for (stage, step) in &clock.met_by {
            let stage = (clock.id.clone(), stage.clone());
            self.submits.entry(step.clone()).or_default().push(stage);
        }
    }

    fn note_personal(&mut self, fields: &IndexMap<VarId, Field>) {
        let personal = fields.iter().filter(|(_, field)| field.personal);
        self.personal.extend(personal.map(|(name, _)| name.clone()));
    }

    fn watch(&mut self, step: &Step) {
        let mut needs = Needs::NONE;
        if let Action::Wait(Wait::Until(until)) = &step.action {
            needs = needs | Needs::of(until);
        }
        if let Some(Repeat { until, while_true, .. }) = &step.repeat {
            let conditions = until.iter().chain(while_true);
            needs = conditions.fold(needs, |needs, condition| needs | Needs::of(condition));
        }
        if needs != Needs::NONE {
            self.watches.push(Watch { step: step.id.clone(), needs });
        }
    }

    /// Returns where a step stands.
    #[must_use]
    pub fn place(&self, step: &StepId) -> Option<Place> {
        self.steps.get(step).copied()
    }

    /// Returns the position of a phase.
    #[must_use]
    pub fn phase(&self, phase: &PhaseId) -> Option<usize> {
        self.phases.get(phase).copied()
    }

    /// Returns what is known of the phase at a position.
    #[must_use]
    pub fn of_phase(&self, phase: usize) -> Option<&PhaseIndex> {
        self.by_phase.get(phase)
    }
}

impl PhaseIndex {
    fn of(phase: &Phase) -> Self {
        let position = |id: &StepId| phase.steps.iter().position(|step| step.id == *id);
        let after: Vec<Vec<usize>> = phase
            .steps
            .iter()
            .map(|step| step.after.iter().filter_map(position).collect())
            .collect();
        let mut dependents = vec![Vec::new(); phase.steps.len()];
        for (place, before) in after.iter().enumerate() {
            for before in before {
                dependents[*before].push(place);
            }
        }
        let blocking = phase.steps.iter().filter(|step| step.blocks == Blocks::Phase).count();
        Self { dependents, after, blocking: u32::try_from(blocking).unwrap_or(u32::MAX) }
    }
}

/// The index of a plan, computed when it is first asked for.
#[derive(Debug, Default)]
pub struct LazyIndex(OnceLock<Index>);

impl Playbook {
    /// Returns the computed answers about the plan.
    #[must_use]
    pub fn index(&self) -> &Index {
        self.lazy_index.0.get_or_init(|| Index::of(self))
    }

    /// Tells whether the values of a variable are personal data, which is kept apart.
    #[must_use]
    pub fn is_personal(&self, variable: &VarId) -> bool {
        self.index().personal.contains(variable)
    }
}
