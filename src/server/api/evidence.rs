//! Evidence: words, addresses, and files kept under their hash, durable before the event.

use axum::body::{Body, BodyDataStream};
use axum::extract::{FromRequest, Request, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use futures_util::StreamExt as _;
use jiff::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use utoipa::IntoParams;

use super::commit::{self, Entered, Once, act, json};
use super::steps::step_ref;
use super::{Answer, find};
use crate::engine::{Command, EvidenceItem, Fact, Proves, SetMoment};
use crate::id::IncidentId;
use crate::runtime::{CommitOptions, EVIDENCE_BYTES_MAX, Kept, Missing};
use crate::server::app::App;
use crate::server::ask::{Ask, Asked, At, broken_body, etag, is_json, media_type};
use crate::server::auth::Principal;
use crate::server::idempotent::{Draft, Key};
use crate::server::problem::{Problem, too_large};
use crate::server::wire;

/// The longest file name that is kept.
const NAME_CHARS_MAX: usize = 200;
/// The longest media type that is kept.
const MEDIA_CHARS_MAX: usize = 100;

/// What is said about a file.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct About {
    /// Its name. Makes the body a file, whatever its type.
    name: Option<String>,
    /// The step it belongs to: `{step}` or `{step}:{item}`.
    step: Option<String>,
    /// The step's exact run.
    key: Option<String>,
    /// The moment it shows, in place of a step: `detected`, `aware`, or a moment of a regime.
    #[param(value_type = Option<String>)]
    moment: Option<SetMoment>,
    /// When it came to be, where that was earlier.
    #[param(value_type = Option<String>, format = DateTime)]
    occurred_at: Option<Timestamp>,
}

/// Attach proof: JSON with words or an address, or, with `?name=` or any other type, a file of at
/// most 10 MiB.
///
/// A file is answered with 201 and its address; the same file again is the same file.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/evidence", tag = "evidence", params(About),
    request_body(content(
        (wire::AddEvidence = "application/json"), (Vec<u8> = "application/octet-stream"),
    )),
    responses(
        (status = 200, body = wire::Incident, description = "Words or an address were attached"),
        (status = 201, body = wire::Attached, description = "A file was attached",
            headers(("Location" = String), ("ETag" = String))),
    ))]
pub async fn add(
    State(app): State<App>,
    At(name): At<String>,
    Asked(about): Asked<About>,
    request: Request,
) -> Answer {
    if about.name.is_none() && is_json(request.headers()) {
        let ask = Ask::<wire::AddEvidence>::from_request(request, &app).await?;
        return act(&app, &name, ask, |body| {
            let of = proves(body.step.as_deref(), None, body.moment)?;
            Ok(Command::AddEvidence { of, evidence: body.evidence.into() })
        })
        .await;
    }
    take_file(&app, &name, about, request).await
}

/// Says what a piece of evidence belongs to: a step or a moment, else the incident.
fn proves(
    step: Option<&str>,
    key: Option<String>,
    moment: Option<SetMoment>,
) -> Result<Proves, Problem> {
    match (step, moment) {
        (None, None) => Ok(Proves::Incident),
        (Some(step), None) => Ok(Proves::Step(step_ref(step, key)?)),
        (None, Some(moment)) => Ok(Proves::Moment(moment)),
        (Some(_), Some(_)) => Err(Problem::field(
            "/moment",
            "`step` 与 `moment` 只能写一个",
            "give `step` or `moment`, not both",
        )),
    }
}

async fn take_file(app: &App, name: &str, about: About, request: Request) -> Answer {
    let (parts, body) = request.into_parts();
    let principal = parts.extensions.get::<Principal>().cloned().ok_or_else(Problem::internal)?;
    let draft = Draft::of(&parts.headers, &principal, &parts.method, parts.uri.path())?;
    // Nothing is written to disk for someone who may not, or for an incident that is not there.
    let id = find::incident(app, &principal, name).await?.incident.id;
    let of = proves(about.step.as_deref(), about.key, about.moment)?;
    let kept = store(app, &parts.headers, body).await?;
    let file = File {
        name: about.name.map_or_else(|| "file".to_owned(), |name| cleaned(&name)),
        media_type: media(&parts.headers),
        kept,
    };
    let fingerprint = format!("{} {} {:?}", file.kept.hash, file.name, of);
    let key = draft.map(|draft| draft.seal(fingerprint.as_bytes()));
    attach(app, &principal, id, file, Conditions { of, key, occurred_at: about.occurred_at }).await
}

struct File {
    kept: Kept,
    name: String,
    media_type: String,
}

struct Conditions {
    of: Proves,
    key: Option<Key>,
    occurred_at: Option<Timestamp>,
}

async fn attach(
    app: &App,
    principal: &Principal,
    id: IncidentId,
    file: File,
    conditions: Conditions,
) -> Answer {
    let File { mut kept, name, media_type } = file;
    let once = match Once::enter(app, conditions.key)? {
        Entered::Answered(response) => return Ok(response),
        Entered::Go(once) => once,
    };
    let evidence = EvidenceItem::File {
        hash: kept.hash.as_str().into(),
        name: name.clone(),
        media_type: media_type.clone(),
        size: kept.size,
    };
    let command = Command::AddEvidence { of: conditions.of, evidence };
    let shown = wire::Attached {
        hash: kept.hash.to_string(),
        size: kept.size,
        name,
        media_type,
        version: 0,
    };
    let answer = shown.clone();
    let keyed = once.keyed_with(move |committed| {
        let version = committed.incident.version;
        let attached = wire::Attached { version, ..answer.clone() };
        Some((StatusCode::CREATED, serde_json::to_vec(&attached).unwrap_or_default()))
    });
    let occurred_at = conditions.occurred_at;
    let options = CommitOptions { keyed, occurred_at, ..CommitOptions::default() };
    kept.offer();
    match app.runtime().execute(&principal.caller, id, command, options).await {
        Err(refusal) => {
            if !refusal.is_doubtful() {
                kept.withdraw();
            }
            once.refused(refusal)
        }
        Ok(committed) => {
            let (version, revision) = (committed.incident.version, committed.incident.revision);
            let at = format!("{}/{id}/evidence/{}", commit::INCIDENTS, shown.hash);
            let mut response = json(StatusCode::CREATED, &wire::Attached { version, ..shown })?;
            response.headers_mut().insert(ETAG, etag(revision));
            commit::locate(&mut response, &at);
            Ok(response)
        }
    }
}

async fn store(app: &App, headers: &HeaderMap, body: Body) -> Result<Kept, Problem> {
    let says = headers.get(axum::http::header::CONTENT_LENGTH).and_then(|n| n.to_str().ok());
    if says.and_then(|n| n.parse::<u64>().ok()).is_some_and(|n| n > EVIDENCE_BYTES_MAX) {
        return Err(too_large(EVIDENCE_BYTES_MAX));
    }
    let mut upload = app.runtime().evidence().upload(chance()).await?;
    let mut pieces: BodyDataStream = body.into_data_stream();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|_| broken_body())?;
        upload.push(&piece).await?;
    }
    Ok(upload.finish().await?)
}

/// Names a partial file that no other request names.
fn chance() -> u128 {
    let bytes = crate::chance::draw::<16>();
    u128::from_be_bytes(bytes)
}

/// Names are shown to people and sent back in headers: no paths, no control characters.
fn cleaned(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept: String = last.chars().filter(|c| !c.is_control()).take(NAME_CHARS_MAX).collect();
    if kept.trim().is_empty() { "file".to_owned() } else { kept }
}

fn media(headers: &HeaderMap) -> String {
    let said = media_type(headers).filter(|media| {
        media.len() <= MEDIA_CHARS_MAX
            && media.split('/').count() == 2
            && media.bytes().all(|b| b.is_ascii_alphanumeric() || b"/.+-_".contains(&b))
    });
    said.unwrap_or("application/octet-stream").to_ascii_lowercase()
}

/// Read a file that was attached.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/evidence/{hash}", tag = "evidence",
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream")))]
pub async fn read(
    State(app): State<App>,
    principal: Principal,
    At((name, hash)): At<(String, String)>,
) -> Answer {
    let id = find::incident(&app, &principal, &name).await?.incident.id;
    let unknown = || Problem::from(find::missing(Missing::Evidence, &hash, Vec::new()));
    // Only through the incident it belongs to: the hash alone opens nothing.
    let (file_name, media_type) = described(&app, id, &hash).await?.ok_or_else(unknown)?;
    let content = app.runtime().evidence().read(&hash).await?.ok_or_else(unknown)?;
    let mut response = Response::new(Body::from(content));
    let headers = response.headers_mut();
    let media = HeaderValue::from_str(&media_type);
    let bytes = HeaderValue::from_static("application/octet-stream");
    headers.insert(CONTENT_TYPE, media.unwrap_or(bytes));
    let encoded = utf8_percent_encode(&file_name, NON_ALPHANUMERIC);
    // Never shown in place: what people upload is not ours to run in a browser.
    let disposition = format!("attachment; filename*=UTF-8''{encoded}");
    if let Ok(disposition) = HeaderValue::from_str(&disposition) {
        headers.insert(CONTENT_DISPOSITION, disposition);
    }
    Ok(response)
}

/// Finds what the incident's journal says about a file.
async fn described(
    app: &App,
    id: IncidentId,
    hash: &str,
) -> Result<Option<(String, String)>, Problem> {
    let events = app.runtime().history(id).await?.events;
    Ok(events.into_iter().rev().find_map(|event| match event.fact {
        Fact::EvidenceAdded {
            evidence: EvidenceItem::File { hash: of, name, media_type, .. },
            ..
        } if of == hash => Some((name, media_type)),
        _ => None,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_their_folders_and_what_cannot_be_shown() {
        assert_eq!(cleaned("../../etc/passwd"), "passwd");
        assert_eq!(cleaned("C:\\截图\\一.png"), "一.png");
        assert_eq!(cleaned("a\r\nb"), "ab");
        assert_eq!(cleaned("/"), "file");
        assert_eq!(cleaned(&"长".repeat(500)).chars().count(), NAME_CHARS_MAX);
    }

    #[test]
    fn a_media_type_that_is_none_is_bytes() {
        let of = |said: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, said.parse().unwrap());
            media(&headers)
        };
        assert_eq!(of("image/PNG"), "image/png");
        assert_eq!(of("text/plain; charset=utf-8"), "text/plain");
        for bad in ["x", "a/b/c", "text/<script>"] {
            assert_eq!(of(bad), "application/octet-stream", "{bad}");
        }
    }
}
