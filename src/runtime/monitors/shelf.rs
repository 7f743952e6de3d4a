//! How what the monitors know lies in the store. A generation holds all of it, in pieces; deltas
//! hold what came since. A generation counts once its index names it, so that a death at any point
//! leaves a whole one with every delta after it. Nothing is lost, nothing is counted twice.

use std::ops::ControlFlow;

use indexmap::IndexMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::state::{Delta, Fold, State, minute_of};
use crate::signal::{Group, Head, Memory, Monitor, Watch};
use crate::store::{Change, Document, Expect, Kind, Store, StoreError, each_document};

/// Names the piece of the store that says which generation counts.
const INDEX: &str = "index";
/// Deltas, by their number.
const DELTA: &str = "delta/";
/// Pieces of generations.
const PIECE: &str = "piece/";
/// From how many bytes on a piece is full: several fit into one write of the store.
const PIECE_BYTES: usize = 1 << 20;
/// How many documents are read or deleted at once.
const PAGE: usize = 128;

/// Which generation counts.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Index {
    generation: u64,
    /// The minute it was written at.
    minute: i64,
    /// The last delta that is part of it.
    serial: u64,
    bytes: usize,
    monitors: IndexMap<SmolStr, Volume>,
}

/// How one monitor lies in a generation.
#[derive(Debug, Serialize, Deserialize)]
struct Volume {
    /// What its counts are counts of.
    shape: String,
    /// How many pieces there are: the first holds all but the groups.
    pieces: usize,
}

fn piece_name(generation: u64, monitor: &str, piece: usize) -> String {
    format!("{PIECE}{generation:016x}/{monitor}/{piece:06}")
}

/// Returns the change that makes a delta durable, and its bytes.
pub(super) fn write_delta(serial: u64, delta: &Delta) -> (Change, usize) {
    let content = serde_json::to_vec(delta).expect("texts and numbers have a JSON form");
    let bytes = content.len();
    (Change::write(Kind::Monitor, format!("{DELTA}{serial:016x}"), Expect::Any, content), bytes)
}

/// A generation as it is to be written.
pub(super) struct Written {
    pieces: Vec<Change>,
    index: Index,
    /// What is to be deleted once it counts: the generation before, and the deltas in it.
    old: (u64, std::ops::RangeInclusive<u64>),
}

/// Writes down all that is known.
pub(super) fn write(state: &State) -> Written {
    let generation = state.fold.generation + 1;
    let mut index =
        Index { generation, minute: state.minute, serial: state.serial, ..Index::default() };
    let mut pieces = Vec::new();
    for watch in &state.watches {
        let id = watch.monitor().id.clone();
        let mut contents = vec![json(&watch.memory().head)];
        let mut open: Vec<u8> = Vec::new();
        for entry in &watch.memory().groups {
            open.push(if open.is_empty() { b'[' } else { b',' });
            open.extend(json(&entry));
            if open.len() >= PIECE_BYTES {
                open.push(b']');
                contents.push(std::mem::take(&mut open));
            }
        }
        if !open.is_empty() {
            open.push(b']');
            contents.push(open);
        }
        let volume = Volume { shape: watch.monitor().shape(), pieces: contents.len() };
        for (n, content) in contents.into_iter().enumerate() {
            index.bytes += content.len();
            let name = piece_name(generation, &id, n);
            pieces.push(Change::write(Kind::Monitor, name, Expect::Any, content));
        }
        index.monitors.insert(id, volume);
    }
    let old = (state.fold.generation, state.fold.first..=state.serial);
    Written { pieces, index, old }
}

fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("texts and finite numbers have a JSON form")
}

impl Written {
    /// Makes it durable, lets it count, and deletes what it replaces.
    pub async fn put(self, store: &dyn Store) -> Result<Fold, StoreError> {
        for piece in self.pieces {
            store.put(vec![piece]).await?;
        }
        let Index { generation, minute, serial, bytes, .. } = self.index;
        let index = Change::write(Kind::Monitor, INDEX, Expect::Any, json(&self.index));
        store.put(vec![index]).await?;
        let (before, deltas) = self.old;
        let mut old: Vec<String> = deltas.map(|serial| format!("{DELTA}{serial:016x}")).collect();
        old.extend(names(store, &format!("{PIECE}{before:016x}/"))?);
        delete(store, old).await?;
        Ok(Fold { generation, bytes, minute, since: 0, first: serial + 1 })
    }
}

/// Finds the names that begin with a word.
fn names(store: &dyn Store, prefix: &str) -> Result<Vec<String>, StoreError> {
    let mut found = Vec::new();
    each_document(store, Kind::Monitor, prefix, &mut |document| {
        found.push(document.name);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(found)
}

async fn delete(store: &dyn Store, names: Vec<String>) -> Result<(), StoreError> {
    for page in names.chunks(PAGE) {
        let gone = |name: &String| Change::delete(Kind::Monitor, name.as_str(), Expect::Any);
        store.put(page.iter().map(gone).collect()).await?;
    }
    Ok(())
}

/// Deletes pieces of generations that never counted, or that a death kept from being deleted.
pub(super) async fn sweep(store: &dyn Store, fold: Fold) -> Result<(), StoreError> {
    let current = format!("{PIECE}{:016x}/", fold.generation);
    let mut old = names(store, PIECE)?;
    old.retain(|name| !name.starts_with(&current));
    let first = format!("{DELTA}{:016x}", fold.first);
    old.extend(names(store, DELTA)?.into_iter().filter(|name| *name < first));
    delete(store, old).await
}

/// Takes up what was known. What cannot be read is told in the log and learnt anew: a monitor that
/// knows little is better than a server that does not start.
pub(super) fn open(monitors: Vec<Monitor>, store: &dyn Store, now: Timestamp) -> State {
    let index = read::<Index>(store, INDEX).unwrap_or_else(|error| {
        tracing::error!(%error, "what the monitors knew cannot be read; they begin anew");
        None
    });
    let index = index.unwrap_or_default();
    let watch = |monitor: Monitor| match known(&monitor, &index, store) {
        Ok(Some(memory)) => Watch::resume(monitor, memory),
        Ok(None) => Watch::new(monitor, now),
        Err(error) => {
            tracing::error!(monitor = %monitor.id, %error, "what it knew cannot be read");
            Watch::new(monitor, now)
        }
    };
    let mut state = State {
        watches: monitors.into_iter().map(watch).collect(),
        minute: if index.generation == 0 { minute_of(now) } else { index.minute },
        serial: index.serial,
        fold: Fold {
            generation: index.generation,
            bytes: index.bytes,
            minute: index.minute,
            since: 0,
            first: index.serial + 1,
        },
    };
    if let Err(error) = follow(&mut state, store) {
        tracing::error!(%error, "some of what was counted last cannot be read");
    }
    state
}

/// Returns what a monitor knew, where it still counts the same.
fn known(
    monitor: &Monitor,
    index: &Index,
    store: &dyn Store,
) -> Result<Option<Memory>, StoreError> {
    let Some(volume) = index.monitors.get(&monitor.id) else { return Ok(None) };
    if volume.shape != monitor.shape() {
        tracing::warn!(monitor = %monitor.id, "it counts something else now and begins anew");
        return Ok(None);
    }
    let name = |piece| piece_name(index.generation, &monitor.id, piece);
    let Some(head) = read::<Head>(store, &name(0))? else { return Ok(None) };
    let mut groups = IndexMap::new();
    for piece in 1..volume.pieces {
        let held = read::<Vec<(SmolStr, Group)>>(store, &name(piece))?;
        groups.extend(held.into_iter().flatten());
    }
    Ok(Some(Memory { head, groups }))
}

/// Counts again what came after the generation.
fn follow(state: &mut State, store: &dyn Store) -> Result<(), StoreError> {
    let mut after = format!("{DELTA}{:016x}", state.serial);
    loop {
        let page = store.documents(Kind::Monitor, &after, PAGE)?;
        let deltas = page.iter().filter(|document| document.name.starts_with(DELTA));
        let mut last = None;
        for document in deltas {
            let delta = parsed::<Delta>(document)?;
            state.fold.since += document.content.len();
            state.replay(&delta);
            let number = document.name.strip_prefix(DELTA).unwrap_or_default();
            state.serial = u64::from_str_radix(number, 16).unwrap_or(state.serial + 1);
            last = Some(document.name.clone());
        }
        match last {
            Some(last) => after = last,
            None => return Ok(()),
        }
    }
}

fn read<T: for<'de> Deserialize<'de>>(
    store: &dyn Store,
    name: &str,
) -> Result<Option<T>, StoreError> {
    store.document(Kind::Monitor, name)?.map(|document| parsed(&document)).transpose()
}

fn parsed<T: for<'de> Deserialize<'de>>(document: &Document) -> Result<T, StoreError> {
    serde_json::from_slice(&document.content).map_err(|error| StoreError::Damaged {
        what: format!("monitor {}", document.name),
        why: error.to_string(),
    })
}
