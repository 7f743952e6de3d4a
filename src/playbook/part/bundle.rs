//! A plan's text with the texts of the parts it uses: what a version of a plan is, and all that is
//! needed to read it again.

use std::collections::BTreeMap;
use std::fmt;

use sha2::{Digest, Sha256};
use smol_str::SmolStr;

use crate::playbook::part::PartName;
use crate::playbook::source::BYTES_MAX;

/// The most bytes of a plan with its parts: what is stored with every version and read at a start.
pub const BUNDLE_BYTES_MAX: usize = 4 * BYTES_MAX;

/// Stands before each part. No source file may hold it, so texts never have to be escaped.
const SEPARATOR: char = '\u{1e}';

/// A plan's text with the texts of the parts it really uses, by name.
///
/// Written, it is the plan's text and then, for each part in the order of names, a record separator
/// (U+001E), the part's name, a line feed and the part's text. Line ends are those of Unix. The
/// hash of a version is that of these bytes; a plan without parts is written as its text alone.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Bundle {
    plan: String,
    parts: BTreeMap<PartName, String>,
}

impl Bundle {
    /// Puts a version together.
    #[must_use]
    pub fn new<'a>(plan: &str, parts: impl IntoIterator<Item = (PartName, &'a str)>) -> Self {
        let parts = parts.into_iter().map(|(name, text)| (name, canonical(text))).collect();
        Self { plan: canonical(plan), parts }
    }

    /// Returns the plan's own text.
    #[must_use]
    pub fn plan(&self) -> &str {
        &self.plan
    }

    /// Returns the parts with their texts, in the order of names.
    pub fn parts(&self) -> impl Iterator<Item = (&PartName, &str)> {
        self.parts.iter().map(|(name, text)| (name, text.as_str()))
    }

    /// Counts the bytes of its texts.
    #[must_use]
    pub fn size(&self) -> usize {
        self.plan.len() + self.parts.values().map(String::len).sum::<usize>()
    }

    /// Writes it as it is stored.
    #[must_use]
    pub fn write(&self) -> String {
        let mut out = self.plan.clone();
        for (name, text) in &self.parts {
            out.push(SEPARATOR);
            out.push_str(&format!("{name}\n{text}"));
        }
        out
    }

    /// Reads what [`Bundle::write`] wrote; `None` where it names a part of an unknown kind.
    #[must_use]
    pub fn read(written: &str) -> Option<Self> {
        let mut pieces = written.split(SEPARATOR);
        let plan = pieces.next().unwrap_or_default();
        let parts = pieces.map(|piece| {
            let (name, text) = piece.split_once('\n')?;
            Some((PartName::parse(name)?, text))
        });
        Some(Self::new(plan, parts.collect::<Option<Vec<_>>>()?))
    }

    /// Returns the SHA-256, in hex, of what is stored.
    #[must_use]
    pub fn hash(&self) -> SmolStr {
        SmolStr::new(hex::encode(Sha256::digest(self.write().as_bytes())))
    }
}

impl fmt::Debug for Bundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = self.parts.keys().map(ToString::to_string).collect();
        write!(f, "Bundle({} bytes, {parts:?})", self.size())
    }
}

fn canonical(text: &str) -> String {
    text.replace("\r\n", "\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::playbook::part::PartKind;

    fn name(name: &str) -> PartName {
        PartName { kind: PartKind::Steps, name: name.into() }
    }

    #[test]
    fn a_plan_alone_is_known_by_the_hash_of_its_text() {
        let bundle = Bundle::new("playbook: a\r\n", []);
        assert_eq!(bundle.write(), "playbook: a\n");
        assert_eq!(bundle.hash(), hex::encode(Sha256::digest("playbook: a\n")).as_str());
    }

    #[test]
    fn what_is_written_reads_back_whatever_the_order_it_was_put_in() {
        let there = [(name("b"), "library: b\n"), (name("a"), "library: a\n")];
        let bundle = Bundle::new("playbook: a\n", there.clone());
        assert_eq!(Bundle::read(&bundle.write()), Some(bundle.clone()));
        assert_eq!(Bundle::new("playbook: a\n", there.into_iter().rev()).hash(), bundle.hash());
    }

    #[test]
    fn every_text_and_name_counts_for_the_hash() {
        let hash =
            |plan: &str, part: &str, text: &str| Bundle::new(plan, [(name(part), text)]).hash();
        let all =
            [hash("p", "a", "t"), hash("q", "a", "t"), hash("p", "b", "t"), hash("p", "a", "u")];
        let different: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(different.len(), all.len());
    }

    #[test]
    fn a_part_of_an_unknown_kind_is_not_passed_over() {
        assert_eq!(Bundle::read("playbook: a\n\u{1e}spells/x\nspell: x\n"), None);
        assert_eq!(Bundle::read("playbook: a\n\u{1e}steps"), None);
    }
}
