//! What was found wrong, over all the places a setting can come from.

use crate::playbook::diagnostic::{Diagnostics, Rendering, Row};
use crate::text::Lang;

/// The findings about the file, the environment and the command line, in that order.
#[derive(Debug, Clone, Default)]
pub struct Findings(Vec<Diagnostics>);

impl Findings {
    pub(super) fn new(of_each: Vec<Diagnostics>) -> Self {
        Self(of_each.into_iter().filter(|one| !one.is_empty()).collect())
    }

    /// Tells whether nothing was found.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Tells whether the configuration cannot be used.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(Diagnostics::has_errors)
    }

    /// Walks the collections, one for each place that has findings.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostics> {
        self.0.iter()
    }

    /// Writes all findings as a compiler would, in one language.
    #[must_use]
    pub fn render(&self, rendering: Rendering) -> String {
        self.0.iter().map(|one| one.render(rendering)).collect::<Vec<_>>().join("\n")
    }

    /// Returns the findings as flat rows for machines.
    #[must_use]
    pub fn rows(&self, lang: Lang) -> Vec<Row> {
        self.0.iter().flat_map(|one| one.rows(lang)).collect()
    }
}
