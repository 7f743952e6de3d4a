//! A playbook of the standard as a plan. It must not print a plan that does not load.

use jiff::Timestamp;

use crate::exchange::cacao::assemble::assemble;
use crate::exchange::cacao::export::{self, Stamp};
use crate::exchange::cacao::{extension, graph};
use crate::exchange::code::DISAGREES;
use crate::exchange::{Draft, json};
use crate::playbook::diagnostic::{Diagnostic, Diagnostics, both};
use crate::playbook::source::Source;
use crate::playbook::yaml::{Node, Remarks};
use crate::playbook::{Context, Playbook, Shelf};
use crate::text::{Lang, Text};

/// Which words a plan was made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// firebell's own, which an export had left: nothing is lost.
    Own,
    /// The standard's: the author has things to decide.
    Standard,
}

/// A plan that came in.
#[derive(Debug)]
pub struct Imported {
    /// The plan, with remarks for its author.
    pub draft: Draft,
    /// What it was made from.
    pub origin: Origin,
    /// The regimes and calendars that came with it; the plan needs them beside it.
    pub shelf: Shelf,
    /// What the reader should know: warnings only.
    pub findings: Diagnostics,
}

/// Reads a CACAO 2.0 playbook; remarks and made-up titles are in the language given.
///
/// # Errors
/// What keeps the file from being a playbook that can be followed, each with the id it is about.
pub fn import(name: &str, bytes: &[u8], lang: Lang) -> Result<Imported, Diagnostics> {
    let source = Source::from_bytes(name, bytes)?;
    let mut findings = Diagnostics::new(source.clone());
    let Some(root) = findings.ok(json::parse(&source)) else { return Err(findings) };
    let Some(graph) = graph::read(&root, &mut findings) else {
        findings.sort();
        return Err(findings);
    };
    if root.get("playbook_extensions").is_some_and(extension::is_own) {
        match own(&root) {
            Ok((draft, shelf)) => {
                return Ok(Imported { draft, origin: Origin::Own, shelf, findings });
            }
            Err(differs) => findings.push(disagreement(&differs)),
        }
    }
    let warnings = findings.clone();
    let Some(draft) = assemble(&root, &graph, lang, &mut findings) else { return Err(findings) };
    let loaded = Playbook::load("imported.yaml", draft.to_yaml().as_bytes(), &Context::default());
    if loaded.findings.has_errors() {
        return Err(loaded.findings);
    }
    let shelf = Shelf::default();
    Ok(Imported { draft, origin: Origin::Standard, shelf, findings: warnings })
}

/// Takes the plan that an export left, if the standard's words still say the same.
fn own(root: &Node) -> Result<(Draft, Shelf), Vec<String>> {
    let own = extension::restore(root).ok_or_else(Vec::new)?;
    let draft = Draft { root: own.root, remarks: Remarks::default() };
    let text = draft.to_yaml();
    let context = Context { shelf: Some(&own.shelf), ..Context::default() };
    let loaded = Playbook::load("own.yaml", text.as_bytes(), &context);
    let plan = loaded.playbook.ok_or_else(Vec::new)?;
    let at: Option<Timestamp> =
        root.get("created").and_then(Node::as_str).and_then(|at| at.parse().ok());
    let at = at.ok_or_else(|| vec!["created".to_owned()])?;
    let again = export::tree(&plan, Stamp { lang: own.lang, at }).to_json();
    let differs = differing(&again, &root.to_json());
    if differs.is_empty() { Ok((draft, own.shelf)) } else { Err(differs) }
}

/// What may differ without the plan meaning anything else.
const FREE: [&str; 7] = [
    "modified",
    "signatures",
    "revoked",
    "markings",
    "data_marking_definitions",
    "external_references",
    "derived_from",
];

/// Returns the ids and properties that are not what an export of the plan would say.
fn differing(again: &serde_json::Value, given: &serde_json::Value) -> Vec<String> {
    let empty = serde_json::Map::new();
    let (again, given) = (again.as_object().unwrap_or(&empty), given.as_object().unwrap_or(&empty));
    let keys: std::collections::BTreeSet<&String> = again.keys().chain(given.keys()).collect();
    let mut differs = Vec::new();
    for key in keys.into_iter().filter(|key| !FREE.contains(&key.as_str())) {
        let (a, b) = (again.get(key), given.get(key));
        if a == b {
            continue;
        }
        match (key.as_str(), a.and_then(|a| a.as_object()), b.and_then(|b| b.as_object())) {
            ("workflow", Some(a), Some(b)) => {
                let ids: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
                let changed = ids.into_iter().filter(|id| a.get(*id) != b.get(*id));
                differs.extend(changed.cloned());
            }
            _ => differs.push(key.clone()),
        }
    }
    differs
}

fn disagreement(differs: &[String]) -> Diagnostic {
    let shown: Vec<String> = differs.iter().take(5).map(|id| format!("`{id}`")).collect();
    let more = if differs.len() > 5 { " …" } else { "" };
    let found = Diagnostic::new(
        DISAGREES,
        Text::both(
            "文件在导出之后被改动，firebell 的扩展与标准部分不再一致，以标准部分为准",
            "the file was changed after its export: firebell's extension and the standard's words \
             no longer say the same, and the standard's words were taken",
        ),
    );
    if shown.is_empty() {
        return found;
    }
    let shown = shown.join(" ");
    found.note(both!("不一致之处：{shown}{more}", "what differs: {shown}{more}"))
}
