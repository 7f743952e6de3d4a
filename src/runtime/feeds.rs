//! The right to read a roster as a calendar without a token: an address with a secret in it, shown
//! once, kept as its hash, taken back at will. It must not know HTTP.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use smol_str::SmolStr;

use super::rosters::{Stamp, known_person, known_schedule};
use super::service::Runtime;
use super::{Caller, Missing, Refusal, RosterError, Scope};
use crate::id::{PersonId, ScheduleId};
use crate::people::calendar::Feed;
use crate::store::{Change, Expect, Kind, StoreError};
use crate::text::{Lang, Text};

/// The most calendars that are kept: each person a few.
const FEEDS_MAX: usize = 10_000;
/// What every secret begins with, so that scanners of leaked secrets recognise one.
const PREFIX: &str = "fbc_";
/// 256 bits: no guessing, so a plain hash protects it.
const SECRET_BYTES: usize = 32;
/// The digits of the hash that name a calendar to people.
const ID_DIGITS: usize = 16;

/// Whose shifts a calendar shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeedOf {
    /// The shifts of a person.
    Person(PersonId),
    /// The shifts of a schedule.
    Schedule(ScheduleId),
}

/// A calendar as it is stored, under the hash of its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredFeed {
    /// Whose shifts it shows.
    pub of: FeedOf,
    /// The language of its names.
    pub lang: Lang,
    /// Who made it.
    pub made: Stamp,
    /// Who took it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Stamp>,
}

/// A calendar with its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptFeed {
    /// Its id: the beginning of the hash.
    pub id: String,
    /// What is stored.
    pub stored: StoredFeed,
}

/// A secret that opens a calendar. `Debug` leaves it out.
pub struct FeedSecret(String);

impl FeedSecret {
    fn draw() -> Self {
        let bytes = crate::chance::draw::<SECRET_BYTES>();
        Self(format!("{PREFIX}{}", hex::encode(bytes)))
    }

    /// Returns the secret, to be shown once.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for FeedSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{PREFIX}***")
    }
}

fn hash(secret: &str) -> String {
    hex::encode(Sha256::digest(secret))
}

impl Runtime {
    /// Makes a calendar and returns its secret, which nothing else will ever show.
    ///
    /// # Errors
    /// [`RosterError`]; nothing has changed.
    pub async fn make_feed(
        &self,
        caller: &Caller,
        token: Option<SmolStr>,
        of: FeedOf,
        lang: Lang,
        beside: impl FnOnce(&KeptFeed) -> Option<Change> + Send,
    ) -> Result<(KeptFeed, FeedSecret), RosterError> {
        let inner = self.inner();
        let _changing = inner.rosters.lock().await;
        let directory = inner.directory.load_full();
        match &of {
            FeedOf::Person(person) => known_person(&directory, person)?,
            FeedOf::Schedule(schedule) => known_schedule(&directory, schedule)?,
        }
        if self.feeds(caller, true)?.len() >= FEEDS_MAX {
            let (zh, en) =
                ("日历过多，请先吊销不用的", "There are too many calendars; revoke some");
            return Err(Refusal::Unavailable(Text::both(zh, en)).into());
        }
        let secret = FeedSecret::draw();
        let name = hash(secret.reveal());
        let made = Stamp { at: inner.clock.now(), by: caller.actor.clone(), token };
        let stored = StoredFeed { of, lang, made, revoked: None };
        let kept = KeptFeed { id: name[..ID_DIGITS].to_owned(), stored };
        let mut changes = vec![kept.stored.write(&name, Expect::Absent)];
        changes.extend(beside(&kept));
        inner.store.put(changes).await?;
        Ok((kept, secret))
    }

    /// Lists the calendars that the caller made; all of them for an administrator, or where `all`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn feeds(&self, caller: &Caller, all: bool) -> Result<Vec<KeptFeed>, StoreError> {
        let documents = self.inner().store.documents(Kind::Feed, "", FEEDS_MAX)?;
        let read = documents.into_iter().map(|document| {
            let stored = read(&document.name, &document.content)?;
            Ok(KeptFeed { id: document.name[..ID_DIGITS].to_owned(), stored })
        });
        let own = |kept: &KeptFeed| all || may_manage(caller, &kept.stored);
        read.filter(|kept| kept.as_ref().map_or(true, own)).collect()
    }

    /// Takes a calendar back, from the moment this returns. Taking back twice is allowed.
    ///
    /// # Errors
    /// [`RosterError`]; nothing has changed.
    pub async fn revoke_feed(
        &self,
        caller: &Caller,
        token: Option<SmolStr>,
        id: &str,
    ) -> Result<KeptFeed, RosterError> {
        let inner = self.inner();
        let _changing = inner.rosters.lock().await;
        let unknown =
            || Refusal::NotFound { what: Missing::Feed, name: id.to_owned(), closest: Vec::new() };
        let documents = inner.store.documents(Kind::Feed, "", FEEDS_MAX)?;
        let found = documents.into_iter().find(|document| document.name[..ID_DIGITS] == *id);
        let document = found.ok_or_else(unknown)?;
        let mut stored = read(&document.name, &document.content)?;
        if !may_manage(caller, &stored) {
            return Err(unknown().into());
        }
        if stored.revoked.is_none() {
            let by = caller.actor.clone();
            stored.revoked = Some(Stamp { at: inner.clock.now(), by, token });
            let expect = Expect::Version(document.version);
            inner.store.put(vec![stored.write(&document.name, expect)]).await?;
        }
        Ok(KeptFeed { id: id.to_owned(), stored })
    }

    /// Reads the calendar that a secret opens; `None` for a secret that is unknown or was taken
    /// back, and where the person or schedule is gone. Found by its hash, so the time it takes says
    /// nothing of the secrets there are.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn read_feed(&self, secret: &str) -> Result<Option<String>, StoreError> {
        let inner = self.inner();
        if secret.len() != PREFIX.len() + 2 * SECRET_BYTES || !secret.starts_with(PREFIX) {
            return Ok(None);
        }
        let Some(document) = inner.store.document(Kind::Feed, &hash(secret))? else {
            return Ok(None);
        };
        let stored = read(&document.name, &document.content)?;
        if stored.revoked.is_some() {
            return Ok(None);
        }
        let (directory, now): (_, Timestamp) = (inner.directory.load_full(), inner.clock.now());
        let feed = match &stored.of {
            FeedOf::Person(person) => Feed::of_person(&directory, person, now, stored.lang),
            FeedOf::Schedule(id) => Feed::of_schedule(&directory, id, now, stored.lang),
        };
        Ok(feed.map(|feed| feed.write(&directory, stored.lang)))
    }
}

fn may_manage(caller: &Caller, stored: &StoredFeed) -> bool {
    caller.scope == Scope::Admin || caller.actor == stored.made.by
}

fn read(name: &str, content: &[u8]) -> Result<StoredFeed, StoreError> {
    serde_json::from_slice(content).map_err(|error| StoreError::Damaged {
        // The name is the hash of a secret: no secret itself.
        what: format!("calendar {name}"),
        why: error.to_string(),
    })
}

impl StoredFeed {
    fn write(&self, name: &str, expect: Expect) -> Change {
        Change::keep(Kind::Feed, name, expect, self)
    }
}
