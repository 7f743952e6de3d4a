//! What is left of a question for the future to decide: what nothing can change any more is worked
//! out, so that two states differ only where something may still come of it. It must not know what
//! can change: whoever asks says so.

use std::collections::BTreeSet;

use super::question::{Ask, Doubt, Question};
use crate::playbook::expression::{Name, Scope, Truth};
use crate::playbook::{Condition, Expression, LEVEL_MILDEST, Level, LevelRule};

/// What may become of a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hold {
    /// Nothing changes it any more.
    Fixed,
    /// It may change.
    Open,
    /// It may change, and states are told apart by it anyway.
    Told,
}

/// What is left of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Left {
    /// The answer, or what it depends on.
    pub(super) text: String,
    /// It may still change.
    pub(super) open: bool,
}

/// What is left of a condition.
enum Rest {
    Is(Truth),
    On(String),
}

/// Facts, and what may become of them.
pub(super) struct Outlook<'a> {
    pub(super) facts: &'a dyn Scope,
    pub(super) hold: &'a dyn Fn(&Name) -> Hold,
}

impl Outlook<'_> {
    /// Returns what is left of a question.
    pub(super) fn left(&self, question: &Question<'_>) -> Left {
        match question.ask {
            Ask::Whether(condition, doubt) => match self.condition(condition, doubt) {
                Rest::Is(truth) => Left { text: format!("{truth:?}"), open: false },
                Rest::On(text) => Left { text, open: true },
            },
            Ask::What(expression) => {
                let fixed = |name| (self.hold)(name) == Hold::Fixed;
                let open = !expression.names().iter().all(fixed);
                Left { text: self.values(expression), open }
            }
            Ask::Levels(rules) => self.levels(rules, LEVEL_MILDEST + 1),
        }
    }

    /// Returns what is left of the rules for levels worse than one. The first rule that holds gives
    /// the level.
    pub(super) fn levels(&self, rules: &[LevelRule], worse_than: Level) -> Left {
        let mut left = Left { text: String::new(), open: false };
        for rule in rules.iter().filter(|rule| rule.level < worse_than) {
            let rest = rule.when.as_ref().map(|when| self.condition(when, Doubt::Stays));
            match rest {
                None | Some(Rest::Is(Truth::Yes)) => {
                    left.text.push_str(&format!("{};", rule.level));
                    break;
                }
                Some(Rest::Is(Truth::No)) => {}
                Some(Rest::Is(Truth::Unknown)) => left.text.push_str(&format!("{}?;", rule.level)),
                Some(Rest::On(text)) => {
                    left.open = true;
                    left.text.push_str(&format!("{}:{text};", rule.level));
                }
            }
        }
        left
    }

    fn condition(&self, condition: &Condition, doubt: Doubt) -> Rest {
        match condition {
            Condition::Holds(expression) => self.expression(expression, doubt),
            Condition::Any(all) => self.combined(all, doubt, Truth::Yes),
            Condition::All(all) => self.combined(all, doubt, Truth::No),
            Condition::Not(one) => match self.condition(one, doubt.turned()) {
                Rest::Is(truth) => Rest::Is(not(truth)),
                Rest::On(text) => Rest::On(format!("not({text})")),
            },
        }
    }

    fn combined(&self, all: &[Condition], doubt: Doubt, decides: Truth) -> Rest {
        let mut left = BTreeSet::new();
        let mut unknown = false;
        for one in all {
            match self.condition(one, doubt) {
                Rest::Is(truth) if truth == decides => return Rest::Is(truth),
                Rest::Is(truth) => unknown |= truth == Truth::Unknown,
                Rest::On(text) => {
                    left.insert(text);
                }
            }
        }
        if left.is_empty() {
            return Rest::Is(if unknown { Truth::Unknown } else { not(decides) });
        }
        let left: Vec<String> = left.into_iter().collect();
        let doubt = if unknown { "?" } else { "" };
        Rest::On(format!("{decides:?}{doubt}({})", left.join(",")))
    }

    fn expression(&self, expression: &Expression, doubt: Doubt) -> Rest {
        let holds: Vec<Hold> = expression.names().iter().map(self.hold).collect();
        if holds.iter().all(|hold| *hold == Hold::Fixed) {
            return Rest::Is(self.truth(expression, doubt));
        }
        match holds.as_slice() {
            // Of one fact alone, any value is as good that lets it fall the same.
            [Hold::Open] => {
                let truth = self.truth(expression, doubt);
                Rest::On(format!("{}={truth:?}", expression.source()))
            }
            _ => Rest::On(self.values(expression)),
        }
    }

    fn truth(&self, expression: &Expression, doubt: Doubt) -> Truth {
        match (expression.truth(self.facts), doubt) {
            (Ok(true), _) | (Err(_), Doubt::Yes) => Truth::Yes,
            (Ok(false), _) | (Err(_), Doubt::No) => Truth::No,
            (Err(_), Doubt::Stays) => Truth::Unknown,
        }
    }

    /// The text of an expression and the facts it is about, as far as states are not told apart by
    /// them.
    fn values(&self, expression: &Expression) -> String {
        let mut text = expression.source().to_owned();
        for name in expression.names().iter().filter(|name| (self.hold)(name) != Hold::Told) {
            text.push_str(&format!(";{name}={:?}", self.facts.fact(name)));
        }
        text
    }
}

const fn not(truth: Truth) -> Truth {
    match truth {
        Truth::Yes => Truth::No,
        Truth::No => Truth::Yes,
        Truth::Unknown => Truth::Unknown,
    }
}
