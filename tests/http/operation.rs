//! What runs the installation: health, metrics, plans, rosters, the document.

use std::sync::Arc;

use axum::http::Method;
use firebell::runtime::Scope;
use firebell::store::{Options, Sled};
use serde_json::{Value as Json, json};

use crate::app::TestApp;

#[tokio::test]
async fn health_and_metrics_need_no_token_and_hold_no_secret() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Commander).await;
    chief.declare("outage").await;
    assert_eq!(app.anonymous().get("/livez").await.text(), "ok\n");
    let ready = app.anonymous().get("/readyz").await.ok(200);
    assert_eq!(ready["ok"], true, "{ready}");
    let names: Vec<&str> =
        ready["checks"].as_array().unwrap().iter().map(|c| c["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"store") && names.contains(&"ticker"), "{names:?}");
    for (lang, words) in [("en", "nothing is late"), ("zh", "没有延误")] {
        let asked = app.anonymous().call(Method::GET, "/readyz").header("accept-language", lang);
        assert!(asked.send().await.text().contains(words), "{lang}");
    }
    let metrics = app.anonymous().get("/metrics").await;
    assert_eq!(metrics.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    let text = metrics.text();
    for line in [
        "firebell_incidents_open{level=\"3\"} 1",
        "firebell_incidents_declared_total 1",
        "firebell_http_requests_total{route=\"/api/v1/incidents\",method=\"POST\",status=\"201\"} 1",
        "firebell_store_writable 1",
        "firebell_drill_runs_total{result=\"passed\"} 0",
        "firebell_outbox_pending ",
    ] {
        assert!(text.contains(line), "{line} in\n{text}");
    }
    let open = app.anonymous().call(Method::GET, "/metrics");
    let open = open.header("accept", "application/openmetrics-text; version=1.0.0").send().await;
    assert!(open.header("content-type").starts_with("application/openmetrics-text"));
}

#[tokio::test]
async fn every_operation_has_a_name_of_its_own() {
    let document = TestApp::start().anonymous().get("/openapi.json").await.ok(200);
    let paths = document["paths"].as_object().unwrap().values();
    let operations = paths.flat_map(|item| item.as_object().unwrap().values());
    let mut names: Vec<&str> =
        operations.map(|operation| operation["operationId"].as_str().unwrap()).collect();
    names.sort_unstable();
    let all = names.len();
    names.dedup();
    assert_eq!(names.len(), all, "{names:?}");
    assert!(names.contains(&"incidents_steps_complete"), "{names:?}");
}

#[tokio::test]
async fn the_document_that_is_kept_is_the_document_that_is_served() {
    let kept = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let served = TestApp::start().anonymous().get("/openapi.json").await.text();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&kept, &served).unwrap();
    }
    let kept = std::fs::read_to_string(kept).unwrap_or_default();
    assert!(kept == served, "openapi.json has drifted; run this test with UPDATE=1 and look at it");
}

#[tokio::test]
async fn the_document_is_openapi_3_1_and_its_references_resolve() {
    let document: Json = serde_json::from_str(firebell::server::openapi()).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"), "{}", document["openapi"]);
    fn references(json: &Json, found: &mut Vec<String>) {
        match json {
            Json::Object(map) => {
                found.extend(map.get("$ref").and_then(Json::as_str).map(str::to_owned));
                map.values().for_each(|value| references(value, found));
            }
            Json::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 100);
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

#[tokio::test]
async fn a_plan_is_checked_without_being_loaded() {
    let app = TestApp::start();
    let desk = app.person("desk1", Scope::Viewer).await;
    let check = |text: &'static str| {
        desk.call(Method::POST, "/api/v1/playbooks/check?name=mine.yaml&lang=en")
            .header("content-type", "application/yaml")
            .bytes(text)
    };
    let good = check(include_str!("plans/five.yaml")).send().await.ok(200);
    assert_eq!(good["ok"], true, "{good}");
    let bad = check("playbook: x\nphasess: []\n").send().await.ok(200);
    assert_eq!(bad["ok"], false);
    let finding = &bad["findings"][0];
    assert_eq!(finding["file"], "mine.yaml");
    assert!(
        finding["line"].as_u64().unwrap() >= 1 && !finding["message"].as_str().unwrap().is_empty()
    );
    let json = desk.post("/api/v1/playbooks/check", json!({})).await;
    json.problem(415, "unsupported_media_type");
    let large = desk.call(Method::POST, "/api/v1/playbooks/check").bytes("a".repeat(1_100_000));
    large.send().await.problem(413, "too_large");
}

#[tokio::test]
async fn a_reload_says_what_is_in_force() {
    let app = TestApp::start();
    let admin = app.person("ada", Scope::Admin).await;
    let report = admin.post("/api/v1/reload", json!({})).await.ok(200);
    assert_eq!(report["playbooks"], 8, "{report}");
    assert_eq!(report["findings"], json!([]), "{report}");
}

#[tokio::test]
async fn overrides_of_schedules_that_are_not_there_are_refused() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Commander).await;
    let span = json!({ "from": "2026-11-21T08:00:00Z", "to": "2026-11-22T08:00:00Z" });
    let with = |more: Json| {
        let mut body = span.clone();
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let put = with(json!({ "schedule": "nights", "put": "ada" }));
    chief.post("/api/v1/overrides", put).await.problem(404, "unknown_schedule");
    let neither = with(json!({ "schedule": "days" }));
    chief.post("/api/v1/overrides", neither).await.problem(422, "invalid_fields");
    let on_call = chief.get("/api/v1/oncall?at=2026-11-21T08:00:00Z").await.ok(200);
    let schedules = on_call["schedules"].as_array().unwrap();
    assert_eq!((schedules.len(), &schedules[0]["people"]), (1, &json!(["desk1"])), "{on_call}");
    chief.get("/api/v1/oncall?schedule=nights").await.problem(404, "unknown_schedule");
    chief.get("/api/v1/oncall?at=now").await.problem(422, "bad_query");
}

#[tokio::test]
async fn a_safe_start_waits_for_a_person() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Commander).await;
    let shown = chief.get("/api/v1/safe-start").await.ok(200);
    assert_eq!(shown["held"], false);
    let confirmed = chief.post("/api/v1/safe-start/confirm", json!({})).await.ok(200);
    assert_eq!(confirmed, json!({ "was_held": false }));
}

#[tokio::test]
async fn a_test_page_says_how_each_channel_answered() {
    let app = TestApp::start();
    let desk = app.person("desk1", Scope::Responder).await;
    let paged = desk.post("/api/v1/test-page", json!({})).await.ok(200);
    assert_eq!(paged["channels"], json!([{ "channel": "mail", "ok": true }]));
    let outbox: Vec<_> = std::fs::read_dir(app.folder().join("outbox")).unwrap().collect();
    assert_eq!(outbox.len(), 1);
    let other = json!({ "person": "desk2" });
    desk.post("/api/v1/test-page", other.clone()).await.problem(403, "scope_too_low");
    let chief = app.person("chief", Scope::Commander).await;
    assert_eq!(chief.post("/api/v1/test-page", other).await.ok(200)["person"], "desk2");
    let nobody = chief.post("/api/v1/test-page", json!({ "person": "desk3" })).await;
    nobody.problem(422, "unknown_person");
    let bot = app.service("bot", Scope::Responder).await;
    bot.post("/api/v1/test-page", json!({})).await.problem(422, "invalid_fields");
}

#[tokio::test]
async fn a_backup_taken_over_http_restores() {
    let folder = tempfile::tempdir().unwrap();
    let opened = Sled::open(&folder.path().join("data"), Options::default()).unwrap();
    let app = TestApp::start_on(Arc::new(opened.store));
    let admin = app.person("ada", Scope::Admin).await;
    let path = admin.declare("outage").await;
    let reply = admin.get("/api/v1/backup").await;
    assert_eq!(reply.header("content-type"), "application/x-tar");
    let to = folder.path().join("restored");
    let restored = firebell::store::backup::restore(&mut reply.bytes.as_slice(), &to).unwrap();
    assert_eq!(restored.audit.incidents, 1);
    let again = TestApp::start_on(Arc::new(Sled::open(&to, Options::default()).unwrap().store));
    let admin = again.person("ada", Scope::Admin).await;
    assert_eq!(admin.get(&path).await.ok(200)["playbook"]["id"], "outage");
}

#[tokio::test]
async fn the_schema_of_playbooks_is_served_to_editors() {
    let schema = TestApp::start().anonymous().get("/schema/playbook.json").await.ok(200);
    assert_eq!(schema["$id"], "/schema/playbook.json");
}

#[tokio::test]
async fn a_timeline_tells_what_happened_and_that_its_chain_holds() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Commander).await;
    let path = chief.declare("outage").await;
    chief.post(&format!("{path}/notes"), json!({ "text": "第一通电话" })).await.ok(200);
    let timeline = chief.get(&format!("{path}/timeline")).await.ok(200);
    assert_eq!(timeline["chain"]["state"], "whole", "{timeline}");
    assert!(timeline["rows"].to_string().contains("第一通电话"), "{timeline}");
    for (format, media) in [
        ("md", "text/markdown; charset=utf-8"),
        ("csv", "text/csv; charset=utf-8"),
        ("html", "text/html; charset=utf-8"),
        ("text", "text/plain; charset=utf-8"),
    ] {
        let told = chief.get(&format!("{path}/timeline?format={format}&lang=zh")).await;
        assert_eq!((told.status.as_u16(), told.header("content-type")), (200, media));
        assert!(told.text().contains("第一通电话"), "{format}: {}", told.text());
    }
    let page = chief.call(Method::GET, &format!("{path}/timeline")).header("accept", "text/html");
    let page = page.send().await;
    assert!(page.header("content-security-policy").contains("style-src 'unsafe-inline'"));
    let odd = chief.get(&format!("{path}/timeline?format=docx")).await;
    odd.problem(406, "not_acceptable");
    let desk = app.person("desk1", Scope::Viewer).await;
    let leak = chief.declare("leak").await;
    desk.get(&format!("{leak}/timeline")).await.problem(404, "unknown_incident");
}
