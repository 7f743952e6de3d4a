//! Who worked on what when, one lane for each role: the facts of the picture and of its table.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use smol_str::SmolStr;

use super::names::Names;
use super::story::Story;
use crate::engine::{ClockKey, Event, Fact, Incident, LadderSubject, RunKey};
use crate::id::{RoleId, StepId};
use crate::playbook::{Action, Approver, Playbook};
use crate::text::{Lang, Text};

/// The lane of work that no role does.
const AUTOMATIC: &str = "";

/// The lanes of an incident.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Lanes {
    /// The first instant shown.
    pub from: Timestamp,
    /// The last instant shown.
    pub to: Timestamp,
    /// The phases, in the order they were entered.
    pub phases: Vec<PhaseSpan>,
    /// The levels, in the order they held.
    pub levels: Vec<LevelSpan>,
    /// The lanes: the plan's roles in its order, then work that no role does.
    pub lanes: Vec<Lane>,
}

/// A visit of a phase.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PhaseSpan {
    /// What people call it.
    pub title: Text,
    /// When it was entered.
    pub from: Timestamp,
    /// When it was left.
    pub to: Timestamp,
}

/// A level while it held.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct LevelSpan {
    /// The level.
    pub level: u8,
    /// From when.
    pub from: Timestamp,
}

/// A lane.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Lane {
    /// What people call it.
    pub title: Text,
    /// What was worked on.
    pub bars: Vec<Bar>,
    /// What happened to the role itself.
    pub marks: Vec<Mark>,
}

/// A step in one visit of its phase, all its rounds, items and attempts together.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bar {
    /// The step.
    pub step: StepId,
    /// What people call it.
    pub title: Text,
    /// How it ended.
    pub state: BarState,
    /// When it could begin.
    pub ready: Timestamp,
    /// When it was begun.
    pub started: Option<Timestamp>,
    /// When it ended; `None` while it goes on.
    pub ended: Option<Timestamp>,
    /// When it had to be finished.
    pub due: Option<Timestamp>,
    /// When further rounds or attempts began.
    pub again: Vec<Timestamp>,
}

/// How a bar ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BarState {
    /// It goes on.
    Open,
    /// It succeeded.
    Done,
    /// It failed.
    Failed,
    /// It was left out after it could have begun.
    Skipped,
    /// It was no longer wanted.
    Cancelled,
}

impl BarState {
    /// Returns the word for it.
    #[must_use]
    pub fn word(self, lang: Lang) -> &'static str {
        match self {
            Self::Open => lang.pick("进行中", "open"),
            Self::Done => lang.pick("完成", "done"),
            Self::Failed => lang.pick("失败", "failed"),
            Self::Skipped => lang.pick("跳过", "skipped"),
            Self::Cancelled => lang.pick("取消", "cancelled"),
        }
    }
}

/// Something that happened to a role.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Mark {
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: MarkKind,
}

/// What happened to a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MarkKind {
    /// Someone took it.
    Acknowledged,
    /// Nobody answered, or nobody was left to ask.
    Unanswered,
    /// A rung of a ladder fired for it or for one of its steps.
    Escalated,
}

impl MarkKind {
    /// Returns the word for it.
    #[must_use]
    pub fn word(self, lang: Lang) -> &'static str {
        match self {
            Self::Acknowledged => lang.pick("确认", "acknowledged"),
            Self::Unanswered => lang.pick("无人应答", "unanswered"),
            Self::Escalated => lang.pick("升级", "escalated"),
        }
    }
}

/// Lays out the lanes.
pub(super) fn lanes(story: &Story<'_>, incident: &Incident) -> Lanes {
    let [zh, en] = Lang::ALL.map(|lang| Names::new(story, lang));
    let to = incident.ended_at.unwrap_or(story.as_of);
    let bars = bars(story, &zh, &en);
    let marks = marks(story, &zh);
    let mut keys: Vec<SmolStr> =
        story.playbook.roles.keys().map(|role| role.as_str().into()).collect();
    for (key, _) in
        bars.iter().map(|(key, bar)| (key, bar.ready)).chain(marks.iter().map(|(k, m)| (k, m.at)))
    {
        if !keys.contains(key) && key != AUTOMATIC {
            keys.push(key.clone());
        }
    }
    keys.push(AUTOMATIC.into());
    let lane = |key: SmolStr| Lane {
        title: title(&zh, &en, &key),
        bars: bars.iter().filter(|(of, _)| *of == key).map(|(_, bar)| bar.clone()).collect(),
        marks: marks.iter().filter(|(of, _)| *of == key).map(|(_, mark)| mark.clone()).collect(),
    };
    let lanes = keys.into_iter().map(lane);
    let from = incident.detected_at.unwrap_or(incident.declared_at).min(incident.declared_at);
    let last = story.events.iter().map(|event| event.occurred_at).max().unwrap_or(to);
    Lanes {
        from,
        to: to.max(last),
        phases: phases(story, &zh, &en, to.max(last)),
        levels: levels(story.events),
        lanes: lanes.filter(|lane| !lane.bars.is_empty() || !lane.marks.is_empty()).collect(),
    }
}

fn title(zh: &Names<'_>, en: &Names<'_>, key: &str) -> Text {
    if key == AUTOMATIC {
        return Text::both("自动执行", "Automatic");
    }
    let role = RoleId::new(key);
    Text::both(zh.role(&role), en.role(&role))
}

fn lane_of(playbook: &Playbook, step: &StepId) -> SmolStr {
    let Some((_, step)) = playbook.step(step) else { return AUTOMATIC.into() };
    let asked = match &step.action {
        Action::Decide(decide) => decide.by.as_ref(),
        Action::Approve(approve) => approve.by.iter().find_map(|by| match by {
            Approver::Role(role) => Some(role),
            Approver::Team(_) => None,
        }),
        _ => None,
    };
    let role = step.role.as_ref().or(asked).map(|role| SmolStr::new(role.as_str()));
    step.lane.clone().or(role).unwrap_or_default()
}

/// Follows every step that could begin, with its lane.
fn bars(story: &Story<'_>, zh: &Names<'_>, en: &Names<'_>) -> Vec<(SmolStr, Bar)> {
    let mut bars: Vec<(SmolStr, Bar)> = Vec::new();
    let mut places: BTreeMap<(u32, &StepId), usize> = BTreeMap::new();
    for event in story.events {
        let Some(key) = key_of(&event.fact) else { continue };
        let place = (key.visit, &key.step);
        zh.speak_of(event);
        en.speak_of(event);
        if matches!(event.fact, Fact::StepReady { .. }) && !places.contains_key(&place) {
            places.insert(place, bars.len());
            let bar = Bar {
                step: key.step.clone(),
                title: Text::both(zh.step(&key.step), en.step(&key.step)),
                state: BarState::Open,
                ready: event.occurred_at,
                started: None,
                ended: None,
                due: None,
                again: Vec::new(),
            };
            bars.push((lane_of(zh.plan(), &key.step), bar));
        }
        if let Some((_, bar)) = places.get(&place).and_then(|place| bars.get_mut(*place)) {
            bar.follow(key, event);
        }
    }
    bars
}

impl Bar {
    fn follow(&mut self, key: &RunKey, event: &Event) {
        let at = event.occurred_at;
        let mut ends = |state| {
            self.state = state;
            self.ended = Some(at);
        };
        match &event.fact {
            Fact::StepDeadlines { due_at, .. } if key.item.is_none() => self.due = *due_at,
            Fact::StepStarted { .. } => {
                self.started.get_or_insert(at);
            }
            // The step itself ends when its items have.
            _ if key.item.is_some() => {}
            Fact::StepDone { .. } => ends(BarState::Done),
            Fact::StepFailed { retry_at: None, .. } => ends(BarState::Failed),
            Fact::StepSkipped { .. } => ends(BarState::Skipped),
            Fact::StepCancelled { .. } => ends(BarState::Cancelled),
            Fact::StepRepeatEnded { .. } => self.ended = Some(at),
            Fact::StepRetried { .. } | Fact::StepReopened { .. } | Fact::StepIterated { .. } => {
                self.again.push(at);
                self.state = BarState::Open;
                self.ended = None;
            }
            _ => {}
        }
    }
}

const fn key_of(fact: &Fact) -> Option<&RunKey> {
    match fact {
        Fact::StepReady { key, .. }
        | Fact::StepDeadlines { key, .. }
        | Fact::StepStarted { key }
        | Fact::StepDone { key, .. }
        | Fact::StepFailed { key, .. }
        | Fact::StepSkipped { key, .. }
        | Fact::StepCancelled { key, .. }
        | Fact::StepRetried { key }
        | Fact::StepReopened { key, .. }
        | Fact::StepIterated { key }
        | Fact::StepRepeatEnded { key, .. } => Some(key),
        _ => None,
    }
}

fn marks(story: &Story<'_>, names: &Names<'_>) -> Vec<(SmolStr, Mark)> {
    let commander = || {
        let commander = names.plan().commander();
        commander.map(|role| SmolStr::new(role.as_str())).unwrap_or_default()
    };
    let of_role = |role: &RoleId| SmolStr::new(role.as_str());
    let mark = |event: &Event| {
        names.speak_of(event);
        let (lane, kind) = match &event.fact {
            Fact::RoleAcknowledged { role, .. } => (of_role(role), MarkKind::Acknowledged),
            Fact::RoleUnanswered { role, .. } | Fact::RoleVacant { role, .. } => {
                (of_role(role), MarkKind::Unanswered)
            }
            Fact::RungFired { subject, .. } => {
                let lane = match subject {
                    LadderSubject::Role { role } => of_role(role),
                    LadderSubject::Step { key } => lane_of(names.plan(), &key.step),
                    LadderSubject::Clock { key } => {
                        lane_of_clock(names.plan(), key).unwrap_or_else(commander)
                    }
                    LadderSubject::Stuck | LadderSubject::Notice { .. } => commander(),
                };
                (lane, MarkKind::Escalated)
            }
            _ => return None,
        };
        Some((lane, Mark { at: event.occurred_at, kind }))
    };
    story.events.iter().filter_map(mark).collect()
}

fn phases(story: &Story<'_>, zh: &Names<'_>, en: &Names<'_>, end: Timestamp) -> Vec<PhaseSpan> {
    let mut phases: Vec<PhaseSpan> = Vec::new();
    for event in story.events {
        let at = event.occurred_at;
        zh.speak_of(event);
        en.speak_of(event);
        match &event.fact {
            Fact::PhaseEntered { phase, .. } => phases.push(PhaseSpan {
                title: Text::both(zh.phase(phase), en.phase(phase)),
                from: at,
                to: end,
            }),
            Fact::PhaseLeft { .. } => {
                if let Some(last) = phases.last_mut() {
                    last.to = at;
                }
            }
            _ => {}
        }
    }
    phases
}

fn levels(events: &[Event]) -> Vec<LevelSpan> {
    let changes = events.iter().filter_map(|event| match event.fact {
        Fact::LevelChanged { to, .. } => Some(LevelSpan { level: to, from: event.occurred_at }),
        _ => None,
    });
    let mut levels: Vec<LevelSpan> = changes.collect();
    levels.dedup_by_key(|span| span.level);
    levels
}

/// Returns the lane of whoever sees to a stage of a clock.
fn lane_of_clock(playbook: &Playbook, key: &ClockKey) -> Option<SmolStr> {
    let clock = playbook.clocks.iter().find(|clock| clock.id == key.clock)?;
    let of_step = || Some(lane_of(playbook, clock.met_by.get(&key.stage)?));
    clock.role.as_ref().map(|role| SmolStr::new(role.as_str())).or_else(of_step)
}
