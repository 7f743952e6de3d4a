//! A message on its way out, as the engine sees it: to whom, by which channels, what for. What it
//! says is rendered when it is committed; addresses are looked up when it is sent.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::clock::ClockKey;
use super::event::LadderSubject;
use super::limits::{CHANNEL_TIME, NOTICE_LIFE};
use super::omit::is_false;
use super::run::RunKey;
use crate::id::{ChannelId, MessageId, NoticeId, PersonId, RoleId};
use crate::playbook::Audience;
use crate::text::Text;

/// One message to one person or endpoint. It stays in the outbox until it has an end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    /// Its identity, constant over attempts and channels.
    pub id: NoticeId,
    /// To whom.
    pub to: Recipient,
    /// The channels, in the order they are tried; empty only where there is none, and then the
    /// notice ends at once with [`NoticeEnd::NoChannel`].
    pub via: Vec<ChannelId>,
    /// What for.
    pub purpose: Purpose,
    /// What it says.
    pub message: MessageRef,
    /// When the current channel has had its time and the next is tried; a late page is worthless.
    pub channel_until: Timestamp,
    /// When each of the channels is taken while nobody has acknowledged; empty means the first at
    /// once. Those beyond its end are taken only where the one before them fails.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub planned: Vec<Timestamp>,
    /// Until when it waits before it leaves at all: its reader rests, or takes pages that way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_until: Option<Timestamp>,
}

impl Notice {
    /// Returns when a channel has had its time that is begun at an instant: when the next one is
    /// due, else after what a channel is given at all.
    #[must_use]
    pub fn until(&self, channel: usize, begun: Timestamp) -> Timestamp {
        if let Some(next) = self.planned.get(channel + 1) {
            return (*next).max(begun);
        }
        let another_follows = channel + 1 < self.via.len();
        let time = if another_follows { CHANNEL_TIME } else { NOTICE_LIFE };
        begun.saturating_add(time).unwrap_or(Timestamp::MAX)
    }

    /// Returns when its first channel is taken, for a notice written at an instant.
    #[must_use]
    pub fn begins(&self, written: Timestamp) -> Timestamp {
        self.planned.first().copied().unwrap_or(written).max(written)
    }
}

/// To whom a notice goes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recipient {
    /// A person of the directory.
    Person(PersonId),
    /// An audience that is not persons: customers, regulators, a partner, a channel's own address.
    Audience(Audience),
}

/// What a notice is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "for", rename_all = "snake_case")]
pub enum Purpose {
    /// Please take this role.
    RolePage {
        /// The role.
        role: RoleId,
        /// Further roles asked of the same person at the same time; one page is enough.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        also: Vec<RoleId>,
    },
    /// Someone else took the role you were asked for.
    RoleTaken {
        /// The role.
        role: RoleId,
    },
    /// The role you hold is no more: the incident goes on by another plan.
    RoleReleased {
        /// The role.
        role: RoleId,
        /// What the old plan calls it.
        title: Text,
    },
    /// A step you hold is ready for you.
    StepReady {
        /// The run.
        key: RunKey,
        /// Further runs that became ready for the same person at the same time.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        also: Vec<RunKey>,
    },
    /// A step you hold will soon be overdue.
    StepWarning {
        /// The run.
        key: RunKey,
    },
    /// A step is overdue.
    StepOverdue {
        /// The run.
        key: RunKey,
    },
    /// A step failed.
    StepFailed {
        /// The run.
        key: RunKey,
        /// Further runs that failed in the same commit; one message names them all.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        also: Vec<RunKey>,
    },
    /// A rung of a ladder.
    Escalation {
        /// What it is climbed for.
        subject: LadderSubject,
        /// The whole ladder went unanswered; this is the last resort.
        #[serde(default, skip_serializing_if = "is_false")]
        unanswered: bool,
        /// What else is climbed for at the same time and calls the same person; one message names
        /// all.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        also: Vec<LadderSubject>,
    },
    /// The plan's own message, from a notify step.
    StepMessage {
        /// The run.
        key: RunKey,
    },
    /// The plan's own message, from a handler.
    HandlerMessage {
        /// The handler's position in the plan.
        handler: u32,
    },
    /// The commander must know: stuck, facts wanted, a role vacant, a notice that reached nobody.
    Commander {
        /// Which of these: `stuck`, `facts_wanted`, `role_vacant`, `notice_failed`,
        /// `waiting_overdue`, `ladder_exhausted`, `close_awaited`, `handed_off`, `clock_breached`,
        /// `waiver_asked`, `calendar_uncovered`, `nobody_answered`.
        about: SmolStr,
    },
    /// A statutory clock that you see to.
    Clock {
        /// Which.
        key: ClockKey,
        /// What there is to say.
        word: ClockWord,
        /// Further ones of which the same is said to the same person at the same time.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        also: Vec<ClockKey>,
    },
    /// The incident you were paged for was a false alarm or is over.
    Ended,
}

/// What there is to say of a clock to whoever sees to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockWord {
    /// It is due from now on.
    Started,
    /// It became shorter.
    Shortened,
    /// Part of its time has passed.
    Warning,
    /// Its time is over.
    Breached,
    /// It was submitted in time as far as was known, and was not.
    FoundLate,
    /// Someone proposes not to notify.
    WaiverAsked,
}

impl Purpose {
    /// Tells whether it is a page: it goes from way to way until its reader acknowledges it.
    #[must_use]
    pub const fn is_page(&self) -> bool {
        matches!(self, Self::RolePage { .. } | Self::Escalation { .. })
    }

    /// Returns what the ladders are climbed for that call its reader; none where it is no rung.
    pub fn ladders(&self) -> impl Iterator<Item = &LadderSubject> {
        let (first, also) = match self {
            Self::Escalation { subject, also, .. } => (Some(subject), also.as_slice()),
            _ => (None, &[][..]),
        };
        first.into_iter().chain(also)
    }

    /// Tells whether the reader is asked to act: such readers hear when it is over, and such
    /// notices are withdrawn when nothing is left to do.
    #[must_use]
    pub const fn asks_for_work(&self) -> bool {
        match self {
            Self::RolePage { .. }
            | Self::StepReady { .. }
            | Self::StepWarning { .. }
            | Self::StepOverdue { .. }
            | Self::StepFailed { .. }
            | Self::Escalation { .. }
            | Self::Clock { .. }
            | Self::Commander { .. } => true,
            Self::RoleTaken { .. }
            | Self::RoleReleased { .. }
            | Self::StepMessage { .. }
            | Self::HandlerMessage { .. }
            | Self::Ended => false,
        }
    }
}

/// What a notice says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageRef {
    /// A message of the plan.
    Plan(MessageId),
    /// A message of firebell, chosen by the purpose.
    BuiltIn,
}

/// How a notice ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "end", rename_all = "snake_case")]
pub enum NoticeEnd {
    /// The channel took it.
    Delivered {
        /// The channel.
        via: ChannelId,
        /// The notice in whose message it went, where many went as one; of those one is itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        within: Option<NoticeId>,
    },
    /// Every channel gave up.
    Failed {
        /// The last reason.
        why: String,
    },
    /// The gate held it back; counts as delivered for a step's `until`.
    HeldBack {
        /// Why.
        why: String,
    },
    /// Nobody needs it any more.
    Withdrawn,
    /// A person had no channel at all.
    NoChannel,
}
