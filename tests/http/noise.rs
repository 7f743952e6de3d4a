//! Whatever is sent, firebell never makes a mistake of its own.

use axum::http::Method;
use firebell::runtime::Scope;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value as Json;

use crate::app::TestApp;

/// JSON of any shape, with the names that bodies use, so that it gets past the first look.
fn body() -> impl Strategy<Value = Json> {
    let name = prop::sample::select(vec![
        "playbook",
        "title",
        "level",
        "inputs",
        "users",
        "regions",
        "form",
        "reason",
        "text",
        "to",
        "note",
        "option",
        "item",
        "done",
        "evidence",
        "kind",
        "url",
        "at",
        "moment",
        "of",
        "values",
        "occurred_at",
        "dedup_key",
        "references",
        "relation",
        "into",
        "force",
        "phase",
        "name",
        "value",
        "measure",
    ]);
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        ".{0,12}".prop_map(Json::from),
        prop::sample::select(vec![
            "outage",
            "five",
            "detected",
            "text",
            "ada",
            "2026-11-21T08:00:00Z"
        ])
        .prop_map(Json::from),
    ];
    let tree = leaf.prop_recursive(3, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            prop::collection::btree_map(name.clone().prop_map(str::to_owned), inner, 0..5)
                .prop_map(|map| Json::Object(map.into_iter().collect())),
        ]
    });
    // Most bodies are objects; something else now and then.
    prop_oneof![1 => tree.clone(), 5 => prop::collection::btree_map(
        prop::sample::select(vec![
            "playbook", "level", "inputs", "form", "reason", "text", "to", "note", "option", "item",
            "evidence", "at", "moment", "of", "values", "occurred_at", "references", "relation",
            "into", "force", "phase", "name", "value",
        ]).prop_map(str::to_owned), tree, 0..4)
        .prop_map(|map| Json::Object(map.into_iter().collect()))]
}

const ACTS: [&str; 33] = [
    "",
    "/roles/commander/claim",
    "/roles/commander/acknowledge",
    "/roles/support/decline",
    "/roles/support/assign",
    "/roles/commander/hand-over",
    "/roles/support/release",
    "/steps/confirm/claim",
    "/steps/confirm/start",
    "/steps/isolate/check",
    "/steps/confirm/complete",
    "/steps/confirm/fail",
    "/steps/inform:1/skip",
    "/steps/over/retry",
    "/steps/over/answer",
    "/steps/over/approve",
    "/steps/over/reject",
    "/steps/confirm/reopen",
    "/level",
    "/notes",
    "/measures",
    "/moments",
    "/inputs",
    "/phase",
    "/pause",
    "/resume",
    "/cancel",
    "/close",
    "/reopen",
    "/corrections",
    "/redact",
    "/link",
    "/evidence",
];

#[test]
fn random_bodies_never_give_a_500() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let app = TestApp::start();
        let chief = app.person("chief", Scope::Admin).await;
        let mut runner = TestRunner::deterministic();
        let mut path = chief.declare("outage").await;
        for round in 0..600_usize {
            let body = body().new_tree(&mut runner).unwrap().current();
            let act = ACTS[round % ACTS.len()];
            let target =
                if act.is_empty() { "/api/v1/incidents".into() } else { format!("{path}{act}") };
            let reply = chief.post(&target, body.clone()).await;
            assert!(reply.status.as_u16() < 500, "{target} {body}: {}", reply.text());
            if chief.get(&path).await.ok(200)["status"] != "open" {
                path = chief.declare("outage").await;
            }
        }
    });
}

#[test]
fn random_bytes_and_headers_never_give_a_500() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (app, chief, path) = runtime.block_on(async {
        let app = TestApp::start();
        let chief = app.person("chief", Scope::Admin).await;
        let path = chief.declare("outage").await;
        (app, chief, path)
    });
    let strategy = (
        prop::collection::vec(any::<u8>(), 0..200),
        prop::sample::select(vec![
            "if-match",
            "idempotency-key",
            "last-event-id",
            "accept-language",
        ]),
        "[ -~]{0,40}",
        prop::sample::select(vec!["", "/notes", "/evidence", "/steps/confirm/complete"]),
        "[!-~]{0,20}",
    );
    let config = Config { cases: 300, failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(
        config,
        proptest::test_runner::TestRng::deterministic_rng(
            proptest::test_runner::RngAlgorithm::ChaCha,
        ),
    )
    .run(&strategy, |(bytes, header, value, act, query)| {
        let query: String =
            query.chars().filter(|c| c.is_ascii_alphanumeric() || "=&%.".contains(*c)).collect();
        let target = format!("{path}{act}?{query}");
        let call = chief
            .call(Method::POST, &target)
            .header("content-type", "application/json")
            .header(header, &value)
            .bytes(bytes);
        let reply = runtime.block_on(call.send());
        prop_assert!(reply.status.as_u16() < 500, "{}: {}", target, reply.text());
        Ok(())
    })
    .unwrap();
    drop(app);
}
