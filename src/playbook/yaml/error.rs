//! The YAML parser's complaints in our words.

use serde_yaml::budget::BudgetBreach;
use serde_yaml::{Error, Location};

use crate::playbook::diagnostic::{Diagnostic, both};
use crate::playbook::source::{Source, Span};
use crate::playbook::yaml::reason;
use crate::playbook::yaml::{ALIASES_MAX, DEPTH_MAX, NODES_MAX, NOT_YAML, TOO_COMPLEX};
use crate::text::phrase::placeless;

pub(super) fn translate(source: &Source, error: &Error) -> Diagnostic {
    let error = error.without_snippet();
    let diagnostic = match error {
        Error::Budget { breach, .. } => too_complex(breach),
        Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. }
        | Error::AliasReplayCounterOverflow { .. } => Diagnostic::new(
            TOO_COMPLEX,
            both!("别名展开后过大", "the aliases write out to more than a plan can hold"),
        ),
        Error::RecursiveReferencesRequireWeakTypes { .. } => Diagnostic::new(
            TOO_COMPLEX,
            both!("别名指向它自己所在的值", "an alias stands inside what it stands for"),
        ),
        Error::AliasError { error, .. } => return translate(source, error),
        _ => not_yaml(error),
    };
    match error.location() {
        Some(location) => diagnostic.at(place(source, location)),
        None => diagnostic,
    }
}

fn too_complex(breach: &BudgetBreach) -> Diagnostic {
    let message = match breach {
        BudgetBreach::Depth { .. } => {
            both!("嵌套超过 {DEPTH_MAX} 层", "nested deeper than {DEPTH_MAX} levels")
        }
        BudgetBreach::Aliases { .. }
        | BudgetBreach::Anchors { .. }
        | BudgetBreach::MergeKeys { .. }
        | BudgetBreach::AliasAnchorRatio { .. }
        | BudgetBreach::RecordedAnchorEvents { .. }
        | BudgetBreach::RecordedAnchorBytes { .. } => both!(
            "锚点或别名超过 {ALIASES_MAX} 个，或展开后过大",
            "more than {ALIASES_MAX} anchors or aliases, or they write out to too much"
        ),
        BudgetBreach::Documents { .. } => {
            both!("一个文件只能有一个文档", "a file holds one document")
        }
        _ => both!("超过 {NODES_MAX} 个值", "more than {NODES_MAX} values"),
    };
    Diagnostic::new(TOO_COMPLEX, message).help(both!("拆成多个文件", "split it into several files"))
}

fn not_yaml(error: &Error) -> Diagnostic {
    match error {
        Error::Eof { .. } => Diagnostic::new(NOT_YAML, both!("文件是空的", "the file is empty")),
        Error::MultipleDocuments { .. } => {
            Diagnostic::new(NOT_YAML, both!("一个文件只能有一个文档", "a file holds one document"))
                .help(both!("删去 `---` 之后的内容", "remove what follows `---`"))
        }
        Error::UnknownAnchor { .. } => Diagnostic::new(
            NOT_YAML,
            both!("别名没有对应的锚点", "the alias names no anchor above it"),
        ),
        Error::UnsupportedTag { tag, .. } => {
            Diagnostic::new(NOT_YAML, both!("不支持标签 `{tag}`", "the tag `{tag}` is not known"))
                .help(both!("删去标签", "remove the tag"))
        }
        Error::Message { msg, .. } => refused(msg),
        other => refused(&other.to_string()),
    }
}

fn refused(said: &str) -> Diagnostic {
    let said = placeless(first_line(said));
    let reason = reason::chinese(said);
    Diagnostic::new(NOT_YAML, both!("不是合法的 YAML", "this is not YAML"))
        .note(both!("{reason}", "the parser says: {said}"))
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default().trim()
}

/// Returns the reported place, at least one character wide where the text allows.
fn place(source: &Source, location: Location) -> Span {
    let span = location.span();
    let text = source.text();
    let index = |n: u64| usize::try_from(n).unwrap_or(text.len()).min(text.len());
    let start = match span.byte_offset() {
        Some(byte) => index(byte),
        None => byte_of(text, location),
    };
    let start = text.floor_char_boundary(start);
    let end = index(start as u64 + span.byte_len().unwrap_or(0));
    let one = text[start..].chars().next().map_or(0, char::len_utf8);
    Span::new(start, text.ceil_char_boundary(end.max(start + one)))
}

/// Finds the byte of a line and column where the parser gave no offset.
fn byte_of(text: &str, location: Location) -> usize {
    let line = usize::try_from(location.line()).unwrap_or(usize::MAX).saturating_sub(1);
    let column = usize::try_from(location.column()).unwrap_or(usize::MAX).saturating_sub(1);
    let mut start = 0;
    for (n, content) in text.split_inclusive('\n').enumerate() {
        if n == line {
            let inside = content.char_indices().nth(column).map_or(content.len(), |(at, _)| at);
            return start + inside;
        }
        start += content.len();
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::playbook::yaml::parse;
    use crate::text::Lang;

    fn refused(text: &str) -> (Source, Diagnostic) {
        let source = Source::new("x.yaml", text).expect("plain text");
        let diagnostic = parse(&source).expect_err("must be refused");
        (source, *diagnostic)
    }

    #[test]
    fn what_is_not_yaml_is_refused_at_its_place() {
        for (text, line) in [
            ("a: [1, 2\nb: 3\n", 2),
            ("a: \"unclosed\n", 1),
            ("a: *nobody\n", 1),
            ("a: 1\n---\nb: 2\n", 2),
            ("a:\n\t- x\n", 2),
            ("a: !secret x\n", 1),
        ] {
            let (source, diagnostic) = refused(text);
            assert_eq!(diagnostic.code, NOT_YAML, "{text:?}");
            let span = diagnostic.span.unwrap_or_else(|| panic!("{text:?} has no place"));
            assert!(source.place(span.start).line >= line, "{text:?}: {diagnostic:?}");
        }
    }

    #[test]
    fn what_is_too_complex_is_refused() {
        let deep = format!("a: {}{}", "[".repeat(60), "]".repeat(60));
        let many = format!("a: [{}]", "1,".repeat(NODES_MAX + 1));
        let mut bomb = String::from("a: &a [x,x,x,x,x,x,x,x,x]\n");
        for (name, of) in ["b", "c", "d", "e", "f", "g", "h", "i"].iter().zip("abcdefgh".chars()) {
            let aliases = vec![format!("*{of}"); 9].join(",");
            bomb.push_str(&format!("{name}: &{name} [{aliases}]\n"));
        }
        for text in [deep.as_str(), &many, &bomb, "a: &a [*a]\n"] {
            let start = text.get(..20).unwrap_or(text);
            let (_, diagnostic) = refused(text);
            assert_eq!(diagnostic.code, TOO_COMPLEX, "{start}: {diagnostic:?}");
        }
    }

    #[test]
    fn an_empty_file_is_nothing_at_all() {
        let source = Source::new("x.yaml", "# only a comment\n").expect("plain text");
        let message = match parse(&source) {
            Ok(node) => {
                assert!(node.is_null());
                return;
            }
            Err(diagnostic) => diagnostic.message,
        };
        assert_eq!(message.get(Lang::En), "the file is empty");
    }
}
