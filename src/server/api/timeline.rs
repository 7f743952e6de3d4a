//! The timeline of an incident, in the form and the language its reader asks for.

use axum::extract::State;
use axum::http::HeaderMap;
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Answer, find, form};
use crate::people::{Directory, Zone};
use crate::runtime::{Committed, History};
use crate::server::app::App;
use crate::server::ask::{Asked, At};
use crate::server::auth::Principal;
use crate::server::lang;
use crate::server::problem::Problem;
use crate::store;
use crate::text::Lang;
use crate::timeline::{Chain, Format, Story, Timeline};

/// How the timeline is told.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Telling {
    /// `json`, `md`, `csv`, `html` or `text`; `Accept` decides where missing.
    format: Option<String>,
    /// The language, `zh` or `en`; `Accept-Language`, else the person's own, where missing.
    #[param(value_type = Option<String>)]
    lang: Option<Lang>,
}

/// Read what happened, as reviewers do.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/timeline", tag = "incidents", params(Telling),
    responses((status = 200, content(
        (Object = "application/json"), (String = "text/markdown"), (String = "text/csv"),
        (String = "text/html"), (String = "text/plain"),
    ))))]
pub async fn show(
    State(app): State<App>,
    principal: Principal,
    At(name): At<String>,
    Asked(telling): Asked<Telling>,
    headers: HeaderMap,
) -> Answer {
    let format: Format = form::chosen(telling.format.as_deref(), &headers)?;
    let lang = telling.lang.or_else(|| lang::preferred(&headers)).or(principal.lang);
    let lang = lang.unwrap_or_else(|| app.lang());
    let seen = find::incident(&app, &principal, &name).await?;
    let history = app.runtime().history(seen.incident.id).await?;
    let (directory, zone, as_of) = (
        app.runtime().directory(),
        app.runtime().zone(),
        app.runtime().now_of(seen.incident.drill),
    );
    // Ten thousand events are no work for a thread that others wait for.
    let tell = move || {
        let timeline = told(&seen, &history, &directory, &zone, as_of)?;
        Some(timeline.render(format, lang, &zone))
    };
    let told = tokio::task::spawn_blocking(tell).await.ok().flatten();
    let text = told.ok_or_else(|| {
        tracing::error!(incident = name, "a timeline could not be told");
        Problem::internal()
    })?;
    Ok(form::told(format, text))
}

/// Tells the timeline of an incident from its history.
pub(super) fn told(
    seen: &Committed,
    history: &History,
    directory: &Directory,
    zone: &Zone,
    as_of: Timestamp,
) -> Option<Timeline> {
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
        earlier: &history.earlier,
        events: &history.events,
        directory,
        messages: &history.messages,
        chain: &chain,
        zone,
        as_of,
    })
}
