//! Alerts of other tools, from their bodies to the incidents they begin.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::http::Method;
use firebell::config::IngestSource;
use firebell::ingest::signature::Signing;
use firebell::ingest::{Dialect, Policy, Rule, Source};
use firebell::notify::Secret;
use firebell::runtime::Scope;
use firebell::store::{Memory, Store};
use serde_json::{Value as Json, json};
use smol_str::SmolStr;

use crate::app::{Call, Client, Reply, TestApp};

/// The key of a source, as long as providers make them.
pub fn key(source: &str) -> String {
    format!("{source:k<32}")
}

pub fn sources() -> BTreeMap<SmolStr, IngestSource> {
    let mut rule = Rule::default();
    rule.when("body.kind == \"check\"").unwrap();
    rule.say("name", "{{ body.check }}").unwrap();
    rule.say("dedup_key", "{{ body.check }}").unwrap();
    rule.say("status", "{{ body.state }}").unwrap();
    rule.label("env", "{{ body.env }}").unwrap();
    let checks = vec![rule];
    [
        ("prom", Dialect::Alertmanager, Vec::new()),
        ("graf", Dialect::Grafana, Vec::new()),
        ("pd", Dialect::PagerDuty, Vec::new()),
        ("pd2", Dialect::PagerDuty, Vec::new()),
        ("events", Dialect::CloudEvents, Vec::new()),
        ("checks", Dialect::Generic, checks),
        ("plain", Dialect::Generic, Vec::new()),
        ("og", Dialect::Opsgenie, Vec::new()),
        ("sentry", Dialect::Sentry, Vec::new()),
        ("signed", Dialect::Grafana, Vec::new()),
        ("ali", Dialect::Aliyun, Vec::new()),
        ("tx", Dialect::Tencent, Vec::new()),
        ("app", Dialect::Apprise, Vec::new()),
    ]
    .into_iter()
    .map(|(id, dialect, rules)| {
        // What PagerDuty's clients call an alert is a sentence: its sources say which plans' alerts
        // they send.
        let says_env =
            matches!(dialect, Dialect::Grafana | Dialect::Generic | Dialect::CloudEvents);
        let fixed = (!says_env && dialect != Dialect::Alertmanager)
            .then(|| ("env".into(), "prod".to_owned()))
            .into_iter()
            .collect();
        let source = Source { labels: fixed, rules: rules.into(), ..Source::new(id, dialect) };
        let signing = match id {
            "sentry" => Some(Signing::sentry()),
            "signed" => {
                Some(Signing { timestamp: Some("x-grafana-time".into()), ..Signing::grafana() })
            }
            _ => None,
        };
        (id.into(), IngestSource { source, key: Secret::new(key(id)), signing })
    })
    .collect()
}

pub fn start() -> TestApp {
    start_on(Arc::new(Memory::new()))
}

pub fn start_on(store: Arc<dyn Store>) -> TestApp {
    TestApp::start_from(store, sources(), Policy::default())
}

pub fn door(app: &TestApp, source: &str, path: &str) -> Call {
    let mut client = app.anonymous();
    client.token = Some(key(source));
    client.call(Method::POST, path)
}

pub async fn send(app: &TestApp, source: &str, path: &str, body: &Json) -> Reply {
    door(app, source, path).json(body).send().await
}

pub async fn incidents(desk: &Client) -> Vec<Json> {
    let page = desk.get("/api/v1/incidents").await.ok(200);
    page["items"].as_array().unwrap().clone()
}

pub async fn unmatched(desk: &Client) -> Vec<Json> {
    let page = desk.get("/api/v1/ingest/unmatched").await.ok(200);
    page["items"].as_array().unwrap().clone()
}

pub async fn timeline(desk: &Client, incident: &Json) -> String {
    let path = format!("/api/v1/incidents/{}/timeline?format=md", incident["id"].as_str().unwrap());
    desk.get(&path).await.text()
}

pub const ALERTMANAGER: &str = "/ingest/alertmanager";
pub const ENQUEUE: &str = "/ingest/pagerduty/v2/enqueue";

pub fn group(status: &str, members: usize) -> Json {
    let member = |n: usize| {
        json!({
            "status": status,
            "labels": { "alertname": "PhonesDown", "env": "prod", "instance": format!("p{n}") },
            "annotations": { "users": "1200" },
            "startsAt": "2026-11-21T07:58:00Z", "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "http://prometheus.example/graph", "fingerprint": format!("f{n}"),
        })
    };
    json!({
        "version": "4", "groupKey": "{}:{alertname=\"PhonesDown\"}", "truncatedAlerts": 0,
        "status": status, "receiver": "firebell", "groupLabels": { "alertname": "PhonesDown" },
        "commonLabels": {}, "commonAnnotations": {}, "externalURL": "http://am.example",
        "alerts": (0..members).map(member).collect::<Vec<_>>(),
    })
}

#[tokio::test]
async fn an_alert_begins_one_incident_comes_to_it_again_and_tells_it_when_it_is_over() {
    let app = start();
    let desk = app.person("desk1", Scope::Responder).await;
    let first = send(&app, "prom", ALERTMANAGER, &group("firing", 2)).await.ok(202);
    let outcomes = |answer: &Json| -> Vec<String> {
        let alerts = answer["alerts"].as_array().unwrap();
        alerts.iter().map(|alert| alert["outcome"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(outcomes(&first), ["declared", "grouped"]);
    let all = incidents(&desk).await;
    let [incident] = all.as_slice() else { panic!("{all:?}") };
    assert_eq!(first["alerts"][0]["incident"], incident["id"]);
    let path = format!("/api/v1/incidents/{}", incident["id"].as_str().unwrap());
    let shown = desk.get(&path).await.ok(200);
    assert_eq!((&shown["playbook"]["id"], &shown["level"]), (&"phones".into(), &2.into()));
    assert_eq!(shown["variables"]["users"], 1200);
    assert_eq!(shown["detected_at"], "2026-11-21T07:58:00Z");

    let again = send(&app, "prom", ALERTMANAGER, &group("firing", 3)).await.ok(202);
    assert_eq!(outcomes(&again), ["repeated", "repeated", "attached"]);
    let over = send(&app, "prom", ALERTMANAGER, &group("resolved", 3)).await.ok(202);
    assert_eq!(outcomes(&over), ["resolved", "grouped", "grouped"]);
    assert_eq!(incidents(&desk).await.len(), 1);
    let told = timeline(&desk, incident).await;
    assert_eq!(told.matches("Alert received: PhonesDown").count(), 2, "{told}");
    assert_eq!(told.matches("Alert PhonesDown resolved").count(), 1, "{told}");
    assert_eq!(unmatched(&desk).await, [] as [Json; 0]);
}

#[tokio::test]
async fn what_matches_nothing_is_accepted_counted_and_survives_a_restart() {
    let store: Arc<dyn Store> = Arc::new(Memory::new());
    let app = start_on(Arc::clone(&store));
    let mut body = group("firing", 1);
    body["alerts"][0]["labels"]["env"] = "test".into();
    for _ in 0..3 {
        let answer = send(&app, "prom", ALERTMANAGER, &body).await.ok(202);
        assert_eq!(
            (&answer["alerts"][0]["outcome"], &answer["unmatched"]),
            (&"unmatched".into(), &1.into())
        );
    }
    let strange = json!([{ "kind": "check" }, { "kind": "else" }, 3]);
    let answer = send(&app, "checks", "/ingest/generic/checks", &strange).await.ok(202);
    assert_eq!(answer["unmatched"], 3);
    let app = start_on(store);
    let desk = app.person("desk1", Scope::Responder).await;
    let list = unmatched(&desk).await;
    let mut seen: Vec<_> = list
        .iter()
        .map(|one| {
            (one["source"].as_str().unwrap(), one["reason"].as_str().unwrap(), &one["count"])
        })
        .collect();
    seen.sort_by_key(|row| (row.0, row.1));
    assert_eq!(
        seen,
        [
            ("checks", "incomplete", &json!(1)),
            ("checks", "no_rule", &json!(2)),
            ("prom", "no_plan", &json!(3)),
        ]
    );
    // What is over begins nothing and is nobody's business.
    let answer = send(&app, "prom", ALERTMANAGER, &group("resolved", 1)).await.ok(202);
    assert_eq!(answer["alerts"][0]["outcome"], "ignored");
    assert_eq!(unmatched(&desk).await.len(), 3);
}

#[tokio::test]
async fn pagerduty_is_answered_word_for_word() {
    let app = start();
    let desk = app.person("desk1", Scope::Responder).await;
    let event = |action: &str, routing: &str| {
        json!({
            "routing_key": key(routing), "event_action": action, "dedup_key": "phones-1",
            "payload": { "summary": "PhonesDown", "source": "pbx-1", "severity": "critical",
                "custom_details": { "users": 40 } },
        })
    };
    let enqueue = async |path: &str, body: &Json| {
        app.anonymous().call(Method::POST, path).json(body).send().await
    };
    let slashed = format!("{ENQUEUE}/");
    let done = enqueue(&slashed, &event("trigger", "pd")).await.ok(202);
    let wanted = json!({
        "status": "success", "message": "Event processed", "dedup_key": "phones-1",
    });
    assert_eq!(done, wanted);
    for action in ["trigger", "acknowledge", "resolve"] {
        assert_eq!(enqueue(ENQUEUE, &event(action, "pd")).await.ok(202), wanted, "{action}");
    }
    let all = incidents(&desk).await;
    assert_eq!(all.len(), 1);
    let told = timeline(&desk, &all[0]).await;
    for said in ["acknowledged at its source, pd", "Alert PhonesDown resolved"] {
        assert!(told.contains(said), "{said}: {told}");
    }
    // Another integration's key never meets it, and an event without a key is a trouble of its own.
    enqueue(ENQUEUE, &event("trigger", "pd2")).await.ok(202);
    let mut keyless = event("trigger", "pd");
    keyless.as_object_mut().unwrap().remove("dedup_key");
    let made = enqueue(ENQUEUE, &keyless).await.ok(202)["dedup_key"].clone();
    assert_eq!(made.as_str().unwrap().len(), 32);
    assert_eq!(incidents(&desk).await.len(), 3);

    let invalid = |errors: &[&str]| {
        json!({
            "status": "invalid event", "message": "Event object is invalid", "errors": errors,
        })
    };
    let unknown = enqueue(ENQUEUE, &event("trigger", "prom")).await.ok(400);
    assert_eq!(unknown, invalid(&["'routing_key' is not a known integration key"]));
    let mut wrong = event("trigger", "pd");
    wrong["payload"]["severity"] = "fatal".into();
    let errors = enqueue(ENQUEUE, &wrong).await.ok(400);
    assert_eq!(errors["status"], "invalid event");
    let broken = app.anonymous().call(Method::POST, ENQUEUE).bytes("{").send().await.ok(400);
    assert_eq!(broken["message"], "Event object is invalid");
}

#[tokio::test]
async fn every_dialect_begins_the_plan_that_answers_to_it() {
    let event = json!({
        "specversion": "1.0", "id": "7", "source": "/pbx", "type": "phones.down",
        "alertname": "PhonesDown", "env": "prod", "data": { "users": 5 },
    });
    let mut grafana = group("firing", 1);
    grafana["title"] = "[FIRING:1] PhonesDown".into();
    let check = json!({ "kind": "check", "check": "PhonesDown", "state": "down", "env": "prod" });
    let plain = json!({ "name": "PhonesDown", "labels": { "env": "prod" } });
    for (source, path, media, body) in [
        ("graf", "/ingest/grafana", "application/json", &grafana),
        ("events", "/ingest/cloudevents", "application/cloudevents+json; charset=utf-8", &event),
        ("events", "/ingest/cloudevents", "application/cloudevents-batch+json", &json!([event])),
        ("checks", "/ingest/generic/checks", "application/json", &check),
        ("plain", "/ingest/generic/plain", "text/plain", &plain),
    ] {
        let app = start();
        let call = door(&app, source, path).header("content-type", media);
        let answer = call.bytes(body.to_string()).send().await.ok(202);
        assert_eq!(answer["alerts"][0]["outcome"], "declared", "{source} {media}");
    }
    let app = start();
    let mut call = door(&app, "events", "/ingest/cloudevents");
    for (name, value) in [
        ("content-type", "application/json"),
        ("ce-specversion", "1.0"),
        ("ce-id", "7"),
        ("ce-source", "/pbx"),
        ("ce-type", "phones.down"),
        ("ce-alertname", "PhonesDown"),
        ("ce-env", "pro%64"),
    ] {
        call = call.header(name, value);
    }
    let answer = call.bytes("{\"users\":5}").send().await.ok(202);
    assert_eq!(answer["alerts"][0]["outcome"], "declared");
}

#[tokio::test]
async fn a_key_opens_the_doors_of_its_own_source_alone() {
    let app = start();
    let body = group("firing", 1);
    for (source, path) in [
        ("prom", "/ingest/grafana"),
        ("plain", "/ingest/generic/checks"),
        ("plain", "/ingest/generic/nobody"),
        ("nobody", ALERTMANAGER),
        ("prom", "/api/v1/incidents"),
        ("prom", "/api/v1/ingest/unmatched"),
    ] {
        let reply = send(&app, source, path, &body).await;
        if path == "/api/v1/ingest/unmatched" {
            assert_eq!(reply.status.as_u16(), 405);
        } else {
            reply.problem(401, "unauthenticated");
        }
    }
    let admin = app.person("ada", Scope::Admin).await;
    admin.post(ALERTMANAGER, body.clone()).await.problem(401, "unauthenticated");
    use base64::Engine as _;
    let basic = base64::engine::general_purpose::STANDARD.encode(format!("am:{}", key("prom")));
    let call = app.anonymous().call(Method::POST, ALERTMANAGER);
    call.header("authorization", &format!("Basic {basic}")).json(&body).send().await.ok(202);
    let hello = app.anonymous().call(Method::OPTIONS, "/ingest/cloudevents");
    let hello = hello.header("webhook-request-origin", "events.example").send().await;
    assert_eq!(
        (hello.status.as_u16(), hello.header("webhook-allowed-origin")),
        (200, "events.example")
    );
}

#[tokio::test]
async fn bad_bodies_are_refused_with_their_place_and_stay_visible() {
    let app = start();
    let huge = format!("{{\"alerts\":[],\"x\":\"{}\"}}", "x".repeat(10 * 1024 * 1024));
    for (source, path, bytes, status, code) in [
        (
            "prom",
            ALERTMANAGER,
            b"{\"alerts\":[{\"labels\":{\"a\":\"\xff\"}}]}".to_vec(),
            400,
            "malformed_json",
        ),
        ("prom", ALERTMANAGER, b"".to_vec(), 400, "malformed_json"),
        ("prom", ALERTMANAGER, b"[".repeat(100_000), 400, "malformed_json"),
        ("prom", ALERTMANAGER, b"{\"alerts\":{}}".to_vec(), 422, "invalid_fields"),
        ("graf", "/ingest/grafana", b"3".to_vec(), 422, "invalid_fields"),
        ("plain", "/ingest/generic/plain", b"{}".to_vec(), 422, "invalid_fields"),
        ("events", "/ingest/cloudevents", b"{}".to_vec(), 422, "invalid_fields"),
        ("prom", ALERTMANAGER, huge.into_bytes(), 413, "too_large"),
    ] {
        let call = door(&app, source, path).header("content-type", "application/json");
        call.bytes(bytes).send().await.problem(status, code);
    }
    let desk = app.person("desk1", Scope::Responder).await;
    let list = unmatched(&desk).await;
    assert!(list.iter().all(|one| one["reason"] == "unreadable"), "{list:?}");
    assert_eq!(list.len(), 4, "{list:?}");
    door(&app, "nobody", ALERTMANAGER).bytes("{}").send().await.problem(401, "unauthenticated");
    let told = app.anonymous().get("/metrics").await.text();
    for (result, count) in [("rejected", 7), ("too_large", 1), ("unauthenticated", 1)] {
        let line = format!("firebell_ingest_bodies_total{{result=\"{result}\"}} {count}");
        assert!(told.lines().any(|one| one == line), "{line}: {told}");
    }
}

#[tokio::test]
async fn a_sender_whose_clock_is_off_is_heard_and_the_record_says_only_what_can_be() {
    for (at, detected) in [
        ("2026-11-21T13:00:00Z", Json::Null),
        ("2026-11-21T03:00:00Z", "2026-11-21T03:00:00Z".into()),
        ("0001-01-01T00:00:00Z", Json::Null),
    ] {
        let app = start();
        let desk = app.person("desk1", Scope::Responder).await;
        let mut body = group("firing", 1);
        body["alerts"][0]["startsAt"] = at.into();
        let answer = send(&app, "prom", ALERTMANAGER, &body).await.ok(202);
        let id = answer["alerts"][0]["incident"].as_str().unwrap();
        let shown = desk.get(&format!("/api/v1/incidents/{id}")).await.ok(200);
        assert_eq!(shown["detected_at"], detected, "{at}");
    }
}

#[tokio::test]
async fn ten_thousand_labels_begin_an_incident_that_keeps_those_the_plan_asks_for() {
    let app = start();
    let mut body = group("firing", 1);
    for n in 0..10_000 {
        body["alerts"][0]["labels"][format!("a{n:05}")] = "x".into();
        body["alerts"][0]["annotations"][format!("a{n:05}")] = "x".into();
    }
    let answer = send(&app, "prom", ALERTMANAGER, &body).await.ok(202);
    assert_eq!(answer["alerts"][0]["outcome"], "declared");
    let desk = app.person("desk1", Scope::Responder).await;
    let id = answer["alerts"][0]["incident"].as_str().unwrap();
    let shown = desk.get(&format!("/api/v1/incidents/{id}")).await.ok(200);
    assert_eq!(shown["variables"]["users"], 1200);
}

#[tokio::test]
async fn when_too_much_arrives_each_sender_is_told_in_the_way_that_makes_it_come_back() {
    let app = start();
    let endless = || {
        let stream = futures_util::stream::pending::<Result<bytes::Bytes, std::io::Error>>();
        axum::body::Body::from_stream(stream)
    };
    let mut held = Vec::new();
    for _ in 0..64 {
        held.push(tokio::spawn(door(&app, "prom", ALERTMANAGER).bytes(endless()).send()));
    }
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
    let reply = send(&app, "prom", ALERTMANAGER, &group("firing", 1)).await;
    assert_eq!(reply.header("retry-after"), "1");
    reply.problem(503, "busy");
    let reply = app.anonymous().call(Method::POST, ENQUEUE).json(&json!({})).send().await;
    assert_eq!((reply.status.as_u16(), reply.header("retry-after")), (429, "1"));
    let alerts = "/ingest/opsgenie/v2/alerts";
    let reply = send(&app, "og", alerts, &json!({ "message": "x" })).await;
    assert_eq!((reply.status.as_u16(), reply.header("retry-after")), (429, "1"));
    held.iter().for_each(tokio::task::JoinHandle::abort);
    for task in held {
        assert!(task.await.unwrap_err().is_cancelled());
    }
    send(&app, "prom", ALERTMANAGER, &group("firing", 1)).await.ok(202);
}
