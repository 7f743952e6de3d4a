//! The type grammar of inputs and forms.

use serde_json::{Value, json};

use crate::playbook::schema::build::{
    Key, boolean, integer, list, number, object, optional, part, required, string, words,
};
use crate::playbook::value::{LIST_ITEMS_MAX, STRING_CHARS_MAX, TEXT_CHARS_MAX};

const PLAIN: [&str; 5] = ["boolean", "date", "datetime", "duration", "person"];

pub(super) fn field() -> Value {
    json!({ "description": "A field / 字段", "anyOf": kinds(&common) })
}

/// The type of a list's items: a name, or a type with bounds.
pub(super) fn item_type() -> Value {
    let names = [
        "integer", "number", "string", "text", "boolean", "date", "datetime", "duration", "person",
    ];
    let mut of: Vec<Value> = vec![words(&names)];
    of.extend(
        kinds(&Vec::new)
            .into_iter()
            .filter(|kind| kind.pointer("/properties/type/const") != Some(&json!("list"))),
    );
    json!({ "anyOf": of })
}

/// One schema for each group of types with the same keys.
fn kinds(common: &dyn Fn() -> Vec<Key>) -> Vec<Value> {
    let length = |most: usize| {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        vec![
            optional("min_length", "最短", "The least length", integer(0, most)),
            optional("max_length", "最长", "The greatest length", integer(0, most)),
        ]
    };
    let bounds = |of: Value| {
        vec![
            optional("min", "最小", "The least", of.clone()),
            optional("max", "最大", "The greatest", of),
        ]
    };
    let kind = |name: Value, own: Vec<Key>| {
        let mut keys = vec![required("type", "类型", "The type", name)];
        keys.extend(own);
        keys.extend(common());
        object(keys)
    };
    let options = required("options", "选项", "What can be chosen", list(string()));
    let mut list_keys = length(LIST_ITEMS_MAX);
    list_keys.push(required("of", "元素类型", "The type of each", part("fieldType")));
    vec![
        kind(json!({ "const": "integer" }), bounds(json!({ "type": "integer" }))),
        kind(json!({ "const": "number" }), bounds(number())),
        kind(json!({ "const": "string" }), length(STRING_CHARS_MAX)),
        kind(json!({ "const": "text" }), length(TEXT_CHARS_MAX)),
        kind(words(&PLAIN), Vec::new()),
        kind(json!({ "const": "choice" }), vec![options]),
        kind(json!({ "const": "list" }), list_keys),
    ]
}

fn common() -> Vec<Key> {
    vec![
        optional("required", "必填", "Must be answered", boolean()),
        optional("default", "默认值", "Taken when not answered", json!(true)),
        optional("label", "名称", "What people call it", part("text")),
        optional("help", "填写说明", "How to answer", part("text")),
        optional(
            "personal",
            "个人信息：单独保存、可抹除，条件和文本不能读取",
            "Personal data: kept apart, erasable, closed to conditions and texts",
            boolean(),
        ),
    ]
}
