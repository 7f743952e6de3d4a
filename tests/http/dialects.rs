//! Each dialect from its body, as its tool sends it, to the incident it begins and ends.

use std::sync::Arc;

use axum::http::Method;
use base64::Engine as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value as Json, json};
use sha2::Sha256;

use crate::app::{Call, Reply, START, TestApp};
use crate::ingest::{
    ENQUEUE, door, group, incidents, key, send, start, start_on, timeline, unmatched,
};
use firebell::runtime::Scope;
use firebell::store::{Memory, Store};

const ALERTS: &str = "/ingest/opsgenie/v2/alerts";

fn sign(secret: &str, text: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(text);
    hex::encode(mac.finalize().into_bytes())
}

fn genie(app: &TestApp, method: Method, path: &str) -> Call {
    let call = app.anonymous().call(method, path);
    call.header("authorization", &format!("GenieKey {}", key("og")))
}

async fn posted(app: &TestApp, path: &str, body: &Json) -> String {
    let answer = genie(app, Method::POST, path).json(body).send().await.ok(202);
    assert_eq!(answer["result"], "Request will be processed");
    assert!(answer["took"].is_number());
    answer["requestId"].as_str().unwrap().to_owned()
}

async fn status(app: &TestApp, request: &str) -> Json {
    let path = format!("{ALERTS}/requests/{request}");
    genie(app, Method::GET, &path).send().await.ok(200)["data"].clone()
}

#[tokio::test]
async fn opsgenie_clients_create_remark_on_acknowledge_and_close() {
    let app = start();
    let desk = app.person("desk1", Scope::Responder).await;
    let body = json!({ "message": "No calls", "alias": "phones/1", "priority": "P1",
        "details": { "alertname": "PhonesDown", "env": "prod" }, "description": "x" });
    let request = posted(&app, ALERTS, &body).await;
    let created = status(&app, &request).await;
    assert_eq!((&created["isSuccess"], &created["alias"]), (&true.into(), &"phones/1".into()));
    posted(&app, ALERTS, &body).await;
    let all = incidents(&desk).await;
    assert_eq!(all.len(), 1);
    let by_alias = |act: &str| format!("{ALERTS}/phones%2F1/{act}?identifierType=alias");
    posted(&app, &by_alias("notes"), &json!({ "note": "line 2 too", "user": "li" })).await;
    let id = created["alertId"].as_str().unwrap();
    posted(&app, &format!("{ALERTS}/{id}/acknowledge"), &json!({})).await;
    let closed = posted(&app, &by_alias("close"), &json!({})).await;
    assert_eq!(status(&app, &closed).await["action"], "Close");
    let told = timeline(&desk, &all[0]).await;
    for said in ["line 2 too", "acknowledged at its source, og", "Alert phones/1 resolved"] {
        assert!(told.contains(said), "{said}: {told}");
    }
    // What is not there is taken and comes to nothing, as at Opsgenie.
    let nothing = posted(&app, &format!("{ALERTS}/nobody/close"), &Json::Null).await;
    assert_eq!(status(&app, &nothing).await["status"], "Alert does not exist");
    // An alert without an alias is a trouble of its own, known by its id.
    let mut bare = body.clone();
    bare.as_object_mut().unwrap().remove("alias");
    let made = status(&app, &posted(&app, ALERTS, &bare).await).await;
    assert_eq!(made["alias"], made["alertId"]);
    assert_eq!(incidents(&desk).await.len(), 2);
    let id = made["alertId"].as_str().unwrap();
    let over = posted(&app, &format!("{ALERTS}/{id}/close"), &json!({})).await;
    assert_eq!(status(&app, &over).await["isSuccess"], true);
}

#[tokio::test]
async fn opsgenie_clients_are_refused_in_its_shape() {
    let app = start();
    let wrong = genie(&app, Method::POST, ALERTS).json(&json!({})).send().await.ok(422);
    assert_eq!(wrong["errors"]["message"], "can not be empty");
    assert!(wrong["requestId"].is_string());
    let stranger = app.anonymous().call(Method::POST, ALERTS).json(&json!({})).send().await;
    assert!(stranger.ok(401)["message"].is_string());
    for (path, status) in [
        (format!("{ALERTS}/a/snooze"), 404),
        (format!("{ALERTS}/a/close?identifierType=tiny"), 422),
    ] {
        genie(&app, Method::POST, &path).json(&json!({})).send().await.ok(status);
    }
    let gone = format!("{ALERTS}/requests/00000000-0000-0000-0000-000000000000");
    genie(&app, Method::GET, &gone).send().await.ok(404);
}

fn sentry(action: &str) -> Json {
    json!({ "action": action, "data": { "issue": { "id": "7", "title": "PhonesDown",
        "level": "error", "project": { "slug": "pbx" } } } })
}

#[tokio::test]
async fn sentry_is_known_by_its_signature_alone() {
    let app = start();
    let desk = app.person("desk1", Scope::Responder).await;
    let post = async |signature: Option<&str>, bytes: Vec<u8>| -> Reply {
        let mut call = app.anonymous().call(Method::POST, "/ingest/sentry/sentry");
        call = call.header("content-type", "application/json");
        call = call.header("sentry-hook-resource", "issue");
        if let Some(signature) = signature {
            call = call.header("sentry-hook-signature", signature);
        }
        call.bytes(bytes).send().await
    };
    let body = sentry("created").to_string().into_bytes();
    let good = sign(&key("sentry"), &body);
    let done = post(Some(&good), body.clone()).await.ok(202);
    assert_eq!(done["alerts"][0]["outcome"], "declared");
    let over = sentry("resolved").to_string().into_bytes();
    let done = post(Some(&sign(&key("sentry"), &over)), over.clone()).await.ok(202);
    assert_eq!(done["alerts"][0]["outcome"], "resolved");
    for bad in [None, Some("00"), Some(good.as_str()), Some("nonsense")] {
        post(bad, over.clone()).await.problem(401, "unauthenticated");
    }
    // The key itself opens nothing, and neither does a source that is not there.
    send(&app, "sentry", "/ingest/sentry/sentry", &sentry("created"))
        .await
        .problem(401, "unauthenticated");
    send(&app, "sentry", "/ingest/sentry/none", &sentry("created"))
        .await
        .problem(401, "unauthenticated");
    assert_eq!(incidents(&desk).await.len(), 1);
}

#[tokio::test]
async fn what_sentry_signed_has_no_effect_again_once_it_no_longer_tries_again() {
    let store: Arc<dyn Store> = Arc::new(Memory::new());
    let app = start_on(Arc::clone(&store));
    let post = async |app: &TestApp, body: &Json| {
        let bytes = body.to_string().into_bytes();
        let call = app.anonymous().call(Method::POST, "/ingest/sentry/sentry");
        let call = call.header("sentry-hook-signature", &sign(&key("sentry"), &bytes));
        let done = call.bytes(bytes).send().await.ok(202);
        done["alerts"][0]["outcome"].clone()
    };
    assert_eq!(post(&app, &sentry("created")).await, "declared");
    assert_eq!(post(&app, &sentry("resolved")).await, "resolved");
    // The answer to Sentry was lost: it tries again.
    app.clock.advance(jiff::SignedDuration::from_mins(15));
    assert_eq!(post(&app, &sentry("resolved")).await, "resolved");
    // Somebody else has both bodies with their signatures; what is known outlives a restart.
    let app = start_on(store);
    app.clock.advance(jiff::SignedDuration::from_hours(2));
    for action in ["created", "resolved"] {
        assert_eq!(post(&app, &sentry(action)).await, Json::Null, "{action}");
    }
    let told = app.anonymous().get("/metrics").await.text();
    assert!(told.contains("firebell_ingest_bodies_total{result=\"replayed\"} 2"), "{told}");
    assert_eq!(post(&app, &sentry("unresolved")).await, "attached");
}

#[tokio::test]
async fn a_signed_grafana_notification_is_refused_outside_its_window_with_the_difference() {
    let app = start();
    let body = group("firing", 1).to_string();
    let now = START.parse::<jiff::Timestamp>().unwrap().as_second();
    let post = async |at: i64, signature: &str| {
        let call = app.anonymous().call(Method::POST, "/ingest/grafana/signed");
        let call = call.header("x-grafana-time", &at.to_string());
        let call = call.header("x-grafana-alerting-signature", signature);
        call.bytes(body.clone()).send().await
    };
    let signed = |at: i64| sign(&key("signed"), format!("{at}:{body}").as_bytes());
    post(now - 299, &signed(now - 299)).await.ok(202);
    let late = post(now - 10_800, &signed(now - 10_800)).await.problem(401, "unauthenticated");
    let said = late["detail"].as_str().unwrap();
    assert!(said.contains("3 h 0 min 0 s before") && said.contains("NTP"), "{said}");
    let early = post(now + 7_200, &signed(now + 7_200)).await.problem(401, "unauthenticated");
    assert!(early["detail"].as_str().unwrap().contains("2 h 0 min 0 s ahead"), "{early}");
    // The second is signed: another one makes the signature wrong.
    post(now, &signed(now - 10_800)).await.problem(401, "unauthenticated");
    // A source that signs takes no key, at neither door.
    for path in ["/ingest/grafana/signed", "/ingest/grafana"] {
        send(&app, "signed", path, &group("firing", 1)).await.problem(401, "unauthenticated");
    }
    // One that does not sign may stand in the path as well.
    send(&app, "graf", "/ingest/grafana/graf", &group("firing", 1)).await.ok(202);
}

#[tokio::test]
async fn the_clouds_are_heard_with_what_little_they_can_send() {
    let app = start();
    let form = "application/x-www-form-urlencoded";
    let callback = |state: &str| {
        format!(
            "alertName=PhonesDown&alertState={state}&instanceName=pbx&dimensions=%7Bi%3D1%7D&\
             curValue=97&alertname=PhonesDown&triggerLevel=CRITICAL"
        )
    };
    let path = format!("/ingest/aliyun/{}", key("ali"));
    let post = async |path: &str, state: &str| {
        let call = app.anonymous().call(Method::POST, path).header("content-type", form);
        call.bytes(callback(state)).send().await
    };
    for (state, outcome) in
        [("ALERT", "declared"), ("INSUFFICIENT_DATA", "attached"), ("OK", "resolved")]
    {
        let done = post(&path, state).await.ok(202);
        assert_eq!(done["alerts"][0]["outcome"], outcome, "{state}");
    }
    post("/ingest/aliyun/guessed", "ALERT").await.problem(401, "unauthenticated");
    let json_body = json!({ "alertName": "PhonesDown", "alertState": "ALERT" });
    let done = send(&app, "ali", "/ingest/aliyun", &json_body).await.ok(202);
    assert_eq!(done["alerts"][0]["outcome"], "declared");

    let basic = base64::engine::general_purpose::STANDARD.encode(format!("u:{}", key("tx")));
    for (status, outcome) in [(json!("1"), "declared"), (json!(0), "resolved")] {
        let body = json!({ "alarmStatus": status, "alarmType": "metric",
            "alarmPolicyInfo": { "policyId": "p", "policyName": "PhonesDown" } });
        let call = app.anonymous().call(Method::POST, "/ingest/tencent");
        let call = call.header("authorization", &format!("Basic {basic}"));
        let done = call.json(&body).send().await.ok(202);
        assert_eq!(done["alerts"][0]["outcome"], outcome);
    }
}

#[tokio::test]
async fn a_form_and_a_notice_of_apprise_are_heard() {
    let app = start();
    let call = door(&app, "plain", "/ingest/generic/plain");
    let call = call.header("content-type", "application/x-www-form-urlencoded");
    let form =
        "name=PhonesDown&status=PROBLEM&dedup_key=pbx&labels.env=prod&annotations.users=%ff12";
    let done = call.bytes(form).send().await.ok(202);
    assert_eq!(done["alerts"][0]["outcome"], "declared");
    for (kind, outcome) in [("failure", "declared"), ("success", "resolved")] {
        let body = json!({ "version": "1.0", "title": "PhonesDown", "message": "x", "type": kind });
        let done = send(&app, "app", "/ingest/apprise", &body).await.ok(202);
        assert_eq!(done["alerts"][0]["outcome"], outcome);
    }
}

#[tokio::test]
async fn a_change_calls_nobody_and_is_told_to_the_incidents_of_its_source() {
    let app = start();
    let desk = app.person("desk1", Scope::Responder).await;
    let trigger = |routing: &str| {
        json!({ "routing_key": key(routing), "event_action": "trigger", "dedup_key": routing,
            "payload": { "summary": "PhonesDown", "source": "pbx", "severity": "error" } })
    };
    for source in ["pd", "pd2"] {
        app.anonymous().call(Method::POST, ENQUEUE).json(&trigger(source)).send().await.ok(202);
    }
    let change = json!({ "routing_key": key("pd"), "payload": { "summary": "Build 17 is live",
        "source": "ci", "timestamp": "2026-11-21T07:59:00Z" },
        "links": [{ "href": "https://ci.example/17" }] });
    for path in ["/ingest/pagerduty/v2/change/enqueue", "/ingest/pagerduty/v2/change/enqueue/"] {
        let done = app.anonymous().call(Method::POST, path).json(&change).send().await.ok(202);
        assert_eq!(done, json!({ "status": "success", "message": "Change event processed" }));
    }
    let list = desk.get("/api/v1/changes").await.ok(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 2);
    assert_eq!(list["items"][0]["summary"], "Build 17 is live");
    assert!(!list.to_string().contains(&key("pd")));
    let all = incidents(&desk).await;
    assert_eq!(all.len(), 2);
    let mut told = 0;
    for incident in &all {
        told +=
            usize::from(timeline(&desk, incident).await.contains("What changed: Build 17 is live"));
    }
    assert_eq!(told, 1);
    let path = "/ingest/pagerduty/v2/change/enqueue";
    let wrong = app.anonymous().call(Method::POST, path).json(&json!({})).send().await.ok(400);
    assert_eq!(wrong["status"], "invalid event");
    let mut stranger = change.clone();
    stranger["routing_key"] = key("nobody").into();
    app.anonymous().call(Method::POST, path).json(&stranger).send().await.ok(400);
}

#[tokio::test]
async fn a_wrong_event_of_a_known_pagerduty_source_stays_visible() {
    let app = start();
    let body = json!({ "routing_key": key("pd"), "event_action": "open" });
    app.anonymous().call(Method::POST, ENQUEUE).json(&body).send().await.ok(400);
    let list = unmatched(&app.person("desk1", Scope::Responder).await).await;
    assert_eq!((&list[0]["source"], &list[0]["reason"]), (&"pd".into(), &"unreadable".into()));
}

#[tokio::test]
async fn too_much_and_too_long_is_refused_at_every_new_door() {
    let app = start();
    let huge = "x".repeat(10 * 1024 * 1024);
    let by_path = format!("/ingest/aliyun/{}", key("ali"));
    for (source, path) in [
        ("ali", by_path.as_str()),
        ("tx", "/ingest/tencent"),
        ("app", "/ingest/apprise"),
        ("sentry", "/ingest/sentry/sentry"),
        ("og", ALERTS),
        ("pd", "/ingest/pagerduty/v2/change/enqueue/"),
    ] {
        let reply = door(&app, source, path).bytes(huge.clone()).send().await;
        assert_eq!(reply.status.as_u16(), 413, "{path}: {}", reply.text());
    }
    let told = app.anonymous().get("/metrics").await.text();
    assert!(told.contains("firebell_ingest_bodies_total{result=\"too_large\"} 6"), "{told}");
}
