//! `PagerDuty`'s way: the key stands in the body, and the answers have its own shape. What
//! cannot be taken now is answered with 429, which its clients send again.

use axum::extract::{Request, State};
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use serde_json::{Value as Json, json as object};

use super::handlers::in_time;
use super::{carry, door};
use crate::ingest::pagerduty::{ACCEPTED, INVALID, UNKNOWN_KEY, read};
use crate::ingest::{Dialect, Reading};
use crate::server::api::{Answer, json};
use crate::server::app::App;
use crate::server::problem::{Kind, Problem};

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
    match in_time(accept(&app, request)).await {
        Err(problem) if problem.kind == Kind::Busy => limited(&problem),
        answer => answer,
    }
}

async fn accept(app: &App, request: Request) -> Answer {
    let ingest = app.ingest();
    let _place = ingest.place()?;
    let bytes = door::body(request, app).await?;
    let event = match serde_json::from_slice::<Json>(&bytes) {
        Ok(body) => read(&body),
        Err(error) => Err(vec![format!("Event object is not valid JSON: {error}")]),
    };
    let event = match event {
        Ok(event) => event,
        Err(errors) => return invalid(&errors),
    };
    let Some(source) = ingest.source_of(Dialect::PagerDuty, &event.routing_key) else {
        return invalid(&[UNKNOWN_KEY.to_owned()]);
    };
    let alert = event.alert(&source.id, &made_key());
    let dedup_key = alert.dedup_key.clone();
    let reading = Reading { alerts: vec![(alert, None)], unread: Vec::new() };
    carry::carry(app, source, source.labelled(reading)).await?;
    let (status, message) = ACCEPTED;
    json(
        StatusCode::ACCEPTED,
        &object!({ "status": status, "message": message, "dedup_key": dedup_key }),
    )
}

fn invalid(errors: &[String]) -> Answer {
    let (status, message) = INVALID;
    let body = object!({ "status": status, "message": message, "errors": errors });
    json(StatusCode::BAD_REQUEST, &body)
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
    let mut chance = [0; MADE_KEY_BYTES];
    getrandom::fill(&mut chance).expect("the operating system gives random bytes");
    hex::encode(chance)
}
