//! The tree.

use crate::playbook::source::Span;
use crate::text::Text;

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Where the value stands; for a mapping from its first key to its last value.
    pub span: Span,
    /// The value.
    pub data: Data,
}

/// A YAML value. Keys keep their order; a key that stands twice is kept twice.
#[derive(Debug, Clone, PartialEq)]
pub enum Data {
    /// Nothing, `~` or `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction or an exponent.
    Number(f64),
    /// Any other scalar, and every quoted one.
    String(String),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping.
    Map(Vec<Entry>),
}

/// One key of a mapping with its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: Key,
    /// The value.
    pub value: Node,
}

/// A key as written; `1:` is the key `1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The words.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

impl Node {
    /// Makes a value that stands nowhere yet.
    #[must_use]
    pub fn of(data: Data) -> Self {
        Self { span: Span::default(), data }
    }

    /// Makes a text that stands nowhere yet.
    #[must_use]
    pub fn text_of(text: impl Into<String>) -> Self {
        Self::of(Data::String(text.into()))
    }

    /// Makes a list that stands nowhere yet.
    #[must_use]
    pub fn list_of(items: impl IntoIterator<Item = Self>) -> Self {
        Self::of(Data::List(items.into_iter().collect()))
    }

    /// Makes a mapping that stands nowhere yet.
    #[must_use]
    pub fn map_of(entries: impl IntoIterator<Item = (impl Into<String>, Self)>) -> Self {
        let entry = |(key, value): (_, Self)| Entry {
            key: Key { text: Into::<String>::into(key), span: Span::default() },
            value,
        };
        Self::of(Data::Map(entries.into_iter().map(entry).collect()))
    }

    /// Tells whether the value is absent: nothing, `~` or `null`.
    #[must_use]
    pub const fn is_null(&self) -> bool {
        matches!(self.data, Data::Null)
    }

    /// Returns the text when the value is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match &self.data {
            Data::String(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the entries when the value is a mapping.
    #[must_use]
    pub fn as_map(&self) -> Option<&[Entry]> {
        match &self.data {
            Data::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// Returns the items when the value is a sequence.
    #[must_use]
    pub fn as_list(&self) -> Option<&[Self]> {
        match &self.data {
            Data::List(items) => Some(items),
            _ => None,
        }
    }

    /// Finds the value of a key when the value is a mapping.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.as_map()?.iter().find(|entry| entry.key.text == key).map(|entry| &entry.value)
    }

    /// Names the type of the value for a person.
    #[must_use]
    pub fn type_name(&self) -> Text {
        match self.data {
            Data::Null => Text::both("空值", "nothing"),
            Data::Bool(_) => Text::both("布尔值", "a boolean"),
            Data::Integer(_) => Text::both("整数", "an integer"),
            Data::Number(_) => Text::both("小数", "a number"),
            Data::String(_) => Text::both("文本", "text"),
            Data::List(_) => Text::both("列表", "a list"),
            Data::Map(_) => Text::both("映射", "a mapping"),
        }
    }

    /// Returns the value as JSON. A key that stands twice keeps its first value.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value;
        match &self.data {
            Data::Null => Value::Null,
            Data::Bool(value) => Value::Bool(*value),
            Data::Integer(value) => Value::from(*value),
            Data::Number(value) => Value::from(*value),
            Data::String(value) => Value::String(value.clone()),
            Data::List(items) => items.iter().map(Self::to_json).collect(),
            Data::Map(entries) => {
                let mut map = serde_json::Map::new();
                for entry in entries {
                    map.entry(entry.key.text.clone()).or_insert_with(|| entry.value.to_json());
                }
                Value::Object(map)
            }
        }
    }
}
