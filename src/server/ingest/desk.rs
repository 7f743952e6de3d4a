//! What people ask of the doors: what arrived, what led to nothing, what was changed, and what a body
//! that is kept would lead to now.

use axum::body::Body as Content;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;

use super::carry;
use super::intake::{self, Arrived, take_in};
use super::kept::Body;
use crate::server::api::{Answer, json, once};
use crate::server::app::App;
use crate::server::ask::{Ask, At};
use crate::server::auth::Principal;
use crate::server::problem::{Kind, Problem};
use crate::server::wire::{Arrival, Change, Page, Replay, Replayed, UnmatchedAlert};

/// List what arrived lately and led to nothing, the latest first.
#[utoipa::path(get, path = "/api/v1/ingest/unmatched", tag = "ingest",
    responses((status = 200, body = Page<UnmatchedAlert>)))]
pub async fn unmatched(State(app): State<App>, _: Principal) -> Answer {
    json(StatusCode::OK, &Page { items: app.ingest().unmatched().list(), next: None })
}

/// List what other tools say was changed lately, the latest first.
#[utoipa::path(get, path = "/api/v1/changes", tag = "ingest",
    responses((status = 200, body = Page<Change>)))]
pub async fn changes(State(app): State<App>, _: Principal) -> Answer {
    json(StatusCode::OK, &Page { items: app.ingest().changes().list(), next: None })
}

/// List the bodies that a source sent lately, accepted and rejected, the latest first.
#[utoipa::path(get, path = "/api/v1/ingest/{source}/recent", tag = "ingest",
    responses((status = 200, body = Page<Arrival>)))]
pub async fn recent(State(app): State<App>, At(source): At<String>, _: Principal) -> Answer {
    let items = app.ingest().kept().of_source(&source);
    if items.is_empty() && app.ingest().named(&source).is_none() {
        return Err(no_source(&source));
    }
    json(StatusCode::OK, &Page { items, next: None })
}

/// Read a body that is kept, as it is kept.
#[utoipa::path(get, path = "/api/v1/ingest/bodies/{hash}", tag = "ingest",
    responses((status = 200, content_type = "application/octet-stream", description = "The bytes")))]
pub async fn body(State(app): State<App>, At(hash): At<String>, _: Principal) -> Answer {
    let (_, bytes) = app.ingest().kept().find(&app, &hash)?;
    let mut response = Response::new(Content::from(bytes));
    // Never as what the sender called it: a browser must not run it.
    let media = HeaderValue::from_static("application/octet-stream");
    response.headers_mut().insert(CONTENT_TYPE, media);
    Ok(response)
}

/// Map a body anew that is kept, with the rules and plans of now. Nothing is done unless `send` is
/// true.
#[utoipa::path(post, path = "/api/v1/ingest/bodies/{hash}/replay", tag = "ingest",
    request_body = Replay, responses((status = 200, body = Replayed)))]
pub async fn replay(State(app): State<App>, At(hash): At<String>, ask: Ask<Replay>) -> Answer {
    let Ask { principal, key, body: Replay { send }, .. } = ask;
    let app = &app;
    once(app, key, |once| async move {
        if send {
            tracing::info!(by = ?principal.caller.actor, hash, "a kept body is sent again");
        }
        once.answer(app, StatusCode::OK, &replayed(app, &hash, send).await?).await
    })
    .await
}

async fn replayed(app: &App, hash: &str, send: bool) -> Result<Replayed, Problem> {
    let (arrival, bytes) = app.ingest().kept().find(app, hash)?;
    let named = app.ingest().named(&arrival.source);
    let source = named.ok_or_else(|| no_source(&arrival.source))?;
    let reading = source.read_bytes(&arrival.media, &bytes, "").map_err(intake::wrong)?;
    let unread = reading.unread.iter().map(crate::ingest::Unread::text).collect();
    let alerts = if send {
        let body = Body { media: arrival.media, bytes };
        take_in(app, source, Arrived { body, reading: Ok(reading) }).await?.alerts
    } else {
        carry::foresee(app, &reading)
    };
    Ok(Replayed { sent: send, source: source.id.clone(), alerts, unread })
}

/// Delete a body that is kept, such as one with something personal in it.
#[utoipa::path(delete, path = "/api/v1/ingest/bodies/{hash}", tag = "ingest",
    responses((status = 204, description = "It is gone")))]
pub async fn forget(State(app): State<App>, At(hash): At<String>, who: Principal) -> Answer {
    app.ingest().kept().forget(&app, &hash).await?;
    tracing::info!(by = ?who.caller.actor, hash, "a kept body was deleted");
    let mut response = Response::new(Content::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    Ok(response)
}

fn no_source(name: &str) -> Problem {
    Problem::new(
        Kind::UnknownBody,
        format!("配置的 ingest 中没有来源“{name}”，也没有保存它的内容"),
        format!("`ingest` in the configuration has no source `{name}`, and nothing of it is kept"),
    )
}
