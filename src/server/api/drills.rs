//! Drills: list, run, results.

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::commit::{json, locate, once};
use super::drill_runs::standing;
use super::{Answer, find};
use crate::drill::live::{Row, Started, Terms};
use crate::drill::result::{Comparison, DrillResult};
use crate::drill::scenario::Scenario;
use crate::id::{DrillId, DrillRunId, PlaybookId};
use crate::runtime::Missing;
use crate::server::app::App;
use crate::server::ask::{Ask, Asked, At};
use crate::server::auth::{Principal, access};
use crate::server::cursor;
use crate::server::problem::{Kind, Problem};
use crate::server::wire::{Drill, LastRun, Page, RunDrill, RunStarted};
use crate::store::StoreError;

/// How many planned instants a list shows.
const UPCOMING: usize = 5;
/// Where results are found.
const RUNS: &str = "/api/v1/drill-runs";

/// A drill of a plan that the caller may not see does not exist for them.
pub(super) fn may_see(app: &App, principal: &Principal, playbook: &PlaybookId) -> bool {
    let directory = app.runtime().directory();
    let plan = app.runtime().library().playbook(playbook);
    plan.is_none_or(|plan| access::may_see_playbook(principal.reader(), &directory, &plan))
}

/// List the drills in force, with when they take place next.
#[utoipa::path(get, path = "/api/v1/drills", tag = "drills",
    responses((status = 200, body = Page<Drill>)))]
pub async fn list(State(app): State<App>, principal: Principal) -> Answer {
    let drills = app.drills().clone();
    let rows = blocking(move || Ok(drills.rows(UPCOMING)?)).await?;
    let items: Vec<Drill> = rows
        .into_iter()
        .filter(|row| may_see(&app, &principal, &row.scenario.playbook))
        .map(shown)
        .collect();
    json(StatusCode::OK, &Page { items, next: None })
}

fn shown(row: Row) -> Drill {
    let Row { scenario, next, running, last, .. } = row;
    let Scenario { id, title, playbook, kind, run, calendar, .. } = &*scenario;
    Drill {
        drill: id.clone(),
        title: title.clone(),
        playbook: playbook.clone(),
        kind: *kind,
        run: *run,
        cron: calendar.as_ref().map(|calendar| calendar.schedule.source().to_owned()),
        next,
        running,
        last: last.as_ref().map(LastRun::from),
    }
}

/// Run a drill now: a simulated one to its end, an exercise with real people in the background.
#[utoipa::path(post, path = "/api/v1/drills/{id}/run", tag = "drills", request_body = RunDrill,
    responses(
        (status = 200, body = Object, description = "The result of a simulated run"),
        (status = 202, body = RunStarted, description = "An exercise has begun",
            headers(("Location" = String))),
    ))]
pub async fn run(State(app): State<App>, At(name): At<String>, ask: Ask<RunDrill>) -> Answer {
    let unknown = || find::missing(Missing::Drill, &name, Vec::new());
    let known = app.drills().book().get(&name).map(|scenario| scenario.playbook.clone());
    if known.is_some_and(|plan| !may_see(&app, &ask.principal, &plan)) {
        return Err(unknown().into());
    }
    let app = &app;
    once(app, ask.key, |once| async move {
        let kept = |started: &Started| match started {
            Started::Simulated(result) => once.keep(app, StatusCode::OK, &**result),
            Started::Exercise { run } => {
                once.keep(app, StatusCode::ACCEPTED, &under_way(&name, *run))
            }
        };
        let kept = |started: &Started| kept(started).ok().flatten();
        match app.drills().run(&name, Terms { seed: ask.body.seed }, kept).await? {
            Started::Simulated(result) => json(StatusCode::OK, &*result),
            Started::Exercise { run } => {
                let mut response = json(StatusCode::ACCEPTED, &under_way(&name, run))?;
                locate(&mut response, &format!("{RUNS}/{run}"));
                Ok(response)
            }
        }
    })
    .await
}

fn under_way(drill: &str, run: DrillRunId) -> RunStarted {
    RunStarted { run, drill: DrillId::new(drill), state: "running".into() }
}

/// Which results are listed.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// Only those of this drill.
    #[param(value_type = Option<String>)]
    drill: Option<DrillId>,
    /// How many at most, 1 to 200; 50 where missing.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<usize>,
    /// Where the page before ended.
    cursor: Option<String>,
}

/// List results, the latest first.
#[utoipa::path(get, path = "/api/v1/drill-runs", tag = "drills", params(Filter),
    responses((status = 200, body = Page<Object>)))]
pub async fn results(
    State(app): State<App>,
    principal: Principal,
    Asked(filter): Asked<Filter>,
) -> Answer {
    let limit = cursor::limit(filter.limit)?;
    let list = format!("drill-runs {:?}", filter.drill);
    let before = filter.cursor.as_deref().map(|text| cursor::read(&list, text)).transpose()?;
    let (reader, of) = (app.clone(), filter.drill.clone());
    let mut items: Vec<DrillResult> = blocking(move || {
        let archive = reader.drills().archive();
        let latest = archive.latest(of.as_ref(), before.map(DrillRunId::from_u128))?;
        let seen = latest.filter(|read| {
            read.as_ref().map_or(true, |one| may_see(&reader, &principal, &one.playbook))
        });
        let judged = seen.map(|read| archive.judged(read?));
        Ok(judged.take(limit + 1).collect::<Result<_, StoreError>>()?)
    })
    .await?;
    let more = items.len() > limit;
    items.truncate(limit);
    let last = items.last().filter(|_| more).map(|result| place(result.run));
    let next = last.map(|last| cursor::encode(&list, last));
    let mut response = json(StatusCode::OK, &Page { items, next: next.clone() })?;
    if let Some(next) = next {
        let only = filter.drill.map_or_else(String::new, |drill| format!("drill={drill}&"));
        cursor::link(&mut response, &format!("{RUNS}?limit={limit}&{only}cursor={next}"));
    }
    Ok(response)
}

fn place(run: DrillRunId) -> u128 {
    u128::from_be_bytes(*run.as_bytes())
}

/// A result beside the one before it.
#[derive(Serialize)]
struct Compared {
    #[serde(flatten)]
    result: DrillResult,
    #[serde(skip_serializing_if = "Option::is_none")]
    compared: Option<Comparison>,
}

/// Look at a result, compared with the run before it; or at a run that goes on.
#[utoipa::path(get, path = "/api/v1/drill-runs/{id}", tag = "drills",
    responses((status = 200, body = Object, description = "A result, or how a run stands")))]
pub async fn result(State(app): State<App>, principal: Principal, At(name): At<String>) -> Answer {
    let unknown = || Problem::from(find::missing(Missing::Drill, &name, Vec::new()));
    let run: DrillRunId = name.parse().map_err(|_| unknown())?;
    let drills = app.drills().clone();
    let found = blocking(move || {
        let archive = drills.archive();
        let Some(result) = archive.result(run)? else { return Ok(Err(drills.rows(0)?)) };
        let before = archive.previous(&result)?.map(|one| archive.judged(one)).transpose()?;
        let result = archive.judged(result)?;
        let compared = before.map(|before| result.compare(&before));
        Ok(Ok(Compared { result, compared }))
    })
    .await?;
    match found {
        Ok(found) if may_see(&app, &principal, &found.result.playbook) => {
            json(StatusCode::OK, &found)
        }
        Ok(_) => Err(unknown()),
        Err(rows) => {
            let row = rows.into_iter().find(|row| row.running.contains(&run));
            let row = row.filter(|row| may_see(&app, &principal, &row.scenario.playbook));
            let drill = row.ok_or_else(unknown)?.scenario.id.clone();
            standing(&app, &principal, run, under_way(drill.as_str(), run)).await
        }
    }
}

pub(super) async fn blocking<T: Send + 'static>(
    read: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    tokio::task::spawn_blocking(read).await.map_err(|error| {
        tracing::error!(%error, "the drills could not be read");
        Problem::new(Kind::Internal, "演练记录无法读取", "The drills could not be read")
    })?
}
