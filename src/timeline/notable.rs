//! What did not go as planned: skipped, late, failed, escalated, and why.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::names::Names;
use super::reason;
use super::rows::is_recorded_late;
use super::sentence::{failure_cause, ladder_subject, skip_reason};
use super::span;
use super::story::Story;
use crate::engine::{DeadlineName, Event, Fact, LadderSubject, RunKey};
use crate::text::{Lang, Text, count};

/// One thing that did not go as planned.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Notable {
    /// When.
    pub at: Timestamp,
    /// The event that says so.
    pub seq: u64,
    /// In which way.
    pub kind: NotableKind,
    /// What it is about.
    pub what: Text,
    /// Why, and what became of it.
    pub why: Text,
}

/// In which way something did not go as planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NotableKind {
    /// A step was left out.
    Skipped,
    /// A deadline passed.
    Late,
    /// A step failed.
    Failed,
    /// A ladder was climbed.
    Escalated,
    /// A role had nobody, or those asked were silent.
    Unanswered,
    /// Something was written down afterwards.
    RecordedLate,
}

impl NotableKind {
    /// Returns the word for it.
    #[must_use]
    pub fn word(self, lang: Lang) -> &'static str {
        match self {
            Self::Skipped => lang.pick("跳过", "skipped"),
            Self::Late => lang.pick("逾期", "late"),
            Self::Failed => lang.pick("失败", "failed"),
            Self::Escalated => lang.pick("升级", "escalated"),
            Self::Unanswered => lang.pick("无人应答", "unanswered"),
            Self::RecordedLate => lang.pick("补记", "recorded late"),
        }
    }
}

/// Lists them in the order they happened.
pub(super) fn notables(story: &Story<'_>) -> Vec<Notable> {
    let [zh, en] = Lang::ALL.map(|lang| Names::new(story, lang));
    let ends = Ends::of(story.events);
    let mut found = Vec::new();
    for event in story.events {
        let Some(kind) = kind(event) else { continue };
        zh.speak_of(event);
        en.speak_of(event);
        let (what_zh, why_zh) = words(&zh, &ends, story.as_of, event);
        let (what_en, why_en) = words(&en, &ends, story.as_of, event);
        found.push(Notable {
            at: event.occurred_at,
            seq: event.seq,
            kind,
            what: Text::both(what_zh, what_en),
            why: Text::both(why_zh, why_en),
        });
    }
    found.sort_by_key(|notable| (notable.at, notable.seq));
    found
}

fn kind(event: &Event) -> Option<NotableKind> {
    match &event.fact {
        Fact::StepSkipped { .. } => Some(NotableKind::Skipped),
        Fact::StepOverdue { .. } => Some(NotableKind::Late),
        Fact::StepFailed { retry_at: None, .. } => Some(NotableKind::Failed),
        Fact::LadderArmed { .. } => Some(NotableKind::Escalated),
        Fact::RoleUnanswered { .. } | Fact::RoleVacant { .. } => Some(NotableKind::Unanswered),
        _ if is_recorded_late(event) && is_work(&event.fact) => Some(NotableKind::RecordedLate),
        _ => None,
    }
}

/// Tells whether an event is a person's work, which may be written down afterwards.
const fn is_work(fact: &Fact) -> bool {
    matches!(fact, Fact::StepDone { .. } | Fact::StepFailed { .. } | Fact::RoleAcknowledged { .. })
}

/// How things that went wrong ended.
struct Ends<'a> {
    /// When a run was begun and when it settled.
    begun: BTreeMap<&'a RunKey, Timestamp>,
    settled: BTreeMap<&'a RunKey, Timestamp>,
    /// The rungs that fired and why the ladder stopped, by the event that armed it.
    climbs: BTreeMap<u64, (u32, Option<&'a str>)>,
}

impl<'a> Ends<'a> {
    fn of(events: &'a [Event]) -> Self {
        let mut ends =
            Self { begun: BTreeMap::new(), settled: BTreeMap::new(), climbs: BTreeMap::new() };
        let mut climbing: BTreeMap<&LadderSubject, u64> = BTreeMap::new();
        for event in events {
            match &event.fact {
                Fact::StepStarted { key } => {
                    ends.begun.entry(key).or_insert(event.occurred_at);
                }
                Fact::StepDone { key, .. }
                | Fact::StepFailed { key, retry_at: None, .. }
                | Fact::StepSkipped { key, .. }
                | Fact::StepCancelled { key, .. } => {
                    ends.settled.entry(key).or_insert(event.occurred_at);
                }
                Fact::LadderArmed { subject, .. } => {
                    climbing.insert(subject, event.seq);
                    ends.climbs.insert(event.seq, (0, None));
                }
                Fact::RungFired { subject, .. } => {
                    if let Some(climb) =
                        climbing.get(subject).and_then(|seq| ends.climbs.get_mut(seq))
                    {
                        climb.0 += 1;
                    }
                }
                Fact::LadderStopped { subject, why } => {
                    if let Some(climb) =
                        climbing.get(subject).and_then(|seq| ends.climbs.get_mut(seq))
                    {
                        climb.1 = Some(why);
                    }
                }
                _ => {}
            }
        }
        ends
    }
}

/// Says what it is about, and why or what became of it.
fn words(names: &Names<'_>, ends: &Ends<'_>, as_of: Timestamp, event: &Event) -> (String, String) {
    match &event.fact {
        Fact::StepSkipped { key, reason } => (names.run(key), skip_reason(names, reason)),
        Fact::StepFailed { key, cause, why, .. } => {
            let (cause, why) = (failure_cause(names, *cause), reason::explain(why, names.lang));
            let colon = names.lang.pick("：", ": ");
            let why =
                if why.is_empty() { cause.to_owned() } else { format!("{cause}{colon}{why}") };
            (names.run(key), why)
        }
        Fact::StepOverdue { key, which } => {
            let end = match which {
                DeadlineName::Start => ends.begun.get(key).or_else(|| ends.settled.get(key)),
                DeadlineName::Due => ends.settled.get(key),
            };
            (names.run(key), late(names, *which, event.occurred_at, end.copied(), as_of))
        }
        Fact::LadderArmed { subject, .. } => {
            let (rungs, stopped) = ends.climbs.get(&event.seq).copied().unwrap_or_default();
            (ladder_subject(names, subject), climbed(names, rungs, stopped))
        }
        Fact::RoleUnanswered { role, asked } => {
            let asked = names.people(asked);
            let why = names.lang.pick(format!("{asked}未应答"), format!("{asked} did not answer"));
            (names.role(role), why)
        }
        Fact::RoleVacant { role, .. } => {
            let why = names.lang.pick("候选人都已找过", "everyone on the list was asked");
            (names.role(role), why.to_owned())
        }
        fact => {
            let lag = event.recorded_at.duration_since(event.occurred_at);
            let lag = span::say(lag, names.lang);
            let why = names.lang.pick(format!("事后 {lag}登记"), format!("recorded {lag} later"));
            (work(names, fact), why)
        }
    }
}

fn late(
    names: &Names<'_>,
    which: DeadlineName,
    at: Timestamp,
    end: Option<Timestamp>,
    as_of: Timestamp,
) -> String {
    let by = span::say(end.unwrap_or(as_of).duration_since(at), names.lang);
    match (which, end) {
        (DeadlineName::Start, Some(_)) => {
            names.lang.pick(format!("晚 {by}开始"), format!("begun {by} late"))
        }
        (DeadlineName::Due, Some(_)) => {
            names.lang.pick(format!("晚 {by}结束"), format!("ended {by} late"))
        }
        (DeadlineName::Start, None) => {
            names.lang.pick(format!("未开始，已晚 {by}"), format!("not begun, {by} late so far"))
        }
        (DeadlineName::Due, None) => {
            names.lang.pick(format!("未结束，已晚 {by}"), format!("not ended, {by} late so far"))
        }
    }
}

fn climbed(names: &Names<'_>, rungs: u32, stopped: Option<&str>) -> String {
    let climbed = match rungs {
        0 => names.lang.pick("未触发任何一级".to_owned(), "no rung fired".to_owned()),
        n => names.lang.pick(format!("触发 {n} 级"), count(n, "rung fired", "rungs fired")),
    };
    let end = match stopped {
        Some("acted") => names.lang.pick("，有人处理后停止", ", until someone acted"),
        Some("settled") => names.lang.pick("，事由解除后停止", ", until the reason went away"),
        Some("exhausted") => names.lang.pick("，始终无人处理", ", and nobody acted"),
        Some(_) => names.lang.pick("，随事件结束", ", until the incident ended"),
        None => names.lang.pick("，仍在升级", ", and it goes on"),
    };
    climbed + end
}

fn work(names: &Names<'_>, fact: &Fact) -> String {
    match fact {
        Fact::StepDone { key, .. } | Fact::StepFailed { key, .. } => names.run(key),
        Fact::RoleAcknowledged { role, .. } => names.role(role),
        _ => String::new(),
    }
}
