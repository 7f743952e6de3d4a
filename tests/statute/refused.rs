//! What cannot be used, with its code.

use firebell::playbook::diagnostic::Diagnostics;
use firebell::playbook::statute::{Calendar, Regime};

const HEAD: &str = "regime: x\ntitle: { zh: 甲, en: X }\njurisdiction: { zh: 甲, en: X }\n\
    effective: {}\nverified: true\nsource: [ { title: { zh: 甲, en: X } } ]\n";

fn stage(rest: &str) -> String {
    format!(
        "{HEAD}stages:\n  - {{ id: a, title: {{ zh: 甲, en: A }}, to: {{ zh: 乙, en: B }}, {rest} }}\n"
    )
}

fn codes(findings: &Diagnostics) -> Vec<&'static str> {
    findings.iter().map(|d| d.code.as_str()).collect()
}

#[test]
fn a_regime_is_refused_for_what_is_missing_or_wrong() {
    let good = stage("from: aware, within: 4h");
    let table = [
        (good.replace("source:", "sauce:"), vec!["E0109", "E0106"]),
        (good.replace("verified: true\n", ""), vec!["E0109"]),
        (good.replace("effective: {}", "effective: { from: 2026-02-30 }"), vec!["E0110"]),
        (
            good.replace("effective: {}", "effective: { from: 2026-02-02, until: 2026-01-01 }"),
            vec!["E0110"],
        ),
        (stage("within: 4h"), vec!["E0109"]),
        (stage("from: aware"), vec!["E0109"]),
        (stage("from: awake, within: 4h"), vec!["E0110"]),
        (stage("from: aware, within: 4"), vec!["E0108"]),
        (stage("from: aware, within: 4w"), vec!["E0110"]),
        (stage("from: aware, within: 1h30m"), vec!["E0110"]),
        (stage("from: aware, within: 0h"), vec!["E0110"]),
        (stage("from: aware, within: 4h, internal: 2h"), vec!["E0110"]),
        (stage("from: aware, within: 4bd"), vec!["E0801"]),
        (stage("from: { submitted: b }, within: 4h"), vec!["E0801"]),
        (stage("from: { submitted: a }, within: 4h"), vec!["E0803"]),
        (stage("from: { moment: b }, within: 4h"), vec!["E0801"]),
        (stage("from: { moment: b, level: 1 }, within: 4h"), vec!["E0114"]),
        (stage("from: aware, within: 4h, parties: [b]"), vec!["E0801"]),
        (stage("from: aware, within: 4h, when: people > 1"), vec!["E0402"]),
        (stage("from: aware, within: 4h, when: steps.a.done"), vec!["E0402"]),
        (format!("{HEAD}stages: []\n"), vec!["E0110"]),
    ];
    let (regime, findings) = Regime::read("x.yaml", good.as_bytes());
    assert!(regime.is_some() && findings.is_empty());
    for (text, expected) in table {
        let (regime, findings) = Regime::read("x.yaml", text.as_bytes());
        assert!(regime.is_none(), "{text}");
        assert_eq!(codes(&findings), expected, "{text}");
    }
}

#[test]
fn a_calendar_is_refused_for_gaps_and_impossible_days() {
    let head = "calendar: x\ntitle: { zh: 甲, en: X }\ntimezone: Asia/Shanghai\n\
        weekend: [saturday, sunday]\nverified: true\nsource: [ { title: { zh: 甲, en: X } } ]\n";
    let table = [
        ("years: { 2025: {}, 2027: {} }", vec!["E0802"]),
        ("years: { 2026: { off: [2025-01-01/2025-01-03] } }", vec!["E0802"]),
        ("years: { 2026: { off: [\"2026-01-04\"], worked: [\"2026-01-04\"] } }", vec!["E0802"]),
        ("years: { 2026: { worked: [\"2026-01-05\"] } }", vec!["E0802"]),
        ("years: { 2026: { off: [\"2026-13-01\"] } }", vec!["E0110"]),
        ("years: {}", vec!["E0110"]),
        ("years: { soon: {} }", vec!["E0110", "E0110"]),
        ("covers: { from: 2030, to: 2029 }", vec!["E0110"]),
        ("covers: { from: 2026, to: 2029 }\nyears: { 2026: {} }", vec!["E0114"]),
        ("holidays: []", vec!["E0109"]),
        (
            "covers: { from: 2026, to: 2029 }\nholidays: [ { title: { zh: 甲, en: X }, on: \"02-30\" } ]",
            vec!["E0110"],
        ),
        (
            "covers: { from: 2026, to: 2029 }\nholidays: [ { title: { zh: 甲, en: X }, nth: 2 } ]",
            vec!["E0109"],
        ),
        ("years: { 2026: {} }\ntimezone2: UTC", vec!["E0106"]),
    ];
    for (rest, expected) in table {
        let (calendar, findings) = Calendar::read("x.yaml", format!("{head}{rest}\n").as_bytes());
        assert!(calendar.is_none(), "{rest}");
        assert_eq!(codes(&findings), expected, "{rest}");
    }
}
