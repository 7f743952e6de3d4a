//! What a picture of a plan shows, in the words of one language and without any geometry. It must
//! not know in which form it is drawn.

use serde::Serialize;
use smol_str::SmolStr;

use crate::id::{PhaseId, PlaybookId, StepId};
use crate::text::Lang;

/// A plan as a graph.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Graph {
    /// The plan's slug.
    pub playbook: PlaybookId,
    /// The hash that names the version drawn.
    pub version: SmolStr,
    /// What people call it.
    pub title: String,
    /// When to use it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// The language of the words.
    pub lang: Lang,
    /// Who acts, column by column; the last is for steps without a role.
    pub lanes: Vec<String>,
    /// The phases, in the order of the plan.
    pub frames: Vec<Frame>,
    /// What happens at any time.
    pub handlers: Vec<Handler>,
    /// How long the plan takes if every deadline is used up; nothing where it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub longest: Option<String>,
}

/// A phase.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Frame {
    /// Its name in the plan.
    pub id: PhaseId,
    /// What people call it.
    pub title: String,
    /// How long it takes if every deadline on its longest path is used up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub longest: Option<String>,
    /// It lies on the longest way through the plan.
    pub critical: bool,
    /// Its steps, in the order of the plan; then those that undo them.
    pub nodes: Vec<Node>,
    /// What leads from step to step.
    pub edges: Vec<Edge>,
    /// What leads out of it.
    pub exits: Vec<Exit>,
}

/// A step.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Node {
    /// Its name in the plan.
    pub id: StepId,
    /// What people call it; its name where it has no title.
    pub title: String,
    /// What it does.
    pub kind: Kind,
    /// What it does, in a word.
    pub kind_word: &'static str,
    /// The position of its lane in [`Graph::lanes`].
    pub lane: usize,
    /// Who acts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub who: Option<String>,
    /// By when.
    pub deadlines: Vec<String>,
    /// When it is done at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// What else must be known about it: how it joins, repeats, blocks.
    pub notes: Vec<String>,
    /// It lies on the longest path through its phase.
    pub critical: bool,
    /// It undoes another step, and is begun by a rollback alone.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub undoes: bool,
}

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A person does it.
    Manual,
    /// Messages are sent.
    Notify,
    /// One request is made.
    Http,
    /// A person chooses.
    Decide,
    /// People consent.
    Approve,
    /// Time passes.
    Wait,
    /// Variables are computed.
    Set,
    /// Another plan runs, or takes over.
    Plan,
}

impl Kind {
    /// Returns the word that styles know it by.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Manual => "manual",
            Self::Notify => "notify",
            Self::Http => "http",
            Self::Decide => "decide",
            Self::Approve => "approve",
            Self::Wait => "wait",
            Self::Set => "set",
            Self::Plan => "plan",
        }
    }
}

/// What leads from one step of a phase to another.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Edge {
    /// The position of the step it leaves.
    pub from: usize,
    /// The position of the step it reaches.
    pub to: usize,
    /// Why it is followed.
    pub kind: EdgeKind,
    /// It lies on the longest path through the phase.
    pub critical: bool,
}

/// Why an edge is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EdgeKind {
    /// The one comes after the other.
    After,
    /// The one failed.
    Failure,
    /// The one ran out of time.
    Timeout,
    /// The other undoes the one.
    Undo,
}

impl EdgeKind {
    /// Says why, where it is not the ordinary course.
    #[must_use]
    pub fn word(self, lang: Lang) -> Option<&'static str> {
        match self {
            Self::After => None,
            Self::Failure => Some(lang.pick("失败时", "on failure")),
            Self::Timeout => Some(lang.pick("超时", "on timeout")),
            Self::Undo => Some(lang.pick("撤回", "undone by")),
        }
    }

    /// Tells whether what it reaches stands below what it leaves.
    pub(super) const fn goes_down(self) -> bool {
        matches!(self, Self::After | Self::Undo)
    }
}

/// What leads out of a phase.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Exit {
    /// Where it leads.
    pub to: Target,
    /// When it is taken, and how often.
    pub label: String,
    /// Why it is taken: the phase is over, or a step of it failed or ran out of time.
    pub kind: EdgeKind,
    /// The position of the step that leaves, where one does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<usize>,
    /// It lies on the longest way through the plan.
    pub critical: bool,
}

/// Where an exit leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// To the phase at a position.
    Frame(usize),
    /// To the end.
    End,
}

/// What happens at any time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Handler {
    /// What it answers, when, and how often.
    pub label: String,
    /// What it does.
    pub act: String,
    /// The position of the phase it leads to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<usize>,
}

impl Graph {
    /// Says where an exit leads.
    #[must_use]
    pub fn target(&self, target: Target) -> &str {
        match target {
            Target::Frame(at) => self.frames.get(at).map_or("", |frame| frame.title.as_str()),
            Target::End => self.lang.pick("结束", "The end"),
        }
    }

    /// Returns the version as people compare it: the first twelve digits of the hash.
    #[must_use]
    pub fn short_version(&self) -> &str {
        self.version.get(..12).unwrap_or(&self.version)
    }
}

impl Frame {
    /// Returns the edge that says by when a step is due: of those by which it comes after others,
    /// the one on the longest path, else the last. A step that begins with its phase has none.
    #[must_use]
    pub fn carrier(&self, node: usize) -> Option<&Edge> {
        let mut ways = self.edges.iter().filter(|e| e.to == node && e.kind == EdgeKind::After);
        let critical = ways.clone().find(|edge| edge.critical);
        critical.or_else(|| ways.next_back())
    }

    /// Tells whether an edge says by when the step it leads to is due.
    pub(super) fn carries(&self, edge: &Edge) -> bool {
        self.carrier(edge.to).is_some_and(|carrier| std::ptr::eq(carrier, edge))
    }
}
