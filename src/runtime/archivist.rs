//! Moves incidents that ended long ago out of the hot store, whose memory grows with its data.
//! They stay readable, verifiable and in every backup.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::service::Inner;
use crate::store::{Query, StoreError, Summary, Which};

/// How often it looks: an archive is a matter of months, and one walk costs a look per incident.
const EVERY: SignedDuration = SignedDuration::from_hours(24);
/// How long after the start it looks first: a start has better things to do.
const FIRST: SignedDuration = SignedDuration::from_mins(2);
/// How many rows are read at once.
const PAGE: usize = 200;

/// Runs until `inner` is drained.
pub(super) async fn run(inner: Arc<Inner>, after: SignedDuration) {
    let mut pause = FIRST;
    loop {
        let until = inner.clock.now().saturating_add(pause).unwrap_or(Timestamp::MAX);
        tokio::select! {
            () = inner.clock.sleep_until(until) => {}
            () = inner.drain.cancelled() => return,
        }
        pause = EVERY;
        match walk(&inner, after).await {
            Ok(0) => {}
            Ok(moved) => tracing::info!(moved, "ended incidents are in the archive"),
            Err(error) => tracing::warn!(%error, "archiving stopped; it goes on tomorrow"),
        }
    }
}

/// Archives what ended before `after` ago; returns how many incidents that are.
async fn walk(inner: &Arc<Inner>, after: SignedDuration) -> Result<u64, StoreError> {
    let before = inner.clock.now().saturating_sub(after).unwrap_or(Timestamp::MIN);
    let (mut moved, mut cursor) = (0, None);
    while !inner.drain.is_cancelled() {
        let query = Query { which: Which::Ended, before: cursor, limit: PAGE };
        let store = Arc::clone(&inner.store);
        let read = tokio::task::spawn_blocking(move || store.list(query)).await;
        let rows = read.map_err(|_| StoreError::Stopped)??;
        let Some(last) = rows.last() else { break };
        cursor = Some(last.number);
        for row in rows.iter().filter(|row| is_old(row, before)) {
            match inner.store.archive(row.id).await {
                Ok(()) => moved += 1,
                // It was reopened in the meantime.
                Err(StoreError::StillActive(_)) => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(moved)
}

/// What still has notices under way is not at rest yet, nor what the law still asks something for,
/// however late: out of sight it would be forgotten.
fn is_old(row: &Summary, before: Timestamp) -> bool {
    let at_rest = row.pending_notices == 0 && row.open_clocks == 0;
    at_rest && row.closed_at.is_some_and(|closed| closed < before)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Mode, Status};
    use crate::id::IncidentId;
    use crate::store::Digest;
    use crate::text::Text;

    fn closed_in_spring() -> Summary {
        let at: Timestamp = "2026-04-01T00:00:00Z".parse().expect("an instant");
        Summary {
            id: IncidentId::from_u128(1),
            number: 1,
            playbook: "p".into(),
            playbook_hash: Digest::of(b"p"),
            title: Text::Same("T".to_owned()),
            mode: Mode::Live,
            status: Status::Closed,
            stuck: false,
            level: 4,
            level_provisional: false,
            phase: "one".into(),
            detected_at: at,
            declared_at: at,
            closed_at: Some(at),
            restricted: false,
            involved: Vec::new(),
            dedup_key: None,
            version: 9,
            pending_notices: 0,
            open_clocks: 0,
        }
    }

    #[test]
    fn what_is_at_rest_long_enough_is_old_and_what_the_law_still_waits_for_is_not() {
        let before: Timestamp = "2026-11-01T00:00:00Z".parse().expect("an instant");
        let row = closed_in_spring();
        assert!(is_old(&row, before));
        assert!(!is_old(&row, "2026-03-01T00:00:00Z".parse().expect("an instant")));
        assert!(!is_old(&Summary { pending_notices: 1, ..row.clone() }, before));
        assert!(!is_old(&Summary { open_clocks: 1, ..row.clone() }, before));
        assert!(!is_old(&Summary { closed_at: None, ..row }, before));
    }
}
