//! Work between groups: erasing, archiving, forgetting answers, holding still for a backup.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::{fs, io};

use jiff::Timestamp;

use super::disk::{Disk, Paths, failed, sync_dir, write_durably};
use super::queue::{Maintenance, Reply};
use super::read::{Read, Reader, damaged};
use super::stage::Stage;
use super::writer::Writer;
use crate::id::IncidentId;
use crate::store::layout::{
    Key, NumberedKey, Row, Shelf, Stub, Table, answer_head, decode_answer, decode_record,
    encode_answer, encode_stub, join, pieces_of, split, without_notices,
};
use crate::store::pack::Packer;
use crate::store::{Digest, Redacted, StoreError, Stream, Verdict, verify};

/// Stored pairs in the order of their keys.
type Pairs = BTreeMap<Vec<u8>, Vec<u8>>;

/// Answers looked at in one turn, so that appends do not wait for a long clean-up.
const ANSWERS_A_TURN: usize = 1_000;

impl Writer {
    /// Does one piece of waiting work. While a backup needs everything to stay where it is, only
    /// redactions are done: they change nothing that the backup's picture does not keep.
    pub(super) fn maintain_once(&mut self) {
        let redacts = matches!(self.later.front(), Some(Maintenance::Redact(..)));
        if self.camera.is_open() && !redacts {
            return;
        }
        let Some(work) = self.later.pop_front() else { return };
        let disk = match self.ready() {
            Ok(disk) => disk,
            Err(error) => return work.refuse(error),
        };
        // Whoever asked may not wait any more.
        match work {
            Maintenance::Redact(incident, names, reply) => {
                match self.guarded(|writer| writer.redact(&disk, incident, &names)) {
                    Ok(done) => self.sweep(&disk, incident, done, reply),
                    Err(error) => drop(reply.send(Err(error))),
                }
            }
            Maintenance::Sweep(incident, done, reply) => self.sweep(&disk, incident, done, reply),
            Maintenance::Archive(incident, reply) => {
                let done = self.guarded(|writer| writer.archive(&disk, incident));
                drop(reply.send(done));
            }
            Maintenance::Forget { older_than, from, forgotten, reply } => {
                let turn = self.guarded(|writer| writer.forget(&disk, older_than, from));
                self.go_on_forgetting(turn, older_than, forgotten, reply);
            }
            Maintenance::Freeze(reply) => {
                drop(reply.send(Ok(self.camera.freeze(disk.db().clone()))));
            }
        }
    }

    fn go_on_forgetting(
        &mut self,
        turn: Read<(u64, Option<Vec<u8>>)>,
        older_than: Timestamp,
        forgotten: u64,
        reply: Reply<u64>,
    ) {
        match turn {
            Ok((count, Some(from))) => {
                let forgotten = forgotten + count;
                self.later.push_back(Maintenance::Forget { older_than, from, forgotten, reply });
            }
            Ok((count, None)) => drop(reply.send(Ok(forgotten + count))),
            Err(error) => drop(reply.send(Err(error))),
        }
    }

    /// Forgets old answers among the next ones; returns how many, and where to go on.
    fn forget(
        &mut self,
        disk: &Disk,
        older_than: Timestamp,
        from: Vec<u8>,
    ) -> Read<(u64, Option<Vec<u8>>)> {
        let shared = Arc::clone(&self.shared);
        let mut stage = Stage::new(shared.reader(disk), &self.camera);
        let (mut seen, mut forgotten, mut last) = (0, 0, None);
        let table = Key::table(Table::Answers);
        for pair in disk.db().range(from..) {
            let (key, piece) = pair.map_err(|error| failed("reading", &error))?;
            if !key.starts_with(table.as_bytes()) {
                last = None;
                break;
            }
            seen += 1;
            if let Some((stem, 0)) = NumberedKey::piece(&key) {
                let (_, at) = answer_head(&piece).map_err(damaged("a stored answer"))?;
                if at < older_than {
                    let pieces = pieces_of(&piece).map_err(damaged("a stored answer"))?;
                    stage.remove_pieces(&Key::from_stem(stem), 0..pieces)?;
                    forgotten += 1;
                }
            }
            last = Some([key.as_ref(), &[0]].concat());
            if seen == ANSWERS_A_TURN {
                break;
            }
        }
        if seen < ANSWERS_A_TURN {
            last = None;
        }
        if forgotten > 0 {
            self.commit(disk, stage.finish()?)?;
        }
        Ok((forgotten, last))
    }

    fn redact(&mut self, disk: &Disk, incident: IncidentId, names: &[String]) -> Read<Redacted> {
        let shared = Arc::clone(&self.shared);
        let reader = shared.reader(disk);
        let row = reader.row(incident)?.ok_or(StoreError::Unknown(incident))?;
        let mut stage = Stage::new(reader, &self.camera);
        stage.rewrite();
        let mut erased = Erased { incident, names, found: BTreeSet::new(), notices: 0 };
        let hot = pairs_of(&reader, incident)?;
        replace(&mut stage, &hot, &erased.erase(&hot)?)?;
        if let Some(stub) = reader.stub(incident)? {
            let cold: Pairs = reader.archived(incident, &stub)?.into_iter().collect();
            let left = erased.erase(&cold)?;
            if left != cold {
                let stub = self.write_archive(&reader, &row, Some(&stub), &left)?;
                stage.put(Key::stub(incident).as_bytes(), encode_stub(&stub))?;
            }
        }
        let answers = empty_answers(&reader, &mut stage, incident)?;
        self.commit(disk, stage.finish()?)?;
        Ok(Redacted { personal: erased.found.len() as u64, notices: erased.notices, answers })
    }

    fn archive(&mut self, disk: &Disk, incident: IncidentId) -> Read<()> {
        let shared = Arc::clone(&self.shared);
        let reader = shared.reader(disk);
        let row = reader.row(incident)?.ok_or(StoreError::Unknown(incident))?;
        if row.shelf() == Shelf::Active {
            return Err(StoreError::StillActive(incident));
        }
        let hot = pairs_of(&reader, incident)?;
        if hot.is_empty() {
            return Ok(());
        }
        let old = reader.stub(incident)?;
        let mut all = Pairs::new();
        if let Some(old) = &old {
            all.extend(reader.archived(incident, old)?);
        }
        all.extend(hot.clone());
        check_whole(&row, &all)?;
        let stub = self.write_archive(&reader, &row, old.as_ref(), &all)?;
        let mut stage = Stage::new(reader, &self.camera);
        stage.rewrite();
        stage.put(Key::stub(incident).as_bytes(), encode_stub(&stub))?;
        for key in hot.into_keys() {
            stage.remove(&key)?;
        }
        self.commit(disk, stage.finish()?)?;
        if let Err(error) = self.remove_older(incident, &stub) {
            tracing::warn!(%error, "an outdated archive file stays");
        }
        Ok(())
    }

    /// Writes the next file of an archived incident and reads it back.
    fn write_archive(
        &self,
        reader: &Reader<'_>,
        row: &Row,
        old: Option<&Stub>,
        pairs: &Pairs,
    ) -> Read<Stub> {
        let mut packer = Packer::new();
        for (key, value) in pairs {
            packer.add(key, value);
        }
        let file = packer.finish();
        let (incident, number) = (row.summary.id, row.summary.number);
        let generation = old.map_or(1, |stub| stub.generation + 1);
        let stub = Stub { number, generation, digest: Digest::of(&file) };
        let path = self.shared.paths.archive().join(Paths::archived(incident, &stub));
        write_durably(&path, &file)?;
        let back: Pairs = reader.archived(incident, &stub)?.into_iter().collect();
        if back == *pairs {
            Ok(stub)
        } else {
            let why = "it does not read back as it was written".to_owned();
            Err(damaged(path.display().to_string())(why))
        }
    }

    /// Removes the archive files that hold what was erased, as soon as no backup needs them: erased
    /// is what no file holds.
    fn sweep(&mut self, disk: &Disk, incident: IncidentId, done: Redacted, reply: Reply<Redacted>) {
        let swept = match self.shared.reader(disk).stub(incident) {
            Ok(Some(_)) if self.camera.is_open() => {
                self.later.push_back(Maintenance::Sweep(incident, done, reply));
                return;
            }
            Ok(Some(stub)) => self.remove_older(incident, &stub),
            Ok(None) => Ok(()),
            Err(error) => Err(error),
        };
        drop(reply.send(swept.map(|()| done)));
    }

    /// Removes the files of an incident that newer ones replaced, those that a crash left behind
    /// too, when no reader is about to open one.
    fn remove_older(&self, incident: IncidentId, current: &Stub) -> Result<(), StoreError> {
        let current = self.shared.paths.archive().join(Paths::archived(incident, current));
        let of_incident = format!("-{incident}.");
        let removing = |error: &io::Error| failed("removing an outdated archive file", error);
        let Some(folder) = current.parent() else { return Ok(()) };
        for entry in fs::read_dir(folder).map_err(|error| removing(&error))? {
            let path = entry.map_err(|error| removing(&error))?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if path != current && name.contains(&of_incident) {
                let removed = self.shared.rewrites.during(|| fs::remove_file(&path));
                removed.map_err(|error| removing(&error))?;
            }
        }
        sync_dir(folder)
    }
}

/// What a redaction erases of an incident's pairs, and what it found.
struct Erased<'a> {
    incident: IncidentId,
    names: &'a [String],
    found: BTreeSet<&'a str>,
    notices: u64,
}

impl<'a> Erased<'a> {
    /// Returns the pairs without the named content and without notices.
    fn erase(&mut self, pairs: &Pairs) -> Read<Pairs> {
        let mut left = pairs.clone();
        let names: &'a [String] = self.names;
        for name in names {
            let key = Key::personal(self.incident, name);
            let before = left.len();
            left.retain(|other, _| {
                NumberedKey::piece(other).is_none_or(|(stem, _)| stem != key.as_bytes())
            });
            if left.len() < before {
                self.found.insert(name);
            }
        }
        for (stem, pieces) in stems_of(pairs) {
            let Some((first, _)) = NumberedKey::record(&stem) else { continue };
            let what = format!("the record of incident {} from event {first} on", self.incident);
            let read = |content: Vec<u8>| Ok((decode_record(first, &content)?.1, content));
            let (record, content) = join(&pieces).and_then(read).map_err(damaged(what))?;
            if record.notices.is_empty() {
                continue;
            }
            self.notices += 1;
            let key = Key::from_stem(&stem);
            for index in (0..).take(pieces.len()) {
                left.remove(&key.piece(index));
            }
            let content = without_notices(&record, content);
            left.extend((0..).zip(split(&content)).map(|(index, piece)| (key.piece(index), piece)));
        }
        Ok(left)
    }
}

/// Reads the records and the personal content that lie in the database.
fn pairs_of(reader: &Reader<'_>, incident: IncidentId) -> Read<Pairs> {
    let records = reader.scan(&Key::records(incident));
    let personal = reader.scan(&Key::personals(incident));
    let pairs = records.chain(personal).map(|pair| pair.map(|(k, v)| (k.to_vec(), v.to_vec())));
    pairs.collect()
}

/// Groups the pieces of records by what their keys have in common.
fn stems_of(pairs: &Pairs) -> BTreeMap<Vec<u8>, Vec<&Vec<u8>>> {
    let mut stems: BTreeMap<Vec<u8>, Vec<&Vec<u8>>> = BTreeMap::new();
    let of_events = pairs.iter().filter(|(key, _)| key.first() == Some(&(Table::Events as u8)));
    for (key, piece) in of_events {
        if let Some((stem, _)) = NumberedKey::piece(key) {
            stems.entry(stem.to_vec()).or_default().push(piece);
        }
    }
    stems
}

fn records_of(pairs: &Pairs) -> Read<Vec<crate::store::Record>> {
    let records = stems_of(pairs).into_iter().map(|(stem, pieces)| {
        let (first, _) = NumberedKey::record(&stem).ok_or("its key is cut off")?;
        Ok(decode_record(first, &join(&pieces)?)?.1)
    });
    records.collect::<Result<_, String>>().map_err(damaged("an archived record"))
}

/// Refuses to move a history that is not whole: it stays where it can be looked at.
fn check_whole(row: &Row, pairs: &Pairs) -> Read<()> {
    let summary = &row.summary;
    let stream = Stream { incident: summary.id, records: records_of(pairs)? };
    match verify::judge(&stream, summary.number, summary.version, row.link) {
        Verdict::Intact { .. } => Ok(()),
        Verdict::Broken(at) => Err(damaged("the journal")(at.to_string())),
    }
}

/// Stages what differs between two states of the same keys.
fn replace(stage: &mut Stage<'_>, before: &Pairs, after: &Pairs) -> Read<()> {
    for key in before.keys().filter(|key| !after.contains_key(*key)) {
        stage.remove(key)?;
    }
    for (key, value) in after.iter().filter(|(key, value)| before.get(*key) != Some(*value)) {
        stage.put(key, value.as_slice())?;
    }
    Ok(())
}

/// Stages that the stored answers about an incident lose their bodies; returns how many do.
fn empty_answers(reader: &Reader<'_>, stage: &mut Stage<'_>, incident: IncidentId) -> Read<u64> {
    let mut emptied = 0;
    for pair in reader.scan(&Key::table(Table::Answers)) {
        let (key, piece) = pair?;
        let Some((stem, 0)) = NumberedKey::piece(&key) else { continue };
        let what = "a stored answer";
        if answer_head(&piece).map_err(damaged(what))?.0 != incident {
            continue;
        }
        let key = Key::from_stem(stem);
        let Some(content) = reader.content(&key, what)? else { continue };
        let mut answer = decode_answer(&content).map_err(damaged(what))?;
        if !answer.body.is_empty() {
            answer.erase();
            let pieces = pieces_of(&piece).map_err(damaged(what))?;
            stage.insert(&key, &encode_answer(incident, &answer), pieces)?;
            emptied += 1;
        }
    }
    Ok(emptied)
}
