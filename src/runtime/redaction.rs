//! Erasing personal content: the chain of hashes stays valid, what it stands for is gone. It must
//! not know what a reference means to people.

use super::service::Runtime;
use super::{Caller, CommitOptions, Committed, EvidenceError, Refusal};
use crate::engine::Command;
use crate::id::IncidentId;
use crate::store::StoreError;

impl Runtime {
    /// Records that content is erased, and erases it: the personal content and the evidence files
    /// that the references name, and with them every rendered message and every stored answer of
    /// the incident, which may repeat it.
    ///
    /// A file that another incident holds too is gone for both: what must not be kept must not be
    /// kept anywhere.
    ///
    /// # Errors
    /// [`Refusal`]. Where the record is made and the erasing fails, [`Runtime::erase`] does it again.
    pub async fn redact(
        &self,
        caller: &Caller,
        incident: IncidentId,
        references: Vec<String>,
        reason: String,
        options: CommitOptions,
    ) -> Result<Committed, Refusal> {
        let command = Command::Redact { references: references.clone(), reason };
        let committed = self.execute(caller, incident, command, options).await?;
        self.erase(incident, references).await?;
        Ok(committed)
    }

    /// Erases what a redaction that is recorded names. Erasing twice is allowed.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn erase(
        &self,
        incident: IncidentId,
        references: Vec<String>,
    ) -> Result<(), Refusal> {
        for reference in &references {
            match self.evidence().erase(reference).await {
                // A reference that is no hash names no file.
                Ok(()) | Err(EvidenceError::NotAHash(_)) => {}
                Err(error) => return Err(failed(&error)),
            }
        }
        self.store().redact(incident, references).await?;
        Ok(())
    }
}

fn failed(error: &EvidenceError) -> Refusal {
    let why = error.to_string();
    Refusal::Store(StoreError::Failed { doing: "erasing a piece of evidence", why })
}
