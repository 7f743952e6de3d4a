//! Where batches arrive: whatever waits is made durable together, then counted, then answered. The
//! same desk looks at the clock, so that batches and minutes have one order.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::state::{Delta, minute_of, start_of};
use super::{Handed, locked, shelf};
use crate::runtime::service::Inner;
use crate::store::{Change, Expect, Kind, StoreError};

/// The most batches of one round: others look at the monitors in between.
const ROUND_MAX: usize = 64;
/// The most bytes of one round, about: the store takes twice as much at once.
const ROUND_BYTES: usize = 4 << 20;
/// From how many bytes on what came since is written into a new generation, however small that is.
const FOLD_BYTES: usize = 256 << 10;
/// After how many minutes it is in any case.
const FOLD_MINUTES: i64 = 60;

/// How many keys of batches are remembered at most, beside their age: a busy sender's of some hours.
const KEYS_MAX: usize = 200_000;

/// The keys that were kept since the start, oldest first.
type Keys = VecDeque<String>;

/// Runs until `inner` is drained, and writes down then what is known.
pub(in crate::runtime) async fn run(inner: Arc<Inner>) {
    let Some(mut inbox) = inner.monitors.inbox() else { return };
    let fold = inner.monitors.state().fold;
    if let Err(error) = shelf::sweep(&*inner.store, fold).await {
        tracing::warn!(%error, "old counts could not be deleted");
    }
    catch_up(&inner).await;
    let mut keys = Keys::new();
    loop {
        let next = start_of(inner.monitors.state().minute + 1);
        tokio::select! {
            biased;
            () = inner.drain.cancelled() => break,
            () = inner.clock.sleep_until(next) => catch_up(&inner).await,
            handed = inbox.recv() => match handed {
                Some(handed) => round(&inner, handed, &mut inbox, &mut keys).await,
                None => break,
            },
        }
    }
    inbox.close();
    while let Some(handed) = inbox.recv().await {
        round(&inner, handed, &mut inbox, &mut keys).await;
    }
    fold_now(&inner).await;
}

/// Looks at the minutes that have passed. Many groups take a while: it is done where that holds up
/// nobody.
async fn catch_up(inner: &Arc<Inner>) {
    let (state, now) = (Arc::clone(&inner.monitors.state), minute_of(inner.clock.now()));
    let looked = tokio::task::spawn_blocking(move || locked(&state).advance(now)).await;
    if !matches!(looked, Ok(true)) {
        return;
    }
    inner.monitors.looked.notify_one();
    if wants_fold(inner) {
        fold_now(inner).await;
    }
}

fn wants_fold(inner: &Inner) -> bool {
    let state = inner.monitors.state();
    let fold = &state.fold;
    let old = state.minute - fold.minute >= FOLD_MINUTES;
    !state.watches.is_empty() && (old || fold.since >= fold.bytes.max(FOLD_BYTES))
}

async fn fold_now(inner: &Arc<Inner>) {
    let state = Arc::clone(&inner.monitors.state);
    let written = tokio::task::spawn_blocking(move || {
        let state = locked(&state);
        (!state.watches.is_empty()).then(|| shelf::write(&state))
    });
    let Ok(Some(written)) = written.await else { return };
    match written.put(&*inner.store).await {
        Ok(fold) => inner.monitors.state().fold = fold,
        Err(error) => {
            tracing::warn!(%error, "the monitors' counts could not be folded; trying again later");
        }
    }
}

/// Makes durable what waits, counts it, and answers.
async fn round(
    inner: &Arc<Inner>,
    first: Handed,
    inbox: &mut mpsc::Receiver<Handed>,
    keys: &mut Keys,
) {
    let mut handed = vec![first];
    let mut bytes = handed[0].batch.bytes();
    while handed.len() < ROUND_MAX && bytes < ROUND_BYTES {
        let Ok(next) = inbox.try_recv() else { break };
        bytes += next.batch.bytes();
        handed.push(next);
    }
    let mut changes = Vec::with_capacity(2 * handed.len() + 1);
    let mut answers = Vec::with_capacity(handed.len());
    let mut batches = Vec::with_capacity(handed.len());
    for Handed { batch, keep, done } in handed {
        if let Some(keep) = keep {
            keys.push_back(keep.name.clone());
            changes.push(keep);
        }
        answers.push(done);
        if !batch.is_empty() {
            batches.push(batch);
        }
    }
    while keys.len() > KEYS_MAX {
        let oldest = keys.pop_front().unwrap_or_default();
        changes.push(Change::delete(Kind::Answer, oldest, Expect::Any));
    }
    let stored = store(inner, changes, batches).await;
    for done in answers {
        // Whoever sent it may have gone.
        let _ = done.send(stored.clone());
    }
}

async fn store(
    inner: &Arc<Inner>,
    mut changes: Vec<Change>,
    batches: Vec<crate::signal::Batch>,
) -> Result<(), StoreError> {
    let (serial, after) = {
        let state = inner.monitors.state();
        (state.serial + 1, state.minute)
    };
    let delta = Delta { after, batches };
    let mut bytes = 0;
    if !delta.batches.is_empty() {
        let (change, size) = shelf::write_delta(serial, &delta);
        changes.push(change);
        bytes = size;
    }
    if changes.is_empty() {
        return Ok(());
    }
    inner.store.put(changes).await?;
    if !delta.batches.is_empty() {
        let mut state = inner.monitors.state();
        delta.batches.iter().for_each(|batch| state.count(batch));
        state.serial = serial;
        state.fold.since += bytes;
    }
    Ok(())
}
