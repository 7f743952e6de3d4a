//! Reads what tools send: kindly, since a trouble must not be lost over the type of a label.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value as Json};
use smol_str::SmolStr;

use super::{ALERTS_MAX, Fault, LABELS_MAX};

/// Instants before this one stand for "not known": tools write the first day of the first year.
const EARLIEST_SECOND: i64 = 1;
/// Numbers above this are milliseconds: as seconds they would lie after the year 5000.
const SECONDS_MAX: i64 = 100_000_000_000;

/// Writes a value as a label has it: texts as they are, nothing for null, the rest as JSON.
pub fn words(value: &Json) -> Option<String> {
    match value {
        Json::Null => None,
        Json::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// Reads a text that is not empty.
pub fn text(object: &Map<String, Json>, key: &str) -> Option<String> {
    object.get(key).and_then(words).filter(|text| !text.trim().is_empty())
}

/// Reads the first of several keys that holds a text.
pub fn first(object: &Map<String, Json>, keys: &[&str]) -> Option<String> {
    keys.iter().find_map(|key| text(object, key))
}

/// Reads a map of texts; a missing one is empty.
///
/// # Errors
/// It is there and no object.
pub fn map(
    object: &Map<String, Json>,
    key: &str,
    below: &str,
) -> Result<BTreeMap<SmolStr, String>, Fault> {
    match object.get(key) {
        None | Some(Json::Null) => Ok(BTreeMap::new()),
        Some(Json::Object(entries)) => Ok(scalars(entries)),
        Some(_) => Err(Fault::wanted(format!("{below}/{key}"), "对象", "an object")),
    }
}

/// Takes every value of an object as a text.
pub fn scalars(entries: &Map<String, Json>) -> BTreeMap<SmolStr, String> {
    let texts = entries.iter().filter_map(|(key, value)| Some((SmolStr::new(key), words(value)?)));
    texts.take(LABELS_MAX).collect()
}

/// Reads the list of alerts.
///
/// # Errors
/// It is missing, no list, or too long.
pub fn alerts<'a>(object: &'a Map<String, Json>, key: &str) -> Result<&'a [Json], Fault> {
    let pointer = format!("/{key}");
    let Some(Json::Array(items)) = object.get(key) else {
        return Err(Fault::wanted(pointer, "告警列表", "a list of alerts"));
    };
    if items.len() > ALERTS_MAX { Err(Fault::too_many(pointer)) } else { Ok(items) }
}

/// Reads an object.
///
/// # Errors
/// It is something else.
pub fn object<'a>(value: &'a Json, pointer: &str) -> Result<&'a Map<String, Json>, Fault> {
    value.as_object().ok_or_else(|| Fault::wanted(pointer, "对象", "an object"))
}

/// Reads an instant: RFC 3339, with or without a colon in its offset, or seconds or milliseconds
/// since 1970. What does not read, and the zero of other languages, is not known.
pub fn instant(value: &Json) -> Option<Timestamp> {
    let at = match value {
        Json::String(text) => text.trim().parse().ok().or_else(|| since_1970(text.parse().ok()?)),
        Json::Number(number) => {
            #[expect(clippy::cast_possible_truncation, reason = "it saturates, and is checked")]
            let whole = number.as_i64().or_else(|| number.as_f64().map(|n| n as i64));
            since_1970(whole?)
        }
        _ => None,
    };
    at.filter(|at: &Timestamp| at.as_second() >= EARLIEST_SECOND)
}

fn since_1970(number: i64) -> Option<Timestamp> {
    if number > SECONDS_MAX {
        Timestamp::from_millisecond(number).ok()
    } else {
        Timestamp::from_second(number).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_read_in_the_forms_that_tools_write() {
        let at = |value: Json| instant(&value).map(|at| at.to_string());
        let same = Some("2026-11-21T08:42:58Z".to_owned());
        assert_eq!(at("2026-11-21T08:42:58Z".into()), same);
        assert_eq!(at("2026-11-21T16:42:58+08:00".into()), same);
        assert_eq!(at("2026-11-21T08:42:58.000+0000".into()), same);
        assert_eq!(at(1_795_250_578.into()), same);
        assert_eq!(at(1_795_250_578_000_i64.into()), same);
        assert_eq!(at("1795250578".into()), same);
        for unknown in ["0001-01-01T00:00:00Z", "", "yesterday", "1970-01-01T00:00:00Z"] {
            assert_eq!(at(unknown.into()), None, "{unknown}");
        }
        assert_eq!(at(Json::Null), None);
        assert_eq!(at(1e300.into()), None);
    }
}
