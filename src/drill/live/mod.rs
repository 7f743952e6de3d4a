//! Drills as they are run: by hand, by the calendar, with real people through the runtime. The
//! imperative shell around the pure parts; it must not know HTTP.

mod conclude;
mod conduct;
mod herald;
mod jury;
mod keeper;
mod orders;
mod outlook;
mod preparing;
mod progress;
mod secret;
mod shadow;
mod simulated;

pub use self::jury::Judged;
pub use self::simulated::Simulating;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

pub use orders::{Order, Step};
pub use progress::{Asked, Coming, Due, Followed, Progress, Stands};

use jiff::Timestamp;
use tokio::sync::{Notify, mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::orders::{Conducted, Ordered};
use self::simulated::Simulations;
use crate::drill::archive::{Archive, keep_exercise};
use crate::drill::book::Book;
use crate::drill::clash::{Clash, clashes};
use crate::drill::diary::Diary;
use crate::drill::exercise::Exercise;
use crate::drill::file::Playbooks;
use crate::drill::result::DrillResult;
use crate::drill::scenario::{RunAs, Scenario};
use crate::drill::score::Verdict;
use crate::drill::simulate::Take;
use crate::drill::stand_in::stand_ins;
use crate::engine::{Beside, Mode};
use crate::id::{DrillId, DrillRunId, IncidentId};
use crate::notify::gate::Outage;
use crate::people::Directory;
use crate::playbook::{Level, Playbook};
use crate::runtime::{Library, Missing, Obstacle, Refusal, Runtime};
use crate::store::{Change, Query, Store, StoreError, Which};
use crate::text::Text;

/// The drills of an installation. Cheap to clone.
#[derive(Clone)]
pub struct Drills {
    inner: Arc<Inner>,
}

struct Inner {
    runtime: Runtime,
    archive: Archive,
    /// The drills of the library they were read from.
    book: Mutex<(Arc<Library>, Arc<Book>)>,
    /// Simulated runs under way.
    simulations: Simulations,
    /// Exercises under way.
    running: Mutex<BTreeMap<DrillRunId, Conducted>>,
    /// Announcements that are being made.
    announcing: Mutex<BTreeSet<(DrillId, Timestamp)>>,
    /// Something has changed that the calendar must look at.
    changed: Notify,
    /// How many results were stored since the start.
    results: watch::Sender<u64>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

/// A drill as lists show it.
#[derive(Debug, Clone)]
pub struct Row {
    /// The drill.
    pub scenario: Arc<Scenario>,
    /// Its next planned instants.
    pub next: Vec<Timestamp>,
    /// When the runs begin that are decided and that nobody is told of but those who watch over them.
    pub begins: Vec<Timestamp>,
    /// What its schedule has decided, where it has one and has been looked at.
    pub diary: Option<Diary>,
    /// Its runs under way.
    pub running: Vec<DrillRunId>,
    /// Its latest result.
    pub last: Option<DrillResult>,
}

/// What is said of a start besides the drill's name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Terms {
    /// What the draws of a simulated run derive from; the drill's own where missing.
    pub seed: Option<u64>,
    /// The live incident that a shadow goes beside; the latest of its plan where missing.
    pub beside: Option<IncidentId>,
    /// It starts whatever was found to stand in its way, and its record says so.
    pub anyway: bool,
}

/// What came of starting a drill.
#[derive(Debug, Clone)]
pub enum Started {
    /// A simulated run: it is over, and its result is stored.
    Simulated(Box<DrillResult>),
    /// A simulated run that takes its time: its result follows.
    Simulating {
        /// The run.
        run: DrillRunId,
    },
    /// An exercise: it has begun, and its result follows.
    Exercise {
        /// The run.
        run: DrillRunId,
    },
}

impl Drills {
    /// Takes up the exercises that were under way and keeps the calendar from now on.
    ///
    /// Must be called within a tokio runtime.
    #[must_use]
    pub fn start(runtime: Runtime) -> Self {
        let library = runtime.library();
        let book = Arc::new(Book::read(&library).0);
        let inner = Arc::new(Inner {
            archive: Archive::new(Arc::clone(runtime.store())),
            runtime,
            book: Mutex::new((library, book)),
            simulations: Simulations::default(),
            running: Mutex::default(),
            announcing: Mutex::default(),
            changed: Notify::new(),
            results: watch::Sender::new(0),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
        });
        match inner.archive.exercises() {
            Ok(exercises) => exercises.into_iter().for_each(|mut exercise| {
                tracing::info!(run = %exercise.run, drill = %exercise.drill, "a drill goes on");
                exercise.resumed.push(inner.runtime.clock().now());
                inner.conduct(exercise);
            }),
            Err(error) => tracing::error!(%error, "exercises under way cannot be read"),
        }
        inner.tasks.spawn({
            let inner = Arc::clone(&inner);
            async move {
                if let Err(error) = inner.tell_of_lost_simulations().await {
                    tracing::error!(%error, "simulated runs that were lost cannot be told");
                }
            }
        });
        inner.tasks.spawn(keeper::keep(Arc::clone(&inner)));
        Self { inner }
    }

    /// Returns the drills in force.
    #[must_use]
    pub fn book(&self) -> Arc<Book> {
        self.inner.book()
    }

    /// Returns what drills have stored.
    #[must_use]
    pub fn archive(&self) -> &Archive {
        &self.inner.archive
    }

    /// Returns what tells that a result was stored, or that something was said of one: how often
    /// since the start.
    #[must_use]
    pub fn results(&self) -> watch::Receiver<u64> {
        self.inner.results.subscribe()
    }

    /// Runs a drill now: a simulated one to its end, or on by itself where that takes long; an
    /// exercise in the background. What `beside` makes of what came of it is written with it.
    ///
    /// # Errors
    /// No such drill; one that this version cannot start; one that is under way or must give way to
    /// a live incident; one whose roles nobody could fill; the store's own.
    pub async fn run(
        &self,
        name: &str,
        terms: Terms,
        beside: impl FnOnce(&Started) -> Option<Change> + Send + 'static,
    ) -> Result<Started, Refusal> {
        let inner = &self.inner;
        let book = inner.book();
        let scenario = book.get(name).ok_or_else(|| unknown(&book, name))?;
        let live = inner.beside(scenario, terms).await?;
        let now = inner.runtime.clock().now();
        let run = inner.runtime.ids().drill_run(now);
        if scenario.run == RunAs::Simulated {
            let begin = begin_of(scenario, now);
            let seed = terms.seed.unwrap_or(scenario.seed);
            let take = Take { run, begin, seed };
            return inner.run_simulated(scenario, take, Box::new(beside)).await;
        }
        if let Some(run) = inner.running_of(&scenario.id).first() {
            let id = &scenario.id;
            let why = Text::both(
                format!("演练 {id} 正在进行（{run}）；请等它结束，或先取消它的事件"),
                format!(
                    "The drill {id} is under way (run {run}); \
                     wait for its end, or cancel its incident first"
                ),
            );
            return Err(Refusal::Drill(Obstacle::UnderWay, why));
        }
        let own = live.as_ref().map(|live| live.number).into_iter().collect();
        if let Some(number) = inner.live_incident_for(scenario, &own).await? {
            return Err(Refusal::Drill(Obstacle::LiveIncident, gives_way(number)));
        }
        let exercise = match live {
            None => Exercise::begin(scenario, run, None, now),
            Some(live) => {
                let of = Beside { id: live.id, number: live.number };
                Exercise::begin_beside(scenario, run, (of, live.declared_at), now)
            }
        };
        let despite = inner.despite(scenario, now, terms.anyway).await?;
        let exercise = Exercise { despite, ..exercise };
        let started = Started::Exercise { run };
        let mut changes = inner.startled(scenario, now)?;
        changes.push(keep_exercise(&exercise));
        inner.archive.put(changes.into_iter().chain(beside(&started)).collect()).await?;
        inner.conduct(exercise);
        Ok(started)
    }

    /// Lists the drills with their next `n` planned instants. Blocks on the disk.
    ///
    /// # Errors
    /// What the store cannot read.
    pub fn rows(&self, n: usize) -> Result<Vec<Row>, StoreError> {
        let inner = &self.inner;
        let now = inner.runtime.clock().now();
        let book = inner.book();
        book.iter()
            .map(|scenario| {
                let calendar = scenario.calendar.as_ref();
                let latest = inner.archive.results(Some(&scenario.id), 1)?.into_iter().next();
                let last = latest.map(|result| inner.archive.judged(result)).transpose()?;
                let diary = inner.archive.diary(&scenario.id)?;
                Ok(Row {
                    scenario: Arc::clone(scenario),
                    next: calendar.map(|c| c.upcoming(now, n)).unwrap_or_default(),
                    begins: secret::begins(scenario, diary.as_ref()),
                    diary,
                    running: inner
                        .running_of(&scenario.id)
                        .into_iter()
                        .chain(inner.simulating_of(&scenario.id))
                        .collect(),
                    last,
                })
            })
            .collect()
    }

    /// Lists the drills whose planned runs fall together in the year to come.
    #[must_use]
    pub fn clashes(&self) -> Vec<Clash> {
        let runtime = &self.inner.runtime;
        let (library, directory) = (runtime.library(), runtime.directory());
        let now = runtime.clock().now();
        clashes(self.inner.book().iter(), library.plans(), &directory, now)
    }

    /// Stops keeping the calendar. Exercises go on at the next start.
    pub async fn stop(&self) {
        self.inner.stop.cancel();
        self.inner.tasks.close();
        self.inner.tasks.wait().await;
    }
}

fn unknown(book: &Book, name: &str) -> Refusal {
    let (name, closest) = (name.to_owned(), book.closest(name));
    Refusal::NotFound { what: Missing::Drill, name, closest }
}

/// Reads what the messages of the exercises under way do without, for the runtime to start with.
/// Blocks on the disk.
///
/// # Errors
/// What the store cannot read.
pub fn outages(store: &Arc<dyn Store>) -> Result<Vec<(DrillRunId, Vec<Outage>)>, StoreError> {
    let exercises = Archive::new(Arc::clone(store)).exercises()?;
    Ok(exercises.into_iter().map(|exercise| (exercise.run, exercise.outages)).collect())
}

/// Reads where the clocks of the tabletops under way stand, for the runtime to start with. Blocks on
/// the disk.
///
/// # Errors
/// What the store cannot read.
pub fn clocks(store: &Arc<dyn Store>) -> Result<Vec<(DrillRunId, Timestamp)>, StoreError> {
    let exercises = Archive::new(Arc::clone(store)).exercises()?.into_iter();
    Ok(exercises.filter_map(|exercise| Some((exercise.run, exercise.clock?))).collect())
}

/// A simulated run is set where the drill would next take place, so that those are asked who are on
/// call then, and so that running it again gives the same journal.
fn begin_of(scenario: &Scenario, now: Timestamp) -> Timestamp {
    let planned = scenario.calendar.as_ref().and_then(|calendar| calendar.next_after(now));
    planned.unwrap_or_else(|| {
        let midnight = now.as_second().div_euclid(86_400) * 86_400;
        Timestamp::from_second(midnight).unwrap_or(now)
    })
}

fn gives_way(number: u64) -> Text {
    Text::both(
        format!("真实事件 #{number} 正在进行，演练让位"),
        format!("The live incident #{number} goes on, and the drill gives way to it"),
    )
}

impl Inner {
    /// Returns the drills in force, read anew after a reload.
    fn book(&self) -> Arc<Book> {
        let library = self.runtime.library();
        let mut kept = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        if !Arc::ptr_eq(&kept.0, &library) {
            *kept = (Arc::clone(&library), Arc::new(Book::read(&library).0));
        }
        Arc::clone(&kept.1)
    }

    fn playbook_of(&self, scenario: &Scenario) -> Result<Arc<Playbook>, Refusal> {
        let library = self.runtime.library();
        library.playbook(&scenario.playbook).ok_or_else(|| Refusal::NotFound {
            what: Missing::Playbook,
            name: scenario.playbook.to_string(),
            closest: library.closest(scenario.playbook.as_str()),
        })
    }

    /// Counts a result that is stored.
    fn count(&self, verdict: Verdict) {
        self.results.send_modify(|stored| *stored += 1);
        let meters = self.runtime.meters();
        match verdict {
            Verdict::Passed => meters.drills_passed.count(),
            Verdict::Failed => meters.drills_failed.count(),
            Verdict::NotJudged => meters.drills_not_judged.count(),
        }
    }

    fn is_running(&self, drill: &DrillId) -> bool {
        !self.running_of(drill).is_empty()
    }

    fn running_of(&self, drill: &DrillId) -> Vec<DrillRunId> {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let of_drill = running.iter().filter(|(_, conducted)| conducted.drill == *drill);
        of_drill.map(|(run, _)| *run).collect::<BTreeSet<_>>().into_iter().collect()
    }

    fn orders_of(&self, run: DrillRunId) -> Option<mpsc::Sender<Ordered>> {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.get(&run).map(|conducted| conducted.orders.clone())
    }

    /// Returns the number of a live incident that keeps a drill from starting.
    async fn live_incident_for(
        &self,
        scenario: &Scenario,
        but_for: &BTreeSet<u64>,
    ) -> Result<Option<u64>, Refusal> {
        let level = scenario.abort_when_live.max(scenario.pause_when_live);
        self.live_incident(level, but_for).await
    }

    /// Returns the number of an open live incident at this level or worse, but for some.
    async fn live_incident(
        &self,
        level: Option<Level>,
        but_for: &BTreeSet<u64>,
    ) -> Result<Option<u64>, Refusal> {
        let Some(level) = level else { return Ok(None) };
        let but_for = but_for.clone();
        let store = Arc::clone(self.runtime.store());
        let find = tokio::task::spawn_blocking(move || -> Result<Option<u64>, StoreError> {
            let mut before = None;
            loop {
                let page =
                    store.list(Query { which: Which::Open, before, limit: Query::MAX_ROWS })?;
                let worst = |row: &&crate::store::Summary| {
                    row.mode == Mode::Live && row.level <= level && !but_for.contains(&row.number)
                };
                if let Some(row) = page.iter().find(worst) {
                    return Ok(Some(row.number));
                }
                match page.last() {
                    Some(last) if page.len() == Query::MAX_ROWS => before = Some(last.number),
                    _ => return Ok(None),
                }
            }
        });
        Ok(find.await.map_err(|_| Refusal::Store(StoreError::Stopped))??)
    }
}

/// Returns the people of a simulated run: those of the installation, or stand-ins where nobody is
/// configured.
#[must_use]
pub fn cast_of(
    directory: Arc<Directory>,
    playbook: &Playbook,
    plans: &Playbooks,
    scenario: &Scenario,
) -> Arc<Directory> {
    if !directory.is_built_in() {
        return directory;
    }
    match stand_ins(playbook, plans, &scenario.injects) {
        Ok(made_up) => Arc::new(made_up),
        Err(faults) => {
            tracing::warn!(?faults, drill = %scenario.id, "stand-ins cannot be made up");
            directory
        }
    }
}
