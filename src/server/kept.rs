//! Answers given under a key to requests that are about no incident: documents beside the journal,
//! written together with what they report. It must not know what was asked.

use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::idempotent::Key;
use super::problem::Problem;
use crate::store::{Change, Digest, Expect, Idempotency, Kind, Store, StoreError};

/// How many are looked through at once.
const PAGE: usize = 256;

/// An answer as it is stored, under its key as the document's name.
#[derive(Serialize, Deserialize)]
struct Kept {
    fingerprint: Digest,
    status: u16,
    at: Timestamp,
    body: Box<RawValue>,
}

/// Returns the change that keeps an answer.
///
/// # Errors
/// The answer has no JSON form.
pub fn keep(
    key: &Key,
    status: StatusCode,
    answer: &impl Serialize,
    at: Timestamp,
) -> Result<Change, Problem> {
    let body = serde_json::value::to_raw_value(answer).map_err(no_form)?;
    let kept = Kept { fingerprint: key.fingerprint, status: status.as_u16(), at, body };
    let content = serde_json::to_vec(&kept).map_err(no_form)?;
    Ok(Change::write(Kind::Answer, key.name.as_str(), Expect::Any, content))
}

fn no_form(error: serde_json::Error) -> Problem {
    tracing::error!(%error, "an answer has no JSON form");
    Problem::internal()
}

/// Finds the answer that was given under a key.
///
/// # Errors
/// [`StoreError::Damaged`].
pub fn find(store: &dyn Store, key: &str) -> Result<Option<Idempotency>, StoreError> {
    let Some(document) = store.document(Kind::Answer, key)? else { return Ok(None) };
    let Kept { fingerprint, status, at, body } = read(key, &document.content)?;
    let body = body.get().as_bytes().to_vec();
    Ok(Some(Idempotency { key: key.to_owned(), fingerprint, status, body, at }))
}

/// Forgets answers given before `older_than` and returns how many.
///
/// # Errors
/// [`StoreError`].
pub async fn forget(store: &dyn Store, older_than: Timestamp) -> Result<usize, StoreError> {
    let (mut after, mut forgotten) = (String::new(), 0);
    loop {
        let page = store.documents(Kind::Answer, &after, PAGE)?;
        let Some(last) = page.last() else { return Ok(forgotten) };
        after.clone_from(&last.name);
        // What does not read answers nobody.
        let old = |content: &[u8]| read("", content).map_or(true, |kept| kept.at < older_than);
        let gone: Vec<Change> = page
            .iter()
            .filter(|document| old(&document.content))
            .map(|document| Change::delete(Kind::Answer, document.name.as_str(), Expect::Any))
            .collect();
        if !gone.is_empty() {
            forgotten += gone.len();
            store.put(gone).await?;
        }
    }
}

fn read(key: &str, content: &[u8]) -> Result<Kept, StoreError> {
    serde_json::from_slice(content)
        .map_err(|e| StoreError::Damaged { what: format!("answer {key}"), why: e.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::store::Memory;

    #[tokio::test]
    async fn an_answer_is_found_under_its_key_until_it_is_old() {
        let store = Memory::new();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        for n in 0..300_u32 {
            let key = Key { name: format!("p:li:{n}"), fingerprint: Digest::of(b"asked") };
            let given =
                at(if n % 2 == 0 { "2026-11-20T08:00:00Z" } else { "2026-11-21T08:00:00Z" });
            let change = keep(&key, StatusCode::CREATED, &serde_json::json!({ "n": n }), given);
            store.put(vec![change.unwrap()]).await.unwrap();
        }
        let found = find(&store, "p:li:7").unwrap().unwrap();
        assert_eq!((found.status, found.body.as_slice()), (201, &b"{\"n\":7}"[..]));
        assert_eq!(found.fingerprint, Digest::of(b"asked"));
        assert_eq!(find(&store, "p:li:none").unwrap(), None);
        assert_eq!(forget(&store, at("2026-11-21T00:00:00Z")).await, Ok(150));
        assert_eq!(find(&store, "p:li:8").unwrap(), None);
        assert!(find(&store, "p:li:7").unwrap().is_some());
        assert_eq!(forget(&store, at("2026-11-21T00:00:00Z")).await, Ok(0));
    }
}
