//! What leaves.

use std::collections::BTreeSet;

use firebell::exchange::cacao::{Origin, Stamp, export, import};
use firebell::playbook::diagnostic::Rendering;
use firebell::playbook::difference::difference;
use firebell::playbook::{Context, Playbook};
use firebell::text::Lang;
use jsonschema::Retrieve;
use serde_json::{Value, json};

use crate::corpus::{files, meaning, plans, read, root};

fn stamp(lang: Lang) -> Stamp {
    Stamp { lang, at: "2026-11-01T00:00:00Z".parse().expect("an instant") }
}

/// Finds the official schemas in the folder that lies beside the project's.
struct Official;

const BASE: &str = "https://raw.githubusercontent.com/oasis-open/cacao-json-schemas/main/schemas/";

impl Retrieve for Official {
    fn retrieve(
        &self,
        uri: &jsonschema::Uri<String>,
    ) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        let path = uri.as_str().strip_prefix(BASE).ok_or("not an official schema")?;
        let folder = root().join("../shared/cacao-schemas/schemas");
        Ok(serde_json::from_slice(&std::fs::read(folder.join(path))?)?)
    }
}

/// Returns what the official schemas have against a file; `None` where they are not there.
fn against(playbook: &Value) -> Option<Vec<String>> {
    let folder = root().join("../shared/cacao-schemas/schemas/playbook.json");
    if !folder.exists() {
        eprintln!(
            "\n*** NOT VALIDATED: {} is missing; nothing was held to the official CACAO schemas ***\n",
            folder.display()
        );
        return None;
    }
    let schema = json!({ "$ref": format!("{BASE}playbook.json") });
    let validator =
        jsonschema::options().with_retriever(Official).build(&schema).expect("the schemas compile");
    let errors = validator.iter_errors(playbook);
    Some(errors.map(|error| format!("{}: {error}", error.instance_path())).collect())
}

#[test]
fn every_export_validates_against_the_official_schemas() {
    for plan in plans() {
        for lang in Lang::ALL {
            let text = export(&plan, stamp(lang));
            let json: Value = serde_json::from_str(&text).expect("JSON");
            let errors = against(&json).unwrap_or_default();
            assert!(errors.is_empty(), "{}: {errors:#?}", plan.id);
        }
    }
}

#[test]
fn the_official_schemas_find_out_what_is_no_playbook() {
    let plan = plans().remove(0);
    let mut json: Value = serde_json::from_str(&export(&plan, stamp(Lang::En))).expect("JSON");
    json["created"] = json!("yesterday");
    assert_ne!(against(&json), Some(Vec::new()));
}

#[test]
fn the_playbook_of_every_step_type_in_the_corpus_is_one_that_the_schemas_allow() {
    for path in files("tests/corpus/cacao/good", "json") {
        let json = serde_json::from_slice(&std::fs::read(&path).expect("a file")).expect("JSON");
        let errors = against(&json).unwrap_or_default();
        assert!(errors.is_empty(), "{}: {errors:#?}", path.display());
    }
}

#[test]
fn a_plan_exported_and_imported_again_means_the_same() {
    for plan in plans() {
        for lang in Lang::ALL {
            let text = export(&plan, stamp(lang));
            let imported = import("plan.json", text.as_bytes(), lang)
                .unwrap_or_else(|f| panic!("{}", f.render(Rendering::plain(Lang::En))));
            let said = imported.findings.render(Rendering::plain(Lang::En));
            assert_eq!(imported.origin, Origin::Own, "{}: {said}", plan.id);
            assert!(imported.findings.is_empty(), "{said}");
            let yaml = imported.draft.to_yaml();
            let context = Context { shelf: Some(&imported.shelf), ..Context::default() };
            let again = Playbook::load("again.yaml", yaml.as_bytes(), &context);
            let again = again.playbook.unwrap_or_else(|| panic!("{}:\n{yaml}", plan.id));
            assert_eq!(difference(&plan, &again), [], "{}", plan.id);
            assert_eq!(meaning(&again), meaning(&plan), "{}", plan.id);
            assert_eq!(export(&again, stamp(lang)), text, "{}", plan.id);
        }
    }
}

#[test]
fn other_programs_may_sort_the_keys_and_sign_the_file() {
    for plan in plans() {
        let text = export(&plan, stamp(Lang::Zh));
        let mut sorted: Value = serde_json::from_str(&text).expect("JSON");
        sorted["modified"] = json!("2026-12-24T00:00:00Z");
        let sorted = sorted.to_string();
        let imported = import("plan.json", sorted.as_bytes(), Lang::En).expect("a playbook");
        assert_eq!(imported.origin, Origin::Own, "{}", plan.id);
        let context = Context { shelf: Some(&imported.shelf), ..Context::default() };
        let again = Playbook::load("again.yaml", imported.draft.to_yaml().as_bytes(), &context);
        let again = again.playbook.expect("a plan");
        assert_eq!(again.commander(), plan.commander());
        assert!(again.roles.keys().eq(plan.roles.keys()), "{}", plan.id);
    }
}

#[test]
fn the_words_of_the_standard_count_where_another_program_changed_them() {
    for plan in plans() {
        let text = export(&plan, stamp(Lang::En));
        let mut json: Value = serde_json::from_str(&text).expect("JSON");
        let workflow = json["workflow"].as_object_mut().expect("steps");
        let (id, step) =
            workflow.iter_mut().find(|(id, _)| id.starts_with("action--")).expect("an action");
        step["name"] = json!("Renamed elsewhere");
        let id = id.clone();
        let imported = import("plan.json", json.to_string().as_bytes(), Lang::En)
            .unwrap_or_else(|f| panic!("{}: {}", plan.id, f.render(Rendering::plain(Lang::En))));
        assert_eq!(imported.origin, Origin::Standard, "{}", plan.id);
        let said = imported.findings.render(Rendering::plain(Lang::En));
        assert!(said.contains("W0701") && said.contains(&id), "{said}");
        assert!(imported.draft.to_yaml().contains("Renamed elsewhere"));
    }
}

#[test]
fn what_is_exported_is_understood_without_the_extension_too() {
    for plan in plans() {
        let mut json: Value = serde_json::from_str(&export(&plan, stamp(Lang::En))).expect("JSON");
        json.as_object_mut().expect("an object").remove("playbook_extensions");
        let imported = import("plan.json", json.to_string().as_bytes(), Lang::En)
            .unwrap_or_else(|f| panic!("{}: {}", plan.id, f.render(Rendering::plain(Lang::En))));
        let yaml = imported.draft.to_yaml();
        for step in plan.phases.iter().flat_map(|phase| &phase.steps) {
            let Some(title) = &step.title else { continue };
            let title = title.get(Lang::En);
            assert!(yaml.contains(title), "{}: {title}\n{yaml}", plan.id);
        }
    }
}

#[test]
fn ids_depend_on_the_plan_and_its_steps_alone() {
    let plan = &plans()[0];
    let ids = |lang, at: &str| -> BTreeSet<String> {
        let stamp = Stamp { lang, at: at.parse().expect("an instant") };
        let json: Value = serde_json::from_str(&export(plan, stamp)).expect("JSON");
        json["workflow"].as_object().expect("steps").keys().cloned().collect()
    };
    assert_eq!(ids(Lang::Zh, "2026-01-01T00:00:00Z"), ids(Lang::En, "2027-01-01T00:00:00Z"));
    assert!(!read("playbooks/service-outage.yaml").is_empty());
}
