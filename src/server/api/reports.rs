//! After-action reports: of a run of a drill, and of a real incident.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use serde::Deserialize;
use utoipa::IntoParams;

use super::drills::may_see;
use super::timeline::told;
use super::{Answer, find, form};
use crate::drill::judge::judged;
use crate::drill::result::DrillResult;
use crate::engine::Mode;
use crate::id::{DrillRunId, IncidentId};
use crate::learn::WhichFindings;
use crate::learn::action::Action;
use crate::learn::finding::{Finding, FindingState};
use crate::learn::report::{REPORT_FORMAT, Report, ReportForm};
use crate::learn::subject::{How, Source};
use crate::runtime::{Missing, Refusal};
use crate::server::app::App;
use crate::server::ask::{Asked, At};
use crate::server::auth::Principal;
use crate::server::lang;
use crate::server::problem::Problem;
use crate::text::{Lang, Text};
use crate::timeline::Timeline;

/// How a report is told.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Telling {
    /// `markdown`, `html` or `json`; `Accept` decides where missing.
    format: Option<String>,
    /// The language, `zh` or `en`; `Accept-Language`, else the person's own, where missing.
    #[param(value_type = Option<String>)]
    lang: Option<Lang>,
}

/// Read the report of a run of a drill that is over.
#[utoipa::path(get, path = "/api/v1/drill-runs/{id}/report", tag = "learning", params(Telling),
    responses((status = 200, content(
        (Object = "application/json"), (String = "text/markdown"), (String = "text/html"),
    ))))]
pub async fn of_run(
    State(app): State<App>,
    principal: Principal,
    At(name): At<String>,
    Asked(telling): Asked<Telling>,
    headers: HeaderMap,
) -> Answer {
    let form: ReportForm = form::chosen(telling.format.as_deref(), &headers)?;
    let unknown = || Problem::from(find::missing(Missing::Drill, &name, Vec::new()));
    let run: DrillRunId = name.parse().map_err(|_| unknown())?;
    let archive = app.drills().archive().clone();
    let read = tokio::task::spawn_blocking(move || {
        let Some(result) = archive.result(run)? else { return Ok(None) };
        let sheets = archive.sheets(run)?;
        Ok::<_, crate::store::StoreError>(Some((judged(&result, &sheets), sheets)))
    });
    let (result, sheets) = read.await.map_err(|_| Problem::internal())??.ok_or_else(unknown)?;
    if !may_see(&app, &principal, &result.playbook) {
        return Err(unknown());
    }
    let source = Source::Run(run);
    let learned = learned(&app, source).await?;
    let timeline = match result.incident {
        Some(incident) => timeline(&app, incident).await?,
        None => None,
    };
    let report = Report {
        format: REPORT_FORMAT,
        title: result.title.clone(),
        source,
        how: How::from(result.run_as),
        result: Some(DrillResult { covered: None, ..result }),
        sheets,
        findings: learned.findings,
        actions: learned.actions,
        settled: learned.settled,
        timeline,
        as_of: app.now(),
    };
    answer(&app, &principal, report, form, telling.lang, &headers).await
}

/// Read the report of an incident: of a rehearsed one, that of its drill.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/report", tag = "learning", params(Telling),
    responses((status = 200, content(
        (Object = "application/json"), (String = "text/markdown"), (String = "text/html"),
    ))))]
pub async fn of_incident(
    State(app): State<App>,
    principal: Principal,
    At(name): At<String>,
    Asked(telling): Asked<Telling>,
    headers: HeaderMap,
) -> Answer {
    let form: ReportForm = form::chosen(telling.format.as_deref(), &headers)?;
    let seen = find::incident(&app, &principal, &name).await?;
    let id = seen.incident.id;
    let (source, how) = match (seen.incident.drill, seen.incident.mode) {
        (_, Mode::Live) => (Source::Incident(id), How::Live),
        (Some(run), _) => (Source::Run(run), How::Exercise),
        (None, _) => (Source::Incident(id), How::Exercise),
    };
    let learned = learned(&app, source).await?;
    let report = Report {
        format: REPORT_FORMAT,
        title: Text::Same(seen.incident.title.to_string()),
        source,
        how,
        result: None,
        sheets: Vec::new(),
        findings: learned.findings,
        actions: learned.actions,
        settled: learned.settled,
        timeline: timeline(&app, id).await?,
        as_of: app.now(),
    };
    answer(&app, &principal, report, form, telling.lang, &headers).await
}

/// What was learned from a run or an incident.
struct Learned {
    findings: Vec<Arc<Finding>>,
    actions: Vec<Arc<Action>>,
    settled: Vec<Arc<Action>>,
}

/// Finds what was found there, what is done about it, and what it showed of earlier actions. An
/// action stays whatever is thought of its finding.
async fn learned(app: &App, source: Source) -> Result<Learned, Problem> {
    let learning = app.learning().clone();
    learning.experience(source).await;
    let found = tokio::task::spawn_blocking(move || {
        let which = WhichFindings { source: Some(source), ..WhichFindings::default() };
        let kept = learning.findings(&which).into_iter().map(|kept| kept.value);
        let mut findings: Vec<Arc<Finding>> = kept.collect();
        let follows = |action: &Arc<Action>| {
            action.seen_in == Some(source)
                || action.finding.is_some_and(|id| findings.iter().any(|one| one.id == id))
        };
        let all: Vec<Arc<Action>> = learning.actions().into_iter().map(|kept| kept.value).collect();
        let actions = all.iter().filter(|action| follows(action)).cloned().collect();
        let settled =
            all.into_iter().filter(|action| action.settled_in(source).is_some()).collect();
        findings.retain(|one| one.state != FindingState::Dismissed);
        Learned { findings, actions, settled }
    });
    found.await.map_err(|_| Problem::internal())
}

/// Tells the timeline of an incident; `None` where its journal is gone.
async fn timeline(app: &App, id: IncidentId) -> Result<Option<Timeline>, Problem> {
    let seen = match app.runtime().incident(id).await {
        Ok(seen) => seen,
        Err(Refusal::NotFound { .. }) => return Ok(None),
        Err(other) => return Err(other.into()),
    };
    let history = app.runtime().history(id).await?;
    let (directory, zone, as_of) = (app.runtime().directory(), app.runtime().zone(), app.now());
    let tell = move || told(&seen, &history, &directory, &zone, as_of);
    tokio::task::spawn_blocking(tell).await.map_err(|_| Problem::internal())
}

async fn answer(
    app: &App,
    principal: &Principal,
    report: Report,
    form: ReportForm,
    asked: Option<Lang>,
    headers: &HeaderMap,
) -> Answer {
    let lang = asked.or_else(|| lang::preferred(headers)).or(principal.lang);
    let (lang, zone) = (lang.unwrap_or_else(|| app.lang()), app.runtime().zone());
    let text = tokio::task::spawn_blocking(move || report.render(form, lang, &zone)).await;
    let text = text.map_err(|_| Problem::internal())?;
    Ok(form::told(form, text))
}
