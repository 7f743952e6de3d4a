//! Handlers, one file for each noun. They translate between HTTP and the runtime; no rule lives here.

pub mod actions;
pub mod answer;
pub mod backup;
pub mod calendars;
pub mod calibration;
pub mod clocks;
pub mod commands;
mod commit;
pub mod drill_runs;
pub mod drills;
pub mod events;
pub mod evidence;
mod find;
pub mod findings;
mod form;
pub mod handovers;
pub mod health;
pub mod incidents;
pub mod judgements;
pub mod oncall;
pub mod personal;
pub mod playbooks;
pub mod reach;
pub mod readiness;
pub mod replays;
pub mod reports;
pub mod roles;
pub mod rosters;
pub mod safe_start;
pub mod signals;
pub mod silences;
pub mod steps;
pub mod test_page;
pub mod timeline;
pub mod tokens;

use axum::response::Response;

pub(super) use commit::{json, once};

use super::problem::Problem;

/// What a handler comes to.
pub(super) type Answer = Result<Response, Problem>;
