//! What a form, or a plan's inputs, ask for.

use indexmap::IndexMap;
use serde_json::Value as Json;
use smol_str::SmolStr;

use crate::id::VarId;
use crate::playbook::{Field, FieldType, Value};
use crate::server::wire::FormField;

/// Shows the fields in the plan's order, filled with what is known.
#[must_use]
pub fn form<'v>(
    fields: &'v IndexMap<VarId, Field>,
    known: impl Fn(&VarId) -> Option<&'v Value>,
) -> Vec<FormField> {
    fields
        .iter()
        .map(|(id, field)| {
            let value = known(id).or(field.default.as_ref());
            show(id, field, value.map(Value::to_plain))
        })
        .collect()
}

fn show(id: &VarId, field: &Field, value: Option<Json>) -> FormField {
    FormField {
        id: SmolStr::new(id.as_str()),
        label: field.label.clone(),
        help: field.help.clone(),
        kind: SmolStr::new_static(name(&field.kind)),
        required: field.required,
        options: options(&field.kind),
        value,
        personal: field.personal,
    }
}

fn options(kind: &FieldType) -> Vec<SmolStr> {
    match kind {
        FieldType::Choice(options) => options.clone(),
        FieldType::List { of, .. } => options(of),
        _ => Vec::new(),
    }
}

const fn name(kind: &FieldType) -> &'static str {
    match kind {
        FieldType::Integer(_) => "integer",
        FieldType::Number(_) => "number",
        FieldType::String(_) => "string",
        FieldType::Text(_) => "text",
        FieldType::Boolean => "boolean",
        FieldType::Date => "date",
        FieldType::Datetime => "datetime",
        FieldType::Duration => "duration",
        FieldType::List { .. } => "list",
        FieldType::Choice(_) => "choice",
        FieldType::Person => "person",
    }
}
