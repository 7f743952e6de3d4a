//! One step of the world: a move is put to the engine, then people and channels do what they always
//! do. Messages arrive, roles are taken, and time stands still unless it is what passes.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value as Json};

use super::moves::{Happens, Herald, Move};
use super::reading::Reading;
use crate::engine::{
    Actor, AlertNote, Chance, ChildOutcome, ClockAct, ClockRef, Command, Ctx, Declare,
    EvidenceItem, Incident, Mode, NoticeOutcome, Pending, Purpose, RequestOutcome, RoleAct, Run,
    RunKey, Status, StepAct, StepRef, SurgeNote, Tenure, decide, declare, due, next_deadline,
};
use crate::id::{IncidentId, NoticeId, PersonId, RoleId, StepId};
use crate::people::Directory;
use crate::playbook::{Action, Approver, Evidence, Http, Manual, Playbook, Step};

/// How long nobody does anything at most.
const PATIENCE: SignedDuration = SignedDuration::from_hours(24 * 31);
/// How many instants are waited for at most: more than the longest repeat of a shipped plan has.
const INSTANTS_MAX: usize = 2_000;
/// How often people and channels react to one another at most.
const ROUNDS_MAX: usize = 64;
/// What is sealed here is made up.
const CHANCE: Chance = Chance::new([0; 32]);
/// A measured number, where one is asked for.
const MEASURED: f64 = 95.0;

/// Where a plan is tried: the plan, the people, and when.
#[derive(Debug, Clone, Copy)]
pub struct House<'a> {
    /// The plan.
    pub playbook: &'a Playbook,
    /// The people.
    pub directory: &'a Directory,
    /// When it is declared: who is on call is looked up then.
    pub now: Timestamp,
}

/// A state of the incident and of time.
#[derive(Debug, Clone)]
pub(super) struct State {
    pub(super) incident: Incident,
    pub(super) now: Timestamp,
}

/// What a move came to.
#[derive(Debug, Clone)]
pub(super) struct Moved {
    /// The state before anyone answered a page.
    pub(super) paged: State,
    /// The state after.
    pub(super) state: State,
}

/// Tells whether messages of a run are under way.
pub(super) fn awaits_messages(incident: &Incident, key: &RunKey) -> bool {
    messages(incident, key).next().is_some()
}

/// Tells whether an answer from outside is under way to a run.
pub(super) fn awaits_answer(incident: &Incident, run: &Run) -> bool {
    run.request.is_some() || errand(incident, &run.key).is_some()
}

/// Returns the call of another plan that a run waits for.
fn errand(incident: &Incident, key: &RunKey) -> Option<(NoticeId, Option<IncidentId>)> {
    incident.outbox.iter().find_map(|(id, pending)| match pending.as_ref() {
        Pending::Child { key: of, child, .. } if of == key => Some((*id, Some(*child))),
        Pending::HandOff { key: of, .. } if of == key => Some((*id, None)),
        _ => None,
    })
}

/// Tells whether a statutory clock runs.
pub(super) fn runs_clock(incident: &Incident) -> bool {
    incident.clocks.values().any(|clock| clock.is_running())
}

/// Tells whether the incident is about to go on by another plan.
pub(super) fn is_handed_on(incident: &Incident) -> bool {
    incident.outbox.values().any(|pending| matches!(pending.as_ref(), Pending::HandOff { .. }))
}

fn messages<'a>(incident: &'a Incident, key: &'a RunKey) -> impl Iterator<Item = NoticeId> + 'a {
    incident.outbox.iter().filter_map(move |(id, pending)| match pending.as_ref() {
        Pending::Notice { notice, .. } if is_of(&notice.purpose, key) => Some(*id),
        _ => None,
    })
}

fn is_of(purpose: &Purpose, key: &RunKey) -> bool {
    matches!(purpose, Purpose::StepMessage { key: of } if of == key)
}

/// Lists the delivered messages of a run that someone may still acknowledge.
pub(super) fn acknowledgeable<'a>(
    incident: &'a Incident,
    key: &'a RunKey,
) -> impl Iterator<Item = (NoticeId, PersonId)> + 'a {
    let open = incident
        .told
        .iter()
        .filter(move |(_, told)| !told.acknowledged && is_of(&told.purpose, key));
    open.map(|(id, told)| (*id, told.person.clone()))
}

impl House<'_> {
    /// Returns anyone, where a person must be named.
    pub(super) fn somebody(&self) -> Option<&PersonId> {
        self.directory.people().next().map(|person| &person.id)
    }

    fn ctx(&self, now: Timestamp, actor: Actor) -> Ctx<'_> {
        Ctx {
            now,
            occurred_at: None,
            actor,
            admin: false,
            directory: self.directory,
            chance: CHANCE,
            turns: crate::people::Turns::NONE,
        }
    }

    /// Asks something of the incident; tells whether it was done.
    fn ask(&self, state: &mut State, actor: Actor, command: Command) -> bool {
        let ctx = self.ctx(state.now, actor);
        match decide(self.playbook, &state.incident, command, &ctx) {
            Ok(outcome) => {
                state.incident = outcome.incident;
                true
            }
            Err(_) => false,
        }
    }

    /// Makes a move; `None` where the engine refuses it or nothing comes of it.
    pub(super) fn make(
        &self,
        reading: &Reading<'_>,
        state: Option<&State>,
        made: &Move,
    ) -> Option<Moved> {
        let mut next = match (state, made) {
            (_, Move::Declare { inputs, by }) => self.declared(inputs, *by)?,
            (Some(state), Move::TimePasses) => self.waited(reading, state)?,
            (Some(state), Move::AlertEnds) => {
                let mut next = state.clone();
                let alert = next.incident.alert.as_deref()?.clone();
                self.ask(&mut next, Actor::System, Command::Alert { alert, resolved: true })
                    .then_some(next)?
            }
            (Some(state), Move::SurgeEnds) => {
                let mut next = state.clone();
                let surge = next.incident.surge.as_deref()?.note.clone();
                let over = Command::Surge { surge, over: true };
                self.ask(&mut next, Actor::System, over).then_some(next)?
            }
            (Some(state), Move::Submit) => self.submitted(state)?,
            (Some(state), Move::Close) => {
                let mut next = state.clone();
                let actor = self.actor(&next.incident, None)?;
                self.ask(&mut next, actor, Command::Close { force: None }).then_some(next)?
            }
            (Some(state), Move::Cancel) => {
                let mut next = state.clone();
                let actor = self.actor(&next.incident, None)?;
                let cancel = Command::Cancel { reason: "explored".to_owned(), as_is: None };
                self.ask(&mut next, actor, cancel).then_some(next)?
            }
            (Some(state), Move::Step { step, item, act }) => {
                self.worked(state, step, *item, act)?
            }
            (None, _) => return None,
        };
        self.deliver(reading, &mut next);
        let paged = next.clone();
        self.react(reading, &mut next);
        Some(Moved { paged, state: next })
    }

    fn declared(&self, inputs: &Map<String, Json>, by: Herald) -> Option<State> {
        let surge = SurgeNote { monitor: "surge".into(), ..SurgeNote::default() };
        let alert = (by == Herald::Alert).then(|| AlertNote {
            name: "alert".into(),
            labels: Default::default(),
            annotations: Default::default(),
        });
        let declaration = Declare {
            inputs: inputs.clone(),
            alert,
            surge: (by == Herald::Surge).then_some(surge),
            ..Declare::new(IncidentId::from_u128(1), 1, Mode::Simulation)
        };
        let ctx = self.ctx(self.now, Actor::System);
        let incident = declare(self.playbook, declaration, &ctx).ok()?.incident;
        Some(State { incident, now: self.now })
    }

    /// Submits every stage that is due.
    fn submitted(&self, state: &State) -> Option<State> {
        let mut next = state.clone();
        let actor = self.actor(&state.incident, None)?;
        let clocks = state.incident.clocks.iter();
        let due = clocks.filter(|(_, clock)| clock.is_running());
        let mut submitted = false;
        for (key, _) in due {
            let clock = ClockRef { clock: key.clock.clone(), stage: Some(key.stage.clone()) };
            let reason = Some("explored".to_owned());
            let act = ClockAct::Submit { reason, reference: None };
            submitted |= self.ask(&mut next, actor.clone(), Command::Clock { clock, act });
        }
        submitted.then_some(next)
    }

    fn worked(
        &self,
        state: &State,
        step: &StepId,
        item: Option<u32>,
        act: &Happens,
    ) -> Option<State> {
        let mut next = state.clone();
        let (_, of) = self.playbook.step(step)?;
        let run = match item {
            Some(item) => state.incident.item_run(step, item)?,
            None => state.incident.run(step)?,
        };
        let refer = StepRef { step: step.clone(), item, key: None };
        let ask = |next: &mut State, actor, act| {
            self.ask(next, actor, Command::Step { step: refer.clone(), act })
        };
        let reason = || "explored".to_owned();
        let who = self.actor(&state.incident, of.doer())?;
        let done = match act {
            Happens::Complete(form) => {
                let Action::Manual(manual) = &of.action else { return None };
                for item in manual.open_items(&[]) {
                    ask(&mut next, who.clone(), StepAct::Check { item: item.into(), done: true });
                }
                ask(&mut next, who, completion(manual, form))
            }
            Happens::Answer(option) => ask(
                &mut next,
                who,
                StepAct::Answer { option: option.clone(), note: Some(reason()) },
            ),
            Happens::Approve => {
                let mut consented = false;
                for person in self.approvers(&state.incident, of) {
                    let act = StepAct::Approve { note: Some(reason()) };
                    consented |= ask(&mut next, Actor::person(person), act);
                }
                consented
            }
            Happens::Reject => self.approvers(&state.incident, of).into_iter().any(|person| {
                ask(&mut next, Actor::person(person), StepAct::Reject { reason: reason() })
            }),
            Happens::Fail => ask(&mut next, who, StepAct::Fail { reason: reason() }),
            Happens::Skip => ask(&mut next, who, StepAct::Skip { reason: reason() }),
            Happens::Retry => ask(&mut next, who, StepAct::Retry),
            Happens::Succeed | Happens::Break => {
                self.answered(&mut next, run, of, *act == Happens::Succeed)
            }
            Happens::Acknowledge => {
                let told: Vec<_> = acknowledgeable(&state.incident, &run.key).collect();
                for (notice, person) in &told {
                    let command = Command::AcknowledgeNotice { notice: *notice };
                    self.ask(&mut next, Actor::person(person.clone()), command);
                }
                !told.is_empty()
            }
        };
        done.then_some(next)
    }

    /// Lets a step's request or messages succeed or fail.
    fn answered(&self, next: &mut State, run: &Run, step: &Step, well: bool) -> bool {
        if let (Some(request), Action::Http(http)) = (run.request, &step.action) {
            let outcome = if well { met(http) } else { not_met() };
            return self.ask(next, Actor::System, Command::RequestOutcome { request, outcome });
        }
        if let Some((request, child)) = errand(&next.incident, &run.key) {
            return self.called(next, request, child.filter(|_| well));
        }
        let messages: Vec<NoticeId> = messages(&next.incident, &run.key).collect();
        for notice in &messages {
            if well { self.arrives(next, *notice) } else { self.is_lost(next, *notice) }
        }
        !messages.is_empty()
    }

    /// Lets another plan begin and end well, or refuses it.
    fn called(&self, next: &mut State, request: NoticeId, child: Option<IncidentId>) -> bool {
        let number = 2;
        let outcome = match child {
            Some(_) => ChildOutcome::Started { number },
            None => ChildOutcome::Refused { why: "explored".to_owned() },
        };
        let answered = self.ask(next, Actor::System, Command::ChildOutcome { request, outcome });
        if let Some(child) = child {
            let (status, reason) = (Status::Closed, None);
            let values = Arc::default();
            let report = Command::ChildReported { child, number, status, reason, values };
            self.ask(next, Actor::System, report);
        }
        answered
    }

    fn channel(state: &State, notice: NoticeId) -> Option<crate::id::ChannelId> {
        match state.incident.outbox.get(&notice)?.as_ref() {
            Pending::Notice { notice, channel, .. } => notice.via.get(*channel).cloned(),
            Pending::Request { .. }
            | Pending::Child { .. }
            | Pending::Recall { .. }
            | Pending::Report { .. }
            | Pending::HandOff { .. } => None,
        }
    }

    fn arrives(&self, state: &mut State, notice: NoticeId) {
        let command = match Self::channel(state, notice) {
            Some(via) => {
                let outcome = NoticeOutcome::Delivered { via, within: None };
                Command::NoticeOutcome { notice, outcome }
            }
            None => Command::ErrandEnded { request: notice },
        };
        self.ask(state, Actor::System, command);
    }

    fn is_lost(&self, state: &mut State, notice: NoticeId) {
        while let Some(via) = Self::channel(state, notice) {
            let outcome = NoticeOutcome::Refused { via, why: "explored".to_owned() };
            if !self.ask(state, Actor::System, Command::NoticeOutcome { notice, outcome }) {
                return;
            }
        }
    }

    /// Lets every message arrive that no step waits for.
    fn deliver(&self, reading: &Reading<'_>, state: &mut State) {
        for _ in 0..ROUNDS_MAX {
            let incident = &state.incident;
            let awaited = |key: &RunKey| {
                incident.run_of(key).is_some_and(|run| !run.is_settled())
                    && !reading.is_aside(&key.step)
            };
            let plain = |pending: &Pending| match pending {
                Pending::Notice { notice, .. } => match &notice.purpose {
                    Purpose::StepMessage { key } => !awaited(key),
                    _ => true,
                },
                Pending::Recall { .. } | Pending::Report { .. } => true,
                Pending::Request { .. } | Pending::Child { .. } | Pending::HandOff { .. } => false,
            };
            let outbox = incident.outbox.iter();
            let under_way: Vec<NoticeId> =
                outbox.filter(|(_, pending)| plain(pending)).map(|(id, _)| *id).collect();
            if under_way.is_empty() {
                return;
            }
            under_way.into_iter().for_each(|notice| self.arrives(state, notice));
        }
    }

    /// Lets whoever was asked take their roles.
    fn react(&self, reading: &Reading<'_>, state: &mut State) {
        for _ in 0..ROUNDS_MAX {
            let asked: Vec<(RoleId, PersonId, RoleAct)> = state
                .incident
                .roles
                .iter()
                .filter_map(|(role, at)| match &at.tenure {
                    Tenure::Assigned { to, .. } => {
                        Some((role.clone(), to.clone(), RoleAct::Acknowledge))
                    }
                    Tenure::Offered { to, .. } => {
                        Some((role.clone(), to.first()?.clone(), RoleAct::Claim))
                    }
                    Tenure::Vacant | Tenure::Held { .. } => None,
                })
                .collect();
            let mut taken = false;
            for (role, person, act) in asked {
                taken |= self.ask(state, Actor::person(person), Command::Role { role, act });
            }
            self.deliver(reading, state);
            if !taken {
                return;
            }
        }
    }

    /// Lets time pass, and nobody do anything, until the state is another one.
    fn waited(&self, reading: &Reading<'_>, state: &State) -> Option<State> {
        let before = super::key::key(self, reading, &state.incident);
        let mut next = state.clone();
        for _ in 0..INSTANTS_MAX {
            self.reach_next(reading, &mut next)?;
            if next.now.duration_since(state.now) > PATIENCE {
                return None;
            }
            self.react(reading, &mut next);
            if super::key::key(self, reading, &next.incident) != before {
                return Some(next);
            }
        }
        None
    }

    /// Moves time to the next instant at which the engine acts, and lets it.
    fn reach_next(&self, reading: &Reading<'_>, state: &mut State) -> Option<()> {
        let deadline = next_deadline(self.playbook, &state.incident)?;
        state.now = state.now.max(deadline.at);
        let mut changed = false;
        for command in due(self.playbook, &state.incident, state.now) {
            changed |= self.ask(state, Actor::System, command);
        }
        self.deliver(reading, state);
        changed.then_some(())
    }

    /// Returns an open step of which nobody who may act on it has been told, even after a day in
    /// which nobody answers.
    pub(super) fn untold(&self, reading: &Reading<'_>, paged: &State) -> Option<StepId> {
        let mut untold = self.untold_now(&paged.incident)?;
        let mut state = paged.clone();
        loop {
            let waited = state.now.duration_since(paged.now) > SignedDuration::from_hours(24);
            if waited || self.reach_next(reading, &mut state).is_none() {
                return Some(untold);
            }
            untold = self.untold_now(&state.incident)?;
        }
    }

    fn untold_now(&self, incident: &Incident) -> Option<StepId> {
        if !incident.status.is_open() || self.playbook.roles.is_empty() {
            return None;
        }
        let open = incident.runs().filter(|run| !run.state.is_settled());
        let open = open.filter(|run| run.state.name() != "waiting" && run.items.is_empty());
        let mut steps = open.filter_map(|run| self.playbook.step(&run.key.step));
        let untold =
            steps.find(|(_, step)| step.action.is_human() && !self.is_told(incident, step));
        untold.map(|(_, step)| step.id.clone())
    }

    fn is_told(&self, incident: &Incident, step: &Step) -> bool {
        let told = |person: &PersonId| incident.paged.contains(person);
        if let Action::Approve(_) = &step.action {
            return self.approvers(incident, step).iter().any(told);
        }
        let commander = self.playbook.commander();
        [step.doer(), commander].into_iter().flatten().any(|role| {
            incident.roles.get(role).is_some_and(|at| at.tenure.people().iter().any(told))
        })
    }

    /// Returns everyone whose word counts for an approval.
    fn approvers(&self, incident: &Incident, step: &Step) -> Vec<PersonId> {
        let Action::Approve(approve) = &step.action else { return Vec::new() };
        let of = |approver: &Approver| match approver {
            Approver::Role(role) => incident.holder(role).cloned().into_iter().collect(),
            Approver::Team(team) => self.directory.team_members(team).to_vec(),
        };
        approve.by.iter().flat_map(of).collect()
    }

    /// Returns who acts: the holder of the role, else the commander, else anyone.
    fn actor(&self, incident: &Incident, role: Option<&RoleId>) -> Option<Actor> {
        let holder = role.and_then(|role| incident.holder(role));
        let commander = || incident.holder(self.playbook.commander()?);
        let person = holder.or_else(commander).or_else(|| self.somebody())?;
        Some(Actor::person(person.clone()))
    }
}

fn completion(manual: &Manual, form: &Map<String, Json>) -> StepAct {
    let proof = EvidenceItem::Text { text: "explored".to_owned() };
    StepAct::Complete {
        form: form.clone(),
        evidence: if manual.evidence == Evidence::Required { vec![proof] } else { Vec::new() },
        measure: manual.measure.as_ref().map(|_| MEASURED),
        // What is late says why.
        note: Some("explored".to_owned()),
    }
}

fn met(http: &Http) -> RequestOutcome {
    let status = http.expect_status.first().copied().unwrap_or(200);
    RequestOutcome::Met { status, saved: Vec::new() }
}

fn not_met() -> RequestOutcome {
    RequestOutcome::NotMet { status: Some(500), why: "explored".to_owned() }
}
