//! Plans: list, look, check, reload.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, FailedToBufferBody};
use axum::extract::{FromRequest, Request, State};
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;

use super::commit::{json, once};
use super::{Answer, find};
use crate::id::PlaybookId;
use crate::playbook::diagnostic::{Diagnostics, RelatedPlace, Severity};
use crate::playbook::{CheckedSet, Context, Loaded, Playbook, check_together};
use crate::runtime::ReloadReport;
use crate::server::app::App;
use crate::server::ask::{Ask, Asked, At, broken_body, media_type, unsupported};
use crate::server::auth::{Principal, access};
use crate::server::problem::{Problem, too_large};
use crate::server::view;
use crate::server::wire::{
    AlertsReloaded, CertificateReloaded, Checked, Finding, FindingPlace, Nothing, Page, PlanDetail,
    PlanSummary, Reloaded,
};
use crate::server::{Reload, log_reload};
use crate::text::Lang;

/// The largest plan, as the language has it.
pub const PLAN_BYTES_MAX: usize = 1024 * 1024;

/// List the plans in force.
#[utoipa::path(get, path = "/api/v1/playbooks", tag = "playbooks",
    responses((status = 200, body = Page<PlanSummary>)))]
pub async fn list(State(app): State<App>, principal: Principal) -> Answer {
    let (library, directory) = (app.runtime().library(), app.runtime().directory());
    let reader = principal.reader();
    let items = library
        .playbooks()
        .filter(|plan| access::may_see_playbook(reader, &directory, plan))
        .map(|plan| PlanSummary::from(plan.as_ref()))
        .collect();
    json(StatusCode::OK, &Page { items, next: None })
}

/// Look at a plan: what it asks for, who acts, what is done.
#[utoipa::path(get, path = "/api/v1/playbooks/{id}", tag = "playbooks",
    responses((status = 200, body = PlanDetail)))]
pub async fn show(State(app): State<App>, principal: Principal, At(id): At<PlaybookId>) -> Answer {
    json(StatusCode::OK, &view::plan(&*find::playbook(&app, &principal, &id)?))
}

/// How a plan is checked.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Checking {
    /// The file's name, for the findings.
    name: Option<String>,
    /// The language of the findings, `zh` or `en`; the person's own where missing.
    #[param(value_type = Option<String>)]
    lang: Option<Lang>,
}

/// Check a plan against the people and channels of this installation, without loading it.
#[utoipa::path(post, path = "/api/v1/playbooks/check", tag = "playbooks", params(Checking),
    request_body(content = String, content_type = "application/yaml"),
    responses((status = 200, body = Checked, description = "With or without findings")))]
pub async fn check(
    State(app): State<App>,
    principal: Principal,
    Asked(checking): Asked<Checking>,
    request: Request,
) -> Answer {
    if !media_type(request.headers()).is_none_or(is_yaml) {
        return Err(unsupported("application/yaml"));
    }
    let bytes = read(request, &app).await?;
    let lang = checking.lang.or(principal.lang).unwrap_or_else(|| app.lang());
    let Loaded { findings, .. } = looked_at(&app, checking.name, bytes).await?;
    let checked = Checked { ok: !findings.has_errors(), findings: shown(&findings, lang) };
    json(StatusCode::OK, &checked)
}

/// Reads a sent plan beside the people, channels and plans of this installation.
pub(super) async fn looked_at(
    app: &App,
    name: Option<String>,
    bytes: Bytes,
) -> Result<Loaded, Problem> {
    let (directory, library, now) = (app.runtime().directory(), app.runtime().library(), app.now());
    let name = name.unwrap_or_else(|| "playbook.yaml".to_owned());
    let look = move || {
        let context =
            Context { directory: Some(&directory), shelf: library.shelf(), now: Some(now) };
        let mut loaded = [Playbook::load(&name, &bytes, &context)];
        // Another that it calls may be sent after it.
        let others: Vec<Arc<Playbook>> = library.playbooks().cloned().collect();
        check_together(&mut loaded, CheckedSet { others: &others, whole: false });
        loaded
    };
    let [looked] = tokio::task::spawn_blocking(look).await.map_err(|error| {
        tracing::error!(%error, "a plan could not be checked");
        Problem::internal()
    })?;
    Ok(looked)
}

/// Tells whether a media type is one that plans are sent as.
pub(super) fn is_yaml(media: &str) -> bool {
    ["application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml", "text/plain"]
        .iter()
        .any(|known| media.eq_ignore_ascii_case(known))
}

/// Reads the body of a request that sends a plan.
pub(super) async fn read(request: Request, app: &App) -> Result<Bytes, Problem> {
    Bytes::from_request(request, app).await.map_err(|rejection| match rejection {
        BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) => {
            too_large(PLAN_BYTES_MAX as u64)
        }
        _ => broken_body(),
    })
}

/// Read plans, drills, the certificate, the files of calendars, and `alerts` of the configuration
/// again; a set with errors is refused whole, and the last good one stays. Each calendar is taken or kept
/// by itself.
#[utoipa::path(post, path = "/api/v1/reload", tag = "playbooks",
    responses((status = 200, body = Reloaded, description = "`swapped` says whether it is in force")))]
pub async fn reload(State(app): State<App>, ask: Ask<Nothing>) -> Answer {
    let app = &app;
    let lang = ask.principal.lang.unwrap_or_else(|| app.lang());
    once(app, ask.key, |once| async move {
        let report = app.runtime().reload().await;
        let mut answer = reloaded(&report, lang);
        answer.certificate = certificate(app, lang).await;
        answer.alerts = Some(alerts(app, lang).await);
        let (calendars, now) = (app.runtime().calendars(), app.now());
        let seen =
            calendars.iter().map(|(id, standing)| view::roster::calendar_seen(id, standing, now));
        answer.calendars = seen.collect();
        once.answer(app, StatusCode::OK, &answer).await
    })
    .await
}

/// Reads again what keeps alerts from beginning anything.
async fn alerts(app: &App, lang: Lang) -> AlertsReloaded {
    match app.reload_alerts().await {
        Ok(swapped) => AlertsReloaded { swapped, findings: Vec::new() },
        Err(wrong) => {
            let findings = wrong.iter().flat_map(|found| shown(found, lang)).collect();
            AlertsReloaded { swapped: false, findings }
        }
    }
}

/// Reads the certificate again, where there is one.
async fn certificate(app: &App, lang: Lang) -> Option<CertificateReloaded> {
    let (tls, now) = (app.tls()?.clone(), app.now());
    let looking = tls.clone();
    let looked = tokio::task::spawn_blocking(move || looking.reload(now)).await.ok()?;
    log_reload(&looked);
    let why = match &looked {
        Reload::Refused(why) => Some(why.get(lang).to_owned()),
        Reload::Unchanged | Reload::Swapped => None,
    };
    Some(CertificateReloaded { swapped: looked == Reload::Swapped, until: tls.until(), why })
}

fn reloaded(report: &ReloadReport, lang: Lang) -> Reloaded {
    let findings =
        report.library.findings().iter().flat_map(|findings| shown(findings, lang)).collect();
    let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    Reloaded {
        swapped: report.swapped,
        playbooks: count(report.playbooks),
        drills: count(report.drills),
        findings,
        unreadable: report
            .library
            .unreadable()
            .iter()
            .map(|unreadable| unreadable.say(lang))
            .collect(),
        certificate: None,
        alerts: None,
        calendars: Vec::new(),
    }
}

fn place(place: RelatedPlace) -> FindingPlace {
    FindingPlace {
        file: place.file,
        line: place.line as u64,
        column: place.column as u64,
        message: place.message,
    }
}

fn shown(findings: &Diagnostics, lang: Lang) -> Vec<Finding> {
    let rows = findings.rows(lang).into_iter();
    rows.map(|row| Finding {
        code: row.code.to_string(),
        severity: match row.severity {
            Severity::Error => "error".to_owned(),
            Severity::Warning => "warning".to_owned(),
            Severity::Note => "note".to_owned(),
        },
        file: row.file,
        line: row.line as u64,
        column: row.column as u64,
        message: row.message,
        help: row.help,
        related: row.related.into_iter().map(place).collect(),
    })
    .collect()
}
