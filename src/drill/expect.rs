//! What a drill requires, judged from its journal. Plain data; judging is `score`'s business.

use std::fmt;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::drill::probe::Probe;
use crate::id::{ClockId, ObjectiveId, PhaseId, RoleId, StageId, StepId};
use crate::playbook::{Audience, Condition, Level, Milestone, Moment};
use crate::text::{Lang, Text};

/// The most expectations of a drill, those within groups included: more than anyone reads in a
/// report.
pub const EXPECTATIONS_MAX: usize = 100;
/// The greatest weight; finer scales pretend to a precision nobody has.
pub const WEIGHT_MAX: u32 = 100;
/// How deep groups stand in groups; beyond, nobody can say any more what is asked for.
pub const DEPTH_MAX: usize = 3;

/// One requirement.
#[derive(Debug)]
pub struct Expectation {
    /// How much it counts, at least 1.
    pub weight: u32,
    /// The drill fails when it is not met, whatever the score.
    pub critical: bool,
    /// Which part of the work it tells of.
    pub part: Part,
    /// Only asked for when this held at some time; unknown counts as false.
    pub when: Option<Condition>,
    /// What is required.
    pub asked: Asked,
}

/// What is required, and what it is known by.
#[derive(Debug)]
pub struct Asked {
    /// Stable over runs and changes of wording; unique in a drill.
    pub key: SmolStr,
    /// What is required.
    pub ask: Ask,
}

impl Asked {
    /// Names a requirement by what it asks for.
    #[must_use]
    pub fn of(ask: Ask) -> Self {
        Self { key: ask.to_string().into(), ask }
    }
}

/// What is required.
#[derive(Debug)]
pub enum Ask {
    /// Something happens.
    Seen(Pattern),
    /// Something does not happen: not at all, or not so early. It counts from where the pattern
    /// counts from.
    Never(Pattern),
    /// An objective of the plan is kept.
    Objective(ObjectiveId),
    /// Someone asked to take a role, or holding it, got a message.
    Reached(RoleId),
    /// A person judges.
    Evaluator {
        /// What they are asked.
        question: Text,
        /// How they answer.
        scale: Scale,
    },
    /// Something outside is asked.
    Probe(Probe),
    /// Some of several requirements, judged as one.
    Group {
        /// How many.
        rule: Rule,
        /// The requirements, at least one.
        of: Vec<Asked>,
    },
}

impl Ask {
    /// Visits the patterns in it, in the order of the file.
    pub fn each_pattern<'a>(&'a self, visit: &mut dyn FnMut(&'a Pattern)) {
        match self {
            Self::Seen(pattern) | Self::Never(pattern) => visit(pattern),
            Self::Group { of, .. } => of.iter().for_each(|part| part.ask.each_pattern(visit)),
            Self::Objective(_) | Self::Reached(_) | Self::Evaluator { .. } | Self::Probe(_) => {}
        }
    }
}

impl Asked {
    /// Gathers the probes in it with their keys, in the order of the file.
    pub fn probes<'a>(&'a self, found: &mut Vec<(&'a SmolStr, &'a Probe)>) {
        match &self.ask {
            Ask::Probe(probe) => found.push((&self.key, probe)),
            Ask::Group { of, .. } => of.iter().for_each(|part| part.probes(found)),
            Ask::Seen(_)
            | Ask::Never(_)
            | Ask::Objective(_)
            | Ask::Reached(_)
            | Ask::Evaluator { .. } => {}
        }
    }
}

/// Something that an incident's events show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// What.
    pub what: What,
    /// The most it may take; `None` at any time.
    pub within: Option<SignedDuration>,
    /// The moment that counts from; `None` for an acknowledgement when the role was first needed,
    /// for a clock when it began to run, else the declaration.
    pub from: Option<Moment>,
    /// Who did it must have held this role then.
    pub by: Option<RoleId>,
}

impl Pattern {
    /// Makes a pattern without limits.
    #[must_use]
    pub const fn of(what: What) -> Self {
        Self { what, within: None, from: None, by: None }
    }
}

/// What happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A role is acknowledged.
    Acknowledged(RoleId),
    /// A step reaches a milestone.
    Step(StepId, Milestone),
    /// A rung of the ladder for a role that nobody takes fires.
    RoleEscalated(RoleId),
    /// A rung of the ladder for a step that is overdue or failed fires.
    StepEscalated(StepId),
    /// An option is chosen.
    Decision(StepId, SmolStr),
    /// Consent is given: by all who are asked for it, or with `by` by the holder of that role.
    Approved(StepId),
    /// A phase is entered.
    PhaseEntered(PhaseId),
    /// A phase is left, or the incident closes in it.
    PhaseDone(PhaseId),
    /// The level is this or worse.
    Level(Level),
    /// Whatever of a statutory clock begins to run is submitted in time: all its stages, or one.
    Clock(ClockId, Option<StageId>),
    /// A message to an audience is written, whether it leaves or the gate holds it back.
    Noted(Audience),
    /// A message to an audience passes the gate and is delivered.
    Notified(Audience),
    /// The incident closes.
    Closed,
}

impl What {
    /// Tells whether a person does it, so that it can be asked who did.
    #[must_use]
    pub const fn has_an_actor(&self) -> bool {
        match self {
            Self::Acknowledged(_)
            | Self::Decision(..)
            | Self::Approved(_)
            | Self::Level(_)
            | Self::Clock(..)
            | Self::Closed
            | Self::Step(_, Milestone::Started | Milestone::Done | Milestone::Failed) => true,
            Self::Step(_, Milestone::Ready | Milestone::Settled)
            | Self::RoleEscalated(_)
            | Self::StepEscalated(_)
            | Self::PhaseEntered(_)
            | Self::PhaseDone(_)
            | Self::Noted(_)
            | Self::Notified(_) => false,
        }
    }
}

/// Writes what it is known by, where the file gives it no name.
impl fmt::Display for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Seen(pattern) => write!(f, "{pattern}"),
            // As it was known before there were others.
            Self::Never(Pattern { what: What::Notified(audience), by: None, .. }) => {
                write!(f, "never/notify/{}", audience_name(audience))
            }
            Self::Never(pattern) => write!(f, "never/{pattern}"),
            Self::Objective(id) => write!(f, "objective/{id}"),
            Self::Reached(role) => write!(f, "reached/{role}"),
            Self::Evaluator { question, .. } => write!(f, "evaluator/{}", question.get(Lang::En)),
            Self::Probe(probe) => write!(f, "probe/{}", probe.url),
            Self::Group { rule, of } => {
                match rule {
                    Rule::All => f.write_str("all(")?,
                    Rule::Any => f.write_str("any(")?,
                    Rule::AtLeast(least) => write!(f, "at_least_{least}(")?,
                }
                for (nth, part) in of.iter().enumerate() {
                    write!(f, "{}{}", if nth > 0 { "," } else { "" }, part.key)?;
                }
                f.write_str(")")
            }
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            What::Acknowledged(role) => write!(f, "acknowledged/{role}")?,
            What::Step(step, is) => write!(f, "step/{step}/{}", milestone_name(*is))?,
            What::RoleEscalated(role) => write!(f, "escalated/{role}")?,
            What::StepEscalated(step) => write!(f, "escalated/{step}")?,
            What::Decision(step, is) => write!(f, "decision/{step}/{is}")?,
            What::Approved(step) => write!(f, "approved/{step}")?,
            What::PhaseEntered(phase) => write!(f, "phase/{phase}/entered")?,
            What::PhaseDone(phase) => write!(f, "phase/{phase}/done")?,
            What::Level(level) => write!(f, "level/{level}")?,
            What::Clock(clock, None) => write!(f, "clock/{clock}")?,
            What::Clock(clock, Some(stage)) => write!(f, "clock/{clock}:{stage}")?,
            What::Noted(audience) => write!(f, "noted/{}", audience_name(audience))?,
            What::Notified(audience) => write!(f, "notified/{}", audience_name(audience))?,
            What::Closed => f.write_str("closed")?,
        }
        self.by.iter().try_for_each(|role| write!(f, "/by/{role}"))
    }
}

/// Names a milestone as a drill's file does.
#[must_use]
pub const fn milestone_name(milestone: Milestone) -> &'static str {
    match milestone {
        Milestone::Ready => "ready",
        Milestone::Started => "started",
        Milestone::Done => "done",
        Milestone::Failed => "failed",
        Milestone::Settled => "settled",
    }
}

/// Names an audience as a drill's file does.
#[must_use]
pub fn audience_name(audience: &Audience) -> String {
    match audience {
        Audience::Role(role) => format!("role/{role}"),
        Audience::Team(team) => format!("team/{team}"),
        Audience::Partner(partner) => format!("partner/{partner}"),
        Audience::Customers => "customers".to_owned(),
        Audience::Regulators => "regulators".to_owned(),
        Audience::Channel(channel) => format!("channel/{channel}"),
    }
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
