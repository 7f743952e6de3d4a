//! Conditions of the standard as expressions of plans. Comparisons of variables with values,
//! joined by AND, OR, NOT, IN and brackets are understood; anything else is for a person to judge.

use crate::playbook::Expression;

/// A variable as the plan knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Known {
    /// Its name in the plan.
    pub(super) name: String,
    /// Its type in the plan.
    pub(super) kind: &'static str,
}

/// The deepest nesting of brackets that is followed.
const DEPTH_MAX: usize = 20;
/// The longest condition that is read.
const CHARS_MAX: usize = 2_000;

/// Translates a condition; `None` where it is not understood.
pub(super) fn translate(text: &str, known: &dyn Fn(&str) -> Option<Known>) -> Option<String> {
    if text.chars().count() > CHARS_MAX {
        return None;
    }
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens: &tokens, at: 0, known };
    let expression = parser.any(0)?;
    (parser.at == tokens.len()).then_some(())?;
    Expression::compile(&expression).is_ok().then_some(expression)
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    /// A variable, with its underscores.
    Variable(String),
    /// A value, and whether it stood in quotes.
    Value(String, bool),
    Operator(&'static str),
    Word(&'static str),
    Sign(char),
}

const OPERATORS: [&str; 7] = ["==", "!=", ">=", "<=", "=", ">", "<"];
const WORDS: [&str; 4] = ["AND", "OR", "NOT", "IN"];

fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        if let Some(operator) = OPERATORS.into_iter().find(|o| rest.starts_with(o)) {
            tokens.push(Token::Operator(if operator == "=" { "==" } else { operator }));
            rest = &rest[operator.len()..];
        } else if "()[],".contains(first) {
            tokens.push(Token::Sign(first));
            rest = &rest[1..];
        } else if first == '\'' || first == '"' {
            let (value, after) = quoted(&rest[1..], first)?;
            tokens.push(Token::Value(value, true));
            rest = after;
        } else {
            let end = rest.find(|c: char| c.is_whitespace() || "()[],=!<>'\"".contains(c));
            let (word, after) = rest.split_at(end.unwrap_or(rest.len()));
            tokens.push(self::word(word)?);
            rest = after;
        }
        rest = rest.trim_start();
    }
    Some(tokens)
}

fn quoted(text: &str, quote: char) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => value.push(chars.next()?.1),
            c if c == quote => return Some((value, &text[at + 1..])),
            c => value.push(c),
        }
    }
    None
}

fn word(word: &str) -> Option<Token> {
    if word.is_empty() {
        return None;
    }
    let upper = word.to_ascii_uppercase();
    if let Some(known) = WORDS.into_iter().find(|known| *known == upper) {
        return Some(Token::Word(known));
    }
    if word.starts_with("__") {
        let name = word.strip_suffix(":value").unwrap_or(word);
        return Some(Token::Variable(name.to_owned()));
    }
    let plain = word.parse::<f64>().is_ok_and(f64::is_finite) || word == "true" || word == "false";
    plain.then(|| Token::Value(word.to_owned(), false))
}

struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
    known: &'a dyn Fn(&str) -> Option<Known>,
}

impl Parser<'_> {
    fn eat(&mut self, token: &Token) -> bool {
        let found = self.tokens.get(self.at) == Some(token);
        self.at += usize::from(found);
        found
    }

    fn any(&mut self, depth: usize) -> Option<String> {
        let mut all = vec![self.all(depth)?];
        while self.eat(&Token::Word("OR")) {
            all.push(self.all(depth)?);
        }
        Some(all.join(" or "))
    }

    fn all(&mut self, depth: usize) -> Option<String> {
        let mut all = vec![self.one(depth)?];
        while self.eat(&Token::Word("AND")) {
            all.push(self.one(depth)?);
        }
        Some(all.join(" and "))
    }

    fn one(&mut self, depth: usize) -> Option<String> {
        if depth > DEPTH_MAX {
            return None;
        }
        if self.eat(&Token::Word("NOT")) {
            return Some(format!("not ({})", self.one(depth + 1)?));
        }
        for (open, close) in [('(', ')'), ('[', ']')] {
            if self.eat(&Token::Sign(open)) {
                let inner = self.any(depth + 1)?;
                return self.eat(&Token::Sign(close)).then(|| format!("({inner})"));
            }
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Option<String> {
        let Some(Token::Variable(name)) = self.tokens.get(self.at) else { return None };
        let variable = (self.known)(name)?;
        self.at += 1;
        let negated = self.tokens.get(self.at) == Some(&Token::Word("NOT"));
        if negated {
            self.at += 1;
        }
        if self.eat(&Token::Word("IN")) {
            let list = self.list(&variable)?;
            let expression = format!("{} in [{list}]", variable.name);
            return Some(if negated { format!("not ({expression})") } else { expression });
        }
        if negated {
            return None;
        }
        let Some(Token::Operator(operator)) = self.tokens.get(self.at) else {
            return (variable.kind == "boolean").then_some(variable.name);
        };
        self.at += 1;
        let value = self.value(&variable)?;
        Some(format!("{} {operator} {value}", variable.name))
    }

    fn list(&mut self, variable: &Known) -> Option<String> {
        self.eat(&Token::Sign('(')).then_some(())?;
        let mut values = vec![self.value(variable)?];
        while self.eat(&Token::Sign(',')) {
            values.push(self.value(variable)?);
        }
        self.eat(&Token::Sign(')')).then(|| values.join(", "))
    }

    /// Reads the other side as a value of the variable's type, or another variable.
    fn value(&mut self, variable: &Known) -> Option<String> {
        let token = self.tokens.get(self.at)?;
        self.at += 1;
        match token {
            Token::Variable(name) => (self.known)(name).map(|other| other.name),
            Token::Value(value, _) => literal(value, variable.kind),
            _ => None,
        }
    }
}

/// Writes a value of a type as an expression does.
pub(super) fn literal(value: &str, kind: &str) -> Option<String> {
    match kind {
        "integer" => value.trim().parse::<i64>().ok().map(|n| n.to_string()),
        "number" => {
            let n = value.trim().parse::<f64>().ok().filter(|n| n.is_finite())?;
            Some(format!("{n:?}"))
        }
        "boolean" => {
            let lower = value.trim().to_ascii_lowercase();
            matches!(lower.as_str(), "true" | "false").then_some(lower)
        }
        _ => Some(serde_json::Value::from(value).to_string()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn translated(text: &str) -> Option<String> {
        translate(text, &|name| {
            let kind = match name {
                "__n__" => "integer",
                "__ok__" => "boolean",
                "__ip__" => "string",
                _ => return None,
            };
            Some(Known { name: name.trim_matches('_').to_owned(), kind })
        })
    }

    #[test]
    fn comparisons_become_expressions_and_the_rest_is_left_to_people() {
        for (text, wanted) in [
            ("__n__:value == '10'", Some("n == 10")),
            ("__n__:value > 3 AND NOT (__ok__:value = true)", Some("n > 3 and not ((ok == true))")),
            ("[__ip__:value == '10.0.0.1']", Some("(ip == \"10.0.0.1\")")),
            ("__ip__:value IN ('a', 'b')", Some("ip in [\"a\", \"b\"]")),
            ("__ip__ NOT IN ('it\\'s')", Some("not (ip in [\"it's\"])")),
            ("__ok__:value", Some("ok")),
            ("__n__:value == 'ten'", None),
            ("__unknown__:value == '1'", None),
            ("the host answers", None),
            ("__ip__:value LIKE '10.%'", None),
            ("__n__:value == 1 AND", None),
            ("", None),
        ] {
            assert_eq!(translated(text).as_deref(), wanted, "{text}");
        }
        assert_eq!(translated(&"(".repeat(500)), None);
    }

    proptest! {
        #[test]
        fn no_condition_breaks_the_translation(text in "(__n__:value|__ip__|AND|OR|NOT|IN|[()\\[\\],=<>!'\" \\\\1]|\\PC){0,12}") {
            if let Some(expression) = translated(&text) {
                prop_assert!(Expression::compile(&expression).is_ok());
            }
        }
    }
}
