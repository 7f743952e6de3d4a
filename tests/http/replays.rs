//! What another plan would have made of an incident, over HTTP.

use axum::http::Method;
use firebell::runtime::Scope;
use jiff::SignedDuration;
use serde_json::{Value as Json, json};

use crate::app::{Client, TestApp};

/// The plan that the incident ran under, with its steps beside each other and a promise.
fn beside() -> String {
    let objective = "objectives:\n  - { id: through, title: { zh: 完成, en: Through }, \
                     from: declared, to: { step: five, is: done }, within: 30m }\nphases:";
    let mut plan = include_str!("plans/five.yaml").replace("phases:", objective);
    for before in ["one", "two", "three", "four"] {
        plan = plan.replace(&format!(", after: [{before}]"), "");
    }
    plan
}

/// Works an incident of five steps, ten minutes each.
async fn worked(app: &TestApp, chief: &Client) -> String {
    let path = chief.declare("five").await;
    chief.quiet(&path).await.ok(200);
    app.clock.advance(SignedDuration::from_mins(2));
    chief.post(&format!("{path}/roles/commander/acknowledge"), json!({})).await.ok(200);
    for step in ["one", "two", "three", "four", "five"] {
        chief.post(&format!("{path}/steps/{step}/start"), json!({})).await.ok(200);
        app.clock.advance(SignedDuration::from_mins(10));
        chief.post(&format!("{path}/steps/{step}/complete"), json!({})).await.ok(200);
    }
    path
}

fn sent(chief: &Client, path: &str, plan: &str) -> crate::app::Call {
    chief
        .call(Method::POST, &format!("{path}/replay?name=beside.yaml"))
        .header("content-type", "application/yaml")
        .bytes(plan.to_owned())
}

fn milestone<'j>(replayed: &'j Json, id: &str) -> &'j Json {
    let rows = replayed["milestones"].as_array().unwrap();
    rows.iter().find(|row| row["id"] == id).unwrap()
}

#[tokio::test]
async fn an_incident_is_replayed_under_a_sent_plan_with_what_people_did() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Commander).await;
    let path = worked(&app, &chief).await;
    let replayed = sent(&chief, &path, &beside()).send().await.ok(200);
    assert_eq!(milestone(&replayed, "five")["before"], 52 * 60, "{replayed:#}");
    // Ready as soon as the incident begins, it is begun with the role's being taken; nobody was
    // faster than they were.
    assert_eq!(milestone(&replayed, "five")["after"], 12 * 60, "{replayed:#}");
    let promise = &replayed["promises"][0];
    assert_eq!(promise["before"], Json::Null, "the plan did not promise it");
    assert_eq!(promise["after"], json!({ "kept": true, "seconds": 12 * 60 }), "{replayed:#}");
    assert_eq!((&promise["sure"], &replayed["guessed"]), (&json!(true), &json!([])));
    assert_eq!(replayed["exact"]["most_seconds"], 0, "{replayed:#}");
}

#[tokio::test]
async fn an_incident_is_replayed_under_a_plan_in_force() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Viewer).await;
    let worker = app.person("chief", Scope::Commander).await;
    let path = worked(&app, &worker).await;
    let reply = chief.call(Method::POST, &format!("{path}/replay?playbook=five")).send().await;
    let replayed = reply.ok(200);
    assert_eq!(replayed["before"], replayed["after"]);
    assert_eq!(milestone(&replayed, "five")["after"], 52 * 60, "{replayed:#}");
    let reply = chief.call(Method::POST, &format!("{path}/replay?playbook=fife")).send().await;
    reply.problem(404, "unknown_playbook");
}

#[tokio::test]
async fn what_cannot_be_replayed_is_refused_with_what_to_do() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Commander).await;
    let path = chief.declare("five").await;
    let wrong = sent(&chief, &path, "playbook: x\nphasess: []\n").send().await;
    let problem = wrong.problem(422, "plan_has_errors");
    let pointer = problem["errors"][0]["pointer"].as_str().unwrap();
    assert!(pointer.starts_with("beside.yaml:"), "{problem}");
    chief.post(&format!("{path}/replay"), json!({})).await.problem(415, "unsupported_media_type");
    let neither = chief.call(Method::POST, &format!("{path}/replay")).send().await;
    neither.problem(422, "bad_query");
    let both = chief
        .call(Method::POST, &format!("{path}/replay?playbook=five"))
        .header("content-type", "application/yaml")
        .bytes(beside());
    both.send().await.problem(422, "bad_query");
    sent(&chief, "/api/v1/incidents/999", &beside()).send().await.problem(404, "unknown_incident");
}
