//! Calendars to subscribe to, and what is wrong with the rosters of the days to come.

use axum::http::Method;
use firebell::runtime::Scope;
use jiff::SignedDuration;
use serde_json::json;

use super::app::{BASE, TestApp};

const CALENDARS: &str = "/api/v1/calendars";

#[tokio::test]
async fn a_calendar_is_read_without_a_token_until_it_is_taken_back() {
    let app = TestApp::start();
    let desk1 = app.person("desk1", Scope::Viewer).await;
    let desk2 = app.person("desk2", Scope::Viewer).await;
    let made = desk1.post(CALENDARS, json!({ "schedule": "days", "lang": "en" })).await.ok(201);
    let url = made["url"].as_str().unwrap().strip_prefix(BASE).unwrap().to_owned();
    let listed = desk1.get(CALENDARS).await.text();
    let secret = url.strip_prefix("/ical/").and_then(|s| s.strip_suffix(".ics")).unwrap();
    assert!(listed.contains(made["id"].as_str().unwrap()) && !listed.contains(secret));
    let reader = app.anonymous();
    let read = reader.get(&url).await;
    assert_eq!(read.status, 200);
    assert_eq!(read.header("content-type"), "text/calendar; charset=utf-8");
    assert_eq!(read.header("cache-control"), "private, no-cache");
    assert!(read.text().contains("SUMMARY:days: desk1") && !read.text().contains("@example"));
    let tag = read.header("etag").to_owned();
    let again = reader.call(Method::GET, &url).header("if-none-match", &tag).send().await;
    assert_eq!((again.status.as_u16(), again.bytes.len()), (304, 0));
    let swap = json!({ "schedule": "days", "person": "ada",
        "from": "2026-11-22T08:00:00Z", "to": "2026-11-22T12:00:00Z" });
    app.person("chief", Scope::Commander).await.post("/api/v1/overrides", swap).await.ok(201);
    let changed = reader.call(Method::GET, &url).header("if-none-match", &tag).send().await;
    assert!(changed.status == 200 && changed.text().contains("SUMMARY:days: ada"));
    let path = format!("{CALENDARS}/{}", made["id"].as_str().unwrap());
    let revoke = |client: &super::app::Client| client.call(Method::DELETE, &path);
    revoke(&desk2).send().await.problem(404, "unknown_calendar");
    assert_eq!(revoke(&desk1).send().await.ok(200), revoke(&desk1).send().await.ok(200));
    let mut gone = reader.get(&url).await.problem(404, "unknown_calendar");
    let mut never = reader
        .get(&format!("/ical/fbc_{}.ics", "0".repeat(64)))
        .await
        .problem(404, "unknown_calendar");
    for answer in [&mut gone, &mut never] {
        answer.as_object_mut().unwrap().remove("instance");
    }
    assert_eq!(gone, never, "taken back and never there look the same");
    for odd in ["/ical/x.ics", "/ical/%00.ics", "/ical/fbc_", "/ical/..%2f.ics"] {
        assert_eq!(reader.get(odd).await.status.as_u16(), 404, "{odd}");
    }
    // No metric, and so no scrape, carries the address.
    assert!(!reader.get("/metrics").await.text().contains(secret));
}

#[tokio::test]
async fn a_repeated_request_for_a_calendar_shows_no_secret_and_makes_no_second() {
    let app = TestApp::start();
    let desk1 = app.person("desk1", Scope::Viewer).await;
    let ask = |body| desk1.call(Method::POST, CALENDARS).header("idempotency-key", "k").json(body);
    let body = json!({ "person": "desk1" });
    let first = ask(&body).send().await.ok(201);
    let again = ask(&body).send().await.ok(201);
    assert!(first["url"].is_string() && again["url"].is_null() && first["id"] == again["id"]);
    let both = json!({ "person": "desk1", "schedule": "days" });
    desk1.post(CALENDARS, both).await.problem(422, "invalid_fields");
    desk1.post(CALENDARS, json!({ "person": "x" })).await.problem(422, "unknown_person");
    assert_eq!(desk1.get(CALENDARS).await.ok(200)["items"].as_array().map(Vec::len), Some(1));
}

/// Lets what runs beside the requests go on.
async fn rest() {
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_gap_is_found_ahead_told_once_and_counted() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Commander).await;
    let none = chief.get("/api/v1/oncall/gaps").await.ok(200);
    assert_eq!(none["items"], json!([]));
    chief.get("/api/v1/oncall/gaps?days=0").await.problem(422, "bad_query");
    chief.get("/api/v1/oncall/gaps?schedule=x").await.problem(404, "unknown_schedule");
    let off = json!({ "schedule": "days", "off": "desk1",
        "from": "2026-11-25T08:00:00Z", "to": "2026-11-25T12:00:00Z" });
    chief.post("/api/v1/overrides", off).await.ok(201);
    let gaps = chief.get("/api/v1/oncall/gaps?days=7").await.ok(200);
    assert_eq!(gaps["items"][0]["from"], "2026-11-25T08:00:00Z", "{gaps}");
    assert_eq!(gaps["items"][0]["kind"], "nobody");
    let near = chief.get("/api/v1/oncall/gaps?days=3").await.ok(200);
    assert_eq!(near["items"], json!([]));
    let told = || {
        let folder = std::fs::read_dir(app.folder().join("outbox")).into_iter().flatten();
        let mails = folder.map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap());
        mails.filter(|mail| mail.contains("gaps in the roster")).count()
    };
    // The look-ahead sets out before the clock moves.
    rest().await;
    app.clock.advance(SignedDuration::from_mins(4));
    for _ in 0..1_000 {
        if told() > 0 {
            break;
        }
        rest().await;
    }
    assert_eq!(told(), 1);
    let metrics = app.anonymous().get("/metrics").await.text();
    assert!(metrics.contains("roster_gaps 1"), "{metrics}");
    // Another day, the same gap: the record says that it was told.
    app.clock.advance(SignedDuration::from_hours(25));
    rest().await;
    assert_eq!(told(), 1);
    let kept = app.store.document(firebell::store::Kind::RosterNotice, "gaps/days").unwrap();
    assert!(kept.is_some());
}
