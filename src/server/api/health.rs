//! How firebell is: for supervisors, load balancers and Prometheus. No secrets, so no token.

use axum::extract::State;
use axum::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Answer;
use super::commit::json;
use crate::server::app::App;
use crate::server::lang::preferred;
use crate::server::problem::Problem;
use crate::server::{measure, openapi};

/// How firebell is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Health {
    /// Every check holds.
    pub ok: bool,
    /// The version of firebell.
    pub version: String,
    /// Each check.
    pub checks: Vec<HealthCheck>,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HealthCheck {
    /// Its stable name.
    pub name: String,
    /// It holds.
    pub ok: bool,
    /// What was seen.
    pub detail: String,
}

/// Say that the process answers.
#[utoipa::path(get, path = "/livez", tag = "operation",
    responses((status = 200, body = String, content_type = "text/plain")))]
pub async fn livez() -> &'static str {
    "ok\n"
}

/// Say whether firebell can be relied on now; 503 where a check fails.
#[utoipa::path(get, path = "/readyz", tag = "operation",
    responses((status = 200, body = Health), (status = 503, body = Health)))]
pub async fn readyz(State(app): State<App>, headers: HeaderMap) -> Answer {
    let lang = preferred(&headers).unwrap_or_else(|| app.lang());
    let checks: Vec<HealthCheck> = app
        .runtime()
        .readiness()
        .into_iter()
        .map(|check| HealthCheck {
            name: check.name.to_owned(),
            ok: check.ok,
            detail: check.detail.get(lang).to_owned(),
        })
        .collect();
    let ok = checks.iter().all(|check| check.ok) && !app.closing().is_cancelled();
    let status = if ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    json(status, &Health { ok, version: env!("CARGO_PKG_VERSION").to_owned(), checks })
}

/// Every metric, in the OpenMetrics text format.
#[utoipa::path(get, path = "/metrics", tag = "operation",
    responses((status = 200, body = String, content_type = "text/plain")))]
pub async fn metrics(State(app): State<App>, headers: HeaderMap) -> Answer {
    measure::refresh(&app);
    let counting = app.clone();
    let counted = tokio::task::spawn_blocking(move || {
        measure::count_open(&counting);
        measure::count_overdue(&counting);
    });
    let _ = counted.await;
    let text = app.metrics().render().map_err(|error| {
        tracing::error!(%error, "the metrics could not be written");
        Problem::internal()
    })?;
    let accepts = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    // Readers of the older format understand the newer one but not its name.
    let media = if accepts.contains("application/openmetrics-text") {
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    } else {
        "text/plain; version=0.0.4; charset=utf-8"
    };
    Ok(([(CONTENT_TYPE, HeaderValue::from_static(media))], text).into_response())
}

/// The OpenAPI document of this interface.
#[utoipa::path(get, path = "/openapi.json", tag = "operation",
    responses((status = 200, body = Object, content_type = "application/json")))]
pub async fn document() -> Response {
    stable(openapi::text())
}

/// The JSON Schema of playbooks, for editors.
#[utoipa::path(get, path = "/schema/playbook.json", tag = "operation",
    responses((status = 200, body = Object, content_type = "application/json")))]
pub async fn schema() -> Response {
    stable(openapi::playbook_schema())
}

/// The same for the life of the process.
fn stable(text: &'static str) -> Response {
    let json = HeaderValue::from_static("application/json");
    let kept = HeaderValue::from_static("public, max-age=300");
    ([(CONTENT_TYPE, json), (CACHE_CONTROL, kept)], text).into_response()
}
