//! How ready plans are: drilled as often as they are to be, and what no drill has covered.

use axum::extract::State;
use axum::http::StatusCode;

use super::commit::json;
use super::drills::may_see;
use super::{Answer, find};
use crate::id::PlaybookId;
use crate::learn::cadence::DrillState;
use crate::server::app::App;
use crate::server::ask::At;
use crate::server::auth::{Principal, access};
use crate::server::problem::Problem;
use crate::server::wire::{ActionCounts, PlanReady, Readiness};

/// Say which plans were drilled, are due and are overdue, what no drill has covered since the plan
/// last changed, and how many actions are to be done.
#[utoipa::path(get, path = "/api/v1/readiness", tag = "drills",
    responses((status = 200, body = Readiness)))]
pub async fn show(State(app): State<App>, principal: Principal) -> Answer {
    let learning = app.learning().clone();
    learning.catch_up().await;
    let (library, directory) = (app.runtime().library(), app.runtime().directory());
    let visible = |plan: &_| access::may_see_playbook(principal.reader(), &directory, plan);
    let plans: Vec<_> = library.playbooks().filter(|plan| visible(plan)).cloned().collect();
    let reckoned = tokio::task::spawn_blocking(move || learning.readiness(&plans)).await;
    let mut plans = reckoned.map_err(|_| Problem::internal())?;
    plans.sort_by(|one, other| {
        let never = |at: Option<_>| (at.is_none(), at);
        never(one.next_due_at)
            .cmp(&never(other.next_due_at))
            .then(one.playbook.cmp(&other.playbook))
    });
    let count = |state| plans.iter().filter(|plan| plan.state == state).count() as u64;
    let outstanding = app.learning().outstanding(&|plan| may_see(&app, &principal, plan));
    let readiness = Readiness {
        as_of: app.now(),
        overdue: count(DrillState::Overdue),
        due: count(DrillState::Due),
        done: count(DrillState::Done),
        actions: ActionCounts {
            open: outstanding.open,
            overdue: outstanding.overdue,
            to_verify: outstanding.to_verify,
        },
        plans,
    };
    json(StatusCode::OK, &readiness)
}

/// Say of one plan what of it was exercised, when, by which run and how really, and how long its
/// steps took.
#[utoipa::path(get, path = "/api/v1/readiness/{playbook}", tag = "drills",
    responses((status = 200, body = PlanReady)))]
pub async fn plan(State(app): State<App>, principal: Principal, At(name): At<String>) -> Answer {
    let plan = find::playbook(&app, &principal, &PlaybookId::new(&name))?;
    let learning = app.learning().clone();
    learning.catch_up().await;
    let reckoned = tokio::task::spawn_blocking(move || {
        let readiness = learning.readiness(std::slice::from_ref(&plan)).pop()?;
        let (covered, times) = learning.coverage(&plan);
        Some(PlanReady { readiness, covered, times })
    });
    let ready = reckoned.await.ok().flatten().ok_or_else(Problem::internal)?;
    json(StatusCode::OK, &ready)
}
