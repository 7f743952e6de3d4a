//! Reading histories: records in the database and in the archive, and judging their chains.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use ::sled::IVec;

use super::disk::{Paths, failed};
use super::read::{Read, Reader, damaged};
use crate::id::IncidentId;
use crate::store::layout::{Key, NumberedKey, Shelf, Stub, Table, decode_record, decode_row, join};
use crate::store::pack::{Pair, unpack};
use crate::store::{Audit, Break, Digest, Record, StoreError, Stream, Verdict, verify};

/// Records that read, and the first that does not: its first event and what is wrong.
type Records = (Vec<Record>, Option<(u64, String)>);

impl Reader<'_> {
    /// Reads an incident's records that end after event `after` (0: all), up to what is durable.
    pub(super) fn tail(&self, incident: IncidentId, after: u64) -> Read<Option<Stream>> {
        // The row first: records may only be newer than it, and what is newer is left out.
        let Some(row) = self.row(incident)? else { return Ok(None) };
        let (mut records, broken) = self.records(incident, after)?;
        if let Some((first, why)) = broken {
            let what = format!("the record of incident {incident} from event {first} on");
            return Err(StoreError::Damaged { what, why });
        }
        let version = row.summary.version;
        records.retain(|record| record.last() <= version && (after == 0 || record.last() > after));
        Ok(Some(Stream { incident, records }))
    }

    /// Reads all records from the one that holds event `after + 1` on, in order.
    fn records(&self, incident: IncidentId, after: u64) -> Read<Records> {
        let _guard = self.rewrites.none();
        self.records_beside(&self.cold(incident)?, incident, after)
    }

    /// Reads what lies in the archive. Whoever calls it holds off rewrites.
    fn cold(&self, incident: IncidentId) -> Read<Vec<Pair>> {
        match self.stub(incident)? {
            Some(stub) => self.archived(incident, &stub),
            None => Ok(Vec::new()),
        }
    }

    fn records_beside(&self, cold: &[Pair], incident: IncidentId, after: u64) -> Read<Records> {
        let mut pieces = BTreeMap::new();
        let of_events = cold.iter().filter(|(key, _)| key.first() == Some(&(Table::Events as u8)));
        pieces.extend(of_events.map(|(k, v)| (IVec::from(k.as_slice()), IVec::from(v.as_slice()))));
        let from = self.beginning(incident, after)?;
        let end = Key::record(incident, u64::MAX, u32::MAX).piece(u16::MAX);
        for pair in self.db.range(from..=end) {
            let (key, value) = pair.map_err(|error| failed("reading", &error))?;
            pieces.insert(key, value);
        }
        Ok(join_records(&pieces))
    }

    /// Reads everything that is kept apart of an incident, by its reference. What lies in the
    /// database is newer than the same in the archive.
    fn personal_beside(
        &self,
        cold: &[Pair],
        incident: IncidentId,
    ) -> Read<BTreeMap<String, Vec<u8>>> {
        let mut archived: BTreeMap<String, Vec<IVec>> = BTreeMap::new();
        let of_people = |key: &[u8]| key.first() == Some(&(Table::Personal as u8));
        for (key, piece) in cold.iter().filter(|(key, _)| of_people(key)) {
            let name = NumberedKey::personal(key).unwrap_or_default().to_owned();
            archived.entry(name).or_default().push(IVec::from(piece.as_slice()));
        }
        let mut hot: BTreeMap<String, Vec<IVec>> = BTreeMap::new();
        for pair in self.scan(&Key::personals(incident)) {
            let (key, piece) = pair?;
            let name = NumberedKey::personal(&key).unwrap_or_default().to_owned();
            hot.entry(name).or_default().push(piece);
        }
        archived.append(&mut hot);
        let what = format!("personal content of incident {incident}");
        let joined = archived.into_iter().map(|(name, pieces)| Ok((name, join(&pieces)?)));
        joined.collect::<Result<_, String>>().map_err(damaged(what))
    }

    /// Finds the key at which the record with event `after + 1` begins.
    fn beginning(&self, incident: IncidentId, after: u64) -> Read<Vec<u8>> {
        let start = Key::records(incident).as_bytes().to_vec();
        if after == 0 {
            return Ok(start);
        }
        let last = Key::record(incident, after.saturating_add(1), u32::MAX).piece(u16::MAX);
        let before = self.db.range(start.as_slice()..=last.as_slice()).next_back();
        let before = before.transpose().map_err(|error| failed("reading", &error))?;
        let key = before.and_then(|(key, _)| NumberedKey::piece(&key).map(|(key, _)| key.to_vec()));
        Ok(key.unwrap_or(start))
    }

    /// Reads the file of an archived incident.
    pub(super) fn archived(&self, incident: IncidentId, stub: &Stub) -> Read<Vec<Pair>> {
        let path = self.paths.archive().join(Paths::archived(incident, stub));
        let what = format!("the archive file {}", path.display());
        let file = fs::read(&path).map_err(|error| damaged(&what)(error.to_string()))?;
        if Digest::of(&file) != stub.digest {
            return Err(damaged(what)("its SHA-256 is not the one in the journal".to_owned()));
        }
        unpack(&file).map_err(damaged(what))
    }

    /// Judges the chain of one incident, as far as its row says it goes.
    pub(super) fn verdict(&self, incident: IncidentId) -> Read<Option<Verdict>> {
        let row = match self.row(incident) {
            Err(StoreError::Damaged { what, why }) => {
                return Ok(Some(broken(incident, 0, 1, format!("{what}: {why}"))));
            }
            row => row?,
        };
        let number = row.as_ref().map_or(0, |row| row.summary.number);
        let read = || {
            let _guard = self.rewrites.none();
            let cold = self.cold(incident)?;
            let records = self.records_beside(&cold, incident, 0)?;
            Ok((records, self.personal_beside(&cold, incident)?))
        };
        let ((mut records, unreadable), personal) = match read() {
            Err(StoreError::Damaged { what, why }) => {
                return Ok(Some(broken(incident, number, 1, format!("{what}: {why}"))));
            }
            read => read?,
        };
        let Some(row) = row else {
            let lost = || broken(incident, 0, 1, "its row is lost".to_owned());
            return Ok((!records.is_empty() || unreadable.is_some()).then(lost));
        };
        let version = row.summary.version;
        records.retain(|record| record.last() <= version);
        let stream = Stream { incident, records };
        let verdict = verify::judge(&stream, number, version, row.link);
        let personal = personal.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()));
        let verdict = verdict.and_apart(|| verify::judge_personal(&stream, number, personal));
        Ok(Some(match (verdict, unreadable) {
            (Verdict::Broken(at), Some((first, why))) if at.event >= first => {
                broken(incident, number, first, format!("the record does not read: {why}"))
            }
            (verdict, _) => verdict,
        }))
    }

    /// Judges every chain.
    pub(in crate::store) fn audit(&self, progress: &mut dyn FnMut(u64, u64)) -> Read<Audit> {
        let incidents = self.incidents()?;
        let total = incidents.len() as u64;
        let mut audit = Audit::default();
        for (done, incident) in (1..).zip(incidents) {
            if let Some(verdict) = self.verdict(incident)? {
                audit.add(verdict);
            }
            progress(done, total);
        }
        Ok(audit)
    }

    /// Returns every incident that left any trace: a row, a record or an archived file.
    pub(super) fn incidents(&self) -> Read<Vec<IncidentId>> {
        let mut ids = BTreeSet::new();
        for table in [Table::Events, Table::Archived] {
            let mut from = Key::table(table).as_bytes().to_vec();
            while let Some(id) = self.next_incident(table, &from)? {
                ids.insert(id);
                // Longer than the rest of any key of the incident.
                from = [&[table as u8], id.as_bytes().as_slice(), &[u8::MAX; 16]].concat();
            }
        }
        for shelf in [Shelf::Active, Shelf::Resting] {
            for pair in self.scan(&Key::rows(shelf)) {
                // An incident whose row does not read is found through its records.
                if let Ok(row) = decode_row(&pair?.1) {
                    ids.insert(row.summary.id);
                }
            }
        }
        Ok(ids.into_iter().collect())
    }

    fn next_incident(&self, table: Table, from: &[u8]) -> Read<Option<IncidentId>> {
        let next = self.db.range(from..).next().transpose();
        let next = next.map_err(|error| failed("reading", &error))?;
        let of_table = next.filter(|(key, _)| key.first() == Some(&(table as u8)));
        Ok(of_table.and_then(|(key, _)| NumberedKey::incident(&key)))
    }
}

fn broken(incident: IncidentId, number: u64, event: u64, why: String) -> Verdict {
    Verdict::Broken(Break { incident, number, event, why })
}

/// Puts pieces, which are in order, together to records; stops at the first that does not read.
fn join_records(pieces: &BTreeMap<IVec, IVec>) -> Records {
    let mut records: Vec<Record> = Vec::new();
    let mut pieces = pieces.iter().peekable();
    while let Some((key, piece)) = pieces.next() {
        let next = records.last().map_or(1, |record| record.last() + 1);
        let Some((first, number)) = NumberedKey::record(key) else {
            return (records, Some((next, "its key is cut off".to_owned())));
        };
        let mut parts = vec![piece];
        let same = |other: &IVec| NumberedKey::record(other) == Some((first, number));
        while let Some((_, piece)) = pieces.next_if(|(other, _)| same(other)) {
            parts.push(piece);
        }
        match join(&parts).and_then(|bytes| decode_record(first, &bytes)) {
            Ok((_, record)) => records.push(record),
            Err(why) => return (records, Some((first, why))),
        }
    }
    (records, None)
}
