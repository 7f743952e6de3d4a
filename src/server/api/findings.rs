//! Findings: what went well or must become better, of a run of a drill or a real incident.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use smol_str::SmolStr;
use utoipa::IntoParams;
use uuid::Uuid;

use super::commit::{json, locate, once};
use super::drills::may_see;
use super::{Answer, find};
use crate::id::{DrillRunId, ObjectiveId, PlaybookId, RoleId, StepId};
use crate::learn::action::NotChanged;
use crate::learn::finding::{Finding, FindingState};
use crate::learn::subject::{How, Source, Subject};
use crate::learn::{Kept, LearnError, NewFinding, WhichFindings};
use crate::playbook::Playbook;
use crate::runtime::Missing;
use crate::server::app::App;
use crate::server::ask::{Ask, Asked, At};
use crate::server::auth::Principal;
use crate::server::cursor;
use crate::server::problem::{Kind, Problem};
use crate::server::view::learn as view;
use crate::server::wire::{About, DecideFinding, LearnedFinding, MakeFinding, Page};

/// Where findings are found.
const FINDINGS: &str = "/api/v1/findings";

/// Which findings are listed.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// Those of this run of a drill.
    #[param(value_type = Option<String>)]
    run: Option<DrillRunId>,
    /// Those of this real incident, by id or number.
    incident: Option<String>,
    /// Those of this plan.
    #[serde(alias = "playbook")]
    #[param(value_type = Option<String>)]
    plan: Option<PlaybookId>,
    /// Those that stand so.
    #[param(inline)]
    state: Option<FindingState>,
    /// How many at most, 1 to 200; 50 where missing.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<usize>,
    /// Where the page before ended.
    cursor: Option<String>,
}

/// List findings, the latest first: those that people made, and those that the journals of ended
/// runs and incidents propose.
#[utoipa::path(get, path = "/api/v1/findings", tag = "learning", params(Filter),
    responses((status = 200, body = Page<LearnedFinding>)))]
pub async fn list(
    State(app): State<App>,
    principal: Principal,
    Asked(filter): Asked<Filter>,
) -> Answer {
    let limit = cursor::limit(filter.limit)?;
    let Filter { run, incident, plan, state, cursor, .. } = filter;
    let list = format!("findings {run:?} {incident:?} {plan:?} {state:?}");
    let before = cursor.as_deref().map(|text| cursor::read(&list, text)).transpose()?;
    let seen = match &incident {
        Some(name) => Some(find::incident(&app, &principal, name).await?.incident.id),
        None => None,
    };
    let source = run.map(Source::Run).or(seen.map(Source::Incident));
    let learning = app.learning().clone();
    match source {
        Some(source) => drop(learning.experience(source).await),
        None => learning.catch_up().await,
    }
    let which = WhichFindings { source, playbook: plan.clone(), state };
    let all = tokio::task::spawn_blocking(move || learning.findings(&which)).await;
    let all = all.map_err(|_| Problem::internal())?;
    let mut items: Vec<Kept<Finding>> = all
        .into_iter()
        .filter(|kept| before.is_none_or(|before| kept.value.id.as_u128() < before))
        .filter(|kept| seen.is_some() || may_see(&app, &principal, &kept.value.playbook))
        .take(limit + 1)
        .collect();
    let more = items.len() > limit;
    items.truncate(limit);
    let last = items.last().filter(|_| more).map(|kept| kept.value.id.as_u128());
    let next = last.map(|last| cursor::encode(&list, last));
    let items: Vec<LearnedFinding> = items.iter().map(view::finding).collect();
    let mut response = json(StatusCode::OK, &Page { items, next: next.clone() })?;
    if let Some(next) = next {
        let mut only = String::new();
        let filters = [
            ("run", run.map(|run| run.to_string())),
            ("incident", incident),
            ("plan", plan.map(|plan| plan.to_string())),
            ("state", state.map(|state| state.name().to_owned())),
        ];
        for (name, value) in filters {
            if let Some(value) = value {
                only.push_str(&format!("{name}={value}&"));
            }
        }
        cursor::link(&mut response, &format!("{FINDINGS}?limit={limit}&{only}cursor={next}"));
    }
    Ok(response)
}

/// Make a finding of a run of a drill or of a real incident; it counts as accepted.
#[utoipa::path(post, path = "/api/v1/findings", tag = "learning", request_body = MakeFinding,
    responses((status = 201, body = LearnedFinding)))]
pub async fn make(State(app): State<App>, ask: Ask<MakeFinding>) -> Answer {
    let Ask { principal, key, body, .. } = ask;
    let app = &app;
    once(app, key, |once| async move {
        let MakeFinding { run, incident, kind, text, step, role, objective, clock } = body;
        let about = subject(About { step, role, objective, clock })?;
        let (source, how, version, plan) = place(app, &principal, run, incident).await?;
        let new = NewFinding { source, how, version, kind, text, about };
        let kept = |kept: &Kept<Finding>| {
            once.keep(app, StatusCode::CREATED, &view::finding(kept)).ok().flatten()
        };
        let made = app.learning().make_finding(&principal.caller, &plan, new, kept).await?;
        let mut response = json(StatusCode::CREATED, &view::finding(&made))?;
        locate(&mut response, &format!("{FINDINGS}?{}", of(source)));
        Ok(response)
    })
    .await
}

fn of(source: Source) -> String {
    match source {
        Source::Run(run) => format!("run={run}"),
        Source::Incident(incident) => format!("incident={incident}"),
    }
}

pub(super) type Place = (Source, How, SmolStr, Arc<Playbook>);

/// Finds where something was seen, and the plan it is held against.
pub(super) async fn place(
    app: &App,
    principal: &Principal,
    run: Option<DrillRunId>,
    incident: Option<String>,
) -> Result<Place, Problem> {
    match (run, incident) {
        (Some(run), None) => of_run(app, principal, run).await,
        (None, Some(name)) => {
            let seen = find::incident(app, principal, &name).await?;
            if let Some(run) = seen.incident.drill {
                return of_run(app, principal, run).await;
            }
            let version = seen.playbook.hash.clone();
            Ok((Source::Incident(seen.incident.id), How::Live, version, seen.playbook))
        }
        _ => Err(Problem::field(
            "/run",
            "请写明 run（演练）或 incident（真实事件），二选一",
            "Say in which `run` of a drill or in which real `incident` it was seen: one of the two",
        )),
    }
}

/// Finds a run that has ended, or one that goes on.
async fn of_run(app: &App, principal: &Principal, run: DrillRunId) -> Result<Place, Problem> {
    let unknown = || Problem::from(find::missing(Missing::Drill, &run.to_string(), Vec::new()));
    let (how, version, plan) = match app.learning().experience(Source::Run(run)).await {
        Some(seen) => (seen.how, Some(seen.playbook_hash.clone()), seen.playbook.clone()),
        None => {
            let drills = app.drills().clone();
            let rows = tokio::task::spawn_blocking(move || drills.rows(0)).await;
            let rows = rows.map_err(|_| Problem::internal())??;
            let row =
                rows.into_iter().find(|row| row.running.contains(&run)).ok_or_else(unknown)?;
            (How::from(row.scenario.run), None, row.scenario.playbook.clone())
        }
    };
    if !may_see(app, principal, &plan) {
        return Err(unknown());
    }
    let plan = find::playbook(app, principal, &plan)?;
    Ok((Source::Run(run), how, version.unwrap_or_else(|| plan.hash.clone()), plan))
}

/// Accept a finding that the journal proposes, or that was dismissed.
#[utoipa::path(post, path = "/api/v1/findings/{id}/accept", tag = "learning",
    request_body = DecideFinding, responses((status = 200, body = LearnedFinding)))]
pub async fn accept(State(app): State<App>, At(id): At<String>, ask: Ask<DecideFinding>) -> Answer {
    decide(&app, &id, ask, FindingState::Accepted).await
}

/// Dismiss a finding, with the reason.
#[utoipa::path(post, path = "/api/v1/findings/{id}/dismiss", tag = "learning",
    request_body = DecideFinding, responses((status = 200, body = LearnedFinding)))]
pub async fn dismiss(
    State(app): State<App>,
    At(id): At<String>,
    ask: Ask<DecideFinding>,
) -> Answer {
    decide(&app, &id, ask, FindingState::Dismissed).await
}

async fn decide(app: &App, id: &str, ask: Ask<DecideFinding>, state: FindingState) -> Answer {
    let Ask { principal, key, body, .. } = ask;
    if principal.caller.actor.acting_person().is_none() {
        return Err(Problem::new(
            Kind::NotAPerson,
            "发现由人来判定；请使用个人令牌",
            "A person decides about findings; use a person's token",
        ));
    }
    once(app, key, |once| async move {
        app.learning().catch_up().await;
        let known = id.parse::<Uuid>().ok().and_then(|id| app.learning().finding(id));
        let known = known.filter(|known| may_see(app, &principal, &known.value.playbook));
        let id = known.ok_or(LearnError::NoFinding)?.value.id;
        let kept = |kept: &Kept<Finding>| {
            once.keep(app, StatusCode::OK, &view::finding(kept)).ok().flatten()
        };
        let learning = app.learning();
        let decided =
            learning.decide_finding(&principal.caller, id, state, body.reason, kept).await?;
        json(StatusCode::OK, &view::finding(&decided))
    })
    .await
}

/// Reads which part of a plan is meant; `None` where nothing is said.
pub(super) fn subject(about: About) -> Result<Option<Subject>, Problem> {
    let About { step, role, objective, clock } = about;
    let one = |name: Option<String>, of: fn(String) -> Subject| name.map(of);
    let said: Vec<Subject> = [
        one(step, |name| Subject::Step(StepId::new(name))),
        one(role, |name| Subject::Role(RoleId::new(name))),
        one(objective, |name| Subject::Objective(ObjectiveId::new(name))),
        one(clock, |name| Subject::Clock(SmolStr::new(name))),
    ]
    .into_iter()
    .flatten()
    .collect();
    match <[Subject; 1]>::try_from(said) {
        Ok([only]) => Ok(Some(only)),
        Err(said) if said.is_empty() => Ok(None),
        Err(_) => Err(Problem::field(
            "/step",
            "step、role、objective、clock 至多写一个",
            "Give at most one of `step`, `role`, `objective` and `clock`",
        )),
    }
}

impl From<LearnError> for Problem {
    fn from(error: LearnError) -> Self {
        let invalid = Kind::Rejected(crate::engine::RejectionCode::LimitReached);
        match error {
            LearnError::NoFinding => Self::new(
                Kind::UnknownFinding,
                "没有这个发现；用 GET /api/v1/findings 查看",
                "There is no such finding; GET /api/v1/findings lists them",
            ),
            LearnError::NoAction => Self::new(
                Kind::UnknownAction,
                "没有这个整改项；用 GET /api/v1/actions 查看",
                "There is no such action; GET /api/v1/actions lists them",
            ),
            LearnError::Field(pointer, why) => {
                Self::field(pointer, why.get(crate::text::Lang::Zh), why.get(crate::text::Lang::En))
            }
            LearnError::Stale(actual) => crate::runtime::Refusal::VersionMismatch { actual }.into(),
            LearnError::NotChanged(why) => match why {
                NotChanged::NotByHand(text) => Self::of(Kind::ActionNeedsVerification, text),
                NotChanged::Closed(text) => Self::of(Kind::ActionClosed, text),
                NotChanged::NotYours(text) => Self::of(Kind::ScopeTooLow, text),
                NotChanged::ReasonMissing(text) => Self::field(
                    "/reason",
                    text.get(crate::text::Lang::Zh),
                    text.get(crate::text::Lang::En),
                ),
                NotChanged::TooOften(text) => Self::of(invalid, text),
            },
            LearnError::TooMany(text) => Self::of(invalid, text),
            LearnError::Refused(refusal) => refusal.into(),
        }
    }
}
