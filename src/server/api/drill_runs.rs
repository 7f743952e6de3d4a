//! Drills under way: stand still, go on, stop, step the clock. For those who lead them.

use axum::extract::State;
use axum::http::StatusCode;
use jiff::SignedDuration;

use super::commit::{json, once};
use super::drills::may_see;
use super::{Answer, find};
use crate::drill::live::{Order, Progress, Step};
use crate::engine::RejectionCode;
use crate::id::DrillRunId;
use crate::playbook::Span;
use crate::runtime::Missing;
use crate::server::app::App;
use crate::server::ask::{Ask, At};
use crate::server::auth::Principal;
use crate::server::problem::{Kind, Problem};
use crate::server::wire::{AdvanceRun, EndRun, PauseRun, Plain, RunStarted};

/// Let a drill stand still: its script, its deadlines and its ladders wait.
#[utoipa::path(post, path = "/api/v1/drill-runs/{id}/pause", tag = "drills",
    request_body = PauseRun, responses((status = 200, body = Progress)))]
pub async fn pause(State(app): State<App>, At(run): At<String>, ask: Ask<PauseRun>) -> Answer {
    order(&app, &run, ask, |body| Ok(Order::Pause { reason: body.reason })).await
}

/// Let a drill go on; what was to come comes later by as long as it stood still.
#[utoipa::path(post, path = "/api/v1/drill-runs/{id}/resume", tag = "drills",
    request_body = Plain, responses((status = 200, body = Progress)))]
pub async fn resume(State(app): State<App>, At(run): At<String>, ask: Ask<Plain>) -> Answer {
    order(&app, &run, ask, |_| Ok(Order::Resume)).await
}

/// Stop a drill for good: its incident is cancelled, and what has happened so far is kept.
#[utoipa::path(post, path = "/api/v1/drill-runs/{id}/abort", tag = "drills",
    request_body = EndRun, responses((status = 200, body = RunStarted)))]
pub async fn abort(State(app): State<App>, At(run): At<String>, ask: Ask<EndRun>) -> Answer {
    order(&app, &run, ask, |body| Ok(Order::Abort { reason: body.reason })).await
}

/// Step the clock of a tabletop: whatever comes on the way happens at its own instant.
#[utoipa::path(post, path = "/api/v1/drill-runs/{id}/advance", tag = "drills",
    request_body = AdvanceRun, responses((status = 200, body = Progress)))]
pub async fn advance(State(app): State<App>, At(run): At<String>, ask: Ask<AdvanceRun>) -> Answer {
    order(&app, &run, ask, |body| step(&body).map(Order::Advance)).await
}

fn step(body: &AdvanceRun) -> Result<Step, Problem> {
    match (body.to, body.by.as_deref(), body.next) {
        (Some(to), None, false) => Ok(Step::To(to)),
        (None, Some(by), false) => length(by).map(Step::By),
        (None, None, true) => Ok(Step::Next),
        _ => Err(Problem::new(
            Kind::Rejected(RejectionCode::InvalidFields),
            "`to`、`by`、`next: true` 恰好写一个",
            "Write exactly one of `to`, `by` and `next: true`",
        )),
    }
}

fn length(by: &str) -> Result<SignedDuration, Problem> {
    by.parse::<Span>().ok().and_then(|span| span.fixed()).ok_or_else(|| {
        Problem::new(
            Kind::Rejected(RejectionCode::InvalidFields),
            format!("`{by}` 不是时长；写法如 `90s` `10m` `2h`"),
            format!("`{by}` is not a duration; write it like `90s` `10m` `2h`"),
        )
    })
}

/// Gives an order and answers with how the drill stands after it.
async fn order<T>(
    app: &App,
    name: &str,
    ask: Ask<T>,
    order: impl FnOnce(T) -> Result<Order, Problem>,
) -> Answer {
    let Ask { principal, key, body, .. } = ask;
    let order = order(body)?;
    let unknown = || Problem::from(find::missing(Missing::Drill, name, Vec::new()));
    let run: DrillRunId = name.parse().map_err(|_| unknown())?;
    if !leads(app, &principal, run).await? {
        return Err(unknown());
    }
    once(app, key, |once| async move {
        app.drills().order(run, &principal.caller, order).await?;
        match app.drills().progress(run).await? {
            Some(progress) => once.answer(app, StatusCode::OK, &progress).await,
            None => {
                let drill = app.drills().archive().result(run)?.map(|result| result.drill);
                let drill = drill.unwrap_or_else(|| "".into());
                once.answer(
                    app,
                    StatusCode::OK,
                    &RunStarted { run, drill, state: "over".into(), made: None, of: None },
                )
                .await
            }
        }
    })
    .await
}

/// Tells whether the caller may see the drill of a run, as far as it is known.
async fn leads(app: &App, principal: &Principal, run: DrillRunId) -> Result<bool, Problem> {
    let drill = match app.drills().simulating(run) {
        Some(simulating) => simulating.drill,
        None => match app.drills().progress(run).await? {
            Some(progress) => progress.drill,
            None => return Ok(true),
        },
    };
    let book = app.drills().book();
    let drill = book.get(drill.as_str());
    Ok(drill.is_none_or(|drill| may_see(app, principal, &drill.playbook)))
}

/// Answers with how a run stands: all of it for those who lead drills, that it goes on for others.
pub(super) async fn standing(
    app: &App,
    principal: &Principal,
    run: DrillRunId,
    under_way: RunStarted,
) -> Answer {
    let leads = principal.caller.scope >= crate::runtime::Scope::Commander;
    match app.drills().progress(run).await? {
        Some(progress) if leads => json(StatusCode::OK, &progress),
        _ => json(StatusCode::OK, &under_way),
    }
}
