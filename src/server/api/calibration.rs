//! A cast for simulated drills, made of what people really did.

use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::IntoParams;

use super::commit::json;
use super::{Answer, find};
use crate::drill::calibrate::calibrate;
use crate::drill::experience::times;
use crate::id::PlaybookId;
use crate::server::app::App;
use crate::server::ask::Asked;
use crate::server::auth::Principal;
use crate::server::problem::{Kind, Problem};

/// Of what a cast is made.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Of {
    /// The plan whose incidents and exercises are read.
    #[param(value_type = String)]
    playbook: PlaybookId,
    /// Only of those that were declared since.
    #[param(value_type = Option<String>, format = DateTime)]
    since: Option<Timestamp>,
}

/// Make a cast of how soon people answered and how long they worked, with what it is made of. What
/// is made of too little is left out.
#[utoipa::path(get, path = "/api/v1/drills/cast", tag = "drills", params(Of),
    responses((status = 200, body = Object)))]
pub async fn cast(State(app): State<App>, principal: Principal, Asked(of): Asked<Of>) -> Answer {
    let plan = find::playbook(&app, &principal, &of.playbook)?;
    let (store, now) = (std::sync::Arc::clone(app.runtime().store()), app.now());
    let read = move || times(&*store, &of.playbook, of.since, now);
    let read = tokio::task::spawn_blocking(read).await.map_err(|error| {
        tracing::error!(%error, "the journal could not be read");
        Problem::new(Kind::Internal, "日志无法读取", "The journal could not be read")
    })?;
    json(StatusCode::OK, &calibrate(&plan, &read?))
}
