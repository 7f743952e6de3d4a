//! Rosters as they are while running: what the configuration says, with the overrides and swaps
//! that people made since laid over it. Every change is durable before it holds, and says who made
//! it, when and with which token. It must not know HTTP.

pub(super) mod calendars;
mod change;
pub(super) mod handover;
pub(super) mod letters;
mod record;
mod swap;
mod tell;
pub(super) mod watch;

use std::sync::Arc;

use super::service::Inner;
use super::{Missing, Refusal};
use crate::id::{PersonId, ScheduleId};
use crate::people::{Directory, Fault};
use crate::playbook::diagnostic::nearest;
use crate::store::StoreError;
use crate::text::Text;

pub use calendars::{
    CALENDAR_OLD, CalendarPlace, CalendarSource, CalendarStanding, said_calendar, stored_calendars,
};
pub use change::{Made, NewOverride, OVERRIDE_DAYS_MAX, Wanted};
pub use handover::{
    ASK_BEFORE, ASK_BEFORE_MAX, Asking, HandoverNote, HandoverView, NOTE_CHARS_MAX, OpenStage,
    OpenStep, OpenWork,
};
pub use letters::LetterAbout;
pub use record::{KeptOverride, Stamp, Standing as OverrideStanding, StoredOverride};
pub use record::{stored_overrides, with_overrides};
pub use swap::{KeptSwap, OfferSwap, Settled, Span, Swap, SwapState};
pub use watch::{LOOK_AHEAD_DAYS, LOOK_AHEAD_DAYS_MAX, Outlook, RosterSettings};

/// Why a roster was not changed.
#[derive(Debug)]
pub enum RosterError {
    /// It names something that is not there, or contradicts itself.
    Faults(Vec<Fault>),
    /// A field says what cannot be: its pointer, and why.
    Field(&'static str, Text),
    /// The caller may not: the shift is another person's.
    NotYours(Text),
    /// Nobody would be on call.
    LeavesNobody(Text),
    /// It has ended; the past is changed by corrections alone.
    Ended(Text),
    /// It was accepted, declined, withdrawn, or ran out.
    Settled(Text),
    /// Who would give the shift away does not have it.
    NotOnCall(Text),
    /// It could not be stored, or does not exist.
    Refused(Refusal),
}

impl From<StoreError> for RosterError {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}

impl From<Refusal> for RosterError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl Inner {
    /// Puts the stored overrides over the configured rosters anew.
    fn lay_anew(&self) -> Result<(), StoreError> {
        let stored = stored_overrides(&*self.store)?;
        let base = self.base_directory.load_full();
        self.directory.store(Arc::new(with_overrides(&base, &stored)));
        self.rosters_moved.notify_one();
        Ok(())
    }
}

pub(super) fn known_schedule(directory: &Directory, id: &ScheduleId) -> Result<(), RosterError> {
    if directory.schedule(id).is_some() {
        return Ok(());
    }
    let names = directory.schedules().map(|schedule| schedule.id.as_str());
    Err(missing(Missing::Schedule, id.as_str(), names).into())
}

pub(super) fn known_person(directory: &Directory, id: &PersonId) -> Result<(), RosterError> {
    if directory.person(id).is_some() {
        return Ok(());
    }
    let names = directory.people().map(|person| person.id.as_str());
    Err(missing(Missing::Person, id.as_str(), names).into())
}

fn missing<'a>(what: Missing, name: &str, names: impl Iterator<Item = &'a str>) -> Refusal {
    let closest = nearest(name, names).into_iter().map(str::to_owned).collect();
    Refusal::NotFound { what, name: name.to_owned(), closest }
}

/// Names the next document of a kind: by the time it was made, later than every one there is, since
/// documents are read in the order of their names and later overrides win.
fn next_name(last: Option<&str>, now: jiff::Timestamp) -> u64 {
    let now = u64::try_from(now.as_microsecond()).unwrap_or(1);
    let last = last.and_then(|name| name.get(..20)?.parse::<u64>().ok());
    last.map_or(now, |last| now.max(last + 1))
}
