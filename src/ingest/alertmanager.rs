//! Alertmanager's webhook, version 4 (prometheus.io/docs/alerting/latest/configuration,
//! `webhook_config`).
//!
//! A group is one trouble: `groupKey` names it, and it is over when the whole group is. The start of
//! an alert may change when it resolves, so no key depends on it.

use serde_json::{Map, Value as Json};
use smol_str::SmolStr;

use super::alert::{Alert, News};
use super::{Fault, json};

/// Reads a notification: what fires in a group that fires; everything in one that is over.
///
/// # Errors
/// A body that is no notification, with the place.
pub fn read(source: &SmolStr, body: &Json) -> Result<Vec<Alert>, Fault> {
    read_each(source, body, |_, _| {})
}

/// Reads a notification of a tool that says more: `more` is given each alert with the member of
/// `alerts` that it was read from.
///
/// # Errors
/// As [`read`].
pub fn read_each(
    source: &SmolStr,
    body: &Json,
    more: impl Fn(&mut Alert, &Map<String, Json>),
) -> Result<Vec<Alert>, Fault> {
    let group = json::object(body, "")?;
    let status = json::text(group, "status").map_or(News::Firing, |word| News::of_word(&word));
    let key = json::text(group, "groupKey");
    let mut alerts = Vec::new();
    for (n, member) in json::alerts(group, "alerts")?.iter().enumerate() {
        let below = format!("/alerts/{n}");
        let member = json::object(member, &below)?;
        let own = json::text(member, "status").map_or(status, |word| News::of_word(&word));
        // The group decides where there is one; a member that recovered is only not shown.
        if key.is_some() && own != status {
            continue;
        }
        let mut alert = Alert { status: own, ..alert(source, key.as_deref(), member, &below)? };
        more(&mut alert, member);
        alerts.push(alert);
    }
    Ok(alerts)
}

fn alert(
    source: &SmolStr,
    group: Option<&str>,
    member: &Map<String, Json>,
    below: &str,
) -> Result<Alert, Fault> {
    let labels = json::map(member, "labels", below)?;
    let annotations = json::map(member, "annotations", below)?;
    let name = labels.get("alertname").cloned().unwrap_or_default();
    let own = || json::text(member, "fingerprint").unwrap_or_else(|| fingerprint(&labels));
    let key = group.map_or_else(own, str::to_owned);
    let alert = Alert {
        severity: labels.get("severity").cloned(),
        at: member.get("startsAt").and_then(json::instant),
        link: json::first(member, &["panelURL", "dashboardURL", "generatorURL"]),
        labels,
        annotations,
        ..Alert::new(source, name, key)
    };
    Ok(alert.completed())
}

/// Names an alert by its labels, where it has no name of its own.
fn fingerprint(labels: &std::collections::BTreeMap<SmolStr, String>) -> String {
    let pairs = labels.iter().map(|(key, value)| format!("{key}={value:?}"));
    pairs.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    use serde_json::json;

    fn group(status: &str, members: &[&str]) -> Json {
        let members = members.iter().enumerate().map(|(n, status)| {
            json!({
                "status": status,
                "labels": { "alertname": "CustomerServiceDown", "instance": format!("cs-{n}"),
                    "severity": "critical" },
                "annotations": { "users": "1200", "summary": "no calls" },
                "startsAt": "2026-11-21T07:58:01.123Z",
                "endsAt": "0001-01-01T00:00:00Z",
                "generatorURL": "http://prometheus.example/graph?g0.expr=up",
                "fingerprint": format!("8ecda8daf12d31{n}"),
            })
        });
        json!({
            "receiver": "firebell", "status": status, "alerts": members.collect::<Vec<_>>(),
            "groupLabels": { "alertname": "CustomerServiceDown" },
            "commonLabels": {}, "commonAnnotations": {},
            "externalURL": "http://alertmanager.example", "version": "4",
            "groupKey": "{}:{alertname=\"CustomerServiceDown\"}", "truncatedAlerts": 0,
            "notification_reason": "group_interval", "routeLabels": {},
        })
    }

    fn read_it(body: &Json) -> Result<Vec<Alert>, Fault> {
        read(&"prom".into(), body)
    }

    #[test]
    fn a_notification_becomes_its_alerts_under_the_key_of_the_group() {
        let alerts = read_it(&group("firing", &["firing", "firing"])).unwrap();
        assert_eq!(alerts.len(), 2);
        let one = &alerts[1];
        assert_eq!(one.name, "CustomerServiceDown");
        assert_eq!(one.dedup_key, "{}:{alertname=\"CustomerServiceDown\"}");
        assert_eq!(one.status, News::Firing);
        assert_eq!(one.severity.as_deref(), Some("critical"));
        assert_eq!(one.labels["instance"], "cs-1");
        assert_eq!(one.annotations["users"], "1200");
        assert_eq!(one.at.unwrap().to_string(), "2026-11-21T07:58:01.123Z");
        assert_eq!(one.link.as_deref(), Some("http://prometheus.example/graph?g0.expr=up"));
    }

    #[test]
    fn a_group_is_over_when_all_of_it_is() {
        let some = read_it(&group("firing", &["resolved", "firing"])).unwrap();
        assert_eq!(some.len(), 1);
        assert_eq!((some[0].status, &*some[0].labels["instance"]), (News::Firing, "cs-1"));
        let all = read_it(&group("resolved", &["resolved", "resolved"])).unwrap();
        assert!(all.iter().all(|alert| alert.status == News::Resolved));
        assert_eq!(all.len(), 2);
    }

    #[test]
    fn without_a_group_each_alert_is_a_trouble_of_its_own() {
        let mut body = group("firing", &["firing", "resolved"]);
        body.as_object_mut().unwrap().remove("groupKey");
        let alerts = read_it(&body).unwrap();
        let seen: Vec<_> = alerts.iter().map(|a| (a.dedup_key.as_str(), a.status)).collect();
        let wanted = [("8ecda8daf12d310", News::Firing), ("8ecda8daf12d311", News::Resolved)];
        assert_eq!(seen, wanted);
    }

    #[test]
    fn what_is_no_notification_is_refused_with_its_place() {
        for (body, pointer) in [
            (json!([]), ""),
            (json!("alert"), ""),
            (json!({}), "/alerts"),
            (json!({ "alerts": {} }), "/alerts"),
            (json!({ "alerts": [{}, 3] }), "/alerts/1"),
            (json!({ "alerts": [{ "labels": "x" }] }), "/alerts/0/labels"),
            (json!({ "alerts": [{ "annotations": [] }] }), "/alerts/0/annotations"),
            (json!({ "alerts": vec![json!({}); 1_001] }), "/alerts"),
        ] {
            assert_eq!(read_it(&body).unwrap_err().pointer, pointer, "{body}");
        }
    }

    #[test]
    fn labels_of_other_types_and_a_broken_time_lose_no_alert() {
        let body = json!({ "alerts": [{
            "labels": { "alertname": "X", "code": 500, "nested": { "a": [1] }, "none": null },
            "startsAt": 17, "generatorURL": null,
        }] });
        let alerts = read_it(&body).unwrap();
        assert_eq!(alerts[0].labels["code"], "500");
        assert_eq!(alerts[0].labels["nested"], "{\"a\":[1]}");
        assert!(!alerts[0].labels.contains_key("none"));
        assert_eq!(alerts[0].link, None);
    }
}
