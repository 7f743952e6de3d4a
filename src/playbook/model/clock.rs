//! A statutory clock of a plan: a regime, bound to the plan's roles, steps and moments.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::id::{ClockId, LadderId, MomentId, PartyId, RoleId, StageId, StepId};
use crate::playbook::duration::Span;
use crate::playbook::expression::Condition;
use crate::playbook::model::Moment;
use crate::playbook::statute::{Calendar, Limit, Reckoned, Reckoning, Regime, Stage};
use crate::text::Text;

/// A statutory clock of a plan.
#[derive(Debug)]
pub struct Clock {
    /// Its name in the plan.
    pub id: ClockId,
    /// What people call it; falls back to the regime's title.
    pub title: Option<Text>,
    /// What the law asks, pinned with the plan.
    pub regime: Arc<Regime>,
    /// What business days are counted on.
    pub calendar: Option<Arc<Calendar>>,
    /// In which capacity the regime binds; `None` where it makes no difference.
    pub party: Option<PartyId>,
    /// Stands for the moment the regime's first stages count from.
    pub starts: Option<Moment>,
    /// Moments of the regime that are moments of the plan.
    pub moments: BTreeMap<MomentId, Moment>,
    /// Whether it applies; unknown counts as yes.
    pub when: Option<Condition>,
    /// The steps that submit its stages when they are done.
    pub met_by: BTreeMap<StageId, StepId>,
    /// Who sees to it; the role of the step that meets it where nothing is said.
    pub role: Option<RoleId>,
    /// Climbed before and after it runs out.
    pub escalate: Option<LadderId>,
    /// Our own target for what is to be done promptly.
    pub internal: Option<Span>,
}

impl Clock {
    /// Returns the stages that bind the plan's party, in the order of the regime.
    pub fn stages(&self) -> impl Iterator<Item = &Stage> {
        let party = self.party.as_ref();
        self.regime.stages.iter().filter(move |stage| {
            stage.parties.is_empty() || party.is_some_and(|party| stage.parties.contains(party))
        })
    }

    /// Returns a stage that binds the plan's party.
    #[must_use]
    pub fn stage(&self, id: &StageId) -> Option<&Stage> {
        self.stages().find(|stage| stage.id == *id)
    }

    /// Returns the instant that ends a limit which began at `start`.
    #[must_use]
    pub fn reckon(&self, limit: Limit, start: Timestamp) -> Option<Reckoned> {
        let with = Reckoning {
            zone: &self.regime.zone,
            calendar: self.calendar.as_deref(),
            internal: self.internal,
        };
        limit.after(start, &with)
    }

    /// Returns what people call it.
    #[must_use]
    pub fn title(&self) -> &Text {
        self.title.as_ref().unwrap_or(&self.regime.title)
    }
}
