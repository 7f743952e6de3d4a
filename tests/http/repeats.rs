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

/// Requests that are about no incident: path, body, another body where there can be one, status.
fn others() -> Vec<(&'static str, Json, Option<Json>, u16)> {
    let put = |person: &str| {
        let (from, to) = ("2026-11-22T08:00:00Z", "2026-11-23T08:00:00Z");
        json!({ "schedule": "days", "from": from, "to": to, "put": person })
    };
    let bot = |scope: &str| json!({ "service": "bot", "scope": scope });
    vec![
        ("/api/v1/overrides", put("ada"), Some(put("chief")), 201),
        ("/api/v1/drills/five-drill/run", json!({}), Some(json!({ "seed": 43 })), 200),
        ("/api/v1/drills/walk-drill/run", json!({}), Some(json!({ "seed": 43 })), 202),
        ("/api/v1/test-page", json!({}), Some(json!({ "channel": "mail" })), 200),
        ("/api/v1/reload", json!({}), None, 200),
        ("/api/v1/safe-start/confirm", json!({}), None, 200),
        ("/api/v1/tokens", bot("viewer"), Some(bot("responder")), 201),
    ]
}

#[tokio::test]
async fn whatever_is_asked_for_twice_under_one_key_is_answered_as_the_first_time() {
    let app = TestApp::start();
    let admin = app.person("ada", Scope::Admin).await;
    let mut first_answers = Vec::new();
    for (n, (path, body, other, status)) in others().into_iter().enumerate() {
        let key = format!("k{n}");
        let first = keyed(&admin, path, &key, &body).send().await;
        assert_eq!(first.header("idempotency-replayed"), "", "{path}");
        let mut first = first.ok(status);
        app.clock.advance(jiff::SignedDuration::from_secs(1));
        let again = keyed(&admin, path, &key, &body).send().await;
        assert_eq!(again.header("idempotency-replayed"), "true", "{path}");
        if path == "/api/v1/tokens" {
            let secret = first.as_object_mut().unwrap().remove("token").unwrap();
            assert!(secret.as_str().unwrap().starts_with("fbt_"));
            assert!(!again.text().contains(secret.as_str().unwrap()), "kept nowhere");
        }
        assert_eq!(again.ok(status), first, "{path}");
        if let Some(other) = other {
            let reused = keyed(&admin, path, &key, &other).send().await;
            reused.problem(422, "idempotency_key_reused");
        }
        first_answers.push(first);
    }
    let next = TestApp::start_on(std::sync::Arc::clone(&app.store));
    let admin = next.person("ada", Scope::Admin).await;
    for (n, (path, body, _, status)) in others().into_iter().enumerate() {
        let again = keyed(&admin, path, &format!("k{n}"), &body).send().await;
        assert_eq!(again.ok(status), first_answers[n], "{path}, after a restart");
    }
}

#[tokio::test]
async fn what_is_repeated_under_one_key_takes_place_once() {
    let app = TestApp::start();
    let admin = app.person("ada", Scope::Admin).await;
    for _ in 0..2 {
        for (path, body, _, _) in others() {
            let reply = keyed(&admin, path, path, &body).send().await;
            assert!(reply.status.is_success(), "{path}: {}", reply.text());
            app.clock.advance(jiff::SignedDuration::from_secs(1));
        }
    }
    let outbox = std::fs::read_dir(app.folder().join("outbox")).unwrap();
    let test_pages = outbox
        .map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap())
        .filter(|mail| mail.contains("ada@example.test") && !mail.contains("INC-"));
    assert_eq!(test_pages.count(), 1);
    let tokens = admin.get("/api/v1/tokens").await.ok(200);
    let bots = tokens["items"].as_array().unwrap().iter().filter(|t| t["service"] == "bot");
    assert_eq!(bots.count(), 1);
    let runs = admin.get("/api/v1/drill-runs?drill=five-drill").await.ok(200);
    assert_eq!(runs["items"].as_array().map(Vec::len), Some(1));
    let kept = app.store.documents(firebell::store::Kind::Override, "", 10).unwrap();
    assert_eq!(kept.len(), 1);
}

#[tokio::test]
async fn a_redaction_is_recorded_once_and_erases_its_own_answer_too() {
    let app = TestApp::start();
    let admin = app.person("ada", Scope::Admin).await;
    let path = admin.declare("outage").await;
    admin.quiet(&path).await;
    // By its number the path is the same in every run, and so is what is left of the key's request.
    let redact = "/api/v1/incidents/1/redact";
    let body = json!({ "references": ["photo"], "reason": "asked for" });
    let first = keyed(&admin, redact, "r", &body).send().await.ok(200);
    let again = keyed(&admin, redact, "r", &body).send().await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.ok(200)["version"], first["version"]);
    let other = json!({ "references": ["photo", "name"], "reason": "asked for" });
    let reused = keyed(&admin, redact, "r", &other).send().await;
    reused.problem(422, "idempotency_key_reused");
}

#[tokio::test]
async fn a_declaration_that_met_an_open_incident_is_answered_the_same_after_its_end() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Commander).await;
    let body = json!({ "playbook": "outage", "dedup_key": "phones" });
    let first = chief.post("/api/v1/incidents", body.clone()).await.ok(201);
    let met = keyed(&chief, "/api/v1/incidents", "tap-1", &body).send().await.ok(200);
    assert_eq!(met["id"], first["id"]);
    let path = format!("/api/v1/incidents/{}", first["id"].as_str().unwrap());
    chief.post(&format!("{path}/cancel"), json!({ "reason": "false alarm" })).await.ok(200);
    let again = keyed(&chief, "/api/v1/incidents", "tap-1", &body).send().await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.ok(200)["id"], first["id"]);
    let other = json!({ "playbook": "outage", "dedup_key": "web" });
    let reused = keyed(&chief, "/api/v1/incidents", "tap-1", &other).send().await;
    reused.problem(422, "idempotency_key_reused");
}
