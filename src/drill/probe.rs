//! What is asked of something outside, and what came back. Pure: the exercise asks, and this says
//! what the answer means. It must not know how anything is asked.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::drill::score::Finding;
use crate::playbook::Moment;
use crate::text::Text;

/// The longest address.
pub const URL_BYTES_MAX: usize = 500;
/// The most statuses and places of an answer that one probe looks at.
pub const WANTED_MAX: usize = 20;
/// The most characters that are kept of an answer: enough to see what it was.
pub const SEEN_CHARS_MAX: usize = 1_000;
/// The most bytes that are kept of one looked-at value.
const VALUE_BYTES_MAX: usize = 1_000;

/// A question to something outside, asked by GET.
#[derive(Debug, PartialEq)]
pub struct Probe {
    /// Its address; an exercise asks only hosts that the configuration allows.
    pub url: String,
    /// When it is asked; `None` at the end.
    pub at: Option<Moment>,
    /// Statuses that are right; empty means 200–299.
    pub status: Vec<u16>,
    /// JSON pointers into the answer that must equal these values.
    pub json: BTreeMap<String, Json>,
}

/// What came back of a probe.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// The status, where there was an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// What stood where the probe looked; nothing stands where it is missing.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, Json>,
    /// The beginning of the answer, or why there was none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub seen: String,
}

impl Answered {
    /// Reads an answer: its status and its body.
    #[must_use]
    pub fn read(probe: &Probe, status: u16, body: &[u8]) -> Self {
        let json: Option<Json> = serde_json::from_slice(body).ok();
        let value = |pointer: &String| {
            let value = json.as_ref()?.pointer(pointer)?;
            (value.to_string().len() <= VALUE_BYTES_MAX).then(|| (pointer.clone(), value.clone()))
        };
        Self {
            status: Some(status),
            values: probe.json.keys().filter_map(value).collect(),
            seen: printable(&String::from_utf8_lossy(body)),
        }
    }

    /// Says why there was no answer.
    #[must_use]
    pub fn none(why: &str) -> Self {
        Self { seen: printable(why), ..Self::default() }
    }
}

/// Keeps the beginning of a text; what a terminal would act on is written out.
fn printable(text: &str) -> String {
    let mut kept = String::new();
    for c in text.chars().take(SEEN_CHARS_MAX) {
        if c.is_control() && c != '\n' {
            kept.extend(c.escape_unicode());
        } else {
            kept.push(c);
        }
    }
    kept
}

/// Judges what came back.
#[must_use]
pub fn judge(probe: &Probe, answered: Option<&Answered>) -> Finding {
    let Some(answered) = answered else {
        let why = Text::both(
            "没有询问：只在有真人参加的演练里、到了时刻才问",
            "not asked: an exercise with people asks it, when its moment comes",
        );
        return Finding::NotJudged { why };
    };
    let Some(status) = answered.status else {
        let seen = &answered.seen;
        let why =
            Text::both(format!("没有得到回答：{seen}"), format!("there was no answer: {seen}"));
        return Finding::NotJudged { why };
    };
    let right = if probe.status.is_empty() {
        (200..300).contains(&status)
    } else {
        probe.status.contains(&status)
    };
    if !right {
        let why = Text::both(format!("状态为 {status}"), format!("the status was {status}"));
        return Finding::NotMet { why };
    }
    for (pointer, wanted) in &probe.json {
        let found = answered.values.get(pointer);
        if found != Some(wanted) {
            let why = found.map_or_else(
                || Text::both(format!("没有 {pointer}"), format!("there is no {pointer}")),
                |found| {
                    Text::both(
                        format!("{pointer} 为 {found}，应为 {wanted}"),
                        format!("{pointer} is {found} and not {wanted}"),
                    )
                },
            );
            return Finding::NotMet { why };
        }
    }
    Finding::Met
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::text::Lang;

    fn probe(status: &[u16], json: &[(&str, Json)]) -> Probe {
        let json = json.iter().map(|(pointer, value)| ((*pointer).to_owned(), value.clone()));
        let url = "https://status.example/api".to_owned();
        Probe { url, at: None, status: status.to_vec(), json: json.collect() }
    }

    #[test]
    fn an_answer_is_judged_by_its_status_and_what_stands_in_it() {
        let up = br#"{"state":"up","queue":{"length":0}}"#;
        type Case<'a> = (&'a [u16], &'a [(&'a str, Json)], u16, &'a [u8], Result<(), &'a str>);
        let cases: &[Case<'_>] = &[
            (&[], &[], 204, b"", Ok(())),
            (&[], &[], 302, b"", Err("the status was 302")),
            (&[302], &[], 302, b"", Ok(())),
            (&[200], &[("/state", json!("up"))], 200, up, Ok(())),
            (&[], &[("/queue/length", json!(0))], 200, up, Ok(())),
            (&[], &[("/state", json!("down"))], 200, up, Err("/state is \"up\" and not \"down\"")),
            (&[], &[("/missing", json!(1))], 200, up, Err("there is no /missing")),
            (&[], &[("/state", json!("up"))], 200, b"<html>", Err("there is no /state")),
        ];
        for (status, json, came, body, expected) in cases {
            let probe = probe(status, json);
            let found = judge(&probe, Some(&Answered::read(&probe, *came, body)));
            let found = match &found {
                Finding::Met => Ok(()),
                Finding::NotMet { why } => Err(why.get(Lang::En)),
                other => panic!("{other:?}"),
            };
            assert_eq!(found, *expected);
        }
    }

    #[test]
    fn what_was_not_asked_or_not_answered_is_nobody_s_failure() {
        let probe = probe(&[], &[]);
        assert!(matches!(judge(&probe, None), Finding::NotJudged { .. }));
        let silent = Answered::none("timed out");
        assert!(matches!(judge(&probe, Some(&silent)), Finding::NotJudged { .. }));
    }

    #[test]
    fn what_is_kept_is_bounded_and_cannot_steer_a_terminal() {
        let long = format!("\u{1b}[31m{}", "长".repeat(5_000));
        let kept = Answered::read(&probe(&[], &[]), 200, long.as_bytes()).seen;
        assert!(kept.starts_with("\\u{1b}[31m") && kept.chars().count() < SEEN_CHARS_MAX + 10);
        let huge = json!({ "big": "x".repeat(5_000) }).to_string();
        let probe = probe(&[], &[("/big", json!("x"))]);
        assert!(Answered::read(&probe, 200, huge.as_bytes()).values.is_empty());
    }
}
