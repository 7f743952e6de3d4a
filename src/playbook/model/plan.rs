//! The top of a plan.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use indexmap::IndexMap;
use jiff::Timestamp;
use jiff::civil::Date;
use smol_str::SmolStr;

use crate::id::{MessageId, PartnerId, PhaseId, PlaybookId, RoleId, StepId, TeamId, VarId};
use crate::playbook::duration::Span;
use crate::playbook::index::LazyIndex;
use crate::playbook::model::{
    Clock, Handler, HandlerAct, Level, LevelRule, Message, Objective, OnFailure, Phase, Role, Step,
};
use crate::playbook::part::Bundle;
use crate::playbook::statute::Calendar;
use crate::playbook::template::Template;
use crate::playbook::value::{Field, Value};
use crate::text::Text;

/// A plan as it is run: parsed, checked and pinned by its hash.
#[derive(Debug)]
pub struct Playbook {
    /// The slug it is known by.
    pub id: PlaybookId,
    /// SHA-256, in hex, of everything its meaning depends on; a run keeps the version it began with.
    pub hash: SmolStr,
    /// The texts the hash is of; loading them again gives this playbook.
    pub bundle: Bundle,
    /// What people call it.
    pub title: Text,
    /// When to use it, in a sentence.
    pub summary: Option<Text>,
    /// The team that keeps the plan true.
    pub owner: Option<TeamId>,
    /// The day it was last reviewed.
    pub reviewed_on: Option<Date>,
    /// How long a review stays good.
    pub review_every: Option<Span>,
    /// The classes of risk it answers, for drill cadence (`system-failure`).
    pub risks: Vec<SmolStr>,
    /// Who may see its incidents.
    pub access: Access,
    /// What is asked when declaring.
    pub inputs: IndexMap<VarId, Field>,
    /// Worst first; the first rule that is true gives the level.
    pub levels: Vec<LevelRule>,
    /// While a worse rule is unknown, the level is no better than this.
    pub assume_level: Option<Level>,
    /// What starts it besides a person.
    pub activate_when: Vec<Activation>,
    /// Who acts.
    pub roles: IndexMap<RoleId, Role>,
    /// What is held ready.
    pub resources: Vec<Resource>,
    /// Outside parties; contacts live in the configuration.
    pub partners: Vec<PartnerId>,
    /// Where people meet.
    pub bridge: Option<Bridge>,
    /// Measurable promises.
    pub objectives: Vec<Objective>,
    /// What business days of deadlines are counted on, pinned with the plan.
    pub calendar: Option<Arc<Calendar>>,
    /// What the law asks.
    pub clocks: Vec<Clock>,
    /// What notices say.
    pub messages: IndexMap<MessageId, Message>,
    /// The states; the first is the initial one.
    pub phases: Vec<Phase>,
    /// What happens at any time.
    pub handlers: Vec<Handler>,
    /// How it ends.
    pub close: Close,
    /// Answers computed from the rest at first use: make it with `LazyIndex::default()`.
    pub lazy_index: LazyIndex,
}

impl Playbook {
    /// Returns the role that is told when something needs a decision: `commander` where the plan
    /// has it, else its first role.
    #[must_use]
    pub fn commander(&self) -> Option<&RoleId> {
        self.roles
            .keys()
            .find(|role| role.as_str() == "commander")
            .or_else(|| self.roles.keys().next())
    }

    /// Returns the instant that a deadline of the plan ends which began at `start`: months first, then
    /// business days to the end of the last, then the fixed part.
    ///
    /// `None` for business days without a calendar, or beyond the year 9999.
    #[must_use]
    pub fn later(&self, span: Span, start: Timestamp) -> Option<Timestamp> {
        if span.business_days() == 0 {
            return span.after(start);
        }
        let begun = span.months_alone().after(start)?;
        let (ended, _) = self.calendar.as_ref()?.after(begun, span.business_days());
        Span::from_seconds(span.seconds()).after(ended?)
    }

    /// Returns the phase of that name.
    #[must_use]
    pub fn phase(&self, id: &PhaseId) -> Option<&Phase> {
        self.phases.get(self.index().phase(id)?)
    }

    /// Returns the step of that name, with its phase. Step names are unique in the whole plan.
    #[must_use]
    pub fn step(&self, id: &StepId) -> Option<(&Phase, &Step)> {
        let place = self.index().place(id)?;
        let phase = self.phases.get(place.phase)?;
        Some((phase, phase.every_step().nth(place.step)?))
    }

    /// Walks the steps of every phase, those that undo others included.
    pub fn every_step(&self) -> impl Iterator<Item = &Step> {
        self.phases.iter().flat_map(Phase::every_step)
    }

    /// Returns the places of the phases that can be entered once the phase at `from` was left: the
    /// phase itself only where a way leads back to it.
    #[must_use]
    pub fn enterable_after(&self, from: usize) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        let mut open = vec![from];
        while let Some(at) = open.pop() {
            open.extend(self.follow(at).into_iter().filter(|to| found.insert(*to)));
        }
        found
    }

    /// Returns the places of the phases that a phase can be left for.
    fn follow(&self, at: usize) -> Vec<usize> {
        let Some(phase) = self.phases.get(at) else { return Vec::new() };
        let place = |id: &PhaseId| self.index().phase(id);
        let mut found: Vec<usize> = phase.ways().iter().filter_map(|way| place(&way.to)).collect();
        if phase.next.is_empty() && at + 1 < self.phases.len() {
            found.push(at + 1);
        }
        let failures = phase.steps.iter().flat_map(|step| [&step.on_failure, &step.on_timeout]);
        found.extend(failures.filter_map(|go| match go {
            OnFailure::GoPhase(to) => place(to),
            OnFailure::Stop | OnFailure::Continue | OnFailure::GoStep(_) => None,
        }));
        let handlers = self.handlers.iter().filter(|handler| {
            handler.while_phase.is_empty() || handler.while_phase.contains(&phase.id)
        });
        found.extend(handlers.filter_map(|handler| match &handler.act {
            HandlerAct::Go(to) => place(to),
            HandlerAct::Notify(_) => None,
        }));
        found
    }

    /// Tells whether a step only undoes another, so that nothing but a rollback begins it.
    #[must_use]
    pub fn is_compensation(&self, id: &StepId) -> bool {
        let place = self.index().place(id);
        let place = place.and_then(|at| Some((self.phases.get(at.phase)?, at.step)));
        place.is_some_and(|(phase, step)| step >= phase.steps.len())
    }
}

/// Who may see the incidents of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Access {
    /// Everyone with a viewer's scope.
    #[default]
    Open,
    /// Role holders, the owner team, the commander's team, administrators.
    Restricted,
}

/// What starts a playbook besides a person.
#[derive(Debug)]
pub enum Activation {
    /// An alert whose labels all match.
    Alert {
        /// Label to exact value.
        match_labels: BTreeMap<SmolStr, String>,
        /// Inputs filled from the alert.
        inputs: IndexMap<VarId, Template>,
    },
    /// A surge found by a monitor.
    Surge {
        /// The monitor's name in the configuration.
        monitor: SmolStr,
        /// The least ratio to the baseline; any surge that the monitor finds where missing.
        at_least: Option<f64>,
        /// Inputs filled from the surge.
        inputs: IndexMap<VarId, Template>,
    },
}

impl Activation {
    /// Tells whether it answers to the labels of an alert: each that it asks for has exactly the
    /// value it asks for. A surge is not found by labels.
    #[must_use]
    pub fn answers(&self, labels: &BTreeMap<SmolStr, String>) -> bool {
        match self {
            Self::Alert { match_labels, .. } => {
                match_labels.iter().all(|(label, value)| labels.get(label) == Some(value))
            }
            Self::Surge { .. } => false,
        }
    }

    /// Tells whether it answers to a surge that a monitor found, so many times what is usual.
    #[must_use]
    pub fn answers_surge(&self, monitor: &str, ratio: Option<f64>) -> bool {
        match self {
            Self::Surge { monitor: own, at_least, .. } => {
                let enough = |least: f64| ratio.is_some_and(|ratio| ratio >= least);
                own == monitor && at_least.is_none_or(enough)
            }
            Self::Alert { .. } => false,
        }
    }
}

/// Something held ready for the plan.
#[derive(Debug)]
pub struct Resource {
    /// Its name in the plan.
    pub id: SmolStr,
    /// What people call it.
    pub title: Text,
    /// `capacity`, `equipment`, …
    pub kind: Option<SmolStr>,
    /// How much of it.
    pub quantity: Option<f64>,
    /// The role that gives it out.
    pub owner: Option<RoleId>,
}

/// Where people meet.
#[derive(Debug)]
pub struct Bridge {
    /// What people call it.
    pub title: Text,
    /// Its address.
    pub url: Template,
}

/// How an incident ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Close {
    /// By itself, after the last phase, when nothing blocks it.
    #[default]
    Auto,
    /// By a person.
    ByPerson,
}

/// A variable's value as the engine keeps it.
pub type Variables = BTreeMap<VarId, Value>;
