//! Reading what lies beside the journal: documents, answers, personal content.

use std::ops::Bound;

use super::disk::failed;
use super::read::{Read, Reader, damaged};
use crate::id::IncidentId;
use crate::store::layout::{Key, NumberedKey, decode_answer, decode_document, join};
use crate::store::pack::Pair;
use crate::store::{Document, Idempotency, Kind};

impl Reader<'_> {
    pub(super) fn document(&self, kind: Kind, name: &str) -> Read<Option<Document>> {
        let what = format!("{} `{name}`", kind.name());
        let Some(bytes) = self.content(&Key::document(kind, name), &what)? else { return Ok(None) };
        let (version, content) = decode_document(&bytes).map_err(damaged(what))?;
        Ok(Some(Document { kind, name: name.to_owned(), version, content }))
    }

    pub(super) fn documents(&self, kind: Kind, after: &str, limit: usize) -> Read<Vec<Document>> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let _guard = self.rewrites.none();
        let from = if after.is_empty() {
            Bound::Included(Key::documents(kind).as_bytes().to_vec())
        } else {
            Bound::Excluded(Key::document(kind, after).piece(u16::MAX))
        };
        let range = self.db.range::<Vec<u8>, _>((from, Bound::Unbounded));
        let prefix = Key::documents(kind);
        let mut documents = Vec::new();
        let mut pieces: Vec<Pair> = Vec::new();
        for pair in range {
            let (key, value) = pair.map_err(|error| failed("reading", &error))?;
            if !key.starts_with(prefix.as_bytes()) {
                break;
            }
            let begins = NumberedKey::piece(&key).is_some_and(|(_, piece)| piece == 0);
            if begins && !pieces.is_empty() {
                documents.push(document_of(kind, &std::mem::take(&mut pieces))?);
                if documents.len() == limit {
                    return Ok(documents);
                }
            }
            pieces.push((key.to_vec(), value.to_vec()));
        }
        if !pieces.is_empty() {
            documents.push(document_of(kind, &pieces)?);
        }
        Ok(documents)
    }

    pub(super) fn answered(&self, key: &str) -> Read<Option<Idempotency>> {
        let what = format!("the answer to the request with key `{key}`");
        let bytes = self.content(&Key::answer(key), &what)?;
        bytes.map(|bytes| decode_answer(&bytes).map_err(damaged(what))).transpose()
    }

    pub(super) fn personal(&self, incident: IncidentId, reference: &str) -> Read<Option<Vec<u8>>> {
        let key = Key::personal(incident, reference);
        let what = format!("personal content of incident {incident}");
        if let Some(content) = self.content(&key, &what)? {
            return Ok(Some(content));
        }
        let _guard = self.rewrites.none();
        let Some(stub) = self.stub(incident)? else { return Ok(None) };
        let archived = self.archived(incident, &stub)?;
        let of_key = |pair: &&Pair| {
            NumberedKey::piece(&pair.0).is_some_and(|(rest, _)| rest == key.as_bytes())
        };
        let pieces: Vec<_> = archived.iter().filter(of_key).map(|(_, piece)| piece).collect();
        if pieces.is_empty() {
            return Ok(None);
        }
        join(&pieces).map(Some).map_err(damaged(what))
    }
}

fn document_of(kind: Kind, pieces: &[Pair]) -> Read<Document> {
    let name = pieces.first().and_then(|(key, _)| NumberedKey::document(key));
    let name = name.unwrap_or_default().to_owned();
    let values: Vec<_> = pieces.iter().map(|(_, piece)| piece).collect();
    let decoded = join(&values).and_then(|bytes| decode_document(&bytes));
    let (version, content) = decoded.map_err(damaged(format!("{} `{name}`", kind.name())))?;
    Ok(Document { kind, name, version, content })
}
