//! `PagerDuty`'s way: the key stands in the body, and the answers have its own shape. What
//! cannot be taken now is answered with 429, which its clients send again.

use axum::extract::{Request, State};
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use serde_json::{Value as Json, json as object};

use super::intake::{Arrived, count, in_time, take_in};
use super::{carry, door};
use crate::ingest::change;
use crate::ingest::pagerduty::{ACCEPTED, INVALID, UNKNOWN_KEY, read, without_key};
use crate::ingest::{Dialect, Source};
use crate::server::api::{Answer, json};
use crate::server::app::App;
use crate::server::problem::{Kind, Problem};
use crate::text::Text;

/// Random bytes of a key that is made for an event without one.
const MADE_KEY_BYTES: usize = 16;

/// Take an event of PagerDuty's Events API v2: trigger, acknowledge or resolve.
#[utoipa::path(post, path = "/ingest/pagerduty/v2/enqueue", tag = "ingest", request_body = Object,
    responses(
        (status = 202, body = Object, description = "Durable"),
        (status = 400, body = Object, description = "What is wrong, in PagerDuty's shape"),
        (status = 429, body = Object, description = "Too much at once; come back"),
    ))]
pub async fn enqueue(State(app): State<App>, request: Request) -> Answer {
    answer(&app, in_time(&app, accept(&app, request)).await)
}

/// Take a change event of PagerDuty's Events API v2. Nobody is called.
#[utoipa::path(post, path = "/ingest/pagerduty/v2/change/enqueue", tag = "ingest",
    request_body = Object,
    responses(
        (status = 202, body = Object, description = "Durable"),
        (status = 400, body = Object, description = "What is wrong, in PagerDuty's shape"),
        (status = 429, body = Object, description = "Too much at once; come back"),
    ))]
pub async fn change_event(State(app): State<App>, request: Request) -> Answer {
    answer(&app, in_time(&app, note(&app, request)).await)
}

/// What became of an event: the body of its answer, or what is wrong with it.
type Taken = Result<Result<Json, Vec<String>>, Problem>;

async fn accept(app: &App, request: Request) -> Taken {
    let ingest = app.ingest();
    let _place = ingest.place()?;
    let bytes = door::body(request, app).await?;
    let mut body = match serde_json::from_slice::<Json>(&bytes) {
        Ok(body) => body,
        Err(error) => return Ok(Err(not_json(&error))),
    };
    let event = match read(&body) {
        Ok(event) => event,
        Err(errors) => {
            if let Some(source) = whose(app, &body) {
                let words = errors.join("; ");
                carry::unreadable(app, source, &Text::both(words.clone(), words)).await;
            }
            return Ok(Err(errors));
        }
    };
    let Some(source) = ingest.source_of(Dialect::PagerDuty, &event.routing_key) else {
        return Ok(Err(vec![UNKNOWN_KEY.to_owned()]));
    };
    let dedup_key = event.dedup_key.unwrap_or_else(made_key);
    body["dedup_key"] = Json::from(dedup_key.as_str());
    take_in(app, source, Arrived::of_json(source, &without_key(body))).await?;
    let (status, message) = ACCEPTED;
    Ok(Ok(object!({ "status": status, "message": message, "dedup_key": dedup_key })))
}

async fn note(app: &App, request: Request) -> Taken {
    let ingest = app.ingest();
    let _place = ingest.place()?;
    let bytes = door::body(request, app).await?;
    let change = match serde_json::from_slice::<Json>(&bytes) {
        Ok(body) => change::read(&body),
        Err(error) => Err(not_json(&error)),
    };
    let change = match change {
        Ok(change) => change,
        Err(errors) => return Ok(Err(errors)),
    };
    let Some(source) = ingest.source_of(Dialect::PagerDuty, &change.routing_key) else {
        return Ok(Err(vec![UNKNOWN_KEY.to_owned()]));
    };
    ingest.changes().keep(app, source, change).await?;
    let (status, message) = change::ACCEPTED;
    Ok(Ok(object!({ "status": status, "message": message })))
}

/// Finds the source of an event that is wrong otherwise.
fn whose<'a>(app: &'a App, body: &Json) -> Option<&'a Source> {
    app.ingest().source_of(Dialect::PagerDuty, body.get("routing_key")?.as_str()?)
}

fn not_json(error: &serde_json::Error) -> Vec<String> {
    vec![format!("Event object is not valid JSON: {error}")]
}

fn answer(app: &App, taken: Taken) -> Answer {
    match taken {
        Ok(Ok(body)) => json(StatusCode::ACCEPTED, &body),
        Ok(Err(errors)) => {
            count(app, "rejected");
            let (status, message) = INVALID;
            let body = object!({ "status": status, "message": message, "errors": errors });
            json(StatusCode::BAD_REQUEST, &body)
        }
        Err(problem) if problem.kind == Kind::Busy => limited(&problem),
        Err(problem) => Err(problem),
    }
}

fn limited(problem: &Problem) -> Result<Response, Problem> {
    let mut response = json(
        StatusCode::TOO_MANY_REQUESTS,
        &object!({ "status": "throttle exceeded", "message": "Requests for this service are \
            arriving too quickly. Please retry later." }),
    )?;
    let seconds = HeaderValue::from(problem.retry_after.unwrap_or(1));
    response.headers_mut().insert(RETRY_AFTER, seconds);
    Ok(response)
}

fn made_key() -> String {
    let chance = crate::chance::draw::<MADE_KEY_BYTES>();
    hex::encode(chance)
}
