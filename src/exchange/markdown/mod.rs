//! Runbooks in Markdown as drafts of plans: headings become phases, numbered items steps,
//! checkboxes, bullets and rows of tables checklists. No item is lost.

mod block;
mod front;
mod outline;

use crate::exchange::Draft;
use crate::playbook::diagnostic::Diagnostics;
use crate::playbook::source::Source;
use crate::playbook::{Context, Playbook};
use crate::text::Lang;

/// Drafts a plan of a runbook; remarks and made-up titles are in the language given.
///
/// # Errors
/// A file that is no text, a runbook without anything to do, or one with more than a plan holds.
pub fn import(name: &str, bytes: &[u8], lang: Lang) -> Result<Draft, Diagnostics> {
    let source = Source::from_bytes(name, bytes)?;
    let mut findings = Diagnostics::new(source.clone());
    let (front, body) = front::split(source.text());
    let blocks = block::blocks(body);
    let Some(draft) = outline::draft(&blocks, front, name, lang, &mut findings) else {
        return Err(findings);
    };
    let loaded = Playbook::load("draft.yaml", draft.to_yaml().as_bytes(), &Context::default());
    if loaded.findings.has_errors() { Err(loaded.findings) } else { Ok(draft) }
}
