//! The rules of names.

use smol_str::SmolStr;

use crate::playbook::diagnostic::{Diagnostic, both};
use crate::playbook::expression::is_reserved;
use crate::playbook::lower::{Lowering, RESERVED_NAME};
use crate::playbook::source::Span;
use crate::playbook::yaml::{BAD_NAME, Fields, Node, wrong_type};
use crate::text::Text;

/// The longest name: what fits beside a step on a phone.
pub const NAME_CHARS_MAX: usize = 64;

/// Words the expression grammar keeps for itself; no name may be one.
const KEYWORDS: [&str; 13] = [
    "and", "or", "not", "in", "is", "if", "else", "true", "false", "none", "True", "False", "None",
];

/// Tells whether a text is an identifier: a letter or CJK character, then letters, digits, `_`.
#[must_use]
pub fn is_identifier(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(char::is_alphabetic)
        && chars.all(|c| c.is_alphabetic() || c.is_ascii_digit() || c == '_')
        && text.chars().count() <= NAME_CHARS_MAX
        && !KEYWORDS.contains(&text)
}

/// Tells whether a text is a slug: `[a-z0-9-]+`.
#[must_use]
pub fn is_slug(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !text.is_empty() && text.len() <= NAME_CHARS_MAX && text.chars().all(allowed)
}

impl Lowering<'_> {
    /// Reads an identifier; the tree has its texts in NFC already.
    pub(super) fn identifier(&mut self, text: &str, span: Span) -> Option<SmolStr> {
        if is_identifier(text) {
            return Some(SmolStr::new(text));
        }
        self.out.push(
            Diagnostic::new(BAD_NAME, both!("`{text}` 不能作标识", "`{text}` cannot be a name"))
                .at(span)
                .help(both!(
                    "以字母或汉字开头，只含字母、汉字、数字和 `_`，至多 {NAME_CHARS_MAX} 个字符",
                    "begin with a letter or CJK character; letters, digits and `_` follow; \
                     {NAME_CHARS_MAX} characters at most"
                )),
        );
        None
    }

    /// Reads the `id` that must be there.
    pub(super) fn required_id(&mut self, fields: &mut Fields<'_>) -> Option<SmolStr> {
        let node = fields.require("id", &mut self.out)?;
        let text = node.string(&mut self.out)?;
        self.identifier(text, node.span)
    }

    /// Reads the identifier of a variable, which must not have a meaning of its own.
    pub(super) fn variable(&mut self, text: &str, span: Span) -> Option<crate::id::VarId> {
        let name = self.identifier(text, span)?;
        if is_reserved(&name) {
            self.out.push(
                Diagnostic::new(
                    RESERVED_NAME,
                    both!("`{name}` 是内置名称", "`{name}` has a meaning of its own"),
                )
                .at(span)
                .help(Text::both("换一个名称", "take another name")),
            );
            return None;
        }
        Some(crate::id::VarId::new(name))
    }

    /// Reads a slug.
    pub(super) fn slug<'n>(&mut self, node: &'n Node) -> Option<&'n str> {
        let text = node.string(&mut self.out)?;
        if is_slug(text) {
            return Some(text);
        }
        self.out.push(
            Diagnostic::new(BAD_NAME, both!("`{text}` 不能作标识", "`{text}` cannot be a name"))
                .at(node.span)
                .help(Text::both(
                    "只能用小写字母、数字和 `-`",
                    "use lower-case letters, digits and `-`",
                )),
        );
        None
    }

    /// Reads a name of the directory or of the outside: some text without blanks.
    pub(super) fn label<'n>(&mut self, node: &'n Node) -> Option<&'n str> {
        let Some(text) = node.as_str() else {
            self.out.push(wrong_type(node, &Text::both("名称", "text that is a name")));
            return None;
        };
        let fits = !text.is_empty()
            && text.chars().count() <= NAME_CHARS_MAX
            && !text.contains(|c: char| c.is_whitespace() || c.is_control());
        if fits {
            return Some(text);
        }
        self.out.push(
            Diagnostic::new(BAD_NAME, both!("`{text}` 不能作名称", "`{text}` cannot be a name"))
                .at(node.span)
                .help(both!(
                    "不含空格，至多 {NAME_CHARS_MAX} 个字符",
                    "no blanks, {NAME_CHARS_MAX} characters at most"
                )),
        );
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_letters_or_cjk_then_digits_and_underscores() {
        for good in ["a", "confirm", "manual_failover", "客户", "客户2", "É1"] {
            assert!(is_identifier(good), "{good}");
        }
        let long = "x".repeat(NAME_CHARS_MAX + 1);
        for bad in ["", "1a", "_a", "a-b", "a b", "a.b", "not", "true", "²", long.as_str()] {
            assert!(!is_identifier(bad), "{bad}");
        }
    }

    #[test]
    fn every_identifier_is_a_name_of_the_expression_language() {
        for name in ["confirm", "客户", "\u{e9}", "電話2", "ｘ", "ａｂ"] {
            assert!(is_identifier(name), "{name}");
            let compiled = crate::playbook::Expression::compile(name).expect(name);
            assert_eq!(compiled.names()[0].to_string(), name);
        }
    }

    #[test]
    fn slugs_are_lower_case() {
        assert!(is_slug("service-outage-2"));
        for bad in ["", "Service", "a_b", "客服"] {
            assert!(!is_slug(bad), "{bad}");
        }
    }
}
