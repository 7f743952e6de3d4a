//! Follows what ends: keeps the lesson of each real incident, takes up the results of drills, and
//! lets them close or reopen actions. What was missed while firebell was down is taken up at the
//! start.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::broadcast::error::RecvError;

use super::state::of_result;
use super::{AGAIN_AFTER, Inner, Kept};
use crate::engine::Mode;
use crate::id::{DrillRunId, IncidentId};
use crate::learn::experience::Experience;
use crate::learn::shelf::{self, keep_action, keep_lesson};
use crate::learn::subject::Source;
use crate::learn::verify::settle;
use crate::runtime::Refusal;
use crate::store::{Expect, Query, StoreError, Which};

/// How many ended incidents are looked through at the start: those of the last years.
const LOOKED_THROUGH_MAX: usize = 20_000;

/// Follows until it is stopped.
pub(super) async fn follow(inner: Arc<Inner>) {
    let (mut commits, _) = inner.runtime.bus().listen(None);
    let mut results = inner.drills.results();
    inner.look_through().await;
    inner.take_up_results().await;
    inner.settle_all().await;
    loop {
        tokio::select! {
            commit = commits.recv() => match commit {
                Ok(commit) => {
                    let ended = commit.events.iter().any(ends) && !commit.incident.status.is_open();
                    if ended && commit.incident.mode == Mode::Live {
                        inner.learn_from(commit.incident.id).await;
                    }
                }
                Err(RecvError::Lagged(_)) => inner.look_through().await,
                Err(RecvError::Closed) => return,
            },
            changed = results.changed() => {
                if changed.is_err() {
                    return;
                }
                inner.take_up_results().await;
            }
            () = inner.stop.cancelled() => return,
        }
    }
}

const fn ends(event: &crate::engine::Event) -> bool {
    use crate::engine::Fact;
    matches!(event.fact, Fact::Closed { .. } | Fact::Cancelled { .. } | Fact::Merged { .. })
}

impl Inner {
    /// Keeps the lessons of ended incidents that have none.
    async fn look_through(&self) {
        let mut before = None;
        let mut looked = 0;
        while looked < LOOKED_THROUGH_MAX && !self.stop.is_cancelled() {
            let store = Arc::clone(self.runtime.store());
            let query = Query { which: Which::Ended, before, limit: 200 };
            let page = tokio::task::spawn_blocking(move || store.list(query)).await;
            let page = match page {
                Ok(Ok(page)) => page,
                Ok(Err(error)) => {
                    tracing::error!(%error, "ended incidents cannot be looked through");
                    return;
                }
                Err(_) => return,
            };
            let Some(last) = page.last() else { return };
            before = Some(last.number);
            looked += page.len();
            for row in page.iter().filter(|row| row.mode == Mode::Live) {
                let known = self.state().lessons.contains(&row.number);
                if !known && !self.stop.is_cancelled() {
                    self.learn_from(row.id).await;
                }
            }
        }
    }

    /// Keeps the lesson of an ended incident; tried again where the store fails.
    async fn learn_from(&self, id: IncidentId) {
        while let Err(error) = self.keep_lesson_of(id).await {
            let trouble = matches!(error, Refusal::Store(_));
            tracing::warn!(incident = %id, %error, trouble, "its lesson is not kept");
            if !trouble || self.rest().await {
                return;
            }
        }
    }

    /// Waits a little; tells whether firebell stops.
    async fn rest(&self) -> bool {
        let until = self.now().saturating_add(AGAIN_AFTER).unwrap_or(Timestamp::MAX);
        tokio::select! {
            () = self.runtime.clock().sleep_until(until) => false,
            () = self.stop.cancelled() => true,
        }
    }

    async fn keep_lesson_of(&self, id: IncidentId) -> Result<(), Refusal> {
        let seen = self.runtime.incident(id).await?;
        let history = self.runtime.history(id).await?;
        let (playbook, incident) = (seen.playbook, seen.incident);
        let number = incident.number;
        let read = tokio::task::spawn_blocking(move || {
            Experience::of_incident(&playbook, &incident, &history.events)
        });
        let lesson = read.await.map_err(|_| Refusal::Store(StoreError::Stopped))?;
        // It was opened again in the meantime; its next end is the one to learn from.
        let Some(lesson) = lesson else { return Ok(()) };
        self.runtime.store().put(vec![keep_lesson(number, &lesson)]).await?;
        self.state().lessons.insert(number);
        self.take_up(lesson).await;
        Ok(())
    }

    /// Takes up the results that were stored since, and those of which evaluators said something.
    pub(super) async fn take_up_results(&self) {
        let (archive, mark) = (self.drills.archive().clone(), self.state().results);
        let read = tokio::task::spawn_blocking(move || {
            let (runs, mark) = archive.stored_since(mark)?;
            let each = runs.into_iter().filter_map(|run| archive.result(run).transpose());
            let each = each.map(|result| of_result(&archive, &result?));
            Ok::<_, StoreError>((each.collect::<Result<Vec<_>, _>>()?, mark))
        });
        let Ok(Ok((runs, mark))) = read.await else {
            tracing::error!("results of drills cannot be read");
            return;
        };
        for run in runs {
            if !self.state().is_known(&run) {
                self.take_up(run).await;
            }
        }
        let mut state = self.state();
        state.results = state.results.max(mark);
    }

    pub(super) async fn take_up_again(&self, run: DrillRunId) {
        let archive = self.drills.archive().clone();
        let read = tokio::task::spawn_blocking(move || {
            archive.result(run)?.map(|result| of_result(&archive, &result)).transpose()
        });
        if let Ok(Ok(Some(run))) = read.await {
            self.take_up(run).await;
        }
    }

    async fn take_up(&self, run: Experience) {
        let kept = Arc::new(run);
        self.state().add((*kept).clone());
        if let Err(error) = self.settle_by(&kept).await {
            tracing::error!(%error, source = %kept.source, "actions could not be settled");
        }
    }

    /// Settles what earlier runs already prove.
    async fn settle_all(&self) {
        let mut runs = self.state().runs_of(None, None);
        runs.reverse();
        for run in runs {
            if let Err(error) = self.settle_by(&run).await {
                tracing::error!(%error, "actions could not be settled");
                return;
            }
        }
    }

    /// Closes the actions that a run proves, and opens again those that it disproves.
    async fn settle_by(&self, run: &Experience) -> Result<(), StoreError> {
        let _writing = self.writing.lock().await;
        let now = self.now();
        let settled: Vec<_> = {
            let state = self.state();
            let each = state.actions.values();
            each.filter_map(|kept| Some((kept.version, settle(&kept.value, run, now)?))).collect()
        };
        if settled.is_empty() {
            return Ok(());
        }
        let changes =
            settled.iter().map(|(version, action)| keep_action(action, Expect::Version(*version)));
        let versions = self.runtime.store().put(changes.collect()).await?;
        let mut state = self.state();
        for ((_, action), version) in settled.into_iter().zip(versions) {
            let (id, stands) = (action.id, action.state.name());
            tracing::info!(%id, stands, by = %run.source, "a run settled an action");
            state.actions.insert(id, Kept { version, value: Arc::new(action) });
        }
        Ok(())
    }

    /// Returns what a run or an ended incident left.
    pub(super) async fn experience(&self, source: Source) -> Option<Arc<Experience>> {
        let find = || self.state().run(source).cloned();
        if let Some(found) = find() {
            return Some(found);
        }
        match source {
            Source::Run(run) => {
                self.take_up_again(run).await;
                find()
            }
            Source::Incident(id) => {
                let store = Arc::clone(self.runtime.store());
                let kept = tokio::task::spawn_blocking(move || {
                    let row = store.summary(id)?.filter(|row| row.mode == Mode::Live);
                    row.map_or(Ok(None), |row| shelf::lesson(&*store, row.number))
                });
                if let Ok(Ok(Some(lesson))) = kept.await {
                    let lesson = Arc::new(lesson);
                    self.state().look_at(&lesson);
                    return Some(lesson);
                }
                let seen = self.runtime.incident(id).await.ok()?;
                if seen.incident.mode != Mode::Live || seen.incident.status.is_open() {
                    return None;
                }
                self.keep_lesson_of(id).await.ok()?;
                find()
            }
        }
    }
}
