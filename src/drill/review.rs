//! Reads a journal back for judging: folds its events and gathers what expectations ask for. Pure.

use crate::drill::expect::Expectation;
use crate::drill::observe::Observed;
use crate::engine::{Event, Facts, Incident, evolve};
use crate::playbook::{Condition, Playbook};

/// A journal read back.
#[derive(Debug)]
pub struct Review {
    /// What its events show.
    pub observed: Observed,
    /// The incident as the last event left it.
    pub incident: Incident,
}

/// Folds a whole journal; `None` where it does not begin with a declaration.
#[must_use]
pub fn review(playbook: &Playbook, expect: &[Expectation], events: &[Event]) -> Option<Review> {
    let mut incident = Incident::begin(events.first()?)?;
    let mut observed = Observed::default();
    for (position, event) in events.iter().enumerate() {
        if position > 0 {
            incident = evolve(incident, event);
        }
        let facts = Facts::new(playbook, &incident);
        let holds = &mut |condition: &Condition| condition.evaluate(&facts).and_known();
        observed.see(event, &incident, expect, holds);
    }
    Some(Review { observed, incident })
}
