//! "Am I reachable?"

use axum::extract::State;
use axum::http::StatusCode;

use super::Answer;
use super::commit::once;
use crate::id::{ChannelId, PersonId};
use crate::runtime::{Scope, Tried};
use crate::server::app::App;
use crate::server::ask::Ask;
use crate::server::auth::{Principal, too_low};
use crate::server::problem::Problem;
use crate::server::wire::{ChannelTried, TestPage, TestPaged};
use crate::text::Lang;

/// Send a test message over each channel of a person, oneself where nobody is named, and say how
/// each channel answered.
#[utoipa::path(post, path = "/api/v1/test-page", tag = "people", request_body = TestPage,
    responses((status = 200, body = TestPaged)))]
pub async fn send(State(app): State<App>, ask: Ask<TestPage>) -> Answer {
    let Ask { principal, key, body, .. } = ask;
    let person = whom(&principal, &body)?;
    let app = &app;
    once(app, key, |once| async move {
        let channels = tried(app, &principal, &person, body.channel.as_ref()).await?;
        once.answer(app, StatusCode::OK, &TestPaged { person, channels }).await
    })
    .await
}

async fn tried(
    app: &App,
    principal: &Principal,
    person: &PersonId,
    only: Option<&ChannelId>,
) -> Result<Vec<ChannelTried>, Problem> {
    let tried = app.runtime().test_page(person, only).await?;
    let lang = principal.lang.unwrap_or(Lang::En);
    let shown = |tried: Tried| ChannelTried {
        channel: tried.channel,
        ok: tried.failed.is_none(),
        why: tried.failed.map(|why| why.sentence(lang)),
    };
    Ok(tried.into_iter().map(shown).collect())
}

fn whom(principal: &Principal, body: &TestPage) -> Result<PersonId, Problem> {
    match (&body.person, principal.person()) {
        (None, Some(me)) => Ok(me.clone()),
        (None, None) => {
            let (zh, en) = ("请说明发给谁", "Say whom to page");
            Err(Problem::field("/person", zh, en))
        }
        (Some(other), me) if Some(other) == me => Ok(other.clone()),
        (Some(_), _) if principal.caller.scope < Scope::Commander => {
            Err(too_low(Scope::Commander, principal.caller.scope))
        }
        (Some(other), _) => Ok(other.clone()),
    }
}
