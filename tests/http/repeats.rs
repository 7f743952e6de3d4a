//! The same request twice has one effect.

use axum::http::Method;
use firebell::runtime::Scope;
use serde_json::{Value as Json, json};

use crate::app::{Call, Client, TestApp};

fn keyed(client: &Client, path: &str, key: &str, body: &Json) -> Call {
    client.call(Method::POST, path).header("idempotency-key", key).json(body)
}

#[tokio::test]
async fn a_repeated_declaration_gets_the_first_answer() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Commander).await;
    let body = json!({ "playbook": "outage" });
    let first = keyed(&chief, "/api/v1/incidents", "a", &body).send().await;
    assert_eq!(first.header("idempotency-replayed"), "");
    let again = keyed(&chief, "/api/v1/incidents", "a", &body).send().await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.status, 201);
    assert_eq!(first.bytes, again.bytes);
    let list = chief.get("/api/v1/incidents").await.ok(200);
    assert_eq!(list["items"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_repeated_command_is_committed_once_even_when_things_moved_on() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Commander).await;
    let path = chief.declare("outage").await;
    let notes = format!("{path}/notes");
    chief.quiet(&path).await;
    let body = json!({ "text": "once" });
    let first = keyed(&chief, &notes, "n1", &body).send().await.ok(200);
    chief.post(&notes, json!({ "text": "another" })).await.ok(200);
    let again = keyed(&chief, &notes, "n1", &body).send().await.ok(200);
    assert_eq!(first, again);
    let version = chief.get(&path).await.ok(200)["version"].as_u64().unwrap();
    assert_eq!(version, first["version"].as_u64().unwrap() + 1);
}

#[tokio::test]
async fn a_key_belongs_to_one_request_and_to_one_owner() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Commander).await;
    let path = chief.declare("outage").await;
    let notes = format!("{path}/notes");
    keyed(&chief, &notes, "k", &json!({ "text": "a" })).send().await.ok(200);
    let other_body = keyed(&chief, &notes, "k", &json!({ "text": "b" })).send().await;
    other_body.problem(422, "idempotency_key_reused");
    let other_path = keyed(&chief, &format!("{path}/pause"), "k", &json!({ "reason": "a" }));
    other_path.send().await.problem(422, "idempotency_key_reused");
    let desk = app.person("desk1", Scope::Responder).await;
    let others = keyed(&desk, &notes, "k", &json!({ "text": "b" })).send().await;
    assert_eq!(others.header("idempotency-replayed"), "");
    others.ok(200);
    // Another token of the same person is the same owner.
    let phone = app.person("chief", Scope::Commander).await;
    let replayed = keyed(&phone, &notes, "k", &json!({ "text": "a" })).send().await;
    assert_eq!(replayed.header("idempotency-replayed"), "true");
}

#[tokio::test]
async fn answers_survive_a_restart() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Commander).await;
    let body = json!({ "playbook": "outage" });
    let first = keyed(&chief, "/api/v1/incidents", "a", &body).send().await.ok(201);
    let next = TestApp::start_on(std::sync::Arc::clone(&app.store));
    let chief = next.person("chief", Scope::Commander).await;
    let again = keyed(&chief, "/api/v1/incidents", "a", &body).send().await.ok(201);
    assert_eq!(first, again);
}

#[tokio::test]
async fn a_refused_request_leaves_its_key_free() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Commander).await;
    let path = chief.declare("outage").await;
    let resume = format!("{path}/resume");
    keyed(&chief, &resume, "r", &json!({})).send().await.problem(409, "wrong_status");
    chief.post(&format!("{path}/pause"), json!({ "reason": "fire alarm" })).await.ok(200);
    keyed(&chief, &resume, "r", &json!({})).send().await.ok(200);
}

#[tokio::test]
async fn keys_are_bounded() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Commander).await;
    let body = json!({ "playbook": "outage" });
    for bad in ["", "\"\"", &"x".repeat(129)] {
        let reply = keyed(&chief, "/api/v1/incidents", bad, &body).send().await;
        reply.problem(400, "bad_header");
    }
    let quoted = keyed(&chief, "/api/v1/incidents", "\"q\"", &body).send().await.ok(201);
    let bare = keyed(&chief, "/api/v1/incidents", "q", &body).send().await.ok(201);
    assert_eq!(quoted, bare);
}

#[tokio::test]
async fn many_at_once_with_one_key_have_one_effect() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Commander).await;
    let body = json!({ "playbook": "outage" });
    let calls = (0..16).map(|_| keyed(&chief, "/api/v1/incidents", "race", &body).send());
    for reply in futures_util::future::join_all(calls).await {
        match reply.status.as_u16() {
            201 => {}
            _ => drop(reply.problem(409, "idempotency_in_progress")),
        }
    }
    let list = chief.get("/api/v1/incidents").await.ok(200);
    assert_eq!(list["items"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn one_key_makes_one_token_and_the_secret_is_not_shown_again() {
    let app = TestApp::start();
    let admin = app.person("ada", Scope::Admin).await;
    let body = json!({ "service": "bot", "scope": "viewer" });
    let made = keyed(&admin, "/api/v1/tokens", "t", &body).send().await.ok(201);
    let problem = keyed(&admin, "/api/v1/tokens", "t", &body).send().await;
    assert_eq!(problem.problem(409, "already_exists")["id"], made["id"]);
}
