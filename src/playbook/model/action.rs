//! What a step does.

use indexmap::IndexMap;
use smol_str::SmolStr;

use crate::id::{PlaybookId, RoleId, VarId};
use crate::playbook::duration::Span;
use crate::playbook::expression::{Condition, Expression};
use crate::playbook::model::{Approver, Notify};
use crate::playbook::template::{JsonTemplate, Template};
use crate::playbook::value::Field;
use crate::text::Text;

/// What a step does.
#[derive(Debug)]
pub enum Action {
    /// A person does it.
    Manual(Manual),
    /// Messages are sent.
    Notify(Notify),
    /// One HTTP request is made.
    Http(Box<Http>),
    /// A person chooses.
    Decide(Decide),
    /// People consent.
    Approve(Approve),
    /// Time passes, or a condition comes true.
    Wait(Wait),
    /// Variables are computed.
    Set(IndexMap<VarId, Expression>),
    /// Another plan runs as an incident of its own.
    Child(Box<Child>),
    /// The incident itself goes on by another plan.
    HandOff(Box<HandOff>),
}

impl Action {
    /// Tells whether a person must act for the step to settle.
    #[must_use]
    pub const fn is_human(&self) -> bool {
        matches!(self, Self::Manual(_) | Self::Decide(_) | Self::Approve(_))
    }
}

/// Work done by a person.
#[derive(Debug, Default)]
pub struct Manual {
    /// What to do, in Markdown.
    pub instructions: Option<Text>,
    /// What to tick off.
    pub checklist: Vec<CheckItem>,
    /// What to fill in; answers become variables.
    pub form: IndexMap<VarId, Field>,
    /// Whether proof must be attached.
    pub evidence: Evidence,
    /// The measure that completing it records.
    pub measure: Option<VarId>,
}

impl Manual {
    /// Lists the items that must be ticked and are not, by their paths. Ticking an item ticks what
    /// lies below it.
    #[must_use]
    pub fn open_items(&self, ticked: &[SmolStr]) -> Vec<String> {
        let mut open = Vec::new();
        unticked(&self.checklist, "", ticked, &mut open);
        open
    }
}

fn unticked(items: &[CheckItem], above: &str, ticked: &[SmolStr], open: &mut Vec<String>) {
    for (place, item) in (1_usize..).zip(items) {
        let path = if above.is_empty() { place.to_string() } else { format!("{above}.{place}") };
        if item.optional || ticked.iter().any(|known| *known == path) {
            continue;
        }
        if item.items.is_empty() {
            open.push(path);
        } else {
            unticked(&item.items, &path, ticked, open);
        }
    }
}

/// An item to tick off. Addressed by its path of positions: `2`, `2.1`.
#[derive(Debug)]
pub struct CheckItem {
    /// What it says.
    pub title: Text,
    /// May be left open.
    pub optional: bool,
    /// Items below it.
    pub items: Vec<CheckItem>,
}

/// Whether a step asks for proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Evidence {
    /// Welcome but not asked for.
    #[default]
    Optional,
    /// The step cannot be completed without it.
    Required,
}

/// One HTTP request.
#[derive(Debug)]
pub struct Http {
    /// `GET`, `POST`, …
    pub method: SmolStr,
    /// Its address; the host must be on the allow-list.
    pub url: Template,
    /// Its header fields.
    pub headers: IndexMap<SmolStr, Template>,
    /// Its JSON body.
    pub body: Option<JsonTemplate>,
    /// Statuses that count as success; empty means 200–299.
    pub expect_status: Vec<u16>,
    /// JSON pointers that must equal these values.
    pub expect_json: IndexMap<String, serde_json::Value>,
    /// Variables filled from JSON pointers of the answer.
    pub save: IndexMap<VarId, String>,
}

/// A choice made by a person.
#[derive(Debug)]
pub struct Decide {
    /// What can be chosen.
    pub options: Vec<SmolStr>,
    /// Who chooses; falls back to the step's role.
    pub by: Option<RoleId>,
    /// Taken when the step falls due unanswered.
    pub default: Option<SmolStr>,
}

/// Consent of several people, never of the author of what is approved.
#[derive(Debug)]
pub struct Approve {
    /// Whose consent counts.
    pub by: Vec<Approver>,
    /// How many must consent.
    pub quorum: u32,
}

/// Another plan that runs as an incident of its own, linked with the one that asked for it.
#[derive(Debug)]
pub struct Child {
    /// The plan.
    pub playbook: PlaybookId,
    /// Its inputs; what is unknown when it begins stays unknown to it.
    pub with: IndexMap<VarId, JsonTemplate>,
    /// The step waits for the child's end; else it is done when the child has begun.
    pub wait: bool,
    /// Variables filled, when the child closes, from variables of the child.
    pub save: IndexMap<VarId, VarId>,
}

/// Another plan that the incident goes on by, with its whole history.
#[derive(Debug)]
pub struct HandOff {
    /// The plan.
    pub playbook: PlaybookId,
    /// Inputs set by the hand-off; others keep what the incident knows under the same name.
    pub with: IndexMap<VarId, JsonTemplate>,
}

/// What a wait waits for.
#[derive(Debug)]
pub enum Wait {
    /// Time.
    For(Span),
    /// A condition; unknown counts as false.
    Until(Condition),
}
