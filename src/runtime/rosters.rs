//! Overrides of on-call schedules made while running: stored as documents, laid over the
//! configured rosters. It must not know HTTP.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::service::{Inner, Runtime};
use super::{Missing, Refusal};
use crate::id::ScheduleId;
use crate::people::{Directory, Fault, Override};
use crate::playbook::diagnostic::nearest;
use crate::store::{Change, Expect, Kind, Store, StoreError};

/// The most overrides read at a start; those that ended are removed then.
const OVERRIDES_MAX: usize = 10_000;

/// An override as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredOverride {
    /// The schedule it changes.
    pub schedule: ScheduleId,
    /// The change.
    #[serde(flatten)]
    pub change: Override,
}

/// Why an override was not made.
#[derive(Debug)]
pub enum OverrideError {
    /// It names something that is not there, or contradicts itself.
    Faults(Vec<Fault>),
    /// It could not be stored, or the schedule does not exist.
    Refused(Refusal),
}

/// Reads the stored overrides; those that do not read any more are left out and logged.
///
/// # Errors
/// [`StoreError::Damaged`].
pub fn stored_overrides(store: &dyn Store) -> Result<Vec<StoredOverride>, StoreError> {
    let documents = store.documents(Kind::Override, "", OVERRIDES_MAX)?;
    Ok(documents
        .into_iter()
        .filter_map(|document| match serde_json::from_slice(&document.content) {
            Ok(read) => Some(read),
            Err(error) => {
                tracing::warn!(name = %document.name, %error, "a stored override does not read");
                None
            }
        })
        .collect())
}

/// Lays stored overrides over the configured people.
#[must_use]
pub fn with_overrides(base: &Directory, stored: Vec<StoredOverride>) -> Directory {
    let laid = stored.into_iter().map(|stored| (stored.schedule, stored.change));
    let (directory, faults) = base.with_overrides(laid);
    for fault in faults {
        tracing::warn!(?fault, "a stored override no longer fits the rosters");
    }
    directory
}

impl Runtime {
    /// Makes an override: durable, and in force when this returns. `beside` is written with it.
    ///
    /// # Errors
    /// [`OverrideError`]; nothing has changed.
    pub async fn add_override(
        &self,
        new: StoredOverride,
        beside: Option<Change>,
    ) -> Result<(), OverrideError> {
        let inner = self.inner();
        let directory = inner.directory.load_full();
        if directory.schedule(&new.schedule).is_none() {
            return Err(OverrideError::Refused(unknown_schedule(&directory, &new.schedule)));
        }
        let (_, faults) = directory.with_overrides([(new.schedule.clone(), new.change.clone())]);
        if !faults.is_empty() {
            return Err(OverrideError::Faults(faults));
        }
        let refused = |error: StoreError| OverrideError::Refused(error.into());
        // Documents are read in the order of their names, and later overrides win.
        let now = inner.clock.now();
        let name = format!("{:020}-{}", now.as_microsecond(), new.schedule);
        let content = serde_json::to_vec(&new).expect("plain fields always serialise");
        let change = Change::write(Kind::Override, name, Expect::Absent, content);
        let changes = beside.into_iter().chain([change]).collect();
        inner.store.put(changes).await.map_err(refused)?;
        lay_anew(inner).map_err(refused)
    }
}

fn lay_anew(inner: &Inner) -> Result<(), StoreError> {
    let stored = stored_overrides(&*inner.store)?;
    let base = inner.base_directory.load_full();
    inner.directory.store(Arc::new(with_overrides(&base, stored)));
    Ok(())
}

fn unknown_schedule(directory: &Directory, id: &ScheduleId) -> Refusal {
    let names = directory.schedules().map(|schedule| schedule.id.as_str());
    Refusal::NotFound {
        what: Missing::Schedule,
        name: id.to_string(),
        closest: nearest(id.as_str(), names).into_iter().map(str::to_owned).collect(),
    }
}
