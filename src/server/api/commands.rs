//! The command of an incident: level, moments, phase, pause, close, and what belongs to it.

use axum::extract::State;
use axum::http::StatusCode;

use super::commit::{Entered, Once, act, commit, shown};
use super::{Answer, find};
use crate::engine::Command;
use crate::id::IncidentId;
use crate::runtime::{CommitOptions, Erasure, Missing};
use crate::server::app::App;
use crate::server::ask::{Ask, At};
use crate::server::auth::Principal;
use crate::server::idempotent::replayed;
use crate::server::problem::Problem;
use crate::server::wire::{self, Timed};

/// Set the level over the plan's rules; it holds until they give a worse one.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/level", tag = "command",
    request_body = wire::Level, responses((status = 200, body = wire::Incident)))]
pub async fn level(State(app): State<App>, At(name): At<String>, ask: Ask<wire::Level>) -> Answer {
    act(&app, &name, ask, |body| Ok(Command::SetLevel { level: body.level, reason: body.reason }))
        .await
}

/// Write something down.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/notes", tag = "command",
    request_body = wire::Note, responses((status = 200, body = wire::Incident)))]
pub async fn note(State(app): State<App>, At(name): At<String>, ask: Ask<wire::Note>) -> Answer {
    act(&app, &name, ask, |body| Ok(Command::Note { text: body.text })).await
}

/// Record a measured number.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/measures", tag = "command",
    request_body = wire::Measure, responses((status = 200, body = wire::Incident)))]
pub async fn measure(
    State(app): State<App>,
    At(name): At<String>,
    ask: Ask<wire::Measure>,
) -> Answer {
    act(&app, &name, ask, |body| Ok(Command::Measure { name: body.name, value: body.value })).await
}

/// Say when the trouble was noticed, or when the organisation knew.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/moments", tag = "command",
    request_body = wire::Moment, responses((status = 200, body = wire::Incident)))]
pub async fn moment(
    State(app): State<App>,
    At(name): At<String>,
    ask: Ask<wire::Moment>,
) -> Answer {
    act(&app, &name, ask, |body| {
        let wire::Moment { moment, at, grounds, .. } = body;
        Ok(Command::SetMoment { moment, at, grounds })
    })
    .await
}

/// Answer late what was asked when declaring.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/inputs", tag = "command",
    request_body = wire::Inputs, responses((status = 200, body = wire::Incident)))]
pub async fn inputs(
    State(app): State<App>,
    At(name): At<String>,
    ask: Ask<wire::Inputs>,
) -> Answer {
    act(&app, &name, ask, |body| Ok(Command::SetInputs { values: body.values })).await
}

/// Move to a phase.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/phase", tag = "command",
    request_body = wire::MovePhase, responses((status = 200, body = wire::Incident)))]
pub async fn phase(
    State(app): State<App>,
    At(name): At<String>,
    ask: Ask<wire::MovePhase>,
) -> Answer {
    act(&app, &name, ask, |body| Ok(Command::MovePhase { to: body.to, reason: body.reason })).await
}

/// Freeze step deadlines and ladders; statutory clocks run on.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/pause", tag = "command",
    request_body = wire::Because, responses((status = 200, body = wire::Incident)))]
pub async fn pause(
    State(app): State<App>,
    At(name): At<String>,
    ask: Ask<wire::Because>,
) -> Answer {
    act(&app, &name, ask, |body| Ok(Command::Pause { reason: body.reason })).await
}

/// Let them go on.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/resume", tag = "command",
    request_body = wire::Plain, responses((status = 200, body = wire::Incident)))]
pub async fn resume(State(app): State<App>, At(name): At<String>, ask: Ask<wire::Plain>) -> Answer {
    act(&app, &name, ask, |_| Ok(Command::Resume)).await
}

/// End it as a false alarm; those who were paged are told. Where the plan says how to undo what was
/// done, that comes first: the incident stays open with its `rollback` until each step of it is
/// done or skipped.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/cancel", tag = "command",
    request_body = wire::Cancel, responses((status = 200, body = wire::Incident)))]
pub async fn cancel(
    State(app): State<App>,
    At(name): At<String>,
    ask: Ask<wire::Cancel>,
) -> Answer {
    let command = |body: wire::Cancel| Command::Cancel { reason: body.reason, as_is: body.as_is };
    act(&app, &name, ask, |body| Ok(command(body))).await
}

/// Undo what was done, the latest first, by the steps that the plan names for it; the incident
/// goes on.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/rollback", tag = "command",
    request_body = wire::Because, responses((status = 200, body = wire::Incident)))]
pub async fn rollback(
    State(app): State<App>,
    At(name): At<String>,
    ask: Ask<wire::Because>,
) -> Answer {
    act(&app, &name, ask, |body| Ok(Command::Rollback { reason: body.reason })).await
}

/// End it. What is still open blocks the close, unless it is forced with a reason.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/close", tag = "command",
    request_body = wire::Close, responses((status = 200, body = wire::Incident)))]
pub async fn close(State(app): State<App>, At(name): At<String>, ask: Ask<wire::Close>) -> Answer {
    act(&app, &name, ask, |body| Ok(Command::Close { force: body.force })).await
}

/// Run an ended incident again.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/reopen", tag = "command",
    request_body = wire::ReopenIncident, responses((status = 200, body = wire::Incident)))]
pub async fn reopen(
    State(app): State<App>,
    At(name): At<String>,
    ask: Ask<wire::ReopenIncident>,
) -> Answer {
    act(&app, &name, ask, |body| Ok(Command::Reopen { phase: body.phase, reason: body.reason }))
        .await
}

/// Set an earlier entry right; the earlier one stays.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/corrections", tag = "command",
    request_body = wire::Correct, responses((status = 200, body = wire::Incident)))]
pub async fn correct(
    State(app): State<App>,
    At(name): At<String>,
    ask: Ask<wire::Correct>,
) -> Answer {
    act(&app, &name, ask, |body| Ok(Command::Correct { of: body.of, text: body.text })).await
}

/// Erase personal content: what the references name (files of evidence by their hash), everything
/// ever given for the fields, every message that was rendered and every answer that was stored.
/// The chain of hashes stays valid.
///
/// The answer kept for a repetition is erased with the others, so a repetition is answered with the
/// incident as it is then.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/redact", tag = "command",
    request_body = wire::Redact, responses((status = 200, body = wire::Incident)))]
pub async fn redact(
    State(app): State<App>,
    At(name): At<String>,
    ask: Ask<wire::Redact>,
) -> Answer {
    let Ask { principal, expected, key, body } = ask;
    let id = find::incident(&app, &principal, &name).await?.incident.id;
    let wire::Redact { references, fields, reason, occurred_at } = body;
    let erasure = Erasure { references, fields, reason };
    let once = match Once::enter(&app, key)? {
        Entered::Go(once) => once,
        Entered::Answered(_) => {
            // It is recorded; whether all was erased then is not known.
            app.runtime().erase(id, &erasure).await?;
            let seen = app.runtime().incident(id).await?;
            return shown(&app, &principal, &seen, StatusCode::OK).map(replayed);
        }
    };
    let keyed = once.keyed(&app, &principal);
    let options = CommitOptions { expected, occurred_at, keyed, ..CommitOptions::default() };
    match app.runtime().redact(&principal.caller, id, erasure, options).await {
        Ok(done) => shown(&app, &principal, &done, StatusCode::OK),
        Err(refusal) => once.refused(refusal),
    }
}

/// End it in favour of another incident that is about the same trouble.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/merge", tag = "command",
    request_body = wire::Merge, responses((status = 200, body = wire::Incident)))]
pub async fn merge(State(app): State<App>, At(name): At<String>, ask: Ask<wire::Merge>) -> Answer {
    let into = other(&app, &ask.principal, &ask.body.into).await?;
    with_other(&app, &name, ask, Command::Merge { into }).await
}

/// Link another incident.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/link", tag = "command",
    request_body = wire::Link, responses((status = 200, body = wire::Incident)))]
pub async fn link(State(app): State<App>, At(name): At<String>, ask: Ask<wire::Link>) -> Answer {
    let to = other(&app, &ask.principal, &ask.body.to).await?;
    let relation = ask.body.relation.clone();
    with_other(&app, &name, ask, Command::Link { to, relation }).await
}

/// Finds the other incident of a merge or a link; one that the caller may not see does not exist
/// for this either.
async fn other(app: &App, principal: &Principal, name: &str) -> Result<IncidentId, Problem> {
    match find::incident(app, principal, name).await {
        Ok(seen) => Ok(seen.incident.id),
        Err(_) => Err(find::missing(Missing::Incident, name, Vec::new()).into()),
    }
}

async fn with_other<T: Timed>(app: &App, name: &str, ask: Ask<T>, command: Command) -> Answer {
    let id = find::incident(app, &ask.principal, name).await?.incident.id;
    let occurred_at = ask.body.occurred_at();
    let options = CommitOptions { expected: ask.expected, occurred_at, ..CommitOptions::default() };
    commit(app, &ask.principal, id, command, ask.key, options).await
}
