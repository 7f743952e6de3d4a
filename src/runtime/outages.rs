//! What drills under way have taken away from their own messages. Held in memory: the drill that
//! asked keeps it over restarts. It must not know why.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::service::Runtime;
use crate::id::DrillRunId;
use crate::notify::gate::Outage;

/// The outages of each run.
#[derive(Debug, Default)]
pub(super) struct Outages(Mutex<BTreeMap<DrillRunId, Arc<[Outage]>>>);

impl Outages {
    /// Begins with the outages of the runs that are under way.
    pub(super) fn new(under_way: Vec<(DrillRunId, Vec<Outage>)>) -> Self {
        let of_run = |(run, outages): (_, Vec<Outage>)| (run, outages.into());
        Self(Mutex::new(under_way.into_iter().map(of_run).collect()))
    }

    /// Returns the outages of the run that an incident belongs to; none for a live one.
    pub(super) fn of(&self, run: Option<DrillRunId>) -> Arc<[Outage]> {
        let of_run = |run| self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&run).cloned();
        run.and_then(of_run).unwrap_or_default()
    }
}

impl Runtime {
    /// Sets what the messages of a drill's run do without from now on; nothing ends it.
    pub fn set_outages(&self, run: DrillRunId, outages: &[Outage]) {
        let mut all = self.inner().outages.0.lock().unwrap_or_else(PoisonError::into_inner);
        if outages.is_empty() {
            all.remove(&run);
        } else {
            all.insert(run, outages.into());
        }
    }
}
