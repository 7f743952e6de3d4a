//! The documents of what was learned: findings, actions, lessons of real incidents, and what people
//! were told. It must not know what they mean.

use std::ops::ControlFlow;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::id::PlaybookId;
use crate::learn::action::Action;
use crate::learn::experience::Experience;
use crate::learn::finding::Finding;
use crate::store::{Change, Digest, Expect, Kind, Store, StoreError, each_document};

/// Begins the names of when plans were first in force.
const KNOWN: &str = "known/";
/// Begins the names of messages that were written.
const TOLD: &str = "told/";
/// The longest key that names a document as it is.
const KEY_BYTES_MAX: usize = 200;

/// Reads every document of a kind with its version; one that does not read is said and passed over.
pub(super) fn all<T: DeserializeOwned>(
    store: &dyn Store,
    kind: Kind,
    each: &mut dyn FnMut(u64, T),
) -> Result<(), StoreError> {
    each_document(store, kind, "", &mut |document| {
        if let Some(value) = document.read() {
            each(document.version, value);
        }
        Ok(ControlFlow::Continue(()))
    })
}

/// Reads the lesson of an incident by its number.
pub(super) fn lesson(store: &dyn Store, number: u64) -> Result<Option<Experience>, StoreError> {
    let document = store.document(Kind::Lesson, &lesson_name(number))?;
    Ok(document.and_then(|document| document.read()))
}

/// Reads when plans were first in force, and the keys of messages that were written.
pub(super) fn reminders(
    store: &dyn Store,
    known: &mut dyn FnMut(PlaybookId, Timestamp),
    told: &mut dyn FnMut(String),
) -> Result<(), StoreError> {
    each_document(store, Kind::Reminder, "", &mut |document| {
        if let Some(plan) = document.name.strip_prefix(KNOWN) {
            if let Some(at) = document.read() {
                known(PlaybookId::new(plan), at);
            }
        } else if document.name.starts_with(TOLD) {
            told(document.name);
        }
        Ok(ControlFlow::Continue(()))
    })
}

/// Names the document that says a message was written.
pub(super) fn told_name(key: &str) -> String {
    if key.len() <= KEY_BYTES_MAX {
        return format!("{TOLD}{key}");
    }
    format!("{TOLD}{}", Digest::of(key.as_bytes()))
}

/// Begins the names of the messages about an action.
pub(super) fn told_of_action(action: &Uuid) -> String {
    format!("{TOLD}action/{action}/")
}

pub(super) fn keep_told(name: &str, at: Timestamp) -> Change {
    Change::keep(Kind::Reminder, name, Expect::Any, &at)
}

pub(super) fn forget_told(name: &str) -> Change {
    Change::delete(Kind::Reminder, name, Expect::Any)
}

pub(super) fn keep_known(plan: &PlaybookId, at: Timestamp) -> Change {
    Change::keep(Kind::Reminder, format!("{KNOWN}{plan}"), Expect::Any, &at)
}

pub(super) fn keep_finding(finding: &Finding, expect: Expect) -> Change {
    Change::keep(Kind::Finding, finding.id.to_string(), expect, finding)
}

pub(super) fn keep_action(action: &Action, expect: Expect) -> Change {
    Change::keep(Kind::Action, action.id.to_string(), expect, action)
}

pub(super) fn keep_lesson(number: u64, lesson: &Experience) -> Change {
    Change::keep(Kind::Lesson, lesson_name(number), Expect::Any, lesson)
}

/// Documents are read in the order of their names: the earliest incident first.
fn lesson_name(number: u64) -> String {
    format!("{number:020}")
}
