//! What every answer goes through on its way out: problems get their body, answers get headers that
//! keep browsers from guessing, and everything is counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;
use tokio::time::Instant;

use super::app::App;
use super::lang;
use super::problem::{self, Problem};
use crate::telemetry::{Answered, Route};
use crate::text::Lang;

/// Names occurrences of problems, so that a person can quote one and the log be searched for it.
#[derive(Debug)]
pub struct Instances {
    process: String,
    next: AtomicU64,
}

impl Default for Instances {
    /// Draws a name for this process.
    fn default() -> Self {
        let chance = crate::chance::draw::<6>();
        Self { process: hex::encode(chance), next: AtomicU64::new(1) }
    }
}

impl Instances {
    fn name(&self) -> String {
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        format!("urn:firebell:request:{}-{n}", self.process)
    }
}

/// Finishes an answer. A problem speaks the language of `Accept-Language`, else of the person whom
/// the token belongs to, else the installation's.
pub async fn envelope(State(app): State<App>, request: Request, next: Next) -> Response {
    let asked = lang::preferred(request.headers());
    let method = method(request.method());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let begun = Instant::now();
    let mut response = next.run(request).await;
    let own = response.extensions_mut().remove::<Lang>();
    if let Some(problem) = response.extensions_mut().remove::<Arc<Problem>>() {
        let lang = asked.or(own).unwrap_or_else(|| app.lang());
        let instance = app.instances().name();
        let path = route.as_ref().map_or("", MatchedPath::as_str);
        report(&problem, method, path, &instance);
        response = problem::write(response, &problem, lang, &instance);
    }
    harden(response.headers_mut());
    count(&app, route.as_ref(), method, &response, begun);
    response
}

fn report(problem: &Problem, method: &str, route: &str, instance: &str) {
    let code = problem.kind.code();
    if problem.status().is_server_error() {
        tracing::warn!(method, route, code, instance, "answered with a problem");
    } else {
        tracing::debug!(method, route, code, instance, "answered with a problem");
    }
}

/// A bounded label: callers may invent methods.
fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

fn harden(headers: &mut HeaderMap) {
    const ALWAYS: [(HeaderName, &str); 5] = [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in ALWAYS {
        // A handler that knows better has said so.
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}

fn count(
    app: &App,
    route: Option<&MatchedPath>,
    method: &'static str,
    response: &Response,
    begun: Instant,
) {
    let route = route.map_or("none", MatchedPath::as_str).to_owned();
    let status = response.status().as_u16();
    let metrics = app.metrics();
    let took = begun.elapsed().as_secs_f64();
    let label = Route { route };
    metrics.http_request_duration_seconds.get_or_create(&label).observe(took);
    let Route { route } = label;
    metrics.http_requests.get_or_create(&Answered { route, method, status }).inc();
}
