//! Counted occurrences come in; how the monitors stand goes out.

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, FailedToBufferBody};
use axum::extract::{FromRequest as _, Request, State};
use axum::http::{HeaderMap, StatusCode};

use super::Answer;
use super::commit::{Entered, Once, json};
use crate::engine::{FieldProblem, RejectionCode};
use crate::server::app::App;
use crate::server::ask::{broken_body, is_json, media_type, unsupported};
use crate::server::auth::Principal;
use crate::server::idempotent::Draft;
use crate::server::problem::{Kind, Problem, too_large};
use crate::server::view::monitor;
use crate::server::wire::{Monitor, Page, SignalFault, SignalsTaken};
use crate::signal::{
    BODY_BYTES_MAX, Batch, BodyFault, Form, Gather, OCCURRENCES_MAX, OccurrenceFault, Report,
    read_body,
};
use crate::text::Text;

/// A line for each occurrence.
const LINES: [&str; 3] = ["application/x-ndjson", "application/ndjson", "application/jsonl"];

/// Count occurrences: one as JSON, several as a JSON list, or one on each line (NDJSON).
///
/// Answered once they are durable. A line that cannot be counted is told with its number and keeps
/// no other from being counted; where none can be read, all are refused. With an `Idempotency-Key`
/// the same body is counted once, however often it is sent.
#[utoipa::path(post, path = "/api/v1/signals", tag = "signals",
    request_body(content(
        (crate::server::wire::Signal = "application/json"), (String = "application/x-ndjson"),
    )),
    responses((status = 202, body = SignalsTaken, description = "Durable")))]
pub async fn count(State(app): State<App>, principal: Principal, request: Request) -> Answer {
    let form = form(request.headers())?;
    let (method, path) = (request.method(), request.uri().path());
    let draft = Draft::of(request.headers(), &principal, method, path)?;
    let bytes = body(request, &app).await?;
    let once = match Once::enter(&app, draft.map(|draft| draft.seal(&bytes)))? {
        Entered::Answered(response) => return Ok(response),
        Entered::Go(once) => once,
    };
    let mut gather = Gather::new(app.runtime().wanted_signals(), app.now());
    let report = read_body(&bytes, form, &mut gather).map_err(unread);
    let meters = app.runtime().meters();
    let report = report.inspect_err(|_| meters.signals_refused.count())?;
    meters.signals_refused.add(report.refused);
    if report.is_refused() {
        return Err(refused(&report));
    }
    let taken = taken(&report);
    let batch = gather.batch();
    // Whoever hangs up does not set the key free: the batch is on its way.
    let kept = tokio::spawn(keep(app.clone(), once, batch, taken.clone()));
    kept.await.unwrap_or_else(|_| Err(Problem::internal()))?;
    meters.signals_counted.add(report.counted);
    meters.signals_late.add(report.late);
    meters.signals_ahead.add(report.ahead);
    meters.signals_unwatched.add(report.unwatched);
    json(StatusCode::ACCEPTED, &taken)
}

/// Say how every monitor stands, in the order of the configuration.
#[utoipa::path(get, path = "/api/v1/monitors", tag = "signals",
    responses((status = 200, body = Page<Monitor>)))]
pub async fn list(State(app): State<App>, _: Principal) -> Answer {
    let items: Vec<Monitor> = app.runtime().monitors().into_iter().map(monitor).collect();
    json(StatusCode::OK, &Page { items, next: None })
}

async fn keep(app: App, once: Once, batch: Batch, taken: SignalsTaken) -> Result<(), Problem> {
    let answer = once.keep(&app, StatusCode::ACCEPTED, &taken)?;
    app.runtime().count_signals(batch, answer).await?;
    Ok(())
}

fn form(headers: &HeaderMap) -> Result<Form, Problem> {
    let media = media_type(headers).unwrap_or_default();
    if LINES.iter().any(|lines| media.eq_ignore_ascii_case(lines)) {
        return Ok(Form::Lines);
    }
    is_json(headers).then_some(Form::Json).ok_or_else(|| unsupported("application/x-ndjson"))
}

async fn body(request: Request, app: &App) -> Result<Bytes, Problem> {
    Bytes::from_request(request, app).await.map_err(|rejection| match rejection {
        BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) => {
            too_large(BODY_BYTES_MAX as u64)
        }
        _ => broken_body(),
    })
}

fn unread(fault: BodyFault) -> Problem {
    match fault {
        BodyFault::Malformed(error) => Problem::new(
            Kind::MalformedJson,
            format!(
                "请求体不是信号：{}",
                OccurrenceFault::Malformed(error.to_string()).text().get(crate::text::Lang::Zh)
            ),
            format!("The body holds no signals: {error}"),
        )
        .with("line", error.line())
        .with("column", error.column()),
        BodyFault::Empty => {
            Problem::new(Kind::MalformedJson, "请求体中没有信号", "There is no signal in the body")
        }
        BodyFault::TooMany => Problem::new(
            Kind::TooLarge,
            format!("一次最多 {OCCURRENCES_MAX} 条信号；请分批发送"),
            format!("At most {OCCURRENCES_MAX} signals at once; send them in parts"),
        )
        .with("limit", OCCURRENCES_MAX),
    }
}

fn refused(report: &Report) -> Problem {
    let told = |(line, fault): &(usize, OccurrenceFault)| FieldProblem {
        pointer: format!("/{}", line - 1),
        detail: numbered(*line, fault),
    };
    Problem::new(
        Kind::Rejected(RejectionCode::InvalidFields),
        format!("{} 条信号都无法计入，见 errors", report.refused),
        format!("None of the {} signals can be counted; see `errors`", report.refused),
    )
    .with_errors(report.faults.iter().map(told).collect())
}

fn numbered(line: usize, fault: &OccurrenceFault) -> Text {
    let said = fault.text();
    let (zh, en) = (said.get(crate::text::Lang::Zh), said.get(crate::text::Lang::En));
    Text::both(format!("第 {line} 条：{zh}"), format!("number {line}: {en}"))
}

fn taken(report: &Report) -> SignalsTaken {
    let fault = |(line, fault): &(usize, OccurrenceFault)| SignalFault {
        line: *line as u64,
        detail: fault.text(),
    };
    SignalsTaken {
        counted: report.counted,
        late: report.late,
        ahead: report.ahead,
        unwatched: report.unwatched,
        refused: report.refused,
        faults: report.faults.iter().map(fault).collect(),
    }
}
