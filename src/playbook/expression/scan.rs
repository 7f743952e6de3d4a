//! A look at an expression's words before it is compiled: what the compiler would accept and we do
//! not, and the filters and tests it names.

use std::ops::Range;

use crate::playbook::expression::{CompileError, FILTERS, NESTING_MAX, SOURCE_BYTES_MAX, TESTS};

/// Checks the words of an expression, or of one tag of a template.
///
/// # Errors
/// The first thing that is not allowed, with its place.
pub(in crate::playbook) fn scan(source: &str) -> Result<(), CompileError> {
    if source.len() > SOURCE_BYTES_MAX {
        return Err(CompileError::TooLong);
    }
    let mut before = Before::Nothing;
    let mut depth = 0_usize;
    for (token, range) in Tokens::new(source) {
        let next = match token {
            Token::Open => {
                depth += 1;
                if depth > NESTING_MAX {
                    return Err(CompileError::TooNested(range.start));
                }
                Before::Nothing
            }
            Token::Close => {
                depth = depth.saturating_sub(1);
                Before::Nothing
            }
            Token::Star => return Err(CompileError::Multiplication(range.start)),
            Token::Pipe => Before::Pipe,
            Token::Word(word) => after_word(before, word, range)?,
            Token::Other => Before::Nothing,
        };
        before = next;
    }
    Ok(())
}

/// What stands before a word, as far as it decides what the word is.
#[derive(Clone, Copy, PartialEq)]
enum Before {
    Nothing,
    Pipe,
    Is,
}

fn after_word(before: Before, word: &str, range: Range<usize>) -> Result<Before, CompileError> {
    match before {
        Before::Pipe if !FILTERS.contains(&word) => {
            Err(CompileError::UnknownFilter(range, word.to_owned()))
        }
        Before::Is if word == "not" => Ok(Before::Is),
        Before::Is if !TESTS.contains(&word) => {
            Err(CompileError::UnknownTest(range, word.to_owned()))
        }
        Before::Nothing if word == "is" => Ok(Before::Is),
        _ => Ok(Before::Nothing),
    }
}

enum Token<'a> {
    Open,
    Close,
    Star,
    Pipe,
    Word(&'a str),
    Other,
}

/// Cuts an expression into tokens; strings and blanks are passed over.
struct Tokens<'a> {
    source: &'a str,
    at: usize,
}

impl<'a> Tokens<'a> {
    const fn new(source: &'a str) -> Self {
        Self { source, at: 0 }
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = (Token<'a>, Range<usize>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let start = self.at;
            let rest = &self.source[start..];
            let c = rest.chars().next()?;
            if c.is_whitespace() {
                self.at += c.len_utf8();
                continue;
            }
            let (token, length) = match c {
                '"' | '\'' => (Token::Other, string_length(rest)),
                '(' | '[' | '{' => (Token::Open, 1),
                ')' | ']' | '}' => (Token::Close, 1),
                '*' => (Token::Star, 1),
                '|' => (Token::Pipe, 1),
                _ if is_word(c) => {
                    let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
                    (Token::Word(&rest[..length]), length)
                }
                _ => (Token::Other, c.len_utf8()),
            };
            self.at += length;
            return Some((token, start..self.at));
        }
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Returns the length in bytes of the string literal at the start, to the end where it is not
/// closed.
pub(in crate::playbook) fn string_length(text: &str) -> usize {
    let mut chars = text.char_indices();
    let Some((_, quote)) = chars.next() else { return 0 };
    let mut escaped = false;
    for (at, c) in chars {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_plans_use_passes() {
        for source in [
            "users_affected >= 1000000",
            "channels_down|length > 0",
            "phase in [\"recover\", \"review\"]",
            "steps.stable.answer == '未恢复*|{'",
            "x is not defined and y is even",
            "alert.labels[\"a-b\"] == \"(((((((((((((\"",
        ] {
            assert_eq!(scan(source), Ok(()), "{source}");
        }
    }

    #[test]
    fn what_could_cost_too_much_is_refused_at_its_place() {
        assert_eq!(scan("\"x\" * 99999999"), Err(CompileError::Multiplication(4)));
        assert_eq!(scan(&"(".repeat(20)), Err(CompileError::TooNested(NESTING_MAX)));
        assert_eq!(scan(&" ".repeat(SOURCE_BYTES_MAX + 1)), Err(CompileError::TooLong));
        assert_eq!(scan("a|lenght"), Err(CompileError::UnknownFilter(2..8, "lenght".into())));
        assert_eq!(scan("a is not evn"), Err(CompileError::UnknownTest(9..12, "evn".into())));
    }
}
