//! The shipped files.

use std::collections::BTreeMap;
use std::path::PathBuf;

use firebell::playbook::diagnostic::{Diagnostics, Rendering, Severity};
use firebell::playbook::statute::{Calendar, Regime};
use firebell::text::Lang;

/// Reads the YAML files of a folder of the repository.
pub fn folder(name: &str) -> Vec<(String, Vec<u8>)> {
    let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("playbooks").join(name);
    let mut paths: Vec<_> = std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).collect();
    paths.sort();
    let read = |path: PathBuf| {
        let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
        (stem, std::fs::read(path).unwrap())
    };
    paths.into_iter().map(read).collect()
}

pub fn regimes() -> BTreeMap<String, Regime> {
    let read = |(name, bytes): (String, Vec<u8>)| {
        let (regime, findings) = Regime::read(&name, &bytes);
        (name, regime.unwrap_or_else(|| panic!("{}", said(&findings))))
    };
    folder("regimes").into_iter().map(read).collect()
}

pub fn calendars() -> BTreeMap<String, Calendar> {
    let read = |(name, bytes): (String, Vec<u8>)| {
        let (calendar, findings) = Calendar::read(&name, &bytes);
        (name, calendar.unwrap_or_else(|| panic!("{}", said(&findings))))
    };
    folder("calendars").into_iter().map(read).collect()
}

pub fn said(findings: &Diagnostics) -> String {
    findings.render(Rendering::plain(Lang::En))
}

#[test]
fn every_shipped_regime_reads_without_errors_or_warnings_and_is_called_as_its_file() {
    let all = folder("regimes");
    assert!(all.len() >= 16, "a regime for every row of the law's table");
    for (name, bytes) in all {
        let (regime, findings) = Regime::read(&name, &bytes);
        let graver = findings.iter().filter(|d| d.severity() != Severity::Note).count();
        assert_eq!(graver, 0, "{}", said(&findings));
        assert_eq!(regime.expect("read").id.as_str(), name);
    }
}

#[test]
fn every_shipped_calendar_reads_without_findings_and_is_called_as_its_file() {
    for (name, bytes) in folder("calendars") {
        let (calendar, findings) = Calendar::read(&name, &bytes);
        assert!(findings.is_empty(), "{}", said(&findings));
        assert_eq!(calendar.expect("read").id.as_str(), name);
    }
}

#[test]
fn every_calendar_that_a_regime_names_is_there() {
    let calendars = calendars();
    for (name, regime) in regimes() {
        let Some(calendar) = &regime.calendar else { continue };
        assert!(calendars.contains_key(calendar.as_str()), "{name} wants {calendar}");
    }
}

#[test]
fn what_was_not_compared_with_the_law_is_noted_and_nothing_else_is() {
    for (name, bytes) in folder("regimes") {
        let (regime, findings) = Regime::read(&name, &bytes);
        let unsure = regime.expect("read").stages.iter().any(|stage| !stage.verified);
        let codes: Vec<_> = findings.iter().map(|d| d.code.as_str()).collect();
        assert_eq!(codes, if unsure { vec!["N0801"] } else { Vec::new() }, "{name}");
    }
}

#[test]
fn every_word_for_people_is_there_in_both_languages() {
    for (name, regime) in regimes() {
        let stages = regime.stages.iter().flat_map(|stage| {
            let content = stage.content.iter().map(|item| &item.title);
            [&stage.title, &stage.to].into_iter().chain(content)
        });
        let parties = regime.parties.values().map(|party| &party.title);
        let all = [&regime.title, &regime.jurisdiction].into_iter();
        for text in all.chain(parties).chain(regime.moments.values()).chain(stages) {
            assert!(text.missing().is_empty(), "{name}: {text:?}");
        }
    }
}
