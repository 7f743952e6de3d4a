//! Drills: list, run, results.

use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::commit::{Once, json, locate, once};
use super::drill_runs::standing;
use super::{Answer, find};
use crate::drill::clash::{Clash, Same};
use crate::drill::live::{Row, Simulating, Started, Terms};
use crate::drill::prepare::Preparation;
use crate::drill::result::{Comparison, DrillResult};
use crate::drill::scenario::Scenario;
use crate::id::{DrillId, DrillRunId, PlaybookId};
use crate::runtime::{Missing, Scope};
use crate::server::app::App;
use crate::server::ask::{Ask, Asked, At};
use crate::server::auth::{Principal, access};
use crate::server::cursor;
use crate::server::problem::{Kind, Problem};
use crate::server::wire::{Drill, DrillOverlap, LastRun, MissedDrill, Page, RunDrill, RunStarted};
use crate::store::{Change, StoreError};

/// How many planned instants a list shows.
const UPCOMING: usize = 5;
/// How many planned runs that did not take place a list shows.
const MISSED: usize = 5;
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
    let (rows, clashes) = blocking(move || Ok((drills.rows(UPCOMING)?, drills.clashes()))).await?;
    let mut items: Vec<Drill> = rows
        .into_iter()
        .filter(|row| may_see(&app, &principal, &row.scenario.playbook))
        .map(|row| shown(&app, &principal, row))
        .collect();
    clashes.iter().for_each(|clash| overlap(&mut items, clash));
    json(StatusCode::OK, &Page { items, next: None })
}

/// Shows that two drills fall together, where when each takes place may be seen.
fn overlap(items: &mut [Drill], clash: &Clash) {
    let seen =
        |id: &DrillId| items.iter().position(|item| item.drill == *id && item.cron.is_some());
    let (Some(one), Some(other)) = (seen(&clash.one), seen(&clash.other)) else { return };
    let people = match &clash.on {
        Same::Plan => Vec::new(),
        Same::People(people) => people.clone(),
    };
    for (own, drill) in [(one, &clash.other), (other, &clash.one)] {
        let (drill, people) = (drill.clone(), people.clone());
        items[own].overlaps.push(DrillOverlap { drill, at: clash.at, people });
    }
}

/// Shows a drill. When one begins that nobody is told of, only those see who watch over it.
fn shown(app: &App, principal: &Principal, row: Row) -> Drill {
    let Row { scenario, next, begins, diary, running, last } = row;
    let no_notice = scenario.is_unannounced();
    let officer = || {
        let officers = scenario.officers(&app.runtime().directory());
        principal.person().is_some_and(|person| officers.contains(person))
    };
    let sees = !no_notice || principal.caller.scope == Scope::Admin || officer();
    let missed = diary.map(|diary| diary.missed).unwrap_or_default().into_iter().rev();
    let Scenario { id, title, playbook, kind, run, calendar, .. } = &*scenario;
    Drill {
        drill: id.clone(),
        title: title.clone(),
        playbook: playbook.clone(),
        kind: *kind,
        run: *run,
        cron: calendar
            .as_ref()
            .filter(|_| sees)
            .map(|calendar| calendar.schedule.source().to_owned()),
        no_notice,
        next: if sees { next } else { Vec::new() },
        begins: if sees { begins } else { Vec::new() },
        overlaps: Vec::new(),
        missed: missed.take(MISSED).map(MissedDrill::from).collect(),
        running,
        last: last.as_ref().map(LastRun::from),
    }
}

/// Run a drill now: a simulated one to its end, or in the background where that takes long; an
/// exercise with real people in the background.
#[utoipa::path(post, path = "/api/v1/drills/{id}/run", tag = "drills", request_body = RunDrill,
    responses(
        (status = 200, body = Object, description = "The result of a simulated run"),
        (status = 202, body = RunStarted, description = "It has begun, and its result follows at this address",
            headers(("Location" = String))),
    ))]
pub async fn run(State(app): State<App>, At(name): At<String>, ask: Ask<RunDrill>) -> Answer {
    let unknown = || find::missing(Missing::Drill, &name, Vec::new());
    let known = app.drills().book().get(&name).map(|scenario| scenario.playbook.clone());
    if known.is_some_and(|plan| !may_see(&app, &ask.principal, &plan)) {
        return Err(unknown().into());
    }
    let live = match &ask.body.beside {
        Some(live) => Some(find::incident(&app, &ask.principal, live).await?.incident.id),
        None => None,
    };
    let RunDrill { seed, anyway, .. } = ask.body;
    let terms = Terms { seed, anyway, beside: live };
    let app = &app;
    once(app, ask.key, |once| async move {
        let kept = {
            let (app, name) = (app.clone(), name.clone());
            move |started: &Started| kept(&once, &app, &name, started)
        };
        match app.drills().run(&name, terms, kept).await? {
            Started::Simulated(result) => json(StatusCode::OK, &*result),
            Started::Exercise { run } | Started::Simulating { run } => {
                let mut response = json(StatusCode::ACCEPTED, &under_way(&name, run))?;
                locate(&mut response, &format!("{RUNS}/{run}"));
                Ok(response)
            }
        }
    })
    .await
}

/// Keeps the answer to a request, to be written together with what it reports.
fn kept(once: &Once, app: &App, name: &str, started: &Started) -> Option<Change> {
    let kept = match started {
        Started::Simulated(result) => once.keep(app, StatusCode::OK, &**result),
        Started::Exercise { run } | Started::Simulating { run } => {
            once.keep(app, StatusCode::ACCEPTED, &under_way(name, *run))
        }
    };
    kept.ok().flatten()
}

/// For which instant a drill is looked at.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct When {
    /// The instant; now where missing.
    #[param(value_type = Option<String>, format = DateTime)]
    at: Option<Timestamp>,
}

/// Say what a drill would find if it began: who would be asked for each role and by which ways, what
/// happens when, what is held back, and what stands in the way. Nothing begins.
#[utoipa::path(get, path = "/api/v1/drills/{id}/preparation", tag = "drills", params(When),
    responses((status = 200, body = Preparation)))]
pub async fn preparation(
    State(app): State<App>,
    principal: Principal,
    At(name): At<String>,
    Asked(when): Asked<When>,
) -> Answer {
    let known = app.drills().book().get(&name).map(|scenario| scenario.playbook.clone());
    if known.is_some_and(|plan| !may_see(&app, &principal, &plan)) {
        return Err(find::missing(Missing::Drill, &name, Vec::new()).into());
    }
    json(StatusCode::OK, &app.drills().preparation(&name, when.at).await?)
}

fn under_way(drill: &str, run: DrillRunId) -> RunStarted {
    RunStarted { run, drill: DrillId::new(drill), state: "running".into(), made: None, of: None }
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
            if let Some(Simulating { made, of, .. }) = app.drills().simulating(run) {
                let stands = under_way(drill.as_str(), run);
                let stands = RunStarted { made: Some(made), of: Some(of), ..stands };
                return json(StatusCode::OK, &stands);
            }
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
