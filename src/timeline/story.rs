//! What a timeline is told from.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use crate::engine::{Event, Fact};
use crate::id::NoticeId;
use crate::notify::Rendered;
use crate::people::{Directory, Zone};
use crate::playbook::Playbook;

/// Everything a timeline is told from.
#[derive(Debug, Clone, Copy)]
pub struct Story<'a> {
    /// The plan that the incident runs, as it was pinned.
    pub playbook: &'a Playbook,
    /// The plans that it ran before, one for each hand-off, the first one first, as they were pinned.
    pub earlier: &'a [Arc<Playbook>],
    /// The incident's events, from the first, without a gap.
    pub events: &'a [Event],
    /// The people, for their names; who is gone is shown by id.
    pub directory: &'a Directory,
    /// What messages said, by notice; missing ones are shown without their words.
    pub messages: &'a BTreeMap<NoticeId, Rendered>,
    /// What is known of the journal's hash chain.
    pub chain: &'a Chain,
    /// The zone that times are told in.
    pub zone: &'a Zone,
    /// The instant the timeline is told at: how far what is still open has come.
    pub as_of: Timestamp,
}

impl<'a> Story<'a> {
    /// Returns the stretches between hand-offs: the plan of each, and its events. What a plan began
    /// it ends: the hand-off itself is the last of its events.
    pub(super) fn stretches(&self) -> Vec<(&'a Playbook, &'a [Event])> {
        let plans = self.earlier.iter().map(AsRef::as_ref);
        let mut stretches = Vec::new();
        let mut rest = self.events;
        for plan in plans {
            let over = rest.iter().position(|event| matches!(event.fact, Fact::HandedOff(_)));
            let Some(over) = over else { break };
            let (ended, next) = rest.split_at(over + 1);
            stretches.push((plan, ended));
            rest = next;
        }
        stretches.push((self.playbook, rest));
        stretches
    }
}

/// What is known of the hash chain that the events were read from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Chain {
    /// Nobody looked.
    NotChecked,
    /// Every link holds.
    Whole {
        /// How many events it has.
        events: u64,
        /// The hash of the last link, in hex; a copy kept elsewhere proves that nothing was cut off.
        head: String,
    },
    /// A link does not hold.
    Broken {
        /// The place of the first event that cannot be trusted.
        at: u64,
        /// What is wrong with it.
        why: String,
    },
}
