//! The working object of one decision: the incident as it becomes, the events so far, and the work
//! that follows from them. Deciding and replaying share [`Incident::apply`].

use std::collections::VecDeque;

use jiff::Timestamp;

use crate::engine::clock::ClockFact;
use crate::engine::command::Ctx;
use crate::engine::event::{Actor, Event};
use crate::engine::fact::Fact;
use crate::engine::facts::Facts;
use crate::engine::family::Family;
use crate::engine::incident::Incident;
use crate::engine::notice::Purpose;
use crate::engine::run::{Run, RunKey};
use crate::engine::seal::Sealed;
use crate::id::{ChannelId, PersonId, RoleId, StepId};
use crate::playbook::expression::Verdict;
use crate::playbook::{Condition, HandlerEvent, Index, Needs, Phase, Playbook, Step};

/// One decision being made.
pub(super) struct Decision<'a> {
    pub playbook: &'a Playbook,
    pub index: &'a Index,
    pub ctx: &'a Ctx<'a>,
    /// The incident after the events so far.
    pub incident: &'a mut Incident,
    pub events: Vec<Event>,
    /// The personal values that the events so far refer to.
    pub personal: Vec<Sealed>,
    /// Who speaks: the caller, or a rule answering an event.
    pub voice: Voice,
    pub agenda: Agenda,
    /// Who is to be told what, gathered so that nobody is told twice in one commit.
    pub wishes: Vec<Wish>,
    /// Why a step that submits a stage of a clock comes after its time.
    pub late_reason: Option<String>,
}

/// Who causes the events that are emitted now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Voice {
    /// The caller: the event is what was asked for.
    Caller,
    /// A rule of the plan that answers the event of this number.
    Rule(u64),
}

/// Work that follows from events.
#[derive(Debug)]
pub(super) enum Task {
    /// A step's predecessors moved: is it ready?
    Judge(StepId),
    /// A run became ready: arm its deadlines, start it or tell whoever does it.
    Begin(RunKey),
    /// A run was started.
    Started(RunKey),
    /// A run came to an end.
    Ended(RunKey),
    /// A role needs someone.
    Fill(RoleId),
    /// The level or a moment moved: deadlines that hang on it move too.
    MoveDeadlines,
    /// Handlers may answer.
    Fire(HandlerEvent),
}

/// What is still to be done in this decision.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    tasks: VecDeque<(Task, u64)>,
    /// Facts that changed since conditions were last weighed.
    changed: Needs,
    changed_by: u64,
    /// The phase may have come to its end, or a stuck one may have found a way.
    pub look_for_way: bool,
    /// What deadlines count back from may have moved.
    pub ends: bool,
    /// Moments or measures changed: objectives and anchored deadlines may be decided.
    pub moments: bool,
}

/// Someone is to be told something.
#[derive(Debug)]
pub(super) struct Wish {
    pub to: Listener,
    pub purpose: Purpose,
    pub cause: Voice,
}

/// Who is to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Listener {
    /// This person.
    Person(PersonId),
    /// Whoever is the commander when the decision is made: it may be made in the same commit.
    Commander,
    /// Whoever holds the role when the decision is made, else the commander.
    Role(RoleId),
    /// Whoever reads what goes to the channel's own address.
    Channel(ChannelId),
}

impl Agenda {
    pub fn push(&mut self, task: Task, cause: u64) {
        self.tasks.push_back((task, cause));
    }

    pub fn pop(&mut self) -> Option<(Task, u64)> {
        self.tasks.pop_front()
    }

    /// Takes what changed since it was last taken, and the event that changed it last.
    pub fn take_changed(&mut self) -> Option<(Needs, u64)> {
        let changed = std::mem::take(&mut self.changed);
        (changed != Needs::NONE).then_some((changed, self.changed_by))
    }

    fn change(&mut self, needs: Needs, event: &Event) {
        self.changed = self.changed | needs;
        self.changed_by = event.seq;
    }

    /// Notes what follows from an event.
    fn note(&mut self, event: &Event) {
        match event.fact.family() {
            Family::Step => self.note_step(event),
            Family::Role => self.note_role(event),
            Family::Lifecycle => self.note_lifecycle(event),
            Family::Level => self.note_level(event),
            Family::Clock => {
                self.change(Needs::CLOCKS, event);
                self.ends = true;
            }
            Family::Ladder | Family::Attention | Family::Rule | Family::Outbox | Family::Kin => {}
        }
    }

    fn note_step(&mut self, event: &Event) {
        let seq = event.seq;
        match &event.fact {
            Fact::StepReady { key, .. }
            | Fact::StepRetried { key }
            | Fact::StepReopened { key, .. }
            | Fact::StepIterated { key } => self.push(Task::Begin(key.clone()), seq),
            Fact::StepStarted { key } => self.push(Task::Started(key.clone()), seq),
            Fact::StepFailed { key, retry_at: None, let_pass, .. } => {
                self.push(Task::Ended(key.clone()), seq);
                if !let_pass {
                    self.push(Task::Fire(HandlerEvent::StepFailed), seq);
                }
            }
            Fact::StepDone { key, .. }
            | Fact::StepSkipped { key, .. }
            | Fact::StepCancelled { key, .. }
            | Fact::StepRepeatEnded { key, .. } => self.push(Task::Ended(key.clone()), seq),
            Fact::StepAwaits { key } => self.push(Task::Judge(key.step.clone()), seq),
            Fact::StepDeadlines { .. } => {
                self.ends = true;
                return;
            }
            Fact::StepChecked { .. } | Fact::StepWarned { .. } => return,
            // Conditions may speak of who holds a step or whether it is late; no milestone moves.
            Fact::StepClaimed { .. } | Fact::StepApproved { .. } | Fact::StepOverdue { .. } => {
                self.change(Needs::STEPS, event);
                return;
            }
            _ => {}
        }
        self.change(Needs::STEPS, event);
        self.moments = true;
        self.look_for_way |= !matches!(event.fact, Fact::StepStarted { .. });
    }

    fn note_role(&mut self, event: &Event) {
        match &event.fact {
            Fact::RoleEngaged { role, .. }
            | Fact::RoleDeclined { role, .. }
            | Fact::RoleUnanswered { role, .. }
            | Fact::RoleReleased { role, .. }
            | Fact::RoleSought { role } => self.push(Task::Fill(role.clone()), event.seq),
            Fact::RoleVacant { .. } => self.push(Task::Fire(HandlerEvent::RoleVacant), event.seq),
            _ => {}
        }
        self.change(Needs::ROLES, event);
    }

    fn note_lifecycle(&mut self, event: &Event) {
        let seq = event.seq;
        match &event.fact {
            Fact::PhaseEntered { .. } => {
                self.push(Task::Fire(HandlerEvent::PhaseEntered), seq);
                self.change(Needs::PHASE | Needs::STEPS, event);
                (self.look_for_way, self.moments) = (true, true);
            }
            Fact::RollbackBegun { .. } => self.look_for_way = true,
            Fact::Stuck { .. } => self.push(Task::Fire(HandlerEvent::Stuck), seq),
            Fact::AlertResolved { .. } => self.push(Task::Fire(HandlerEvent::AlertResolved), seq),
            Fact::SurgeSubsided(_) => {
                self.push(Task::Fire(HandlerEvent::SurgeSubsided), seq);
                self.change(Needs::INCIDENT, event);
            }
            Fact::AlertReceived { .. } | Fact::SurgeObserved(_) | Fact::Paused { .. } => {
                self.change(Needs::INCIDENT, event);
            }
            // A pause holds up steps and no clock: what counts back from one is due as before.
            Fact::Resumed => {
                self.change(Needs::INCIDENT, event);
                self.ends = true;
            }
            Fact::MomentSet { .. } => {
                self.push(Task::MoveDeadlines, seq);
                self.change(Needs::INCIDENT, event);
                self.moments = true;
            }
            Fact::Closed { .. } | Fact::Merged { .. } => self.moments = true,
            _ => {}
        }
    }

    fn note_level(&mut self, event: &Event) {
        match &event.fact {
            Fact::VariablesSet { .. } => self.change(Needs::VARIABLES, event),
            Fact::Measured { .. } => {
                self.change(Needs::MEASURES, event);
                self.moments = true;
            }
            Fact::LevelChanged { from: Some(from), to, .. } if from != to => {
                let way =
                    if to < from { HandlerEvent::LevelRaised } else { HandlerEvent::LevelLowered };
                self.push(Task::MoveDeadlines, event.seq);
                self.push(Task::Fire(way), event.seq);
                self.change(Needs::LEVEL, event);
            }
            Fact::LevelChanged { .. } => self.change(Needs::LEVEL, event),
            _ => {}
        }
    }
}

impl<'a> Decision<'a> {
    pub fn new(playbook: &'a Playbook, incident: &'a mut Incident, ctx: &'a Ctx<'a>) -> Self {
        Self {
            playbook,
            index: playbook.index(),
            ctx,
            incident,
            events: Vec::with_capacity(4),
            personal: Vec::new(),
            voice: Voice::Caller,
            agenda: Agenda::default(),
            wishes: Vec::new(),
            late_reason: None,
        }
    }

    /// Returns the present instant.
    pub const fn now(&self) -> Timestamp {
        self.ctx.now
    }

    /// Records what happened and changes the incident by it; returns the event's number.
    pub fn emit(&mut self, fact: Fact) -> u64 {
        let event = self.event(fact);
        self.incident.apply(&event);
        self.agenda.note(&event);
        let seq = event.seq;
        self.events.push(event);
        seq
    }

    fn event(&self, fact: Fact) -> Event {
        let (actor, cause) = match self.voice {
            Voice::Caller => (self.ctx.actor.clone(), None),
            Voice::Rule(cause) => (Actor::System, Some(cause)),
        };
        let with_cause = self.voice == Voice::Caller || happens_with_its_cause(&fact);
        let earlier = self.ctx.occurred_at.filter(|_| with_cause);
        Event {
            seq: self.incident.version + 1,
            occurred_at: earlier.unwrap_or(self.ctx.now),
            recorded_at: self.ctx.now,
            actor,
            cause,
            fact,
        }
    }

    /// Returns the current phase as the plan has it.
    pub fn phase(&self) -> Option<&'a Phase> {
        self.playbook.phase(&self.incident.phase)
    }

    /// Returns a step as the plan has it.
    pub fn step(&self, id: &StepId) -> Option<&'a Step> {
        self.playbook.step(id).map(|(_, step)| step)
    }

    /// Returns the step and the current run of a key; `None` where a later run took its place.
    pub fn step_and_run(&self, key: &RunKey) -> Option<(&'a Step, &Run)> {
        Some((self.step(&key.step)?, self.incident.run_of(key)?))
    }

    /// Weighs a condition as the incident stands; none holds.
    pub fn weigh(&self, condition: Option<&Condition>, run: Option<&Run>) -> Option<Verdict> {
        let facts = match run {
            Some(run) => Facts::of_run(self.playbook, self.incident, run),
            None => Facts::new(self.playbook, self.incident),
        };
        condition.map(|condition| condition.evaluate(&facts))
    }

    /// Tells whether a condition is known to hold; none holds, unknown does not.
    pub fn holds(&self, condition: Option<&Condition>) -> bool {
        self.weigh(condition, None).is_none_or(|verdict| verdict.and_known())
    }

    /// Wishes that someone be told something when the decision is made.
    pub fn tell(&mut self, person: PersonId, purpose: Purpose) {
        let cause = self.voice;
        self.wishes.push(Wish { to: Listener::Person(person), purpose, cause });
    }

    /// Wishes that whoever reads a channel's own address be told something.
    pub fn tell_channel(&mut self, channel: ChannelId, purpose: Purpose) {
        let cause = self.voice;
        self.wishes.push(Wish { to: Listener::Channel(channel), purpose, cause });
    }
}

/// Tells whether a consequence happened when its cause did, however late that was recorded: the
/// progress of the plan does; what firebell itself does about it happens now.
const fn happens_with_its_cause(fact: &Fact) -> bool {
    match fact {
        Fact::StepOverdue { .. } | Fact::StepWarned { .. } | Fact::StepDeadlines { .. } => false,
        Fact::PhaseEntered { .. } | Fact::PhaseLeft { .. } | Fact::Closed { .. } => true,
        Fact::Clock(clock) => matches!(clock.what, ClockFact::Submitted { .. }),
        _ => matches!(fact.family(), Family::Step),
    }
}
