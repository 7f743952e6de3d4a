//! Writes a problem's answer: headers and body, in one language.

use axum::body::Body;
use axum::http::header::{
    ALLOW, CONTENT_LANGUAGE, CONTENT_TYPE, RETRY_AFTER, VARY, WWW_AUTHENTICATE,
};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use serde_json::{Map, Value as Json, json};

use super::Problem;
use crate::text::Lang;

/// Gives an answer that carries a problem its headers and its body.
#[must_use]
pub fn write(mut response: Response, problem: &Problem, lang: Lang, instance: &str) -> Response {
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(CONTENT_LANGUAGE, HeaderValue::from_static(lang.code()));
    headers.insert(VARY, HeaderValue::from_static("accept-language"));
    if let Some(seconds) = problem.retry_after {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    if let Some(methods) = problem.allow.as_ref().and_then(|m| HeaderValue::from_str(m).ok()) {
        headers.insert(ALLOW, methods);
    }
    if problem.status() == StatusCode::UNAUTHORIZED {
        let challenge = HeaderValue::from_static("Bearer realm=\"firebell\"");
        headers.insert(WWW_AUTHENTICATE, challenge);
    }
    *response.body_mut() = Body::from(body(problem, lang, instance).to_string());
    response
}

fn body(problem: &Problem, lang: Lang, instance: &str) -> Json {
    let (zh, en) = problem.kind.title();
    let code = problem.kind.code();
    let mut members = Map::new();
    members.insert("type".to_owned(), json!(format!("urn:firebell:problem:{code}")));
    members.insert("title".to_owned(), json!(lang.pick(zh, en)));
    members.insert("status".to_owned(), json!(problem.status().as_u16()));
    members.insert("detail".to_owned(), json!(problem.detail.get(lang)));
    members.insert("instance".to_owned(), json!(instance));
    members.insert("code".to_owned(), json!(code));
    if !problem.errors.is_empty() {
        let errors = problem
            .errors
            .iter()
            .map(|error| json!({ "pointer": error.pointer, "detail": error.detail.get(lang) }));
        members.insert("errors".to_owned(), errors.collect());
    }
    for (key, value) in &problem.extras {
        // The standard members are not for the details of a rejection to overwrite.
        members.entry(key.clone()).or_insert_with(|| value.clone());
    }
    Json::Object(members)
}
