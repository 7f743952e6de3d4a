//! What a drill makes happen, and when. Plain data.

use jiff::SignedDuration;
use serde_json::{Map, Value as Json};
use smol_str::SmolStr;

use crate::engine::{AlertNote, Command, StepAct, StepRef, SurgeNote};
use crate::id::{ChannelId, RoleId, StepId};
use crate::playbook::Condition;
use crate::playbook::Level;
use crate::text::{Lang, Text};

/// The most injects of a drill: more than any facilitator's script.
pub const INJECTS_MAX: usize = 200;

/// What a drill gives as its reason.
pub const REASON: &str = "演练 / drill";

/// Something a drill makes happen, once.
#[derive(Debug)]
pub struct Inject {
    /// When.
    pub trigger: Trigger,
    /// What.
    pub act: InjectAct,
}

/// When an inject happens.
#[derive(Debug)]
pub enum Trigger {
    /// So long after the start.
    At(SignedDuration),
    /// As soon as a condition holds; unknown counts as false.
    When(Condition),
}

/// What an inject does.
#[derive(Debug, Clone, PartialEq)]
pub enum InjectAct {
    /// An alert reaches the drill's incident, or begins it.
    Alert(AlertNote),
    /// A monitor reports a surge to the drill's incident, or begins it with one.
    Surge {
        /// What it reports.
        surge: SurgeNote,
        /// The surge has subsided.
        over: bool,
    },
    /// Variables become known or change.
    Set(Map<String, Json>),
    /// Someone outside speaks up.
    Message {
        /// Who.
        from: SmolStr,
        /// What they say.
        text: Text,
    },
    /// Whoever has the role neither answers nor works.
    Absent {
        /// The role.
        role: RoleId,
        /// How long.
        span: SignedDuration,
    },
    /// A channel takes nothing.
    ChannelDown {
        /// The channel.
        channel: ChannelId,
        /// How long.
        span: SignedDuration,
    },
    /// The level is set.
    Level(Level),
    /// A step fails, now or at its next attempt.
    Fail(StepId),
}

impl InjectAct {
    /// Says what happens, for the timeline.
    #[must_use]
    pub fn describe(&self) -> Text {
        let each = |f: &dyn Fn(Lang) -> String| Text::both(f(Lang::Zh), f(Lang::En));
        match self {
            Self::Alert(alert) => {
                each(&|lang| format!("{}{}", lang.pick("告警：", "alert: "), alert.name))
            }
            Self::Surge { surge, over: true } => Text::both(
                format!("投诉回落：监测 {}", surge.monitor),
                format!("the surge subsides: monitor {}", surge.monitor),
            ),
            Self::Surge { surge, over: false } => Text::both(
                format!("投诉激增：监测 {}，{} 件", surge.monitor, surge.count),
                format!("surge: monitor {}, {} counted", surge.monitor, surge.count),
            ),
            Self::Set(values) => each(&|lang| {
                let list: Vec<String> = values.iter().map(|(k, v)| format!("{k} = {v}")).collect();
                format!("{}{}", lang.pick("情况变化：", "the situation changes: "), list.join(", "))
            }),
            Self::Message { from, text } => each(&|lang| format!("[{from}] {}", text.get(lang))),
            Self::Absent { role, span } => Text::both(
                format!("{role} 缺席 {span:#}"),
                format!("{role} is absent for {span:#}"),
            ),
            Self::ChannelDown { channel, span } => Text::both(
                format!("渠道 {channel} 中断 {span:#}"),
                format!("channel {channel} is down for {span:#}"),
            ),
            Self::Level(level) => {
                Text::both(format!("等级改为 {level}"), format!("the level becomes {level}"))
            }
            Self::Fail(step) => Text::both(format!("步骤 {step} 失败"), format!("{step} fails")),
        }
    }

    /// Says what happens in both languages at once, for the timeline.
    #[must_use]
    pub fn in_words(&self) -> String {
        let words = self.describe();
        let (zh, en) = (words.get(Lang::Zh), words.get(Lang::En));
        if zh == en { zh.to_owned() } else { format!("{zh} / {en}") }
    }

    /// Returns the word that drill files have for it.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Alert(_) => "alert",
            Self::Surge { .. } => "surge",
            Self::Set(_) => "set",
            Self::Message { .. } => "message",
            Self::Absent { .. } => "absent",
            Self::ChannelDown { .. } => "channel_down",
            Self::Level(_) => "level",
            Self::Fail(_) => "fail",
        }
    }

    /// Returns what it asks of the incident. What the incident itself does not notice (someone
    /// speaks up, is absent, a channel is down) is written into its timeline.
    #[must_use]
    pub fn command(&self) -> Command {
        let reason = || REASON.to_owned();
        match self {
            Self::Alert(alert) => Command::Alert { alert: alert.clone(), resolved: false },
            Self::Surge { surge, over } => Command::Surge { surge: surge.clone(), over: *over },
            Self::Set(values) => Command::Inject { values: values.clone() },
            Self::Level(level) => Command::SetLevel { level: *level, reason: reason() },
            Self::Fail(step) => Command::Step {
                step: StepRef::current(step.clone()),
                act: StepAct::Fail { reason: reason() },
            },
            Self::Message { .. } | Self::Absent { .. } | Self::ChannelDown { .. } => {
                Command::Note { text: self.in_words() }
            }
        }
    }
}
