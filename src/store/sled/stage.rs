//! One group of requests on its way to the disk: each is judged against the store as the ones
//! before it in the group will leave it, and turned into changes of one batch.

use std::collections::BTreeMap;
use std::sync::Arc;

use ::sled::{Batch as Writes, IVec};

use super::draft::Draft;
use super::read::{Read, Reader, damaged};
use super::snapshot::Camera;
use crate::engine::Mode;
use crate::id::IncidentId;
use crate::store::layout::{
    Key, MAX_PIECE_BYTES, Row, Shelf, content_of, document_version, encode_answer, encode_document,
    pieces_of, split,
};
use crate::store::{Change, Idempotency, Kind, StoreError, Summary, Unique};

/// A document as the group will leave it: version and number of pieces.
type Held = Option<(u64, u16)>;

/// The changes of one group.
pub(super) struct Stage<'a> {
    reader: Reader<'a>,
    camera: &'a Camera,
    writes: Writes,
    rewrites: bool,
    rows: BTreeMap<IncidentId, Arc<Row>>,
    numbers: BTreeMap<u64, IncidentId>,
    answers: BTreeMap<String, Idempotency>,
    documents: BTreeMap<(Kind, String), Held>,
    personal: BTreeMap<Key, u16>,
    spoilt: Option<StoreError>,
}

/// What a group changes, ready to be applied.
pub(super) struct Staged {
    /// The changes.
    pub(super) writes: Writes,
    /// Whether values of several pieces are replaced or removed.
    pub(super) rewrites: bool,
    /// The new rows.
    pub(super) rows: Vec<Arc<Row>>,
}

impl<'a> Stage<'a> {
    pub(super) fn new(reader: Reader<'a>, camera: &'a Camera) -> Self {
        Self {
            reader,
            camera,
            writes: Writes::default(),
            rewrites: false,
            rows: BTreeMap::new(),
            numbers: BTreeMap::new(),
            answers: BTreeMap::new(),
            documents: BTreeMap::new(),
            personal: BTreeMap::new(),
            spoilt: None,
        }
    }

    /// Returns the changes of the whole group.
    ///
    /// # Errors
    /// A request failed when some of its changes were staged already: none may be applied.
    pub(super) fn finish(self) -> Read<Staged> {
        if let Some(error) = self.spoilt {
            return Err(error);
        }
        let rows = self.rows.into_values().collect();
        Ok(Staged { writes: self.writes, rewrites: self.rewrites, rows })
    }

    /// Keeps half a request from being applied.
    fn whole<T>(&mut self, staged: Read<T>) -> Read<T> {
        if let Err(error) = &staged {
            self.spoilt = Some(error.clone());
        }
        staged
    }

    /// Stages an append.
    pub(super) fn append(&mut self, draft: Draft) -> Read<u64> {
        if let Some(answer) = &draft.idempotency {
            self.admit_answer(&answer.key)?;
        }
        let summary = &draft.row.summary;
        let before = self.row(summary.id)?;
        let actual = before.as_ref().map_or(0, |row| row.summary.version);
        if actual != draft.expected {
            return Err(StoreError::Conflict { actual });
        }
        match &before {
            Some(before) if before.summary.number != summary.number => {
                return Err(StoreError::Invalid { why: "an incident keeps its number" });
            }
            Some(_) => {}
            None => self.admit_new(summary)?,
        }
        let held = self.admit_changes(&draft.documents)?;
        let staged = self.stage_history(before.as_deref(), draft, held);
        self.whole(staged)
    }

    fn stage_history(
        &mut self,
        before: Option<&Row>,
        mut draft: Draft,
        held: Vec<Held>,
    ) -> Read<u64> {
        draft.follow(before);
        let Draft { expected, record, row, row_value, idempotency, personal, documents, .. } =
            draft;
        let (incident, number) = (row.summary.id, row.summary.number);
        let version = row.summary.version;
        if let Some(record) = record {
            self.add(&Key::record(incident, expected + 1, row.records - 1), record)?;
        }
        self.put(Key::row(row.shelf(), number).as_bytes(), row_value)?;
        let was_active = before.is_some_and(|row| row.shelf() == Shelf::Active);
        if was_active && row.shelf() == Shelf::Resting {
            self.remove(Key::row(Shelf::Active, number).as_bytes())?;
        }
        if expected == 0 {
            self.numbers.insert(number, incident);
        }
        self.rows.insert(incident, Arc::new(row));
        for (reference, content) in personal {
            let key = Key::personal(incident, &reference);
            let pieces = self.personal_pieces(&key)?;
            let written = self.insert(&key, &content, pieces)?;
            self.personal.insert(key, written);
        }
        if let Some(answer) = idempotency {
            self.insert(&Key::answer(&answer.key), &encode_answer(incident, &answer), 0)?;
            self.answers.insert(answer.key.clone(), answer);
        }
        self.stage_changes(documents, held)?;
        Ok(version)
    }

    fn personal_pieces(&self, key: &Key) -> Read<u16> {
        if let Some(pieces) = self.personal.get(key) {
            return Ok(*pieces);
        }
        let first = self.reader.get(&key.piece(0))?;
        first.map_or(Ok(0), |piece| pieces_of(&piece)).map_err(damaged("personal content"))
    }

    fn admit_answer(&self, key: &str) -> Read<()> {
        let answer = match self.answers.get(key) {
            Some(answer) => Some(answer.clone()),
            None => self.reader.answered(key)?,
        };
        answer.map_or(Ok(()), |answer| Err(StoreError::Answered(Box::new(answer))))
    }

    fn admit_new(&self, summary: &Summary) -> Read<()> {
        let number = summary.number;
        let holder = match self.numbers.get(&number) {
            Some(by) => Some(*by),
            None if number > self.reader.index().last_number() => None,
            None => self.reader.row_by_number(number)?.map(|row| row.summary.id),
        };
        if let Some(by) = holder {
            return Err(StoreError::Taken { what: Unique::Number(number), by });
        }
        if let Some(key) = &summary.dedup_key
            && summary.status.is_open()
            && let Some(by) = self.open_with(summary.mode, key)
        {
            return Err(StoreError::Taken { what: Unique::DedupKey(key.clone()), by });
        }
        Ok(())
    }

    /// Finds the newest open incident with a deduplication key, as the group will leave it.
    fn open_with(&self, mode: Mode, key: &str) -> Option<IncidentId> {
        let staged = self.rows.values().map(|row| &row.summary).filter(|row| {
            row.status.is_open() && row.mode == mode && row.dedup_key.as_deref() == Some(key)
        });
        let staged = staged.map(|row| (row.number, row.id));
        let index = self.reader.index();
        let stored = index.with_dedup_key(mode, key);
        let stored = stored.filter(|(_, id)| !self.rows.contains_key(id));
        staged.chain(stored).max().map(|(_, id)| id)
    }

    fn row(&self, incident: IncidentId) -> Read<Option<Arc<Row>>> {
        match self.rows.get(&incident) {
            Some(row) => Ok(Some(Arc::clone(row))),
            None => self.reader.row(incident),
        }
    }

    /// Stages changes of documents and returns their versions.
    pub(super) fn change(&mut self, changes: Vec<Change>) -> Read<Vec<u64>> {
        let held = self.admit_changes(&changes)?;
        let staged = self.stage_changes(changes, held);
        self.whole(staged)
    }

    fn admit_changes(&self, changes: &[Change]) -> Read<Vec<Held>> {
        let mut held = Vec::with_capacity(changes.len());
        for (at, change) in changes.iter().enumerate() {
            let same = |other: &&Change| other.kind == change.kind && other.name == change.name;
            if changes[..at].iter().any(|other| same(&other)) {
                return Err(StoreError::Invalid { why: "one document is changed twice" });
            }
            let now = self.held(change)?;
            let actual = now.map(|(version, _)| version);
            if !change.expect.admits(actual) {
                let (kind, name) = (change.kind, change.name.clone());
                return Err(StoreError::Stale { kind, name, actual });
            }
            held.push(now);
        }
        Ok(held)
    }

    fn held(&self, change: &Change) -> Read<Held> {
        if let Some(held) = self.documents.get(&(change.kind, change.name.clone())) {
            return Ok(*held);
        }
        let piece = self.reader.get(&Key::document(change.kind, &change.name).piece(0))?;
        let read = |piece: ::sled::IVec| Ok((document_version(&piece)?, pieces_of(&piece)?));
        let what = format!("{} `{}`", change.kind.name(), change.name);
        piece.map(read).transpose().map_err(damaged(what))
    }

    fn stage_changes(&mut self, changes: Vec<Change>, held: Vec<Held>) -> Read<Vec<u64>> {
        let mut versions = Vec::with_capacity(changes.len());
        for (Change { kind, name, content, .. }, held) in changes.into_iter().zip(held) {
            let key = Key::document(kind, &name);
            let (version, pieces) = held.unwrap_or_default();
            let next = match content {
                Some(content) => {
                    let written =
                        self.insert(&key, &encode_document(version + 1, &content), pieces)?;
                    Some((version + 1, written))
                }
                None => {
                    self.remove_pieces(&key, 0..pieces)?;
                    None
                }
            };
            versions.push(next.map_or(0, |(version, _)| version));
            self.documents.insert((kind, name), next);
        }
        Ok(versions)
    }

    /// Adds content that was encoded as one piece, in several if it is too long.
    fn add(&mut self, key: &Key, whole: IVec) -> Read<()> {
        if whole.len() > MAX_PIECE_BYTES {
            self.insert(key, content_of(&whole), 0)?;
            return Ok(());
        }
        self.put(&key.piece(0), whole)
    }

    /// Writes content in pieces over `old` pieces and returns how many it has now.
    pub(super) fn insert(&mut self, key: &Key, content: &[u8], old: u16) -> Read<u16> {
        let mut count = 0;
        for (index, piece) in (0..).zip(split(content)) {
            self.put(&key.piece(index), piece)?;
            count = index + 1;
        }
        self.rewrites |= old > 0 && (old > 1 || count > 1);
        if count < old {
            self.remove_pieces(key, count..old)?;
        }
        Ok(count)
    }

    pub(super) fn remove_pieces(&mut self, key: &Key, pieces: std::ops::Range<u16>) -> Read<()> {
        self.rewrites |= pieces.end > 1;
        for index in pieces {
            self.remove(&key.piece(index))?;
        }
        Ok(())
    }

    /// Sets one stored value.
    pub(super) fn put(&mut self, key: &[u8], value: impl Into<IVec>) -> Read<()> {
        self.camera.note(self.reader.db, key)?;
        self.writes.insert(key, value);
        Ok(())
    }

    /// Removes one stored value.
    pub(super) fn remove(&mut self, key: &[u8]) -> Read<()> {
        self.camera.note(self.reader.db, key)?;
        self.writes.remove(key);
        Ok(())
    }

    /// Announces that values of several pieces are replaced or removed.
    pub(super) const fn rewrite(&mut self) {
        self.rewrites = true;
    }
}
