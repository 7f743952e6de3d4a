//! A file's name and text, and the places in it. Owns what a file may be before anyone parses it:
//! its size, its encoding. It must not know YAML.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use unicode_width::UnicodeWidthChar;

use crate::playbook::diagnostic::{Code, Diagnostic, both};

/// The largest source file: twenty times the longest plan anyone has shown us, and small enough
/// to refuse before reading.
pub const BYTES_MAX: usize = 1024 * 1024;

/// The file is larger than [`BYTES_MAX`].
pub const TOO_LARGE: Code = Code::new("E0101");
/// The file is not UTF-8.
pub const NOT_UTF8: Code = Code::new("E0102");
/// The file holds a control character that no text file has.
pub const CONTROL_CHARACTER: Code = Code::new("E0103");

/// A half-open range of bytes in a [`Source`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

impl Span {
    /// Makes the range `start..end`.
    #[must_use]
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// Returns the smallest range that covers both.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// Returns the range as the standard library writes it.
    #[must_use]
    pub const fn range(self) -> Range<usize> {
        self.start..self.end
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.start, self.end)
    }
}

/// A place a person can find: line and column, both from 1; the column counts characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line, from 1.
    pub line: usize,
    /// The character in the line, from 1; a Chinese character counts as one.
    pub column: usize,
}

/// A file's name and its text. Cheap to clone.
#[derive(Clone, PartialEq, Eq)]
pub struct Source {
    name: Arc<str>,
    text: Arc<str>,
}

impl Source {
    /// Makes a source of a text that is already in memory.
    ///
    /// # Errors
    /// A text that [`Source::from_bytes`] would refuse.
    pub fn new(name: impl AsRef<str>, text: impl AsRef<str>) -> Result<Self, Rejected> {
        Self::from_bytes(name, text.as_ref().as_bytes())
    }

    /// Makes a source of a file's bytes: at most [`BYTES_MAX`], UTF-8, without control characters.
    ///
    /// A byte order mark at the start is dropped.
    ///
    /// # Errors
    /// Bytes that break one of these rules, as a diagnostic.
    pub fn from_bytes(name: impl AsRef<str>, bytes: &[u8]) -> Result<Self, Rejected> {
        let named = |text: &str| Self { name: name.as_ref().into(), text: text.into() };
        if bytes.len() > BYTES_MAX {
            return Err(too_large(named(""), bytes.len()));
        }
        let text = match str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => return Err(not_utf8(name.as_ref(), bytes, error.valid_up_to())),
        };
        let source = named(text.strip_prefix('\u{feff}').unwrap_or(text));
        match source.text.char_indices().find(|(_, c)| is_forbidden(*c)) {
            Some((at, c)) => Err(control_character(source, at, c)),
            None => Ok(source),
        }
    }

    /// Returns the file's name as it was given.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the whole text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the text of a span, or nothing where the span does not lie on characters.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.range()).unwrap_or_default()
    }

    /// Returns the line and column of a byte.
    #[must_use]
    pub fn place(&self, byte: usize) -> Place {
        let at = self.text.floor_char_boundary(byte);
        let before = &self.text[..at];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Place {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }

    /// Returns how many terminal cells lie before a byte in its line; a Chinese character takes two.
    #[must_use]
    pub fn cells_before(&self, byte: usize) -> usize {
        let at = self.text.floor_char_boundary(byte);
        let line_start = self.text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        self.text[line_start..at].chars().map(|c| c.width().unwrap_or(0)).sum()
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Source({}, {} bytes)", self.name, self.text.len())
    }
}

/// A file that cannot be a source, with the reason. What could be read of it is kept, so that the
/// reason can be shown in its place.
#[derive(Debug, Clone)]
pub struct Rejected {
    /// The part of the file that can be shown.
    pub source: Source,
    /// Why it is refused.
    pub diagnostic: Box<Diagnostic>,
}

const fn is_forbidden(c: char) -> bool {
    matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}')
}

fn too_large(source: Source, bytes: usize) -> Rejected {
    let most = BYTES_MAX / 1024;
    let diagnostic = Diagnostic::new(
        TOO_LARGE,
        both!(
            "文件有 {bytes} 字节，超过上限 {most} KiB",
            "the file has {bytes} bytes, more than {most} KiB"
        ),
    )
    .help(both!("拆成多个文件", "split it into several files"));
    Rejected { source, diagnostic: Box::new(diagnostic) }
}

fn not_utf8(name: &str, bytes: &[u8], at: usize) -> Rejected {
    let source = Source { name: name.into(), text: String::from_utf8_lossy(bytes).into() };
    let diagnostic = Diagnostic::new(
        NOT_UTF8,
        both!("第 {at} 个字节起不是 UTF-8", "the bytes from {at} on are not UTF-8"),
    )
    .at(Span::new(at, at + char::REPLACEMENT_CHARACTER.len_utf8()))
    .help(both!(
        "用 UTF-8 编码重新保存（GBK 等编码不受支持）",
        "save the file as UTF-8 (other encodings such as GBK are not read)"
    ));
    Rejected { source, diagnostic: Box::new(diagnostic) }
}

fn control_character(source: Source, at: usize, c: char) -> Rejected {
    let number = u32::from(c);
    let diagnostic = Diagnostic::new(
        CONTROL_CHARACTER,
        both!(
            "文件含有控制字符 U+{number:04X}",
            "the file holds the control character U+{number:04X}"
        ),
    )
    .at(Span::new(at, at + c.len_utf8()))
    .help(both!("删去它", "remove it"));
    Rejected { source, diagnostic: Box::new(diagnostic) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_counts_characters_and_cells_count_width() {
        let source = Source::new("plan.yaml", "a: b\n标题: x\n").expect("plain text");
        let at = source.text().find('x').expect("present");
        assert_eq!(source.place(at), Place { line: 2, column: 5 });
        assert_eq!(source.cells_before(at), 6);
        assert_eq!(source.place(0), Place { line: 1, column: 1 });
        assert_eq!(source.place(usize::MAX), Place { line: 3, column: 1 });
    }

    #[test]
    fn a_file_is_refused_for_size_encoding_and_control_characters() {
        let code = |bytes: &[u8]| {
            Source::from_bytes("x.yaml", bytes).expect_err("must be refused").diagnostic.code
        };
        assert_eq!(code(&vec![b'a'; BYTES_MAX + 1]), TOO_LARGE);
        assert_eq!(code(b"title: \xb5\xe7\xbb\xb0"), NOT_UTF8);
        assert_eq!(code(b"title: a\0b"), CONTROL_CHARACTER);
        assert_eq!(code(b"title: \x1b[31m"), CONTROL_CHARACTER);
        assert!(Source::from_bytes("x.yaml", &vec![b'a'; BYTES_MAX]).is_ok());
    }

    #[test]
    fn a_byte_order_mark_is_dropped() {
        let source = Source::new("x.yaml", "\u{feff}a: b").expect("plain text");
        assert_eq!(source.text(), "a: b");
    }

    #[test]
    fn a_refusal_shows_what_can_be_read() {
        let rejected = Source::from_bytes("x.yaml", b"a: 1\nb: \xff\n").expect_err("refused");
        let span = rejected.diagnostic.span.expect("has a place");
        assert_eq!(rejected.source.place(span.start), Place { line: 2, column: 4 });
    }
}
