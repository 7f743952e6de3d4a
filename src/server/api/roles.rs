//! Roles: who takes them, and who does not.

use axum::extract::State;

use super::Answer;
use super::commit::act;
use crate::engine::{Command, RoleAct};
use crate::id::RoleId;
use crate::server::app::App;
use crate::server::ask::{Ask, At};
use crate::server::wire::{self, Assign, Decline, HandOver, Plain, Timed};

type Named = At<(String, RoleId)>;

async fn on<T: Timed>(
    app: &App,
    At((incident, role)): Named,
    ask: Ask<T>,
    to_act: impl FnOnce(T) -> RoleAct,
) -> Answer {
    act(app, &incident, ask, |body| Ok(Command::Role { role, act: to_act(body) })).await
}

/// Take a role that is offered or vacant, and acknowledge by it.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/roles/{role}/claim", tag = "roles",
    request_body = Plain, responses((status = 200, body = wire::Incident)))]
pub async fn claim(State(app): State<App>, named: Named, ask: Ask<Plain>) -> Answer {
    on(&app, named, ask, |_| RoleAct::Claim).await
}

/// Say "I have it".
#[utoipa::path(post, path = "/api/v1/incidents/{id}/roles/{role}/acknowledge", tag = "roles",
    request_body = Plain, responses((status = 200, body = wire::Incident)))]
pub async fn acknowledge(State(app): State<App>, named: Named, ask: Ask<Plain>) -> Answer {
    on(&app, named, ask, |_| RoleAct::Acknowledge).await
}

/// Say "not me".
#[utoipa::path(post, path = "/api/v1/incidents/{id}/roles/{role}/decline", tag = "roles",
    request_body = Decline, responses((status = 200, body = wire::Incident)))]
pub async fn decline(State(app): State<App>, named: Named, ask: Ask<Decline>) -> Answer {
    on(&app, named, ask, |body| RoleAct::Decline { reason: body.reason }).await
}

/// Give a role to a person, who must acknowledge.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/roles/{role}/assign", tag = "roles",
    request_body = Assign, responses((status = 200, body = wire::Incident)))]
pub async fn assign(State(app): State<App>, named: Named, ask: Ask<Assign>) -> Answer {
    on(&app, named, ask, |body| RoleAct::Assign { to: body.to }).await
}

/// Pass a role on, with what the next one must know.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/roles/{role}/hand-over", tag = "roles",
    request_body = HandOver, responses((status = 200, body = wire::Incident)))]
pub async fn hand_over(State(app): State<App>, named: Named, ask: Ask<HandOver>) -> Answer {
    on(&app, named, ask, |body| RoleAct::HandOver { to: body.to, note: body.note }).await
}

/// Lay a role down.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/roles/{role}/release", tag = "roles",
    request_body = Plain, responses((status = 200, body = wire::Incident)))]
pub async fn release(State(app): State<App>, named: Named, ask: Ask<Plain>) -> Answer {
    on(&app, named, ask, |_| RoleAct::Release).await
}
