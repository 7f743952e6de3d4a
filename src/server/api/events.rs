//! What was committed, as it happens: server-sent events that resume where a reader left off.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::IntoResponse;
use axum::response::sse::{Event as Message, KeepAlive, Sse};
use futures_util::stream::{self, Stream};
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use utoipa::{IntoParams, ToSchema};

use super::{Answer, find};
use crate::engine::{Event, Mode, Status};
use crate::id::{IncidentId, PhaseId, PlaybookId};
use crate::runtime::Published;
use crate::server::app::App;
use crate::server::ask::Asked;
use crate::server::auth::Principal;
use crate::server::problem::{Kind, Problem};

/// The most streams at once; each holds a connection and a place on the bus.
const STREAMS_MAX: i64 = 1_000;
/// How often a silent stream says that it is alive; proxies cut those that do not.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How soon a reader that lost its stream comes back.
const RETRY: Duration = Duration::from_secs(2);

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Which commits are told.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// Only those of this incident: its id or number.
    incident: Option<String>,
}

/// One commit: the incident after it, in short, and its events.
#[derive(Debug, Serialize, ToSchema)]
struct Commit<'a> {
    id: IncidentId,
    number: String,
    playbook: &'a PlaybookId,
    title: &'a str,
    mode: Mode,
    status: Status,
    stuck: bool,
    level: u8,
    phase: &'a PhaseId,
    version: u64,
    #[schema(value_type = Vec<Object>)]
    events: &'a [Event],
}

/// Follow what is committed.
///
/// Each message is named `commit`, with its place as the id; send the last one seen as
/// `Last-Event-ID` to resume. A message named `reset` says that some are lost: read again what you
/// show. Only incidents that the caller may see are told of.
#[utoipa::path(get, path = "/api/v1/events", tag = "events", params(Which),
    responses((status = 200, body = String, content_type = "text/event-stream")))]
pub async fn follow(
    State(app): State<App>,
    principal: Principal,
    Asked(which): Asked<Which>,
    headers: HeaderMap,
) -> Answer {
    let only = match &which.incident {
        None => None,
        Some(name) => Some(find::incident(&app, &principal, name).await?.incident.id),
    };
    let place = Place::take(&app)?;
    let after = headers.get(LAST_EVENT_ID).map(|id| id.to_str().ok()?.trim().parse().ok());
    // An id that is none of ours cannot be resumed from, like one that is too old.
    let (receiver, missed) = app.runtime().bus().listen(after.map(|id| id.unwrap_or(u64::MAX)));
    let lost = missed.is_none();
    let reader = Reader {
        app,
        principal,
        only,
        receiver,
        waiting: missed.unwrap_or_default().into(),
        lost,
        begun: false,
        _place: place,
    };
    let keep = KeepAlive::new().interval(KEEP_ALIVE);
    let mut response = Sse::new(messages(reader)).keep_alive(keep).into_response();
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(ACCEL_BUFFERING, HeaderValue::from_static("no"));
    Ok(response)
}

/// A place among the streams, given back when the stream ends.
struct Place(App);

impl Place {
    fn take(app: &App) -> Result<Self, Problem> {
        if app.metrics().event_streams.inc() >= STREAMS_MAX {
            app.metrics().event_streams.dec();
            return Err(Problem::new(
                Kind::Busy,
                "事件流已达上限；请关闭多余的页面，或改为定时查询",
                "There are too many event streams; close some, or ask from time to time instead",
            ));
        }
        Ok(Self(app.clone()))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.metrics().event_streams.dec();
    }
}

struct Reader {
    app: App,
    principal: Principal,
    only: Option<IncidentId>,
    receiver: Receiver<Arc<Published>>,
    waiting: VecDeque<Arc<Published>>,
    /// Some commits are lost to this reader, who has not been told yet.
    lost: bool,
    begun: bool,
    _place: Place,
}

fn messages(reader: Reader) -> impl Stream<Item = Result<Message, Infallible>> {
    stream::unfold(reader, |mut reader| async move {
        let message = reader.next().await?;
        Some((Ok(message), reader))
    })
}

impl Reader {
    /// Waits for the next message; `None` ends the stream.
    async fn next(&mut self) -> Option<Message> {
        if !self.begun {
            self.begun = true;
            return Some(Message::default().retry(RETRY).comment("firebell"));
        }
        loop {
            if std::mem::take(&mut self.lost) {
                self.app.metrics().event_streams_reset.inc();
                return Some(Message::default().event("reset").data("{}"));
            }
            let published = match self.waiting.pop_front() {
                Some(published) => published,
                None => match self.heard().await? {
                    Some(published) => published,
                    None => continue,
                },
            };
            // A token that was taken back in the meantime hears nothing more.
            if !self.app.tokens().is_good(self.principal.token_id(), self.app.now()) {
                return None;
            }
            if self.is_for_me(&published).await {
                return Some(message(&published));
            }
        }
    }

    /// Waits on the bus; the inner `None` means that something was lost.
    async fn heard(&mut self) -> Option<Option<Arc<Published>>> {
        let closing = self.app.closing().clone();
        let heard = tokio::select! {
            heard = self.receiver.recv() => heard,
            () = closing.cancelled() => return None,
        };
        match heard {
            Ok(published) => Some(Some(published)),
            Err(RecvError::Lagged(_)) => {
                self.lost = true;
                Some(None)
            }
            Err(RecvError::Closed) => None,
        }
    }

    async fn is_for_me(&self, published: &Published) -> bool {
        let incident = &published.incident;
        if self.only.is_some_and(|only| only != incident.id) {
            return false;
        }
        if !incident.restricted {
            return true;
        }
        let name = incident.id.to_string();
        find::incident(&self.app, &self.principal, &name).await.is_ok()
    }
}

fn message(published: &Published) -> Message {
    let incident = &published.incident;
    let commit = Commit {
        id: incident.id,
        number: crate::id::incident_number(incident.number, incident.declared_at),
        playbook: &incident.playbook.id,
        title: &incident.title,
        mode: incident.mode,
        status: incident.status,
        stuck: incident.stuck.is_some(),
        level: incident.level.current,
        phase: &incident.phase,
        version: incident.version,
        events: &published.events,
    };
    let message = Message::default().event("commit").id(published.sequence.to_string());
    // Newlines would end a line of the message; JSON text holds none.
    message.data(serde_json::to_string(&commit).unwrap_or_default())
}
