//! Rosters as calendars to subscribe to: making and taking back the right to, and reading them.

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use sha2::{Digest as _, Sha256};

use super::Answer;
use super::commit::{json, once};
use crate::runtime::{FeedOf, KeptFeed};
use crate::server::app::App;
use crate::server::ask::{Ask, At};
use crate::server::auth::Principal;
use crate::server::problem::{Kind, Problem};
use crate::server::view::roster as view;
use crate::server::wire::{MakeCalendar, NewCalendar, Page, RosterCalendar};

/// How every address of a calendar ends.
const SUFFIX: &str = ".ics";

/// Make a calendar of a person's or a schedule's shifts that any calendar program can subscribe to.
/// Its address holds the secret that opens it, and is in this answer and nowhere else.
#[utoipa::path(post, path = "/api/v1/calendars", tag = "people", request_body = MakeCalendar,
    responses((status = 201, body = NewCalendar)))]
pub async fn make(State(app): State<App>, ask: Ask<MakeCalendar>) -> Answer {
    let Ask { principal, key, body, .. } = ask;
    let app = &app;
    once(app, key, |once| async move {
        let of = match (body.person, body.schedule) {
            (Some(person), None) => FeedOf::Person(person),
            (None, Some(schedule)) => FeedOf::Schedule(schedule),
            _ => {
                return Err(Problem::field(
                    "/person",
                    "请给出 person 或 schedule 之一",
                    "Give either `person` or `schedule`",
                ));
            }
        };
        let lang = body.lang.or(principal.lang).unwrap_or_else(|| app.lang());
        // What is kept for a repetition is all but the secret, which is shown once.
        let kept = |kept: &KeptFeed| {
            let known = NewCalendar { url: None, calendar: view::calendar(kept) };
            once.keep(app, StatusCode::CREATED, &known).ok().flatten()
        };
        let token = Some(principal.token_id().into());
        let made = app.runtime().make_feed(&principal.caller, token, of, lang, kept).await?;
        let (feed, secret) = made;
        let base = app.runtime().public_url().unwrap_or_default();
        let url = Some(format!("{base}/ical/{}{SUFFIX}", secret.reveal()));
        json(StatusCode::CREATED, &NewCalendar { url, calendar: view::calendar(&feed) })
    })
    .await
}

/// List calendars, those taken back too: one's own, and everyone's for an administrator.
#[utoipa::path(get, path = "/api/v1/calendars", tag = "people",
    responses((status = 200, body = Page<RosterCalendar>)))]
pub async fn list(State(app): State<App>, principal: Principal) -> Answer {
    let feeds = app.runtime().feeds(&principal.caller, false)?;
    let items: Vec<RosterCalendar> = feeds.iter().map(view::calendar).collect();
    json(StatusCode::OK, &Page { items, next: None })
}

/// Take a calendar back, from now on. Taking back twice is allowed.
#[utoipa::path(delete, path = "/api/v1/calendars/{id}", tag = "people",
    responses((status = 200, body = RosterCalendar)))]
pub async fn revoke(State(app): State<App>, principal: Principal, At(id): At<String>) -> Answer {
    let token = Some(principal.token_id().into());
    let feed = app.runtime().revoke_feed(&principal.caller, token, &id).await?;
    json(StatusCode::OK, &view::calendar(&feed))
}

/// Read a calendar of shifts: 30 days back, 180 ahead. The address is the secret; one that was taken
/// back and one that never was look the same.
#[utoipa::path(get, path = "/ical/{file}", tag = "people",
    responses((status = 200, body = String, content_type = "text/calendar"), (status = 304)))]
pub async fn read(State(app): State<App>, At(file): At<String>, headers: HeaderMap) -> Answer {
    let unknown = || {
        Problem::new(
            Kind::UnknownCalendar,
            "此日历地址不存在，或已吊销",
            "There is no such calendar, or it was taken back",
        )
    };
    let secret = file.strip_suffix(SUFFIX).ok_or_else(unknown)?;
    let calendar = app.runtime().read_feed(secret)?.ok_or_else(unknown)?;
    let tag = format!("\"{}\"", hex::encode(&Sha256::digest(&calendar)[..16]));
    let known = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let is_known = known
        .flat_map(|value| value.split(','))
        .any(|one| one.trim().trim_start_matches("W/") == tag || one.trim() == "*");
    let body = if is_known { Body::empty() } else { Body::from(calendar) };
    let mut response = Response::new(body);
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let fields = response.headers_mut();
    fields.insert(CONTENT_TYPE, HeaderValue::from_static("text/calendar; charset=utf-8"));
    // Only whoever holds the address may keep it, and asks again before showing it.
    fields.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        fields.insert(ETAG, tag);
    }
    Ok(response)
}
