//! Who is on call.

use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::IntoParams;

use super::commit::json;
use super::{Answer, find};
use crate::id::ScheduleId;
use crate::people::{Directory, Schedule};
use crate::runtime::Missing;
use crate::server::app::App;
use crate::server::ask::Asked;
use crate::server::auth::Principal;
use crate::server::wire::{OnCall, OnCallNow};

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
