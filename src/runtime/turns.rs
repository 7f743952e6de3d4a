//! Whose turn it is, over all incidents: counted in memory, and written with the commit that takes
//! a turn. It must not know who is called.

use std::sync::{Arc, Mutex, PoisonError};

use crate::engine::{Event, Fact, Incident, Outcome};
use crate::id::LadderId;
use crate::people::{Directory, Turns};
use crate::store::{Change, Expect, Kind, Store, StoreError};

/// The document that holds them.
const NAME: &str = "turns";

/// The turns as they are now; read from the store when they are first asked for.
#[derive(Debug, Default)]
pub(super) struct Turning(Mutex<Option<Arc<Turns>>>);

impl Turning {
    /// Returns the turns as they are.
    pub(super) fn snapshot(&self, store: &dyn Store) -> Result<Arc<Turns>, StoreError> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turns) = known.as_ref() {
            return Ok(Arc::clone(turns));
        }
        let document = store.document(Kind::Setting, NAME)?;
        let read = document.map(|document| serde_json::from_slice(&document.content));
        let turns = read.unwrap_or_else(|| Ok(Turns::default())).unwrap_or_else(|error| {
            tracing::warn!(%error, "whose turn it is does not read; everyone begins anew");
            Turns::default()
        });
        let turns = Arc::new(turns);
        *known = Some(Arc::clone(&turns));
        Ok(turns)
    }

    /// Takes the turns that events are about to take, and returns the document to write with them;
    /// `None` where another incident took one of them meanwhile, and must be decided again.
    pub(super) fn take(
        &self,
        directory: &Directory,
        before: &Incident,
        outcome: &Outcome,
    ) -> Option<Vec<Change>> {
        let taken: Vec<(LadderId, u32, u64)> = outcome
            .events
            .iter()
            .filter_map(|event| taken(directory, [&outcome.incident, before], event))
            .collect();
        if taken.is_empty() {
            return Some(Vec::new());
        }
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut turns = known.as_deref().cloned().unwrap_or_default();
        if taken.iter().any(|(ladder, rung, turn)| turns.next(ladder, *rung) > *turn) {
            return None;
        }
        for (ladder, rung, turn) in &taken {
            turns.take(ladder, *rung, *turn);
        }
        let change = Change::keep(Kind::Setting, NAME, Expect::Any, &turns);
        *known = Some(Arc::new(turns));
        Some(vec![change])
    }
}

fn taken(
    directory: &Directory,
    incidents: [&Incident; 2],
    event: &Event,
) -> Option<(LadderId, u32, u64)> {
    let Fact::RungFired { subject, rung, turn: Some(turn), .. } = &event.fact else { return None };
    let ladder = &incidents.into_iter().find_map(|at| at.ladders.get(subject))?.ladder;
    let place = directory.ladder(ladder)?.place(*rung);
    Some((ladder.clone(), place, *turn))
}
