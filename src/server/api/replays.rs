//! What another plan would have made of an incident.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;

use super::commit::json;
use super::playbooks::{is_yaml, looked_at, read};
use super::{Answer, find};
use crate::drill::replay::{Original, replay};
use crate::engine::FieldProblem;
use crate::id::PlaybookId;
use crate::playbook::diagnostic::{Diagnostics, Severity};
use crate::playbook::{Loaded, Playbook};
use crate::server::app::App;
use crate::server::ask::{Asked, At, media_type, unsupported};
use crate::server::auth::Principal;
use crate::server::problem::{Kind, Problem};
use crate::text::{Lang, Text};

/// Under which plan an incident is replayed.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Under {
    /// A plan in force, where no plan is sent.
    #[param(value_type = Option<String>)]
    playbook: Option<PlaybookId>,
    /// The sent file's name, for the findings.
    name: Option<String>,
}

/// Run another plan, a sent one or one in force, with what people really did in an incident: would
/// it have kept its promises?
#[utoipa::path(post, path = "/api/v1/incidents/{id}/replay", tag = "incidents", params(Under),
    request_body(content = String, content_type = "application/yaml"),
    responses((status = 200, body = Object, description = "As it was and as it would have been")))]
pub async fn make(
    State(app): State<App>,
    principal: Principal,
    At(incident): At<String>,
    Asked(under): Asked<Under>,
    request: Request,
) -> Answer {
    let seen = find::incident(&app, &principal, &incident).await?;
    let sent = body(request, &app).await?;
    let other = match (&under.playbook, sent.is_empty()) {
        (Some(id), true) => find::playbook(&app, &principal, id)?,
        (None, false) => sent_plan(&app, under.name, sent).await?,
        (Some(_), false) => {
            return Err(Problem::query(
                "playbook",
                "请求体里已有一份预案：二者只能取其一",
                "a plan is sent in the body as well: give one of both",
            ));
        }
        (None, true) => {
            return Err(Problem::query(
                "playbook",
                "请在请求体中发送预案（application/yaml），或用 `playbook` 指定一份生效的预案",
                "send a plan in the body (application/yaml), or name one in force by `playbook`",
            ));
        }
    };
    let history = app.runtime().history(seen.incident.id).await?;
    let (directory, library) = (app.runtime().directory(), app.runtime().library());
    let make = move || {
        let original = Original { playbook: &seen.playbook, events: &history.events };
        replay(original, &other, library.plans(), &directory)
    };
    let made = tokio::task::spawn_blocking(make).await.ok().flatten();
    json(StatusCode::OK, &made.ok_or_else(Problem::internal)?)
}

async fn body(request: Request, app: &App) -> Result<Bytes, Problem> {
    if !media_type(request.headers()).is_none_or(is_yaml) {
        return Err(unsupported("application/yaml"));
    }
    read(request, app).await
}

/// Reads a sent plan; one with errors cannot be run.
async fn sent_plan(
    app: &App,
    name: Option<String>,
    bytes: Bytes,
) -> Result<Arc<Playbook>, Problem> {
    let Loaded { playbook, findings, .. } = looked_at(app, name, bytes).await?;
    let plan = playbook.filter(|_| !findings.has_errors());
    plan.map(Arc::new).ok_or_else(|| has_errors(&findings))
}

fn has_errors(findings: &Diagnostics) -> Problem {
    let rows = [Lang::Zh, Lang::En].map(|lang| findings.rows(lang));
    let [zh, en] = rows.map(Vec::into_iter);
    let errors = zh.zip(en).filter(|(row, _)| row.severity == Severity::Error);
    let problems = errors.map(|(zh, en)| FieldProblem {
        pointer: format!("{}:{}:{}", zh.file, zh.line, zh.column),
        detail: Text::both(
            format!("{} {}", zh.code, zh.message),
            format!("{} {}", en.code, en.message),
        ),
    });
    Problem::new(
        Kind::PlanHasErrors,
        "预案有错误，无法重放",
        "The plan has errors and cannot be run",
    )
    .with_errors(problems.collect())
}
