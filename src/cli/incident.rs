//! `firebell incident …`: the client verbs people use in an emergency.

use std::path::PathBuf;

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::act::{Request, pairs, request, without_nulls};
use super::args::Incident;
use super::client::{Client, part};
use super::exit::{Exit, Stop};
use super::screen::{Screen, Tone};
use super::view;
use crate::text::system;

/// Runs one verb.
///
/// # Errors
/// The server's problem, or a wrong `NAME=VALUE`.
pub async fn run(verb: Incident, client: &Client, screen: &Screen) -> Result<(), Stop> {
    match verb {
        Incident::List { status, playbook, parent, limit } => {
            let filters = [("status", status), ("playbook", playbook), ("parent", parent)];
            list(client, screen, filters, limit).await
        }
        Incident::Show { incident } => {
            let path = format!("/api/v1/incidents/{}", part(&incident));
            show(screen, &client.get(&path).await?)
        }
        Incident::Declare { playbook, title, level, inputs, detected_at, dedup_key } => {
            let body = without_nulls(json!({
                "playbook": playbook, "title": title, "level": level,
                "inputs": pairs(&inputs, screen.lang)?, "detected_at": detected_at, "dedup_key": dedup_key,
            }));
            show(screen, &client.post("/api/v1/incidents", &body).await?)
        }
        Incident::Evidence { incident, step, moment, text, link, file, occurred_at } => {
            let proof = Proof { incident, step, moment, text, link, file, occurred_at };
            attach(client, proof, screen).await
        }
        Incident::Report { incident, form } => {
            let path = format!("/api/v1/incidents/{}/report", part(&incident));
            super::learn::report(&path, &form, client, screen).await
        }
        Incident::Clock(verb) => super::clock::run(verb, client, screen).await,
        Incident::Act(act) => {
            let Request { path, body } = request(act, screen.lang)?;
            show(screen, &client.post(&path, &body).await?)
        }
    }
}

/// One piece of evidence: words, an address or a file.
struct Proof {
    incident: String,
    step: Option<String>,
    moment: Option<String>,
    text: Option<String>,
    link: Option<String>,
    file: Option<PathBuf>,
    occurred_at: Option<Timestamp>,
}

async fn list(
    client: &Client,
    screen: &Screen,
    filters: [(&str, Option<String>); 3],
    limit: usize,
) -> Result<(), Stop> {
    let mut path = format!("/api/v1/incidents?limit={limit}");
    for (name, value) in filters {
        if let Some(value) = value {
            path.push_str(&format!("&{name}={}", part(&value)));
        }
    }
    let page = client.get(&path).await?;
    screen.data(&page, |page| view::incidents(screen, page))
}

fn show(screen: &Screen, incident: &Json) -> Result<(), Stop> {
    screen.data(incident, |incident| view::incident(screen, incident))
}

async fn attach(client: &Client, proof: Proof, screen: &Screen) -> Result<(), Stop> {
    let mut path = format!("/api/v1/incidents/{}/evidence", part(&proof.incident));
    let Some(file) = proof.file else {
        let evidence = match proof.link {
            Some(url) => json!({ "kind": "url", "url": url }),
            None => json!({ "kind": "text", "text": proof.text }),
        };
        let (step, moment, at) = (proof.step, proof.moment, proof.occurred_at);
        let body = json!({
            "step": step, "moment": moment, "evidence": evidence, "occurred_at": at,
        });
        return show(screen, &client.post(&path, &without_nulls(body)).await?);
    };
    let name = file.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    path.push_str(&format!("?name={}", part(&name)));
    for (name, value) in [("step", &proof.step), ("moment", &proof.moment)] {
        if let Some(value) = value {
            path.push_str(&format!("&{name}={}", part(value)));
        }
    }
    if let Some(at) = proof.occurred_at {
        path.push_str(&format!("&occurred_at={}", part(&at.to_string())));
    }
    let content = tokio::fs::read(&file).await.map_err(|error| {
        let why = system::why(&error, screen.lang);
        Stop::new(Exit::NotFound, format!("{}: {why}", file.display()))
    })?;
    let kept = client.post_file(&path, content).await?;
    screen.data(&kept, |kept| kept.get("hash").and_then(Json::as_str).unwrap_or("").to_owned())
}

/// Returns the tone of an incident's state.
#[must_use]
pub fn tone(status: &str, stuck: bool, level: u64) -> Tone {
    match status {
        "closed" | "cancelled" => Tone::Faint,
        _ if stuck || level == 1 => Tone::Bad,
        _ if level == 2 => Tone::Warn,
        _ => Tone::Good,
    }
}
