//! The regimes and calendars that one plan uses.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::id::{CalendarId, RegimeId};
use crate::playbook::statute::{Calendar, Regime};

/// Regimes and calendars by name.
#[derive(Debug, Default)]
pub struct Statutes {
    /// The regimes.
    pub regimes: BTreeMap<RegimeId, Arc<Regime>>,
    /// The calendars.
    pub calendars: BTreeMap<CalendarId, Arc<Calendar>>,
}

impl Statutes {
    /// Returns the regime of that name.
    #[must_use]
    pub fn regime(&self, id: &str) -> Option<&Arc<Regime>> {
        self.regimes.iter().find(|(known, _)| known.as_str() == id).map(|(_, regime)| regime)
    }

    /// Returns the calendar that a regime counts business days on.
    #[must_use]
    pub fn calendar_of(&self, regime: &Regime) -> Option<&Arc<Calendar>> {
        self.calendars.get(regime.calendar.as_ref()?)
    }
}
