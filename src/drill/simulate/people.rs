//! What the modelled people do: they answer pages, take roles, work on steps, choose, consent, and
//! do something about steps that failed.
//!
//! Each works on one step at a time, the most urgent first; further steps wait until they are free.
//! They learn of a role by the message that reaches them, of everything else from the
//! incident's state alone, as real people do who look at their screen.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value as Json};

use crate::drill::cast::Turn;
use crate::drill::filling::{answers, reason_for_lateness};
use crate::drill::inject::{Absentee, REASON};
use crate::drill::past::{End, Mend};
use crate::drill::simulate::agenda::{Agenda, Happening};
use crate::drill::simulate::world::World;
use crate::engine::{
    Actor, Command, EvidenceItem, Fact, Family, Incident, LadderSubject, Notice, Purpose, RoleAct,
    Run, RunKey, StepAct, StepRef, StepState, Tenure,
};
use crate::id::{ChannelId, NoticeId, PersonId, RoleId, StepId};
use crate::playbook::{Action, Approve, Approver, Decide, Evidence, Manual, NotifyUntil};

/// How often a failed step is tried again before it is left out: what a commander does at night.
const MENDS_MAX: u32 = 3;

/// The modelled people.
#[derive(Default)]
pub(super) struct People {
    /// How often someone was asked to take a role.
    asked: BTreeMap<(RoleId, PersonId), u32>,
    /// Runs that someone has taken notice of.
    noticed: BTreeSet<RunKey>,
    /// Steps of which runs became ready or failed since anyone looked.
    stirred: BTreeSet<StepId>,
    /// Runs that someone has taken notice of and nobody has begun, by the role that acts.
    fresh: BTreeMap<RoleId, BTreeSet<RunKey>>,
    /// Runs have moved since those who may have become free were looked for.
    moved: bool,
    /// Failed runs that someone has taken notice of.
    broken: BTreeSet<RunKey>,
    /// How often each step, or item of it, was begun.
    begun: BTreeMap<(StepId, Option<u32>), u32>,
    /// What each run draws from.
    turns: BTreeMap<RunKey, Turn>,
    /// Runs that wait for someone to take their role.
    idle: BTreeMap<RoleId, Vec<RunKey>>,
    /// Who is working in another incident of the same run.
    elsewhere: BTreeSet<PersonId>,
    /// What each is working on, or was last.
    working_on: BTreeMap<PersonId, RunKey>,
    /// Runs that wait until somebody is free.
    queues: BTreeMap<PersonId, BTreeSet<RunKey>>,
    /// How many messages each got over each channel.
    got: BTreeMap<(ChannelId, PersonId), u32>,
    /// Who is away, and until when.
    away: BTreeMap<PersonId, Timestamp>,
    /// Steps whose next attempt fails by the drill's will.
    doomed: BTreeSet<StepId>,
    /// How often a failed step was tried again.
    mends: BTreeMap<StepId, u32>,
    closing: bool,
}

impl People {
    /// Reacts to one event.
    pub(super) fn hear(&mut self, fact: &Fact, world: &World<'_>, agenda: &mut Agenda) {
        self.moved |= fact.family() == Family::Step;
        match fact {
            Fact::RoleAcknowledged { role, .. } => {
                for key in self.idle.remove(role).unwrap_or_default() {
                    agenda.put(world.now, Happening::Begin(key));
                }
            }
            Fact::RoleEngaged { role, .. } => {
                if let Some((person, after)) = world.manners.claim(role) {
                    let take = Happening::Take { role: role.clone(), person: person.clone() };
                    agenda.put(world.now + *after, take);
                }
            }
            Fact::StepReady { key, .. }
            | Fact::StepFailed { key, .. }
            | Fact::StepRetried { key, .. }
            | Fact::StepReopened { key, .. }
            | Fact::StepIterated { key, .. } => {
                self.stirred.insert(key.step.clone());
                if !self.turns.contains_key(key) {
                    self.take_turn(key);
                }
            }
            _ => {}
        }
    }

    /// Lets a message that a channel took reach a person.
    pub(super) fn get(
        &mut self,
        notice: &Notice,
        (via, person): (&ChannelId, &PersonId),
        world: &World<'_>,
        agenda: &mut Agenda,
    ) {
        if world.change.takes_away(person) {
            return;
        }
        let nth = self.got.entry((via.clone(), person.clone())).or_insert(0);
        *nth += 1;
        let Some(transit) = world.manners.transit(via, person, *nth) else {
            return;
        };
        match &notice.purpose {
            Purpose::RolePage { role, also } => {
                for role in std::iter::once(role).chain(also) {
                    self.page(role, person, transit, world, agenda);
                }
            }
            Purpose::Escalation { subject: LadderSubject::Role { role }, .. } => {
                self.page(role, person, transit, world, agenda);
            }
            Purpose::StepMessage { key } => {
                self.read(notice.id, key, person, transit, world, agenda);
            }
            _ => {}
        }
    }

    fn page(
        &mut self,
        role: &RoleId,
        person: &PersonId,
        transit: SignedDuration,
        world: &World<'_>,
        agenda: &mut Agenda,
    ) {
        let nth = self.asked.entry((role.clone(), person.clone())).or_insert(0);
        *nth += 1;
        let pace = world.reaction_pace(Some(role));
        if let Some(after) = world.manners.acknowledgement((role, person), *nth, pace) {
            let take = Happening::Take { role: role.clone(), person: person.clone() };
            agenda.put(world.now + transit + after, take);
        }
    }

    /// Looks at the incident and plans what nobody has planned yet.
    pub(super) fn look(&mut self, world: &World<'_>, agenda: &mut Agenda) {
        let stirred = std::mem::take(&mut self.stirred);
        for run in stirred.iter().flat_map(|step| world.incident.runs_of(step)) {
            if run.is_halting() && self.broken.insert(run.key.clone()) {
                let turn = self.turn(&run.key);
                let known = world.manners.mend(&turn).map(|(after, _)| *after);
                let after = known.or_else(|| self.reaction(run, world)).unwrap_or_default();
                agenda.put(world.now + after, Happening::Mend(run.key.clone()));
            }
            if !matches!(run.state, StepState::Ready | StepState::Active) {
                continue;
            }
            let Some((_, step)) = world.playbook.step(&run.key.step) else { continue };
            let of_all_items = step.for_each.is_some() && run.key.item.is_none();
            if step.action.is_human() && !of_all_items && !self.noticed.contains(&run.key) {
                self.noticed.insert(run.key.clone());
                if let Some(role) = step.doer().or_else(|| world.playbook.commander()) {
                    self.fresh.entry(role.clone()).or_default().insert(run.key.clone());
                }
                let after = self.reaction(run, world).unwrap_or(SignedDuration::ZERO);
                agenda.put(world.now + after, Happening::Begin(run.key.clone()));
            }
        }
        self.call_up(world, agenda);
        if world.incident.close_awaited && !self.closing {
            self.closing = true;
            agenda.put(world.now + world.manners.closing(), Happening::Close);
        }
    }

    /// Lets those who have become free go on with what waited for them.
    fn call_up(&mut self, world: &World<'_>, agenda: &mut Agenda) {
        if !std::mem::take(&mut self.moved) {
            return;
        }
        for (person, queue) in &mut self.queues {
            let busy = self.elsewhere.contains(person)
                || self.working_on.get(person).is_some_and(|key| is_under_way(world, key));
            queue.retain(|key| is_under_way(world, key));
            if let Some(key) = (!busy).then(|| queue.pop_first()).flatten() {
                agenda.put(world.now, Happening::Begin(key));
            }
        }
        self.queues.retain(|_, queue| !queue.is_empty());
    }

    /// Returns who is working on something.
    pub(super) fn working(&self, world: &World<'_>) -> BTreeSet<PersonId> {
        let working = self.working_on.iter().filter(|(_, key)| is_under_way(world, key));
        working.map(|(person, _)| person.clone()).collect()
    }

    /// Learns who is working in another incident of the same run.
    pub(super) fn share(&mut self, elsewhere: BTreeSet<PersonId>) {
        self.moved |= elsewhere != self.elsewhere;
        self.elsewhere = elsewhere;
    }

    /// Takes a person for a run, or for a more urgent one that waits for them as well; what they do
    /// not begin waits. `None` where they are busy.
    fn engage(&mut self, person: &PersonId, key: RunKey, world: &World<'_>) -> Option<RunKey> {
        if !world.manners.is_contended() {
            return Some(key);
        }
        let current = self.working_on.get(person);
        let busy = self.elsewhere.contains(person)
            || current.is_some_and(|current| is_under_way(world, current));
        let queue = self.queues.entry(person.clone()).or_default();
        if current != Some(&key) {
            queue.insert(key);
        }
        if busy {
            return None;
        }
        let held = |role: &RoleId| held_by(&world.incident, role) == Some(person);
        let mut fresh: Vec<&mut BTreeSet<RunKey>> = Vec::new();
        for (_, keys) in self.fresh.iter_mut().filter(|(role, _)| held(role)) {
            keys.retain(|key| is_ready(world, key));
            fresh.push(keys);
        }
        let waiting = fresh.iter().flat_map(|keys| keys.iter()).filter(|key| is_work(world, key));
        let chosen = queue.iter().filter(|key| is_under_way(world, key)).chain(waiting);
        let chosen = chosen.min_by_key(|key| (urgency(world, key), *key))?.clone();
        queue.remove(&chosen);
        for keys in fresh {
            keys.remove(&chosen);
        }
        self.working_on.insert(person.clone(), chosen.clone());
        Some(chosen)
    }

    fn take_turn(&mut self, key: &RunKey) {
        let nth = self.begun.entry((key.step.clone(), key.item)).or_insert(0);
        *nth += 1;
        let turn = Turn { step: key.step.clone(), item: key.item, nth: *nth };
        self.turns.insert(key.clone(), turn);
    }

    /// Returns the draws' name for a run; each takes its turn when it becomes ready.
    pub(super) fn turn(&mut self, key: &RunKey) -> Turn {
        if !self.turns.contains_key(key) {
            self.take_turn(key);
        }
        self.turns[key].clone()
    }

    fn reaction(&mut self, run: &Run, world: &World<'_>) -> Option<SignedDuration> {
        let role = role_of(world, &run.key.step);
        let turn = self.turn(&run.key);
        world.manners.start(role, &turn, world.reaction_pace(role))
    }

    /// Lets someone be away.
    pub(super) fn leave(&mut self, who: &Absentee, until: Timestamp, world: &World<'_>) {
        for person in world.scene().absentees(who) {
            let back = self.away.entry(person).or_insert(until);
            *back = (*back).max(until);
        }
    }

    /// Lets the next attempt at a step fail.
    pub(super) fn doom(&mut self, step: &StepId) {
        self.doomed.insert(step.clone());
    }

    /// Returns how an attempt ends: it fails by the drill's will, else as people make it.
    pub(super) fn end(&mut self, turn: &Turn, world: &World<'_>) -> End {
        if self.doomed.remove(&turn.step) {
            return End::Failed(REASON.to_owned());
        }
        world.manners.end(turn)
    }

    fn back_at(&self, person: &PersonId, now: Timestamp) -> Option<Timestamp> {
        self.away.get(person).copied().filter(|until| *until > now)
    }

    /// Lets a person acknowledge a role, or claim it.
    pub(super) fn take(
        &mut self,
        role: RoleId,
        person: PersonId,
        world: &mut World<'_>,
        agenda: &mut Agenda,
    ) {
        if let Some(back) = self.back_at(&person, world.now) {
            agenda.put(back, Happening::Take { role, person });
            return;
        }
        let act = match world.incident.roles.get(&role).map(|state| &state.tenure) {
            Some(Tenure::Assigned { to, .. }) if *to == person => RoleAct::Acknowledge,
            Some(Tenure::Offered { .. } | Tenure::Vacant) => RoleAct::Claim,
            Some(Tenure::Assigned { .. } | Tenure::Held { .. }) | None => return,
        };
        world.ask(Actor::person(person), Command::Role { role, act });
    }

    /// Lets whoever acts on a step begin it.
    pub(super) fn begin(&mut self, key: RunKey, world: &mut World<'_>, agenda: &mut Agenda) {
        let Some((_, step)) = world.playbook.step(&key.step) else { return };
        if let Action::Approve(approve) = &step.action {
            self.gather_consent(&key, approve, world, agenda);
            return;
        }
        let again = Happening::Begin(key.clone());
        let Some(person) = self.ready_person(&key, again, world, agenda) else { return };
        let Some(key) = self.engage(&person, key, world) else { return };
        let Some((_, step)) = world.playbook.step(&key.step) else { return };
        if matches!(step.action, Action::Manual(_)) {
            world.ask(Actor::person(person), on_step(&key, StepAct::Start));
        }
        let (turn, pace) = (self.turn(&key), world.work_pace(&key.step));
        let work = world.manners.work(role_of(world, &key.step), &turn, pace);
        agenda.put(world.now + work.unwrap_or(SignedDuration::ZERO), Happening::Finish(key));
    }

    /// Returns who acts on a step now. While its role is vacant the step waits; while they are away
    /// it is put off.
    fn ready_person(
        &mut self,
        key: &RunKey,
        again: Happening,
        world: &World<'_>,
        agenda: &mut Agenda,
    ) -> Option<PersonId> {
        let role = role_of(world, &key.step).or_else(|| world.playbook.commander())?;
        let turn = self.turn(key);
        let stands_in = world.manners.in_for_nobody(&turn);
        let Some(holder) = held_by(&world.incident, role).or(stands_in) else {
            self.idle.entry(role.clone()).or_default().push(key.clone());
            return None;
        };
        if let Some(back) = self.back_at(holder, world.now) {
            agenda.put(back, again);
            return None;
        }
        Some(holder.clone())
    }

    /// Lets whoever acts on a step finish it.
    pub(super) fn finish(&mut self, key: RunKey, world: &mut World<'_>, agenda: &mut Agenda) {
        let Some((_, step)) = world.playbook.step(&key.step) else { return };
        let again = Happening::Finish(key.clone());
        let Some(person) = self.ready_person(&key, again, world, agenda) else { return };
        let actor = Actor::person(person);
        let turn = self.turn(&key);
        match self.end(&turn, world) {
            End::Done(_) => {}
            End::Failed(reason) => {
                world.ask(actor, on_step(&key, StepAct::Fail { reason }));
                return;
            }
            End::Skipped(reason) => {
                world.ask(actor, on_step(&key, StepAct::Skip { reason }));
                return;
            }
        }
        match &step.action {
            Action::Manual(manual) => {
                complete(&key, manual, world.manners.form(&turn), &actor, world);
            }
            Action::Decide(decide) => self.choose(&key, decide, &turn, actor, world),
            Action::Approve(_)
            | Action::Notify(_)
            | Action::Http(_)
            | Action::Wait(_)
            | Action::Set(_)
            | Action::Child(_)
            | Action::HandOff(_) => {}
        }
    }

    fn choose(
        &self,
        key: &RunKey,
        decide: &Decide,
        turn: &Turn,
        actor: Actor,
        world: &mut World<'_>,
    ) {
        if let Some(option) = world.manners.choice(turn, &decide.options) {
            let act = StepAct::Answer { option: option.clone(), note: late_reason(world, key) };
            world.ask(actor, on_step(key, act));
        }
    }

    /// Lets everyone whose consent counts think about it.
    fn gather_consent(
        &mut self,
        key: &RunKey,
        approve: &Approve,
        world: &World<'_>,
        agenda: &mut Agenda,
    ) {
        let mut people: BTreeSet<PersonId> = BTreeSet::new();
        for approver in &approve.by {
            match approver {
                Approver::Role(role) => match held_by(&world.incident, role) {
                    Some(holder) => drop(people.insert(holder.clone())),
                    None => self.idle.entry(role.clone()).or_default().push(key.clone()),
                },
                Approver::Team(team) => {
                    people.extend(world.directory.team_members(team).iter().cloned());
                }
            }
        }
        let (turn, pace) = (self.turn(key), world.work_pace(&key.step));
        let work = world.manners.work(role_of(world, &key.step), &turn, pace);
        let at = world.now + work.unwrap_or(SignedDuration::ZERO);
        for person in people {
            agenda.put(at, Happening::Consent { key: key.clone(), person });
        }
    }

    /// Lets a person consent, or refuse.
    pub(super) fn consent(
        &mut self,
        key: RunKey,
        person: PersonId,
        world: &mut World<'_>,
        agenda: &mut Agenda,
    ) {
        if let Some(back) = self.back_at(&person, world.now) {
            agenda.put(back, Happening::Consent { key, person });
            return;
        }
        let turn = self.turn(&key);
        let act = match self.end(&turn, world) {
            End::Failed(reason) => StepAct::Reject { reason },
            End::Done(_) | End::Skipped(_) => StepAct::Approve { note: late_reason(world, &key) },
        };
        world.ask(Actor::person(person), on_step(&key, act));
    }

    /// Lets the commander try a failed step again, and in the end leave it out.
    pub(super) fn mend(&mut self, key: RunKey, world: &mut World<'_>) {
        let commander = world.playbook.commander().and_then(|role| held_by(&world.incident, role));
        let actor = commander.map_or(Actor::Drill, |person| Actor::person(person.clone()));
        let mends = self.mends.entry(key.step.clone()).or_insert(0);
        *mends += 1;
        let again = *mends <= MENDS_MAX;
        let (again, reason) = match world.manners.mend(&self.turn(&key)) {
            Some((_, Mend::Skip(reason))) => (false, reason.clone()),
            Some((_, Mend::Retry)) | None => (again, REASON.to_owned()),
        };
        let retried = again && world.ask(actor.clone(), on_step(&key, StepAct::Retry));
        if !retried {
            world.ask(actor, on_step(&key, StepAct::Skip { reason }));
        }
    }

    /// Lets the commander close the incident.
    pub(super) fn close(&mut self, world: &mut World<'_>) {
        self.closing = false;
        let commander = world.playbook.commander().and_then(|role| held_by(&world.incident, role));
        let actor = commander.map_or(Actor::Drill, |person| Actor::person(person.clone()));
        world.ask(actor, Command::Close { force: None });
    }

    /// Lets the reader of a message say so, where the plan waits for it.
    fn read(
        &mut self,
        notice: NoticeId,
        key: &RunKey,
        person: &PersonId,
        transit: SignedDuration,
        world: &World<'_>,
        agenda: &mut Agenda,
    ) {
        let step = world.playbook.step(&key.step).map(|(_, step)| step);
        let waits = matches!(
            step.map(|step| &step.action),
            Some(Action::Notify(notify)) if matches!(notify.until, NotifyUntil::Acknowledged(_))
        );
        let pace = world.reaction_pace(None);
        if waits && let Some(after) = world.manners.seen(&key.step, person, pace) {
            agenda.put(
                world.now + transit + after,
                Happening::Seen { notice, person: person.clone() },
            );
        }
    }
}

fn on_step(key: &RunKey, act: StepAct) -> Command {
    let step = StepRef { step: key.step.clone(), item: key.item, key: Some(key.to_string()) };
    Command::Step { step, act }
}

/// Returns the role that acts on a step.
pub(super) fn role_of<'a>(world: &World<'a>, step: &StepId) -> Option<&'a RoleId> {
    world.playbook.step(step)?.1.doer()
}

/// Tells whether a run is one that a person works on for a time.
fn is_work(world: &World<'_>, key: &RunKey) -> bool {
    let step = world.playbook.step(&key.step).map(|(_, step)| step);
    step.is_some_and(|step| matches!(step.action, Action::Manual(_) | Action::Decide(_)))
}

/// Tells whether nobody has begun a run that can be begun.
fn is_ready(world: &World<'_>, key: &RunKey) -> bool {
    world.incident.run_of(key).is_some_and(|run| matches!(run.state, StepState::Ready))
}

/// Returns by when a run must be begun or done; what has no limit comes last.
fn urgency(world: &World<'_>, key: &RunKey) -> Timestamp {
    let run = world.incident.run_of(key);
    let limits = run.into_iter().flat_map(|run| [run.start_by, run.due_at]).flatten();
    limits.min().unwrap_or(Timestamp::MAX)
}

/// Tells whether a run can be begun or is being worked on.
fn is_under_way(world: &World<'_>, key: &RunKey) -> bool {
    let run = world.incident.run_of(key);
    run.is_some_and(|run| matches!(run.state, StepState::Ready | StepState::Active))
}

fn held_by<'a>(incident: &'a Incident, role: &RoleId) -> Option<&'a PersonId> {
    match &incident.roles.get(role)?.tenure {
        Tenure::Held { by, .. } => Some(by),
        Tenure::Vacant | Tenure::Offered { .. } | Tenure::Assigned { .. } => None,
    }
}

/// Ticks what must be ticked, fills in what must be filled in, attaches proof where it is wanted.
fn complete(
    key: &RunKey,
    manual: &Manual,
    filled_in: Option<&Map<String, Json>>,
    actor: &Actor,
    world: &mut World<'_>,
) {
    for item in manual.open_items(&[]) {
        world.ask(actor.clone(), on_step(key, StepAct::Check { item: item.into(), done: true }));
    }
    let evidence = match manual.evidence {
        Evidence::Required => vec![EvidenceItem::Text { text: REASON.to_owned() }],
        Evidence::Optional => Vec::new(),
    };
    let form = answers(manual, filled_in, &world.incident);
    let note = late_reason(world, key);
    let act = StepAct::Complete { form, evidence, measure: None, note };
    world.ask(actor.clone(), on_step(key, act));
}

/// Says why a step comes late that submits a stage of a statutory clock; people must.
fn late_reason(world: &World<'_>, key: &RunKey) -> Option<String> {
    reason_for_lateness(world.playbook, &world.incident, &key.step, world.now)
}
