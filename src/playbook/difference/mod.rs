//! What changed between two versions of a plan, in meaning: who acts, by when, which way it goes,
//! who is told. Order, layout and comments do not count. It must not know where a plan came from.

mod aspect;
mod law;
mod said;
mod shown;
mod spell;

use std::collections::{BTreeMap, BTreeSet};

pub use aspect::{Aspect, Matter, Subject, SubjectKind};

use sha2::{Digest as _, Sha256};

use crate::playbook::Playbook;

/// How much of a hash marks a part: enough to tell versions of one part apart, and no more is
/// promised of it.
const MARK_BYTES: usize = 6;

/// One change of meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What it is about.
    pub subject: Subject,
    /// What of it changed.
    pub what: What,
}

/// What changed of a subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// Something about it is another.
    Changed {
        /// Which side of it.
        aspect: Aspect,
        /// What the old plan says; `None` nothing.
        before: Option<String>,
        /// What the new plan says; `None` nothing.
        after: Option<String>,
    },
}

impl Change {
    /// Tells what kind of matter the change is.
    #[must_use]
    pub const fn matter(&self) -> Matter {
        match &self.what {
            What::Added | What::Removed => self.subject.kind.matter(),
            What::Changed { aspect, .. } => aspect.matter(),
        }
    }
}

/// What a plan says of one subject.
type Sayings = BTreeMap<Aspect, String>;

/// Lists what changed in meaning, by subject.
#[must_use]
pub fn difference(old: &Playbook, new: &Playbook) -> Vec<Change> {
    let (old, new) = (said::of(old), said::of(new));
    let mut changes = Vec::new();
    let subjects: BTreeSet<_> = old.keys().chain(new.keys()).collect();
    for subject in subjects {
        let change = |what| Change { subject: subject.clone(), what };
        match (old.get(subject), new.get(subject)) {
            (None, Some(_)) => changes.push(change(What::Added)),
            (Some(_), None) => changes.push(change(What::Removed)),
            (Some(before), Some(after)) => changes.extend(sides(before, after).map(change)),
            (None, None) => {}
        }
    }
    changes
}

/// Marks each part of a plan by what it says: while the mark stays, so does the part's meaning.
/// What people call it does not count.
#[must_use]
pub fn marks(plan: &Playbook) -> BTreeMap<Subject, String> {
    let mark = |said: Sayings| {
        let mut hasher = Sha256::new();
        for (aspect, says) in said.iter().filter(|(aspect, _)| aspect.matter() != Matter::About) {
            hasher.update(format!("{aspect:?}\0{says}\0"));
        }
        hex::encode(&hasher.finalize()[..MARK_BYTES])
    };
    said::of(plan).into_iter().map(|(subject, said)| (subject, mark(said))).collect()
}

fn sides<'a>(before: &'a Sayings, after: &'a Sayings) -> impl Iterator<Item = What> + 'a {
    let aspects: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    aspects.into_iter().filter_map(|aspect| {
        let (before, after) = (before.get(aspect), after.get(aspect));
        (before != after).then(|| What::Changed {
            aspect: *aspect,
            before: before.cloned(),
            after: after.cloned(),
        })
    })
}

#[cfg(test)]
mod tests;
