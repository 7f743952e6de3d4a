//! JSON into a typed body: 400 for what is no JSON, 422 with a pointer for what has another shape.

use serde::de::DeserializeOwned;
use serde_json::error::Category;
use serde_path_to_error::{Path, Segment};

use super::problem::{Kind, Problem};
use crate::engine::{FieldProblem, RejectionCode};
use crate::playbook::diagnostic::nearest;
use crate::text::phrase::{Phrase, chinese_with, placeless};
use crate::text::{Text, json};

/// Reads a body.
///
/// # Errors
/// `malformed_json` with line and column; `invalid_fields` with the JSON pointer of the field.
pub fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().clone();
        of_json(error.into_inner(), &path)
    })?;
    json.end().map_err(|error| malformed(&error))?;
    Ok(value)
}

fn of_json(error: serde_json::Error, path: &Path) -> Problem {
    match error.classify() {
        Category::Syntax | Category::Eof | Category::Io => malformed(&error),
        Category::Data => misshapen(&said(&error), pointer(path)),
    }
}

fn malformed(error: &serde_json::Error) -> Problem {
    let (line, column) = (error.line(), error.column());
    let said = said(error);
    let reason = json::chinese(&said);
    Problem::new(
        Kind::MalformedJson,
        format!("请求体不是合法的 JSON：第 {line} 行第 {column} 列，{reason}"),
        format!("The body is not valid JSON: line {line}, column {column}: {said}"),
    )
    .with("line", line)
    .with("column", column)
}

/// What the parser says, without the place, which has its own words.
fn said(error: &serde_json::Error) -> String {
    placeless(&error.to_string()).to_owned()
}

fn misshapen(said: &str, mut pointer: String) -> Problem {
    let instant = pointer.rsplit('/').next().is_some_and(is_instant);
    let known = chinese_with(said, REASONS, word);
    let (mut zh, mut en) = match (of_another_type(said), known) {
        (Some(both), _) => both,
        (None, Some(zh)) => (zh, said.to_owned()),
        (None, None) if instant => (INSTANT.0.to_owned(), INSTANT.1.to_owned()),
        (None, None) => (in_chinese(said), said.to_owned()),
    };
    if let Some(name) = quoted_after(said, "unknown field ") {
        // The path ends at the object that holds the field, or already names it.
        if !pointer.ends_with(&format!("/{}", escaped(name))) {
            pointer.push('/');
            pointer.push_str(&escaped(name));
        }
        let known = said.split('`').skip(3).step_by(2);
        if let Some(meant) = nearest(name, known) {
            zh.push_str(&format!("；是否想写 `{meant}`？"));
            en.push_str(&format!("; did you mean `{meant}`?"));
        }
    } else if let Some(name) = quoted_after(said, "missing field ") {
        pointer.push('/');
        pointer.push_str(&escaped(name));
    }
    let place = if pointer.is_empty() { "/".to_owned() } else { pointer.clone() };
    Problem::new(
        Kind::Rejected(RejectionCode::InvalidFields),
        format!("{place}：{zh}"),
        format!("{place}: {en}"),
    )
    .with_errors(vec![FieldProblem { pointer, detail: Text::both(zh, en) }])
}

/// Says that a value is of another type than the one asked for, without the names that the program
/// has for its types.
fn of_another_type(said: &str) -> Option<(String, String)> {
    let (found, wanted) = match said.strip_prefix("invalid type: ") {
        Some(said) => said.split_once(", expected ")?,
        // A list that stands where an object must be is read by position, and found too short.
        None => ("sequence", said.strip_prefix("invalid length ")?.split_once(", expected ")?.1),
    };
    let (kind, value) = found.split_once([' ', '`']).unwrap_or((found, ""));
    let value = value.trim_start_matches("point ").trim_matches('`');
    let (zh_found, en_found) = match kind {
        "boolean" => ("布尔值", "a boolean"),
        "integer" | "floating" => ("数字", "a number"),
        "string" => ("文本", "a text"),
        "null" => ("空值", "null"),
        "map" => ("对象", "an object"),
        _ => ("列表", "a list"),
    };
    let (zh_wanted, en_wanted) = match wanted.split(' ').next_back()? {
        "boolean" => ("布尔值", "a boolean"),
        "string" | "str" => ("文本", "a text"),
        "sequence" => ("列表", "a list"),
        "f32" | "f64" => ("数字", "a number"),
        "u8" | "u16" | "u32" | "u64" | "usize" | "i32" | "i64" => ("整数", "a whole number"),
        _ if wanted.starts_with("struct ") || wanted == "a map" => ("对象", "an object"),
        _ => (wanted, wanted),
    };
    let (zh_value, en_value) = match value {
        "" => (String::new(), String::new()),
        value => (format!(" {value}"), format!(" ({value})")),
    };
    Some((
        format!("应为{zh_wanted}，而不是{zh_found}{zh_value}"),
        format!("it must be {en_wanted}, not {en_found}{en_value}"),
    ))
}

fn pointer(path: &Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } => {
                pointer.push('/');
                pointer.push_str(&escaped(key));
            }
            // A variant is no level of the JSON; what is unknown lies below.
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}

/// Escapes a name as RFC 6901 wants it.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn quoted_after<'a>(said: &'a str, prefix: &str) -> Option<&'a str> {
    said.strip_prefix(prefix)?.strip_prefix('`')?.split('`').next()
}

/// What is wrong with a value, as the reader of values says it.
const REASONS: &[Phrase] = &[
    ("missing field {}", "缺少字段 {0}"),
    ("unknown field {}, there are no fields", "未知字段 {0}，此处没有字段"),
    ("unknown field {}, expected one of {}", "未知字段 {0}，可用 {1}"),
    ("unknown field {}, expected {}", "未知字段 {0}，可用 {1}"),
    ("duplicate field {}", "字段重复 {0}"),
    ("unknown variant {}, there are no variants", "未知取值 {0}"),
    ("unknown variant {}, expected one of {}", "未知取值 {0}，可用 {1}"),
    ("unknown variant {}, expected {}", "未知取值 {0}，可用 {1}"),
    ("invalid type: {}, expected {}", "类型不对：{0}，应为{1}"),
    ("invalid value: {}, expected {}", "取值不对：{0}，应为{1}"),
    ("invalid length {}, expected {}", "长度不对：{0}，应为{1}"),
    ("invalid digit found in string", "不是整数"),
    ("cannot parse integer from empty string", "缺少整数"),
    ("number too large to fit in target type", "整数太大"),
    ("number too small to fit in target type", "整数太小"),
    ("provided string was not {}", "应为 true 或 false"),
];

/// What the reader of values says, in Chinese; quoted where its words are not known.
pub fn in_chinese(said: &str) -> String {
    let named = said.split_once(": ").filter(|(name, _)| !name.is_empty() && is_name(name));
    let (name, said) = named.unwrap_or(("", said));
    let reason = match chinese_with(said, REASONS, word) {
        Some(known) => known,
        None if is_instant(name) => INSTANT.0.to_owned(),
        None => format!("格式不对（“{said}”）"),
    };
    if name.is_empty() { reason } else { format!("{name}：{reason}") }
}

fn is_name(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}

/// Fields of this name hold instants; what their reader says names its own parts.
fn is_instant(field: &str) -> bool {
    field == "at" || field == "until" || field.ends_with("_at")
}

const INSTANT: (&str, &str) = (
    "应为时刻，如 2026-11-21T19:00:00+08:00",
    "it must be an instant such as 2026-11-21T19:00:00+08:00",
);

/// Says the types and signs that the reader of values has words for.
fn word(varying: &str) -> String {
    let number = [
        ("integer `", "整数"),
        ("floating point `", "数字"),
        ("string \"", "文本"),
        ("boolean `", "布尔值"),
    ];
    if let Some((_, kind)) = number.iter().find(|(start, _)| varying.starts_with(start)) {
        let value = varying.split_once(' ').map_or("", |(_, value)| value);
        return format!("{kind} {}", value.trim_start_matches("point "));
    }
    match varying {
        "u8" => "0 至 255 的整数".to_owned(),
        "u16" | "u32" | "u64" | "usize" => "不小于 0 的整数".to_owned(),
        "i8" | "i16" | "i32" | "i64" => "整数".to_owned(),
        "f32" | "f64" => "数字".to_owned(),
        "a string" => "文本".to_owned(),
        "a boolean" => "布尔值".to_owned(),
        "a sequence" => "列表".to_owned(),
        "a map" => "对象".to_owned(),
        _ => varying.replace("` or `", "` 或 `"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use serde::Deserialize;

    use crate::text::Lang;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the shape matters")]
    struct Body {
        reason: String,
        #[serde(default)]
        occurred_at: Option<jiff::Timestamp>,
        #[serde(default)]
        items: Vec<Item>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the shape matters")]
    struct Item {
        n: u32,
    }

    fn refused(json: &str) -> (Kind, String, String, String) {
        let problem = read::<Body>(json.as_bytes()).unwrap_err();
        let pointer = problem.errors.first().map(|e| e.pointer.clone()).unwrap_or_default();
        let (zh, en) = (problem.detail.get(Lang::Zh), problem.detail.get(Lang::En));
        (problem.kind, pointer, zh.to_owned(), en.to_owned())
    }

    #[test]
    fn what_is_no_json_is_malformed_and_says_where() {
        for json in ["{", "nonsense", "{\"reason\": \"a\"} x", "\u{0}", "{\"reason\": 'a'}"] {
            let (kind, _, zh, en) = refused(json);
            assert_eq!(kind, Kind::MalformedJson, "{json}");
            assert!(zh.contains("第 1 行") && en.contains("line 1"), "{zh} {en}");
        }
    }

    #[test]
    fn a_wrong_shape_names_the_field_by_pointer() {
        let fields = Kind::Rejected(RejectionCode::InvalidFields);
        for (json, pointer) in [
            ("{}", "/reason"),
            ("{\"reason\": 5}", "/reason"),
            ("{\"reason\": \"a\", \"items\": [{\"n\": 1}, {\"n\": -1}]}", "/items/1/n"),
            ("{\"reason\": \"a\", \"items\": [{\"n\": 1, \"m\": 1}]}", "/items/0/m"),
            ("{\"reason\": \"a\", \"occurred_at\": \"yesterday\"}", "/occurred_at"),
            ("{\"reason\": \"a\", \"a/b\": 1}", "/a~1b"),
            ("[]", "/reason"),
        ] {
            let (kind, found, ..) = refused(json);
            assert_eq!(kind, fields, "{json}");
            if json != "[]" {
                assert_eq!(found, pointer, "{json}");
            }
        }
    }

    #[test]
    fn another_type_is_named_in_words_that_callers_know() {
        for (json, zh, en) in [
            ("[]", "/：应为对象，而不是列表", "/: it must be an object, not a list"),
            (
                "{\"reason\": 5}",
                "/reason：应为文本，而不是数字 5",
                "/reason: it must be a text, not a number (5)",
            ),
            (
                "{\"reason\": \"a\", \"items\": {}}",
                "/items：应为列表，而不是对象",
                "/items: it must be a list, not an object",
            ),
            (
                "{\"reason\": \"a\", \"items\": [{\"n\": 1.5}]}",
                "/items/0/n：应为整数，而不是数字 1.5",
                "/items/0/n: it must be a whole number, not a number (1.5)",
            ),
            ("null", "/：应为对象，而不是空值", "/: it must be an object, not null"),
        ] {
            let (_, _, said_zh, said_en) = refused(json);
            assert_eq!((said_zh.as_str(), said_en.as_str()), (zh, en), "{json}");
        }
    }

    #[test]
    fn what_a_query_s_reader_says_is_said_in_chinese() {
        for (said, zh) in [
            ("limit: invalid digit found in string", "limit：不是整数"),
            ("at: failed to parse year", "at：应为时刻，如 2026-11-21T19:00:00+08:00"),
            ("unknown field `x`, expected `a` or `b`", "未知字段 `x`，可用 `a` 或 `b`"),
            ("missing field `name`", "缺少字段 `name`"),
            (
                "invalid value: integer `-1`, expected u32",
                "取值不对：整数 `-1`，应为不小于 0 的整数",
            ),
            ("something else", "格式不对（“something else”）"),
        ] {
            assert_eq!(in_chinese(said), zh);
        }
    }

    #[test]
    fn a_misspelt_field_is_answered_with_the_one_that_was_meant() {
        let (_, pointer, zh, en) = refused("{\"reason\": \"a\", \"occured_at\": null}");
        assert_eq!(pointer, "/occured_at");
        assert!(en.contains("did you mean `occurred_at`?"), "{en}");
        assert!(zh.contains("未知字段") && zh.contains("是否想写 `occurred_at`"), "{zh}");
    }
}
