//! Findings of `firebell check` in the forms that other programs show beside the source: SARIF 2.1.0
//! (code scanning, editors) and the workflow commands of GitHub Actions. Pure.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::{Value as Json, json};

use super::explain::{self, Entry};
use crate::playbook::diagnostic::{RelatedPlace, Row, Severity};
use crate::text::Lang;

/// What a URI's path may not hold as it is; the slash stays.
const PATH: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'%').add(b'<').add(b'>').add(b'?').add(b'`');

/// Writes findings as one SARIF log; `unreadable` are files that could not be looked at.
#[must_use]
pub fn sarif(findings: &[Row], unreadable: &[String], lang: Lang) -> Json {
    let mut codes: Vec<&str> = findings.iter().map(|row| row.code.as_str()).collect();
    codes.sort_unstable();
    codes.dedup();
    let entries = explain::entries(lang);
    let rules: Vec<Json> = codes.iter().map(|code| rule(code, &entries)).collect();
    let results: Vec<Json> = findings.iter().map(|row| result(row, &codes)).collect();
    let troubles =
        unreadable.iter().map(|words| json!({"level": "error", "message": {"text": words}}));
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "firebell",
                "version": env!("CARGO_PKG_VERSION"),
                "language": lang.pick("zh-CN", "en-US"),
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": unreadable.is_empty(),
                "toolExecutionNotifications": troubles.collect::<Vec<_>>(),
            }],
            "results": results,
        }],
    })
}

fn rule(code: &str, entries: &[Entry<'_>]) -> Json {
    let mut rule = json!({ "id": code });
    if let Some(entry) = entries.iter().find(|entry| entry.code == code) {
        rule["shortDescription"] = json!({ "text": entry.title });
        rule["fullDescription"] = json!({ "text": entry.words });
    }
    rule
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// GitHub calls notes otherwise.
const fn command(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "notice",
        graver => level(graver),
    }
}

fn result(row: &Row, codes: &[&str]) -> Json {
    let code = row.code.as_str();
    let mut result = json!({
        "ruleId": code,
        "ruleIndex": codes.binary_search(&code).unwrap_or_default(),
        "level": level(row.severity),
        "message": {"text": words(row)},
        "locations": [{"physicalLocation": {
            "artifactLocation": {"uri": utf8_percent_encode(&row.file, PATH).to_string()},
            "region": {
                "startLine": row.line, "startColumn": row.column,
                "endLine": row.end_line, "endColumn": row.end_column,
            },
        }}],
    });
    if !row.related.is_empty() {
        result["relatedLocations"] = row.related.iter().map(related).collect();
    }
    result
}

fn related(place: &RelatedPlace) -> Json {
    json!({
        "message": {"text": place.message},
        "physicalLocation": {
            "artifactLocation": {"uri": utf8_percent_encode(&place.file, PATH).to_string()},
            "region": {
                "startLine": place.line, "startColumn": place.column,
                "endLine": place.end_line, "endColumn": place.end_column,
            },
        },
    })
}

/// What is wrong and what to do, a line each.
fn words(row: &Row) -> String {
    std::iter::once(&row.message)
        .chain(&row.help)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join("\n")
}

/// Writes findings as GitHub's workflow commands, one a line.
#[must_use]
pub fn github(findings: &[Row], unreadable: &[String]) -> String {
    let finding = |row: &Row| {
        format!(
            "::{} file={},line={},col={},endLine={},endColumn={},title={}::{}",
            command(row.severity),
            property(&row.file),
            row.line,
            row.column,
            row.end_line,
            row.end_column,
            property(row.code.as_str()),
            data(&[words(row), elsewhere(row)].concat()),
        )
    };
    let trouble = |words: &String| format!("::error::{}", data(words));
    let lines = findings.iter().map(finding).chain(unreadable.iter().map(trouble));
    lines.collect::<Vec<_>>().join("\n")
}

/// The places in other files: a command has room for one place alone.
fn elsewhere(row: &Row) -> String {
    let others = row.related.iter().filter(|place| place.file != row.file);
    others
        .map(|place| format!("\n{}: {}:{}:{}", place.message, place.file, place.line, place.column))
        .collect()
}

/// A newline would begin another command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::playbook::diagnostic::Code;

    fn row() -> Row {
        Row {
            code: Code::new("E0106"),
            severity: Severity::Error,
            file: "playbooks/a b,c.yaml".to_owned(),
            line: 3,
            column: 5,
            end_line: 3,
            end_column: 9,
            message: "unknown key 100%".to_owned(),
            label: None,
            help: vec!["did you mean `due`?".to_owned()],
            notes: Vec::new(),
            related: Vec::new(),
        }
    }

    /// The same in a file that a plan uses.
    fn borrowed() -> Row {
        let used = RelatedPlace {
            file: "playbooks/plan 1.yaml".to_owned(),
            line: 12,
            column: 9,
            end_line: 12,
            end_column: 20,
            message: "used here".to_owned(),
        };
        Row { related: vec![used], ..row() }
    }

    #[test]
    fn the_place_that_uses_a_file_is_a_related_location() {
        let log = sarif(&[borrowed(), row()], &[], Lang::En);
        let results = &log["runs"][0]["results"];
        let related = &results[0]["relatedLocations"][0];
        assert_eq!(related["message"]["text"], "used here");
        let place = &related["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "playbooks/plan%201.yaml");
        assert_eq!(place["region"]["startLine"], 12);
        assert_eq!(results[1].get("relatedLocations"), None);
        let line = github(&[borrowed()], &[]);
        assert!(line.ends_with("%0Aused here: playbooks/plan 1.yaml:12:9"), "{line}");
    }

    #[test]
    fn a_sarif_log_names_each_rule_once_and_points_at_the_place() {
        let mut other = row();
        other.code = Code::new("E0101");
        let log = sarif(&[row(), other, row()], &["gone.yaml".to_owned()], Lang::En);
        let run = &log["runs"][0];
        let rules: Vec<_> =
            run["tool"]["driver"]["rules"].as_array().unwrap().iter().map(|r| &r["id"]).collect();
        assert_eq!(rules, ["E0101", "E0106"]);
        let first = &run["results"][0];
        assert_eq!((&first["ruleIndex"], &first["level"]), (&json!(1), &json!("error")));
        assert_eq!(first["message"]["text"], "unknown key 100%\ndid you mean `due`?");
        let place = &first["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "playbooks/a%20b,c.yaml");
        assert_eq!(place["region"]["startColumn"], 5);
        assert_eq!(run["invocations"][0]["executionSuccessful"], false);
        let rule = &run["tool"]["driver"]["rules"][1];
        assert_eq!(rule["shortDescription"]["text"], "An unknown key");
    }

    #[test]
    fn a_workflow_command_stays_on_its_line() {
        assert_eq!(
            github(&[row()], &["gone\nfile".to_owned()]),
            "::error file=playbooks/a b%2Cc.yaml,line=3,col=5,endLine=3,endColumn=9,title=E0106::\
             unknown key 100%25%0Adid you mean `due`?\n::error::gone%0Afile"
        );
        assert_eq!(github(&[], &[]), "");
    }
}
