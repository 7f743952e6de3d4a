//! A bounded list that survives a restart: each entry in a document of its own, found by its place.
//! It knows no bound itself; whoever adds something says what makes room.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::store::{Change, Expect, Kind, Store};

/// The list, by place.
#[derive(Debug)]
pub struct Slots<T> {
    kind: Kind,
    held: BTreeMap<u64, T>,
}

impl<T: Serialize + DeserializeOwned> Slots<T> {
    /// Reads what was kept before, at most so much. What does not read leaves its place free.
    pub fn open(store: &dyn Store, kind: Kind, most: usize) -> Self {
        let documents = store.documents(kind, "", most).unwrap_or_else(|error| {
            tracing::error!(%error, kind = kind.name(), "a list cannot be read");
            Vec::new()
        });
        let read = |document: &crate::store::Document| {
            let place = document.name.parse().ok()?;
            Some((place, serde_json::from_slice(&document.content).ok()?))
        };
        let mut held = BTreeMap::new();
        for document in &documents {
            match read(document) {
                Some((place, value)) => drop(held.insert(place, value)),
                None => tracing::error!(
                    kind = kind.name(),
                    name = document.name,
                    "an entry cannot be read"
                ),
            }
        }
        Self { kind, held }
    }

    /// Returns the entries by place.
    pub const fn all(&self) -> &BTreeMap<u64, T> {
        &self.held
    }

    /// Returns an entry to change; whoever does writes it with [`Slots::written`].
    pub fn get_mut(&mut self, place: u64) -> Option<&mut T> {
        self.held.get_mut(&place)
    }

    /// Returns the first place that is free.
    pub fn free(&self) -> u64 {
        let mut free = 0;
        for place in self.held.keys() {
            if *place > free {
                break;
            }
            free = place + 1;
        }
        free
    }

    /// Returns the place behind all others.
    pub fn next(&self) -> u64 {
        self.held.last_key_value().map_or(0, |(place, _)| place + 1)
    }

    /// Puts an entry in a place, and returns what makes it durable.
    pub fn put(&mut self, place: u64, value: T) -> Change {
        self.held.insert(place, value);
        self.written(place)
    }

    /// Takes an entry out, and returns what makes that durable.
    pub fn take(&mut self, place: u64) -> (Option<T>, Change) {
        let taken = self.held.remove(&place);
        (taken, Change::delete(self.kind, name(place), Expect::Any))
    }

    /// Returns what makes an entry durable as it is now.
    pub fn written(&self, place: u64) -> Change {
        let content = self.held.get(&place).map(serde_json::to_vec).transpose();
        let content = content.ok().flatten().unwrap_or_default();
        Change::write(self.kind, name(place), Expect::Any, content)
    }
}

/// Places in the order of their names; three digits are what the oldest lists were written with.
fn name(place: u64) -> String {
    if place < 1_000 { format!("{place:03}") } else { format!("{place:020}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::store::Memory;

    #[tokio::test]
    async fn what_does_not_read_moves_nothing_else_and_its_place_is_used_again() {
        let store = Memory::new();
        let mut slots = Slots::<String>::open(&store, Kind::Unmatched, 10);
        let changes = ["a", "b", "c"].map(|word| slots.put(slots.free(), word.to_owned()));
        store.put(changes.to_vec()).await.unwrap();
        let torn = Change::write(Kind::Unmatched, "001", Expect::Any, b"\xff".to_vec());
        store.put(vec![torn]).await.unwrap();
        let mut slots = Slots::<String>::open(&store, Kind::Unmatched, 10);
        let seen: Vec<_> = slots.all().iter().map(|(n, word)| (*n, word.as_str())).collect();
        assert_eq!(seen, [(0, "a"), (2, "c")]);
        assert_eq!((slots.free(), slots.next()), (1, 3));
        let (taken, change) = slots.take(2);
        assert_eq!(taken.as_deref(), Some("c"));
        store.put(vec![change, slots.put(5_000, "z".to_owned())]).await.unwrap();
        let slots = Slots::<String>::open(&store, Kind::Unmatched, 10);
        assert_eq!(slots.all().keys().copied().collect::<Vec<_>>(), [0, 5_000]);
    }
}
