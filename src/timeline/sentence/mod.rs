//! What an event says to a reader, one sentence each: a file for every family of events.

mod attention;
mod clock;
mod kin;
mod ladder;
mod level;
mod lifecycle;
mod outbox;
mod role;
mod rule;
mod step;

use serde::{Deserialize, Serialize};

pub(super) use clock::stop_reason;
pub(super) use ladder::subject_of as ladder_subject;
pub(super) use step::{failure_cause, skip_reason};

use super::names::Names;
use crate::engine::{Event, Fact, Family};

/// How a reader should take a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    /// It happened.
    Plain,
    /// Something succeeded.
    Good,
    /// Something needs care.
    Warning,
    /// Something went wrong.
    Bad,
}

/// A sentence and how to take it.
pub(super) type Sentence = (Tone, String);

/// Says an event; `None` where it is not worth a reader's line: bookkeeping, and what the tables of
/// notices tell better.
pub(super) fn say(names: &Names<'_>, event: &Event) -> Option<Sentence> {
    names.speak_of(event);
    let fact = &event.fact;
    match fact.family() {
        Family::Lifecycle => lifecycle::say(names, fact),
        Family::Level => level::say(names, fact),
        Family::Role => role::say(names, fact),
        Family::Step => step::say(names, fact),
        Family::Ladder => ladder::say(names, fact),
        Family::Attention => attention::say(names, fact),
        Family::Rule => rule::say(names, fact),
        Family::Clock => clock::say(names, fact),
        Family::Outbox => outbox::say(names, fact),
        Family::Kin => kin::say(names, fact),
    }
}

fn plain(text: impl Into<String>) -> Option<Sentence> {
    Some((Tone::Plain, text.into()))
}

fn good(text: impl Into<String>) -> Option<Sentence> {
    Some((Tone::Good, text.into()))
}

fn warning(text: impl Into<String>) -> Option<Sentence> {
    Some((Tone::Warning, text.into()))
}

fn bad(text: impl Into<String>) -> Option<Sentence> {
    Some((Tone::Bad, text.into()))
}

/// Adds a remark after a colon, where there is one.
fn remark(names: &Names<'_>, text: String, remark: Option<&str>) -> String {
    match remark.map(str::trim).filter(|remark| !remark.is_empty()) {
        Some(remark) => format!("{text}{}{remark}", names.lang.pick("：", ": ")),
        None => text,
    }
}

/// Returns the stable name of an event's kind, as it is stored: `step_done`.
pub(super) fn code(fact: &Fact) -> String {
    let stored = serde_json::to_value(fact).ok();
    let code = stored.as_ref().and_then(|stored| stored.get("type")).and_then(|code| code.as_str());
    let code = code.unwrap_or_default().to_owned();
    // Facts of a kind are told apart by their own word: `clock_breached`.
    match stored.as_ref().and_then(|stored| stored.get("what")).and_then(|what| what.as_str()) {
        Some(what) if matches!(fact, Fact::Clock(_) | Fact::Attention(_)) => {
            format!("{code}_{what}")
        }
        _ => code,
    }
}

#[cfg(test)]
mod tests;
