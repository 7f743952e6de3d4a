//! What is noted while a plan is read: where things are declared, what expressions stand where,
//! which names of the directory are used. Rules over the whole plan point with it.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde_json::Value as Json;

use crate::id::{
    ChannelId, ClockId, LadderId, PartnerId, PhaseId, RoleId, ScheduleId, StepId, TeamId, VarId,
};
use crate::playbook::expression::Name;
use crate::playbook::model::Term;
use crate::playbook::source::Span;
use crate::playbook::template::JsonTemplate;
use crate::playbook::value::FieldType;
use crate::playbook::yaml::Node;
use crate::text::Lang;

/// Everything noted about a plan.
#[derive(Debug, Default)]
pub(in crate::playbook) struct Notes<'n> {
    /// Steps by name, with where the name stands.
    pub steps: IndexMap<&'n str, StepPlace<'n>>,
    /// Phases by name.
    pub phases: IndexMap<&'n str, Span>,
    /// Roles by name.
    pub roles: IndexMap<&'n str, Span>,
    /// Messages by name.
    pub messages: IndexMap<&'n str, Span>,
    /// Objectives by name.
    pub objectives: IndexMap<&'n str, Span>,
    /// What can set a variable.
    pub variables: BTreeMap<VarId, Vec<Noted<Option<FieldType>>>>,
    /// Whether each field and input of a name holds personal data, with where it is declared.
    pub personal: BTreeMap<VarId, Vec<Noted<bool>>>,
    /// Inputs that an alert or a surge fills.
    pub filled_by_tool: Vec<Noted<VarId>>,
    /// Fields of forms and saved values by step.
    pub step_fields: BTreeMap<StepId, Vec<VarId>>,
    /// Measures that steps record.
    pub measures: BTreeMap<VarId, Span>,
    /// Every expression and template.
    pub used: Vec<Used<'n>>,
    /// Names of the directory.
    pub directory: Vec<Noted<DirectoryName>>,
    /// Ways out of phases, in the order of the model.
    pub next: BTreeMap<PhaseId, Vec<Span>>,
    /// Clocks with where they stand.
    pub clocks: Vec<Noted<ClockId>>,
    /// What deadlines count back from.
    pub terms: Vec<Noted<Term>>,
    /// Steps by name with the `after` list.
    pub after: BTreeMap<StepId, Span>,
    /// Where each condition stands.
    pub conditions: BTreeMap<Decides, Span>,
    /// What starts the plan, in the order of the model.
    pub activations: Vec<Span>,
    /// Where the calendar of business days is named.
    pub calendar: Option<Span>,
    /// Where the day of the last review stands.
    pub reviewed_on: Option<Span>,
    /// Steps with those that undo them, with where that is said.
    pub compensations: Vec<Noted<(StepId, StepId)>>,
    /// Ways out of phases by failure, with where they stand.
    pub failure_ways: Vec<Noted<(StepId, PhaseId)>>,
    /// Teams that messages are for.
    pub audience_teams: Vec<Noted<TeamId>>,
    /// Notify parts without a channel of their own, with whom they address.
    pub unaddressed: Vec<Noted<&'static str>>,
    /// Steps that run another plan.
    pub calls: Vec<CallPlace>,
}

/// What a condition decides.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::playbook) enum Decides {
    /// Whether it is the level of the rule at this place.
    Level(usize),
    /// Whether a role is needed.
    Role(RoleId),
    /// Whether a clock applies.
    Clock(ClockId),
    /// Whether a step is done.
    Step(StepId),
    /// Whether a wait is over.
    Wait(StepId),
    /// Whether a repeat is over.
    Until(StepId),
    /// Whether a repeat goes on.
    While(StepId),
    /// Whether the way out of a phase at this place is taken.
    Next(PhaseId, usize),
    /// Whether the handler at this place answers.
    Handler(usize),
}

impl Notes<'_> {
    /// Notes where a condition stands, if there is one.
    pub(super) fn decides(&mut self, what: Decides, when: Option<&Node>) {
        self.conditions.extend(when.map(|node| (what, node.span)));
    }
}

/// Where a step runs another plan, and what it gives and takes.
#[derive(Debug, Clone)]
pub struct CallPlace {
    pub step: StepId,
    /// Where the other plan is named.
    pub plan: Span,
    pub with: Vec<WithPlace>,
    pub save: Vec<SavePlace>,
}

/// An input given to another plan.
#[derive(Debug, Clone)]
pub struct WithPlace {
    pub name: VarId,
    pub at: Span,
    pub value_at: Span,
    pub shape: Shape,
}

/// A variable taken from another plan.
#[derive(Debug, Clone)]
pub struct SavePlace {
    pub name: VarId,
    pub at: Span,
    pub theirs: VarId,
    pub theirs_at: Span,
}

/// What can be told of a value before anything runs.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// It is this.
    Fixed(Json),
    /// It is what the variable holds.
    Variable(VarId),
    /// It is some text.
    Text,
    /// It depends.
    Any,
}

impl Shape {
    pub(super) fn of(value: &JsonTemplate) -> Self {
        match value {
            JsonTemplate::Fixed(json) => Self::Fixed(json.clone()),
            JsonTemplate::Text(_) => Self::Text,
            JsonTemplate::Value(expression) => match expression.names() {
                [Name::Variable(id)] if id.as_str() == expression.source().trim() => {
                    Self::Variable(id.clone())
                }
                _ => Self::Any,
            },
            JsonTemplate::List(items) => fixed(items.iter()).map_or(Self::Any, Self::Fixed),
            JsonTemplate::Object(_) => Self::Any,
        }
    }
}

/// Returns a list that holds nothing to be filled in.
fn fixed<'t>(items: impl Iterator<Item = &'t JsonTemplate>) -> Option<Json> {
    let items = items.map(|item| match Shape::of(item) {
        Shape::Fixed(json) => Some(json),
        Shape::Variable(_) | Shape::Text | Shape::Any => None,
    });
    items.collect::<Option<Vec<Json>>>().map(Json::Array)
}

/// Something and where it stands.
#[derive(Debug, Clone)]
pub(in crate::playbook) struct Noted<T> {
    pub what: T,
    pub span: Span,
}

/// Where a step is declared.
#[derive(Debug, Clone)]
pub(in crate::playbook) struct StepPlace<'n> {
    pub span: Span,
    pub phase: &'n str,
}

/// A name that the directory must know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::playbook) enum DirectoryName {
    Team(TeamId),
    Schedule(ScheduleId),
    Ladder(LadderId),
    Partner(PartnerId),
    Channel(ChannelId),
}

/// An expression or template and where it stands.
#[derive(Debug)]
pub(in crate::playbook) struct Used<'n> {
    pub node: &'n Node,
    pub form: Form,
    pub site: Site,
}

/// What kind of text it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::playbook) enum Form {
    Condition,
    Value,
    Template(Lang),
    Json,
}

/// Where it is evaluated, as far as that decides which names it may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::playbook) enum Site {
    /// Decides the level; must not ask for it.
    Level,
    /// In the running incident.
    Incident,
    /// In a message to a person.
    Message,
    /// While an alert comes in; only the alert is there.
    Alert,
    /// While a surge comes in; only the surge is there.
    Surge,
}
