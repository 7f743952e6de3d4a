//! A safe start: firebell shows what it would do at once and waits for a person.

use axum::extract::State;
use axum::http::StatusCode;

use super::Answer;
use super::commit::{json, once};
use crate::server::app::App;
use crate::server::ask::Ask;
use crate::server::auth::Principal;
use crate::server::wire::{Confirmed, Nothing, Overdue, OverdueIncident};

/// How many incidents are listed; more means that the clock is wrong.
const LISTED_MAX: usize = 1_000;

/// List what a safely started firebell would do at once.
#[utoipa::path(get, path = "/api/v1/safe-start", tag = "operation",
    responses((status = 200, body = Overdue)))]
pub async fn show(State(app): State<App>, _: Principal) -> Answer {
    let overdue = app.runtime().overdue(LISTED_MAX);
    let overdue = overdue.into_iter().map(|(since, id)| OverdueIncident { id, since }).collect();
    json(StatusCode::OK, &Overdue { held: app.runtime().is_held(), overdue })
}

/// Let it act.
#[utoipa::path(post, path = "/api/v1/safe-start/confirm", tag = "operation",
    responses((status = 200, body = Confirmed)))]
pub async fn confirm(State(app): State<App>, ask: Ask<Nothing>) -> Answer {
    let app = &app;
    once(app, ask.key, |once| async move {
        let was_held = app.runtime().is_held();
        app.runtime().release();
        if was_held {
            tracing::warn!(by = ?ask.principal.caller.actor, "a person let firebell act");
        }
        once.answer(app, StatusCode::OK, &Confirmed { was_held }).await
    })
    .await
}
