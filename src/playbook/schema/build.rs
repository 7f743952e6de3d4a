//! Small parts that schemas are built of.

use serde_json::{Map, Value, json};

/// Where other documents find the schema of playbooks.
pub const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// A key of an object.
pub struct Key {
    name: &'static str,
    required: bool,
    schema: Value,
}

/// Makes a key that must be there, described in both languages.
#[must_use]
pub fn required(name: &'static str, zh: &str, en: &str, schema: Value) -> Key {
    Key { name, required: true, schema: described(schema, zh, en) }
}

/// Makes a key that may be left out or empty, described in both languages.
#[must_use]
pub fn optional(name: &'static str, zh: &str, en: &str, schema: Value) -> Key {
    Key { name, required: false, schema: described(or_empty(schema), zh, en) }
}

/// Makes an object that has these keys and no others.
#[must_use]
pub fn object(keys: Vec<Key>) -> Value {
    let required: Vec<&str> = keys.iter().filter(|key| key.required).map(|key| key.name).collect();
    let properties: Map<String, Value> =
        keys.into_iter().map(|key| (key.name.to_owned(), key.schema)).collect();
    let mut schema = json!({
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

/// Makes an object that has exactly one of `choices` beside what is common.
#[must_use]
pub fn one_key_of(mut object: Value, choices: &[&str]) -> Value {
    let present: Vec<Value> = choices.iter().map(|key| has(key)).collect();
    object["oneOf"] = Value::Array(present);
    object
}

/// Says that a key is there and not empty.
#[must_use]
pub fn has(key: &str) -> Value {
    json!({ "required": [key], "properties": { key: { "not": { "type": "null" } } } })
}

/// Says that none of these keys is there, not even empty.
#[must_use]
pub fn none_of(keys: &[&str]) -> Value {
    let present: Vec<Value> = keys.iter().map(|key| json!({ "required": [key] })).collect();
    json!({ "not": { "anyOf": present } })
}

/// Adds a description in both languages, as editors show it.
#[must_use]
pub fn described(mut schema: Value, zh: &str, en: &str) -> Value {
    let words = format!("{en} / {zh}");
    if schema.get("$ref").is_some() {
        // Beside a reference the words stand for this use of it.
        return json!({ "allOf": [schema], "description": words });
    }
    schema["description"] = Value::String(words);
    schema
}

/// Allows a key without a value, which counts as absent.
#[must_use]
pub fn or_empty(schema: Value) -> Value {
    json!({ "anyOf": [schema, { "type": "null" }] })
}

/// Refers to a shared part.
#[must_use]
pub fn part(name: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{name}") })
}

/// Any text.
#[must_use]
pub fn string() -> Value {
    json!({ "type": "string" })
}

/// A text of a form.
#[must_use]
pub fn pattern(pattern: &str) -> Value {
    json!({ "type": "string", "pattern": pattern })
}

/// One of a few words.
#[must_use]
pub fn words(words: &[&str]) -> Value {
    json!({ "type": "string", "enum": words })
}

/// Yes or no.
#[must_use]
pub fn boolean() -> Value {
    json!({ "type": "boolean" })
}

/// A whole number in a range. The loader tells `5` from `5.0`; JSON Schema does not.
#[must_use]
pub fn integer(least: i64, most: i64) -> Value {
    json!({ "type": "integer", "minimum": least, "maximum": most })
}

/// Any number.
#[must_use]
pub fn number() -> Value {
    json!({ "type": "number" })
}

/// A list.
#[must_use]
pub fn list(items: Value) -> Value {
    json!({ "type": "array", "items": items })
}

/// A list with something in it.
#[must_use]
pub fn some(items: Value) -> Value {
    json!({ "type": "array", "items": items, "minItems": 1 })
}

/// One or a list.
#[must_use]
pub fn one_or_list(item: Value) -> Value {
    json!({ "anyOf": [item.clone(), { "type": "array", "items": item }] })
}

/// An object whose keys are names of one kind.
#[must_use]
pub fn map(names: Value, values: Value) -> Value {
    json!({ "type": "object", "propertyNames": names, "additionalProperties": values })
}
