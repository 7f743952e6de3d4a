//! What readiness comes to, told of a store that no server holds. It must not know who asks.

use std::sync::Arc;

use jiff::Timestamp;

use super::state::State;
use crate::drill::archive::Archive;
use crate::id::PlaybookId;
use crate::learn::cadence::{Cadence, DrillState};
use crate::people::Zone;
use crate::playbook::Playbook;
use crate::store::Store;

/// What is to be looked after.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Glance {
    /// The plans that should have been drilled by now.
    pub overdue: Vec<PlaybookId>,
    /// The plans that are to be drilled and never were, and have time left.
    pub never: Vec<PlaybookId>,
    /// How many actions are to be done whose day is over.
    pub actions_overdue: u64,
}

/// Looks at what was learned. Blocks on the disk.
pub fn glance<'a>(
    store: &Arc<dyn Store>,
    plans: impl Iterator<Item = &'a Playbook>,
    cadence: &Cadence,
    zone: &Zone,
    now: Timestamp,
) -> Glance {
    let state = State::read(&**store, &Archive::new(Arc::clone(store)));
    let mut glance = Glance::default();
    for plan in plans {
        let (standing, last) = state.standing(plan, cadence, now);
        match standing.state {
            DrillState::Overdue => glance.overdue.push(plan.id.clone()),
            DrillState::Due | DrillState::Done if last.is_none() => {
                glance.never.push(plan.id.clone());
            }
            DrillState::Due | DrillState::Done | DrillState::NotRequired => {}
        }
    }
    let today = zone.civil(now).date();
    let overdue = state.actions.values().filter(|kept| kept.value.is_overdue(today));
    glance.actions_overdue = overdue.count() as u64;
    glance
}
