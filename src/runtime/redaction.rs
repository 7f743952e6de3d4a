//! Erasing personal content: the chain of hashes stays valid, what it stands for is gone. What was
//! recorded as erased is erased, even if the process dies in between: a note that is stored with
//! the record names what is still to be done. It must not know what a reference means to people.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::service::{Inner, Runtime};
use super::{Caller, CommitOptions, Committed, EvidenceError, Missing, Refusal};
use crate::engine::{Command, Event, Fact};
use crate::id::{IncidentId, VarId};
use crate::playbook::Playbook;
use crate::store::{Change, Document, Expect, Kind, StoreError};

/// How long a failure keeps an erasure from being tried again.
const AGAIN_AFTER: SignedDuration = SignedDuration::from_mins(1);
/// How many unfinished erasures are read at once; there are hardly ever any.
const PAGE: usize = 100;

/// What is to be erased, and why.
#[derive(Debug, Clone)]
pub struct Erasure {
    /// Single pieces: personal values by their reference, files of evidence by their hash.
    pub references: Vec<String>,
    /// Everything that was ever given for these personal variables.
    pub fields: Vec<VarId>,
    /// Why.
    pub reason: String,
}

/// An erasure that is on record and not yet carried out.
#[derive(Debug, Serialize, Deserialize)]
struct Unfinished {
    incident: IncidentId,
    references: Vec<String>,
}

impl Runtime {
    /// Records that content is erased, and erases it: the personal values and the evidence files
    /// that are named, and with them every rendered message and every stored answer of the
    /// incident, which may repeat it. What waits to be sent is worded anew.
    ///
    /// A file that another incident holds too is gone for both: what must not be kept must not be
    /// kept anywhere.
    ///
    /// # Errors
    /// [`Refusal`]. Where the record is made and the erasing fails, it is tried again until it is
    /// done; asking again erases again.
    pub async fn redact(
        &self,
        caller: &Caller,
        incident: IncidentId,
        erasure: Erasure,
        mut options: CommitOptions,
    ) -> Result<Committed, Refusal> {
        let references = self.named(incident, &erasure).await?;
        let (inner, caller) = (Arc::clone(self.inner()), caller.clone());
        let name = inner.ids.erasure(inner.clock.now());
        let unfinished = Unfinished { incident, references: references.clone() };
        options.documents.push(unfinished.note(&name));
        let command = Command::Redact { references, reason: erasure.reason };
        self.finish(async move {
            let committed = inner.execute(&caller, incident, command, options).await?;
            if let Err(error) = inner.carry_out(&name, unfinished).await {
                inner.tasks.spawn(run(Arc::clone(&inner)));
                return Err(error);
            }
            Ok(committed)
        })
        .await
    }

    /// Erases what a redaction that is recorded names. Erasing twice is allowed.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn erase(&self, incident: IncidentId, erasure: &Erasure) -> Result<(), Refusal> {
        let references = self.named(incident, erasure).await?;
        self.inner().erase(incident, references).await
    }

    /// Lists the references of an erasure, those of its fields from the whole journal.
    async fn named(&self, id: IncidentId, erasure: &Erasure) -> Result<Vec<String>, Refusal> {
        let mut references = erasure.references.clone();
        if erasure.fields.is_empty() {
            return Ok(references);
        }
        let playbook = self.incident(id).await?.playbook;
        let events = self.history(id).await?.events;
        let mut known: BTreeSet<String> = references.iter().cloned().collect();
        for field in &erasure.fields {
            let of_field = of_field(&events, field);
            if of_field.is_empty() {
                return Err(never_given(&playbook, field));
            }
            references.extend(of_field.into_iter().filter(|one| known.insert(one.clone())));
        }
        Ok(references)
    }
}

/// Lists the references under which the values of a variable were kept, in order.
fn of_field(events: &[Event], field: &VarId) -> Vec<String> {
    let sealed = events.iter().filter_map(|event| match &event.fact {
        Fact::VariablesSet { sealed, .. } => sealed.get(field),
        _ => None,
    });
    sealed.map(|reference| reference.as_str().to_owned()).collect()
}

fn never_given(playbook: &Playbook, field: &VarId) -> Refusal {
    let personal = playbook.index().personal.iter();
    Refusal::NotFound {
        what: Missing::Personal,
        name: field.to_string(),
        closest: personal.filter(|known| *known != field).map(ToString::to_string).collect(),
    }
}

impl Unfinished {
    fn note(&self, name: &str) -> Change {
        Change::keep(Kind::Erasure, name, Expect::Absent, self)
    }
}

impl Inner {
    /// Erases what was recorded as erased, and forgets the note of it. Doing it twice is harmless.
    async fn carry_out(&self, name: &str, unfinished: Unfinished) -> Result<(), Refusal> {
        self.erase(unfinished.incident, unfinished.references).await?;
        self.store.put(vec![Change::delete(Kind::Erasure, name, Expect::Any)]).await?;
        Ok(())
    }

    async fn erase(&self, incident: IncidentId, references: Vec<String>) -> Result<(), Refusal> {
        for reference in &references {
            match self.evidence.erase(reference).await {
                // A reference that is no hash names no file.
                Ok(()) | Err(EvidenceError::NotAHash(_)) => {}
                Err(error) => return Err(failed(&error)),
            }
        }
        self.store.redact(incident, references).await?;
        // What is in memory still has the old words.
        *self.cells.cell(incident).state.lock().await = None;
        Ok(())
    }

    /// Carries out what is on record; one that fails keeps no other from being done.
    async fn finish_erasures(&self) -> Result<(), Refusal> {
        let (mut after, mut outcome) = (String::new(), Ok(()));
        loop {
            let page = self.store.documents(Kind::Erasure, &after, PAGE)?;
            let Some(last) = page.last() else { return outcome };
            after.clone_from(&last.name);
            for note in &page {
                outcome = outcome.and(self.finish_erasure(note).await);
            }
        }
    }

    async fn finish_erasure(&self, note: &Document) -> Result<(), Refusal> {
        let unfinished = serde_json::from_slice(&note.content).map_err(|error| {
            let what = format!("the note of erasure {}", note.name);
            Refusal::Store(StoreError::Damaged { what, why: error.to_string() })
        })?;
        self.carry_out(&note.name, unfinished).await
    }
}

/// Carries out the erasures that were recorded and not finished.
pub(super) async fn run(inner: Arc<Inner>) {
    while let Err(error) = inner.finish_erasures().await {
        tracing::error!(%error, "what was recorded as erased is not erased yet; trying again");
        let now = inner.clock.now();
        let again = now.saturating_add(AGAIN_AFTER).unwrap_or(Timestamp::MAX);
        tokio::select! {
            () = inner.clock.sleep_until(again) => {}
            () = inner.drain.cancelled() => return,
        }
    }
}

fn failed(error: &EvidenceError) -> Refusal {
    let why = error.to_string();
    Refusal::Store(StoreError::Failed { doing: "erasing a piece of evidence", why })
}
