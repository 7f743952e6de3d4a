//! The messages of an incident: to whom, what for, how long until they arrived and were seen.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use smol_str::SmolStr;

use super::names::Names;
use super::story::Story;
use crate::engine::{AttentionFact, Fact, NoticeEnd};
use crate::id::{ChannelId, NoticeId};
use crate::notify::purpose_code;
use crate::text::{Lang, Text};

/// One message.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NoticeRow {
    /// Its identity.
    pub id: NoticeId,
    /// To whom.
    pub to: Text,
    /// What for: `role_page`, …
    pub purpose: SmolStr,
    /// The first line of what it said, where it is kept.
    pub said: Option<String>,
    /// When it was written.
    pub queued_at: Timestamp,
    /// The channel it went by, or was tried on last.
    pub via: Option<ChannelId>,
    /// The notice in whose message it went, where many went as one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within: Option<NoticeId>,
    /// Attempts that did not succeed.
    pub delays: u32,
    /// When it was delivered.
    pub delivered_at: Option<Timestamp>,
    /// From written to delivered.
    pub delivery_took: Option<SignedDuration>,
    /// When it was seen, as far as anyone said so.
    pub acknowledged_at: Option<Timestamp>,
    /// From written to seen.
    pub acknowledge_took: Option<SignedDuration>,
    /// How it ended.
    pub end: NoticeFate,
    /// Why it did not arrive: the stored reason.
    pub why: Option<String>,
}

/// How a message ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeFate {
    /// It is still on its way.
    Pending,
    /// It arrived.
    Delivered,
    /// It reached nobody.
    Failed,
    /// The gate held it back.
    HeldBack,
    /// It was no longer wanted.
    Withdrawn,
    /// There was no way to send it.
    NoChannel,
}

impl NoticeFate {
    /// Returns the word for it.
    #[must_use]
    pub fn word(self, lang: Lang) -> &'static str {
        match self {
            Self::Pending => lang.pick("发送中", "pending"),
            Self::Delivered => lang.pick("已送达", "delivered"),
            Self::Failed => lang.pick("未送达", "failed"),
            Self::HeldBack => lang.pick("已拦下", "held back"),
            Self::Withdrawn => lang.pick("已撤回", "withdrawn"),
            Self::NoChannel => lang.pick("无渠道", "no channel"),
        }
    }
}

/// Lists the messages in the order they were written.
pub(super) fn notices(story: &Story<'_>) -> Vec<NoticeRow> {
    let [zh, en] = Lang::ALL.map(|lang| Names::new(story, lang));
    let mut rows: Vec<NoticeRow> = Vec::new();
    let mut places: BTreeMap<NoticeId, usize> = BTreeMap::new();
    for event in story.events {
        if let Fact::NoticeQueued { notice } = &event.fact {
            zh.speak_of(event);
            en.speak_of(event);
            places.insert(notice.id, rows.len());
            let said = story.messages.get(&notice.id).map(|words| match words.headline.as_str() {
                "" => words.text.lines().next().unwrap_or_default().to_owned(),
                headline => headline.to_owned(),
            });
            rows.push(NoticeRow {
                id: notice.id,
                to: Text::both(zh.recipient(&notice.to), en.recipient(&notice.to)),
                purpose: purpose_code(&notice.purpose).into(),
                said,
                queued_at: event.occurred_at,
                via: notice.via.first().cloned(),
                within: None,
                delays: 0,
                delivered_at: None,
                delivery_took: None,
                acknowledged_at: None,
                acknowledge_took: None,
                end: NoticeFate::Pending,
                why: None,
            });
        } else if let Some(row) = notice_of(&event.fact)
            .and_then(|id| places.get(&id))
            .and_then(|place| rows.get_mut(*place))
        {
            row.follow(&event.fact, event.occurred_at);
        }
    }
    rows
}

const fn notice_of(fact: &Fact) -> Option<NoticeId> {
    match fact {
        Fact::NoticeDelayed { notice, .. }
        | Fact::NoticeRerouted { notice, .. }
        | Fact::NoticeEnded { notice, .. }
        | Fact::NoticeAcknowledged { notice, .. } => Some(*notice),
        Fact::Attention(fact) => fact.notice(),
        _ => None,
    }
}

impl NoticeRow {
    fn follow(&mut self, fact: &Fact, at: Timestamp) {
        match fact {
            Fact::NoticeDelayed { why, .. } => {
                self.delays += 1;
                self.why = Some(why.clone());
            }
            Fact::NoticeRerouted { to, why, .. } => {
                self.via = Some(to.clone());
                self.why = Some(why.clone());
            }
            Fact::Attention(AttentionFact::Reached { via, within, .. }) => {
                self.delivered(via, *within, at);
            }
            Fact::Attention(AttentionFact::WayFailed { why, .. }) => self.why = Some(why.clone()),
            Fact::NoticeEnded { end, .. } => self.ended(end, at),
            Fact::NoticeAcknowledged { .. } if self.acknowledged_at.is_none() => {
                self.acknowledged_at = Some(at);
                self.acknowledge_took = Some(at.duration_since(self.queued_at));
            }
            _ => {}
        }
    }

    /// A way took it; the first counts for how long it was on its way.
    fn delivered(&mut self, via: &ChannelId, within: Option<NoticeId>, at: Timestamp) {
        if self.delivered_at.is_none() {
            self.within = within;
            self.delivered_at = Some(at);
            self.delivery_took = Some(at.duration_since(self.queued_at));
        }
        self.via = Some(via.clone());
    }

    fn ended(&mut self, end: &NoticeEnd, at: Timestamp) {
        self.end = match end {
            NoticeEnd::Delivered { via, within } => {
                self.delivered(via, *within, at);
                NoticeFate::Delivered
            }
            NoticeEnd::Failed { why } => {
                self.why = Some(why.clone());
                NoticeFate::Failed
            }
            NoticeEnd::HeldBack { why } => {
                self.why = Some(why.clone());
                NoticeFate::HeldBack
            }
            // A page that was to go on over further ways had arrived.
            NoticeEnd::Withdrawn if self.delivered_at.is_some() => NoticeFate::Delivered,
            NoticeEnd::Withdrawn => NoticeFate::Withdrawn,
            NoticeEnd::NoChannel => NoticeFate::NoChannel,
        };
    }
}

/// What became of the messages as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct NoticeTotals {
    /// How many were written.
    pub written: u32,
    /// How many arrived.
    pub delivered: u32,
    /// How many reached nobody.
    pub failed: u32,
    /// How many the gate held back.
    pub held_back: u32,
    /// How many were seen.
    pub acknowledged: u32,
    /// The median time from written to delivered.
    pub delivery_median: Option<SignedDuration>,
    /// The longest time from written to delivered.
    pub delivery_worst: Option<SignedDuration>,
}

/// Adds the messages up.
pub(super) fn totals(rows: &[NoticeRow]) -> NoticeTotals {
    let count = |wanted: fn(&NoticeRow) -> bool| {
        u32::try_from(rows.iter().filter(|row| wanted(row)).count()).unwrap_or(u32::MAX)
    };
    let mut took: Vec<SignedDuration> = rows.iter().filter_map(|row| row.delivery_took).collect();
    took.sort_unstable();
    NoticeTotals {
        written: count(|_| true),
        delivered: count(|row| row.end == NoticeFate::Delivered),
        failed: count(|row| matches!(row.end, NoticeFate::Failed | NoticeFate::NoChannel)),
        held_back: count(|row| row.end == NoticeFate::HeldBack),
        acknowledged: count(|row| row.acknowledged_at.is_some()),
        delivery_median: took.get(took.len() / 2).copied(),
        delivery_worst: took.last().copied(),
    }
}
