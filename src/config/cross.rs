//! References between people, teams, schedules and channels: what the directory finds wrong, shown
//! where it stands in the file.

use crate::people::{Directory, Fault, FaultKind, Noun, Parts};
use crate::playbook::diagnostic::{Diagnostic, Diagnostics};
use crate::playbook::source::Span;
use crate::playbook::yaml::{Data, Node};
use crate::text::Text;

use super::code::{UNKNOWN_REFERENCE, WRONG_ROSTER};

/// Makes a directory of its parts; where they do not fit, reports why and stands in.
pub(super) fn directory(parts: Parts, root: &Node, out: &mut Diagnostics) -> Directory {
    let names = Names::of(&parts);
    match Directory::new(parts) {
        Ok(directory) => directory,
        Err(faults) => {
            for fault in &faults {
                if let Some(finding) = finding(fault, root, &names) {
                    out.push(finding);
                }
            }
            Directory::built_in()
        }
    }
}

/// The names that exist, for suggestions.
struct Names([(Noun, Vec<String>); 4]);

impl Names {
    fn of(parts: &Parts) -> Self {
        Self([
            (Noun::Person, parts.people.iter().map(|p| p.id.to_string()).collect()),
            (Noun::Team, parts.teams.iter().map(|t| t.id.to_string()).collect()),
            (Noun::Schedule, parts.schedules.iter().map(|s| s.id.to_string()).collect()),
            (Noun::Channel, parts.channels.iter().map(|c| c.to_string()).collect()),
        ])
    }

    fn of_kind(&self, noun: Noun) -> impl Iterator<Item = &str> {
        let found = self.0.iter().find(|(of, _)| *of == noun);
        found.into_iter().flat_map(|(_, names)| names.iter().map(String::as_str))
    }
}

/// Words a fault in its place; `None` for one that follows from a finding already made.
fn finding(fault: &Fault, root: &Node, names: &Names) -> Option<Diagnostic> {
    let (node, exact) = resolve(root, &fault.at);
    let message = fault.kind.message();
    Some(match &fault.kind {
        FaultKind::Unknown { id, .. } if id.is_empty() => return None,
        FaultKind::Unknown { noun, id } => {
            let around = || fault.at.rsplit_once('/').map(|(list, _)| resolve(root, list).0);
            let span = mention(node, id).or_else(|| mention(around()?, id)).unwrap_or(node.span);
            Diagnostic::new(UNKNOWN_REFERENCE, message)
                .at(span)
                .did_you_mean(id, names.of_kind(*noun))
        }
        FaultKind::Empty if !exact || !matches!(node.data, Data::List(_)) => return None,
        FaultKind::Twice { id } if id.is_empty() => return None,
        FaultKind::Overlap { with } => {
            let other = fault.at.rsplit_once('/').map(|(list, _)| format!("{list}/{with}"));
            let finding = Diagnostic::new(WRONG_ROSTER, message).at(node.span);
            match other.map(|other| resolve(root, &other)) {
                Some((other, true)) => {
                    finding.related(other.span, Text::both("与此矛盾", "contradicts this"))
                }
                _ => finding,
            }
        }
        FaultKind::Empty
        | FaultKind::TooMany { .. }
        | FaultKind::Twice { .. }
        | FaultKind::Backwards
        | FaultKind::Wait { .. } => Diagnostic::new(WRONG_ROSTER, message).at(node.span),
    })
}

/// Follows a JSON pointer as far as it leads; tells whether it led all the way.
fn resolve<'n>(root: &'n Node, pointer: &str) -> (&'n Node, bool) {
    let mut node = root;
    for step in pointer.split('/').skip(1) {
        let nth = step.parse::<usize>().ok();
        let next = match &node.data {
            Data::Map(entries) => {
                node.get(step).or_else(|| nth.and_then(|n| entries.get(n)).map(|e| &e.value))
            }
            Data::List(items) => nth.and_then(|n| items.get(n)),
            // A single value may stand where a list of one is meant.
            _ if nth == Some(0) => Some(node),
            _ => None,
        };
        match next {
            Some(next) => node = next,
            None => return (node, false),
        }
    }
    (node, true)
}

/// Finds where a name is mentioned in a node: as a value, behind a `/`, or as a key.
fn mention(node: &Node, id: &str) -> Option<Span> {
    let is_it = |text: &str| text.rsplit('/').next() == Some(id);
    match &node.data {
        Data::String(text) => is_it(text).then_some(node.span),
        Data::List(items) => items.iter().find_map(|item| mention(item, id)),
        Data::Map(entries) => entries.iter().find_map(|entry| {
            let key = (entry.key.text == id).then_some(entry.key.span);
            key.or_else(|| mention(&entry.value, id))
        }),
        Data::Null | Data::Bool(_) | Data::Integer(_) | Data::Number(_) => None,
    }
}
