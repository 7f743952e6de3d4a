//! JSON and text to values.

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::Value as Json;
use smol_str::SmolStr;

use crate::id::PersonId;
use crate::playbook::duration::Span;
use crate::playbook::value::{
    Bounds, FieldType, LIST_ITEMS_MAX, Problem, ProblemKind, STRING_CHARS_MAX, TEXT_CHARS_MAX,
    Value,
};

const INTEGER: &str = "an integer";
const NUMBER: &str = "a number";
const LINE: &str = "one line of text";
const TEXT: &str = "text";
const BOOLEAN: &str = "true or false";
const DATE: &str = "a date such as 2026-11-01";
const DATETIME: &str = "an instant such as 2026-11-01T08:00:00+08:00";
const DURATION: &str = "a duration such as 1h30m";
const LIST: &str = "a list";
const PERSON: &str = "the name of a person";

/// The longest name of a person.
const PERSON_CHARS_MAX: usize = 100;

pub(super) fn json(kind: &FieldType, json: &Json) -> Result<Value, Vec<Problem>> {
    if let FieldType::List { of, length } = kind {
        return list(of, length, json);
    }
    scalar(kind, json).map_err(|kind| vec![Problem::here(kind)])
}

pub(super) fn text(kind: &FieldType, text: &str) -> Result<Value, Vec<Problem>> {
    let trimmed = text.trim();
    let wrong = |wanted| vec![Problem::here(ProblemKind::WrongType(wanted))];
    match kind {
        FieldType::Integer(_) => {
            let value: i64 = trimmed.parse().map_err(|_| wrong(INTEGER))?;
            json(kind, &Json::from(value))
        }
        FieldType::Number(_) => {
            let value: f64 = trimmed.parse().map_err(|_| wrong(NUMBER))?;
            json(kind, &Json::from(value))
        }
        FieldType::Boolean => match trimmed {
            // As the boxes on paper say it.
            "true" | "yes" | "是" => Ok(Value::Boolean(true)),
            "false" | "no" | "否" => Ok(Value::Boolean(false)),
            _ => Err(wrong(BOOLEAN)),
        },
        FieldType::List { of, length } => match serde_json::from_str::<Json>(trimmed) {
            Ok(items @ Json::Array(_)) => list(of, length, &items),
            _ => separated(of, length, trimmed),
        },
        FieldType::String(_) | FieldType::Text(_) => json(kind, &Json::from(text)),
        _ => json(kind, &Json::from(trimmed)),
    }
}

fn separated(of: &FieldType, length: &Bounds<usize>, text: &str) -> Result<Value, Vec<Problem>> {
    let parts = text.split([',', '，', '、']).map(str::trim).filter(|part| !part.is_empty());
    let mut values = Vec::new();
    let mut problems = Vec::new();
    for (n, part) in parts.enumerate().take(LIST_ITEMS_MAX + 1) {
        match self::text(of, part) {
            Ok(value) => values.push(value),
            Err(found) => problems.extend(found.into_iter().map(|p| p.below(n))),
        }
    }
    finish_list(length, values, problems)
}

fn list(of: &FieldType, length: &Bounds<usize>, json: &Json) -> Result<Value, Vec<Problem>> {
    let Json::Array(items) = json else {
        return Err(vec![Problem::here(ProblemKind::WrongType(LIST))]);
    };
    let mut values = Vec::with_capacity(items.len().min(LIST_ITEMS_MAX));
    let mut problems = Vec::new();
    for (n, item) in items.iter().enumerate().take(LIST_ITEMS_MAX + 1) {
        match self::json(of, item) {
            Ok(value) => values.push(value),
            Err(found) => problems.extend(found.into_iter().map(|p| p.below(n))),
        }
    }
    finish_list(length, values, problems)
}

fn finish_list(
    length: &Bounds<usize>,
    values: Vec<Value>,
    mut problems: Vec<Problem>,
) -> Result<Value, Vec<Problem>> {
    if problems.is_empty()
        && let Err(kind) = length.check_length(values.len(), LIST_ITEMS_MAX)
    {
        problems.push(Problem::here(kind));
    }
    if problems.is_empty() { Ok(Value::List(values)) } else { Err(problems) }
}

fn scalar(kind: &FieldType, json: &Json) -> Result<Value, ProblemKind> {
    let wrong = |wanted| ProblemKind::WrongType(wanted);
    let string = |wanted| json.as_str().ok_or(wrong(wanted));
    match kind {
        FieldType::Integer(bounds) => {
            let value = json.as_i64().ok_or(wrong(INTEGER))?;
            bounds.check_value(value)?;
            Ok(Value::Integer(value))
        }
        FieldType::Number(bounds) => {
            let value = json.as_f64().filter(|v| v.is_finite()).ok_or(wrong(NUMBER))?;
            bounds.check_value(value)?;
            Ok(Value::Number(value))
        }
        FieldType::String(bounds) => {
            let value = string(LINE)?;
            if value.contains(['\n', '\r']) {
                return Err(wrong(LINE));
            }
            bounds.check_length(value.chars().count(), STRING_CHARS_MAX)?;
            Ok(Value::String(value.to_owned()))
        }
        FieldType::Text(bounds) => {
            let value = string(TEXT)?;
            bounds.check_length(value.chars().count(), TEXT_CHARS_MAX)?;
            Ok(Value::String(value.to_owned()))
        }
        FieldType::Boolean => json.as_bool().map(Value::Boolean).ok_or(wrong(BOOLEAN)),
        FieldType::Date => {
            let value: Option<Date> = strict_date(string(DATE)?);
            value.map(Value::Date).ok_or(wrong(DATE))
        }
        FieldType::Datetime => {
            let value: Result<Timestamp, _> = string(DATETIME)?.parse();
            value.map(Value::Datetime).map_err(|_| wrong(DATETIME))
        }
        FieldType::Duration => {
            let value: Span = string(DURATION)?.parse().map_err(ProblemKind::NotADuration)?;
            Ok(Value::Duration(value))
        }
        FieldType::Choice(options) => {
            let chosen = json.as_str().filter(|text| options.iter().any(|o| o == text));
            let value = chosen.ok_or_else(|| ProblemKind::NotAChoice(options.clone()))?;
            Ok(Value::String(value.to_owned()))
        }
        FieldType::Person => {
            let value = string(PERSON)?;
            if value.is_empty() || value.chars().count() > PERSON_CHARS_MAX {
                return Err(wrong(PERSON));
            }
            Ok(Value::Person(PersonId::new(value)))
        }
        FieldType::List { .. } => Err(wrong(LIST)),
    }
}

/// Reads `2026-11-01` and nothing longer: a time of day given with a date would be lost silently.
fn strict_date(text: &str) -> Option<Date> {
    (text.len() == "2026-11-01".len()).then(|| text.parse().ok()).flatten()
}

pub(super) fn sample(kind: &FieldType) -> Value {
    match kind {
        FieldType::Integer(bounds) => {
            let most = bounds.max.unwrap_or(i64::MAX);
            Value::Integer(bounds.min.unwrap_or(1).max(1).min(most))
        }
        FieldType::Number(bounds) => {
            let most = bounds.max.unwrap_or(f64::MAX);
            Value::Number(bounds.min.unwrap_or(1.0).max(1.0).min(most))
        }
        FieldType::String(bounds) | FieldType::Text(bounds) => {
            let length = bounds.min.unwrap_or(2).max(2).min(bounds.max.unwrap_or(usize::MAX));
            Value::String("样".repeat(length.min(STRING_CHARS_MAX)))
        }
        FieldType::Boolean => Value::Boolean(true),
        FieldType::Date => Value::Date(jiff::civil::date(2026, 11, 11)),
        FieldType::Datetime => Value::Datetime(Timestamp::constant(1_794_355_200, 0)),
        FieldType::Duration => Value::Duration(Span::from_minutes(5)),
        FieldType::List { of, length } => {
            let items = length.min.unwrap_or(1).clamp(1, LIST_ITEMS_MAX);
            Value::List(vec![sample(of); items])
        }
        FieldType::Choice(options) => {
            Value::String(options.first().map(SmolStr::to_string).unwrap_or_default())
        }
        FieldType::Person => Value::Person(PersonId::new("someone")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::text::Lang;

    fn kinds() -> Vec<FieldType> {
        vec![
            FieldType::Integer(Bounds { min: Some(-3), max: Some(3) }),
            FieldType::Number(Bounds { min: None, max: Some(0.5) }),
            FieldType::String(Bounds { min: Some(3), max: Some(5) }),
            FieldType::Text(Bounds::default()),
            FieldType::Boolean,
            FieldType::Date,
            FieldType::Datetime,
            FieldType::Duration,
            FieldType::List {
                of: Box::new(FieldType::Integer(Bounds::default())),
                length: Bounds { min: Some(2), max: Some(3) },
            },
            FieldType::Choice(vec!["phone".into(), "web".into()]),
            FieldType::Person,
        ]
    }

    #[test]
    fn a_sample_fits_its_own_type() {
        for kind in kinds() {
            let sample = sample(&kind);
            assert_eq!(kind.read(&sample.to_plain()), Ok(sample), "{}", kind.name());
        }
    }

    #[test]
    fn each_type_refuses_what_it_is_not() {
        let bad = [
            ("integer", json!(4)),
            ("integer", json!(1.5)),
            ("integer", json!("1")),
            ("number", json!(0.6)),
            ("string", json!("ab")),
            ("string", json!("abcdef")),
            ("string", json!("a\nbc")),
            ("text", json!(1)),
            ("boolean", json!("true")),
            ("date", json!("2026-02-30")),
            ("date", json!("2026-11-01T00:00:00Z")),
            ("datetime", json!("2026-11-01")),
            ("duration", json!("5 minutes")),
            ("list", json!([1])),
            ("list", json!([1, 2, 3, 4])),
            ("list", json!([1, "2"])),
            ("list", json!("1,2")),
            ("choice", json!("fax")),
            ("person", json!("")),
        ];
        for (name, json) in bad {
            let kind = kinds().into_iter().find(|k| k.name() == name).expect("a type");
            let problems = kind.read(&json).expect_err(name);
            let said = problems[0].text();
            assert!(said.missing().is_empty(), "{name}");
            assert!(!said.get(Lang::Zh).contains(" must "), "{name}: {said:?}");
        }
    }

    #[test]
    fn text_from_elsewhere_is_read_by_type() {
        let read = |name: &str, text: &str| {
            kinds().into_iter().find(|k| k.name() == name).expect("a type").read_text(text)
        };
        assert_eq!(read("integer", " 3 "), Ok(Value::Integer(3)));
        assert!(read("integer", "about 3").is_err());
        assert_eq!(read("boolean", "true"), Ok(Value::Boolean(true)));
        let list = Ok(Value::List(vec![Value::Integer(1), Value::Integer(2)]));
        assert_eq!(read("list", "1, 2"), list);
        assert_eq!(read("list", "1、2"), list);
        assert_eq!(read("list", "[1, 2]"), list);
        assert_eq!(read("list", "1, x").expect_err("x")[0].pointer, "/1");
        assert_eq!(read("choice", " web "), Ok(Value::String("web".into())));
    }

    #[test]
    fn lengths_are_bounded_even_where_the_plan_is_silent() {
        let list = FieldType::List { of: Box::new(FieldType::Boolean), length: Bounds::default() };
        assert!(list.read(&Json::from(vec![true; LIST_ITEMS_MAX + 1])).is_err());
        let text = FieldType::Text(Bounds { min: None, max: Some(usize::MAX) });
        assert!(text.read(&Json::from("x".repeat(TEXT_CHARS_MAX + 1))).is_err());
    }

    proptest! {
        #[test]
        fn reading_never_panics_and_what_is_read_reads_again(text in "\\PC{0,20}") {
            for kind in kinds() {
                if let Ok(value) = kind.read_text(&text) {
                    prop_assert_eq!(kind.read(&value.to_plain()), Ok(value));
                }
            }
        }
    }
}
