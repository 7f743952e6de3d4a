//! Opsgenie's way: the key comes as `GenieKey`, the answers have its own shape, and its clients ask
//! later what became of a request. What cannot be taken now is answered with 429, which they send
//! again.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use axum::extract::{Query, Request, State};
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value as Json, json as object};
use smol_str::SmolStr;
use utoipa::IntoParams;

use super::door;
use super::intake::{Arrived, in_time, take_in, wrong};
use crate::ingest::Dialect;
use crate::ingest::opsgenie::{Act, alias_of, id_of, with_path};
use crate::server::api::{Answer, json};
use crate::server::app::App;
use crate::server::ask::At;
use crate::server::problem::{Kind, Problem};
use crate::server::shape;
use crate::server::wire::{AlertOutcome, Ingested};

/// Requests whose end can still be asked for: clients ask within seconds.
const REQUESTS_MAX: usize = 1_000;

/// A request that was taken.
#[derive(Debug, Clone)]
struct Taken {
    id: String,
    source: SmolStr,
    action: &'static str,
    done: bool,
    alias: String,
    alert: String,
    at: Timestamp,
}

/// The latest requests, in memory: after a restart they are not known, as an old one is not.
#[derive(Debug, Default)]
pub struct Requests(Mutex<VecDeque<Taken>>);

impl Requests {
    fn keep(&self, taken: Taken) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if held.len() >= REQUESTS_MAX {
            held.pop_front();
        }
        held.push_back(taken);
    }

    fn find(&self, source: &SmolStr, id: &str) -> Option<Taken> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.iter().rev().find(|one| one.id == id && one.source == *source).cloned()
    }
}

/// How an alert is named in the path.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Named {
    /// `alias`, or `id` where nothing is said.
    #[serde(default, rename = "identifierType")]
    identifier_type: Option<String>,
}

/// Create an alert as Opsgenie's clients do.
#[utoipa::path(post, path = "/ingest/opsgenie/v2/alerts", tag = "ingest", request_body = Object,
    responses((status = 202, body = Object, description = "Durable, in Opsgenie's shape")))]
pub async fn create(State(app): State<App>, request: Request) -> Answer {
    answer(&app, in_time(&app, taken(&app, None, request)).await)
}

/// Close, acknowledge or remark on an alert as Opsgenie's clients do.
#[utoipa::path(post, path = "/ingest/opsgenie/v2/alerts/{identifier}/{action}", tag = "ingest",
    params(Named), request_body = Object,
    responses((status = 202, body = Object, description = "Durable, in Opsgenie's shape")))]
pub async fn act(
    State(app): State<App>,
    At((identifier, action)): At<(String, String)>,
    Query(named): Query<Named>,
    request: Request,
) -> Answer {
    let alias = match named.identifier_type.as_deref() {
        None | Some("id") => Ok(alias_of(&identifier)),
        Some("alias") => Ok(identifier),
        Some(_) => Err(Problem::query(
            "identifierType",
            "identifierType 只支持 id 和 alias",
            "`identifierType` must be `id` or `alias`",
        )),
    };
    let act = Act::of_path(&action).ok_or_else(crate::server::ask::no_such_path);
    let work = async {
        // Strangers are not told which addresses there are.
        app.ingest().admit(Dialect::Opsgenie, None, request.headers())?;
        let (act, alias) = (act?, alias?);
        taken(&app, Some((act, &alias)), request).await
    };
    answer(&app, in_time(&app, work).await)
}

/// Say what became of a request, as Opsgenie's clients ask.
#[utoipa::path(get, path = "/ingest/opsgenie/v2/alerts/requests/{request}", tag = "ingest",
    responses((status = 200, body = Object, description = "In Opsgenie's shape")))]
pub async fn status(State(app): State<App>, At(id): At<String>, request: Request) -> Answer {
    let source = app.ingest().admit(Dialect::Opsgenie, None, request.headers());
    let source = match source {
        Ok(source) => source,
        Err(problem) => return answer(&app, Err(problem)),
    };
    let Some(taken) = app.ingest().requests().find(&source.id, &id) else {
        let words = "Request not found. It might not be processed, yet.";
        let body = object!({ "message": words, "took": 0.0, "requestId": new_id() });
        return json(StatusCode::NOT_FOUND, &body);
    };
    let status = match (taken.done, taken.action) {
        (false, _) => "Alert does not exist",
        (true, "Create") => "Created alert",
        (true, "Close") => "Closed alert",
        (true, "Acknowledge") => "Acknowledged alert",
        (true, _) => "Added note to alert",
    };
    let body = object!({
        "data": {
            "success": taken.done, "action": taken.action, "processedAt": taken.at.to_string(),
            "integrationId": source.id, "isSuccess": taken.done, "status": status,
            "alertId": if taken.done { taken.alert } else { String::new() },
            "alias": if taken.done { taken.alias } else { String::new() },
        },
        "took": 0.0, "requestId": taken.id,
    });
    json(StatusCode::OK, &body)
}

async fn taken(app: &App, act: Option<(Act, &str)>, request: Request) -> Result<String, Problem> {
    let ingest = app.ingest();
    let source = ingest.admit(Dialect::Opsgenie, None, request.headers())?;
    let _place = ingest.place()?;
    let bytes = door::body(request, app).await?;
    let body: Json = if bytes.is_empty() { Json::Null } else { shape::read(&bytes)? };
    let (body, alias, alert) = match act {
        Some((act, alias)) => {
            (with_path(body, act, alias).map_err(wrong)?, alias.to_owned(), id_of(alias))
        }
        None => named(body),
    };
    let done = take_in(app, source, Arrived::of_json(source, &body)).await?;
    let id = new_id();
    let ignored = |ingested: &Ingested| {
        ingested.alerts.iter().all(|alert| alert.outcome == AlertOutcome::Ignored)
    };
    ingest.requests().keep(Taken {
        id: id.clone(),
        source: source.id.clone(),
        action: act.map_or("Create", |(act, _)| act.title()),
        done: act.is_none() || !ignored(&done),
        alias,
        alert,
        at: app.now(),
    });
    Ok(id)
}

/// Finds the alias of an alert that is created; one without gets its id as alias.
fn named(mut body: Json) -> (Json, String, String) {
    let given = body.get("alias").and_then(Json::as_str).filter(|alias| !alias.trim().is_empty());
    if let Some(alias) = given.map(str::to_owned) {
        let alert = id_of(&alias);
        return (body, alias, alert);
    }
    let made = new_id();
    if let Some(call) = body.as_object_mut() {
        call.insert("alias".to_owned(), made.clone().into());
        // Only what stands in a path is an action.
        call.remove("action");
    }
    (body, made.clone(), made)
}

/// Makes a name in the form that clients know; it names nothing of firebell's own.
fn new_id() -> String {
    let chance = crate::chance::draw::<16>();
    uuid::Builder::from_random_bytes(chance).into_uuid().to_string()
}

/// Answers in Opsgenie's shape.
fn answer(app: &App, taken: Result<String, Problem>) -> Answer {
    let problem = match taken {
        Ok(id) => {
            let body = object!({
                "result": "Request will be processed", "took": 0.0, "requestId": id,
            });
            return json(StatusCode::ACCEPTED, &body);
        }
        Err(problem) => problem,
    };
    let status = match problem.kind {
        Kind::Busy => StatusCode::TOO_MANY_REQUESTS,
        _ => problem.status(),
    };
    let lang = app.lang();
    let mut body = object!({
        "message": problem.detail.get(lang), "took": 0.0, "requestId": new_id(),
    });
    let errors = problem.errors.iter().map(|error| {
        let field = error.pointer.trim_start_matches('/').to_owned();
        (field, Json::from(error.detail.get(lang)))
    });
    let errors: serde_json::Map<String, Json> = errors.collect();
    if !errors.is_empty() {
        body["errors"] = Json::Object(errors);
    }
    let mut response = json(status, &body)?;
    if let Some(seconds) = problem.retry_after {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    Ok(response)
}
