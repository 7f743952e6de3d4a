//! Counted occurrences, and how the monitors stand.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use utoipa::ToSchema;

use crate::playbook::Level;
use crate::text::Text;

/// A counted occurrence, such as a complaint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Signal {
    /// What is counted, such as `complaint`.
    #[schema(value_type = String)]
    pub signal: SmolStr,
    /// When it happened; when it arrived where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// How many of them; one where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub count: Option<u32>,
    /// What it is about, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// The ticket that tells of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
}

/// What became of a body of occurrences; what is counted is durable.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SignalsTaken {
    /// How many are counted.
    pub counted: u64,
    /// How many came later than every monitor of their signal waits.
    pub late: u64,
    /// How many say that they happen only later.
    pub ahead: u64,
    /// How many are of signals that no monitor watches.
    pub unwatched: u64,
    /// How many cannot be read.
    pub refused: u64,
    /// The first of those.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<SignalFault>,
}

/// Why an occurrence cannot be counted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SignalFault {
    /// Its line, or its place in the list, counted from 1.
    pub line: u64,
    /// What is wrong.
    pub detail: Text,
}

/// How a monitor stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Monitor {
    /// Its name.
    #[schema(value_type = String)]
    pub id: SmolStr,
    /// What it counts.
    #[schema(value_type = String)]
    pub signal: SmolStr,
    /// `learning` while nothing is known of what is usual, `quiet`, or `surging`.
    #[schema(value_type = String)]
    pub state: SmolStr,
    /// How many minutes it looks at.
    pub window_minutes: u32,
    /// How many there are in the window.
    pub count: u64,
    /// How many are usual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<f64>,
    /// How many times what is usual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ratio: Option<f64>,
    /// The minute it looked at last.
    pub looked_at: Timestamp,
    /// Since when it watches.
    pub since: Timestamp,
    /// From when on at the earliest it is known what is usual; missing once it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub learning_until: Option<Timestamp>,
    /// The surge that goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub surge: Option<OpenSurge>,
    /// The labels that groups are told apart by.
    #[schema(value_type = Vec<String>)]
    pub group_by: Vec<SmolStr>,
    /// How many groups are counted apart.
    pub groups: u64,
    /// How many groups may be.
    pub groups_max: u64,
    /// The groups that bring most, most first.
    pub top: Vec<SignalGroup>,
    /// How many were counted since it watches.
    pub counted: u64,
    /// How many of them in the total alone, because there were too many groups.
    pub crowded_out: u64,
    /// How many reports came too late for it.
    pub late: u64,
    /// When the last one that was counted arrived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_signal_at: Option<Timestamp>,
}

/// A surge that goes on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OpenSurge {
    /// When it was found.
    pub began: Timestamp,
    /// How many times what is usual: of everything, or of the group that is worst.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ratio: Option<f64>,
    /// The greatest ratio so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak: Option<f64>,
    /// The level its ratio stands for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// Tickets that tell of it, newest first.
    #[schema(value_type = Vec<String>)]
    pub tickets: Vec<SmolStr>,
}

/// A group of occurrences.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SignalGroup {
    /// The values of the labels that groups are told apart by, in their order.
    #[schema(value_type = Vec<String>)]
    pub values: Vec<SmolStr>,
    /// How many there are in the window.
    pub count: u64,
    /// How many are usual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<f64>,
}
