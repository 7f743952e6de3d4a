//! Answers worth trying: one for every way the plan's conditions can fall, not one for every value.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use serde_json::{Map, Value as Json, json};

use super::question::{Question, Questions, variable};
use super::residue::{Hold, Outlook};
use crate::id::{PersonId, VarId};
use crate::playbook::expression::{Fact, Name, Scope};
use crate::playbook::{Expression, Field, FieldType, Value};

/// The most answers to one form, or to the questions of a declaration: more of them differ in
/// combination only.
const FORMS_MAX: usize = 512;
/// Lists are tried with nothing in them, and with several items.
const SEVERAL: usize = 2;

/// Answers to a set of fields.
#[derive(Debug)]
pub(super) struct Forms {
    pub(super) forms: Vec<Map<String, Json>>,
    /// Not every combination is among them.
    pub(super) narrowed: bool,
}

/// When questions are answered.
#[derive(Debug, Clone, Copy)]
pub(super) enum Occasion<'a> {
    /// When the incident is declared. What a step of the first phase asks for anyway matters only
    /// as far as something is decided by it before.
    Declaring {
        /// The variables of which that is true.
        asked_again: &'a BTreeSet<VarId>,
    },
    /// When a step is done. Its form is filled in whole, or not at all where it may be empty: what
    /// stays open is as it was.
    Doing,
    /// Either, and every combination counts.
    Any,
}

/// The answers to some fields, and nothing else.
#[derive(Debug, Clone, Default)]
struct Answers {
    form: Map<String, Json>,
    /// What is known of each field that was asked for.
    known: BTreeMap<VarId, Option<Value>>,
    /// What is left of each question.
    left: Vec<String>,
}

impl Scope for Answers {
    fn fact(&self, name: &Name) -> Option<Fact<'_>> {
        self.known.get(variable(name)?)?.as_ref().map(Fact::Value)
    }
}

impl Answers {
    /// Adds an answer; `None` is none.
    fn with(&self, name: &VarId, answer: Option<(Json, Value)>, asked: &Asked<'_>) -> Self {
        let mut next = self.clone();
        let (written, value) = answer.unzip();
        if let Some(written) = written {
            next.form.insert(name.to_string(), written);
        }
        next.known.insert(name.clone(), value);
        let known = &next.known;
        let asks = |question: &Question<'_>| question.variables().any(|id| id == name);
        let all = asked.questions.all.iter().zip(&asked.set_apart).zip(&self.left);
        let left = all.map(|((question, set_apart), before)| {
            if !asks(question) {
                return before.clone();
            }
            let hold = |name: &Name| match variable(name).filter(|id| known.contains_key(*id)) {
                Some(id) if set_apart.contains(id) => Hold::Open,
                Some(_) => Hold::Fixed,
                None => Hold::Told,
            };
            Outlook { facts: &next, hold: &hold }.left(question).text
        });
        next.left = left.collect();
        next
    }
}

/// What is asked of answers.
pub(super) struct Asked<'a> {
    questions: &'a Questions<'a>,
    /// For each question what of it may be set anew while the rest of it stays as it was answered.
    set_apart: Vec<BTreeSet<VarId>>,
}

impl<'a> Asked<'a> {
    /// Asks the questions of answers that are given before `later` may be set, each set at once.
    /// A level that holds stays, whatever is set after it, unless it is worse.
    pub(super) fn before(questions: &'a Questions<'a>, later: &[BTreeSet<VarId>]) -> Self {
        let set_apart = |question: &Question<'_>| {
            let partly = |set: &&BTreeSet<VarId>| !question.variables().all(|id| set.contains(id));
            let later = later.iter().filter(partly).filter(|_| !question.is_levels());
            later.flatten().cloned().collect()
        };
        Self { questions, set_apart: questions.all.iter().map(set_apart).collect() }
    }
}

/// Returns the answers worth trying to some fields: one of those that let every question fall the
/// same.
pub(super) fn forms(
    fields: &IndexMap<VarId, Field>,
    asked: &Asked<'_>,
    occasion: Occasion<'_>,
    person: Option<&PersonId>,
) -> Forms {
    let all: Vec<&Question<'_>> = asked.questions.all.iter().collect();
    let early: Vec<&Question<'_>> = asked.questions.early().collect();
    let nothing = Answers { left: vec![String::new(); all.len()], ..Answers::default() };
    let mut found = vec![nothing];
    let mut narrowed = false;
    for (name, field) in fields {
        let asking = match occasion {
            Occasion::Declaring { asked_again } if asked_again.contains(name) => &early,
            Occasion::Declaring { .. } | Occasion::Doing | Occasion::Any => &all,
        };
        let answers = answers(name, field, asking, occasion, person);
        let with = |before: &Answers, answer: &Option<_>| before.with(name, answer.clone(), asked);
        let mut distinct = BTreeMap::new();
        for (before, answer) in found.iter().flat_map(|b| answers.iter().map(move |a| (b, a))) {
            let next = with(before, answer);
            let kind = match occasion {
                Occasion::Declaring { .. } | Occasion::Doing => next.left.clone(),
                Occasion::Any => vec![distinct.len().to_string()],
            };
            distinct.entry(kind).or_insert(next);
        }
        if distinct.len() > FORMS_MAX {
            // Beyond the bound each further answer is tried with one combination of the others.
            narrowed = true;
            let first = found[0].clone();
            let mut few: Vec<Answers> = found.iter().map(|b| with(b, &answers[0])).collect();
            few.extend(answers[1..].iter().map(|answer| with(&first, answer)));
            found = few;
        } else {
            found = distinct.into_values().collect();
        }
    }
    let mut forms: Vec<_> = found.into_iter().map(|answers| answers.form).collect();
    let may_be_empty = fields.values().all(|field| !field.required);
    if matches!(occasion, Occasion::Doing) && may_be_empty && !forms.contains(&Map::new()) {
        forms.push(Map::new());
    }
    Forms { forms, narrowed }
}

/// Returns what may be answered to one field; `None` is no answer.
fn answers(
    name: &VarId,
    field: &Field,
    questions: &[&Question<'_>],
    occasion: Occasion<'_>,
    person: Option<&PersonId>,
) -> Vec<Option<(Json, Value)>> {
    let sample = match (&field.kind, person) {
        (FieldType::Person, Some(person)) => json!(person),
        (kind, _) => kind.sample().to_plain(),
    };
    let read = |candidate: Json| Some((candidate.clone(), field.kind.read(&candidate).ok()?));
    let asking: BTreeMap<&str, &Expression> = questions
        .iter()
        .flat_map(|question| &question.expressions)
        .filter(|expression| expression.names().iter().any(|other| variable(other) == Some(name)))
        .map(|expression| (expression.source(), *expression))
        .collect();
    let about: Vec<&Expression> = asking.into_values().collect();
    if about.is_empty() {
        return vec![if field.required { read(sample) } else { None }];
    }
    let mut answers = Vec::new();
    let doing = matches!(occasion, Occasion::Doing);
    if !doing && !field.required && field.default.is_none() {
        answers.push(None);
    }
    answers.extend(candidates(&field.kind, &about, sample).into_iter().filter_map(read).map(Some));
    if answers.is_empty() { vec![None] } else { answers }
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
            let lengths = [0, SEVERAL].map(|length| Json::Array(vec![word.clone(); length]));
            lengths.into_iter().chain(named.map(|literal| json!([literal]))).collect()
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
