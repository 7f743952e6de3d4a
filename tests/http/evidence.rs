//! Proof: words, addresses, files.

use axum::http::Method;
use firebell::runtime::Scope;
use serde_json::json;

use crate::app::{Call, Client, TestApp, step};

fn upload(client: &Client, path: &str, query: &str, content: impl Into<axum::body::Body>) -> Call {
    client
        .call(Method::POST, &format!("{path}/evidence{query}"))
        .header("content-type", "image/png")
        .bytes(content)
}

#[tokio::test]
async fn a_file_is_kept_under_its_hash_and_comes_back_as_it_was() {
    let app = TestApp::start();
    let desk = app.person("desk1", Scope::Responder).await;
    let path = desk.declare("outage").await;
    let reply =
        upload(&desk, &path, "?name=%E6%88%AA%E5%9B%BE.png&step=confirm", "图").send().await;
    let location = reply.header("location").to_owned();
    let attached = reply.ok(201);
    let hash = hex::encode(<sha2::Sha256 as sha2::Digest>::digest("图"));
    assert_eq!(attached["hash"], hash);
    assert_eq!(location, format!("{path}/evidence/{hash}"));
    assert_eq!((&attached["size"], &attached["name"]), (&3.into(), &"截图.png".into()));
    let incident = desk.get(&path).await.ok(200);
    assert_eq!(step(&incident, "confirm")["evidence"], 1);
    let file = desk.get(&location).await;
    assert_eq!(file.bytes, "图".as_bytes());
    assert_eq!(file.header("content-type"), "image/png");
    let disposition = file.header("content-disposition");
    assert!(disposition.starts_with("attachment; filename*=UTF-8''%E6%88%AA"), "{disposition}");
    assert_eq!(std::fs::read(app.folder().join("evidence").join(&hash)).unwrap(), "图".as_bytes());
}

#[tokio::test]
async fn words_and_addresses_are_attached_too() {
    let app = TestApp::start();
    let desk = app.person("desk1", Scope::Responder).await;
    let path = format!("{}/evidence", desk.declare("outage").await);
    let words = json!({ "evidence": { "kind": "text", "text": "seen at the desk" } });
    desk.post(&path, words).await.ok(200);
    let url =
        json!({ "step": "confirm", "evidence": { "kind": "url", "url": "https://a.test/1" } });
    let incident = desk.post(&path, url).await.ok(200);
    assert_eq!(step(&incident, "confirm")["evidence"], 1);
    let file = json!({ "evidence": { "kind": "file", "hash": "00" } });
    desk.post(&path, file).await.problem(422, "invalid_fields");
}

#[tokio::test]
async fn a_file_over_the_bound_is_refused_and_leaves_nothing() {
    let app = TestApp::start();
    let desk = app.person("desk1", Scope::Responder).await;
    let path = desk.declare("outage").await;
    let large = vec![0_u8; 10 * 1024 * 1024 + 1];
    upload(&desk, &path, "", large.clone()).send().await.problem(413, "too_large");
    // Without a length in its head it is found out on the way.
    let pieces =
        large.chunks(1 << 20).map(|p| Ok::<_, std::io::Error>(p.to_vec())).collect::<Vec<_>>();
    let streamed = axum::body::Body::from_stream(futures_util::stream::iter(pieces));
    upload(&desk, &path, "", streamed).send().await.problem(413, "too_large");
    let kept = std::fs::read_dir(app.folder().join("evidence")).map_or(0, Iterator::count);
    assert_eq!(kept, 0);
    let largest = vec![7_u8; 10 * 1024 * 1024];
    upload(&desk, &path, "", largest).send().await.ok(201);
}

#[tokio::test]
async fn a_file_whose_event_is_refused_does_not_stay_behind() {
    let app = TestApp::start();
    let desk = app.person("desk1", Scope::Responder).await;
    let (one, two) = (desk.declare("outage").await, desk.declare("outage").await);
    let kept = || std::fs::read_dir(app.folder().join("evidence")).map_or(0, Iterator::count);
    let none = "?name=a.png&step=none";
    upload(&desk, &one, none, "proof").send().await.problem(404, "unknown_step");
    assert_eq!(kept(), 0, "no event names it");
    let keyed = |content: &'static str| {
        upload(&desk, &one, "?name=a.png", content).header("idempotency-key", "e")
    };
    keyed("proof").send().await.ok(201);
    keyed("other").send().await.problem(422, "idempotency_key_reused");
    assert_eq!(kept(), 1, "the other file was never to be recorded");
    upload(&desk, &two, none, "proof").send().await.problem(404, "unknown_step");
    assert_eq!(kept(), 1, "the other incident names it");
}

#[tokio::test]
async fn a_hash_opens_nothing_outside_its_incident() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Admin).await;
    let (secret, other) = (chief.declare("leak").await, chief.declare("outage").await);
    let attached = upload(&chief, &secret, "?name=list.csv", "a,b").send().await.ok(201);
    let hash = attached["hash"].as_str().unwrap();
    chief.get(&format!("{secret}/evidence/{hash}")).await.ok_bytes(b"a,b");
    for path in [format!("{other}/evidence/{hash}"), format!("{secret}/evidence/..%2F..%2Fsecret")]
    {
        chief.get(&path).await.problem(404, "unknown_evidence");
    }
    let desk = app.person("desk1", Scope::Commander).await;
    desk.get(&format!("{secret}/evidence/{hash}")).await.problem(404, "unknown_incident");
    upload(&desk, &secret, "", "x").send().await.problem(404, "unknown_incident");
}

#[tokio::test]
async fn the_same_file_under_one_key_is_attached_once() {
    let app = TestApp::start();
    let desk = app.person("desk1", Scope::Responder).await;
    let path = desk.declare("outage").await;
    let call = |content: &'static str| {
        upload(&desk, &path, "?name=a.png", content).header("idempotency-key", "e")
    };
    let first = call("one").send().await.ok(201);
    assert_eq!(call("one").send().await.ok(201), first);
    call("two").send().await.problem(422, "idempotency_key_reused");
}

#[tokio::test]
async fn a_redaction_erases_files_and_messages_and_keeps_the_chain_whole() {
    let app = TestApp::start();
    let admin = app.person("ada", Scope::Admin).await;
    let path = admin.declare("outage").await;
    let attached = upload(&admin, &path, "?name=id-card.png", "face").send().await.ok(201);
    let hash = attached["hash"].as_str().unwrap();
    admin.quiet(&path).await;
    let body = json!({ "references": [hash], "reason": "asked for by the customer" });
    let redact = format!("{path}/redact");
    let desk = app.person("desk1", Scope::Commander).await;
    desk.post(&redact, body.clone()).await.problem(403, "scope_too_low");
    admin.post(&redact, body).await.ok(200);
    admin.get(&format!("{path}/evidence/{hash}")).await.problem(404, "unknown_evidence");
    assert!(!app.folder().join("evidence").join(hash).exists());
    let timeline = admin.get(&format!("{path}/timeline")).await.ok(200);
    assert_eq!(timeline["chain"]["state"], "whole");
    let none = json!({ "references": [], "reason": "x" });
    admin.post(&redact, none).await.problem(422, "invalid_fields");
}
