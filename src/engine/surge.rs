//! What an incident knows of the surge that it is about, as a monitor reports it.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::limits::{SURGE_GROUPS_MAX, SURGE_TEXT_BYTES_MAX, SURGE_TICKETS_MAX};
use crate::id::VarId;
use crate::playbook::Level;

/// What is kept of a surge in the journal.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SurgeNote {
    /// The monitor that found it.
    pub monitor: SmolStr,
    /// How many minutes it looks at.
    pub window: u32,
    /// How many there are in the window.
    pub count: u64,
    /// How many are usual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<f64>,
    /// How many times what is usual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ratio: Option<f64>,
    /// The greatest ratio so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak: Option<f64>,
    /// The level that the monitor's configuration gives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// The groups that bring most, most first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<SurgeGroup>,
    /// Tickets that tell of it, newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tickets: Vec<SmolStr>,
}

/// A group that brings part of a surge.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SurgeGroup {
    /// The values of its labels.
    pub name: String,
    /// How many there are in the window.
    pub count: u64,
    /// How many are usual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<f64>,
}

/// What a monitor reported, and what could not be read of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SurgeSeen {
    /// The surge, bounded.
    pub surge: SurgeNote,
    /// Inputs that were missing or did not parse.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<VarId>,
}

/// The surge that is attached.
#[derive(Debug, Clone, PartialEq)]
pub struct AttachedSurge {
    /// As it was reported last.
    pub note: SurgeNote,
    /// It has subsided.
    pub over: bool,
}

impl SurgeNote {
    /// Cuts it to what a journal may hold.
    #[must_use]
    pub(super) fn bounded(mut self) -> Self {
        self.groups.truncate(SURGE_GROUPS_MAX);
        self.tickets.truncate(SURGE_TICKETS_MAX);
        for group in &mut self.groups {
            let end = group.name.floor_char_boundary(SURGE_TEXT_BYTES_MAX);
            group.name.truncate(end);
        }
        // What is not finite has no form in the journal.
        for number in [&mut self.baseline, &mut self.ratio, &mut self.peak] {
            *number = number.filter(|number| number.is_finite());
        }
        self
    }

    /// Lists the groups in words, as messages tell them.
    #[must_use]
    pub fn group_list(&self) -> String {
        let told = self.groups.iter().map(|group| match group.baseline {
            Some(baseline) => format!("{} {} ({baseline})", group.name, group.count),
            None => format!("{} {}", group.name, group.count),
        });
        told.collect::<Vec<_>>().join(", ")
    }
}
