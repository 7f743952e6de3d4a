//! Other people's programs at our doors: Alertmanager itself and the clients of `PagerDuty`, Opsgenie and
//! `CloudEvents`. `tests/run` fetches them; where they are missing the tests say so.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use firebell::runtime::Scope;
use firebell::server::{Limits, serve};
use firebell::store::Memory;
use serde_json::{Value as Json, json};
use tokio::net::TcpListener;
use tokio::time::Instant;

use crate::app::{Client, TestApp};
use crate::ingest::{incidents, key, sources, timeline};
use crate::tls::{Files, Served};

/// How long anything may take on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(90);

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Says that a peer is missing, or fails where `FIREBELL_REQUIRE_PEERS` asks for all of them.
fn missing(what: &str) {
    let message = format!("NOT RUN: no {what} (tests/run fetches it)");
    let required = std::env::var_os("FIREBELL_REQUIRE_PEERS").is_some_and(|value| value == "1");
    assert!(!required, "{message}");
    eprintln!("\n!! {message}\n");
}

pub fn python(module: &str) -> Option<PathBuf> {
    let named = std::env::var_os("FIREBELL_TEST_PYTHON").map(PathBuf::from);
    let made = root().join("target/peers/bin/python");
    let found = named.into_iter().chain([made]).find(|python| {
        let import = Command::new(python).args(["-c", &format!("import {module}")]).output();
        import.is_ok_and(|output| output.status.success())
    });
    if found.is_none() {
        missing(&format!("Python with `{module}`"));
    }
    found
}

/// Runs a script beside the server and returns what it printed.
async fn run(python: PathBuf, script: &str, args: Vec<String>, authority: Option<PathBuf>) -> Json {
    let script = root().join("tests/peers").join(script);
    let running = tokio::task::spawn_blocking(move || {
        let mut command = Command::new(python);
        command.arg(script).args(args);
        if let Some(authority) = authority {
            command.env("SSL_CERT_FILE", &authority).env("REQUESTS_CA_BUNDLE", authority);
        }
        command.output().unwrap()
    });
    let output = tokio::time::timeout(PATIENCE, running).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"))
}

/// A server on a port of its own, without TLS.
async fn plain() -> (TestApp, u16, tokio::task::JoinHandle<()>) {
    let app = TestApp::start_from(
        Arc::new(Memory::new()),
        sources(),
        firebell::ingest::Policy::default(),
    );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (router, shared) = (app.router.clone(), app.app.clone());
    let serving =
        tokio::spawn(serve(listener, router, shared, Limits::default(), std::future::pending()));
    (app, port, serving)
}

async fn told(desk: &Client) -> String {
    let mut all = String::new();
    for incident in incidents(desk).await {
        all.push_str(&timeline(desk, &incident).await);
    }
    all
}

#[track_caller]
fn as_pagerduty_would(heard: &Json) {
    assert_eq!((&heard["first"], &heard["again"]), (&"phones-1".into(), &"phones-1".into()));
    assert_eq!(heard["made"].as_str().unwrap().len(), 32, "{heard}");
    assert!(heard["refused"].as_str().unwrap().contains("400"), "{heard}");
}

async fn after_pagerduty(desk: &Client) {
    assert_eq!(incidents(desk).await.len(), 2, "one for each key");
    let told = told(desk).await;
    for said in ["Alert received: PhonesDown", "acknowledged at its source, pd", "Build 17 is live"]
    {
        assert!(told.contains(said), "{said}: {told}");
    }
    assert_eq!(told.matches(" resolved").count(), 2, "{told}");
    let changes = desk.get("/api/v1/changes").await.ok(200);
    assert_eq!(changes["items"][0]["origin"], "ci");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_client_of_pagerduty_is_served_over_tls() {
    let Some(python) = python("pagerduty") else { return };
    let files = Files::new();
    files.write(2030);
    std::fs::write(files.path("ca.pem"), files.authority()).unwrap();
    let served = Served::start_from(&files, Limits::default(), sources()).await;
    let desk = served.app().person("desk1", Scope::Responder).await;
    let args = vec!["pagerduty".to_owned(), served.url("/ingest/pagerduty"), key("pd")];
    let heard = run(python, "of_pagerduty.py", args, Some(files.path("ca.pem"))).await;
    as_pagerduty_would(&heard);
    after_pagerduty(&desk).await;
    served.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_older_client_of_pagerduty_is_served() {
    let Some(python) = python("pdpyras") else { return };
    let (app, port, serving) = plain().await;
    let desk = app.person("desk1", Scope::Responder).await;
    let address = format!("http://127.0.0.1:{port}/ingest/pagerduty");
    let args = vec!["pdpyras".to_owned(), address, key("pd")];
    as_pagerduty_would(&run(python, "of_pagerduty.py", args, None).await);
    after_pagerduty(&desk).await;
    serving.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sdk_of_opsgenie_is_served() {
    let Some(python) = python("opsgenie_sdk") else { return };
    let (app, port, serving) = plain().await;
    let desk = app.person("desk1", Scope::Responder).await;
    let args = vec![format!("http://127.0.0.1:{port}/ingest/opsgenie"), key("og")];
    let heard = run(python, "of_opsgenie.py", args, None).await;
    for (what, action) in
        [("created", "Create"), ("noted", "AddNote"), ("seen", "Acknowledge"), ("closed", "Close")]
    {
        assert_eq!((&heard[what]["done"], &heard[what]["action"]), (&true.into(), &action.into()));
        assert_eq!(heard[what]["alias"], "phones-1");
    }
    assert_eq!(heard["nothing"]["done"], false);
    assert!(heard["refused"].as_str().unwrap().contains("422"), "{heard}");
    assert_eq!(heard["made"]["alias"], heard["made"]["id"]);
    assert_eq!(incidents(&desk).await.len(), 2);
    let told = told(&desk).await;
    for said in ["line 2 too", "acknowledged at its source, og", "Alert phones-1 resolved"] {
        assert!(told.contains(said), "{said}: {told}");
    }
    serving.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_are_read_as_their_sdk_writes_them() {
    let Some(python) = python("cloudevents") else { return };
    let (app, port, serving) = plain().await;
    let desk = app.person("desk1", Scope::Responder).await;
    let args = vec![format!("http://127.0.0.1:{port}/ingest/cloudevents"), key("events")];
    let heard = run(python, "of_cloudevents.py", args, None).await;
    for (n, outcome) in ["declared", "attached"].into_iter().enumerate() {
        assert_eq!(heard[n]["status"], 202);
        let alert = &heard[n]["body"]["alerts"][0];
        assert_eq!(
            (&alert["outcome"], &alert["dedup_key"]),
            (&outcome.into(), &"/pbx/电话 7".into())
        );
    }
    let all = incidents(&desk).await;
    let path = format!("/api/v1/incidents/{}", all[0]["id"].as_str().unwrap());
    assert_eq!(desk.get(&path).await.ok(200)["variables"]["users"], 1200);
    serving.abort();
}

/// A program that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Finds Alertmanager, and where it is started: the one that was unpacked has its templates there.
fn alertmanager() -> Option<(PathBuf, PathBuf)> {
    let name = "prometheus-alertmanager";
    let unpacked = root().join("target/peers/debian/usr");
    let templates = unpacked.join("share/prometheus/alertmanager");
    let places = [
        (unpacked.join("bin").join(name), templates),
        (Path::new("/usr/bin").join(name), PathBuf::from("/")),
    ];
    let found = places.into_iter().find(|(path, _)| path.exists());
    if found.is_none() {
        missing(name);
    }
    found
}

fn settings(port: u16) -> String {
    let (prom, pd, og) = (key("prom"), key("pd"), key("og"));
    format!(
        "route:\n  receiver: firebell\n  group_by: [alertname]\n  group_wait: 0s\n  \
         group_interval: 1s\n  repeat_interval: 1h\nreceivers:\n  - name: firebell\n    \
         webhook_configs:\n      - url: http://127.0.0.1:{port}/ingest/alertmanager\n        \
         http_config: {{ authorization: {{ credentials: {prom} }} }}\n    pagerduty_configs:\n      \
         - url: http://127.0.0.1:{port}/ingest/pagerduty/v2/enqueue\n        routing_key: {pd}\n        \
         description: '{{{{ .CommonLabels.alertname }}}}'\n        severity: critical\n    \
         opsgenie_configs:\n      - api_url: http://127.0.0.1:{port}/ingest/opsgenie/\n        \
         api_key: {og}\n"
    )
}

/// A second ago: Alertmanager goes by its own clock.
#[expect(clippy::disallowed_methods, reason = "a peer compares with the real clock")]
fn just_now() -> jiff::Timestamp {
    jiff::Timestamp::now().saturating_sub(jiff::SignedDuration::from_secs(1)).unwrap()
}

/// Waits until something holds; asks again as soon as the last answer is there.
async fn until<F: Future<Output = bool>>(what: &str, holds: impl Fn() -> F) {
    let end = Instant::now() + PATIENCE;
    while !holds().await {
        assert!(Instant::now() < end, "{what} did not come about");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn alertmanager_drives_its_receivers_at_us() {
    let Some((program, place)) = alertmanager() else { return };
    let (app, port, serving) = plain().await;
    let desk = app.person("desk1", Scope::Responder).await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("am.yml"), settings(port)).unwrap();
    let own = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let child = Command::new(program)
        .current_dir(place)
        .arg(format!("--config.file={}", folder.path().join("am.yml").display()))
        .arg(format!("--storage.path={}", folder.path().join("data").display()))
        .arg(format!("--web.listen-address={own}"))
        .args(["--cluster.listen-address=", "--log.level=error"])
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    let _running = Running(child);
    firebell::notify::install_tls_provider();
    let http = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().unwrap();
    let (ready, post) = (format!("http://{own}/-/ready"), format!("http://{own}/api/v2/alerts"));
    until("a ready Alertmanager", || async {
        http.get(&ready).send().await.is_ok_and(|answer| answer.status().is_success())
    })
    .await;
    let alert = |ends: Option<&str>| {
        let mut alert = json!({ "labels": { "alertname": "PhonesDown", "env": "prod",
            "instance": "p1" }, "annotations": { "users": "1200" } });
        if let Some(ends) = ends {
            alert["endsAt"] = ends.into();
        }
        json!([alert])
    };
    let send = async |body: Json| {
        assert!(http.post(&post).json(&body).send().await.unwrap().status().is_success());
    };
    send(alert(None)).await;
    until("an incident of each receiver", || async { incidents(&desk).await.len() == 3 }).await;
    send(alert(Some(&just_now().to_string()))).await;
    until("the end of each", || async {
        let mut over = 0;
        for incident in incidents(&desk).await {
            over += usize::from(timeline(&desk, &incident).await.contains(" resolved"));
        }
        over == 3
    })
    .await;
    assert_eq!(incidents(&desk).await.len(), 3);
    for source in ["prom", "pd", "og"] {
        let recent = desk.get(&format!("/api/v1/ingest/{source}/recent")).await.ok(200);
        let outcomes: Vec<_> = recent["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["alerts"][0]["outcome"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(
            (outcomes.first().unwrap().as_str(), outcomes.last().unwrap().as_str()),
            ("resolved", "declared"),
            "{source}: {outcomes:?}"
        );
    }
    let unmatched = desk.get("/api/v1/ingest/unmatched").await.ok(200);
    assert_eq!(unmatched["items"], json!([]));
    serving.abort();
}
