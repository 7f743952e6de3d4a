//! The runtime as others hold it: start, the calls, drain.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Mutex, Notify, OnceCell};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::agenda::Agenda;
use super::bus::Bus;
use super::cells::Cells;
use super::clocks::Clocks;
use super::executor::{CommitOptions, Committed, DeclareRequest};
use super::library::{DrillCheck, Library, ReloadReport};
use super::links::LinkKey;
use super::meters::Meters;
use super::monitors::Monitors;
use super::outages::Outages;
use super::outbound::Outbound;
use super::pins::Pins;
use super::rosters::calendars::Calendars;
use super::turns::Turning;
use super::watchdog::Watchdog;
use super::{
    Caller, Check, Evidence, Ids, Outlook, Refusal, Report, RosterSettings, archivist, auditor,
    monitors, redaction, rosters, ticker, watchdog,
};
use crate::clock::Clock;
use crate::engine::Command;
use crate::id::{ChannelId, DrillRunId, IncidentId};
use crate::notify::gate::Outage;
use crate::notify::{Inbound, Place};
use crate::people::{Directory, Zone};
use crate::signal::Monitor;
use crate::store::{Store, StoreError};
use crate::text::Lang;

/// How many wake-ups are read from the store at the start; a million open incidents is far
/// beyond one machine.
const WAKES_MAX: usize = 1_000_000;
/// How long running sends have to end when firebell stops.
const DRAIN_TIME: Duration = Duration::from_secs(10);

/// What a runtime is made of.
pub struct Parts {
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Keeps the journal.
    pub store: Arc<dyn Store>,
    /// The people.
    pub directory: Arc<Directory>,
    /// The ways out.
    pub outbound: Outbound,
    /// Where plans lie.
    pub playbooks: PathBuf,
    /// Where drills lie.
    pub drills: PathBuf,
    /// Checks drills' files.
    pub drill_check: DrillCheck,
    /// Where evidence files are kept.
    pub evidence: PathBuf,
    /// The address people reach this server under; `None` leaves links out of messages.
    pub base_url: Option<String>,
    /// The zone that messages tell times in.
    pub zone: Zone,
    /// The language of recipients that are no persons.
    pub lang: Lang,
    /// The outside watcher.
    pub watchdog: Option<Watchdog>,
    /// How long after its end an incident is moved to the archive; `None` never.
    pub archive_after: Option<SignedDuration>,
    /// What the messages of drills under way do without, known before the first of them is sent.
    pub outages: Vec<(DrillRunId, Vec<Outage>)>,
    /// Where the clocks stand of runs under way whose clock is moved by hand.
    pub clocks: Vec<(DrillRunId, Timestamp)>,
    /// What the configuration says of rosters beside who has which turn.
    pub rosters: RosterSettings,
    /// What watches the signals.
    pub monitors: Vec<Monitor>,
    /// Nothing is sent and no deadline acts until a person confirms.
    pub safe_start: bool,
}

/// The only writer. Cheap to clone.
#[derive(Clone)]
pub struct Runtime {
    inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) store: Arc<dyn Store>,
    pub(super) base_directory: ArcSwap<Directory>,
    pub(super) directory: ArcSwap<Directory>,
    pub(super) outbound: Outbound,
    pub(super) outages: Outages,
    pub(super) clocks: Clocks,
    pub(super) library: ArcSwap<Library>,
    /// The files for which the latest reload kept the older set; empty where it did not.
    pub(super) refused: ArcSwap<Vec<String>>,
    pub(super) cells: Cells,
    pub(super) pins: Pins,
    pub(super) ids: Ids,
    pub(super) agenda: Agenda,
    pub(super) bus: Bus,
    pub(super) meters: Meters,
    pub(super) audit: ArcSwap<Report>,
    /// What links are signed with, once it was needed.
    pub(super) links: OnceCell<LinkKey>,
    /// Whose turn it is where one of several is called.
    pub(super) turns: Turning,
    /// Held while records of contacts change: answers come while others are still asked.
    pub(super) reaching: Mutex<()>,
    /// Held while rosters change: one change is judged by the roster the one before it left.
    pub(super) rosters: Mutex<()>,
    pub(super) roster_settings: RosterSettings,
    /// Told when rosters have changed: a change of shift may come at another time.
    pub(super) rosters_moved: Notify,
    /// Told when a message about a roster was stored that is to leave.
    pub(super) letters: Notify,
    pub(super) calendars: Calendars,
    /// What was found when rosters were last looked at.
    pub(super) outlook: ArcSwap<Outlook>,
    pub(super) evidence: Evidence,
    pub(super) monitors: Monitors,
    base_url: Option<String>,
    zone: Zone,
    lang: Lang,
    pub(super) drain: CancellationToken,
    pub(super) tasks: TaskTracker,
    held: AtomicBool,
    heartbeat: AtomicI64,
    playbooks: PathBuf,
    drills: PathBuf,
    drill_check: DrillCheck,
}

impl Inner {
    pub(super) fn heartbeat(&self, now: Timestamp) {
        self.heartbeat.store(now.as_microsecond(), Ordering::Relaxed);
    }

    pub(super) fn last_heartbeat(&self) -> Timestamp {
        let micros = self.heartbeat.load(Ordering::Relaxed);
        Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MIN)
    }

    pub(super) fn is_held(&self) -> bool {
        self.held.load(Ordering::Acquire)
    }

    /// Returns where messages come from.
    pub(super) fn place(&self) -> Place<'_> {
        Place { base_url: self.base_url.as_deref(), zone: &self.zone, lang: self.lang }
    }

    pub(super) fn readiness(&self) -> Vec<Check> {
        auditor::readiness(self)
    }
}

impl Runtime {
    /// Reads the plans, takes up every open incident where the journal left it, and starts the
    /// ticker and the auditor. Blocks on the disk.
    ///
    /// Must be called within a tokio runtime.
    #[must_use]
    pub fn start(parts: Parts) -> Self {
        let now = parts.clock.now();
        let (sources, store) = (&parts.rosters.calendars, &*parts.store);
        let (calendars, base) = Calendars::open(sources, store, parts.directory, now);
        let library = Library::read(&parts.playbooks, &parts.drills, &base, now);
        let findings = (parts.drill_check)(&library);
        let overrides = rosters::stored_overrides(&*parts.store).unwrap_or_else(|error| {
            tracing::error!(%error, "the stored overrides cannot be read");
            Vec::new()
        });
        let directory = rosters::with_overrides(&base, &overrides);
        let inner = Arc::new(Inner {
            ids: Ids::after(parts.store.last_number()),
            bus: Bus::starting_at(u64::try_from(now.as_microsecond()).unwrap_or(1)),
            monitors: Monitors::open(parts.monitors, &*parts.store, now),
            clock: parts.clock,
            store: parts.store,
            base_directory: ArcSwap::new(base),
            directory: ArcSwap::from_pointee(directory),
            outbound: parts.outbound,
            outages: Outages::new(parts.outages),
            clocks: Clocks::new(parts.clocks),
            library: ArcSwap::from_pointee(library.with_findings(findings)),
            refused: ArcSwap::default(),
            cells: Cells::default(),
            pins: Pins::default(),
            agenda: Agenda::default(),
            meters: Meters::default(),
            audit: ArcSwap::default(),
            links: OnceCell::new(),
            turns: Turning::default(),
            reaching: Mutex::default(),
            rosters: Mutex::default(),
            roster_settings: parts.rosters,
            rosters_moved: Notify::new(),
            letters: Notify::new(),
            calendars,
            outlook: ArcSwap::default(),
            evidence: Evidence::in_dir(parts.evidence),
            base_url: parts.base_url,
            zone: parts.zone,
            lang: parts.lang,
            drain: CancellationToken::new(),
            tasks: TaskTracker::new(),
            held: AtomicBool::new(parts.safe_start),
            heartbeat: AtomicI64::new(now.as_microsecond()),
            playbooks: parts.playbooks,
            drills: parts.drills,
            drill_check: parts.drill_check,
        });
        for (at, id) in inner.store.due(Timestamp::MAX, WAKES_MAX) {
            inner.agenda.set(id, Some(at));
        }
        inner.tasks.spawn(ticker::run(Arc::clone(&inner)));
        inner.tasks.spawn(auditor::run(Arc::clone(&inner)));
        inner.tasks.spawn(monitors::run(Arc::clone(&inner)));
        inner.tasks.spawn(monitors::tell(Arc::clone(&inner)));
        inner.tasks.spawn(redaction::run(Arc::clone(&inner)));
        inner.tasks.spawn(rosters::watch::run(Arc::clone(&inner)));
        inner.tasks.spawn(rosters::handover::run(Arc::clone(&inner)));
        inner.tasks.spawn(rosters::letters::run(Arc::clone(&inner)));
        rosters::calendars::run(&inner);
        if let Some(after) = parts.archive_after {
            inner.tasks.spawn(archivist::run(Arc::clone(&inner), after));
        }
        if let Some(watchdog) = parts.watchdog {
            inner.tasks.spawn(watchdog::run(Arc::clone(&inner), watchdog));
        }
        Self { inner }
    }

    /// Declares an incident; returns the open one with the same deduplication key where there is
    /// one.
    ///
    /// The commit goes on when the caller stops waiting.
    ///
    /// # Errors
    /// [`Refusal`]; nothing has changed.
    pub async fn declare(
        &self,
        caller: &Caller,
        request: DeclareRequest,
        options: CommitOptions,
    ) -> Result<Committed, Refusal> {
        let (inner, caller) = (Arc::clone(&self.inner), caller.clone());
        self.finish(async move { inner.declare(&caller, request, options).await }).await
    }

    /// Asks something of an incident.
    ///
    /// The commit goes on when the caller stops waiting.
    ///
    /// # Errors
    /// [`Refusal`]; nothing has changed.
    pub async fn execute(
        &self,
        caller: &Caller,
        incident: IncidentId,
        command: Command,
        options: CommitOptions,
    ) -> Result<Committed, Refusal> {
        let (inner, caller) = (Arc::clone(&self.inner), caller.clone());
        self.finish(async move { inner.execute(&caller, incident, command, options).await }).await
    }

    pub(super) fn inner(&self) -> &Arc<Inner> {
        &self.inner
    }

    pub(super) async fn finish(
        &self,
        work: impl Future<Output = Result<Committed, Refusal>> + Send + 'static,
    ) -> Result<Committed, Refusal> {
        match self.inner.tasks.spawn(work).await {
            Ok(done) => {
                if let Ok(Committed { incident, .. }) = &done
                    && !incident.status.is_open()
                {
                    // What has ended is read, if ever, from the journal.
                    self.inner.cells.release(incident.id);
                }
                done
            }
            Err(error) => {
                tracing::error!(%error, "a command did not finish");
                Err(Refusal::Store(StoreError::Stopped))
            }
        }
    }

    /// Returns an incident as it is now.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], or the store's own.
    pub async fn incident(&self, id: IncidentId) -> Result<Committed, Refusal> {
        self.inner.current(id).await
    }

    /// Tells whether firebell waits for a person before it acts by itself.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.inner.is_held()
    }

    /// Lists incidents whose deadlines or sends have come, oldest first.
    #[must_use]
    pub fn overdue(&self, limit: usize) -> Vec<(Timestamp, IncidentId)> {
        self.inner.agenda.overdue(self.inner.clock.now(), limit)
    }

    /// Lets a safely started firebell act.
    pub fn release(&self) {
        self.inner.held.store(false, Ordering::Release);
        self.inner.agenda.earlier.notify_one();
        self.inner.posted();
    }

    /// Reads the plans and drills again; swaps the whole set, or keeps the last good one. Files of
    /// calendars are read before, each kept or taken by itself.
    pub async fn reload(&self) -> ReloadReport {
        self.read_calendars().await;
        let inner = Arc::clone(&self.inner);
        let read = tokio::task::spawn_blocking(move || {
            let directory = inner.directory.load_full();
            let library =
                Library::read(&inner.playbooks, &inner.drills, &directory, inner.clock.now());
            let findings = (inner.drill_check)(&library);
            Arc::new(library.with_findings(findings))
        });
        let library = read.await.unwrap_or_else(|_| self.library());
        let swapped = !library.has_errors();
        self.inner.refused.store(Arc::new(if swapped { Vec::new() } else { library.bad_files() }));
        if swapped {
            self.inner.library.store(Arc::clone(&library));
        }
        let current = self.library();
        ReloadReport {
            swapped,
            playbooks: current.playbooks().count(),
            drills: current.drill_files().len(),
            library,
        }
    }

    /// Returns the people as they are now.
    #[must_use]
    pub fn directory(&self) -> Arc<Directory> {
        self.inner.directory.load_full()
    }

    /// Returns the address that people reach this server under, without a slash at its end.
    #[must_use]
    pub fn public_url(&self) -> Option<&str> {
        self.inner.place().base_url
    }

    /// Tells whether the other side of a channel, or of any where none is named, made a request.
    #[must_use]
    pub fn vouches(&self, channel: Option<&ChannelId>, call: &Inbound<'_>) -> bool {
        let channels = self.inner.outbound.channels().iter();
        let mut asked = channels.filter(|(id, _)| channel.is_none_or(|only| only == *id));
        asked.any(|(_, configured)| configured.channel.vouches(call))
    }

    /// Returns the plans and drills in force.
    #[must_use]
    pub fn library(&self) -> Arc<Library> {
        self.inner.library.load_full()
    }

    /// Returns the journal, for reading and for documents.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.inner.store
    }

    /// Returns the folder of evidence files.
    #[must_use]
    pub fn evidence(&self) -> &Evidence {
        &self.inner.evidence
    }

    /// Returns what tells commits to listeners.
    #[must_use]
    pub fn bus(&self) -> &Bus {
        &self.inner.bus
    }

    /// Returns what was counted.
    #[must_use]
    pub fn meters(&self) -> &Meters {
        &self.inner.meters
    }

    /// Returns the source of identities.
    #[must_use]
    pub fn ids(&self) -> &Ids {
        &self.inner.ids
    }

    /// Returns the clock everything runs by.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.inner.clock
    }

    /// Returns the ways out, for test pages.
    #[must_use]
    pub fn outbound(&self) -> &Outbound {
        &self.inner.outbound
    }

    /// Checks what readiness depends on, now.
    #[must_use]
    pub fn readiness(&self) -> Vec<Check> {
        self.inner.readiness()
    }

    /// Returns what the auditor saw last.
    #[must_use]
    pub fn audit(&self) -> Arc<Report> {
        self.inner.audit.load_full()
    }

    /// Returns how many incidents are in memory, and how many have an instant ahead.
    #[must_use]
    pub fn sizes(&self) -> (usize, usize) {
        (self.inner.cells.len(), self.inner.agenda.len())
    }

    /// Stops: takes nothing new up, lets running commits and sends end. What did not end is in
    /// the outbox and goes on at the next start.
    pub async fn drain(&self) {
        self.inner.drain.cancel();
        self.inner.tasks.close();
        if tokio::time::timeout(DRAIN_TIME, self.inner.tasks.wait()).await.is_err() {
            tracing::warn!("some sends did not end in time; they go on at the next start");
        }
    }
}
