//! Findings, actions and readiness over HTTP.

use axum::http::Method;
use firebell::runtime::Scope;
use jiff::SignedDuration;
use serde_json::{Value as Json, json};

use crate::app::{Client, TestApp};

async fn rehearse(app: &TestApp, chief: &Client, drill: &str) -> String {
    app.clock.advance(SignedDuration::from_secs(60));
    let result = chief.post(&format!("/api/v1/drills/{drill}/run"), json!({})).await.ok(200);
    result["run"].as_str().unwrap().to_owned()
}

async fn patch(client: &Client, id: &str, body: Json) -> crate::app::Reply {
    client.call(Method::PATCH, &format!("/api/v1/actions/{id}")).json(&body).send().await
}

fn action(owner: &str, due: &str, step: &str) -> Json {
    json!({ "playbook": "five", "text": "Write it down", "owner": owner, "due": due, "step": step })
}

#[tokio::test]
async fn an_empty_installation_is_not_ready_and_says_so() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Viewer).await;
    let ready = chief.get("/api/v1/readiness").await.ok(200);
    let plans = ready["plans"].as_array().unwrap();
    assert!(!plans.is_empty());
    for plan in plans {
        assert_eq!(plan["state"], "due", "{plan}");
        assert_eq!(plan["stale"][0], "never_drilled", "{plan}");
        assert_eq!(plan["coverage"]["assessed"], false, "{plan}");
        assert_eq!(plan["coverage"]["kinds"][0]["exercised"], 0, "{plan}");
    }
    assert_eq!(ready["actions"], json!({ "open": 0, "overdue": 0, "to_verify": 0 }));
    for list in ["findings", "actions"] {
        let page = chief.get(&format!("/api/v1/{list}")).await.ok(200);
        assert_eq!(page, json!({ "items": [] }));
    }
}

#[tokio::test]
async fn a_drill_makes_a_plan_ready_until_it_falls_due_again() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Commander).await;
    let run = rehearse(&app, &chief, "five-drill").await;
    let of_five = |ready: Json| {
        let plans = ready["plans"].as_array().unwrap().clone();
        plans.into_iter().find(|plan| plan["playbook"] == "five").unwrap()
    };
    let five = of_five(chief.get("/api/v1/readiness").await.ok(200));
    assert_eq!(five["state"], "done", "{five}");
    assert_eq!(five["last_drill"]["run"], run.as_str(), "{five}");
    assert_eq!(five["last_drill"]["how"], "simulated", "{five}");
    assert_eq!((&five["done_in_year"], &five["per_year"]), (&json!(1), &json!(1)));
    assert_eq!(five["next_due_at"], "2027-11-21T08:01:00Z");
    assert_eq!(five["stale"], json!(["only_simulated"]));

    let whole = chief.get("/api/v1/readiness/five").await.ok(200);
    let parts = whole["covered"]["parts"].as_array().unwrap();
    let steps = parts.iter().filter(|part| part["kind"] == "step");
    assert!(steps.clone().count() > 0);
    assert!(steps.clone().all(|part| part["state"] == "exercised"), "{whole}");
    app.clock.advance(SignedDuration::from_hours(24 * 366));
    let ready = chief.get("/api/v1/readiness").await.ok(200);
    assert_eq!(of_five(ready.clone())["state"], "overdue");
    assert_eq!(ready["overdue"], ready["plans"].as_array().unwrap().len());
    let metrics = chief.get("/metrics").await.text();
    assert!(metrics.contains(&format!("firebell_plans_overdue {}", ready["overdue"])), "{metrics}");
}

#[tokio::test]
async fn an_action_closes_when_a_later_drill_exercises_its_step_and_not_by_hand() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Commander).await;
    let ada = app.person("ada", Scope::Responder).await;
    rehearse(&app, &chief, "five-drill").await;
    let whole = chief.get("/api/v1/readiness/five").await.ok(200);
    let parts = whole["covered"]["parts"].as_array().unwrap();
    let step = parts.iter().find(|part| part["kind"] == "step").unwrap()["name"].as_str().unwrap();
    let made = ada.post("/api/v1/actions", action("ada", "2026-12-01", step)).await;
    let location = made.header("location").to_owned();
    let made = made.ok(201);
    assert_eq!((&made["status"], &made["step"]), (&json!("open"), &json!(step)));
    let id = made["id"].as_str().unwrap().to_owned();
    for status in ["verified", "closed"] {
        let told = patch(&chief, &id, json!({ "status": status })).await;
        let told = told.problem(409, "action_needs_verification");
        assert!(told["detail"].as_str().unwrap().contains(step), "{told}");
    }
    rehearse(&app, &chief, "five-drill").await;
    let open = chief.get(&location).await.ok(200);
    assert_eq!(open["status"], "open", "nobody says that it is done");
    app.clock.advance(SignedDuration::from_secs(1));
    let done = patch(&ada, &id, json!({ "status": "done", "reason": "in the wiki" })).await.ok(200);
    assert_eq!(done["status"], "done");
    let run = rehearse(&app, &chief, "five-drill").await;
    let closed = chief.get(&location).await.ok(200);
    assert_eq!(closed["status"], "verified", "{closed}");
    assert_eq!(closed["verified_by_run"], run.as_str());
    assert_eq!(closed["changes"][0]["by"]["id"], "ada");
    let told = patch(&chief, &id, json!({ "text": "More" })).await;
    told.problem(409, "action_closed");
}

#[tokio::test]
async fn actions_are_changed_by_those_who_may_and_only_as_they_were_seen() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Commander).await;
    let ada = app.person("ada", Scope::Responder).await;
    let wrong = |pointer: &'static str, told: Json| {
        assert_eq!(told["errors"][0]["pointer"], pointer, "{told}");
    };
    let post = async |body: Json| ada.post("/api/v1/actions", body).await;
    let step = first_step(&chief).await;
    wrong(
        "/owner",
        post(action("nobody", "2026-12-01", &step)).await.problem(422, "invalid_fields"),
    );
    wrong(
        "/step",
        post(action("ada", "2026-12-01", "nowhere")).await.problem(422, "invalid_fields"),
    );
    let body = json!({ "playbook": "five", "text": "x", "owner": "ada", "due": "2026-12-01" });
    wrong("/step", post(body).await.problem(422, "invalid_fields"));
    let body = json!({ "text": "x", "owner": "ada", "due": "2026-12-01", "step": step });
    wrong("/playbook", post(body).await.problem(422, "invalid_fields"));
    wrong("/due", post(action("ada", "tomorrow", &step)).await.problem(422, "invalid_fields"));

    let made = post(action("ada", "2026-12-01", &step)).await;
    let tag = made.header("etag").to_owned();
    let id = made.ok(201)["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/actions/{id}");
    let with = |body: Json| ada.call(Method::PATCH, &path).header("if-match", &tag).json(&body);
    with(json!({ "due": "2026-12-24" })).send().await.ok(200);
    with(json!({ "due": "2026-12-25" })).send().await.problem(412, "version_mismatch");
    patch(&ada, &id, json!({ "status": "dropped", "reason": "no" }))
        .await
        .problem(403, "scope_too_low");
    let told = patch(&chief, &id, json!({ "status": "dropped" })).await;
    wrong("/reason", told.problem(422, "invalid_fields"));
    let dropped = json!({ "status": "dropped", "reason": "the desk is gone" });
    assert_eq!(patch(&chief, &id, dropped).await.ok(200)["status"], "dropped");
    ada.get("/api/v1/actions/nonsense").await.problem(404, "unknown_action");
}

async fn first_step(chief: &Client) -> String {
    let plan = chief.get("/api/v1/playbooks/five").await.ok(200);
    plan["phases"][0]["steps"][0]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn findings_are_proposed_decided_about_and_made() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Commander).await;
    let path = chief.declare("outage").await;
    let skip = json!({ "reason": "everybody knows" });
    chief.post(&format!("{path}/steps/confirm/skip"), skip).await.ok(200);
    let reason = json!({ "reason": "it was nothing" });
    chief.post(&format!("{path}/cancel"), reason).await.ok(200);
    let incident = path.rsplit('/').next().unwrap().to_owned();
    let list = format!("/api/v1/findings?incident={incident}");
    let found = chief.get(&list).await.ok(200);
    let items = found["items"].as_array().unwrap();
    let proposed =
        items.iter().find(|one| one["state"] == "proposed").expect("something went wrong");
    assert_eq!(proposed["kind"], "improvement", "{found}");
    let id = proposed["id"].as_str().unwrap();
    let told = chief.post(&format!("/api/v1/findings/{id}/dismiss"), json!({})).await;
    told.problem(422, "invalid_fields");
    let accepted = chief.post(&format!("/api/v1/findings/{id}/accept"), json!({})).await.ok(200);
    assert_eq!(
        (&accepted["state"], &accepted["decided"][0]["by"]["id"]),
        (&json!("accepted"), &json!("chief"))
    );
    let dismissed = json!({ "reason": "known" });
    chief.post(&format!("/api/v1/findings/{id}/dismiss"), dismissed).await.ok(200);
    let service = app.service("robot", Scope::Commander).await;
    let told = service.post(&format!("/api/v1/findings/{id}/accept"), json!({})).await;
    told.problem(403, "not_a_person");

    let made = json!({ "incident": incident, "kind": "strength", "text": "Calm voices", "step": "confirm" });
    let made = chief.post("/api/v1/findings", made).await.ok(201);
    assert_eq!((&made["how"], &made["step"]), (&json!("live"), &json!("confirm")));
    let follow =
        json!({ "finding": made["id"], "text": "Keep it", "owner": "ada", "due": "2027-01-01" });
    let follow = chief.post("/api/v1/actions", follow).await.ok(201);
    assert_eq!((&follow["step"], &follow["at_least"]), (&json!("confirm"), &json!("exercise")));
    let wrong = json!({ "kind": "strength", "text": "x" });
    chief.post("/api/v1/findings", wrong).await.problem(422, "invalid_fields");
    let page = chief.get(&format!("{list}&limit=1")).await;
    let next = page.header("link").trim_start_matches('<').split('>').next().unwrap().to_owned();
    assert_eq!(page.ok(200)["items"].as_array().map(Vec::len), Some(1));
    assert!(!chief.get(&next).await.ok(200)["items"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn a_plan_that_the_caller_may_not_see_leaves_no_trace() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Commander).await;
    let run = rehearse(&app, &chief, "leak-drill").await;
    let made = json!({ "run": run, "kind": "improvement", "text": "Too slow" });
    let made = chief.post("/api/v1/findings", made.clone()).await.ok(201);
    let desk = app.person("desk1", Scope::Commander).await;
    let ready = desk.get("/api/v1/readiness").await.ok(200);
    assert!(ready["plans"].as_array().unwrap().iter().all(|plan| plan["playbook"] != "leak"));
    desk.get("/api/v1/readiness/leak").await.problem(404, "unknown_playbook");
    assert_eq!(desk.get("/api/v1/findings").await.ok(200)["items"], json!([]));
    let id = made["id"].as_str().unwrap();
    let accept = desk.post(&format!("/api/v1/findings/{id}/accept"), json!({})).await;
    accept.problem(404, "unknown_finding");
    let body = json!({ "run": run, "kind": "improvement", "text": "Too slow" });
    desk.post("/api/v1/findings", body).await.problem(404, "unknown_drill");
    assert!(!chief.get("/api/v1/findings").await.ok(200)["items"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn what_was_learned_is_there_after_a_restart() {
    let store: std::sync::Arc<dyn firebell::store::Store> =
        std::sync::Arc::new(firebell::store::Memory::new());
    let app = TestApp::start_on(std::sync::Arc::clone(&store));
    let chief = app.person("chief", Scope::Commander).await;
    let step = first_step(&chief).await;
    rehearse(&app, &chief, "five-drill").await;
    let made = chief.post("/api/v1/actions", action("ada", "2026-12-01", &step)).await.ok(201);
    let ready = chief.get("/api/v1/readiness/five").await.ok(200);
    drop(app);
    let app = TestApp::start_on(store);
    let chief = app.person("chief", Scope::Commander).await;
    let id = made["id"].as_str().unwrap();
    let again = chief.get(&format!("/api/v1/actions/{id}")).await.ok(200);
    assert_eq!(again["text"], made["text"]);
    let after = chief.get("/api/v1/readiness/five").await.ok(200);
    assert_eq!(after["last_drill"], ready["last_drill"]);
    assert_eq!(
        after["covered"]["kinds"][0]["exercised"],
        ready["covered"]["kinds"][0]["exercised"]
    );
}

#[tokio::test]
async fn a_report_is_told_of_a_drill_and_of_an_incident_in_every_form() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Commander).await;
    let run = rehearse(&app, &chief, "five-drill").await;
    let path = format!("/api/v1/drill-runs/{run}/report");
    let told = chief.get(&path).await.ok(200);
    assert_eq!((&told["how"], &told["result"]["run"]), (&json!("simulated"), &json!(run)));
    let page = chief.get(&format!("{path}?format=html&lang=en")).await;
    let policy = page.header("content-security-policy").to_owned();
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    let page = page.text();
    assert!(page.contains("[SIMULATION]") && !page.contains("<script"), "{page}");
    let chinese = chief.get(&format!("{path}?format=markdown&lang=zh")).await.text();
    assert!(chinese.contains("【推演】") && chinese.contains("预期与实际"), "{chinese}");
    chief.get(&format!("{path}?format=docx")).await.problem(406, "not_acceptable");

    let incident = chief.declare("outage").await;
    let skip = json!({ "reason": "everybody knows" });
    chief.post(&format!("{incident}/steps/confirm/skip"), skip).await.ok(200);
    chief.post(&format!("{incident}/cancel"), json!({ "reason": "nothing" })).await.ok(200);
    let told = chief.get(&format!("{incident}/report?format=markdown&lang=en")).await.text();
    assert!(told.contains("The step was left out"), "{told}");
    assert!(told.contains("everybody knows") && !told.contains("[DRILL]"), "{told}");

    let hidden = rehearse(&app, &chief, "leak-drill").await;
    let desk = app.person("desk1", Scope::Commander).await;
    let path = format!("/api/v1/drill-runs/{hidden}/report");
    desk.get(&path).await.problem(404, "unknown_drill");
}

/// Waits until so many messages of a kind were sent, and for those that should not have been.
async fn letters(app: &TestApp, subject: &str, count: usize) -> Vec<String> {
    let patience = tokio::time::Instant::now() + std::time::Duration::from_secs(20);
    loop {
        for _ in 0..300 {
            tokio::task::yield_now().await;
            std::thread::yield_now();
        }
        let mut sent = super::rosters::mails(app, 0).await;
        sent.retain(|mail| mail.contains(subject));
        if sent.len() >= count {
            assert_eq!(sent.len(), count, "{subject}: {sent:#?}");
            return sent;
        }
        assert!(tokio::time::Instant::now() < patience, "{subject}: {}", sent.len());
        // What a channel did not take at once is tried again after a while.
        app.clock.advance(SignedDuration::from_secs(1));
    }
}

#[tokio::test]
async fn an_owner_is_reminded_once_whatever_is_restarted() {
    let store: std::sync::Arc<dyn firebell::store::Store> =
        std::sync::Arc::new(firebell::store::Memory::new());
    let app = TestApp::start_on(std::sync::Arc::clone(&store));
    let chief = app.person("chief", Scope::Commander).await;
    let step = first_step(&chief).await;
    chief.post("/api/v1/actions", action("ada", "2026-11-22", &step)).await.ok(201);
    letters(&app, "Subject: Action due soon", 0).await;
    app.clock.advance(SignedDuration::from_mins(3));
    let sent = letters(&app, "Subject: Action due soon: Five steps", 1).await;
    assert!(sent[0].contains("ada@example.test") && sent[0].contains("firebell action done"));
    drop(app);
    let app = TestApp::start_on(store);
    letters(&app, "Subject: Action", 0).await;
    app.clock.advance(SignedDuration::from_mins(3));
    letters(&app, "Subject: Action", 0).await;
    app.clock.advance(SignedDuration::from_hours(26));
    letters(&app, "Subject: Action due today", 1).await;
}
