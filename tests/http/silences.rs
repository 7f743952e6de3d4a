//! Alerts that shall begin nothing for now: silences, inhibition, groups, flapping; and sources that
//! fall silent.

use std::sync::Arc;

use axum::http::Method;
use firebell::config::IngestSource;
use firebell::ingest::{Dialect, Inhibition, Matcher, Policy, Source};
use firebell::notify::Secret;
use firebell::runtime::Scope;
use firebell::server::watch_alerts;
use firebell::store::{Memory, Store};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value as Json, json};

use crate::app::{Client, TestApp};

const KEY: &str = "0123456789abcdef";
const ROUNDS_MAX: usize = 10_000;

fn key(source: &str) -> String {
    format!("{source}-{KEY}")
}

fn source(source: Source) -> (smol_str::SmolStr, IngestSource) {
    let key = Secret::new(key(&source.id));
    (source.id.clone(), IngestSource { source, key, signing: None })
}

fn policy() -> Policy {
    let matcher =
        |label: &str, value: &str| Matcher::new([(label.into(), value.to_owned())].into()).unwrap();
    let rule = Inhibition {
        by: matcher("alertname", "SiteDown"),
        mutes: matcher("alertname", "PhonesDown"),
        equal: vec!["site".into()],
    };
    Policy { inhibitions: vec![rule], ..Policy::default() }
}

fn start_on(store: Arc<dyn Store>, silent_after: Option<SignedDuration>) -> TestApp {
    let beats = Source { silent_after, ..Source::new("beats", Dialect::Generic) };
    let sites = Source { group_by: vec!["site".into()], ..Source::new("sites", Dialect::Generic) };
    let plain = Source::new("plain", Dialect::Generic);
    let sources = [source(beats), source(plain), source(sites)].into();
    let app = TestApp::start_from(store, sources, policy());
    tokio::spawn(watch_alerts(app.app.clone()));
    app
}

fn start() -> TestApp {
    start_on(Arc::new(Memory::new()), None)
}

/// Sends one alert; returns what became of it.
async fn send(app: &TestApp, source: &str, body: Json) -> String {
    let mut client = app.anonymous();
    client.token = Some(key(source));
    let path = format!("/ingest/generic/{source}");
    let answer = client.call(Method::POST, &path).json(&body).send().await.ok(202);
    answer["alerts"][0]["outcome"].as_str().unwrap().to_owned()
}

fn phones(status: &str) -> Json {
    json!({ "name": "PhonesDown", "status": status, "dedup_key": "p1",
        "labels": { "env": "prod", "site": "a" } })
}

async fn incidents(desk: &Client) -> usize {
    let page = desk.get("/api/v1/incidents").await.ok(200);
    page["items"].as_array().unwrap().len()
}

async fn items(desk: &Client, path: &str) -> Vec<Json> {
    desk.get(path).await.ok(200)["items"].as_array().unwrap().clone()
}

/// Lets what runs beside the test run until there are so many incidents.
async fn until_incidents(desk: &Client, count: usize) {
    for _ in 0..ROUNDS_MAX {
        if incidents(desk).await == count {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("{count} incidents were expected, {} are there", incidents(desk).await);
}

fn in_minutes(app: &TestApp, minutes: i64) -> Timestamp {
    firebell::clock::Clock::now(&*app.clock) + SignedDuration::from_mins(minutes)
}

#[tokio::test]
async fn a_silence_holds_back_what_still_fires_until_it_ends_also_over_a_restart() {
    let store: Arc<dyn Store> = Arc::new(Memory::new());
    let app = start_on(Arc::clone(&store), None);
    let ada = app.person("ada", Scope::Commander).await;
    let wanted =
        json!({ "match": { "site": "a" }, "to": in_minutes(&app, 30), "note": "机房搬迁" });
    let made = ada.post("/api/v1/silences", wanted).await.ok(201);
    assert_eq!((&made["holds"], &made["by"]), (&json!(true), &json!("ada")));
    assert_eq!(send(&app, "plain", phones("firing")).await, "muted");
    assert_eq!(incidents(&ada).await, 0);
    let waiting = items(&ada, "/api/v1/ingest/muted").await;
    assert_eq!((&waiting[0]["reason"], &waiting[0]["until"]), (&json!("silenced"), &made["to"]));
    drop(app);

    let app = start_on(store, None);
    let ada = app.person("ada", Scope::Commander).await;
    assert_eq!(items(&ada, "/api/v1/silences").await[0]["id"], made["id"]);
    tokio::task::yield_now().await;
    assert_eq!(incidents(&ada).await, 0);
    app.clock.advance(SignedDuration::from_mins(30));
    until_incidents(&ada, 1).await;
    assert_eq!(items(&ada, "/api/v1/ingest/muted").await, [] as [Json; 0]);
}

#[tokio::test]
async fn whoever_ends_a_silence_lets_what_waits_begin_and_what_is_over_never_does() {
    let app = start();
    let ada = app.person("ada", Scope::Commander).await;
    let wanted = json!({ "match": { "env": "prod" }, "to": in_minutes(&app, 60) });
    let id = ada.post("/api/v1/silences", wanted).await.ok(201)["id"].clone();
    send(&app, "plain", phones("firing")).await;
    let other = json!({ "name": "PhonesDown", "dedup_key": "p2", "labels": { "env": "prod" } });
    send(&app, "plain", other.clone()).await;
    let over = json!({ "name": "PhonesDown", "dedup_key": "p2", "status": "resolved" });
    assert_eq!(send(&app, "plain", over).await, "ignored");
    let path = format!("/api/v1/silences/{}", id.as_str().unwrap());
    ada.call(Method::DELETE, &path).send().await.ok(200);
    until_incidents(&ada, 1).await;
    assert_eq!(items(&ada, "/api/v1/ingest/muted").await, [] as [Json; 0]);
    ada.call(Method::DELETE, "/api/v1/silences/s-none")
        .send()
        .await
        .problem(404, "unknown_silence");
}

#[tokio::test]
async fn a_silence_can_be_tried_on_what_fired_lately() {
    let app = start();
    let desk = app.person("desk1", Scope::Responder).await;
    send(&app, "plain", phones("firing")).await;
    let wanted = |site: &str| json!({ "match": { "site": site }, "to": in_minutes(&app, 60) });
    let tried = desk.post("/api/v1/silences/preview", wanted("a")).await.ok(200);
    assert_eq!(
        (&tried["looked_at"], &tried["muted"][0]["name"]),
        (&json!(1), &json!("PhonesDown"))
    );
    let tried = desk.post("/api/v1/silences/preview", wanted("b")).await.ok(200);
    assert_eq!(tried["muted"], json!([]));
    desk.post("/api/v1/silences", wanted("a")).await.problem(403, "scope_too_low");
}

#[tokio::test]
async fn after_a_restart_a_silence_is_tried_on_the_bodies_that_are_kept_each_once() {
    let store: Arc<dyn Store> = Arc::new(Memory::new());
    let app = start_on(Arc::clone(&store), None);
    send(&app, "plain", phones("firing")).await;
    let site = json!([{ "name": "SiteDown", "labels": { "site": "a" } },
        { "name": "Over", "status": "ok", "labels": { "site": "a" } }]);
    send(&app, "plain", site).await;
    let app = start_on(store, None);
    let desk = app.person("desk1", Scope::Responder).await;
    send(&app, "plain", json!({ "name": "New", "labels": { "site": "a" } })).await;
    let wanted = json!({ "match": { "site": "a" }, "to": in_minutes(&app, 60) });
    for _ in 0..2 {
        let tried = desk.post("/api/v1/silences/preview", wanted.clone()).await.ok(200);
        let muted = tried["muted"].as_array().unwrap();
        let names: Vec<_> = muted.iter().map(|one| one["name"].as_str().unwrap()).collect();
        assert_eq!(
            (&tried["looked_at"], names),
            (&json!(3), vec!["New", "SiteDown", "PhonesDown"])
        );
    }
}

#[tokio::test]
async fn silences_of_the_configuration_are_read_again_and_a_broken_one_changes_nothing() {
    let app = start();
    let ada = app.person("ada", Scope::Admin).await;
    let reload = async |text: &str| {
        std::fs::write(app.folder().join("firebell.yaml"), text).unwrap();
        ada.post("/api/v1/reload", json!({})).await.ok(200)["alerts"].clone()
    };
    let silence = "alerts:\n  silences:\n    move: { match: { site: a }, from: 2026-11-01T00:00, \
                   to: 2026-12-01T00:00, timezone: UTC, note: x }\n";
    assert_eq!(reload(silence).await, json!({ "swapped": true, "findings": [] }));
    assert_eq!(send(&app, "plain", phones("firing")).await, "muted");
    let refused = reload(&silence.replace("UTC", "Nowhere")).await;
    assert_eq!(refused["swapped"], false, "{refused}");
    let found = &refused["findings"][0];
    assert_eq!((&found["severity"], &found["line"]), (&json!("error"), &json!(3)), "{refused}");
    assert_eq!(send(&app, "plain", phones("firing")).await, "muted");
    assert_eq!(reload("# nothing is announced\n").await["swapped"], true);
    until_incidents(&ada, 1).await;
    assert_eq!(reload("# nothing is announced\n").await["swapped"], false);
}

#[tokio::test]
async fn what_waits_and_what_is_kept_is_measured() {
    let app = start();
    let ada = app.person("ada", Scope::Commander).await;
    let wanted = json!({ "match": { "env": "prod" }, "to": in_minutes(&app, 60) });
    ada.post("/api/v1/silences", wanted).await.ok(201);
    send(&app, "plain", phones("firing")).await;
    let told = app.anonymous().get("/metrics").await.text();
    let bytes = phones("firing").to_string().len();
    for line in [
        "firebell_alerts_waiting{reason=\"silenced\"} 1".to_owned(),
        "firebell_alerts_waiting{reason=\"inhibited\"} 0".to_owned(),
        "firebell_alerts_waiting{reason=\"flapping\"} 0".to_owned(),
        "firebell_ingest_bodies_kept 1".to_owned(),
        format!("firebell_ingest_kept_bytes {bytes}"),
    ] {
        assert!(told.lines().any(|one| one == line), "{line}: {told}");
    }
}

#[tokio::test]
async fn a_silence_that_cannot_be_meant_is_refused() {
    let app = start();
    let ada = app.person("ada", Scope::Commander).await;
    for (body, pointer) in [
        (json!({ "match": {}, "to": in_minutes(&app, 5) }), "/match"),
        (json!({ "match": { "a": "b" }, "to": in_minutes(&app, -5) }), "/to"),
        (json!({ "match": { "a": "b" }, "to": in_minutes(&app, 60 * 24 * 40) }), "/to"),
        (json!({ "match": { "a": "b".repeat(2_000) }, "to": in_minutes(&app, 5) }), "/match"),
        (
            json!({ "match": { "a": "b" }, "to": in_minutes(&app, 5), "note": "n".repeat(501) }),
            "/note",
        ),
    ] {
        let problem = ada.post("/api/v1/silences", body).await.problem(422, "invalid_fields");
        assert_eq!(problem["errors"][0]["pointer"], pointer);
    }
}

#[tokio::test]
async fn a_consequence_begins_nothing_while_its_cause_fires() {
    let app = start();
    let ada = app.person("ada", Scope::Commander).await;
    let site = |status: &str| {
        json!({ "name": "SiteDown", "status": status, "dedup_key": "s",
        "labels": { "site": "a" } })
    };
    assert_eq!(send(&app, "plain", site("firing")).await, "unmatched");
    assert_eq!(send(&app, "plain", phones("firing")).await, "muted");
    send(&app, "plain", site("resolved")).await;
    assert_eq!(incidents(&ada).await, 0);
    app.clock.advance(SignedDuration::from_mins(1));
    until_incidents(&ada, 1).await;
}

#[tokio::test]
async fn a_source_that_falls_silent_is_an_alert_until_it_is_heard_of() {
    let app = start_on(Arc::new(Memory::new()), Some(SignedDuration::from_mins(5)));
    let ada = app.person("ada", Scope::Commander).await;
    let beat = async |key: &str| {
        let mut client = app.anonymous();
        client.token = Some(key.to_owned());
        client.call(Method::POST, "/ingest/heartbeat/beats").send().await
    };
    beat("another-key-of-16").await.problem(401, "unauthenticated");
    assert_eq!(beat(&key("beats")).await.status.as_u16(), 204);
    app.clock.advance(SignedDuration::from_mins(5));
    until_incidents(&ada, 1).await;
    let incident = items(&ada, "/api/v1/incidents").await[0].clone();
    assert_eq!(beat(&key("beats")).await.status.as_u16(), 204);
    let path = format!("/api/v1/incidents/{}/timeline?format=md", incident["id"].as_str().unwrap());
    for _ in 0..ROUNDS_MAX {
        if ada.get(&path).await.text().contains("Alert SourceSilent resolved") {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("{}", ada.get(&path).await.text());
}

#[tokio::test]
async fn alerts_of_one_group_are_one_incident_that_is_over_with_the_last() {
    let app = start();
    let ada = app.person("ada", Scope::Commander).await;
    let member = |key: &str, status: &str| {
        json!({ "name": "PhonesDown", "status": status,
        "dedup_key": key, "labels": { "env": "prod", "site": "a" } })
    };
    assert_eq!(send(&app, "sites", member("1", "firing")).await, "declared");
    assert_eq!(send(&app, "sites", member("2", "firing")).await, "attached");
    assert_eq!(send(&app, "sites", member("1", "resolved")).await, "grouped");
    assert_eq!(send(&app, "sites", member("2", "resolved")).await, "resolved");
    assert_eq!(incidents(&ada).await, 1);
}
