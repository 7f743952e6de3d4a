//! An incident from the declaration to the close, as a client sees it.

use axum::http::Method;
use firebell::runtime::Scope;
use serde_json::{Value as Json, json};

use crate::app::{Client, TestApp, step};

#[tokio::test]
async fn a_declared_incident_is_shown_as_the_contract_has_it() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Commander).await;
    let body = json!({
        "playbook": "outage", "title": "电话不通", "inputs": { "users": 1200, "regions": ["north"] },
        "detected_at": "2026-11-21T07:55:00Z",
    });
    let reply = chief.post("/api/v1/incidents", body).await;
    let (location, tag) = (reply.header("location").to_owned(), reply.header("etag").to_owned());
    let incident = reply.ok(201);
    assert_eq!(location, format!("/api/v1/incidents/{}", incident["id"].as_str().unwrap()));
    let tagged: u64 = tag.trim_matches('"').parse().unwrap();
    assert!((1..=incident["version"].as_u64().unwrap()).contains(&tagged), "{tag}");
    assert_eq!(incident["number"], "INC-2026-0001");
    insta::assert_json_snapshot!("declared", plain(incident));
}

/// Puts names in the place of what is drawn by chance or depends on the plan's text.
fn plain(mut incident: Json) -> Json {
    incident["id"] = "(id)".into();
    incident["playbook"]["hash"] = "(hash)".into();
    incident["playbook"]["version"] = "(version)".into();
    incident
}

#[tokio::test]
async fn an_incident_is_found_by_id_and_by_number() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Commander).await;
    let path = chief.declare("outage").await;
    let by_id = chief.get(&path).await.ok(200);
    for name in ["INC-2026-0001", "inc-2026-1", "1"] {
        let by_number = chief.get(&format!("/api/v1/incidents/{name}")).await.ok(200);
        assert_eq!(by_number, by_id, "{name}");
    }
    for name in ["INC-2025-0001", "INC-2026-0002", "2", "nonsense", "%E4%B8%80"] {
        let reply = chief.get(&format!("/api/v1/incidents/{name}")).await;
        reply.problem(404, "unknown_incident");
    }
}

struct Crew {
    chief: Client,
    desk: Client,
    path: String,
}

impl Crew {
    async fn declare(app: &TestApp) -> Self {
        let chief = app.person("chief", Scope::Commander).await;
        let desk = app.person("desk1", Scope::Responder).await;
        let body = json!({ "playbook": "outage", "inputs": { "regions": ["north", "south"] } });
        let incident = chief.post("/api/v1/incidents", body).await.ok(201);
        let path = format!("/api/v1/incidents/{}", incident["id"].as_str().unwrap());
        Self { chief, desk, path }
    }

    async fn chief(&self, rest: &str, body: Json) -> Json {
        self.chief.post(&format!("{}/{rest}", self.path), body).await.ok(200)
    }

    async fn desk(&self, rest: &str, body: Json) -> Json {
        self.desk.post(&format!("{}/{rest}", self.path), body).await.ok(200)
    }
}

#[tokio::test]
async fn a_crew_works_an_incident_to_its_close() {
    let app = TestApp::start();
    let crew = Crew::declare(&app).await;
    let held = crew.chief("roles/commander/acknowledge", json!({})).await;
    assert_eq!(held["roles"]["commander"]["state"], "held");
    let held = crew.desk("roles/support/claim", json!({})).await;
    assert_eq!(held["roles"]["support"]["holder"], "desk1");
    assert_eq!(held["now"][0]["step"], "confirm", "{held}");
    crew.desk("steps/confirm/claim", json!({})).await;
    crew.desk("steps/confirm/start", json!({})).await;
    let form = json!({ "form": { "users": 2000, "regions": ["north", "south"] } });
    let done = crew.desk("steps/confirm/complete", form).await;
    assert_eq!(step(&done, "confirm")["state"], "done");
    assert_eq!(done["level"], 2);
    assert_eq!(done["variables"]["users"], 2000);
    assert_eq!(done["objectives"][0]["state"], "met");

    crew.desk("steps/inform:0/complete", json!({})).await;
    crew.desk("steps/inform:1/skip", json!({ "reason": "told by telephone" })).await;
    crew.chief("steps/isolate/start", json!({})).await;
    crew.chief("steps/isolate/check", json!({ "item": "1" })).await;
    let ticked = crew.chief("steps/isolate/check", json!({ "item": "2", "done": true })).await;
    assert_eq!(step(&ticked, "isolate")["checked"], json!(["1", "2"]));
    crew.chief("steps/isolate/complete", json!({ "note": "both closed" })).await;
    let review = crew.chief("steps/over/answer", json!({ "option": "已恢复" })).await;
    assert_eq!(review["phase"], "review", "{review}");

    let evidence = json!({ "evidence": [{ "kind": "url", "url": "https://example.test/report" }] });
    let ready = crew.chief("steps/lessons/complete", evidence).await;
    assert_eq!(ready["close_awaited"], true, "{ready}");
    assert_eq!(ready["now"], json!([{ "what": "close", "allows": ["close"] }]));
    let closed = crew.chief("close", json!({})).await;
    assert_eq!(closed["status"], "closed");
    assert!(closed["closed_at"].is_string());
    assert_eq!(closed["now"], json!([]));
    let again = crew.chief("reopen", json!({ "reason": "it came back" })).await;
    assert_eq!(again["status"], "open");
}

#[tokio::test]
async fn the_command_of_an_incident_is_taken_and_given() {
    let app = TestApp::start();
    let crew = Crew::declare(&app).await;
    let level = crew.chief("level", json!({ "level": 1, "reason": "the press calls" })).await;
    assert_eq!((&level["level"], &level["level_provisional"]), (&1.into(), &false.into()));
    crew.desk("notes", json!({ "text": "第一通电话" })).await;
    let inputs = crew.desk("inputs", json!({ "values": { "users": 5 } })).await;
    assert_eq!(inputs["variables"]["users"], 5);
    let aware = json!({ "moment": "aware", "at": "2026-11-21T07:58:00Z" });
    assert_eq!(crew.desk("moments", aware).await["aware_at"], "2026-11-21T07:58:00Z");
    assert_eq!(crew.chief("pause", json!({ "reason": "fire alarm" })).await["status"], "paused");
    assert_eq!(crew.chief("resume", json!({})).await["status"], "open");
    let moved = crew.chief("phase", json!({ "to": "review", "reason": "over already" })).await;
    assert_eq!(moved["phase"], "review");
    let given = crew.chief("roles/commander/assign", json!({ "to": "ada" })).await;
    assert_eq!(given["roles"]["commander"]["state"], "assigned");
    assert_eq!(given["roles"]["commander"]["holder"], "ada");
    let ended = crew.chief("cancel", json!({ "reason": "a false alarm" })).await;
    assert_eq!(ended["status"], "cancelled");
}

#[tokio::test]
async fn incidents_about_the_same_trouble_are_linked_and_merged() {
    let app = TestApp::start();
    let crew = Crew::declare(&app).await;
    let other = crew.chief.declare("outage").await;
    crew.desk("link", json!({ "to": "INC-2026-0002", "relation": "related" })).await;
    let id = other.rsplit('/').next().unwrap();
    let merged = crew.chief("merge", json!({ "into": id })).await;
    assert_eq!(merged["status"], "closed");
    let problem = crew
        .chief
        .post(&format!("{other}/link"), json!({ "to": "INC-2026-0099", "relation": "related" }))
        .await;
    problem.problem(404, "unknown_incident");
}

#[tokio::test]
async fn a_version_that_is_still_known_is_not_sent_again() {
    let app = TestApp::start();
    let crew = Crew::declare(&app).await;
    crew.chief.quiet(&crew.path).await;
    crew.desk("notes", json!({ "text": "quiet" })).await;
    let reply = crew.chief.get(&crew.path).await;
    let tag = reply.header("etag").to_owned();
    let again = crew.chief.call(Method::GET, &crew.path).header("if-none-match", &tag).send().await;
    assert_eq!((again.status.as_u16(), again.bytes.len()), (304, 0));
    crew.desk("notes", json!({ "text": "news" })).await;
    let fresh = crew.chief.call(Method::GET, &crew.path).header("if-none-match", &tag).send().await;
    assert_eq!(fresh.status, 200);
}

#[tokio::test]
async fn a_change_against_an_old_version_is_refused() {
    let app = TestApp::start();
    let crew = Crew::declare(&app).await;
    let tag = crew.chief.quiet(&crew.path).await.header("etag").to_owned();
    let path = format!("{}/notes", crew.path);
    let note = |tag: &str| {
        crew.chief.call(Method::POST, &path).header("if-match", tag).json(&json!({ "text": "a" }))
    };
    let first = note(&tag).send().await;
    let next = first.header("etag").to_owned();
    first.ok(200);
    let problem = note(&tag).send().await.problem(412, "version_mismatch");
    assert_eq!(format!("\"{}\"", problem["version"]), next);
    note(&next).send().await.ok(200);
    note("*").send().await.ok(200);
    note("17").send().await.problem(400, "bad_header");
}

#[tokio::test]
async fn a_message_that_was_delivered_meanwhile_refuses_nobody() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Commander).await;
    let declared = chief.post("/api/v1/incidents", json!({ "playbook": "outage" })).await;
    let tag = declared.header("etag").to_owned();
    let seen = declared.ok(201);
    let path = format!("/api/v1/incidents/{}", seen["id"].as_str().unwrap());
    let now = chief.quiet(&path).await;
    assert_eq!(now.header("etag"), tag);
    let now = now.ok(200);
    assert!(now["version"].as_u64() > seen["version"].as_u64(), "pages were delivered: {now}");
    let copy = chief.call(Method::GET, &path).header("if-none-match", &tag).send().await;
    assert_eq!(copy.status, 200, "an older copy lacks what became of the pages");

    let notes = format!("{path}/notes");
    let note = |tag: &str| {
        chief.call(Method::POST, &notes).header("if-match", tag).json(&json!({ "text": "a" }))
    };
    let version = |incident: &Json| format!("\"{}\"", incident["version"]);
    let beyond = format!("\"{}\"", now["version"].as_u64().unwrap() + 1);
    note(&beyond).send().await.problem(412, "version_mismatch");
    let noted = note(&tag).send().await.ok(200);
    note(&tag).send().await.problem(412, "version_mismatch");
    note(&version(&now)).send().await.problem(412, "version_mismatch");
    note(&version(&noted)).send().await.ok(200);
}

#[tokio::test]
async fn what_happened_earlier_is_recorded_as_such() {
    let app = TestApp::start();
    let crew = Crew::declare(&app).await;
    app.clock.advance(jiff::SignedDuration::from_mins(10));
    let at = |at: &str| json!({ "text": "seen", "occurred_at": at });
    crew.desk("notes", at("2026-11-21T08:05:00Z")).await;
    for implausible in ["2026-11-20T08:00:00Z", "2026-11-21T09:00:00Z"] {
        let reply = crew.desk.post(&format!("{}/notes", crew.path), at(implausible)).await;
        reply.problem(422, "implausible_time");
    }
}

#[tokio::test]
async fn the_same_trouble_declared_twice_is_one_incident() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Commander).await;
    let body = json!({ "playbook": "outage", "dedup_key": "phones" });
    let first = chief.post("/api/v1/incidents", body.clone()).await.ok(201);
    let second = chief.post("/api/v1/incidents", body).await.ok(200);
    assert_eq!(first["id"], second["id"]);
}

#[tokio::test]
async fn a_declaration_that_is_refused_uses_up_no_number() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Commander).await;
    let wrong = json!({ "playbook": "outage", "inputs": { "users": "many" } });
    chief.post("/api/v1/incidents", wrong).await.problem(422, "invalid_fields");
    let wrong = json!({ "playbook": "outage", "title": "a\u{1b}[2Jb" });
    chief.post("/api/v1/incidents", wrong).await.problem(422, "invalid_fields");
    let body = json!({ "playbook": "outage" });
    let incident = chief.post("/api/v1/incidents", body).await.ok(201);
    assert_eq!(incident["number"], "INC-2026-0001");
}

#[tokio::test]
async fn a_late_tap_never_completes_another_run() {
    let app = TestApp::start();
    let crew = Crew::declare(&app).await;
    let path = format!("{}/steps/confirm/start", crew.path);
    crew.desk.post(&format!("{path}?key=2.confirm"), json!({})).await.problem(409, "stale_run");
    let key = step(&crew.chief.get(&crew.path).await.ok(200), "confirm")["key"].clone();
    crew.desk.post(&format!("{path}?key={}", key.as_str().unwrap()), json!({})).await.ok(200);
}
