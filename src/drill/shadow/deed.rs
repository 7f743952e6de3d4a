//! What people did in a live incident and what reached it, one after another, as its journal has it.
//! What the plan's own rules made of it is left out: another plan may make it otherwise. Pure; it must
//! not know the rehearsal.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value as Json};
use smol_str::SmolStr;

use crate::drill::past::{End, from_outside, plain};
use crate::engine::{Command, Event, Fact, FailureCause, Purpose, RunKey, SkipReason, ValueSource};
use crate::id::{NoticeId, PersonId, RoleId, StepId};
use crate::text::{Lang, Text};

/// Something that was done, or that reached the incident.
#[derive(Debug, Clone)]
pub struct Deed {
    /// The event that tells of it: its place in the journal, and which of what that event tells.
    pub place: Place,
    /// When it was recorded.
    pub at: Timestamp,
    /// Who did it; nobody where it came from outside or from a program.
    pub by: Option<PersonId>,
    /// What.
    pub what: What,
}

/// Where a deed is told: the place of the event in the journal, and the how manieth deed of that
/// event it is.
pub type Place = (u64, u32);

/// What was done.
#[derive(Debug, Clone)]
pub enum What {
    /// Something reached the incident, or somebody changed it as a whole.
    Heard(Command),
    /// Somebody has a role now.
    Took(RoleId),
    /// Somebody will not take a role.
    Declined(RoleId, Option<String>),
    /// Somebody laid a role down.
    Released(RoleId),
    /// Somebody has seen a step's message.
    Saw(StepId),
    /// Somebody worked on a step.
    Worked(Spot, Work),
}

/// A step, or one item of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spot {
    /// The step.
    pub step: StepId,
    /// The position of the item, of a for-each.
    pub item: Option<u32>,
}

/// What was done on a step.
#[derive(Debug, Clone, PartialEq)]
pub enum Work {
    /// It was begun.
    Began,
    /// An item of its checklist was ticked or unticked.
    Checked {
        /// Its path of positions.
        item: SmolStr,
        /// Ticked.
        done: bool,
    },
    /// Consent was given.
    Approved {
        /// A remark.
        note: Option<String>,
    },
    /// It was brought to its end.
    Ended {
        /// How.
        end: End,
        /// What was filled in.
        form: Map<String, Json>,
    },
    /// A failed one was tried again.
    Retried,
    /// One that was settled was taken up again.
    Reopened(String),
}

/// Reads what was done from a journal, oldest first. How the incident was declared is not among it.
#[must_use]
pub fn deeds(events: &[Event]) -> Vec<Deed> {
    let mut reader = Reader { messages: BTreeMap::new(), forms: forms(events) };
    let mut deeds = Vec::new();
    // The declaration's own consequences follow it without anyone's doing anything.
    let begun = |event: &Event| matches!(event.fact, Fact::Declared { .. });
    let declared = events.iter().take_while(|event| begun(event) || event.cause.is_some()).count();
    for (position, event) in events.iter().enumerate() {
        let told = reader.read(event);
        if position < declared {
            continue;
        }
        for (by, what) in told {
            let nth = deeds.iter().rev().take_while(|deed: &&Deed| deed.place.0 == event.seq);
            let nth = u32::try_from(nth.count()).unwrap_or(u32::MAX);
            deeds.push(Deed { place: (event.seq, nth), at: event.recorded_at, by, what });
        }
    }
    deeds
}

struct Reader {
    /// Of which step each message is.
    messages: BTreeMap<NoticeId, StepId>,
    forms: BTreeMap<RunKey, Map<String, Json>>,
}

impl Reader {
    fn read(&mut self, event: &Event) -> Vec<(Option<PersonId>, What)> {
        let person = event.actor.acting_person().cloned();
        if let Fact::NoticeQueued { notice } = &event.fact
            && let Purpose::StepMessage { key } = &notice.purpose
        {
            self.messages.insert(notice.id, key.step.clone());
        }
        let one = match &event.fact {
            Fact::RoleAcknowledged { role, by, .. } => (by.clone(), What::Took(role.clone())),
            Fact::RoleDeclined { role, by, reason } => {
                (by.clone(), What::Declined(role.clone(), reason.clone()))
            }
            Fact::RoleReleased { role, by } => (by.clone(), What::Released(role.clone())),
            Fact::NoticeAcknowledged { notice, by } => match self.messages.get(notice) {
                Some(step) => (by.clone(), What::Saw(step.clone())),
                None => return Vec::new(),
            },
            Fact::StepApproved { key, by, note } => {
                (by.clone(), What::Worked(spot(key), Work::Approved { note: note.clone() }))
            }
            // What follows from an act is for the rehearsal's own rules to say.
            fact => match (self.work(fact), person.filter(|_| event.cause.is_none())) {
                (Some((key, work)), Some(person)) => (person, What::Worked(spot(key), work)),
                _ => return heard(event),
            },
        };
        vec![(Some(one.0), one.1)]
    }

    /// Returns what a fact says of the work on a step, where it speaks of people's work.
    fn work<'e>(&self, fact: &'e Fact) -> Option<(&'e RunKey, Work)> {
        let ended = |key: &RunKey, end: End| {
            let form = self.forms.get(key).cloned().unwrap_or_default();
            Work::Ended { end, form }
        };
        Some(match fact {
            Fact::StepStarted { key } => (key, Work::Began),
            Fact::StepChecked { key, item, done } => {
                (key, Work::Checked { item: item.clone(), done: *done })
            }
            Fact::StepDone { key, answer, .. } => (key, ended(key, End::Done(answer.clone()))),
            Fact::StepFailed {
                key,
                cause: FailureCause::ByPerson | FailureCause::Rejected,
                why,
                ..
            } => (key, ended(key, End::Failed(why.clone()))),
            Fact::StepSkipped { key, reason: SkipReason::ByPerson { reason } } => {
                (key, ended(key, End::Skipped(reason.clone())))
            }
            Fact::StepRetried { key } => (key, Work::Retried),
            Fact::StepReopened { key, reason } => (key, Work::Reopened(reason.clone())),
            _ => return None,
        })
    }
}

/// Collects what was filled in, run by run: it is told before the run's end, or after it.
fn forms(events: &[Event]) -> BTreeMap<RunKey, Map<String, Json>> {
    let mut forms: BTreeMap<RunKey, Map<String, Json>> = BTreeMap::new();
    for event in events {
        if let Fact::VariablesSet { values, source: ValueSource::Form { key }, .. } = &event.fact {
            forms.entry(key.clone()).or_default().extend(plain(values));
        }
    }
    forms
}

/// Returns what an event tells that is nobody's work on a step. What became known in whatever way is
/// known in the rehearsal too, but for what a plan reckoned itself.
fn heard(event: &Event) -> Vec<(Option<PersonId>, What)> {
    let by = event.actor.acting_person();
    let learned = match &event.fact {
        Fact::VariablesSet {
            values,
            source: ValueSource::Form { .. } | ValueSource::Saved { .. } | ValueSource::Child { .. },
            ..
        } => plain(values),
        // That the incident is over ends the rehearsal in its own way.
        Fact::Cancelled { .. } => return Vec::new(),
        _ => Map::new(),
    };
    let learned = learned.into_iter().map(|one| Command::Inject { values: Map::from_iter([one]) });
    let commands = from_outside(event).into_iter().chain(learned);
    commands.map(|command| (by.cloned(), What::Heard(command))).collect()
}

fn spot(key: &RunKey) -> Spot {
    Spot { step: key.step.clone(), item: key.item }
}

impl Deed {
    /// Says what it was, for those who ask what the rehearsal had no place for.
    #[must_use]
    pub fn describe(&self) -> Text {
        let by = self.by.as_ref().map(|by| format!("{by}: ")).unwrap_or_default();
        let each = |word: &dyn Fn(Lang) -> String| {
            Text::both(format!("{by}{}", word(Lang::Zh)), format!("{by}{}", word(Lang::En)))
        };
        match &self.what {
            What::Heard(command) => each(&|lang| heard_words(command, lang)),
            What::Took(role) => {
                each(&|lang| lang.pick(format!("担任 {role}"), format!("took {role}")))
            }
            What::Declined(role, _) => {
                each(&|lang| lang.pick(format!("不担任 {role}"), format!("declined {role}")))
            }
            What::Released(role) => {
                each(&|lang| lang.pick(format!("卸任 {role}"), format!("laid down {role}")))
            }
            What::Saw(step) => each(&|lang| {
                lang.pick(format!("已读 {step} 的消息"), format!("saw the message of {step}"))
            }),
            What::Worked(spot, work) => each(&|lang| spot.words(work, lang)),
        }
    }
}

impl Spot {
    fn words(&self, work: &Work, lang: Lang) -> String {
        let step = match self.item {
            None => self.step.to_string(),
            Some(item) => format!("{}:{item}", self.step),
        };
        let (zh, en) = match work {
            Work::Began => ("开始", "begun"),
            Work::Checked { .. } => ("勾选清单", "an item ticked"),
            Work::Approved { .. } => ("同意", "approved"),
            Work::Ended { end: End::Done(_), .. } => ("完成", "done"),
            Work::Ended { end: End::Failed(_), .. } => ("失败", "failed"),
            Work::Ended { end: End::Skipped(_), .. } => ("跳过", "skipped"),
            Work::Retried => ("重试", "tried again"),
            Work::Reopened(_) => ("重新处理", "taken up again"),
        };
        lang.pick(format!("步骤 {step}：{zh}"), format!("step {step}: {en}"))
    }
}

fn heard_words(command: &Command, lang: Lang) -> String {
    let named =
        |zh: &str, en: &str, name: &str| lang.pick(format!("{zh} {name}"), format!("{en} {name}"));
    match command {
        Command::Inject { values } => {
            let names: Vec<&str> = values.keys().map(String::as_str).collect();
            named("得知", "became known:", &names.join(", "))
        }
        Command::Alert { alert, .. } => named("告警", "alert", &alert.name),
        Command::Surge { surge, .. } => named("激增", "surge", &surge.monitor),
        Command::Measure { name, .. } => named("测得", "measured", name.as_str()),
        Command::SetMoment { moment, .. } => {
            named("时刻", "moment", &SmolStr::from(moment.clone()))
        }
        Command::SetLevel { level, .. } => named("定级", "level", &level.to_string()),
        Command::MovePhase { to, .. } => named("进入阶段", "moved to phase", to.as_str()),
        Command::Clock { clock, .. } => named("法定时限", "clock", clock.clock.as_str()),
        Command::Pause { .. } => lang.pick("暂停", "paused").to_owned(),
        Command::Resume => lang.pick("恢复", "resumed").to_owned(),
        _ => lang.pick("其他", "something else").to_owned(),
    }
}
