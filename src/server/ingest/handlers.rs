//! One handler for each dialect, and the list of what matched nothing.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use serde_json::Value as Json;

use super::{PATIENCE, carry, door};
use crate::engine::FieldProblem;
use crate::ingest::{Dialect, Fault, Source, cloudevents as events};
use crate::server::api::{Answer, json};
use crate::server::app::App;
use crate::server::ask::{At, media_type};
use crate::server::auth::Principal;
use crate::server::problem::{Kind, Problem};
use crate::server::shape;
use crate::server::wire::{Ingested, Page, UnmatchedAlert};

/// Take alerts of Alertmanager (webhook, version 4).
#[utoipa::path(post, path = "/ingest/alertmanager", tag = "ingest", request_body = Object,
    responses((status = 202, body = Ingested, description = "Durable")))]
pub async fn alertmanager(State(app): State<App>, request: Request) -> Answer {
    take(&app, Dialect::Alertmanager, None, request).await
}

/// Take alerts of Grafana (webhook contact point).
#[utoipa::path(post, path = "/ingest/grafana", tag = "ingest", request_body = Object,
    responses((status = 202, body = Ingested, description = "Durable")))]
pub async fn grafana(State(app): State<App>, request: Request) -> Answer {
    take(&app, Dialect::Grafana, None, request).await
}

/// Take events of CloudEvents 1.0: binary, structured or in batches.
#[utoipa::path(post, path = "/ingest/cloudevents", tag = "ingest", request_body = Object,
    responses((status = 202, body = Ingested, description = "Durable")))]
pub async fn cloudevents(State(app): State<App>, request: Request) -> Answer {
    take(&app, Dialect::CloudEvents, None, request).await
}

/// Take alerts as JSON: in firebell's own simple shape, or mapped by the rules of the source.
#[utoipa::path(post, path = "/ingest/generic/{source}", tag = "ingest", request_body = Object,
    responses((status = 202, body = Ingested, description = "Durable")))]
pub async fn generic(State(app): State<App>, At(name): At<String>, request: Request) -> Answer {
    take(&app, Dialect::Generic, Some(&name), request).await
}

/// List what arrived lately and led to nothing, the latest first.
#[utoipa::path(get, path = "/api/v1/ingest/unmatched", tag = "ingest",
    responses((status = 200, body = Page<UnmatchedAlert>)))]
pub async fn unmatched(State(app): State<App>, _: Principal) -> Answer {
    json(StatusCode::OK, &Page { items: app.ingest().unmatched().list(), next: None })
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

async fn take(app: &App, dialect: Dialect, name: Option<&str>, request: Request) -> Answer {
    let ingest = app.ingest();
    let source = ingest.admit(dialect, name, request.headers())?;
    let _place = ingest.place()?;
    let work = async {
        let headers = request.headers().clone();
        let bytes = door::body(request, app).await?;
        let body = read(source, &headers, &bytes);
        let reading = body.and_then(|body| source.read(&body, "").map_err(wrong));
        match reading {
            Ok(reading) => carry::carry(app, source, reading).await,
            Err(problem) => {
                let first = problem.errors.first().map(|error| error.detail.clone());
                let why = first.unwrap_or_else(|| problem.detail.clone());
                carry::unreadable(app, source, &why).await;
                Err(problem)
            }
        }
    };
    let ingested: Ingested = in_time(work).await?;
    json(StatusCode::ACCEPTED, &ingested)
}

/// Bounds the time that one body may take; what was begun goes on.
pub(super) async fn in_time<T>(
    work: impl Future<Output = Result<T, Problem>>,
) -> Result<T, Problem> {
    let done = tokio::time::timeout(PATIENCE, work).await;
    done.unwrap_or_else(|_| {
        Err(Problem::new(
            Kind::TimedOut,
            "处理超时；请重发，同一告警不会重复启动",
            "It took too long; send it again, the same alert begins nothing twice",
        ))
    })
}

/// Reads a body as JSON; an event whose attributes stand in headers is put together first.
fn read(source: &Source, headers: &HeaderMap, bytes: &[u8]) -> Result<Json, Problem> {
    let media = media_type(headers).unwrap_or_default().to_ascii_lowercase();
    let whole = media == events::STRUCTURED || media == events::BATCH;
    if source.dialect != Dialect::CloudEvents || whole {
        let body: Json = shape::read(bytes)?;
        // The type says whether it is a batch.
        if source.dialect == Dialect::CloudEvents && (media == events::BATCH) != body.is_array() {
            return Err(wrong(Fault::wanted("", "与内容类型相符的事件", "as the media type says")));
        }
        return Ok(body);
    }
    let attributes =
        headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    let media = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    events::of_headers(attributes, media, bytes).map_err(wrong)
}

fn wrong(fault: Fault) -> Problem {
    let Fault { pointer, detail } = fault;
    Problem::new(
        Kind::Rejected(crate::engine::RejectionCode::InvalidFields),
        "内容不符合此来源的格式，见 errors",
        "The body is not of this source's dialect; see `errors`",
    )
    .with_errors(vec![FieldProblem { pointer, detail }])
}
