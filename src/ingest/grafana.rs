//! Grafana's webhook contact point (grafana.com/docs/grafana/latest/alerting, "Webhook notifier"):
//! Alertmanager's shape and more. `status` decides; `state` says the same in older words.

use serde_json::Value as Json;
use smol_str::SmolStr;

use super::alert::Alert;
use super::{Fault, alertmanager, json};

/// Reads a notification. What people read of it, `title` and `message`, and the numbers that were
/// measured go to the annotations.
///
/// # Errors
/// As [`alertmanager::read`].
pub fn read(source: &SmolStr, body: &Json) -> Result<Vec<Alert>, Fault> {
    let mut alerts = alertmanager::read(source, body)?;
    let whole = json::object(body, "")?;
    for alert in &mut alerts {
        for key in ["title", "message"] {
            if let Some(text) = json::text(whole, key) {
                alert.annotations.entry(key.into()).or_insert(text);
            }
        }
        if let Some(values) = values_of(body, alert) {
            alert.annotations.entry("values".into()).or_insert(values);
        }
    }
    Ok(alerts)
}

/// Finds the numbers of the member that an alert was read from: labels are unique in a group.
fn values_of(body: &Json, alert: &Alert) -> Option<String> {
    let members = body.get("alerts")?.as_array()?;
    let same = |member: &&Json| {
        let labels = member.get("labels").and_then(Json::as_object);
        labels.is_some_and(|labels| {
            let labels = json::scalars(labels);
            labels.iter().all(|(key, value)| alert.labels.get(key) == Some(value))
        })
    };
    let member = members.iter().find(same)?.as_object()?;
    json::first(member, &["valueString", "values"])
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::ingest::News;
    use serde_json::json;

    #[test]
    fn a_notification_keeps_its_title_and_its_numbers() {
        let body = json!({
            "receiver": "firebell", "status": "firing", "orgId": 1, "state": "alerting",
            "title": "[FIRING:1] High memory (web)", "message": "**Firing**",
            "alerts": [{
                "status": "firing",
                "labels": { "alertname": "High memory", "team": "blue", "zone": "us-1" },
                "annotations": { "runbook_url": "https://example.com/runbook" },
                "startsAt": "2026-10-12T09:51:03.157076+02:00",
                "endsAt": "0001-01-01T00:00:00Z",
                "generatorURL": "https://play.grafana.org/alerting/1afz29v7z/edit",
                "fingerprint": "c6eadffa33fcdf37",
                "silenceURL": "https://play.grafana.org/alerting/silence/new",
                "dashboardURL": "https://play.grafana.org/d/1", "panelURL": "",
                "values": { "B": 44.23943737541908, "C": 1 },
            }],
            "groupLabels": {}, "commonLabels": { "team": "blue" }, "commonAnnotations": {},
            "externalURL": "https://play.grafana.org/", "version": "1",
            "groupKey": "{}:{}", "truncatedAlerts": 0,
        });
        let alerts = read(&"graf".into(), &body).unwrap();
        assert_eq!(alerts.len(), 1);
        assert_eq!((alerts[0].name.as_str(), alerts[0].status), ("High memory", News::Firing));
        assert_eq!(alerts[0].annotations["title"], "[FIRING:1] High memory (web)");
        assert_eq!(alerts[0].annotations["values"], "{\"B\":44.23943737541908,\"C\":1}");
        assert_eq!(alerts[0].link.as_deref(), Some("https://play.grafana.org/d/1"));
        assert_eq!(alerts[0].at.unwrap().to_string(), "2026-10-12T07:51:03.157076Z");
    }
}
