//! Simulated runs: each goes on by itself, whoever waits for it, and its result is stored when it is
//! there. What a stop of firebell or a person ends before has no result, and is told so. It must not
//! know HTTP.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use jiff::{SignedDuration, Timestamp};
use rayon::ThreadPoolBuilder;
use smol_str::SmolStr;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use super::{Drills, Inner, Started, cast_of};
use crate::drill::archive::{drop_simulation, keep_result, keep_simulation};
use crate::drill::result::{DrillResult, Outcome, RESULT_FORMAT};
use crate::drill::scenario::Scenario;
use crate::drill::score::Verdict;
use crate::drill::simulate::{Stage, Take};
use crate::drill::study::{Watch, rehearse_watched, runs_as_asked};
use crate::id::{DrillId, DrillRunId};
use crate::playbook::Playbook;
use crate::runtime::{Obstacle, Refusal};
use crate::store::{Change, StoreError};
use crate::text::Text;

/// How long whoever asked waits before they are told where to look: a third of what a request may
/// take.
const PATIENCE: SignedDuration = SignedDuration::from_secs(10);
/// How many are reckoned at a time: each keeps a core busy that what is live may need.
const AT_ONCE: usize = 1;
/// How many may be under way, those that wait for their turn among them; nobody reads more.
const UNDER_WAY_MAX: usize = 16;

/// What is written together with what came of a request.
pub(super) type Beside = Box<dyn FnOnce(&Started) -> Option<Change> + Send>;

/// A simulated run under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Simulating {
    /// The drill.
    pub drill: DrillId,
    /// How many of its samples are made.
    pub made: u64,
    /// Of how many.
    pub of: u64,
}

/// Those of a server.
pub(super) struct Simulations {
    under_way: Mutex<BTreeMap<DrillRunId, Arc<Counted>>>,
    turns: Arc<Semaphore>,
}

impl Default for Simulations {
    fn default() -> Self {
        Self { under_way: Mutex::default(), turns: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

/// One of them.
struct Counted {
    drill: DrillId,
    made: AtomicU64,
    of: u64,
    /// It shall end before its time,
    ended: CancellationToken,
    /// because of this, where a person wants it.
    why: Mutex<Option<String>>,
    /// What came of it, where the calendar is to store it.
    made_for_calendar: OnceLock<DrillResult>,
    /// It is over, and what came of it is stored.
    over: CancellationToken,
}

impl Drills {
    /// Tells how a simulated run stands; `None` where it is not under way.
    #[must_use]
    pub fn simulating(&self, run: DrillRunId) -> Option<Simulating> {
        let counted = self.inner.counted(run)?;
        let made = counted.made.load(Ordering::Relaxed);
        Some(Simulating { drill: counted.drill.clone(), made, of: counted.of })
    }

    /// Ends a simulated run that is under way and waits until that is stored; tells whether there
    /// was one.
    pub(super) async fn end_simulation(&self, run: DrillRunId, reason: &str) -> bool {
        let Some(counted) = self.inner.counted(run) else { return false };
        *counted.why.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason.to_owned());
        counted.ended.cancel();
        counted.over.cancelled().await;
        true
    }
}

impl Inner {
    /// Runs a drill in virtual time. Who asked waits for the result while it may come soon; then it
    /// follows under the run's name.
    pub(super) async fn run_simulated(
        self: &Arc<Self>,
        scenario: &Arc<Scenario>,
        take: Take,
        beside: Beside,
    ) -> Result<Started, Refusal> {
        let playbook = self.playbook_of(scenario)?;
        let now = self.runtime.clock().now();
        let counted = self.take_up(scenario, take.run)?;
        let note = without_result(scenario, &playbook, take, now);
        let beside = Arc::new(Mutex::new(Some(beside)));
        let mut task = self.tasks.spawn({
            let (inner, scenario, beside) =
                (Arc::clone(self), Arc::clone(scenario), Arc::clone(&beside));
            let note = note.clone();
            async move {
                let turn = inner.turn(&counted).await;
                let made = match turn {
                    Some(turn) => inner.reckon(&scenario, take, &counted, turn).await,
                    None => None,
                };
                let done = inner.conclude_simulation(made, note, &counted, &beside).await;
                inner.strike_out(take.run);
                done
            }
        });
        let until = now.saturating_add(PATIENCE).unwrap_or(Timestamp::MAX);
        tokio::select! {
            done = &mut task => return done.map_err(|_| Refusal::Store(StoreError::Stopped))?,
            () = self.runtime.clock().sleep_until(until) => {}
        }
        match taken(&beside) {
            // What came of it is being written.
            None => task.await.map_err(|_| Refusal::Store(StoreError::Stopped))?,
            Some(beside) => {
                let started = Started::Simulating { run: take.run };
                let changes = [keep_simulation(&note)].into_iter().chain(beside(&started));
                self.archive.put(changes.collect()).await?;
                Ok(started)
            }
        }
    }

    /// Stores what came of a run: its result; where a person ended it, that; nothing where firebell
    /// stops, which the next start tells of.
    async fn conclude_simulation(
        &self,
        made: Option<DrillResult>,
        note: DrillResult,
        counted: &Counted,
        beside: &Mutex<Option<Beside>>,
    ) -> Result<Started, Refusal> {
        let told = self.told(made, note, counted);
        let result = told.ok_or(Refusal::Store(StoreError::Stopped))?;
        let (kept, verdict) = (keep_result(&result), result.verdict);
        let gone = drop_simulation(result.run);
        let started = Started::Simulated(Box::new(result));
        let beside = taken(beside).and_then(|beside| beside(&started));
        self.archive.put([kept, gone].into_iter().chain(beside).collect()).await?;
        self.count(verdict);
        Ok(started)
    }

    /// Waits for its turn; `None` where it was ended before.
    async fn turn(&self, counted: &Counted) -> Option<OwnedSemaphorePermit> {
        tokio::select! {
            turn = Arc::clone(&self.simulations.turns).acquire_owned() => turn.ok(),
            () = counted.ended.cancelled() => None,
        }
    }

    /// Reckons; `None` where it was ended before.
    async fn reckon(
        &self,
        scenario: &Arc<Scenario>,
        take: Take,
        counted: &Arc<Counted>,
        turn: OwnedSemaphorePermit,
    ) -> Option<DrillResult> {
        let playbook = self.playbook_of(scenario).ok()?;
        let (scenario, directory) = (Arc::clone(scenario), self.runtime.directory());
        let (now, library) = (self.runtime.clock().now(), self.runtime.library());
        let counted = Arc::clone(counted);
        let reckoned = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let plans = library.plans();
            let directory = cast_of(directory, &playbook, plans, &scenario);
            let (scenario, playbook) = (&*scenario, &*playbook);
            let stage = Stage { scenario, playbook, plans, directory: &directory };
            let made = |runs| {
                counted.made.fetch_add(runs, Ordering::Relaxed);
            };
            let ended = || counted.ended.is_cancelled();
            let rehearsed = || rehearse_watched(stage, take, Watch { made: &made, ended: &ended });
            // One thread: what is live goes first.
            let alone = ThreadPoolBuilder::new().num_threads(1).build();
            let result = alone.map_or_else(|_| rehearsed(), |alone| alone.install(rehearsed))?;
            Some(DrillResult { ran_at: Some(now), ..result })
        });
        reckoned.await.ok().flatten()
    }

    /// Returns what a run is told as: its result; where a person ended it, that; `None` where
    /// firebell stops.
    fn told(
        &self,
        made: Option<DrillResult>,
        note: DrillResult,
        counted: &Counted,
    ) -> Option<DrillResult> {
        let wanted = counted.why.lock().unwrap_or_else(PoisonError::into_inner).take();
        match (made, wanted) {
            (Some(result), _) => Some(result),
            (None, Some(reason)) => {
                let why = Some(Text::Same(reason));
                Some(DrillResult { outcome: Outcome::Aborted, why, ..note })
            }
            (None, None) if self.stop.is_cancelled() => None,
            (None, None) => Some(DrillResult { why: Some(broke_off()), ..note }),
        }
    }

    /// Runs a drill in virtual time for the calendar: returns the result where it is there, and wakes
    /// the calendar when it is. Nothing else that is planned waits for it.
    ///
    /// # Errors
    /// The plan is gone; too many are under way.
    pub(super) fn simulated_for_calendar(
        self: &Arc<Self>,
        scenario: &Arc<Scenario>,
        run: DrillRunId,
        at: Timestamp,
    ) -> Result<Option<DrillResult>, Refusal> {
        if let Some(counted) = self.counted(run) {
            return Ok(counted.made_for_calendar.get().cloned());
        }
        let playbook = self.playbook_of(scenario)?;
        let counted = self.take_up(scenario, run)?;
        let take = Take { run, begin: at, seed: scenario.seed };
        let note = without_result(scenario, &playbook, take, self.runtime.clock().now());
        let (inner, scenario) = (Arc::clone(self), Arc::clone(scenario));
        self.tasks.spawn(async move {
            let made = match inner.turn(&counted).await {
                Some(turn) => inner.reckon(&scenario, take, &counted, turn).await,
                None => None,
            };
            match inner.told(made, note, &counted) {
                Some(result) => {
                    let result = DrillResult { planned_at: Some(at), ..result };
                    counted.made_for_calendar.get_or_init(|| result);
                }
                None => inner.strike_out(run),
            }
            inner.changed.notify_one();
        });
        Ok(None)
    }

    /// Tells whether a simulated run is under way.
    pub(super) fn is_simulating(&self, run: DrillRunId) -> bool {
        self.counted(run).is_some()
    }

    /// Ends a simulated run of the calendar whose result is stored or not wanted any more.
    pub(super) fn forget_simulation(&self, run: DrillRunId) {
        if let Some(counted) = self.counted(run) {
            counted.ended.cancel();
            self.strike_out(run);
        }
    }

    /// Tells of runs that firebell did not live to see the result of.
    pub(super) async fn tell_of_lost_simulations(&self) -> Result<(), StoreError> {
        for note in self.archive.simulations()? {
            let told = match self.archive.result(note.run)? {
                Some(_) => None,
                None => Some(keep_result(&note)),
            };
            let gone = drop_simulation(note.run);
            self.archive.put(told.into_iter().chain([gone]).collect()).await?;
        }
        Ok(())
    }

    /// Lists the simulated runs of a drill that are under way.
    pub(super) fn simulating_of(&self, drill: &DrillId) -> Vec<DrillRunId> {
        let under_way = self.simulations.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        under_way.iter().filter(|(_, one)| one.drill == *drill).map(|(run, _)| *run).collect()
    }

    fn counted(&self, run: DrillRunId) -> Option<Arc<Counted>> {
        let under_way = self.simulations.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        under_way.get(&run).cloned()
    }

    fn take_up(&self, scenario: &Scenario, run: DrillRunId) -> Result<Arc<Counted>, Refusal> {
        let mut under_way =
            self.simulations.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        if under_way.len() >= UNDER_WAY_MAX {
            let why = Text::both(
                format!("已有 {UNDER_WAY_MAX} 次模拟演练在进行；请等其中一次结束"),
                format!(
                    "{UNDER_WAY_MAX} simulated drills are under way; wait for one of them to end"
                ),
            );
            return Err(Refusal::Drill(Obstacle::UnderWay, why));
        }
        let counted = Arc::new(Counted {
            drill: scenario.id.clone(),
            made: AtomicU64::new(0),
            of: runs_as_asked(scenario),
            ended: self.stop.child_token(),
            why: Mutex::default(),
            made_for_calendar: OnceLock::new(),
            over: CancellationToken::new(),
        });
        under_way.insert(run, Arc::clone(&counted));
        Ok(counted)
    }

    fn strike_out(&self, run: DrillRunId) {
        let mut under_way =
            self.simulations.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(counted) = under_way.remove(&run) {
            counted.over.cancel();
        }
    }
}

fn taken(beside: &Mutex<Option<Beside>>) -> Option<Beside> {
    beside.lock().unwrap_or_else(PoisonError::into_inner).take()
}

fn broke_off() -> Text {
    Text::both(
        "模拟中途出错：这是 firebell 的缺陷，请报告",
        "the simulation broke off: this is a defect of firebell, please report it",
    )
}

/// What a run is told as of which no result came.
fn without_result(
    scenario: &Scenario,
    playbook: &Playbook,
    take: Take,
    now: Timestamp,
) -> DrillResult {
    let why = Text::both(
        "firebell 在结果得出之前停止，没有保存任何结果；请重新运行",
        "firebell stopped before the result was there, and nothing of it was stored; run it again",
    );
    DrillResult {
        format: RESULT_FORMAT,
        run: take.run,
        drill: scenario.id.clone(),
        title: scenario.title.clone(),
        scenario_hash: scenario.hash.clone(),
        playbook: playbook.id.clone(),
        playbook_hash: playbook.hash.clone(),
        engine: SmolStr::from(env!("CARGO_PKG_VERSION")),
        kind: scenario.kind,
        run_as: scenario.run,
        seed: Some(take.seed),
        incident: None,
        planned_at: None,
        ran_at: Some(now),
        started_at: take.begin,
        ended_at: take.begin,
        outcome: Outcome::Error,
        why: Some(why),
        verdict: Verdict::NotJudged,
        score: None,
        pass_score: scenario.pass.score,
        judgements: Vec::new(),
        parts: BTreeMap::new(),
        odds: None,
        covered: None,
        injects_left: Vec::new(),
        pauses: Vec::new(),
        resumed: Vec::new(),
        beside: None,
        despite: None,
        events: 0,
        journal_hash: None,
    }
}
