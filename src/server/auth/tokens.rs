//! The tokens of an installation: held in memory for every request, kept in the store's documents.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use arc_swap::ArcSwap;
use jiff::Timestamp;
use smol_str::SmolStr;
use tokio::sync::Mutex;

use super::token::{Grant, Owner, Presented, Record, Secret, Standing};
use crate::people::OPERATOR;
use crate::runtime::Scope;
use crate::store::{Change, Expect, Kind, Store, StoreError, each_document};

/// The most tokens: each is held in memory and looked through when a list is asked for.
pub const TOKENS_MAX: usize = 10_000;

const PAGE: usize = 500;
/// A use that is not yet written down is no use.
const NEVER: i64 = i64::MIN;

/// Why a token was not made, or not taken back.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// There are [`TOKENS_MAX`] already.
    #[error("there are {TOKENS_MAX} tokens already; revoke some")]
    TooMany,
    /// The store refuses.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// One token in memory.
#[derive(Debug)]
pub struct Held {
    /// What is stored.
    pub record: Record,
    used_at: AtomicI64,
}

impl Held {
    fn of(record: Record) -> Arc<Self> {
        let used_at = record.last_used_at.map_or(NEVER, Timestamp::as_second);
        Arc::new(Self { record, used_at: AtomicI64::new(used_at) })
    }

    /// What is to be stored now: the record with its latest use.
    fn as_of_now(&self) -> Record {
        let mut record = self.record.clone();
        record.last_used_at = self.last_used_at();
        record
    }

    /// When it was used last, to the second.
    #[must_use]
    pub fn last_used_at(&self) -> Option<Timestamp> {
        Timestamp::from_second(self.used_at.load(Ordering::Relaxed)).ok()
    }
}

type Map = BTreeMap<SmolStr, Arc<Held>>;

/// Every token that was ever made and not forgotten.
pub struct Tokens {
    store: Arc<dyn Store>,
    held: ArcSwap<Map>,
    /// Changes go one after another, so that none is lost between reading and swapping the map.
    changing: Mutex<()>,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens").field("held", &self.held.load().len()).finish_non_exhaustive()
    }
}

impl Tokens {
    /// Reads every token. Blocks on the disk.
    ///
    /// # Errors
    /// [`StoreError::Damaged`], also when a record does not read.
    pub fn open(store: Arc<dyn Store>) -> Result<Self, StoreError> {
        let mut held = Map::new();
        each_document(&*store, Kind::Token, "", &mut |document| {
            let record: Record = serde_json::from_slice(&document.content).map_err(|e| {
                StoreError::Damaged { what: format!("token {}", document.name), why: e.to_string() }
            })?;
            held.insert(record.id.clone(), Held::of(record));
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(Self { store, held: ArcSwap::from_pointee(held), changing: Mutex::new(()) })
    }

    /// Tells whether no token was ever made: the first start.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.held.load().is_empty()
    }

    /// Makes the first administrator's token, where there is no token yet; it belongs to the
    /// built-in person `operator`.
    ///
    /// # Errors
    /// [`TokenError::Store`].
    pub async fn first_start(&self, now: Timestamp) -> Result<Option<Secret>, TokenError> {
        if !self.is_empty() {
            return Ok(None);
        }
        let grant = Grant {
            owner: Owner::Person(OPERATOR.into()),
            scope: Scope::Admin,
            label: Some("first start".to_owned()),
            expires_at: None,
        };
        Ok(Some(self.mint(grant, now).await?.1))
    }

    /// Looks a presented token up. One look in a map, one hash, no lock, no disk.
    ///
    /// # Errors
    /// The standing that keeps it from being good; `None` for a token that is not known.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Arc<Held>, Option<Standing>> {
        let presented = Presented::parse(token).ok_or(None)?;
        let map = self.held.load();
        let held = map.get(presented.id).filter(|held| presented.is(&held.record)).ok_or(None)?;
        match held.record.standing(now) {
            Standing::Good => {
                held.used_at.store(now.as_second(), Ordering::Relaxed);
                Ok(Arc::clone(held))
            }
            other => Err(Some(other)),
        }
    }

    /// Tells whether the token with this id still is good.
    #[must_use]
    pub fn is_good(&self, id: &str, now: Timestamp) -> bool {
        let map = self.held.load();
        map.get(id).is_some_and(|held| held.record.standing(now) == Standing::Good)
    }

    /// Makes a token and returns its secret, which nothing else will ever show.
    ///
    /// # Errors
    /// [`TokenError`].
    pub async fn mint(
        &self,
        grant: Grant,
        now: Timestamp,
    ) -> Result<(Arc<Held>, Secret), TokenError> {
        self.mint_keeping(grant, now, |_| None).await
    }

    /// As [`Tokens::mint`]; what `beside` makes of the new token is written with it.
    ///
    /// # Errors
    /// [`TokenError`].
    pub async fn mint_keeping(
        &self,
        grant: Grant,
        now: Timestamp,
        beside: impl FnOnce(&Held) -> Option<Change>,
    ) -> Result<(Arc<Held>, Secret), TokenError> {
        let _changing = self.changing.lock().await;
        if self.held.load().len() >= TOKENS_MAX {
            return Err(TokenError::TooMany);
        }
        let (record, secret) = Record::mint(grant, now);
        let held = Held::of(record);
        let changes = change(&held.record, Expect::Absent).into_iter().chain(beside(&held));
        self.store.put(changes.collect()).await?;
        self.swap(&held);
        Ok((held, secret))
    }

    /// Takes a token back, from the moment this returns; `None` where there is none of that id.
    /// Taking back twice is allowed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn revoke(&self, id: &str, now: Timestamp) -> Result<Option<Arc<Held>>, StoreError> {
        let _changing = self.changing.lock().await;
        let Some(held) = self.held.load().get(id).cloned() else { return Ok(None) };
        if held.record.revoked_at.is_some() {
            return Ok(Some(held));
        }
        let mut record = held.as_of_now();
        record.revoked_at = Some(now);
        let held = Held::of(record);
        self.store.put(change(&held.record, Expect::Any).into_iter().collect()).await?;
        self.swap(&held);
        Ok(Some(held))
    }

    /// Returns every token, by id.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Held>> {
        self.held.load().values().cloned().collect()
    }

    /// Writes down when tokens were used last. Meant for a quiet moment, such as once an hour and
    /// at the end.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn note_uses(&self) -> Result<(), StoreError> {
        let _changing = self.changing.lock().await;
        let changes: Vec<Change> = self
            .all()
            .into_iter()
            .filter(|held| held.last_used_at() != held.record.last_used_at.map(whole_second))
            .filter_map(|held| change(&held.as_of_now(), Expect::Any))
            .collect();
        for part in changes.chunks(PAGE) {
            self.store.put(part.to_vec()).await?;
        }
        Ok(())
    }

    fn swap(&self, held: &Arc<Held>) {
        let mut next = Map::clone(&self.held.load());
        next.insert(held.record.id.clone(), Arc::clone(held));
        self.held.store(Arc::new(next));
    }
}

fn whole_second(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

/// A record always has a JSON form: it holds texts and instants only.
fn change(record: &Record, expect: Expect) -> Option<Change> {
    let content = serde_json::to_vec(record).ok()?;
    Some(Change::write(Kind::Token, record.id.as_str(), expect, content))
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::store::Memory;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn grant(expires_at: Option<Timestamp>) -> Grant {
        Grant { owner: Owner::Service("bot".into()), scope: Scope::Viewer, label: None, expires_at }
    }

    #[tokio::test]
    async fn tokens_survive_a_restart_and_so_does_their_revocation() {
        let store: Arc<dyn Store> = Arc::new(Memory::default());
        let now = at("2026-11-21T08:00:00Z");
        let tokens = Tokens::open(Arc::clone(&store)).unwrap();
        let (_, kept) = tokens.mint(grant(None), now).await.unwrap();
        let (lost, taken) = tokens.mint(grant(None), now).await.unwrap();
        tokens.revoke(&lost.record.id, now).await.unwrap().unwrap();
        for tokens in [tokens, Tokens::open(store).unwrap()] {
            assert!(tokens.verify(kept.reveal(), now).is_ok());
            assert_eq!(tokens.verify(taken.reveal(), now).unwrap_err(), Some(Standing::Revoked));
        }
    }

    #[tokio::test]
    async fn a_strangers_token_and_an_expired_one_open_nothing() {
        let now = at("2026-11-21T08:00:00Z");
        let tokens = Tokens::open(Arc::new(Memory::default())).unwrap();
        let (_, secret) = tokens.mint(grant(Some(now)), now).await.unwrap();
        assert_eq!(tokens.verify(secret.reveal(), now).unwrap_err(), Some(Standing::Expired));
        let stranger = Record::mint(grant(None), now).1;
        assert_eq!(tokens.verify(stranger.reveal(), now).unwrap_err(), None);
        assert_eq!(tokens.verify("letmein", now).unwrap_err(), None);
    }

    #[tokio::test]
    async fn only_the_first_start_makes_an_administrator() {
        let now = at("2026-11-21T08:00:00Z");
        let tokens = Tokens::open(Arc::new(Memory::default())).unwrap();
        let secret = tokens.first_start(now).await.unwrap().unwrap();
        assert_eq!(tokens.verify(secret.reveal(), now).unwrap().record.scope, Scope::Admin);
        assert!(tokens.first_start(now).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn uses_are_noted_without_writing_per_request() {
        let store: Arc<dyn Store> = Arc::new(Memory::default());
        let tokens = Tokens::open(Arc::clone(&store)).unwrap();
        let now = at("2026-11-21T08:00:00Z");
        let (held, secret) = tokens.mint(grant(None), now).await.unwrap();
        let later = at("2026-11-21T09:30:00Z");
        tokens.verify(secret.reveal(), later).unwrap();
        assert_eq!(held.last_used_at(), Some(later));
        tokens.note_uses().await.unwrap();
        let reopened = Tokens::open(store).unwrap().all();
        assert_eq!(reopened[0].last_used_at(), Some(later));
    }
}
