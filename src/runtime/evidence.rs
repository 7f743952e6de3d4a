//! Files that prove something, kept on disk under the hash of their content and durable before
//! the event that names them is. It must not know incidents.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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
    claims: Arc<Claims>,
}

impl Evidence {
    /// Keeps files in `dir`, which is created when the first file comes.
    #[must_use]
    pub fn in_dir(dir: PathBuf) -> Self {
        Self { dir, claims: Arc::default() }
    }

    /// Begins to take a file in.
    ///
    /// # Errors
    /// [`EvidenceError::Io`].
    pub async fn upload(&self, name: u128) -> Result<Upload, EvidenceError> {
        fs::create_dir_all(&self.dir).await?;
        // Backups leave out what has this ending.
        let partial = self.dir.join(format!(".{name:032x}.unfinished"));
        let file = File::create_new(&partial).await?;
        let evidence = self.clone();
        Ok(Upload { evidence, partial, file, hash: Sha256::new(), size: 0 })
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

/// A file being taken in. Dropped unfinished, it leaves nothing.
#[derive(Debug)]
pub struct Upload {
    evidence: Evidence,
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
            return Err(EvidenceError::TooLarge);
        }
        self.hash.update(piece);
        self.file.write_all(piece).await?;
        Ok(())
    }

    /// Makes the file durable under its hash.
    ///
    /// # Errors
    /// [`EvidenceError::Io`].
    pub async fn finish(mut self) -> Result<Kept, EvidenceError> {
        self.file.flush().await?;
        self.file.sync_all().await?;
        let hash = SmolStr::new(hex::encode(self.hash.finalize_reset()));
        let path = self.evidence.path(&hash)?;
        let claims = Arc::clone(&self.evidence.claims);
        claims.begin(&path);
        let kept = Kept { hash, size: self.size, path, claims, offered: false };
        fs::rename(&self.partial, &kept.path).await?;
        sync_dir(&self.evidence.dir).await?;
        Ok(kept)
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        // A finished one has another name by now.
        let _ = std::fs::remove_file(&self.partial);
    }
}

/// A file under its hash. Dropped before it is offered to an event, it goes again, unless it was
/// there before or someone else keeps the same one.
#[derive(Debug)]
pub struct Kept {
    /// The SHA-256 of its content, in hex.
    pub hash: SmolStr,
    /// Its bytes.
    pub size: u64,
    path: PathBuf,
    claims: Arc<Claims>,
    offered: bool,
}

impl Kept {
    /// Takes note that an event which names it is on its way: it stays, whatever is known of the
    /// event.
    pub fn offer(&mut self) {
        self.offered = true;
    }

    /// Takes note that the event was certainly not recorded.
    pub fn withdraw(mut self) {
        self.offered = false;
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.claims.end(&self.path, self.offered);
    }
}

/// The files that were brought and wait for their event. One hash is one file, whoever brings it.
#[derive(Debug, Default)]
struct Claims(Mutex<BTreeMap<PathBuf, Claim>>);

#[derive(Debug)]
struct Claim {
    /// How many brought it and wait.
    held: u32,
    /// Whether it was there before, or an event may name it.
    named: bool,
}

impl Claims {
    /// Nothing panics while the lock is held.
    fn files(&self) -> MutexGuard<'_, BTreeMap<PathBuf, Claim>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, path: &Path) {
        let mut files = self.files();
        let new = || Claim { held: 0, named: path.exists() };
        files.entry(path.to_owned()).or_insert_with(new).held += 1;
    }

    fn end(&self, path: &Path, named: bool) {
        let mut files = self.files();
        let Some(claim) = files.get_mut(path) else { return };
        claim.held -= 1;
        claim.named |= named;
        if claim.held > 0 {
            return;
        }
        if !claim.named {
            // Left behind it would only take up room.
            let _ = std::fs::remove_file(path);
        }
        files.remove(path);
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
        let mut kept = upload.finish().await.unwrap();
        kept.offer();
        let hash = kept.hash.clone();
        assert_eq!(kept.size, 6);
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
        drop(upload);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn a_file_that_no_event_names_goes_when_nobody_else_keeps_it() {
        let dir = tempfile::tempdir().unwrap();
        let evidence = Evidence::in_dir(dir.path().to_owned());
        let bring = async |name| evidence.upload(name).await.unwrap().finish().await.unwrap();
        let is_there = || std::fs::read_dir(dir.path()).unwrap().count() == 1;
        drop(bring(1).await);
        assert!(!is_there(), "it was new and never offered");
        let (mut one, mut two) = (bring(2).await, bring(3).await);
        one.offer();
        two.offer();
        one.withdraw();
        assert!(is_there(), "another event is about to name it");
        two.withdraw();
        assert!(!is_there(), "neither was recorded");
        let (mut one, two) = (bring(4).await, bring(5).await);
        one.offer();
        drop(one);
        two.withdraw();
        assert!(is_there(), "one of them was recorded");
        bring(6).await.withdraw();
        assert!(is_there(), "it was there before");
    }
}
