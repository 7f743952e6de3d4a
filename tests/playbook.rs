//! Whole plans through the loader: the language's own example and every shipped plan load without
//! findings; every bad file is refused for the reason its name says, in words that are kept.

#[path = "playbook/directory.rs"]
mod directory;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use firebell::playbook::diagnostic::{Rendering, Severity};
use firebell::playbook::part::{Part, PartKind, check};
use firebell::playbook::{CheckedSet, Context, Loaded, Playbook, Shelf, check_together};
use firebell::text::Lang;

/// Codes that no single file shows, or only one too large to keep; other tests make them.
const GENERATED: [&str; 2] = ["E0101", "W0307"];

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

/// Reads the parts beside the plans of a folder.
fn shelf(folder: &Path) -> Shelf {
    let mut shelf = Shelf::default();
    for kind in PartKind::ALL {
        let Ok(entries) = std::fs::read_dir(folder.join(kind.folder())) else { continue };
        for entry in entries {
            let path = entry.expect("an entry of the folder").path();
            let name = format!("{}/{}.yaml", kind.folder(), stem(&path));
            let bytes = std::fs::read(&path).expect("a readable file");
            shelf.put(Part::read(kind, &name, &bytes).expect("a part")).expect("one of its name");
        }
    }
    shelf
}

/// Returns the kind of part a file is by its key.
fn part_kind(bytes: &[u8]) -> Option<PartKind> {
    let key = |kind: &PartKind| format!("{}:", kind.key());
    PartKind::ALL.into_iter().find(|kind| bytes.starts_with(key(kind).as_bytes()))
}

/// The instant that files are checked at.
fn now() -> jiff::Timestamp {
    "2026-11-22T00:00:00Z".parse().expect("an instant")
}

/// The plans that others of the corpus and of the shipped ones call.
fn called() -> &'static [Arc<Playbook>] {
    static CALLED: LazyLock<Vec<Arc<Playbook>>> = LazyLock::new(|| {
        let paths = files("tests/corpus/called").into_iter().chain(files("playbooks"));
        let loaded = paths.map(|path| alone(&path).playbook.expect("a good plan"));
        loaded.map(Arc::new).collect()
    });
    &CALLED
}

/// Loads a file among the plans it may call; a file whose name says so stands alone.
fn load(path: &Path) -> Loaded {
    let mut loaded = [alone(path)];
    let (others, whole) = match stem(path).starts_with('N') {
        true => (&[][..], false),
        false => (called(), true),
    };
    check_together(&mut loaded, CheckedSet { others, whole });
    let [loaded] = loaded;
    loaded
}

/// Loads a file, against the directory that its first line names.
fn alone(path: &Path) -> Loaded {
    let bytes = std::fs::read(path).expect("a readable file");
    let name = format!("{}.yaml", stem(path));
    let directory = directory::named_by(&bytes);
    let shelf = shelf(path.parent().expect("a folder"));
    let context = Context { directory: directory.as_ref(), shelf: Some(&shelf), now: Some(now()) };
    if let Some(kind) = part_kind(&bytes) {
        let part = Part::read(kind, &name, &bytes).expect("a part");
        return Loaded::without_plan(check(&part, &context));
    }
    Playbook::load(&name, &bytes, &context)
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
        let is_plan = part_kind(&std::fs::read(&path).expect("a file")).is_none();
        assert_eq!(loaded.playbook.is_none(), wanted.starts_with('E') || !is_plan, "{name}");
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
        let restored = Playbook::restore(&loaded.bundle.write()).expect("the pinned text");
        assert_eq!(restored.hash, loaded.hash);
        assert_eq!(format!("{:?}", restored.phases), format!("{:?}", loaded.phases));
        assert_eq!(format!("{:?}", restored.messages), format!("{:?}", loaded.messages));
    }
}

#[test]
fn good_libraries_are_checked_by_themselves() {
    for folder in ["tests/corpus/good", "playbooks"] {
        let shelf = shelf(&root().join(folder));
        for part in shelf.iter() {
            let found = check(part, &Context { shelf: Some(&shelf), ..Context::default() });
            let sound = found.iter().all(|d| d.severity() == Severity::Note);
            assert!(sound, "{}", found.render(Rendering::plain(Lang::En)));
        }
    }
}

#[test]
fn a_library_is_checked_whether_a_plan_uses_it_or_not() {
    let shelf = shelf(&root().join("tests/corpus/bad"));
    let context = Context { shelf: Some(&shelf), ..Context::default() };
    let found: Vec<_> =
        shelf.iter().flat_map(|part| check(part, &context).rows(Lang::En)).collect();
    let codes: BTreeSet<&str> = found.iter().map(|row| row.code.as_str()).collect();
    assert_eq!(codes, BTreeSet::from(["E0106", "E0309"]), "{found:#?}");
    assert!(found.iter().all(|row| row.file == "steps/shared.yaml"), "{found:#?}");
}

const BORROWER: &str = "playbook: sample
title: { zh: 样例, en: Sample }
roles: { commander: { title: { zh: 总指挥, en: Commander }, assign: { team: x } } }
phases:
  - id: one
    title: { zh: 一, en: One }
    steps:
      - { use: shared/inform }
      - { id: later, use: shared/inform, due: 1h, form: null, after: [inform] }
";

fn library(due: &str) -> Shelf {
    let text = format!(
        "library: shared\ntitle: {{ zh: 共用, en: Shared }}\nsteps:\n  - {{ id: inform, \
         role: commander, title: {{ zh: 报告, en: Report }}, due: {due}, \
         form: {{ note: {{ type: text }} }} }}\n"
    );
    let mut shelf = Shelf::default();
    let part = Part::read(PartKind::Steps, "steps/shared.yaml", text.as_bytes());
    shelf.put(part.expect("a library")).expect("the only one");
    shelf
}

fn borrow(shelf: &Shelf) -> Playbook {
    let context = Context { shelf: Some(shelf), ..Context::default() };
    let loaded = Playbook::load("plan.yaml", BORROWER.as_bytes(), &context);
    loaded.playbook.unwrap_or_else(|| panic!("{:?}", loaded.findings))
}

#[test]
fn a_plan_takes_a_step_over_and_says_otherwise_key_by_key() {
    let plan = borrow(&library("30m"));
    let [first, later] = plan.phases[0].steps.as_slice() else { panic!("two steps") };
    let due = |step: &firebell::playbook::Step| format!("{:?}", step.due);
    assert_eq!((first.id.as_str(), later.id.as_str()), ("inform", "later"));
    assert_eq!(first.role, later.role);
    assert_ne!(due(first), due(later));
    assert!(format!("{:?}", first.action).contains("note"), "{:?}", first.action);
    assert!(!format!("{:?}", later.action).contains("note"), "{:?}", later.action);
    assert_eq!(later.after, std::slice::from_ref(&first.id));
}

#[test]
fn an_edit_of_a_library_is_another_version_of_the_plans_that_use_it() {
    let (before, after) = (borrow(&library("30m")), borrow(&library("20m")));
    assert_ne!(before.hash, after.hash);
    let changes = firebell::playbook::difference::difference(&before, &after);
    assert_eq!(changes.len(), 1, "{changes:?}");
    let restored = Playbook::restore(&before.bundle.write()).expect("the pinned texts");
    assert_eq!(restored.hash, before.hash);
    assert_eq!(format!("{:?}", restored.phases), format!("{:?}", before.phases));
}

#[test]
fn a_library_that_no_step_uses_is_no_part_of_the_version() {
    let text =
        std::fs::read_to_string(root().join("tests/corpus/good/language.yaml")).expect("text");
    let load = |shelf: &Shelf| {
        let context = Context { shelf: Some(shelf), ..Context::default() };
        Playbook::load("x.yaml", text.as_bytes(), &context).playbook.expect("a good plan").hash
    };
    assert_eq!(load(&library("30m")), load(&Shelf::default()));
}

#[test]
fn line_endings_do_not_change_the_hash_and_any_word_does() {
    let text = std::fs::read_to_string(root().join("playbooks/service-outage.yaml")).expect("text");
    let hash = |text: &str| {
        let shelf = shelf(&root().join("playbooks"));
        let context = Context { shelf: Some(&shelf), ..Context::default() };
        let loaded = Playbook::load("x.yaml", text.as_bytes(), &context);
        loaded.playbook.expect("a good plan").hash
    };
    assert_eq!(hash(&text), hash(&text.replace('\n', "\r\n")));
    assert_ne!(hash(&text), hash(&text.replacen("5m", "6m", 1)));
}

#[test]
fn two_plans_that_one_alert_starts_are_told_of() {
    let plan = |id: &str, trigger: &str| {
        let text = format!(
            "playbook: {id}\ntitle: {{ zh: 样例, en: Sample }}\nactivate_when:\n  - {trigger}\n\
             phases:\n  - {{ id: one, title: {{ zh: 一, en: One }} }}\n"
        );
        let loaded = Playbook::load("x.yaml", text.as_bytes(), &Context::default());
        assert!(loaded.playbook.is_some(), "{:?}", loaded.findings);
        loaded
    };
    let told = |one: &str, other: &str| {
        let earlier = plan("one", one).playbook.expect("a good plan");
        let later = plan("two", other);
        let found = firebell::playbook::rivals(&earlier, &later)?;
        let span = found.span.expect("a place");
        let line = later.findings.source().text()[..span.start].lines().count();
        assert_eq!(line, 4, "it points at what starts the second plan");
        Some(found.code)
    };
    let down = "alert: { match: { alertname: Down } }";
    let phone = "alert: { match: { alertname: Down, channel: phone } }";
    let web = "alert: { match: { alertname: Down, channel: web } }";
    let surge = "surge: { monitor: complaints, at_least: 3.0 }";
    let strong = "surge: { monitor: complaints, at_least: 5.0 }";
    for (one, other) in [(down, down), (down, phone), (surge, strong)] {
        assert_eq!(told(one, other).map(|code| code.as_str()), Some("W0307"), "{one}, {other}");
    }
    for (one, other) in [(phone, web), (down, surge)] {
        assert_eq!(told(one, other), None, "{one}, {other}");
    }
}
