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
    assert_eq!(list["items"].as_array().map(Vec::len), Some(6));
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
    assert_eq!(list["items"].as_array().map(Vec::len), Some(5), "{list}");
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
    let begun = run("walk-drill").await.ok(202)["run"].as_str().unwrap().to_owned();
    let told = run("walk-drill").await.problem(409, "drill_under_way");
    let detail = told["detail"].as_str().unwrap();
    assert!(detail.contains(&begun) && detail.contains("先取消它的事件"), "{told}");
    let path = format!("/api/v1/drill-runs/{begun}");
    let shown = chief.get(&path).await.ok(200);
    assert_eq!((&shown["state"], &shown["run_as"]), (&json!("running"), &json!("exercise")));
    let viewer = app.person("desk1", Scope::Viewer).await;
    let shown = viewer.get(&path).await.ok(200);
    assert_eq!(shown["state"], "running");
    assert_eq!(shown.get("left"), None, "players do not see the script");
}

#[tokio::test]
async fn what_a_drill_would_find_is_asked_before_it_starts_and_not_by_its_players() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Commander).await;
    let path = "/api/v1/drills/walk-drill/preparation";
    let found = chief.get(path).await.ok(200);
    assert_eq!((&found["ready"], &found["run_as"]), (&json!(true), &json!("exercise")), "{found}");
    assert_eq!(found["at"], crate::app::START);
    let asked = &found["roles"][0]["first"][0];
    assert_eq!(asked["ways"][0]["channel"], "mail", "{found}");
    let later = chief.get(&format!("{path}?at=2026-12-01T10:00:00Z")).await.ok(200);
    assert_eq!(later["at"], "2026-12-01T10:00:00Z");
    chief.get("/api/v1/drills/none/preparation").await.problem(404, "unknown_drill");
    let desk = app.person("desk1", Scope::Commander).await;
    desk.get("/api/v1/drills/leak-drill/preparation").await.problem(404, "unknown_drill");
    let player = app.person("desk2", Scope::Responder).await;
    player.get(path).await.problem(403, "scope_too_low");
}

#[tokio::test]
async fn when_a_drill_without_notice_begins_is_seen_by_its_officers_and_administrators_alone() {
    let app = TestApp::start();
    let shown = async |who: &str, scope| {
        let list = app.person(who, scope).await.get("/api/v1/drills").await.ok(200);
        let items = list["items"].as_array().unwrap().clone();
        items.into_iter().find(|item| item["drill"] == "quiet-drill").unwrap()
    };
    for (who, scope) in [("ada", Scope::Viewer), ("chief", Scope::Admin)] {
        let seen = shown(who, scope).await;
        assert_eq!(seen["no_notice"], true);
        assert_eq!(seen["next"][0], "2026-12-01T02:00:00Z", "{seen}");
        assert!(seen["cron"].is_string());
    }
    for (who, scope) in [("desk1", Scope::Viewer), ("chief", Scope::Commander)] {
        let seen = shown(who, scope).await;
        assert_eq!((&seen["no_notice"], &seen["next"]), (&json!(true), &json!([])), "{seen}");
        assert_eq!((seen.get("cron"), seen.get("begins")), (None, None));
    }
}

#[tokio::test]
async fn a_tabletop_is_led_over_http() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Commander).await;
    let begun = chief.post("/api/v1/drills/talk-drill/run", json!({})).await.ok(202);
    let path = format!("/api/v1/drill-runs/{}", begun["run"].as_str().unwrap());
    let order = async |what: &str, body| chief.post(&format!("{path}/{what}"), body).await;
    let stands = order("advance", json!({ "by": "10m" })).await.ok(200);
    let (from, now) = (&stands["started_at"], &stands["now"]);
    let instant = |at: &serde_json::Value| at.as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    assert_eq!(instant(now).duration_since(instant(from)).as_mins(), 10, "{stands}");
    assert_eq!(stands["incident"]["number"], 1);
    for body in [json!({}), json!({ "by": "10m", "next": true })] {
        order("advance", body).await.problem(422, "invalid_fields");
    }
    order("advance", json!({ "by": "soon" })).await.problem(422, "invalid_fields");
    order("advance", json!({ "to": from })).await.problem(409, "clock_backwards");
    let paused = order("pause", json!({ "reason": "lunch" })).await.ok(200);
    assert_eq!(paused["state"], "paused");
    order("pause", json!({ "reason": "lunch" })).await.problem(409, "wrong_status");
    order("resume", json!({})).await.ok(200);
    let desk = app.person("desk1", Scope::Responder).await;
    let refused = desk.post(&format!("{path}/abort"), json!({ "reason": "enough" })).await;
    refused.problem(403, "scope_too_low");
    order("abort", json!({ "reason": "enough" })).await.ok(200);
    let nobody = "/api/v1/drill-runs/01a1fd1e-8c00-7412-bee9-d6231a36d074/resume";
    chief.post(nobody, json!({})).await.problem(404, "unknown_drill");
}

#[tokio::test]
async fn a_cast_is_made_of_what_people_did() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Commander).await;
    let cast = async |of: &str| chief.get(&format!("/api/v1/drills/cast?playbook={of}")).await;
    let nothing = cast("five").await.ok(200);
    assert_eq!((&nothing["incidents"], &nothing["roles"]), (&json!(0), &json!([])), "{nothing}");
    for minutes in 1..=5 {
        let incident = chief.declare("five").await;
        app.clock.advance(jiff::SignedDuration::from_mins(minutes));
        let acknowledge = format!("{incident}/roles/commander/acknowledge");
        chief.post(&acknowledge, json!({})).await.ok(200);
        let cancel = format!("{incident}/cancel");
        chief.post(&cancel, json!({ "reason": "enough" })).await.ok(200);
    }
    let made = cast("five").await.ok(200);
    assert_eq!(made["incidents"], 5, "{made}");
    let found = &made["roles"][0]["answers"]["found"];
    assert_eq!((&made["roles"][0]["role"], &found["came"]), (&json!("commander"), &json!(5)));
    let median = found["median"].as_u64().expect("five answers make a median");
    assert!((60..=300).contains(&median), "between the least and the greatest: {found}");
    assert_eq!(found.get("p90"), None, "five answers make no 90th percentile");
    let later = cast("five&since=2027-01-01T00:00:00Z").await.ok(200);
    assert_eq!(later["incidents"], 0, "{later}");

    cast("none").await.problem(404, "unknown_playbook");
    cast("five&since=soon").await.problem(422, "bad_query");
    let desk = app.person("desk1", Scope::Commander).await;
    desk.get("/api/v1/drills/cast?playbook=leak").await.problem(404, "unknown_playbook");
    let viewer = app.person("ada", Scope::Responder).await;
    viewer.get("/api/v1/drills/cast?playbook=five").await.problem(403, "scope_too_low");
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

#[tokio::test]
async fn evaluators_judge_a_run_each_for_themselves_and_every_change_is_kept() {
    let store: std::sync::Arc<dyn firebell::store::Store> =
        std::sync::Arc::new(firebell::store::Memory::new());
    let app = TestApp::start_on(std::sync::Arc::clone(&store));
    let chief = app.person("chief", Scope::Commander).await;
    let run = chief.post("/api/v1/drills/five-drill/run", json!({})).await.ok(200);
    let path = format!("/api/v1/drill-runs/{}", run["run"].as_str().unwrap());
    let rate = async |who: &crate::app::Client, key: &str, rating: &str, note: &str| {
        let body = json!({ "rating": rating, "note": note });
        let path = format!("{path}/judgements/{key}");
        who.call(axum::http::Method::PUT, &path).json(&body).send().await
    };
    let ada = app.person("ada", Scope::Responder).await;
    rate(&chief, "tone", "P", "").await.ok(200);
    rate(&ada, "evaluator%2Ftone", "U", "nobody was told").await.ok(200);
    let sheet = rate(&ada, "tone", "M", "told late").await.ok(200);
    let ratings = &sheet["questions"][0]["ratings"];
    assert_eq!(ratings[0]["by"], "ada", "{sheet}");
    assert_eq!(ratings[0]["rating"], "M");
    assert_eq!(ratings[0]["before"][0]["note"], "nobody was told");
    let shown = ada.get(&path).await.ok(200);
    let question = shown["judgements"].as_array().unwrap();
    let question = question.iter().find(|one| one["key"] == "evaluator/tone").unwrap();
    assert_eq!(question["finding"]["finding"], "not_met", "of two the worse: {question}");
    assert_eq!(question["credit"], 40);
    assert_eq!(shown["parts"]["communicate"]["score"], 40, "{shown}");

    rate(&ada, "other", "P", "").await.problem(404, "unknown_question");
    rate(&ada, "tone", "yes", "").await.problem(422, "bad_judgement");
    rate(&ada, "tone", "P", &"x".repeat(2_001)).await.problem(422, "bad_judgement");
    let viewer = app.person("desk1", Scope::Viewer).await;
    rate(&viewer, "tone", "P", "").await.problem(403, "scope_too_low");

    let seen = json!({ "text": "the bridge was silent for ten minutes", "objective": "responded" });
    let written = ada.post(&format!("{path}/observations"), seen.clone()).await.ok(201);
    assert_eq!(
        (written["by"].as_str(), written["text"].as_str()),
        (Some("ada"), seen["text"].as_str())
    );
    ada.post(&format!("{path}/observations"), json!({ "text": " " }))
        .await
        .problem(422, "bad_judgement");

    let again = TestApp::start_on(store);
    let chief = again.person("chief", Scope::Commander).await;
    let kept = chief.get(&format!("{path}/judgements")).await.ok(200);
    assert_eq!(kept["questions"][0]["ratings"], *ratings, "over a restart");
    assert_eq!(kept["observations"][0]["objective"], "responded");
    again.clock.advance(jiff::SignedDuration::from_hours(24 * 31));
    let late = format!("{path}/judgements/tone");
    let late = chief.call(axum::http::Method::PUT, &late).json(&json!({ "rating": "S" })).send();
    late.await.problem(409, "judging_over");
}

#[tokio::test]
async fn a_drill_s_runs_are_a_series_of_what_compares() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Commander).await;
    for _ in 0..2 {
        chief.post("/api/v1/drills/five-drill/run", json!({})).await.ok(200);
        app.clock.advance(jiff::SignedDuration::from_secs(1));
    }
    let series = chief.get("/api/v1/drills/five-drill/series").await.ok(200);
    let stretches = series["stretches"].as_array().unwrap();
    assert_eq!(stretches.len(), 1, "{series}");
    assert_eq!(stretches[0]["runs"].as_array().map(Vec::len), Some(2));
    assert_eq!(stretches[0]["score"], "too_few");
    let desk = app.person("desk1", Scope::Viewer).await;
    desk.get("/api/v1/drills/leak-drill/series").await.problem(404, "unknown_drill");
    desk.get("/api/v1/drills/none/series").await.problem(404, "unknown_drill");
}
