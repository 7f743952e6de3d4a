//! What runs the installation: tokens, rosters, reloading and checking plans, a safe start.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use utoipa::ToSchema;

use crate::id::{ChannelId, IncidentId, PersonId, ScheduleId};
use crate::runtime::Scope;
use crate::text::Text;

/// Asks for what needs no words: the body is empty, or `{}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// Asks for a token, for a `person` or for a `service`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MakeToken {
    /// The person of the directory whom it will belong to: calls are theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// The program that it will belong to, by a name that events will carry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// What it may do.
    pub scope: Scope,
    /// What its owner calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// When it stops; never where missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

/// A token, without its secret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Token {
    /// Its id: the part after `fbt_`.
    #[schema(value_type = String)]
    pub id: SmolStr,
    /// The person whom it belongs to.
    pub person: Option<PersonId>,
    /// The program that it belongs to.
    pub service: Option<String>,
    /// What it may do.
    pub scope: Scope,
    /// What its owner calls it.
    pub label: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops.
    pub expires_at: Option<Timestamp>,
    /// When it was taken back.
    pub revoked_at: Option<Timestamp>,
    /// When it was used last, to the second.
    pub last_used_at: Option<Timestamp>,
}

/// A token that was just made. This is the only time that its secret is shown.
#[derive(Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NewToken {
    /// The secret: what `Authorization: Bearer` takes. Missing where the request was a repetition
    /// under its idempotency key: the secret is kept nowhere. Where it was lost, revoke this token
    /// by its id and make another under a new key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// What is kept of it.
    #[serde(flatten)]
    pub record: Token,
}

impl std::fmt::Debug for NewToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewToken").field("record", &self.record).finish_non_exhaustive()
    }
}

/// Who is on call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OnCallNow {
    /// The instant asked about.
    pub at: Timestamp,
    /// Every schedule, by name.
    pub schedules: Vec<OnCall>,
}

/// Who is on call on a schedule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OnCall {
    /// The schedule.
    pub schedule: ScheduleId,
    /// What people call it.
    pub title: Text,
    /// Who; nobody is a gap.
    pub people: Vec<PersonId>,
    /// When other people are next.
    pub until: Option<Timestamp>,
    /// The calendar that the schedule takes its shifts from, where it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<CalendarSeen>,
}

/// How a calendar stands that a schedule takes its shifts from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CalendarSeen {
    /// The schedule.
    pub schedule: ScheduleId,
    /// Where it is; an address is never shown.
    pub from: CalendarFrom,
    /// When its source was last seen to hold the shifts in force; missing where nothing good was ever
    /// read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_at: Option<Timestamp>,
    /// The shifts in force.
    pub shifts: u64,
    /// It was not read for a day: somebody must look.
    pub old: bool,
    /// Events that were left out, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<Text>,
    /// Why the last reading was not taken; the shifts of the one before stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<Text>,
    /// Since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble_since: Option<Timestamp>,
}

/// Where a calendar is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CalendarFrom {
    /// A file.
    File,
    /// Behind an address.
    Url,
}

/// What is wrong with files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Checked {
    /// Nothing keeps it from being used.
    pub ok: bool,
    /// Every finding, file by file.
    pub findings: Vec<Finding>,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Finding {
    /// The stable code: `E0103`.
    pub code: String,
    /// `error` or `warning`.
    pub severity: String,
    /// The file.
    pub file: String,
    /// Where in it, from 1.
    pub line: u64,
    /// Where in the line, from 1, in characters.
    pub column: u64,
    /// What is wrong, in the caller's language.
    pub message: String,
    /// What to do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub help: Vec<String>,
    /// Other places that matter, such as where a library with the mistake is used.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<FindingPlace>,
}

/// A place beside the one that a finding is about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FindingPlace {
    /// The file.
    pub file: String,
    /// Where in it, from 1.
    pub line: u64,
    /// Where in the line, from 1, in characters.
    pub column: u64,
    /// Why it matters, in the caller's language.
    pub message: String,
}

/// How a reload ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Reloaded {
    /// The new set is in force; else the last good one still is.
    pub swapped: bool,
    /// Plans in force now.
    pub playbooks: u64,
    /// Drills in force now.
    pub drills: u64,
    /// What was found in the files that were read.
    pub findings: Vec<Finding>,
    /// What could not be read at all.
    pub unreadable: Vec<String>,
    /// The certificate of the server; missing where it serves plain HTTP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<CertificateReloaded>,
    /// What keeps alerts from beginning anything (`alerts` in the configuration).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alerts: Option<AlertsReloaded>,
    /// The calendars that schedules take their shifts from: files as they were just read, those behind
    /// addresses as they stand before they are fetched anew.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calendars: Vec<CalendarSeen>,
}

/// How reading `alerts` in the configuration again ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AlertsReloaded {
    /// Something else is in force than before.
    pub swapped: bool,
    /// What is wrong with the configuration, wherever in it; then what held before goes on.
    pub findings: Vec<Finding>,
}

/// How reading the certificate again ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CertificateReloaded {
    /// A new one is in force.
    pub swapped: bool,
    /// When the one in force ends.
    pub until: Timestamp,
    /// Why the one of before stays in force though the files hold another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// What a safely started firebell would do at once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Overdue {
    /// firebell waits for a person to confirm.
    pub held: bool,
    /// Incidents whose deadlines or sends have come, oldest first.
    pub overdue: Vec<OverdueIncident>,
}

/// An incident that would act at once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OverdueIncident {
    /// The incident.
    pub id: IncidentId,
    /// Since when.
    pub since: Timestamp,
}

/// firebell acts by itself from now on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Confirmed {
    /// It was waiting before.
    pub was_held: bool,
}

/// Whose token it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WhoAmI {
    /// The person.
    pub person: Option<PersonId>,
    /// The program.
    #[schema(value_type = Option<String>)]
    pub service: Option<SmolStr>,
    /// What people call the person.
    pub name: Option<Text>,
    /// What the token may do.
    pub scope: Scope,
}

/// Asks for a test message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TestPage {
    /// To whom; oneself where missing, and another only with the scope `commander`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// Over which of their channels; each where missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<ChannelId>,
}

/// How each channel answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TestPaged {
    /// To whom.
    pub person: PersonId,
    /// Every channel that was tried; nobody is reachable without one.
    pub channels: Vec<ChannelTried>,
}

/// How one channel answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChannelTried {
    /// The channel.
    pub channel: ChannelId,
    /// It took the message.
    pub ok: bool,
    /// Why it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}
