//! Walking through documents page by page. It must not know what stands in them.

use std::ops::ControlFlow;

use super::document::{Document, Kind};
use super::error::StoreError;
use super::port::Store;

/// Documents that are held at once.
const PAGE: usize = 128;

/// Visits the documents of one kind whose name goes on after `prefix`, in the order of their names,
/// until the visitor says stop.
///
/// # Errors
/// The store's own, and the visitor's.
pub fn each_document(
    store: &dyn Store,
    kind: Kind,
    prefix: &str,
    visit: &mut dyn FnMut(Document) -> Result<ControlFlow<()>, StoreError>,
) -> Result<(), StoreError> {
    let mut after = prefix.to_owned();
    loop {
        let page = store.documents(kind, &after, PAGE)?;
        let Some(last) = page.last() else { return Ok(()) };
        after.clone_from(&last.name);
        for document in page {
            if !document.name.starts_with(prefix) || visit(document)?.is_break() {
                return Ok(());
            }
        }
    }
}
