//! Statutory clocks over HTTP: shown, submitted, waived, extended, drafted, told.

use firebell::runtime::Scope;
use jiff::SignedDuration;
use serde_json::{Value as Json, json};

use crate::app::{Client, TestApp};

async fn declared(client: &Client, inputs: Json) -> String {
    let body = json!({ "playbook": "duty", "inputs": inputs });
    let incident = client.post("/api/v1/incidents", body).await.ok(201);
    format!("/api/v1/incidents/{}", incident["id"].as_str().unwrap())
}

fn clock<'j>(incident: &'j Json, key: &str) -> &'j Json {
    let all = incident["clocks"].as_array().unwrap();
    all.iter().find(|clock| clock["key"] == key).unwrap()
}

#[tokio::test]
async fn an_incident_shows_every_clock_with_its_limit_and_what_is_unknown() {
    let app = TestApp::start();
    let desk = app.person("desk1", Scope::Responder).await;
    let path = declared(&desk, json!({})).await;
    let incident = desk.get(&path).await.ok(200);
    let report = clock(&incident, "duty:report");
    assert_eq!(report["state"], "running");
    assert_eq!(report["due_at"], "2026-11-21T12:00:00Z");
    assert_eq!(report["unknown"], json!(["users"]));
    assert_eq!((&report["assumed"], &report["verified"]), (&json!(true), &json!(false)));
    assert_eq!((&report["role"], &report["to"]["en"]), (&json!("support"), &json!("Authority")));
    assert_eq!(clock(&incident, "duty:filing")["state"], "waiting");
}

#[tokio::test]
async fn a_submission_is_recorded_at_its_true_time_and_a_late_one_says_why() {
    let app = TestApp::start();
    let desk = app.person("desk1", Scope::Responder).await;
    let path = declared(&desk, json!({ "users": 500 })).await;
    app.clock.advance(SignedDuration::from_hours(5));
    let submit = format!("{path}/clocks/duty/submit");
    let refused = desk.post(&submit, json!({})).await.problem(422, "late_reason_required");
    assert_eq!(refused["errors"][0]["pointer"], "/reason");
    let body = json!({ "reference": "R-7", "occurred_at": "2026-11-21T11:30:00Z" });
    let incident = desk.post(&submit, body).await.ok(200);
    let report = clock(&incident, "duty:report");
    assert_eq!((&report["state"], &report["reference"]), (&json!("met"), &json!("R-7")));
    let again = desk.post(&format!("{path}/clocks/duty:report/submit"), json!({})).await;
    again.problem(409, "wrong_clock_state");
    desk.post(&format!("{path}/clocks/nope/submit"), json!({})).await.problem(404, "unknown_clock");
    let other = declared(&desk, json!({ "users": 500 })).await;
    app.clock.advance(SignedDuration::from_hours(5));
    let body = json!({ "reason": "the line was down" });
    let incident = desk.post(&format!("{other}/clocks/duty/submit"), body).await.ok(200);
    assert_eq!(clock(&incident, "duty:report")["state"], "met_late");
    assert_eq!(clock(&incident, "duty:report")["why"], "the line was down");
}

#[tokio::test]
async fn not_to_notify_takes_two_people() {
    let app = TestApp::start();
    let desk = app.person("desk1", Scope::Responder).await;
    let lead = app.person("chief", Scope::Commander).await;
    let path = declared(&desk, json!({ "users": 500 })).await;
    let at = format!("{path}/clocks/duty/not-notify");
    desk.post(&at, json!({})).await.problem(422, "bad_text");
    let asked = desk.post(&at, json!({ "reason": "nobody was harmed" })).await.ok(200);
    let waiver = &clock(&asked, "duty:report")["waiver"];
    assert_eq!((&waiver["asked_by"], &waiver["approved_by"]), (&json!("desk1"), &Json::Null));
    desk.post(&at, json!({ "approve": true })).await.problem(403, "may_not_approve");
    let decided = lead.post(&at, json!({ "approve": true })).await.ok(200);
    let report = clock(&decided, "duty:report");
    assert_eq!((&report["state"], &report["why"]), (&json!("waived"), &json!("nobody was harmed")));
    assert_eq!(report["waiver"]["approved_by"], "chief");
}

#[tokio::test]
async fn more_time_is_the_commanders_to_record_and_a_moment_has_its_grounds() {
    let app = TestApp::start();
    let desk = app.person("desk1", Scope::Responder).await;
    let lead = app.person("chief", Scope::Commander).await;
    let path = declared(&desk, json!({ "users": 500 })).await;
    let body =
        json!({ "until": "2026-11-22T12:00:00Z", "by": "The authority", "document": "No. 7" });
    let at = format!("{path}/clocks/duty/extend");
    desk.post(&at, body.clone()).await.problem(403, "scope_too_low");
    let incident = lead.post(&at, body).await.ok(200);
    assert_eq!(clock(&incident, "duty:report")["due_at"], "2026-11-22T12:00:00Z");
    let moments = format!("{path}/moments");
    let wrong = json!({ "moment": "materail", "at": "2026-11-21T08:00:00Z" });
    desk.post(&moments, wrong).await.problem(422, "unknown_moment");
    let body =
        json!({ "moment": "material", "at": "2026-11-21T08:00:00Z", "grounds": "minutes 3" });
    let incident = desk.post(&moments, body).await.ok(200);
    assert_eq!(clock(&incident, "duty:filing")["due_at"], "2026-11-21T09:00:00Z");
    desk.post(&format!("{path}/clocks/duty/submit"), json!({}))
        .await
        .problem(409, "ambiguous_clock");
}

#[tokio::test]
async fn a_draft_says_what_is_known_in_both_languages_and_no_personal_value() {
    let app = TestApp::start();
    let desk = app.person("desk1", Scope::Responder).await;
    let path = declared(&desk, json!({ "users": 500, "phone": "13800138000" })).await;
    let draft = desk.get(&format!("{path}/clocks/duty/draft")).await.ok(200);
    assert_eq!(draft["key"], "duty:report");
    let (zh, en) = (draft["zh"].as_str().unwrap(), draft["en"].as_str().unwrap());
    assert!(
        zh.contains("500 人，联系 未知") && en.contains("500 people, call unknown"),
        "{zh}\n{en}"
    );
    assert!(zh.contains("（待填写）") && en.contains("(to be written)"), "{zh}\n{en}");
    assert!(
        zh.contains("监管机关") && en.contains("2026-11-21 20:00 (Asia/Shanghai)"),
        "{zh}\n{en}"
    );
    assert!(zh.contains("尚未与法规原文核对"), "{zh}");
    assert!(!draft.to_string().contains("13800138000"));
    let viewer = app.person("out", Scope::Viewer).await;
    viewer.get(&format!("{path}/clocks/duty:filing/draft")).await.ok(200);
    viewer.get(&format!("{path}/clocks/nope/draft")).await.problem(404, "unknown_clock");
}

#[tokio::test]
async fn every_form_of_the_timeline_tells_what_became_of_the_clocks() {
    let app = TestApp::start();
    let desk = app.person("desk1", Scope::Responder).await;
    let path = declared(&desk, json!({ "users": 500 })).await;
    let body = json!({ "reference": "R-7" });
    desk.post(&format!("{path}/clocks/duty/submit"), body).await.ok(200);
    for format in ["json", "md", "csv", "html", "text"] {
        let told = desk.get(&format!("{path}/timeline?format={format}&lang=en")).await.text();
        assert!(told.contains("was submitted (receipt R-7)"), "{format}: {told}");
        assert!(
            format == "csv" || told.contains("not begun") || told.contains("waiting"),
            "{format}"
        );
    }
    let told = desk.get(&format!("{path}/timeline?format=md&lang=zh")).await.text();
    assert!(told.contains("法定时限") && told.contains("未起算"), "{told}");
}

#[tokio::test]
async fn an_open_clock_is_named_by_the_refusal_to_close() {
    let app = TestApp::start();
    let lead = app.person("chief", Scope::Commander).await;
    let path = declared(&lead, json!({ "users": 500 })).await;
    lead.post(&format!("{path}/steps/act/complete"), json!({})).await.ok(200);
    let refused = lead.post(&format!("{path}/close"), json!({})).await.problem(409, "blocked");
    assert_eq!(refused["clocks"], json!(["duty:report"]));
    lead.post(&format!("{path}/clocks/duty/submit"), json!({})).await.ok(200);
    assert_eq!(lead.post(&format!("{path}/close"), json!({})).await.ok(200)["status"], "closed");
}
