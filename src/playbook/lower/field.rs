//! Inputs and forms: the type grammar.

use indexmap::IndexMap;
use smol_str::SmolStr;

use crate::id::VarId;
use crate::playbook::diagnostic::{Diagnostic, both};
use crate::playbook::lower::{Lowering, Noted};
use crate::playbook::value::{
    Bounds, Field, FieldType, LIST_ITEMS_MAX, STRING_CHARS_MAX, TEXT_CHARS_MAX, Value,
};
use crate::playbook::yaml::{BAD_VALUE, Data, Fields, Node, bad_value, wrong_type};
use crate::text::{Lang, Text};

/// The most inputs of a plan or fields of a form: what a person fills in during an emergency.
pub(super) const FIELDS_MAX: usize = 100;
/// The most options of a choice.
const OPTIONS_MAX: usize = 100;

const TYPES: [&str; 11] = [
    "integer", "number", "string", "text", "boolean", "date", "datetime", "duration", "list",
    "choice", "person",
];

impl<'n> Lowering<'n> {
    /// Reads a mapping of names to fields; notes each as something that can be set.
    pub(super) fn fields(&mut self, node: &'n Node) -> IndexMap<VarId, Field> {
        let mut fields = IndexMap::new();
        let Some(entries) = node.map(&mut self.out) else { return fields };
        if entries.len() > FIELDS_MAX {
            let message = both!("超过 {FIELDS_MAX} 项", "there are more than {FIELDS_MAX} fields");
            self.out.push(bad_value(node.span, message));
        }
        for entry in entries {
            let name = self.variable(&entry.key.text, entry.key.span);
            let field = self.field(&entry.value);
            let Some(name) = name else { continue };
            let kind = field.as_ref().map(|field| field.kind.clone());
            self.can_set(&name, kind, entry.key.span);
            let Some(field) = field else { continue };
            let noted = Noted { what: field.personal, span: entry.key.span };
            self.notes.personal.entry(name.clone()).or_default().push(noted);
            fields.insert(name, field);
        }
        fields
    }

    /// Notes that a variable can be set here.
    pub(super) fn can_set(
        &mut self,
        name: &VarId,
        kind: Option<FieldType>,
        span: crate::playbook::source::Span,
    ) {
        let noted = Noted { what: kind, span };
        self.notes.variables.entry(name.clone()).or_default().push(noted);
    }

    fn field(&mut self, node: &'n Node) -> Option<Field> {
        let what = Text::both("字段", "a field");
        let mut fields = Fields::open(node, what, &mut self.out)?;
        let kind = self.field_type(&mut fields);
        let required = fields.boolean("required", &mut self.out).unwrap_or(false);
        let label = fields.text("label", &mut self.out);
        let help = fields.text("help", &mut self.out);
        let personal = fields.boolean("personal", &mut self.out).unwrap_or(false);
        let default = fields.take("default");
        fields.close(&mut self.out);
        let kind = kind?;
        let default = default.and_then(|node| self.default(&kind, node));
        Some(Field { kind, required, default, label, help, personal })
    }

    fn default(&mut self, kind: &FieldType, node: &Node) -> Option<Value> {
        match kind.read(&node.to_json()) {
            Ok(value) => Some(value),
            Err(problems) => {
                let said: Vec<Text> = problems.iter().map(|problem| problem.text()).collect();
                let words = |lang| said.iter().map(|t| t.get(lang)).collect::<Vec<_>>().join("; ");
                let (zh, en) = (words(Lang::Zh), words(Lang::En));
                let name = kind.name();
                self.out.push(
                    Diagnostic::new(
                        BAD_VALUE,
                        both!(
                            "默认值不符合类型 `{name}`",
                            "the default does not fit the type `{name}`"
                        ),
                    )
                    .at(node.span)
                    .label(both!("{zh}", "{en}")),
                );
                None
            }
        }
    }

    /// Reads `type` and the keys that belong to it.
    fn field_type(&mut self, fields: &mut Fields<'n>) -> Option<FieldType> {
        let node = fields.require("type", &mut self.out)?;
        let name = node.string(&mut self.out)?;
        self.typed(name, node, fields)
    }

    fn typed(&mut self, name: &str, node: &Node, fields: &mut Fields<'n>) -> Option<FieldType> {
        Some(match name {
            "integer" => FieldType::Integer(self.integers(fields)),
            "number" => FieldType::Number(self.numbers(fields)),
            "string" => FieldType::String(self.lengths(fields, STRING_CHARS_MAX)),
            "text" => FieldType::Text(self.lengths(fields, TEXT_CHARS_MAX)),
            "boolean" => FieldType::Boolean,
            "date" => FieldType::Date,
            "datetime" => FieldType::Datetime,
            "duration" => FieldType::Duration,
            "person" => FieldType::Person,
            "choice" => {
                let options = fields.require("options", &mut self.out)?;
                FieldType::Choice(self.options(options))
            }
            "list" => {
                let length = self.lengths(fields, LIST_ITEMS_MAX);
                let of = fields.require("of", &mut self.out)?;
                FieldType::List { of: Box::new(self.item_type(of)?), length }
            }
            _ => {
                self.no_such_type(name, node);
                return None;
            }
        })
    }

    /// Reads the type of a list's items: a name, or a mapping with bounds.
    fn item_type(&mut self, node: &'n Node) -> Option<FieldType> {
        let what = Text::both("列表元素的类型", "the type of a list's items");
        let kind = match &node.data {
            Data::String(name) => {
                let kind = without_bounds(name);
                if kind.is_none() {
                    self.no_such_type(name, node);
                }
                kind
            }
            Data::Map(_) => {
                let mut fields = Fields::open(node, what, &mut self.out)?;
                let kind = self.field_type(&mut fields);
                fields.close(&mut self.out);
                kind
            }
            _ => {
                let wanted =
                    Text::both("类型，如 `string`", "text that is a type, such as `string`");
                self.out.push(wrong_type(node, &wanted));
                None
            }
        };
        if let Some(FieldType::List { .. }) = kind {
            let message = Text::both("列表不能嵌套", "lists cannot hold lists");
            self.out.push(bad_value(node.span, message));
            return None;
        }
        kind
    }

    fn no_such_type(&mut self, name: &str, node: &Node) {
        self.out.push(
            Diagnostic::new(BAD_VALUE, both!("没有类型 `{name}`", "there is no type `{name}`"))
                .at(node.span)
                .did_you_mean(name, TYPES),
        );
    }

    /// Reads the words of a choice or decision: some, no two alike.
    pub(super) fn options(&mut self, node: &'n Node) -> Vec<SmolStr> {
        let items = node.list(&mut self.out).unwrap_or_default();
        let mut options: Vec<SmolStr> = Vec::with_capacity(items.len().min(OPTIONS_MAX));
        for item in items.iter().take(OPTIONS_MAX) {
            let Some(option) = item.string(&mut self.out) else { continue };
            if options.iter().any(|known| known == option) {
                let message = both!("选项 `{option}` 重复", "the option `{option}` stands twice");
                self.out.push(bad_value(item.span, message));
            } else {
                options.push(SmolStr::new(option));
            }
        }
        if items.is_empty() || items.len() > OPTIONS_MAX {
            let message =
                both!("须有 1 到 {OPTIONS_MAX} 个选项", "there must be 1 to {OPTIONS_MAX} options");
            self.out.push(bad_value(node.span, message));
        }
        options
    }

    fn integers(&mut self, fields: &mut Fields<'n>) -> Bounds<i64> {
        let min = fields.integer("min", i64::MIN, i64::MAX, &mut self.out);
        let max = fields.integer("max", i64::MIN, i64::MAX, &mut self.out);
        self.ordered(Bounds { min, max }, fields)
    }

    fn numbers(&mut self, fields: &mut Fields<'n>) -> Bounds<f64> {
        let min = fields.take("min").and_then(|node| node.number(&mut self.out));
        let max = fields.take("max").and_then(|node| node.number(&mut self.out));
        self.ordered(Bounds { min, max }, fields)
    }

    fn lengths(&mut self, fields: &mut Fields<'n>, limit: usize) -> Bounds<usize> {
        let most = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut read = |key| {
            let length = fields.integer(key, 0, most, &mut self.out)?;
            usize::try_from(length).ok()
        };
        let (min, max) = (read("min_length"), read("max_length"));
        self.ordered(Bounds { min, max }, fields)
    }

    fn ordered<T: PartialOrd>(&mut self, bounds: Bounds<T>, fields: &Fields<'_>) -> Bounds<T> {
        if let (Some(min), Some(max)) = (&bounds.min, &bounds.max)
            && min > max
        {
            let message = Text::both("最小值大于最大值", "the least is above the greatest");
            self.out.push(bad_value(fields.span(), message));
            return Bounds::default();
        }
        bounds
    }
}

/// Returns the type of that name where it needs nothing else.
fn without_bounds(name: &str) -> Option<FieldType> {
    Some(match name {
        "integer" => FieldType::Integer(Bounds::default()),
        "number" => FieldType::Number(Bounds::default()),
        "string" => FieldType::String(Bounds::default()),
        "text" => FieldType::Text(Bounds::default()),
        "boolean" => FieldType::Boolean,
        "date" => FieldType::Date,
        "datetime" => FieldType::Datetime,
        "duration" => FieldType::Duration,
        "person" => FieldType::Person,
        _ => return None,
    })
}
