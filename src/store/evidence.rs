//! Evidence files under their SHA-256, beside the journal and in its backups. It knows bytes
//! only; who may see them is decided elsewhere.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::sled::{failed, write_durably};
use super::{Digest, StoreError};

/// The evidence of a data directory.
#[derive(Debug, Clone)]
pub struct Evidence {
    dir: PathBuf,
}

impl Evidence {
    /// The folder of the data directory that holds it.
    pub const FOLDER: &'static str = "evidence";

    /// Names the evidence of a data directory; nothing is touched yet.
    #[must_use]
    pub fn new(data: &Path) -> Self {
        Self { dir: data.join(Self::FOLDER) }
    }

    fn path(&self, digest: Digest) -> PathBuf {
        let name = digest.to_string();
        self.dir.join(&name[..2]).join(name)
    }

    /// Keeps a file and returns its name. It is durable when this returns, so an event may name
    /// it. Blocks: not for async code. Keeping the same content twice keeps it once.
    ///
    /// # Errors
    /// [`StoreError::Failed`] when the disk refuses.
    pub fn keep(&self, content: &[u8]) -> Result<Digest, StoreError> {
        let digest = Digest::of(content);
        write_durably(&self.path(digest), content)?;
        Ok(digest)
    }

    /// Reads a file; `None` where it never was or was erased.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when its content is not what its name says.
    pub fn read(&self, digest: Digest) -> Result<Option<Vec<u8>>, StoreError> {
        let content = match fs::read(self.path(digest)) {
            Ok(content) => content,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed("reading evidence", &error)),
        };
        let found = Digest::of(&content);
        if found == digest {
            Ok(Some(content))
        } else {
            let why = format!("its SHA-256 is {found}");
            Err(StoreError::Damaged { what: format!("evidence {digest}"), why })
        }
    }

    /// Erases a file and tells whether there was one.
    ///
    /// # Errors
    /// [`StoreError::Failed`] when the disk refuses.
    pub fn erase(&self, digest: Digest) -> Result<bool, StoreError> {
        match fs::remove_file(self.path(digest)) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(failed("erasing evidence", &error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evidence_is_kept_under_its_hash_and_can_be_erased() {
        let dir = tempfile::tempdir().unwrap();
        let evidence = Evidence::new(dir.path());
        let digest = evidence.keep(b"a photograph").unwrap();
        assert_eq!(evidence.keep(b"a photograph"), Ok(digest));
        assert_eq!(evidence.read(digest), Ok(Some(b"a photograph".to_vec())));
        fs::write(evidence.path(digest), b"another").unwrap();
        assert!(matches!(evidence.read(digest), Err(StoreError::Damaged { .. })));
        assert_eq!(evidence.erase(digest), Ok(true));
        assert_eq!(evidence.erase(digest), Ok(false));
        assert_eq!(evidence.read(digest), Ok(None));
    }
}
