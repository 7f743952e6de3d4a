//! Overrides and swaps: who may change which shift, what it does to the roster, who hears of it, and
//! what is still known after a restart.

use std::sync::Arc;

use axum::http::Method;
use firebell::runtime::Scope;
use jiff::SignedDuration;
use serde_json::{Value as Json, json};

use super::app::{Client, TestApp};

const OVERRIDES: &str = "/api/v1/overrides";
const SWAPS: &str = "/api/v1/swaps";

/// A morning on `days`, which `desk1` has alone; `START` is at 08:00 of the day before.
fn morning(more: Json) -> Json {
    let mut body = json!({ "schedule": "days",
        "from": "2026-11-22T08:00:00Z", "to": "2026-11-22T12:00:00Z" });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

async fn who(client: &Client, at: &str) -> Json {
    let shown = client.get(&format!("/api/v1/oncall?at={at}")).await.ok(200);
    shown["schedules"][0]["people"].clone()
}

async fn delete(client: &Client, path: &str) -> super::app::Reply {
    client.call(Method::DELETE, path).send().await
}

/// Waits for the messages that were sent beside an answer.
pub async fn mails(app: &TestApp, count: usize) -> Vec<String> {
    loop {
        let folder = std::fs::read_dir(app.folder().join("outbox")).into_iter().flatten();
        let paths = folder.map(|entry| entry.unwrap().path());
        let whole: Vec<_> = paths.filter(|p| p.extension().is_some_and(|e| e == "eml")).collect();
        if whole.len() >= count {
            return whole.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn one_gives_ones_own_shift_away_or_takes_one_over_and_a_commander_does_all() {
    let app = TestApp::start();
    let desk1 = app.person("desk1", Scope::Responder).await;
    let out = app.person("out", Scope::Responder).await;
    let chief = app.person("chief", Scope::Commander).await;
    let bot = app.service("bot", Scope::Responder).await;
    for (client, change, code) in [
        (&out, json!({ "person": "ada" }), "not_your_shift"),
        (&out, json!({ "person": "ada", "off": "desk1" }), "not_your_shift"),
        (&out, json!({ "off": "desk1" }), "not_your_shift"),
        (&bot, json!({ "person": "ada" }), "not_your_shift"),
    ] {
        client.post(OVERRIDES, morning(change)).await.problem(403, code);
    }
    // A shift that one does not have cannot be given away, and nobody slips away unseen.
    let not_his = morning(json!({ "person": "desk1", "off": "out" }));
    out.post(OVERRIDES, not_his).await.problem(409, "not_on_call");
    desk1.post(OVERRIDES, morning(json!({ "off": "desk1" }))).await.problem(409, "leaves_nobody");
    let given = morning(json!({ "person": "ada", "off": "desk1", "note": "dentist" }));
    let given = desk1.post(OVERRIDES, given).await.ok(201);
    assert_eq!((&given["state"], &given["over"]), (&json!("upcoming"), &json!([])), "{given}");
    assert_eq!(given["made"]["person"], "desk1");
    assert!(given["made"]["token"].as_str().is_some_and(|id| id.len() == 12), "{given}");
    assert_eq!(who(&out, "2026-11-22T09:00:00Z").await, json!(["ada"]));
    assert_eq!(who(&out, "2026-11-22T12:00:00Z").await, json!(["desk1"]), "the end is not in it");
    let covered = out.post(OVERRIDES, morning(json!({ "person": "out" }))).await.ok(201);
    assert_eq!(covered["over"], json!([given["id"]]), "the later one wins, and says so");
    assert_eq!(who(&out, "2026-11-22T09:00:00Z").await, json!(["out"]));
    let off = chief.post(OVERRIDES, morning(json!({ "off": "out" }))).await.ok(201);
    assert_eq!(off["leaves_gaps"][0]["from"], "2026-11-22T08:00:00Z", "{off}");
    assert_eq!(who(&out, "2026-11-22T09:00:00Z").await, json!([]));
}

#[tokio::test]
async fn the_times_of_an_override_are_checked_and_the_past_is_left_to_corrections() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Commander).await;
    let desk1 = app.person("desk1", Scope::Responder).await;
    let span = |from: &str, to: &str| json!({ "from": from, "to": to, "person": "ada" });
    for (change, pointer) in [
        (span("2026-11-22T08:00:00Z", "2026-11-22T08:00:00Z"), ""),
        (span("2026-11-22T08:00:00Z", "2027-11-22T08:00:00Z"), "/to"),
        (span("2028-11-22T08:00:00Z", "2028-11-23T08:00:00Z"), "/from"),
        (span("2026-11-21T07:00:00Z", "2026-11-23T08:00:00Z"), "/from"),
        (json!({ "person": "ada", "note": "x".repeat(501) }), "/note"),
    ] {
        let said = chief.post(OVERRIDES, morning(change.clone())).await;
        let said = said.problem(422, "invalid_fields");
        assert_eq!(said["errors"][0]["pointer"], pointer, "{change} {said}");
    }
    let unknown = morning(json!({ "person": "nobody" }));
    chief.post(OVERRIDES, unknown).await.problem(422, "unknown_person");
    let past = |more: Json| {
        let mut body = morning(span("2026-11-20T08:00:00Z", "2026-11-20T12:00:00Z"));
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let bare = chief.post(OVERRIDES, past(json!({ "correction": true }))).await;
    assert_eq!(bare.problem(422, "invalid_fields")["errors"][0]["pointer"], "/reason");
    let whole = past(json!({ "correction": true, "reason": "ada took it by telephone" }));
    desk1.post(OVERRIDES, whole.clone()).await.problem(403, "not_your_shift");
    let made = chief.post(OVERRIDES, whole).await.ok(201);
    assert_eq!((&made["state"], &made["correction"]), (&json!("ended"), &json!(true)));
    assert_eq!(who(&chief, "2026-11-20T09:00:00Z").await, json!(["ada"]));
    let path = format!("{OVERRIDES}/{}", made["id"].as_str().unwrap());
    delete(&chief, &path).await.problem(409, "override_ended");
}

#[tokio::test]
async fn taking_an_override_back_leaves_what_it_did_and_survives_a_restart() {
    let app = TestApp::start();
    let desk1 = app.person("desk1", Scope::Responder).await;
    let out = app.person("out", Scope::Responder).await;
    let made = out.post(OVERRIDES, morning(json!({ "person": "out" }))).await.ok(201);
    let path = format!("{OVERRIDES}/{}", made["id"].as_str().unwrap());
    delete(&desk1, &path).await.problem(403, "not_your_shift");
    delete(&out, &format!("{OVERRIDES}/nothing")).await.problem(404, "unknown_override");
    app.clock.advance(SignedDuration::from_hours(26));
    let back = delete(&out, &path).await.ok(200);
    assert_eq!(back["state"], "withdrawn");
    assert_eq!(delete(&out, &path).await.ok(200), back, "once is enough");
    let next = TestApp::start_on(Arc::clone(&app.store));
    for app in [&app, &next] {
        let client = app.person("ada", Scope::Viewer).await;
        assert_eq!(who(&client, "2026-11-22T09:30:00Z").await, json!(["out"]), "it did hold");
        assert_eq!(who(&client, "2026-11-22T11:00:00Z").await, json!(["desk1"]));
        let list = client.get(&format!("{OVERRIDES}?from=2026-11-22T00:00:00Z")).await.ok(200);
        assert_eq!(list["items"][0]["withdrawn"]["person"], "out", "{list}");
        let later = client.get(&format!("{OVERRIDES}?from=2026-11-23T00:00:00Z")).await.ok(200);
        assert_eq!(later["items"], json!([]));
    }
}

#[tokio::test]
async fn an_override_of_what_the_configuration_lost_is_kept_without_effect_and_shown_so() {
    use firebell::store::{Change, Expect, Kind};
    let app = TestApp::start();
    let stored = json!({ "schedule": "nights", "from": "2026-11-22T08:00:00Z",
        "to": "2026-11-23T08:00:00Z", "change": { "put": "gone" } });
    let change =
        Change::write(Kind::Override, "1-nights", Expect::Absent, stored.to_string().into());
    app.store.put(vec![change]).await.unwrap();
    let next = TestApp::start_on(Arc::clone(&app.store));
    let client = next.person("ada", Scope::Viewer).await;
    let list = client.get(OVERRIDES).await.ok(200);
    assert_eq!(list["items"][0]["state"], "ignored", "{list}");
    assert_eq!(who(&client, "2026-11-22T09:00:00Z").await, json!(["desk1"]));
}

#[tokio::test]
async fn those_whose_shifts_change_are_told_and_whoever_changed_them_is_not() {
    let app = TestApp::start();
    let out = app.person("out", Scope::Responder).await;
    out.post(OVERRIDES, morning(json!({ "person": "out", "note": "for you" }))).await.ok(201);
    let mails = mails(&app, 1).await;
    assert_eq!(mails.len(), 1);
    assert!(mails[0].contains("desk1@example.test"), "{}", mails[0]);
    assert!(mails[0].contains("out is on call") && mails[0].contains("for you"), "{}", mails[0]);
}

#[tokio::test]
async fn a_swap_is_offered_accepted_and_carried_out_on_both_sides_at_once() {
    let app = TestApp::start();
    let desk1 = app.person("desk1", Scope::Responder).await;
    let desk2 = app.person("desk2", Scope::Responder).await;
    let chief = app.person("chief", Scope::Commander).await;
    let theirs = json!({ "schedule": "days", "person": "desk2",
        "from": "2026-11-23T08:00:00Z", "to": "2026-11-23T12:00:00Z" });
    chief.post(OVERRIDES, theirs).await.ok(201);
    let offer = |more: Json| morning(more);
    let wanted = json!({ "from": "2026-11-23T08:00:00Z", "to": "2026-11-23T12:00:00Z" });
    let for_it = json!({ "person": "desk2", "in_return": wanted });
    desk2.post(SWAPS, offer(json!({}))).await.problem(409, "not_on_call");
    desk1.post(SWAPS, offer(json!({ "person": "desk1" }))).await.problem(422, "invalid_fields");
    desk1.post(SWAPS, offer(json!({ "in_return": wanted }))).await.problem(422, "invalid_fields");
    let made = desk1.post(SWAPS, offer(for_it)).await.ok(201);
    assert_eq!((&made["state"], &made["by"]), (&json!("open"), &json!("desk1")), "{made}");
    let path = format!("{SWAPS}/{}", made["id"].as_str().unwrap());
    chief.post(&format!("{path}/accept"), json!({})).await.problem(403, "not_your_shift");
    let done = desk2.post(&format!("{path}/accept"), json!({})).await.ok(200);
    assert_eq!((&done["state"], &done["accepted_by"]), (&json!("accepted"), &json!("desk2")));
    assert_eq!(done["overrides"].as_array().map(Vec::len), Some(2));
    desk2.post(&format!("{path}/accept"), json!({})).await.problem(409, "swap_settled");
    let next = TestApp::start_on(Arc::clone(&app.store));
    for app in [&app, &next] {
        let client = app.person("ada", Scope::Viewer).await;
        assert_eq!(who(&client, "2026-11-22T09:00:00Z").await, json!(["desk2"]));
        assert_eq!(who(&client, "2026-11-23T09:00:00Z").await, json!(["desk1"]));
    }
    // A swap stands or falls as a whole.
    let half = done["overrides"][0].as_str().unwrap();
    delete(&chief, &format!("{OVERRIDES}/{half}")).await.ok(200);
    assert_eq!(who(&chief, "2026-11-22T09:00:00Z").await, json!(["desk1"]));
    assert_eq!(who(&chief, "2026-11-23T09:00:00Z").await, json!(["desk2"]));
}

#[tokio::test]
async fn an_offer_can_be_declined_withdrawn_and_runs_out() {
    let app = TestApp::start();
    let desk1 = app.person("desk1", Scope::Responder).await;
    let desk2 = app.person("desk2", Scope::Responder).await;
    let id = |made: &Json| format!("{SWAPS}/{}", made["id"].as_str().unwrap());
    let to_desk2 = morning(json!({ "person": "desk2" }));
    let one = id(&desk1.post(SWAPS, to_desk2.clone()).await.ok(201));
    let said = desk2.post(&format!("{one}/decline"), json!({})).await.ok(200);
    assert_eq!(said["state"], "declined");
    delete(&desk1, &one).await.problem(409, "swap_settled");
    let two = id(&desk1.post(SWAPS, to_desk2.clone()).await.ok(201));
    delete(&desk2, &two).await.problem(403, "not_your_shift");
    assert_eq!(delete(&desk1, &two).await.ok(200)["state"], "withdrawn");
    desk2.post(&format!("{two}/accept"), json!({})).await.problem(409, "swap_settled");
    let three = id(&desk1.post(SWAPS, to_desk2).await.ok(201));
    app.clock.advance(SignedDuration::from_hours(24));
    let late = desk2.post(&format!("{three}/accept"), json!({})).await;
    late.problem(409, "swap_settled");
    let expired = desk1.get(&format!("{SWAPS}?state=expired")).await.ok(200);
    assert_eq!(expired["items"].as_array().map(Vec::len), Some(1), "{expired}");
    assert_eq!(who(&desk1, "2026-11-22T09:00:00Z").await, json!(["desk1"]), "nothing changed");
}

/// A calendar in which somebody has the days from 21 to 28 November 2026.
fn calendar(who: &str) -> String {
    format!(
        "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nBEGIN:VEVENT\nUID:1\nSUMMARY:{who}\n\
         DTSTART:20261121T000000Z\nDTEND:20261128T000000Z\nEND:VEVENT\nBEGIN:VEVENT\nUID:2\n\
         SUMMARY:Lunch\nDTSTART:20261123T000000Z\nDTEND:20261123T010000Z\nEND:VEVENT\n\
         END:VCALENDAR\n"
    )
}

#[tokio::test]
async fn a_reload_reads_calendars_anew_and_who_is_on_call_says_how_old_they_are() {
    use firebell::runtime::{CalendarPlace, CalendarSource, RosterSettings};
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("days.ics");
    std::fs::write(&file, calendar("ada")).unwrap();
    let place = CalendarPlace::File(file.clone());
    let source = CalendarSource { place, every: SignedDuration::from_hours(6) };
    let calendars = [("days".into(), source)].into();
    let rosters = RosterSettings { calendars, ..RosterSettings::default() };
    let app = TestApp::start_with_rosters(rosters);
    let admin = app.person("chief", Scope::Admin).await;
    let at = "2026-11-22T09:00:00Z";
    assert_eq!(who(&admin, at).await, json!(["desk1"]));
    let reloaded = admin.post("/api/v1/reload", json!({})).await.ok(200);
    let seen = &reloaded["calendars"][0];
    assert_eq!((&seen["schedule"], &seen["from"]), (&json!("days"), &json!("file")), "{seen}");
    assert_eq!((&seen["shifts"], &seen["old"]), (&json!(1), &json!(false)), "{seen}");
    let left_out = seen["left_out"][0]["en"].as_str().unwrap();
    assert!(left_out.contains("Lunch"), "{seen}");
    assert_eq!(who(&admin, at).await, json!(["ada"]));
    app.clock.advance(SignedDuration::from_mins(1));
    std::fs::write(&file, "<html>").unwrap();
    let reloaded = admin.post("/api/v1/reload", json!({})).await.ok(200);
    assert_eq!(reloaded["swapped"], true, "plans are a matter of their own");
    assert!(reloaded["calendars"][0]["trouble"].is_object(), "{reloaded}");
    let shown = admin.get("/api/v1/oncall?schedule=days").await.ok(200);
    let seen = &shown["schedules"][0]["calendar"];
    assert_eq!(seen["read_at"], "2026-11-21T08:00:00Z", "{seen}");
    assert_eq!(seen["trouble_since"], "2026-11-21T08:01:00Z", "{seen}");
    assert_eq!(who(&admin, at).await, json!(["ada"]));
    let metrics = admin.get("/metrics").await.text();
    assert!(metrics.contains("roster_calendar_age_seconds{schedule=\"days\"} 60"), "{metrics}");
    assert!(metrics.contains("roster_calendars_in_trouble 1"), "{metrics}");
}
