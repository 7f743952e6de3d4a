//! A storm of messages to one person: so many leave, the rest is put together, and the record of every
//! incident says what became of each.

use std::sync::Arc;

use firebell::runtime::Scope;
use firebell::store::Memory;
use jiff::SignedDuration;
use serde_json::json;

use crate::app::{Client, TestApp};

/// How many messages one person gets in ten minutes.
const AT_MOST: u16 = 10;

/// What the record says of a message that waits.
const HELD: &str = "as many in ten minutes";

/// How many incidents are declared in the same instant.
const STORM: usize = 40;

/// Returns what was written to somebody, oldest first.
fn mails(app: &TestApp, person: &str) -> Vec<String> {
    let folder = std::fs::read_dir(app.folder().join("outbox")).into_iter().flatten();
    let mut files: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|kind| kind == "eml"));
    files.sort();
    let texts = files.into_iter().map(|path| std::fs::read_to_string(path).unwrap());
    texts.filter(|text| text.contains(&format!("To: {person}@example.test"))).collect()
}

/// Reads what the record of every incident says.
async fn records(client: &Client, paths: &[String]) -> Vec<String> {
    let mut records = Vec::with_capacity(paths.len());
    for path in paths {
        records.push(client.get(&format!("{path}/timeline?format=md&lang=en")).await.text());
    }
    records
}

#[tokio::test]
async fn a_storm_to_one_person_is_so_many_messages_and_one_that_names_the_rest() {
    let app = TestApp::start_sparing(Arc::new(Memory::new()), AT_MOST);
    let ada = app.person("ada", Scope::Commander).await;
    let mut paths = Vec::new();
    for _ in 0..STORM {
        paths.push(ada.declare("five").await);
    }
    let rest = STORM - usize::from(AT_MOST);
    let mut held = 0;
    while held < rest || mails(&app, "chief").len() < usize::from(AT_MOST) {
        held = records(&ada, &paths).await.iter().filter(|told| told.contains(HELD)).count();
    }
    assert_eq!((held, mails(&app, "chief").len()), (rest, usize::from(AT_MOST)), "and no more");

    app.clock.advance(SignedDuration::from_mins(10));
    // What there is room for again is gathered for two seconds.
    while mails(&app, "chief").len() == usize::from(AT_MOST) {
        app.clock.advance(SignedDuration::from_millis(100));
        tokio::task::yield_now().await;
    }
    for path in &paths {
        ada.quiet(path).await;
    }
    let mails = mails(&app, "chief");
    assert_eq!(mails.len(), usize::from(AT_MOST) + 1, "one message names the rest");
    let digest = mails.last().unwrap().replace("=\r\n", "");
    let told = records(&ada, &paths).await;
    for (number, told) in (1..).zip(&told) {
        let waited = told.contains(HELD);
        assert_eq!(waited, told.contains("in a digest"), "#{number}: {told}");
        assert!(!waited || digest.contains(&format!("#{number} ")), "#{number}: {digest}");
    }

    let body = json!({ "playbook": "five", "level": 1 });
    for _ in 0..2 * AT_MOST {
        ada.post("/api/v1/incidents", body.clone()).await.ok(201);
    }
    let worst = usize::from(2 * AT_MOST);
    while self::mails(&app, "chief").len() < usize::from(AT_MOST) + 1 + worst {
        tokio::task::yield_now().await;
    }
}
