//! What events are to show: every way of writing it, and every mistake at its place.

use super::*;
use crate::drill::expect::{Ask, Part};

const LEAK: &str = include_str!("../../../../playbooks/data-leak.yaml");

/// Reads a drill of the leak plan that expects this.
fn leak(expect: &str) -> (Option<Scenario>, Diagnostics) {
    let text = format!(
        "drill: leak\ntitle: {{ zh: 演练, en: Drill }}\nplaybook: data-leak\nrun: exercise\n\
         expect:\n{expect}"
    );
    read(&text, &[LEAK])
}

#[test]
fn every_pattern_is_read_with_its_key_and_part() {
    let cases = [
        ("escalated: security", "escalated/security", Part::Respond),
        ("escalated: locate, within: 2h", "escalated/locate", Part::Respond),
        ("decision: whether_to_tell, is: 告知", "decision/whether_to_tell/告知", Part::Respond),
        ("phase: report, is: done, within: 30m", "phase/report/done", Part::Report),
        ("phase: review, is: entered", "phase/review/entered", Part::Respond),
        ("level: 2, within: 1h, by: commander", "level/2/by/commander", Part::Detect),
        ("clock: cac", "clock/cac", Part::Comply),
        ("clock: 'cac:report', by: legal", "clock/cac:report/by/legal", Part::Comply),
        ("noted: customers", "noted/customers", Part::Communicate),
        ("notified: role/legal, within: 1h", "notified/role/legal", Part::Communicate),
        ("closed: true, within: 20d", "closed", Part::Respond),
        ("step: locate, is: done, from: { step: contain }", "step/locate/done", Part::Locate),
        ("step: report_cac, is: done", "step/report_cac/done", Part::Comply),
        ("objective: reported", "objective/reported", Part::Report),
        ("never: { escalated: commander }", "never/escalated/commander", Part::Respond),
        ("never: { level: 1, within: 10m }", "never/level/1", Part::Detect),
        ("never: { notified: customers }", "never/notify/customers", Part::Communicate),
        ("reached: legal, id: lawyer_told, part: comply", "lawyer_told", Part::Comply),
        ("evaluator: '?', id: tone", "evaluator/tone", Part::Respond),
        ("all: [ { clock: cac }, { clock: pipl } ]", "all(clock/cac,clock/pipl)", Part::Comply),
        (
            "at_least: 1, of: [ { closed: true }, { any: [ { level: 1 } ] } ]",
            "at_least_1(closed,any(level/1))",
            Part::Respond,
        ),
        (
            "probe: { url: 'https://a.example/', at: closed, expect: { status: 200 } }",
            "probe/https://a.example/",
            Part::Respond,
        ),
    ];
    for (written, key, part) in cases {
        let (scenario, findings) = leak(&format!("  - {{ {written} }}\n"));
        let shown = findings.render(Rendering::plain(Lang::En));
        let scenario = scenario.unwrap_or_else(|| panic!("{written}\n{shown}"));
        let read = &scenario.expect[0];
        assert_eq!((read.asked.key.as_str(), read.part), (key, part), "{written}\n{shown}");
    }
}

#[test]
fn each_mistake_in_a_pattern_is_found_at_its_place() {
    let deep = "all: [ { all: [ { all: [ { any: [ { closed: true } ] } ] } ] } ]";
    let cases: &[(&str, Code, &str)] = &[
        ("escalated: nobody", code::UNKNOWN_NAME, "nobody"),
        ("decision: contain, is: yes", code::NOT_APPLICABLE, "contain"),
        ("decision: whether_to_tell, is: maybe", code::UNKNOWN_NAME, "maybe"),
        ("decision: whether_to_tell", MISSING_KEY, "decision"),
        ("approved: contain", code::NOT_APPLICABLE, "contain"),
        ("phase: reprot, is: done", code::UNKNOWN_NAME, "reprot"),
        ("phase: report, is: over", BAD_VALUE, "over"),
        ("level: 7", BAD_VALUE, "7"),
        ("clock: cca", code::UNKNOWN_NAME, "cca"),
        ("clock: 'cac:summry'", code::UNKNOWN_NAME, "'cac:summry'"),
        ("noted: everyone", code::UNKNOWN_NAME, "everyone"),
        ("closed: false", BAD_VALUE, "false"),
        ("noted: customers, by: legal", code::NOT_APPLICABLE, "legal"),
        ("phase: report, is: done, by: legal", code::NOT_APPLICABLE, "legal"),
        ("closed: true, by: lawyer", code::UNKNOWN_NAME, "lawyer"),
        ("closed: true, from: yesterday", BAD_VALUE, "yesterday"),
        ("closed: true, from: { phase: a, step: b }", code::NOT_ONE_THING, "{ phase: a"),
        ("closed: true, within: 1mo", code::BAD_DURATION, "1mo"),
        ("closed: true, part: win", BAD_VALUE, "win"),
        ("closed: true, id: 'a b'", BAD_VALUE, "'a b'"),
        ("never: { level: 1, closed: true }", code::NOT_ONE_THING, "true"),
        ("never: { from: declared, level: 1 }", UNKNOWN_KEY, "from"),
        ("all: []", code::BAD_GROUP, "[]"),
        ("at_least: 3, of: [ { closed: true }, { level: 1 } ]", code::BAD_GROUP, "[ { closed"),
        ("of: [ { closed: true } ]", MISSING_KEY, "of:"),
        ("all: [ { closed: true, weight: 2 } ]", UNKNOWN_KEY, "weight"),
        (deep, code::BAD_GROUP, "[ { closed"),
        ("probe: { url: ftp://a.example }", code::BAD_PROBE, "ftp://a.example"),
        ("probe: { url: 'https://u@a.example' }", code::BAD_PROBE, "'https://u@"),
        ("probe: { url: 'https://' }", code::BAD_PROBE, "'https://'"),
        ("probe: { url: 'https://a', expect: { json: { a.b: 1 } } }", code::BAD_PROBE, "a.b"),
        ("probe: { url: 'https://a', expect: { status: 99 } }", BAD_VALUE, "99"),
    ];
    let mut misses = Vec::new();
    for (written, code, at) in cases {
        let (scenario, findings) = leak(&format!("  - {{ {written} }}\n"));
        let text = findings.source().text();
        let mut found = findings.iter().map(|one| (one.code, one.span.unwrap_or_default()));
        let hit = found.any(|(found, span)| found == *code && text[span.start..].starts_with(at));
        if !hit || scenario.is_some() || findings.count(Severity::Error) > 1 {
            let shown = findings.render(Rendering::plain(Lang::En));
            misses.push(format!("{written}: {code} at `{at}`\n{shown}"));
        }
    }
    assert!(misses.is_empty(), "{}", misses.join("\n"));
}

#[test]
fn two_that_ask_the_same_are_told_apart_and_names_are_taken_once() {
    let (scenario, _) =
        leak("  - { acknowledged: legal, within: 5m }\n  - { acknowledged: legal, within: 9m }\n");
    let keys: Vec<_> = scenario.unwrap().expect.into_iter().map(|one| one.asked.key).collect();
    assert_eq!(keys, ["acknowledged/legal", "acknowledged/legal#2"]);
    let (scenario, findings) = leak("  - { closed: true, id: a }\n  - { level: 1, id: a }\n");
    assert!(scenario.is_none() && findings.iter().any(|one| one.code == BAD_VALUE));
}

#[test]
fn groups_count_with_everything_in_them() {
    let entry = "{ closed: true },".repeat(60);
    let group = format!("  - {{ any: [ {entry} ] }}\n");
    assert!(leak(&group).0.is_some());
    let (scenario, findings) = leak(&group.repeat(2));
    assert!(scenario.is_none());
    assert_eq!(findings.iter().filter(|one| one.code == code::TOO_MANY).count(), 1);
}

#[test]
fn a_group_keeps_its_entries_in_order() {
    let (scenario, _) = leak("  - { any: [ { closed: true, within: 4h }, { level: 2 } ] }\n");
    let scenario = scenario.unwrap();
    let Ask::Group { of, .. } = &scenario.expect[0].asked.ask else { panic!("a group") };
    let keys: Vec<_> = of.iter().map(|part| part.key.as_str()).collect();
    assert_eq!(keys, ["closed", "level/2"]);
}
