//! Wrong requests get answers that say what is wrong, where, and what to do; never a 500.

use axum::http::Method;
use firebell::runtime::Scope;
use serde_json::{Value as Json, json};

use crate::app::{Client, TestApp};

async fn chief(app: &TestApp) -> Client {
    app.person("chief", Scope::Admin).await
}

#[tokio::test]
async fn an_unknown_playbook_is_answered_with_close_names() {
    let app = TestApp::start();
    let problem = chief(&app)
        .await
        .post("/api/v1/incidents", json!({ "playbook": "outtage" }))
        .await
        .problem(404, "unknown_playbook");
    assert_eq!(problem["closest"], json!(["outage"]));
}

#[tokio::test]
async fn problems_speak_the_callers_language() {
    let app = TestApp::start();
    let ask = |client: &Client, lang: &str| {
        let call = client.call(Method::GET, "/api/v1/incidents/7");
        if lang.is_empty() { call } else { call.header("accept-language", lang) }
    };
    let (chief, ada) = (chief(&app).await, app.person("ada", Scope::Viewer).await);
    for (client, lang, expected) in [
        (&chief, "en-GB,zh;q=0.5", "en"),
        (&chief, "zh-CN", "zh"),
        (&chief, "", "zh"),
        (&ada, "", "en"),
        (&ada, "fr", "en"),
    ] {
        let reply = ask(client, lang).send().await;
        assert_eq!(reply.header("content-language"), expected, "{lang}");
        let problem = reply.problem(404, "unknown_incident");
        let chinese = problem["title"].as_str().unwrap().contains('事');
        assert_eq!(chinese, expected == "zh", "{problem}");
    }
}

#[tokio::test]
async fn malformed_json_is_a_400_with_line_and_column() {
    let app = TestApp::start();
    let call = chief(&app).await.call(Method::POST, "/api/v1/incidents");
    let reply =
        call.header("content-type", "application/json").bytes("{\n  \"playbook\": }").send();
    let problem = reply.await.problem(400, "malformed_json");
    assert_eq!((&problem["line"], &problem["column"]), (&2.into(), &15.into()));
}

#[tokio::test]
async fn wrong_fields_are_named_by_json_pointer() {
    let app = TestApp::start();
    let chief = chief(&app).await;
    for (body, pointers) in [
        (json!({}), json!(["/playbook"])),
        (json!({ "playbook": "outage", "tittle": "x" }), json!(["/tittle"])),
        (json!({ "playbook": "outage", "level": "high" }), json!(["/level"])),
        (json!({ "playbook": "outage", "detected_at": "soon" }), json!(["/detected_at"])),
        (
            json!({ "playbook": "outage", "inputs": { "users": "many", "regions": 5, "x": 1 } }),
            json!(["/inputs/regions", "/inputs/users", "/inputs/x"]),
        ),
    ] {
        let reply = chief.post("/api/v1/incidents", body.clone()).await;
        let problem = reply.problem(422, "invalid_fields");
        let mut found: Vec<&str> = problem["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| error["pointer"].as_str().unwrap())
            .collect();
        found.sort_unstable();
        assert_eq!(json!(found), pointers, "{body}");
    }
}

#[tokio::test]
async fn bodies_are_bounded_and_of_the_right_type() {
    let app = TestApp::start();
    let chief = chief(&app).await;
    let post = || chief.call(Method::POST, "/api/v1/incidents");
    let large = format!("{{\"playbook\": \"{}\"}}", "x".repeat(600 * 1024));
    let reply = post().header("content-type", "application/json").bytes(large).send().await;
    assert_eq!(reply.problem(413, "too_large")["limit"], 512 * 1024);
    let reply = post().header("content-type", "text/plain").bytes("{}").send().await;
    assert_eq!(reply.problem(415, "unsupported_media_type")["accepts"], "application/json");
    post().bytes("{}").send().await.problem(415, "unsupported_media_type");
}

#[tokio::test]
async fn unknown_addresses_and_methods_are_said_to_be_so() {
    let app = TestApp::start();
    let chief = chief(&app).await;
    chief.get("/api/v1/incident").await.problem(404, "unknown_route");
    chief.get("/").await.problem(404, "unknown_route");
    let reply = chief.call(Method::PUT, "/api/v1/incidents").send().await;
    let allow = reply.header("allow").to_owned();
    assert!(allow.contains("GET") && allow.contains("POST"), "{allow}");
    reply.problem(405, "method_not_allowed");
}

#[tokio::test]
async fn a_step_in_the_wrong_state_says_the_state_and_what_is_allowed() {
    let app = TestApp::start();
    let chief = chief(&app).await;
    let path = chief.declare("outage").await;
    let reply = chief.post(&format!("{path}/steps/isolate/complete"), json!({})).await;
    let problem = reply.problem(409, "wrong_state");
    assert_eq!(problem["state"], "waiting", "{problem}");
    assert!(problem["allowed"].is_array(), "{problem}");
}

#[tokio::test]
async fn a_lost_claim_names_the_winner() {
    let app = TestApp::start();
    let path = chief(&app).await.declare("outage").await;
    let claim = format!("{path}/roles/support/claim");
    let (one, two) =
        (app.person("desk1", Scope::Responder).await, app.person("desk2", Scope::Responder).await);
    one.post(&claim, json!({})).await.ok(200);
    let problem = two.post(&claim, json!({})).await.problem(409, "claim_lost");
    assert!(problem.to_string().contains("desk1"), "{problem}");
}

#[tokio::test]
async fn what_does_not_exist_in_an_incident_is_not_found() {
    let app = TestApp::start();
    let chief = chief(&app).await;
    let path = chief.declare("outage").await;
    for (rest, status, code) in [
        ("steps/nothing/start", 404, "unknown_step"),
        ("steps/inform:x/start", 404, "unknown_step"),
        ("roles/king/claim", 404, "unknown_role"),
    ] {
        chief.post(&format!("{path}/{rest}"), json!({})).await.problem(status, code);
    }
    let move_to = json!({ "to": "nowhere", "reason": "why not" });
    chief.post(&format!("{path}/phase"), move_to).await.problem(422, "unknown_phase");
    let to = json!({ "to": "nobody" });
    let assign = format!("{path}/roles/commander/assign");
    chief.post(&assign, to).await.problem(422, "unknown_person");
}

#[tokio::test]
async fn one_of_several_items_must_be_named() {
    let app = TestApp::start();
    let chief = chief(&app).await;
    let body = json!({ "playbook": "outage", "inputs": { "regions": ["north", "south"] } });
    let incident = chief.post("/api/v1/incidents", body).await.ok(201);
    let path = format!("/api/v1/incidents/{}", incident["id"].as_str().unwrap());
    let form = json!({ "form": { "users": 1, "regions": ["north", "south"] } });
    chief.post(&format!("{path}/steps/confirm/complete"), form).await.ok(200);
    let problem = chief
        .post(&format!("{path}/steps/inform/complete"), json!({}))
        .await
        .problem(409, "ambiguous_step");
    assert_eq!(problem["keys"].as_array().map(Vec::len), Some(2), "{problem}");
}

#[tokio::test]
async fn closing_over_open_work_lists_what_is_open() {
    let app = TestApp::start();
    let chief = chief(&app).await;
    let path = chief.declare("outage").await;
    let problem = chief.post(&format!("{path}/close"), json!({})).await.problem(409, "blocked");
    assert!(problem["blockers"].as_array().is_some_and(|b| !b.is_empty()), "{problem}");
    let forced = chief.post(&format!("{path}/close"), json!({ "force": "a rehearsal" })).await;
    assert_eq!(forced.ok(200)["status"], "closed");
    let problem = chief.post(&format!("{path}/notes"), json!({ "text": "late" })).await;
    assert_ne!(problem.status, 500);
    let reply = chief.post(&format!("{path}/pause"), json!({ "reason": "late" })).await;
    reply.problem(409, "incident_ended");
}

#[tokio::test]
async fn every_answer_tells_browsers_not_to_guess() {
    let app = TestApp::start();
    for path in ["/livez", "/nowhere", "/api/v1/incidents"] {
        let reply = app.anonymous().get(path).await;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(reply.header(name), value, "{path}");
        }
        assert_eq!(reply.header("access-control-allow-origin"), "", "{path}");
    }
}

#[tokio::test]
async fn each_problem_can_be_quoted() {
    let app = TestApp::start();
    let instance = |problem: Json| problem["instance"].as_str().unwrap().to_owned();
    let first = instance(app.anonymous().get("/nowhere").await.problem(404, "unknown_route"));
    let second = instance(app.anonymous().get("/nowhere").await.problem(404, "unknown_route"));
    assert_ne!(first, second);
}
