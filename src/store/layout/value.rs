//! Documents, answers, stubs of archived incidents, and what the store says of itself.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::FORMAT;
use super::bytes::{Fields, HEAD_BYTES, pieces_of, put_sized, put_timestamp};
use crate::id::IncidentId;
use crate::store::{Digest, Idempotency};

/// Encodes a document's version and content.
pub(in crate::store) fn encode_document(version: u64, content: &[u8]) -> Vec<u8> {
    let mut bytes = version.to_be_bytes().to_vec();
    bytes.extend_from_slice(content);
    bytes
}

/// Decodes a document's version and content.
pub(in crate::store) fn decode_document(bytes: &[u8]) -> Result<(u64, Vec<u8>), String> {
    let mut fields = Fields::new(bytes);
    Ok((fields.long()?, fields.rest().to_vec()))
}

/// Reads a document's version out of its first piece.
pub(in crate::store) fn document_version(piece: &[u8]) -> Result<u64, String> {
    let mut fields = Fields::new(piece);
    fields.take(HEAD_BYTES)?;
    fields.long()
}

/// Encodes an answer about `incident`.
pub(in crate::store) fn encode_answer(incident: IncidentId, answer: &Idempotency) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(80 + answer.key.len() + answer.body.len());
    bytes.extend_from_slice(incident.as_bytes());
    put_timestamp(&mut bytes, answer.at);
    bytes.extend_from_slice(&answer.status.to_be_bytes());
    bytes.extend_from_slice(answer.fingerprint.as_bytes());
    put_sized(&mut bytes, answer.key.as_bytes());
    put_sized(&mut bytes, &answer.body);
    bytes
}

/// Decodes an answer.
pub(in crate::store) fn decode_answer(bytes: &[u8]) -> Result<Idempotency, String> {
    let mut fields = Fields::new(bytes);
    fields.incident()?;
    let at = fields.timestamp()?;
    let status = fields.short()?;
    let fingerprint = fields.digest()?;
    let key = String::from_utf8(fields.sized()?.to_vec()).map_err(|error| error.to_string())?;
    let body = fields.sized()?.to_vec();
    fields.end()?;
    Ok(Idempotency { key, fingerprint, status, body, at })
}

/// Reads out of an answer's first piece which incident it is about and when it was given.
pub(in crate::store) fn answer_head(piece: &[u8]) -> Result<(IncidentId, Timestamp), String> {
    pieces_of(piece)?;
    let mut fields = Fields::new(piece);
    fields.take(HEAD_BYTES)?;
    Ok((fields.incident()?, fields.timestamp()?))
}

/// What stays in the hot store of an archived incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store) struct Stub {
    /// The incident's number, under which its row lies.
    pub(in crate::store) number: u64,
    /// Counts the files written for this incident; part of the file's name.
    pub(in crate::store) generation: u32,
    /// The SHA-256 of the file.
    pub(in crate::store) digest: Digest,
}

/// Encodes a stub.
pub(in crate::store) fn encode_stub(stub: &Stub) -> Vec<u8> {
    tagged_json(stub)
}

/// Decodes a stub.
pub(in crate::store) fn decode_stub(bytes: &[u8]) -> Result<Stub, String> {
    from_tagged_json(bytes)
}

/// What a store says of itself. Its absence in a directory that should hold one means that the
/// database came up empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store) struct Meta {
    /// The format its values were first written in.
    pub(in crate::store) format: u8,
}

/// Encodes what the store says of itself.
pub(in crate::store) fn encode_meta(meta: &Meta) -> Vec<u8> {
    tagged_json(meta)
}

/// Decodes what the store says of itself.
pub(in crate::store) fn decode_meta(bytes: &[u8]) -> Result<Meta, String> {
    from_tagged_json(bytes)
}

fn tagged_json<T: Serialize>(value: &T) -> Vec<u8> {
    let mut bytes = vec![FORMAT];
    let json = serde_json::to_vec(value).expect("a struct of numbers and texts has a JSON form");
    bytes.extend_from_slice(&json);
    bytes
}

fn from_tagged_json<T: for<'de> Deserialize<'de>>(bytes: &[u8]) -> Result<T, String> {
    match bytes {
        [FORMAT, json @ ..] => serde_json::from_slice(json).map_err(|error| error.to_string()),
        [other, ..] => Err(format!("it has format version {other}, this program reads {FORMAT}")),
        [] => Err("it is empty".to_owned()),
    }
}
