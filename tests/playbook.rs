//! Whole plans through the loader: the language's own example and every shipped plan load without
//! findings; every bad file is refused for the reason its name says, in words that are kept.

#[path = "playbook/directory.rs"]
mod directory;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use firebell::playbook::diagnostic::Rendering;
use firebell::playbook::{Context, Loaded, Playbook};
use firebell::text::Lang;

/// Codes whose files would be too large to keep; tests beside the code make them.
const GENERATED: [&str; 1] = ["E0101"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(root().join(folder))
        .unwrap_or_else(|error| panic!("{folder}: {error}"))
        .map(|entry| entry.expect("an entry of the folder").path())
        .filter(|path| path.extension().is_some_and(|e| e == "yaml"))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{folder} is empty");
    files
}

fn stem(path: &Path) -> String {
    path.file_stem().expect("a file").to_string_lossy().into_owned()
}

/// Loads a file, against the directory that its first line names.
fn load(path: &Path) -> Loaded {
    let bytes = std::fs::read(path).expect("a readable file");
    let name = format!("{}.yaml", stem(path));
    let directory = directory::named_by(&bytes);
    Playbook::load(&name, &bytes, &Context { directory: directory.as_ref() })
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

#[test]
fn bad_files_are_found_out_for_the_reason_in_their_name() {
    for path in files("tests/corpus/bad") {
        let loaded = load(&path);
        let name = stem(&path);
        let wanted = &name[..5];
        let said = loaded.findings.render(Rendering::plain(Lang::En));
        let codes: BTreeSet<&str> = loaded.findings.iter().map(|f| f.code.as_str()).collect();
        assert_eq!(codes, BTreeSet::from([wanted]), "{name}\n{said}");
        assert_eq!(loaded.playbook.is_none(), wanted.starts_with('E'), "{name}");
    }
}

#[test]
fn every_finding_reads_well_in_both_languages() {
    for path in files("tests/corpus/bad") {
        let findings = load(&path).findings;
        for finding in &findings {
            let texts = [&finding.message].into_iter().chain(&finding.help).chain(&finding.notes);
            for text in texts.chain(&finding.label) {
                assert!(text.missing().is_empty(), "{}: {text:?}", path.display());
                let has_chinese =
                    |t: &str| t.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
                assert!(has_chinese(text.get(Lang::Zh)), "{}: {text:?}", path.display());
            }
        }
        let [zh, en] = Lang::ALL.map(|lang| findings.render(Rendering::plain(lang)));
        insta::with_settings!({
            snapshot_path => "corpus/said",
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, {
            insta::assert_snapshot!(stem(&path), format!("{zh}\n{en}"));
        });
    }
}

/// Reads the codes declared in the sources of the language.
fn declared(folder: &Path, into: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("an entry of the folder").path();
        if path.is_dir() {
            declared(&path, into);
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a source");
        for line in text.lines().filter(|line| line.starts_with("pub const ")) {
            if let Some((_, rest)) = line.split_once("Code = Code::new(\"") {
                into.insert(rest[..5].to_owned());
            }
        }
    }
}

#[test]
fn every_code_has_a_file_that_shows_it() {
    let mut codes = BTreeSet::new();
    declared(&root().join("src/playbook"), &mut codes);
    assert!(codes.len() > 30, "the sources were not understood: {codes:?}");
    let shown: BTreeSet<String> = files("tests/corpus/bad")
        .iter()
        .map(|path| stem(path)[..5].to_owned())
        .chain(GENERATED.map(str::to_owned))
        .collect();
    assert_eq!(codes, shown);
}

#[test]
fn a_pinned_plan_is_restored_under_the_same_hash() {
    for path in files("playbooks") {
        let loaded = load(&path).playbook.expect("a good plan");
        let restored = Playbook::restore(&loaded.source).expect("the pinned text");
        assert_eq!(restored.hash, loaded.hash);
        assert_eq!(format!("{:?}", restored.phases), format!("{:?}", loaded.phases));
        assert_eq!(format!("{:?}", restored.messages), format!("{:?}", loaded.messages));
    }
}

#[test]
fn line_endings_do_not_change_the_hash_and_any_word_does() {
    let text = std::fs::read_to_string(root().join("playbooks/service-outage.yaml")).expect("text");
    let hash = |text: &str| {
        let loaded = Playbook::load("x.yaml", text.as_bytes(), &Context::default());
        loaded.playbook.expect("a good plan").hash
    };
    assert_eq!(hash(&text), hash(&text.replace('\n', "\r\n")));
    assert_ne!(hash(&text), hash(&text.replacen("5m", "6m", 1)));
}
