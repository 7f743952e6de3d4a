//! Changes of shift: who is asked for a note, who is told it, once each whatever is restarted, and
//! what an override does to a change.

use std::sync::Arc;

use firebell::runtime::Scope;
use firebell::store::{Memory, Store};
use jiff::SignedDuration;
use serde_json::{Value as Json, json};

use super::app::{START, TestApp};
use super::rosters::mails;

const TURNS: &str = "/api/v1/schedules/turns/handover";
const ASKED: &str = "Subject: turns: a note for the next shift";
const TOLD: &str = "Subject: turns: your shift begins";

fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

fn memory() -> Arc<dyn Store> {
    Arc::new(Memory::new())
}

/// Waits until so many messages of a kind were sent, and for those that should not have been.
async fn letters(app: &TestApp, subject: &str, count: usize) -> Vec<String> {
    let patience = tokio::time::Instant::now() + std::time::Duration::from_secs(20);
    loop {
        for _ in 0..300 {
            tokio::task::yield_now().await;
            std::thread::yield_now();
        }
        let mut sent = mails(app, 0).await;
        sent.retain(|mail| mail.contains(subject));
        if sent.len() >= count {
            assert_eq!(sent.len(), count, "{subject}: {sent:#?}");
            return sent;
        }
        assert!(tokio::time::Instant::now() < patience, "{subject}: {}", sent.len());
    }
}

/// Waits until the server says so of the hand-over.
async fn said(app: &TestApp, key: &str) -> Json {
    let viewer = app.person("ada", Scope::Viewer).await;
    loop {
        let shown = viewer.get(TURNS).await.ok(200);
        if !shown[key].is_null() {
            return shown;
        }
        tokio::task::yield_now().await;
    }
}

fn note(text: &str) -> Json {
    json!({ "note": text })
}

#[tokio::test]
async fn who_goes_is_asked_once_and_who_comes_is_told_once_whatever_is_restarted() {
    let store = memory();
    let app = TestApp::start_taking_turns(Arc::clone(&store), START);
    app.person("chief", Scope::Commander).await.declare("five").await;
    let desk2 = app.person("desk2", Scope::Responder).await;
    letters(&app, ASKED, 0).await;
    app.clock.advance(minutes(9 * 60 + 29));
    letters(&app, ASKED, 0).await;
    app.clock.advance(minutes(5));
    let asked = letters(&app, ASKED, 1).await;
    assert!(asked[0].contains("desk2@example.test"), "{}", asked[0]);
    assert!(asked[0].contains("firebell oncall handover turns"), "{}", asked[0]);
    desk2.post(TURNS, note("look at the queue")).await.ok(201);
    let left = desk2.post(TURNS, note("the queue is fine again")).await.ok(201);
    assert_eq!(
        (&left["made"]["person"], &left["at"]),
        (&json!("desk2"), &json!("2026-11-21T18:00:00Z"))
    );
    let shown = said(&app, "asked_at").await;
    assert_eq!(shown["note"]["text"], "the queue is fine again", "{shown}");
    assert_eq!(shown["earlier_notes"][0]["text"], "look at the queue");
    assert_eq!((&shown["from"], &shown["to"]), (&json!(["desk2"]), &json!(["desk1"])));
    let open = &shown["open"][0];
    assert_eq!(
        (&open["number"], &open["roles"][0]["holder"]),
        (&json!("INC-2026-0001"), &json!("desk2"))
    );
    assert_eq!(open["steps"][0]["title"]["en"], "One", "{open}");

    let next = TestApp::start_taking_turns(Arc::clone(&store), "2026-11-21T17:40:00Z");
    letters(&next, ASKED, 0).await;
    next.clock.advance(minutes(21));
    let told = letters(&next, TOLD, 1).await;
    assert!(told[0].contains("desk1@example.test"), "{}", told[0]);
    for part in ["the queue is fine again", "INC-2026-0001", "desk2", "- One"] {
        assert!(told[0].contains(part), "{part}: {}", told[0]);
    }
    said(&next, "told_at").await;
    let last = TestApp::start_taking_turns(store, "2026-11-21T18:30:00Z");
    last.clock.advance(minutes(60));
    letters(&last, TOLD, 0).await;
    letters(&last, ASKED, 0).await;
}

#[tokio::test]
async fn a_change_that_fell_into_downtime_is_told_for_half_a_day() {
    let late = TestApp::start_taking_turns(memory(), "2026-11-22T05:50:00Z");
    letters(&late, TOLD, 1).await;
    let too_late = TestApp::start_taking_turns(memory(), "2026-11-22T06:10:00Z");
    letters(&too_late, TOLD, 0).await;
}

#[tokio::test]
async fn those_who_go_and_commanders_leave_notes_and_a_late_one_is_told_at_once() {
    let app = TestApp::start_taking_turns(memory(), START);
    let desk1 = app.person("desk1", Scope::Responder).await;
    let desk2 = app.person("desk2", Scope::Responder).await;
    let chief = app.person("chief", Scope::Commander).await;
    desk1.post(TURNS, note("mine")).await.problem(403, "not_your_shift");
    for text in [" ".to_owned(), "x".repeat(2_001)] {
        let said = chief.post(TURNS, note(&text)).await.problem(422, "invalid_fields");
        assert_eq!(said["errors"][0]["pointer"], "/note");
    }
    chief.post(TURNS, note("by the chief")).await.ok(201);
    let missing = chief.get("/api/v1/schedules/turn/handover").await;
    assert_eq!(missing.problem(404, "unknown_schedule")["closest"][0], "turns");
    app.clock.advance(minutes(9 * 60 + 45));
    letters(&app, ASKED, 0).await;
    app.clock.advance(minutes(20));
    let told = letters(&app, TOLD, 1).await;
    assert!(told[0].contains("by the chief"), "{}", told[0]);
    desk2.post(TURNS, note("one thing more")).await.ok(201);
    let late = letters(&app, "Subject: turns: hand-over note", 1).await;
    assert!(late[0].contains("desk1@example.test") && late[0].contains("one thing more"));
}

#[tokio::test]
async fn nothing_is_handed_over_where_the_same_person_stays() {
    let app = TestApp::start_taking_turns(memory(), START);
    let chief = app.person("chief", Scope::Commander).await;
    let path = "/api/v1/schedules/days/handover";
    let shown = chief.get(path).await.ok(200);
    assert_eq!((&shown["at"], &shown["on_call"]), (&Json::Null, &json!(["desk1"])), "{shown}");
    chief.post(path, note("to whom")).await.problem(409, "not_on_call");
    let stays = json!({ "schedule": "turns", "person": "desk2",
        "from": "2026-11-21T18:00:00Z", "to": "2026-11-22T18:00:00Z" });
    chief.post("/api/v1/overrides", stays).await.ok(201);
    app.clock.advance(minutes(11 * 60));
    letters(&app, ASKED, 0).await;
    letters(&app, TOLD, 0).await;
    let shown = chief.get(TURNS).await.ok(200);
    assert_eq!(shown["on_call"], json!(["desk2"]));
}

#[tokio::test]
async fn an_override_moves_the_change_and_the_note_goes_with_it() {
    let app = TestApp::start_taking_turns(memory(), START);
    let desk2 = app.person("desk2", Scope::Responder).await;
    app.clock.advance(minutes(9 * 60 + 35));
    letters(&app, ASKED, 1).await;
    desk2.post(TURNS, note("the pump is noisy")).await.ok(201);
    let longer = json!({ "schedule": "turns", "person": "desk2", "note": "one hour more",
        "from": "2026-11-21T18:00:00Z", "to": "2026-11-21T20:00:00Z" });
    app.person("chief", Scope::Commander).await.post("/api/v1/overrides", longer).await.ok(201);
    let shown = desk2.get(TURNS).await.ok(200);
    assert_eq!(shown["at"], "2026-11-21T20:00:00Z");
    assert_eq!(shown["note"]["text"], "the pump is noisy", "{shown}");
    app.clock.advance(minutes(60));
    letters(&app, TOLD, 0).await;
    app.clock.advance(minutes(60));
    letters(&app, TOLD, 0).await;
    app.clock.advance(minutes(30));
    let told = letters(&app, TOLD, 1).await;
    assert!(told[0].contains("the pump is noisy"), "{}", told[0]);
    letters(&app, ASKED, 1).await;
}
