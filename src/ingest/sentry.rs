//! Sentry's webhooks (docs.sentry.io, "Integration platform, webhooks"). What a body is about shows in
//! its `data`; the header that says it too is not kept, and not needed.
//!
//! An issue is one trouble, whichever of its events and rules report it; so is a metric alert.

use serde_json::{Map, Value as Json};
use smol_str::SmolStr;

use super::alert::{Alert, News};
use super::{Fault, json};

/// The most tags of an event that become labels.
const TAGS_MAX: usize = 200;

/// Reads a webhook. Comments, installations and what else is no trouble give no alert.
///
/// # Errors
/// No object, or no `data`.
pub fn read(source: &SmolStr, body: &Json) -> Result<Vec<Alert>, Fault> {
    let hook = json::object(body, "")?;
    let data = hook.get("data").ok_or_else(|| Fault::wanted("/data", "对象", "an object"))?;
    let data = json::object(data, "/data")?;
    let action = json::text(hook, "action").unwrap_or_default();
    let part = |key: &str| data.get(key).and_then(Json::as_object);
    if let Some(issue) = part("issue") {
        return Ok(vec![of_issue(source, issue, &action)]);
    }
    if let Some(event) = part("event").or_else(|| part("error")) {
        let mut alert = of_event(source, event);
        let rule = json::text(data, "triggered_rule");
        alert.labels.extend(rule.map(|rule| ("rule".into(), rule)));
        return Ok(vec![alert.completed()]);
    }
    Ok(part("metric_alert")
        .map(|metric| of_metric(source, data, metric, &action))
        .into_iter()
        .collect())
}

fn of_issue(source: &SmolStr, issue: &Map<String, Json>, action: &str) -> Alert {
    let status = match action {
        "resolved" => News::Resolved,
        "assigned" | "ignored" | "archived" => News::Acknowledged,
        _ => News::Firing,
    };
    let id = json::text(issue, "id").unwrap_or_default();
    let name = json::text(issue, "title").unwrap_or_else(|| format!("issue {id}"));
    let mut alert = Alert::new(source, name, format!("issue:{id}"));
    alert.status = status;
    alert.severity = json::text(issue, "level");
    alert.at = issue.get("firstSeen").and_then(json::instant);
    alert.link = json::first(issue, &["web_url", "permalink"]);
    let project = issue.get("project").and_then(Json::as_object);
    let project = project.and_then(|project| json::first(project, &["slug", "name"]));
    let short = json::text(issue, "shortId");
    for (key, value) in
        [("project", project), ("issue", short), ("culprit", json::text(issue, "culprit"))]
    {
        alert.labels.extend(value.map(|value| (key.into(), value)));
    }
    alert.completed()
}

fn of_event(source: &SmolStr, event: &Map<String, Json>) -> Alert {
    let issue = json::first(event, &["issue_id", "event_id"]).unwrap_or_default();
    let name =
        json::first(event, &["title", "message"]).unwrap_or_else(|| format!("issue {issue}"));
    let mut alert = Alert::new(source, name, format!("issue:{issue}"));
    alert.severity = json::text(event, "level");
    alert.at = event.get("datetime").and_then(json::instant);
    alert.link = json::first(event, &["web_url", "issue_url", "url"]);
    for tag in event.get("tags").and_then(Json::as_array).into_iter().flatten().take(TAGS_MAX) {
        if let Some([Json::String(key), value]) = tag.as_array().map(Vec::as_slice) {
            alert.labels.extend(json::words(value).map(|value| (key.into(), value)));
        }
    }
    for key in ["project", "environment", "culprit", "platform"] {
        if let Some(value) = json::text(event, key) {
            alert.labels.entry(key.into()).or_insert(value);
        }
    }
    alert
}

fn of_metric(
    source: &SmolStr,
    data: &Map<String, Json>,
    metric: &Map<String, Json>,
    action: &str,
) -> Alert {
    let id = json::first(metric, &["id", "identifier"]).unwrap_or_default();
    let rule = metric.get("alert_rule").and_then(Json::as_object);
    let rule = rule.and_then(|rule| json::text(rule, "name"));
    let title = json::text(data, "description_title");
    let name = rule.or_else(|| title.clone()).unwrap_or_else(|| format!("metric alert {id}"));
    let mut alert = Alert::new(source, name, format!("metric_alert:{id}"));
    alert.status = if action == "resolved" { News::Resolved } else { News::Firing };
    alert.severity = (action != "resolved").then(|| action.to_owned());
    alert.at =
        ["date_started", "date_detected"].iter().find_map(|key| json::instant(metric.get(*key)?));
    alert.link = json::text(data, "web_url");
    let projects = metric.get("projects").and_then(Json::as_array).into_iter().flatten();
    let projects: Vec<String> = projects.filter_map(json::words).collect();
    if !projects.is_empty() {
        alert.labels.insert("project".into(), projects.join(","));
    }
    for (key, value) in [("title", title), ("description", json::text(data, "description_text"))] {
        alert.annotations.extend(value.map(|value| (key.into(), value)));
    }
    alert.completed()
}

#[cfg(test)]
mod tests {
    use super::*;

    use serde_json::json;

    fn one(body: &Json) -> Alert {
        let alerts = read(&"sentry".into(), body).unwrap();
        let [alert] = alerts.as_slice() else { panic!("{alerts:?}") };
        alert.clone()
    }

    #[test]
    fn an_issue_is_one_trouble_whoever_reports_it() {
        let issue = json!({ "id": "1170820242", "title": "NameError", "level": "error",
            "shortId": "SHOP-1", "project": { "slug": "shop" }, "firstSeen": "2026-11-21T07:00:00Z",
            "web_url": "https://sentry.example/issues/1170820242/" });
        let event = json!({ "action": "triggered", "data": { "triggered_rule": "pages",
            "event": { "event_id": "e", "issue_id": "1170820242", "title": "NameError",
                "level": "error", "tags": [["env", "prod"], ["broken"]],
                "web_url": "https://sentry.example/e" } } });
        let alert = one(&event);
        assert_eq!((alert.dedup_key.as_str(), alert.status), ("issue:1170820242", News::Firing));
        assert_eq!((&*alert.labels["env"], &*alert.labels["rule"]), ("prod", "pages"));
        for (action, status) in [
            ("created", News::Firing),
            ("unresolved", News::Firing),
            ("assigned", News::Acknowledged),
            ("resolved", News::Resolved),
        ] {
            let alert = one(&json!({ "action": action, "data": { "issue": issue } }));
            assert_eq!((alert.dedup_key.as_str(), alert.status), ("issue:1170820242", status));
            assert_eq!((&*alert.labels["project"], &*alert.labels["severity"]), ("shop", "error"));
        }
    }

    #[test]
    fn a_metric_alert_is_over_when_it_says_resolved() {
        let body = |action: &str| {
            json!({ "action": action, "data": {
                "metric_alert": { "id": "7", "alert_rule": { "name": "Too many errors" },
                    "projects": ["shop", "till"], "date_started": "2026-11-21T07:00:00Z" },
                "description_title": "Critical: Too many errors", "description_text": "1000 events",
                "web_url": "https://sentry.example/alerts/7/" } })
        };
        let alert = one(&body("critical"));
        assert_eq!((alert.name.as_str(), alert.status), ("Too many errors", News::Firing));
        assert_eq!(
            (&*alert.labels["severity"], &*alert.labels["project"]),
            ("critical", "shop,till")
        );
        let over = one(&body("resolved"));
        assert_eq!((over.status, over.dedup_key), (News::Resolved, alert.dedup_key));
    }

    #[test]
    fn what_is_no_trouble_gives_no_alert_and_what_is_no_webhook_is_refused() {
        let comment = json!({ "action": "created", "data": { "comment": "hm", "issue_id": 3 } });
        assert_eq!(read(&"s".into(), &comment).unwrap(), []);
        assert_eq!(read(&"s".into(), &json!({})).unwrap_err().pointer, "/data");
        assert_eq!(read(&"s".into(), &json!({ "data": 3 })).unwrap_err().pointer, "/data");
    }
}
