//! The plans and drills on disk. A reload swaps the whole set or keeps the last good one and says
//! why; running incidents keep the version they began with either way.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

use super::shelves::{Shelves, has_key, kind_of};
use crate::id::PlaybookId;
use crate::people::Directory;
use crate::playbook::diagnostic::{Diagnostics, both, nearest};
use crate::playbook::source::BYTES_MAX;
use crate::playbook::{self, CheckedSet, Context, Loaded, Playbook, Shelf, rivals};
use crate::text::{Lang, Text, system};

/// The most files read from one folder: a guard against pointing at the wrong one.
const FILES_MAX: usize = 1_000;

/// What lies in `playbooks/` and `drills/`, as of one moment.
#[derive(Debug, Default)]
pub struct Library {
    playbooks: BTreeMap<PlaybookId, Arc<Playbook>>,
    drill_files: Vec<DrillFile>,
    shelves: Shelves,
    /// The folder whose parts serve plans that come over the interface.
    home: PathBuf,
    file_count: usize,
    findings: Vec<Diagnostics>,
    notes: Vec<Diagnostics>,
    unreadable: Vec<Unreadable>,
}

/// What could not be read at all, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// The file or folder.
    pub path: String,
    /// Why.
    pub why: Text,
}

impl Unreadable {
    /// Names a file or folder that the system refuses.
    pub(super) fn refused(path: &Path, error: &io::Error) -> Self {
        Self { path: path.display().to_string(), why: system::both(error) }
    }

    /// Says it in a line.
    #[must_use]
    pub fn say(&self, lang: Lang) -> String {
        format!("{}: {}", self.path, self.why.get(lang))
    }
}

/// A drill's file as it was read; the drill module gives it a meaning.
#[derive(Debug, Clone)]
pub struct DrillFile {
    /// Its path.
    pub path: PathBuf,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// How a reload ended.
#[derive(Debug, Clone)]
pub struct ReloadReport {
    /// The new set is in force.
    pub swapped: bool,
    /// Plans in force now.
    pub playbooks: usize,
    /// Drills in force now.
    pub drills: usize,
    /// What was found, file by file, in the set that was read.
    pub library: Arc<Library>,
}

/// Reads drills' files as the drill module understands them, and reports what is wrong.
pub type DrillCheck = Arc<dyn Fn(&Library) -> Vec<Diagnostics> + Send + Sync>;

impl Library {
    /// Reads every `*.yaml` and `*.yml` file of the two folders. Blocks on the disk. Files that
    /// do not load are left out and reported.
    #[must_use]
    pub fn read(playbooks: &Path, drills: &Path, directory: &Directory, now: Timestamp) -> Self {
        let mut library = Self { home: playbooks.to_owned(), ..Self::default() };
        let files = [library.files(playbooks), library.files(drills)].concat();
        library.shelves.beside(playbooks, Some(directory));
        library.take(&files, Some(directory), Some(now), true);
        library
    }

    /// Reads these files, whatever folder they lie in; `whole` says that there are no further plans,
    /// so that one they call and that is not among them is nowhere. Blocks on the disk.
    #[must_use]
    pub fn of_files(files: &[PathBuf], directory: &Directory, now: Timestamp, whole: bool) -> Self {
        let mut library = Self::default();
        library.take(files, Some(directory), Some(now), whole);
        library
    }

    /// Reads one plan with the parts beside it, whatever the people of this machine are. Blocks on
    /// the disk.
    #[must_use]
    pub fn of_plan(file: &Path) -> Self {
        let mut library = Self::default();
        library.take(&[file.to_owned()], None, None, false);
        library
    }

    /// A drill is known by its first key, so a file in the wrong folder is still read rightly.
    fn take(
        &mut self,
        files: &[PathBuf],
        directory: Option<&Directory>,
        now: Option<Timestamp>,
        whole: bool,
    ) {
        let mut plans = Vec::new();
        for path in files {
            self.file_count += 1;
            let bytes = match read_bounded(path) {
                Ok(bytes) => bytes,
                Err(error) => {
                    self.unreadable.push(Unreadable::refused(path, &error));
                    continue;
                }
            };
            if let Some(kind) = kind_of(&bytes) {
                self.shelves.take(kind, path, directory);
                self.file_count -= 1;
                continue;
            }
            if has_key(&bytes, "drill") {
                self.drill_files.push(DrillFile { path: path.clone(), bytes });
            } else {
                let name = path.display().to_string();
                let folder = path.parent().unwrap_or_else(|| Path::new(""));
                let shelf = Some(self.shelves.beside(folder, directory));
                let context = Context { directory, shelf, now };
                plans.push(Playbook::load(&name, &bytes, &context));
            }
        }
        playbook::check_together(&mut plans, CheckedSet { others: &[], whole });
        plans.into_iter().for_each(|plan| self.admit(plan));
        self.file_count += self.shelves.count();
        let of_parts = std::mem::take(&mut self.shelves.findings);
        of_parts.into_iter().for_each(|found| self.keep(found));
        self.unreadable.append(&mut self.shelves.unreadable);
    }

    /// Keeps what was found; notes apart, for those who ask.
    fn keep(&mut self, mut found: Diagnostics) {
        let notes = found.take_notes();
        for (found, kept) in [(found, &mut self.findings), (notes, &mut self.notes)] {
            if !found.is_empty() {
                kept.push(found);
            }
        }
    }

    fn admit(&mut self, plan: Loaded) {
        let name = plan.findings.source().name().to_owned();
        let earlier = self.playbooks.values();
        let rivals: Vec<_> = earlier.filter_map(|known| rivals(known, &plan)).collect();
        let Loaded { playbook, mut findings, .. } = plan;
        rivals.into_iter().for_each(|found| findings.push(found));
        self.keep(findings);
        let Some(playbook) = playbook else { return };
        if self.playbooks.contains_key(&playbook.id) {
            let id = &playbook.id;
            let why = both!(
                "另一个文件已定义了预案 `{id}`",
                "another file already defines playbook `{id}`"
            );
            self.unreadable.push(Unreadable { path: name, why });
            return;
        }
        self.playbooks.insert(playbook.id.clone(), Arc::new(playbook));
    }

    /// Finds the YAML files of a folder, in order; none where it cannot be read.
    #[must_use]
    pub fn yaml_files(dir: &Path) -> Vec<PathBuf> {
        yaml_files(dir).unwrap_or_default()
    }

    fn files(&mut self, dir: &Path) -> Vec<PathBuf> {
        let found = yaml_files(dir);
        found.unwrap_or_else(|error| {
            self.unreadable.push(error);
            Vec::new()
        })
    }

    /// Returns the parts that plans of the folder may use.
    #[must_use]
    pub fn shelf(&self) -> Option<&Shelf> {
        self.shelves.get(&self.home)
    }

    /// Counts the files that were read, parts included.
    #[must_use]
    pub const fn file_count(&self) -> usize {
        self.file_count
    }

    /// Adds what the drill module found.
    #[must_use]
    pub fn with_findings(mut self, findings: Vec<Diagnostics>) -> Self {
        self.findings.extend(findings.into_iter().filter(|found| !found.is_empty()));
        self
    }

    /// Returns the plan of that name.
    #[must_use]
    pub fn playbook(&self, id: &PlaybookId) -> Option<Arc<Playbook>> {
        self.playbooks.get(id).cloned()
    }

    /// Returns every plan under its name.
    #[must_use]
    pub const fn plans(&self) -> &BTreeMap<PlaybookId, Arc<Playbook>> {
        &self.playbooks
    }

    /// Returns every plan, by name.
    pub fn playbooks(&self) -> impl Iterator<Item = &Arc<Playbook>> {
        self.playbooks.values()
    }

    /// Returns every drill's file.
    #[must_use]
    pub fn drill_files(&self) -> &[DrillFile] {
        &self.drill_files
    }

    /// Returns what a reader should know where nothing is wrong, file by file.
    #[must_use]
    pub fn notes(&self) -> &[Diagnostics] {
        &self.notes
    }

    /// Returns the findings, file by file, without notes; files without any are left out.
    #[must_use]
    pub fn findings(&self) -> &[Diagnostics] {
        &self.findings
    }

    /// Returns what could not be read at all.
    #[must_use]
    pub fn unreadable(&self) -> &[Unreadable] {
        &self.unreadable
    }

    /// Names the files that hold errors or cannot be read, without their folders.
    #[must_use]
    pub fn bad_files(&self) -> Vec<String> {
        let found = self.findings.iter().filter(|found| found.has_errors());
        let unreadable = self.unreadable.iter().map(|unreadable| unreadable.path.as_str());
        let paths = found.map(|found| found.source().name()).chain(unreadable);
        let name = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
        let mut names: Vec<String> = paths.map(name).collect();
        names.sort();
        names.dedup();
        names
    }

    /// Tells whether anything is wrong enough to keep an older set.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        !self.unreadable.is_empty() || self.findings.iter().any(Diagnostics::has_errors)
    }

    /// Returns the names closest to one that is not there.
    #[must_use]
    pub fn closest(&self, name: &str) -> Vec<String> {
        nearest(name, self.playbooks.keys().map(PlaybookId::as_str))
            .into_iter()
            .map(str::to_owned)
            .collect()
    }
}

/// Finds the YAML files of a folder, in order.
///
/// # Errors
/// A folder that cannot be read, or holds more files than are read.
pub(super) fn yaml_files(dir: &Path) -> Result<Vec<PathBuf>, Unreadable> {
    let entries = std::fs::read_dir(dir).map_err(|error| Unreadable::refused(dir, &error))?;
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|e| e == "yaml" || e == "yml"))
        .collect();
    paths.sort();
    if paths.len() > FILES_MAX {
        let why = both!("文件超过 {FILES_MAX} 个", "more than {FILES_MAX} files");
        return Err(Unreadable { path: dir.display().to_string(), why });
    }
    Ok(paths)
}

/// Reads a file without ever holding more than one byte over the bound of sources, so that the
/// loader can say that it is too large.
pub(super) fn read_bounded(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(BYTES_MAX as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drill_is_known_by_its_key_and_not_by_its_folder() {
        assert!(has_key("\u{feff}drill: x\nplaybook: y\n".as_bytes(), "drill"));
        assert!(has_key("# 演练\ndrill: x\nplaybook: y\n".as_bytes(), "drill"));
        assert!(!has_key(b"playbook: y\nsummary: a drill: of sorts\n", "drill"));
    }

    #[test]
    fn a_missing_folder_is_reported_and_the_rest_is_read() {
        let here = tempfile::tempdir().unwrap();
        let library = Library::read(
            &here.path().join("gone"),
            here.path(),
            &Directory::built_in(),
            Timestamp::UNIX_EPOCH,
        );
        let [gone] = library.unreadable() else { panic!("one folder is missing") };
        assert!(gone.path.ends_with("gone"));
        assert_eq!(gone.why.get(Lang::Zh), "没有此文件或文件夹");
        assert!(gone.say(Lang::En).contains("gone: No such file"));
        assert!(library.has_errors() && library.drill_files().is_empty());
    }
}
