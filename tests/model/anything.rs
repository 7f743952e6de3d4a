//! Anything, by anyone, at any time: sensible or not, on plans that use the whole language. Nothing
//! is predicted; what must always hold is checked by the [`Engine`] after every command.

use std::sync::{Arc, LazyLock};

use firebell::engine::{
    Actor, AlertNote, ChildOutcome, ClockAct, ClockRef, Command, DeadlineKind, EvidenceItem, Mode,
    NoticeOutcome, Pending, Proves, RequestOutcome, RoleAct, SetMoment, Status, StepAct, StepRef,
    codec, next_deadline,
};
use firebell::id::{IncidentId, NoticeId, StepId};
use firebell::people::Directory;
use firebell::playbook::part::{Part, PartKind};
use firebell::playbook::{Action, Context, Playbook, Shelf, Value};
use firebell::runtime::Library;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};

use crate::engine::{Check, Engine};
use crate::generate::RawCommand;
use crate::people::directory;

/// The plans that are shipped, beside the one made for this.
const SHIPPED: [&str; 4] = ["service-outage", "complaint-surge", "data-leak", "network-attack"];

/// The plans as versions are stored; the one made for this is the first.
static PLANS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let shipped = SHIPPED.iter().map(|name| {
        let path = format!("{}/playbooks/{name}.yaml", env!("CARGO_MANIFEST_DIR"));
        let library = Library::of_plan(path.as_ref());
        library.playbooks().next().expect("a shipped plan").bundle.write()
    });
    std::iter::once(rich()).chain(shipped).collect()
});

/// The plan made for this, with the law it names.
fn rich() -> String {
    let mut shelf = Shelf::default();
    let law = Part::read(PartKind::Regimes, "law.yaml", include_bytes!("../meaning/law.yaml"));
    shelf.put(law.expect("a part")).expect("the only one");
    let context = Context { shelf: Some(&shelf), ..Context::default() };
    let loaded = Playbook::load("rich.yaml", include_bytes!("rich.yaml"), &context);
    loaded.playbook.unwrap_or_else(|| panic!("{:?}", loaded.findings)).bundle.write()
}

/// The plan made for this.
pub fn first() -> Playbook {
    Playbook::restore(&PLANS[0]).expect("it loads")
}

/// Draws a plan; the one made for this half of the time.
pub fn plan() -> impl Strategy<Value = usize> {
    prop_oneof![Just(0_usize), 0..=SHIPPED.len()]
}

/// Draws that let every message arrive.
const ARRIVES: u8 = 255;

/// How long an incident is left alone at the end: every ladder, retry and round for a role is over.
const ALONE: SignedDuration = SignedDuration::from_hours(72);

/// How an incident begins.
#[derive(Debug, Clone, Copy)]
pub struct Declared {
    /// In which mode, with which level, by an alert or not.
    how: u8,
    /// How many minutes ago it was noticed.
    at: Option<u8>,
}

/// Draws how an incident begins.
pub fn declared() -> impl Strategy<Value = Declared> {
    any::<(u8, Option<u8>)>().prop_map(|(how, at)| Declared { how, at })
}

/// Runs a case twice: the same commands must give the same bytes, also where firebell is started
/// anew before one of them.
pub fn run(plan: usize, declared: Declared, commands: &[RawCommand], restart: usize) -> Check {
    let playbook = Playbook::restore(&PLANS[plan]).map_err(|found| {
        format!("plan {plan} does not load: {:?}", found.iter().next().map(|f| &f.message))
    })?;
    let directory = if plan == 0 { directory() } else { Directory::built_in() };
    let first = once(&playbook, &directory, commands, declared, None)?;
    let again = once(&playbook, &directory, commands, declared, Some(restart))?;
    if first != again {
        return Err("the same commands gave other bytes".to_owned());
    }
    Ok(())
}

fn once(
    playbook: &Playbook,
    directory: &Directory,
    commands: &[RawCommand],
    declared: Declared,
    restart: Option<usize>,
) -> Check<Vec<u8>> {
    let start: Timestamp = "2026-11-21T08:00:00Z".parse().expect("an instant");
    let inputs = |name: &str| playbook.inputs.get(name).map(|field| field.kind.sample().to_plain());
    let engine = Engine::declare(playbook, directory, start, |declare| {
        let Declared { how, at } = declared;
        declare.mode = [Mode::Live, Mode::Drill, Mode::Simulation][usize::from(how % 3)];
        declare.level = (how / 3 % 4 == 0).then_some(how / 12 % 4 + 1);
        declare.alert = (how % 2 == 0).then(|| alert(how / 2));
        declare.detected_at = at.map(|at| start - SignedDuration::from_mins(at.into()));
        for name in playbook.inputs.keys().map(|name| name.as_str()) {
            let required = playbook.inputs[name].required;
            if let Some(value) = inputs(name).filter(|_| required) {
                declare.inputs.insert(name.to_owned(), value);
            }
        }
    })?;
    let same =
        Arc::new(Playbook::restore(&playbook.bundle.write()).expect("it was restored before"));
    let mut anyone = Anyone { engine, same, luck: 0 };
    anyone.rest()?;
    for (place, command) in commands.iter().enumerate() {
        if restart == Some(place) {
            anyone.engine.restart()?;
        }
        anyone.step(*command)?;
    }
    let bytes = anyone.engine.events.iter().flat_map(codec::encode).collect();
    if restart.is_none() {
        anyone.leave_alone()?;
    }
    anyone.engine.check_replay()?;
    Ok(bytes)
}

struct Anyone<'w> {
    engine: Engine<'w>,
    /// The plan once more: an incident may be handed over to its own.
    same: Arc<Playbook>,
    /// What the latest command was drawn with; channels answer by it.
    luck: u8,
}

impl Anyone<'_> {
    fn step(&mut self, raw: RawCommand) -> Check {
        self.luck = raw.how;
        if raw.op % 4 == 3 {
            return self.pass(raw);
        }
        let command = self.command(raw);
        let people = ["ann", "bob", "cid", "dan", "eve", "fay", "gus", "hal", "zoe", "operator"];
        let who = people[usize::from(raw.who) % people.len()];
        let offset = match raw.who / 10 % 8 {
            0 => Some(-1_800),
            1 => Some(-60),
            2 => Some(90),
            3 => Some(9_000),
            _ => None,
        };
        // The machinery never speaks of the past.
        let offset = offset.filter(|_| {
            !matches!(
                command,
                Command::Reached(_)
                    | Command::NoticeOutcome { .. }
                    | Command::RequestOutcome { .. }
                    | Command::ChildOutcome { .. }
                    | Command::ChildReported { .. }
                    | Command::ErrandEnded { .. }
                    | Command::HandOff { .. }
            )
        });
        let occurred_at = offset.map(|offset| self.engine.now + SignedDuration::from_secs(offset));
        let _ = self.engine.ask(command, |ctx| {
            ctx.actor = match raw.who % 16 {
                13 => Actor::Drill,
                14 => Actor::Service { name: "bot".into() },
                15 => Actor::Person {
                    id: who.into(),
                    on_behalf_of: Some("cid".into()),
                    through: None,
                },
                _ => Actor::person(who),
            };
            ctx.occurred_at = occurred_at;
            ctx.admin = raw.who.is_multiple_of(5);
        })?;
        self.rest()
    }

    /// Time passes: awake from deadline to deadline, or asleep, as after an outage.
    fn pass(&mut self, raw: RawCommand) -> Check {
        let minutes = i64::from(raw.on) * if raw.how.is_multiple_of(8) { 60 } else { 1 };
        let until = self.engine.now + SignedDuration::from_mins(minutes);
        self.pass_until(until, raw.who.is_multiple_of(4))
    }

    /// Nobody does anything more and every message arrives: nothing is due for ever.
    fn leave_alone(&mut self) -> Check {
        self.luck = ARRIVES;
        self.pass_until(self.engine.now + ALONE, false)
    }

    fn pass_until(&mut self, until: Timestamp, asleep: bool) -> Check {
        let mut rounds = 0;
        while let Some(at) = self.engine.next().filter(|at| !asleep && *at <= until) {
            rounds = if at > self.engine.now { 0 } else { rounds + 1 };
            if rounds > 100 {
                return Err(self.engine.wrong("a deadline that never goes away"));
            }
            self.engine.now = self.engine.now.max(at);
            self.rest()?;
        }
        self.engine.now = until;
        self.rest()
    }

    fn rest(&mut self) -> Check {
        let luck = self.luck;
        let now = self.engine.now;
        self.engine.come_to_rest_by(&mut |pending| match pending {
            Pending::Notice { notice, channel, attempt, .. } => {
                let via = notice.via.get(*channel)?.clone();
                let why = "so it goes".to_owned();
                let dice = luck.wrapping_mul(31).wrapping_add(notice.id.as_bytes()[12]);
                Some(match dice % 8 {
                    _ if luck == ARRIVES => NoticeOutcome::Delivered { via, within: None },
                    0 => NoticeOutcome::Refused { via, why },
                    1 if *attempt < 2 => NoticeOutcome::Retry {
                        attempt: attempt + 1,
                        until: now + SignedDuration::from_secs(30),
                        why,
                    },
                    2 => NoticeOutcome::HeldBack { why },
                    3 => return None,
                    _ => NoticeOutcome::Delivered { via, within: None },
                })
            }
            Pending::Request { .. }
            | Pending::Child { .. }
            | Pending::Recall { .. }
            | Pending::Report { .. }
            | Pending::HandOff { .. } => None,
        })
    }

    fn command(&self, RawCommand { op, on, how, who }: RawCommand) -> Command {
        let n = usize::from(on);
        match op / 4 % 29 {
            24 | 25 => self.of_law(n, how),
            26 => self.named_moment(n, how),
            27 => Command::Rollback { reason: text(how) },
            0..=7 => Command::Step { step: self.step_ref(n, who), act: self.act(n, how) },
            8 | 9 => Command::Role { role: self.role(n), act: role_act(how) },
            10 => Command::SetLevel { level: how % 6, reason: text(how) },
            11 if on % 4 == 0 => Command::Inject { values: self.inputs(how) },
            11 => Command::SetInputs { values: self.inputs(how) },
            12 => Command::MovePhase { to: self.phase(n), reason: text(how) },
            13 if how % 2 == 0 => Command::Pause { reason: text(how) },
            13 => Command::Resume,
            14 => match how % 6 {
                0 => {
                    let as_is = on.is_multiple_of(4).then(|| text(how));
                    Command::Cancel { reason: text(on), as_is }
                }
                1 => Command::Close { force: Some(text(on)) },
                2 => Command::Merge { into: IncidentId::from_u128(u128::from(on % 8)) },
                _ => Command::Close { force: None },
            },
            15 => {
                Command::Reopen { phase: (how % 2 == 0).then(|| self.phase(n)), reason: text(on) }
            }
            16 => Command::Alert { alert: alert(how), resolved: on % 2 == 0 },
            17 => Command::AcknowledgeNotice { notice: self.notice(n) },
            18 => Command::NoticeOutcome {
                notice: self.notice(n),
                outcome: NoticeOutcome::Delivered { via: "email".into(), within: None },
            },
            19 if on % 2 == 0 => self.of_kin(n, how),
            19 | 20 => {
                Command::RequestOutcome { request: self.request(n), outcome: request_outcome(how) }
            }
            21 => Command::Reached(self.deadline(n)),
            22 => self.remark(on, how),
            _ => Command::SetMoment {
                moment: if on % 2 == 0 { SetMoment::Detected } else { SetMoment::Aware },
                at: self.engine.now - SignedDuration::from_mins(i64::from(how) - 5),
                grounds: None,
            },
        }
    }

    /// What comes of a call, a recall, a report or a hand-off, or what a child tells.
    fn of_kin(&self, n: usize, how: u8) -> Command {
        let incident = &self.engine.incident;
        let children: Vec<IncidentId> = incident.children.keys().copied().collect();
        if how.is_multiple_of(3) && !children.is_empty() {
            let child = children[n % children.len()];
            let status = [Status::Closed, Status::Cancelled, Status::Open, Status::Closed]
                [usize::from(how / 3 % 4)];
            let (number, reason) = (u64::from(how), Some(text(how)));
            let values = Arc::new([("users".into(), Value::Integer(i64::from(how)))].into());
            return Command::ChildReported { child, number, status, reason, values };
        }
        let kin: Vec<(NoticeId, bool)> = incident
            .outbox
            .iter()
            .filter_map(|(id, pending)| match **pending {
                Pending::HandOff { .. } => Some((*id, true)),
                Pending::Child { .. } | Pending::Recall { .. } | Pending::Report { .. } => {
                    Some((*id, false))
                }
                Pending::Notice { .. } | Pending::Request { .. } => None,
            })
            .collect();
        let nowhere = (NoticeId::from_u128(u128::from(how)), false);
        let (request, over) = kin.get(n / 2 % kin.len().max(1)).copied().unwrap_or(nowhere);
        match how % 5 {
            0 if over => Command::HandOff { request, to: Arc::clone(&self.same) },
            0 | 1 => Command::ErrandEnded { request },
            2 => Command::ChildOutcome { request, outcome: ChildOutcome::HeldBack },
            3 => {
                let outcome = ChildOutcome::Refused { why: text(how) };
                Command::ChildOutcome { request, outcome }
            }
            _ => {
                let outcome = ChildOutcome::Started { number: u64::from(how) };
                Command::ChildOutcome { request, outcome }
            }
        }
    }

    /// A person's act on a stage of a statutory clock.
    fn of_law(&self, n: usize, how: u8) -> Command {
        let clocks = &self.engine.playbook.clocks;
        let Some(clock) = clocks.get(n % clocks.len().max(1)) else {
            return Command::Clock {
                clock: ClockRef { clock: "nowhere".into(), stage: None },
                act: ClockAct::Submit { reason: None, reference: None },
            };
        };
        let stages: Vec<_> = clock.stages().map(|stage| stage.id.clone()).collect();
        let stage = stages.get(n / 2 % (stages.len() + 1)).cloned();
        let act = match how % 8 {
            0..=2 => ClockAct::Submit { reason: None, reference: None },
            3 => ClockAct::Submit { reason: Some(text(how / 8)), reference: Some(text(how / 4)) },
            4 => ClockAct::AskWaiver { reason: text(how / 8) },
            5 | 6 => ClockAct::AnswerWaiver { approve: how.is_multiple_of(2), reason: None },
            _ => ClockAct::Extend {
                until: self.engine.now + SignedDuration::from_hours(i64::from(how / 8)),
                by: text(how / 8),
                document: text(how / 16),
            },
        };
        Command::Clock { clock: ClockRef { clock: clock.id.clone(), stage }, act }
    }

    /// A moment of a law comes, earlier or later than was said.
    fn named_moment(&self, n: usize, how: u8) -> Command {
        let clocks = self.engine.playbook.clocks.iter();
        let names: Vec<_> = clocks.flat_map(|clock| clock.regime.moments.keys()).collect();
        let name = names.get(n % (names.len() + 1)).map_or_else(|| "never".into(), |&n| n.clone());
        Command::SetMoment {
            moment: SetMoment::Named(name),
            at: self.engine.now - SignedDuration::from_mins(i64::from(how) - 5),
            grounds: how.is_multiple_of(2).then(|| text(how / 2)),
        }
    }

    fn remark(&self, on: u8, how: u8) -> Command {
        match on % 7 {
            0 => Command::Note { text: text(how) },
            1 => Command::Measure { name: "satisfaction".into(), value: f64::from(how) },
            2 => Command::Measure { name: "satisfaction".into(), value: f64::NAN },
            3 => Command::Correct { of: u64::from(how), text: text(how) },
            4 => Command::Redact { references: vec![text(how)], reason: text(how) },
            5 => Command::Link {
                to: IncidentId::from_u128(u128::from(how)),
                relation: "related".into(),
            },
            _ => Command::AddEvidence {
                of: match how % 3 {
                    0 => Proves::Incident,
                    1 => Proves::Step(self.step_ref(usize::from(how), how)),
                    _ => Proves::Moment(SetMoment::Aware),
                },
                evidence: EvidenceItem::Url { url: "https://example.org/1".to_owned() },
            },
        }
    }

    // ---- things to point at ---------------------------------------------------------------------

    /// A step: half of the time one that is open.
    fn step_id(&self, n: usize) -> StepId {
        let open: Vec<StepId> = self
            .engine
            .incident
            .runs()
            .filter(|run| !run.is_settled())
            .map(|run| run.key.step.clone())
            .collect();
        if n.is_multiple_of(2) && !open.is_empty() {
            return open[n / 2 % open.len()].clone();
        }
        let phases = &self.engine.playbook.phases;
        let all: Vec<_> = phases.iter().flat_map(|phase| &phase.steps).collect();
        all.get(n / 2 % (all.len() + 1)).map_or_else(|| "nowhere".into(), |step| step.id.clone())
    }

    fn step_ref(&self, n: usize, how: u8) -> StepRef {
        let step = self.step_id(n);
        let record = self.engine.incident.steps.get(&step);
        let items = record.map_or(&[][..], |record| &record.items);
        let open: Vec<u32> =
            (0..).zip(items).filter(|(_, i)| !i.is_settled()).map(|i| i.0).collect();
        let item = match how % 8 {
            _ if items.is_empty() => None,
            0 => None,
            1..=4 if !open.is_empty() => Some(open[usize::from(how / 8) % open.len()]),
            _ => Some(u32::from(how / 8) % 4),
        };
        let key = (how % 16 == 1).then(|| format!("1.{step}"));
        StepRef { step, item, key }
    }

    fn act(&self, n: usize, how: u8) -> StepAct {
        let step = self.engine.playbook.step(&self.step_id(n)).map(|(_, step)| step);
        match how % 16 {
            0 => StepAct::Claim,
            1 => StepAct::Start,
            2 => tick(how / 16),
            3 | 4 => StepAct::Fail { reason: text(how / 16) },
            5 | 6 => StepAct::Skip { reason: text(how / 16) },
            7 => StepAct::Retry,
            8 => StepAct::Reopen { reason: text(how / 16) },
            9 => StepAct::Reject { reason: text(how / 16) },
            _ => match step.map(|step| &step.action) {
                Some(Action::Decide(decide)) => {
                    let option = &decide.options[usize::from(how / 16) % decide.options.len()];
                    let note = how.is_multiple_of(3).then(|| text(how / 16));
                    StepAct::Answer { option: option.clone(), note }
                }
                Some(Action::Approve(_)) => StepAct::Approve { note: Some(text(how / 16)) },
                Some(Action::Manual(manual))
                    if !manual.checklist.is_empty() && !how.is_multiple_of(3) =>
                {
                    tick(how / 16)
                }
                Some(Action::Manual(manual)) => {
                    let answers = manual
                        .form
                        .iter()
                        .filter(|(_, field)| field.required || how.is_multiple_of(3));
                    let form = answers
                        .map(|(name, field)| (name.to_string(), field.kind.sample().to_plain()))
                        .collect();
                    let proof = EvidenceItem::Text { text: "seen".to_owned() };
                    let evidence = if how.is_multiple_of(2) { vec![proof] } else { Vec::new() };
                    let measure = manual.measure.as_ref().map(|_| f64::from(how));
                    let note = how.is_multiple_of(5).then(|| text(how / 16));
                    StepAct::Complete { form, evidence, measure, note }
                }
                _ => StepAct::Start,
            },
        }
    }

    fn role(&self, n: usize) -> firebell::id::RoleId {
        let roles = &self.engine.playbook.roles;
        let role = roles.keys().nth(n % (roles.len() + 1));
        role.cloned().unwrap_or_else(|| "nobody".into())
    }

    fn phase(&self, n: usize) -> firebell::id::PhaseId {
        let phases = &self.engine.playbook.phases;
        let phase = phases.get(n % (phases.len() + 1));
        phase.map_or_else(|| "nowhere".into(), |phase| phase.id.clone())
    }

    fn inputs(&self, how: u8) -> Map<String, Json> {
        let inputs = &self.engine.playbook.inputs;
        let Some((name, field)) = inputs.get_index(usize::from(how) % inputs.len().max(1)) else {
            return Map::new();
        };
        let value = match how / 8 % 4 {
            0 => field.kind.sample().to_plain(),
            1 => json!(i64::from(how) * 10),
            2 => json!(how.is_multiple_of(2)),
            _ => json!(["gz", "sh", "bj", "cd", "wh"][..usize::from(how % 6)]),
        };
        Map::from_iter([(name.to_string(), value)])
    }

    /// A notice: told, waiting, or none.
    fn notice(&self, n: usize) -> NoticeId {
        let incident = &self.engine.incident;
        let known: Vec<NoticeId> =
            incident.told.keys().chain(incident.outbox.keys()).copied().collect();
        known.get(n % (known.len() + 1)).copied().unwrap_or(NoticeId::from_u128(9))
    }

    fn request(&self, n: usize) -> NoticeId {
        let requests: Vec<NoticeId> =
            self.engine.incident.runs().filter_map(|run| run.request).collect();
        requests.get(n % requests.len().max(1)).copied().unwrap_or(NoticeId::from_u128(9))
    }

    /// A deadline before its time, or one of a run.
    fn deadline(&self, n: usize) -> DeadlineKind {
        let next = next_deadline(self.engine.playbook, &self.engine.incident);
        let run = self.engine.incident.runs().nth(n / 4);
        match (n % 4, run, next) {
            (0, Some(run), _) => DeadlineKind::StepDue(run.key.clone()),
            (1, Some(run), _) => DeadlineKind::StepAlarm(run.key.clone()),
            (2, Some(run), _) => DeadlineKind::StepWarning(run.key.clone()),
            (_, _, Some(next)) => next.kind,
            _ => DeadlineKind::RoleAcknowledge(self.role(n)),
        }
    }
}

fn tick(how: u8) -> StepAct {
    let items = ["1", "3.1", "3.2", "2", "3", "0", "x"];
    let item = items[usize::from(how) % items.len()].into();
    StepAct::Check { item, done: how < 14 }
}

fn role_act(how: u8) -> RoleAct {
    let people = ["ann", "cid", "gus", "zoe", "nemo"];
    let to = people[usize::from(how / 8) % people.len()];
    match how % 8 {
        0 | 1 => RoleAct::Claim,
        2 | 3 => RoleAct::Acknowledge,
        4 => RoleAct::Decline { reason: None },
        5 => RoleAct::Assign { to: to.into() },
        6 => RoleAct::HandOver { to: to.into(), note: text(how) },
        _ => RoleAct::Release,
    }
}

fn request_outcome(how: u8) -> RequestOutcome {
    match how % 4 {
        0 | 1 => RequestOutcome::Met {
            status: 200,
            saved: vec![("ticket".into(), Value::String("T-1".to_owned()))],
        },
        2 => RequestOutcome::NotMet { status: Some(500), why: "500".to_owned() },
        _ => RequestOutcome::HeldBack { succeeds: how % 8 == 3 },
    }
}

fn alert(how: u8) -> AlertNote {
    let users = ["12", "many", "", "100000"][usize::from(how) % 4].to_owned();
    AlertNote {
        name: "Down".into(),
        labels: [("alertname".into(), "Down".to_owned())].into(),
        annotations: [("users".into(), users)].into(),
    }
}

/// Something to say; sometimes nothing, sometimes far too much.
fn text(how: u8) -> String {
    match how % 16 {
        0 => String::new(),
        1 => " \n".to_owned(),
        2 => "很".repeat(20_000),
        _ => "原因 / why".to_owned(),
    }
}
