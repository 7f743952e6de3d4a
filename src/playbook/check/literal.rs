//! What an expression compares its names with. Only those are read that do nothing else: there, one
//! value below, at and above each literal stands for all that a name can be.

/// The literals of an expression.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Literals {
    pub numbers: Vec<f64>,
    pub texts: Vec<String>,
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Name,
    Number(f64),
    Text(String),
    /// `true`, `false`, `none`.
    Constant,
    /// `and`, `or`.
    Joins,
    Not,
    In,
    Compares,
    Minus,
    Open(char),
    Close,
    Comma,
}

impl Token {
    const fn is_literal(&self) -> bool {
        matches!(self, Self::Number(_) | Self::Text(_) | Self::Constant)
    }

    const fn is_operand(&self) -> bool {
        self.is_literal() || matches!(self, Self::Name)
    }
}

/// Reads the literals of an expression; `None` where it does more than compare names with literals
/// and combine that by `and`, `or`, `not`.
pub(super) fn literals(source: &str) -> Option<Literals> {
    let tokens = tokens(source)?;
    if !(0..tokens.len()).all(|at| is_plain(&tokens, at)) {
        return None;
    }
    let mut literals = Literals::default();
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Number(value) => {
                let negative = at > 0 && tokens[at - 1] == Token::Minus;
                literals.numbers.push(if negative { -value } else { *value });
            }
            Token::Text(text) => literals.texts.push(text.clone()),
            _ => {}
        }
    }
    Some(literals)
}

/// Tells whether a token stands among its neighbours as it does in plain comparisons.
fn is_plain(tokens: &[Token], at: usize) -> bool {
    let before = at.checked_sub(1).map(|before| &tokens[before]);
    let after = tokens.get(at + 1);
    let operand = |token: Option<&Token>| token.is_some_and(Token::is_operand);
    match &tokens[at] {
        Token::Compares => {
            let names = before == Some(&Token::Name) && after == Some(&Token::Name);
            operand(before) && (operand(after) || after == Some(&Token::Minus)) && !names
        }
        Token::Minus => {
            let ends = before == Some(&Token::Close);
            matches!(after, Some(Token::Number(_))) && !operand(before) && !ends
        }
        Token::In => {
            let list = tokens[at + 1..].iter().take_while(|token| **token != Token::Close);
            let mut inside = list.skip(1);
            let plain =
                |token: &Token| token.is_literal() || matches!(token, Token::Comma | Token::Minus);
            matches!(after, Some(Token::Open(_))) && inside.all(plain)
        }
        Token::Open('[') => before == Some(&Token::In),
        Token::Open(_) => !operand(before),
        Token::Name | Token::Number(_) | Token::Text(_) | Token::Constant => {
            !operand(before) && before != Some(&Token::Close)
        }
        Token::Joins | Token::Not | Token::Close | Token::Comma => true,
    }
}

/// Cuts an expression into tokens; `None` at the first that plain comparisons have no use for.
fn tokens(source: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = source.trim_start();
    while let Some(c) = rest.chars().next() {
        let (token, length) = match c {
            '(' | '[' => (Token::Open(c), 1),
            ')' | ']' => (Token::Close, 1),
            ',' => (Token::Comma, 1),
            '-' => (Token::Minus, 1),
            '=' | '!' | '<' | '>' => comparison(rest)?,
            '"' | '\'' => text(rest, c)?,
            '0'..='9' => number(rest)?,
            _ if is_word(c) => word(rest)?,
            _ => return None,
        };
        tokens.push(token);
        rest = rest[length..].trim_start();
    }
    Some(tokens)
}

fn comparison(rest: &str) -> Option<(Token, usize)> {
    let two = ["==", "!=", "<=", ">="].iter().any(|two| rest.starts_with(two));
    let one = rest.starts_with(['<', '>']);
    (two || one).then_some((Token::Compares, if two { 2 } else { 1 }))
}

fn text(rest: &str, quote: char) -> Option<(Token, usize)> {
    let inside = &rest[1..];
    let end = inside.find(quote)?;
    let text = &inside[..end];
    (!text.contains('\\')).then(|| (Token::Text(text.to_owned()), end + 2))
}

fn number(rest: &str) -> Option<(Token, usize)> {
    let length = rest.find(|c: char| !is_word(c) && c != '.').unwrap_or(rest.len());
    let value: f64 = rest[..length].parse().ok()?;
    // Above that not every whole number is one of these.
    (value < 9e15).then_some((Token::Number(value), length))
}

fn word(rest: &str) -> Option<(Token, usize)> {
    let length = rest.find(|c: char| !is_word(c) && c != '.').unwrap_or(rest.len());
    let token = match &rest[..length] {
        "and" | "or" => Token::Joins,
        "not" => Token::Not,
        "in" => Token::In,
        "true" | "false" | "none" | "True" | "False" | "None" => Token::Constant,
        "is" | "if" | "else" => return None,
        _ => Token::Name,
    };
    Some((token, length))
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comparisons_with_literals_are_read() {
        let read = |source: &str| literals(source).unwrap_or_else(|| panic!("{source}"));
        let both = read("x > 3 and (steps.a.done or not y == 'no') and z in [-1, 2.5]");
        assert_eq!(both.numbers, [3.0, -1.0, 2.5]);
        assert_eq!(both.texts, ["no"]);
        assert_eq!(read("phase not in [\"一\", '二']").texts, ["一", "二"]);
        assert_eq!(read("flag"), Literals::default());
        assert_eq!(read("3 < x and x != -2").numbers, [3.0, -2.0]);
    }

    #[test]
    fn what_computes_or_compares_names_is_left_alone() {
        for source in [
            "x + 1 > 3",
            "x - 1 > 3",
            "x > y",
            "x|length > 3",
            "x is none",
            "(x or y) == 3",
            "x == (y)",
            "\"a\" in names",
            "x in [y]",
            "x[0] == 1",
            "f(x)",
            "x ~ 'a' == 'ba'",
            "x == 'a\\n'",
            "1 if x else 2",
            "x > 99999999999999999999",
            "x = 3",
        ] {
            assert_eq!(literals(source), None, "{source}");
        }
    }
}
