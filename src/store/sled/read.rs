//! Reading values, rows and lists out of the database and what is in memory of it.

use std::iter::Peekable;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use ::sled::{Db, IVec};

use super::disk::{Paths, failed};
use crate::id::IncidentId;
use crate::store::index::Index;
use crate::store::layout::{
    Key, NumberedKey, Row, Shelf, Stub, decode_row, decode_stub, join, number_in, pieces_of,
};
use crate::store::{Query, StoreError, Summary, Which};

/// Held for writing while a batch replaces or removes values of several pieces, so that no
/// reader joins pieces of two values. Ordinary appends only add, and do not touch it.
#[derive(Debug, Default)]
pub(in crate::store) struct Rewrites(RwLock<()>);

impl Rewrites {
    pub(in crate::store) fn none(&self) -> RwLockReadGuard<'_, ()> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(in crate::store) fn during<T>(&self, rewrite: impl FnOnce() -> T) -> T {
        let _guard = self.0.write().unwrap_or_else(PoisonError::into_inner);
        rewrite()
    }
}

/// A view of the store for one read.
#[derive(Clone, Copy)]
pub(in crate::store) struct Reader<'a> {
    pub(in crate::store) db: &'a Db,
    pub(in crate::store) index: &'a RwLock<Index>,
    pub(in crate::store) rewrites: &'a Rewrites,
    pub(in crate::store) paths: &'a Paths,
}

pub(in crate::store) type Read<T> = Result<T, StoreError>;

/// A stored pair.
pub(in crate::store) type Stored = (IVec, IVec);

/// Says what is damaged when the reason becomes known.
pub(in crate::store) fn damaged(what: impl Into<String>) -> impl FnOnce(String) -> StoreError {
    let what = what.into();
    move |why| StoreError::Damaged { what, why }
}

impl<'a> Reader<'a> {
    pub(in crate::store) fn get(&self, key: &[u8]) -> Read<Option<IVec>> {
        self.db.get(key).map_err(|error| failed("reading", &error))
    }

    pub(in crate::store) fn scan(
        &self,
        prefix: &Key,
    ) -> impl DoubleEndedIterator<Item = Read<Stored>> + use<> {
        let pairs = self.db.scan_prefix(prefix.as_bytes());
        pairs.map(|pair| pair.map_err(|error| failed("reading", &error)))
    }

    /// Reads the content under a key of one or several pieces.
    pub(in crate::store) fn content(&self, key: &Key, what: &str) -> Read<Option<Vec<u8>>> {
        let Some(first) = self.get(&key.piece(0))? else { return Ok(None) };
        let content = if pieces_of(&first).map_err(damaged(what))? == 1 {
            join(&[first])
        } else {
            let _guard = self.rewrites.none();
            let pieces = self.scan(key).map(|pair| pair.map(|(_, piece)| piece));
            let pieces = pieces.collect::<Read<Vec<_>>>()?;
            if pieces.is_empty() {
                return Ok(None);
            }
            join(&pieces)
        };
        content.map(Some).map_err(damaged(what))
    }

    pub(in crate::store) fn index(&self) -> RwLockReadGuard<'a, Index> {
        self.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the row of an incident, wherever it lies.
    pub(in crate::store) fn row(&self, incident: IncidentId) -> Read<Option<Arc<Row>>> {
        if let Some(row) = self.index().row(incident) {
            return Ok(Some(Arc::clone(row)));
        }
        match self.number_of(incident)? {
            Some(number) => self.resting_row(number),
            None => Ok(None),
        }
    }

    pub(in crate::store) fn row_by_number(&self, number: u64) -> Read<Option<Arc<Row>>> {
        if let Some(row) = self.index().by_number(number) {
            return Ok(Some(Arc::clone(row)));
        }
        self.resting_row(number)
    }

    fn resting_row(&self, number: u64) -> Read<Option<Arc<Row>>> {
        let bytes = self.get(Key::row(Shelf::Resting, number).as_bytes())?;
        bytes.map(|bytes| row_of(number, &bytes)).transpose()
    }

    /// Finds an incident's number in the stub its archiving left, or in its first record.
    fn number_of(&self, incident: IncidentId) -> Read<Option<u64>> {
        if let Some(stub) = self.stub(incident)? {
            return Ok(Some(stub.number));
        }
        let Some(first) = self.scan(&Key::records(incident)).next() else { return Ok(None) };
        let number = number_in(&first?.1);
        number.map(Some).map_err(damaged(format!("the first record of incident {incident}")))
    }

    pub(in crate::store) fn stub(&self, incident: IncidentId) -> Read<Option<Stub>> {
        let Some(bytes) = self.get(Key::stub(incident).as_bytes())? else { return Ok(None) };
        let stub = decode_stub(&bytes);
        stub.map(Some).map_err(damaged(format!("the archive entry of incident {incident}")))
    }

    /// Reads one page: active rows from memory and resting ones from disk, merged by number.
    pub(in crate::store) fn list(&self, query: Query) -> Read<Vec<Summary>> {
        let active = self.index().list(query);
        if query.which == Which::Open {
            return Ok(active.iter().map(|row| row.summary.clone()).collect());
        }
        let mut page = Vec::new();
        let mut active = active.into_iter().peekable();
        let mut resting = self.resting(query.before).peekable();
        while page.len() < query.rows() {
            let Some(row) = newer(&mut active, &mut resting)? else { break };
            page.push(row.summary.clone());
        }
        Ok(page)
    }

    /// Reads resting rows below a number, newest first, without those that became active again.
    fn resting(&self, before: Option<u64>) -> impl Iterator<Item = Read<Arc<Row>>> {
        let from = Key::row(Shelf::Resting, 0);
        let to = Key::row(Shelf::Resting, before.unwrap_or(u64::MAX));
        let pairs = self.db.range(from.as_bytes()..to.as_bytes()).rev();
        pairs.filter_map(|pair| match pair {
            Ok((key, value)) => {
                let number = NumberedKey::row(&key).unwrap_or_default();
                (!self.index().is_active(number)).then(|| row_of(number, &value))
            }
            Err(error) => Some(Err(failed("reading", &error))),
        })
    }
}

fn row_of(number: u64, bytes: &[u8]) -> Read<Arc<Row>> {
    let row = decode_row(bytes).map_err(damaged(format!("the row of incident #{number}")))?;
    Ok(Arc::new(row))
}

/// Takes the row with the higher number from two sequences that fall; one of two equals.
fn newer(
    active: &mut Peekable<impl Iterator<Item = Arc<Row>>>,
    resting: &mut Peekable<impl Iterator<Item = Read<Arc<Row>>>>,
) -> Read<Option<Arc<Row>>> {
    let Some(Ok(rested)) = resting.peek() else {
        return match resting.next() {
            Some(row) => row.map(Some),
            None => Ok(active.next()),
        };
    };
    let rested = rested.summary.number;
    match active.peek().map(|row| row.summary.number) {
        Some(number) if number >= rested => {
            if number == rested {
                resting.next();
            }
            Ok(active.next())
        }
        _ => resting.next().transpose(),
    }
}
