//! The immutable playbook that the engine runs. Everything in it has been checked: references
//! resolve, expressions compile, bounds exist. It must not know source positions.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use jiff::civil::Date;
use smol_str::SmolStr;

use super::duration::Span;
use super::expression::{Condition, Expression};
use super::index::LazyIndex;
use super::template::{JsonTemplate, Template};
use super::value::{Field, Value};
use crate::id::{
    ChannelId, LadderId, MessageId, ObjectiveId, PartnerId, PhaseId, PlaybookId, RoleId, StepId,
    TeamId, VarId,
};
use crate::people::Source;
use crate::text::Text;

/// An incident's severity: 1 (特别重大) is the worst, 4 (一般) the mildest.
pub type Level = u8;

/// The worst level.
pub const LEVEL_WORST: Level = 1;
/// The mildest level.
pub const LEVEL_MILDEST: Level = 4;

/// A plan as it is run: parsed, checked and pinned by its hash.
#[derive(Debug)]
pub struct Playbook {
    /// The slug it is known by.
    pub id: PlaybookId,
    /// SHA-256, in hex, of everything its meaning depends on; a run keeps the version it began with.
    pub hash: SmolStr,
    /// The source text the hash is of; loading it again gives this playbook.
    pub source: String,
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
        Some((phase, phase.steps.get(place.step)?))
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

/// One rule of the level table.
#[derive(Debug)]
pub struct LevelRule {
    /// The level given.
    pub level: Level,
    /// When it holds; `None` always does.
    pub when: Option<Condition>,
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
        /// The least ratio to the baseline.
        at_least: f64,
    },
}

/// A role: who acts, bound to people at run time.
#[derive(Debug)]
pub struct Role {
    /// Its name in the plan.
    pub id: RoleId,
    /// What people call it.
    pub title: Text,
    /// Where its holder is found.
    pub assign: Source,
    /// Tried in order when nobody is found or nobody acknowledges.
    pub deputies: Vec<Source>,
    /// How long a paged person has.
    pub acknowledge_within: Option<Span>,
    /// Climbed after the deputies.
    pub escalate: Option<LadderId>,
    /// When the role is needed; `None` from the start. Unknown counts as true.
    pub engage: Option<Condition>,
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

/// A measurable promise.
#[derive(Debug)]
pub struct Objective {
    /// Its name in the plan.
    pub id: ObjectiveId,
    /// What people call it; falls back to the name.
    pub title: Option<Text>,
    /// What is promised.
    pub promise: Promise,
}

/// What an objective promises.
#[derive(Debug)]
pub enum Promise {
    /// From one moment to another within a duration.
    Within {
        /// The moment it counts from.
        from: Moment,
        /// The moment that meets it.
        to: Moment,
        /// The most it may take.
        within: Span,
    },
    /// A measured number.
    Measure {
        /// The measure's name.
        measure: VarId,
        /// Its least value.
        at_least: Option<f64>,
        /// Its greatest value.
        at_most: Option<f64>,
    },
}

/// An instant of an incident that durations count from or objectives reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Moment {
    /// When the trouble was noticed; until set, the declaration.
    Detected,
    /// When the organisation knew; until set, the declaration, and it says so.
    Aware,
    /// When the incident was declared.
    Declared,
    /// When the incident closed.
    Closed,
    /// When a phase was first entered.
    Phase(PhaseId),
    /// When a step first reached a milestone.
    Step(StepId, Milestone),
}

/// A milestone in the life of a step.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Milestone {
    /// Its `after` was satisfied and its `when` not false.
    Ready,
    /// Someone began, or it ran by itself.
    Started,
    /// It succeeded; of a repeating step, its first iteration did.
    Done,
    /// It failed.
    Failed,
    /// It reached any end; of a repeating step, its last iteration did.
    Settled,
}

/// What a notice says.
#[derive(Debug)]
pub struct Message {
    /// Its name in the plan.
    pub id: MessageId,
    /// The subject, for channels that have one.
    pub subject: Option<TextTemplate>,
    /// The body.
    pub text: TextTemplate,
    /// The pre-approved short-message template and its variables.
    pub sms: Option<SmsTemplate>,
}

/// A template in each language; a missing one falls back to the other.
#[derive(Debug)]
pub struct TextTemplate {
    /// The Chinese rendering.
    pub zh: Option<Template>,
    /// The English rendering.
    pub en: Option<Template>,
}

/// A template registered with a short-message provider, and what fills it.
#[derive(Debug)]
pub struct SmsTemplate {
    /// The provider's name for it.
    pub template: SmolStr,
    /// Its variables.
    pub vars: IndexMap<SmolStr, Template>,
}

/// A state of the incident.
#[derive(Debug)]
pub struct Phase {
    /// Its name in the plan.
    pub id: PhaseId,
    /// What people call it.
    pub title: Text,
    /// What is done in it.
    pub steps: Vec<Step>,
    /// Ways out, tried in order; empty means the phase that follows, or the end.
    pub next: Vec<Next>,
}

/// A way out of a phase.
#[derive(Debug)]
pub struct Next {
    /// The phase entered.
    pub to: PhaseId,
    /// When it may be taken; unknown counts as false.
    pub when: Option<Condition>,
    /// How often it may be taken.
    pub at_most: Option<u32>,
}

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
}

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

/// Messages sent by a step or handler.
#[derive(Debug)]
pub struct Notify {
    /// Who hears it.
    pub to: Vec<Audience>,
    /// The channels used; empty means each person's own.
    pub via: Vec<ChannelId>,
    /// What it says.
    pub message: MessageId,
    /// When the step has done its work.
    pub until: NotifyUntil,
}

/// Who hears a message.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// `role/…`: the holder of a role, else whoever is being paged for it.
    Role(RoleId),
    /// `team/…`: every member.
    Team(TeamId),
    /// `partner/…`: an outside party. Live only.
    Partner(PartnerId),
    /// `customers`. Live only.
    Customers,
    /// `regulators`. Live only.
    Regulators,
    /// `channel/…`: the channel's own address, such as a status page or a group.
    Channel(ChannelId),
}

impl Audience {
    /// Tells whether only live incidents may reach it: a rehearsal never does.
    #[must_use]
    pub const fn is_live_only(&self) -> bool {
        matches!(self, Self::Partner(_) | Self::Customers | Self::Regulators)
    }
}

/// When a notify step has done its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NotifyUntil {
    /// Every notice has been handed to a channel.
    Sent,
    /// Every notice was accepted by its channel.
    #[default]
    Delivered,
    /// So many of the people addressed have acknowledged.
    Acknowledged(HowMany),
}

/// How many of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HowMany {
    /// One of them.
    Any,
    /// Each of them.
    All,
    /// At least so many.
    AtLeast(u32),
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

/// Whose consent counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Approver {
    /// The holder of a role.
    Role(RoleId),
    /// A member of a team.
    Team(TeamId),
}

/// What a wait waits for.
#[derive(Debug)]
pub enum Wait {
    /// Time.
    For(Span),
    /// A condition; unknown counts as false.
    Until(Condition),
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

/// A deadline of a step.
#[derive(Debug)]
pub struct Due {
    /// How long.
    pub limit: Limit,
    /// From when; `None` counts from when the step became ready.
    pub from: Option<Moment>,
    /// Percentages of the time at which the holder is warned, ascending.
    pub warn: Vec<u8>,
}

/// How long a deadline allows.
#[derive(Debug)]
pub enum Limit {
    /// Always the same.
    Fixed(Span),
    /// By the incident's level.
    ByLevel {
        /// Level to duration.
        levels: BTreeMap<Level, Span>,
        /// For levels not named.
        otherwise: Option<Span>,
    },
}

impl Limit {
    /// Returns the duration at `level`; `None` where no deadline holds at that level.
    #[must_use]
    pub fn at(&self, level: Level) -> Option<&Span> {
        match self {
            Self::Fixed(span) => Some(span),
            Self::ByLevel { levels, otherwise } => levels.get(&level).or(otherwise.as_ref()),
        }
    }
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

/// What happens at any time.
#[derive(Debug)]
pub struct Handler {
    /// What it answers.
    pub event: HandlerEvent,
    /// Whether it does; unknown counts as false.
    pub when: Option<Condition>,
    /// Only in these phases; empty means any.
    pub while_phase: Vec<PhaseId>,
    /// How often it fires.
    pub at_most: u32,
    /// What it does.
    pub act: HandlerAct,
}

/// What a handler answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HandlerEvent {
    /// The incident began.
    Declared,
    /// The level became worse.
    LevelRaised,
    /// The level became better.
    LevelLowered,
    /// The alert that is attached says it is over.
    AlertResolved,
    /// The surge that is attached is over.
    SurgeSubsided,
    /// A phase was entered.
    PhaseEntered,
    /// Nobody holds a role that is needed.
    RoleVacant,
    /// A step failed with `stop`.
    StepFailed,
    /// A statutory clock ran out.
    ClockBreached,
    /// No way out of the phase can be taken.
    Stuck,
}

/// What a handler does.
#[derive(Debug)]
pub enum HandlerAct {
    /// Sends messages.
    Notify(Notify),
    /// Leaves for a phase.
    Go(PhaseId),
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
