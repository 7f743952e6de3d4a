//! One handler for each dialect whose answers are firebell's own.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;

use super::door;
use super::intake::{Arrived, in_time_as, take_in};
use crate::ingest::Dialect;
use crate::server::api::{Answer, json};
use crate::server::app::App;
use crate::server::ask::At;
use crate::server::problem::Problem;
use crate::server::wire::Ingested;

/// How a sender shows who it is.
#[derive(Clone, Copy)]
enum Shown<'r> {
    /// Its key stands in a header.
    Key,
    /// Its key stands in the path, since its sender can do no better.
    InPath(&'r str),
    /// Its name stands in the path; its key in a header, or its signature.
    Named(&'r str),
}

/// Take alerts of Alertmanager (webhook, version 4).
#[utoipa::path(post, path = "/ingest/alertmanager", tag = "ingest", request_body = Object,
    responses((status = 202, body = Ingested, description = "Durable")))]
pub async fn alertmanager(State(app): State<App>, request: Request) -> Answer {
    take(&app, Dialect::Alertmanager, Shown::Key, request).await
}

/// Take alerts of Grafana (webhook contact point).
#[utoipa::path(post, path = "/ingest/grafana", tag = "ingest", request_body = Object,
    responses((status = 202, body = Ingested, description = "Durable")))]
pub async fn grafana(State(app): State<App>, request: Request) -> Answer {
    take(&app, Dialect::Grafana, Shown::Key, request).await
}

/// Take alerts of a Grafana that signs them.
#[utoipa::path(post, path = "/ingest/grafana/{source}", tag = "ingest", request_body = Object,
    responses((status = 202, body = Ingested, description = "Durable")))]
pub async fn grafana_signed(
    State(app): State<App>,
    At(name): At<String>,
    request: Request,
) -> Answer {
    take(&app, Dialect::Grafana, Shown::Named(&name), request).await
}

/// Take webhooks of Sentry, which are signed.
#[utoipa::path(post, path = "/ingest/sentry/{source}", tag = "ingest", request_body = Object,
    responses((status = 202, body = Ingested, description = "Durable")))]
pub async fn sentry(State(app): State<App>, At(name): At<String>, request: Request) -> Answer {
    take(&app, Dialect::Sentry, Shown::Named(&name), request).await
}

/// Take callbacks of Alibaba Cloud's CloudMonitor that carry the key in a header.
#[utoipa::path(post, path = "/ingest/aliyun", tag = "ingest", request_body = Object,
    responses((status = 202, body = Ingested, description = "Durable")))]
pub async fn aliyun(State(app): State<App>, request: Request) -> Answer {
    take(&app, Dialect::Aliyun, Shown::Key, request).await
}

/// Take callbacks of Alibaba Cloud's CloudMonitor, which can carry no header: the key of the source
/// stands in the path.
#[utoipa::path(post, path = "/ingest/aliyun/{key}", tag = "ingest", request_body = Object,
    responses((status = 202, body = Ingested, description = "Durable")))]
pub async fn aliyun_in_path(
    State(app): State<App>,
    At(key): At<String>,
    request: Request,
) -> Answer {
    take(&app, Dialect::Aliyun, Shown::InPath(&key), request).await
}

/// Take callbacks of Tencent Cloud's monitoring.
#[utoipa::path(post, path = "/ingest/tencent", tag = "ingest", request_body = Object,
    responses((status = 202, body = Ingested, description = "Durable")))]
pub async fn tencent(State(app): State<App>, request: Request) -> Answer {
    take(&app, Dialect::Tencent, Shown::Key, request).await
}

/// Take notices of Apprise (`json://`).
#[utoipa::path(post, path = "/ingest/apprise", tag = "ingest", request_body = Object,
    responses((status = 202, body = Ingested, description = "Durable")))]
pub async fn apprise(State(app): State<App>, request: Request) -> Answer {
    take(&app, Dialect::Apprise, Shown::Key, request).await
}

/// Take events of CloudEvents 1.0: binary, structured or in batches.
#[utoipa::path(post, path = "/ingest/cloudevents", tag = "ingest", request_body = Object,
    responses((status = 202, body = Ingested, description = "Durable")))]
pub async fn cloudevents(State(app): State<App>, request: Request) -> Answer {
    take(&app, Dialect::CloudEvents, Shown::Key, request).await
}

/// Take alerts as JSON or as a form: in firebell's own simple shape, or mapped by the rules of the
/// source.
#[utoipa::path(post, path = "/ingest/generic/{source}", tag = "ingest", request_body = Object,
    responses((status = 202, body = Ingested, description = "Durable")))]
pub async fn generic(State(app): State<App>, At(name): At<String>, request: Request) -> Answer {
    take(&app, Dialect::Generic, Shown::Named(&name), request).await
}

/// Say that a source is there: one that is not heard of for its `silent_after` becomes an alert.
#[utoipa::path(post, path = "/ingest/heartbeat/{source}", tag = "ingest",
    responses((status = 204, description = "Heard")))]
pub async fn heartbeat(
    State(app): State<App>,
    At(name): At<String>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let source = app.ingest().admit_named(&name, &headers)?;
    app.ingest().hearing().beat(&source.id, app.now());
    Ok(StatusCode::NO_CONTENT)
}

/// Answers the hand-shake of `CloudEvents` over webhooks: whoever has the key may send.
pub async fn handshake(headers: HeaderMap) -> Response {
    let origin = headers.get("webhook-request-origin").cloned();
    let mut response = Response::new(Body::empty());
    let answer = response.headers_mut();
    answer.insert("allow", HeaderValue::from_static("POST, OPTIONS"));
    if let Some(origin) = origin {
        answer.insert(HeaderName::from_static("webhook-allowed-origin"), origin);
        answer.insert("webhook-allowed-rate", HeaderValue::from_static("*"));
    }
    response
}

async fn take(app: &App, dialect: Dialect, shown: Shown<'_>, request: Request) -> Answer {
    let work = async {
        let ingest = app.ingest();
        let by_key = match shown {
            Shown::Key => Some(ingest.admit(dialect, None, request.headers())?),
            Shown::InPath(key) => Some(ingest.admit_key(dialect, key)?),
            Shown::Named(name) if ingest.signs(dialect, name) => None,
            Shown::Named(name) => Some(ingest.admit(dialect, Some(name), request.headers())?),
        };
        let _place = ingest.place()?;
        let headers = request.headers().clone();
        let bytes = door::body(request, app).await?;
        let source = match (by_key, shown) {
            (Some(source), _) => source,
            (None, Shown::Named(name)) => {
                let source = ingest.admit_signed(dialect, name, &headers, &bytes, app.now())?;
                if ingest.is_replay(name, &bytes, app.now()) {
                    return Ok(None);
                }
                source
            }
            (None, _) => return Err(door::unknown_key()),
        };
        take_in(app, source, Arrived::read(source, &headers, &bytes)).await.map(Some)
    };
    let word = |done: &Option<Ingested>| if done.is_some() { "accepted" } else { "replayed" };
    let ingested = in_time_as(app, work, word).await?.unwrap_or_default();
    json(StatusCode::ACCEPTED, &ingested)
}
