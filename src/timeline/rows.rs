//! The rows of a timeline: one for every event worth reading.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::names::Names;
use super::sentence::{self, Tone};
use super::story::Story;
use crate::engine::{Event, Fact, Family, Reference, RunKey};
use crate::id::VarId;
use crate::text::{Lang, Text};

/// How much later than it happened an event must have been recorded to count as written down
/// afterwards: a person who acts and then taps is not late.
pub const RECORDED_LATE_AFTER: SignedDuration = SignedDuration::from_mins(2);

/// One row.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// The event's place in the stream.
    pub seq: u64,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// It was written down afterwards.
    pub recorded_late: bool,
    /// Who did it.
    pub actor: Text,
    /// What kind of thing it is about.
    pub class: Class,
    /// The event's kind as it is stored: `step_done`.
    pub code: String,
    /// How to take it.
    pub tone: Tone,
    /// What happened.
    pub text: Text,
    /// The personal values that became known, each by the reference it can be erased by.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub personal: BTreeMap<VarId, Reference>,
}

/// What a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// The incident as a whole.
    Incident,
    /// Its level, and what is known.
    Level,
    /// A role.
    Role,
    /// A step.
    Step,
    /// An escalation.
    Escalation,
    /// An objective, or a rule of the plan.
    Objective,
    /// A statutory clock.
    Clock,
    /// A message or request.
    Notice,
}

impl Class {
    const fn of(family: Family) -> Self {
        match family {
            Family::Lifecycle => Self::Incident,
            Family::Level => Self::Level,
            Family::Role => Self::Role,
            Family::Step => Self::Step,
            Family::Ladder | Family::Attention => Self::Escalation,
            Family::Rule => Self::Objective,
            Family::Clock => Self::Clock,
            Family::Outbox => Self::Notice,
            Family::Kin => Self::Incident,
        }
    }

    /// Returns the word for it.
    #[must_use]
    pub fn word(self, lang: Lang) -> &'static str {
        match self {
            Self::Incident => lang.pick("事件", "incident"),
            Self::Level => lang.pick("等级", "level"),
            Self::Role => lang.pick("角色", "role"),
            Self::Step => lang.pick("步骤", "step"),
            Self::Escalation => lang.pick("升级", "escalation"),
            Self::Objective => lang.pick("目标", "objective"),
            Self::Clock => lang.pick("法定时限", "clock"),
            Self::Notice => lang.pick("通知", "notice"),
        }
    }
}

/// Tells the rows in the order things happened; what happened at one instant keeps its order.
pub(super) fn rows(story: &Story<'_>) -> Vec<Row> {
    let [zh, en] = Lang::ALL.map(|lang| Names::new(story, lang));
    let done = done_at_a_stroke(story);
    let worth = |event: &&Event| !is_noise(&zh, &done, event);
    let mut rows: Vec<Row> =
        story.events.iter().filter(worth).filter_map(|event| row(&zh, &en, event)).collect();
    rows.sort_by_key(|row| (row.occurred_at, row.seq));
    rows
}

/// Lists the runs that ended at an instant: a beginning at the same one says nothing more.
fn done_at_a_stroke<'a>(story: &Story<'a>) -> BTreeSet<(&'a RunKey, Timestamp)> {
    let ended = story.events.iter().filter_map(|event| match &event.fact {
        Fact::StepDone { key, .. } | Fact::StepFailed { key, .. } => Some((key, event.occurred_at)),
        _ => None,
    });
    ended.collect()
}

/// Tells whether the rows beside it say all that an event does.
fn is_noise(names: &Names<'_>, done: &BTreeSet<(&RunKey, Timestamp)>, event: &Event) -> bool {
    match &event.fact {
        Fact::StepStarted { key } => done.contains(&(key, event.occurred_at)),
        // What no person does begins by itself.
        Fact::StepReady { key, .. } => {
            names.speak_of(event);
            names.plan().step(&key.step).is_some_and(|(_, step)| !step.action.is_human())
        }
        _ => false,
    }
}

fn row(zh: &Names<'_>, en: &Names<'_>, event: &Event) -> Option<Row> {
    let (tone, text) = sentence::say(zh, event)?;
    let (_, english) = sentence::say(en, event)?;
    Some(Row {
        seq: event.seq,
        occurred_at: event.occurred_at,
        recorded_at: event.recorded_at,
        recorded_late: is_recorded_late(event),
        actor: Text::both(zh.actor(&event.actor), en.actor(&event.actor)),
        class: Class::of(event.fact.family()),
        code: sentence::code(&event.fact),
        tone,
        text: Text::both(text, english),
        personal: match &event.fact {
            Fact::VariablesSet { sealed, .. } => sealed.clone(),
            _ => BTreeMap::new(),
        },
    })
}

/// Tells whether an event was written down markedly after it happened.
pub(super) fn is_recorded_late(event: &Event) -> bool {
    event.recorded_at.duration_since(event.occurred_at) > RECORDED_LATE_AFTER
}
