//! Finds the parts of plans on disk: in folders beside the plans, one for each kind. Each part is
//! checked by itself as well, whether a plan uses it or not.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::library::{Unreadable, read_bounded, yaml_files};
use crate::people::Directory;
use crate::playbook::diagnostic::Diagnostics;
use crate::playbook::part::{Part, PartKind, check};
use crate::playbook::{Context, Shelf};

/// The parts that lie beside plans, by the folder of the plans.
#[derive(Debug, Default)]
pub(super) struct Shelves {
    by_folder: BTreeMap<PathBuf, Shelf>,
    pub(super) findings: Vec<Diagnostics>,
    pub(super) unreadable: Vec<Unreadable>,
    /// Files read, each once however it was named.
    read: BTreeSet<PathBuf>,
}

impl Shelves {
    /// Returns the parts beside the plans of a folder, reading them the first time.
    pub(super) fn beside(&mut self, folder: &Path, directory: Option<&Directory>) -> &Shelf {
        if !self.by_folder.contains_key(folder) {
            let mut shelf = Shelf::default();
            for kind in PartKind::ALL {
                let dir = folder.join(kind.folder());
                let files = if dir.is_dir() { yaml_files(&dir) } else { Ok(Vec::new()) };
                match files {
                    Ok(files) => {
                        files.iter().for_each(|file| self.put(&mut shelf, kind, file));
                    }
                    Err(error) => self.unreadable.push(error),
                }
            }
            self.examine(&shelf, directory);
            self.by_folder.insert(folder.to_owned(), shelf);
        }
        self.by_folder.entry(folder.to_owned()).or_default()
    }

    /// Reads a part that was asked for by its file, with those it may use.
    pub(super) fn take(&mut self, kind: PartKind, file: &Path, directory: Option<&Directory>) {
        let parent = file.parent().unwrap_or_else(|| Path::new(""));
        if parent.file_name().is_some_and(|name| name == kind.folder()) {
            let folder = parent.parent().unwrap_or_else(|| Path::new(""));
            self.beside(folder, directory);
        } else {
            let mut shelf = self.beside(parent, directory).clone();
            self.put(&mut shelf, kind, file);
            self.examine(&shelf, directory);
        }
    }

    /// Counts the files that were read.
    pub(super) fn count(&self) -> usize {
        self.read.len()
    }

    /// Returns the parts beside the plans of a folder that was read.
    pub(super) fn get(&self, folder: &Path) -> Option<&Shelf> {
        self.by_folder.get(folder)
    }

    fn put(&mut self, shelf: &mut Shelf, kind: PartKind, file: &Path) {
        if !self.read.insert(std::fs::canonicalize(file).unwrap_or_else(|_| file.to_owned())) {
            return;
        }
        let bytes = match read_bounded(file) {
            Ok(bytes) => bytes,
            Err(error) => {
                self.unreadable.push(Unreadable::refused(file, &error));
                return;
            }
        };
        let part = Part::read(kind, &file.display().to_string(), &bytes);
        if let Err(findings) = part.and_then(|part| shelf.put(part)) {
            self.findings.push(findings);
        }
    }

    fn examine(&mut self, shelf: &Shelf, directory: Option<&Directory>) {
        let context = Context { directory, shelf: Some(shelf), now: None };
        let found = shelf.iter().map(|part| check(part, &context));
        self.findings.extend(found.filter(|found| !found.is_empty()));
    }
}

/// Returns the kind of part that a file's bytes say it is; `None` for plans and drills.
pub(super) fn kind_of(bytes: &[u8]) -> Option<PartKind> {
    // A plan may name a calendar, by the key that a calendar's own name stands under.
    if has_key(bytes, "playbook") {
        return None;
    }
    PartKind::ALL.into_iter().find(|kind| has_key(bytes, kind.key()))
}

/// Some editors put it before the first key.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Tells whether a file has this key at the margin.
pub(super) fn has_key(bytes: &[u8], key: &str) -> bool {
    let is_it =
        |line: &[u8]| line.strip_prefix(key.as_bytes()).is_some_and(|rest| rest.starts_with(b":"));
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    bytes.split(|byte| *byte == b'\n').any(is_it)
}
