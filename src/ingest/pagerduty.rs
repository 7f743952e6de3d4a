//! `PagerDuty`'s Events API v2 (developer.pagerduty.com/docs/events-api-v2): many tools speak it and
//! nothing else, so statuses and messages are theirs; the sentences about what is wrong are ours.

use serde_json::{Map, Value as Json};
use smol_str::SmolStr;

use super::alert::{Alert, News};
use super::json;

/// The most characters of a key and of a summary.
const KEY_CHARS_MAX: usize = 255;
pub(super) const SUMMARY_CHARS_MAX: usize = 1_024;
/// The words that say how bad it is.
const SEVERITIES: [&str; 4] = ["critical", "error", "warning", "info"];
/// Links and pictures that are kept.
const LINKS_MAX: usize = 10;

/// The status and the message of an accepted event.
pub const ACCEPTED: (&str, &str) = ("success", "Event processed");
/// The status and the message of a wrong one.
pub const INVALID: (&str, &str) = ("invalid event", "Event object is invalid");
/// What stands for the key in an event that is kept.
const KEY_TAKEN_OUT: &str = "(not kept)";
/// What is said of a key that belongs to no source.
pub const UNKNOWN_KEY: &str = "'routing_key' is not a known integration key";

/// An event, before it is known whose it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Names the source, and opens its door.
    pub routing_key: String,
    /// The key; a trigger may come without.
    pub dedup_key: Option<String>,
    alert: Alert,
}

impl Event {
    /// Turns it into the alert of a source, under its key or the one that was made for it.
    #[must_use]
    pub fn alert(self, source: &SmolStr, made: &str) -> Alert {
        let dedup_key = self.dedup_key.unwrap_or_else(|| made.to_owned());
        Alert { source: source.clone(), dedup_key, ..self.alert }
    }
}

/// Reads an event.
///
/// # Errors
/// Everything that is wrong with it, in the words of the interface.
pub fn read(body: &Json) -> Result<Event, Vec<String>> {
    let Some(event) = body.as_object() else {
        return Err(vec!["Event object must be a JSON object".to_owned()]);
    };
    let mut errors = Vec::new();
    let routing_key = required(event, "routing_key", "'routing_key'", &mut errors);
    let status = action(event, &mut errors);
    let dedup_key = dedup_key(event, &mut errors);
    if dedup_key.is_none() && matches!(status, Some(News::Resolved | News::Acknowledged)) {
        errors.push("'dedup_key' is missing or blank".to_owned());
    }
    let alert = match (status, event.get("payload")) {
        (Some(News::Firing), None | Some(Json::Null)) => {
            errors.push("'payload' is missing or blank".to_owned());
            None
        }
        (_, Some(Json::Object(payload))) => {
            if status == Some(News::Firing) {
                demand(payload, &mut errors);
            }
            Some(alert(event, payload))
        }
        (_, None | Some(Json::Null)) => Some(alert(event, &Map::new())),
        (_, Some(_)) => {
            errors.push("'payload' must be an object".to_owned());
            None
        }
    };
    match (routing_key, status, alert) {
        (Some(routing_key), Some(status), Some(alert)) if errors.is_empty() => {
            Ok(Event { routing_key, dedup_key, alert: Alert { status, ..alert } })
        }
        _ => Err(errors),
    }
}

pub(super) fn required(
    object: &Map<String, Json>,
    key: &str,
    name: &str,
    errors: &mut Vec<String>,
) -> Option<String> {
    match object.get(key) {
        Some(Json::String(text)) if !text.trim().is_empty() => return Some(text.clone()),
        None | Some(Json::Null | Json::String(_)) => {
            errors.push(format!("{name} is missing or blank"));
        }
        Some(_) => errors.push(format!("{name} must be a string")),
    }
    None
}

fn action(event: &Map<String, Json>, errors: &mut Vec<String>) -> Option<News> {
    let word = required(event, "event_action", "'event_action'", errors)?;
    let news = match word.as_str() {
        "trigger" => News::Firing,
        "acknowledge" => News::Acknowledged,
        "resolve" => News::Resolved,
        _ => {
            let allowed = "must be one of [trigger, acknowledge, resolve]";
            errors.push(format!("'event_action' is invalid ({allowed})"));
            return None;
        }
    };
    Some(news)
}

fn dedup_key(event: &Map<String, Json>, errors: &mut Vec<String>) -> Option<String> {
    match event.get("dedup_key") {
        None | Some(Json::Null) => None,
        Some(Json::String(key)) if key.trim().is_empty() => None,
        Some(Json::String(key)) if key.chars().count() <= KEY_CHARS_MAX => Some(key.clone()),
        Some(Json::String(_)) => {
            errors.push(format!("'dedup_key' is too long (at most {KEY_CHARS_MAX} characters)"));
            None
        }
        Some(_) => {
            errors.push("'dedup_key' must be a string".to_owned());
            None
        }
    }
}

/// Checks what a trigger must say.
fn demand(payload: &Map<String, Json>, errors: &mut Vec<String>) {
    let summary = required(payload, "summary", "'payload.summary'", errors);
    if summary.is_some_and(|summary| summary.chars().count() > SUMMARY_CHARS_MAX) {
        let most = SUMMARY_CHARS_MAX;
        errors.push(format!("'payload.summary' is too long (at most {most} characters)"));
    }
    required(payload, "source", "'payload.source'", errors);
    let severity = required(payload, "severity", "'payload.severity'", errors);
    if severity.is_some_and(|word| !SEVERITIES.contains(&word.as_str())) {
        let allowed = SEVERITIES.join(", ");
        errors.push(format!("'payload.severity' is invalid (must be one of [{allowed}])"));
    }
}

fn alert(event: &Map<String, Json>, payload: &Map<String, Json>) -> Alert {
    let mut alert = Alert::new(&SmolStr::default(), "", "");
    alert.name = json::text(payload, "summary").unwrap_or_default();
    alert.severity = json::text(payload, "severity");
    alert.at = payload.get("timestamp").and_then(json::instant);
    for key in ["source", "component", "group", "class"] {
        if let Some(value) = json::text(payload, key) {
            alert.labels.insert(key.into(), value);
        }
    }
    if let Some(client) = json::text(event, "client") {
        alert.labels.insert("client".into(), client);
    }
    match payload.get("custom_details") {
        Some(Json::Object(details)) => alert.annotations = json::scalars(details),
        Some(other) => {
            let details = json::words(other).map(|text| ("details".into(), text));
            alert.annotations.extend(details);
        }
        None => {}
    }
    let links = links(event);
    if !links.is_empty() {
        alert.annotations.entry("links".into()).or_insert_with(|| links.join(" "));
    }
    alert.link = json::text(event, "client_url").or_else(|| links.first().cloned());
    alert.completed()
}

/// Finds where an event links to.
pub(super) fn links(event: &Map<String, Json>) -> Vec<String> {
    ["links", "images"]
        .iter()
        .filter_map(|key| event.get(*key)?.as_array())
        .flatten()
        .filter_map(|link| json::first(link.as_object()?, &["href", "src"]))
        .take(LINKS_MAX)
        .collect()
}

/// Takes the key out of an event that is kept: it would open the door of its source.
#[must_use]
pub fn without_key(mut body: Json) -> Json {
    if let Some(key) = body.get_mut("routing_key") {
        *key = KEY_TAKEN_OUT.into();
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    use serde_json::json;

    const KEY: &str = "samplekeyhere0123456789abcdef012";

    fn trigger() -> Json {
        json!({
            "payload": {
                "summary": "Example alert on host1.example.com",
                "timestamp": "2015-07-17T08:42:58.315+0000",
                "source": "monitoringtool:cloudvendor:central-region-dc-01:852559987:cluster/api",
                "severity": "info", "component": "postgres", "group": "prod-datapipe",
                "class": "deploy",
                "custom_details": { "ping time": "1500ms", "load avg": 0.75 },
            },
            "routing_key": KEY, "dedup_key": "samplekeyhere",
            "images": [{ "src": "https://www.example.com/chart.png",
                "href": "https://example.com/", "alt": "Example text" }],
            "links": [{ "href": "https://example.com/", "text": "Link text" }],
            "event_action": "trigger", "client": "Sample Monitoring Service",
            "client_url": "https://monitoring.example.com",
        })
    }

    #[test]
    fn a_trigger_becomes_an_alert() {
        let event = read(&trigger()).unwrap();
        assert_eq!(event.routing_key, KEY);
        let alert = event.alert(&"pd".into(), "made");
        assert_eq!((alert.dedup_key.as_str(), alert.status), ("samplekeyhere", News::Firing));
        assert_eq!(alert.name, "Example alert on host1.example.com");
        assert_eq!(alert.labels["component"], "postgres");
        assert_eq!(alert.labels["class"], "deploy");
        assert_eq!(alert.labels["severity"], "info");
        assert_eq!(alert.annotations["load avg"], "0.75");
        assert_eq!(alert.at.unwrap().to_string(), "2015-07-17T08:42:58.315Z");
        assert_eq!(alert.link.as_deref(), Some("https://monitoring.example.com"));
    }

    #[test]
    fn a_trigger_without_a_key_gets_the_one_made_for_it() {
        for blank in [Json::Null, "".into(), " ".into()] {
            let mut body = trigger();
            body["dedup_key"] = blank;
            assert_eq!(read(&body).unwrap().alert(&"pd".into(), "made").dedup_key, "made");
        }
    }

    #[test]
    fn acknowledgements_and_ends_need_a_key_and_no_payload() {
        for (action, status) in [("acknowledge", News::Acknowledged), ("resolve", News::Resolved)] {
            let body = json!({ "routing_key": KEY, "event_action": action, "dedup_key": "k" });
            assert_eq!(read(&body).unwrap().alert(&"pd".into(), "").status, status);
            // Alertmanager sends one all the same.
            let mut full = trigger();
            full["event_action"] = action.into();
            assert_eq!(read(&full).unwrap().alert(&"pd".into(), "").status, status);
            let keyless = json!({ "routing_key": KEY, "event_action": action });
            assert_eq!(read(&keyless).unwrap_err(), ["'dedup_key' is missing or blank"]);
        }
    }

    #[test]
    fn everything_wrong_is_told_at_once() {
        let with = |pointer: &str, value: Json| {
            let mut body = trigger();
            *body.pointer_mut(pointer).unwrap() = value;
            read(&body).unwrap_err().join("; ")
        };
        assert_eq!(read(&json!([])).unwrap_err(), ["Event object must be a JSON object"]);
        assert_eq!(
            read(&json!({})).unwrap_err(),
            ["'routing_key' is missing or blank", "'event_action' is missing or blank"]
        );
        assert_eq!(with("/routing_key", 3.into()), "'routing_key' must be a string");
        assert_eq!(
            with("/event_action", "open".into()),
            "'event_action' is invalid (must be one of [trigger, acknowledge, resolve])"
        );
        assert_eq!(
            with("/dedup_key", "k".repeat(256).into()),
            "'dedup_key' is too long (at most 255 characters)"
        );
        assert_eq!(with("/payload", Json::Null), "'payload' is missing or blank");
        assert_eq!(with("/payload", "x".into()), "'payload' must be an object");
        assert_eq!(with("/payload/summary", "".into()), "'payload.summary' is missing or blank");
        assert_eq!(
            with("/payload/summary", "s".repeat(1_025).into()),
            "'payload.summary' is too long (at most 1024 characters)"
        );
        assert_eq!(with("/payload/source", Json::Null), "'payload.source' is missing or blank");
        assert_eq!(
            with("/payload/severity", "fatal".into()),
            "'payload.severity' is invalid (must be one of [critical, error, warning, info])"
        );
    }
}
