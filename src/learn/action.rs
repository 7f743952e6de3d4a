//! An action: what is done about a finding, by whom, until when. It is closed by a later run that
//! exercises what it mends, never by hand. Every change is kept. Pure.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::engine::Actor;
use crate::id::{PersonId, PlaybookId};
use crate::learn::subject::{How, Source, Subject};
use crate::runtime::Scope;
use crate::text::{Lang, Text};

/// The version of the stored form; fields are added, never changed.
pub const ACTION_FORMAT: u8 = 1;
/// How often an action may be changed; one that changes more often should be another.
pub const CHANGES_MAX: usize = 200;

/// What is done about a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    /// The version of this form.
    pub format: u8,
    /// Its identity.
    pub id: Uuid,
    /// The plan.
    pub playbook: PlaybookId,
    /// What of the plan it mends.
    pub about: Subject,
    /// What is to be done.
    pub text: String,
    /// Who does it.
    pub owner: PersonId,
    /// Until the end of which day.
    pub due: Date,
    /// The finding it follows from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finding: Option<Uuid>,
    /// Where its cause was seen; missing where it follows from nothing that happened, and in actions
    /// of versions that did not ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen_in: Option<Source>,
    /// How real a run must be, at least, to prove it.
    pub at_least: How,
    /// Where it stands.
    pub state: ActionState,
    /// When it was made.
    pub made_at: Timestamp,
    /// Who made it.
    pub made_by: Actor,
    /// What was changed since, the earliest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
}

/// Where an action stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum ActionState {
    /// It is to be done.
    Open,
    /// Somebody says that it is done; a later run has to show it.
    Done {
        /// Since when.
        at: Timestamp,
        /// Who says so.
        by: Actor,
    },
    /// A later run showed it. Closed.
    Verified {
        /// When.
        at: Timestamp,
        /// By what.
        by: Source,
        /// How real that was.
        how: How,
    },
    /// A commander decided that it is not done. Closed.
    Dropped {
        /// When.
        at: Timestamp,
        /// Who.
        by: Actor,
        /// Why.
        reason: String,
    },
}

impl ActionStatus {
    /// Returns the stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Done => "done",
            Self::Verified => "verified",
            Self::Dropped => "dropped",
        }
    }
}

impl ActionState {
    /// Tells where it stands, without since when and by whom.
    #[must_use]
    pub const fn status(&self) -> ActionStatus {
        match self {
            Self::Open => ActionStatus::Open,
            Self::Done { .. } => ActionStatus::Done,
            Self::Verified { .. } => ActionStatus::Verified,
            Self::Dropped { .. } => ActionStatus::Dropped,
        }
    }

    /// Returns the stable name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.status().name()
    }

    /// Says it in words.
    #[must_use]
    pub fn words(&self) -> Text {
        match self {
            Self::Open => Text::both("待办", "open"),
            Self::Done { .. } => Text::both("已完成，待验证", "done, to be verified"),
            Self::Verified { .. } => Text::both("已验证关闭", "verified and closed"),
            Self::Dropped { .. } => Text::both("已放弃", "dropped"),
        }
    }

    /// Tells whether nothing more happens to it.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        matches!(self, Self::Verified { .. } | Self::Dropped { .. })
    }
}

/// One change of an action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: Actor,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// What was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "changed", rename_all = "snake_case")]
pub enum What {
    /// Its text.
    Text {
        /// What it was.
        from: String,
    },
    /// Its owner.
    Owner {
        /// Who it was.
        from: PersonId,
    },
    /// Its date.
    Due {
        /// What it was.
        from: Date,
    },
    /// Somebody says that it is done.
    Done {
        /// A remark.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// It is to be done after all.
    Reopened {
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// A run showed that it is not mended.
    NotMended {
        /// Which.
        shown_by: Source,
    },
    /// A run showed that it is mended.
    Verified {
        /// Which.
        shown_by: Source,
    },
    /// It was dropped.
    Dropped {
        /// Why.
        reason: String,
    },
}

/// What a run or an incident says of an action that was said to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// What it mends was exercised, and that went well.
    Mended,
    /// It was exercised, and did not go well.
    NotMended,
}

/// What a person wants to change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edit {
    /// Another text.
    pub text: Option<String>,
    /// Another owner.
    pub owner: Option<PersonId>,
    /// Another date.
    pub due: Option<Date>,
    /// Where it is to stand.
    pub status: Option<ActionStatus>,
    /// Why; needed for dropping it.
    pub reason: Option<String>,
}

/// Where an action stands, or is to stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActionStatus {
    /// To be done.
    Open,
    /// Done; a later run has to show it.
    Done,
    /// Closed: never by hand.
    #[serde(alias = "closed")]
    Verified,
    /// Given up.
    Dropped,
}

/// Why an action was not changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotChanged {
    /// Only a later run closes it.
    NotByHand(Text),
    /// It is closed.
    Closed(Text),
    /// Only a commander drops an action.
    NotYours(Text),
    /// A reason is missing.
    ReasonMissing(Text),
    /// It was changed too often.
    TooOften(Text),
}

impl Action {
    /// Tells whether it is to be done and its day is over.
    #[must_use]
    pub fn is_overdue(&self, today: Date) -> bool {
        self.state.status() == ActionStatus::Open && self.due < today
    }

    /// Returns what a run or an incident said of it, if it settled it.
    #[must_use]
    pub fn settled_in(&self, source: Source) -> Option<Settled> {
        self.changes.iter().rev().find_map(|change| match change.what {
            What::Verified { shown_by } if shown_by == source => Some(Settled::Mended),
            What::NotMended { shown_by } if shown_by == source => Some(Settled::NotMended),
            _ => None,
        })
    }

    /// Changes an action as a person wants it; what already is so is no change.
    ///
    /// # Errors
    /// [`NotChanged`]; nothing has changed then.
    pub fn edit(
        mut self,
        edit: Edit,
        by: &Actor,
        scope: Scope,
        at: Timestamp,
    ) -> Result<Self, NotChanged> {
        if edit.status == Some(ActionStatus::Verified) {
            return Err(NotChanged::NotByHand(self.what_closes_it()));
        }
        if self.state.is_closed() {
            let words = self.state.words();
            return Err(NotChanged::Closed(Text::both(
                format!("整改项{}，不再改动；请另建一项", words.get(Lang::Zh)),
                format!("The action is {}; make another one", words.get(Lang::En)),
            )));
        }
        let mut note = |what| self.changes.push(Change { at, by: by.clone(), what });
        if let Some(text) = edit.text.filter(|text| *text != self.text) {
            note(What::Text { from: std::mem::replace(&mut self.text, text) });
        }
        if let Some(owner) = edit.owner.filter(|owner| *owner != self.owner) {
            note(What::Owner { from: std::mem::replace(&mut self.owner, owner) });
        }
        if let Some(due) = edit.due.filter(|due| *due != self.due) {
            note(What::Due { from: std::mem::replace(&mut self.due, due) });
        }
        match (edit.status, &self.state) {
            (Some(ActionStatus::Done), ActionState::Open) => {
                note(What::Done { note: edit.reason });
                self.state = ActionState::Done { at, by: by.clone() };
            }
            (Some(ActionStatus::Open), ActionState::Done { .. }) => {
                note(What::Reopened { reason: edit.reason });
                self.state = ActionState::Open;
            }
            (Some(ActionStatus::Dropped), _) => {
                let reason = dropped_because(edit.reason, scope)?;
                note(What::Dropped { reason: reason.clone() });
                self.state = ActionState::Dropped { at, by: by.clone(), reason };
            }
            _ => {}
        }
        if self.changes.len() > CHANGES_MAX {
            return Err(NotChanged::TooOften(Text::both(
                format!("该整改项已改动 {CHANGES_MAX} 次；请放弃它并另建一项"),
                format!("It was changed {CHANGES_MAX} times; drop it and make another one"),
            )));
        }
        Ok(self)
    }

    /// Says what closes the action.
    #[must_use]
    pub fn what_closes_it(&self) -> Text {
        let (about, plan) = (&self.about, &self.playbook);
        let (zh, en) = (self.at_least.words(), self.at_least.words());
        let done = match self.state {
            ActionState::Open => ("先标记为已完成（done）；", "Mark it done first. "),
            _ => ("", ""),
        };
        let kind = |lang: Lang| about.kind_word(lang);
        Text::both(
            format!(
                "整改项不能手工关闭。{}之后预案 {plan} 的一次演练（至少是{}）或真实事件做到“{}”这一{}\
                 并且通过时，它会自动关闭；确实不做时由 commander 写明理由放弃（dropped）",
                done.0,
                zh.get(Lang::Zh),
                about.name(),
                kind(Lang::Zh),
            ),
            format!(
                "No action is closed by hand. {}It closes by itself when a drill of {plan} that \
                 begins after it was done (at least as real as a {}), or a real incident, exercises \
                 the {} `{}` and that goes well; to give it up, a commander sets `dropped` with a \
                 reason",
                done.1,
                en.get(Lang::En),
                kind(Lang::En),
                about.name(),
            ),
        )
    }
}

fn dropped_because(reason: Option<String>, scope: Scope) -> Result<String, NotChanged> {
    if scope < Scope::Commander {
        return Err(NotChanged::NotYours(Text::both(
            "放弃整改项需要 commander 权限",
            "Dropping an action needs the commander scope",
        )));
    }
    reason.filter(|reason| !reason.trim().is_empty()).ok_or_else(|| {
        NotChanged::ReasonMissing(Text::both("请写明放弃的理由", "Say why it is dropped"))
    })
}

#[cfg(test)]
pub(super) mod tests;
