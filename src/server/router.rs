//! The table of contents: every route, with the least scope that opens it.

use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{options, post};
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

use super::api::{
    actions, answer, backup, calendars, calibration, clocks, commands, drill_runs, drills, events,
    evidence, findings, handovers, health, incidents, judgements, oncall, personal, playbooks,
    reach, readiness, replays, reports, roles, rosters, safe_start, signals, silences, steps,
    test_page, timeline, tokens,
};
use super::app::App;
use super::ask::{self, BODY_BYTES_MAX};
use super::auth::{Guard, guard};
use super::envelope::envelope;
use super::ingest;
use super::openapi;
use super::problem::{Kind, Problem};
use crate::runtime::Scope;
use Scope::{Admin, Commander, Responder, Viewer};

/// How long an answer may take to begin.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a file may take to arrive: 10 MiB over a telephone.
const PATIENCE_FOR_FILES: Duration = Duration::from_secs(180);

/// Every route of the interface. Whoever adds one chooses its scope or says that it is open.
fn table(door: &Table) -> OpenApiRouter<App> {
    let api = OpenApiRouter::with_openapi(openapi::head());
    let api = api
        .routes(door.open(routes!(health::livez)))
        .routes(door.open(routes!(health::readyz)))
        .routes(door.open(routes!(health::metrics)))
        .routes(door.open(routes!(health::document)))
        .routes(door.open(routes!(health::schema)))
        .routes(door.needs(Responder, routes!(incidents::declare)))
        .routes(door.needs(Viewer, routes!(incidents::list)))
        .routes(door.needs(Viewer, routes!(incidents::show)))
        .routes(door.needs(Viewer, routes!(timeline::show)))
        .routes(door.plans(Viewer, routes!(replays::make)))
        .routes(door.files(Responder, routes!(evidence::add)))
        .routes(door.needs(Viewer, routes!(evidence::read)))
        .routes(door.needs(Responder, routes!(personal::show)))
        .routes(door.needs(Viewer, routes!(playbooks::list)))
        .routes(door.needs(Viewer, routes!(playbooks::show)))
        .routes(door.plans(Viewer, routes!(playbooks::check)))
        .routes(door.needs(Admin, routes!(playbooks::reload)))
        .routes(door.needs(Viewer, routes!(oncall::show)))
        .routes(door.needs(Responder, routes!(test_page::send)))
        .routes(door.needs(Commander, routes!(reach::ask)))
        .routes(door.needs(Viewer, routes!(reach::show)))
        .routes(door.signals(Responder, routes!(signals::count)))
        .routes(door.needs(Viewer, routes!(signals::list)))
        .routes(door.open(routes!(answer::show)))
        .routes(door.open(routes!(answer::give)))
        .routes(door.open(routes!(answer::hear)))
        .routes(door.needs(Viewer, routes!(drills::list)))
        .routes(door.needs(Commander, routes!(calibration::cast)))
        .routes(door.needs(Commander, routes!(drills::run)))
        .routes(door.needs(Commander, routes!(drills::preparation)))
        .routes(door.needs(Viewer, routes!(drills::results)))
        .routes(door.needs(Viewer, routes!(drills::result)))
        .routes(door.needs(Viewer, routes!(judgements::series)))
        .routes(door.needs(Viewer, routes!(judgements::show)))
        .routes(door.needs(Responder, routes!(judgements::rate)))
        .routes(door.needs(Responder, routes!(judgements::observe)))
        .routes(door.needs(Commander, routes!(drill_runs::pause)))
        .routes(door.needs(Commander, routes!(drill_runs::resume)))
        .routes(door.needs(Commander, routes!(drill_runs::abort)))
        .routes(door.needs(Commander, routes!(drill_runs::advance)))
        .routes(door.needs(Viewer, routes!(events::follow)))
        .routes(door.needs(Viewer, routes!(tokens::whoami)))
        .routes(door.needs(Admin, routes!(tokens::list)))
        .routes(door.needs(Admin, routes!(tokens::make)))
        .routes(door.needs(Admin, routes!(tokens::revoke)))
        .routes(door.needs(Admin, routes!(backup::take)))
        .routes(door.needs(Commander, routes!(safe_start::show)))
        .routes(door.needs(Commander, routes!(safe_start::confirm)));
    sources(door, work(door, command(door, shifts(door, learned(door, api)))))
}

/// What was learned from drills and incidents, and how ready plans are.
fn learned(door: &Table, api: OpenApiRouter<App>) -> OpenApiRouter<App> {
    api.routes(door.needs(Viewer, routes!(readiness::show)))
        .routes(door.needs(Viewer, routes!(readiness::plan)))
        .routes(door.needs(Viewer, routes!(reports::of_run)))
        .routes(door.needs(Viewer, routes!(reports::of_incident)))
        .routes(door.needs(Viewer, routes!(findings::list)))
        .routes(door.needs(Responder, routes!(findings::make)))
        .routes(door.needs(Responder, routes!(findings::accept)))
        .routes(door.needs(Responder, routes!(findings::dismiss)))
        .routes(door.needs(Viewer, routes!(actions::list)))
        .routes(door.needs(Viewer, routes!(actions::show)))
        .routes(door.needs(Responder, routes!(actions::make)))
        .routes(door.needs(Responder, routes!(actions::edit)))
}

/// How rosters are changed.
fn shifts(door: &Table, api: OpenApiRouter<App>) -> OpenApiRouter<App> {
    api.routes(door.needs(Responder, routes!(rosters::make)))
        .routes(door.needs(Viewer, routes!(rosters::list)))
        .routes(door.needs(Responder, routes!(rosters::withdraw)))
        .routes(door.needs(Responder, routes!(rosters::offer)))
        .routes(door.needs(Viewer, routes!(rosters::swaps)))
        .routes(door.needs(Responder, routes!(rosters::accept)))
        .routes(door.needs(Responder, routes!(rosters::decline)))
        .routes(door.needs(Responder, routes!(rosters::call_off)))
        .routes(door.needs(Viewer, routes!(oncall::gaps)))
        .routes(door.needs(Viewer, routes!(handovers::show)))
        .routes(door.needs(Responder, routes!(handovers::note)))
        .routes(door.needs(Viewer, routes!(calendars::make)))
        .routes(door.needs(Viewer, routes!(calendars::list)))
        .routes(door.needs(Viewer, routes!(calendars::revoke)))
        .routes(door.open(routes!(calendars::read)))
}

/// Where other tools send alerts.
fn sources(door: &Table, api: OpenApiRouter<App>) -> OpenApiRouter<App> {
    // Old clients write the slash.
    let most = DefaultBodyLimit::max(crate::ingest::BODY_BYTES_MAX);
    let api = api
        .route("/ingest/pagerduty/v2/enqueue/", post(ingest::enqueue).layer(most))
        .route("/ingest/pagerduty/v2/change/enqueue/", post(ingest::change_event).layer(most));
    api.routes(door.source(routes!(ingest::alertmanager)))
        .routes(door.source(routes!(ingest::grafana)))
        .routes(door.source(routes!(ingest::grafana_signed)))
        .routes(door.source(routes!(ingest::sentry)))
        .routes(door.source(routes!(ingest::aliyun)))
        .routes(door.source(routes!(ingest::aliyun_in_path)))
        .routes(door.source(routes!(ingest::tencent)))
        .routes(door.source(routes!(ingest::apprise)))
        .routes(door.source(routes!(ingest::create)))
        .routes(door.source(routes!(ingest::act)))
        .routes(door.source(routes!(ingest::status)))
        .routes(door.source(routes!(ingest::cloudevents)))
        .route("/ingest/cloudevents", options(ingest::handshake))
        .routes(door.source(routes!(ingest::generic)))
        .routes(door.source(routes!(ingest::enqueue)))
        .routes(door.source(routes!(ingest::change_event)))
        .routes(door.needs(Responder, routes!(ingest::unmatched)))
        .routes(door.needs(Viewer, routes!(ingest::changes)))
        .routes(door.needs(Responder, routes!(ingest::recent)))
        .routes(door.needs(Admin, routes!(ingest::body)))
        .routes(door.needs(Admin, routes!(ingest::forget)))
        .routes(door.needs(Admin, routes!(ingest::replay)))
        .routes(door.source(routes!(ingest::heartbeat)))
        .routes(door.needs(Responder, routes!(silences::muted)))
        .routes(door.needs(Responder, routes!(silences::list)))
        .routes(door.needs(Commander, routes!(silences::make)))
        .routes(door.needs(Responder, routes!(silences::preview)))
        .routes(door.needs(Commander, routes!(silences::end)))
}

/// What people do in an incident.
fn work(door: &Table, api: OpenApiRouter<App>) -> OpenApiRouter<App> {
    api.routes(door.needs(Responder, routes!(roles::claim)))
        .routes(door.needs(Responder, routes!(roles::acknowledge)))
        .routes(door.needs(Responder, routes!(roles::decline)))
        .routes(door.needs(Commander, routes!(roles::assign)))
        .routes(door.needs(Responder, routes!(roles::hand_over)))
        .routes(door.needs(Responder, routes!(roles::release)))
        .routes(door.needs(Responder, routes!(steps::claim)))
        .routes(door.needs(Responder, routes!(steps::start)))
        .routes(door.needs(Responder, routes!(steps::check)))
        .routes(door.needs(Responder, routes!(steps::complete)))
        .routes(door.needs(Responder, routes!(steps::fail)))
        .routes(door.needs(Responder, routes!(steps::skip)))
        .routes(door.needs(Responder, routes!(steps::retry)))
        .routes(door.needs(Responder, routes!(steps::answer)))
        .routes(door.needs(Responder, routes!(steps::approve)))
        .routes(door.needs(Responder, routes!(steps::reject)))
        .routes(door.needs(Responder, routes!(steps::reopen)))
        .routes(door.needs(Responder, routes!(clocks::submit)))
        .routes(door.needs(Responder, routes!(clocks::not_notify)))
        .routes(door.needs(Commander, routes!(clocks::extend)))
        .routes(door.needs(Viewer, routes!(clocks::drafted)))
}

/// How an incident is steered.
fn command(door: &Table, api: OpenApiRouter<App>) -> OpenApiRouter<App> {
    api.routes(door.needs(Commander, routes!(commands::level)))
        .routes(door.needs(Responder, routes!(commands::note)))
        .routes(door.needs(Responder, routes!(commands::measure)))
        .routes(door.needs(Responder, routes!(commands::moment)))
        .routes(door.needs(Responder, routes!(commands::inputs)))
        .routes(door.needs(Commander, routes!(commands::phase)))
        .routes(door.needs(Commander, routes!(commands::pause)))
        .routes(door.needs(Commander, routes!(commands::resume)))
        .routes(door.needs(Commander, routes!(commands::cancel)))
        .routes(door.needs(Commander, routes!(commands::rollback)))
        .routes(door.needs(Commander, routes!(commands::close)))
        .routes(door.needs(Commander, routes!(commands::reopen)))
        .routes(door.needs(Responder, routes!(commands::correct)))
        .routes(door.needs(Admin, routes!(commands::redact)))
        .routes(door.needs(Commander, routes!(commands::merge)))
        .routes(door.needs(Responder, routes!(commands::link)))
}

/// Puts the interface together.
pub fn router(app: App) -> Router {
    let door = Table { app: Some(app.clone()) };
    let (router, _) = table(&door).split_for_parts();
    let outer = ServiceBuilder::new()
        .layer(from_fn_with_state(app.clone(), envelope))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX));
    router.fallback(unknown).method_not_allowed_fallback(wrong_method).layer(outer).with_state(app)
}

/// Returns the OpenAPI document of the table, without anything that runs.
#[must_use]
pub fn document() -> utoipa::openapi::OpenApi {
    table(&Table { app: None }).into_openapi()
}

/// Gives each route its door.
struct Table {
    /// Missing where only the document is wanted.
    app: Option<App>,
}

type Routes = UtoipaMethodRouter<App>;

impl Table {
    /// Anyone may.
    fn open(&self, routes: Routes) -> Routes {
        openapi::describe(routes, None)
    }

    /// Tokens of at least this scope may.
    fn needs(&self, scope: Scope, routes: Routes) -> Routes {
        self.behind(scope, PATIENCE, routes)
    }

    /// The keys of sources may; the handler looks at them, since each dialect carries them elsewhere.
    fn source(&self, routes: Routes) -> Routes {
        let limit = DefaultBodyLimit::max(crate::ingest::BODY_BYTES_MAX);
        openapi::describe_source(routes).map(|route| route.route_layer(limit))
    }

    /// As [`Table::needs`], for a file of evidence.
    fn files(&self, scope: Scope, routes: Routes) -> Routes {
        self.behind(scope, PATIENCE_FOR_FILES, routes)
    }

    /// As [`Table::needs`], for the source of a plan.
    fn plans(&self, scope: Scope, routes: Routes) -> Routes {
        let limit = DefaultBodyLimit::max(playbooks::PLAN_BYTES_MAX);
        self.needs(scope, routes.map(|route| route.route_layer(limit)))
    }

    /// As [`Table::needs`], for batches of signals.
    fn signals(&self, scope: Scope, routes: Routes) -> Routes {
        let limit = DefaultBodyLimit::max(crate::signal::BODY_BYTES_MAX);
        self.needs(scope, routes.map(|route| route.route_layer(limit)))
    }

    fn behind(&self, scope: Scope, patience: Duration, routes: Routes) -> Routes {
        let routes = openapi::describe(routes, Some(scope));
        let Some(app) = self.app.clone() else { return routes };
        let guarded = Guard { app, needs: scope, patience };
        routes.map(|route| route.route_layer(from_fn_with_state(guarded, guard)))
    }
}

async fn unknown() -> Problem {
    ask::no_such_path()
}

async fn wrong_method() -> Problem {
    Problem::new(
        Kind::MethodNotAllowed,
        "此地址不支持该方法；可用方法见 Allow 响应头",
        "This address does not answer to that method; the Allow header lists those it does",
    )
}

fn panicked(panic: Box<dyn std::any::Any + Send>) -> Response {
    let said = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    tracing::error!(said, "a handler panicked");
    Problem::internal().into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::sync::Arc;

    #[test]
    fn a_panic_becomes_a_500_that_gives_nothing_away() {
        let said: [Box<dyn std::any::Any + Send>; 2] =
            [Box::new("secret"), Box::new("secret".to_owned())];
        for panic in said {
            let response = panicked(panic);
            assert_eq!(response.status(), 500);
            let problem = response.extensions().get::<Arc<Problem>>().unwrap();
            assert_eq!(problem.kind, Kind::Internal);
            assert!(!format!("{problem:?}").contains("secret"));
        }
    }
}
