//! One finding.

use crate::playbook::diagnostic::suggestion;
use crate::playbook::diagnostic::{Code, Severity};
use crate::playbook::source::Span;
use crate::text::Text;

/// One finding: what is wrong, where, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The kind of finding.
    pub code: Code,
    /// The place it is about, if it has one.
    pub span: Option<Span>,
    /// What is wrong.
    pub message: Text,
    /// A few words beside the marked place.
    pub label: Option<Text>,
    /// Other places that matter, each with a few words.
    pub related: Vec<(Span, Text)>,
    /// What to do, one advice each.
    pub help: Vec<Text>,
    /// Background.
    pub notes: Vec<Text>,
}

impl Diagnostic {
    /// Makes a finding that has no place yet.
    #[must_use]
    pub const fn new(code: Code, message: Text) -> Self {
        Self {
            code,
            span: None,
            message,
            label: None,
            related: Vec::new(),
            help: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Names the place.
    #[must_use]
    pub const fn at(mut self, span: Span) -> Self {
        self.span = Some(span);
        self
    }

    /// Puts a few words beside the place.
    #[must_use]
    pub fn label(mut self, label: Text) -> Self {
        self.label = Some(label);
        self
    }

    /// Points at another place that matters.
    #[must_use]
    pub fn related(mut self, span: Span, label: Text) -> Self {
        self.related.push((span, label));
        self
    }

    /// Adds an advice.
    #[must_use]
    pub fn help(mut self, help: Text) -> Self {
        self.help.push(help);
        self
    }

    /// Adds background.
    #[must_use]
    pub fn note(mut self, note: Text) -> Self {
        self.notes.push(note);
        self
    }

    /// Advises the nearest of `candidates` when one is near enough to have been meant, and else
    /// lists the candidates when they are few.
    #[must_use]
    pub fn did_you_mean<'a>(
        self,
        written: &str,
        candidates: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        match suggestion::advice(written, candidates) {
            Some(advice) => self.help(advice),
            None => self,
        }
    }

    /// Tells how grave the finding is.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        self.code.severity()
    }
}
