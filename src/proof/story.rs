//! What led to a state, move after move, for people to read.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value as Json};

use super::moves::{Happens, Herald, Move};
use super::reading::Reading;
use super::round::Bounded;
use super::world::House;
use crate::id::{PhaseId, StepId};
use crate::text::{Lang, Text, count};

/// What led to a state.
#[derive(Debug, Clone, PartialEq)]
pub struct Story {
    /// What happened, in order.
    pub lines: Vec<Told>,
    /// The step it is about, where it is about one.
    pub step: Option<StepId>,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// How long after the declaration.
    pub after: SignedDuration,
    /// What happened.
    pub what: Text,
    /// The phase the incident is in after it, where it is another one.
    pub phase: Option<PhaseId>,
}

/// A move, and what it was taken to be.
#[derive(Debug, Clone)]
pub(super) struct Made {
    pub(super) by: Move,
    /// The way whose bound was spent by then: the same happened again and again.
    pub(super) spends: Option<Bounded>,
}

impl Story {
    /// Tells the moves by making them again.
    pub(super) fn new(house: &House<'_>, reading: &Reading<'_>, moves: &[&Made]) -> Self {
        let mut lines = Vec::with_capacity(moves.len());
        let mut state = None;
        let mut phase = None;
        let begun: Timestamp = house.now;
        for made in moves {
            let Some(mut moved) = house.make(reading, state.as_ref(), &made.by) else { break };
            let what = words(house, &made.by);
            let now = Some(moved.state.incident.phase.clone());
            let entered = now.clone().filter(|_| now != phase);
            phase = now;
            lines.push(Told {
                after: moved.state.now.duration_since(begun),
                what: made.spends.as_ref().map_or_else(|| what.clone(), |way| again(&what, way)),
                phase: entered,
            });
            if let Some(way) = &made.spends {
                way.spend(&mut moved.state);
            }
            state = Some(moved.state);
        }
        Self { lines, step: None }
    }

    pub(super) fn about(self, step: StepId) -> Self {
        Self { step: Some(step), ..self }
    }

    /// Renders it, a line a move.
    #[must_use]
    pub fn render(&self, lang: Lang) -> String {
        let mut text = String::new();
        for (number, line) in (1..).zip(&self.lines) {
            let after = minutes(line.after);
            let entered = line
                .phase
                .as_ref()
                .map(|phase| lang.pick(format!("，进入阶段 {phase}"), format!("; phase {phase}")));
            let what = line.what.get(lang);
            text.push_str(&format!(
                "    {number:>3}. +{after:<7} {what}{}\n",
                entered.unwrap_or_default()
            ));
        }
        text
    }
}

fn minutes(after: SignedDuration) -> String {
    let minutes = after.as_mins();
    match (minutes / 1_440, minutes / 60 % 24, minutes % 60) {
        (0, 0, minutes) => format!("{minutes}m"),
        (0, hours, minutes) => format!("{hours}h{minutes:02}m"),
        (days, hours, _) => format!("{days}d{hours:02}h"),
    }
}

/// Words a move.
fn words(house: &House<'_>, made: &Move) -> Text {
    match made {
        Move::Declare { inputs, by } => {
            let with = answers(inputs);
            let by = match by {
                Herald::Person => Text::both("有人宣告事件", "a person declares the incident"),
                Herald::Alert => Text::both("告警触发事件", "an alert declares the incident"),
                Herald::Surge => Text::both("激增触发事件", "a surge declares the incident"),
            };
            join(&by, &with)
        }
        Move::AlertEnds => Text::both("告警解除", "the alert is over"),
        Move::SurgeEnds => Text::both("激增平息", "the surge subsides"),
        Move::Submit => Text::both("法定事项全部报送", "what the law asks for is submitted"),
        Move::Close => Text::both("指挥关闭事件", "the commander closes the incident"),
        Move::Cancel => Text::both("指挥取消事件", "the commander cancels the incident"),
        Move::TimePasses => Text::both("无人行动，时间推移", "nobody acts and time passes"),
        Move::Step { step, item, act } => {
            let name = name(house, step, *item);
            happens(&name, act)
        }
    }
}

fn name(house: &House<'_>, step: &StepId, item: Option<u32>) -> Text {
    let title = house.playbook.step(step).and_then(|(_, step)| step.title.clone());
    let titled = |lang: Lang| {
        let title = title.as_ref().map(|title| title.get(lang).to_owned());
        let title = title.map_or_else(|| step.to_string(), |title| format!("{step} ({title})"));
        item.map_or_else(|| title.clone(), |item| format!("{title} #{}", item + 1))
    };
    Text::both(titled(Lang::Zh), titled(Lang::En))
}

fn happens(name: &Text, act: &Happens) -> Text {
    let (zh, en) = (name.get(Lang::Zh), name.get(Lang::En));
    match act {
        Happens::Complete(form) => {
            join(&Text::both(format!("{zh}：完成"), format!("{en}: done")), &answers(form))
        }
        Happens::Answer(option) => {
            Text::both(format!("{zh}：选择“{option}”"), format!("{en}: answered “{option}”"))
        }
        Happens::Approve => Text::both(format!("{zh}：通过"), format!("{en}: approved")),
        Happens::Reject => Text::both(format!("{zh}：被驳回"), format!("{en}: rejected")),
        Happens::Fail => Text::both(format!("{zh}：报告失败"), format!("{en}: reported as failed")),
        Happens::Skip => Text::both(format!("{zh}：跳过"), format!("{en}: skipped")),
        Happens::Retry => Text::both(format!("{zh}：重试"), format!("{en}: tried again")),
        Happens::Succeed => Text::both(format!("{zh}：成功"), format!("{en}: succeeds")),
        Happens::Break => Text::both(format!("{zh}：不成功"), format!("{en}: does not succeed")),
        Happens::Acknowledge => {
            Text::both(format!("{zh}：已被确认"), format!("{en}: acknowledged"))
        }
    }
}

/// Words a move that was made again and again.
fn again(what: &Text, way: &Bounded) -> Text {
    let Bounded { from, to, at_most, .. } = way;
    let (zh, en) = (what.get(Lang::Zh), what.get(Lang::En));
    let times = count(*at_most as usize, "time", "times");
    Text::both(
        format!("{zh}，如此反复，直到从 {from} 回到 {to} 的 {at_most} 次用完"),
        format!("{en}, and so again, until the way from {from} to {to} was taken {times}"),
    )
}

fn answers(form: &Map<String, Json>) -> String {
    let said: Vec<String> = form.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    said.join(", ")
}

fn join(text: &Text, with: &str) -> Text {
    if with.is_empty() {
        return text.clone();
    }
    let (zh, en) = (text.get(Lang::Zh), text.get(Lang::En));
    Text::both(format!("{zh}（{with}）"), format!("{en} ({with})"))
}
