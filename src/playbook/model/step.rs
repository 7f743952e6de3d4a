//! One piece of work, whatever its kind.

use smol_str::SmolStr;

use crate::id::{LadderId, PhaseId, RoleId, StepId, VarId};
use crate::playbook::duration::Span;
use crate::playbook::expression::{Condition, Expression};
use crate::playbook::model::{Action, Due};
use crate::text::Text;

/// One piece of work.
#[derive(Debug)]
pub struct Step {
    /// Its name, unique in the plan.
    pub id: StepId,
    /// What people call it; falls back to the name.
    pub title: Option<Text>,
    /// What it does.
    pub action: Action,
    /// Who does it.
    pub role: Option<RoleId>,
    /// The lane it is drawn in; falls back to the role.
    pub lane: Option<SmolStr>,
    /// Steps of the same phase that come first.
    pub after: Vec<StepId>,
    /// How many of them must be satisfied.
    pub join: Join,
    /// Evaluated once, when `after` is satisfied. Unknown counts as true.
    pub when: Option<Condition>,
    /// How soon it must be started.
    pub start_within: Option<Due>,
    /// How soon it must be finished.
    pub due: Option<Due>,
    /// Climbed when a deadline of the step is breached or it fails with `stop`.
    pub escalate: Option<LadderId>,
    /// Further attempts of an automatic step.
    pub retry: Retry,
    /// How long one attempt may take, from its start.
    pub timeout: Option<Span>,
    /// What a failure means for the rest.
    pub on_failure: OnFailure,
    /// What running out of `timeout` means for the rest.
    pub on_timeout: OnFailure,
    /// What waits for it.
    pub blocks: Blocks,
    /// Runs on when its phase is left.
    pub outlives_phase: bool,
    /// Done again and again.
    pub repeat: Option<Repeat>,
    /// Done once for each item of a list.
    pub for_each: Option<ForEach>,
    /// What undoes it when the incident is cancelled or rolled back.
    pub compensate: Option<Compensate>,
}

impl Step {
    /// Returns the role whose holder does it: of a decision, the one that decides.
    #[must_use]
    pub const fn doer(&self) -> Option<&RoleId> {
        match &self.action {
            Action::Decide(decide) if decide.by.is_some() => decide.by.as_ref(),
            _ => self.role.as_ref(),
        }
    }
}

/// What undoes a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Compensate {
    /// Nothing has to be undone, and the plan says so.
    Nothing,
    /// A step of the same phase, which has no place in the ordinary flow.
    Step(StepId),
}

/// How many predecessors must be satisfied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Join {
    /// All of them.
    #[default]
    All,
    /// The first.
    Any,
    /// The `n`th.
    AtLeast(u32),
}

/// Further attempts of an automatic step.
#[derive(Debug, Clone)]
pub struct Retry {
    /// All attempts, the first included; at least 1.
    pub attempts: u32,
    /// The pause before the second attempt; it doubles for each further one.
    pub backoff: Option<Span>,
}

impl Default for Retry {
    fn default() -> Self {
        Self { attempts: 1, backoff: None }
    }
}

/// What a failure means for the rest.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum OnFailure {
    /// Dependents and the phase's end wait for a person.
    #[default]
    Stop,
    /// Dependents go on as if it were done.
    Continue,
    /// A step of the same phase becomes ready.
    GoStep(StepId),
    /// The phase is left for another.
    GoPhase(PhaseId),
}

/// What waits for a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Blocks {
    /// The end of its phase.
    #[default]
    Phase,
    /// The close of the incident.
    Close,
    /// Nothing.
    Nothing,
}

/// Doing a step again and again.
#[derive(Debug)]
pub struct Repeat {
    /// From one iteration's start to the next's.
    pub every: Span,
    /// Ends when true; unknown counts as false.
    pub until: Option<Condition>,
    /// Ends when not true; unknown counts as false.
    pub while_true: Option<Condition>,
    /// All iterations.
    pub at_most: u32,
}

/// Doing a step once for each item of a list.
#[derive(Debug)]
pub struct ForEach {
    /// The list, evaluated when the step becomes ready.
    pub list: Expression,
    /// The variable that holds the item.
    pub bind: VarId,
    /// The most items; further ones are recorded as left out.
    pub at_most: u32,
    /// The most items worked on at once; `None` all.
    pub at_once: Option<u32>,
}
