//! One alert, whatever dialect it came in.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// What an alert says of its trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum News {
    /// The trouble is there.
    Firing,
    /// It is over.
    Resolved,
    /// Somebody has seen it at the source.
    Acknowledged,
    /// Somebody remarked on it at the source; the annotation `note` says what.
    Noted,
}

impl News {
    /// Returns the stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::Resolved => "resolved",
            Self::Acknowledged => "acknowledged",
            Self::Noted => "noted",
        }
    }

    /// Reads the words of many tools. An alert in words nobody knows is taken for one that fires:
    /// a trouble too many is seen, one too few is not.
    #[must_use]
    pub fn of_word(word: &str) -> Self {
        match word.trim().to_ascii_lowercase().as_str() {
            "resolved" | "resolve" | "ok" | "okay" | "up" | "recovery" | "recovered" | "normal"
            | "closed" | "close" | "clear" | "cleared" | "inactive" | "success" | "0" | "false" => {
                Self::Resolved
            }
            "acknowledged" | "acknowledge" | "ack" | "acknowledgement" => Self::Acknowledged,
            _ => Self::Firing,
        }
    }
}

/// An alert as firebell understands it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// The configured source it came from.
    pub source: SmolStr,
    /// Alerts of the same trouble carry the same key; keys of different sources never meet.
    pub dedup_key: String,
    /// The key it came with, where its source groups alerts under another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
    /// What it says.
    pub status: News,
    /// Its name, as `activate_when` and people know it.
    pub name: String,
    /// How bad it is, in the words of the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// What it is about.
    pub labels: BTreeMap<SmolStr, String>,
    /// What else it says.
    pub annotations: BTreeMap<SmolStr, String>,
    /// When the trouble began, by the clock of the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// Where to read more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

impl Alert {
    /// Makes an alert that fires and says nothing but its name.
    #[must_use]
    pub fn new(source: &SmolStr, name: impl Into<String>, dedup_key: impl Into<String>) -> Self {
        Self {
            source: source.clone(),
            dedup_key: dedup_key.into(),
            member: None,
            status: News::Firing,
            name: name.into(),
            severity: None,
            labels: BTreeMap::new(),
            annotations: BTreeMap::new(),
            at: None,
            link: None,
        }
    }

    /// Puts it under the key that alerts with the same values of these labels share.
    pub fn group(&mut self, by: &[SmolStr]) {
        if by.is_empty() {
            return;
        }
        let value = |label: &SmolStr| self.labels.get(label).map_or("", String::as_str);
        let pairs = by.iter().map(|label| format!("{label}={:?}", value(label)));
        let key = pairs.collect::<Vec<_>>().join(",");
        self.member = Some(std::mem::replace(&mut self.dedup_key, key));
    }

    /// Makes its own words findable as labels and annotations, where the source gave none of that
    /// name: `alertname`, `severity` and `link`.
    #[must_use]
    pub fn completed(mut self) -> Self {
        if !self.name.is_empty() {
            self.labels.entry("alertname".into()).or_insert_with(|| self.name.clone());
        }
        if let Some(severity) = &self.severity {
            self.labels.entry("severity".into()).or_insert_with(|| severity.clone());
        }
        if let Some(link) = &self.link {
            self.annotations.entry("link".into()).or_insert_with(|| link.clone());
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_nobody_knows_are_taken_for_trouble() {
        for word in ["firing", "ALERT", "Problem", "", "一", "1", "critical"] {
            assert_eq!(News::of_word(word), News::Firing, "{word}");
        }
        for word in ["resolved", "OK", " recovery ", "0"] {
            assert_eq!(News::of_word(word), News::Resolved, "{word}");
        }
        assert_eq!(News::of_word("Ack"), News::Acknowledged);
    }

    #[test]
    fn what_the_source_calls_a_label_is_never_overwritten() {
        let mut alert = Alert::new(&"x".into(), "Down", "k");
        alert.severity = Some("critical".to_owned());
        alert.labels.insert("severity".into(), "own".to_owned());
        let alert = alert.completed();
        assert_eq!(alert.labels["alertname"], "Down");
        assert_eq!(alert.labels["severity"], "own");
    }
}
