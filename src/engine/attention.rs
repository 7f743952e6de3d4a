//! Seeking somebody's attention, as an incident keeps it: a page that goes from way to way until it
//! is acknowledged, rungs that do not count now, ladders that several must answer, and the end of a
//! ladder that nobody answered. Every instant is absolute by the time it is here (Meaning 13).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::event::LadderSubject;
use crate::id::{ChannelId, NoticeId, PersonId};

/// What happened to a page or a ladder while attention was sought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum AttentionFact {
    /// A way took a page, and another follows unless it is acknowledged. Legal while the page is in
    /// the outbox, where it stays.
    Reached {
        /// The page.
        notice: NoticeId,
        /// The way that took it.
        via: ChannelId,
        /// The notice in whose message it went, where many went as one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        within: Option<NoticeId>,
        /// The way that follows.
        next: ChannelId,
        /// When that is taken.
        at: Timestamp,
        /// When that has had its time.
        until: Timestamp,
    },
    /// The last way failed of a page that an earlier one had taken. Followed by the page's end.
    WayFailed {
        /// The page.
        notice: NoticeId,
        /// The way.
        via: ChannelId,
        /// Why.
        why: String,
    },
    /// A message no longer waits for the end of somebody's rest: the incident has become worse.
    /// Legal while it waits untried.
    Released {
        /// The message.
        notice: NoticeId,
        /// When each of its ways is taken now.
        planned: Vec<Timestamp>,
        /// When the first has had its time.
        until: Timestamp,
    },
    /// A rung does not count at this time; the next takes its place. Legal while it is the next.
    RungSkipped {
        /// What the ladder is climbed for.
        subject: LadderSubject,
        /// Which rung, from 0.
        rung: u32,
        /// When the remaining rungs fire now.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        remaining: Vec<Timestamp>,
    },
    /// One of several who must has answered a ladder; it goes on.
    Answered {
        /// What the ladder is climbed for.
        subject: LadderSubject,
        /// Who.
        by: PersonId,
        /// How many more must.
        wanted: u32,
        /// Who was called and has not answered.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        silent: Vec<PersonId>,
    },
    /// The last rung is passed; whoever was called has until then.
    AnswerAwaited {
        /// What the ladder is climbed for.
        subject: LadderSubject,
        /// Until when.
        until: Timestamp,
    },
    /// Nobody answered the whole ladder. The last resort is told, and again later, until someone
    /// acts.
    NobodyAnswered {
        /// What the ladder is climbed for.
        subject: LadderSubject,
        /// How often this was said, from 1.
        round: u32,
        /// Whom it is said to.
        people: Vec<PersonId>,
        /// When it is said again.
        next_at: Timestamp,
    },
}

impl AttentionFact {
    /// Returns the page it is about; `None` where it is about a ladder.
    #[must_use]
    pub const fn notice(&self) -> Option<NoticeId> {
        match self {
            Self::Reached { notice, .. }
            | Self::WayFailed { notice, .. }
            | Self::Released { notice, .. } => Some(*notice),
            Self::RungSkipped { .. }
            | Self::Answered { .. }
            | Self::AnswerAwaited { .. }
            | Self::NobodyAnswered { .. } => None,
        }
    }
}
