//! What a drill requires, judged from its journal. Plain data; judging is `score`'s business.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::id::{ObjectiveId, RoleId, StepId};
use crate::playbook::Condition;
use crate::playbook::{Audience, Milestone};
use crate::text::Text;

/// The most expectations of a drill: more than anyone reads in a report.
pub const EXPECTATIONS_MAX: usize = 100;
/// The greatest weight; finer scales pretend to a precision nobody has.
pub const WEIGHT_MAX: u32 = 100;

/// One requirement.
#[derive(Debug)]
pub struct Expectation {
    /// How much it counts, at least 1.
    pub weight: u32,
    /// The drill fails when it is not met, whatever the score.
    pub critical: bool,
    /// What is required.
    pub ask: Ask,
}

/// What is required.
#[derive(Debug)]
pub enum Ask {
    /// An objective of the plan is kept.
    Objective(ObjectiveId),
    /// A role is acknowledged, counted from when it was first needed.
    Acknowledged {
        /// The role.
        role: RoleId,
        /// The most it may take.
        within: SignedDuration,
    },
    /// A step reaches a milestone, counted from the declaration.
    Step {
        /// The step.
        step: StepId,
        /// The milestone.
        is: Milestone,
        /// The most it may take; `None` at any time.
        within: Option<SignedDuration>,
    },
    /// Someone asked to take a role, or holding it, got a message.
    Reached {
        /// The role.
        role: RoleId,
        /// Only asked for when this held at some time; unknown counts as false.
        when: Option<Condition>,
    },
    /// No message to an audience passed the gate.
    NeverNotify(Audience),
    /// A person judges.
    Evaluator {
        /// What they are asked.
        question: Text,
        /// How they answer.
        scale: Scale,
    },
}

/// How an evaluator answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scale {
    /// Performed, performed with some challenges, with major ones, unable: the HSEEP ratings.
    #[serde(rename = "PSMU")]
    Psmu,
    /// Met or not.
    #[serde(rename = "yes-no")]
    YesNo,
}
