//! One incident under test: a plan, people, virtual time, and a dispatcher that can be told how
//! the world answers. Every command is checked for what must always hold.

use std::sync::Arc;

use firebell::engine::{
    Actor, Chance, Command, Ctx, Declare, Event, Fact, Incident, LadderSubject, Mode,
    NoticeOutcome, Outcome, Pending, Purpose, Recipient, Rejection, RejectionCode, RequestOutcome,
    RoleAct, Run, Status, StepAct, StepRef, Tenure, codec, decide, declare, due, invariants,
    next_deadline,
};
use firebell::id::{IncidentId, NoticeId, RoleId, StepId};
use firebell::people::{Directory, Turns};
use firebell::playbook::{Playbook, Span, Value};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value as Json;

use crate::act::object;
use crate::people::directory;
use crate::{plan, story};

/// How the dispatcher answers for messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    /// Every channel takes everything at once.
    Delivers,
    /// Nothing is answered.
    Silent,
    /// The gate holds everything back.
    HoldsBack,
    /// Every channel refuses.
    Refuses,
}

/// The most deadlines handled at one instant: more is a loop that never ends.
const ROUNDS_MAX: usize = 2_000;

/// An incident under test.
pub struct Case {
    /// Its plan.
    pub playbook: Arc<Playbook>,
    /// Its people.
    pub directory: Directory,
    /// Its state; `None` before the declaration.
    live: Option<Incident>,
    /// What happened.
    pub events: Vec<Event>,
    /// When it was declared.
    pub start: Timestamp,
    /// The present.
    pub now: Timestamp,
    /// Whose turn it is on rungs.
    pub turns: Turns,
    /// How messages fare.
    pub carrier: Carrier,
    /// Who was told what, in order.
    told: Vec<(String, Purpose)>,
}

/// Prints the story when an assertion has failed.
impl Drop for Case {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", story::story(self.start, &self.events, self.live.as_ref()));
        }
    }
}

/// Declares a live incident, with nobody in a role yet.
pub fn declared(body: &str) -> Case {
    declared_with(body, Json::Null)
}

/// Declares a live incident with inputs.
pub fn declared_with(body: &str, inputs: Json) -> Case {
    declared_as(body, |declare| declare.inputs = object(inputs))
}

/// Declares with whatever the case wants to be different.
pub fn declared_as(body: &str, change: impl FnOnce(&mut Declare)) -> Case {
    let mut case = Case::new(body);
    case.declare(change).unwrap_or_else(|refused| panic!("refused: {refused}"));
    case
}

/// Declares a live incident whose three usual roles are held: commander ann, support cid,
/// engineering bob.
pub fn staffed(body: &str) -> Case {
    staffed_with(body, Json::Null)
}

/// As [`staffed`], with inputs.
pub fn staffed_with(body: &str, inputs: Json) -> Case {
    let mut case = declared_with(body, inputs);
    case.role("ann", "commander", RoleAct::Acknowledge);
    case.role("cid", "support", RoleAct::Claim);
    case.role("bob", "engineering", RoleAct::Acknowledge);
    case
}

impl Case {
    /// Loads a plan; nothing has happened.
    pub fn new(body: &str) -> Self {
        let start: Timestamp = "2026-11-21T08:00:00Z".parse().expect("an instant");
        Self {
            playbook: Arc::new(plan::load(body)),
            directory: directory(),
            live: None,
            events: Vec::new(),
            start,
            now: start,
            turns: Turns::default(),
            carrier: Carrier::Delivers,
            told: Vec::new(),
        }
    }

    /// Declares by hal.
    pub fn declare(&mut self, change: impl FnOnce(&mut Declare)) -> Result<(), Rejection> {
        let id = IncidentId::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001);
        let mut request = Declare::new(id, 1, Mode::Live);
        change(&mut request);
        let outcome = declare(&self.playbook, request, &self.ctx(Actor::person("hal")))?;
        self.take(outcome);
        self.dispatch();
        Ok(())
    }

    /// The state now.
    pub fn incident(&self) -> &Incident {
        self.live.as_ref().expect("declared")
    }

    fn ctx(&self, actor: Actor) -> Ctx<'_> {
        let chance = Chance::new([7; 32]);
        let (now, directory) = (self.now, &self.directory);
        Ctx { now, occurred_at: None, actor, admin: false, directory, chance, turns: &self.turns }
    }

    fn take(&mut self, outcome: Outcome) {
        let known = self.events.len() as u64;
        for (n, event) in (known + 1..).zip(&outcome.events) {
            assert_eq!(event.seq, n, "events are numbered without a gap");
            assert_eq!(event.recorded_at, self.now, "recorded now");
            assert!(event.cause.is_none_or(|cause| cause < n), "causes come first");
            let again = codec::decode(&codec::encode(event)).expect("stored events load");
            assert_eq!(again, *event, "the stored form loses nothing");
        }
        for event in &outcome.events {
            if let Fact::RungFired { subject, rung, turn: Some(turn), .. } = &event.fact {
                let climbed = self.live.as_ref().and_then(|live| live.ladders.get(subject));
                let ladder = climbed.expect("a rung of a ladder").ladder.clone();
                self.turns.take(&ladder, *rung, *turn);
            }
            if let Fact::NoticeQueued { notice } = &event.fact {
                let to = match &notice.to {
                    Recipient::Person(person) => person.to_string(),
                    Recipient::Audience(audience) => format!("{audience:?}"),
                };
                self.told.push((to, notice.purpose.clone()));
            }
        }
        self.events.extend(outcome.events);
        assert_eq!(
            Incident::replay(&self.events).as_ref(),
            Some(&outcome.incident),
            "a replay gives the live state"
        );
        let broken = invariants(&self.playbook, &outcome.incident);
        assert!(broken.is_empty(), "{broken:?}");
        self.live = Some(outcome.incident);
    }

    /// Asks something of the incident as anyone.
    pub fn ask(&mut self, command: Command, ctx: impl FnOnce(&mut Ctx<'_>)) -> Option<Rejection> {
        let mut with = self.ctx(Actor::System);
        ctx(&mut with);
        let before = self.incident().clone();
        match decide(&self.playbook, &before, command, &with) {
            Ok(outcome) => {
                self.take(outcome);
                self.dispatch();
                None
            }
            Err(refused) => Some(refused),
        }
    }

    /// A person asks something that is granted.
    pub fn tell(&mut self, who: &str, command: Command) {
        let shown = format!("{command:?}");
        if let Some(refused) = self.ask(command, |ctx| ctx.actor = Actor::person(who)) {
            panic!("{who} was refused {shown}: {refused}");
        }
    }

    /// A person asks something that is refused; returns why.
    pub fn refused(&mut self, who: &str, command: Command) -> Rejection {
        let shown = format!("{command:?}");
        let refused = self.ask(command, |ctx| ctx.actor = Actor::person(who));
        let refused = refused.unwrap_or_else(|| panic!("{who} was granted {shown}"));
        for lang in firebell::text::Lang::ALL {
            assert!(!refused.text.get(lang).is_empty(), "a refusal says why");
        }
        refused
    }

    /// A person acts on a step.
    pub fn step(&mut self, who: &str, step: &str, act: StepAct) {
        self.tell(who, Command::Step { step: StepRef::current(step), act });
    }

    /// A person acts on an item of a step.
    pub fn item(&mut self, who: &str, step: &str, item: u32, act: StepAct) {
        let step = StepRef { item: Some(item), ..StepRef::current(step) };
        self.tell(who, Command::Step { step, act });
    }

    /// A person may not act on a step; returns the code.
    pub fn step_refused(&mut self, who: &str, step: &str, act: StepAct) -> RejectionCode {
        self.refused(who, Command::Step { step: StepRef::current(step), act }).code
    }

    /// A person acts on a role.
    pub fn role(&mut self, who: &str, role: &str, act: RoleAct) {
        self.tell(who, Command::Role { role: role.into(), act });
    }

    /// A person may not act on a role; returns the code.
    pub fn role_refused(&mut self, who: &str, role: &str, act: RoleAct) -> RejectionCode {
        self.refused(who, Command::Role { role: role.into(), act }).code
    }

    /// The dispatcher reports.
    pub fn report(&mut self, command: Command) {
        if let Some(refused) = self.ask(command, |_| ()) {
            panic!("the dispatcher was refused: {refused}");
        }
    }

    /// The dispatcher has looked up the plan that the incident is handed over to.
    pub fn hand_over(&mut self, request: NoticeId, to: Playbook) {
        let to = Arc::new(to);
        let command = Command::HandOff { request, to: Arc::clone(&to) };
        let ctx = self.ctx(Actor::System);
        let outcome = decide(&self.playbook, self.incident(), command, &ctx);
        let outcome = outcome.unwrap_or_else(|refused| panic!("refused: {refused}"));
        if outcome.incident.playbook.hash == to.hash {
            self.playbook = to;
        }
        self.take(outcome);
        self.dispatch();
    }

    /// Lets time pass; every deadline on the way is handled when it comes.
    pub fn pass(&mut self, time: &str) {
        let until = self.now + length(time);
        let mut rounds = 0;
        while let Some(at) = self.next_of_all().filter(|at| *at <= until) {
            rounds = if at > self.now { 0 } else { rounds + 1 };
            assert!(rounds < ROUNDS_MAX, "a deadline at one instant never goes away");
            self.now = self.now.max(at);
            self.wake();
            self.dispatch();
        }
        self.now = until;
    }

    /// Lets time pass during which firebell is down, then handles what is due.
    pub fn sleep(&mut self, time: &str) {
        self.now += length(time);
        self.pass("0s");
        self.dispatch();
    }

    /// The next instant at which anything happens by itself, a message that leaves included.
    fn next_of_all(&self) -> Option<Timestamp> {
        let carries = self.carrier != Carrier::Silent;
        let notices =
            self.incident().outbox.values().filter_map(|pending| match pending.as_ref() {
                Pending::Notice { next_at, .. } => Some(*next_at),
                _ => None,
            });
        let send = notices.filter(|at| carries && *at > self.now).min();
        [self.next(), send].into_iter().flatten().min()
    }

    /// The next deadline.
    pub fn next(&self) -> Option<Timestamp> {
        next_deadline(&self.playbook, self.incident()).map(|deadline| deadline.at)
    }

    fn wake(&mut self) {
        for command in due(&self.playbook, self.incident(), self.now) {
            self.report(command);
        }
    }

    /// Answers for the messages in the outbox as the carrier does.
    pub fn dispatch(&mut self) {
        if self.carrier == Carrier::Silent {
            return;
        }
        let waiting = |pending: &Pending| match pending {
            Pending::Notice { notice, channel, next_at, .. } => {
                Some((notice.id, notice.via.get(*channel)?.clone(), *next_at))
            }
            Pending::Request { .. }
            | Pending::Child { .. }
            | Pending::Recall { .. }
            | Pending::Report { .. }
            | Pending::HandOff { .. } => None,
        };
        while let Some((notice, via, _)) = self
            .incident()
            .outbox
            .values()
            .filter_map(|pending| waiting(pending))
            .find(|(_, _, next_at)| *next_at <= self.now)
        {
            let why = "the carrier says so".to_owned();
            let outcome = match self.carrier {
                Carrier::Delivers | Carrier::Silent => {
                    NoticeOutcome::Delivered { via, within: None }
                }
                Carrier::HoldsBack => NoticeOutcome::HeldBack { why },
                Carrier::Refuses => NoticeOutcome::Refused { via, why },
            };
            let command = Command::NoticeOutcome { notice, outcome };
            let outcome =
                decide(&self.playbook, self.incident(), command, &self.ctx(Actor::System));
            let outcome = outcome.unwrap_or_else(|refused| panic!("outcome refused: {refused}"));
            assert!(!outcome.events.is_empty(), "an answer for a waiting notice is recorded");
            self.take(outcome);
        }
    }

    /// Answers for the request of a step.
    pub fn answer_request(&mut self, step: &str, outcome: RequestOutcome) {
        let request = self.run(step).request.unwrap_or_else(|| panic!("{step} asks nothing"));
        self.report(Command::RequestOutcome { request, outcome });
    }

    // ---- how things stand ---------------------------------------------------------------------

    /// The current run of a step.
    pub fn run(&self, step: &str) -> &Run {
        let run = self.incident().run(&StepId::new(step));
        run.unwrap_or_else(|| panic!("{step} was never opened"))
    }

    /// The state of a step: `waiting` where it was not opened in this visit of its phase.
    pub fn state(&self, step: &str) -> &'static str {
        let id = StepId::new(step);
        let (phase, _) = self.playbook.step(&id).unwrap_or_else(|| panic!("no step {step}"));
        let here = phase.id == self.incident().phase;
        let run = self.incident().run(&id);
        run.filter(|run| !here || run.visit == self.incident().visit)
            .map_or("waiting", |run| run.state.name())
    }

    /// The states of several steps.
    pub fn states<const N: usize>(&self, steps: [&str; N]) -> [&'static str; N] {
        steps.map(|step| self.state(step))
    }

    /// Why a step failed, was skipped or cancelled, as stored.
    pub fn cause(&self, step: &str) -> String {
        let state = serde_json::to_value(&self.run(step).state).expect("JSON");
        let reason = [&state["cause"], &state["reason"]["skip"], &state["reason"]];
        let found = reason.into_iter().find_map(Json::as_str);
        found.unwrap_or_default().to_owned()
    }

    /// The current phase.
    pub fn phase(&self) -> &str {
        self.incident().phase.as_str()
    }

    /// The status.
    pub fn status(&self) -> Status {
        self.incident().status
    }

    /// Whether it is stuck.
    pub fn stuck(&self) -> bool {
        self.incident().stuck.is_some()
    }

    /// The level, and whether it is provisional.
    pub fn level(&self) -> (u8, bool) {
        (self.incident().level.current, self.incident().level.provisional)
    }

    /// How a role is filled.
    pub fn tenure(&self, role: &str) -> &Tenure {
        let state = self.incident().roles.get(&RoleId::new(role));
        &state.unwrap_or_else(|| panic!("{role} is unknown")).tenure
    }

    /// Who holds a role and has said so.
    pub fn holder(&self, role: &str) -> Option<&str> {
        match self.tenure(role) {
            Tenure::Held { by, .. } => Some(by.as_str()),
            _ => None,
        }
    }

    /// A variable.
    pub fn variable(&self, name: &str) -> Option<&Value> {
        self.incident().variables.get(name)
    }

    /// How many events are of a kind.
    pub fn count(&self, is: impl Fn(&Fact) -> bool) -> usize {
        self.events.iter().filter(|event| is(&event.fact)).count()
    }

    /// The minutes since the declaration at which events of a kind occurred.
    pub fn minutes(&self, is: impl Fn(&Fact) -> bool) -> Vec<i64> {
        let of_kind = self.events.iter().filter(|event| is(&event.fact));
        of_kind.map(|event| self.minute(event.occurred_at)).collect()
    }

    /// The latest event of a kind.
    pub fn last(&self, is: impl Fn(&Fact) -> bool) -> &Event {
        let found = self.events.iter().rev().find(|event| is(&event.fact));
        found.expect("it happened")
    }

    /// An instant in minutes since the declaration.
    pub fn minute(&self, at: Timestamp) -> i64 {
        at.duration_since(self.start).as_mins()
    }

    /// An instant so many minutes after the declaration.
    pub fn at_minute(&self, minutes: i64) -> Timestamp {
        self.start + SignedDuration::from_mins(minutes)
    }

    /// By when a step must be finished, in minutes since the declaration.
    pub fn due(&self, step: &str) -> Option<i64> {
        self.run(step).due_at.map(|at| self.minute(at))
    }

    /// How often a person was told something of a kind.
    pub fn told(&self, who: &str, is: impl Fn(&Purpose) -> bool) -> usize {
        self.told.iter().filter(|(to, purpose)| to == who && is(purpose)).count()
    }

    /// Everything that people were told, in order: who, and what for.
    pub fn heard(&self) -> Vec<(String, String)> {
        self.told.iter().map(|(to, purpose)| (to.clone(), format!("{purpose:?}"))).collect()
    }

    /// Everyone who was told something of a kind, in order.
    pub fn hearers(&self, is: impl Fn(&Purpose) -> bool) -> Vec<&str> {
        let heard = self.told.iter().filter(|(_, purpose)| is(purpose));
        heard.map(|(to, _)| to.as_str()).collect()
    }

    /// How often the commander's attention was asked for something.
    pub fn commander_told(&self, what: &str) -> usize {
        let about =
            |purpose: &Purpose| matches!(purpose, Purpose::Commander { about } if about == what);
        self.told.iter().filter(|(_, purpose)| about(purpose)).count()
    }

    /// Whether a ladder is climbed for a step.
    pub fn climbs_for(&self, step: &str) -> bool {
        let of_step = |subject: &LadderSubject| matches!(subject, LadderSubject::Step { key } if key.step.as_str() == step);
        self.incident().ladders.keys().any(of_step)
    }

    /// The notices that wait in the outbox.
    pub fn waiting_notices(&self) -> Vec<NoticeId> {
        self.incident().outbox.keys().copied().collect()
    }
}

/// Reads a length of time as plans write it.
pub fn length(time: &str) -> SignedDuration {
    let span: Span = time.parse().unwrap_or_else(|error| panic!("{time}: {error}"));
    span.fixed().expect("a fixed length")
}
