//! The extension that carries firebell's own words, so that nothing is lost on the way to others
//! and back.

use std::collections::BTreeMap;

use crate::exchange::cacao::ids;
use crate::exchange::draft::put;
use crate::playbook::part::{BUNDLE_BYTES_MAX, Bundle, PartKind, PartName};
use crate::playbook::yaml::{Data, Node};
use crate::playbook::{Phase, Shelf};
use crate::text::Lang;

/// The version of the shape that is written here.
const VERSION: &str = "1";

/// Defines the extension, as the standard wants of every playbook that uses one.
pub(super) fn definition(author: &str) -> Node {
    let entries = [
        ("type", "extension-definition"),
        ("name", "firebell"),
        ("description", "The firebell playbook language: `firebell schema` prints its schema"),
        ("created_by", author),
        ("schema", "urn:firebell:schema:playbook"),
        ("version", VERSION),
    ];
    let entry = Node::map_of(entries.map(|(key, value)| (key, Node::text_of(value))));
    Node::map_of([(ids::extension(), entry)])
}

/// Makes the part that stands at the playbook: the plan without its steps, whose ids remain.
pub(super) fn playbook(written: &Node, bundle: &Bundle, lang: Lang) -> Node {
    let plan = without_steps(written);
    let entries = [
        ("version", Node::text_of(VERSION)),
        ("language", Node::text_of(lang.code())),
        ("order", order(&plan)),
        ("playbook", plan),
    ];
    let laws = laws(bundle);
    let laws = (!laws.is_empty()).then(|| ("parts", Node::map_of(laws)));
    Node::map_of([(ids::extension(), Node::map_of(entries.into_iter().chain(laws)))])
}

/// Lists the texts of the regimes and calendars that the plan's clocks count by. The steps of
/// libraries stand in the plan by now.
fn laws(bundle: &Bundle) -> Vec<(String, Node)> {
    let laws = bundle.parts().filter(|(name, _)| name.kind != PartKind::Steps);
    laws.map(|(name, text)| (name.to_string(), Node::text_of(text))).collect()
}

/// Puts the parts that an export left on a shelf; `None` where one of them is none.
fn shelf(own: &Node) -> Option<Shelf> {
    let left = own.get("parts").and_then(Node::as_map).unwrap_or_default();
    let parts: Option<Vec<(PartName, &str)>> = left
        .iter()
        .map(|entry| Some((PartName::parse(&entry.key.text)?, entry.value.as_str()?)))
        .collect();
    let parts = parts?;
    let size: usize = parts.iter().map(|(_, text)| text.len()).sum();
    (size <= BUNDLE_BYTES_MAX).then(|| Shelf::of(&Bundle::new("", parts)).ok())?
}

/// Makes the part that stands at a step.
pub(super) fn step(phase: &Phase, written: &Node) -> Node {
    let written = placeless(written);
    let phase = Node::text_of(phase.id.as_str());
    let entries = [("phase", phase), ("order", order(&written)), ("step", written)];
    Node::map_of([(ids::extension(), Node::map_of(entries))])
}

/// Finds every step of a plan as it is written.
pub(super) fn steps(written: &Node) -> BTreeMap<&str, &Node> {
    let phases = written.get("phases").and_then(Node::as_list).unwrap_or_default();
    let steps = phases.iter().filter_map(|phase| phase.get("steps")?.as_list()).flatten();
    steps.filter_map(|step| Some((step.get("id")?.as_str()?, step))).collect()
}

/// What an export left for its own import.
pub(super) struct Own {
    /// The plan as it was.
    pub(super) root: Node,
    /// The regimes and calendars that came with it.
    pub(super) shelf: Shelf,
    /// The language that the standard's words were written in.
    pub(super) lang: Lang,
}

/// Puts a plan together again from what an export left in a playbook; `None` where nothing was
/// left or a piece is missing.
pub(super) fn restore(playbook: &Node) -> Option<Own> {
    let id = ids::extension();
    let own = playbook.get("playbook_extensions")?.get(&id)?;
    if own.get("version")?.as_str()? != VERSION {
        return None;
    }
    let lang = match own.get("language")?.as_str()? {
        "zh" => Lang::Zh,
        "en" => Lang::En,
        _ => return None,
    };
    let mut left: BTreeMap<(&str, &str), Node> = BTreeMap::new();
    for entry in playbook.get("workflow")?.as_map()? {
        let own = entry.value.get("step_extensions").and_then(|all| all.get(&id));
        let Some(own) = own else { continue };
        let step = own.get("step")?;
        let sorted = in_order(step, own.get("order")?, String::new());
        left.insert((own.get("phase")?.as_str()?, step.get("id")?.as_str()?), sorted);
    }
    let plan = in_order(own.get("playbook")?, own.get("order")?, String::new());
    let mut root: Vec<(String, Node)> = Vec::new();
    for entry in plan.as_map()? {
        let value = match entry.key.text.as_str() {
            "phases" => with_steps(&entry.value, &left)?,
            _ => entry.value.clone(),
        };
        put(&mut root, &entry.key.text, value);
    }
    Some(Own { root: Node::map_of(root), shelf: shelf(own)?, lang })
}

fn without_steps(written: &Node) -> Node {
    let phase = |phase: &Node| {
        replaced(phase, "steps", |steps| {
            let steps = steps.as_list().unwrap_or_default();
            let undo = |id: &str| {
                steps.iter().any(|s| s.get("compensate").and_then(Node::as_str) == Some(id))
            };
            // The standard has no place for what undoes a step: it stays here whole.
            let kept = steps.iter().filter_map(|step| {
                let id = step.get("id")?;
                Some(placeless(if id.as_str().is_some_and(undo) { step } else { id }))
            });
            Node::list_of(kept)
        })
    };
    replaced(written, "phases", |phases| {
        Node::list_of(phases.as_list().unwrap_or_default().iter().map(phase))
    })
}

/// Copies a mapping with one of its values made anew.
fn replaced(node: &Node, key: &str, make: impl Fn(&Node) -> Node) -> Node {
    let entries = node.as_map().unwrap_or_default().iter().map(|entry| {
        let value =
            if entry.key.text == key { make(&entry.value) } else { placeless(&entry.value) };
        (entry.key.text.as_str(), value)
    });
    Node::map_of(entries)
}

/// Copies a tree without the places it came from.
fn placeless(node: &Node) -> Node {
    match &node.data {
        Data::List(items) => Node::list_of(items.iter().map(placeless)),
        Data::Map(entries) => {
            let entries = entries.iter();
            Node::map_of(entries.map(|e| (e.key.text.as_str(), placeless(&e.value))))
        }
        data => Node::of(data.clone()),
    }
}

/// The mappings of a plan whose keys people see in their order; the first role may be the
/// commander's. Objects of JSON have no order, and other programs sort their keys.
const ORDERED: [&str; 8] =
    ["roles", "inputs", "form", "set", "messages", "headers", "save", "vars"];

/// Notes the order of keys, by the place of the mapping.
fn order(root: &Node) -> Node {
    let mut out = Vec::new();
    note_order(root, "", &mut out);
    Node::map_of(out)
}

fn note_order(node: &Node, at: &str, out: &mut Vec<(String, Node)>) {
    for (n, item) in node.as_list().unwrap_or_default().iter().enumerate() {
        note_order(item, &format!("{at}/{n}"), out);
    }
    for entry in node.as_map().unwrap_or_default() {
        let at = format!("{at}/{}", entry.key.text);
        let inner = entry.value.as_map().unwrap_or_default();
        if ORDERED.contains(&entry.key.text.as_str()) && inner.len() > 1 {
            let keys = inner.iter().map(|entry| Node::text_of(entry.key.text.as_str()));
            put(out, &at, Node::list_of(keys));
        }
        note_order(&entry.value, &at, out);
    }
}

/// Copies a tree with its keys in the order that was noted.
fn in_order(node: &Node, order: &Node, at: String) -> Node {
    match &node.data {
        Data::List(items) => {
            let items = items.iter().enumerate();
            Node::list_of(items.map(|(n, item)| in_order(item, order, format!("{at}/{n}"))))
        }
        Data::Map(entries) => {
            let keys = order.get(&at).and_then(Node::as_list).unwrap_or_default();
            let keys: BTreeMap<&str, usize> =
                keys.iter().enumerate().filter_map(|(n, key)| Some((key.as_str()?, n))).collect();
            let mut sorted: Vec<_> = entries.iter().collect();
            sorted.sort_by_key(|e| keys.get(e.key.text.as_str()).copied().unwrap_or(usize::MAX));
            Node::map_of(sorted.into_iter().map(|e| {
                let key = e.key.text.as_str();
                (key, in_order(&e.value, order, format!("{at}/{key}")))
            }))
        }
        data => Node::of(data.clone()),
    }
}

fn with_steps(phases: &Node, left: &BTreeMap<(&str, &str), Node>) -> Option<Node> {
    let mut out = Vec::new();
    for phase in phases.as_list()? {
        let name = phase.get("id")?.as_str()?;
        let mut entries: Vec<(String, Node)> = Vec::new();
        for entry in phase.as_map()? {
            let value = if entry.key.text == "steps" {
                let ids = entry.value.as_list()?.iter();
                let step = |kept: &Node| match kept.as_str() {
                    Some(id) => left.get(&(name, id)).cloned(),
                    None => Some(kept.clone()),
                };
                let steps: Option<Vec<Node>> = ids.map(step).collect();
                Node::list_of(steps?)
            } else {
                entry.value.clone()
            };
            put(&mut entries, &entry.key.text, value);
        }
        out.push(Node::map_of(entries));
    }
    Some(Node::list_of(out))
}

/// Tells whether firebell's extension stands among these.
pub(super) fn is_own(extensions: &Node) -> bool {
    extensions.get(&ids::extension()).is_some()
}
