//! Keys: how they are built and how they sort.

use crate::id::IncidentId;
use crate::store::{Digest, Kind};

/// The tables, by the first byte of their keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(in crate::store) enum Table {
    Documents = b'D',
    Events = b'E',
    Answers = b'I',
    Meta = b'M',
    Personal = b'P',
    Rows = b'R',
    Archived = b'X',
}

/// Where a row lies. Opening the store and waking up read the active shelf alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(in crate::store) enum Shelf {
    /// The incident runs, or waits for a wake-up.
    Active = 0,
    /// It has ended. A row that became active again may leave its older self here; the active
    /// one counts.
    Resting = 1,
}

/// A key without the number of its piece, which is also the prefix all its pieces share.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::store) struct Key(Vec<u8>);

impl Key {
    fn of(table: Table, parts: &[&[u8]]) -> Self {
        let mut bytes = Vec::with_capacity(40);
        bytes.push(table as u8);
        for part in parts {
            bytes.extend_from_slice(part);
        }
        Self(bytes)
    }

    /// The key of the record that begins with event `first` and is the `record`th of all.
    pub(in crate::store) fn record(incident: IncidentId, first: u64, record: u32) -> Self {
        let parts = [incident.as_bytes().as_slice(), &first.to_be_bytes(), &record.to_be_bytes()];
        Self::of(Table::Events, &parts)
    }

    /// The prefix of all records of an incident.
    pub(in crate::store) fn records(incident: IncidentId) -> Self {
        Self::of(Table::Events, &[incident.as_bytes()])
    }

    /// The key of a row. Rows have one piece and no piece number.
    pub(in crate::store) fn row(shelf: Shelf, number: u64) -> Self {
        Self::of(Table::Rows, &[&[shelf as u8], &number.to_be_bytes()])
    }

    /// The prefix of all rows of a shelf.
    pub(in crate::store) fn rows(shelf: Shelf) -> Self {
        Self::of(Table::Rows, &[&[shelf as u8]])
    }

    /// The key of an archived incident's stub, one piece without a number.
    pub(in crate::store) fn stub(incident: IncidentId) -> Self {
        Self::of(Table::Archived, &[incident.as_bytes()])
    }

    pub(in crate::store) fn document(kind: Kind, name: &str) -> Self {
        Self::of(Table::Documents, &[&[kind.byte()], name.as_bytes(), &[0]])
    }

    /// The prefix of all documents of a kind.
    pub(in crate::store) fn documents(kind: Kind) -> Self {
        Self::of(Table::Documents, &[&[kind.byte()]])
    }

    pub(in crate::store) fn answer(key: &str) -> Self {
        Self::of(Table::Answers, &[Digest::of(key.as_bytes()).as_bytes()])
    }

    pub(in crate::store) fn personal(incident: IncidentId, reference: &str) -> Self {
        Self::of(Table::Personal, &[incident.as_bytes(), reference.as_bytes(), &[0]])
    }

    /// The prefix of all personal content of an incident.
    pub(in crate::store) fn personals(incident: IncidentId) -> Self {
        Self::of(Table::Personal, &[incident.as_bytes()])
    }

    /// The key under which the store says what it is.
    pub(in crate::store) fn meta() -> Self {
        Self::of(Table::Meta, &[b"store"])
    }

    /// The prefix of a whole table.
    pub(in crate::store) fn table(table: Table) -> Self {
        Self::of(table, &[])
    }

    /// The key whose pieces share this beginning; see [`NumberedKey::piece`].
    pub(in crate::store) fn from_stem(stem: &[u8]) -> Self {
        Self(stem.to_vec())
    }

    /// The key of the `index`th piece.
    pub(in crate::store) fn piece(&self, index: u16) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.0.len() + 2);
        bytes.extend_from_slice(&self.0);
        bytes.extend_from_slice(&index.to_be_bytes());
        bytes
    }

    pub(in crate::store) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The parts of keys that are read back.
pub(in crate::store) struct NumberedKey;

impl NumberedKey {
    const ID: std::ops::Range<usize> = 1..17;
    const FIRST: std::ops::Range<usize> = 17..25;
    const RECORD: std::ops::Range<usize> = 25..29;

    /// Reads first event and record number out of a record's key.
    pub(in crate::store) fn record(key: &[u8]) -> Option<(u64, u32)> {
        let first = key.get(Self::FIRST)?.try_into().ok()?;
        let record = key.get(Self::RECORD)?.try_into().ok()?;
        Some((u64::from_be_bytes(first), u32::from_be_bytes(record)))
    }

    /// Reads the incident out of the key of a record, of personal content or of a stub.
    pub(in crate::store) fn incident(key: &[u8]) -> Option<IncidentId> {
        let id = key.get(Self::ID)?.try_into().ok()?;
        Some(IncidentId::from_u128(u128::from_be_bytes(id)))
    }

    /// Reads the number out of a row's key.
    pub(in crate::store) fn row(key: &[u8]) -> Option<u64> {
        key.get(2..10)?.try_into().ok().map(u64::from_be_bytes)
    }

    /// Reads the name out of a document's key.
    pub(in crate::store) fn document(key: &[u8]) -> Option<&str> {
        std::str::from_utf8(key.get(2..key.len().checked_sub(3)?)?).ok()
    }

    /// Reads the reference out of the key of a piece of personal content.
    pub(in crate::store) fn personal(key: &[u8]) -> Option<&str> {
        std::str::from_utf8(key.get(17..key.len().checked_sub(3)?)?).ok()
    }

    /// Splits the piece number off a key that has one.
    pub(in crate::store) fn piece(key: &[u8]) -> Option<(&[u8], u16)> {
        let (rest, piece) = key.split_last_chunk::<2>()?;
        Some((rest, u16::from_be_bytes(*piece)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_sort_by_what_lists_are_ordered_by() {
        let id = IncidentId::from_u128(7);
        assert!(Key::record(id, 2, 1).piece(9) < Key::record(id, 10, 2).piece(0));
        assert!(Key::record(id, 3, 1).piece(0) < Key::record(id, 3, 2).piece(0));
        assert!(Key::row(Shelf::Active, 9) < Key::row(Shelf::Active, 10));
        let documents = ["a", "a-b", "ab", "b"].map(|name| Key::document(Kind::Pin, name).piece(0));
        assert!(documents.is_sorted());
    }

    #[test]
    fn keys_give_back_their_parts() {
        let id = IncidentId::from_u128(u128::MAX / 3);
        let key = Key::record(id, 5, 6).piece(7);
        assert_eq!(NumberedKey::record(&key), Some((5, 6)));
        assert_eq!(NumberedKey::incident(&key), Some(id));
        assert_eq!(NumberedKey::piece(&key).map(|(_, piece)| piece), Some(7));
        assert_eq!(NumberedKey::row(Key::row(Shelf::Resting, 12).as_bytes()), Some(12));
        let document = Key::document(Kind::Token, "名字").piece(0);
        assert_eq!(NumberedKey::document(&document), Some("名字"));
        let personal = Key::personal(id, "9f86").piece(1);
        assert_eq!(NumberedKey::personal(&personal), Some("9f86"));
        assert_eq!(NumberedKey::record(b"E"), None);
    }
}
