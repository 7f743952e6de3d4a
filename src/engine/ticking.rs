//! What the rules say of each stage of a statutory clock, whatever was recorded: whether it is due,
//! from when, by when, and why. Deciding and showing share it. Computed, never kept.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use smol_str::SmolStr;

use super::clock::{ClockKey, ClockLimit, ClockStanding, ClockState};
use super::facts::Facts;
use super::incident::Incident;
use super::mode::Status;
use super::moment::moment;
use crate::id::RoleId;
use crate::playbook::expression::{Truth, Unsure};
use crate::playbook::statute::{Stage, Start};
use crate::playbook::{Clock, Condition, Moment, Playbook};
use crate::text::Lang;

/// When the owner is warned, in percent of the time.
const WARNINGS: [i64; 3] = [50, 80, 95];

/// What the rules say of a stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ticking {
    /// It is not due.
    NotDue {
        /// Why: `condition`, `not_in_force`, `previous`.
        why: &'static str,
    },
    /// The moment it counts from has not come.
    Waiting,
    /// It is due.
    Due {
        /// Its limit.
        limit: ClockLimit,
        /// What would have to be known to tell.
        unsure: Vec<SmolStr>,
        /// The declaration stands in for the moment when the organisation knew.
        assumed: bool,
    },
}

impl Incident {
    /// Returns the recorded state of a stage.
    #[must_use]
    pub fn clock(&self, clock: &Clock, stage: &Stage) -> Option<&ClockState> {
        self.clocks.get(&key_of(clock, stage)).map(Arc::as_ref)
    }
}

/// Returns the key of a stage.
pub(super) fn key_of(clock: &Clock, stage: &Stage) -> ClockKey {
    ClockKey { clock: clock.id.clone(), stage: stage.id.clone() }
}

/// Says whether a stage is due, and by when.
pub(super) fn ticking(
    playbook: &Playbook,
    incident: &Incident,
    clock: &Clock,
    stage: &Stage,
) -> Ticking {
    let facts = Facts::new(playbook, incident);
    let mut unsure = Vec::new();
    let conditions = [&clock.when, &clock.regime.when, &stage.when];
    for condition in conditions.into_iter().flatten() {
        let verdict = Condition::evaluate(condition, &facts);
        match verdict.truth {
            Truth::Yes => {}
            Truth::No => return Ticking::NotDue { why: "condition" },
            Truth::Unknown => unsure.extend(verdict.unsure.iter().map(name_of)),
        }
    }
    let limits = stage.limits.iter().filter_map(|limit| {
        let anchor = start(incident, clock, &limit.from)?;
        let reckoned = clock.reckon(limit.within, anchor);
        Some((anchor, &limit.from, reckoned))
    });
    // The earliest of those that are known; what has no end comes last.
    let first = limits.min_by_key(|(anchor, _, reckoned)| {
        (reckoned.map_or(Timestamp::MAX, |reckoned| reckoned.at), *anchor)
    });
    let day = first.as_ref().map_or(incident.declared_at, |(anchor, ..)| *anchor);
    if !clock.regime.in_force.holds_on(clock.regime.zone.civil(day).date()) {
        return Ticking::NotDue { why: "not_in_force" };
    }
    let Some((anchor, from, reckoned)) = first else {
        let settled = stage.limits.iter().all(|limit| never_comes(incident, clock, &limit.from));
        return if settled { Ticking::NotDue { why: "previous" } } else { Ticking::Waiting };
    };
    unsure.sort_unstable();
    unsure.dedup();
    let due_at = reckoned.map(|reckoned| reckoned.at);
    let limit = ClockLimit {
        anchor,
        due_at,
        internal: reckoned.is_none_or(|reckoned| reckoned.internal),
        warn_at: due_at.map(|due_at| warnings(anchor, due_at)).unwrap_or_default(),
        uncovered: reckoned.and_then(|reckoned| reckoned.uncovered),
    };
    let assumed = stands_for_aware(clock, from) && incident.aware_at.is_none();
    Ticking::Due { limit, unsure, assumed }
}

/// Returns when the owner of a limit is warned.
pub(super) fn warnings(anchor: Timestamp, due_at: Timestamp) -> Vec<Timestamp> {
    let whole = due_at.duration_since(anchor).as_secs();
    let at = |percent: i64| {
        let part = SignedDuration::from_secs(whole.saturating_mul(percent) / 100);
        anchor.saturating_add(part).unwrap_or(due_at)
    };
    WARNINGS.into_iter().map(at).collect()
}

/// Returns when a limit began; `None` while its moment has not come.
fn start(incident: &Incident, clock: &Clock, start: &Start) -> Option<Timestamp> {
    let of_plan = |default: Moment| moment(incident, clock.starts.as_ref().unwrap_or(&default));
    match start {
        Start::Detected => of_plan(Moment::Detected),
        Start::Aware => of_plan(Moment::Aware),
        Start::Declared => of_plan(Moment::Declared),
        Start::Closed => incident.ended_at.filter(|_| incident.status == Status::Closed),
        Start::Level(level) => incident.levels_reached.get(level).copied(),
        Start::Named(name) => {
            let set = incident.moments.get(name).copied();
            set.or_else(|| moment(incident, clock.moments.get(name)?))
        }
        Start::Submitted(stage) => incident.clock(clock, clock.stage(stage)?)?.met_at(),
    }
}

/// Tells whether the stage that another follows was settled without being submitted.
fn never_comes(incident: &Incident, clock: &Clock, start: &Start) -> bool {
    let Start::Submitted(stage) = start else { return false };
    // A stage of another party is nothing to wait for.
    let Some(stage) = clock.stage(stage) else { return true };
    matches!(
        incident.clock(clock, stage).map(|state| &state.standing),
        Some(ClockStanding::Stopped { .. } | ClockStanding::Waived { .. })
    )
}

fn stands_for_aware(clock: &Clock, from: &Start) -> bool {
    let starts = clock.starts.as_ref();
    match from {
        Start::Aware => starts.is_none_or(|starts| *starts == Moment::Aware),
        Start::Detected | Start::Declared => starts == Some(&Moment::Aware),
        _ => false,
    }
}

fn name_of(unsure: &Unsure) -> SmolStr {
    match unsure {
        Unsure::Unset(name) => SmolStr::new(name.to_string()),
        Unsure::Failed { said, .. } => SmolStr::new(said),
    }
}

/// How a stage stands, for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ViewState {
    /// Its moment has not come.
    Waiting,
    /// It is due.
    Running,
    /// It is due and its time is over.
    Late,
    /// It was submitted in time.
    Met,
    /// It was submitted after its time.
    MetLate,
    /// It is not due.
    NotDue,
    /// It was decided not to notify.
    Waived,
}

impl ViewState {
    /// Returns the stable name: `waiting`, `running`, `late`, `met`, `met_late`, `not_due`, `waived`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Late => "late",
            Self::Met => "met",
            Self::MetLate => "met_late",
            Self::NotDue => "not_due",
            Self::Waived => "waived",
        }
    }

    /// Returns the word for it.
    #[must_use]
    pub fn word(self, lang: Lang) -> &'static str {
        match self {
            Self::Waiting => lang.pick("未起算", "not begun"),
            Self::Running => lang.pick("进行中", "running"),
            Self::Late => lang.pick("已逾期", "late"),
            Self::Met => lang.pick("已提交", "met"),
            Self::MetLate => lang.pick("逾期提交", "met late"),
            Self::NotDue => lang.pick("不需要", "not due"),
            Self::Waived => lang.pick("决定不予通知", "not notified"),
        }
    }

    /// Tells whether someone still has to do something.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Waiting | Self::Running | Self::Late)
    }
}

/// A stage of a clock as people see it.
#[derive(Debug, Clone)]
pub struct ClockView<'a> {
    /// The clock as the plan has it.
    pub clock: &'a Clock,
    /// The stage as the regime has it.
    pub stage: &'a Stage,
    /// How it stands.
    pub state: ViewState,
    /// What is recorded of it.
    pub record: Option<&'a ClockState>,
    /// Why it is not due: `condition`, `not_in_force`, `previous`, `anchor_lost`, `cancelled`,
    /// `merged`, `forced_close`.
    pub why: Option<SmolStr>,
    /// What is unknown and therefore counts as due.
    pub unsure: Vec<SmolStr>,
    /// Who sees to it.
    pub role: Option<&'a RoleId>,
}

impl ClockView<'_> {
    /// Returns its limit, where it has begun.
    #[must_use]
    pub fn limit(&self) -> Option<&ClockLimit> {
        self.record?.limit.as_ref()
    }
}

/// Lists every stage of every clock that binds the plan's party, in the order of the plan.
#[must_use]
pub fn clocks<'a>(playbook: &'a Playbook, incident: &'a Incident) -> Vec<ClockView<'a>> {
    let stages = playbook.clocks.iter().flat_map(|clock| clock.stages().map(move |s| (clock, s)));
    stages.map(|(clock, stage)| view(playbook, incident, clock, stage)).collect()
}

fn view<'a>(
    playbook: &'a Playbook,
    incident: &'a Incident,
    clock: &'a Clock,
    stage: &'a Stage,
) -> ClockView<'a> {
    let record = incident.clock(clock, stage);
    let now = ticking(playbook, incident, clock, stage);
    let unsure = match &now {
        Ticking::Due { unsure, .. } => unsure.clone(),
        Ticking::NotDue { .. } | Ticking::Waiting => Vec::new(),
    };
    let (state, why) = match record.map(|record| (&record.standing, record.breached_at)) {
        Some((ClockStanding::Running, None)) => (ViewState::Running, None),
        Some((ClockStanding::Running, Some(_))) => (ViewState::Late, None),
        Some((ClockStanding::Met { late: false, .. }, _)) => (ViewState::Met, None),
        Some((ClockStanding::Met { late: true, .. }, _)) => (ViewState::MetLate, None),
        Some((ClockStanding::Waived { .. }, _)) => (ViewState::Waived, None),
        Some((ClockStanding::Stopped { why }, _)) => (ViewState::NotDue, Some(why.clone())),
        None => match now {
            Ticking::NotDue { why } => (ViewState::NotDue, Some(SmolStr::new_static(why))),
            Ticking::Waiting if !incident.status.is_open() && !stage.follows_close() => {
                (ViewState::NotDue, Some(SmolStr::new_static("never_came")))
            }
            Ticking::Waiting | Ticking::Due { .. } => (ViewState::Waiting, None),
        },
    };
    let open = state.is_open();
    let unsure = if open { unsure } else { Vec::new() };
    ClockView { clock, stage, state, record, why, unsure, role: owner(playbook, clock, stage) }
}

/// Returns the role that sees to a stage: the clock's, else that of the step that submits it.
pub(super) fn owner<'a>(
    playbook: &'a Playbook,
    clock: &'a Clock,
    stage: &Stage,
) -> Option<&'a RoleId> {
    let of_step = || {
        let step = clock.met_by.get(&stage.id)?;
        playbook.step(step)?.1.role.as_ref()
    };
    clock.role.as_ref().or_else(of_step)
}
