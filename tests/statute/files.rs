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

/// Regimes whose sources say from when or until when they hold.
const DATED: [&str; 4] =
    ["cn-incident-reporting", "cn-network-data-security", "cn-samr-order-121", "cn-samr-order-20"];

#[test]
fn a_date_that_no_source_gives_says_so_where_it_stands() {
    for (name, bytes) in folder("regimes") {
        let (regime, _) = Regime::read(&name, &bytes);
        let in_force = regime.expect("read").in_force;
        let dated = in_force.from.is_some() || in_force.until.is_some();
        let text = String::from_utf8(bytes).expect("text");
        let line = text.lines().find(|line| line.starts_with("effective:")).expect("a line");
        let marked = line.contains("# not in the sources below");
        assert_eq!(marked, dated && !DATED.contains(&name.as_str()), "{name}: {line}");
    }
}

/// Regimes whose limits were read in a full text; of the others nothing may say it was compared.
const READ: [(&str, &[&str]); 2] = [
    ("cn-incident-reporting", &["forward_province", "supplement", "police", "summary"]),
    ("gdpr-33", &[]),
];

#[test]
fn nothing_says_it_was_compared_with_the_law_that_was_not() {
    for (name, regime) in regimes() {
        let unread = READ.iter().find(|(read, _)| *read == name).map(|(_, unread)| *unread);
        for stage in &regime.stages {
            let read = unread.is_some_and(|unread| !unread.contains(&stage.id.as_str()));
            assert_eq!(stage.verified, read, "{name}: {}", stage.id);
        }
    }
}
