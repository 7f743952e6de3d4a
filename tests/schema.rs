//! The JSON Schemas and the loaders agree: on every file of the corpus, on every shipped plan, and on
//! a thousand plans that differ in one thing from one that uses every key.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use firebell::drill::file::Playbooks;
use firebell::playbook::part::{Part, PartKind, check};
use firebell::playbook::source::Source;
use firebell::playbook::{Context, Playbook, Shelf, schema, yaml};
use jsonschema::Validator;
use serde_json::{Value, json};

/// Findings about the shape of a file, which a schema can see too.
const SHAPE: [&str; 3] = ["E0106", "E0108", "E0109"];
/// Findings that a schema sees in part: names, durations, values, keys that exclude each other.
const PARTLY: [&str; 9] =
    ["E0110", "E0111", "E0112", "E0113", "E0114", "E0203", "E0204", "E0301", "E0205"];

fn validator(schema: &Value) -> Validator {
    jsonschema::meta::validate(schema).expect("the schema is a schema");
    jsonschema::validator_for(schema).expect("the schema compiles")
}

fn files(folder: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files: Vec<PathBuf> = std::fs::read_dir(root)
        .expect("a folder")
        .map(|entry| entry.expect("an entry of the folder").path())
        .filter(|path| path.extension().is_some_and(|e| e == "yaml"))
        .collect();
    files.sort();
    files
}

/// Reads a file as the JSON an editor would check; `None` where it is no YAML at all.
fn json_of(bytes: &[u8]) -> Option<Value> {
    let source = Source::from_bytes("x.yaml", bytes).ok()?;
    yaml::parse(&source).ok().map(|node| node.to_json())
}

fn codes(bytes: &[u8]) -> BTreeSet<&'static str> {
    let loaded = Playbook::load("x.yaml", bytes, &Context::default());
    loaded.findings.iter().map(|finding| finding.code.as_str()).collect()
}

/// Fails with what a schema has against a file.
fn validates(validator: &Validator, path: &Path) {
    let json = json_of(&std::fs::read(path).expect("a file")).expect("YAML");
    let errors: Vec<String> = validator
        .iter_errors(&json)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{}: {errors:#?}", path.display());
}

#[test]
fn good_files_validate() {
    let playbooks = validator(&schema::playbook());
    for path in files("tests/corpus/good").into_iter().chain(files("playbooks")) {
        validates(&playbooks, &path);
    }
    let drills = validator(&firebell::drill::schema::drill());
    for path in files("drills") {
        validates(&drills, &path);
    }
}

#[test]
fn libraries_validate() {
    let validator = validator(&schema::library());
    for path in files("tests/corpus/good/steps").into_iter().chain(files("playbooks/steps")) {
        validates(&validator, &path);
    }
    let placed = json!({
        "library": "x", "title": "x",
        "steps": [{ "id": "a", "title": "A", "after": "b" }],
    });
    assert!(!validator.is_valid(&placed), "a library does not place its steps");
}

#[test]
fn bad_files_validate_only_where_their_shape_is_right() {
    let validator = validator(&schema::playbook());
    for path in files("tests/corpus/bad") {
        let bytes = std::fs::read(&path).expect("a file");
        let Some(json) = json_of(&bytes) else { continue };
        if json.get("playbook").is_none()
            && !bytes.starts_with(b"#")
            && (json.get("regime").is_some() || json.get("calendar").is_some())
        {
            continue;
        }
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let code = &name[..5];
        // What stands in another file, the schema of this one does not see.
        if PARTLY.contains(&code) || name.ends_with("-in-library") {
            continue;
        }
        assert_eq!(validator.is_valid(&json), !SHAPE.contains(&code), "{name}");
    }
}

/// Calls `visit` with a copy of `root` for each way of changing one place in it.
fn each_change(root: &Value, visit: &mut dyn FnMut(&str, &Value)) {
    let mut pointers = Vec::new();
    collect(root, String::new(), &mut pointers);
    for pointer in pointers {
        let changes = [json!(null), json!({ "xyzzy": 1 })];
        for change in changes {
            let mut changed = root.clone();
            *changed.pointer_mut(&pointer).expect("a place") = change.clone();
            visit(&format!("{pointer} := {change}"), &changed);
        }
        if let Some(Value::Object(map)) = root.pointer(&pointer) {
            for key in map.keys() {
                let mut changed = root.clone();
                let map = changed.pointer_mut(&pointer).and_then(Value::as_object_mut);
                let map = map.expect("an object");
                let value = map.remove(key).expect("a key");
                visit(&format!("{pointer} without {key}"), &changed);
                let map = changed.pointer_mut(&pointer).and_then(Value::as_object_mut);
                map.expect("an object").insert("xyzzy".to_owned(), value);
                visit(&format!("{pointer} with {key} misspelt"), &changed);
            }
        }
    }
}

fn collect(value: &Value, at: String, out: &mut Vec<String>) {
    match value {
        Value::Array(items) => {
            for (n, item) in items.iter().enumerate() {
                collect(item, format!("{at}/{n}"), out);
            }
        }
        Value::Object(map) => {
            for (key, item) in map {
                let key = key.replace('~', "~0").replace('/', "~1");
                collect(item, format!("{at}/{key}"), out);
            }
        }
        _ => {}
    }
    out.push(at);
}

/// Holds a schema to a loader on every single change of a file.
fn agree(validator: &Validator, path: &str, codes: &dyn Fn(&[u8]) -> BTreeSet<&'static str>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let root = json_of(&std::fs::read(path).expect("a file")).expect("YAML");
    let (mut count, mut apart) = (0, Vec::new());
    each_change(&root, &mut |what, changed| {
        count += 1;
        let codes = codes(changed.to_string().as_bytes());
        let valid = validator.is_valid(changed);
        let loads = !codes.iter().any(|code| code.starts_with('E'));
        let misshapen = SHAPE.iter().any(|code| codes.contains(code));
        if !valid && loads || misshapen && valid {
            apart.push(format!("{what}: schema {valid}, loader {codes:?}"));
        }
    });
    assert!(count > 250, "only {count} changes");
    assert!(apart.is_empty(), "{} of {count}:\n{}", apart.len(), apart.join("\n"));
}

#[test]
fn schema_and_loader_agree_on_every_single_change_of_a_plan() {
    agree(&validator(&schema::playbook()), "tests/corpus/good/everything.yaml", &codes);
}

#[test]
fn schema_and_loader_agree_on_every_single_change_of_a_drill() {
    let playbooks: Playbooks = files("playbooks")
        .iter()
        .filter_map(|path| {
            let bytes = std::fs::read(path).expect("a file");
            let playbook = Playbook::load("x.yaml", &bytes, &Context::default()).playbook?;
            Some((playbook.id.clone(), Arc::new(playbook)))
        })
        .collect();
    agree(&validator(&firebell::drill::schema::drill()), "drills/service-outage.yaml", &|bytes| {
        let (_, findings) = firebell::drill::file::load("x.yaml", bytes, &playbooks);
        findings.iter().map(|finding| finding.code.as_str()).collect()
    });
}

#[test]
fn shipped_and_sample_regimes_and_calendars_validate() {
    for (kind, schema) in [("regimes", schema::regime()), ("calendars", schema::calendar())] {
        let validator = validator(&schema);
        for home in ["playbooks", "tests/corpus/good", "tests/corpus/bad"] {
            if Path::new(env!("CARGO_MANIFEST_DIR")).join(home).join(kind).is_dir() {
                files(&format!("{home}/{kind}"))
                    .iter()
                    .for_each(|path| validates(&validator, path));
            }
        }
    }
}

/// Checks the bytes of a part by themselves.
fn part_codes(kind: PartKind, bytes: &[u8]) -> BTreeSet<&'static str> {
    let findings = match Part::read(kind, "x.yaml", bytes) {
        Ok(part) => check(&part, &Context::default()),
        Err(findings) => findings,
    };
    findings.iter().map(|finding| finding.code.as_str()).collect()
}

#[test]
fn schema_and_loader_agree_on_every_single_change_of_a_regime() {
    let validator = validator(&schema::regime());
    agree(&validator, "tests/corpus/good/regimes/sample.yaml", &|bytes| {
        part_codes(PartKind::Regimes, bytes)
    });
}

#[test]
fn schema_and_loader_agree_on_every_single_change_of_clocks() {
    let mut shelf = Shelf::default();
    for (kind, folder) in [(PartKind::Regimes, "regimes"), (PartKind::Calendars, "calendars")] {
        for path in files(&format!("tests/corpus/good/{folder}")) {
            let bytes = std::fs::read(&path).expect("a file");
            shelf.put(Part::read(kind, "x.yaml", &bytes).expect("a part")).expect("once");
        }
    }
    agree(&validator(&schema::playbook()), "tests/corpus/good/clocks.yaml", &|bytes| {
        let context = Context { shelf: Some(&shelf), ..Context::default() };
        let loaded = Playbook::load("x.yaml", bytes, &context);
        loaded.findings.iter().map(|finding| finding.code.as_str()).collect()
    });
}
