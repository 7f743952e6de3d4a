//! What is stored of a calendar behind an address: the last good copy, and when it was last seen there.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::fetch::Validators;
use crate::id::ScheduleId;
use crate::store::{Change, Digest, Expect, Kind, Store, StoreError};
use crate::text::Text;

/// The last good copy. Stored for ever: fields are added, never changed.
pub(super) struct Copy {
    /// The hash of the address: what another address gave is no copy of this one.
    pub(super) of: Digest,
    pub(super) validators: Validators,
    pub(super) body: String,
}

/// What stands before the body, on a line of its own.
#[derive(Serialize, Deserialize)]
struct Head {
    of: String,
    #[serde(flatten)]
    validators: Validators,
}

impl Copy {
    pub(super) fn read(
        store: &dyn Store,
        schedule: &ScheduleId,
        of: Digest,
    ) -> Result<Option<Self>, StoreError> {
        let document = store.document(Kind::Calendar, &name(schedule))?;
        let text = document.and_then(|found| String::from_utf8(found.content).ok());
        Ok(text.and_then(|text| {
            let (head, body) = text.split_once('\n')?;
            let head: Head = serde_json::from_str(head).ok()?;
            let is_it = head.of == of.to_string();
            is_it.then(|| Self { of, validators: head.validators, body: body.to_owned() })
        }))
    }

    pub(super) fn write(&self, schedule: &ScheduleId) -> Change {
        let head = Head { of: self.of.to_string(), validators: self.validators.clone() };
        let head = serde_json::to_string(&head).expect("plain fields always serialise");
        let content = format!("{head}\n{}", self.body).into_bytes();
        Change::write(Kind::Calendar, name(schedule), Expect::Any, content)
    }
}

/// How reading went lately; beside the copy, so that a look that finds nothing new writes little.
pub(super) struct Seen {
    pub(super) of: Digest,
    pub(super) good: Option<Timestamp>,
    pub(super) trouble: Option<(Timestamp, Text)>,
    pub(super) told: bool,
}

#[derive(Serialize, Deserialize)]
struct StoredSeen {
    of: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    good: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trouble: Option<(Timestamp, Text)>,
    #[serde(default)]
    told: bool,
}

impl Seen {
    pub(super) fn read(
        store: &dyn Store,
        schedule: &ScheduleId,
        of: Digest,
    ) -> Result<Self, StoreError> {
        let document = store.document(Kind::Calendar, &seen_name(schedule))?;
        let stored = document.and_then(|found| found.read());
        let stored = stored.filter(|stored: &StoredSeen| stored.of == of.to_string());
        Ok(match stored {
            Some(StoredSeen { good, trouble, told, .. }) => Self { of, good, trouble, told },
            None => Self { of, good: None, trouble: None, told: false },
        })
    }

    pub(super) fn write(self, schedule: &ScheduleId) -> Change {
        let Self { of, good, trouble, told } = self;
        let stored = StoredSeen { of: of.to_string(), good, trouble, told };
        Change::keep(Kind::Calendar, seen_name(schedule), Expect::Any, &stored)
    }
}

fn name(schedule: &ScheduleId) -> String {
    format!("copy/{schedule}")
}

fn seen_name(schedule: &ScheduleId) -> String {
    format!("seen/{schedule}")
}
