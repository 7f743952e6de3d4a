//! Restricted plans and their incidents do not exist for those who are not entitled.

use axum::http::Method;
use firebell::runtime::Scope;
use serde_json::json;

use crate::app::TestApp;

#[tokio::test]
async fn only_the_entitled_see_a_restricted_incident() {
    let app = TestApp::start();
    let admin = app.person("out", Scope::Admin).await;
    let path = admin.declare("leak").await;
    // `chief` belongs to the commander's team, `ada` to the owners as well.
    for (id, scope, sees) in [
        ("chief", Scope::Viewer, true),
        ("ada", Scope::Viewer, true),
        ("out", Scope::Admin, true),
        ("out", Scope::Commander, false),
        ("desk1", Scope::Commander, false),
    ] {
        let client = app.person(id, scope).await;
        let shown = client.get(&path).await;
        let listed = client.get("/api/v1/incidents").await.ok(200);
        assert_eq!(listed["items"].as_array().unwrap().len(), usize::from(sees), "{id} {scope}");
        if sees {
            shown.ok(200);
        } else {
            let hidden = shown.problem(404, "unknown_incident");
            let nobody = uuid::Uuid::nil();
            let unknown = client
                .get(&format!("/api/v1/incidents/{nobody}"))
                .await
                .problem(404, "unknown_incident");
            assert_eq!(hidden["title"], unknown["title"]);
            client.get("/api/v1/incidents/1").await.problem(404, "unknown_incident");
        }
    }
    app.service("bot", Scope::Commander).await.get(&path).await.problem(404, "unknown_incident");
    app.service("root", Scope::Admin).await.get(&path).await.ok(200);
}

#[tokio::test]
async fn nobody_can_act_on_or_declare_what_they_may_not_see() {
    let app = TestApp::start();
    let path = app.person("chief", Scope::Admin).await.declare("leak").await;
    let desk = app.person("desk1", Scope::Commander).await;
    for (rest, body) in [
        ("notes", json!({ "text": "x" })),
        ("steps/contain/complete", json!({})),
        ("close", json!({ "force": "x" })),
        ("merge", json!({ "into": "1" })),
    ] {
        let reply = desk.post(&format!("{path}/{rest}"), body).await;
        reply.problem(404, "unknown_incident");
    }
    let declared = desk.post("/api/v1/incidents", json!({ "playbook": "leak" })).await;
    let problem = declared.problem(404, "unknown_playbook");
    assert_eq!(problem["closest"], json!([]), "a close name would give it away");
}

#[tokio::test]
async fn acting_for_an_insider_opens_nothing() {
    let app = TestApp::start();
    let path = app.person("chief", Scope::Admin).await.declare("leak").await;
    let desk = app.person("desk1", Scope::Commander).await;
    let call = desk.call(Method::GET, &path).header("firebell-on-behalf-of", "chief");
    call.send().await.problem(404, "unknown_incident");
}

#[tokio::test]
async fn whoever_is_given_a_role_sees_the_incident_from_then_on() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Commander).await;
    let path = chief.declare("leak").await;
    let desk = app.person("desk1", Scope::Responder).await;
    desk.get(&path).await.problem(404, "unknown_incident");
    chief.post(&format!("{path}/roles/commander/assign"), json!({ "to": "desk1" })).await.ok(200);
    desk.get(&path).await.ok(200);
    let listed = desk.get("/api/v1/incidents").await.ok(200);
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(1));
}
