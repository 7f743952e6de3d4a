//! Who would be paged: a plan is declared in virtual time over the real rosters, every channel takes
//! its message at once, and people answer after a while or never. The engine that runs live incidents
//! decides everything. Pure.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::{Map, Value as Json};
use smol_str::SmolStr;

use crate::engine::{
    Actor, Chance, Command, Ctx, Declare, Event, Fact, Incident, LadderSubject, Mode,
    NoticeOutcome, Outcome, Pending, Purpose, Recipient, Rejection, RoleAct, Tenure, decide,
    declare, due, next_deadline,
};
use crate::id::{ChannelId, IncidentId, PersonId, RoleId, ScheduleId};
use crate::notify::headline;
use crate::people::{Directory, Source, Zone};
use crate::playbook::{Audience, Level, Playbook};
use crate::text::Text;

/// How long is followed at most: a ladder that still climbs after a day is a finding by itself.
pub const FOLLOWED: SignedDuration = SignedDuration::from_hours(24);
/// The most turns of the engine: more than any ladder has rungs, contacts and repetitions.
const TURNS_MAX: usize = 5_000;

/// What is tried.
#[derive(Debug, Clone, Copy)]
pub struct Trial<'a> {
    /// The plan.
    pub playbook: &'a Playbook,
    /// The people and rosters.
    pub directory: &'a Directory,
    /// The level; as the plan says where missing.
    pub level: Option<Level>,
    /// Inputs, as a declaration has them.
    pub inputs: &'a Map<String, Json>,
    /// How long after a page somebody takes the role; never where missing.
    pub answer: Option<SignedDuration>,
    /// The zone that messages tell times in.
    pub zone: &'a Zone,
}

/// One message to somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Page {
    /// When it leaves.
    pub at: Timestamp,
    /// Who is paged; nobody where a shared channel is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// What people call them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Text>,
    /// Over what.
    pub channel: ChannelId,
    /// What for: `role_page`, `escalation`, `last_resort`, `commander`.
    #[serde(rename = "for")]
    pub purpose: &'static str,
    /// The role, the step, or what the commander is told.
    pub about: SmolStr,
    /// The rung of the ladder, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rung: Option<u32>,
    /// What the message wants, as its reader reads it.
    pub says: Text,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Wrong {
    /// Nobody is on call on a schedule that a role is filled from.
    Gap {
        /// The role.
        role: RoleId,
        /// The schedule.
        schedule: ScheduleId,
    },
    /// Somebody is on call whom nothing reaches.
    Unreachable {
        /// The role.
        role: RoleId,
        /// The person.
        person: PersonId,
    },
    /// A needed role finds nobody to ask.
    NobodyToAsk {
        /// The role.
        role: RoleId,
    },
    /// A rung fires and reaches nobody.
    EmptyRung {
        /// What it is climbed for.
        about: SmolStr,
        /// The rung, from 1.
        rung: u32,
    },
    /// A message has no way out.
    NoChannel {
        /// For whom.
        to: SmolStr,
    },
    /// Nobody at all is paged.
    NobodyPaged,
    /// It still went on after [`FOLLOWED`].
    Endless,
}

/// What happens at one instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Paged {
    /// When the plan is declared.
    pub at: Timestamp,
    /// Who is paged, in order of time.
    pub pages: Vec<Page>,
    /// What is wrong, each once.
    pub wrong: Vec<Wrong>,
}

/// Tries a page at one instant.
///
/// # Errors
/// The declaration is refused: a level or an input that the plan does not know.
pub fn page(trial: Trial<'_>, at: Timestamp) -> Result<Paged, Rejection> {
    let mut run = Run::begin(trial, at)?;
    run.through();
    if run.pages.is_empty() {
        run.wrong.insert(Wrong::NobodyPaged);
    }
    Ok(Paged { at, pages: run.pages, wrong: run.wrong.into_iter().collect() })
}

struct Run<'a> {
    trial: Trial<'a>,
    begin: Timestamp,
    now: Timestamp,
    incident: Incident,
    pages: Vec<Page>,
    wrong: BTreeSet<Wrong>,
    /// The rung that fired last, by what it is climbed for.
    rungs: BTreeMap<LadderSubject, u32>,
    /// The roles that somebody was asked to take.
    asked: BTreeSet<RoleId>,
    /// Those who will take a role, and when.
    answers: Vec<(Timestamp, RoleId, PersonId)>,
}

impl<'a> Run<'a> {
    fn begin(trial: Trial<'a>, at: Timestamp) -> Result<Self, Rejection> {
        let declaration = Declare {
            level: trial.level,
            inputs: trial.inputs.clone(),
            ..Declare::new(IncidentId::from_u128(1), 1, Mode::Live)
        };
        let ctx = ctx(trial.directory, at, Actor::System);
        let Outcome { events, incident, .. } = declare(trial.playbook, declaration, &ctx)?;
        let mut run = Self {
            trial,
            begin: at,
            now: at,
            incident,
            pages: Vec::new(),
            wrong: BTreeSet::new(),
            rungs: BTreeMap::new(),
            asked: BTreeSet::new(),
            answers: Vec::new(),
        };
        run.see(&events);
        Ok(run)
    }

    fn through(&mut self) {
        for _ in 0..TURNS_MAX {
            self.deliver();
            if self.is_quiet() {
                return;
            }
            let Some(next) = self.next() else { return };
            if next.duration_since(self.begin) > FOLLOWED {
                break;
            }
            self.now = self.now.max(next);
            self.answer();
            for command in due(self.trial.playbook, &self.incident, self.now) {
                self.ask(Actor::System, command);
            }
        }
        self.wrong.insert(Wrong::Endless);
    }

    /// Nobody is asked for a role, and no ladder climbs but to its last resort, again and again.
    fn is_quiet(&self) -> bool {
        let asked =
            |tenure: &Tenure| matches!(tenure, Tenure::Offered { .. } | Tenure::Assigned { .. });
        self.incident.ladders.values().all(|ladder| ladder.rounds > 0)
            && !self.incident.roles.values().any(|role| asked(&role.tenure))
            && self.waiting().next().is_none()
    }

    fn waiting(&self) -> impl Iterator<Item = Timestamp> {
        self.incident.outbox.values().filter_map(|pending| match &**pending {
            Pending::Notice { next_at, .. } => Some(*next_at),
            Pending::Request { .. }
            | Pending::Child { .. }
            | Pending::Recall { .. }
            | Pending::Report { .. }
            | Pending::HandOff { .. } => None,
        })
    }

    fn next(&self) -> Option<Timestamp> {
        let deadline = next_deadline(self.trial.playbook, &self.incident).map(|next| next.at);
        let answers = self.answers.iter().map(|(at, _, _)| *at);
        answers.chain(deadline).chain(self.waiting()).min()
    }

    fn ask(&mut self, actor: Actor, command: Command) -> bool {
        let ctx = ctx(self.trial.directory, self.now, actor);
        match decide(self.trial.playbook, &self.incident, command, &ctx) {
            Ok(Outcome { events, incident, .. }) => {
                self.incident = incident;
                self.see(&events);
                true
            }
            Err(_) => false,
        }
    }

    /// Lets those who waited long enough take what they were asked for.
    fn answer(&mut self) {
        let now = self.now;
        let (ripe, later) = std::mem::take(&mut self.answers)
            .into_iter()
            .partition::<Vec<_>, _>(|(at, _, _)| *at <= now);
        self.answers = later;
        for (_, role, person) in ripe {
            let act = match self.incident.roles.get(&role).map(|state| &state.tenure) {
                Some(Tenure::Assigned { to, .. }) if *to == person => RoleAct::Acknowledge,
                Some(Tenure::Offered { .. } | Tenure::Vacant) => RoleAct::Claim,
                _ => continue,
            };
            self.ask(Actor::person(person), Command::Role { role, act });
        }
    }

    /// Lets every message leave whose time has come.
    fn deliver(&mut self) {
        loop {
            let ready = self.incident.outbox.iter().find_map(|(id, pending)| match &**pending {
                Pending::Notice { notice, channel, next_at, .. } if *next_at <= self.now => {
                    Some((*id, notice.clone(), notice.via.get(*channel)?.clone()))
                }
                _ => None,
            });
            let Some((id, notice, via)) = ready else { return };
            self.note(&notice.to, &via, &notice.purpose);
            let outcome = NoticeOutcome::Delivered { via, within: None };
            if !self.ask(Actor::System, Command::NoticeOutcome { notice: id, outcome }) {
                return;
            }
        }
    }

    fn note(&mut self, to: &Recipient, via: &ChannelId, purpose: &Purpose) {
        let person = match to {
            Recipient::Person(person) => Some(person.clone()),
            Recipient::Audience(Audience::Channel(_)) => None,
            Recipient::Audience(_) => return,
        };
        let Trial { playbook, directory, zone, .. } = self.trial;
        let known = person.as_ref().and_then(|person| directory.person(person));
        let page = Page {
            at: self.now,
            name: known.map(|known| known.name.clone()),
            person: person.clone(),
            channel: via.clone(),
            purpose: "",
            about: SmolStr::default(),
            rung: None,
            says: headline(playbook, &self.incident, purpose, directory, zone),
        };
        let (name, about) = match purpose {
            Purpose::RolePage { role, also } => {
                for role in std::iter::once(role).chain(also) {
                    self.asked.insert(role.clone());
                    self.will_answer(role, person.as_ref());
                }
                ("role_page", role.as_str().into())
            }
            Purpose::Escalation { unanswered, .. } => {
                for subject in purpose.ladders() {
                    if let LadderSubject::Role { role } = subject {
                        self.will_answer(role, person.as_ref());
                    }
                    let rung = self.rungs.get(subject).map(|rung| rung + 1);
                    let (name, rung) = match unanswered {
                        true => ("last_resort", None),
                        false => ("escalation", rung),
                    };
                    let about = about(subject);
                    self.pages.push(Page { purpose: name, about, rung, ..page.clone() });
                }
                return;
            }
            Purpose::Commander { about } => ("commander", about.clone()),
            _ => return,
        };
        self.pages.push(Page { purpose: name, about, ..page });
    }

    fn will_answer(&mut self, role: &RoleId, person: Option<&PersonId>) {
        if let (Some(after), Some(person)) = (self.trial.answer, person)
            && let Ok(at) = self.now.checked_add(after)
        {
            self.answers.push((at, role.clone(), person.clone()));
        }
    }

    fn see(&mut self, events: &[Event]) {
        for (n, event) in events.iter().enumerate() {
            match &event.fact {
                Fact::RoleEngaged { role, .. } => self.look_up(role),
                Fact::RoleVacant { role, .. } if !self.asked.contains(role) => {
                    self.wrong.insert(Wrong::NobodyToAsk { role: role.clone() });
                }
                Fact::RungFired { subject, rung, people, .. } => {
                    self.rungs.insert(subject.clone(), *rung);
                    let shared = events[n..].iter().any(|later| is_for(later, subject));
                    if people.is_empty() && !shared {
                        let (about, rung) = (about(subject), rung + 1);
                        self.wrong.insert(Wrong::EmptyRung { about, rung });
                    }
                }
                Fact::NoticeQueued { notice } if notice.via.is_empty() => {
                    let to = match &notice.to {
                        Recipient::Person(person) => person.as_str().into(),
                        Recipient::Audience(_) => continue,
                    };
                    self.wrong.insert(Wrong::NoChannel { to });
                }
                _ => {}
            }
        }
    }

    /// Looks at the schedule that a needed role is filled from, as it is now.
    fn look_up(&mut self, role: &RoleId) {
        let directory = self.trial.directory;
        let Some(plan) = self.trial.playbook.roles.get(role) else { return };
        let schedule = match &plan.assign {
            Source::Schedule(schedule) => Some(schedule),
            Source::Team(team) | Source::Claim(team) => {
                directory.team(team).and_then(|team| team.schedule.as_ref())
            }
        };
        let Some(schedule) = schedule else { return };
        let who = directory.on_call(schedule, self.now);
        if who.is_empty() {
            let (role, schedule) = (role.clone(), schedule.clone());
            self.wrong.insert(Wrong::Gap { role, schedule });
        }
        for person in who.into_iter().filter(|person| !directory.is_reachable(person)) {
            self.wrong.insert(Wrong::Unreachable { role: role.clone(), person });
        }
    }
}

const fn ctx(directory: &Directory, now: Timestamp, actor: Actor) -> Ctx<'_> {
    let chance = Chance::new([0; 32]);
    let turns = crate::people::Turns::NONE;
    Ctx { now, occurred_at: None, actor, admin: false, directory, turns, chance }
}

fn is_for(event: &Event, subject: &LadderSubject) -> bool {
    matches!(&event.fact, Fact::NoticeQueued { notice }
        if notice.purpose.ladders().any(|of| of == subject))
}

fn about(subject: &LadderSubject) -> SmolStr {
    match subject {
        LadderSubject::Role { role } => role.as_str().into(),
        LadderSubject::Step { key } => key.step.as_str().into(),
        LadderSubject::Stuck => SmolStr::new_static("stuck"),
        LadderSubject::Notice { .. } => SmolStr::new_static("notice"),
        LadderSubject::Clock { .. } => SmolStr::new_static("clock"),
    }
}

#[cfg(test)]
mod tests;
