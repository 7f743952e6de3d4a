//! A world for one incident: a plan, people, a virtual clock, and every event so far. After every
//! command it checks what must always hold: the invariants, that a replay gives the live state, and
//! that the same inputs give the same events.

use std::sync::Arc;

use firebell::engine::{
    self, Actor, Chance, Command, Ctx, Declare, Event, Fact, Incident, Mode, NoticeOutcome,
    Outcome, Pending, Rejection, RequestOutcome, RoleAct, Sealed, StepAct, StepRef, codec, decide,
    declare, next_deadline,
};
use firebell::id::{IncidentId, NoticeId};
use firebell::people::{
    Contact, Directory, Duty, Ladder, Layer, Parts, Person, Rotation, Rung, Schedule, Target, Team,
    Zone,
};
use firebell::playbook::Playbook;
use firebell::text::Lang;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value as Json, json};

/// Everyone there is. `mute` has no contact.
pub const PEOPLE: [&str; 7] = ["ann", "bo", "cy", "dee", "ed", "flo", "mute"];

/// Makes the directory of the tests: `ops` is ann, bo, cy; `crew` is cy, dee, ed; `board` is flo
/// alone; `silent` is mute alone; schedule `duty` has ann then bo on call; the ladder `duty` fires
/// after 5, 15 and 25 minutes: crew, the commander, flo.
pub fn directory() -> Directory {
    let person = |id: &str| Person {
        id: id.into(),
        name: id.into(),
        lang: Lang::En,
        contacts: if id == "mute" { Vec::new() } else { contacts(id) },
        drills: true,
        manner: firebell::people::Manner::default(),
    };
    let team = |id: &str, members: &[&str]| Team {
        id: id.into(),
        title: id.into(),
        members: members.iter().map(|member| (*member).into()).collect(),
        schedule: None,
    };
    let rung = |minutes, target| Rung {
        after: SignedDuration::from_mins(minutes),
        targets: vec![target],
        terms: firebell::people::Terms::default(),
    };
    let layer = Layer {
        rotation: Rotation::weekly(jiff::civil::time(0, 0, 0, 0)),
        start: jiff::civil::date(2026, 1, 5).at(0, 0, 0, 0),
        turns: vec![Duty::together(vec!["ann".into(), "bo".into()]).unwrap()],
        windows: Vec::new(),
    };
    Directory::new(Parts {
        people: PEOPLE.map(person).to_vec(),
        teams: vec![
            team("ops", &["ann", "bo", "cy"]),
            team("crew", &["cy", "dee", "ed"]),
            team("board", &["flo"]),
            team("silent", &["mute"]),
        ],
        schedules: vec![Schedule {
            id: "duty".into(),
            title: "duty".into(),
            zone: Zone::utc(),
            layers: vec![layer],
            shifts: None,
            overrides: Vec::new(),
        }],
        ladders: vec![Ladder {
            id: "duty".into(),
            rungs: vec![
                rung(5, Target::Team("crew".into())),
                rung(10, Target::Role("commander".into())),
                rung(10, Target::Person("flo".into())),
            ],
            repeat: 0,
            finally: Vec::new(),
        }],
        channels: ["email", "sms", "status"].into_iter().map(Into::into).collect(),
        ..Parts::default()
    })
    .unwrap()
}

fn contacts(id: &str) -> Vec<Contact> {
    let contact = |channel: &str| Contact { channel: channel.into(), address: id.to_owned() };
    vec![contact("email"), contact("sms")]
}

/// The commander every plan of the tests has unless it says otherwise: ann, who needs not
/// acknowledge.
pub const COMMANDER: &str = "commander: { title: C, assign: { team: ops } }";

/// Reads a plan of the tests from its phases and whatever else stands before them. What a whole
/// plan must have besides is filled in.
pub fn plan(text: &str) -> Playbook {
    let mut source = String::from("playbook: test\ntitle: Test\n");
    if !text.contains("roles:") {
        source.push_str("roles:\n  ");
        source.push_str(COMMANDER);
        source.push('\n');
    }
    source.push_str(text);
    Playbook::restore(&source).unwrap_or_else(|findings| panic!("{source}\n{findings:?}"))
}

/// Chance that is the same in every run.
const CHANCE: Chance = Chance::new([7; 32]);

pub struct World {
    pub playbook: Arc<Playbook>,
    pub directory: Directory,
    pub now: Timestamp,
    pub events: Vec<Event>,
    pub incident: Incident,
    /// What is kept apart.
    pub personal: Vec<Sealed>,
}

/// When every test begins.
pub fn start() -> Timestamp {
    "2026-11-21T08:00:00Z".parse().unwrap()
}

pub fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

pub fn declaration(inputs: Json) -> Declare {
    let id = IncidentId::from_u128(0x0192_7f6e_0000_7000_8000_0000_0000_0001);
    let inputs = inputs.as_object().cloned().unwrap_or_default();
    Declare { inputs, ..Declare::new(id, 7, Mode::Live) }
}

impl World {
    /// Declares an incident of a plan as ann.
    pub fn declare(text: &str) -> Self {
        Self::declare_with(plan(text), declaration(json!({}))).unwrap()
    }

    pub fn declare_inputs(text: &str, inputs: Json) -> Self {
        Self::declare_with(plan(text), declaration(inputs)).unwrap()
    }

    pub fn declare_with(playbook: Playbook, declaration: Declare) -> Result<Self, Rejection> {
        let directory = directory();
        let ctx = Ctx {
            now: start(),
            occurred_at: None,
            actor: Actor::person("ann"),
            admin: false,
            directory: &directory,
            chance: CHANCE,
            turns: firebell::people::Turns::NONE,
        };
        let outcome = declare(&playbook, declaration.clone(), &ctx)?;
        let again = declare(&playbook, declaration, &ctx)?;
        assert_eq!(outcome.events, again.events, "the same inputs give the same events");
        let playbook = Arc::new(playbook);
        let world = Self {
            playbook,
            directory: directory.clone(),
            now: start(),
            events: outcome.events,
            incident: outcome.incident,
            personal: outcome.personal,
        };
        world.check();
        Ok(world)
    }

    /// Gives a command as someone, perhaps about the past.
    pub fn command_at(
        &mut self,
        actor: Actor,
        occurred_at: Option<Timestamp>,
        command: Command,
    ) -> Result<Vec<Event>, Rejection> {
        let ctx = Ctx {
            now: self.now,
            occurred_at,
            actor,
            admin: false,
            directory: &self.directory,
            chance: CHANCE,
            turns: firebell::people::Turns::NONE,
        };
        let outcome = decide(&self.playbook, &self.incident, command.clone(), &ctx);
        let again = decide(&self.playbook, &self.incident, command.clone(), &ctx);
        match (&outcome, &again) {
            (Ok(one), Ok(two)) => assert_eq!(bytes(&one.events), bytes(&two.events)),
            (Err(one), Err(two)) => assert_eq!(one, two),
            _ => panic!("{command:?} is decided differently the second time"),
        }
        let Outcome { events, incident, personal } = outcome?;
        self.personal.extend(personal);
        self.events.extend(events.iter().cloned());
        self.incident = incident;
        self.check();
        Ok(events)
    }

    pub fn command(&mut self, person: &str, command: Command) -> Result<Vec<Event>, Rejection> {
        self.command_at(Actor::person(person), None, command)
    }

    pub fn system(&mut self, command: Command) -> Vec<Event> {
        self.command_at(Actor::System, None, command).expect("the machinery is never refused")
    }

    /// What must hold after every command: places, stored forms, replay, the state itself.
    fn check(&self) {
        for (at, event) in (1_u64..).zip(&self.events) {
            assert_eq!(event.seq, at);
            let stored = codec::encode(event);
            let read = codec::decode(&stored)
                .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&stored)));
            assert_eq!(read, *event, "{}", String::from_utf8_lossy(&stored));
        }
        let replayed = Incident::replay(&self.events).expect("the first event declares");
        assert_eq!(replayed, self.incident, "replaying gives the live state");
        let violations = engine::invariants(&self.playbook, &self.incident);
        assert!(violations.is_empty(), "{violations:?}\n{}", self.story());
    }

    // ---- people -----------------------------------------------------------------------------

    pub fn act(&mut self, person: &str, step: &str, act: StepAct) -> Result<Vec<Event>, Rejection> {
        self.command(person, Command::Step { step: step_ref(step), act })
    }

    pub fn role(
        &mut self,
        person: &str,
        role: &str,
        act: RoleAct,
    ) -> Result<Vec<Event>, Rejection> {
        self.command(person, Command::Role { role: role.into(), act })
    }

    pub fn start(&mut self, step: &str) -> Vec<Event> {
        self.act("ann", step, StepAct::Start).unwrap()
    }

    pub fn complete(&mut self, step: &str) -> Vec<Event> {
        self.complete_with(step, json!({}))
    }

    pub fn complete_with(&mut self, step: &str, form: Json) -> Vec<Event> {
        self.act("ann", step, complete(form)).unwrap()
    }

    pub fn fail(&mut self, step: &str) -> Vec<Event> {
        self.act("ann", step, StepAct::Fail { reason: "broken".into() }).unwrap()
    }

    pub fn skip(&mut self, step: &str) -> Vec<Event> {
        self.act("ann", step, StepAct::Skip { reason: "not now".into() }).unwrap()
    }

    pub fn retry(&mut self, step: &str) -> Vec<Event> {
        self.act("ann", step, StepAct::Retry).unwrap()
    }

    pub fn answer(&mut self, step: &str, option: &str) -> Vec<Event> {
        self.act("ann", step, StepAct::Answer { option: option.into(), note: None }).unwrap()
    }

    pub fn set(&mut self, values: Json) -> Vec<Event> {
        let values = values.as_object().cloned().unwrap();
        self.command("ann", Command::SetInputs { values }).unwrap()
    }

    // ---- time and machines -------------------------------------------------------------------

    /// Lets time pass to an instant; every deadline is met when it comes.
    pub fn run_to(&mut self, until: Timestamp) -> Vec<Event> {
        let mut happened = Vec::new();
        for _ in 0..100_000 {
            match next_deadline(&self.playbook, &self.incident) {
                Some(deadline) if deadline.at <= until => {
                    self.now = self.now.max(deadline.at);
                    let events = self.system(Command::Reached(deadline.kind.clone()));
                    assert!(!events.is_empty(), "{deadline:?} comes and nothing happens");
                    happened.extend(events);
                }
                _ => {
                    self.now = self.now.max(until);
                    return happened;
                }
            }
        }
        panic!("time does not pass: {:?}", next_deadline(&self.playbook, &self.incident));
    }

    pub fn pass(&mut self, time: SignedDuration) -> Vec<Event> {
        self.run_to(self.now.checked_add(time).unwrap())
    }

    /// Delivers everything that waits in the outbox.
    pub fn deliver(&mut self) -> Vec<Event> {
        let mut happened = Vec::new();
        for (id, pending) in self.incident.outbox.clone().iter() {
            if let Pending::Notice { notice, channel, .. } = pending.as_ref() {
                let via = notice.via[*channel].clone();
                let outcome = NoticeOutcome::Delivered { via, within: None };
                happened.extend(self.system(Command::NoticeOutcome { notice: *id, outcome }));
            }
        }
        happened
    }

    /// Answers the one HTTP request that waits.
    pub fn respond(&mut self, outcome: RequestOutcome) -> Vec<Event> {
        let request = self.requests()[0];
        self.system(Command::RequestOutcome { request, outcome })
    }

    pub fn requests(&self) -> Vec<NoticeId> {
        let outbox = self.incident.outbox.iter();
        outbox
            .filter(|(_, pending)| matches!(pending.as_ref(), Pending::Request { .. }))
            .map(|(id, _)| *id)
            .collect()
    }

    // ---- looking -----------------------------------------------------------------------------

    /// Returns the state of a step: `locate`, or one item of it: `locate:1`.
    pub fn state(&self, step: &str) -> &'static str {
        let at = step_ref(step);
        let run = match at.item {
            None => self.incident.run(&at.step),
            Some(item) => self.incident.item_run(&at.step, item),
        };
        run.map_or("unopened", |run| run.state.name())
    }

    pub fn run(&self, step: &str) -> &engine::Run {
        let at = step_ref(step);
        match at.item {
            None => self.incident.run(&at.step),
            Some(item) => self.incident.item_run(&at.step, item),
        }
        .unwrap_or_else(|| panic!("{step} is not open"))
    }

    pub fn phase(&self) -> &str {
        self.incident.phase.as_str()
    }

    /// Prints every event in a line, for failing tests.
    pub fn story(&self) -> String {
        self.events.iter().map(|event| format!("{} {:?}\n", event.seq, event.fact)).collect()
    }

    /// Counts the events that fit.
    pub fn count(&self, fits: impl Fn(&Fact) -> bool) -> usize {
        self.events.iter().filter(|event| fits(&event.fact)).count()
    }
}

/// Reads `step` or `step:item`.
pub fn step_ref(step: &str) -> StepRef {
    match step.split_once(':') {
        Some((step, item)) => {
            StepRef { step: step.into(), item: Some(item.parse().unwrap()), key: None }
        }
        None => StepRef::current(step),
    }
}

pub fn complete(form: Json) -> StepAct {
    let form: Map<String, Json> = form.as_object().cloned().unwrap_or_default();
    StepAct::Complete { form, evidence: Vec::new(), measure: None, note: None }
}

pub fn bytes(events: &[Event]) -> Vec<Vec<u8>> {
    events.iter().map(codec::encode).collect()
}
