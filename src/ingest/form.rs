//! Bodies that are forms (`application/x-www-form-urlencoded`), read as the object they stand for.

use serde_json::{Map, Value as Json};

use super::LABELS_MAX;

/// The media type of forms.
pub const MEDIA: &str = "application/x-www-form-urlencoded";
/// Maps that a form may fill, as `labels.host=db1`.
const MAPS: [&str; 2] = ["labels", "annotations"];

/// Reads a form. Bytes that are no UTF-8 are replaced: a trouble must not be lost over a letter. Of a
/// name that comes twice the last value counts.
#[must_use]
pub fn read(body: &[u8]) -> Json {
    let mut whole = Map::new();
    for (name, value) in form_urlencoded::parse(body).take(LABELS_MAX) {
        let value = Json::String(value.into_owned());
        let nested = name.split_once('.').filter(|(map, _)| MAPS.contains(map));
        match nested {
            Some((map, key)) => {
                let below = whole.entry(map).or_insert_with(|| Json::Object(Map::new()));
                if let Some(below) = below.as_object_mut() {
                    below.insert(key.to_owned(), value);
                }
            }
            None => {
                whole.insert(name.into_owned(), value);
            }
        }
    }
    Json::Object(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    use serde_json::json;

    #[test]
    fn a_form_becomes_an_object_whose_maps_are_filled_by_dotted_names() {
        let read =
            read(b"name=Disk+full&labels.host=db%201&labels.host=db2&a.b=%ff&annotations.x=");
        let wanted = json!({
            "name": "Disk full", "labels": { "host": "db2" }, "a.b": "\u{fffd}",
            "annotations": { "x": "" },
        });
        assert_eq!(read, wanted);
        // A plain value under the name of a map is kept as it is.
        assert_eq!(super::read(b"labels=x&labels.a=1"), json!({ "labels": "x" }));
    }
}
