//! All findings about one file.

use crate::playbook::diagnostic::render;
use crate::playbook::diagnostic::{Diagnostic, Rendering, Row, Severity};
use crate::playbook::source::{Rejected, Source, Span};
use crate::playbook::sources::Sources;
use crate::text::Lang;

/// The most findings kept for one file: more than anyone reads, and a bound on what a hostile file
/// can make us write.
pub const FINDINGS_MAX: usize = 100;

/// The findings about one file, in the order of the file.
#[derive(Debug, Clone)]
pub struct Diagnostics {
    sources: Sources,
    items: Vec<Diagnostic>,
    left_out: usize,
}

impl Diagnostics {
    /// Makes an empty collection for a file.
    #[must_use]
    pub fn new(source: Source) -> Self {
        Self { sources: source.into(), items: Vec::new(), left_out: 0 }
    }

    /// Returns the file.
    #[must_use]
    pub const fn source(&self) -> &Source {
        self.sources.main()
    }

    /// Returns the file with what was read into it.
    #[must_use]
    pub const fn sources(&self) -> &Sources {
        &self.sources
    }

    /// Reads another file in at a place; returns by how much its own positions move.
    pub fn include(&mut self, source: Source, at: Span) -> usize {
        self.sources.include(source, at)
    }

    /// Adds a finding. Beyond [`FINDINGS_MAX`] findings are only counted.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        if self.items.len() < FINDINGS_MAX {
            self.items.push(diagnostic);
        } else {
            self.left_out += 1;
        }
    }

    /// Adds a finding that is costly to word; beyond [`FINDINGS_MAX`] it is not even worded.
    pub fn push_with(&mut self, word: impl FnOnce() -> Diagnostic) {
        if self.items.len() < FINDINGS_MAX {
            self.items.push(word());
        } else {
            self.left_out += 1;
        }
    }

    /// Tells whether further findings are only counted.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.items.len() >= FINDINGS_MAX
    }

    /// Adds the finding of a failed attempt and turns success into `Some`.
    pub fn ok<T>(&mut self, result: Result<T, Box<Diagnostic>>) -> Option<T> {
        result.map_err(|diagnostic| self.push(*diagnostic)).ok()
    }

    /// Takes the notes away: what a reader should know where nothing is wrong.
    #[must_use]
    pub fn take_notes(&mut self) -> Self {
        let is_note = |d: &Diagnostic| d.severity() == Severity::Note;
        let mut notes = self.clone();
        (notes.items, notes.left_out) = (self.items.extract_if(.., |d| is_note(d)).collect(), 0);
        notes
    }

    /// Keeps the findings that are to the point.
    pub fn retain(&mut self, wanted: impl FnMut(&Diagnostic) -> bool) {
        self.items.retain(wanted);
    }

    /// Brings the findings into the order of the file, errors before warnings at one place.
    pub fn sort(&mut self) {
        self.items.sort_by_key(|d| (d.span.unwrap_or_default(), d.code));
    }

    /// Walks the findings.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.items.iter()
    }

    /// Tells whether nothing was found.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Counts what was found but not kept.
    #[must_use]
    pub const fn left_out(&self) -> usize {
        self.left_out
    }

    /// Tells whether the file cannot be used.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.count(Severity::Error) > 0 || self.left_out > 0
    }

    /// Counts the findings of one gravity.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.items.iter().filter(|d| d.severity() == severity).count()
    }

    /// Writes all findings as a compiler would, in one language.
    #[must_use]
    pub fn render(&self, rendering: Rendering) -> String {
        render::all(self, rendering)
    }

    /// Returns the findings as flat rows for machines, words in one language.
    #[must_use]
    pub fn rows(&self, lang: Lang) -> Vec<Row> {
        self.items.iter().map(|d| Row::new(&self.sources, d, lang)).collect()
    }
}

impl From<Rejected> for Diagnostics {
    fn from(rejected: Rejected) -> Self {
        Self { sources: rejected.source.into(), items: vec![*rejected.diagnostic], left_out: 0 }
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::playbook::diagnostic::{Code, both};

    #[test]
    fn findings_are_bounded_and_the_rest_is_counted() {
        let source = Source::new("x.yaml", "a: b").expect("plain text");
        let mut findings = Diagnostics::new(source);
        for n in 0..FINDINGS_MAX + 5 {
            findings.push(Diagnostic::new(Code::new("W0101"), both!("第 {n} 个", "number {n}")));
        }
        assert_eq!(findings.iter().count(), FINDINGS_MAX);
        assert_eq!(findings.left_out(), 5);
        assert!(findings.has_errors(), "what was not looked at may be an error");
    }
}
