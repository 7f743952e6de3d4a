//! `firebell incident …`: the client verbs people use in an emergency.

use serde_json::{Map, Value as Json, json};

use super::args::Incident;
use super::client::{Client, part};
use super::exit::{Exit, Stop};
use super::screen::{Screen, Tone};
use super::view;

/// Runs one verb.
///
/// # Errors
/// The server's problem, or a wrong `NAME=VALUE`.
pub async fn run(verb: Incident, client: &Client, screen: &Screen) -> Result<(), Stop> {
    match verb {
        Incident::List { status, playbook, limit } => {
            list(client, screen, status, playbook, limit).await
        }
        Incident::Show { incident } => {
            let path = format!("/api/v1/incidents/{}", part(&incident));
            show(screen, &client.get(&path).await?)
        }
        changing => {
            let (path, body) = request(changing)?;
            show(screen, &client.post(&path, &body).await?)
        }
    }
}

async fn list(
    client: &Client,
    screen: &Screen,
    status: Option<String>,
    playbook: Option<String>,
    limit: usize,
) -> Result<(), Stop> {
    let mut path = format!("/api/v1/incidents?limit={limit}");
    for (name, value) in [("status", status), ("playbook", playbook)] {
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

/// Turns a verb that changes something into a path and a body.
fn request(verb: Incident) -> Result<(String, Json), Stop> {
    let on = |incident: &str, rest: String| format!("/api/v1/incidents/{}/{rest}", part(incident));
    let role =
        |incident: &str, role: &str, act: &str| on(incident, format!("roles/{}/{act}", part(role)));
    let step = |incident: &str, step: &str, act: &str| {
        on(incident, format!("steps/{}/{act}", step_part(step)))
    };
    Ok(match verb {
        Incident::List { .. } | Incident::Show { .. } => {
            return Err(Stop::new(Exit::Usage, "reading changes nothing"));
        }
        declare @ Incident::Declare { .. } => declaration(declare)?,
        Incident::Ack { incident, role: r } => (role(&incident, &r, "acknowledge"), json!({})),
        Incident::Claim { incident, role: r } => (role(&incident, &r, "claim"), json!({})),
        Incident::HandOver { incident, role: r, to, note } => {
            (role(&incident, &r, "hand-over"), json!({ "to": to, "note": note }))
        }
        Incident::Start { incident, step: s } => (step(&incident, &s, "start"), json!({})),
        Incident::Check { incident, step: s, item } => {
            (step(&incident, &s, "check"), json!({ "item": item, "done": true }))
        }
        Incident::Complete { incident, step: s, form, note, occurred_at } => {
            let body = json!({
                "form": pairs(&form)?, "note": note, "occurred_at": occurred_at,
            });
            (step(&incident, &s, "complete"), without_nulls(body))
        }
        Incident::Fail { incident, step: s, reason } => {
            (step(&incident, &s, "fail"), json!({ "reason": reason }))
        }
        Incident::Skip { incident, step: s, reason } => {
            (step(&incident, &s, "skip"), json!({ "reason": reason }))
        }
        Incident::Retry { incident, step: s } => (step(&incident, &s, "retry"), json!({})),
        Incident::Answer { incident, step: s, option } => {
            (step(&incident, &s, "answer"), json!({ "option": option }))
        }
        Incident::Approve { incident, step: s } => (step(&incident, &s, "approve"), json!({})),
        Incident::Reject { incident, step: s, reason } => {
            (step(&incident, &s, "reject"), json!({ "reason": reason }))
        }
        Incident::Note { incident, text } => {
            (on(&incident, "notes".into()), json!({ "text": text }))
        }
        Incident::Level { incident, level, reason } => {
            (on(&incident, "level".into()), json!({ "level": level, "reason": reason }))
        }
        Incident::Close { incident, force } => {
            (on(&incident, "close".into()), without_nulls(json!({ "force": force })))
        }
        Incident::Cancel { incident, reason } => {
            (on(&incident, "cancel".into()), json!({ "reason": reason }))
        }
    })
}

fn declaration(verb: Incident) -> Result<(String, Json), Stop> {
    let Incident::Declare { playbook, title, level, inputs, detected_at, dedup_key } = verb else {
        return Err(Stop::new(Exit::Usage, "not a declaration"));
    };
    let body = json!({
        "playbook": playbook, "title": title, "level": level, "inputs": pairs(&inputs)?,
        "detected_at": detected_at, "dedup_key": dedup_key,
    });
    Ok(("/api/v1/incidents".into(), without_nulls(body)))
}

/// An item of a for-each is named after a colon, which stays.
fn step_part(step: &str) -> String {
    step.split(':').map(part).collect::<Vec<_>>().join(":")
}

fn pairs(given: &[String]) -> Result<Json, Stop> {
    let mut pairs = Map::new();
    for pair in given {
        let (name, value) = pair.split_once('=').ok_or_else(|| {
            Stop::new(Exit::Usage, format!("`{pair}`: write NAME=VALUE, such as users=1200"))
        })?;
        let value = serde_json::from_str(value).unwrap_or_else(|_| Json::from(value));
        pairs.insert(name.to_owned(), value);
    }
    Ok(Json::Object(pairs))
}

fn without_nulls(body: Json) -> Json {
    match body {
        Json::Object(fields) => {
            Json::Object(fields.into_iter().filter(|(_, value)| !value.is_null()).collect())
        }
        other => other,
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_completion_becomes_a_path_and_a_body() {
        let verb = Incident::Complete {
            incident: "INC-2026-0007".into(),
            step: "call:2".into(),
            form: vec!["users=1200".into(), "cause=线路中断".into(), "list=[1,2]".into()],
            note: None,
            occurred_at: None,
        };
        let (path, body) = request(verb).unwrap();
        assert_eq!(path, "/api/v1/incidents/INC-2026-0007/steps/call:2/complete");
        let form = json!({ "users": 1200, "cause": "线路中断", "list": [1, 2] });
        assert_eq!(body, json!({ "form": form }));
    }

    #[test]
    fn a_pair_without_a_value_is_a_usage_error() {
        assert_eq!(pairs(&["users".into()]).unwrap_err().exit, Exit::Usage);
    }
}
