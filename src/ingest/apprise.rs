//! Apprise's `json://` notices (github.com/caronc/apprise, "JSON"): a title, a message and one of four
//! types. It has no keys, so the title names the trouble, and `success` under the same title ends it.

use serde_json::Value as Json;
use smol_str::SmolStr;

use super::alert::{Alert, News};
use super::{Fault, json};

/// Reads a notice.
///
/// # Errors
/// No object, or neither a title nor a message.
pub fn read(source: &SmolStr, body: &Json) -> Result<Alert, Fault> {
    let notice = json::object(body, "")?;
    let name = json::first(notice, &["title", "message"])
        .ok_or_else(|| Fault::at("/title", "缺少标题和正文", "there is no title and no message"))?;
    let kind = json::text(notice, "type").unwrap_or_else(|| "info".to_owned());
    let mut alert = Alert::new(source, name.clone(), name);
    alert.status = if kind == "success" { News::Resolved } else { News::Firing };
    alert.labels.insert("type".into(), kind.clone());
    alert.severity = Some(kind);
    alert.annotations.extend(json::text(notice, "message").map(|text| ("message".into(), text)));
    Ok(alert.completed())
}

#[cfg(test)]
mod tests {
    use super::*;

    use serde_json::json;

    #[test]
    fn a_title_names_the_trouble_and_success_ends_it() {
        let body = |kind: &str| {
            json!({ "version": "1.0", "title": "PhonesDown", "message": "no calls",
                "attachments": [], "type": kind })
        };
        for (kind, status) in [
            ("info", News::Firing),
            ("warning", News::Firing),
            ("failure", News::Firing),
            ("success", News::Resolved),
        ] {
            let alert = read(&"ap".into(), &body(kind)).unwrap();
            assert_eq!((alert.status, alert.dedup_key.as_str()), (status, "PhonesDown"));
            assert_eq!((&*alert.labels["type"], &*alert.labels["severity"]), (kind, kind));
        }
        assert_eq!(read(&"ap".into(), &json!({})).unwrap_err().pointer, "/title");
    }
}
