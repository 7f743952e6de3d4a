//! The files that tests read.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use firebell::playbook::Playbook;
use firebell::runtime::Library;

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(root().join(folder))
        .unwrap_or_else(|error| panic!("{folder}: {error}"))
        .map(|entry| entry.expect("an entry of the folder").path())
        .filter(|path| path.extension().is_some_and(|e| e == extension))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{folder} is empty");
    files
}

pub fn read(path: &str) -> Vec<u8> {
    std::fs::read(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every plan that is shipped or that a test calls good.
pub fn plans() -> Vec<Arc<Playbook>> {
    let files = files("playbooks", "yaml").into_iter().chain(files("tests/corpus/good", "yaml"));
    files
        .map(|path| {
            let library = Library::of_plan(&path);
            let plan = library.playbooks().next().cloned();
            plan.unwrap_or_else(|| panic!("{}", path.display()))
        })
        .collect()
}

/// The meaning of a plan: all of it but its text and the hash of that.
pub fn meaning(plan: &Playbook) -> String {
    let text = format!("{plan:#?}");
    let lines = text
        .lines()
        .filter(|line| !line.starts_with("    hash: ") && !line.starts_with("    bundle: "));
    lines.collect::<Vec<_>>().join("\n")
}
