//! Where drills keep what must survive a restart: results, diaries of schedules, exercises under
//! way. Documents beside the journal; it must not know what they mean.

mod ledger;

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use serde::de::DeserializeOwned;

use self::ledger::Ledger;
use crate::drill::diary::Diary;
use crate::drill::exercise::Exercise;
use crate::drill::invitation::Invitation;
use crate::drill::judge::{Sheet, judged};
use crate::drill::result::DrillResult;
use crate::id::{DrillId, DrillRunId, PersonId};
use crate::store::{Change, Digest, Expect, Kind, Store, StoreError, each_document};

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
    /// Which runs have a result, read when it is first asked for: a result is found by its run, and
    /// what is new without reading what is old.
    ledger: Arc<Mutex<Option<Ledger>>>,
}

impl Archive {
    /// Opens the documents of a store.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store, ledger: Arc::default() }
    }

    /// Reads a drill's diary.
    ///
    /// # Errors
    /// What the store cannot read.
    pub fn diary(&self, drill: &DrillId) -> Result<Option<Diary>, StoreError> {
        let document = self.store.document(Kind::DrillSchedule, drill.as_str())?;
        Ok(document.and_then(|document| document.read()))
    }

    /// Lists the diaries of drills, also of those that are gone.
    ///
    /// # Errors
    /// What the store cannot read.
    pub fn diaries(&self) -> Result<Vec<(DrillId, Diary)>, StoreError> {
        let mut all = Vec::new();
        each_document(&*self.store, Kind::DrillSchedule, "", &mut |document| {
            // What is kept of runs has a folder before its name.
            if !document.name.contains('/')
                && let Some(diary) = document.read()
            {
                all.push((DrillId::new(&document.name), diary));
            }
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(all)
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
        Ok(document.and_then(|document| document.read()))
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
        Ok(document.and_then(|document| document.read()))
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
        Ok(document.and_then(|document| document.read()))
    }

    /// Walks results, the latest first: of one drill or of all, from before a run. Each is read when
    /// its turn comes. Blocks on the disk.
    ///
    /// # Errors
    /// What the store cannot read.
    pub fn latest(
        &self,
        drill: Option<&DrillId>,
        before: Option<DrillRunId>,
    ) -> Result<impl Iterator<Item = Result<DrillResult, StoreError>>, StoreError> {
        let runs = self.on_ledger(|ledger| ledger.before(drill, before))?;
        let each = runs.into_iter().map(|(run, drill)| self.read_result(&drill, run));
        Ok(each.filter_map(Result::transpose))
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
        self.latest(drill, None)?.take(limit).collect()
    }

    /// Finds the result of a run. Blocks on the disk.
    ///
    /// # Errors
    /// What the store cannot read.
    pub fn result(&self, run: DrillRunId) -> Result<Option<DrillResult>, StoreError> {
        let drill = self.on_ledger(|ledger| ledger.drill_of(run))?;
        drill.map_or(Ok(None), |drill| self.read_result(&drill, run))
    }

    /// Finds the result before this one of the same drill. Blocks on the disk.
    ///
    /// # Errors
    /// What the store cannot read.
    pub fn previous(&self, result: &DrillResult) -> Result<Option<DrillResult>, StoreError> {
        self.latest(Some(&result.drill), Some(result.run))?.next().transpose()
    }

    /// Lists the runs with a result of which something was stored after a mark, and the mark of
    /// now; before everything is the mark 0.
    ///
    /// # Errors
    /// What the store cannot read.
    pub fn stored_since(&self, mark: u64) -> Result<(Vec<DrillRunId>, u64), StoreError> {
        self.on_ledger(|ledger| ledger.since(mark))
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
        Ok((document.and_then(|document| document.read()), expect))
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
        let told: Vec<(Kind, String)> = changes
            .iter()
            .filter(|change| matches!(change.kind, Kind::DrillResult | Kind::DrillJudgement))
            .map(|change| (change.kind, change.name.clone()))
            .collect();
        self.store.put(changes).await?;
        let mut ledger = self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(ledger) = ledger.as_mut() {
            told.iter().for_each(|(kind, name)| ledger.note(*kind, name));
        }
        Ok(())
    }

    /// Asks the ledger. It stays locked while it is read from the store, so that what is stored
    /// meanwhile is noted after.
    fn on_ledger<T>(&self, ask: impl FnOnce(&Ledger) -> T) -> Result<T, StoreError> {
        let mut ledger = self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = ledger.as_ref() {
            return Ok(ask(known));
        }
        let mut read = Ledger::default();
        each_document(&*self.store, Kind::DrillResult, "", &mut |document| {
            read.note(Kind::DrillResult, &document.name);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(ask(ledger.insert(read)))
    }

    fn read_result(
        &self,
        drill: &DrillId,
        run: DrillRunId,
    ) -> Result<Option<DrillResult>, StoreError> {
        let document = self.store.document(Kind::DrillResult, &result_name(drill, run))?;
        Ok(document.and_then(|document| document.read()))
    }

    fn read_all<T: DeserializeOwned>(
        &self,
        kind: Kind,
        prefix: &str,
    ) -> Result<Vec<T>, StoreError> {
        let mut all = Vec::new();
        each_document(&*self.store, kind, prefix, &mut |document| {
            all.extend(document.read());
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(all)
    }
}

/// Writes a drill's diary.
#[must_use]
pub fn keep_diary(drill: &DrillId, diary: &Diary) -> Change {
    Change::keep(Kind::DrillSchedule, drill.as_str(), Expect::Any, diary)
}

/// Writes an exercise under way.
#[must_use]
pub fn keep_exercise(exercise: &Exercise) -> Change {
    let name = format!("{EXERCISE}{}", exercise.run);
    Change::keep(Kind::DrillSchedule, name, Expect::Any, exercise)
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
    Change::keep(Kind::DrillSchedule, name, Expect::Any, note)
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
    Change::keep(Kind::DrillSchedule, name, Expect::Any, invitation)
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
    Change::keep(Kind::DrillSchedule, format!("{PAGED}{person}"), Expect::Any, &at)
}

/// Writes what an evaluator says, where nobody has written since it was read.
#[must_use]
pub fn keep_sheet(sheet: &Sheet, expect: Expect) -> Change {
    let name = sheet_name(sheet.run, &sheet.evaluator);
    Change::keep(Kind::DrillJudgement, name, expect, sheet)
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
    let name = result_name(&result.drill, result.run);
    Change::keep(Kind::DrillResult, name, Expect::Any, result)
}

fn result_name(drill: &DrillId, run: DrillRunId) -> String {
    format!("{drill}/{run}")
}
