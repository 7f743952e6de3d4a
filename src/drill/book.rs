//! The drills in force: the library's drill files, read and held against its playbooks. It must
//! not know who runs them.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use crate::drill::file::code::DUPLICATE_DRILL;
use crate::drill::file::{Playbooks, load};
use crate::drill::scenario::Scenario;
use crate::id::DrillId;
use crate::playbook::diagnostic::{Diagnostic, Diagnostics, both, nearest};
use crate::runtime::Library;

/// The drills of one library.
#[derive(Debug, Default)]
pub struct Book {
    drills: BTreeMap<DrillId, Arc<Scenario>>,
}

impl Book {
    /// Reads the drill files of a library. Files with errors are left out; every finding comes
    /// back, file by file.
    #[must_use]
    pub fn read(library: &Library) -> (Self, Vec<Diagnostics>) {
        let playbooks: Playbooks =
            library.playbooks().map(|plan| (plan.id.clone(), Arc::clone(plan))).collect();
        let mut book = Self::default();
        let mut all = Vec::new();
        for file in library.drill_files() {
            let name = file.path.display().to_string();
            let (scenario, mut findings) = load(&name, &file.bytes, &playbooks);
            if let Some(scenario) = scenario {
                match book.drills.entry(scenario.id.clone()) {
                    Entry::Vacant(place) => drop(place.insert(Arc::new(scenario))),
                    Entry::Occupied(place) => findings.push(defined_twice(place.key())),
                }
            }
            all.push(findings);
        }
        (book, all)
    }

    /// Checks the drill files of a library, as the runtime asks on every reload.
    #[must_use]
    pub fn check(library: &Library) -> Vec<Diagnostics> {
        Self::read(library).1
    }

    /// Returns the drill of that name.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Arc<Scenario>> {
        self.drills.get(id)
    }

    /// Walks the drills by name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Scenario>> {
        self.drills.values()
    }

    /// Returns the names closest to one that is not there.
    #[must_use]
    pub fn closest(&self, name: &str) -> Vec<String> {
        nearest(name, self.drills.keys().map(DrillId::as_str))
            .into_iter()
            .map(str::to_owned)
            .collect()
    }
}

fn defined_twice(id: &DrillId) -> Diagnostic {
    let message =
        both!("另一个文件已定义演练 `{id}`", "another file already defines the drill `{id}`");
    Diagnostic::new(DUPLICATE_DRILL, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people::Directory;

    #[test]
    fn a_name_that_two_files_claim_is_found_and_the_first_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = dir.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let drill = include_str!("fixtures/ten-steps-drill.yaml");
        let files = [
            write("plan.yaml", include_str!("fixtures/ten-steps.yaml")),
            write("one.yaml", drill),
            write("two.yaml", &drill.replace("seed: 42", "seed: 43")),
            write("broken.yaml", "drill: broken\n"),
        ];
        let library =
            Library::of_files(&files, &Directory::built_in(), jiff::Timestamp::UNIX_EPOCH, false);
        let (book, findings) = Book::read(&library);
        assert_eq!(book.iter().count(), 1);
        assert_eq!(book.get("ten-steps-drill").unwrap().seed, 42);
        assert_eq!(book.closest("ten-step-drill"), ["ten-steps-drill"]);
        let codes: Vec<_> = findings.iter().flat_map(|f| f.iter().map(|d| d.code)).collect();
        assert!(codes.contains(&DUPLICATE_DRILL) && codes.len() > 1);
    }
}
