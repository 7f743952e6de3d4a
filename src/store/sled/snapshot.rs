//! A picture of the store at one moment, taken while writes go on.
//!
//! The database has no snapshots. While a picture is held, the writer notes each key's old value
//! before it first changes the key. A reader that meets a noted key takes the note instead of
//! what it read; notes of keys that did not exist hide keys made since.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use ::sled::{Db, IVec};

use super::disk::failed;
use crate::store::StoreError;
use crate::store::backup::Take;

type Notes = Mutex<BTreeMap<Vec<u8>, Option<IVec>>>;

/// The writer's end.
#[derive(Debug, Default)]
pub(super) struct Camera {
    notes: Weak<Notes>,
}

impl Camera {
    /// Tells whether a picture is held.
    pub(super) fn is_open(&self) -> bool {
        self.notes.strong_count() > 0
    }

    /// Begins to hold the store's present state, durable or not yet: call it between groups.
    pub(super) fn freeze(&mut self, db: Db) -> Frozen {
        let notes = Arc::new(Notes::default());
        self.notes = Arc::downgrade(&notes);
        Frozen { db, notes }
    }

    /// Notes what `key` holds before the writer changes it.
    pub(super) fn note(&self, db: &Db, key: &[u8]) -> Result<(), StoreError> {
        let Some(notes) = self.notes.upgrade() else { return Ok(()) };
        let mut notes = notes.lock().unwrap_or_else(PoisonError::into_inner);
        if !notes.contains_key(key) {
            let before = db.get(key).map_err(|error| failed("reading", &error))?;
            notes.insert(key.to_vec(), before);
        }
        Ok(())
    }
}

/// The picture. Dropping it ends the writer's extra work.
#[derive(Debug)]
pub(super) struct Frozen {
    db: Db,
    notes: Arc<Notes>,
}

impl Frozen {
    /// Gives every pair of the picture to `take`, at least once; a repetition is the same pair.
    pub(super) fn pairs(&self, take: Take<'_>) -> Result<(), StoreError> {
        for pair in self.db.iter() {
            let (key, value) = pair.map_err(|error| failed("reading", &error))?;
            // The note comes before the change, so an unnoted value is the old one.
            if !self.notes().contains_key(key.as_ref()) {
                take(&key, &value)?;
            }
        }
        for (key, before) in self.notes().iter() {
            if let Some(before) = before {
                take(key, before)?;
            }
        }
        Ok(())
    }

    fn notes(&self) -> MutexGuard<'_, BTreeMap<Vec<u8>, Option<IVec>>> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
