//! What was learned, as it is kept while running: looks at what has ended, closes actions that a
//! run proves, and answers what is asked. The imperative shell; it must not know HTTP.

mod change;
mod follow;
mod glance;
mod state;
mod tell;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::drill::live::Drills;
use crate::id::PlaybookId;
use crate::learn::action::{Action, ActionStatus, NotChanged};
use crate::learn::cadence::{Cadence, DrillState};
use crate::learn::coverage::{Coverage, coverage};
use crate::learn::drift::{StepTimes, drift};
use crate::learn::experience::Experience;
use crate::learn::finding::{Finding, FindingState};
use crate::learn::propose::proposals;
use crate::learn::readiness::{PlanReadiness, Reckoning, plan_readiness};
use crate::learn::subject::Source;
use crate::playbook::Playbook;
use crate::runtime::{Refusal, Runtime};
use crate::store::StoreError;
use crate::text::Text;

pub use change::{NewAction, NewFinding};
pub use glance::{Glance, glance};
use state::State;

/// What was learned in an installation. Cheap to clone.
#[derive(Clone)]
pub struct Learning {
    inner: Arc<Inner>,
}

struct Inner {
    runtime: Runtime,
    drills: Drills,
    cadence: Cadence,
    state: Mutex<State>,
    /// Held while something is changed: one change is judged by what the one before it left.
    writing: tokio::sync::Mutex<()>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

/// Why something was not changed.
#[derive(Debug)]
pub enum LearnError {
    /// There is no such finding.
    NoFinding,
    /// There is no such action.
    NoAction,
    /// A field says what cannot be: its pointer, and why.
    Field(&'static str, Text),
    /// The caller saw another version: the present one.
    Stale(u64),
    /// An action does not take this change.
    NotChanged(NotChanged),
    /// There are too many already.
    TooMany(Text),
    /// It could not be read or stored, or does not exist.
    Refused(Refusal),
}

impl From<StoreError> for LearnError {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}

impl From<Refusal> for LearnError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// A document with its version.
#[derive(Debug, Clone)]
pub struct Kept<T> {
    /// How often it was written; 0 where it never was.
    pub version: u64,
    /// What it says.
    pub value: Arc<T>,
}

/// Which findings are asked for.
#[derive(Debug, Clone, Default)]
pub struct WhichFindings {
    /// Only those seen here.
    pub source: Option<Source>,
    /// Only those of this plan.
    pub playbook: Option<PlaybookId>,
    /// Only those that stand so.
    pub state: Option<FindingState>,
}

/// How much is to be done, for those who watch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outstanding {
    /// Actions that are to be done.
    pub open: u64,
    /// Of these, those whose date has passed.
    pub overdue: u64,
    /// Actions that are done and wait for a run that shows it.
    pub to_verify: u64,
}

impl Learning {
    /// Reads what was learned and follows what ends from now on. Blocks on the disk.
    ///
    /// Must be called within a tokio runtime.
    #[must_use]
    pub fn start(runtime: Runtime, drills: Drills, cadence: Cadence) -> Self {
        let state = State::read(&**runtime.store(), drills.archive());
        let inner = Arc::new(Inner {
            runtime,
            drills,
            cadence,
            state: Mutex::new(state),
            writing: tokio::sync::Mutex::default(),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
        });
        inner.tasks.spawn(follow::follow(Arc::clone(&inner)));
        let began = inner.now();
        inner.tasks.spawn(tell::tell(Arc::clone(&inner), began));
        Self { inner }
    }

    /// Stops following; what was missed is taken up at the next start.
    pub async fn stop(&self) {
        self.inner.stop.cancel();
        self.inner.tasks.close();
        self.inner.tasks.wait().await;
    }

    /// Takes up results that were stored since it was last asked.
    pub async fn catch_up(&self) {
        self.inner.take_up_results().await;
    }

    /// Takes up one run anew: what is said of it has changed.
    pub async fn judged_anew(&self, result: crate::id::DrillRunId) {
        self.inner.take_up_again(result).await;
    }

    /// Returns what a run or an ended incident left; `None` where there is none, or it goes on.
    pub async fn experience(&self, source: Source) -> Option<Arc<Experience>> {
        self.inner.take_up_results().await;
        self.inner.experience(source).await
    }

    /// Lists findings, those that are only proposed too, the latest first. Reckons over all
    /// experience: for a blocking thread.
    #[must_use]
    pub fn findings(&self, which: &WhichFindings) -> Vec<Kept<Finding>> {
        let (runs, mut found) = {
            let state = self.inner.state();
            (state.runs_of(which.playbook.as_ref(), which.source), state.findings.clone())
        };
        let library = self.inner.runtime.library();
        for run in runs {
            for proposal in proposals(&run, library.playbook(&run.playbook).as_deref()) {
                let proposed = Finding::proposed(proposal);
                found
                    .entry(proposed.id)
                    .or_insert_with(|| Kept { version: 0, value: Arc::new(proposed) });
            }
        }
        let wanted = |one: &Finding| {
            which.source.is_none_or(|source| source == one.source)
                && which.playbook.as_ref().is_none_or(|plan| *plan == one.playbook)
                && which.state.is_none_or(|state| state == one.state)
        };
        found.into_values().rev().filter(|kept| wanted(&kept.value)).collect()
    }

    /// Finds a finding, or what is only proposed.
    #[must_use]
    pub fn finding(&self, id: Uuid) -> Option<Kept<Finding>> {
        self.inner.finding(id)
    }

    /// Lists actions, the latest first.
    #[must_use]
    pub fn actions(&self) -> Vec<Kept<Action>> {
        self.inner.state().actions.values().rev().cloned().collect()
    }

    /// Finds an action.
    #[must_use]
    pub fn action(&self, id: Uuid) -> Option<Kept<Action>> {
        self.inner.state().actions.get(&id).cloned()
    }

    /// Reckons how ready plans are. For a blocking thread.
    #[must_use]
    pub fn readiness(&self, plans: &[Arc<Playbook>]) -> Vec<PlanReadiness> {
        self.inner.readiness(plans)
    }

    /// Counts the plans that should have been drilled by now.
    #[must_use]
    pub fn plans_overdue(&self, plans: &[Arc<Playbook>]) -> u64 {
        let (now, cadence) = (self.inner.now(), &self.inner.cadence);
        let state = self.inner.state();
        let overdue = |plan: &&Arc<Playbook>| {
            state.standing(plan, cadence, now).0.state == DrillState::Overdue
        };
        plans.iter().filter(overdue).count() as u64
    }

    /// Reckons what of a plan was exercised, and how long its steps took. For a blocking thread.
    #[must_use]
    pub fn coverage(&self, plan: &Playbook) -> (Coverage, Vec<StepTimes>) {
        let runs = self.inner.state().runs_of(Some(&plan.id), None);
        let now = self.inner.now();
        let each = || runs.iter().map(|run| &**run);
        (coverage(plan, each(), now), drift(each()))
    }

    /// Counts what is to be done, of actions that a caller may see.
    #[must_use]
    pub fn outstanding(&self, may_see: &dyn Fn(&PlaybookId) -> bool) -> Outstanding {
        let actions = self.actions();
        let mut counted = Outstanding::default();
        for action in actions.iter().filter(|kept| may_see(&kept.value.playbook)) {
            match action.value.state.status() {
                ActionStatus::Open => {
                    counted.open += 1;
                    counted.overdue += u64::from(self.is_overdue(&action.value));
                }
                ActionStatus::Done => counted.to_verify += 1,
                ActionStatus::Verified | ActionStatus::Dropped => {}
            }
        }
        counted
    }

    /// Tells whether an action is to be done and its day is over, in the zone of the installation.
    #[must_use]
    pub fn is_overdue(&self, action: &Action) -> bool {
        let today = self.inner.runtime.zone().civil(self.inner.now()).date();
        action.is_overdue(today)
    }
}

impl Inner {
    fn now(&self) -> Timestamp {
        self.runtime.clock().now()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn finding(&self, id: Uuid) -> Option<Kept<Finding>> {
        let runs: Vec<Arc<Experience>> = {
            let state = self.state();
            if let Some(kept) = state.findings.get(&id) {
                return Some(kept.clone());
            }
            // A proposal's identity begins as that of what it was seen in.
            let of =
                |run: &&Arc<Experience>| run.source.bits().to_be_bytes()[..8] == id.as_bytes()[..8];
            state.all().filter(of).cloned().collect()
        };
        let library = self.runtime.library();
        let mut proposed =
            runs.iter().flat_map(|run| proposals(run, library.playbook(&run.playbook).as_deref()));
        let proposal = proposed.find(|proposal| proposal.id == id)?;
        Some(Kept { version: 0, value: Arc::new(Finding::proposed(proposal)) })
    }

    fn readiness(&self, plans: &[Arc<Playbook>]) -> Vec<PlanReadiness> {
        let (now, zone) = (self.now(), self.runtime.zone());
        let with = Reckoning { cadence: &self.cadence, zone: &zone, now };
        let of_plan = |plan: &Arc<Playbook>| {
            let (runs, known) = {
                let state = self.state();
                let known = state.known.get(&plan.id).copied();
                (state.runs_of(Some(&plan.id), None), known.unwrap_or(now))
            };
            let runs: Vec<&Experience> = runs.iter().map(|run| &**run).collect();
            plan_readiness(plan, &runs, known, with)
        };
        plans.iter().map(of_plan).collect()
    }
}

/// How long a failure of the store keeps it from going on before it is tried again.
const AGAIN_AFTER: SignedDuration = SignedDuration::from_secs(30);
