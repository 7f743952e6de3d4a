//! A file and what was read into it from other files, on one line of positions: a [`Span`] says by
//! itself which file it is in, so trees of several files can be put together without the readers
//! knowing. It must not know why one file is read into another.

use crate::playbook::source::{Source, Span};

/// A file with the files that are used in it. A file used twice is there twice, so that each of its
/// places has one way back to the place that uses it.
#[derive(Debug, Clone)]
pub struct Sources {
    main: Source,
    uses: Vec<Use>,
}

/// One use of a file.
#[derive(Debug, Clone)]
struct Use {
    /// The position of its first byte.
    start: usize,
    source: Source,
    /// Where it is used.
    at: Span,
}

impl Sources {
    /// Returns the file that all else is used in.
    #[must_use]
    pub const fn main(&self) -> &Source {
        &self.main
    }

    /// Reads a file in at a place; returns by how much its own positions move.
    pub fn include(&mut self, source: Source, at: Span) -> usize {
        let (start, last) = match self.uses.last() {
            Some(last) => (last.start, &last.source),
            None => (0, &self.main),
        };
        // Positions just behind a text belong to it: that is where something is missing.
        let start = start + last.text().len() + 2;
        self.uses.push(Use { start, source, at });
        start
    }

    /// Returns the file that a place is in, and the place as that file counts.
    #[must_use]
    pub fn locate(&self, span: Span) -> (&Source, Span) {
        match self.used(span) {
            Some(used) => {
                let (start, end) = (span.start - used.start, span.end.max(span.start) - used.start);
                (&used.source, Span::new(start, end))
            }
            None => (&self.main, span),
        }
    }

    /// Returns the places through which the file of this place is used, from the nearest outwards;
    /// none for a place of the main file.
    pub fn trail(&self, span: Span) -> impl Iterator<Item = Span> {
        std::iter::successors(self.used(span), |used| self.used(used.at)).map(|used| used.at)
    }

    /// Returns the text of a place, or nothing where it does not lie on characters.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        let (source, span) = self.locate(span);
        source.slice(span)
    }

    fn used(&self, span: Span) -> Option<&Use> {
        let after = self.uses.partition_point(|used| used.start <= span.start);
        self.uses.get(after.checked_sub(1)?)
    }
}

impl From<Source> for Sources {
    fn from(main: Source) -> Self {
        Self { main, uses: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(name: &str, text: &str) -> Source {
        Source::new(name, text).expect("plain text")
    }

    #[test]
    fn every_place_knows_its_file_and_the_way_back() {
        let mut sources = Sources::from(source("plan", "use: a"));
        let first = sources.include(source("a", "use: b"), Span::new(5, 6));
        let second = sources.include(source("b", "客户"), Span::new(first + 5, first + 6));
        let here = Span::new(second + 3, second + 6);
        assert_eq!(sources.locate(here), (&source("b", "客户"), Span::new(3, 6)));
        assert_eq!(sources.slice(here), "户");
        let trail: Vec<Span> = sources.trail(here).collect();
        assert_eq!(trail, [Span::new(first + 5, first + 6), Span::new(5, 6)]);
        assert_eq!(sources.trail(Span::new(5, 6)).count(), 0);
    }

    #[test]
    fn the_end_of_a_file_is_still_in_it() {
        let mut sources = Sources::from(source("plan", "a: b"));
        let shift = sources.include(source("a", "c"), Span::new(0, 1));
        assert_eq!(sources.locate(Span::new(4, 5)).0.name(), "plan");
        assert_eq!(sources.locate(Span::new(shift + 1, shift + 2)).0.name(), "a");
    }
}
