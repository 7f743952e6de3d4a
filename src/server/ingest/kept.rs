//! Bodies that arrived, kept by their hash so that they can be looked at and mapped anew: the latest,
//! within bounds of number, size and age. Headers are not kept, and no keys.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};
use smol_str::SmolStr;

use crate::config::Bodies;
use crate::server::app::App;
use crate::server::problem::{Kind as Wrong, Problem};
use crate::server::wire::{Arrival, Ingested};
use crate::store::{Change, Expect, Kind, Pending, Store};
use crate::text::Text;

use super::slots::Slots;

/// The most arrivals that may be configured; they are listed in memory.
const ARRIVALS_MAX: usize = 100_000;
/// Alerts listed of each arrival.
const ALERTS_SHOWN: usize = 20;
/// Arrivals on one page.
const PAGE_MAX: usize = 200;
/// How far back, and over how many bytes, bodies are read again to try a silence on them: a week of
/// shifts, in less than a second.
const READ_BACK: SignedDuration = SignedDuration::from_hours(24 * 7);
const READ_BACK_BYTES_MAX: u64 = 16 << 20;

/// A body as it is kept: as it came, or, where headers or the path said a part of it, put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    /// Its media type.
    pub media: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// What is kept.
#[derive(Debug)]
pub struct Kept {
    bounds: Bodies,
    held: Mutex<Held>,
    /// The place behind those that arrived before the start.
    begun_at: u64,
}

/// A body that was handed to the store before anything came of it. Whatever is committed later is
/// durable after it, so that waiting for it then costs no sync of its own.
pub struct Receipt {
    place: u64,
    arrival: Arrival,
    durable: Pending<Vec<u64>>,
}

/// The arrivals, and what their bodies come to: each is kept once, however often it came.
#[derive(Debug)]
struct Held {
    slots: Slots<Arrival>,
    /// How often each body is referred to.
    uses: BTreeMap<String, u32>,
    /// Bytes of the bodies.
    total: u64,
}

impl Held {
    fn new(slots: Slots<Arrival>) -> Self {
        let mut held = Self { slots, uses: BTreeMap::new(), total: 0 };
        let known: Vec<_> =
            held.slots.all().values().map(|one| (one.hash.clone(), one.bytes)).collect();
        for (hash, bytes) in known {
            held.count(&hash, bytes);
        }
        held
    }

    /// Counts one more use of a body, and tells whether it is the first.
    fn count(&mut self, hash: &str, bytes: u64) -> bool {
        let uses = self.uses.entry(hash.to_owned()).or_default();
        *uses += 1;
        let first = *uses == 1;
        self.total += if first { bytes } else { 0 };
        first
    }

    fn put(&mut self, arrival: Arrival, body: Vec<u8>) -> (u64, Vec<Change>) {
        let (place, hash) = (self.slots.next(), arrival.hash.clone());
        let first = self.count(&hash, arrival.bytes);
        let mut changes = vec![self.slots.put(place, arrival)];
        if first {
            changes.push(Change::write(Kind::Body, hash, Expect::Any, body));
        }
        (place, changes)
    }

    /// Tells whether an arrival is still where it was put.
    fn has(&self, place: u64, arrival: &Arrival) -> bool {
        let there = self.slots.all().get(&place);
        there.is_some_and(|one| (one.at, &one.hash) == (arrival.at, &arrival.hash))
    }

    /// Takes an arrival out, and its body with the last use of it.
    fn take(&mut self, place: u64) -> Vec<Change> {
        let (taken, change) = self.slots.take(place);
        let mut changes = vec![change];
        let Some(taken) = taken else { return changes };
        let left = self.uses.get(&taken.hash).map_or(0, |uses| uses.saturating_sub(1));
        if left == 0 {
            self.uses.remove(&taken.hash);
            self.total = self.total.saturating_sub(taken.bytes);
            changes.push(Change::delete(Kind::Body, taken.hash, Expect::Any));
        } else {
            self.uses.insert(taken.hash, left);
        }
        changes
    }
}

impl Kept {
    /// Reads what was kept before.
    pub fn open(store: &dyn Store, bounds: Bodies) -> Self {
        let slots = Slots::open(store, Kind::Arrival, ARRIVALS_MAX);
        let begun_at = slots.next();
        Self { bounds, held: Mutex::new(Held::new(slots)), begun_at }
    }

    /// Hands a body to the store, before anything comes of it; `None` where none are kept.
    pub fn receive(
        &self,
        store: &dyn Store,
        source: &SmolStr,
        body: Body,
        now: Timestamp,
    ) -> Option<Receipt> {
        if self.bounds.count == 0 {
            return None;
        }
        let arrival = Arrival {
            at: now,
            source: source.clone(),
            hash: hex::encode(Sha256::digest(&body.bytes)),
            bytes: body.bytes.len() as u64,
            media: body.media,
            accepted: false,
            why: Some(interrupted()),
            alerts: Vec::new(),
            unmatched: 0,
        };
        let mut held = self.held();
        let (place, mut changes) = held.put(arrival.clone(), body.bytes);
        changes.extend(make_room(&mut held, &self.bounds, now));
        // Handed over while the list is held, so that the journal has the same order.
        let durable = store.put(changes);
        Some(Receipt { place, arrival, durable })
    }

    /// Notes what became of a body; done when the body itself is durable. What became of it is not
    /// waited for: a power cut in between leaves a body of which it is not known.
    ///
    /// # Errors
    /// The store's own; then the body is not kept, and the sender sends it again.
    pub async fn became(
        &self,
        store: &dyn Store,
        receipt: Option<Receipt>,
        became: Result<&Ingested, &Text>,
    ) -> Result<(), Problem> {
        let Some(Receipt { place, arrival, durable }) = receipt else { return Ok(()) };
        if let Err(error) = durable.await {
            self.take_back(store, place, &arrival);
            return Err(error.into());
        }
        let alerts = became.map(|done| done.alerts.as_slice()).unwrap_or_default();
        let mut held = self.held();
        if held.has(place, &arrival) {
            let known = Arrival {
                accepted: became.is_ok(),
                why: became.err().cloned(),
                alerts: alerts.iter().take(ALERTS_SHOWN).cloned().collect(),
                unmatched: became.map_or(0, |done| done.unmatched),
                ..arrival
            };
            write(store, vec![held.slots.put(place, known)]);
        }
        Ok(())
    }

    /// Lets go of a body that the sender is told to send again.
    pub fn withdraw(&self, store: &dyn Store, receipt: Option<Receipt>) {
        if let Some(Receipt { place, arrival, .. }) = receipt {
            self.take_back(store, place, &arrival);
        }
    }

    fn take_back(&self, store: &dyn Store, place: u64, arrival: &Arrival) {
        let mut held = self.held();
        if held.has(place, arrival) {
            let changes = held.take(place);
            write(store, changes);
        }
    }

    /// Returns when a source first sent this body and it was accepted, as far as is known.
    pub fn first_accepted(&self, source: &str, bytes: &[u8]) -> Option<Timestamp> {
        let hash = hex::encode(Sha256::digest(bytes));
        let held = self.held();
        held.uses.get(&hash)?;
        let same = |one: &&Arrival| one.accepted && one.source == source && one.hash == hash;
        held.slots.all().values().find(same).map(|one| one.at)
    }

    /// Counts the arrivals that are kept, and the bytes of their bodies.
    pub fn size(&self) -> (usize, u64) {
        let held = self.held();
        (held.slots.all().len(), held.total)
    }

    /// Reads the bodies that were accepted before the start, the latest first, within bounds.
    pub fn before_start<'a>(
        &'a self,
        store: &'a dyn Store,
        now: Timestamp,
    ) -> impl Iterator<Item = (Arrival, Vec<u8>)> + 'a {
        let oldest = now.saturating_sub(READ_BACK).unwrap_or(Timestamp::MIN);
        let mut bytes = 0;
        let held = self.held();
        let before = held.slots.all().range(..self.begun_at).rev().map(|(_, one)| one);
        let accepted = before.filter(|one| one.accepted && one.at >= oldest);
        let within = accepted.take_while(|one| {
            bytes += one.bytes;
            bytes <= READ_BACK_BYTES_MAX
        });
        let arrivals: Vec<_> = within.cloned().collect();
        arrivals.into_iter().filter_map(|one| {
            let body = store.document(Kind::Body, &one.hash).ok().flatten()?;
            Some((one, body.content))
        })
    }

    /// Lets go of what is too old.
    pub fn tidy(&self, app: &App) {
        let mut held = self.held();
        let changes = make_room(&mut held, &self.bounds, app.now());
        write(&**app.runtime().store(), changes);
    }

    /// Lists what a source sent, the latest first.
    pub fn of_source(&self, source: &str) -> Vec<Arrival> {
        let held = self.held();
        let own = held.slots.all().values().rev().filter(|one| one.source == source);
        own.take(PAGE_MAX).cloned().collect()
    }

    /// Finds a body and its latest arrival.
    ///
    /// # Errors
    /// There is none of that hash; the store's own.
    pub fn find(&self, app: &App, hash: &str) -> Result<(Arrival, Vec<u8>), Problem> {
        let held = self.held();
        let arrival = held.slots.all().values().rev().find(|one| one.hash == hash).cloned();
        let arrival = arrival.ok_or_else(unknown)?;
        drop(held);
        let document = app.runtime().store().document(Kind::Body, hash)?;
        Ok((arrival, document.ok_or_else(unknown)?.content))
    }

    /// Deletes a body and every trace of its arrivals; done when that is durable.
    ///
    /// # Errors
    /// There is none of that hash; the store's own.
    pub async fn forget(&self, app: &App, hash: &str) -> Result<(), Problem> {
        let pending = {
            let mut held = self.held();
            let places = held.slots.all().iter().filter(|(_, one)| one.hash == hash);
            let places: Vec<u64> = places.map(|(place, _)| *place).collect();
            if places.is_empty() {
                return Err(unknown());
            }
            let changes = places.into_iter().flat_map(|place| held.take(place)).collect();
            app.runtime().store().put(changes)
        };
        pending.await?;
        Ok(())
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn write(store: &dyn Store, changes: Vec<Change>) {
    if changes.is_empty() {
        return;
    }
    let pending = store.put(changes);
    tokio::spawn(async move {
        if let Err(error) = pending.await {
            tracing::warn!(%error, "a body that arrived could not be kept");
        }
    });
}

/// Takes out the oldest until everything is within the bounds.
fn make_room(held: &mut Held, bounds: &Bodies, now: Timestamp) -> Vec<Change> {
    let age = SignedDuration::try_from(bounds.age).unwrap_or(SignedDuration::MAX);
    let oldest = now.saturating_sub(age).unwrap_or(Timestamp::MIN);
    let mut changes = Vec::new();
    while let Some((&place, first)) = held.slots.all().first_key_value() {
        let few = held.slots.all().len() <= bounds.count && held.total <= bounds.bytes;
        if few && first.at >= oldest {
            break;
        }
        changes.extend(held.take(place));
    }
    changes
}

fn interrupted() -> Text {
    Text::both(
        "中断：不知道结果如何（进程停止或超时）；发送方会重发，也可重放",
        "interrupted: what became of it is not known (a stop, or it took too long); the sender sends \
         it again, or replay it",
    )
}

fn unknown() -> Problem {
    Problem::new(
        Wrong::UnknownBody,
        "没有保存这一内容：哈希有误，或已超出保留期限（retention.bodies）",
        "No body of that hash is kept: mistyped, or beyond its retention (`retention.bodies`)",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::time::Duration;

    use crate::store::Memory;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn arrival(second: i64, hash: &str, bytes: u64) -> Arrival {
        Arrival {
            at: at(second),
            source: "x".into(),
            hash: hash.to_owned(),
            bytes,
            media: String::new(),
            accepted: true,
            why: None,
            alerts: Vec::new(),
            unmatched: 0,
        }
    }

    /// Puts arrivals in and returns the seconds of those that are left, and the bodies deleted.
    fn left(bounds: &Bodies, now: i64, arrivals: &[(i64, &str, u64)]) -> (Vec<i64>, Vec<String>) {
        let store = Memory::new();
        let mut held = Held::new(Slots::open(&store, Kind::Arrival, 100));
        for (second, hash, bytes) in arrivals {
            held.put(arrival(*second, hash, *bytes), Vec::new());
        }
        let changes = make_room(&mut held, bounds, at(now));
        let bodies = changes.into_iter().filter(|change| change.kind == Kind::Body);
        let left = held.slots.all().values().map(|one| one.at.as_second()).collect();
        (left, bodies.map(|change| change.name).collect())
    }

    fn seen(store: &Memory) -> Vec<(bool, usize)> {
        let kept = Kept::open(store, Bodies::default());
        let of_x = kept.of_source("x").into_iter();
        of_x.map(|one| (one.accepted, one.unmatched)).collect()
    }

    #[tokio::test]
    async fn a_body_is_handed_over_before_anything_comes_of_it_and_is_known_after_a_death() {
        let store = Memory::new();
        let kept = Kept::open(&store, Bodies::default());
        let body = || Body { media: String::new(), bytes: b"{}".to_vec() };
        let receive = || kept.receive(&store, &"x".into(), body(), at(1));
        let receipt = receive();
        assert_eq!(seen(&store), [(false, 0)], "what became of it is not known yet");
        let done = Ingested { unmatched: 3, ..Ingested::default() };
        kept.became(&store, receipt, Ok(&done)).await.unwrap();
        tokio::task::yield_now().await;
        assert_eq!(seen(&store), [(true, 3)]);
        assert_eq!(kept.first_accepted("x", b"{}"), Some(at(1)));
        assert_eq!(kept.first_accepted("y", b"{}"), None);
        kept.withdraw(&store, receive());
        assert_eq!((seen(&store), kept.size()), (vec![(true, 3)], (1, 2)));
    }

    #[tokio::test]
    async fn a_body_that_cannot_be_kept_is_not_answered_as_taken() {
        let store = Memory::new();
        let kept = Kept::open(&store, Bodies::default());
        let body = Body { media: String::new(), bytes: b"{}".to_vec() };
        let receipt = kept.receive(&store, &"x".into(), body, at(1)).map(|receipt| Receipt {
            durable: Box::pin(async { Err(crate::store::StoreError::Busy { queued: 9 }) }),
            ..receipt
        });
        let refused = kept.became(&store, receipt, Ok(&Ingested::default())).await;
        assert_eq!(refused.unwrap_err().kind, Wrong::Busy);
        assert_eq!((seen(&store), kept.size()), (vec![], (0, 0)));
    }

    #[test]
    fn the_oldest_go_first_by_number_size_and_age_and_a_body_with_its_last_arrival() {
        let wide = Bodies { count: 10, bytes: 1_000, age: Duration::from_secs(100) };
        let three = [(1, "a", 40), (2, "b", 40), (3, "a", 40)];
        let texts =
            |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        assert_eq!(left(&wide, 50, &three), (vec![1, 2, 3], texts(&[])));
        assert_eq!(left(&Bodies { count: 2, ..wide }, 50, &three), (vec![2, 3], texts(&[])));
        assert_eq!(left(&Bodies { count: 1, ..wide }, 50, &three), (vec![3], texts(&["b"])));
        assert_eq!(left(&Bodies { bytes: 79, ..wide }, 50, &three), (vec![3], texts(&["b"])));
        assert_eq!(left(&wide, 102, &three), (vec![2, 3], texts(&[])));
        assert_eq!(left(&wide, 500, &three), (vec![], texts(&["b", "a"])));
    }
}
