//! Turns one command into one durable commit: load or cached → decide → append → tell. The only
//! place that appends; everything that follows a commit is started here and nowhere else.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value as Json};

use super::cells::{Cell, Loaded};
use super::outbox::{self, Rendered};
use super::service::Inner;
use super::{Caller, Missing, Refusal, Scope};
use crate::engine::{
    self, Actor, AlertNote, Beside, Command, Ctx, Declare, Event, Fact, Incident, Mode, Outcome,
    Pending, Sealed, SurgeNote,
};
use crate::id::{DrillRunId, IncidentId, NoticeId, PlaybookId};
use crate::notify;
use crate::people::{Directory, Turns};
use crate::playbook::{Level, Playbook};
use crate::store::{Batch, Change, Digest, Idempotency, Lane, StoreError, Unique};

/// How often a decision is made again because another writer was first. The cell's lock makes
/// a second time rare; a third means that something else is wrong.
const CONFLICTS_MAX: u32 = 3;

/// What a declaration asks for.
#[derive(Debug, Clone)]
pub struct DeclareRequest {
    /// The plan.
    pub playbook: PlaybookId,
    /// Live from people and alerts; drills set the others.
    pub mode: Mode,
    /// What it is about.
    pub title: Option<String>,
    /// A person's word on the level.
    pub level: Option<Level>,
    /// Inputs by name.
    pub inputs: Map<String, Json>,
    /// When the trouble was noticed.
    pub detected_at: Option<Timestamp>,
    /// Events of the same trouble carry the same key.
    pub dedup_key: Option<String>,
    /// The alert that started it.
    pub alert: Option<AlertNote>,
    /// The surge that started it.
    pub surge: Option<SurgeNote>,
    /// The drill that started it.
    pub drill: Option<DrillRunId>,
    /// The live incident it rehearses beside.
    pub beside: Option<Beside>,
}

impl DeclareRequest {
    /// Asks for a live incident with nothing known.
    #[must_use]
    pub fn live(playbook: impl Into<PlaybookId>) -> Self {
        Self {
            playbook: playbook.into(),
            mode: Mode::Live,
            title: None,
            level: None,
            inputs: Map::new(),
            detected_at: None,
            dedup_key: None,
            alert: None,
            surge: None,
            drill: None,
            beside: None,
        }
    }
}

/// Makes the answer that is stored with a commit, from what was committed; `None` where nothing is
/// to be remembered.
pub type Answer = Arc<dyn Fn(&Committed) -> Option<(u16, Vec<u8>)> + Send + Sync>;

/// A request that carries an idempotency key.
#[derive(Clone)]
pub struct Keyed {
    /// The key, made unique per principal by the caller.
    pub key: String,
    /// Hash of principal, method, path and body.
    pub fingerprint: Digest,
    /// Makes the answer to store.
    pub answer: Answer,
}

/// What else a commit must respect.
#[derive(Clone, Default)]
pub struct CommitOptions {
    /// The version the caller saw. Refused where the incident has changed since in what people
    /// decide on; messages that have gone out since do no harm.
    pub expected: Option<u64>,
    /// When it happened, where that was earlier.
    pub occurred_at: Option<Timestamp>,
    /// The idempotency key.
    pub keyed: Option<Keyed>,
    /// Documents that change with it.
    pub documents: Vec<Change>,
    /// Where the commit waits for the store.
    pub lane: Lane,
}

/// What a commit left.
#[derive(Debug, Clone)]
pub struct Committed {
    /// The plan.
    pub playbook: Arc<Playbook>,
    /// The incident after it.
    pub incident: Arc<Incident>,
    /// Its events; empty when nothing changed.
    pub events: Arc<[Event]>,
    /// The incident is new.
    pub created: bool,
}

impl Inner {
    /// Declares an incident.
    pub(super) async fn declare(
        self: &Arc<Self>,
        caller: &Caller,
        request: DeclareRequest,
        options: CommitOptions,
    ) -> Result<Committed, Refusal> {
        if let Some(existing) = self.same_trouble(&request) {
            return self.already_open(existing, &options).await;
        }
        let library = self.library.load_full();
        let playbook = library.playbook(&request.playbook).ok_or_else(|| Refusal::NotFound {
            what: Missing::Playbook,
            name: request.playbook.to_string(),
            closest: library.closest(request.playbook.as_str()),
        })?;
        let now = self.now_of(request.drill);
        let dedup_mode = request.mode;
        let directory = self.directory.load_full();
        let ctx = self.context(caller, now, &options, &directory, Turns::NONE);
        let (id, number) = (self.ids.incident(self.clock.now()), self.ids.number());
        let declare = Declare {
            id,
            number,
            mode: request.mode,
            title: request.title,
            level: request.level,
            inputs: request.inputs,
            detected_at: request.detected_at,
            dedup_key: request.dedup_key,
            alert: request.alert,
            surge: request.surge,
            drill: request.drill,
            parent: None,
            beside: request.beside,
        };
        let outcome = engine::declare(&playbook, declare, &ctx).inspect_err(|_| {
            self.ids.give_back(number);
            self.meters.rejected.count();
        })?;
        let cell = self.cells.cell(id);
        let mut state = cell.state.lock().await;
        let committed = self.commit(&mut state, &playbook, None, outcome, &options).await;
        drop(state);
        match committed {
            Ok(committed) => {
                self.meters.declared.count();
                Ok(committed)
            }
            // Another request declared the same trouble in the meantime.
            Err(Refusal::Store(StoreError::Taken { what: Unique::DedupKey(key), by })) => {
                tracing::debug!(%key, ?dedup_mode, "declared by another request");
                self.ids.give_back(number);
                self.already_open(by, &options).await
            }
            Err(other) => Err(other),
        }
    }

    fn same_trouble(&self, request: &DeclareRequest) -> Option<IncidentId> {
        let key = request.dedup_key.as_deref()?;
        self.store.by_dedup_key(request.mode, key)
    }

    /// Answers a declaration with the incident that is open for the same trouble; a key is kept
    /// with the answer, so that the same request gets it after that incident has ended, too.
    async fn already_open(
        self: &Arc<Self>,
        id: IncidentId,
        options: &CommitOptions,
    ) -> Result<Committed, Refusal> {
        let cell = self.cells.cell(id);
        let mut state = cell.state.lock().await;
        let loaded = self.loaded(&mut state, id).await?.clone();
        let seen = unchanged(&loaded);
        let kept = options.keyed.as_ref().and_then(|keyed| (keyed.answer)(&seen));
        if kept.is_none() {
            return Ok(seen);
        }
        let incident = (*loaded.incident).clone();
        let nothing = Outcome { events: Vec::new(), incident, personal: Vec::new() };
        self.commit(&mut state, &loaded.playbook, Some(&loaded), nothing, options).await
    }

    /// Returns an incident as it is, as a commit that changed nothing.
    pub(super) async fn current(self: &Arc<Self>, id: IncidentId) -> Result<Committed, Refusal> {
        let cell = self.cells.cell(id);
        let mut state = cell.state.lock().await;
        let loaded = self.loaded(&mut state, id).await?;
        Ok(unchanged(loaded))
    }

    /// Decides one command and commits what it leads to.
    pub(super) async fn execute(
        self: &Arc<Self>,
        caller: &Caller,
        id: IncidentId,
        command: Command,
        options: CommitOptions,
    ) -> Result<Committed, Refusal> {
        let cell = self.cells.cell(id);
        let mut state = cell.state.lock().await;
        for _ in 0..CONFLICTS_MAX {
            let loaded = self.loaded(&mut state, id).await?.clone();
            if let Some(expected) = options.expected
                && !(loaded.incident.revision..=loaded.incident.version).contains(&expected)
            {
                return Err(Refusal::VersionMismatch { actual: loaded.incident.version });
            }
            let directory = self.directory.load_full();
            let now = self.now_of(loaded.incident.drill).max(loaded.incident.updated_at);
            let ctx = self.context(caller, now, &options, &directory, Turns::NONE);
            let outcome = engine::decide(&loaded.playbook, &loaded.incident, command.clone(), &ctx)
                .inspect_err(|_| self.meters.rejected.count())?;
            if outcome.events.is_empty() && options.keyed.is_none() {
                return Ok(unchanged(&loaded));
            }
            let playbook = plan_after(&loaded.playbook, &command, &outcome.incident);
            match self.commit(&mut state, &playbook, Some(&loaded), outcome, &options).await {
                Err(Refusal::Store(StoreError::Conflict { actual })) => {
                    self.meters.conflicts.count();
                    tracing::warn!(incident = %id, actual, "another writer was first");
                }
                done => return done,
            }
        }
        Err(Refusal::Store(StoreError::Conflict { actual: 0 }))
    }

    /// Decides what fell due and what channels answered, in one commit. Rejections here are
    /// races that someone else has already won.
    pub(super) async fn advance(
        self: &Arc<Self>,
        id: IncidentId,
        deadlines: bool,
    ) -> Result<(), Refusal> {
        let cell = self.cells.cell(id);
        let mut state = cell.state.lock().await;
        let loaded = self.loaded(&mut state, id).await?.clone();
        let now = self.now_of(loaded.incident.drill).max(loaded.incident.updated_at);
        let mut commands = cell.collect();
        if deadlines {
            let due = engine::due(&loaded.playbook, &loaded.incident, now);
            self.meters.deadlines.add(due.len() as u64);
            commands.extend(due);
        }
        // What else is said in this commit is said by the plan that it ends with.
        commands.sort_by_key(|command| !matches!(command, Command::HandOff { .. }));
        let (outcome, playbook, documents) = self.decide_in_turn(&loaded, &commands, now)?;
        let lane = if deadlines { Lane::Due } else { Lane::Ordinary };
        let options = CommitOptions { lane, documents, ..CommitOptions::default() };
        if outcome.events.is_empty() {
            let next = engine::next_deadline(&loaded.playbook, &loaded.incident);
            self.follow(&loaded, next.map(|deadline| deadline.at));
            return Ok(());
        }
        match self.commit(&mut state, &playbook, Some(&loaded), outcome, &options).await {
            Ok(_) => Ok(()),
            Err(error) => {
                self.keep_for_later(&cell, commands);
                Err(error)
            }
        }
    }

    fn keep_for_later(&self, cell: &Cell, commands: Vec<Command>) {
        for command in commands {
            // What fell due is found again from the state; a channel's answer is not.
            if !matches!(command, Command::Reached(_)) {
                cell.leave(command);
            }
        }
    }

    /// Decides, again where another incident has meanwhile taken a turn that this one is about to
    /// take; returns what is written with the outcome, too.
    fn decide_in_turn(
        &self,
        loaded: &Loaded,
        commands: &[Command],
        now: Timestamp,
    ) -> Result<(Outcome, Arc<Playbook>, Vec<Change>), Refusal> {
        let directory = self.directory.load_full();
        for _ in 0..CONFLICTS_MAX {
            let turns = self.turns.snapshot(&*self.store)?;
            let (outcome, playbook) = self.decide_all(loaded, commands, now, (&directory, &turns));
            if let Some(documents) = self.turns.take(&directory, &loaded.incident, &outcome) {
                return Ok((outcome, playbook, documents));
            }
        }
        Err(Refusal::Store(StoreError::Conflict { actual: loaded.incident.version }))
    }

    fn decide_all(
        &self,
        loaded: &Loaded,
        commands: &[Command],
        now: Timestamp,
        (directory, turns): (&Directory, &Turns),
    ) -> (Outcome, Arc<Playbook>) {
        let (caller, options) = (Caller::system(), CommitOptions::default());
        let ctx = self.context(&caller, now, &options, directory, turns);
        let mut incident = (*loaded.incident).clone();
        let mut playbook = Arc::clone(&loaded.playbook);
        let mut events = Vec::new();
        let mut personal = Vec::new();
        for command in commands {
            match engine::decide(&playbook, &incident, command.clone(), &ctx) {
                Ok(outcome) => {
                    playbook = plan_after(&playbook, command, &outcome.incident);
                    events.extend(outcome.events);
                    personal.extend(outcome.personal);
                    incident = outcome.incident;
                }
                Err(rejection) => {
                    tracing::debug!(incident = %incident.id, %rejection, "already settled");
                }
            }
        }
        (Outcome { events, incident, personal }, playbook)
    }

    /// Appends an outcome and, once it is durable, starts what follows from it.
    pub(super) async fn commit(
        self: &Arc<Self>,
        state: &mut Option<Loaded>,
        playbook: &Arc<Playbook>,
        before: Option<&Loaded>,
        outcome: Outcome,
        options: &CommitOptions,
    ) -> Result<Committed, Refusal> {
        let incident = Arc::new(outcome.incident);
        let events: Arc<[Event]> = outcome.events.into();
        let rendered = self.render(playbook, &incident, &events);
        let committed = Committed {
            playbook: Arc::clone(playbook),
            incident: Arc::clone(&incident),
            events: Arc::clone(&events),
            created: before.is_none(),
        };
        let mut batch = Batch::new(
            before.map_or(0, |loaded| loaded.incident.version),
            events.iter().map(engine::codec::encode).collect(),
            outbox::summary(playbook, &incident),
        );
        batch.notices = outbox::encode(&rendered);
        let deadline = engine::next_deadline(playbook, &incident).map(|deadline| deadline.at);
        batch.wake = [deadline, engine::next_send(&incident)].into_iter().flatten().min();
        batch.lane = options.lane;
        batch.personal = outcome.personal.into_iter().map(kept_apart).collect();
        let new_plan = before.is_none_or(|loaded| loaded.playbook.hash != playbook.hash);
        let pin = new_plan.then(|| self.pins.to_store(playbook)).flatten();
        batch.documents = pin.into_iter().chain(options.documents.iter().cloned()).collect();
        batch.idempotency = options.keyed.as_ref().and_then(|keyed| {
            let (status, body) = (keyed.answer)(&committed)?;
            // An answer that changed nothing may be about an incident of last week.
            let at = self.clock.now().max(incident.updated_at);
            let Keyed { key, fingerprint, .. } = keyed.clone();
            Some(Idempotency { key, fingerprint, status, body, at })
        });
        let pending = self.store.append(batch);
        if let Err(error) = pending.await {
            // The journal decides what is true now.
            *state = None;
            return Err(error.into());
        }
        if new_plan {
            self.pins.stored(&playbook.hash);
        }
        self.meters.committed.count();
        self.meters.events.add(events.len() as u64);
        let rendered = merge(before, rendered, &incident);
        let loaded = Loaded { playbook: Arc::clone(playbook), incident, rendered };
        self.follow(&loaded, deadline);
        self.bus.publish(Arc::clone(&loaded.incident), events);
        *state = Some(loaded);
        Ok(committed)
    }

    pub(super) fn context<'a>(
        &self,
        caller: &Caller,
        now: Timestamp,
        options: &CommitOptions,
        directory: &'a Directory,
        turns: &'a Turns,
    ) -> Ctx<'a> {
        Ctx {
            now,
            occurred_at: options.occurred_at,
            actor: caller.actor.clone(),
            admin: caller.scope == Scope::Admin && caller.actor != Actor::Drill,
            directory,
            chance: self.ids.chance(),
            turns,
        }
    }

    /// Sends what is to be sent and sets when the incident is looked at next.
    fn follow(self: &Arc<Self>, loaded: &Loaded, deadline: Option<Timestamp>) {
        let Incident { id, drill, .. } = *loaded.incident;
        let waiting = self.dispatch(loaded, self.now_of(drill));
        let next = [deadline, waiting].into_iter().flatten().min();
        self.agenda.set(id, self.look_at(drill, next));
    }

    fn render(
        &self,
        playbook: &Playbook,
        incident: &Incident,
        events: &[Event],
    ) -> BTreeMap<NoticeId, Arc<Rendered>> {
        let directory = self.directory.load();
        let place = self.place();
        events
            .iter()
            .filter_map(|event| match &event.fact {
                Fact::NoticeQueued { notice } => {
                    let words = notify::render(playbook, incident, notice, &directory, place);
                    Some((notice.id, Rendered::Notice(words)))
                }
                Fact::RequestQueued { request, key } => {
                    let prepared = notify::http::Prepared::new(playbook, incident, *request, key)?;
                    Some((*request, Rendered::Request(prepared)))
                }
                _ => None,
            })
            .map(|(id, rendered)| (id, Arc::new(rendered)))
            .collect()
    }

    /// Finds words for what still has to leave and lost its own to a redaction.
    fn reword(
        &self,
        playbook: &Playbook,
        incident: &Incident,
        rendered: &mut BTreeMap<NoticeId, Arc<Rendered>>,
    ) {
        let directory = self.directory.load();
        for (id, pending) in incident.outbox.iter() {
            if rendered.contains_key(id) {
                continue;
            }
            let words = match pending.as_ref() {
                Pending::Notice { notice, .. } => {
                    let words =
                        notify::render(playbook, incident, notice, &directory, self.place());
                    Some(Rendered::Notice(words))
                }
                Pending::Request { key, .. } => {
                    let prepared = notify::http::Prepared::new(playbook, incident, *id, key);
                    prepared.map(Rendered::Request)
                }
                Pending::Child { .. }
                | Pending::Recall { .. }
                | Pending::Report { .. }
                | Pending::HandOff { .. } => None,
            };
            rendered.extend(words.map(|words| (*id, Arc::new(words))));
        }
    }

    /// Returns the cell's state, read from the journal where it is not in memory.
    pub(super) async fn loaded<'a>(
        self: &Arc<Self>,
        state: &'a mut Option<Loaded>,
        id: IncidentId,
    ) -> Result<&'a Loaded, Refusal> {
        if state.is_none() {
            let inner = Arc::clone(self);
            let read = tokio::task::spawn_blocking(move || inner.read(id));
            *state = Some(read.await.map_err(|_| Refusal::Store(StoreError::Stopped))??);
        }
        state.as_ref().ok_or_else(|| not_found(id))
    }

    /// Rebuilds an incident from the journal. Blocks on the disk.
    pub(super) fn read(&self, id: IncidentId) -> Result<Loaded, Refusal> {
        let stream = self.store.load(id)?.ok_or_else(|| not_found(id))?;
        let events: Vec<Event> = stream
            .events()
            .map(|(_, stored)| outbox::decode_event(&stored.bytes))
            .collect::<Result<_, _>>()?;
        let incident = Incident::replay(&events).ok_or_else(|| not_found(id))?;
        let playbook = self.pins.version(&*self.store, &incident.playbook.hash)?;
        let mut rendered = BTreeMap::new();
        for record in &stream.records {
            let wanted = outbox::decode(&record.notices)
                .into_iter()
                .filter(|(notice, _)| incident.outbox.contains_key(notice));
            rendered.extend(wanted);
        }
        self.reword(&playbook, &incident, &mut rendered);
        Ok(Loaded { playbook, incident: Arc::new(incident), rendered: Arc::new(rendered) })
    }
}

/// Returns the plan that an incident runs after a command: a hand-off brings another.
fn plan_after(before: &Arc<Playbook>, command: &Command, after: &Incident) -> Arc<Playbook> {
    match command {
        Command::HandOff { to, .. } if to.hash == after.playbook.hash => Arc::clone(to),
        _ => Arc::clone(before),
    }
}

fn not_found(id: IncidentId) -> Refusal {
    Refusal::NotFound { what: Missing::Incident, name: id.to_string(), closest: Vec::new() }
}

fn unchanged(loaded: &Loaded) -> Committed {
    Committed {
        playbook: Arc::clone(&loaded.playbook),
        incident: Arc::clone(&loaded.incident),
        events: Arc::from([]),
        created: false,
    }
}

/// Names what is kept apart as the store does.
fn kept_apart(sealed: Sealed) -> (String, Vec<u8>) {
    (sealed.reference.as_str().to_owned(), sealed.content)
}

/// Keeps what is still to be sent.
fn merge(
    before: Option<&Loaded>,
    new: BTreeMap<NoticeId, Arc<Rendered>>,
    incident: &Incident,
) -> Arc<BTreeMap<NoticeId, Arc<Rendered>>> {
    let old = before.map(|loaded| Arc::clone(&loaded.rendered)).unwrap_or_default();
    let gone = old.keys().any(|id| !incident.outbox.contains_key(id));
    if new.is_empty() && !gone {
        return old;
    }
    let mut all: BTreeMap<_, _> = (*old).clone();
    all.extend(new);
    all.retain(|id, _| incident.outbox.contains_key(id));
    Arc::new(all)
}
