//! The house rules, read from the sources themselves: which way dependencies point, what pure
//! modules may touch, how long things grow, which words never appear.
//!
//! Each rule is a function from [`Source`] to [`Finding`]s. One test runs it over the repository
//! and must find nothing; another runs it over a snippet that breaks it and must find something,
//! so that no rule can fall silent.

#[path = "tidy/facts.rs"]
mod facts;
#[path = "tidy/layers.rs"]
mod layers;
#[path = "tidy/licences.rs"]
mod licences;
#[path = "tidy/repository.rs"]
mod repository;
#[path = "tidy/rules.rs"]
mod rules;

use facts::Source;
use repository::sources;

/// A rule that is broken at a place.
#[derive(Debug, PartialEq, Eq)]
pub struct Finding {
    /// The file, from the root of the repository.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong and what to do.
    pub message: String,
}

type Rule = fn(&Source) -> Vec<Finding>;

/// The rules over Rust files, by what they hold.
const RULES: [(&str, Rule); 7] = [
    ("dependencies point one way", rules::arrows),
    ("pure modules touch no clock, disk, network or chance", rules::purity),
    ("crates stay where they belong", rules::homes),
    ("nothing is unwrapped outside tests", rules::unwraps),
    ("files and functions stay short", rules::lengths),
    ("every file says what it is for", rules::module_docs),
    ("nothing is left undone or waved through", rules::loose_ends),
];

/// One test for all of them: parsing every file is what takes the time.
#[test]
fn the_house_rules_hold() {
    let sources = sources();
    let mut broken = Vec::new();
    for (name, rule) in RULES {
        for found in sources.iter().flat_map(rule) {
            broken.push(format!("{}:{}: {} ({name})", found.path, found.line, found.message));
        }
    }
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

/// Runs a rule over one snippet and returns the lines it complains about.
fn complaints(rule: Rule, path: &str, text: &str) -> Vec<usize> {
    let source = Source::parse(path, text).expect("the snippet is Rust");
    rule(&source).iter().map(|f| f.line).collect()
}

#[test]
fn an_arrow_that_runs_backwards_is_found() {
    let found = |path, text| complaints(rules::arrows, path, text);
    assert_eq!(found("src/engine/decide.rs", "use crate::store::Store;"), [1]);
    assert_eq!(found("src/engine/decide.rs", "use crate::{id::StepId, runtime::Executor};"), [1]);
    assert_eq!(found("src/store/sled.rs", "fn f() {\n super::super::notify::send() }"), [2]);
    assert_eq!(found("src/people/mod.rs", "fn f() { vec![crate::engine::Mode::Live]; }"), [1]);
    assert_eq!(found("src/store/mod.rs", "use crate::timeline::Row;"), [1]);
    assert_eq!(found("src/drill/simulate.rs", "use crate::runtime::Executor;"), [1]);
    assert_eq!(found("src/drill/simulate/people.rs", "use crate::runtime::Executor;"), [1]);
    assert_eq!(found("src/unheard_of.rs", "use crate::id::StepId;"), [1]);
}

#[test]
fn an_arrow_that_runs_forwards_is_not() {
    let found = |path, text| complaints(rules::arrows, path, text);
    assert!(
        found("src/store/mod.rs", "use crate::engine::Event; use super::id::StepId;").is_empty()
    );
    assert!(found("src/drill/live.rs", "use crate::runtime::Executor;").is_empty());
    let test = "#[cfg(test)] mod tests { use crate::store::Memory; }";
    assert!(found("src/engine/decide.rs", test).is_empty());
}

#[test]
fn impurity_is_found() {
    let found = |text| complaints(rules::purity, "src/engine/decide.rs", text);
    assert_eq!(found("use std::fs::File;"), [1]);
    assert_eq!(found("fn f() { let t = jiff::Timestamp::now(); }"), [1]);
    assert_eq!(found("fn f() { let t = Zoned::now(); }"), [1]);
    assert_eq!(found("use std::time::{Duration, Instant};"), [1]);
    assert_eq!(found("use std::collections::HashMap;"), [1]);
    assert_eq!(found("fn f(m: &std::collections::HashSet<u8>) {}"), [1]);
    assert_eq!(found("fn f() { let x = rand::random::<u8>(); }"), [1]);
    assert_eq!(found("use crate::clock::Clock;"), [1]);
    assert_eq!(found("fn f() { println!(\"{:?}\", std::env::args()); }"), [1, 1]);
    assert!(found("use std::collections::BTreeMap; use jiff::Timestamp;").is_empty());
    assert!(complaints(rules::purity, "src/store/sled.rs", "use std::fs::File;").is_empty());
}

#[test]
fn a_crate_away_from_home_is_found() {
    let found = |path, text| complaints(rules::homes, path, text);
    assert_eq!(found("src/drill/live.rs", "use chrono::Utc;"), [1]);
    assert_eq!(found("src/runtime/executor.rs", "use sled::Db;"), [1]);
    assert!(found("src/drill/schedule.rs", "use chrono::Utc;").is_empty());
}

#[test]
fn an_unwrap_is_found() {
    let found = |text| complaints(rules::unwraps, "src/engine/decide.rs", text);
    assert_eq!(found("fn f(x: Option<u8>) -> u8 {\n x.unwrap()\n}"), [2]);
    assert_eq!(found("fn f(x: Option<u8>) { assert!(x.unwrap() > 1) }"), [1]);
    assert_eq!(found("fn f(x: Vec<Option<u8>>) { x.into_iter().map(Option::unwrap); }"), [1]);
    assert!(found("#[cfg(test)] mod tests { #[test] fn f() { Some(1).unwrap(); } }").is_empty());
    assert!(found("fn f(x: Option<u8>) -> u8 { x.unwrap_or_default() }").is_empty());
}

#[test]
fn a_long_file_or_function_is_found() {
    let found = |text: &str| complaints(rules::lengths, "src/engine/decide.rs", text);
    let body = |lines| format!("fn f() {{\n{}}}\n", "    g();\n".repeat(lines));
    assert_eq!(found(&body(rules::FUNCTION_LINES - 1)), [1]);
    assert!(found(&body(rules::FUNCTION_LINES - 2)).is_empty());
    assert!(!found(&"struct S;\n".repeat(rules::FILE_LINES + 1)).is_empty());
    assert!(found(&"// a comment\n".repeat(rules::FILE_LINES)).is_empty());
}

#[test]
fn a_file_without_its_purpose_is_found() {
    let found = |text| complaints(rules::module_docs, "src/engine/decide.rs", text);
    assert_eq!(found("/// Not of the module.\nfn f() {}"), [1]);
    assert!(found("//! Decides.\nfn f() {}").is_empty());
}

#[test]
fn a_loose_end_is_found() {
    let found = |text| complaints(rules::loose_ends, "src/engine/decide.rs", text);
    assert_eq!(found("#[allow(dead_code)]\nfn f() {}"), [1]);
    assert_eq!(found("#![allow(dead_code)]"), [1]);
    assert_eq!(found("fn f() { todo!() }"), [1]);
    assert_eq!(found("fn f() { std::unimplemented!() }"), [1]);
    assert_eq!(found("fn f() { dbg!(1); }"), [1]);
    assert_eq!(found("#[cfg(test)] mod tests {\n #[test] #[ignore] fn f() {} }"), [2]);
    assert_eq!(found("#[cfg(test)] use std::fmt;"), [1]);
    assert!(found("#[expect(dead_code, reason = \"r\")] fn f() {}").is_empty());
    assert!(found("#[cfg(test)] mod tests;").is_empty());
}

#[test]
fn the_project_speaks_of_itself_alone() {
    let findings = repository::texts()
        .iter()
        .flat_map(|(path, text)| rules::words(path, text))
        .map(|f| format!("{}:{}: {}", f.path, f.line, f.message))
        .collect::<Vec<_>>();
    assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
}

#[test]
fn a_word_out_of_place_is_found() {
    let lines =
        |path, text: &str| rules::words(path, text).iter().map(|f| f.line).collect::<Vec<_>>();
    assert_eq!(lines("README.md", concat!("fine\nsee /wo", "rk/shared")), [2]);
    assert_eq!(lines("README.md", concat!("/ho", "me/li/firebell")), [1]);
    assert_eq!(lines("src/a.rs", concat!("// see iss", "ue #2")), [1]);
    assert_eq!(lines("src/a.rs", concat!("// as the ag", "ent asked")), [1]);
    assert!(lines("src/a.rs", "let agent = \"User-Agent\";").is_empty());
}

#[test]
fn no_banned_crate_is_in_the_tree() {
    let findings: Vec<String> =
        rules::lock(&repository::lock()).into_iter().map(|f| f.message).collect();
    assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
}

#[test]
fn a_banned_crate_is_found() {
    let lines = |text| rules::lock(text).iter().map(|f| f.line).collect::<Vec<_>>();
    assert_eq!(lines("[[package]]\nname = \"openssl\"\nversion = \"0.10.0\""), [2]);
    assert_eq!(lines("source = \"git+https://example.com/crate\""), [1]);
    assert!(lines("name = \"rustls\"").is_empty());
}

#[test]
fn every_crate_carries_a_licence_that_is_allowed() {
    let found: Vec<String> =
        licences::of_the_tree().into_iter().map(|finding| finding.message).collect();
    assert_eq!(found, [""; 0]);
}

#[test]
fn a_licence_that_is_not_allowed_is_found() {
    let allowed = licences::allowed("x = [\n]\nallow = [\n    \"MIT\",\n    \"A WITH E\",\n]\n");
    assert_eq!(allowed, ["MIT", "A WITH E"]);
    for fine in ["MIT", "GPL-3.0 OR MIT", "GPL-3.0/MIT", "(GPL-3.0 OR MIT) AND MIT", "A WITH E"] {
        assert!(licences::holds(fine, &allowed), "{fine}");
    }
    for bad in ["GPL-3.0", "GPL-3.0 AND MIT", "A", "A WITH F", "(MIT", "MIT MIT", "", "MIT AND"] {
        assert!(!licences::holds(bad, &allowed), "{bad}");
    }
}
