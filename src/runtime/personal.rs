//! Reading personal values back from where they are kept apart. It must not know who may read them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Refusal;
use super::service::{Inner, Runtime};
use crate::engine::{Fact, Incident, Reference, unseal};
use crate::id::{IncidentId, VarId};
use crate::playbook::Value;
use crate::store::StoreError;

/// What is left of a personal value.
#[derive(Debug, Clone, PartialEq)]
pub enum PersonalValue {
    /// It is there.
    Kept(Value),
    /// It was erased.
    Erased,
    /// What lies there is not what was sealed; the check of the journal says so too.
    Damaged,
}

impl Runtime {
    /// Reads the latest value of every personal variable of an incident.
    ///
    /// # Errors
    /// The store's own.
    pub async fn personal_values(
        &self,
        incident: &Arc<Incident>,
    ) -> Result<BTreeMap<VarId, PersonalValue>, Refusal> {
        if incident.personal.is_empty() {
            return Ok(BTreeMap::new());
        }
        let (inner, incident) = (Arc::clone(self.inner()), Arc::clone(incident));
        let read = tokio::task::spawn_blocking(move || {
            let values = incident.personal.iter().map(|(name, kept)| {
                let value = match kept.erased {
                    true => PersonalValue::Erased,
                    false => inner.personal_value(incident.id, &kept.reference)?,
                };
                Ok((name.clone(), value))
            });
            values.collect()
        });
        read.await.map_err(|_| Refusal::Store(StoreError::Stopped))?
    }

    /// Reads what an incident keeps under a reference, and which variable it is a value of; `None`
    /// where its journal holds no such reference.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for the incident, or the store's own.
    pub async fn personal_value(
        &self,
        id: IncidentId,
        reference: Reference,
    ) -> Result<Option<(VarId, PersonalValue)>, Refusal> {
        let events = self.history(id).await?.events;
        let name = events.iter().find_map(|event| match &event.fact {
            Fact::VariablesSet { sealed, .. } => {
                sealed.iter().find(|(_, kept)| **kept == reference).map(|(name, _)| name.clone())
            }
            _ => None,
        });
        let Some(name) = name else { return Ok(None) };
        let erased = events.iter().any(|event| match &event.fact {
            Fact::Redacted { references, .. } => {
                references.iter().any(|name| name == reference.as_str())
            }
            _ => false,
        });
        if erased {
            return Ok(Some((name, PersonalValue::Erased)));
        }
        let inner = Arc::clone(self.inner());
        let read = tokio::task::spawn_blocking(move || inner.personal_value(id, &reference));
        let value = read.await.map_err(|_| Refusal::Store(StoreError::Stopped))??;
        Ok(Some((name, value)))
    }
}

impl Inner {
    fn personal_value(
        &self,
        id: IncidentId,
        reference: &Reference,
    ) -> Result<PersonalValue, Refusal> {
        let damaged = |why: String| {
            tracing::error!(incident = %id, why, "a personal value cannot be read");
            PersonalValue::Damaged
        };
        match self.store.personal(id, reference.as_str()) {
            Ok(None) => Ok(PersonalValue::Erased),
            Ok(Some(content)) => Ok(unseal(reference, &content)
                .map_or_else(|error| damaged(error.to_string()), PersonalValue::Kept)),
            Err(error @ StoreError::Damaged { .. }) => Ok(damaged(error.to_string())),
            Err(error) => Err(error.into()),
        }
    }
}
