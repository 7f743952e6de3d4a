//! The server dies in the middle of a drill with people: the drill goes on where it stopped, repeats
//! nothing, and its result says that it was taken up again.

use std::time::Duration;

use serde_json::Value as Json;

use crate::http::Caller;
use crate::process::{Server, Setup};

const DRILL: &str = "drill: alarm
title: { zh: 警铃, en: Alarm }
playbook: three
run: exercise
start: declare
injects:
  - { at: 0m, message: { from: media, text: { zh: 记者来电, en: A reporter calls } } }
  - { when: steps.s2.done, message: { from: support, text: { zh: 第二步做完, en: Two is done } } }
expect: [ { step: s3, is: done, within: 1h } ]
";

const CONFIG: &str = "channels:
  mail: { kind: eml, dir: data/outbox, drill: true }
people:
  duty-1: { name: Duty 1, lang: en, drills: true, contacts: [ { mail: duty@example.com } ] }
teams:
  duty: { title: Duty, members: [duty-1] }
";

/// How long is waited for what must come.
const PATIENCE: Duration = Duration::from_secs(60);

/// Asks again until an answer has what is waited for.
async fn until(server: &Server, path: &str, what: &str, holds: impl Fn(&Json) -> bool) -> Json {
    let mut caller = Caller::connect(&server.address, &server.token).await;
    let patience = tokio::time::Instant::now() + PATIENCE;
    loop {
        let answer = caller.get(path).await;
        if holds(&answer) {
            return answer;
        }
        assert!(tokio::time::Instant::now() < patience, "{what}: {answer}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn post(server: &Server, path: &str, body: &str) -> Json {
    let mut caller = Caller::connect(&server.address, &server.token).await;
    serde_json::from_slice(&caller.post(path, body).await).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drill_goes_on_where_a_death_interrupted_it_and_its_result_says_so() {
    let plan = crate::PLAN.to_owned();
    let files = vec![("playbooks/three.yaml", plan), ("drills/alarm.yaml", DRILL.to_owned())];
    let mut server = Server::start(&Setup { files, config: CONFIG.into(), safe_start: false });
    let begun = post(&server, "/api/v1/drills/alarm/run", "{}").await;
    let path = format!("/api/v1/drill-runs/{}", begun["run"].as_str().unwrap());
    let one_done = |answer: &Json| answer["done"].as_array().is_some_and(|done| done.len() == 1);
    let stands = until(&server, &path, "the first inject", one_done).await;
    let incident = format!("/api/v1/incidents/{}", stands["incident"]["id"].as_str().unwrap());
    post(&server, &format!("{incident}/steps/s1/complete"), "{}").await;
    server.kill();

    server = server.restart(false);
    let resumed = |answer: &Json| answer["resumed"].as_array().is_some_and(|all| all.len() == 1);
    until(&server, &path, "it is taken up again", resumed).await;
    post(&server, &format!("{incident}/steps/s2/complete"), "{}").await;
    let both = |answer: &Json| answer["done"].as_array().is_some_and(|done| done.len() == 2);
    until(&server, &path, "the second inject", both).await;
    post(&server, &format!("{incident}/steps/s3/complete"), "{}").await;
    let judged = |answer: &Json| answer["verdict"].is_string();
    let result = until(&server, &path, "it is judged", judged).await;
    assert_eq!((&result["outcome"], &result["verdict"]), (&"completed".into(), &"passed".into()));
    assert_eq!(result["resumed"].as_array().map(Vec::len), Some(1), "{result}");
    let timeline = format!("{incident}/timeline?format=json&lang=en");
    let told = until(&server, &timeline, "the timeline", |_| true).await;
    let rows = told["rows"].as_array().unwrap().iter();
    let calls = rows.filter(|row| row.to_string().contains("A reporter calls"));
    assert_eq!(calls.count(), 1, "nothing is repeated: {told}");
    server.kill();
}
