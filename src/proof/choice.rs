//! Answers worth trying: one for every way the plan's conditions can fall, not one for every value.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use serde_json::{Map, Value as Json, json};

use super::reading::Reading;
use crate::id::{PersonId, VarId};
use crate::playbook::expression::{Fact, Name, Scope, StepFact};
use crate::playbook::{Expression, Field, FieldType, Value};

/// The most answers to one form, or to the questions of a declaration: more of them differ in
/// combination only.
const FORMS_MAX: usize = 512;
/// The longest list tried.
const ITEMS_MAX: usize = 4;

/// Answers to a set of fields.
#[derive(Debug)]
pub(super) struct Forms {
    pub(super) forms: Vec<Map<String, Json>>,
    /// Not every combination is among them.
    pub(super) narrowed: bool,
}

/// One variable and nothing else.
struct Only<'a>(&'a VarId, &'a Value);

impl Scope for Only<'_> {
    fn fact(&self, name: &Name) -> Option<Fact<'_>> {
        match name {
            Name::Variable(id) | Name::Step(_, StepFact::Field(id)) => {
                (id == self.0).then_some(Fact::Value(self.1))
            }
            _ => None,
        }
    }
}

/// Returns the answers worth trying to some fields.
pub(super) fn forms(
    fields: &IndexMap<VarId, Field>,
    reading: &Reading<'_>,
    person: Option<&PersonId>,
) -> Forms {
    let mut found = Forms { forms: vec![Map::new()], narrowed: false };
    for (name, field) in fields {
        let answers = answers(name, field, reading, person);
        if found.forms.len() * answers.len() > FORMS_MAX {
            // Beyond the bound each further answer is tried with one combination of the others.
            found.narrowed = true;
            let first = found.forms[0].clone();
            for form in &mut found.forms {
                put(form, name, &answers[0]);
            }
            found.forms.extend(answers[1..].iter().map(|answer| {
                let mut form = first.clone();
                put(&mut form, name, answer);
                form
            }));
            continue;
        }
        let with = |form: &Map<String, Json>, answer: &Option<Json>| {
            let mut form = form.clone();
            put(&mut form, name, answer);
            form
        };
        let forms = &found.forms;
        found.forms = forms
            .iter()
            .flat_map(|form| answers.iter().map(move |answer| with(form, answer)))
            .collect();
    }
    found
}

fn put(form: &mut Map<String, Json>, name: &VarId, answer: &Option<Json>) {
    if let Some(answer) = answer {
        form.insert(name.to_string(), answer.clone());
    }
}

/// Returns what may be answered to one field; `None` is no answer.
fn answers(
    name: &VarId,
    field: &Field,
    reading: &Reading<'_>,
    person: Option<&PersonId>,
) -> Vec<Option<Json>> {
    let sample = match (&field.kind, person) {
        (FieldType::Person, Some(person)) => json!(person),
        (kind, _) => kind.sample().to_plain(),
    };
    let silent = !field.required;
    if !reading.variables.contains(name) {
        return vec![if silent { None } else { Some(sample) }];
    }
    let about = |expression: &&&Expression| {
        let only = Only(name, &Value::Boolean(true));
        expression.names().iter().any(|other| only.fact(other).is_some())
    };
    let about: Vec<&Expression> = reading.expressions.iter().filter(about).copied().collect();
    let mut seen = BTreeSet::new();
    let mut answers: Vec<Option<Json>> = candidates(&field.kind, &about, sample)
        .into_iter()
        .filter_map(|candidate| {
            let value = field.kind.read(&candidate).ok()?;
            seen.insert(meaning(name, &value, &about)).then_some(Some(candidate))
        })
        .collect();
    if silent && field.default.is_none() {
        answers.push(None);
    }
    if answers.is_empty() { vec![None] } else { answers }
}

/// Returns how every expression falls for a value; where others take part, the value itself.
fn meaning(name: &VarId, value: &Value, about: &[&Expression]) -> String {
    let scope = Only(name, value);
    let alone = |expression: &&&Expression| {
        expression.names().iter().all(|name| scope.fact(name).is_some())
    };
    let (alone, mixed): (Vec<&&Expression>, Vec<_>) = about.iter().partition(|e| alone(e));
    let falls: Vec<_> = alone.iter().map(|expression| expression.value(&scope).ok()).collect();
    match mixed.is_empty() {
        true => format!("{falls:?}"),
        false => format!("{falls:?} {value:?}"),
    }
}

/// Lists values around those that the expressions compare with.
fn candidates(kind: &FieldType, about: &[&Expression], sample: Json) -> Vec<Json> {
    let literals = || about.iter().flat_map(|expression| literals(expression.source()));
    let numbers = || literals().filter_map(|literal| literal.as_f64());
    match kind {
        FieldType::Integer(_) => {
            let around = numbers().flat_map(|n| [n - 1.0, n, n + 1.0]);
            #[expect(clippy::cast_possible_truncation, reason = "literals are written by people")]
            let around = around.map(|n| json!(n as i64));
            std::iter::once(sample).chain(around).collect()
        }
        FieldType::Number(_) => {
            let around = numbers().flat_map(|n| [n - 1.0, n, n + 1.0]);
            std::iter::once(sample).chain(around.map(|n| json!(n))).collect()
        }
        FieldType::String(_) | FieldType::Text(_) => {
            std::iter::once(sample).chain(literals().filter(Json::is_string)).collect()
        }
        FieldType::Boolean => vec![json!(true), json!(false)],
        FieldType::Choice(options) => options.iter().map(|option| json!(option)).collect(),
        FieldType::List { of, .. } => {
            let word = of.sample().to_plain();
            let named =
                literals().filter(|literal| of.read(literal).is_ok() && literal.is_string());
            let lengths = (0..=ITEMS_MAX).map(|length| Json::Array(vec![word.clone(); length]));
            lengths.chain(named.map(|literal| json!([literal]))).collect()
        }
        FieldType::Date | FieldType::Datetime | FieldType::Duration | FieldType::Person => {
            vec![sample]
        }
    }
}

/// Finds the numbers and quoted words of an expression.
fn literals(source: &str) -> Vec<Json> {
    let mut found = Vec::new();
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' | '\'' => {
                let end = rest[1..].find(first).map_or(rest.len(), |end| end + 2);
                let word = rest.get(1..end.saturating_sub(1)).unwrap_or_default();
                found.push(json!(word));
                end
            }
            digit if digit.is_ascii_digit() => {
                let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.' && c != '_');
                let end = end.unwrap_or(rest.len());
                let number = rest[..end].replace('_', "").parse::<f64>();
                found.extend(number.ok().map(|number| json!(number)));
                end
            }
            letter if letter.is_alphabetic() || letter == '_' => {
                let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
                end.unwrap_or(rest.len())
            }
            other => other.len_utf8(),
        };
        rest = &rest[length..];
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_words_are_found_but_not_in_names() {
        let found = literals("users_2 >= 1_000 and kind in ['a b', \"丙\"] or x == 2.5");
        assert_eq!(found, [json!(1000.0), json!("a b"), json!("丙"), json!(2.5)]);
    }
}
