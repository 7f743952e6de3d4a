//! What is stored of an override, and how it stands at an instant. Pure but for reading the store.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::engine::Actor;
use crate::id::ScheduleId;
use crate::people::{Directory, Override};
use crate::store::{Change, Expect, Kind, Store, StoreError};

/// The most overrides that are kept: a swap a day on thirty schedules for a year. They are held in
/// memory, and looked through for every answer.
pub(super) const OVERRIDES_MAX: usize = 10_000;

/// Who did something, when, and from where: the access token that carried it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: Actor,
    /// The id of their access token; none where firebell itself did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<SmolStr>,
}

/// An override as it is stored. Stored for ever: fields are added, never changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredOverride {
    /// The schedule it changes.
    pub schedule: ScheduleId,
    /// The change.
    #[serde(flatten)]
    pub change: Override,
    /// Why, for those who review it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// It sets right what the roster said of the past.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub correction: bool,
    /// Who made it; records of the first version do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made: Option<Stamp>,
    /// The swap that it is one half of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub swap: Option<String>,
    /// Who took it back; from then on it does not hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<Stamp>,
}

/// How an override stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It begins later.
    Upcoming,
    /// It holds now.
    InForce,
    /// It is over.
    Ended,
    /// It was taken back.
    Withdrawn,
    /// It names a schedule or a person that is gone from the configuration: kept, and without
    /// effect.
    Ignored,
}

impl StoredOverride {
    /// Returns what it changes: less, or nothing, where it was taken back.
    #[must_use]
    pub fn effect(&self) -> Option<Override> {
        let mut change = self.change.clone();
        if let Some(withdrawn) = &self.withdrawn {
            change.to = change.to.min(withdrawn.at);
        }
        (change.from < change.to).then_some(change)
    }

    /// Tells how it stands at an instant over the configured people.
    #[must_use]
    pub fn standing(&self, base: &Directory, now: Timestamp) -> Standing {
        if self.withdrawn.is_some() {
            Standing::Withdrawn
        } else if !base.override_faults(&self.schedule, &self.change).is_empty() {
            Standing::Ignored
        } else if self.change.to <= now {
            Standing::Ended
        } else if self.change.from <= now {
            Standing::InForce
        } else {
            Standing::Upcoming
        }
    }

    /// Tells whether both change the same schedule at some instant.
    pub(super) fn meets(&self, schedule: &ScheduleId, other: &Override) -> bool {
        self.schedule == *schedule
            && self.effect().is_some_and(|own| own.from < other.to && other.from < own.to)
    }

    /// Returns the change that keeps it.
    pub(super) fn write(&self, id: &str, expect: Expect) -> Change {
        Change::keep(Kind::Override, id, expect, self)
    }
}

/// An override with its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptOverride {
    /// Its id: ids sort in the order in which they were made.
    pub id: String,
    /// The version of its document.
    pub version: u64,
    /// What is stored.
    pub stored: StoredOverride,
}

/// Reads the stored overrides, oldest first; those that do not read any more are left out and
/// logged.
///
/// # Errors
/// [`StoreError::Damaged`].
pub fn stored_overrides(store: &dyn Store) -> Result<Vec<KeptOverride>, StoreError> {
    let documents = store.documents(Kind::Override, "", OVERRIDES_MAX)?;
    Ok(documents
        .into_iter()
        .filter_map(|document| {
            let stored = document.read()?;
            Some(KeptOverride { id: document.name, version: document.version, stored })
        })
        .collect())
}

/// Lays stored overrides over the configured people, later ones over earlier ones.
#[must_use]
pub fn with_overrides(base: &Directory, stored: &[KeptOverride]) -> Directory {
    let laid = stored
        .iter()
        .filter_map(|kept| Some((kept.stored.schedule.clone(), kept.stored.effect()?)));
    let (directory, faults) = base.with_overrides(laid);
    for fault in faults {
        tracing::warn!(?fault, "a stored override no longer fits the rosters");
    }
    directory
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people::Change as Shift;

    fn stored(withdrawn_at: Option<i64>) -> StoredOverride {
        let at = |n| Timestamp::from_second(n).unwrap();
        let change =
            Override { from: at(100), to: at(200), change: Shift::Put("li".into()), note: None };
        let withdrawn =
            withdrawn_at.map(|n| Stamp { at: at(n), by: Actor::person("li"), token: None });
        StoredOverride {
            schedule: "days".into(),
            change,
            reason: None,
            correction: false,
            made: None,
            swap: None,
            withdrawn,
        }
    }

    #[test]
    fn taking_an_override_back_leaves_the_past_as_it_was() {
        let until = |withdrawn| stored(withdrawn).effect().map(|own| own.to.as_second());
        assert_eq!(until(None), Some(200));
        assert_eq!(until(Some(150)), Some(150), "it held until then");
        assert_eq!(until(Some(100)), None);
        assert_eq!(until(Some(50)), None, "before it began");
    }

    #[test]
    fn what_the_first_version_stored_still_reads() {
        let old = r#"{"schedule":"days","from":"1970-01-01T00:01:40Z",
            "to":"1970-01-01T00:03:20Z","change":{"put":"li"}}"#;
        let read: StoredOverride = serde_json::from_str(old).unwrap();
        assert_eq!(read, stored(None));
    }
}
