//! A plan on its way in: the tree of a playbook with remarks for its author, and names that are
//! allowed and stand once. It must not know where the plan comes from.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization;

use crate::playbook::yaml::{self, Node, Remarks};
use crate::playbook::{NAME_CHARS_MAX, is_identifier};

/// A playbook as an author gets it.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// The plan, in the language of plans.
    pub root: Node,
    /// What the author must still decide, and what could not be carried over.
    pub remarks: Remarks,
}

impl Draft {
    /// Writes the plan with its remarks as YAML.
    #[must_use]
    pub fn to_yaml(&self) -> String {
        yaml::write(&self.root, &self.remarks)
    }
}

/// Names that were given in a plan.
#[derive(Debug, Default)]
pub(super) struct Names(BTreeSet<String>);

impl Names {
    /// Makes an identifier of what people call a thing; `fallback` is one already.
    pub(super) fn make(&mut self, said: &str, fallback: &str) -> String {
        let name = identifier(said).unwrap_or_else(|| fallback.to_owned());
        let mut free = name.clone();
        let mut n = 2;
        while self.0.contains(&free) {
            let tail = format!("_{n}");
            let room = NAME_CHARS_MAX - tail.len();
            free = name.chars().take(room).chain(tail.chars()).collect();
            n += 1;
        }
        self.0.insert(free.clone());
        free
    }
}

/// The longest name made of a title: what a person still likes to type.
const MADE_CHARS_MAX: usize = 40;

fn identifier(said: &str) -> Option<String> {
    let mut name = String::new();
    for c in said.nfc() {
        if c.is_alphabetic() || c.is_ascii_digit() {
            name.extend(c.to_lowercase());
        } else if !name.is_empty() && !name.ends_with('_') {
            name.push('_');
        }
    }
    let name: String = name.nfc().collect();
    let name = name.trim_start_matches(|c: char| !c.is_alphabetic());
    let name: String = name.chars().take(MADE_CHARS_MAX).collect();
    let name = name.trim_end_matches('_');
    is_identifier(name).then(|| name.to_owned())
}

/// Makes a slug of a title; `fallback` is one already.
pub(super) fn slug(said: &str, fallback: &str) -> String {
    let mut slug = String::new();
    for c in said.to_lowercase().chars() {
        if c.is_ascii_lowercase() || c.is_ascii_digit() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(MADE_CHARS_MAX);
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { fallback.to_owned() } else { slug.to_owned() }
}

/// Makes a text one that a plan's file may hold.
pub(super) fn tidy(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}

/// The keys and values of a mapping that is being made.
pub(super) type Entries = Vec<(String, Node)>;

/// Adds a key to a mapping that is being made.
pub(super) fn put(entries: &mut Entries, key: &str, value: impl Into<Node>) {
    entries.push((key.to_owned(), value.into()));
}

impl From<&str> for Node {
    fn from(text: &str) -> Self {
        Self::text_of(text)
    }
}

impl From<String> for Node {
    fn from(text: String) -> Self {
        Self::text_of(text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::playbook::is_slug;

    #[test]
    fn names_come_from_titles_and_stand_once() {
        let mut names = Names::default();
        assert_eq!(names.make("3. Isolate the host!", "x"), "isolate_the_host");
        assert_eq!(names.make("Isolate the host", "x"), "isolate_the_host_2");
        assert_eq!(names.make("通知 客户", "x"), "通知_客户");
        assert_eq!(names.make("--- 42", "step_1"), "step_1");
        assert_eq!(names.make("not", "step_2"), "step_2");
        assert_eq!(slug("Data leak: first hour", "x"), "data-leak-first-hour");
        assert_eq!(slug("数据泄露", "imported"), "imported");
    }

    proptest! {
        #[test]
        fn every_title_makes_names_that_plans_allow(said in "\\PC{0,60}") {
            let mut names = Names::default();
            let (one, two) = (names.make(&said, "step"), names.make(&said, "step"));
            prop_assert!(is_identifier(&one) && is_identifier(&two) && one != two, "{one} {two}");
            prop_assert!(is_slug(&slug(&said, "plan")));
        }
    }
}
