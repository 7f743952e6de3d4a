//! The server dies in the middle of somebody's contact plan, after the first way took a page and
//! before the second is due: the second is taken once, at its instant or at once where that has
//! passed, and not at all where somebody answered.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use hyper::StatusCode;

use crate::http::Caller;
use crate::process::{Server, Setup};

const BASE: &str = "https://bell.example.test";

const CONFIG: &str = "public_url: https://bell.example.test
channels:
  first: { kind: eml, dir: data/first }
  second: { kind: eml, dir: data/second }
people:
  duty-1:
    name: Duty 1
    lang: en
    contacts: { first: duty@example.com, second: duty@example.net }
    contact_rules: [ { by: [ { channel: first }, { channel: second, after: 4s } ] } ]
teams:
  duty: { title: Duty, members: [duty-1] }
";

/// How long after a page the second way is taken, as the configuration says.
const SECOND_AFTER: Duration = Duration::from_secs(4);
/// How far a file's time may lie behind the clock: file systems are stamped at the kernel's tick.
const TICK: Duration = Duration::from_millis(20);

/// How long is waited for what must come.
const PATIENCE: Duration = Duration::from_secs(60);

/// Returns the mails about an incident in a channel's folder.
fn mails(server: &Server, channel: &str, incident: &str) -> Vec<PathBuf> {
    let folder = server.home.path().join("data").join(channel);
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let about = format!("X-Firebell-Incident: {incident}\r\n");
    let written = files.map(|file| file.path()).filter(|path| {
        path.extension().is_some_and(|kind| kind == "eml")
            && std::fs::read_to_string(path).is_ok_and(|text| text.contains(&about))
    });
    written.collect()
}

/// Waits until an incident's timeline says something.
async fn told(server: &Server, incident: &str, what: &str) {
    let mut caller = Caller::connect(&server.address, &server.token).await;
    let path = format!("/api/v1/incidents/{incident}/timeline?format=json&lang=en");
    let patience = tokio::time::Instant::now() + PATIENCE;
    loop {
        let timeline = caller.get(&path).await.to_string();
        if timeline.contains(what) {
            return;
        }
        assert!(tokio::time::Instant::now() < patience, "{what}: {timeline}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Declares, waits until the first way took the page, and returns the incident's number.
async fn paged(server: &Server) -> String {
    let mut caller = Caller::connect(&server.address, &server.token).await;
    let id = caller.declare(r#"{"playbook":"three"}"#).await;
    let incident = caller.get(&format!("/api/v1/incidents/{id}")).await;
    let number = incident["number"].as_str().unwrap_or_default().rsplit('-').next();
    let incident = number.and_then(|n| n.parse::<u64>().ok()).expect("a number").to_string();
    told(server, &incident, "Paged over first").await;
    incident
}

/// Presses the button that the first mail about an incident leads to.
async fn answer(server: &Server, incident: &str) {
    let mail = std::fs::read_to_string(&mails(server, "first", incident)[0]).unwrap();
    let mail = mail.replace("=\r\n", "");
    let token = mail.split(&format!("{BASE}/a/")).nth(1).expect("a page has a link");
    let end = token.find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_');
    let path = format!("/a/{}", &token[..end.unwrap_or(token.len())]);
    let mut caller = Caller::connect(&server.address, &server.token).await;
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let answered = caller.try_with("POST", &path, &headers, "do=accept").await;
    let (status, body) = answered.expect("an answer");
    assert_eq!(status, StatusCode::OK, "{}", String::from_utf8_lossy(&body));
}

/// Returns when the second way is due, and when its only mail was written.
async fn second(server: &Server, incident: &str) -> (SystemTime, SystemTime) {
    let mut caller = Caller::connect(&server.address, &server.token).await;
    let known = caller.get(&format!("/api/v1/incidents/{incident}")).await;
    let declared: jiff::Timestamp = known["declared_at"].as_str().unwrap().parse().unwrap();
    let patience = tokio::time::Instant::now() + PATIENCE;
    // With its last way the page has its end, so that none can follow.
    while caller.get(&format!("/api/v1/incidents/{incident}")).await["pending_notices"] != 0 {
        assert!(tokio::time::Instant::now() < patience, "the page has no end");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let written = mails(server, "second", incident);
    assert_eq!(written.len(), 1, "{written:?}");
    let at = std::fs::metadata(&written[0]).unwrap().modified().unwrap();
    (SystemTime::from(declared) + SECOND_AFTER, at)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contact_plan_goes_on_where_a_death_interrupted_it_and_no_way_is_taken_twice() {
    let plan = crate::PLAN.to_owned();
    let files = vec![("playbooks/three.yaml", plan)];
    let mut server = Server::start(&Setup { files, config: CONFIG.into(), safe_start: false });

    let answered = paged(&server).await;
    answer(&server, &answered).await;
    let silent = paged(&server).await;
    server.kill();
    assert!(mails(&server, "second", &silent).is_empty(), "it died before the second way");
    server = server.restart(false);
    let (due, at) = second(&server, &silent).await;
    assert!(at + TICK >= due, "at its instant, not before: {at:?}, due {due:?}");
    // Its instant came before that of the other, which is over.
    assert!(mails(&server, "second", &answered).is_empty(), "somebody has it");

    let late = paged(&server).await;
    server.kill();
    assert!(mails(&server, "second", &late).is_empty(), "it died before the second way");
    tokio::time::sleep(SECOND_AFTER).await;
    let restarted = SystemTime::now();
    server = server.restart(false);
    let (due, at) = second(&server, &late).await;
    assert!(due <= restarted && at >= restarted, "late, but at once");
    for incident in [&answered, &silent, &late] {
        assert_eq!(mails(&server, "first", incident).len(), 1, "the first way is not taken again");
    }
    assert!(mails(&server, "second", &answered).is_empty());
    server.kill();
}
