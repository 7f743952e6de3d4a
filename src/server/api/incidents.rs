//! Incidents: declare, list, look.

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::IntoResponse;
use serde::Deserialize;
use utoipa::IntoParams;

use super::commit::{self, Entered, INCIDENTS, Once};
use super::{Answer, find};
use crate::engine::{Mode, Status};
use crate::id::IncidentId;
use crate::runtime::{CommitOptions, DeclareRequest};
use crate::server::app::App;
use crate::server::ask::{Ask, Asked, At, version_of};
use crate::server::auth::{Principal, access};
use crate::server::cursor;
use crate::server::problem::{Kind, Problem};
use crate::server::view::Sight;
use crate::server::wire::{self, Page, Summary};
use crate::store::{self, Query, Which};

/// How many rows are looked through for one page; with a rare filter a page may hold fewer rows
/// than asked for and still have a next one.
const SCAN_MAX: usize = 5_000;

/// Declare a live incident.
///
/// While an incident with the same `dedup_key` is open, it is answered with that one and 200.
#[utoipa::path(post, path = "/api/v1/incidents", tag = "incidents", request_body = wire::Declare,
    responses(
        (status = 201, body = wire::Incident, description = "Declared",
            headers(("Location" = String), ("ETag" = String))),
        (status = 200, body = wire::Incident, description = "The same trouble is open already"),
    ))]
pub async fn declare(State(app): State<App>, ask: Ask<wire::Declare>) -> Answer {
    let Ask { principal, key, body, .. } = ask;
    find::playbook(&app, &principal, &body.playbook)?;
    let once = match Once::enter(&app, key)? {
        Entered::Answered(response) => return Ok(response),
        Entered::Go(once) => once,
    };
    let request = DeclareRequest {
        title: body.title,
        level: body.level,
        inputs: body.inputs,
        detected_at: body.detected_at,
        dedup_key: body.dedup_key,
        ..DeclareRequest::live(body.playbook)
    };
    let keyed = once.keyed(&app, &principal);
    let options = CommitOptions { keyed, ..CommitOptions::default() };
    match app.runtime().declare(&principal.caller, request, options).await {
        Ok(committed) if committed.created => {
            commit::shown(&app, &principal, &committed, StatusCode::CREATED)
        }
        Ok(existing) if find::may_see(&app, &principal, &existing) => {
            commit::shown(&app, &principal, &existing, StatusCode::OK)
        }
        Ok(_) => Err(Problem::new(
            Kind::AlreadyExists,
            "此去重键已被另一个未结束的事件使用",
            "Another open incident has this deduplication key",
        )),
        Err(refusal) => once.refused(refusal),
    }
}

/// Which incidents are listed.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// Only incidents that stand here.
    status: Option<Status>,
    /// Only incidents of this plan.
    #[param(value_type = Option<String>)]
    playbook: Option<crate::id::PlaybookId>,
    /// Only incidents of this level.
    #[param(minimum = 1, maximum = 4)]
    level: Option<u8>,
    /// Only incidents of this mode.
    mode: Option<Mode>,
    /// Only incidents that this one asked for: its id or number.
    parent: Option<String>,
    /// How many at most, 1 to 200; 50 where missing.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<usize>,
    /// Where the page before ended.
    cursor: Option<String>,
}

impl Filter {
    /// Names the list, so that cursors of one are not taken for another.
    fn name(&self) -> String {
        let Self { status, playbook, level, mode, parent, .. } = self;
        format!("incidents {status:?} {playbook:?} {level:?} {mode:?} {parent:?}")
    }

    const fn which(&self) -> Which {
        match self.status {
            None => Which::All,
            Some(status) if status.is_open() => Which::Open,
            Some(_) => Which::Ended,
        }
    }

    fn admits(&self, row: &store::Summary) -> bool {
        self.status.is_none_or(|status| status == row.status)
            && self.playbook.as_ref().is_none_or(|playbook| *playbook == row.playbook)
            && self.level.is_none_or(|level| level == row.level)
            && self.mode.is_none_or(|mode| mode == row.mode)
    }

    fn before(&self) -> Result<Option<u64>, Problem> {
        let read = self.cursor.as_deref().map(|text| cursor::read(&self.name(), text));
        // Numbers are far below the bound; another place was never given.
        Ok(read.transpose()?.map(|place| u64::try_from(place).unwrap_or(u64::MAX)))
    }
}

/// List incidents, newest number first.
#[utoipa::path(get, path = "/api/v1/incidents", tag = "incidents", params(Filter),
    responses((status = 200, body = Page<Summary>, headers(("Link" = String)))))]
pub async fn list(
    State(app): State<App>,
    principal: Principal,
    Asked(filter): Asked<Filter>,
) -> Answer {
    let (limit, before) = (cursor::limit(filter.limit)?, filter.before()?);
    let name = filter.name();
    let link = filter.link(limit);
    let family = match &filter.parent {
        Some(parent) => Some(find::incident(&app, &principal, parent).await?.incident),
        None => None,
    };
    let scan = {
        let app = app.clone();
        move || match family {
            Some(parent) => {
                let children: Vec<_> = parent.children.keys().copied().collect();
                family_of(&app, &principal, &filter, &children, limit, before)
            }
            None => scan(&app, &principal, &filter, limit, before),
        }
    };
    let scanned = tokio::task::spawn_blocking(scan).await.map_err(|error| {
        tracing::error!(%error, "a list could not be read");
        Problem::internal()
    })?;
    let (items, last) = scanned?;
    let next = last.map(|last| cursor::encode(&name, u128::from(last)));
    let mut response = commit::json(StatusCode::OK, &Page { items, next: next.clone() })?;
    if let Some(next) = next {
        cursor::link(&mut response, &format!("{INCIDENTS}?{link}cursor={next}"));
    }
    Ok(response)
}

impl Filter {
    /// Writes the query of the next page up to its cursor.
    fn link(&self, limit: usize) -> String {
        let mut link = format!("limit={limit}&");
        let mut add = |name: &str, value: &str| {
            let all = percent_encoding::NON_ALPHANUMERIC;
            let value = percent_encoding::utf8_percent_encode(value, all);
            link.push_str(&format!("{name}={value}&"));
        };
        let word = |value: serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        if let Some(status) = self.status {
            add("status", &word(serde_json::json!(status)));
        }
        if let Some(playbook) = &self.playbook {
            add("playbook", playbook.as_str());
        }
        if let Some(level) = self.level {
            add("level", &level.to_string());
        }
        if let Some(mode) = self.mode {
            add("mode", &word(serde_json::json!(mode)));
        }
        if let Some(parent) = &self.parent {
            add("parent", parent);
        }
        link
    }
}

/// Reads rows until the page is full; returns the place to go on from where there is more.
fn scan(
    app: &App,
    principal: &Principal,
    filter: &Filter,
    limit: usize,
    mut before: Option<u64>,
) -> Result<(Vec<Summary>, Option<u64>), Problem> {
    let mut items = Vec::new();
    let mut looked_at = 0;
    while looked_at < SCAN_MAX {
        let query = Query { which: filter.which(), before, limit: limit + 1 };
        let rows = app.runtime().store().list(query)?;
        let full = rows.len() == query.rows();
        for row in rows {
            if items.len() == limit {
                return Ok((items, before));
            }
            looked_at += 1;
            before = Some(row.number);
            if filter.admits(&row) && may_see(app, principal, &row) {
                items.push(titled(app, row));
            }
        }
        if !full {
            return Ok((items, None));
        }
    }
    Ok((items, before))
}

/// Reads the rows of one incident's children; an incident has a bounded number, so that none of the
/// others is looked at.
fn family_of(
    app: &App,
    principal: &Principal,
    filter: &Filter,
    children: &[IncidentId],
    limit: usize,
    before: Option<u64>,
) -> Result<(Vec<Summary>, Option<u64>), Problem> {
    let mut rows = Vec::new();
    for child in children {
        // One that was asked for may not have begun.
        rows.extend(app.runtime().store().summary(*child)?);
    }
    rows.retain(|row| before.is_none_or(|before| row.number < before));
    rows.retain(|row| filter.admits(row) && may_see(app, principal, row));
    rows.sort_unstable_by_key(|row| std::cmp::Reverse(row.number));
    let more = rows.len() > limit;
    rows.truncate(limit);
    let last = rows.last().filter(|_| more).map(|row| row.number);
    Ok((rows.into_iter().map(|row| titled(app, row)).collect(), last))
}

/// Makes the row of an incident with its phase as people call it.
fn titled(app: &App, row: store::Summary) -> Summary {
    let plan = app.runtime().library().playbook(&row.playbook);
    let phase_title = plan.and_then(|plan| Some(plan.phase(&row.phase)?.title.clone()));
    Summary { phase_title, ..Summary::from(row) }
}

fn may_see(app: &App, principal: &Principal, row: &store::Summary) -> bool {
    let (library, directory) = (app.runtime().library(), app.runtime().directory());
    let plan = row.restricted.then(|| library.playbook(&row.playbook)).flatten();
    let (reader, involved) = (principal.reader(), row.involved.as_slice());
    access::may_see_row(reader, &directory, plan.as_deref(), row.restricted, involved)
}

/// Look at an incident, with what to do now.
///
/// The `ETag` changes with what people decide on (status, level, roles, steps, what is known) and
/// not with what became of messages. An answer is left out (304) only where not even that differs.
#[utoipa::path(get, path = "/api/v1/incidents/{id}", tag = "incidents",
    responses(
        (status = 200, body = wire::Incident, headers(("ETag" = String))),
        (status = 304, description = "Nothing at all has changed since `If-None-Match`"),
    ))]
pub async fn show(
    State(app): State<App>,
    principal: Principal,
    At(name): At<String>,
    headers: HeaderMap,
) -> Answer {
    let seen = find::incident(&app, &principal, &name).await?;
    let known = headers.get(IF_NONE_MATCH).and_then(|tag| version_of(tag.to_str().ok()?));
    // A copy may be older than what became of messages since, under the same tag.
    let same = known == Some(seen.incident.version) && known == Some(seen.incident.revision);
    let mut response = if same {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let sight = match principal.may_act() {
            true => Sight::Values(app.runtime().personal_values(&seen.incident).await?),
            false => Sight::Outline,
        };
        commit::looked_at(&app, &principal, &seen, StatusCode::OK, &sight)?
    };
    // It may be kept, for this caller, but must be asked for again.
    let private = HeaderValue::from_static("private, no-cache");
    response.headers_mut().insert(CACHE_CONTROL, private);
    Ok(response)
}
