//! Personal values by their reference: those of earlier runs and items too, which the incident
//! itself no longer shows.

use axum::extract::State;
use axum::http::StatusCode;

use super::commit::json;
use super::{Answer, find};
use crate::engine::Reference;
use crate::runtime::{Missing, PersonalValue};
use crate::server::app::App;
use crate::server::ask::At;
use crate::server::auth::Principal;
use crate::server::problem::Problem;
use crate::server::wire::{PersonalFound, PersonalState};

/// Read a personal value that is kept apart, by the reference that the timeline names.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/personal/{reference}", tag = "incidents",
    responses((status = 200, body = PersonalFound)))]
pub async fn show(
    State(app): State<App>,
    principal: Principal,
    At((name, reference)): At<(String, String)>,
) -> Answer {
    let id = find::incident(&app, &principal, &name).await?.incident.id;
    let kept = app.runtime().personal_value(id, Reference::new(reference.as_str())).await?;
    let unknown = || Problem::from(find::missing(Missing::Personal, &reference, Vec::new()));
    let (field, value) = kept.ok_or_else(unknown)?;
    let (state, value) = match value {
        PersonalValue::Kept(value) => (PersonalState::Apart, Some(value.to_plain())),
        PersonalValue::Erased => (PersonalState::Erased, None),
        PersonalValue::Damaged => (PersonalState::Damaged, None),
    };
    json(StatusCode::OK, &PersonalFound { field, state, value })
}
