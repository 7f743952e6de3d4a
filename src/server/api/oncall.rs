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
use crate::runtime::{LOOK_AHEAD_DAYS, LOOK_AHEAD_DAYS_MAX, Missing};
use crate::server::app::App;
use crate::server::ask::Asked;
use crate::server::auth::Principal;
use crate::server::problem::Problem;
use crate::server::view::roster as view;
use crate::server::wire::{OnCall, OnCallNow, Page, RosterTrouble};

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
    let now = app.now();
    let at = when.at.unwrap_or(now);
    let calendars = app.runtime().calendars();
    let on_call = |schedule: &Schedule| {
        let standing = calendars.get(&schedule.id);
        let calendar = standing.map(|standing| view::calendar_seen(&schedule.id, standing, now));
        OnCall { calendar, ..on_call(&directory, schedule, at) }
    };
    let schedules = match &when.schedule {
        None => directory.schedules().map(on_call).collect(),
        Some(id) => {
            let schedule = directory
                .schedule(id)
                .ok_or_else(|| find::missing(Missing::Schedule, id.as_str(), Vec::new()))?;
            vec![on_call(schedule)]
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
        calendar: None,
    }
}

/// How far ahead, and on which schedule.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Ahead {
    /// So many days from now: 14 where missing, at most 180.
    #[param(minimum = 1, maximum = 180)]
    days: Option<u16>,
    /// Only this schedule.
    #[param(value_type = Option<String>)]
    schedule: Option<ScheduleId>,
}

/// Find what is wrong with the rosters of the days to come, with overrides and swaps: nobody on call,
/// or somebody whom nothing reaches. Gaps that the configuration calls intended are left out.
#[utoipa::path(get, path = "/api/v1/oncall/gaps", tag = "people", params(Ahead),
    responses((status = 200, body = Page<RosterTrouble>)))]
pub async fn gaps(State(app): State<App>, _: Principal, Asked(ahead): Asked<Ahead>) -> Answer {
    let days = ahead.days.unwrap_or(LOOK_AHEAD_DAYS);
    if !(1..=LOOK_AHEAD_DAYS_MAX).contains(&days) {
        let (zh, en) = ("应在 1 至 180 之间", "It must lie between 1 and 180");
        return Err(Problem::query("days", zh, en));
    }
    let directory = app.runtime().directory();
    if let Some(id) = ahead.schedule.as_ref().filter(|id| directory.schedule(id).is_none()) {
        return Err(find::missing(Missing::Schedule, id.as_str(), Vec::new()).into());
    }
    let found = app.runtime().troubles(ahead.schedule.as_ref(), days);
    let shown = found.into_iter().map(|trouble| RosterTrouble {
        title: directory
            .schedule(&trouble.schedule)
            .map_or_else(|| trouble.schedule.as_str().into(), |known| known.title.clone()),
        schedule: trouble.schedule,
        from: trouble.from,
        to: trouble.to,
        kind: trouble.kind,
        people: trouble.people,
    });
    json(StatusCode::OK, &Page { items: shown.collect(), next: None })
}
