//! What the desk has in memory: everything that people wrote, and the latest experience.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::Kept;
use crate::drill::archive::Archive;
use crate::drill::judge::judged;
use crate::drill::result::DrillResult;
use crate::id::{DrillRunId, PlaybookId};
use crate::learn::action::Action;
use crate::learn::experience::Experience;
use crate::learn::finding::Finding;
use crate::learn::shelf;
use crate::learn::subject::Source;
use crate::store::{Kind, Store, StoreError};

/// How many runs and incidents of one plan are looked at: years of them, and at a few kilobytes
/// each they fit in memory whatever the plan.
pub(super) const RUNS_OF_PLAN_MAX: usize = 400;

/// How many earlier ones are kept that somebody looks at, to decide about what they propose.
const LOOKED_AT_MAX: usize = 64;

/// What the desk has in memory.
#[derive(Default)]
pub(super) struct State {
    /// The latest runs and ended incidents, by identity: by time.
    pub runs: BTreeMap<u128, Arc<Experience>>,
    /// Earlier ones that somebody looks at.
    pub looked_at: BTreeMap<u128, Arc<Experience>>,
    pub findings: BTreeMap<Uuid, Kept<Finding>>,
    pub actions: BTreeMap<Uuid, Kept<Action>>,
    /// When each plan was first in force.
    pub known: BTreeMap<PlaybookId, Timestamp>,
    /// The names of messages that were written.
    pub told: BTreeSet<String>,
    /// How many results were taken up.
    pub results: u64,
    /// The numbers of incidents whose lesson is kept.
    pub lessons: BTreeSet<u64>,
}

impl State {
    /// Reads everything; what cannot be read is said and missing.
    pub(super) fn read(store: &dyn Store, archive: &Archive) -> Self {
        let mut state = Self::default();
        if let Err(error) = state.read_all(store, archive) {
            tracing::error!(%error, "not everything that was learned can be read");
        }
        state
    }

    fn read_all(&mut self, store: &dyn Store, archive: &Archive) -> Result<(), StoreError> {
        self.findings = documents(store, Kind::Finding, |finding: &Finding| finding.id)?;
        self.actions = documents(store, Kind::Action, |action: &Action| action.id)?;
        let (known, told) = (&mut self.known, &mut self.told);
        shelf::reminders(
            store,
            &mut |plan, at| {
                known.insert(plan, at);
            },
            &mut |name| {
                told.insert(name);
            },
        )?;
        shelf::all(store, Kind::Lesson, &mut |_, lesson: Experience| {
            self.lessons.extend(lesson.number);
            self.add(lesson);
        })?;
        for result in archive.results(None, usize::MAX)?.into_iter().rev() {
            self.add(of_result(archive, &result)?);
        }
        Ok(())
    }

    /// Adds what a run left, and forgets the earliest of a plan that has too many.
    pub(super) fn add(&mut self, run: Experience) {
        let plan = run.playbook.clone();
        self.runs.insert(run.source.bits(), Arc::new(run));
        let of_plan = || self.runs.iter().filter(|(_, run)| run.playbook == plan);
        if of_plan().count() > RUNS_OF_PLAN_MAX
            && let Some(earliest) = of_plan().next().map(|(key, _)| *key)
        {
            self.runs.remove(&earliest);
        }
    }

    /// Keeps an earlier one at hand for those who look at it.
    pub(super) fn look_at(&mut self, run: &Arc<Experience>) {
        if self.looked_at.len() >= LOOKED_AT_MAX {
            self.looked_at.pop_first();
        }
        self.looked_at.insert(run.source.bits(), Arc::clone(run));
    }

    /// Lists runs, the latest first; an earlier one only where it is asked for by itself.
    pub(super) fn runs_of(
        &self,
        plan: Option<&PlaybookId>,
        source: Option<Source>,
    ) -> Vec<Arc<Experience>> {
        let wanted = |run: &&Arc<Experience>| {
            plan.is_none_or(|plan| *plan == run.playbook)
                && source.is_none_or(|source| source == run.source)
        };
        let mut runs: Vec<_> = self.runs.values().filter(wanted).cloned().collect();
        if let (true, Some(source)) = (runs.is_empty(), source) {
            runs.extend(self.looked_at.get(&source.bits()).filter(wanted).cloned());
        }
        runs.sort_by_key(|run| std::cmp::Reverse((run.began_at, run.source)));
        runs
    }

    /// Tells whether a run was taken up just so.
    pub(super) fn is_known(&self, run: &Experience) -> bool {
        self.runs.get(&run.source.bits()).is_some_and(|known| **known == *run)
    }

    pub(super) fn knows_run(&self, run: DrillRunId) -> bool {
        self.runs.contains_key(&Source::Run(run).bits())
    }
}

/// Takes what a result says, with what evaluators said of it.
pub(super) fn of_result(archive: &Archive, result: &DrillResult) -> Result<Experience, StoreError> {
    Ok(Experience::of_run(&judged(result, &archive.sheets(result.run)?)))
}

fn documents<T: DeserializeOwned>(
    store: &dyn Store,
    kind: Kind,
    id: impl Fn(&T) -> Uuid,
) -> Result<BTreeMap<Uuid, Kept<T>>, StoreError> {
    let mut all = BTreeMap::new();
    shelf::all(store, kind, &mut |version, value: T| {
        all.insert(id(&value), Kept { version, value: Arc::new(value) });
    })?;
    Ok(all)
}
