//! What of its plan a run exercised, and how each part went: steps, ways, roles, channels, injects,
//! deadlines. A fold over a journal, the same for drills and real incidents. Pure; it must not know
//! where it is kept or what is concluded from it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};

use crate::engine::{
    ClockFact, ClockKey, DeadlineName, Event, Fact, LadderSubject, NoticeEnd, RunKey, SkipReason,
};
use crate::id::{ChannelId, ObjectiveId, PersonId, RoleId, StepId};
use crate::playbook::Playbook;
use crate::playbook::difference::{SubjectKind, marks};

/// The most people remembered of one role: more hold it in no run.
const HOLDERS_MAX: usize = 50;

/// What of its plan a run exercised. Stored: fields are added, never changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Covered {
    /// The steps that were opened.
    pub steps: BTreeMap<StepId, StepSeen>,
    /// The branches taken: `next/<phase>/<position>` and `option/<step>/<option>`.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub ways: BTreeSet<SmolStr>,
    /// The roles that were needed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub roles: BTreeMap<RoleId, RoleSeen>,
    /// The channels that carried a message.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub channels: BTreeSet<ChannelId>,
    /// The kinds of injects that happened.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub injects: BTreeSet<SmolStr>,
    /// The deadlines that were kept (`true`) or missed: see [`start_of`] and its like for names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub deadlines: BTreeMap<SmolStr, bool>,
    /// Messages that reached nobody.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub undelivered: u32,
    /// What a ladder was climbed for to its end while nobody acted: `step/<id>`, `role/<id>`,
    /// `clock/<id>:<stage>` or `incident`.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub exhausted: BTreeSet<SmolStr>,
    /// What each part of the plan said then, marked: `step/<id>`, `phase/<id>`, `role/<id>`, ….
    pub marks: BTreeMap<SmolStr, SmolStr>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
const fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// How a step went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepSeen {
    /// Where its last run was left.
    pub end: StepEnd,
    /// It was begun, done, or failed at some time: not only skipped.
    #[serde(default, skip_serializing_if = "is_false")]
    pub worked: bool,
    /// A deadline of it passed.
    #[serde(default, skip_serializing_if = "is_false")]
    pub late: bool,
    /// Seconds from when it could be worked on until someone began, the first time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_begin: Option<u32>,
    /// Seconds from when it could be worked on until it was done, the first time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_finish: Option<u32>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

/// Where a step was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepEnd {
    /// It was not settled.
    Open,
    /// It succeeded.
    Done,
    /// It failed.
    Failed,
    /// Its condition did not hold, or it could not be reached.
    NotNeeded,
    /// A person left it out.
    Skipped,
    /// It was no longer wanted.
    Cancelled,
}

impl StepSeen {
    const fn opened() -> Self {
        Self { end: StepEnd::Open, worked: false, late: false, to_begin: None, to_finish: None }
    }

    /// Tells whether it was worked on, done, and in time.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.worked && self.end == StepEnd::Done && !self.late
    }
}

/// How a role was filled.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleSeen {
    /// Who took it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub holders: BTreeSet<PersonId>,
    /// Somebody who was asked did not answer in time.
    #[serde(default, skip_serializing_if = "is_false")]
    pub unanswered: bool,
    /// At some time nobody was left to ask.
    #[serde(default, skip_serializing_if = "is_false")]
    pub vacant: bool,
    /// Seconds from when it was needed until it was taken, the first time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_take: Option<u32>,
}

impl RoleSeen {
    /// Tells whether it was taken by the first who were asked.
    #[must_use]
    pub fn passed(&self) -> bool {
        !self.holders.is_empty() && !self.unanswered && !self.vacant
    }
}

/// Names the deadline to begin a step.
#[must_use]
pub fn start_of(step: &StepId) -> SmolStr {
    format_smolstr!("start/{step}")
}

/// Names the deadline to finish a step.
#[must_use]
pub fn due_of(step: &StepId) -> SmolStr {
    format_smolstr!("due/{step}")
}

/// Names the limit of an objective.
#[must_use]
pub fn limit_of(objective: &ObjectiveId) -> SmolStr {
    format_smolstr!("objective/{objective}")
}

/// Names the limit of a stage of a statutory clock.
#[must_use]
pub fn law_of(key: &ClockKey) -> SmolStr {
    format_smolstr!("clock/{key}")
}

/// Says what of its plan a journal exercised, with the kinds of injects that happened. Of an incident
/// that was handed over to another plan, what it did under the last one.
#[must_use]
pub fn covered<'a>(
    playbook: &Playbook,
    events: &[Event],
    injects: impl Iterator<Item = &'a str>,
) -> Covered {
    let mut fold = Fold::default();
    for event in events {
        fold.see(event);
    }
    let mut covered = fold.covered;
    // A deadline that nothing says was missed was kept, once its step was done.
    for (name, step) in fold.armed {
        let kept = covered.steps.get(&step).is_some_and(|seen| seen.end == StepEnd::Done);
        if kept {
            covered.deadlines.entry(name).or_insert(true);
        }
    }
    covered.steps.retain(|step, _| playbook.step(step).is_some());
    covered.injects = injects.map(SmolStr::new).collect();
    covered.marks = marks_of(playbook);
    covered
}

/// Marks the parts of a plan that coverage is told of.
#[must_use]
pub fn marks_of(playbook: &Playbook) -> BTreeMap<SmolStr, SmolStr> {
    let named = marks(playbook).into_iter().filter_map(|(subject, mark)| {
        let kind = match subject.kind {
            SubjectKind::Step => "step",
            SubjectKind::Phase => "phase",
            SubjectKind::Role => "role",
            SubjectKind::Objective => "objective",
            SubjectKind::Clock => "clock",
            SubjectKind::Plan
            | SubjectKind::Input
            | SubjectKind::Resource
            | SubjectKind::Message
            | SubjectKind::Handler => return None,
        };
        Some((format_smolstr!("{kind}/{}", subject.name), SmolStr::new(mark)))
    });
    named.collect()
}

#[derive(Default)]
struct Fold {
    covered: Covered,
    /// When each run could be worked on.
    ready: BTreeMap<RunKey, Timestamp>,
    /// When each role was needed.
    engaged: BTreeMap<RoleId, Timestamp>,
    /// Deadlines of steps that were set.
    armed: BTreeMap<SmolStr, StepId>,
    /// The phase that is left.
    left: Option<SmolStr>,
}

impl Fold {
    fn see(&mut self, event: &Event) {
        let at = event.occurred_at;
        match &event.fact {
            Fact::HandedOff(_) => *self = Self::default(),
            Fact::PhaseLeft { phase, .. } => self.left = Some(SmolStr::new(phase.as_str())),
            Fact::PhaseEntered { by_next, .. } => {
                if let (Some(from), Some(nth)) = (self.left.take(), by_next) {
                    self.covered.ways.insert(format_smolstr!("next/{from}/{nth}"));
                }
            }
            Fact::ObjectiveMet { objective } => {
                self.covered.deadlines.entry(limit_of(objective)).or_insert(true);
            }
            Fact::ObjectiveMissed { objective } => {
                self.covered.deadlines.insert(limit_of(objective), false);
            }
            Fact::Clock(clock) => match &clock.what {
                ClockFact::Submitted { late, .. } | ClockFact::Judged { late, .. } => {
                    self.covered.deadlines.insert(law_of(&clock.key), !late);
                }
                ClockFact::Breached => {
                    self.covered.deadlines.insert(law_of(&clock.key), false);
                }
                _ => {}
            },
            Fact::NoticeEnded { end, .. } => match end {
                NoticeEnd::Delivered { via, .. } => {
                    self.covered.channels.insert(via.clone());
                }
                NoticeEnd::Failed { .. } | NoticeEnd::NoChannel => self.covered.undelivered += 1,
                NoticeEnd::HeldBack { .. } | NoticeEnd::Withdrawn => {}
            },
            Fact::LadderStopped { subject, why } if why == "exhausted" => {
                self.covered.exhausted.insert(name(subject));
            }
            fact => {
                self.see_role(fact, at);
                self.see_step(fact, at);
            }
        }
    }

    fn see_role(&mut self, fact: &Fact, at: Timestamp) {
        let roles = &mut self.covered.roles;
        match fact {
            Fact::RoleEngaged { role, .. } => {
                roles.entry(role.clone()).or_default();
                self.engaged.entry(role.clone()).or_insert(at);
            }
            Fact::RoleAcknowledged { role, by, .. } => {
                let seen = roles.entry(role.clone()).or_default();
                if seen.holders.len() < HOLDERS_MAX {
                    seen.holders.insert(by.clone());
                }
                if seen.to_take.is_none() {
                    seen.to_take = self.engaged.get(role).and_then(|from| seconds(*from, at));
                }
            }
            Fact::RoleUnanswered { role, .. } => {
                roles.entry(role.clone()).or_default().unanswered = true;
            }
            Fact::RoleVacant { role, .. } => roles.entry(role.clone()).or_default().vacant = true,
            _ => {}
        }
    }

    fn see_step(&mut self, fact: &Fact, at: Timestamp) {
        let end = match fact {
            Fact::StepReady { key, .. }
            | Fact::StepRetried { key }
            | Fact::StepReopened { key, .. }
            | Fact::StepIterated { key } => {
                self.ready.insert(key.clone(), at);
                self.step(key).end = StepEnd::Open;
                return;
            }
            Fact::StepDeadlines { key, start_by, due_at, .. } => {
                let armed = [(start_by, start_of(&key.step)), (due_at, due_of(&key.step))];
                let armed = armed.into_iter().filter(|(at, _)| at.is_some());
                self.armed.extend(armed.map(|(_, name)| (name, key.step.clone())));
                return;
            }
            Fact::StepStarted { key } => return self.began(key, at),
            Fact::StepOverdue { key, which } => {
                self.step(key).late = true;
                let name = match which {
                    DeadlineName::Start => start_of(&key.step),
                    DeadlineName::Due => due_of(&key.step),
                };
                self.covered.deadlines.insert(name, false);
                return;
            }
            Fact::StepDone { key, answer, .. } => {
                if let Some(answer) = answer {
                    let way = format_smolstr!("option/{}/{answer}", key.step);
                    self.covered.ways.insert(way);
                }
                return self.finished(key, at);
            }
            Fact::StepFailed { key, retry_at: None, .. } => {
                self.step(key).worked = true;
                (key, StepEnd::Failed)
            }
            Fact::StepSkipped { key, reason: SkipReason::ByPerson { .. } } => {
                (key, StepEnd::Skipped)
            }
            Fact::StepSkipped { key, .. } => (key, StepEnd::NotNeeded),
            Fact::StepCancelled { key, .. } => (key, StepEnd::Cancelled),
            _ => return,
        };
        self.step(end.0).end = end.1;
    }

    fn step(&mut self, key: &RunKey) -> &mut StepSeen {
        self.covered.steps.entry(key.step.clone()).or_insert_with(StepSeen::opened)
    }

    fn began(&mut self, key: &RunKey, at: Timestamp) {
        let took = self.ready.get(key).and_then(|ready| seconds(*ready, at));
        let seen = self.step(key);
        seen.worked = true;
        seen.to_begin = seen.to_begin.or(took);
    }

    fn finished(&mut self, key: &RunKey, at: Timestamp) {
        let took = self.ready.get(key).and_then(|ready| seconds(*ready, at));
        let seen = self.step(key);
        seen.worked = true;
        seen.end = StepEnd::Done;
        seen.to_finish = seen.to_finish.or(took);
    }
}

fn name(subject: &LadderSubject) -> SmolStr {
    match subject {
        LadderSubject::Role { role } => format_smolstr!("role/{role}"),
        LadderSubject::Step { key } => format_smolstr!("step/{}", key.step),
        LadderSubject::Clock { key } => format_smolstr!("clock/{key}"),
        LadderSubject::Stuck | LadderSubject::Notice { .. } => SmolStr::new_static("incident"),
    }
}

fn seconds(from: Timestamp, to: Timestamp) -> Option<u32> {
    u32::try_from(to.duration_since(from).as_secs()).ok()
}

#[cfg(test)]
mod tests;
