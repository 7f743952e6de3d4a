//! Looking into an answer of the server. It must not know what the answer means.

use jiff::Timestamp;
use serde_json::Value as Json;

/// Returns a text; empty where there is none.
pub fn text<'j>(json: &'j Json, key: &str) -> &'j str {
    json.get(key).and_then(Json::as_str).unwrap_or_default()
}

/// Returns the elements of a list; none where there is none.
pub fn rows<'j>(json: &'j Json, key: &str) -> impl Iterator<Item = &'j Json> {
    json.get(key).and_then(Json::as_array).into_iter().flatten()
}

/// Returns an instant, where there is one.
pub fn instant(json: &Json, key: &str) -> Option<Timestamp> {
    text(json, key).parse().ok()
}
