//! What an exercise asks of something outside: a real peer over loopback, beside the script.

use std::net::TcpListener;

use firebell::drill::live::{Drills, Started, Terms};
use firebell::drill::result::DrillResult;
use firebell::drill::score::Finding;
use firebell::engine::{Command, RoleAct, StepAct, StepRef};
use firebell::id::IncidentId;
use firebell::notify::Hosts;
use firebell::runtime::Runtime;
use firebell::text::Lang;
use jiff::SignedDuration;
use serde_json::json;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::drills::{EXERCISE, act, done, results, stage, until};
use crate::stage::Stage;

/// The exercise, with probes after its other expectations.
fn asking(probes: &str) -> Stage {
    let drill = EXERCISE.replace("pass: {", &format!("{probes}pass: {{"));
    let stage = stage(&[("alarm.yaml", &drill)]);
    *stage.drill_hosts.lock().unwrap() = Hosts::new([("127.0.0.1", None)]);
    stage
}

async fn begin(runtime: &Runtime, drills: &Drills) -> IncidentId {
    let started = drills.run("fire-alarm", Terms::default(), |_| None).await.unwrap();
    assert!(matches!(started, Started::Exercise { .. }), "{started:?}");
    let incident = || drills.archive().exercises().unwrap().into_iter().find_map(|e| e.incident);
    until(runtime, "the exercise declares its incident", || incident().is_some()).await;
    incident().unwrap()
}

fn answered(drills: &Drills) -> usize {
    drills.archive().exercises().unwrap().first().map_or(0, |exercise| exercise.probes.len())
}

async fn end(runtime: &Runtime, drills: &Drills, id: IncidentId) -> DrillResult {
    let complete = StepAct::Complete {
        form: serde_json::Map::new(),
        evidence: Vec::new(),
        measure: None,
        note: None,
    };
    act(runtime, id, Command::Step { step: StepRef::current("fix"), act: complete }).await;
    until(runtime, "the exercise is judged", || results(drills).len() == 1).await;
    results(drills).remove(0)
}

fn found<'a>(result: &'a DrillResult, url: &str) -> &'a Finding {
    let of = |key: &str| key.starts_with("probe/") && key.ends_with(url);
    let found = result.judgements.iter().find(|one| of(&one.key));
    &found.unwrap_or_else(|| panic!("{url}: {result:?}")).finding
}

fn why(finding: &Finding) -> &str {
    match finding {
        Finding::NotMet { why } | Finding::NotJudged { why } => why.get(Lang::En),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_probe_is_judged_by_what_came_back_and_asked_once_over_a_restart() {
    let peer = MockServer::start().await;
    let answers = |route: &'static str, answer: ResponseTemplate| {
        Mock::given(method("GET")).and(path(route)).respond_with(answer).expect(1).mount(&peer)
    };
    answers("/holds", ResponseTemplate::new(200).set_body_json(json!({ "state": "up" }))).await;
    answers("/fails", ResponseTemplate::new(200).set_body_json(json!({ "state": "down" }))).await;
    answers("/end", ResponseTemplate::new(204)).await;
    let at = peer.uri();
    let stage = asking(&format!(
        "  - {{ probe: {{ url: \"{at}/holds\", at: declared, expect: {{ json: {{ /state: up }} }} }} }}
  - {{ probe: {{ url: \"{at}/fails\", at: declared, expect: {{ json: {{ /state: up }} }} }} }}
  - {{ probe: {{ url: \"{at}/end\" }} }}
"
    ));
    let runtime = stage.start(false);
    let drills = Drills::start(runtime.clone());
    let id = begin(&runtime, &drills).await;
    until(&runtime, "both have answered", || answered(&drills) == 2).await;
    drills.stop().await;
    runtime.drain().await;

    let runtime = stage.start(false);
    let drills = Drills::start(runtime.clone());
    stage.pass(&runtime, SignedDuration::from_mins(1)).await;
    let result = end(&runtime, &drills, id).await;
    assert_eq!(*found(&result, "/holds"), Finding::Met);
    assert_eq!(why(found(&result, "/fails")), "/state is \"down\" and not \"up\"");
    assert_eq!(*found(&result, "/end"), Finding::Met);
    peer.verify().await;
    drills.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_peer_holds_up_no_inject_and_is_nobodys_failure() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = silent.local_addr().unwrap();
    let stage = asking(&format!("  - {{ probe: {{ url: \"http://{at}/\", at: declared }} }}\n"));
    let runtime = stage.start(false);
    let drills = Drills::start(runtime.clone());
    let id = begin(&runtime, &drills).await;
    let heard = tokio::task::spawn_blocking(move || (silent.accept().unwrap(), silent));
    let (asked, silent) = heard.await.unwrap();
    act(&runtime, id, Command::Role { role: "oncall".into(), act: RoleAct::Acknowledge }).await;
    stage.pass(&runtime, SignedDuration::from_mins(10)).await;
    until(&runtime, "the script goes on", || done(&drills) == 3).await;
    assert_eq!(answered(&drills), 0, "nothing has come back");
    drop((asked, silent));
    let result = end(&runtime, &drills, id).await;
    assert!(why(found(&result, "/")).starts_with("there was no answer"), "{result:?}");
    drills.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_drills_may_not_ask_is_not_asked() {
    let peer = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200))
        .expect(0)
        .mount(&peer)
        .await;
    let stage = asking(&format!("  - {{ probe: {{ url: \"{}/x\" }} }}\n", peer.uri()));
    *stage.drill_hosts.lock().unwrap() = Hosts::default();
    let runtime = stage.start(false);
    let drills = Drills::start(runtime.clone());
    let id = begin(&runtime, &drills).await;
    let result = end(&runtime, &drills, id).await;
    assert!(why(found(&result, "/x")).starts_with("there was no answer"), "{result:?}");
    peer.verify().await;
    drills.stop().await;
}
