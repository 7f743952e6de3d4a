//! A body on its way in, whatever door it came by: read, carried, counted, and kept.

use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use serde_json::Value as Json;

use super::kept::Body;
use super::{PATIENCE, carry};
use crate::engine::{FieldProblem, RejectionCode};
use crate::ingest::{Dialect, Fault, Reading, Source, cloudevents as events, form};
use crate::server::app::App;
use crate::server::ask::media_type;
use crate::server::problem::{Kind, Problem};
use crate::server::shape;
use crate::server::wire::Ingested;
use crate::telemetry::ByResult;

/// The media type of what is put together here.
const JSON: &str = "application/json";

/// A body, and what it was read as.
pub struct Arrived {
    /// What is kept of it.
    pub body: Body,
    /// Its alerts, or what is wrong with it.
    pub reading: Result<Reading, Problem>,
}

impl Arrived {
    /// Reads a body that says everything itself, or with the headers of an event.
    pub fn read(source: &Source, headers: &HeaderMap, bytes: &Bytes) -> Self {
        let media = media_type(headers).unwrap_or_default().to_ascii_lowercase();
        let as_it_came = || Body { media: media.clone(), bytes: bytes.to_vec() };
        let whole = media == events::STRUCTURED || media == events::BATCH;
        if source.dialect == Dialect::CloudEvents && !whole {
            return Self::of_headers(source, headers, bytes, as_it_came());
        }
        if source.dialect.takes_forms() && media == form::MEDIA {
            let reading = source.read(&form::read(bytes), "").map_err(wrong);
            return Self { body: as_it_came(), reading };
        }
        let reading = shape::read::<Json>(bytes).and_then(|body| {
            // The type says whether it is a batch.
            let batch = media == events::BATCH;
            if source.dialect == Dialect::CloudEvents && batch != body.is_array() {
                let fault = Fault::wanted("", "与内容类型相符的事件", "as the media type says");
                return Err(wrong(fault));
            }
            source.read(&body, "").map_err(wrong)
        });
        Self { body: as_it_came(), reading }
    }

    /// Puts an event together whose attributes stand in headers.
    fn of_headers(source: &Source, headers: &HeaderMap, bytes: &[u8], raw: Body) -> Self {
        let attributes =
            headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let media = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        match events::of_headers(attributes, media, bytes) {
            Ok(event) => {
                let bytes = event.to_string().into_bytes();
                let body = Body { media: events::STRUCTURED.to_owned(), bytes };
                Self { body, reading: source.read(&event, "").map_err(wrong) }
            }
            Err(fault) => Self { body: raw, reading: Err(wrong(fault)) },
        }
    }

    /// Reads a body that was put together from what the call says.
    pub fn of_json(source: &Source, body: &Json) -> Self {
        let reading = source.read(body, "").map_err(wrong);
        let bytes = body.to_string().into_bytes();
        Self { body: Body { media: JSON.to_owned(), bytes }, reading }
    }
}

/// Carries what was read, or keeps visible what could not be; either way the body is kept, durable
/// before the sender is answered.
///
/// # Errors
/// The body is not of its dialect. The runtime cannot take it now: then it is not kept, since the
/// sender sends it again.
pub async fn take_in(app: &App, source: &Source, arrived: Arrived) -> Result<Ingested, Problem> {
    let Arrived { body, reading } = arrived;
    app.ingest().hearing().beat(&source.id, app.now());
    let kept = app.ingest().kept();
    let store = &**app.runtime().store();
    let receipt = kept.receive(store, &source.id, body, app.now());
    match reading {
        Ok(reading) => match carry::carry(app, source, reading).await {
            Ok(done) => {
                kept.became(store, receipt, Ok(&done)).await?;
                Ok(done)
            }
            Err(problem) => {
                kept.withdraw(store, receipt);
                Err(problem)
            }
        },
        Err(problem) => {
            let first = problem.errors.first().map(|error| error.detail.clone());
            let why = first.unwrap_or_else(|| problem.detail.clone());
            carry::unreadable(app, source, &why).await;
            kept.became(store, receipt, Err(&why)).await?;
            Err(problem)
        }
    }
}

/// Bounds the time that one body may take, and counts how it ended; what was begun goes on.
pub async fn in_time<T>(
    app: &App,
    work: impl Future<Output = Result<T, Problem>>,
) -> Result<T, Problem> {
    in_time_as(app, work, |_| "accepted").await
}

/// As [`in_time`]; `word` says as what a body counts that was taken.
pub async fn in_time_as<T>(
    app: &App,
    work: impl Future<Output = Result<T, Problem>>,
    word: impl FnOnce(&T) -> &'static str,
) -> Result<T, Problem> {
    let done = tokio::time::timeout(PATIENCE, work).await;
    let done = done.unwrap_or_else(|_| {
        Err(Problem::new(
            Kind::TimedOut,
            "处理超时；请重发，同一告警不会重复启动",
            "It took too long; send it again, the same alert begins nothing twice",
        ))
    });
    let result = done.as_ref().map_or_else(|problem| refused(problem.kind), word);
    count(app, result);
    done
}

/// Counts how a body ended.
pub fn count(app: &App, result: &'static str) {
    app.metrics().ingest_bodies.get_or_create(&ByResult { result }).inc();
}

const fn refused(kind: Kind) -> &'static str {
    match kind {
        Kind::Busy => "busy",
        Kind::Unauthenticated => "unauthenticated",
        Kind::TooLarge => "too_large",
        Kind::TimedOut => "timed_out",
        Kind::MalformedJson | Kind::Rejected(_) => "rejected",
        _ => "failed",
    }
}

/// A body that is not of its source's dialect.
pub fn wrong(fault: Fault) -> Problem {
    let Fault { pointer, detail } = fault;
    Problem::new(
        Kind::Rejected(RejectionCode::InvalidFields),
        "内容不符合此来源的格式，见 errors",
        "The body is not of this source's dialect; see `errors`",
    )
    .with_errors(vec![FieldProblem { pointer, detail }])
}
