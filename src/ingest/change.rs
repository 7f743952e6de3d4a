//! Change events of `PagerDuty`'s Events API v2 (developer.pagerduty.com/docs/send-change-event): what
//! was changed, told to those who ask what changed; nobody is called for it.

use jiff::Timestamp;
use serde_json::Value as Json;

use super::json;
use super::pagerduty::{self, SUMMARY_CHARS_MAX};

/// The status and the message of an accepted change.
pub const ACCEPTED: (&str, &str) = ("success", "Change event processed");

/// A change.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Names the source, and opens its door.
    pub routing_key: String,
    /// What was changed.
    pub summary: String,
    /// Where it was changed.
    pub origin: Option<String>,
    /// When, by the clock of the source.
    pub at: Option<Timestamp>,
    /// Where to read more.
    pub link: Option<String>,
    /// What else it says, as JSON.
    pub details: Option<String>,
}

/// Reads a change.
///
/// # Errors
/// Everything that is wrong with it, in the words of the interface.
pub fn read(body: &Json) -> Result<Change, Vec<String>> {
    let Some(event) = body.as_object() else {
        return Err(vec!["Event object must be a JSON object".to_owned()]);
    };
    let mut errors = Vec::new();
    let routing_key = pagerduty::required(event, "routing_key", "'routing_key'", &mut errors);
    let payload = event.get("payload").and_then(Json::as_object);
    let Some(payload) = payload else {
        errors.push("'payload' is missing or blank".to_owned());
        return Err(errors);
    };
    let summary = pagerduty::required(payload, "summary", "'payload.summary'", &mut errors);
    if summary.as_ref().is_some_and(|summary| summary.chars().count() > SUMMARY_CHARS_MAX) {
        let most = SUMMARY_CHARS_MAX;
        errors.push(format!("'payload.summary' is too long (at most {most} characters)"));
    }
    match (routing_key, summary) {
        (Some(routing_key), Some(summary)) if errors.is_empty() => Ok(Change {
            routing_key,
            summary,
            origin: json::text(payload, "source"),
            at: payload.get("timestamp").and_then(json::instant),
            link: pagerduty::links(event).into_iter().next(),
            details: payload.get("custom_details").and_then(json::words),
        }),
        _ => Err(errors),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use serde_json::json;

    #[test]
    fn a_change_says_what_where_and_when() {
        let body = json!({
            "routing_key": "k", "payload": { "summary": "Build 17 is live", "source": "ci",
                "timestamp": "2026-11-21T08:00:00.000+0000", "custom_details": { "by": "li" } },
            "links": [{ "href": "https://ci.example/17", "text": "build" }],
        });
        let change = read(&body).unwrap();
        assert_eq!(
            (change.summary.as_str(), change.origin.as_deref()),
            ("Build 17 is live", Some("ci"))
        );
        assert_eq!(change.at.unwrap().to_string(), "2026-11-21T08:00:00Z");
        assert_eq!(change.link.as_deref(), Some("https://ci.example/17"));
        assert_eq!(change.details.as_deref(), Some("{\"by\":\"li\"}"));
    }

    #[test]
    fn everything_wrong_with_a_change_is_told() {
        assert_eq!(
            read(&json!({})).unwrap_err(),
            ["'routing_key' is missing or blank", "'payload' is missing or blank"]
        );
        let long = json!({ "routing_key": "k", "payload": { "summary": "s".repeat(1_025) } });
        assert_eq!(
            read(&long).unwrap_err(),
            ["'payload.summary' is too long (at most 1024 characters)"]
        );
        assert_eq!(read(&json!(3)).unwrap_err(), ["Event object must be a JSON object"]);
    }
}
