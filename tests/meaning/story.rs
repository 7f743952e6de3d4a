//! What happened, as a person reads it: one line an event, with virtual times from the
//! declaration.

use firebell::engine::{Actor, Event, Incident};
use jiff::Timestamp;

/// Writes the story of a stream and how things stand at its end.
pub fn story(start: Timestamp, events: &[Event], incident: Option<&Incident>) -> String {
    let mut text = String::from("---- story ----\n");
    for event in events {
        text.push_str(&line(start, event));
        text.push('\n');
    }
    if let Some(incident) = incident {
        let level = incident.level;
        text.push_str(&format!(
            "---- {:?}, phase {} (visit {}), level {}{}, stuck {:?}\n",
            incident.status,
            incident.phase,
            incident.visit,
            level.current,
            if level.provisional { "?" } else { "" },
            incident.stuck,
        ));
        for run in incident.runs() {
            text.push_str(&format!("     {} {:?}\n", run.key, run.state));
        }
        for (role, state) in incident.roles.iter() {
            text.push_str(&format!("     role {role}: {:?}\n", state.tenure));
        }
    }
    text
}

fn line(start: Timestamp, event: &Event) -> String {
    let at = offset(start, event.occurred_at);
    let late = match event.recorded_at == event.occurred_at {
        true => String::new(),
        false => format!(" (recorded {})", offset(start, event.recorded_at)),
    };
    let actor = match &event.actor {
        Actor::Person { id, on_behalf_of: None, .. } => id.to_string(),
        Actor::Person { id, on_behalf_of: Some(other), .. } => format!("{id} for {other}"),
        Actor::Service { name } => name.to_string(),
        Actor::System => "-".to_owned(),
        Actor::Drill => "drill".to_owned(),
    };
    let cause = event.cause.map_or(String::new(), |cause| format!(" <{cause}"));
    let mut fact = serde_json::to_value(&event.fact).expect("facts are JSON");
    let name = fact["type"].take();
    let map = fact.as_object_mut().expect("a fact is an object");
    map.remove("type");
    let rest = serde_json::to_string(map).expect("facts are JSON");
    let name = name.as_str().unwrap_or_default();
    format!("{:>4} {at}{late} {actor}{cause}: {name} {rest}", event.seq)
}

fn offset(start: Timestamp, at: Timestamp) -> String {
    let seconds = at.duration_since(start).as_secs();
    let sign = if seconds < 0 { '-' } else { '+' };
    let seconds = seconds.abs();
    format!("{sign}{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}
