//! The drills in force: the library's drill files, read and held against its playbooks. It must
//! not know who runs them.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use jiff::Timestamp;

use crate::drill::clash::{Clash, Same, clashes};
use crate::drill::file::code::{DUPLICATE_DRILL, OVERLAPPING, UNKNOWN_OFFICER};
use crate::drill::file::{Playbooks, load};
use crate::drill::scenario::{Officer, Scenario};
use crate::id::{DrillId, PersonId};
use crate::people::Directory;
use crate::playbook::diagnostic::{Diagnostic, Diagnostics, Severity, both, nearest};
use crate::playbook::yaml;
use crate::runtime::Library;
use crate::text::Text;

/// The drills of one library.
#[derive(Debug, Default)]
pub struct Book {
    drills: BTreeMap<DrillId, Arc<Scenario>>,
    /// Drills whose files have errors, with the first of them.
    broken: BTreeMap<DrillId, Text>,
    /// There are files of which not even the name of a drill can be read.
    nameless: bool,
}

impl Book {
    /// Reads the drill files of a library. Files with errors are left out; every finding comes
    /// back, file by file.
    #[must_use]
    pub fn read(library: &Library) -> (Self, Vec<Diagnostics>) {
        let playbooks: Playbooks =
            library.playbooks().map(|plan| (plan.id.clone(), Arc::clone(plan))).collect();
        let nameless = !library.unreadable().is_empty();
        let mut book = Self { nameless, ..Self::default() };
        let mut all = Vec::new();
        for file in library.drill_files() {
            let name = file.path.display().to_string();
            let (scenario, mut findings) = load(&name, &file.bytes, &playbooks);
            let called = name_in(&name, &file.bytes);
            book.nameless |= called.is_none();
            if scenario.is_none()
                && let Some(id) = called
                && let Some(error) = findings.iter().find(|one| one.severity() == Severity::Error)
            {
                book.broken.insert(id, error.message.clone());
            }
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

    /// Checks the drill files of a library as [`Book::check`] does, and against the people and each
    /// other in the year to come.
    #[must_use]
    pub fn check_among(
        library: &Library,
        directory: &Directory,
        now: Timestamp,
    ) -> Vec<Diagnostics> {
        let (book, mut findings) = Self::read(library);
        let mut say = |drill: &DrillId, said: Diagnostic| {
            let files = library.drill_files().iter().zip(&mut findings);
            let source = book.drills.get(drill).map(|scenario| scenario.source.as_bytes());
            let own = files.filter(|(file, _)| source.is_some_and(|source| *source == *file.bytes));
            own.take(1).for_each(|(_, findings)| findings.push(said.clone()));
        };
        for clash in clashes(book.iter(), library.plans(), directory, now) {
            say(&clash.one, overlapping(&clash, &clash.other));
            say(&clash.other, overlapping(&clash, &clash.one));
        }
        for scenario in book.iter().filter(|_| !directory.is_built_in()) {
            for officer in &scenario.safety_officers {
                if let Some(said) = unknown_officer(officer, directory) {
                    say(&scenario.id, said);
                }
            }
        }
        findings
    }

    /// Returns the drill of that name.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Arc<Scenario>> {
        self.drills.get(id)
    }

    /// Walks the drills that are not in force because of errors in their files, with the first error.
    pub fn broken(&self) -> impl Iterator<Item = (&DrillId, &Text)> {
        self.broken.iter().filter(|(id, _)| !self.drills.contains_key(*id))
    }

    /// Tells whether a drill is there no more: neither in force nor in a file with errors, which may
    /// be any drill's where its name cannot be read.
    #[must_use]
    pub fn is_gone(&self, drill: &DrillId) -> bool {
        !self.nameless && !self.drills.contains_key(drill) && !self.broken.contains_key(drill)
    }

    /// Walks the drills by name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Scenario>> {
        self.drills.values()
    }

    /// Returns the names closest to one that is not there.
    #[must_use]
    pub fn closest(&self, name: &str) -> Vec<String> {
        if let Some(alike) = nearest(name, self.drills.keys().map(DrillId::as_str)) {
            return vec![alike.to_owned()];
        }
        // Files are often called after the playbook that they rehearse.
        let of_plan = self.drills.values().filter(|drill| drill.playbook.as_str() == name);
        of_plan.map(|drill| drill.id.to_string()).collect()
    }
}

/// Reads the name out of a drill's file, whatever else is wrong with it.
fn name_in(file: &str, bytes: &[u8]) -> Option<DrillId> {
    let (_, root) = yaml::load(file, bytes).ok()?;
    root.get("drill")?.as_str().map(DrillId::new)
}

fn overlapping(clash: &Clash, other: &DrillId) -> Diagnostic {
    let at = clash.at.strftime("%Y-%m-%d %H:%MZ");
    let message = match &clash.on {
        Same::Plan => both!(
            "与演练 `{other}` 撞期：{at} 两者演练同一份预案",
            "it falls together with the drill `{other}`: at {at} both rehearse one plan"
        ),
        Same::People(people) => {
            let names: Vec<&str> = people.iter().map(PersonId::as_str).collect();
            let (zh, en) = (names.join("、"), names.join(", "));
            both!(
                "与演练 `{other}` 撞期：{at} 两者都先找 {zh}",
                "it falls together with the drill `{other}`: at {at} both ask {en} first"
            )
        }
    };
    let help = both!(
        "错开两者的 `schedule`；确实要同时进行就不必改",
        "move one `schedule`; leave it where both at once is what you mean"
    );
    Diagnostic::new(OVERLAPPING, message).help(help)
}

fn unknown_officer(officer: &Officer, directory: &Directory) -> Option<Diagnostic> {
    let message = match officer {
        Officer::Team(team) if directory.team(team).is_none() => {
            both!(
                "安全负责人 `team/{team}` 没有配置",
                "the safety officers `team/{team}` are not configured"
            )
        }
        Officer::Person(person) if directory.person(person).is_none() => {
            both!(
                "安全负责人 `person/{person}` 没有配置",
                "the safety officer `person/{person}` is not configured"
            )
        }
        Officer::Team(_) | Officer::Person(_) => return None,
    };
    Some(Diagnostic::new(UNKNOWN_OFFICER, message))
}

fn defined_twice(id: &DrillId) -> Diagnostic {
    let message =
        both!("另一个文件已定义演练 `{id}`", "another file already defines the drill `{id}`");
    Diagnostic::new(DUPLICATE_DRILL, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Lang;

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
        let read = |files: &[std::path::PathBuf]| {
            let (people, now) = (Directory::built_in(), jiff::Timestamp::UNIX_EPOCH);
            Book::read(&Library::of_files(files, &people, now, false))
        };
        let (book, findings) = read(&files);
        let other = DrillId::new("other");
        assert!(book.is_gone(&other) && !book.is_gone(&"ten-steps-drill".into()));
        assert!(!book.is_gone(&"broken".into()));
        let nameless = [files.as_slice(), &[write("torn.yaml", "drill: [\n")]].concat();
        assert!(!read(&nameless).0.is_gone(&other), "the torn file may be its");
        assert_eq!(book.iter().count(), 1);
        assert_eq!(book.get("ten-steps-drill").unwrap().seed, 42);
        assert_eq!(book.closest("ten-step-drill"), ["ten-steps-drill"]);
        assert_eq!(book.closest("ten-steps"), ["ten-steps-drill"], "that of a playbook");
        let codes: Vec<_> = findings.iter().flat_map(|f| f.iter().map(|d| d.code)).collect();
        assert!(codes.contains(&DUPLICATE_DRILL) && codes.len() > 1);
    }

    #[test]
    fn drills_that_fall_together_are_warned_of_in_both_files() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = dir.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let drill = |id: &str| {
            format!(
                "drill: {id}\ntitle: {{ zh: 演练, en: Drill }}\nplaybook: ten-steps\nrun: exercise\n\
                 start: declare\nschedule: {{ cron: \"0 10 1 12 *\", timezone: UTC }}\n"
            )
        };
        let files = [
            write("plan.yaml", include_str!("fixtures/ten-steps.yaml")),
            write("one.yaml", &drill("one")),
            write("two.yaml", &drill("two")),
        ];
        let (directory, now) = (Directory::built_in(), jiff::Timestamp::UNIX_EPOCH);
        let library = Library::of_files(&files, &directory, now, false);
        let findings = Book::check_among(&library, &directory, now);
        let said: Vec<String> = findings
            .iter()
            .flat_map(|of_file| of_file.iter())
            .filter(|said| said.code == OVERLAPPING)
            .map(|said| said.message.get(Lang::En).to_owned())
            .collect();
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(said[0].contains("`two`: at 1970-12-01 10:00Z both rehearse one plan"), "{said:?}");
        assert!(said[1].contains("`one`"), "{said:?}");
    }
}
