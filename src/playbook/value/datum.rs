//! A value.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::de::{Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value as Json;

use crate::id::PersonId;
use crate::playbook::duration::Span;

/// The value of a variable: typed, checked, finite.
///
/// Stored as plain JSON where JSON has the type, and as `{"date": …}`, `{"datetime": …}`,
/// `{"duration": …}`, `{"person": …}` where it has not, so that what is read back is what was
/// written without knowing the plan.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A whole number.
    Integer(i64),
    /// A finite number.
    Number(f64),
    /// A line, a longer text, or one of several choices.
    String(String),
    /// Yes or no.
    Boolean(bool),
    /// A day.
    Date(Date),
    /// An instant.
    Datetime(Timestamp),
    /// A length of time.
    Duration(Span),
    /// A person of the directory.
    Person(PersonId),
    /// Several values.
    List(Vec<Value>),
}

impl Value {
    /// Returns the value as people and other programs expect it: JSON without the type's name.
    #[must_use]
    pub fn to_plain(&self) -> Json {
        match self {
            Self::Integer(value) => Json::from(*value),
            Self::Number(value) => Json::from(*value),
            Self::String(value) => Json::String(value.clone()),
            Self::Boolean(value) => Json::Bool(*value),
            Self::Date(value) => Json::String(value.to_string()),
            Self::Datetime(value) => Json::String(value.to_string()),
            Self::Duration(value) => Json::String(value.to_string()),
            Self::Person(value) => Json::String(value.to_string()),
            Self::List(items) => items.iter().map(Self::to_plain).collect(),
        }
    }

    /// Takes a computed JSON value whose type nobody declared: numbers, text, booleans and lists of
    /// them. `None` for null, objects and anything that holds one.
    #[must_use]
    pub fn infer(json: &Json) -> Option<Self> {
        match json {
            Json::Null | Json::Object(_) => None,
            Json::Bool(value) => Some(Self::Boolean(*value)),
            Json::Number(number) => match number.as_i64() {
                Some(value) => Some(Self::Integer(value)),
                None => number.as_f64().map(Self::Number),
            },
            Json::String(text) => Some(Self::String(text.clone())),
            Json::Array(items) => {
                items.iter().map(Self::infer).collect::<Option<_>>().map(Self::List)
            }
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(value) => write!(f, "{value}"),
            Self::Number(value) => write!(f, "{value}"),
            Self::String(value) => f.write_str(value),
            Self::Boolean(value) => write!(f, "{value}"),
            Self::Date(value) => write!(f, "{value}"),
            Self::Datetime(value) => write!(f, "{value}"),
            Self::Duration(value) => write!(f, "{value}"),
            Self::Person(value) => write!(f, "{value}"),
            Self::List(items) => {
                for (n, item) in items.iter().enumerate() {
                    let between = if n == 0 { "" } else { ", " };
                    write!(f, "{between}{item}")?;
                }
                Ok(())
            }
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        fn named<S: Serializer>(
            serializer: S,
            name: &str,
            value: impl Serialize,
        ) -> Result<S::Ok, S::Error> {
            let mut map = serializer.serialize_map(Some(1))?;
            map.serialize_entry(name, &value)?;
            map.end()
        }
        match self {
            Self::Integer(value) => serializer.serialize_i64(*value),
            Self::Number(value) => serializer.serialize_f64(*value),
            Self::String(value) => serializer.serialize_str(value),
            Self::Boolean(value) => serializer.serialize_bool(*value),
            Self::Date(value) => named(serializer, "date", value),
            Self::Datetime(value) => named(serializer, "datetime", value),
            Self::Duration(value) => named(serializer, "duration", value),
            Self::Person(value) => named(serializer, "person", value),
            Self::List(items) => serializer.collect_seq(items),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of a variable")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Boolean(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Integer(value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Value, E> {
        i64::try_from(value).map(Value::Integer).map_err(E::custom)
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Number(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Value::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let name: Option<String> = access.next_key()?;
        let value = match name.as_deref() {
            Some("date") => Value::Date(access.next_value()?),
            Some("datetime") => Value::Datetime(access.next_value()?),
            Some("duration") => Value::Duration(access.next_value()?),
            Some("person") => Value::Person(access.next_value()?),
            _ => return Err(A::Error::custom("an object that is no value")),
        };
        match access.next_key::<IgnoredAny>()? {
            None => Ok(value),
            Some(_) => Err(A::Error::custom("a value with two types")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples() -> Vec<Value> {
        vec![
            Value::Integer(-5),
            Value::Number(1.0),
            Value::String("客服".into()),
            Value::Boolean(true),
            Value::Date(jiff::civil::date(2026, 11, 1)),
            Value::Datetime("2026-11-01T08:00:00Z".parse().expect("an instant")),
            Value::Duration("1h30m".parse().expect("a duration")),
            Value::Person(PersonId::new("li-lei")),
            Value::List(vec![Value::String("phone".into()), Value::Integer(2)]),
        ]
    }

    #[test]
    fn a_stored_value_comes_back_with_its_type() {
        for value in samples() {
            let json = serde_json::to_string(&value).expect("JSON");
            assert_eq!(serde_json::from_str::<Value>(&json).expect(&json), value);
        }
    }

    #[test]
    fn the_stored_form_is_fixed() {
        let stored = serde_json::to_string(&samples()).expect("JSON");
        assert_eq!(
            stored,
            r#"[-5,1.0,"客服",true,{"date":"2026-11-01"},{"datetime":"2026-11-01T08:00:00Z"},{"duration":"1h30m"},{"person":"li-lei"},["phone",2]]"#
        );
    }

    #[test]
    fn an_object_that_is_no_value_is_refused() {
        for json in [r#"{"a":1}"#, r#"{"date":"x"}"#, r#"{"person":"a","date":"2026-01-01"}"#, "{}"]
        {
            assert!(serde_json::from_str::<Value>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn computed_values_are_inferred_and_objects_are_not_values() {
        let infer = |json: serde_json::Value| Value::infer(&json);
        assert_eq!(
            infer(serde_json::json!([1, 2.5])).map(|v| v.to_string()),
            Some("1, 2.5".into())
        );
        assert_eq!(infer(serde_json::json!(null)), None);
        assert_eq!(infer(serde_json::json!([{ "a": 1 }])), None);
    }
}
