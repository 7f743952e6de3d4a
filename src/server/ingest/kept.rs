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
use crate::store::{Change, Expect, Kind, Store};
use crate::text::Text;

use super::slots::Slots;

/// The most arrivals that may be configured; they are listed in memory.
const ARRIVALS_MAX: usize = 100_000;
/// Alerts listed of each arrival.
const ALERTS_SHOWN: usize = 20;
/// Arrivals on one page.
const PAGE_MAX: usize = 200;

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

    fn put(&mut self, arrival: Arrival, body: Vec<u8>) -> Vec<Change> {
        let hash = arrival.hash.clone();
        let first = self.count(&hash, arrival.bytes);
        let mut changes = vec![self.slots.put(self.slots.next(), arrival)];
        if first {
            changes.push(Change::write(Kind::Body, hash, Expect::Any, body));
        }
        changes
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
        Self { bounds, held: Mutex::new(Held::new(slots)) }
    }

    /// Keeps one more. Not waited for: what it led to is durable already, and a body that a power cut
    /// takes costs only a replay.
    pub fn keep(&self, app: &App, source: &SmolStr, body: Body, became: Result<&Ingested, &Text>) {
        if self.bounds.count == 0 {
            return;
        }
        let (now, hash) = (app.now(), hex::encode(Sha256::digest(&body.bytes)));
        let alerts = became.map(|done| done.alerts.as_slice()).unwrap_or_default();
        let arrival = Arrival {
            at: now,
            source: source.clone(),
            hash,
            bytes: body.bytes.len() as u64,
            media: body.media,
            accepted: became.is_ok(),
            why: became.err().cloned(),
            alerts: alerts.iter().take(ALERTS_SHOWN).cloned().collect(),
            unmatched: became.map_or(0, |done| done.unmatched),
        };
        let mut held = self.held();
        let mut changes = held.put(arrival, body.bytes);
        changes.extend(make_room(&mut held, &self.bounds, now));
        // Handed over while the list is held, so that the journal has the same order.
        write(app, changes);
    }

    /// Lets go of what is too old.
    pub fn tidy(&self, app: &App) {
        let mut held = self.held();
        let changes = make_room(&mut held, &self.bounds, app.now());
        write(app, changes);
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

fn write(app: &App, changes: Vec<Change>) {
    if changes.is_empty() {
        return;
    }
    let pending = app.runtime().store().put(changes);
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
