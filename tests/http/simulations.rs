//! Simulated drills that take longer than a request may.

use std::sync::Arc;

use firebell::runtime::Scope;
use firebell::store::{Memory, Store};
use jiff::SignedDuration;
use serde_json::{Value as Json, json};

use crate::app::{Client, TestApp};

/// Asks until something is so; each time lets everything else go on.
async fn until<T>(mut look: impl AsyncFnMut() -> Option<T>) -> T {
    loop {
        if let Some(found) = look().await {
            return found;
        }
        tokio::task::yield_now().await;
    }
}

/// Begins a drill and lets the time pass that whoever asks waits for its result.
async fn begin_and_lose_patience(app: &TestApp, who: &Client, drill: &str) -> Json {
    let path = format!("/api/v1/drills/{drill}/run");
    let asked = who.call(axum::http::Method::POST, &path).header("idempotency-key", drill);
    let asked = asked.json(&json!({})).send();
    let patience = async {
        until(async || {
            let list = who.get("/api/v1/drills").await.ok(200);
            let rows = list["items"].as_array().unwrap().iter();
            let row = rows.into_iter().find(|row| row["drill"] == drill).unwrap();
            (row["running"] != json!([])).then_some(())
        })
        .await;
        app.clock.advance(SignedDuration::from_secs(10));
    };
    let (reply, ()) = tokio::join!(asked, patience);
    let run = reply.header("location").to_owned();
    let begun = reply.ok(202);
    assert_eq!(run, format!("/api/v1/drill-runs/{}", begun["run"].as_str().unwrap()));
    begun
}

fn path_of(begun: &Json) -> String {
    format!("/api/v1/drill-runs/{}", begun["run"].as_str().unwrap())
}

#[tokio::test]
async fn what_takes_long_goes_on_by_itself_and_one_waits_for_the_other() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Commander).await;
    let long = begin_and_lose_patience(&app, &chief, "long-drill").await;
    let stands = chief.get(&path_of(&long)).await.ok(200);
    assert_eq!((&stands["state"], &stands["of"]), (&json!("running"), &json!(100_000)));
    assert!(stands["made"].as_u64().unwrap() < 100_000, "{stands}");
    let again = chief
        .call(axum::http::Method::POST, "/api/v1/drills/long-drill/run")
        .header("idempotency-key", "long-drill")
        .json(&json!({}));
    assert_eq!(again.send().await.ok(202)["run"], long["run"], "under its key it is the same run");

    let short = begin_and_lose_patience(&app, &chief, "five-drill").await;
    let stands = chief.get(&path_of(&short)).await.ok(200);
    assert_eq!((&stands["made"], &stands["of"]), (&json!(0), &json!(1)), "it waits for its turn");

    let desk = app.person("desk1", Scope::Responder).await;
    let abort = format!("{}/abort", path_of(&long));
    desk.post(&abort, json!({ "reason": "enough" })).await.problem(403, "scope_too_low");
    chief.post(&abort, json!({ "reason": "enough" })).await.ok(200);
    let ended = chief.get(&path_of(&long)).await.ok(200);
    assert_eq!((&ended["outcome"], &ended["why"]), (&json!("aborted"), &json!("enough")));
    assert_eq!(ended["verdict"], "not_judged", "half a result is none");

    let result = until(async || {
        let shown = chief.get(&path_of(&short)).await.ok(200);
        shown.get("outcome").is_some().then_some(shown)
    });
    let result = result.await;
    assert_eq!((&result["outcome"], &result["run"]), (&json!("completed"), &short["run"]));
    chief.post(&abort, json!({ "reason": "enough" })).await.problem(409, "drill_over");
}

#[tokio::test]
async fn a_stop_ends_what_goes_on_and_the_next_start_says_so() {
    let store: Arc<dyn Store> = Arc::new(Memory::new());
    let app = TestApp::start_on(Arc::clone(&store));
    let chief = app.person("chief", Scope::Commander).await;
    let long = begin_and_lose_patience(&app, &chief, "long-drill").await;
    app.app.drills().stop().await;
    let again = TestApp::start_on(store);
    let chief = again.person("chief", Scope::Commander).await;
    let told = until(async || {
        let reply = chief.get(&path_of(&long)).await;
        (reply.status.as_u16() == 200).then(|| reply.ok(200))
    });
    let told = told.await;
    assert_eq!((&told["outcome"], &told["verdict"]), (&json!("error"), &json!("not_judged")));
    assert!(told["why"]["en"].as_str().unwrap().contains("run it again"), "{told}");
}
