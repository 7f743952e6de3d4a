//! One request, one commit, one answer: what every changing call has in common.

use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, ETAG, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use serde::Serialize;

use super::{Answer, find};
use crate::engine::Command;
use crate::id::IncidentId;
use crate::runtime::{CommitOptions, Committed, Keyed, Refusal};
use crate::server::app::App;
use crate::server::ask::{Ask, etag};
use crate::server::auth::Principal;
use crate::server::idempotent::{Key, Ticket};
use crate::server::kept;
use crate::server::problem::Problem;
use crate::server::view::{self, Sight};
use crate::server::wire;
use crate::server::wire::Timed;
use crate::store::Change;

/// Where incidents are found.
pub const INCIDENTS: &str = "/api/v1/incidents";

/// Asks something of the incident that `name` names, and answers with the incident after it.
pub async fn act<T: Timed>(
    app: &App,
    name: &str,
    ask: Ask<T>,
    command: impl FnOnce(T) -> Result<Command, Problem>,
) -> Answer {
    let Ask { principal, expected, key, body } = ask;
    let occurred_at = body.occurred_at();
    let command = command(body)?;
    let id = find::incident(app, &principal, name).await?.incident.id;
    let options = CommitOptions { expected, occurred_at, ..CommitOptions::default() };
    commit(app, &principal, id, command, key, options).await
}

/// Commits a command and answers with the incident after it.
pub async fn commit(
    app: &App,
    principal: &Principal,
    id: IncidentId,
    command: Command,
    key: Option<Key>,
    mut options: CommitOptions,
) -> Answer {
    let once = match Once::enter(app, key)? {
        Entered::Answered(response) => return Ok(response),
        Entered::Go(once) => once,
    };
    options.keyed = once.keyed(app, principal);
    match app.runtime().execute(&principal.caller, id, command, options).await {
        Ok(committed) => shown(app, principal, &committed, StatusCode::OK),
        Err(refusal) => once.refused(refusal),
    }
}

/// Answers a change with the incident after it.
pub fn shown(app: &App, principal: &Principal, seen: &Committed, status: StatusCode) -> Answer {
    looked_at(app, principal, seen, status, &Sight::References)
}

/// Answers with an incident as the caller sees it.
pub fn looked_at(
    app: &App,
    principal: &Principal,
    seen: &Committed,
    status: StatusCode,
    sight: &Sight,
) -> Answer {
    let mut response = json(status, &look(app, principal, seen, sight))?;
    response.headers_mut().insert(ETAG, etag(seen.incident.revision));
    if status == StatusCode::CREATED {
        locate(&mut response, &format!("{INCIDENTS}/{}", seen.incident.id));
    }
    Ok(response)
}

/// Says where what was made is found.
pub fn locate(response: &mut Response, at: &str) {
    if let Ok(at) = HeaderValue::from_str(at) {
        response.headers_mut().insert(LOCATION, at);
    }
}

/// Looks at an incident with the caller's eyes.
fn look(app: &App, principal: &Principal, seen: &Committed, sight: &Sight) -> wire::Incident {
    let directory = app.runtime().directory();
    let now = principal
        .caller
        .actor
        .acting_person()
        .map(|person| view::work(&seen.playbook, &seen.incident, &directory, person, sight));
    view::incident(&seen.playbook, &seen.incident, now.unwrap_or_default(), sight)
}

/// Answers with JSON.
pub fn json(status: StatusCode, value: &impl Serialize) -> Answer {
    // Most answers are incidents of some kilobytes: one allocation.
    let mut bytes = Vec::with_capacity(4096);
    serde_json::to_writer(&mut bytes, value).map_err(|error| {
        tracing::error!(%error, "an answer has no JSON form");
        Problem::internal()
    })?;
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    Ok(response)
}

/// Answers a request about no incident once: under a key that was answered before, with that
/// answer.
pub async fn once<F: Future<Output = Answer>>(
    app: &App,
    key: Option<Key>,
    answer: impl FnOnce(Once) -> F,
) -> Answer {
    match Once::enter(app, key)? {
        Entered::Answered(response) => Ok(response),
        Entered::Go(once) => answer(once).await,
    }
}

/// A request that has one effect however often it is sent.
pub struct Once {
    key: Option<Key>,
    _ticket: Option<Ticket>,
}

/// What became of entering.
pub enum Entered {
    /// It was answered before.
    Answered(Response),
    /// It is to be done.
    Go(Once),
}

impl Once {
    /// Takes the key, where there is one, and looks for an answer given under it.
    pub fn enter(app: &App, key: Option<Key>) -> Result<Entered, Problem> {
        let Some(key) = key else { return Ok(Entered::Go(Self { key: None, _ticket: None })) };
        let ticket = app.in_flight().enter(&key.name)?;
        let store = app.runtime().store();
        let answered = match store.answered(&key.name)? {
            None => kept::find(&**store, &key.name)?,
            found => found,
        };
        if let Some(answer) = answered {
            return key.replay(answer).map(Entered::Answered);
        }
        Ok(Entered::Go(Self { key: Some(key), _ticket: Some(ticket) }))
    }

    /// Returns what stores the incident as the answer, with the commit; nothing is stored of one
    /// that the caller may not see.
    pub fn keyed(&self, app: &App, principal: &Principal) -> Option<Keyed> {
        self.key.as_ref()?;
        let (app, principal) = (app.clone(), principal.clone());
        self.keyed_with(move |committed| {
            let may_see = committed.created || find::may_see(&app, &principal, committed);
            let seen = may_see.then(|| look(&app, &principal, committed, &Sight::References))?;
            let status = if committed.created { StatusCode::CREATED } else { StatusCode::OK };
            Some((status, serde_json::to_vec(&seen).unwrap_or_default()))
        })
    }

    /// Returns what stores an answer with the commit.
    pub fn keyed_with(
        &self,
        answer: impl Fn(&Committed) -> Option<(StatusCode, Vec<u8>)> + Send + Sync + 'static,
    ) -> Option<Keyed> {
        let Key { name, fingerprint } = self.key.clone()?;
        let answer = Arc::new(move |committed: &Committed| {
            answer(committed).map(|(status, body)| (status.as_u16(), body))
        });
        Some(Keyed { key: name, fingerprint, answer })
    }

    /// Returns the change that keeps an answer about no incident, to be written together with what
    /// it reports; nothing where there is no key.
    pub fn keep(
        &self,
        app: &App,
        status: StatusCode,
        answer: &impl Serialize,
    ) -> Result<Option<Change>, Problem> {
        self.key.as_ref().map(|key| kept::keep(key, status, answer, app.now())).transpose()
    }

    /// Answers, and keeps the answer where nothing durable came of the request to keep it with. A
    /// crash in between forgets it: what is repeated then does no harm.
    pub async fn answer(&self, app: &App, status: StatusCode, answer: &impl Serialize) -> Answer {
        if let Some(change) = self.keep(app, status, answer)? {
            app.runtime().store().put(vec![change]).await?;
        }
        json(status, answer)
    }

    /// Answers a refusal; a request that lost against its own twin gets the twin's answer.
    pub fn refused(&self, refusal: Refusal) -> Answer {
        match (refusal, &self.key) {
            (Refusal::Answered(answer), Some(key)) => key.replay(*answer),
            (other, _) => Err(other.into()),
        }
    }
}
