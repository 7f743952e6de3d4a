//! Messages about no incident that are stored with what they tell of, and stay stored until each of
//! their readers took them, or never will: a death after the write loses none. A message keeps one
//! identity over all attempts.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use super::tell::Draft;
use crate::id::{NoticeId, PersonId};
use crate::runtime::service::{Inner, Runtime};
use crate::store::{Change, Expect, Kind, StoreError};
use crate::text::Text;

/// How long after an attempt that a channel did not take the next one is made.
const AGAIN: SignedDuration = SignedDuration::from_mins(5);
/// How long after its change the news is of use.
const LATE_MAX: SignedDuration = SignedDuration::from_hours(12);
/// How many letters are looked at at once.
const AT_ONCE: usize = 1_000;
/// What the names of their documents begin with.
const PREFIX: &str = "letter/";

/// What a stored message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LetterAbout {
    /// A roster.
    #[default]
    Roster,
    /// What was found in a drill or an incident, and what is due of plans.
    FollowUp,
    /// A drill that is planned.
    Drill,
}

impl LetterAbout {
    const fn purpose(self) -> &'static str {
        match self {
            Self::Roster => "roster",
            Self::FollowUp => "follow_up",
            Self::Drill => "drill",
        }
    }
}

/// A message that somebody has not taken yet. Stored for ever: fields are added, never changed.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Stored {
    letter: NoticeId,
    #[serde(default)]
    about: LetterAbout,
    at: Timestamp,
    subject: Text,
    text: Text,
    waiting: BTreeSet<PersonId>,
}

impl Runtime {
    /// Returns the write that makes a message about no incident durable, to be put with what it tells
    /// of; `None` where it is for nobody. It leaves once [`Runtime::letters_leave`] is called, or at
    /// the next start.
    #[must_use]
    pub fn letter(
        &self,
        people: impl Iterator<Item = PersonId>,
        about: LetterAbout,
        subject: Text,
        text: Text,
    ) -> Option<Change> {
        self.inner().letter(people, about, subject, text)
    }

    /// Has the messages leave that were written.
    pub fn letters_leave(&self) {
        self.inner().posted();
    }

    /// Lists those who administer the installation.
    #[must_use]
    pub fn administrators(&self) -> BTreeSet<PersonId> {
        self.inner().roster_settings.admins.clone()
    }
}

impl Inner {
    /// Returns the write that makes a message durable, to be put with what it tells of; `None` where
    /// it is for nobody. It leaves once [`Inner::posted`] is called.
    pub(super) fn post(
        &self,
        people: impl Iterator<Item = PersonId>,
        draft: Draft,
    ) -> Option<Change> {
        let (subject, text) = draft.into_parts();
        self.letter(people, LetterAbout::Roster, subject, text)
    }

    fn letter(
        &self,
        people: impl Iterator<Item = PersonId>,
        about: LetterAbout,
        subject: Text,
        text: Text,
    ) -> Option<Change> {
        let waiting: BTreeSet<PersonId> = people.collect();
        if waiting.is_empty() {
            return None;
        }
        let (letter, at) = (self.next_letter(), self.clock.now());
        let stored = Stored { letter, about, at, subject, text, waiting };
        Some(stored.write(&format!("{PREFIX}{letter}")))
    }

    /// Has what was written leave.
    pub(in crate::runtime) fn posted(&self) {
        self.letters.notify_one();
    }

    /// Lets go of every letter that is not under way; tells whether some wait.
    fn carry_all(self: &Arc<Self>) -> Result<bool, StoreError> {
        let documents = self.store.documents(Kind::RosterNotice, PREFIX, AT_ONCE)?;
        let mut some = false;
        for document in documents {
            if !document.name.starts_with(PREFIX) {
                break;
            }
            some = true;
            match serde_json::from_slice::<Stored>(&document.content) {
                Ok(stored) if self.outbound.claim(stored.letter) => {
                    let inner = Arc::clone(self);
                    self.tasks.spawn(async move {
                        if let Err(error) = inner.carry(&document.name).await {
                            tracing::warn!(%error, "a message about a roster waits; tried again");
                        }
                        inner.outbound.release(stored.letter);
                    });
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(name = %document.name, %error, "a stored letter does not read");
                }
            }
        }
        Ok(some)
    }

    /// Makes one attempt with everybody who did not take it yet, and writes down who is done with.
    async fn carry(self: &Arc<Self>, name: &str) -> Result<(), StoreError> {
        // Whoever had it in hand until now may have delivered it.
        let Some(document) = self.store.document(Kind::RosterNotice, name)? else { return Ok(()) };
        let Ok(mut stored) = serde_json::from_slice::<Stored>(&document.content) else {
            return Ok(());
        };
        if self.clock.now().duration_since(stored.at) > LATE_MAX {
            tracing::warn!(name, "nobody took a message about a roster; given up");
            stored.waiting.clear();
        }
        let draft = Draft::new(stored.subject.clone(), stored.text.clone());
        let mut letter = draft.letter(stored.letter);
        letter.purpose = stored.about.purpose();
        let letter = Arc::new(letter);
        let mut attempts = JoinSet::new();
        for person in stored.waiting.iter().cloned() {
            let (inner, letter) = (Arc::clone(self), Arc::clone(&letter));
            attempts.spawn(async move {
                let again = inner.tell_one(&person, &letter).await;
                again.then_some(person)
            });
        }
        stored.waiting = attempts.join_all().await.into_iter().flatten().collect();
        let change = if stored.waiting.is_empty() {
            Change::delete(Kind::RosterNotice, name, Expect::Any)
        } else {
            stored.write(name)
        };
        self.store.put(vec![change]).await.map(drop)
    }
}

impl Stored {
    fn write(&self, name: &str) -> Change {
        Change::keep(Kind::RosterNotice, name, Expect::Any, self)
    }
}

/// Sends what is stored until `inner` is drained.
pub(in crate::runtime) async fn run(inner: Arc<Inner>) {
    loop {
        let waits = inner.is_held()
            || inner.carry_all().unwrap_or_else(|error| {
                tracing::warn!(%error, "messages about rosters cannot be read; tried again");
                true
            });
        let again = inner.clock.now().saturating_add(AGAIN).unwrap_or(Timestamp::MAX);
        let again = if waits { again } else { Timestamp::MAX };
        tokio::select! {
            () = inner.clock.sleep_until(again) => {}
            () = inner.letters.notified() => {}
            () = inner.drain.cancelled() => return,
        }
    }
}
