//! Reads what people really did out of the journal, for whoever makes a cast of it. It must not know
//! what a cast is made of.

use jiff::Timestamp;

use crate::drill::calibrate::INCIDENTS_MAX;
use crate::drill::calibrate::gather::{Gathered, Times, gather};
use crate::engine::{Event, Mode, codec};
use crate::id::PlaybookId;
use crate::store::{Query, Store, StoreError, Which};

/// Gathers the times of a plan from the latest incidents and exercises that run it and began after
/// `since`; what is still open has lasted until `as_of`. Blocks on the disk.
///
/// # Errors
/// A damaged journal.
pub fn times(
    store: &dyn Store,
    playbook: &PlaybookId,
    since: Option<Timestamp>,
    as_of: Timestamp,
) -> Result<Times, StoreError> {
    let mut gathered = Gathered::new();
    let (mut before, mut taken) = (None, 0);
    loop {
        let rows = store.list(Query { which: Which::All, before, limit: Query::MAX_ROWS })?;
        let Some(last) = rows.last() else { break };
        before = Some(last.number);
        let of_plan = rows.iter().filter(|row| {
            row.playbook == *playbook
                && row.mode != Mode::Simulation
                && since.is_none_or(|since| row.declared_at >= since)
        });
        for row in of_plan.take(INCIDENTS_MAX - taken) {
            let Some(stream) = store.load(row.id)? else { continue };
            let events =
                stream.events().filter_map(|(_, stored)| codec::decode(&stored.bytes).ok());
            gather(&events.collect::<Vec<Event>>(), as_of, &mut gathered);
            taken += 1;
        }
        if taken == INCIDENTS_MAX {
            break;
        }
    }
    Ok(gathered.remove(playbook).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Memory;

    #[test]
    fn a_journal_without_incidents_shows_nothing() {
        let (store, now) = (Memory::new(), Timestamp::UNIX_EPOCH);
        let found = times(&store, &"outage".into(), None, now).unwrap();
        assert_eq!(found, Times::default());
    }
}
