//! What a drill makes happen, and when. Plain data.

use jiff::SignedDuration;
use serde_json::{Map, Value as Json};
use smol_str::SmolStr;

use crate::drill::cue::Cue;
use crate::engine::{AlertNote, Command, StepAct, StepRef, SurgeNote};
use crate::id::{ChannelId, PersonId, RoleId, StepId};
use crate::playbook::Condition;
use crate::playbook::Level;
use crate::text::{Lang, Text};

/// The most injects of a drill: more than any facilitator's script.
pub const INJECTS_MAX: usize = 200;

/// The most reports that may contradict each other in one inject; with more nobody sees the point.
pub const REPORTS_MAX: usize = 5;

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
    /// At a random instant between these times after the start.
    Within(SignedDuration, SignedDuration),
    /// So long after something happened in the incident for the first time.
    After {
        /// What.
        cue: Cue,
        /// How long after.
        wait: SignedDuration,
    },
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
    /// Somebody neither answers nor works.
    Absent {
        /// Who.
        who: Absentee,
        /// How long.
        span: SignedDuration,
    },
    /// Something is wrong with channels.
    Channel {
        /// Which.
        which: Channels,
        /// What.
        fault: ChannelFault,
        /// How long.
        span: SignedDuration,
    },
    /// Whoever has a role, or is asked to take it, is slower. Modelled people are; with real people
    /// it is a note for those who lead the drill.
    Slow {
        /// The role.
        role: RoleId,
        /// How many times as long they take.
        times: f64,
        /// How long.
        span: SignedDuration,
    },
    /// Reports that disagree.
    Contradict(Vec<Report>),
    /// The clock of the drill jumps forward.
    ClockJump(SignedDuration),
    /// The level is set.
    Level(Level),
    /// A step fails, now or at its next attempt.
    Fail(StepId),
}

/// Who is absent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Absentee {
    /// Whoever has a role.
    Role(RoleId),
    /// A person.
    Person(PersonId),
}

/// Which channels an inject is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Channels {
    /// All of them.
    All,
    /// One.
    One(ChannelId),
}

/// What is wrong with a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChannelFault {
    /// It takes nothing.
    Down,
    /// Messages leave so much later.
    Slow(SignedDuration),
    /// Messages are delivered twice.
    Twice,
}

/// What someone says.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Who.
    pub from: SmolStr,
    /// What they say.
    pub text: Text,
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
            Self::Absent { who: Absentee::Role(role), span } => Text::both(
                format!("{role} 缺席 {span:#}"),
                format!("{role} is absent for {span:#}"),
            ),
            Self::Absent { who: Absentee::Person(person), span } => Text::both(
                format!("{person} 缺席 {span:#}"),
                format!("{person} is absent for {span:#}"),
            ),
            Self::Channel { which, fault, span } => channel_words(which, *fault, *span),
            Self::Slow { role, times, span } => Text::both(
                format!("{role} 在 {span:#} 内用时为平常的 {times} 倍"),
                format!("{role} takes {times} times as long for {span:#}"),
            ),
            Self::Contradict(reports) => each(&|lang| {
                let said = reports.iter().map(|report| report.words(lang)).collect::<Vec<_>>();
                format!("{}{}", lang.pick("说法矛盾：", "reports disagree: "), said.join(" ⇄ "))
            }),
            Self::ClockJump(by) => Text::both(
                format!("演练时钟向前跳 {by:#}"),
                format!("the clock of the drill jumps {by:#} ahead"),
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
        in_both(&self.describe())
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
            Self::Channel { fault: ChannelFault::Down, .. } => "channel_down",
            Self::Channel { fault: ChannelFault::Slow(_), .. } => "channel_slow",
            Self::Channel { fault: ChannelFault::Twice, .. } => "channel_twice",
            Self::Slow { .. } => "slow",
            Self::Contradict(_) => "contradict",
            Self::ClockJump(_) => "clock_jump",
            Self::Level(_) => "level",
            Self::Fail(_) => "fail",
        }
    }

    /// Returns what it asks of the incident, in order. What the incident itself does not notice
    /// (someone speaks up, is absent, a channel is down) is written into its timeline.
    #[must_use]
    pub fn commands(&self) -> Vec<Command> {
        let reason = || REASON.to_owned();
        vec![match self {
            Self::Alert(alert) => Command::Alert { alert: alert.clone(), resolved: false },
            Self::Surge { surge, over } => Command::Surge { surge: surge.clone(), over: *over },
            Self::Set(values) => Command::Inject { values: values.clone() },
            Self::Level(level) => Command::SetLevel { level: *level, reason: reason() },
            Self::Fail(step) => Command::Step {
                step: StepRef::current(step.clone()),
                act: StepAct::Fail { reason: reason() },
            },
            Self::Contradict(reports) => return contradicting(reports),
            Self::Message { .. }
            | Self::Absent { .. }
            | Self::Channel { .. }
            | Self::Slow { .. }
            | Self::ClockJump(_) => Command::Note { text: self.in_words() },
        }]
    }
}

impl Report {
    fn words(&self, lang: Lang) -> String {
        format!("[{}] {}", self.from, self.text.get(lang))
    }
}

/// Writes one note for each report: they reach those who take part one by one, as reports do.
fn contradicting(reports: &[Report]) -> Vec<Command> {
    let all = reports.len();
    let note = |(n, report): (usize, &Report)| {
        let nth = n + 1;
        let words = Text::both(
            format!("说法矛盾 {nth}/{all}：{}", report.words(Lang::Zh)),
            format!("contradicting report {nth} of {all}: {}", report.words(Lang::En)),
        );
        Command::Note { text: in_both(&words) }
    };
    reports.iter().enumerate().map(note).collect()
}

fn in_both(words: &Text) -> String {
    let (zh, en) = (words.get(Lang::Zh), words.get(Lang::En));
    if zh == en { zh.to_owned() } else { format!("{zh} / {en}") }
}

fn channel_words(which: &Channels, fault: ChannelFault, span: SignedDuration) -> Text {
    let each = |word: &dyn Fn(Lang) -> String| Text::both(word(Lang::Zh), word(Lang::En));
    each(&|lang| {
        let name = match which {
            Channels::All => lang.pick("所有渠道", "every channel").to_owned(),
            Channels::One(channel) => {
                lang.pick(format!("渠道 {channel}"), format!("channel {channel}"))
            }
        };
        match fault {
            ChannelFault::Down => {
                lang.pick(format!("{name} 中断 {span:#}"), format!("{name} is down for {span:#}"))
            }
            ChannelFault::Slow(by) => lang.pick(
                format!("{name} 在 {span:#} 内晚 {by:#} 送出"),
                format!("{name} is {by:#} late for {span:#}"),
            ),
            ChannelFault::Twice => lang.pick(
                format!("{name} 在 {span:#} 内重复送达"),
                format!("{name} delivers twice for {span:#}"),
            ),
        }
    })
}
