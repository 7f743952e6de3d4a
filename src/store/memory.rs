//! The journal in memory: the specification in code, and the store of simulations and tests.
//! Durable for as long as the process lives; it prefers the obvious to the quick.

use std::collections::BTreeMap;
use std::io::Write;
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::batch::Batch;
use super::layout::draft_row;
use super::{
    Audit, Change, Digest, Document, Health, Idempotency, Kind, Pending, Query, Record, Redacted,
    Stats, Store, StoreError, Stored, Stream, Summary, Unique, Verdict, chain, verify,
};
use crate::engine::Mode;
use crate::id::IncidentId;

/// A journal that lives as long as the process.
#[derive(Debug, Default)]
pub struct Memory {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    incidents: BTreeMap<IncidentId, Entry>,
    numbers: BTreeMap<u64, IncidentId>,
    answers: BTreeMap<String, (IncidentId, Idempotency)>,
    documents: BTreeMap<(Kind, String), (u64, Vec<u8>)>,
    stats: Stats,
}

#[derive(Debug)]
struct Entry {
    summary: Summary,
    wake: Option<Timestamp>,
    link: Digest,
    records: Vec<Record>,
    personal: BTreeMap<String, Vec<u8>>,
}

impl Entry {
    fn is_active(&self) -> bool {
        self.summary.status.is_open() || self.wake.is_some()
    }
}

impl Memory {
    /// Makes an empty journal.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Nothing panics while the lock is held, so a poisoned lock still guards whole state.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn append(&mut self, batch: Batch) -> Result<u64, StoreError> {
        self.admit(&batch)?;
        let version = batch.version();
        let Batch { incident, expected, events, notices, mut summary, wake, .. } = batch;
        summary.version = version;
        self.numbers.insert(summary.number, incident);
        let count = events.len() as u64;
        let entry = self.incidents.entry(incident).or_insert_with(|| Entry {
            summary: summary.clone(),
            wake,
            link: chain::genesis(incident),
            records: Vec::new(),
            personal: BTreeMap::new(),
        });
        let links = chain::links(entry.link, events.iter().map(Vec::as_slice));
        entry.link = links.last().copied().unwrap_or(entry.link);
        entry.summary = summary;
        entry.wake = wake;
        entry.personal.extend(batch.personal);
        if !events.is_empty() || !notices.is_empty() {
            let events =
                events.into_iter().zip(links).map(|(bytes, link)| Stored { bytes, link }).collect();
            entry.records.push(Record { first: expected + 1, events, notices });
        }
        if let Some(answer) = batch.idempotency {
            self.answers.insert(answer.key.clone(), (incident, answer));
        }
        self.change(batch.documents);
        self.stats.appends += 1;
        self.stats.events += count;
        Ok(version)
    }

    fn admit(&self, batch: &Batch) -> Result<(), StoreError> {
        batch.check()?;
        draft_row(&batch.summary, batch.wake)?;
        if let Some(key) = batch.idempotency.as_ref().map(|answer| &answer.key)
            && let Some((_, answer)) = self.answers.get(key)
        {
            return Err(StoreError::Answered(Box::new(answer.clone())));
        }
        let stored = self.incidents.get(&batch.incident);
        let actual = stored.map_or(0, |entry| entry.summary.version);
        if actual != batch.expected {
            return Err(StoreError::Conflict { actual });
        }
        match stored {
            Some(entry) if entry.summary.number != batch.summary.number => {
                return Err(StoreError::Invalid { why: "an incident keeps its number" });
            }
            Some(_) => {}
            None => self.admit_new(&batch.summary)?,
        }
        self.expectations(&batch.documents)
    }

    fn admit_new(&self, summary: &Summary) -> Result<(), StoreError> {
        if let Some(by) = self.numbers.get(&summary.number) {
            let what = Unique::Number(summary.number);
            return Err(StoreError::Taken { what, by: *by });
        }
        if let Some(key) = &summary.dedup_key
            && summary.status.is_open()
            && let Some(by) = self.by_dedup_key(summary.mode, key)
        {
            return Err(StoreError::Taken { what: Unique::DedupKey(key.clone()), by });
        }
        Ok(())
    }

    fn by_dedup_key(&self, mode: Mode, key: &str) -> Option<IncidentId> {
        let newest_first = self.numbers.values().rev().filter_map(|id| self.incidents.get(id));
        newest_first
            .map(|entry| &entry.summary)
            .find(|row| {
                row.status.is_open() && row.mode == mode && row.dedup_key.as_deref() == Some(key)
            })
            .map(|row| row.id)
    }

    fn expectations(&self, changes: &[Change]) -> Result<(), StoreError> {
        for (at, change) in changes.iter().enumerate() {
            let same = |other: &&Change| other.kind == change.kind && other.name == change.name;
            if changes[..at].iter().any(|other| same(&other)) {
                return Err(StoreError::Invalid { why: "one document is changed twice" });
            }
            let stored = self.documents.get(&(change.kind, change.name.clone()));
            let actual = stored.map(|(version, _)| *version);
            if !change.expect.admits(actual) {
                let (kind, name) = (change.kind, change.name.clone());
                return Err(StoreError::Stale { kind, name, actual });
            }
        }
        Ok(())
    }

    fn change(&mut self, changes: Vec<Change>) -> Vec<u64> {
        let mut versions = Vec::new();
        for Change { kind, name, content, .. } in changes {
            let at = (kind, name);
            let version = self.documents.get(&at).map_or(0, |(version, _)| *version) + 1;
            match content {
                Some(content) => {
                    self.documents.insert(at, (version, content));
                    versions.push(version);
                }
                None => {
                    self.documents.remove(&at);
                    versions.push(0);
                }
            }
        }
        versions
    }

    fn redact(&mut self, incident: IncidentId, names: &[String]) -> Result<Redacted, StoreError> {
        let entry = self.incidents.get_mut(&incident).ok_or(StoreError::Unknown(incident))?;
        let mut redacted = Redacted::default();
        for name in names {
            redacted.personal += u64::from(entry.personal.remove(name).is_some());
        }
        for record in entry.records.iter_mut().filter(|record| !record.notices.is_empty()) {
            record.notices = Vec::new();
            redacted.notices += 1;
        }
        let answers = self.answers.values_mut().filter(|(about, _)| *about == incident);
        for (_, answer) in answers.filter(|(_, answer)| !answer.body.is_empty()) {
            answer.erase();
            redacted.answers += 1;
        }
        Ok(redacted)
    }

    fn archive(&self, incident: IncidentId) -> Result<(), StoreError> {
        match self.incidents.get(&incident) {
            None => Err(StoreError::Unknown(incident)),
            Some(entry) if entry.is_active() => Err(StoreError::StillActive(incident)),
            Some(_) => Ok(()),
        }
    }

    fn verdict(&self, incident: IncidentId, entry: &Entry) -> Verdict {
        let stream = Stream { incident, records: entry.records.clone() };
        let summary = &entry.summary;
        let verdict = verify::judge(&stream, summary.number, summary.version, entry.link);
        let personal = entry.personal.iter();
        let personal = personal.map(|(name, content)| (name.as_str(), content.as_slice()));
        verdict.and_apart(|| verify::judge_personal(&stream, summary.number, personal))
    }
}

fn ready<T: Send + 'static>(outcome: Result<T, StoreError>) -> Pending<T> {
    Box::pin(std::future::ready(outcome))
}

impl Store for Memory {
    fn append(&self, batch: Batch) -> Pending<u64> {
        ready(self.state().append(batch))
    }

    fn put(&self, changes: Vec<Change>) -> Pending<Vec<u64>> {
        let mut state = self.state();
        let admitted = Change::check_all(&changes).and_then(|()| state.expectations(&changes));
        ready(admitted.map(|()| state.change(changes)))
    }

    fn redact(&self, incident: IncidentId, references: Vec<String>) -> Pending<Redacted> {
        ready(self.state().redact(incident, &references))
    }

    fn archive(&self, incident: IncidentId) -> Pending<()> {
        ready(self.state().archive(incident))
    }

    fn forget_idempotency(&self, older_than: Timestamp) -> Pending<u64> {
        let mut state = self.state();
        let before = state.answers.len();
        state.answers.retain(|_, (_, answer)| answer.at >= older_than);
        ready(Ok((before - state.answers.len()) as u64))
    }

    fn tail(&self, incident: IncidentId, after: u64) -> Result<Option<Stream>, StoreError> {
        let state = self.state();
        let Some(entry) = state.incidents.get(&incident) else { return Ok(None) };
        let wanted = |record: &&Record| after == 0 || record.last() > after;
        let records = entry.records.iter().filter(wanted).cloned().collect();
        Ok(Some(Stream { incident, records }))
    }

    fn summary(&self, incident: IncidentId) -> Result<Option<Summary>, StoreError> {
        Ok(self.state().incidents.get(&incident).map(|entry| entry.summary.clone()))
    }

    fn by_number(&self, number: u64) -> Result<Option<Summary>, StoreError> {
        let state = self.state();
        let entry = state.numbers.get(&number).and_then(|id| state.incidents.get(id));
        Ok(entry.map(|entry| entry.summary.clone()))
    }

    fn by_dedup_key(&self, mode: Mode, key: &str) -> Option<IncidentId> {
        self.state().by_dedup_key(mode, key)
    }

    fn list(&self, query: Query) -> Result<Vec<Summary>, StoreError> {
        let state = self.state();
        let numbers = state.numbers.range(..query.before.unwrap_or(u64::MAX)).rev();
        let rows =
            numbers.filter_map(|(_, id)| state.incidents.get(id)).map(|entry| &entry.summary);
        let wanted = rows.filter(|row| query.which.admits(row.status));
        Ok(wanted.take(query.rows()).cloned().collect())
    }

    fn last_number(&self) -> u64 {
        self.state().numbers.last_key_value().map_or(0, |(number, _)| *number)
    }

    fn due(&self, until: Timestamp, limit: usize) -> Vec<(Timestamp, IncidentId)> {
        let state = self.state();
        let waking = state.incidents.iter().filter_map(|(id, entry)| Some((entry.wake?, *id)));
        let mut due: Vec<_> = waking.filter(|(at, _)| *at <= until).collect();
        due.sort_unstable();
        due.truncate(limit);
        due
    }

    fn next_wake(&self) -> Option<Timestamp> {
        self.state().incidents.values().filter_map(|entry| entry.wake).min()
    }

    fn answered(&self, key: &str) -> Result<Option<Idempotency>, StoreError> {
        Ok(self.state().answers.get(key).map(|(_, answer)| answer.clone()))
    }

    fn document(&self, kind: Kind, name: &str) -> Result<Option<Document>, StoreError> {
        let state = self.state();
        let stored = state.documents.get(&(kind, name.to_owned()));
        Ok(stored.map(|(version, content)| Document {
            kind,
            name: name.to_owned(),
            version: *version,
            content: content.clone(),
        }))
    }

    fn documents(
        &self,
        kind: Kind,
        after: &str,
        limit: usize,
    ) -> Result<Vec<Document>, StoreError> {
        let state = self.state();
        let from = Bound::Excluded((kind, after.to_owned()));
        let of_kind =
            state.documents.range((from, Bound::Unbounded)).take_while(|(at, _)| at.0 == kind);
        let documents = of_kind.map(|((kind, name), (version, content))| Document {
            kind: *kind,
            name: name.clone(),
            version: *version,
            content: content.clone(),
        });
        Ok(documents.take(limit).collect())
    }

    fn personal(
        &self,
        incident: IncidentId,
        reference: &str,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let state = self.state();
        let entry = state.incidents.get(&incident);
        Ok(entry.and_then(|entry| entry.personal.get(reference).cloned()))
    }

    fn verify(&self, incident: IncidentId) -> Result<Option<Verdict>, StoreError> {
        let state = self.state();
        Ok(state.incidents.get(&incident).map(|entry| state.verdict(incident, entry)))
    }

    fn verify_all(&self, progress: &mut dyn FnMut(u64, u64)) -> Result<Audit, StoreError> {
        let state = self.state();
        let total = state.incidents.len() as u64;
        let mut audit = Audit::default();
        for (id, entry) in &state.incidents {
            audit.add(state.verdict(*id, entry));
            progress(audit.incidents, total);
        }
        Ok(audit)
    }

    fn backup(&self, _: &mut dyn Write, _: Timestamp) -> Result<(), StoreError> {
        let why = "a store in memory ends with its process".to_owned();
        Err(StoreError::Failed { doing: "backing up", why })
    }

    fn health(&self) -> Health {
        Health::Healthy
    }

    fn stats(&self) -> Stats {
        let state = self.state();
        let active = state.incidents.values().filter(|entry| entry.is_active()).count();
        Stats { active: active as u64, ..state.stats }
    }
}
