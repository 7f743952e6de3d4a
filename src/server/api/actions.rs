//! Actions: what is done about findings, by whom, until when. A later run closes them.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::ETAG;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::commit::{json, locate, once};
use super::drills::may_see;
use super::findings::{place, subject};
use super::{Answer, find};
use crate::id::{PersonId, PlaybookId};
use crate::learn::action::{Action, ActionStatus, Edit};
use crate::learn::{Kept, LearnError, NewAction};
use crate::server::app::App;
use crate::server::ask::{Ask, Asked, At, etag};
use crate::server::auth::Principal;
use crate::server::cursor;
use crate::server::problem::Problem;
use crate::server::view::learn as view;
use crate::server::wire::{About, EditAction, LearnedAction, MakeAction, Page};

/// Where actions are found.
const ACTIONS: &str = "/api/v1/actions";

/// Which actions are listed.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// Those of this plan.
    #[serde(alias = "playbook")]
    #[param(value_type = Option<String>)]
    plan: Option<PlaybookId>,
    /// Those of this owner.
    #[param(value_type = Option<String>)]
    owner: Option<PersonId>,
    /// Those that stand so.
    #[param(inline)]
    status: Option<ActionStatus>,
    /// Only those that are overdue (`true`), or that are not.
    overdue: Option<bool>,
    /// How many at most, 1 to 200; 50 where missing.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<usize>,
    /// Where the page before ended.
    cursor: Option<String>,
}

impl Filter {
    fn admits(&self, action: &Action, overdue: bool) -> bool {
        self.plan.as_ref().is_none_or(|plan| *plan == action.playbook)
            && self.owner.as_ref().is_none_or(|owner| *owner == action.owner)
            && self.status.is_none_or(|status| status == action.state.status())
            && self.overdue.is_none_or(|wanted| wanted == overdue)
    }

    fn query(&self) -> String {
        let status = self.status.map(|status| status.name().to_owned());
        let filters = [
            ("plan", self.plan.as_ref().map(ToString::to_string)),
            ("owner", self.owner.as_ref().map(ToString::to_string)),
            ("status", status),
            ("overdue", self.overdue.map(|overdue| overdue.to_string())),
        ];
        let given = filters.into_iter().filter_map(|(name, value)| Some((name, value?)));
        given.map(|(name, value)| format!("{name}={value}&")).collect()
    }
}

fn shown(app: &App, kept: &Kept<Action>) -> LearnedAction {
    view::action(kept, app.learning().is_overdue(&kept.value))
}

/// List actions, the latest first.
#[utoipa::path(get, path = "/api/v1/actions", tag = "learning", params(Filter),
    responses((status = 200, body = Page<LearnedAction>)))]
pub async fn list(
    State(app): State<App>,
    principal: Principal,
    Asked(filter): Asked<Filter>,
) -> Answer {
    let limit = cursor::limit(filter.limit)?;
    let query = filter.query();
    let list = format!("actions {query}");
    let before = filter.cursor.as_deref().map(|text| cursor::read(&list, text)).transpose()?;
    app.learning().catch_up().await;
    let mut items: Vec<LearnedAction> = app
        .learning()
        .actions()
        .iter()
        .filter(|kept| before.is_none_or(|before| kept.value.id.as_u128() < before))
        .filter(|kept| filter.admits(&kept.value, app.learning().is_overdue(&kept.value)))
        .filter(|kept| may_see(&app, &principal, &kept.value.playbook))
        .take(limit + 1)
        .map(|kept| shown(&app, kept))
        .collect();
    let more = items.len() > limit;
    items.truncate(limit);
    let last = items.last().filter(|_| more).and_then(|last| last.id.parse::<Uuid>().ok());
    let next = last.map(|last| cursor::encode(&list, last.as_u128()));
    let mut response = json(StatusCode::OK, &Page { items, next: next.clone() })?;
    if let Some(next) = next {
        cursor::link(&mut response, &format!("{ACTIONS}?limit={limit}&{query}cursor={next}"));
    }
    Ok(response)
}

/// Show an action with every change of it.
#[utoipa::path(get, path = "/api/v1/actions/{id}", tag = "learning",
    responses((status = 200, body = LearnedAction)))]
pub async fn show(State(app): State<App>, principal: Principal, At(id): At<String>) -> Answer {
    app.learning().catch_up().await;
    let kept = visible(&app, &principal, &id)?;
    answered(&app, StatusCode::OK, &kept)
}

fn answered(app: &App, status: StatusCode, kept: &Kept<Action>) -> Answer {
    let mut response = json(status, &shown(app, kept))?;
    response.headers_mut().insert(ETAG, etag(kept.version));
    Ok(response)
}

fn visible(app: &App, principal: &Principal, id: &str) -> Result<Kept<Action>, Problem> {
    let known = id.parse::<Uuid>().ok().and_then(|id| app.learning().action(id));
    let known = known.filter(|known| may_see(app, principal, &known.value.playbook));
    known.ok_or_else(|| LearnError::NoAction.into())
}

/// Make an action: what is to be done about a part of a plan, by whom, until when. It closes when a
/// later drill or incident exercises that part and it goes well.
#[utoipa::path(post, path = "/api/v1/actions", tag = "learning", request_body = MakeAction,
    responses((status = 201, body = LearnedAction)))]
pub async fn make(State(app): State<App>, ask: Ask<MakeAction>) -> Answer {
    let Ask { principal, key, body, .. } = ask;
    let app = &app;
    once(app, key, |once| async move {
        app.learning().catch_up().await;
        let MakeAction { playbook, finding, run, incident, text, owner, due, .. } = body;
        let about = About {
            step: body.step,
            role: body.role,
            objective: body.objective,
            clock: body.clock,
        };
        let about = subject(about)?;
        let no_finding = || Problem::from(LearnError::NoFinding);
        let finding = finding.map(|id| id.parse::<Uuid>().map_err(|_| no_finding())).transpose()?;
        let seen =
            finding.map(|id| app.learning().finding(id).ok_or_else(no_finding)).transpose()?;
        let place = match (run, incident) {
            (None, None) => None,
            (run, incident) => Some(place(app, &principal, run, incident).await?),
        };
        let of_place = || place.as_ref().map(|(.., plan)| plan.id.clone());
        let of_finding = seen.map(|seen| seen.value.playbook.clone());
        let plan = playbook.or(of_finding).or_else(of_place);
        let plan = plan.ok_or_else(|| {
            Problem::field(
                "/playbook",
                "请写明 playbook（预案），或 finding（发现）、run（演练）、incident（事件）",
                "Say of which `playbook`, or from which `finding`, `run` or `incident` it follows",
            )
        })?;
        let plan = find::playbook(app, &principal, &plan)?;
        let seen_in = place.map(|(source, ..)| source);
        let at_least = body.at_least;
        let new = NewAction { about, text, owner, due, finding, seen_in, at_least };
        let kept = |kept: &Kept<Action>| {
            once.keep(app, StatusCode::CREATED, &shown(app, kept)).ok().flatten()
        };
        let made = app.learning().make_action(&principal.caller, &plan, new, kept).await?;
        let mut response = answered(app, StatusCode::CREATED, &made)?;
        locate(&mut response, &format!("{ACTIONS}/{}", made.value.id));
        Ok(response)
    })
    .await
}

/// Change an action: its text, owner and date, and where it stands. `done` waits for a run that
/// shows it; `dropped` needs the commander scope and a reason; nobody sets `verified`.
#[utoipa::path(patch, path = "/api/v1/actions/{id}", tag = "learning", request_body = EditAction,
    responses((status = 200, body = LearnedAction)))]
pub async fn edit(State(app): State<App>, At(id): At<String>, ask: Ask<EditAction>) -> Answer {
    let Ask { principal, expected, key, body } = ask;
    let app = &app;
    once(app, key, |once| async move {
        app.learning().catch_up().await;
        let id = visible(app, &principal, &id)?.value.id;
        let EditAction { text, owner, due, status, reason } = body;
        let edit = Edit { text, owner, due, status, reason };
        let kept =
            |kept: &Kept<Action>| once.keep(app, StatusCode::OK, &shown(app, kept)).ok().flatten();
        let learning = app.learning();
        let edited = learning.edit_action(&principal.caller, id, expected, edit, kept).await?;
        answered(app, StatusCode::OK, &edited)
    })
    .await
}
