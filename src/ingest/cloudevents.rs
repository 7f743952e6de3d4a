//! `CloudEvents` 1.0 over HTTP (github.com/cloudevents/spec): binary, structured and batched.
//!
//! An event reports something; whether that is trouble, and which, is for rules to say. Without any,
//! an event is an alert named after its type, known again by its source and id.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value as Json};
use smol_str::SmolStr;

use super::alert::Alert;
use super::{ALERTS_MAX, Fault, json};

/// The media type of one event with its attributes.
pub const STRUCTURED: &str = "application/cloudevents+json";
/// The media type of a list of them.
pub const BATCH: &str = "application/cloudevents-batch+json";
/// What the names of headers with attributes begin with.
pub const HEADER_PREFIX: &str = "ce-";
/// The attributes that every event has.
const REQUIRED: [&str; 4] = ["specversion", "id", "source", "type"];
/// Members that are no labels.
const NO_LABELS: [&str; 4] = ["data", "data_base64", "datacontenttype", "dataschema"];

/// Puts an event together whose attributes came in headers, as the structured mode writes it.
///
/// # Errors
/// Data that says it is JSON and is not.
pub fn of_headers<'h>(
    attributes: impl Iterator<Item = (&'h str, &'h str)>,
    media_type: Option<&str>,
    body: &[u8],
) -> Result<Json, Fault> {
    let mut event = Map::new();
    for (name, value) in attributes {
        let Some(name) = name.strip_prefix(HEADER_PREFIX) else { continue };
        let value = percent_decode_str(value).decode_utf8_lossy().into_owned();
        event.insert(name.to_owned(), Json::String(value));
    }
    if let Some(media_type) = media_type {
        event.insert("datacontenttype".to_owned(), media_type.into());
    }
    let is_json = media_type.is_none_or(|media| {
        media.eq_ignore_ascii_case("application/json")
            || media.to_ascii_lowercase().ends_with("+json")
    });
    if body.is_empty() {
        return Ok(Json::Object(event));
    }
    if is_json {
        let data = serde_json::from_slice(body).map_err(|error| {
            Fault::at("/data", format!("不是 JSON：{error}"), error.to_string())
        })?;
        event.insert("data".to_owned(), data);
    } else if let Ok(text) = std::str::from_utf8(body) {
        event.insert("data".to_owned(), text.into());
    } else {
        event.insert("data_base64".to_owned(), STANDARD.encode(body).into());
    }
    Ok(Json::Object(event))
}

/// Takes a structured body apart into its events.
///
/// # Errors
/// A batch that is no list, or too long.
pub fn events(body: &Json, batch: bool) -> Result<Vec<(String, &Json)>, Fault> {
    match (body, batch) {
        (Json::Array(items), true) if items.len() <= ALERTS_MAX => {
            Ok(items.iter().enumerate().map(|(n, item)| (format!("/{n}"), item)).collect())
        }
        (Json::Array(_), true) => Err(Fault::too_many("")),
        (_, true) => Err(Fault::wanted("", "事件列表", "a list of events")),
        (one, false) => Ok(vec![(String::new(), one)]),
    }
}

/// Reads one event.
///
/// # Errors
/// A required attribute is missing, or the version is not 1.0.
pub fn read(source: &SmolStr, event: &Json, below: &str) -> Result<Alert, Fault> {
    let event = json::object(event, below)?;
    for name in REQUIRED {
        if event.get(name).and_then(Json::as_str).is_none_or(str::is_empty) {
            return Err(Fault::at(
                format!("{below}/{name}"),
                format!("缺少必需的属性 `{name}`"),
                format!("the required attribute `{name}` is missing"),
            ));
        }
    }
    let of = |name: &str| json::text(event, name).unwrap_or_default();
    if of("specversion") != "1.0" {
        return Err(Fault::at(
            format!("{below}/specversion"),
            "只支持 CloudEvents 1.0",
            "only version 1.0 is spoken here",
        ));
    }
    let attributes = event.iter().filter(|(name, _)| !NO_LABELS.contains(&name.as_str()));
    let labels = attributes.filter_map(|(key, value)| Some((key.into(), json::words(value)?)));
    let mut alert = Alert::new(source, of("type"), format!("{} {}", of("source"), of("id")));
    alert.labels = labels.collect();
    alert.at = event.get("time").and_then(json::instant);
    match event.get("data") {
        Some(Json::Object(data)) => alert.annotations = json::scalars(data),
        Some(other) => {
            alert.annotations.extend(json::words(other).map(|text| ("data".into(), text)));
        }
        None => {}
    }
    Ok(alert.completed())
}

#[cfg(test)]
mod tests {
    use super::*;

    use serde_json::json;

    fn structured() -> Json {
        json!({
            "specversion": "1.0", "type": "com.example.someevent", "source": "/mycontext",
            "subject": "queue/7", "id": "A234-1234-1234", "time": "2026-04-05T17:31:00Z",
            "comexampleextension1": "value", "comexampleothervalue": 5,
            "datacontenttype": "application/json", "data": { "users": 1200 },
        })
    }

    #[test]
    fn a_structured_event_becomes_an_alert_known_by_source_and_id() {
        let alert = read(&"ce".into(), &structured(), "").unwrap();
        assert_eq!(alert.name, "com.example.someevent");
        assert_eq!(alert.dedup_key, "/mycontext A234-1234-1234");
        assert_eq!(alert.labels["subject"], "queue/7");
        assert_eq!(alert.labels["comexampleothervalue"], "5");
        assert_eq!(alert.annotations["users"], "1200");
        assert!(!alert.labels.contains_key("data"));
    }

    #[test]
    fn the_binary_mode_says_the_same() {
        let headers = [
            ("host", "x"),
            ("ce-specversion", "1.0"),
            ("ce-type", "com.example.someevent"),
            ("ce-source", "/mycontext"),
            ("ce-id", "A234-1234-1234"),
            ("ce-subject", "queue/7"),
            ("ce-time", "2026-04-05T17:31:00Z"),
            ("ce-comexampleextension1", "value"),
            ("ce-comexampleothervalue", "5"),
        ];
        let body = b"{\"users\":1200}";
        let event = of_headers(headers.into_iter(), Some("application/json"), body).unwrap();
        let binary = read(&"ce".into(), &event, "").unwrap();
        assert_eq!(binary, read(&"ce".into(), &structured(), "").unwrap());
    }

    #[test]
    fn attributes_are_decoded_and_data_of_any_type_is_kept() {
        let headers = [("ce-subject", "%E7%94%B5%E8%AF%9D%20%22x%22")];
        let event = of_headers(headers.into_iter(), Some("text/plain"), b"hello").unwrap();
        assert_eq!((&event["subject"], &event["data"]), (&"电话 \"x\"".into(), &"hello".into()));
        let event = of_headers([].into_iter(), Some("image/png"), &[0xff, 0]).unwrap();
        assert_eq!(event["data_base64"], "/wA=");
        assert!(of_headers([].into_iter(), Some("application/json"), b"{").is_err());
    }

    #[test]
    fn what_is_no_event_is_refused_with_its_place() {
        for name in REQUIRED {
            let mut event = structured();
            event.as_object_mut().unwrap().remove(name);
            let fault = read(&"ce".into(), &event, "/3").unwrap_err();
            assert_eq!(fault.pointer, format!("/3/{name}"));
        }
        let mut old = structured();
        old["specversion"] = "0.3".into();
        assert_eq!(read(&"ce".into(), &old, "").unwrap_err().pointer, "/specversion");
        assert!(events(&json!({}), true).is_err());
        assert_eq!(events(&json!([{}, {}]), true).unwrap()[1].0, "/1");
        assert!(events(&json!(vec![0; 1_001]), true).is_err());
    }
}
