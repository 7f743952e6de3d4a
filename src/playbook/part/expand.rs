//! `use: library/step`: a step as a library has it, with what the plan says otherwise. Works on
//! trees, so that the rest of the language need not know where a key was written.

use std::collections::BTreeSet;

use crate::playbook::diagnostic::{Diagnostic, Diagnostics, both};
use crate::playbook::part::{NO_SUCH_PART, Part, PartKind, PartName, Shelf, USE_CYCLE};
use crate::playbook::source::Span;
use crate::playbook::yaml::{
    BAD_VALUE, Data, Entry, Key, NODES_MAX, Node, TOO_COMPLEX, unknown_name, wrong_type,
};
use crate::text::Text;

/// The most libraries one step may come through; real plans use one.
const DEPTH_MAX: usize = 5;

/// Puts the steps of libraries in the place of every `use` of a plan or library, and returns the
/// parts that were used. What cannot be found is reported and left out.
pub(in crate::playbook) fn expand(
    root: &mut Node,
    shelf: &Shelf,
    out: &mut Diagnostics,
) -> BTreeSet<PartName> {
    let mut expansion = Expansion { shelf, out, used: BTreeSet::new(), nodes: 0 };
    for phase in items_mut(root, "phases") {
        items_mut(phase, "steps").for_each(|step| expansion.step(step));
    }
    items_mut(root, "steps").for_each(|step| expansion.step(step));
    expansion.used
}

fn items_mut<'n>(node: &'n mut Node, key: &str) -> impl Iterator<Item = &'n mut Node> {
    let entries = match &mut node.data {
        Data::Map(entries) => entries.as_mut_slice(),
        _ => &mut [],
    };
    let found = entries.iter_mut().find(|entry| entry.key.text == key);
    let items = found.and_then(|entry| match &mut entry.value.data {
        Data::List(items) => Some(items),
        _ => None,
    });
    items.into_iter().flatten()
}

struct Expansion<'a> {
    shelf: &'a Shelf,
    out: &'a mut Diagnostics,
    used: BTreeSet<PartName>,
    /// Values taken over so far.
    nodes: usize,
}

impl<'a> Expansion<'a> {
    fn step(&mut self, step: &mut Node) {
        let mut way: Vec<(PartName, String)> = Vec::new();
        while let Some(wanted) = take_use(step) {
            let Some((part, id, span)) = self.wanted(&wanted) else {
                return overlay(step, stand_in(&wanted));
            };
            let here = (part.name.clone(), id.to_owned());
            if way.contains(&here) || way.len() == DEPTH_MAX {
                self.out.push(circle(&way, &here, span));
                return overlay(step, stand_in(&wanted));
            }
            let Some(found) = find(part, id) else {
                let noun = Text::both("步骤", "step");
                let known = steps(part).filter_map(|step| step.get("id")?.as_str());
                self.out.push(unknown_name(NO_SUCH_PART, span, &noun, id, known));
                return overlay(step, stand_in(&wanted));
            };
            self.nodes += size(found);
            if self.nodes > NODES_MAX {
                let message = both!(
                    "步骤库带来的内容超过 {NODES_MAX} 个值",
                    "step libraries bring more than {NODES_MAX} values"
                );
                self.out.push(Diagnostic::new(TOO_COMPLEX, message).at(span));
                return overlay(step, stand_in(&wanted));
            }
            let shift = self.out.include(part.source.clone(), span);
            self.used.insert(part.name.clone());
            overlay(step, moved(found, shift));
            way.push(here);
        }
    }

    /// Reads `library/step` and finds the library.
    fn wanted<'n>(&mut self, node: &'n Node) -> Option<(&'a Part, &'n str, Span)> {
        let Some(text) = node.as_str() else {
            self.out
                .push(wrong_type(node, &Text::both("文本，如 `库/步骤`", "text: library/step")));
            return None;
        };
        let Some((library, id)) = text.split_once('/') else {
            let message = both!("`{text}` 没有写明步骤库", "`{text}` does not say which library");
            let help = Text::both("写成 `use: 库/步骤`", "write it as `use: library/step`");
            self.out.push(Diagnostic::new(BAD_VALUE, message).at(node.span).help(help));
            return None;
        };
        let name = PartName { kind: PartKind::Steps, name: library.into() };
        let found = self.shelf.get(&name);
        if found.is_none() {
            let noun = Text::both("步骤库", "step library");
            let known = self.shelf.of_kind(PartKind::Steps).map(|part| part.name.name.as_str());
            let where_to = Text::both(
                "步骤库是预案旁边 `steps/` 里的 YAML 文件",
                "step libraries are YAML files in `steps/` beside the plan",
            );
            self.out
                .push(unknown_name(NO_SUCH_PART, node.span, &noun, library, known).note(where_to));
        }
        found.map(|part| (part, id, node.span))
    }
}

/// Takes the `use` of a step away from it.
fn take_use(step: &mut Node) -> Option<Node> {
    let Data::Map(entries) = &mut step.data else { return None };
    let at = entries.iter().position(|entry| entry.key.text == "use")?;
    let taken = entries.remove(at).value;
    (!taken.is_null()).then_some(taken)
}

fn steps(part: &Part) -> impl Iterator<Item = &Node> {
    part.root.get("steps").and_then(Node::as_list).unwrap_or_default().iter()
}

fn find<'p>(part: &'p Part, id: &str) -> Option<&'p Node> {
    steps(part).find(|step| step.get("id").and_then(Node::as_str) == Some(id))
}

/// Stands for a step that could not be found, so that its consequences are not reported as well.
fn stand_in(wanted: &Node) -> Node {
    let text = wanted.as_str().unwrap_or_default();
    let id = text.split_once('/').map_or(text, |(_, id)| id);
    let entry = |(key, text): (&str, &str)| Entry {
        key: Key { text: key.to_owned(), span: wanted.span },
        value: Node { span: wanted.span, data: Data::String(text.to_owned()) },
    };
    let data = Data::Map([("id", id), ("title", text)].map(entry).into());
    Node { span: wanted.span, data }
}

/// Adds the keys that the step itself does not have; a key with `null` counts as had, which is how
/// a plan leaves a key of the library out.
fn overlay(step: &mut Node, library: Node) {
    let (Data::Map(own), Data::Map(theirs)) = (&mut step.data, library.data) else { return };
    let has = |own: &[Entry], name: &str| own.iter().any(|entry| entry.key.text == name);
    let added: Vec<Entry> = theirs.into_iter().filter(|entry| !has(own, &entry.key.text)).collect();
    own.extend(added);
}

/// Copies a tree to where its file is read in.
fn moved(node: &Node, by: usize) -> Node {
    let shift = |span: Span| Span::new(span.start + by, span.end + by);
    let data = match &node.data {
        Data::List(items) => Data::List(items.iter().map(|item| moved(item, by)).collect()),
        Data::Map(entries) => {
            let entry = |entry: &Entry| Entry {
                key: Key { text: entry.key.text.clone(), span: shift(entry.key.span) },
                value: moved(&entry.value, by),
            };
            Data::Map(entries.iter().map(entry).collect())
        }
        scalar => scalar.clone(),
    };
    Node { span: shift(node.span), data }
}

/// Counts the values of a tree.
fn size(node: &Node) -> usize {
    1 + match &node.data {
        Data::List(items) => items.iter().map(size).sum(),
        Data::Map(entries) => entries.iter().map(|entry| size(&entry.value)).sum(),
        _ => 0,
    }
}

fn circle(way: &[(PartName, String)], again: &(PartName, String), at: Span) -> Diagnostic {
    let all = way.iter().chain(std::iter::once(again));
    let path = all.map(|(part, id)| format!("{}/{id}", part.name)).collect::<Vec<_>>().join(" → ");
    let message = if way.contains(again) {
        both!("步骤由自己组成：{path}", "the step is made of itself: {path}")
    } else {
        both!(
            "经过的步骤库超过 {DEPTH_MAX} 层：{path}",
            "the step comes through more than {DEPTH_MAX} others: {path}"
        )
    };
    Diagnostic::new(USE_CYCLE, message)
        .at(at)
        .help(Text::both("把步骤直接写出来", "write one of them out"))
}
