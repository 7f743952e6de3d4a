//! A wrong request, as data: a stable code, a sentence in each language that says what to do, and
//! details for programs. It must not know HTTP.

use serde::Serialize;
use serde_json::{Map, Value as Json};

use crate::text::Text;

/// Why a command was refused. Nothing has changed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{}: {}", .code.as_str(), .text.get(crate::text::Lang::En))]
pub struct Rejection {
    /// The stable code.
    pub code: RejectionCode,
    /// What is wrong and what to do.
    pub text: Text,
    /// Wrong fields, each with its JSON pointer.
    pub fields: Vec<FieldProblem>,
    /// Further facts: `state`, `allowed`, `holder`, `keys`, `blockers`.
    pub details: Map<String, Json>,
}

impl Rejection {
    /// Makes a rejection with a sentence in Chinese and in English.
    #[must_use]
    pub fn new(code: RejectionCode, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { code, text: Text::both(zh, en), fields: Vec::new(), details: Map::new() }
    }

    /// Adds a fact for programs.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Json>) -> Self {
        self.details.insert(key.to_owned(), value.into());
        self
    }

    /// Adds wrong fields.
    #[must_use]
    pub fn with_fields(mut self, fields: Vec<FieldProblem>) -> Self {
        self.fields = fields;
        self
    }
}

/// One wrong field of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldProblem {
    /// Where, as a JSON pointer into the body: `/inputs/users_affected`.
    pub pointer: String,
    /// What is wrong with it.
    pub detail: Text,
}

/// The stable codes of rejections. Contracts: names never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RejectionCode {
    /// Fields have wrong types or values, or required ones are missing.
    InvalidFields,
    /// The incident is closed or cancelled.
    IncidentEnded,
    /// The incident is not closed or cancelled.
    IncidentOpen,
    /// The incident is paused, or is not.
    WrongStatus,
    /// No such step in the plan, or it has not been opened.
    UnknownStep,
    /// Several runs fit the name; one must be chosen by item or key.
    AmbiguousStep,
    /// The run named is not the current one.
    StaleRun,
    /// The step's state does not allow the act.
    WrongState,
    /// The act does not fit the step's kind.
    WrongKind,
    /// No such role in the plan.
    UnknownRole,
    /// Someone else took it first.
    ClaimLost,
    /// The person asked for is not the one acting.
    NotYours,
    /// The person is not in the directory.
    UnknownPerson,
    /// No such phase in the plan.
    UnknownPhase,
    /// Closing is blocked; the blockers are listed.
    Blocked,
    /// Authors do not approve their own work, nor strangers.
    MayNotApprove,
    /// `occurred_at` lies before its anchor or after now.
    ImplausibleTime,
    /// Proof is required.
    EvidenceRequired,
    /// Required checklist items are open.
    ChecklistOpen,
    /// No such option, checklist item, entry or notice.
    UnknownItem,
    /// A text is empty or too long.
    BadText,
    /// A bound of the incident is reached.
    LimitReached,
    /// Only an administrator may.
    AdminOnly,
    /// No such clock in the plan, or no such stage of it.
    UnknownClock,
    /// Several stages fit the name; one must be chosen.
    AmbiguousClock,
    /// The clock's state does not allow the act.
    WrongClockState,
    /// A late submission needs a reason.
    LateReasonRequired,
    /// No such moment in the plan's regimes.
    UnknownMoment,
}

impl RejectionCode {
    /// Every code, for tables and tests.
    pub const ALL: [Self; 28] = [
        Self::InvalidFields,
        Self::IncidentEnded,
        Self::IncidentOpen,
        Self::WrongStatus,
        Self::UnknownStep,
        Self::AmbiguousStep,
        Self::StaleRun,
        Self::WrongState,
        Self::WrongKind,
        Self::UnknownRole,
        Self::ClaimLost,
        Self::NotYours,
        Self::UnknownPerson,
        Self::UnknownPhase,
        Self::Blocked,
        Self::MayNotApprove,
        Self::ImplausibleTime,
        Self::EvidenceRequired,
        Self::ChecklistOpen,
        Self::UnknownItem,
        Self::BadText,
        Self::LimitReached,
        Self::AdminOnly,
        Self::UnknownClock,
        Self::AmbiguousClock,
        Self::WrongClockState,
        Self::LateReasonRequired,
        Self::UnknownMoment,
    ];

    /// Returns the code as callers see it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidFields => "invalid_fields",
            Self::IncidentEnded => "incident_ended",
            Self::IncidentOpen => "incident_open",
            Self::WrongStatus => "wrong_status",
            Self::UnknownStep => "unknown_step",
            Self::AmbiguousStep => "ambiguous_step",
            Self::StaleRun => "stale_run",
            Self::WrongState => "wrong_state",
            Self::WrongKind => "wrong_kind",
            Self::UnknownRole => "unknown_role",
            Self::ClaimLost => "claim_lost",
            Self::NotYours => "not_yours",
            Self::UnknownPerson => "unknown_person",
            Self::UnknownPhase => "unknown_phase",
            Self::Blocked => "blocked",
            Self::MayNotApprove => "may_not_approve",
            Self::ImplausibleTime => "implausible_time",
            Self::EvidenceRequired => "evidence_required",
            Self::ChecklistOpen => "checklist_open",
            Self::UnknownItem => "unknown_item",
            Self::BadText => "bad_text",
            Self::LimitReached => "limit_reached",
            Self::AdminOnly => "admin_only",
            Self::UnknownClock => "unknown_clock",
            Self::AmbiguousClock => "ambiguous_clock",
            Self::WrongClockState => "wrong_clock_state",
            Self::LateReasonRequired => "late_reason_required",
            Self::UnknownMoment => "unknown_moment",
        }
    }
}
