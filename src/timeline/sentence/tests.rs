//! Every kind of event, in both languages.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::*;
use crate::engine::Actor;
use crate::text::Lang;
use crate::timeline::sample::Sample;

/// One of every kind of event, several where the words differ, as they are stored.
const FACTS: &str = include_str!("facts.jsonl");

/// The kinds that say nothing a reader misses.
const SILENT: [&str; 11] = [
    "attention_answer_awaited",
    "errand_ended",
    "ladder_armed",
    "notice_delayed",
    "phase_left",
    "report_queued",
    "request_queued",
    "step_adopted",
    "step_awaits",
    "step_deadlines",
    "step_iterated",
];

fn facts() -> Vec<Fact> {
    let read = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    FACTS.lines().map(read).collect()
}

fn event(fact: Fact) -> Event {
    let at = "2026-11-21T19:00:00Z".parse().unwrap();
    Event { seq: 1, occurred_at: at, recorded_at: at, actor: Actor::System, cause: None, fact }
}

/// Reads the kinds from the source that declares them, so that a new one is missed here.
fn kinds() -> BTreeSet<String> {
    let source = include_str!("../../engine/fact.rs");
    let body = source.split("pub enum Fact {").nth(1).unwrap().split("\n}").next().unwrap();
    let named = body.lines().filter_map(|line| {
        let name = line.strip_prefix("    ")?.split([' ', '{', ',', '(']).next()?;
        let is_name =
            name.starts_with(char::is_uppercase) && name.chars().all(char::is_alphanumeric);
        is_name.then(|| snake(name))
    });
    named.collect()
}

fn snake(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.extend(c.to_lowercase());
    }
    out
}

#[test]
fn every_kind_of_event_reads_like_this() {
    let sample = Sample::in_progress(0);
    let story = sample.story();
    let names = Lang::ALL.map(|lang| Names::new(&story, lang));
    let mut out = String::new();
    for fact in facts() {
        let code = code(&fact);
        let event = event(fact);
        let said = names.each_ref().map(|names| say(names, &event));
        let [zh, en] = said.each_ref().map(|s| s.as_ref().map_or("", |(_, text)| text.as_str()));
        let tone = said[0].as_ref().map(|(tone, _)| *tone);
        assert_eq!(tone, said[1].as_ref().map(|(tone, _)| *tone), "{code}");
        let tone = tone.map_or(String::new(), |tone| format!("{tone:?}"));
        writeln!(out, "{code} {tone}\n  {zh}\n  {en}").unwrap();
    }
    insta::assert_snapshot!(out);
}

#[test]
fn no_kind_of_event_is_forgotten() {
    let sample = Sample::in_progress(0);
    let story = sample.story();
    let names = Names::new(&story, Lang::En);
    let kind = |fact: &Fact| match fact {
        Fact::Clock(_) => "clock".to_owned(),
        Fact::Attention(_) => "attention".to_owned(),
        other => code(other),
    };
    assert_eq!(facts().iter().map(kind).collect::<BTreeSet<_>>(), kinds());
    let all: BTreeSet<String> = facts().iter().map(code).collect();
    let said = facts().into_iter().filter(|fact| say(&names, &event(fact.clone())).is_some());
    let said: BTreeSet<String> = said.map(|fact| code(&fact)).collect();
    let silent: Vec<&String> = all.difference(&said).collect();
    assert_eq!(silent, SILENT);
}

/// A plan that asks for a telephone number.
const PERSONAL: &str = "
playbook: sample
title: Sample
inputs:
  phone: { type: string, personal: true, label: { zh: 电话, en: Telephone } }
  users: { type: integer }
phases: [ { id: one, title: One } ]
";

#[test]
fn personal_values_are_named_and_never_said() {
    let mut sample = Sample::in_progress(0);
    sample.playbook = crate::playbook::Playbook::restore(PERSONAL).unwrap();
    let fact = |json: serde_json::Value| serde_json::from_value::<Fact>(json).unwrap();
    let input = serde_json::json!({ "from": "input" });
    let sealed = serde_json::json!({
        "type": "variables_set", "values": { "users": 3 }, "sealed": { "phone": "9f86" },
        "source": input,
    });
    let open = serde_json::json!({
        "type": "variables_set", "values": { "phone": "13800138000", "users": 3 }, "source": input,
    });
    let redacted = serde_json::json!({ "type": "redacted", "references": ["9f86"], "reason": "x" });
    let said = |sample: &Sample, fact: &Fact| {
        let story = sample.story();
        let event = event(fact.clone());
        Lang::ALL.map(|lang| say(&Names::new(&story, lang), &event).unwrap().1)
    };
    let (sealed, open) = (fact(sealed), fact(open));
    assert_eq!(
        said(&sample, &sealed),
        [
            "已知情况：users = 3，电话（个人信息，单独保存）",
            "Known: users = 3, Telephone (personal data, kept apart)",
        ]
    );
    assert_eq!(
        said(&sample, &open),
        [
            "已知情况：电话（个人信息，不显示），users = 3",
            "Known: Telephone (personal data, not shown), users = 3",
        ]
    );
    sample.events.push(event(fact(redacted)));
    assert_eq!(
        said(&sample, &sealed),
        [
            "已知情况：users = 3，电话（个人信息，已删除）",
            "Known: users = 3, Telephone (personal data, erased)",
        ]
    );
}
