//! The files of the repository as they lie on the disk.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::facts::Source;

/// Folders that hold no sources.
const SKIPPED: &[&str] = &["target", ".git", "data", "node_modules"];

/// Folders with Rust sources.
const RUST: &[&str] = &["src", "tests", "benches", "fuzz"];

/// Parses every Rust file; files of modules declared under `#[cfg(test)]` are marked as tests.
pub fn sources() -> Vec<Source> {
    let root = root();
    let mut sources: Vec<Source> = RUST
        .iter()
        .flat_map(|folder| files(&root.join(folder)))
        .filter(|path| path.extension().is_some_and(|ext| ext == "rs"))
        .map(|path| {
            let text = fs::read_to_string(&path).expect("sources are UTF-8");
            let name = relative(&root, &path);
            Source::parse(&name, &text).unwrap_or_else(|error| panic!("{name}: {error}"))
        })
        .collect();
    let tests: BTreeSet<Vec<String>> =
        sources.iter().flat_map(|s| s.test_modules.iter().cloned()).collect();
    for source in &mut sources {
        let declared = (1..=source.module.len()).any(|n| tests.contains(&source.module[..n]));
        source.is_test = source.is_test || declared;
    }
    assert!(sources.len() > 10, "the sources were not found");
    sources
}

/// Returns every text of the repository with its path.
pub fn texts() -> Vec<(String, String)> {
    let root = root();
    let readable = |path: PathBuf| {
        let text = fs::read_to_string(&path).ok()?;
        Some((relative(&root, &path), text))
    };
    files(&root).into_iter().filter_map(readable).collect()
}

/// Returns what may enter the tree.
pub fn deny() -> String {
    fs::read_to_string(root().join("deny.toml")).expect("it is committed")
}

/// Returns the lock file.
pub fn lock() -> String {
    fs::read_to_string(root().join("Cargo.lock")).expect("the lock file is committed")
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn relative(root: &Path, path: &Path) -> String {
    let inner = path.strip_prefix(root).expect("the walk stays below the root");
    inner.to_string_lossy().replace('\\', "/")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let skipped = |path: &Path| {
        path.file_name().is_some_and(|name| SKIPPED.iter().any(|skipped| name == *skipped))
    };
    let mut found = Vec::new();
    for path in paths.into_iter().filter(|path| !skipped(path)) {
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}
