//! The clocks of runs that do not go by the real one: somebody moves them by hand. Held in memory:
//! whoever moves one keeps it over restarts. It must not know why.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use super::Refusal;
use super::service::{Inner, Runtime};
use crate::id::{DrillRunId, IncidentId};

/// Where the clock of each such run stands.
#[derive(Debug, Default)]
pub(super) struct Clocks(Mutex<BTreeMap<DrillRunId, Timestamp>>);

impl Clocks {
    /// Begins with the clocks of the runs that are under way.
    pub(super) fn new(under_way: Vec<(DrillRunId, Timestamp)>) -> Self {
        Self(Mutex::new(under_way.into_iter().collect()))
    }

    /// Returns where the clock of a run stands; `None` where it goes by the real one.
    pub(super) fn of(&self, run: Option<DrillRunId>) -> Option<Timestamp> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&run?).copied()
    }
}

impl Inner {
    /// Returns the instant by the clock that the incidents of a run go by.
    pub(super) fn now_of(&self, run: Option<DrillRunId>) -> Timestamp {
        self.clocks.of(run).unwrap_or_else(|| self.clock.now())
    }

    /// Turns an instant of the real clock into one of a run's, as far from now.
    pub(super) fn by_own(&self, run: Option<DrillRunId>, real: Timestamp) -> Timestamp {
        let Some(own) = self.clocks.of(run) else { return real };
        own.saturating_add(real.duration_since(self.clock.now())).unwrap_or(Timestamp::MAX)
    }

    /// Turns an instant of a run's clock into one of the real, as far from now.
    pub(super) fn by_real(&self, run: Option<DrillRunId>, own: Timestamp) -> Timestamp {
        let Some(now) = self.clocks.of(run) else { return own };
        self.clock.now().saturating_add(own.duration_since(now)).unwrap_or(Timestamp::MAX)
    }

    /// Returns when the ticker must look at an incident again. Of one whose clock is moved by hand
    /// nothing falls due by itself but what is due already.
    pub(super) fn look_at(
        &self,
        run: Option<DrillRunId>,
        next: Option<Timestamp>,
    ) -> Option<Timestamp> {
        match self.clocks.of(run) {
            Some(own) => next.filter(|at| *at <= own).map(|_| self.clock.now()),
            None => next,
        }
    }
}

impl Runtime {
    /// Sets where the clock of a run stands from now on; `None` lets it go by the real one.
    pub fn set_clock(&self, run: DrillRunId, at: Option<Timestamp>) {
        let mut all = self.inner().clocks.0.lock().unwrap_or_else(PoisonError::into_inner);
        match at {
            Some(at) => drop(all.insert(run, at)),
            None => drop(all.remove(&run)),
        }
    }

    /// Returns the instant by the clock that the incidents of a run go by.
    #[must_use]
    pub fn now_of(&self, run: Option<DrillRunId>) -> Timestamp {
        self.inner().now_of(run)
    }

    /// Lets what is due in an incident by its clock happen, and sends what is to be sent.
    ///
    /// # Errors
    /// The store's own; what is due stays due.
    pub async fn let_due(&self, incident: IncidentId) -> Result<(), Refusal> {
        self.inner().advance(incident, true).await
    }
}
