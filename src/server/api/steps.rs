//! Steps: the work itself.
//!
//! `{step}` names the step's current run, `{step}:{item}` one item of a for-each. With `?key=` the
//! request only counts for that very run, so that a late tap never completes the next iteration.

use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;

use super::Answer;
use super::commit::act;
use crate::engine::{Command, EvidenceItem, StepAct, StepRef};
use crate::id::StepId;
use crate::server::app::App;
use crate::server::ask::{Ask, Asked, At};
use crate::server::problem::Problem;
use crate::server::wire::{self, Because, Check, Complete, Plain, Remark, Reopen, Timed};

type Named = At<(String, String)>;

/// Which run is meant.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Exactly {
    /// The run's key; another one than the current is refused with `stale_run`.
    key: Option<String>,
}

/// Reads `{step}` or `{step}:{item}`.
///
/// # Errors
/// What follows the colon is no position.
pub fn step_ref(text: &str, key: Option<String>) -> Result<StepRef, Problem> {
    let Some((step, item)) = text.split_once(':') else {
        return Ok(StepRef { step: StepId::new(text), item: None, key });
    };
    let item = item.parse().map_err(|_| {
        Problem::new(
            crate::server::problem::Kind::Rejected(crate::engine::RejectionCode::UnknownStep),
            "冒号后应为条目的序号，从 0 开始，例如 notify:0",
            "After the colon comes the position of the item, from 0, such as `notify:0`",
        )
    })?;
    Ok(StepRef { step: StepId::new(step), item: Some(item), key })
}

async fn on<T: Timed>(
    app: &App,
    At((incident, step)): Named,
    Asked(exactly): Asked<Exactly>,
    ask: Ask<T>,
    to_act: impl FnOnce(T) -> StepAct,
) -> Answer {
    act(app, &incident, ask, |body| {
        Ok(Command::Step { step: step_ref(&step, exactly.key)?, act: to_act(body) })
    })
    .await
}

/// Take a step.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/steps/{step}/claim", tag = "steps",
    params(Exactly), request_body = Plain, responses((status = 200, body = wire::Incident)))]
pub async fn claim(
    State(app): State<App>,
    named: Named,
    exactly: Asked<Exactly>,
    ask: Ask<Plain>,
) -> Answer {
    on(&app, named, exactly, ask, |_| StepAct::Claim).await
}

/// Begin.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/steps/{step}/start", tag = "steps",
    params(Exactly), request_body = Plain, responses((status = 200, body = wire::Incident)))]
pub async fn start(
    State(app): State<App>,
    named: Named,
    exactly: Asked<Exactly>,
    ask: Ask<Plain>,
) -> Answer {
    on(&app, named, exactly, ask, |_| StepAct::Start).await
}

/// Tick or untick an item of the checklist.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/steps/{step}/check", tag = "steps",
    params(Exactly), request_body = Check, responses((status = 200, body = wire::Incident)))]
pub async fn check(
    State(app): State<App>,
    named: Named,
    exactly: Asked<Exactly>,
    ask: Ask<Check>,
) -> Answer {
    on(&app, named, exactly, ask, |body| StepAct::Check { item: body.item, done: body.done }).await
}

/// Finish.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/steps/{step}/complete", tag = "steps",
    params(Exactly), request_body = Complete, responses((status = 200, body = wire::Incident)))]
pub async fn complete(
    State(app): State<App>,
    named: Named,
    exactly: Asked<Exactly>,
    ask: Ask<Complete>,
) -> Answer {
    on(&app, named, exactly, ask, |body| StepAct::Complete {
        form: body.form,
        evidence: body.evidence.into_iter().map(EvidenceItem::from).collect(),
        measure: body.measure,
        note: body.note,
    })
    .await
}

/// Give up: it failed.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/steps/{step}/fail", tag = "steps",
    params(Exactly), request_body = Because, responses((status = 200, body = wire::Incident)))]
pub async fn fail(
    State(app): State<App>,
    named: Named,
    exactly: Asked<Exactly>,
    ask: Ask<Because>,
) -> Answer {
    on(&app, named, exactly, ask, |body| StepAct::Fail { reason: body.reason }).await
}

/// Leave it out.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/steps/{step}/skip", tag = "steps",
    params(Exactly), request_body = Because, responses((status = 200, body = wire::Incident)))]
pub async fn skip(
    State(app): State<App>,
    named: Named,
    exactly: Asked<Exactly>,
    ask: Ask<Because>,
) -> Answer {
    on(&app, named, exactly, ask, |body| StepAct::Skip { reason: body.reason }).await
}

/// Try a failed step again.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/steps/{step}/retry", tag = "steps",
    params(Exactly), request_body = Plain, responses((status = 200, body = wire::Incident)))]
pub async fn retry(
    State(app): State<App>,
    named: Named,
    exactly: Asked<Exactly>,
    ask: Ask<Plain>,
) -> Answer {
    on(&app, named, exactly, ask, |_| StepAct::Retry).await
}

/// Choose an option of a decision.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/steps/{step}/answer", tag = "steps",
    params(Exactly), request_body = wire::Answer,
    responses((status = 200, body = wire::Incident)))]
pub async fn answer(
    State(app): State<App>,
    named: Named,
    exactly: Asked<Exactly>,
    ask: Ask<wire::Answer>,
) -> Answer {
    on(&app, named, exactly, ask, |body| StepAct::Answer { option: body.option, note: body.note })
        .await
}

/// Consent.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/steps/{step}/approve", tag = "steps",
    params(Exactly), request_body = Remark, responses((status = 200, body = wire::Incident)))]
pub async fn approve(
    State(app): State<App>,
    named: Named,
    exactly: Asked<Exactly>,
    ask: Ask<Remark>,
) -> Answer {
    on(&app, named, exactly, ask, |body| StepAct::Approve { note: body.note }).await
}

/// Refuse consent.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/steps/{step}/reject", tag = "steps",
    params(Exactly), request_body = Because, responses((status = 200, body = wire::Incident)))]
pub async fn reject(
    State(app): State<App>,
    named: Named,
    exactly: Asked<Exactly>,
    ask: Ask<Because>,
) -> Answer {
    on(&app, named, exactly, ask, |body| StepAct::Reject { reason: body.reason }).await
}

/// Work on a settled step again.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/steps/{step}/reopen", tag = "steps",
    params(Exactly), request_body = Reopen, responses((status = 200, body = wire::Incident)))]
pub async fn reopen(
    State(app): State<App>,
    named: Named,
    exactly: Asked<Exactly>,
    ask: Ask<Reopen>,
) -> Answer {
    on(&app, named, exactly, ask, |body| StepAct::Reopen { reason: body.reason }).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_named_alone_or_with_the_position_of_an_item() {
        let named = step_ref("inform", None).unwrap();
        assert_eq!((named.step.as_str(), named.item), ("inform", None));
        let named = step_ref("inform:12", Some("1.inform:12".into())).unwrap();
        assert_eq!((named.step.as_str(), named.item), ("inform", Some(12)));
        for bad in ["inform:", "inform:x", "inform:-1", "inform:1:2"] {
            assert!(step_ref(bad, None).is_err(), "{bad}");
        }
    }
}
