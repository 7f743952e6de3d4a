//! What became of alerts that other tools sent.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use utoipa::ToSchema;

use crate::id::{IncidentId, PlaybookId};
use crate::text::Text;

/// What became of a body; it is durable.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Ingested {
    /// Each alert that was read of it; one that began two plans twice.
    pub alerts: Vec<IngestedAlert>,
    /// How many led to nothing, such as those that no mapping rule holds for.
    pub unmatched: usize,
}

/// What became of an alert.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct IngestedAlert {
    /// Its name.
    pub name: String,
    /// Alerts of the same trouble carry the same key.
    pub dedup_key: String,
    /// What became of it.
    pub outcome: AlertOutcome,
    /// The plan; missing where it is restricted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub playbook: Option<PlaybookId>,
    /// The incident; missing where the plan is restricted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<IncidentId>,
    /// The rule of the source that made it, counted from 1; missing where its dialect says it all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<usize>,
}

/// What became of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlertOutcome {
    /// It began an incident.
    Declared,
    /// The incident that is open for it heard of it again.
    Attached,
    /// The incident heard that it is over.
    Resolved,
    /// The incident heard that somebody has seen it.
    Acknowledged,
    /// The incident heard what somebody remarked on it.
    Noted,
    /// Another alert of the same group spoke for it.
    Grouped,
    /// The incident heard the same not long ago.
    Repeated,
    /// A silence holds, it is a consequence of another, or it flaps: it waits.
    Muted,
    /// It is over, or seen, and nothing is open for it.
    Ignored,
    /// No plan answers to it; it is on the list of what matched nothing.
    Unmatched,
    /// The plan or the incident refused it; it is on that list with the reason.
    Refused,
}

/// A body that arrived, and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Arrival {
    /// When it arrived.
    pub at: Timestamp,
    /// The source it came from.
    #[schema(value_type = String)]
    pub source: SmolStr,
    /// The SHA-256 hash of what is kept of it, in hex: its name for a replay.
    pub hash: String,
    /// How long that is.
    pub bytes: u64,
    /// Its media type; empty where none was named.
    pub media: String,
    /// It was of the source's dialect; else `why` says what was wrong.
    pub accepted: bool,
    /// Why it was rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Text>,
    /// What became of its first alerts.
    pub alerts: Vec<IngestedAlert>,
    /// How many of its alerts led to nothing.
    pub unmatched: usize,
}

/// Asks to map a body anew that is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Replay {
    /// Do it, as if it had arrived now; else only what it would lead to is told.
    #[serde(default)]
    pub send: bool,
}

/// What a body that is kept would lead to now, or led to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Replayed {
    /// It was done.
    pub sent: bool,
    /// The source it came from.
    #[schema(value_type = String)]
    pub source: SmolStr,
    /// What became, or would become, of each alert.
    pub alerts: Vec<IngestedAlert>,
    /// What became none, and why.
    pub unread: Vec<Text>,
}

/// Something that was changed, as another tool told it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Change {
    /// The source it came from.
    #[schema(value_type = String)]
    pub source: SmolStr,
    /// What was changed.
    pub summary: String,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// When, by the clock of the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// When it arrived here.
    pub received_at: Timestamp,
    /// Where to read more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// What else was said, as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<String>,
}

/// Something that arrived and led to nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct UnmatchedAlert {
    /// The source it came from.
    #[schema(value_type = String)]
    pub source: SmolStr,
    /// Its name; empty where it became no alert.
    pub name: String,
    /// Its key; empty where it became no alert.
    pub dedup_key: String,
    /// Some of its labels.
    #[schema(value_type = BTreeMap<String, String>)]
    pub labels: BTreeMap<SmolStr, String>,
    /// `no_plan`, `no_rule`, `incomplete`, `unreadable` or `refused`.
    #[schema(value_type = String)]
    pub reason: SmolStr,
    /// What that means here.
    pub why: Text,
    /// When it came first.
    pub first_at: Timestamp,
    /// When it came last.
    pub last_at: Timestamp,
    /// How often it came.
    pub count: u64,
}

/// An alert that waits, since something mutes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MutedAlert {
    /// The source it came from.
    #[schema(value_type = String)]
    pub source: SmolStr,
    /// Its name.
    pub name: String,
    /// Its key.
    pub dedup_key: String,
    /// Whether it fires or is over.
    pub status: String,
    /// Some of its labels.
    #[schema(value_type = BTreeMap<String, String>)]
    pub labels: BTreeMap<SmolStr, String>,
    /// `silenced`, `inhibited` or `flapping`.
    #[schema(value_type = String)]
    pub reason: SmolStr,
    /// What that means here.
    pub why: Text,
    /// Since when it waits.
    pub since: Timestamp,
    /// When it is looked at again.
    pub until: Timestamp,
}

/// A silence to be made, or to be tried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MakeSilence {
    /// The labels that the alerts have, exactly; at least one.
    #[serde(rename = "match")]
    #[schema(value_type = BTreeMap<String, String>)]
    pub about: BTreeMap<SmolStr, String>,
    /// When it begins; now where missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// When it ends.
    pub to: Timestamp,
    /// Why.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// A silence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Silence {
    /// Its id.
    #[schema(value_type = String)]
    pub id: SmolStr,
    /// The labels that the alerts have.
    #[serde(rename = "match")]
    #[schema(value_type = BTreeMap<String, String>)]
    pub about: BTreeMap<SmolStr, String>,
    /// When it begins; missing where it comes every week.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// When it ends; where it comes every week, when the one that holds now does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Timestamp>,
    /// Whether it holds now.
    pub holds: bool,
    /// Whether it stands in the configuration and cannot be ended here.
    pub configured: bool,
    /// Why.
    pub note: String,
    /// Who made it; missing where it stands in the configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// What a silence would have muted of the alerts that fired lately.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SilenceTried {
    /// How many alerts were looked at.
    pub looked_at: usize,
    /// Since when; missing where there were none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Those that it would have muted, the latest first.
    pub muted: Vec<TriedAlert>,
}

/// An alert that a silence was tried on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TriedAlert {
    /// The source it came from.
    #[schema(value_type = String)]
    pub source: SmolStr,
    /// Its name.
    pub name: String,
    /// When it was heard.
    pub at: Timestamp,
    /// Its labels.
    #[schema(value_type = BTreeMap<String, String>)]
    pub labels: BTreeMap<SmolStr, String>,
}
