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
use crate::id::PlaybookId;
use crate::learn::action::Action;
use crate::learn::cadence::{Cadence, Standing, standing};
use crate::learn::experience::Experience;
use crate::learn::finding::Finding;
use crate::learn::shelf;
use crate::learn::subject::{How, Source};
use crate::playbook::Playbook;
use crate::store::{Kind, Store, StoreError};

/// How many runs of one plan are looked at of each kind, from simulated to real: years of them, and
/// at a few kilobytes each they fit in memory. Each kind by itself: a plan that runs every day
/// forgets no drill over that.
pub(super) const RUNS_OF_KIND_MAX: usize = 200;

/// How many earlier ones are kept that somebody looks at, to decide about what they propose.
const LOOKED_AT_MAX: usize = 64;

/// What the desk has in memory.
#[derive(Default)]
pub(super) struct State {
    /// The latest runs and ended incidents of each plan and kind, by identity: by time.
    runs: BTreeMap<(PlaybookId, How), BTreeMap<u128, Arc<Experience>>>,
    /// Earlier ones that somebody looks at.
    pub looked_at: BTreeMap<u128, Arc<Experience>>,
    pub findings: BTreeMap<Uuid, Kept<Finding>>,
    pub actions: BTreeMap<Uuid, Kept<Action>>,
    /// When each plan was first in force.
    pub known: BTreeMap<PlaybookId, Timestamp>,
    /// The names of messages that were written.
    pub told: BTreeSet<String>,
    /// Up to which mark of the archive results were taken up.
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
        self.results = archive.stored_since(0)?.1;
        for result in archive.latest(None, None)? {
            let result = result?;
            if !self.has_enough(&result.playbook, How::from(result.run_as)) {
                self.add(of_result(archive, &result)?);
            }
        }
        Ok(())
    }

    /// Tells whether no earlier run of a plan and kind is looked at.
    fn has_enough(&self, plan: &PlaybookId, how: How) -> bool {
        let kept = self.runs.get(&(plan.clone(), how));
        kept.is_some_and(|kept| kept.len() >= RUNS_OF_KIND_MAX)
    }

    /// Adds what a run left, and forgets the earliest where there are too many. An incident that
    /// was opened again may have been handed to another plan.
    pub(super) fn add(&mut self, run: Experience) {
        let key = run.source.bits();
        self.runs.values_mut().for_each(|kept| drop(kept.remove(&key)));
        let kept = self.runs.entry((run.playbook.clone(), run.how)).or_default();
        kept.insert(key, Arc::new(run));
        if kept.len() > RUNS_OF_KIND_MAX {
            kept.pop_first();
        }
    }

    /// Returns what a run or an incident left, where it is in memory.
    pub(super) fn run(&self, source: Source) -> Option<&Arc<Experience>> {
        let key = source.bits();
        self.runs.values().find_map(|kept| kept.get(&key))
    }

    /// Walks all in memory: the latest of each plan, and those that somebody looks at.
    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<Experience>> {
        self.runs.values().flat_map(BTreeMap::values).chain(self.looked_at.values())
    }

    /// Walks those of a plan.
    pub(super) fn of_plan(&self, plan: &PlaybookId) -> impl Iterator<Item = &Arc<Experience>> {
        let kinds = self.runs.range((plan.clone(), How::Simulated)..=(plan.clone(), How::Live));
        kinds.flat_map(|(_, kept)| kept.values())
    }

    /// Tells how often a plan was drilled against how often it is to be, and when it last was.
    pub(super) fn standing(
        &self,
        plan: &Playbook,
        cadence: &Cadence,
        now: Timestamp,
    ) -> (Standing, Option<Timestamp>) {
        let ended = self.of_plan(&plan.id).filter(|run| run.drill.is_some() && run.completed);
        let last = ended.map(|run| run.began_at).max();
        let known = self.known.get(&plan.id).copied().unwrap_or(now);
        (standing(cadence.per_year(plan), last, known, now), last)
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
        let mut runs: Vec<Arc<Experience>> = match (plan, source) {
            (_, Some(source)) => {
                let run = self.run(source).or_else(|| self.looked_at.get(&source.bits()));
                run.filter(wanted).cloned().into_iter().collect()
            }
            (Some(plan), None) => self.of_plan(plan).cloned().collect(),
            (None, None) => self.runs.values().flat_map(BTreeMap::values).cloned().collect(),
        };
        runs.sort_by_key(|run| std::cmp::Reverse((run.began_at, run.source)));
        runs
    }

    /// Tells whether a run was taken up just so.
    pub(super) fn is_known(&self, run: &Experience) -> bool {
        self.run(run.source).is_some_and(|known| **known == *run)
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
