//! Drills over HTTP.

use firebell::runtime::Scope;
use serde_json::json;

use crate::app::TestApp;

#[tokio::test]
async fn drills_are_listed_with_when_they_take_place() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Viewer).await;
    let list = chief.get("/api/v1/drills").await.ok(200);
    assert_eq!(list["items"][0]["drill"], "five-drill", "{list}");
    // The first of March, ten o'clock in Shanghai.
    assert_eq!(list["items"][0]["next"][0], "2027-03-01T02:00:00Z");
    assert_eq!(list["items"].as_array().map(Vec::len), Some(4));
}

#[tokio::test]
async fn a_simulated_drill_runs_at_once_and_its_result_is_kept() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Commander).await;
    let first = chief.post("/api/v1/drills/five-drill/run", json!({})).await.ok(200);
    assert_eq!(first["outcome"], "completed", "{first}");
    assert_eq!(first["started_at"], "2027-03-01T02:00:00Z", "in its own time");
    assert_eq!(first["ran_at"], crate::app::START);
    let list = chief.get("/api/v1/drills").await.ok(200);
    assert_eq!(list["items"][0]["last"]["ran_at"], crate::app::START, "{list}");
    app.clock.advance(jiff::SignedDuration::from_secs(1));
    let second = chief.post("/api/v1/drills/five-drill/run", json!({})).await.ok(200);
    assert_eq!(first["journal_hash"], second["journal_hash"], "same seed, same journal");
    app.clock.advance(jiff::SignedDuration::from_secs(1));
    let other = chief.post("/api/v1/drills/five-drill/run", json!({ "seed": 43 })).await.ok(200);
    assert_ne!(first["journal_hash"], other["journal_hash"]);

    let page = chief.get("/api/v1/drill-runs?drill=five-drill&limit=2").await;
    let link = page.header("link").to_owned();
    let page = page.ok(200);
    assert_eq!(page["items"].as_array().map(Vec::len), Some(2));
    let next = link.strip_prefix('<').unwrap().split('>').next().unwrap().to_owned();
    let rest = chief.get(&next).await.ok(200);
    assert_eq!(rest["items"].as_array().map(Vec::len), Some(1), "{rest}");

    let run = second["run"].as_str().unwrap();
    let shown = chief.get(&format!("/api/v1/drill-runs/{run}")).await.ok(200);
    assert_eq!(shown["verdict"], second["verdict"]);
    assert!(shown["compared"]["before"].is_string(), "{shown}");
}

#[tokio::test]
async fn what_is_no_drill_is_not_found_and_close_names_help() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Commander).await;
    let problem = chief.post("/api/v1/drills/five-dril/run", json!({})).await;
    assert_eq!(problem.problem(404, "unknown_drill")["closest"], json!(["five-drill"]));
    for run in ["nonsense", "01a1fd1e-8c00-7412-bee9-d6231a36d074"] {
        let reply = chief.get(&format!("/api/v1/drill-runs/{run}")).await;
        reply.problem(404, "unknown_drill");
    }
}

#[tokio::test]
async fn drills_of_a_restricted_plan_do_not_exist_for_outsiders() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Commander).await;
    let result = chief.post("/api/v1/drills/leak-drill/run", json!({})).await.ok(200);
    let desk = app.person("desk1", Scope::Commander).await;
    let list = desk.get("/api/v1/drills").await.ok(200);
    assert_eq!(list["items"].as_array().map(Vec::len), Some(3), "{list}");
    desk.post("/api/v1/drills/leak-drill/run", json!({})).await.problem(404, "unknown_drill");
    let runs = desk.get("/api/v1/drill-runs").await.ok(200);
    assert_eq!(runs["items"], json!([]));
    let path = format!("/api/v1/drill-runs/{}", result["run"].as_str().unwrap());
    desk.get(&path).await.problem(404, "unknown_drill");
    chief.get(&path).await.ok(200);
}

#[tokio::test]
async fn a_drill_that_cannot_start_as_things_stand_is_a_conflict_that_says_what_to_do() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Commander).await;
    let run =
        async |drill: &str| chief.post(&format!("/api/v1/drills/{drill}/run"), json!({})).await;
    let told = run("talk-drill").await.problem(409, "drill_not_available");
    assert!(told["detail"].as_str().unwrap().contains("simulated 或 exercise"), "{told}");

    let begun = run("walk-drill").await.ok(202)["run"].as_str().unwrap().to_owned();
    let told = run("walk-drill").await.problem(409, "drill_under_way");
    let detail = told["detail"].as_str().unwrap();
    assert!(detail.contains(&begun) && detail.contains("先取消它的事件"), "{told}");
    let path = format!("/api/v1/drill-runs/{begun}");
    assert_eq!(chief.get(&path).await.ok(200)["state"], "running");
}

#[tokio::test]
async fn a_drill_gives_way_to_a_live_incident_with_a_conflict() {
    let app = TestApp::start();
    let ada = app.person("ada", Scope::Commander).await;
    ada.declare("outage").await;
    let told = ada.post("/api/v1/drills/walk-drill/run", json!({})).await;
    let told = told.problem(409, "drill_gives_way");
    assert!(told["detail"].as_str().unwrap().contains("#1 goes on"), "{told}");
}
