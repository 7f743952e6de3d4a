//! The pinned versions of playbooks: a run keeps the version it began with, whatever happens to
//! the file. Read from the store once per version and kept in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use smol_str::SmolStr;

use super::Refusal;
use crate::playbook::Playbook;
use crate::store::{Change, Expect, Kind, Store};
use crate::text::Text;

/// Versions in memory, by hash. Bounded by how many versions have open incidents or files.
#[derive(Debug, Default)]
pub(super) struct Pins {
    known: Mutex<BTreeMap<SmolStr, Pinned>>,
}

#[derive(Debug, Clone)]
struct Pinned {
    playbook: Arc<Playbook>,
    stored: bool,
}

impl Pins {
    /// Returns the document that pins `playbook`, unless a commit has stored it already.
    pub(super) fn to_store(&self, playbook: &Arc<Playbook>) -> Option<Change> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let pinned = known
            .entry(playbook.hash.clone())
            .or_insert_with(|| Pinned { playbook: Arc::clone(playbook), stored: false });
        (!pinned.stored).then(|| {
            let content = playbook.bundle.write().into_bytes();
            Change::write(Kind::Pin, playbook.hash.as_str(), Expect::Any, content)
        })
    }

    /// Notes that a commit has stored it.
    pub(super) fn stored(&self, hash: &SmolStr) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pinned) = known.get_mut(hash) {
            pinned.stored = true;
        }
    }

    /// Returns the version with this hash, reading it from the store where it is not in memory.
    ///
    /// # Errors
    /// [`Refusal::Unavailable`] when the stored text is missing or no longer loads, which says
    /// which version of firebell may read it; [`Refusal::Store`] when it cannot be read.
    pub(super) fn version(
        &self,
        store: &dyn Store,
        hash: &SmolStr,
    ) -> Result<Arc<Playbook>, Refusal> {
        let found = {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            known.get(hash).map(|pinned| Arc::clone(&pinned.playbook))
        };
        if let Some(playbook) = found {
            return Ok(playbook);
        }
        let document = store.document(Kind::Pin, hash)?.ok_or_else(|| unreadable(hash))?;
        let source = std::str::from_utf8(&document.content).map_err(|_| unreadable(hash))?;
        let playbook = Playbook::restore(source)
            .ok()
            .filter(|playbook| playbook.hash == *hash)
            .map(Arc::new)
            .ok_or_else(|| unreadable(hash))?;
        let pinned = Pinned { playbook: Arc::clone(&playbook), stored: true };
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(hash.clone(), pinned);
        Ok(playbook)
    }
}

fn unreadable(hash: &str) -> Refusal {
    Refusal::Unavailable(Text::both(
        format!("预案版本 {hash} 在存储中缺失或无法读取；请运行 firebell verify 检查存储"),
        format!(
            "playbook version {hash} is missing from the store or does not load; \
             check the store with `firebell verify`"
        ),
    ))
}
