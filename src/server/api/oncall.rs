//! Who is on call, and changes of that.

use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::IntoParams;

use super::commit::{json, once};
use super::{Answer, find};
use crate::engine::FieldProblem;
use crate::id::ScheduleId;
use crate::people::{Change, Directory, Fault, Override, Schedule};
use crate::runtime::{Missing, OverrideError, StoredOverride};
use crate::server::app::App;
use crate::server::ask::{Ask, Asked};
use crate::server::auth::Principal;
use crate::server::problem::{Kind, Problem};
use crate::server::wire::{MakeOverride, OnCall, OnCallNow};

/// Whom and when.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct When {
    /// The instant; now where missing.
    #[param(value_type = Option<String>, format = DateTime)]
    at: Option<Timestamp>,
    /// Only this schedule.
    #[param(value_type = Option<String>)]
    schedule: Option<ScheduleId>,
}

/// Say who is on call at an instant.
#[utoipa::path(get, path = "/api/v1/oncall", tag = "people", params(When),
    responses((status = 200, body = OnCallNow)))]
pub async fn show(State(app): State<App>, _: Principal, Asked(when): Asked<When>) -> Answer {
    let directory = app.runtime().directory();
    let at = when.at.unwrap_or_else(|| app.now());
    let schedules = match &when.schedule {
        None => directory.schedules().map(|schedule| on_call(&directory, schedule, at)).collect(),
        Some(id) => {
            let schedule = directory
                .schedule(id)
                .ok_or_else(|| find::missing(Missing::Schedule, id.as_str(), Vec::new()))?;
            vec![on_call(&directory, schedule, at)]
        }
    };
    json(StatusCode::OK, &OnCallNow { at, schedules })
}

fn on_call(directory: &Directory, schedule: &Schedule, at: Timestamp) -> OnCall {
    OnCall {
        schedule: schedule.id.clone(),
        title: schedule.title.clone(),
        people: directory.on_call(&schedule.id, at),
        until: directory.next_change(&schedule.id, at),
    }
}

/// Change a schedule for a while: a swap, a holiday, an illness.
///
/// Either `put` one person alone, or let one (`with`) stand in for another (`out`).
#[utoipa::path(post, path = "/api/v1/overrides", tag = "people", request_body = MakeOverride,
    responses((status = 201, body = MakeOverride)))]
pub async fn replace(State(app): State<App>, ask: Ask<MakeOverride>) -> Answer {
    let made = ask.body;
    let app = &app;
    once(app, ask.key, |once| async move {
        let (from, to, note) = (made.from, made.to, made.note.clone());
        let change = Override { from, to, change: change(&made)?, note };
        let stored = StoredOverride { schedule: made.schedule.clone(), change };
        let kept = once.keep(app, StatusCode::CREATED, &made)?;
        match app.runtime().add_override(stored, kept).await {
            Ok(()) => json(StatusCode::CREATED, &made),
            Err(OverrideError::Faults(faults)) => Err(wrong(&faults)),
            Err(OverrideError::Refused(refusal)) => Err(refusal.into()),
        }
    })
    .await
}

fn change(made: &MakeOverride) -> Result<Change, Problem> {
    match (&made.put, &made.out, &made.with) {
        (Some(put), None, None) => Ok(Change::Put(put.clone())),
        (None, Some(out), Some(with)) => {
            Ok(Change::Replace { out: out.clone(), with: with.clone() })
        }
        _ => Err(Problem::field(
            "/put",
            "请只给出 put，或同时给出 out 和 with",
            "Give `put` alone, or both `out` and `with`",
        )),
    }
}

fn wrong(faults: &[Fault]) -> Problem {
    let errors: Vec<FieldProblem> = faults
        .iter()
        .map(|fault| FieldProblem { pointer: String::new(), detail: fault.kind.message() })
        .collect();
    let invalid = Kind::Rejected(crate::engine::RejectionCode::InvalidFields);
    Problem::new(invalid, "换班不成立，见 errors", "The override does not hold; see `errors`")
        .with_errors(errors)
}
