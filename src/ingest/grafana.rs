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
    let whole = json::object(body, "")?;
    let said = ["title", "message"].map(|key| (key, json::text(whole, key)));
    alertmanager::read_each(source, body, |alert, member| {
        let values = json::first(member, &["valueString", "values"]);
        let measured = values.into_iter().map(|text| ("values", text));
        let said = said.iter().filter_map(|(key, text)| Some((*key, text.clone()?)));
        for (key, text) in said.chain(measured) {
            alert.annotations.entry(key.into()).or_insert(text);
        }
    })
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

    #[test]
    fn the_numbers_of_a_member_are_its_own_where_its_labels_are_part_of_anothers() {
        let member = |status: &str, zone: Option<&str>, value: u32| {
            json!({ "status": status, "labels": { "alertname": "Memory", "zone": zone },
                "values": { "B": value } })
        };
        let alerts = [
            member("firing", None, 1),
            member("firing", Some("us-1"), 2),
            member("resolved", Some("us-2"), 3),
            member("firing", None, 4),
        ];
        let body = json!({ "status": "firing", "groupKey": "g", "alerts": alerts });
        let alerts = read(&"graf".into(), &body).unwrap();
        let values: Vec<_> = alerts.iter().map(|one| one.annotations["values"].as_str()).collect();
        assert_eq!(values, ["{\"B\":1}", "{\"B\":2}", "{\"B\":4}"]);
    }
}
