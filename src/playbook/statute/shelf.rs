//! The regimes and calendars that one plan uses.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::id::{CalendarId, RegimeId};
use crate::playbook::diagnostic::Diagnostics;
use crate::playbook::lower;
use crate::playbook::part::{PartKind, PartName, Shelf};
use crate::playbook::statute::{Calendar, Regime};
use crate::playbook::yaml::Node;

/// The regimes and calendars that a plan names, read from the shelf.
#[derive(Debug, Default)]
pub struct Statutes {
    regimes: BTreeMap<RegimeId, Arc<Regime>>,
    calendars: BTreeMap<CalendarId, Arc<Calendar>>,
    /// Every regime there is, for suggestions.
    pub(in crate::playbook) known: Vec<String>,
    /// Every calendar there is, for suggestions.
    pub(in crate::playbook) known_calendars: Vec<String>,
    /// Regimes that are named but cannot be used.
    pub(in crate::playbook) broken: BTreeSet<String>,
}

impl Statutes {
    /// Reads what a plan and its clocks name. What is missing or broken is left out: the plan's
    /// reader says so.
    pub(in crate::playbook) fn of_plan(root: &Node, shelf: &Shelf) -> Self {
        let clocks = root.get("clocks").and_then(Node::as_list).unwrap_or_default();
        let mut all = Self::default();
        let calendar = root.get("calendar").and_then(Node::as_str);
        if let Some(name) = calendar {
            let known = shelf.of_kind(PartKind::Calendars);
            all.known_calendars = known.map(|part| part.name.name.to_string()).collect();
            all.add_calendar(&CalendarId::new(name), shelf);
        }
        if clocks.is_empty() {
            return all;
        }
        all.known =
            shelf.of_kind(PartKind::Regimes).map(|part| part.name.name.to_string()).collect();
        for clock in clocks {
            let Some(name) = clock.get("regime").and_then(Node::as_str) else { continue };
            if all.regime(name).is_none() && all.add(name, shelf).is_none() {
                all.broken.insert(name.to_owned());
            }
        }
        let known = &all.known;
        all.broken.retain(|name| known.contains(name));
        all
    }

    fn add(&mut self, name: &str, shelf: &Shelf) -> Option<()> {
        let part = shelf.get(&PartName { kind: PartKind::Regimes, name: name.into() })?;
        let (regime, out) = lower::regime(&part.root, Diagnostics::new(part.source.clone()));
        let regime = regime.filter(|_| !out.has_errors())?;
        if let Some(id) = &regime.calendar {
            self.add_calendar(id, shelf)?;
        }
        self.regimes.insert(regime.id.clone(), Arc::new(regime));
        Some(())
    }

    fn add_calendar(&mut self, id: &CalendarId, shelf: &Shelf) -> Option<()> {
        let part = shelf.get(&PartName { kind: PartKind::Calendars, name: id.as_str().into() })?;
        let (calendar, out) = lower::calendar(&part.root, Diagnostics::new(part.source.clone()));
        let calendar = calendar.filter(|_| !out.has_errors())?;
        self.calendars.insert(id.clone(), Arc::new(calendar));
        Some(())
    }

    /// Returns the parts that make them up.
    pub(in crate::playbook) fn parts(&self) -> impl Iterator<Item = PartName> {
        let name = |kind, name: &str| PartName { kind, name: name.into() };
        let regimes = self.regimes.keys().map(move |id| name(PartKind::Regimes, id.as_str()));
        let calendars = self.calendars.keys().map(move |id| name(PartKind::Calendars, id.as_str()));
        regimes.chain(calendars)
    }

    /// Returns the regime of that name.
    #[must_use]
    pub fn regime(&self, id: &str) -> Option<&Arc<Regime>> {
        self.regimes.get(&RegimeId::new(id))
    }

    /// Returns the calendar of that name.
    #[must_use]
    pub fn calendar(&self, id: &str) -> Option<&Arc<Calendar>> {
        self.calendars.get(&CalendarId::new(id))
    }

    /// Returns the calendar that a regime counts business days on.
    #[must_use]
    pub fn calendar_of(&self, regime: &Regime) -> Option<&Arc<Calendar>> {
        self.calendars.get(regime.calendar.as_ref()?)
    }
}
