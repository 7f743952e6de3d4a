//! Personal values over HTTP: kept apart, shown to those who act, erased for everyone.

use std::path::Path;
use std::sync::Arc;

use axum::http::Method;
use firebell::id::IncidentId;
use firebell::runtime::Scope;
use firebell::store::{Kind, Options, Sled, Store, Verdict};
use serde_json::{Value as Json, json};

use crate::app::{Client, TestApp, step};
use crate::streams::Stream;

/// Nothing else reads like them.
const FIRST: &str = "13800138000";
const SECOND: &str = "13900139000";

/// By its number the path is the same in every run, and so is the trace of the request.
const COMPLETE: &str = "/api/v1/incidents/1/steps/call_back/complete";

/// A server on a store on disk, and the two who look at it.
struct Desk {
    app: TestApp,
    store: Arc<dyn Store>,
    _dir: tempfile::TempDir,
}

impl Desk {
    fn open() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let options = Options { reserve_bytes: 0, ..Options::default() };
        let store: Arc<dyn Store> = Arc::new(Sled::open(dir.path(), options).unwrap().store);
        Self { app: TestApp::start_on(Arc::clone(&store)), store, _dir: dir }
    }

    /// Counts how often bytes stand in anything the store holds.
    fn held(&self, what: &str) -> usize {
        let (mut everything, store) = (Vec::new(), &self.store);
        let at = self.app.app.now();
        // A backup waits for the writer, which no async thread may do.
        std::thread::scope(|scope| {
            scope.spawn(|| store.backup(&mut everything, at).unwrap());
        });
        everything.windows(what.len()).filter(|bytes| *bytes == what.as_bytes()).count()
    }

    /// Counts the files of the server that hold these bytes: mail, evidence.
    fn files_with(&self, what: &str) -> usize {
        fn walk(dir: &Path, what: &[u8]) -> usize {
            let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
            entries
                .map(|path| match path.is_dir() {
                    true => walk(&path, what),
                    false => usize::from(
                        std::fs::read(&path).unwrap().windows(what.len()).any(|w| w == what),
                    ),
                })
                .sum()
        }
        walk(self.app.folder(), what.as_bytes())
    }

    fn intact(&self, id: &Json) -> bool {
        let id: IncidentId = id.as_str().unwrap().parse().unwrap();
        matches!(self.store.verify(id), Ok(Some(Verdict::Intact { .. })))
    }
}

async fn declared(client: &Client) -> (String, Json) {
    let body = json!({ "playbook": "intake", "inputs": { "phone": FIRST, "users": 3 } });
    let call = client.call(Method::POST, "/api/v1/incidents").header("idempotency-key", "d");
    let incident = call.json(&body).send().await.ok(201);
    (format!("/api/v1/incidents/{}", incident["id"].as_str().unwrap()), incident)
}

/// Reads the timeline in all its forms and languages.
async fn told(client: &Client, path: &str) -> Vec<String> {
    let mut told = Vec::new();
    for format in ["json", "md", "csv", "html", "text"] {
        for lang in ["zh", "en"] {
            let reply = client.get(&format!("{path}/timeline?format={format}&lang={lang}")).await;
            assert_eq!(reply.status, 200, "{format}");
            told.push(reply.text());
        }
    }
    told
}

fn reference(incident: &Json) -> String {
    incident["personal"]["phone"]["reference"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn those_who_act_see_a_personal_value_and_those_who_look_that_there_is_one() {
    let Desk { app, .. } = &Desk::open();
    let desk = app.person("desk1", Scope::Responder).await;
    let viewer = app.person("out", Scope::Viewer).await;
    let (path, answer) = declared(&desk).await;
    assert_eq!(answer["variables"], json!({ "users": 3 }));
    // What changes something is answered without the value: the answer is stored.
    let reference = reference(&answer);
    assert_eq!(answer["personal"]["phone"], json!({ "state": "apart", "reference": reference }));
    let seen = desk.get(&path).await.ok(200);
    let open = json!({ "state": "apart", "reference": reference, "value": FIRST });
    assert_eq!(seen["personal"], json!({ "phone": open }));
    assert_eq!(step(&seen, "call_back")["personal"], json!({ "phone": open }));
    let outline = viewer.get(&path).await.ok(200);
    assert_eq!(outline["personal"], json!({ "phone": { "state": "apart" } }));
    let at = format!("{path}/personal/{reference}");
    let found = json!({ "field": "phone", "state": "apart", "value": FIRST });
    assert_eq!(desk.get(&at).await.ok(200), found);
    viewer.get(&at).await.problem(403, "scope_too_low");
    desk.get(&format!("{path}/personal/9f86")).await.problem(404, "unknown_personal");
    let other = desk.declare("five").await;
    desk.get(&format!("{other}/personal/{reference}")).await.problem(404, "unknown_personal");
    // Whoever does the step finds the number in its form.
    desk.post(&format!("{path}/roles/support/claim"), json!({})).await.ok(200);
    let form = |incident: &Json| {
        let work = incident["now"].as_array().unwrap().clone();
        let step = work.into_iter().find(|work| work["step"] == "call_back").unwrap();
        step["form"][0].clone()
    };
    let field = form(&desk.get(&path).await.ok(200));
    assert_eq!((&field["id"], &field["personal"]), (&"phone".into(), &true.into()));
    assert_eq!(field["value"], FIRST);
    let claimed = desk.post(&format!("{path}/steps/call_back/start"), json!({})).await.ok(200);
    assert_eq!(form(&claimed)["value"], Json::Null);
}

#[tokio::test]
async fn a_personal_value_is_refused_where_any_other_would_be() {
    let Desk { app, .. } = &Desk::open();
    let desk = app.person("desk1", Scope::Responder).await;
    let (path, _) = declared(&desk).await;
    let complete = format!("{path}/steps/call_back/complete");
    for (form, detail) in [
        (json!({}), "it is required"),
        (json!({ "phone": 1 }), "it must be one line of text"),
        (json!({ "phone": "1".repeat(41) }), "it must be at most 40"),
    ] {
        let problem = desk.post(&complete, json!({ "form": form })).await.ok(422);
        assert_eq!(problem["errors"][0]["pointer"], "/form/phone", "{problem}");
        let said = problem["errors"][0]["detail"].as_str().unwrap();
        assert!(said.contains(detail) || said.contains("length"), "{said}");
    }
}

#[tokio::test]
async fn a_personal_value_stands_in_one_place_and_erased_in_none() {
    let desk = Desk::open();
    let app = &desk.app;
    let one = app.person("desk1", Scope::Responder).await;
    let viewer = app.person("out", Scope::Viewer).await;
    let admin = app.person("ada", Scope::Admin).await;
    let mut stream = Stream::open(&viewer, "", None).await;
    let (path, answer) = declared(&one).await;
    let id = answer["id"].clone();
    let committed = stream.next_of("declared").await;
    one.post(&format!("{path}/inputs"), json!({ "values": { "phone": SECOND } })).await.ok(200);
    let form = json!({ "form": { "phone": FIRST, "patient": "li-lei", "solved": true } });
    let call = one.call(Method::POST, COMPLETE);
    let done = call.header("idempotency-key", "c").json(&form).send().await.ok(200);
    one.quiet(&path).await;
    let told_of = stream.next_of("variables_set").await;
    // Twice the first number, once the second: sealed values, nowhere else.
    assert_eq!((desk.held(FIRST), desk.held(SECOND), desk.held("li-lei")), (2, 1, 1));
    assert_eq!((desk.files_with(FIRST), desk.files_with(SECOND)), (0, 0));
    let viewed = viewer.get(&path).await.text();
    let before = told(&viewer, &path).await;
    let streamed = [committed.data.to_string(), told_of.data.to_string()];
    let said = [&viewed, &done.to_string(), &answer.to_string()];
    for text in before.iter().chain(&streamed).chain(said) {
        assert!(!text.contains(FIRST) && !text.contains(SECOND), "{text}");
    }
    for text in &before {
        assert!(text.contains("个人信息，单独保存") || text.contains("personal data, kept apart"));
    }
    // The timeline names what can be erased.
    let timeline: Json = serde_json::from_str(&before[0]).unwrap();
    let named: Vec<&Json> = timeline["rows"].as_array().unwrap().iter().collect();
    let named: Vec<&str> =
        named.iter().filter_map(|row| row["personal"]["phone"].as_str()).collect();
    assert_eq!((named.len(), named[0]), (3, reference(&answer).as_str()));
    let earlier = one.get(&format!("{path}/personal/{}", named[1])).await.ok(200);
    assert_eq!(earlier["value"], SECOND);
    // One piece, then all there ever was of the field.
    let redact = format!("{path}/redact");
    let piece = json!({ "references": [named[1]], "reason": "a wrong number" });
    admin.post(&redact, piece).await.ok(200);
    assert_eq!((desk.held(FIRST), desk.held(SECOND)), (2, 0));
    assert_eq!(one.get(&path).await.ok(200)["personal"]["phone"]["value"], FIRST);
    let field = json!({ "fields": ["phone"], "reason": "the customer asked for it" });
    let erased = admin.post(&redact, field).await.ok(200);
    assert_eq!(erased["personal"]["phone"]["state"], "erased");
    assert_eq!((desk.held(FIRST), desk.held(SECOND), desk.held("li-lei")), (0, 0, 1));
    assert_gone(&desk, &path, &named, &id).await;
    // A restart comes to the same.
    let again = TestApp::start_on(Arc::clone(&desk.store));
    let new = |client: &Client| {
        let mut same = again.anonymous();
        same.token.clone_from(&client.token);
        same
    };
    for client in [&one, &viewer, &admin] {
        let (old, new) = (client.get(&path).await, new(client).get(&path).await);
        assert_eq!(old.ok(200), new.ok(200));
    }
    let repeated = new(&one).call(Method::POST, COMPLETE);
    let repeated = repeated.header("idempotency-key", "c").json(&form).send().await;
    assert_eq!(repeated.header("idempotency-replayed"), "true");
    assert_eq!(repeated.ok(200), json!({}));
    let another = new(&one).call(Method::POST, COMPLETE);
    let another = another.header("idempotency-key", "c").json(&json!({ "form": {} }));
    another.send().await.problem(422, "idempotency_key_reused");
}

/// Checks that nobody finds anything, that everybody sees why, and that nothing is broken by it.
async fn assert_gone(desk: &Desk, path: &str, references: &[&str], id: &Json) {
    let one = desk.app.person("desk1", Scope::Responder).await;
    let viewer = desk.app.person("out", Scope::Viewer).await;
    let seen = one.get(path).await.ok(200);
    let gone = json!({ "state": "erased", "reference": references[2] });
    assert_eq!(seen["personal"]["phone"], gone);
    assert_eq!(seen["personal"]["patient"]["value"], "li-lei");
    assert_eq!(step(&seen, "call_back")["personal"]["phone"], gone);
    let outline = viewer.get(path).await.ok(200);
    assert_eq!(outline["personal"]["phone"], json!({ "state": "erased" }));
    for reference in references {
        let found = one.get(&format!("{path}/personal/{reference}")).await.ok(200);
        assert_eq!(found, json!({ "field": "phone", "state": "erased" }));
    }
    for text in told(&one, path).await {
        assert!(!text.contains(FIRST) && !text.contains(SECOND), "{text}");
        assert!(text.contains("个人信息，已删除") || text.contains("personal data, erased"));
    }
    let timeline = one.get(&format!("{path}/timeline")).await.ok(200);
    assert_eq!(timeline["chain"]["state"], "whole");
    assert!(desk.intact(id));
    assert_eq!(desk.store.documents(Kind::Erasure, "", 9), Ok(Vec::new()));
}

#[tokio::test]
async fn what_cannot_be_erased_is_said_to_be_unknown() {
    let Desk { app, .. } = &Desk::open();
    let admin = app.person("ada", Scope::Admin).await;
    let (path, _) = declared(&admin).await;
    let redact = format!("{path}/redact");
    for field in ["users", "patient", "nothing"] {
        let body = json!({ "fields": [field], "reason": "x" });
        let problem = admin.post(&redact, body).await.problem(404, "unknown_personal");
        assert!(problem["detail"].as_str().unwrap().contains(field), "{problem}");
        assert!(problem["closest"].as_array().unwrap().contains(&"phone".into()), "{problem}");
    }
    admin.post(&redact, json!({ "reason": "x" })).await.problem(422, "invalid_fields");
    let desk = app.person("desk1", Scope::Commander).await;
    let body = json!({ "fields": ["phone"], "reason": "x" });
    desk.post(&redact, body).await.problem(403, "scope_too_low");
}
