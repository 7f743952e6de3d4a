//! The first look at a plan: which names it declares. References are then resolved as they are
//! read, wherever they stand.

use indexmap::IndexMap;

use crate::playbook::diagnostic::{Diagnostic, Diagnostics, both};
use crate::playbook::lower::notes::StepPlace;
use crate::playbook::lower::{DUPLICATE_ID, Notes};
use crate::playbook::source::Span;
use crate::playbook::yaml::Node;
use crate::text::Text;

/// Notes every phase, step, role, message and objective, and reports names that stand twice.
pub(super) fn declare<'n>(root: &'n Node, out: &mut Diagnostics) -> Notes<'n> {
    let mut notes = Notes::default();
    keys(root.get("roles"), &mut notes.roles);
    keys(root.get("messages"), &mut notes.messages);
    let objectives = root.get("objectives").and_then(Node::as_list).unwrap_or_default();
    ids(objectives, &mut notes.objectives, out);
    let phases = root.get("phases").and_then(Node::as_list).unwrap_or_default();
    ids(phases, &mut notes.phases, out);
    for phase in phases {
        let Some(name) = phase.get("id").and_then(Node::as_str) else { continue };
        for step in phase.get("steps").and_then(Node::as_list).unwrap_or_default() {
            let Some(id) = step.get("id") else { continue };
            let Some(step) = id.as_str() else { continue };
            match notes.steps.get(step) {
                Some(first) => out.push(twice(step, id.span, first.span)),
                None => {
                    notes.steps.insert(step, StepPlace { span: id.span, phase: name });
                }
            }
        }
    }
    notes
}

/// The readers of mappings report keys that stand twice.
fn keys<'n>(node: Option<&'n Node>, into: &mut IndexMap<&'n str, Span>) {
    for entry in node.and_then(Node::as_map).unwrap_or_default() {
        into.entry(&entry.key.text).or_insert(entry.key.span);
    }
}

/// Notes what a list declares and reports names that stand twice.
pub(super) fn ids<'n>(
    nodes: &'n [Node],
    into: &mut IndexMap<&'n str, Span>,
    out: &mut Diagnostics,
) {
    for node in nodes {
        let Some(id) = node.get("id") else { continue };
        let Some(name) = id.as_str() else { continue };
        match into.get(name) {
            Some(first) => out.push(twice(name, id.span, *first)),
            None => {
                into.insert(name, id.span);
            }
        }
    }
}

fn twice(name: &str, span: Span, first: Span) -> Diagnostic {
    Diagnostic::new(DUPLICATE_ID, both!("`{name}` 声明了两次", "`{name}` is declared twice"))
        .at(span)
        .label(Text::both("再次声明", "again here"))
        .related(first, Text::both("首次声明", "first here"))
}
