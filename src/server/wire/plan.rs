//! Plans as they are shown.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use utoipa::ToSchema;

use super::incident::StepKind;
use super::work::FormField;
use crate::id::{ObjectiveId, PhaseId, PlaybookId, RoleId, StepId, TeamId};
use crate::playbook::{Access, Playbook};
use crate::text::Text;

/// A plan's row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PlanSummary {
    /// The slug it is known by.
    pub id: PlaybookId,
    /// SHA-256, in hex, of everything its meaning depends on.
    pub hash: String,
    /// What people call it.
    pub title: Text,
    /// When to use it.
    pub summary: Option<Text>,
    /// The team that keeps it true.
    pub owner: Option<TeamId>,
    /// The day it was last reviewed.
    #[schema(value_type = Option<String>, format = Date)]
    pub reviewed_on: Option<Date>,
    /// The classes of risk it answers.
    #[schema(value_type = Vec<String>)]
    pub risks: Vec<SmolStr>,
    /// Only those entitled see it and its incidents.
    pub restricted: bool,
}

impl From<&Playbook> for PlanSummary {
    fn from(plan: &Playbook) -> Self {
        Self {
            id: plan.id.clone(),
            hash: plan.hash.to_string(),
            title: plan.title.clone(),
            summary: plan.summary.clone(),
            owner: plan.owner.clone(),
            reviewed_on: plan.reviewed_on,
            risks: plan.risks.clone(),
            restricted: plan.access == Access::Restricted,
        }
    }
}

/// A plan with what a person needs to declare with it and to know what comes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PlanDetail {
    /// Its row.
    #[serde(flatten)]
    pub summary: PlanSummary,
    /// What is asked when declaring.
    pub inputs: Vec<PlanField>,
    /// Who acts.
    pub roles: Vec<PlanRole>,
    /// The states, in order.
    pub phases: Vec<PlanPhase>,
    /// The promises.
    pub objectives: Vec<ObjectiveId>,
    /// The source as it was loaded; its hash is `hash`.
    pub source: String,
}

/// What is asked when declaring.
pub type PlanField = FormField;

/// A role of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PlanRole {
    /// Its name.
    pub id: RoleId,
    /// What people call it.
    pub title: Text,
}

/// A phase of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PlanPhase {
    /// Its name.
    pub id: PhaseId,
    /// What people call it.
    pub title: Text,
    /// What is done in it.
    pub steps: Vec<PlanStep>,
}

/// A step of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PlanStep {
    /// Its name.
    pub id: StepId,
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Text>,
    /// What it does.
    pub kind: StepKind,
    /// Who does it.
    pub role: Option<RoleId>,
    /// Steps of the same phase that come first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<StepId>,
}
