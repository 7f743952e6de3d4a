//! Statutory clocks: submitted, not notified, extended, drafted.
//!
//! `{clock}` names the stage that is open, `{clock}:{stage}` one of several.

use axum::Json;
use axum::extract::State;

use super::commit::act;
use super::{Answer, find};
use crate::engine::{ClockAct, ClockKey, ClockRef, Command, clocks};
use crate::id::{ClockId, StageId};
use crate::server::app::App;
use crate::server::ask::{Ask, At};
use crate::server::auth::Principal;
use crate::server::problem::Problem;
use crate::server::wire::{self, Extend, NotNotify, Submit, Timed};
use crate::text::Lang;
use crate::timeline::draft;

type Named = At<(String, String)>;

/// Reads `{clock}` or `{clock}:{stage}`.
fn clock_ref(text: &str) -> ClockRef {
    match text.split_once(':') {
        Some((clock, stage)) => {
            ClockRef { clock: ClockId::new(clock), stage: Some(StageId::new(stage)) }
        }
        None => ClockRef { clock: ClockId::new(text), stage: None },
    }
}

async fn on<T: Timed>(
    app: &App,
    At((incident, clock)): Named,
    ask: Ask<T>,
    to_act: impl FnOnce(T) -> Result<ClockAct, Problem>,
) -> Answer {
    act(app, &incident, ask, |body| {
        Ok(Command::Clock { clock: clock_ref(&clock), act: to_act(body)? })
    })
    .await
}

/// Record that a stage was submitted; late submission needs a reason.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/clocks/{clock}/submit", tag = "clocks",
    request_body = Submit, responses((status = 200, body = wire::Incident)))]
pub async fn submit(State(app): State<App>, named: Named, ask: Ask<Submit>) -> Answer {
    on(&app, named, ask, |body| {
        Ok(ClockAct::Submit { reason: body.reason, reference: body.reference })
    })
    .await
}

/// Propose not to notify, with a reason; or answer such a proposal, as another person.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/clocks/{clock}/not-notify", tag = "clocks",
    request_body = NotNotify, responses((status = 200, body = wire::Incident)))]
pub async fn not_notify(State(app): State<App>, named: Named, ask: Ask<NotNotify>) -> Answer {
    on(&app, named, ask, |body| {
        Ok(match body.approve {
            Some(approve) => ClockAct::AnswerWaiver { approve, reason: body.reason },
            None => ClockAct::AskWaiver { reason: body.reason.unwrap_or_default() },
        })
    })
    .await
}

/// Record that an authority granted more time.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/clocks/{clock}/extend", tag = "clocks",
    request_body = Extend, responses((status = 200, body = wire::Incident)))]
pub async fn extend(State(app): State<App>, named: Named, ask: Ask<Extend>) -> Answer {
    on(&app, named, ask, |body| {
        Ok(ClockAct::Extend { until: body.until, by: body.by, document: body.document })
    })
    .await
}

/// Draft the notice of a stage from what is known, in Chinese and English.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/clocks/{clock}/draft", tag = "clocks",
    responses((status = 200, body = wire::Draft)))]
pub async fn drafted(
    State(app): State<App>,
    At((name, clock)): Named,
    principal: Principal,
) -> Result<Json<wire::Draft>, Problem> {
    let seen = find::incident(&app, &principal, &name).await?;
    let (playbook, incident) = (&*seen.playbook, &*seen.incident);
    let at = clock_ref(&clock);
    let views = clocks(playbook, incident);
    let of_clock = views.iter().filter(|view| view.clock.id == at.clock);
    let wanted = of_clock.filter(|view| match &at.stage {
        Some(stage) => view.stage.id == *stage,
        None => true,
    });
    // Of several stages people mean the one that is open.
    let found = wanted.min_by_key(|view| !view.state.is_open());
    let view = found.ok_or_else(|| no_such_clock(&clock))?;
    let key = ClockKey { clock: view.clock.id.clone(), stage: view.stage.id.clone() };
    let zone = &view.clock.regime.zone;
    let [zh, en] =
        Lang::ALL.map(|lang| draft(playbook, incident, &key, zone, lang).unwrap_or_default());
    Ok(Json(wire::Draft { key: key.to_string(), zh, en }))
}

fn no_such_clock(name: &str) -> Problem {
    Problem::new(
        crate::server::problem::Kind::Rejected(crate::engine::RejectionCode::UnknownClock),
        format!("预案中没有法定时限 `{name}`"),
        format!("the plan has no clock `{name}`"),
    )
}
