//! The timeline of an incident, in the form its reader asks for.

use axum::extract::State;
use axum::http::header::ACCEPT;
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;
use utoipa::IntoParams;

use super::commit::json;
use super::{Answer, find};
use crate::runtime::{Committed, History};
use crate::server::app::App;
use crate::server::ask::{Asked, At};
use crate::server::auth::Principal;
use crate::server::problem::{Kind, Problem};
use crate::store;
use crate::text::Lang;
use crate::timeline::{Chain, Story, Timeline};

/// How the timeline is told.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Telling {
    /// `json`; `Accept` decides where missing.
    format: Option<String>,
    /// The language, `zh` or `en`; the person's own where missing.
    #[param(value_type = Option<String>)]
    lang: Option<Lang>,
}

/// A form of the timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Json,
}

/// Read what happened, as reviewers do.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/timeline", tag = "incidents", params(Telling),
    responses((status = 200, body = Object, content_type = "application/json")))]
pub async fn show(
    State(app): State<App>,
    principal: Principal,
    At(name): At<String>,
    Asked(telling): Asked<Telling>,
    headers: HeaderMap,
) -> Answer {
    let Format::Json = format(&telling, &headers)?;
    let seen = find::incident(&app, &principal, &name).await?;
    let history = app.runtime().history(seen.incident.id).await?;
    let timeline = tell(&app, &seen, &history).ok_or_else(Problem::internal)?;
    json(StatusCode::OK, &timeline)
}

fn tell(app: &App, seen: &Committed, history: &History) -> Option<Timeline> {
    let chain = match &history.verdict {
        store::Verdict::Intact { events, link } => {
            Chain::Whole { events: *events, head: link.to_string() }
        }
        store::Verdict::Broken(broken) => {
            Chain::Broken { at: broken.event, why: broken.why.clone() }
        }
    };
    Timeline::build(&Story {
        playbook: &seen.playbook,
        events: &history.events,
        directory: &app.runtime().directory(),
        messages: &history.messages,
        chain: &chain,
        zone: &app.runtime().zone(),
        as_of: app.now(),
    })
}

fn format(telling: &Telling, headers: &HeaderMap) -> Result<Format, Problem> {
    let offered = |name: &str| match name {
        "json" | "application/json" | "*/*" => Some(Format::Json),
        _ => None,
    };
    let asked = match &telling.format {
        Some(name) => offered(name),
        None => match headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()) {
            None => Some(Format::Json),
            Some(accept) => accept
                .split(',')
                .filter_map(|entry| entry.split(';').next())
                .find_map(|media| offered(media.trim())),
        },
    };
    asked.ok_or_else(|| {
        Problem::new(
            Kind::NotAcceptable,
            "时间线提供以下格式：json",
            "The timeline is offered as: json",
        )
    })
}
