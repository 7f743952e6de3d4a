//! Tencent Cloud Observability Platform's callbacks (cloud.tencent.com/document/product/248/50409):
//! metric and event alarms. Its times have no zone and mean Beijing's.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{TimeZone, offset};
use serde_json::{Map, Value as Json};
use smol_str::SmolStr;

use super::alert::{Alert, News};
use super::{Fault, json};

/// Reads a callback: `alarmStatus` is 1 while it fires and 0 when it is over, as a text or a number.
///
/// # Errors
/// No object, or neither a policy nor what it watches is named.
pub fn read(source: &SmolStr, body: &Json) -> Result<Alert, Fault> {
    let call = json::object(body, "")?;
    let below = |key: &str| call.get(key).and_then(Json::as_object);
    let (policy, object) = (below("alarmPolicyInfo"), below("alarmObjInfo"));
    let of_policy = |keys: &[&str]| policy.and_then(|policy| json::first(policy, keys));
    let name = of_policy(&["policyName", "policyId"]).ok_or_else(|| {
        Fault::at("/alarmPolicyInfo/policyName", "缺少告警策略名", "no alarm policy is named")
    })?;
    let conditions = policy.and_then(|policy| policy.get("conditions")).and_then(Json::as_object);
    let what = conditions.and_then(|found| json::first(found, &["metricName", "eventName"]));
    let policy_id = of_policy(&["policyId"]).unwrap_or_else(|| name.clone());
    let dimensions = object.and_then(|object| json::text(object, "dimensions"));
    let parts = [Some(policy_id), what, dimensions];
    let key = parts.into_iter().flatten().collect::<Vec<_>>().join("/");
    let mut alert = Alert::new(source, name, key);
    // Without a status it is an event, which has happened.
    let status = json::text(call, "alarmStatus");
    alert.status = status.map_or(News::Firing, |word| News::of_word(&word));
    alert.at = json::text(call, "firstOccurTime").as_deref().and_then(beijing);
    spread(object, &["dimensions"], &mut alert);
    spread(policy, &["conditions"], &mut alert);
    if let Some(Json::Object(dimensions)) = object.and_then(|object| object.get("dimensions")) {
        spread(Some(dimensions), &[], &mut alert);
    }
    for (key, value) in conditions.map(json::scalars).unwrap_or_default() {
        let label = matches!(key.as_str(), "metricName" | "eventName" | "productName");
        let into = if label { &mut alert.labels } else { &mut alert.annotations };
        into.entry(key).or_insert(value);
    }
    for key in ["alarmType", "sessionId", "alertId", "durationTime", "recoverTime"] {
        let into = if key == "alarmType" { &mut alert.labels } else { &mut alert.annotations };
        into.extend(json::text(call, key).map(|value| (key.into(), value)));
    }
    alert.severity = json::first(call, &["alarmLevel", "severity"]);
    Ok(alert.completed())
}

fn spread(part: Option<&Map<String, Json>>, but: &[&str], alert: &mut Alert) {
    for (key, value) in part.map(json::scalars).unwrap_or_default() {
        if !but.contains(&key.as_str()) {
            alert.labels.entry(key).or_insert(value);
        }
    }
}

fn beijing(text: &str) -> Option<Timestamp> {
    let civil: DateTime = text.trim().parse().ok()?;
    TimeZone::fixed(offset(8)).to_timestamp(civil).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    use serde_json::json;

    fn metric(status: &Json) -> Json {
        json!({
            "sessionId": "s-1", "alarmStatus": status, "alarmType": "metric",
            "alarmObjInfo": { "region": "gz", "namespace": "qce/cvm", "appId": "1", "uin": "2",
                "dimensions": { "unInstanceId": "ins-1", "objId": "o-1" } },
            "alarmPolicyInfo": { "policyId": "policy-1", "policyType": "cvm_device",
                "policyName": "CPU", "policyTypeCName": "云服务器",
                "conditions": { "metricName": "cpu_usage", "calcType": ">", "calcValue": "90",
                    "currentValue": "100" } },
            "firstOccurTime": "2026-11-21 16:42:58", "durationTime": 500,
            "recoverTime": "2026-11-21 17:00:00",
        })
    }

    #[test]
    fn the_status_is_a_text_or_a_number() {
        for (status, news) in [
            (json!("1"), News::Firing),
            (json!(1), News::Firing),
            (json!("0"), News::Resolved),
            (json!(0), News::Resolved),
        ] {
            let alert = read(&"tx".into(), &metric(&status)).unwrap();
            assert_eq!(alert.status, news, "{status}");
            assert_eq!(alert.name, "CPU");
            assert!(alert.dedup_key.starts_with("policy-1/cpu_usage/{"), "{}", alert.dedup_key);
            assert_eq!((&*alert.labels["unInstanceId"], &*alert.labels["region"]), ("ins-1", "gz"));
            assert_eq!(alert.annotations["currentValue"], "100");
            assert_eq!(alert.at.unwrap().to_string(), "2026-11-21T08:42:58Z");
        }
    }

    #[test]
    fn an_event_has_happened_and_a_body_without_a_policy_is_none() {
        let event = json!({ "alarmType": "event", "alarmPolicyInfo": { "policyName": "Ping",
            "conditions": { "productName": "cvm", "eventName": "ping_unreachable" } } });
        let alert = read(&"tx".into(), &event).unwrap();
        assert_eq!(
            (alert.status, alert.dedup_key.as_str()),
            (News::Firing, "Ping/ping_unreachable")
        );
        assert_eq!(alert.labels["eventName"], "ping_unreachable");
        let wrong = read(&"tx".into(), &json!({ "alarmPolicyInfo": 3 })).unwrap_err();
        assert_eq!(wrong.pointer, "/alarmPolicyInfo/policyName");
    }
}
