//! Where drills keep what must survive a restart: results, diaries of schedules, exercises under
//! way. Documents beside the journal; it must not know what they mean.

use std::ops::ControlFlow;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::drill::diary::Diary;
use crate::drill::exercise::Exercise;
use crate::drill::invitation::Invitation;
use crate::drill::judge::{Sheet, judged};
use crate::drill::result::DrillResult;
use crate::id::{DrillId, DrillRunId, PersonId};
use crate::store::{Change, Digest, Document, Expect, Kind, Store, StoreError, each_document};

/// Begins the names of exercises under way; a drill's own name holds no `/`.
const EXERCISE: &str = "run/";
/// Begins the names of simulated runs whose result somebody was told to look for.
const SIMULATION: &str = "simulated/";
/// Begins the names of invitations: the drill's name and the planned instant follow.
const INVITATION: &str = "told/";

/// Begins the names of what is kept of people whom a drill without notice paged.
const PAGED: &str = "paged/";

/// The longest name of an evaluator that names a document as it is.
const EVALUATOR_BYTES_MAX: usize = 150;

/// The documents of drills.
#[derive(Clone)]
pub struct Archive {
    store: Arc<dyn Store>,
}

impl Archive {
    /// Opens the documents of a store.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store }
    }

    /// Reads a drill's diary.
    ///
    /// # Errors
    /// What the store cannot read.
    pub fn diary(&self, drill: &DrillId) -> Result<Option<Diary>, StoreError> {
        let document = self.store.document(Kind::DrillSchedule, drill.as_str())?;
        Ok(document.and_then(|document| decoded(&document)))
    }

    /// Lists the exercises under way.
    ///
    /// # Errors
    /// What the store cannot read.
    pub fn exercises(&self) -> Result<Vec<Exercise>, StoreError> {
        self.read_all(Kind::DrillSchedule, EXERCISE)
    }

    /// Lists what simulated runs are told as, should no result come of them.
    ///
    /// # Errors
    /// What the store cannot read.
    pub fn simulations(&self) -> Result<Vec<DrillResult>, StoreError> {
        self.read_all(Kind::DrillSchedule, SIMULATION)
    }

    /// Reads an exercise under way.
    ///
    /// # Errors
    /// What the store cannot read.
    pub fn exercise(&self, run: DrillRunId) -> Result<Option<Exercise>, StoreError> {
        let document = self.store.document(Kind::DrillSchedule, &format!("{EXERCISE}{run}"))?;
        Ok(document.and_then(|document| decoded(&document)))
    }

    /// Reads the invitation to a planned run.
    ///
    /// # Errors
    /// What the store cannot read.
    pub fn invitation(
        &self,
        drill: &DrillId,
        at: Timestamp,
    ) -> Result<Option<Invitation>, StoreError> {
        let document = self.store.document(Kind::DrillSchedule, &invitation_name(drill, at))?;
        Ok(document.and_then(|document| decoded(&document)))
    }

    /// Lists the invitations to runs of a drill.
    ///
    /// # Errors
    /// What the store cannot read.
    pub fn invitations(&self, drill: &DrillId) -> Result<Vec<Invitation>, StoreError> {
        self.read_all(Kind::DrillSchedule, &format!("{INVITATION}{drill}/"))
    }

    /// Reads when somebody was last paged by a drill without notice.
    ///
    /// # Errors
    /// What the store cannot read.
    pub fn paged(&self, person: &PersonId) -> Result<Option<Timestamp>, StoreError> {
        let document = self.store.document(Kind::DrillSchedule, &format!("{PAGED}{person}"))?;
        Ok(document.and_then(|document| decoded(&document)))
    }

    /// Lists results, the latest first: of one drill, or of all. Blocks on the disk.
    ///
    /// # Errors
    /// What the store cannot read.
    pub fn results(
        &self,
        drill: Option<&DrillId>,
        limit: usize,
    ) -> Result<Vec<DrillResult>, StoreError> {
        let prefix = drill.map(|drill| format!("{drill}/")).unwrap_or_default();
        let mut results: Vec<DrillResult> = self.read_all(Kind::DrillResult, &prefix)?;
        // Run identities sort by time.
        results.sort_by_key(|result| std::cmp::Reverse(result.run));
        results.truncate(limit);
        Ok(results)
    }

    /// Finds the result of a run. Blocks on the disk.
    ///
    /// # Errors
    /// What the store cannot read.
    pub fn result(&self, run: DrillRunId) -> Result<Option<DrillResult>, StoreError> {
        let suffix = format!("/{run}");
        let mut found = None;
        each_document(&*self.store, Kind::DrillResult, "", &mut |document| {
            if document.name.ends_with(&suffix) {
                found = decoded(&document);
            }
            Ok(if found.is_none() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })?;
        Ok(found)
    }

    /// Finds the result before this one of the same drill. Blocks on the disk.
    ///
    /// # Errors
    /// What the store cannot read.
    pub fn previous(&self, result: &DrillResult) -> Result<Option<DrillResult>, StoreError> {
        let earlier = self.results(Some(&result.drill), usize::MAX)?;
        Ok(earlier.into_iter().find(|other| other.run < result.run))
    }

    /// Lists what evaluators said of a run, by their names.
    ///
    /// # Errors
    /// What the store cannot read.
    pub fn sheets(&self, run: DrillRunId) -> Result<Vec<Sheet>, StoreError> {
        self.read_all(Kind::DrillJudgement, &format!("{run}/"))
    }

    /// Reads what one evaluator said of a run, with the version to be expected when it is written.
    ///
    /// # Errors
    /// What the store cannot read.
    pub fn sheet(
        &self,
        run: DrillRunId,
        evaluator: &str,
    ) -> Result<(Option<Sheet>, Expect), StoreError> {
        let document = self.store.document(Kind::DrillJudgement, &sheet_name(run, evaluator))?;
        let expect = document.as_ref().map_or(Expect::Absent, |one| Expect::Version(one.version));
        Ok((document.and_then(|document| decoded(&document)), expect))
    }

    /// Counts in what evaluators said of a result. Blocks on the disk.
    ///
    /// # Errors
    /// What the store cannot read.
    pub fn judged(&self, result: DrillResult) -> Result<DrillResult, StoreError> {
        let sheets = self.sheets(result.run)?;
        Ok(if sheets.is_empty() { result } else { judged(&result, &sheets) })
    }

    /// Makes these changes, all or none.
    ///
    /// # Errors
    /// What the store cannot write.
    pub async fn put(&self, changes: Vec<Change>) -> Result<(), StoreError> {
        self.store.put(changes).await.map(drop)
    }

    fn read_all<T: DeserializeOwned>(
        &self,
        kind: Kind,
        prefix: &str,
    ) -> Result<Vec<T>, StoreError> {
        let mut all = Vec::new();
        each_document(&*self.store, kind, prefix, &mut |document| {
            all.extend(decoded(&document));
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(all)
    }
}

/// Writes a drill's diary.
#[must_use]
pub fn keep_diary(drill: &DrillId, diary: &Diary) -> Change {
    Change::write(Kind::DrillSchedule, drill.as_str(), Expect::Any, encoded(diary))
}

/// Writes an exercise under way.
#[must_use]
pub fn keep_exercise(exercise: &Exercise) -> Change {
    let name = format!("{EXERCISE}{}", exercise.run);
    Change::write(Kind::DrillSchedule, name, Expect::Any, encoded(exercise))
}

/// Strikes out an exercise that is over.
#[must_use]
pub fn drop_exercise(run: DrillRunId) -> Change {
    Change::delete(Kind::DrillSchedule, format!("{EXERCISE}{run}"), Expect::Any)
}

/// Writes what a simulated run is told as, should no result come of it.
#[must_use]
pub fn keep_simulation(note: &DrillResult) -> Change {
    let name = format!("{SIMULATION}{}", note.run);
    Change::write(Kind::DrillSchedule, name, Expect::Any, encoded(note))
}

/// Strikes out a simulated run that is over.
#[must_use]
pub fn drop_simulation(run: DrillRunId) -> Change {
    Change::delete(Kind::DrillSchedule, format!("{SIMULATION}{run}"), Expect::Any)
}

/// Writes an invitation.
#[must_use]
pub fn keep_invitation(invitation: &Invitation) -> Change {
    let name = invitation_name(&invitation.drill, invitation.at);
    Change::write(Kind::DrillSchedule, name, Expect::Any, encoded(invitation))
}

/// Strikes out an invitation to a run that is over.
#[must_use]
pub fn drop_invitation(invitation: &Invitation) -> Change {
    let name = invitation_name(&invitation.drill, invitation.at);
    Change::delete(Kind::DrillSchedule, name, Expect::Any)
}

fn invitation_name(drill: &DrillId, at: Timestamp) -> String {
    format!("{INVITATION}{drill}/{at}")
}

/// Writes when somebody was paged by a drill without notice.
#[must_use]
pub fn keep_paged(person: &PersonId, at: Timestamp) -> Change {
    Change::write(Kind::DrillSchedule, format!("{PAGED}{person}"), Expect::Any, encoded(&at))
}

/// Writes what an evaluator says, where nobody has written since it was read.
#[must_use]
pub fn keep_sheet(sheet: &Sheet, expect: Expect) -> Change {
    let name = sheet_name(sheet.run, &sheet.evaluator);
    Change::write(Kind::DrillJudgement, name, expect, encoded(sheet))
}

/// A name that is too long for a document gives way to its hash.
fn sheet_name(run: DrillRunId, evaluator: &str) -> String {
    if evaluator.len() <= EVALUATOR_BYTES_MAX {
        return format!("{run}/{evaluator}");
    }
    format!("{run}/{}", Digest::of(evaluator.as_bytes()))
}

/// Writes a result.
#[must_use]
pub fn keep_result(result: &DrillResult) -> Change {
    let name = format!("{}/{}", result.drill, result.run);
    Change::write(Kind::DrillResult, name, Expect::Any, encoded(result))
}

fn encoded(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("a struct of numbers and texts has a JSON form")
}

/// Reads a document; one that does not read is said and passed over, so that one bad result does
/// not hide the others.
fn decoded<T: DeserializeOwned>(document: &Document) -> Option<T> {
    match serde_json::from_slice(&document.content) {
        Ok(value) => Some(value),
        Err(error) => {
            tracing::error!(name = document.name, %error, "a drill's document does not read");
            None
        }
    }
}
