//! The state of an incident: a fold over its events, bounded by the plan and not by its history.
//! Only the current run of each step is kept; what went before is in the journal.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use smol_str::SmolStr;

use super::event::{AlertNote, LadderSubject, PlaybookRef, StuckReason};
use super::mode::{Mode, Status};
use super::notice::Notice;
use super::run::{Run, RunKey};
use crate::id::{
    DrillRunId, IncidentId, LadderId, NoticeId, ObjectiveId, PersonId, PhaseId, RoleId, StepId,
    VarId,
};
use crate::playbook::{Level, Milestone, Variables};

/// An incident as it stands. Cloning is cheap: the large parts are shared until changed.
#[derive(Debug, Clone)]
pub struct Incident {
    /// Its identity.
    pub id: IncidentId,
    /// Its number.
    pub number: u64,
    /// Live, drill or simulation.
    pub mode: Mode,
    /// The plan, pinned.
    pub playbook: PlaybookRef,
    /// What it is about.
    pub title: Arc<str>,
    /// Only those entitled may see it.
    pub restricted: bool,
    /// Events of the same trouble carry the same key.
    pub dedup_key: Option<Arc<str>>,
    /// The drill that started it.
    pub drill: Option<DrillRunId>,
    /// Where it stands.
    pub status: Status,
    /// Why no way out of the phase can be taken.
    pub stuck: Option<StuckReason>,
    /// Its severity.
    pub level: LevelState,
    /// The current phase and its visit.
    pub phase: PhaseId,
    /// The current visit, counted over all phases from 1.
    pub visit: u32,
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
    /// What is known.
    pub variables: Arc<Variables>,
    /// What was measured last.
    pub measures: Arc<BTreeMap<VarId, f64>>,
    /// The alert attached last.
    pub alert: Option<Arc<AlertNote>>,
    /// Who acts.
    pub roles: BTreeMap<RoleId, Arc<RoleState>>,
    /// The current run of each step, or of each item of it, that has been opened.
    pub runs: BTreeMap<(StepId, Option<u32>), Arc<Run>>,
    /// First instants of milestones, over all visits: what objectives and deadlines ask for.
    pub milestones: Arc<BTreeMap<(StepId, Milestone), Timestamp>>,
    /// Ladders being climbed.
    pub ladders: BTreeMap<LadderSubject, Arc<LadderState>>,
    /// How often each handler fired, by position.
    pub handlers_fired: Arc<BTreeMap<u32, u32>>,
    /// Objectives already judged: kept or missed.
    pub objectives: BTreeMap<ObjectiveId, ObjectiveState>,
    /// The outbox: messages without an end.
    pub outbox: BTreeMap<NoticeId, Arc<Pending>>,
    /// Delivered notices that someone may still acknowledge.
    pub told: BTreeMap<NoticeId, Arc<Told>>,
    /// How many notices and requests were ever queued; names the next.
    pub notices_ever: u64,
    /// Names the commander was asked for.
    pub facts_asked: Arc<Vec<SmolStr>>,
    /// Everyone who was ever paged, to be told of the end.
    pub paged: Arc<std::collections::BTreeSet<PersonId>>,
    /// How many events it has: the place of its latest.
    pub version: u64,
    /// When its latest event was recorded.
    pub updated_at: Timestamp,
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
    /// Candidates already tried, not asked again.
    pub tried: Vec<PersonId>,
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
    },
    /// An HTTP request of a step.
    Request {
        /// The run it belongs to.
        key: RunKey,
        /// Its position in `events`: when it was queued.
        queued_at: Timestamp,
    },
}

/// A notice that reached its end but may still be acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The person.
    pub person: PersonId,
    /// The notify run it counts for.
    pub key: Option<RunKey>,
    /// They have seen it.
    pub acknowledged: bool,
}
