//! Changes of shift: what is handed over, and the note of those who go.

use axum::extract::State;
use axum::http::StatusCode;

use super::commit::{json, once};
use super::{Answer, find};
use crate::id::ScheduleId;
use crate::runtime::{HandoverView, OpenWork};
use crate::server::app::App;
use crate::server::ask::{Ask, At};
use crate::server::auth::Principal;
use crate::server::view::roster as view;
use crate::server::wire::{Handover, HandoverNote, LeaveNote};

/// How many open incidents an answer holds.
const OPEN_MAX: usize = 100;

/// Show the hand-over of a schedule that is under way, or the next one: who goes, who comes, when,
/// the note, and what is open for the roles that the schedule fills.
#[utoipa::path(get, path = "/api/v1/schedules/{id}/handover", tag = "people",
    responses((status = 200, body = Handover)))]
pub async fn show(State(app): State<App>, principal: Principal, At(id): At<String>) -> Answer {
    let id = ScheduleId::new(&id);
    let handover = app.runtime().handover(&id)?;
    json(StatusCode::OK, &whole(&app, &principal, &handover).await?)
}

/// Leave a note for the next shift; the last one counts, the ones before are kept. Those whose shift
/// ends may, and commanders. It is told at the change; at once where the change was just now.
#[utoipa::path(post, path = "/api/v1/schedules/{id}/handover", tag = "people",
    request_body = LeaveNote, responses((status = 201, body = HandoverNote)))]
pub async fn note(State(app): State<App>, At(id): At<String>, ask: Ask<LeaveNote>) -> Answer {
    let Ask { principal, key, body, .. } = ask;
    let (app, id) = (&app, ScheduleId::new(&id));
    once(app, key, |once| async move {
        let kept = |view: &HandoverView| {
            let note = view::last_note(view)?;
            once.keep(app, StatusCode::CREATED, &note).ok().flatten()
        };
        let token = Some(principal.token_id().into());
        let left = app.runtime().leave_note(&principal.caller, token, &id, body.note, kept).await?;
        json(StatusCode::CREATED, &view::last_note(&left))
    })
    .await
}

async fn whole(
    app: &App,
    principal: &Principal,
    handover: &HandoverView,
) -> Result<Handover, crate::server::problem::Problem> {
    let mut open = app.runtime().open_work(&handover.schedule).await?;
    open.retain(|work: &OpenWork| find::may_see(app, principal, &work.seen));
    let more = open.len().saturating_sub(OPEN_MAX);
    open.truncate(OPEN_MAX);
    Ok(view::handover(handover, &open, more))
}
