//! The type grammar: `integer number string text boolean date datetime duration list choice
//! person`, with bounds.

use indexmap::IndexMap;
use serde_json::Value as Json;
use smol_str::SmolStr;

use crate::id::VarId;
use crate::playbook::diagnostic::nearest;
use crate::playbook::value::{Problem, ProblemKind, Value, read};
use crate::text::Text;

/// The longest `string`: it is shown in one line.
pub const STRING_CHARS_MAX: usize = 1_000;
/// The longest `text`: an account of what happened, not an attachment.
pub const TEXT_CHARS_MAX: usize = 20_000;
/// The longest list.
pub const LIST_ITEMS_MAX: usize = 1_000;

/// Something that is asked for: an input, a field of a form.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// What may be answered.
    pub kind: FieldType,
    /// Whether an answer must be given.
    pub required: bool,
    /// Taken when no answer is given.
    pub default: Option<Value>,
    /// What people call it; falls back to its name.
    pub label: Option<Text>,
    /// How to answer.
    pub help: Option<Text>,
    /// Holds personal data: kept apart and erasable.
    pub personal: bool,
}

/// The type of a value, with its bounds.
#[derive(Debug, Clone, PartialEq)]
pub enum FieldType {
    /// A whole number.
    Integer(Bounds<i64>),
    /// A number.
    Number(Bounds<f64>),
    /// One line; bounds count characters.
    String(Bounds<usize>),
    /// Several lines; bounds count characters.
    Text(Bounds<usize>),
    /// Yes or no.
    Boolean,
    /// A day.
    Date,
    /// An instant.
    Datetime,
    /// A length of time.
    Duration,
    /// Several values of one type; bounds count them.
    List {
        /// The type of each.
        of: Box<FieldType>,
        /// How many.
        length: Bounds<usize>,
    },
    /// One of several words.
    Choice(Vec<SmolStr>),
    /// A person of the directory.
    Person,
}

/// An inclusive range, open where nothing is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds<T> {
    /// The least.
    pub min: Option<T>,
    /// The greatest.
    pub max: Option<T>,
}

impl<T> Default for Bounds<T> {
    fn default() -> Self {
        Self { min: None, max: None }
    }
}

impl<T: PartialOrd + Copy + ToString> Bounds<T> {
    /// Checks a quantity.
    pub(super) fn check_value(&self, value: T) -> Result<(), ProblemKind> {
        match (self.min, self.max) {
            (Some(min), _) if value < min => Err(ProblemKind::TooSmall(min.to_string())),
            (_, Some(max)) if value > max => Err(ProblemKind::TooLarge(max.to_string())),
            _ => Ok(()),
        }
    }
}

impl Bounds<usize> {
    /// Checks a length against the bounds and a limit that always holds.
    pub(super) fn check_length(&self, length: usize, limit: usize) -> Result<(), ProblemKind> {
        let max = self.max.unwrap_or(limit).min(limit);
        match self.min {
            Some(min) if length < min => Err(ProblemKind::TooShort(min)),
            _ if length > max => Err(ProblemKind::TooLong(max)),
            _ => Ok(()),
        }
    }
}

impl FieldType {
    /// Returns the word that names the type in a plan.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Integer(_) => "integer",
            Self::Number(_) => "number",
            Self::String(_) => "string",
            Self::Text(_) => "text",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::Datetime => "datetime",
            Self::Duration => "duration",
            Self::List { .. } => "list",
            Self::Choice(_) => "choice",
            Self::Person => "person",
        }
    }

    /// Reads a JSON value.
    ///
    /// # Errors
    /// Every place that does not fit the type or its bounds.
    pub fn read(&self, json: &Json) -> Result<Value, Vec<Problem>> {
        read::json(self, json)
    }

    /// Reads text that came from elsewhere, such as an alert's label. Lists are JSON or separated
    /// by commas.
    ///
    /// # Errors
    /// Every place that does not fit the type or its bounds.
    pub fn read_text(&self, text: &str) -> Result<Value, Vec<Problem>> {
        read::text(self, text)
    }

    /// Reads what someone gave for a field: JSON, or its text, which is read by the type. A form
    /// and a command line know no types, and a telephone number is no number.
    fn read_given(&self, json: &Json) -> Result<Value, Vec<Problem>> {
        match json {
            Json::String(text) => self.read_text(text),
            json => self.read(json),
        }
    }

    /// Returns a value of the type that lies within its bounds, for checking templates.
    #[must_use]
    pub fn sample(&self) -> Value {
        read::sample(self)
    }
}

impl Field {
    /// Makes a field of a type that nobody must answer.
    #[must_use]
    pub const fn optional(kind: FieldType) -> Self {
        Self { kind, required: false, default: None, label: None, help: None, personal: false }
    }

    /// Reads the answers to a set of fields from a JSON object: defaults are filled in, `null`
    /// counts as unanswered.
    ///
    /// # Errors
    /// Every missing, unknown or unfitting answer, each with its JSON pointer below the object.
    pub fn read_all(
        fields: &IndexMap<VarId, Self>,
        json: &Json,
    ) -> Result<Vec<(VarId, Value)>, Vec<Problem>> {
        Self::read_given(fields, json, true)
    }

    /// Reads as [`Field::read_all`] does but asks for nothing and fills in no defaults: facts that
    /// are added later.
    ///
    /// # Errors
    /// Every unknown or unfitting answer.
    pub fn read_some(
        fields: &IndexMap<VarId, Self>,
        json: &Json,
    ) -> Result<Vec<(VarId, Value)>, Vec<Problem>> {
        Self::read_given(fields, json, false)
    }

    fn read_given(
        fields: &IndexMap<VarId, Self>,
        json: &Json,
        complete: bool,
    ) -> Result<Vec<(VarId, Value)>, Vec<Problem>> {
        let empty = serde_json::Map::new();
        let given = match json {
            Json::Object(map) => map,
            Json::Null => &empty,
            _ => return Err(vec![Problem::here(ProblemKind::WrongType("an object"))]),
        };
        let mut values = Vec::new();
        let mut problems = Vec::new();
        for name in given.keys().filter(|name| !fields.contains_key(name.as_str())) {
            let meant = nearest(name, fields.keys().map(VarId::as_str)).map(SmolStr::new);
            problems.push(Problem::of_field(name, ProblemKind::UnknownField(meant)));
        }
        for (name, field) in fields {
            match given.get(name.as_str()).filter(|json| !json.is_null()) {
                Some(json) => match field.kind.read_given(json) {
                    Ok(value) => values.push((name.clone(), value)),
                    Err(found) => problems.extend(found.into_iter().map(|p| p.below(name))),
                },
                None if !complete => {}
                None => match &field.default {
                    Some(default) => values.push((name.clone(), default.clone())),
                    None if field.required => {
                        problems.push(Problem::of_field(name.as_str(), ProblemKind::Required));
                    }
                    None => {}
                },
            }
        }
        if problems.is_empty() { Ok(values) } else { Err(problems) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields() -> IndexMap<VarId, Field> {
        let users = FieldType::Integer(Bounds { min: Some(0), max: None });
        let channels = FieldType::List {
            of: Box::new(FieldType::Choice(vec!["phone".into(), "web".into()])),
            length: Bounds::default(),
        };
        IndexMap::from([
            (VarId::new("users_affected"), Field { required: true, ..Field::optional(users) }),
            (
                VarId::new("channels_down"),
                Field { default: Some(Value::List(Vec::new())), ..Field::optional(channels) },
            ),
            (VarId::new("备注"), Field::optional(FieldType::Text(Bounds::default()))),
        ])
    }

    #[test]
    fn answers_are_read_and_defaults_filled_in() {
        let values = Field::read_all(&fields(), &json!({ "users_affected": 5, "备注": null }));
        let expected = vec![
            (VarId::new("users_affected"), Value::Integer(5)),
            (VarId::new("channels_down"), Value::List(Vec::new())),
        ];
        assert_eq!(values, Ok(expected));
    }

    #[test]
    fn an_answer_that_is_given_as_text_is_read_by_its_type() {
        let given =
            json!({ "users_affected": " 1200 ", "channels_down": "phone, web", "备注": "007" });
        let channels = ["phone", "web"].map(|name| Value::String(name.into()));
        let expected = vec![
            (VarId::new("users_affected"), Value::Integer(1200)),
            (VarId::new("channels_down"), Value::List(channels.into())),
            (VarId::new("备注"), Value::String("007".into())),
        ];
        assert_eq!(Field::read_all(&fields(), &given), Ok(expected));
        let problems = Field::read_all(&fields(), &json!({ "users_affected": "many" }));
        let problem = Problem::of_field("users_affected", ProblemKind::WrongType("an integer"));
        assert_eq!(problems, Err(vec![problem]));
    }

    #[test]
    fn every_problem_carries_its_pointer() {
        let json = json!({ "users_afected": 1, "channels_down": ["phone", "fax"], "备注": 3 });
        let problems = Field::read_all(&fields(), &json).expect_err("four problems");
        let found: Vec<_> = problems.iter().map(|p| (p.pointer.as_str(), &p.kind)).collect();
        let choices = ProblemKind::NotAChoice(vec!["phone".into(), "web".into()]);
        assert_eq!(
            found,
            [
                ("/users_afected", &ProblemKind::UnknownField(Some("users_affected".into()))),
                ("/users_affected", &ProblemKind::Required),
                ("/channels_down/1", &choices),
                ("/备注", &ProblemKind::WrongType("text")),
            ]
        );
    }

    #[test]
    fn later_facts_ask_for_nothing() {
        assert_eq!(Field::read_some(&fields(), &json!({})), Ok(Vec::new()));
        assert!(Field::read_some(&fields(), &json!([])).is_err());
    }

    #[test]
    fn a_pointer_escapes_what_json_pointers_escape() {
        let problem = Problem::of_field("a/b~c", ProblemKind::Required);
        assert_eq!(problem.pointer, "/a~1b~0c");
    }
}
