//! Counted occurrences come in, and how the monitors stand goes out.

use std::sync::Arc;

use axum::http::Method;
use firebell::clock::Clock as _;
use firebell::people::Zone;
use firebell::runtime::Scope;
use firebell::signal::{BODY_BYTES_MAX, Baseline, Monitor, Rule, Spread};
use firebell::store::{Memory, Store};
use jiff::SignedDuration;
use serde_json::{Value as Json, json};

use crate::app::{Call, Client, Reply, START, TestApp};

const SIGNALS: &str = "/api/v1/signals";

fn monitor() -> Monitor {
    Monitor {
        id: "complaints".into(),
        signal: "complaint".into(),
        window: 60,
        group_by: vec!["category".into()],
        spread: Spread::Anywhere,
        minimum: 10,
        rule: Rule::AtLeast(50),
        marks: Vec::new(),
        sources: Vec::new(),
        baseline: Baseline { weeks: 4, floor: 1.0 },
        chance: 1e-4,
        levels: Vec::new(),
        clear_below: 1.5,
        clear_for: 30,
        cool_down: 60,
        late: 10,
        groups_max: 5,
        zone: Zone::utc(),
    }
}

fn start() -> TestApp {
    TestApp::start_watching(Arc::new(Memory::new()), vec![monitor()])
}

fn lines(client: &Client, body: impl Into<axum::body::Body>) -> Call {
    client.call(Method::POST, SIGNALS).header("content-type", "application/x-ndjson").bytes(body)
}

async fn state(client: &Client) -> Json {
    client.get("/api/v1/monitors").await.ok(200)["items"][0].clone()
}

/// Waits until the monitors have looked at the minute that it is.
async fn looked(app: &TestApp, client: &Client, state_is: &str) -> Json {
    let patience = tokio::time::Instant::now() + std::time::Duration::from_secs(20);
    while tokio::time::Instant::now() < patience {
        let now = state(client).await;
        if now["state"] == state_is {
            return now;
        }
        tokio::task::yield_now().await;
    }
    panic!("{} after {}", state(client).await, app.clock.now());
}

#[tokio::test]
async fn one_a_list_and_lines_are_counted_and_every_line_that_is_not_is_told() {
    let app = start();
    let desk = app.person("desk1", Scope::Responder).await;
    let one = json!({ "signal": "complaint", "labels": { "category": "delivery" } });
    let told = desk.post(SIGNALS, one.clone()).await.ok(202);
    assert_eq!(told, json!({ "counted": 1, "late": 0, "ahead": 0, "unwatched": 0, "refused": 0 }));
    let several = json!([one, { "signal": "call" }, { "signal": "complaint", "count": 4 }]);
    let told = desk.post(SIGNALS, several).await.ok(202);
    assert_eq!((&told["counted"], &told["unwatched"]), (&json!(2), &json!(1)));

    let body = "{\"signal\":\"complaint\"}\n\n{\"signal\":\"complaint\",\"count\":-1}\r\n{}\n\
                {\"signal\":\"complaint\",\"count\":NaN}\n{\"signal\":\"complaint\",\"count\":9e99}\n\
                {\"signal\":\"complaint\",\"at\":\"2026-11-21T07:49:00Z\"}\n\
                {\"signal\":\"complaint\",\"at\":\"2026-11-21T14:00:00Z\"}\n\
                {\"signal\":\"complaint\",\"at\":\"2026-11-21T07:51:00Z\",\"ticket\":\"T-7\"}";
    let told = lines(&desk, body).send().await.ok(202);
    assert_eq!(
        (&told["counted"], &told["late"], &told["ahead"], &told["refused"]),
        (&json!(2), &json!(1), &json!(1), &json!(4)),
    );
    let at = |n: usize| told["faults"][n]["line"].as_u64().unwrap();
    assert_eq!([at(0), at(1), at(2), at(3)], [3, 4, 5, 6]);
    assert!(told["faults"][0]["detail"]["zh"].is_string());
    let now = state(&desk).await;
    assert_eq!((&now["counted"], &now["groups"]), (&json!(8), &json!(2)), "{now}");
    assert_eq!(now["last_signal_at"], START);
    let metrics = app.anonymous().get("/metrics").await.text();
    for line in ["counted\"} 5", "late\"} 1", "ahead\"} 1", "unwatched\"} 1", "refused\"} 4"] {
        assert!(metrics.contains(&format!("firebell_signals_total{{result=\"{line}")), "{line}");
    }
}

#[tokio::test]
async fn a_key_counts_once_and_still_does_after_a_restart() {
    let store: Arc<dyn Store> = Arc::new(Memory::new());
    let app = TestApp::start_watching(Arc::clone(&store), vec![monitor()]);
    let desk = app.person("desk1", Scope::Responder).await;
    let send = |client: &Client, body: &str| {
        lines(client, body.to_owned()).header("idempotency-key", "b-1").send()
    };
    let body = "{\"signal\":\"complaint\",\"count\":7}";
    let first = send(&desk, body).await;
    let again = send(&desk, body).await;
    assert_eq!(
        (first.bytes.clone(), again.header("idempotency-replayed")),
        (again.bytes.clone(), "true")
    );
    send(&desk, "{\"signal\":\"complaint\"}").await.problem(422, "idempotency_key_reused");
    assert_eq!(state(&desk).await["counted"], 7);
    // As after a death: the first server was never asked to stop.
    let next = TestApp::start_watching(store, vec![monitor()]);
    let desk = next.person("desk1", Scope::Responder).await;
    assert_eq!(state(&desk).await["counted"], 7);
    assert_eq!(send(&desk, body).await.header("idempotency-replayed"), "true");
    assert_eq!(state(&desk).await["counted"], 7);
}

#[tokio::test]
async fn what_is_too_much_or_no_signal_at_all_is_refused_and_counts_nothing() {
    let app = start();
    let desk = app.person("desk1", Scope::Responder).await;
    let labels: String = (0..10_000).map(|n| format!("\"l{n}\":\"v\",")).collect();
    let labels = format!("{{\"signal\":\"complaint\",\"labels\":{{{labels}\"z\":\"v\"}}}}");
    let value =
        format!("{{\"signal\":\"complaint\",\"labels\":{{\"a\":\"{}\"}}}}", "x".repeat(300));
    let many = "{\"signal\":\"complaint\"}\n".repeat(10_001);
    let deep = format!("{{\"signal\":{}1{}}}", "[".repeat(3_000), "]".repeat(3_000));
    let cases: [(&str, Vec<u8>, u16, &str); 9] = [
        ("10 000 labels", labels.into_bytes(), 422, "invalid_fields"),
        ("a long value", value.into_bytes(), 422, "invalid_fields"),
        ("no UTF-8", b"{\"signal\":\"\xff\xfe\"}".to_vec(), 422, "invalid_fields"),
        ("half a line", b"{\"signal\":".to_vec(), 422, "invalid_fields"),
        ("deep", deep.into_bytes(), 422, "invalid_fields"),
        ("a key twice", b"{\"signal\":\"a\",\"signal\":\"b\"}".to_vec(), 422, "invalid_fields"),
        ("too many", many.into_bytes(), 413, "too_large"),
        ("too long", vec![b' '; BODY_BYTES_MAX + 1], 413, "too_large"),
        ("nothing", b"\n \n".to_vec(), 400, "malformed_json"),
    ];
    for (case, body, status, code) in cases {
        let reply: Reply = lines(&desk, body).send().await;
        assert_eq!(reply.status.as_u16(), status, "{case}: {}", reply.text());
        reply.problem(status, code);
    }
    desk.post(SIGNALS, json!([])).await.problem(400, "malformed_json");
    desk.post(SIGNALS, json!("x")).await.problem(422, "invalid_fields");
    let text = desk.call(Method::POST, SIGNALS).header("content-type", "text/plain").bytes("x");
    text.send().await.problem(415, "unsupported_media_type");
    let viewer = app.person("guest", Scope::Viewer).await;
    viewer.post(SIGNALS, json!({ "signal": "complaint" })).await.problem(403, "scope_too_low");
    app.anonymous().post(SIGNALS, json!({})).await.problem(401, "unauthenticated");
    viewer.get("/api/v1/monitors").await.ok(200);
    assert_eq!(state(&desk).await["counted"], 0);
}

#[tokio::test]
async fn a_monitor_says_how_it_stands_and_what_it_could_not_tell_apart() {
    let app = start();
    let desk = app.person("desk1", Scope::Responder).await;
    let now = state(&desk).await;
    assert_eq!((&now["state"], &now["count"]), (&json!("learning"), &json!(0)));
    assert_eq!(now["learning_until"], "2026-11-24T09:00:00Z");
    let body: String = (0..60)
        .map(|n| format!("{{\"signal\":\"complaint\",\"labels\":{{\"category\":\"c{n}\"}}}}\n"))
        .collect();
    lines(&desk, body).send().await.ok(202);
    app.clock.advance(SignedDuration::from_mins(1));
    let now = looked(&app, &desk, "surging").await;
    assert_eq!((&now["count"], &now["groups"]), (&json!(60), &json!(5)), "{now}");
    assert_eq!(now["crowded_out"], 55);
    assert_eq!(now["top"].as_array().map(Vec::len), Some(5));
    assert_eq!(now["surge"]["began"], "2026-11-21T08:01:00Z");
    let metrics = app.anonymous().get("/metrics").await.text();
    assert!(metrics.contains("firebell_surges_open 1"));
}
