//! A configured source: which dialect it speaks and what is added to what it says.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::Value as Json;
use smol_str::SmolStr;

use super::alert::Alert;
use super::rule::Rule;
use super::{
    Fault, alertmanager, aliyun, apprise, cloudevents, form, generic, grafana, opsgenie, pagerduty,
    sentry, tencent,
};
use crate::text::{Lang, Text};

/// The dialects that are spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dialect {
    /// Prometheus Alertmanager's webhook, version 4.
    Alertmanager,
    /// Grafana's webhook.
    Grafana,
    /// `PagerDuty`'s Events API v2.
    PagerDuty,
    /// Opsgenie's alert API.
    Opsgenie,
    /// `CloudEvents` 1.0.
    CloudEvents,
    /// Sentry's webhooks.
    Sentry,
    /// Alibaba Cloud's CloudMonitor.
    Aliyun,
    /// Tencent Cloud's monitoring.
    Tencent,
    /// Apprise's `json://`.
    Apprise,
    /// Any JSON.
    Generic,
}

impl Dialect {
    /// Every dialect by its name.
    pub const ALL: [(&'static str, Self); 10] = [
        ("alertmanager", Self::Alertmanager),
        ("grafana", Self::Grafana),
        ("pagerduty", Self::PagerDuty),
        ("opsgenie", Self::Opsgenie),
        ("cloudevents", Self::CloudEvents),
        ("sentry", Self::Sentry),
        ("aliyun", Self::Aliyun),
        ("tencent", Self::Tencent),
        ("apprise", Self::Apprise),
        ("generic", Self::Generic),
    ];

    /// Returns the stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Alertmanager => "alertmanager",
            Self::Grafana => "grafana",
            Self::PagerDuty => "pagerduty",
            Self::Opsgenie => "opsgenie",
            Self::CloudEvents => "cloudevents",
            Self::Sentry => "sentry",
            Self::Aliyun => "aliyun",
            Self::Tencent => "tencent",
            Self::Apprise => "apprise",
            Self::Generic => "generic",
        }
    }

    /// Tells whether its bodies may be mapped by rules; the others have a meaning of their own.
    #[must_use]
    pub const fn takes_rules(self) -> bool {
        matches!(self, Self::CloudEvents | Self::Generic)
    }

    /// Tells whether its bodies may be forms.
    #[must_use]
    pub const fn takes_forms(self) -> bool {
        matches!(self, Self::Aliyun | Self::Generic)
    }

    /// Tells whether its senders can sign bodies, and whether they always do.
    #[must_use]
    pub const fn signs(self) -> (bool, bool) {
        match self {
            Self::Sentry => (true, true),
            Self::Grafana => (true, false),
            _ => (false, false),
        }
    }
}

/// Where alerts come from.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// Its id in the configuration.
    pub id: SmolStr,
    /// What it speaks.
    pub dialect: Dialect,
    /// Labels that each of its alerts gets, where it has none of that name.
    pub labels: BTreeMap<SmolStr, String>,
    /// Alerts that agree in these labels are one trouble, whatever their keys; none where empty.
    pub group_by: Vec<SmolStr>,
    /// A source that says nothing for so long has fallen silent, which is an alert itself.
    pub silent_after: Option<SignedDuration>,
    /// How to read it; the first rule that holds decides.
    pub rules: Arc<[Rule]>,
}

impl Source {
    /// Makes a source that adds and maps nothing.
    #[must_use]
    pub fn new(id: impl Into<SmolStr>, dialect: Dialect) -> Self {
        Self {
            id: id.into(),
            dialect,
            labels: BTreeMap::new(),
            group_by: Vec::new(),
            silent_after: None,
            rules: [].into(),
        }
    }
}

impl Source {
    /// The name of the alert that it has fallen silent, which plans ask for in `activate_when`.
    pub const SILENT: &'static str = "SourceSilent";

    /// Makes the alert that it has fallen silent.
    #[must_use]
    pub fn silent(&self) -> Alert {
        let mut alert = Alert::new(&self.id, Self::SILENT, "heartbeat");
        alert.labels.clone_from(&self.labels);
        alert.labels.insert("source".into(), self.id.to_string());
        alert.completed()
    }
}

/// Something that arrived and became no alert.
#[derive(Debug, Clone, PartialEq)]
pub enum Unread {
    /// No rule holds for it.
    NoRule {
        /// Its place in the body.
        pointer: String,
    },
    /// A rule holds, and it says too little.
    Fault(Fault),
}

impl Unread {
    /// Says why in both languages.
    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            Self::NoRule { pointer } => Text::both(
                format!("没有映射规则适用于“{pointer}”"),
                format!("no mapping rule holds for `{pointer}`"),
            ),
            Self::Fault(Fault { pointer, detail }) => {
                let said = |lang| format!("{pointer}: {}", detail.get(lang));
                Text::both(said(Lang::Zh), said(Lang::En))
            }
        }
    }
}

/// What a body was read as.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reading {
    /// The alerts, each with the number of the rule that made it, counted from 0.
    pub alerts: Vec<(Alert, Option<usize>)>,
    /// What became none.
    pub unread: Vec<Unread>,
}

impl Source {
    /// Reads a body of a media type; one that is neither a form nor JSON says where it is not.
    ///
    /// # Errors
    /// It is not JSON, or not of the source's dialect.
    pub fn read_bytes(&self, media: &str, bytes: &[u8], made: &str) -> Result<Reading, Fault> {
        if media.eq_ignore_ascii_case(form::MEDIA) && self.dialect.takes_forms() {
            return self.read(&form::read(bytes), made);
        }
        let body = serde_json::from_slice(bytes)
            .map_err(|error| Fault::at("", format!("不是 JSON：{error}"), error.to_string()))?;
        self.read(&body, made)
    }

    /// Reads a JSON body. `made` is the key of an event that wants one.
    ///
    /// # Errors
    /// The body is not of the source's dialect.
    pub fn read(&self, body: &Json, made: &str) -> Result<Reading, Fault> {
        let plain = |alerts: Vec<Alert>| Reading {
            alerts: alerts.into_iter().map(|alert| (alert, None)).collect(),
            unread: Vec::new(),
        };
        let reading = match self.dialect {
            Dialect::Alertmanager => plain(alertmanager::read(&self.id, body)?),
            Dialect::Grafana => plain(grafana::read(&self.id, body)?),
            Dialect::PagerDuty => {
                let event = pagerduty::read(body)
                    .map_err(|errors| Fault::at("", errors.join("; "), errors.join("; ")))?;
                plain(vec![event.alert(&self.id, made)])
            }
            Dialect::Opsgenie => plain(vec![opsgenie::read(&self.id, body, made)?]),
            Dialect::Sentry => plain(sentry::read(&self.id, body)?),
            Dialect::Aliyun => plain(vec![aliyun::read(&self.id, body)?]),
            Dialect::Tencent => plain(vec![tencent::read(&self.id, body)?]),
            Dialect::Apprise => plain(vec![apprise::read(&self.id, body)?]),
            Dialect::CloudEvents => {
                self.each(cloudevents::events(body, body.is_array())?, cloudevents::read)?
            }
            Dialect::Generic => self.each(generic::parts(body)?, generic::read)?,
        };
        Ok(self.labelled(reading))
    }

    /// Adds the source's own labels, and groups.
    #[must_use]
    pub fn labelled(&self, mut reading: Reading) -> Reading {
        for (alert, _) in &mut reading.alerts {
            for (key, value) in &self.labels {
                alert.labels.entry(key.clone()).or_insert_with(|| value.clone());
            }
            alert.group(&self.group_by);
        }
        reading
    }

    fn each(
        &self,
        parts: Vec<(String, &Json)>,
        read: impl Fn(&SmolStr, &Json, &str) -> Result<Alert, Fault>,
    ) -> Result<Reading, Fault> {
        let mut reading = Reading::default();
        for (below, part) in parts {
            if self.rules.is_empty() {
                reading.alerts.push((read(&self.id, part, &below)?, None));
                continue;
            }
            // An event is one by its attributes, whatever the rules make of it.
            let event = (self.dialect == Dialect::CloudEvents)
                .then(|| read(&self.id, part, &below))
                .transpose()?;
            let holding = self.rules.iter().enumerate().find(|(_, rule)| rule.holds(part));
            let Some((n, rule)) = holding else {
                reading.unread.push(Unread::NoRule { pointer: below });
                continue;
            };
            let mapped = match event {
                Some(mut alert) => {
                    generic::overlay(&mut alert, rule.read(part));
                    Ok(alert.completed())
                }
                None => generic::mapped(&self.id, rule, part, &below),
            };
            match mapped {
                Ok(alert) => reading.alerts.push((alert, Some(n))),
                Err(fault) => reading.unread.push(Unread::Fault(fault)),
            }
        }
        Ok(reading)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::ingest::News;
    use serde_json::json;

    fn rule(when: Option<&str>, says: &[(&str, &str)]) -> Rule {
        let mut rule = Rule::default();
        if let Some(when) = when {
            rule.when(when).unwrap();
        }
        for (key, source) in says {
            match key.strip_prefix("labels.") {
                Some(label) => rule.label(label, source).unwrap(),
                None => rule.say(key, source).unwrap(),
            }
        }
        rule
    }

    fn source(dialect: Dialect, rules: Vec<Rule>) -> Source {
        let labels = [("service".into(), "phones".to_owned())].into();
        Source { labels, rules: rules.into(), ..Source::new("x", dialect) }
    }

    #[test]
    fn the_first_rule_that_holds_decides_and_the_rest_stays_visible() {
        let says = [
            ("name", "Check{{ body.check }}"),
            ("status", "{{ body.state }}"),
            ("dedup_key", "{{ body.check }}"),
            ("labels.host", "{{ body.host }}"),
        ];
        let rules = vec![
            rule(Some("body.kind == \"check\""), &says),
            rule(Some("body.kind == \"bare\""), &[]),
        ];
        let source = source(Dialect::Generic, rules);
        let body = json!([
            { "kind": "check", "check": 7, "state": "OK", "host": "a" },
            { "kind": "else" },
            { "kind": "bare" },
        ]);
        let reading = source.read(&body, "").unwrap();
        let [(alert, Some(0))] = reading.alerts.as_slice() else { panic!("{reading:?}") };
        assert_eq!((alert.name.as_str(), alert.status), ("Check7", News::Resolved));
        assert_eq!((alert.dedup_key.as_str(), alert.labels["host"].as_str()), ("7", "a"));
        assert_eq!(alert.labels["service"], "phones");
        assert_eq!(reading.unread[0], Unread::NoRule { pointer: "/1".to_owned() });
        assert!(matches!(&reading.unread[1], Unread::Fault(fault) if fault.pointer == "/2"));
    }

    #[test]
    fn rules_say_which_trouble_an_event_is_about() {
        let says = [("dedup_key", "{{ body.subject }}"), ("status", "{{ body.data.state }}")];
        let source = source(Dialect::CloudEvents, vec![rule(None, &says)]);
        let event = json!({
            "specversion": "1.0", "id": "1", "source": "/m", "type": "queue", "subject": "q7",
            "data": { "state": "ok" },
        });
        let (alert, _) = &source.read(&event, "").unwrap().alerts[0];
        assert_eq!((alert.dedup_key.as_str(), alert.status), ("q7", News::Resolved));
        assert!(source.read(&json!({ "subject": "q7" }), "").is_err());
    }

    #[test]
    fn every_dialect_has_the_name_it_is_listed_under() {
        for (name, dialect) in Dialect::ALL {
            assert_eq!(dialect.as_str(), name);
        }
    }
}
