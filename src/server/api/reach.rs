//! Asking people whether messages reach them, and how that stands.

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;

use super::Answer;
use super::commit::{json, once};
use crate::id::{ChannelId, PersonId, TeamId};
use crate::notify::Why;
use crate::people::Directory;
use crate::runtime::{ContactReach, Whom};
use crate::server::app::App;
use crate::server::ask::{Ask, Asked};
use crate::server::auth::Principal;
use crate::server::wire::{AskReach, Page, Reached};
use crate::text::Lang;

/// Whose contacts.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// Those of this person.
    #[param(value_type = Option<String>)]
    person: Option<PersonId>,
    /// Those of the members of this team.
    #[param(value_type = Option<String>)]
    team: Option<TeamId>,
    /// Those on this channel.
    #[param(value_type = Option<String>)]
    channel: Option<ChannelId>,
}

/// Ask contacts to confirm that messages reach them: a link whose page has one button, a key on the
/// telephone, a reply to a short message. Everyone's where nothing is said. The messages leave after
/// the answer.
#[utoipa::path(post, path = "/api/v1/reach", tag = "people", request_body = AskReach,
    responses((status = 202, body = Page<Reached>)))]
pub async fn ask(State(app): State<App>, ask: Ask<AskReach>) -> Answer {
    let Ask { principal, key, body, .. } = ask;
    let app = &app;
    once(app, key, |once| async move {
        let AskReach { person, team, channel } = body;
        let whom = Whom { person, team, channel };
        let asked = app.runtime().check_reach(&principal.caller.actor, &whom).await?;
        once.answer(app, StatusCode::ACCEPTED, &page(app, &principal, asked)).await
    })
    .await
}

/// Say for every contact whether somebody confirmed that messages reach them, and when.
#[utoipa::path(get, path = "/api/v1/reach", tag = "people", params(Wanted),
    responses((status = 200, body = Page<Reached>)))]
pub async fn show(
    State(app): State<App>,
    principal: Principal,
    Asked(wanted): Asked<Wanted>,
) -> Answer {
    let Wanted { person, team, channel } = wanted;
    let stand = app.runtime().reach(&Whom { person, team, channel }).await?;
    json(StatusCode::OK, &page(&app, &principal, stand))
}

fn page(app: &App, principal: &Principal, contacts: Vec<ContactReach>) -> Page<Reached> {
    let (directory, lang) = (app.runtime().directory(), principal.lang.unwrap_or(Lang::En));
    let items = contacts.into_iter().map(|contact| shown(&directory, lang, contact)).collect();
    Page { items, next: None }
}

fn shown(directory: &Directory, lang: Lang, contact: ContactReach) -> Reached {
    let ContactReach { person, channel, standing, asked_at, expires_at, .. } = contact;
    let (sent_at, confirmed_at, why) = (contact.sent_at, contact.confirmed_at, contact.why);
    Reached {
        name: directory
            .person(&person)
            .map_or_else(|| person.as_str().into(), |person| person.name.clone()),
        person,
        channel,
        standing,
        asked_at,
        expires_at,
        sent_at,
        confirmed_at,
        why: why.map(|why| Why::explain(&why, lang)),
    }
}
