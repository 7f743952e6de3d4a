//! Alibaba Cloud CloudMonitor: callbacks of threshold rules (1.0, a form) and webhooks of version 2.0
//! and of event subscriptions (JSON), whose members have other names for the same things
//! (help.aliyun.com/zh/cms, "报警回调").

use serde_json::{Map, Value as Json};
use smol_str::SmolStr;

use super::alert::{Alert, News};
use super::{Fault, json};

/// Where the name of the rule stands.
const NAMES: [&str; 5] = ["alertName", "ruleName", "eventName", "name", "strategyName"];
/// Where its state stands.
const STATES: [&str; 4] = ["alertState", "alertStatus", "status", "state"];
/// Where it says how bad it is.
const LEVELS: [&str; 4] = ["triggerLevel", "severity", "curLevel", "level"];
/// Where it says what it is about; with the rule this names the trouble.
const ABOUT: [&str; 4] = ["dimensions", "instanceId", "resourceId", "instanceName"];
/// Members that tell troubles apart no better, and change with every callback.
const CHANGING: [&str; 4] = ["curValue", "timestamp", "lastTime", "traceId"];

/// Reads a callback. A rule that has too little data fires, since nobody knows how its subject is;
/// its label `state` says so.
///
/// # Errors
/// No object, or nothing that names a rule.
pub fn read(source: &SmolStr, body: &Json) -> Result<Alert, Fault> {
    let whole = json::object(body, "")?;
    // A subscription puts the alert one level down.
    let inner = whole.get("alert").and_then(Json::as_object);
    let find = |keys: &[&str]| {
        inner.and_then(|inner| json::first(inner, keys)).or_else(|| json::first(whole, keys))
    };
    let name = find(&NAMES).ok_or_else(|| {
        Fault::at(
            "/alertName",
            "缺少报警规则名；自定义模板请用 dialect: generic 加映射规则",
            "no rule is named; for a template of your own use `dialect: generic` with `rules`",
        )
    })?;
    let rule = find(&["ruleId"]).unwrap_or_else(|| name.clone());
    let key = match find(&ABOUT) {
        Some(about) => format!("{rule}/{about}"),
        None => rule,
    };
    let state = find(&STATES);
    let mut alert = Alert::new(source, name, key);
    alert.status = state.as_deref().map_or(News::Firing, News::of_word);
    alert.severity = find(&LEVELS);
    alert.at =
        ["timestamp", "time", "eventTime"].iter().find_map(|key| json::instant(whole.get(*key)?));
    alert.labels.extend(state.map(|state| ("state".into(), state)));
    for part in [Some(whole), inner].into_iter().flatten() {
        spread(part, &mut alert);
    }
    Ok(alert.completed())
}

/// Makes single values labels, what changes all the time and what holds others annotations.
fn spread(part: &Map<String, Json>, alert: &mut Alert) {
    for (key, value) in json::scalars(part) {
        let nested = matches!(part.get(key.as_str()), Some(Json::Object(_) | Json::Array(_)));
        if key == "alert" && nested {
            continue;
        }
        let into = if nested || CHANGING.contains(&key.as_str()) {
            &mut alert.annotations
        } else {
            &mut alert.labels
        };
        into.entry(key).or_insert(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::ingest::form;
    use serde_json::json;

    const CALLBACK: &[u8] = b"alertName=CPU%E8%BF%87%E9%AB%98&alertState=ALERT&curValue=97.39&\
        dimensions=%7BinstanceId%3Di-1%7D&expression=%24Average%3E95&instanceName=web-1&\
        metricName=cpu_total&metricProject=acs_ecs_dashboard&namespace=acs_ecs_dashboard&\
        timestamp=1795250578000&userId=1283&triggerLevel=CRITICAL&ruleId=r-7";

    #[test]
    fn a_form_of_version_one_becomes_an_alert_that_its_ok_ends() {
        let alert = read(&"ali".into(), &form::read(CALLBACK)).unwrap();
        assert_eq!((alert.name.as_str(), alert.status), ("CPU过高", News::Firing));
        assert_eq!(alert.dedup_key, "r-7/{instanceId=i-1}");
        assert_eq!(
            (&*alert.labels["severity"], &*alert.labels["namespace"]),
            ("CRITICAL", "acs_ecs_dashboard")
        );
        assert_eq!(alert.annotations["curValue"], "97.39");
        assert_eq!(alert.at.unwrap().to_string(), "2026-11-21T08:42:58Z");
        let text = String::from_utf8(CALLBACK.to_vec()).unwrap();
        let state = |word: &str| {
            let body = text.replace("alertState=ALERT", &format!("alertState={word}"));
            read(&"ali".into(), &form::read(body.as_bytes())).unwrap()
        };
        assert_eq!((state("OK").status, state("OK").dedup_key), (News::Resolved, alert.dedup_key));
        let unknown = state("INSUFFICIENT_DATA");
        assert_eq!(
            (unknown.status, &*unknown.labels["state"]),
            (News::Firing, "INSUFFICIENT_DATA")
        );
    }

    #[test]
    fn json_is_read_in_either_of_its_shapes() {
        let flat = json!({ "alertName": "Disk", "alertState": "OK", "instanceId": "i-1",
            "triggerLevel": "WARN" });
        let alert = read(&"ali".into(), &flat).unwrap();
        assert_eq!((alert.status, alert.dedup_key.as_str()), (News::Resolved, "Disk/i-1"));
        let nested = json!({ "strategyName": "all", "severity": "CRITICAL", "alert": {
            "alertStatus": "TRIGGERED", "eventName": "Instance:Reboot", "product": "ECS",
            "meta": { "instanceId": "i-2" } } });
        let alert = read(&"ali".into(), &nested).unwrap();
        assert_eq!((alert.name.as_str(), alert.status), ("Instance:Reboot", News::Firing));
        assert_eq!((&*alert.labels["severity"], &*alert.labels["product"]), ("CRITICAL", "ECS"));
        assert!(!alert.labels.contains_key("alert"));
        assert_eq!(read(&"ali".into(), &json!({ "x": 1 })).unwrap_err().pointer, "/alertName");
        assert_eq!(read(&"ali".into(), &json!(1)).unwrap_err().pointer, "");
    }
}
