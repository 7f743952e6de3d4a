//! Statutory clocks as they are shown, and the draft of a notice.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use utoipa::ToSchema;

use crate::id::{ClockId, PartyId, PersonId, RegimeId, RoleId, StageId, StepId};
use crate::text::Text;

/// A stage of a statutory clock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Clock {
    /// What paths take: `clock:stage`.
    pub key: String,
    /// The clock's name in the plan.
    pub id: ClockId,
    /// The stage of its regime.
    pub stage: StageId,
    /// The regime.
    pub regime: RegimeId,
    /// What people call the clock.
    pub title: Text,
    /// What people call the stage.
    pub stage_title: Text,
    /// In which capacity the regime binds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub party: Option<PartyId>,
    /// To whom it is reported.
    pub to: Text,
    /// `waiting`, `running`, `late`, `met`, `met_late`, `not_due` or `waived`.
    #[schema(value_type = String)]
    pub state: SmolStr,
    /// The moment it counts from.
    pub started_at: Option<Timestamp>,
    /// By when.
    pub due_at: Option<Timestamp>,
    /// The law names no number: `due_at` is a target of the plan's own.
    pub internal: bool,
    /// Its time is over and it was not submitted.
    pub overdue: bool,
    /// When it was submitted.
    pub submitted_at: Option<Timestamp>,
    /// Why it is not due, or why it was late or waived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The same in words, in both languages: which condition does not hold with what is known of it,
    /// or what nobody knows yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<Text>,
    /// The receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// What nobody knows yet; unknown counts as due.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    pub unknown: Vec<SmolStr>,
    /// Nobody has said when the organisation knew: the declaration stands in.
    pub assumed: bool,
    /// The first year that the calendar of business days does not cover; check the date by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uncovered: Option<i16>,
    /// Someone has compared it with the law.
    pub verified: bool,
    /// It becomes due only when its moment comes.
    pub on_demand: bool,
    /// The step that submits it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub met_by: Option<StepId>,
    /// Who sees to it.
    pub role: Option<RoleId>,
    /// Who holds that role.
    pub holder: Option<PersonId>,
    /// Someone proposes not to notify; another must approve.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiver: Option<Waiver>,
}

/// A proposal or decision not to notify.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Waiver {
    /// Who proposed it.
    pub asked_by: PersonId,
    /// Who approved it; nobody yet while missing.
    pub approved_by: Option<PersonId>,
    /// Why.
    pub reason: String,
}

/// The draft of a notice, from the content that the regime asks for and what is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Draft {
    /// The stage.
    pub key: String,
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
}
