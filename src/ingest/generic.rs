//! JSON of no known dialect: firebell's own simple shape, and whatever rules make of another.
//!
//! ```json
//! { "name": "QueueTooLong", "status": "firing", "dedup_key": "queue-7", "severity": "critical",
//!   "labels": { "queue": "7" }, "annotations": { "users": "1200" },
//!   "at": "2026-11-21T08:00:00Z", "link": "https://mon.example/7" }
//! ```
//! Only `name` is needed. A list holds several.

use serde_json::Value as Json;
use smol_str::SmolStr;

use super::alert::{Alert, News};
use super::rule::{Rule, Said};
use super::{ALERTS_MAX, Fault, json};

/// Takes a body apart into what is one alert each, with the place of each.
///
/// # Errors
/// A list that is too long.
pub fn parts(body: &Json) -> Result<Vec<(String, &Json)>, Fault> {
    match body {
        Json::Array(items) if items.len() > ALERTS_MAX => Err(Fault::too_many("")),
        Json::Array(items) => {
            Ok(items.iter().enumerate().map(|(n, item)| (format!("/{n}"), item)).collect())
        }
        one => Ok(vec![(String::new(), one)]),
    }
}

/// Reads one alert in firebell's own shape.
///
/// # Errors
/// No object, no name, or labels that are none.
pub fn read(source: &SmolStr, body: &Json, below: &str) -> Result<Alert, Fault> {
    let mut alert = loose(source, body, below)?;
    if alert.name.is_empty() {
        return Err(Fault::at(
            format!("{below}/name"),
            "缺少告警名称；或为此来源配置映射规则 `rules`",
            "the alert has no name; or give this source `rules` that map it",
        ));
    }
    if alert.dedup_key.is_empty() {
        alert.dedup_key.clone_from(&alert.name);
    }
    Ok(alert.completed())
}

/// Reads what a rule makes of a body; what it leaves open is read as firebell's own shape.
///
/// # Errors
/// Nothing gives the alert a name.
pub fn mapped(source: &SmolStr, rule: &Rule, body: &Json, below: &str) -> Result<Alert, Fault> {
    let said = rule.read(body);
    let mut alert = loose(source, body, below).unwrap_or_else(|_| Alert::new(source, "", ""));
    overlay(&mut alert, said);
    if alert.name.is_empty() {
        return Err(Fault::at(
            below,
            "规则没有得出告警名称 `name`",
            "the rule gives the alert no `name`",
        ));
    }
    if alert.dedup_key.is_empty() {
        alert.dedup_key.clone_from(&alert.name);
    }
    Ok(alert.completed())
}

/// Lays what a rule said over an alert.
pub(super) fn overlay(alert: &mut Alert, said: Said) {
    if let Some(name) = said.name {
        alert.labels.remove("alertname");
        alert.name = name;
    }
    if let Some(key) = said.dedup_key {
        alert.dedup_key = key;
    }
    if let Some(status) = said.status {
        alert.status = News::of_word(&status);
    }
    if said.severity.is_some() {
        alert.labels.remove("severity");
        alert.severity = said.severity;
    }
    alert.at = said.at.and_then(|at| json::instant(&Json::String(at))).or(alert.at);
    alert.link = said.link.or(alert.link.take());
    alert.labels.extend(said.labels);
    alert.annotations.extend(said.annotations);
}

fn loose(source: &SmolStr, body: &Json, below: &str) -> Result<Alert, Fault> {
    let object = json::object(body, below)?;
    let name = json::first(object, &["name", "title"]).unwrap_or_default();
    let key = json::text(object, "dedup_key").unwrap_or_default();
    let status = json::text(object, "status").map_or(News::Firing, |word| News::of_word(&word));
    Ok(Alert {
        status,
        severity: json::text(object, "severity"),
        labels: json::map(object, "labels", below)?,
        annotations: json::map(object, "annotations", below)?,
        at: object.get("at").and_then(json::instant),
        link: json::text(object, "link"),
        ..Alert::new(source, name, key)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    use serde_json::json;

    #[test]
    fn the_own_shape_is_read_and_needs_a_name_alone() {
        let alert = read(&"x".into(), &json!({ "name": "Down" }), "").unwrap();
        assert_eq!((alert.name.as_str(), alert.dedup_key.as_str()), ("Down", "Down"));
        assert_eq!(alert.labels["alertname"], "Down");
        let body = json!({
            "name": "Down", "status": "resolved", "dedup_key": "q7", "severity": "high",
            "labels": { "queue": 7 }, "annotations": { "users": "12" },
            "at": "2026-11-21T08:00:00Z", "link": "https://mon.example/7",
        });
        let alert = read(&"x".into(), &body, "").unwrap();
        assert_eq!((alert.status, alert.dedup_key.as_str()), (News::Resolved, "q7"));
        assert_eq!((alert.labels["queue"].as_str(), &*alert.labels["severity"]), ("7", "high"));
        assert_eq!(alert.annotations["link"], "https://mon.example/7");
    }

    #[test]
    fn what_is_no_alert_is_refused_with_its_place() {
        for (body, below, pointer) in [
            (json!(3), "", ""),
            (json!({}), "", "/name"),
            (json!({ "name": "x", "labels": 3 }), "/4", "/4/labels"),
        ] {
            let fault = read(&"x".into(), &body, below).unwrap_err();
            assert_eq!(fault.pointer, pointer, "{body}");
        }
        assert!(parts(&json!(vec![0; 1_001])).is_err());
    }
}
