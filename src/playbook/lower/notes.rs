//! What is noted while a plan is read: where things are declared, what expressions stand where,
//! which names of the directory are used. Rules over the whole plan point with it.

use std::collections::BTreeMap;

use indexmap::IndexMap;

use crate::id::{
    ChannelId, ClockId, LadderId, PartnerId, PhaseId, ScheduleId, StepId, TeamId, VarId,
};
use crate::playbook::source::Span;
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
    /// Inputs that an alert fills.
    pub filled_by_alert: Vec<Noted<VarId>>,
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
    /// Steps by name with the `after` list.
    pub after: BTreeMap<StepId, Span>,
    /// Where a condition of a step stands.
    pub when: BTreeMap<StepId, Span>,
    /// Steps with those that undo them, with where that is said.
    pub compensations: Vec<Noted<(StepId, StepId)>>,
    /// Ways out of phases by failure, with where they stand.
    pub failure_ways: Vec<Noted<(StepId, PhaseId)>>,
    /// Teams that messages are for.
    pub audience_teams: Vec<Noted<TeamId>>,
    /// Notify parts without a channel of their own, with whom they address.
    pub unaddressed: Vec<Noted<&'static str>>,
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
}
