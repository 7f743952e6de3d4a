//! What a drill requires, judged from its journal. Plain data; judging is `score`'s business.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::id::{ObjectiveId, RoleId, StepId};
use crate::playbook::Condition;
use crate::playbook::{Audience, Milestone};
use crate::text::{Lang, Text};

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
    /// Which part of the work it tells of.
    pub part: Part,
    /// What is required.
    pub ask: Ask,
}

/// A part of the work, with a score of its own: six ways of being good at an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Noticing the trouble, and how grave it is.
    Detect,
    /// Saying so.
    Report,
    /// Taking roles and doing the work.
    Respond,
    /// Finding the cause.
    Locate,
    /// Telling those who must know.
    Communicate,
    /// Keeping the law.
    Comply,
}

impl Part {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 6] =
        [Self::Detect, Self::Report, Self::Respond, Self::Locate, Self::Communicate, Self::Comply];

    /// Returns the word used in drill files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Detect => "detect",
            Self::Report => "report",
            Self::Respond => "respond",
            Self::Locate => "locate",
            Self::Communicate => "communicate",
            Self::Comply => "comply",
        }
    }

    /// Returns the word for people.
    #[must_use]
    pub fn word(self, lang: Lang) -> &'static str {
        match self {
            Self::Detect => lang.pick("发现", "detect"),
            Self::Report => lang.pick("上报", "report"),
            Self::Respond => lang.pick("处置", "respond"),
            Self::Locate => lang.pick("定位", "locate"),
            Self::Communicate => lang.pick("沟通", "communicate"),
            Self::Comply => lang.pick("合规", "comply"),
        }
    }
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

impl Scale {
    /// Returns the word used in drill files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Psmu => "PSMU",
            Self::YesNo => "yes-no",
        }
    }
}

/// How many parts of a group must be met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Every one.
    All,
    /// One is enough.
    Any,
    /// So many.
    AtLeast(u32),
}

impl Rule {
    /// Returns how many of `count` parts must be met.
    #[must_use]
    pub fn wanted(self, count: usize) -> usize {
        match self {
            Self::All => count,
            Self::Any => count.min(1),
            Self::AtLeast(least) => usize::try_from(least).unwrap_or(usize::MAX).min(count),
        }
    }
}
