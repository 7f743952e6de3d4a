//! Whole plans through the loader: the language's own example and every shipped plan load without
//! findings; every bad file is refused for the reason its name says.

use std::path::{Path, PathBuf};

use firebell::playbook::diagnostic::Rendering;
use firebell::playbook::{Context, Loaded, Playbook};
use firebell::text::Lang;

fn files(folder: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&root)
        .unwrap_or_else(|error| panic!("{}: {error}", root.display()))
        .map(|entry| entry.expect("an entry of the folder").path())
        .filter(|path| path.extension().is_some_and(|e| e == "yaml"))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{folder} is empty");
    files
}

fn load(path: &Path) -> Loaded {
    let bytes = std::fs::read(path).expect("a readable file");
    let name = path.file_name().expect("a file").to_string_lossy();
    Playbook::load(&name, &bytes, &Context::default())
}

#[test]
fn good_files_load_without_findings() {
    for path in files("tests/corpus/good").into_iter().chain(files("playbooks")) {
        let loaded = load(&path);
        let said = loaded.findings.render(Rendering::plain(Lang::En));
        assert!(loaded.findings.is_empty(), "{}\n{said}", path.display());
        assert!(loaded.playbook.is_some(), "{}", path.display());
    }
}
