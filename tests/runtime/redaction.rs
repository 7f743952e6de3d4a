//! Erasing: what was recorded as erased is erased, and nobody waits for a page in vain because of
//! it.

use firebell::engine::Reference;
use firebell::id::VarId;
use firebell::playbook::Value;
use firebell::runtime::{Caller, CommitOptions, DeclareRequest, Erasure, PersonalValue, Scope};
use firebell::store::{Change, Expect, Kind};
use jiff::SignedDuration;
use serde_json::json;

use crate::stage::{Stage, rest};
use crate::{ann, busy, declare};

const ASK: &str = "
playbook: ask
title: { zh: 登记, en: Ask }
inputs: { phone: { type: string, personal: true } }
roles: { commander: { title: { zh: 指挥, en: Commander }, assign: { team: duty } } }
phases:
  - id: one
    title: { zh: 一, en: One }
    steps: [ { id: look, title: { zh: 看, en: Look }, role: commander } ]
";

fn admin() -> Caller {
    Caller { scope: Scope::Admin, ..ann() }
}

fn erasure(references: &[&str], fields: &[&str]) -> Erasure {
    Erasure {
        references: references.iter().map(|&reference| reference.to_owned()).collect(),
        fields: fields.iter().copied().map(VarId::new).collect(),
        reason: "asked for".into(),
    }
}

#[tokio::test]
async fn a_page_that_waits_is_worded_anew_after_a_redaction() {
    let stage = Stage::new(&[("page.yaml", crate::PAGE)]);
    let runtime = stage.start(false);
    stage.mail.set_down(Some(busy()));
    stage.hook.set_down(Some(busy()));
    let id = declare(&runtime, "page").await;
    rest(&runtime).await;
    let before = stage.sent();
    let options = CommitOptions::default();
    runtime.redact(&admin(), id, erasure(&["x"], &[]), options).await.unwrap();
    let stored = stage.store.load(id).unwrap().unwrap();
    assert!(stored.records.iter().all(|record| record.notices.is_empty()));
    runtime.drain().await;
    stage.sent.lock().unwrap().clear();
    stage.mail.set_down(None);
    stage.hook.set_down(None);
    let again = stage.start(false);
    stage.pass(&again, SignedDuration::from_mins(2)).await;
    let first = stage.sent().into_iter().next().expect("the page is sent");
    assert_eq!(
        (first.channel, &first.address, &first.subject, &first.text),
        (before[0].channel, &before[0].address, &before[0].subject, &before[0].text),
    );
    let incident = again.incident(id).await.unwrap().incident;
    assert!(incident.outbox.is_empty(), "{:?}", incident.outbox);
}

#[tokio::test]
async fn an_erasure_that_a_crash_cut_short_is_finished_at_the_next_start() {
    let stage = Stage::new(&[("ask.yaml", ASK)]);
    let runtime = stage.start(true);
    let request = DeclareRequest {
        inputs: json!({ "phone": "13800138000" }).as_object().cloned().unwrap(),
        ..DeclareRequest::live("ask")
    };
    let declared = runtime.declare(&ann(), request, CommitOptions::default()).await.unwrap();
    let (id, phone) = (declared.incident.id, VarId::new("phone"));
    let reference = declared.incident.personal[&phone].reference.clone();
    let value = PersonalValue::Kept(Value::String("13800138000".into()));
    let read = runtime.personal_values(&declared.incident).await.unwrap();
    assert_eq!(read[&phone], value);
    assert_eq!(runtime.personal_value(id, Reference::new("9f86")).await.unwrap(), None);
    let found = runtime.personal_value(id, reference.clone()).await.unwrap();
    assert_eq!(found, Some((phone, value)));
    runtime.drain().await;
    // As the record leaves it.
    let note = json!({ "incident": id, "references": [reference] }).to_string().into_bytes();
    let notes = ["a", "b"].map(|name| {
        let content = if name == "a" { b"no note".to_vec() } else { note.clone() };
        Change::write(Kind::Erasure, name, Expect::Absent, content)
    });
    stage.store.put(notes.into()).await.unwrap();
    let again = stage.start(true);
    let unfinished = || stage.store.documents(Kind::Erasure, "", 9).unwrap();
    let patience = tokio::time::Instant::now() + std::time::Duration::from_secs(20);
    while unfinished().len() > 1 {
        tokio::task::yield_now().await;
        assert!(tokio::time::Instant::now() < patience, "{:?}", unfinished());
    }
    assert_eq!(unfinished()[0].name, "a", "one that does not read keeps no other from being done");
    assert_eq!(stage.store.personal(id, reference.as_str()), Ok(None));
    let incident = again.incident(id).await.unwrap().incident;
    let read = again.personal_values(&incident).await.unwrap();
    assert_eq!(read.values().collect::<Vec<_>>(), [&PersonalValue::Erased]);
    again.drain().await;
}

#[tokio::test]
async fn the_fields_of_an_erasure_stand_for_everything_they_were_ever_given() {
    let stage = Stage::new(&[("ask.yaml", ASK)]);
    let runtime = stage.start(true);
    let id = declare(&runtime, "ask").await;
    let (admin, options) = (admin(), CommitOptions::default);
    let never = runtime.redact(&admin, id, erasure(&[], &["phone"]), options());
    assert_eq!(never.await.unwrap_err().to_string(), "there is no Personal `phone`");
    let mut references = Vec::new();
    for phone in ["1", "2", "3"] {
        let values = json!({ "phone": phone }).as_object().cloned().unwrap();
        let set = firebell::engine::Command::SetInputs { values };
        let done = runtime.execute(&admin, id, set, options()).await.unwrap();
        references.push(done.incident.personal[&VarId::new("phone")].reference.clone());
    }
    let what = erasure(&[references[0].as_str()], &["phone"]);
    let done = runtime.redact(&admin, id, what, options()).await.unwrap();
    let named = done.events.iter().find_map(|event| match &event.fact {
        firebell::engine::Fact::Redacted { references, .. } => Some(references.clone()),
        _ => None,
    });
    let expected: Vec<String> = references.iter().map(ToString::to_string).collect();
    assert_eq!(named.as_ref(), Some(&expected), "each once");
    for reference in expected {
        assert_eq!(stage.store.personal(id, &reference), Ok(None));
    }
    assert_eq!(stage.store.documents(Kind::Erasure, "", 9), Ok(Vec::new()));
    runtime.drain().await;
}
