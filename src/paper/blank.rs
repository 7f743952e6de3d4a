//! What is filled in by hand: a question, and room for an answer of its type.

use crate::picture::words::{Words, line};
use crate::playbook::value::{Bounds, Field, FieldType};

/// A question with room for its answer.
pub(super) struct Blank {
    pub(super) label: String,
    /// The name under which the answer is entered later.
    pub(super) name: String,
    pub(super) required: bool,
    /// How to answer: bounds, units, help.
    pub(super) hint: String,
    pub(super) room: Room,
}

/// Room for an answer.
pub(super) enum Room {
    /// One line.
    Line,
    /// Several lines.
    Lines,
    /// Boxes to tick.
    Options(Vec<String>),
}

impl Blank {
    pub(super) fn of(words: &Words<'_>, name: &str, field: &Field) -> Self {
        let lang = words.lang;
        let mut hints: Vec<String> = Vec::new();
        hints.extend(hint(words, &field.kind));
        hints.extend(field.help.as_ref().map(|help| line(help.get(lang))));
        let label = field.label.as_ref().map_or(name, |label| label.get(lang));
        Self {
            label: line(label),
            name: name.to_owned(),
            required: field.required,
            hint: hints.join(words.comma()),
            room: room(words, &field.kind),
        }
    }
}

fn room(words: &Words<'_>, kind: &FieldType) -> Room {
    match kind {
        FieldType::Boolean => Room::Options(vec![
            words.lang.pick("是", "yes").into(),
            words.lang.pick("否", "no").into(),
        ]),
        FieldType::Choice(options) => {
            Room::Options(options.iter().map(|option| line(option)).collect())
        }
        FieldType::Text(_) | FieldType::List { .. } => Room::Lines,
        FieldType::Integer(_)
        | FieldType::Number(_)
        | FieldType::String(_)
        | FieldType::Date
        | FieldType::Datetime
        | FieldType::Duration
        | FieldType::Person => Room::Line,
    }
}

fn hint(words: &Words<'_>, kind: &FieldType) -> Option<String> {
    let lang = words.lang;
    let word = |zh: &str, en: &str| lang.pick(zh, en).to_owned();
    match kind {
        FieldType::Integer(bounds) => Some(bounded(&word("整数", "a whole number"), bounds)),
        FieldType::Number(bounds) => Some(bounded(&word("数值", "a number"), bounds)),
        FieldType::Date => Some(word("年-月-日", "YYYY-MM-DD")),
        FieldType::Datetime => Some(word("年-月-日T时:分+时区", "YYYY-MM-DDThh:mm+zone")),
        FieldType::Duration => Some(word("时长，如 1h30m", "how long, such as 1h30m")),
        FieldType::Person => Some(word("姓名", "a name")),
        FieldType::List { .. } => Some(word("可填多项", "one or more")),
        FieldType::String(_) | FieldType::Text(_) | FieldType::Boolean | FieldType::Choice(_) => {
            None
        }
    }
}

fn bounded<T: ToString>(word: &str, bounds: &Bounds<T>) -> String {
    match (&bounds.min, &bounds.max) {
        (Some(min), Some(max)) => format!("{word} {}–{}", min.to_string(), max.to_string()),
        (Some(min), None) => format!("{word} ≥ {}", min.to_string()),
        (None, Some(max)) => format!("{word} ≤ {}", max.to_string()),
        (None, None) => word.to_owned(),
    }
}
