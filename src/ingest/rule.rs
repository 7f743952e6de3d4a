//! Mapping rules: what to read where in a body that speaks no known dialect. Expressions are those of
//! plans, over one name: `body`. What a body does not hold is left open, never a mistake.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use smol_str::SmolStr;

use crate::playbook::Expression;
use crate::playbook::expression::{CompileError, Fact, Name, Scope};
use crate::playbook::value::Value;
use crate::text::Text;

/// The name a body has in expressions.
const BODY: &str = "body";

/// Why a phrase or condition cannot be used.
#[derive(Debug, Clone, PartialEq)]
pub enum RuleError {
    /// It does not compile.
    Compile(CompileError),
    /// It asks for something other than the body.
    Name(String),
    /// A `{{` without its `}}`.
    Open,
}

impl RuleError {
    /// Says what is wrong and what to do.
    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            Self::Compile(error) => error.text(),
            Self::Name(name) => Text::both(
                format!("映射规则中没有 `{name}`；收到的内容是 `body`"),
                format!("mapping rules know no `{name}`; what arrived is `body`"),
            ),
            Self::Open => Text::both("`{{` 没有对应的 `}}`", "a `{{` has no `}}`"),
        }
    }
}

/// A text with `{{ expression }}` in it.
#[derive(Debug, PartialEq)]
pub struct Phrase(Vec<Part>);

#[derive(Debug, PartialEq)]
enum Part {
    Words(String),
    Fill(Expression),
}

impl Phrase {
    /// Compiles a text.
    ///
    /// # Errors
    /// [`RuleError`].
    pub fn compile(source: &str) -> Result<Self, RuleError> {
        let mut parts = Vec::new();
        let mut rest = source;
        while let Some((before, after)) = rest.split_once("{{") {
            let (inside, behind) = after.split_once("}}").ok_or(RuleError::Open)?;
            if !before.is_empty() {
                parts.push(Part::Words(before.to_owned()));
            }
            parts.push(Part::Fill(condition(inside.trim())?));
            rest = behind;
        }
        if !rest.is_empty() {
            parts.push(Part::Words(rest.to_owned()));
        }
        Ok(Self(parts))
    }

    /// Fills in a body; `None` where it does not hold what is asked, or holds nothing there.
    fn read(&self, body: &Body<'_>) -> Option<String> {
        let mut out = String::new();
        for part in &self.0 {
            match part {
                Part::Words(words) => out.push_str(words),
                Part::Fill(expression) => out.push_str(&printed(&expression.value(body).ok()?)?),
            }
        }
        Some(out).filter(|out| !out.trim().is_empty())
    }
}

fn printed(value: &Value) -> Option<String> {
    super::json::words(&value.to_plain())
}

/// Compiles an expression over the body.
///
/// # Errors
/// [`RuleError`].
fn condition(source: &str) -> Result<Expression, RuleError> {
    let expression = Expression::compile(source).map_err(RuleError::Compile)?;
    let stranger = expression.names().iter().find(|name| name.to_string() != BODY);
    match stranger {
        Some(name) => Err(RuleError::Name(name.to_string())),
        None => Ok(expression),
    }
}

/// One rule: when it holds, and what it says of the alert.
#[derive(Debug, Default, PartialEq)]
pub struct Rule {
    when: Option<Expression>,
    name: Option<Phrase>,
    dedup_key: Option<Phrase>,
    status: Option<Phrase>,
    severity: Option<Phrase>,
    at: Option<Phrase>,
    link: Option<Phrase>,
    labels: BTreeMap<SmolStr, Phrase>,
    annotations: BTreeMap<SmolStr, Phrase>,
}

/// What a rule says of one body.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Said {
    pub name: Option<String>,
    pub dedup_key: Option<String>,
    pub status: Option<String>,
    pub severity: Option<String>,
    pub at: Option<String>,
    pub link: Option<String>,
    pub labels: BTreeMap<SmolStr, String>,
    pub annotations: BTreeMap<SmolStr, String>,
}

impl Rule {
    /// The keys that hold one phrase each.
    pub const PHRASES: [&str; 6] = ["name", "dedup_key", "status", "severity", "at", "link"];

    /// Lets it hold only where an expression is true.
    ///
    /// # Errors
    /// [`RuleError`].
    pub fn when(&mut self, source: &str) -> Result<(), RuleError> {
        self.when = Some(condition(source)?);
        Ok(())
    }

    /// Sets one of [`Rule::PHRASES`]; another key changes nothing.
    ///
    /// # Errors
    /// [`RuleError`].
    pub fn say(&mut self, key: &str, source: &str) -> Result<(), RuleError> {
        let phrase = Some(Phrase::compile(source)?);
        match key {
            "name" => self.name = phrase,
            "dedup_key" => self.dedup_key = phrase,
            "status" => self.status = phrase,
            "severity" => self.severity = phrase,
            "at" => self.at = phrase,
            "link" => self.link = phrase,
            _ => {}
        }
        Ok(())
    }

    /// Adds a label.
    ///
    /// # Errors
    /// [`RuleError`].
    pub fn label(&mut self, key: &str, source: &str) -> Result<(), RuleError> {
        self.labels.insert(key.into(), Phrase::compile(source)?);
        Ok(())
    }

    /// Adds an annotation.
    ///
    /// # Errors
    /// [`RuleError`].
    pub fn annotation(&mut self, key: &str, source: &str) -> Result<(), RuleError> {
        self.annotations.insert(key.into(), Phrase::compile(source)?);
        Ok(())
    }

    /// Tells whether it holds for a body; what cannot be told does not.
    #[must_use]
    pub fn holds(&self, body: &Json) -> bool {
        self.when.as_ref().is_none_or(|when| when.truth(&Body(body)).unwrap_or(false))
    }

    pub(super) fn read(&self, body: &Json) -> Said {
        let body = Body(body);
        let one = |phrase: &Option<Phrase>| phrase.as_ref()?.read(&body);
        let many = |phrases: &BTreeMap<SmolStr, Phrase>| {
            let read =
                |(key, phrase): (&SmolStr, &Phrase)| Some((key.clone(), phrase.read(&body)?));
            phrases.iter().filter_map(read).collect()
        };
        Said {
            name: one(&self.name),
            dedup_key: one(&self.dedup_key),
            status: one(&self.status),
            severity: one(&self.severity),
            at: one(&self.at),
            link: one(&self.link),
            labels: many(&self.labels),
            annotations: many(&self.annotations),
        }
    }
}

/// A body, as expressions see it.
struct Body<'a>(&'a Json);

impl Scope for Body<'_> {
    fn fact(&self, name: &Name) -> Option<Fact<'_>> {
        match name {
            Name::Variable(id) if id.as_str() == BODY => Some(Fact::Json(self.0)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use serde_json::json;

    fn say(source: &str, body: &Json) -> Option<String> {
        Phrase::compile(source).unwrap().read(&Body(body))
    }

    #[test]
    fn a_phrase_reads_what_is_there_and_leaves_open_what_is_not() {
        let body = json!({ "check": "电话", "n": 3, "of": { "host": "a-1" }, "none": null });
        assert_eq!(say("{{ body.check }}中断", &body).as_deref(), Some("电话中断"));
        assert_eq!(say("{{ body.of.host }}/{{ body.n }}", &body).as_deref(), Some("a-1/3"));
        assert_eq!(say("{{ body.of.host|upper }}", &body).as_deref(), Some("A-1"));
        assert_eq!(say("plain", &body).as_deref(), Some("plain"));
        for open in ["{{ body.missing }}", "x {{ body.of.port }}", "{{ body.none }}", " "] {
            assert_eq!(say(open, &body), None, "{open}");
        }
    }

    #[test]
    fn what_does_not_compile_is_told() {
        for source in ["{{ body.x", "{{ body. }}", "{{ level }}", "{{ body|nofilter }}"] {
            assert!(Phrase::compile(source).is_err(), "{source}");
        }
    }

    #[test]
    fn a_rule_holds_only_where_its_condition_is_certainly_true() {
        let mut rule = Rule::default();
        rule.when("body.state == \"down\"").unwrap();
        assert!(rule.holds(&json!({ "state": "down" })));
        for body in [json!({ "state": "up" }), json!({}), json!([]), json!(null), json!("x")] {
            assert!(!rule.holds(&body), "{body}");
        }
        assert!(Rule::default().holds(&json!(3)));
    }
}
