//! Sleeps to the next instant of the agenda and lets the executor act on what is due. Deadlines
//! have their own lane: they never wait behind requests.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Semaphore;

use super::service::Inner;
use crate::id::IncidentId;

/// How many incidents are advanced at once: enough to fill one batch of the store's writer.
const AT_ONCE: usize = 512;
/// How long a failed advance waits before it is tried again: the store may be full or busy.
const AGAIN_AFTER: SignedDuration = SignedDuration::from_secs(1);
/// The longest sleep, so that the heartbeat stays fresh and a jump of the clock is noticed.
pub(super) const HEARTBEAT: SignedDuration = SignedDuration::from_secs(5);
/// How late an instant may be noticed before it counts as late in the log.
const LATE: Duration = Duration::from_secs(2);

/// Runs until `inner` is drained.
pub(super) async fn run(inner: Arc<Inner>) {
    let lane = Arc::new(Semaphore::new(AT_ONCE));
    loop {
        if inner.drain.is_cancelled() {
            return;
        }
        let now = inner.clock.now();
        inner.heartbeat(now);
        let due = if inner.is_held() { Vec::new() } else { inner.agenda.take_due(now, AT_ONCE) };
        if due.is_empty() {
            sleep(&inner, now).await;
            continue;
        }
        inner.meters.acting.add(due.len() as u64);
        for (at, id) in due {
            let Ok(permit) = Arc::clone(&lane).acquire_owned().await else { return };
            let inner = Arc::clone(&inner);
            tokio::spawn(async move {
                act(&inner, at, id).await;
                inner.meters.acting.take();
                drop(permit);
            });
        }
    }
}

async fn sleep(inner: &Inner, now: Timestamp) {
    let beat = now.saturating_add(HEARTBEAT).unwrap_or(Timestamp::MAX);
    let until = if inner.is_held() {
        beat
    } else {
        inner.agenda.next().map_or(beat, |next| next.min(beat))
    };
    tokio::select! {
        () = inner.clock.sleep_until(until) => {}
        () = inner.agenda.earlier.notified() => {}
        () = inner.drain.cancelled() => {}
    }
}

async fn act(inner: &Arc<Inner>, at: Timestamp, id: IncidentId) {
    let lag = Duration::try_from(inner.clock.now().duration_since(at)).unwrap_or_default();
    inner.meters.deadline_lag_ms.set(u64::try_from(lag.as_millis()).unwrap_or(u64::MAX));
    if lag > LATE {
        tracing::info!(incident = %id, late_seconds = lag.as_secs(), "acting late");
    }
    if let Err(error) = inner.advance(id, true).await {
        tracing::warn!(incident = %id, %error, "could not act on what is due; trying again");
        let again = inner.clock.now().saturating_add(AGAIN_AFTER).unwrap_or(Timestamp::MAX);
        inner.agenda.at_latest(id, again);
    }
}
