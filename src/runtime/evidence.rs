//! Files that prove something, kept on disk under the hash of their content and durable before
//! the event that names them is. It must not know incidents.

use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use smol_str::SmolStr;
use tokio::fs::{self, File};
use tokio::io::AsyncWriteExt;

/// The largest file: a screenshot, a log excerpt, a signed form.
pub const EVIDENCE_BYTES_MAX: u64 = 10 * 1024 * 1024;

/// Why a file was not kept.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    /// It is larger than [`EVIDENCE_BYTES_MAX`].
    #[error("the file is larger than {EVIDENCE_BYTES_MAX} bytes")]
    TooLarge,
    /// The name is no SHA-256 hash in hex.
    #[error("`{0}` is no hash")]
    NotAHash(String),
    /// The disk failed.
    #[error("the file could not be kept: {0}")]
    Io(#[from] std::io::Error),
}

/// The folder of evidence files.
#[derive(Debug, Clone)]
pub struct Evidence {
    dir: PathBuf,
}

impl Evidence {
    /// Keeps files in `dir`, which is created when the first file comes.
    #[must_use]
    pub fn in_dir(dir: PathBuf) -> Self {
        Self { dir }
    }

    /// Begins to take a file in.
    ///
    /// # Errors
    /// [`EvidenceError::Io`].
    pub async fn upload(&self, name: u128) -> Result<Upload, EvidenceError> {
        fs::create_dir_all(&self.dir).await?;
        let partial = self.dir.join(format!(".{name:032x}.partial"));
        let file = File::create_new(&partial).await?;
        Ok(Upload { dir: self.dir.clone(), partial, file, hash: Sha256::new(), size: 0 })
    }

    /// Returns where the file with this hash lies.
    ///
    /// # Errors
    /// [`EvidenceError::NotAHash`]: nothing but a hash ever becomes a path.
    pub fn path(&self, hash: &str) -> Result<PathBuf, EvidenceError> {
        let is_hash = hash.len() == 64
            && hash.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if is_hash {
            Ok(self.dir.join(hash))
        } else {
            Err(EvidenceError::NotAHash(hash.chars().take(80).collect()))
        }
    }

    /// Reads a file; `None` where there is none, or it was erased.
    ///
    /// # Errors
    /// [`EvidenceError`].
    pub async fn read(&self, hash: &str) -> Result<Option<Vec<u8>>, EvidenceError> {
        match fs::read(self.path(hash)?).await {
            Ok(content) => Ok(Some(content)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Erases a file; erasing twice is allowed.
    ///
    /// # Errors
    /// [`EvidenceError`].
    pub async fn erase(&self, hash: &str) -> Result<(), EvidenceError> {
        match fs::remove_file(self.path(hash)?).await {
            Ok(()) => sync_dir(&self.dir).await,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// A file being taken in. Dropped unfinished, it leaves only a partial file that nobody reads.
#[derive(Debug)]
pub struct Upload {
    dir: PathBuf,
    partial: PathBuf,
    file: File,
    hash: Sha256,
    size: u64,
}

impl Upload {
    /// Takes the next piece.
    ///
    /// # Errors
    /// [`EvidenceError::TooLarge`] as soon as the bound is passed.
    pub async fn push(&mut self, piece: &[u8]) -> Result<(), EvidenceError> {
        self.size += piece.len() as u64;
        if self.size > EVIDENCE_BYTES_MAX {
            let _ = fs::remove_file(&self.partial).await;
            return Err(EvidenceError::TooLarge);
        }
        self.hash.update(piece);
        self.file.write_all(piece).await?;
        Ok(())
    }

    /// Makes the file durable under its hash, and returns the hash and the size in bytes.
    ///
    /// # Errors
    /// [`EvidenceError::Io`].
    pub async fn finish(mut self) -> Result<(SmolStr, u64), EvidenceError> {
        self.file.flush().await?;
        self.file.sync_all().await?;
        let hash = hex::encode(self.hash.finalize());
        fs::rename(&self.partial, self.dir.join(&hash)).await?;
        sync_dir(&self.dir).await?;
        Ok((SmolStr::new(hash), self.size))
    }
}

/// A rename lasts only once its folder is synced.
async fn sync_dir(dir: &Path) -> Result<(), EvidenceError> {
    File::open(dir).await?.sync_all().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_is_found_under_its_hash_and_nothing_else_is_a_path() {
        let dir = tempfile::tempdir().unwrap();
        let evidence = Evidence::in_dir(dir.path().join("evidence"));
        let mut upload = evidence.upload(7).await.unwrap();
        upload.push("截图".as_bytes()).await.unwrap();
        let (hash, size) = upload.finish().await.unwrap();
        assert_eq!(size, 6);
        assert_eq!(evidence.read(&hash).await.unwrap().unwrap(), "截图".as_bytes());
        assert!(matches!(evidence.path("../secret"), Err(EvidenceError::NotAHash(_))));
        evidence.erase(&hash).await.unwrap();
        assert_eq!(evidence.read(&hash).await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_file_over_the_bound_is_refused_and_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let evidence = Evidence::in_dir(dir.path().to_owned());
        let mut upload = evidence.upload(1).await.unwrap();
        let piece = vec![0; 6 * 1024 * 1024];
        upload.push(&piece).await.unwrap();
        assert!(matches!(upload.push(&piece).await, Err(EvidenceError::TooLarge)));
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
