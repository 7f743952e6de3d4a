//! Changes of rosters: overrides, swaps and hand-overs.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::id::{IncidentId, PersonId, RoleId, ScheduleId};
use crate::people::TroubleKind;
use crate::playbook::Level;
use crate::runtime::{OverrideStanding, Span, SwapState};
use crate::text::{Lang, Text};

/// Changes a schedule for a while.
///
/// `person` alone is on call alone; `person` and `off`: the one stands in for the other; `off`
/// alone: who is off, the others of the shift stay.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MakeOverride {
    /// The schedule.
    pub schedule: ScheduleId,
    /// The first instant it holds.
    pub from: Timestamp,
    /// The first instant it no longer holds; at most 92 days later.
    pub to: Timestamp,
    /// Who is on call.
    #[serde(default, alias = "put", alias = "with", skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// Who is not.
    #[serde(default, alias = "out", skip_serializing_if = "Option::is_none")]
    pub off: Option<PersonId>,
    /// Words for those who read the roster; they are sent to the people concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Why, for those who review it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// It sets right what the roster says of the past; needs the commander scope and a reason.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub correction: bool,
}

/// Who did something to a roster, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct By {
    /// When.
    pub at: Timestamp,
    /// The person who did it, or for whom it was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// Who did it in their name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub through: Option<PersonId>,
    /// The program that did it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The id of the access token that carried it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

/// An override.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ShownOverride {
    /// Its id: ids sort in the order in which overrides were made, and later ones win.
    pub id: String,
    /// The schedule.
    pub schedule: ScheduleId,
    /// The first instant it holds.
    pub from: Timestamp,
    /// The first instant it no longer holds, as it was made.
    pub to: Timestamp,
    /// Who is on call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// Who is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub off: Option<PersonId>,
    /// Words for those who read the roster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// It sets the past right.
    pub correction: bool,
    /// How it stands.
    pub state: OverrideStanding,
    /// The swap that it is one half of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub swap: Option<String>,
    /// Who made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub made: Option<By>,
    /// Who took it back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<By>,
}

/// A stretch in which nobody is on call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RosterGap {
    /// The first instant.
    pub from: Timestamp,
    /// The first instant after it.
    pub to: Timestamp,
}

/// An override that was just made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MadeOverride {
    /// The override.
    #[serde(flatten)]
    pub made_override: ShownOverride,
    /// The ids of earlier overrides that it wins over while both hold.
    pub over: Vec<String>,
    /// The stretches that it leaves without anybody on call.
    pub leaves_gaps: Vec<RosterGap>,
}

/// Offers a shift of the caller, or a part of one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MakeSwap {
    /// The schedule.
    pub schedule: ScheduleId,
    /// The first instant of what is offered.
    pub from: Timestamp,
    /// The first instant after it.
    pub to: Timestamp,
    /// Who is asked; anyone of the schedule where missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// The shift of that person that is wanted in return.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_return: Option<Span>,
    /// Until when the offer stands: for 48 hours where missing, never beyond the shift's beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Words for whoever is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// An offer to change shifts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ShownSwap {
    /// Its id.
    pub id: String,
    /// The schedule.
    pub schedule: ScheduleId,
    /// Whose shift it is.
    pub by: PersonId,
    /// The first instant of what is offered.
    pub from: Timestamp,
    /// The first instant after it.
    pub to: Timestamp,
    /// Who is asked; anyone of the schedule where missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// What is wanted in return.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_return: Option<Span>,
    /// Words for whoever is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// How it stands.
    pub state: SwapState,
    /// Until when it stands.
    pub expires_at: Timestamp,
    /// Who takes the shift.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted_by: Option<PersonId>,
    /// The overrides that were made of it.
    pub overrides: Vec<String>,
    /// Those who said no to an offer to anyone.
    pub declined_by: Vec<PersonId>,
    /// Who offered it.
    pub made: By,
    /// Who ended it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settled: Option<By>,
}

/// Something wrong with a roster in the days to come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RosterTrouble {
    /// The schedule.
    pub schedule: ScheduleId,
    /// What people call it.
    pub title: Text,
    /// The first instant.
    pub from: Timestamp,
    /// The first instant after it; the end of what was looked at where it goes on.
    pub to: Timestamp,
    /// What is wrong.
    pub kind: TroubleKind,
    /// Those whom nothing reaches; nobody in a gap.
    pub people: Vec<PersonId>,
}

/// Asks for a calendar of a person's shifts, or of a schedule's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MakeCalendar {
    /// The person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// The schedule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<ScheduleId>,
    /// The language of its names; the caller's where missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub lang: Option<Lang>,
}

/// A calendar of shifts, without its secret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RosterCalendar {
    /// Its id.
    pub id: String,
    /// Whose shifts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// Which schedule's shifts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<ScheduleId>,
    /// The language of its names.
    #[schema(value_type = String)]
    pub lang: Lang,
    /// Who made it.
    pub made: By,
    /// Who took it back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked: Option<By>,
}

/// A calendar that was just made. This is the only time that its address is shown.
#[derive(Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NewCalendar {
    /// The address to subscribe to; whoever knows it reads the shifts. Missing where the request was
    /// a repetition under its idempotency key: the secret is kept nowhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// What is kept of it.
    #[serde(flatten)]
    pub calendar: RosterCalendar,
}

impl std::fmt::Debug for NewCalendar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewCalendar").field("calendar", &self.calendar).finish_non_exhaustive()
    }
}

/// Leaves a note for the next shift.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LeaveNote {
    /// What those who come must know; at most 2000 characters.
    pub note: String,
}

/// A note for the next shift.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HandoverNote {
    /// Its words.
    pub text: String,
    /// Who wrote it.
    pub made: By,
    /// The change of shift that it is for.
    pub at: Timestamp,
}

/// A change of shift, with what is handed over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Handover {
    /// The schedule.
    pub schedule: ScheduleId,
    /// What people call it.
    pub title: Text,
    /// Who is on call now.
    pub on_call: Vec<PersonId>,
    /// How long before the change a note is asked for, in seconds; missing where nobody is asked
    /// and nobody is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ask_before_s: Option<u64>,
    /// Who is on call before the change.
    pub from: Vec<PersonId>,
    /// Who is on call after it.
    pub to: Vec<PersonId>,
    /// When those after come; missing where the same people stay on call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// When those before go: earlier than `at` where nobody is on call in between.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<Timestamp>,
    /// When those who go were asked for a note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_at: Option<Timestamp>,
    /// When those who come were told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told_at: Option<Timestamp>,
    /// The note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<HandoverNote>,
    /// The notes that it replaced, oldest first.
    pub earlier_notes: Vec<HandoverNote>,
    /// The open incidents that have roles filled from the schedule, newest first.
    pub open: Vec<HandoverIncident>,
    /// How many more there are.
    pub more: u64,
}

/// An open incident, with what of it belongs to a schedule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HandoverIncident {
    /// Its identity.
    pub id: IncidentId,
    /// Its number as people say it: `INC-2026-0042`.
    pub number: String,
    /// What it is about.
    pub title: String,
    /// Its level, 1 (worst) to 4.
    pub level: Level,
    /// The roles filled from the schedule.
    pub roles: Vec<HandoverRole>,
    /// Their steps that may be worked on, the nearest limit first.
    pub steps: Vec<HandoverStep>,
    /// Their stages of statutory clocks that run, the nearest limit first.
    pub clocks: Vec<HandoverStep>,
    /// The nearest limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_at: Option<Timestamp>,
}

/// A role filled from a schedule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HandoverRole {
    /// The role.
    pub role: RoleId,
    /// What people call it.
    pub title: Text,
    /// Who holds it, or was given it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<PersonId>,
}

/// What waits for a role filled from a schedule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HandoverStep {
    /// Whose it is.
    pub role: RoleId,
    /// What people call it.
    pub title: Text,
    /// By when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// That has passed.
    pub overdue: bool,
}
