//! A sample incident for tests, played by the engine itself: a plan of its own, so that edits to
//! the shipped ones change nothing here, and people who are slow, absent, wrong and late.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::story::{Chain, Story};
use crate::engine::{
    Actor, Chance, Command, Ctx, Declare, Event, EvidenceItem, Incident, Mode, Notice,
    NoticeOutcome, Pending, RoleAct, StepAct, StepRef, Tenure, decide, declare, next_deadline,
};
use crate::id::{ChannelId, IncidentId, NoticeId, PersonId, RoleId, StepId};
use crate::notify::{Place, Rendered, Why, WhyCode, render};
use crate::people::{Contact, Directory, Ladder, Partner, Parts, Person, Rung, Target, Team, Zone};
use crate::playbook::{Action, Context, Playbook};
use crate::text::{Lang, Text};

/// How long people take for a step unless the script says otherwise.
const WORK: SignedDuration = SignedDuration::from_mins(8);

/// An incident with everything that its timeline is told from.
pub(crate) struct Sample {
    pub(crate) playbook: Playbook,
    pub(crate) directory: Directory,
    pub(crate) zone: Zone,
    pub(crate) events: Vec<Event>,
    pub(crate) messages: BTreeMap<NoticeId, Rendered>,
    pub(crate) chain: Chain,
    pub(crate) now: Timestamp,
    incident: Incident,
    tries: BTreeSet<u8>,
}

impl Sample {
    /// Plays the outage from its declaration to its close.
    pub(crate) fn played() -> Self {
        let mut sample = Self::begun(Mode::Live);
        for _ in 0..180 {
            sample.minute();
        }
        for _ in 0..24 * 5 {
            sample.pass(SignedDuration::from_hours(1));
            sample.people_act();
        }
        assert!(!sample.incident.status.is_open(), "it ends in {}", sample.incident.phase);
        let events = sample.events.len() as u64;
        let head = "9f2c5b0e".repeat(8);
        sample.chain = Chain::Whole { events, head };
        sample
    }

    /// Plays only its first minutes.
    pub(crate) fn in_progress(minutes: u32) -> Self {
        let mut sample = Self::begun(Mode::Drill);
        for _ in 0..minutes {
            sample.minute();
        }
        sample
    }

    pub(crate) fn story(&self) -> Story<'_> {
        Story {
            playbook: &self.playbook,
            earlier: &[],
            events: &self.events,
            directory: &self.directory,
            messages: &self.messages,
            chain: &self.chain,
            zone: &self.zone,
            as_of: self.now,
        }
    }

    fn begun(mode: Mode) -> Self {
        let playbook = plan();
        let directory = roster();
        let now: Timestamp = "2026-11-21T19:00:00Z".parse().unwrap();
        let id = IncidentId::from_u128(0x0193_4a5b_0000_7000_8000_0000_0000_002a);
        let declaration = Declare {
            title: Some("华东客服电话中断 <script>alert(1)</script>".into()),
            detected_at: Some(now - SignedDuration::from_mins(4)),
            ..Declare::new(id, 42, mode)
        };
        let ctx = Ctx {
            now,
            occurred_at: None,
            actor: Actor::person("han"),
            admin: false,
            directory: &directory,
            chance: Chance::new([7; 32]),
            turns: crate::people::Turns::NONE,
        };
        let begun = declare(&playbook, declaration, &ctx).unwrap();
        let mut sample = Self {
            playbook,
            directory,
            zone: Zone::named("Asia/Shanghai").unwrap(),
            events: Vec::new(),
            messages: BTreeMap::new(),
            chain: Chain::NotChecked,
            now,
            incident: begun.incident,
            tries: BTreeSet::new(),
        };
        sample.keep(begun.events);
        sample
    }

    fn keep(&mut self, events: Vec<Event>) {
        for event in &events {
            if let crate::engine::Fact::NoticeQueued { notice } = &event.fact {
                let place = Place {
                    base_url: Some("https://bell.example"),
                    zone: &self.zone,
                    lang: Lang::Zh,
                };
                let words = render(&self.playbook, &self.incident, notice, &self.directory, place);
                self.messages.insert(notice.id, words);
            }
        }
        self.events.extend(events);
    }

    fn command_at(&mut self, actor: Actor, occurred_at: Option<Timestamp>, command: Command) {
        let directory = self.directory.clone();
        let chance = Chance::new([7; 32]);
        let ctx = Ctx {
            now: self.now,
            occurred_at,
            actor,
            admin: false,
            directory: &directory,
            chance,
            turns: crate::people::Turns::NONE,
        };
        match decide(&self.playbook, &self.incident, command.clone(), &ctx) {
            Ok(outcome) => {
                self.incident = outcome.incident;
                self.keep(outcome.events);
            }
            Err(rejection) => panic!("{command:?}: {rejection}"),
        }
    }

    fn by(&mut self, person: &PersonId, command: Command) {
        self.command_at(Actor::person(person.clone()), None, command);
    }

    fn minute(&mut self) {
        self.pass(SignedDuration::from_mins(1));
        self.people_act();
    }

    /// Lets time pass: every deadline is met when it comes, channels answer two seconds later.
    fn pass(&mut self, time: SignedDuration) {
        let until = self.now + time;
        loop {
            self.channels_answer();
            match next_deadline(&self.playbook, &self.incident) {
                Some(deadline) if deadline.at <= until => {
                    self.now = self.now.max(deadline.at);
                    self.command_at(Actor::System, None, Command::Reached(deadline.kind));
                }
                _ => break,
            }
        }
        self.now = until;
    }

    fn channels_answer(&mut self) {
        let pending: Vec<(NoticeId, Notice, u32)> = self
            .incident
            .outbox
            .iter()
            .filter_map(|(id, pending)| match pending.as_ref() {
                Pending::Notice { notice, attempt, next_at, .. } if *next_at <= self.now => {
                    Some((*id, notice.clone(), *attempt))
                }
                _ => None,
            })
            .collect();
        if pending.is_empty() {
            return;
        }
        self.now += SignedDuration::from_secs(2);
        for (id, notice, attempt) in pending {
            let outcome = self.answer(&notice, attempt);
            self.command_at(Actor::System, None, Command::NoticeOutcome { notice: id, outcome });
        }
    }

    /// The status page is busy at first and the network operator's mailbox is full.
    fn answer(&self, notice: &Notice, attempt: u32) -> NoticeOutcome {
        let via = notice.via.first().cloned().unwrap_or(ChannelId::new("email"));
        let to = format!("{:?}", notice.to);
        if via.as_str() == "status-page"
            && attempt == 0
            && self.now < self.incident.declared_at + SignedDuration::from_mins(40)
        {
            let until = self.now + SignedDuration::from_secs(20);
            let why = Why::with(WhyCode::Busy, "503 maintenance").to_string();
            return NoticeOutcome::Retry { attempt: 1, until, why };
        }
        if to.contains("carrier") {
            let why = Why::with(WhyCode::Rejected, "552 mailbox full").to_string();
            return NoticeOutcome::Refused { via, why };
        }
        NoticeOutcome::Delivered { via, within: None }
    }

    fn people_act(&mut self) {
        self.roles_are_taken();
        let now = self.now;
        let open = |state: &str| matches!(state, "ready" | "active" | "failed");
        let work: Vec<StepId> = self
            .incident
            .runs()
            .filter(|run| run.visit == self.incident.visit && open(run.state.name()))
            .filter(|run| {
                let since = run.settled_at.or(run.ready_at).unwrap_or(now);
                now.duration_since(since) >= takes(&run.key.step)
            })
            .map(|run| run.key.step.clone())
            .collect();
        for step in work {
            self.work_on(&step);
        }
    }

    fn roles_are_taken(&mut self) {
        let asked: Vec<(RoleId, PersonId)> = self
            .incident
            .roles
            .iter()
            .filter_map(|(role, state)| match &state.tenure {
                Tenure::Offered { to, .. } => {
                    Some((role.clone(), to.get(1).or(to.first())?.clone()))
                }
                Tenure::Assigned { to, .. } => Some((role.clone(), to.clone())),
                Tenure::Vacant | Tenure::Held { .. } => None,
            })
            .collect();
        for (role, person) in asked {
            // The manager on call sleeps through it; everyone else takes a minute.
            if person.as_str() == "sun" || self.incident.updated_at == self.now {
                continue;
            }
            let act = match self.incident.roles[&role].tenure {
                Tenure::Offered { .. } => RoleAct::Claim,
                _ => RoleAct::Acknowledge,
            };
            self.by(&person, Command::Role { role, act });
        }
    }

    fn work_on(&mut self, step: &StepId) {
        let Some((_, plan)) = self.playbook.step(step) else { return };
        let decides = match &plan.action {
            Action::Decide(decide) => decide.options.first().cloned(),
            _ => None,
        };
        let measures = matches!(&plan.action, Action::Manual(m) if m.measure.is_some());
        if !plan.action.is_human() {
            return;
        }
        let role = plan.role.clone().or_else(|| self.playbook.commander().cloned()).unwrap();
        let Some(person) = self.incident.holder(&role).cloned() else { return };
        let name = step.as_str();
        let run = |act| Command::Step { step: StepRef::current(step.clone()), act };
        if let Some(option) = decides {
            return self.by(&person, run(StepAct::Answer { option, note: None }));
        }
        match name {
            "extra_seats" => {
                let reason = "夜间话务量低，无需备用坐席".into();
                return self.by(&person, run(StepAct::Skip { reason }));
            }
            "switch_over" if self.tries.insert(1) => {
                let reason = "备用线路未注册".into();
                return self.by(&person, run(StepAct::Fail { reason }));
            }
            "switch_over" if self.tries.insert(2) => {
                return self.by(&person, run(StepAct::Retry));
            }
            _ => {}
        }
        self.tick_all(step, &person);
        let complete = StepAct::Complete {
            form: form(step),
            evidence: vec![EvidenceItem::Text { text: "见值班记录 2026-11-22".into() }],
            measure: measures.then_some(96.5),
            note: (name == "verify").then(|| "=cmd|'/c calc'!A1 四个渠道均正常".into()),
        };
        // What was done in haste is written down afterwards.
        let occurred = (name == "isolate").then(|| self.now - SignedDuration::from_mins(6));
        self.command_at(Actor::person(person), occurred, run(complete));
    }

    fn tick_all(&mut self, step: &StepId, person: &PersonId) {
        let Some((_, plan)) = self.playbook.step(step) else { return };
        let Action::Manual(manual) = &plan.action else { return };
        for n in 1..=manual.checklist.len() {
            let act = StepAct::Check { item: n.to_string().into(), done: true };
            self.by(person, Command::Step { step: StepRef::current(step.clone()), act });
        }
    }
}

/// How long a step takes the people of the sample.
fn takes(step: &StepId) -> SignedDuration {
    match step.as_str() {
        "confirm" => SignedDuration::from_mins(4),
        "isolate" => SignedDuration::from_mins(18),
        "locate" => SignedDuration::from_mins(41),
        "switch_over" => SignedDuration::from_mins(6),
        "follow_up" => SignedDuration::from_hours(40),
        "lessons" => SignedDuration::from_hours(30),
        _ => WORK,
    }
}

fn form(step: &StepId) -> serde_json::Map<String, serde_json::Value> {
    let form = match step.as_str() {
        "confirm" => json!({"users_affected": 250_000}),
        "locate" => json!({"root_cause": "凌晨变更误删中继路由"}),
        "workaround_text" => json!({"workaround": "APP 在线客服"}),
        _ => json!({}),
    };
    form.as_object().unwrap().clone()
}

fn plan() -> Playbook {
    let bytes = include_bytes!("sample/plan.yaml");
    let loaded = Playbook::load("plan.yaml", bytes, &Context::default());
    loaded.playbook.unwrap_or_else(|| panic!("{:?}", loaded.findings))
}

fn roster() -> Directory {
    let text = |zh: &str, en: &str| Text::both(zh, en);
    let contact = |address: &str| {
        vec![Contact { channel: "email".into(), address: format!("{address}@shop.example") }]
    };
    let people = [
        ("sun", text("孙强", "Sun Qiang")),
        ("zhao", text("赵敏", "Zhao Min")),
        ("han", text("韩梅梅", "Han Meimei")),
        ("li", text("李雷", "Li Lei")),
        ("wang", text("王芳", "Wang Fang")),
        ("chen", text("陈晨", "Chen Chen")),
    ];
    let person = |(id, name): (&str, Text)| Person {
        id: id.into(),
        name,
        lang: Lang::Zh,
        contacts: contact(id),
        drills: true,
        manner: crate::people::Manner::default(),
    };
    let team = |id: &str, title: Text, members: &[&str]| Team {
        id: id.into(),
        title,
        members: members.iter().map(|member| (*member).into()).collect(),
        schedule: None,
    };
    let managers = Target::Team("managers".into());
    let rung = Rung {
        after: SignedDuration::from_mins(5),
        targets: vec![managers],
        terms: crate::people::Terms::default(),
    };
    Directory::new(Parts {
        people: people.into_iter().map(person).collect(),
        teams: vec![
            team("managers", text("值班经理", "Managers"), &["sun", "zhao"]),
            team("service", text("客服部", "Service"), &["li", "han"]),
            team("platform", text("技术支持", "Platform"), &["wang"]),
            team("marketing", text("市场公关", "Marketing"), &["chen"]),
        ],
        ladders: vec![Ladder {
            id: "duty".into(),
            rungs: vec![rung.clone(), rung],
            repeat: 0,
            finally: Vec::new(),
        }],
        partners: vec![Partner {
            id: "carrier".into(),
            title: text("电信运营商", "the carrier"),
            contacts: contact("noc"),
            verified_on: None,
        }],
        channels: ["email".into(), "status-page".into()].into(),
        ..Parts::default()
    })
    .unwrap()
}
