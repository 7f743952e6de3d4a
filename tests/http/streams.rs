//! Event streams: what is committed is told, resumed where it broke off, and hidden from those who
//! may not see it.

use axum::body::BodyDataStream;
use axum::http::Method;
use firebell::runtime::Scope;
use futures_util::StreamExt as _;
use serde_json::{Value as Json, json};

use crate::app::{Client, TestApp};

/// A stream being read.
pub struct Stream {
    body: BodyDataStream,
    text: String,
}

#[derive(Debug, Default, PartialEq)]
pub struct Message {
    pub id: String,
    pub event: String,
    pub data: Json,
}

impl Stream {
    pub async fn open(client: &Client, query: &str, last: Option<&str>) -> Self {
        let mut call = client.call(Method::GET, &format!("/api/v1/events{query}"));
        if let Some(last) = last {
            call = call.header("last-event-id", last);
        }
        let response = call.begin().await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["x-accel-buffering"], "no");
        let mut stream =
            Self { body: response.into_body().into_data_stream(), text: String::new() };
        let first = stream.block().await.unwrap();
        assert!(first.contains("retry: 2000"), "{first}");
        stream
    }

    /// Reads up to the next empty line; `None` at the end of the stream.
    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                return Some(block);
            }
            let piece = self.body.next().await?.expect("a piece");
            self.text.push_str(std::str::from_utf8(&piece).expect("text"));
        }
    }

    /// Reads up to the next message that tells of an event of this type; what channels answer comes
    /// in between at its own pace.
    pub async fn next_of(&mut self, event: &str) -> Message {
        loop {
            let message = self.next().await.expect("the stream goes on");
            if message.data["events"][0]["type"] == event {
                return message;
            }
        }
    }

    async fn next(&mut self) -> Option<Message> {
        let block = self.block().await?;
        let mut message = Message::default();
        for line in block.lines() {
            let Some((name, value)) = line.split_once(": ") else { continue };
            match name {
                "id" => message.id = value.to_owned(),
                "event" => message.event = value.to_owned(),
                "data" => message.data = serde_json::from_str(value).expect("JSON"),
                _ => {}
            }
        }
        Some(message)
    }
}

#[tokio::test]
async fn a_commit_is_told_with_its_events() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Commander).await;
    let mut stream = Stream::open(&chief, "", None).await;
    let path = chief.declare("five").await;
    let declared = stream.next().await.unwrap();
    assert_eq!(declared.event, "commit");
    assert_eq!(declared.data["number"], "INC-2026-0001");
    assert_eq!(declared.data["events"][0]["type"], "declared");
    chief.post(&format!("{path}/notes"), json!({ "text": "一\n二" })).await.ok(200);
    let noted = stream.next_of("noted").await;
    assert_eq!(noted.data["events"][0]["text"], "一\n二");
    assert!(noted.id.parse::<u64>().unwrap() > declared.id.parse::<u64>().unwrap());
}

#[tokio::test]
async fn a_stream_goes_on_where_it_broke_off() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Commander).await;
    let mut stream = Stream::open(&chief, "", None).await;
    let path = chief.declare("five").await;
    let last = stream.next().await.unwrap().id;
    drop(stream);
    for text in ["a", "b"] {
        chief.post(&format!("{path}/notes"), json!({ "text": text })).await.ok(200);
    }
    let mut stream = Stream::open(&chief, "", Some(&last)).await;
    for text in ["a", "b"] {
        assert_eq!(stream.next_of("noted").await.data["events"][0]["text"], text);
    }
}

#[tokio::test]
async fn a_place_that_is_no_longer_known_is_answered_with_a_reset() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Commander).await;
    for last in ["1", "nonsense", "18446744073709551615"] {
        let mut stream = Stream::open(&chief, "", Some(last)).await;
        assert_eq!(stream.next().await.unwrap().event, "reset", "{last}");
        chief.declare("five").await;
        assert_eq!(stream.next().await.unwrap().event, "commit", "{last}");
    }
}

#[tokio::test]
async fn a_reader_that_falls_behind_is_reset_and_goes_on() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Commander).await;
    let mut stream = Stream::open(&chief, "", None).await;
    let path = chief.declare("five").await;
    let id = path.rsplit('/').next().unwrap().parse().unwrap();
    let incident = app.app.runtime().incident(id).await.unwrap().incident;
    for _ in 0..5_000 {
        app.app.runtime().bus().publish(incident.clone(), [].into());
    }
    assert_eq!(stream.next().await.unwrap().event, "reset");
    assert_eq!(stream.next().await.unwrap().event, "commit");
}

#[tokio::test]
async fn restricted_incidents_are_told_to_the_entitled_alone() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Commander).await;
    let desk = app.person("desk1", Scope::Viewer).await;
    let (mut entitled, mut other) =
        (Stream::open(&chief, "", None).await, Stream::open(&desk, "", None).await);
    chief.declare("leak").await;
    chief.declare("five").await;
    assert_eq!(entitled.next_of("declared").await.data["playbook"], "leak");
    assert_eq!(entitled.next_of("declared").await.data["playbook"], "five");
    assert_eq!(other.next().await.unwrap().data["playbook"], "five");
}

#[tokio::test]
async fn a_stream_of_one_incident_tells_of_no_other() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Commander).await;
    chief.declare("five").await;
    let mut stream = Stream::open(&chief, "?incident=INC-2026-0001", None).await;
    chief.declare("five").await;
    chief.post("/api/v1/incidents/1/notes", json!({ "text": "mine" })).await.ok(200);
    assert_eq!(stream.next().await.unwrap().data["number"], "INC-2026-0001");
    let unknown = chief.get("/api/v1/events?incident=INC-2026-0099").await;
    unknown.problem(404, "unknown_incident");
}

#[tokio::test]
async fn a_token_that_is_taken_back_hears_nothing_more() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Commander).await;
    let desk = app.person("desk1", Scope::Viewer).await;
    let mut stream = Stream::open(&desk, "", None).await;
    let id = desk.token.clone().unwrap()[4..16].to_owned();
    app.app.tokens().revoke(&id, firebell::clock::Clock::now(&*app.clock)).await.unwrap().unwrap();
    chief.declare("five").await;
    assert_eq!(stream.next().await, None);
}
