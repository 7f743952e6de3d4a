//! A rehearsal beside a live incident: what people do there and what reaches it (`deed`) is done in the
//! rehearsal as soon as it has its place there (`fit`), so that another plan can be tried on real trouble
//! while nobody notices. Pure; `live` carries it out. It must not know the store.

mod deed;
mod fit;

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use deed::{Deed, Place, Spot, What, Work, deeds};
pub use fit::{Fit, Scene};

use crate::engine::Beside;
use crate::text::Text;

/// How many deeds are named that had no place in the rehearsal; the rest is counted.
pub const LEFT_OUT_MAX: usize = 50;

/// How far a rehearsal has followed its live incident. Stored with it, so that a restart goes on where it
/// stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shadowing {
    /// The live incident.
    pub of: Beside,
    /// When the rehearsal was begun, by the real clock; what had happened before it caught up on.
    pub joined_at: Timestamp,
    /// The place of the latest event that was followed.
    pub read: u64,
    /// Deeds that wait for their step.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub waiting: BTreeSet<Place>,
    /// How many deeds were done in the rehearsal too.
    pub followed: u32,
    /// How many had no place there.
    #[serde(default)]
    pub without_place: u32,
    /// The first of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<Text>,
    /// The live incident is over.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub over: bool,
}

impl Shadowing {
    /// Begins to follow a live incident.
    #[must_use]
    pub const fn begin(of: Beside, joined_at: Timestamp) -> Self {
        Self {
            of,
            joined_at,
            read: 0,
            waiting: BTreeSet::new(),
            followed: 0,
            without_place: 0,
            left_out: Vec::new(),
            over: false,
        }
    }

    /// Lets what an event tells wait for its place.
    pub fn take_up(&mut self, event: u64, deeds: &[Deed]) {
        self.read = event;
        let told = deeds.iter().map(|deed| deed.place).filter(|(place, _)| *place == event);
        self.waiting.extend(told);
    }

    /// Counts a deed that was done in the rehearsal.
    pub fn follow(&mut self, deed: &Deed) {
        self.waiting.remove(&deed.place);
        self.followed = self.followed.saturating_add(1);
    }

    /// Lets a deed go that need not be done.
    pub fn let_go(&mut self, deed: &Deed) {
        self.waiting.remove(&deed.place);
    }

    /// Names a deed that has no place in the rehearsal.
    pub fn leave_out(&mut self, deed: &Deed) {
        self.waiting.remove(&deed.place);
        self.without_place = self.without_place.saturating_add(1);
        if self.left_out.len() < LEFT_OUT_MAX {
            self.left_out.push(deed.describe());
        }
    }

    /// Ends with the live incident: what still waits never had its place.
    pub fn end(&mut self, told: &[Deed]) {
        let waiting: Vec<&Deed> =
            told.iter().filter(|deed| self.waiting.contains(&deed.place)).collect();
        waiting.into_iter().for_each(|deed| self.leave_out(deed));
        self.over = true;
    }
}

#[cfg(test)]
mod tests;
