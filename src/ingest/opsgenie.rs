//! Opsgenie's alert API (docs.opsgenie.com/docs/alert-api): what its clients say to create an alert and
//! to close, acknowledge and remark on one. What stands in the path of a call is put into the body
//! first, as `action` and `alias`, so that a body that is kept says all of it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value as Json};
use smol_str::SmolStr;

use super::alert::{Alert, News};
use super::{Fault, json};

/// The most characters of an alias, as the interface has it.
const ALIAS_CHARS_MAX: usize = 512;
/// What the ids of alerts with an alias begin with; the alias follows.
const ID_PREFIX: &str = "alias-";

/// What is done to an alert that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// It is over.
    Close,
    /// Somebody has seen it.
    Acknowledge,
    /// Somebody remarks on it.
    Note,
}

impl Act {
    /// Reads the last part of the path.
    #[must_use]
    pub fn of_path(word: &str) -> Option<Self> {
        match word {
            "close" => Some(Self::Close),
            "acknowledge" => Some(Self::Acknowledge),
            "notes" => Some(Self::Note),
            _ => None,
        }
    }

    /// Returns the word that stands for it in a body.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Close => "close",
            Self::Acknowledge => "acknowledge",
            Self::Note => "notes",
        }
    }

    /// Returns the name that the status of a request has for it.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Close => "Close",
            Self::Acknowledge => "Acknowledge",
            Self::Note => "AddNote",
        }
    }

    const fn news(self) -> News {
        match self {
            Self::Close => News::Resolved,
            Self::Acknowledge => News::Acknowledged,
            Self::Note => News::Noted,
        }
    }
}

/// Names an alert by its alias, so that whoever keeps the id finds the alias again.
#[must_use]
pub fn id_of(alias: &str) -> String {
    format!("{ID_PREFIX}{}", URL_SAFE_NO_PAD.encode(alias))
}

/// Finds the alias of an id; an id of another make is its own alias.
#[must_use]
pub fn alias_of(id: &str) -> String {
    let encoded = id.strip_prefix(ID_PREFIX).and_then(|rest| URL_SAFE_NO_PAD.decode(rest).ok());
    let decoded = encoded.and_then(|bytes| String::from_utf8(bytes).ok());
    decoded.unwrap_or_else(|| id.to_owned())
}

/// Puts what the path says into the body of a call.
///
/// # Errors
/// The body is no object.
pub fn with_path(body: Json, act: Act, alias: &str) -> Result<Json, Fault> {
    let mut whole = match body {
        Json::Null => Map::new(),
        Json::Object(whole) => whole,
        _ => return Err(Fault::wanted("", "对象", "an object")),
    };
    whole.insert("action".to_owned(), act.as_str().into());
    whole.insert("alias".to_owned(), alias.into());
    Ok(Json::Object(whole))
}

/// Reads a call; `made` is the alias of an alert that is created without one.
///
/// # Errors
/// No message, no note where one is meant, or an alias that is too long.
pub fn read(source: &SmolStr, body: &Json, made: &str) -> Result<Alert, Fault> {
    let call = json::object(body, "")?;
    let alias = json::text(call, "alias").unwrap_or_else(|| made.to_owned());
    if alias.chars().count() > ALIAS_CHARS_MAX {
        return Err(Fault::at(
            "/alias",
            format!("别名最多 {ALIAS_CHARS_MAX} 个字符"),
            format!("an alias has at most {ALIAS_CHARS_MAX} characters"),
        ));
    }
    let act = json::text(call, "action").and_then(|word| Act::of_path(&word));
    let note = json::text(call, "note");
    let Some(act) = act else { return created(source, call, &alias) };
    if act == Act::Note && note.is_none() {
        return Err(Fault::at("/note", "不能为空", "can not be empty"));
    }
    let mut alert = Alert { status: act.news(), ..Alert::new(source, alias.clone(), alias) };
    for (key, value) in [("note", note), ("user", json::text(call, "user"))] {
        alert.annotations.extend(value.map(|value| (key.into(), value)));
    }
    Ok(alert)
}

fn created(source: &SmolStr, call: &Map<String, Json>, alias: &str) -> Result<Alert, Fault> {
    let message = json::text(call, "message")
        .ok_or_else(|| Fault::at("/message", "不能为空", "can not be empty"))?;
    let mut alert = Alert::new(source, message, alias);
    alert.labels = json::map(call, "details", "")?;
    alert.severity = json::text(call, "priority");
    for key in ["entity", "source", "priority"] {
        if let Some(value) = json::text(call, key) {
            alert.labels.entry(key.into()).or_insert(value);
        }
    }
    if let Some(tags) = call.get("tags").and_then(Json::as_array) {
        let tags: Vec<String> = tags.iter().filter_map(json::words).collect();
        if !tags.is_empty() {
            alert.labels.entry("tags".into()).or_insert_with(|| tags.join(","));
        }
    }
    for key in ["description", "note", "user"] {
        alert.annotations.extend(json::text(call, key).map(|value| (key.into(), value)));
    }
    Ok(alert.completed())
}

#[cfg(test)]
mod tests {
    use super::*;

    use serde_json::json;

    #[test]
    fn an_alert_is_created_with_its_details_as_labels() {
        let body = json!({
            "message": "PhonesDown on p1", "alias": "a1", "description": "no calls",
            "responders": [{ "name": "ops", "type": "team" }], "tags": ["a", "b"],
            "details": { "alertname": "PhonesDown", "env": "prod" }, "entity": "pbx",
            "priority": "P1", "source": "http://am.example/#/alerts",
        });
        let alert = read(&"og".into(), &body, "made").unwrap();
        assert_eq!((alert.name.as_str(), alert.dedup_key.as_str()), ("PhonesDown on p1", "a1"));
        assert_eq!(alert.labels["alertname"], "PhonesDown");
        assert_eq!((&*alert.labels["severity"], &*alert.labels["tags"]), ("P1", "a,b"));
        assert_eq!(alert.annotations["description"], "no calls");
        let bare = read(&"og".into(), &json!({ "message": "x" }), "made").unwrap();
        assert_eq!((bare.dedup_key.as_str(), bare.status), ("made", News::Firing));
    }

    #[test]
    fn what_is_done_to_an_alert_is_known_by_its_alias() {
        for (act, status) in [
            (Act::Close, News::Resolved),
            (Act::Acknowledge, News::Acknowledged),
            (Act::Note, News::Noted),
        ] {
            let body = with_path(json!({ "note": "seen", "user": "li" }), act, "a1").unwrap();
            let alert = read(&"og".into(), &body, "").unwrap();
            assert_eq!((alert.status, alert.dedup_key.as_str()), (status, "a1"));
            assert_eq!(alert.annotations["note"], "seen");
            assert_eq!(Act::of_path(act.as_str()), Some(act));
        }
        assert!(with_path(json!([]), Act::Close, "a").is_err());
    }

    #[test]
    fn an_id_leads_back_to_its_alias() {
        for alias in ["a1", "{}:{alertname=\"Phones\"}", "电话/中断", ""] {
            assert_eq!(alias_of(&id_of(alias)), alias);
        }
        assert_eq!(
            alias_of("70413a06-38d6-4c85-92b8-5ebc900d42e2"),
            "70413a06-38d6-4c85-92b8-5ebc900d42e2"
        );
        assert_eq!(alias_of("alias-!"), "alias-!");
    }

    #[test]
    fn what_is_missing_is_told_with_its_place() {
        let wrong = |body: Json| read(&"og".into(), &body, "m").unwrap_err().pointer;
        assert_eq!(wrong(json!([])), "");
        assert_eq!(wrong(json!({})), "/message");
        assert_eq!(wrong(json!({ "message": "x", "alias": "a".repeat(513) })), "/alias");
        assert_eq!(wrong(json!({ "message": "x", "details": [] })), "/details");
        assert_eq!(wrong(json!({ "action": "notes", "alias": "a" })), "/note");
    }
}
