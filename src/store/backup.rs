//! Backups: one tar file with the journal's pairs, the archived incidents, the evidence files
//! and, last, a manifest with the size and SHA-256 of each of them.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Component, Path, PathBuf};
use std::sync::RwLock;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::layout::{NumberedKey, Table, decode_stub};
use super::pack::{Packer, unpack};
use super::sled::{self, OpenReport, Paths, Reader, Rewrites, UNFINISHED, failed, write_durably};
use super::{Audit, Digest, StoreError};

/// The format of the archive.
const FORMAT: u8 = 1;

/// The size at which one part of the journal is closed and the next one begun.
const PART_BYTES: usize = 4 << 20;

/// The largest file a backup may hold: far above an incident at its bounds and the largest
/// evidence, far below what would exhaust memory.
const MAX_FILE_BYTES: u64 = 256 << 20;

/// How deep folders of evidence may nest.
const MAX_DEPTH: usize = 4;

const MANIFEST: &str = "manifest.json";

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The format of the archive.
    pub format: u8,
    /// When it was taken.
    pub taken_at: Timestamp,
    /// The version of the program that took it.
    pub program: String,
    /// Its files by path.
    pub files: BTreeMap<String, Listed>,
}

/// A file of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// Its length.
    pub bytes: u64,
    /// The SHA-256 of its content.
    pub sha256: Digest,
}

/// What a restore did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// The backup's own description.
    pub manifest: Manifest,
    /// The check of every hash chain.
    pub audit: Audit,
}

/// Receives pairs.
pub(super) type Take<'a> = &'a mut dyn FnMut(&[u8], &[u8]) -> Result<(), StoreError>;

struct Archive<'a> {
    tar: tar::Builder<&'a mut dyn Write>,
    manifest: Manifest,
}

impl Archive<'_> {
    fn add(&mut self, path: &str, content: &[u8]) -> Result<(), StoreError> {
        self.write(path, content)?;
        let listed = Listed { bytes: content.len() as u64, sha256: Digest::of(content) };
        self.manifest.files.insert(path.to_owned(), listed);
        Ok(())
    }

    fn write(&mut self, path: &str, content: &[u8]) -> Result<(), StoreError> {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o600);
        header.set_mtime(u64::try_from(self.manifest.taken_at.as_second()).unwrap_or_default());
        self.tar.append_data(&mut header, path, content).map_err(|error| writing(&error))
    }
}

fn writing(error: &io::Error) -> StoreError {
    failed("writing the backup", error)
}

/// Writes a backup. `pairs` gives every pair of the journal, at least once.
pub(super) fn write(
    to: &mut dyn Write,
    at: Timestamp,
    paths: &Paths,
    pairs: impl FnOnce(Take<'_>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let program = env!("CARGO_PKG_VERSION").to_owned();
    let manifest = Manifest { format: FORMAT, taken_at: at, program, files: BTreeMap::new() };
    let mut archive = Archive { tar: tar::Builder::new(to), manifest };
    let mut archived = Vec::new();
    let mut part = Packer::new();
    let mut parts = 0;
    pairs(&mut |key, value| {
        if let Some(incident) = stub_of(key) {
            let stub = decode_stub(value);
            let stub = stub.map_err(|why| damaged(format!("the stub of {incident}"), why))?;
            archived.push(Paths::archived(incident, &stub));
        }
        part.add(key, value);
        if part.len() >= PART_BYTES {
            parts += 1;
            let full = std::mem::replace(&mut part, Packer::new()).finish();
            archive.add(&part_path(parts), &full)?;
        }
        Ok(())
    })?;
    if !part.is_empty() {
        archive.add(&part_path(parts + 1), &part.finish())?;
    }
    archived.sort();
    archived.dedup();
    for path in archived {
        let content = fs::read(paths.archive().join(&path));
        let content = content.map_err(|error| failed("reading an archived incident", &error))?;
        archive.add(&format!("archive/{}", path.display()), &content)?;
    }
    add_evidence(&mut archive, &paths.evidence(), "evidence", 0)?;
    let manifest = serde_json::to_vec_pretty(&archive.manifest);
    let manifest = manifest.map_err(|error| failed("writing the backup", &error))?;
    archive.write(MANIFEST, &manifest)?;
    archive.tar.into_inner().and_then(Write::flush).map_err(|error| writing(&error))
}

fn part_path(number: u32) -> String {
    format!("journal/{number:08}.pairs")
}

fn stub_of(key: &[u8]) -> Option<crate::id::IncidentId> {
    if key.first() == Some(&(Table::Archived as u8)) { NumberedKey::incident(key) } else { None }
}

fn damaged(what: String, why: String) -> StoreError {
    StoreError::Damaged { what, why }
}

/// Adds the files under `dir`. One that vanishes meanwhile was erased and is left out.
fn add_evidence(
    archive: &mut Archive<'_>,
    dir: &Path,
    name: &str,
    depth: usize,
) -> Result<(), StoreError> {
    let reading = |error: &io::Error| failed("reading evidence", error);
    let Ok(entries) = fs::read_dir(dir) else { return Ok(()) };
    let mut entries = entries.collect::<Result<Vec<_>, _>>().map_err(|error| reading(&error))?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = format!("{name}/{}", entry.file_name().to_string_lossy());
        let kind = entry.file_type().map_err(|error| reading(&error))?;
        if kind.is_dir() && depth < MAX_DEPTH {
            add_evidence(archive, &entry.path(), &path, depth + 1)?;
        } else if kind.is_file() && !path.ends_with(UNFINISHED) {
            match fs::read(entry.path()) {
                Ok(content) => archive.add(&path, &content)?,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(reading(&error)),
            }
        }
    }
    Ok(())
}

/// Restores a backup into a data directory that holds no store yet. Nothing has its final name
/// before everything was checked, and the journal gets its name last.
///
/// # Errors
/// [`StoreError::Damaged`] when the archive is not whole; [`StoreError::NotEmpty`] when the
/// directory already holds a store; [`StoreError::Locked`] when a server runs in it.
pub fn restore(from: &mut dyn Read, data: &Path) -> Result<Restored, StoreError> {
    fs::create_dir_all(data).map_err(|error| failed("making the data directory", &error))?;
    let paths = Paths::new(data);
    let _lock = sled::take_lock(&paths, Duration::from_secs(1))?;
    let taken = [paths.journal(), paths.archive(), paths.evidence()];
    if let Some(dir) = taken.into_iter().find(|dir| dir.exists()) {
        return Err(StoreError::NotEmpty { dir });
    }
    let staging = Paths::new(&data.join("restoring"));
    if staging.data.exists() {
        fs::remove_dir_all(&staging.data).map_err(|error| failed("removing a leftover", &error))?;
    }
    fs::create_dir_all(&staging.data).map_err(|error| failed("making a folder", &error))?;
    let (manifest, audit) = unpack_into(from, &staging)?;
    for (from, to) in [
        (staging.evidence(), paths.evidence()),
        (staging.archive(), paths.archive()),
        (staging.journal(), paths.journal()),
    ] {
        if from.exists() {
            fs::rename(from, to).map_err(|error| failed("naming what was restored", &error))?;
        }
        sled::sync_dir(data)?;
    }
    fs::remove_dir_all(&staging.data).map_err(|error| failed("removing a folder", &error))?;
    Ok(Restored { manifest, audit })
}

/// Reads the whole archive into `staging` and checks it against its manifest.
fn unpack_into(from: &mut dyn Read, staging: &Paths) -> Result<(Manifest, Audit), StoreError> {
    let reading = |error: &io::Error| damaged("the backup".to_owned(), error.to_string());
    let (disk, syncer) = sled::make_disk(staging, Duration::from_secs(1))?;
    let mut found = BTreeMap::new();
    let mut manifest = None;
    let mut tar = tar::Archive::new(from);
    for entry in tar.entries().map_err(|error| reading(&error))? {
        let mut entry = entry.map_err(|error| reading(&error))?;
        let path = plain_path(&entry.path().map_err(|error| reading(&error))?)?;
        let mut content = Vec::new();
        entry
            .by_ref()
            .take(MAX_FILE_BYTES + 1)
            .read_to_end(&mut content)
            .map_err(|error| reading(&error))?;
        if content.len() as u64 > MAX_FILE_BYTES {
            return Err(damaged(path, format!("it is longer than {MAX_FILE_BYTES} bytes")));
        }
        if path == MANIFEST {
            manifest = Some(read_manifest(&content)?);
            continue;
        }
        let listed = Listed { bytes: content.len() as u64, sha256: Digest::of(&content) };
        if path.starts_with("journal/") {
            apply(&disk, &path, &content)?;
        } else {
            write_durably(&staging.data.join(&path), &content)?;
        }
        found.insert(path, listed);
    }
    let manifest = manifest.ok_or_else(|| {
        damaged("the backup".to_owned(), "it is cut off: its manifest is missing".to_owned())
    })?;
    compare(&manifest, &found)?;
    syncer.sync(&disk)?;
    let index = sled::build_index(disk.db(), &mut OpenReport::default())?;
    let (index, rewrites) = (RwLock::new(index), Rewrites::default());
    let reader = Reader { db: disk.db(), index: &index, rewrites: &rewrites, paths: staging };
    let audit = reader.audit(&mut |_, _| ())?;
    drop(disk);
    sled::name_disk(staging)?;
    Ok((manifest, audit))
}

fn read_manifest(content: &[u8]) -> Result<Manifest, StoreError> {
    let what = || "the backup's manifest".to_owned();
    let manifest: Manifest =
        serde_json::from_slice(content).map_err(|error| damaged(what(), error.to_string()))?;
    if manifest.format != FORMAT {
        let why = format!("it has format {}, this program reads {FORMAT}", manifest.format);
        return Err(damaged(what(), why));
    }
    Ok(manifest)
}

/// Accepts only paths below the folders a backup has: an archive may come from anywhere.
fn plain_path(path: &Path) -> Result<String, StoreError> {
    let plain = path.components().all(|part| matches!(part, Component::Normal(_)));
    let folder = path.components().next().map(|part| part.as_os_str().to_owned());
    let known = ["journal", "archive", "evidence", MANIFEST];
    let known = folder.is_some_and(|folder| known.iter().any(|known| folder == **known));
    match path.to_str() {
        Some(text) if plain && known => Ok(text.to_owned()),
        _ => {
            let what = PathBuf::from(path).display().to_string();
            Err(damaged(what, "a backup does not hold such a file".to_owned()))
        }
    }
}

fn apply(disk: &sled::Disk, path: &str, content: &[u8]) -> Result<(), StoreError> {
    let pairs = unpack(content).map_err(|why| damaged(path.to_owned(), why))?;
    let mut batch = ::sled::Batch::default();
    for (key, value) in pairs {
        batch.insert(key, value);
    }
    disk.apply(batch)
}

fn compare(manifest: &Manifest, found: &BTreeMap<String, Listed>) -> Result<(), StoreError> {
    for (path, listed) in &manifest.files {
        match found.get(path) {
            Some(file) if file == listed => {}
            Some(_) => {
                return Err(damaged(path.clone(), "its content is not the listed one".to_owned()));
            }
            None => return Err(damaged(path.clone(), "it is missing from the backup".to_owned())),
        }
    }
    match found.keys().find(|path| !manifest.files.contains_key(*path)) {
        Some(path) => Err(damaged(path.clone(), "the manifest does not list it".to_owned())),
        None => Ok(()),
    }
}
