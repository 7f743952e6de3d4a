//! The timeline of an incident, in the form and the language its reader asks for.

use axum::extract::State;
use axum::http::header::{ACCEPT, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::IntoResponse;
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Answer, find};
use crate::people::{Directory, Zone};
use crate::runtime::{Committed, History};
use crate::server::app::App;
use crate::server::ask::{Asked, At};
use crate::server::auth::Principal;
use crate::server::lang;
use crate::server::problem::{Kind, Problem};
use crate::store;
use crate::text::Lang;
use crate::timeline::{Chain, Format, Story, Timeline};

/// The page carries its own styles and nothing else: no scripts, nothing from elsewhere.
pub(super) const PAGE_POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'";

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
    let format = format(&telling, &headers).ok_or_else(not_offered)?;
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
    let media = HeaderValue::from_static(format.media_type());
    let mut response = ([(CONTENT_TYPE, media)], text).into_response();
    if format == Format::Html {
        let policy = HeaderValue::from_static(PAGE_POLICY);
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    }
    Ok(response)
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

fn format(telling: &Telling, headers: &HeaderMap) -> Option<Format> {
    if let Some(name) = &telling.format {
        return name.parse().ok();
    }
    let Some(accept) = headers.get(ACCEPT) else { return Some(Format::Json) };
    let entries = accept.to_str().ok()?.split(',').filter_map(|entry| entry.split(';').next());
    entries.map(str::trim).find_map(|media| match media {
        "*/*" | "application/*" => Some(Format::Json),
        "text/*" => Some(Format::Text),
        _ => Format::ALL.into_iter().find(|format| {
            format.media_type().split(';').next().is_some_and(|own| media.eq_ignore_ascii_case(own))
        }),
    })
}

fn not_offered() -> Problem {
    let offered = Format::ALL.map(Format::name);
    Problem::new(
        Kind::NotAcceptable,
        format!("时间线提供以下格式：{}", offered.join("、")),
        format!("The timeline is offered as {}", offered.join(", ")),
    )
    .with("offered", offered.as_slice())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_decides_then_the_first_form_accepted() {
        let of = |asked: Option<&str>, accept: Option<&str>| {
            let mut headers = HeaderMap::new();
            if let Some(accept) = accept {
                headers.insert(ACCEPT, accept.parse().unwrap());
            }
            let telling = Telling { format: asked.map(str::to_owned), lang: None };
            format(&telling, &headers)
        };
        assert_eq!(of(None, None), Some(Format::Json));
        assert_eq!(of(Some("csv"), Some("text/html")), Some(Format::Csv));
        assert_eq!(of(None, Some("text/html,application/xhtml+xml,*/*;q=0.8")), Some(Format::Html));
        assert_eq!(of(None, Some("image/png, text/markdown;q=0.5")), Some(Format::Markdown));
        assert_eq!(of(None, Some("*/*")), Some(Format::Json));
        assert_eq!(of(Some("docx"), None), None);
        assert_eq!(of(None, Some("image/png")), None);
    }
}
