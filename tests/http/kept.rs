//! Bodies that arrived: listed, read, mapped anew, deleted, and never with a key in them.

use std::sync::Arc;

use axum::http::Method;
use firebell::runtime::Scope;
use firebell::store::{Memory, Store};
use jiff::SignedDuration;
use serde_json::{Value as Json, json};

use crate::app::{Client, TestApp};
use crate::ingest::{ALERTMANAGER, ENQUEUE, door, group, incidents, key, send, start, start_on};

async fn recent(client: &Client, source: &str) -> Vec<Json> {
    let page = client.get(&format!("/api/v1/ingest/{source}/recent")).await.ok(200);
    page["items"].as_array().unwrap().clone()
}

fn body_of(arrival: &Json) -> String {
    format!("/api/v1/ingest/bodies/{}", arrival["hash"].as_str().unwrap())
}

async fn replay(client: &Client, arrival: &Json, send: bool) -> Json {
    let path = format!("{}/replay", body_of(arrival));
    client.post(&path, json!({ "send": send })).await.ok(200)
}

#[tokio::test]
async fn what_arrived_is_listed_with_what_it_led_to_and_survives_a_restart() {
    let store: Arc<dyn Store> = Arc::new(Memory::new());
    let app = start_on(Arc::clone(&store));
    let body = group("firing", 2).to_string();
    for _ in 0..2 {
        door(&app, "prom", ALERTMANAGER).bytes(body.clone()).send().await.ok(202);
    }
    door(&app, "prom", ALERTMANAGER)
        .bytes("{\"alerts\":3}")
        .send()
        .await
        .problem(422, "invalid_fields");
    let app = start_on(store);
    let desk = app.person("desk1", Scope::Responder).await;
    let list = recent(&desk, "prom").await;
    let seen: Vec<_> = list.iter().map(|one| one["accepted"].as_bool().unwrap()).collect();
    assert_eq!(seen, [false, true, true]);
    assert!(list[0]["why"]["en"].as_str().unwrap().contains("list of alerts"), "{}", list[0]);
    assert_eq!(list[1]["hash"], list[2]["hash"]);
    assert_eq!(list[2]["alerts"][0]["outcome"], "declared");
    assert_eq!(list[2]["alerts"][0]["incident"], incidents(&desk).await[0]["id"]);
    assert_eq!(list[1]["alerts"][0]["outcome"], "repeated");
    let admin = app.person("ada", Scope::Admin).await;
    admin.get(&body_of(&list[1])).await.ok_bytes(body.as_bytes());
    // Whoever responds sees what came, not the bodies, which may hold anything.
    desk.get(&body_of(&list[1])).await.problem(403, "scope_too_low");
    assert_eq!(recent(&desk, "graf").await, [] as [Json; 0]);
    desk.get("/api/v1/ingest/nobody/recent").await.problem(404, "unknown_body");
}

#[tokio::test]
async fn a_replay_shows_what_would_happen_and_does_it_only_when_asked() {
    let app = start();
    let admin = app.person("ada", Scope::Admin).await;
    send(&app, "prom", ALERTMANAGER, &group("firing", 1)).await.ok(202);
    // Long enough after it that saying the same again is news.
    app.clock.advance(jiff::SignedDuration::from_mins(10));
    let list = recent(&admin, "prom").await;
    let dry = replay(&admin, &list[0], false).await;
    assert_eq!((&dry["sent"], &dry["alerts"][0]["outcome"]), (&false.into(), &"attached".into()));
    assert_eq!(dry["alerts"][0]["incident"], incidents(&admin).await[0]["id"]);
    assert_eq!(recent(&admin, "prom").await.len(), 1);
    let done = replay(&admin, &list[0], true).await;
    assert_eq!((&done["sent"], &done["alerts"][0]["outcome"]), (&true.into(), &"attached".into()));
    assert_eq!(recent(&admin, "prom").await.len(), 2);
    let nothing = format!("/api/v1/ingest/bodies/{}/replay", "0".repeat(64));
    admin.post(&nothing, json!({})).await.problem(404, "unknown_body");
    let desk = app.person("desk1", Scope::Responder).await;
    desk.post(&format!("{}/replay", body_of(&list[0])), json!({}))
        .await
        .problem(403, "scope_too_low");
}

#[tokio::test]
async fn a_body_that_was_rejected_can_be_mapped_anew_and_one_with_a_secret_deleted() {
    let app = start();
    let admin = app.person("ada", Scope::Admin).await;
    let strange = json!({ "kind": "else", "password": "hunter2" });
    send(&app, "checks", "/ingest/generic/checks", &strange).await.ok(202);
    let list = recent(&admin, "checks").await;
    assert_eq!(list[0]["unmatched"], 1);
    let dry = replay(&admin, &list[0], false).await;
    assert!(dry["unread"][0]["en"].as_str().unwrap().contains("no mapping rule"), "{dry}");
    let path = body_of(&list[0]);
    let gone = admin.call(Method::DELETE, &path).send().await;
    assert_eq!(gone.status.as_u16(), 204);
    admin.get(&path).await.problem(404, "unknown_body");
    admin.call(Method::DELETE, &path).send().await.problem(404, "unknown_body");
    assert_eq!(recent(&admin, "checks").await, [] as [Json; 0]);
    let kept = app.store.documents(firebell::store::Kind::Body, "", 10).unwrap();
    assert_eq!(kept, []);
}

#[tokio::test]
async fn what_stands_in_headers_and_paths_is_kept_with_the_body_and_no_key_is() {
    let app = start();
    let admin = app.person("ada", Scope::Admin).await;
    let mut call = door(&app, "events", "/ingest/cloudevents");
    for (name, value) in [
        ("content-type", "application/json"),
        ("ce-specversion", "1.0"),
        ("ce-id", "7"),
        ("ce-source", "/pbx"),
        ("ce-type", "phones.down"),
        ("ce-alertname", "PhonesDown"),
        ("ce-env", "prod"),
    ] {
        call = call.header(name, value);
    }
    call.bytes("{\"users\":5}").send().await.ok(202);
    let event = json!({ "routing_key": key("pd"), "event_action": "trigger",
        "payload": { "summary": "PhonesDown", "source": "pbx", "severity": "error" } });
    app.anonymous().call(Method::POST, ENQUEUE).json(&event).send().await.ok(202);
    let create = json!({ "message": "x", "details": { "alertname": "PhonesDown" } });
    let alerts = "/ingest/opsgenie/v2/alerts";
    send(&app, "og", alerts, &create).await.ok(202);
    send(&app, "og", &format!("{alerts}/a1/close?identifierType=alias"), &json!({})).await.ok(202);
    for (source, outcome) in [("events", "attached"), ("pd", "attached"), ("og", "ignored")] {
        let list = recent(&admin, source).await;
        let again = replay(&admin, &list[0], false).await;
        assert_eq!(again["alerts"][0]["outcome"], outcome, "{source}");
        let bytes = admin.get(&body_of(&list[0])).await.text();
        assert!(!bytes.contains(&key(source)), "{bytes}");
    }
}

#[tokio::test]
async fn what_is_too_old_is_let_go() {
    let app = start();
    let admin = app.person("ada", Scope::Admin).await;
    send(&app, "prom", ALERTMANAGER, &group("firing", 1)).await.ok(202);
    app.clock.advance(SignedDuration::from_hours(24 * 8));
    send(&app, "prom", ALERTMANAGER, &group("firing", 2)).await.ok(202);
    assert_eq!(recent(&admin, "prom").await.len(), 1);
}

#[tokio::test]
async fn an_incident_hears_that_its_alert_is_over_after_its_plan_has_left() {
    let store: Arc<dyn Store> = Arc::new(Memory::new());
    let app = start_on(Arc::clone(&store));
    send(&app, "prom", ALERTMANAGER, &group("firing", 1)).await.ok(202);
    let app = TestApp::start_without_plans(store, crate::ingest::sources());
    let over = send(&app, "prom", ALERTMANAGER, &group("resolved", 1)).await.ok(202);
    assert_eq!(over["alerts"][0]["outcome"], "resolved");
    let again = send(&app, "prom", ALERTMANAGER, &group("firing", 1)).await.ok(202);
    assert_eq!(again["alerts"][0]["outcome"], "attached");
}

#[tokio::test]
async fn an_incident_whose_plan_was_renamed_stays_the_only_one_and_is_never_muted() {
    let store: Arc<dyn Store> = Arc::new(Memory::new());
    let app = start_on(Arc::clone(&store));
    let first = send(&app, "prom", ALERTMANAGER, &group("firing", 1)).await.ok(202);
    let text = std::fs::read_to_string("tests/http/plans/phones.yaml").unwrap();
    let renamed = text.replace("playbook: phones", "playbook: telephones");
    let app = TestApp::start_with_plan(store, crate::ingest::sources(), &renamed);
    let ada = app.person("ada", Scope::Commander).await;
    let hour = firebell::clock::Clock::now(&*app.clock) + SignedDuration::from_hours(1);
    let silence = json!({ "match": { "alertname": "PhonesDown" }, "to": hour });
    ada.post("/api/v1/silences", silence).await.ok(201);
    let outcome = async |status: &str, members| {
        let answer = send(&app, "prom", ALERTMANAGER, &group(status, members)).await.ok(202);
        (answer["alerts"][members - 1]["outcome"].clone(), answer["alerts"][0]["incident"].clone())
    };
    // Of a plan that is gone a source learns nothing but what became of its alert.
    assert_eq!(outcome("firing", 1).await, ("attached".into(), Json::Null));
    assert_eq!(outcome("firing", 1).await, ("repeated".into(), Json::Null));
    assert_eq!(outcome("firing", 2).await, ("attached".into(), Json::Null));
    assert_eq!(incidents(&ada).await.len(), 1);
    assert_eq!(incidents(&ada).await[0]["id"], first["alerts"][0]["incident"]);
    assert_eq!(outcome("resolved", 1).await.0, "resolved");
}
