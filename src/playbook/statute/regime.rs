//! A legal regime: who must tell whom of what, and by when.

use indexmap::IndexMap;
use jiff::civil::Date;

use crate::id::{CalendarId, MomentId, PartyId, RegimeId, StageId, VarId};
use crate::people::Zone;
use crate::playbook::expression::Condition;
use crate::playbook::model::{Level, TextTemplate};
use crate::playbook::statute::Limit;
use crate::playbook::value::Field;
use crate::text::Text;

/// A legal regime, as far as its clocks are concerned. Not legal advice.
#[derive(Debug)]
pub struct Regime {
    /// The slug plans know it by.
    pub id: RegimeId,
    /// What people call it.
    pub title: Text,
    /// Whose law it is.
    pub jurisdiction: Text,
    /// Which version of it was read.
    pub version: Option<Text>,
    /// When it holds.
    pub in_force: InForce,
    /// Where days begin and end.
    pub zone: Zone,
    /// What business days are counted on.
    pub calendar: Option<CalendarId>,
    /// Where it was read.
    pub source: Vec<Origin>,
    /// Someone has compared it with its source.
    pub verified: bool,
    /// What a reader must know beyond the stages.
    pub notes: Option<Text>,
    /// In which capacities it binds; empty where it makes no difference.
    pub parties: IndexMap<PartyId, Party>,
    /// Moments of its own that stages count from.
    pub moments: IndexMap<MomentId, Text>,
    /// What its conditions ask for.
    pub facts: IndexMap<VarId, Field>,
    /// Whether it applies at all; unknown counts as yes.
    pub when: Option<Condition>,
    /// What must be done, in order.
    pub stages: Vec<Stage>,
}

impl Regime {
    /// Returns the stage of that name.
    #[must_use]
    pub fn stage(&self, id: &StageId) -> Option<&Stage> {
        self.stages.iter().find(|stage| stage.id == *id)
    }
}

/// When a regime holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InForce {
    /// It is proposed only: nothing is due by it.
    pub proposed: bool,
    /// The first day.
    pub from: Option<Date>,
    /// The last day.
    pub until: Option<Date>,
}

impl InForce {
    /// Tells whether it holds on a day.
    #[must_use]
    pub fn holds_on(&self, day: Date) -> bool {
        !self.proposed
            && self.from.is_none_or(|from| from <= day)
            && self.until.is_none_or(|until| day <= until)
    }
}

/// Where something was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// What it is.
    pub title: Text,
    /// Its address.
    pub url: Option<String>,
}

/// A capacity in which a regime binds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    /// What people call it.
    pub title: Text,
}

/// One thing a regime asks for.
#[derive(Debug)]
pub struct Stage {
    /// Its name in the regime.
    pub id: StageId,
    /// What people call it.
    pub title: Text,
    /// The capacities it binds; empty means all.
    pub parties: Vec<PartyId>,
    /// To whom.
    pub to: Text,
    /// By when: the earliest of these that is known.
    pub limits: Vec<StageLimit>,
    /// Whether it is due; unknown counts as yes.
    pub when: Option<Condition>,
    /// Due only once its moment has come, and again each time: a supplement, a request. Nothing
    /// waits for a moment that never comes.
    pub on_demand: bool,
    /// What must be said.
    pub content: Vec<ContentItem>,
    /// Who may grant more time, where anyone may.
    pub extension: Option<Extension>,
    /// Someone has compared it with its source.
    pub verified: bool,
    /// What a reader must know.
    pub notes: Option<Text>,
}

impl Stage {
    /// Tells whether it begins with the end of the incident.
    #[must_use]
    pub fn follows_close(&self) -> bool {
        self.limits.iter().all(|limit| limit.from == Start::Closed)
    }
}

/// A limit and the moment it counts from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageLimit {
    /// From when.
    pub from: Start,
    /// How long.
    pub within: Limit,
}

/// The moment a limit counts from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// When the trouble was noticed.
    Detected,
    /// When the organisation knew.
    Aware,
    /// When the incident was declared.
    Declared,
    /// When the incident closed.
    Closed,
    /// When another stage of the same clock was submitted.
    Submitted(StageId),
    /// When the level was first this one or worse.
    Level(Level),
    /// A moment of the regime, set by a person or bound by the plan.
    Named(MomentId),
}

/// One thing that must be said.
#[derive(Debug)]
pub struct ContentItem {
    /// What it is about.
    pub title: Text,
    /// Left out where there is nothing to say.
    pub optional: bool,
    /// Filled in from what is known.
    pub fill: Option<TextTemplate>,
}

/// Who may grant more time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extension {
    /// Who.
    pub by: Text,
    /// How much in all, in days.
    pub days_at_most: u32,
}
