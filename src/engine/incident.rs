//! The state of an incident: a fold over its events, bounded by the plan and not by its history.
//! Only the current run of each step is kept; what went before is in the journal.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value as Json;
use smol_str::SmolStr;

use super::armed::Armed;
use super::clock::{ClockKey, ClockState};
use super::event::{AlertNote, LadderSubject, PlaybookRef, RollbackCause, StuckReason, Undoing};
use super::kin::{Beside, ParentRef, RecallReason};
use super::mode::{Mode, Status};
use super::notice::{Notice, Purpose};
use super::run::{Run, RunKey};
use super::seal::Reference;
use super::surge::AttachedSurge;
use crate::id::{
    ChannelId, DrillRunId, IncidentId, LadderId, MomentId, NoticeId, ObjectiveId, PersonId,
    PhaseId, PlaybookId, RoleId, StepId, VarId,
};
use crate::playbook::{Level, Milestone, Variables};

/// An incident as it stands. Cloning is cheap: the large parts are shared until changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Incident {
    /// Its identity.
    pub id: IncidentId,
    /// Its number.
    pub number: u64,
    /// Live, drill or simulation.
    pub mode: Mode,
    /// The plan, pinned.
    pub playbook: Arc<PlaybookRef>,
    /// What it is about.
    pub title: Arc<str>,
    /// Only those entitled may see it.
    pub restricted: bool,
    /// Events of the same trouble carry the same key.
    pub dedup_key: Option<Arc<str>>,
    /// The drill that started it.
    pub drill: Option<DrillRunId>,
    /// The incident that asked for it.
    pub parent: Option<Arc<ParentRef>>,
    /// The live incident it rehearses beside.
    pub beside: Option<Beside>,
    /// The incidents it asked for; bounded by [`CHILDREN_MAX`](super::limits::CHILDREN_MAX).
    pub children: Arc<BTreeMap<IncidentId, Arc<ChildRecord>>>,
    /// The plans it ran before, the first one first.
    pub earlier: Arc<Vec<EarlierPlan>>,
    /// Where it stands.
    pub status: Status,
    /// Why no way out of the phase can be taken.
    pub stuck: Option<StuckReason>,
    /// Nothing is left to do but to close, which the plan leaves to a person.
    pub close_awaited: bool,
    /// What was done is being undone.
    pub rollback: Option<Arc<Rollback>>,
    /// Its severity.
    pub level: LevelState,
    /// The current phase.
    pub phase: PhaseId,
    /// The current visit, counted over all phases from 1.
    pub visit: u32,
    /// When the current visit began.
    pub visit_began: Timestamp,
    /// How many steps of the current visit have settled, counting a step between iterations.
    pub ended_in_visit: u32,
    /// How many steps of the current visit have failed with `stop`.
    pub halting_in_visit: u32,
    /// How often each `next` entry was taken: (phase, position) → times.
    pub next_taken: Arc<BTreeMap<(PhaseId, u32), u32>>,
    /// When each phase was first entered.
    pub phases_entered: Arc<BTreeMap<PhaseId, Timestamp>>,
    /// When the trouble was noticed, where known.
    pub detected_at: Option<Timestamp>,
    /// When the organisation knew, where set.
    pub aware_at: Option<Timestamp>,
    /// When it was declared.
    pub declared_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// When it was paused, while it is.
    pub paused_at: Option<Timestamp>,
    /// What is known. Personal values are not here.
    pub variables: Arc<Variables>,
    /// Where the latest value of each personal variable is kept.
    pub personal: Arc<BTreeMap<VarId, KeptApart>>,
    /// What was measured last.
    pub measures: Arc<BTreeMap<VarId, f64>>,
    /// The alert attached last.
    pub alert: Option<Arc<AlertNote>>,
    /// The surge attached last.
    pub surge: Option<Arc<AttachedSurge>>,
    /// Who acts.
    pub roles: Arc<BTreeMap<RoleId, Arc<RoleState>>>,
    /// The steps that have been opened. A step of the current phase that is not here, or whose
    /// run belongs to an earlier visit, waits.
    pub steps: Arc<BTreeMap<StepId, Arc<StepRecord>>>,
    /// When runs of steps, ladders and messages fall due: derived from these, and kept beside them
    /// by the fold.
    pub armed: Arc<Armed>,
    /// Ladders being climbed.
    pub ladders: Arc<BTreeMap<LadderSubject, Arc<LadderState>>>,
    /// How often each handler fired, by position.
    pub handlers_fired: Arc<BTreeMap<u32, u32>>,
    /// Objectives already judged: kept or missed.
    pub objectives: Arc<BTreeMap<ObjectiveId, ObjectiveState>>,
    /// Stages of statutory clocks that have begun or were settled.
    pub clocks: Arc<BTreeMap<ClockKey, Arc<ClockState>>>,
    /// Moments of regimes, where set.
    pub moments: Arc<BTreeMap<MomentId, Timestamp>>,
    /// When each level, or a worse one, was first reached.
    pub levels_reached: Arc<BTreeMap<Level, Timestamp>>,
    /// The outbox: messages and requests without an end.
    pub outbox: Arc<BTreeMap<NoticeId, Arc<Pending>>>,
    /// Delivered notices that someone may still acknowledge.
    pub told: Arc<BTreeMap<NoticeId, Arc<Told>>>,
    /// How many notices and requests were ever queued; names the next.
    pub notices_ever: u64,
    /// Names the commander was asked for.
    pub facts_asked: Arc<Vec<SmolStr>>,
    /// Everyone who was ever paged, to be told of the end.
    pub paged: Arc<BTreeSet<PersonId>>,
    /// How many pieces of evidence belong to no step.
    pub evidence: u32,
    /// How many events it has: the place of its latest.
    pub version: u64,
    /// The place of its latest event that changed what people decide on. What became of messages,
    /// and who was reminded or called, leaves it.
    pub revision: u64,
    /// When its latest event was recorded.
    pub updated_at: Timestamp,
}

impl StepRecord {
    fn runs(&self) -> impl Iterator<Item = &Run> {
        std::iter::once(&self.run).chain(self.items.iter().map(Arc::as_ref))
    }
}

impl Incident {
    /// Returns the current run of a step: of all its items together, where it has items.
    #[must_use]
    pub fn run(&self, step: &StepId) -> Option<&Run> {
        self.steps.get(step).map(|record| &record.run)
    }

    /// Returns the current run of one item of a step.
    #[must_use]
    pub fn item_run(&self, step: &StepId, item: u32) -> Option<&Run> {
        self.steps.get(step)?.items.get(item as usize).map(Arc::as_ref)
    }

    /// Returns the run of that key, while it is the current one.
    #[must_use]
    pub fn run_of(&self, key: &RunKey) -> Option<&Run> {
        let run = match key.item {
            None => self.run(&key.step),
            Some(item) => self.item_run(&key.step, item),
        };
        run.filter(|run| run.key == *key)
    }

    /// Returns the run of a step in the current visit; `None` while it waits unopened.
    #[must_use]
    pub fn current_run(&self, step: &StepId) -> Option<&Run> {
        self.run(step).filter(|run| run.visit == self.visit)
    }

    /// Lists the runs of one step that are kept: its own, then its items'.
    pub fn runs_of(&self, step: &StepId) -> impl Iterator<Item = &Run> {
        self.steps.get(step).into_iter().flat_map(|record| record.runs())
    }

    /// Lists every run that is kept: each step's, then its items'.
    pub fn runs(&self) -> impl Iterator<Item = &Run> {
        self.steps.values().flat_map(|record| record.runs())
    }

    /// Returns when a step first reached a milestone, over all visits.
    #[must_use]
    pub fn milestone(&self, step: &StepId, milestone: Milestone) -> Option<Timestamp> {
        self.steps.get(step)?.firsts.get(milestone)
    }

    /// Tells whether it will be cancelled as soon as what was done is undone.
    #[must_use]
    pub fn is_cancelling(&self) -> bool {
        self.rollback.as_ref().is_some_and(|rollback| rollback.cause == RollbackCause::Cancel)
    }

    /// Tells whether a step is part of the rollback under way.
    #[must_use]
    pub fn undoes(&self, step: &StepId) -> bool {
        let steps = self.rollback.iter().flat_map(|rollback| &rollback.steps);
        steps.into_iter().any(|undoing| undoing.by.step == *step)
    }

    /// Returns the person who holds a role or was given it.
    #[must_use]
    pub fn holder(&self, role: &RoleId) -> Option<&PersonId> {
        self.roles.get(role)?.tenure.holder()
    }
}

/// A step that has been opened.
#[derive(Debug, Clone, PartialEq)]
pub struct StepRecord {
    /// Its current run; of a for-each, what its items come to.
    pub run: Run,
    /// The runs of its items.
    pub items: Vec<Arc<Run>>,
    /// When it first reached each milestone.
    pub firsts: Milestones,
    /// The event that said last that it was done.
    pub done: Option<u64>,
    /// The event up to which what it did was undone.
    pub undone: u64,
}

/// What is being undone, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rollback {
    /// What it is for.
    pub cause: RollbackCause,
    /// Why.
    pub reason: String,
    /// What is undone, and by what; the latest first.
    pub steps: Vec<Undoing>,
}

/// First instants, by milestone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Milestones([Option<Timestamp>; 5]);

impl Milestones {
    const fn place(milestone: Milestone) -> usize {
        match milestone {
            Milestone::Ready => 0,
            Milestone::Started => 1,
            Milestone::Done => 2,
            Milestone::Failed => 3,
            Milestone::Settled => 4,
        }
    }

    /// Returns the first instant of a milestone.
    #[must_use]
    pub const fn get(&self, milestone: Milestone) -> Option<Timestamp> {
        self.0[Self::place(milestone)]
    }

    /// Keeps the instant where none is kept yet.
    pub(super) fn reach(&mut self, milestone: Milestone, at: Timestamp) {
        self.0[Self::place(milestone)].get_or_insert(at);
    }
}

/// The level and why it is so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LevelState {
    /// The level.
    pub current: Level,
    /// A worse rule is still unknown.
    pub provisional: bool,
    /// What the rules give.
    pub by_rules: Level,
    /// Set by a person: what the rules gave then; the person's level holds until they give worse.
    pub overruled_at: Option<Level>,
}

/// A role and who holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleState {
    /// It is needed.
    pub engaged: bool,
    /// How it is filled.
    pub tenure: Tenure,
    /// People not asked again in this round: they declined, stayed silent, or laid it down.
    pub tried: Vec<PersonId>,
    /// How it was handed over, while the next one has not acknowledged.
    pub handed: Option<HandOver>,
    /// Nobody was left to ask; when the whole succession is asked again.
    pub vacancy: Option<Vacancy>,
}

/// A role on its way from one holder to the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandOver {
    /// Whose it was; it falls back to them where the next one does not take it.
    pub from: PersonId,
    /// What the next one must know; the page says it.
    pub note: String,
}

/// A role that nobody could be found for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vacancy {
    /// How many rounds were in vain.
    pub rounds: u32,
    /// When the next round begins.
    pub retry_at: Option<Timestamp>,
}

/// How a role is filled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tenure {
    /// Nobody holds it and nobody is being asked.
    Vacant,
    /// Several were asked; the first to claim holds it.
    Offered {
        /// Who.
        to: Vec<PersonId>,
        /// By when.
        until: Option<Timestamp>,
    },
    /// A person was given it and has not acknowledged.
    Assigned {
        /// Who.
        to: PersonId,
        /// By when.
        until: Option<Timestamp>,
    },
    /// A person holds it.
    Held {
        /// Who.
        by: PersonId,
        /// Since when.
        since: Timestamp,
    },
}

impl Tenure {
    /// Returns the person who holds it or was given it.
    #[must_use]
    pub const fn holder(&self) -> Option<&PersonId> {
        match self {
            Self::Assigned { to, .. } => Some(to),
            Self::Held { by, .. } => Some(by),
            Self::Vacant | Self::Offered { .. } => None,
        }
    }

    /// Returns those who hold it, were given it or were asked.
    #[must_use]
    pub const fn people(&self) -> &[PersonId] {
        match self {
            Self::Vacant => &[],
            Self::Offered { to, .. } => to.as_slice(),
            Self::Assigned { to, .. } => std::slice::from_ref(to),
            Self::Held { by, .. } => std::slice::from_ref(by),
        }
    }

    /// Returns by when someone must acknowledge.
    #[must_use]
    pub const fn until(&self) -> Option<Timestamp> {
        match self {
            Self::Offered { until, .. } | Self::Assigned { until, .. } => *until,
            Self::Vacant | Self::Held { .. } => None,
        }
    }

    /// Returns the stable name: `vacant`, `offered`, `assigned`, `held`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Vacant => "vacant",
            Self::Offered { .. } => "offered",
            Self::Assigned { .. } => "assigned",
            Self::Held { .. } => "held",
        }
    }
}

/// A ladder being climbed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LadderState {
    /// Which.
    pub ladder: LadderId,
    /// When each rung fires.
    pub rungs: Vec<Timestamp>,
    /// The next rung.
    pub next: u32,
    /// Who was called.
    pub called: Vec<PersonId>,
    /// How many different people must answer, as the latest rung has it.
    pub wanted: u32,
    /// Who answered, where several must.
    pub answered: Vec<PersonId>,
    /// When it is said that nobody answered; only once the last rung is passed.
    pub silent_at: Option<Timestamp>,
    /// How often that was said.
    pub rounds: u32,
}

impl LadderState {
    /// Returns when the next rung fires, else when it is said that nobody answered.
    #[must_use]
    pub fn next_at(&self) -> Option<Timestamp> {
        self.rungs.get(self.next as usize).copied().or(self.silent_at)
    }

    /// Tells whether the last rung is passed.
    #[must_use]
    pub fn is_passed(&self) -> bool {
        self.next as usize >= self.rungs.len()
    }

    /// Lists those who were called and have not answered.
    #[must_use]
    pub fn silent(&self) -> Vec<PersonId> {
        self.called.iter().filter(|person| !self.answered.contains(person)).cloned().collect()
    }
}

/// A personal value that is kept apart from the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptApart {
    /// What names it.
    pub reference: Reference,
    /// It was erased since.
    pub erased: bool,
}

/// How an objective was judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectiveState {
    /// Kept, at this instant.
    Met(Timestamp),
    /// Missed, at this instant; may be met late, which shows in the timeline.
    Missed(Timestamp),
}

/// Something in the outbox.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "each stands behind an Arc of its own")]
pub enum Pending {
    /// A message.
    Notice {
        /// The message.
        notice: Notice,
        /// Which of its channels is tried.
        channel: usize,
        /// Attempts made on it.
        attempt: u32,
        /// When the next attempt is made.
        next_at: Timestamp,
        /// When the current channel has had its time.
        channel_until: Timestamp,
        /// The channel that took it, where it goes on until it is acknowledged.
        reached: Option<ChannelId>,
    },
    /// An HTTP request of a step.
    Request {
        /// The run it belongs to.
        key: RunKey,
        /// When it was queued.
        queued_at: Timestamp,
    },
    /// A child is to begin.
    Child {
        /// The run that asks.
        key: RunKey,
        /// The identity it will have.
        child: IncidentId,
        /// Its plan.
        playbook: PlaybookId,
        /// Its inputs.
        with: Arc<BTreeMap<VarId, Json>>,
        /// When it was queued.
        queued_at: Timestamp,
    },
    /// A child is to be cancelled.
    Recall {
        /// The run that asked for it.
        key: RunKey,
        /// The child.
        child: IncidentId,
        /// Why.
        why: RecallReason,
        /// When it was queued.
        queued_at: Timestamp,
    },
    /// The parent is to hear where the incident stands.
    Report {
        /// Where it stands.
        status: Status,
        /// Why.
        reason: Option<String>,
        /// When it was queued.
        queued_at: Timestamp,
    },
    /// The incident is to go on by another plan.
    HandOff {
        /// The run that asks.
        key: RunKey,
        /// The plan.
        playbook: PlaybookId,
        /// Inputs it sets.
        with: Arc<BTreeMap<VarId, Json>>,
        /// When it was queued.
        queued_at: Timestamp,
    },
}

/// An incident that this one asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChildRecord {
    /// The run that asked.
    pub key: RunKey,
    /// Its plan.
    pub playbook: PlaybookId,
    /// Nobody waits for its end.
    pub detached: bool,
    /// Its number; `None` before it began.
    pub number: Option<u64>,
    /// Where it stands as far as is known; `None` before it began.
    pub status: Option<Status>,
}

impl ChildRecord {
    /// Tells whether it has begun and not ended.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.status.is_some_and(Status::is_open)
    }
}

/// A plan that the incident ran until it was handed over.
#[derive(Debug, Clone, PartialEq)]
pub struct EarlierPlan {
    /// The plan, pinned.
    pub playbook: PlaybookRef,
    /// Until when.
    pub until: Timestamp,
    /// What was promised, as far as it was judged.
    pub objectives: Arc<BTreeMap<ObjectiveId, ObjectiveState>>,
}

impl Pending {
    /// Returns when it is to be sent next.
    #[must_use]
    pub const fn next_at(&self) -> Timestamp {
        match self {
            Self::Notice { next_at, .. } => *next_at,
            Self::Request { queued_at, .. }
            | Self::Child { queued_at, .. }
            | Self::Recall { queued_at, .. }
            | Self::Report { queued_at, .. }
            | Self::HandOff { queued_at, .. } => *queued_at,
        }
    }
}

/// A notice that reached its end but may still be acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The person.
    pub person: PersonId,
    /// What it was for.
    pub purpose: Purpose,
    /// The channel that took it; none where it was held back.
    pub via: Option<ChannelId>,
    /// They have seen it.
    pub acknowledged: bool,
    /// The event that told them; the oldest are forgotten first.
    pub seq: u64,
}
