//! JSON in and out of the tree that plans are read from. Keys keep their order, and a key that
//! stands twice is found. It must not know what the keys mean.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::exchange::code::{DUPLICATE, NOT_JSON};
use crate::playbook::diagnostic::{Diagnostic, both};
use crate::playbook::source::{Source, Span};
use crate::playbook::yaml::{Data, Node};
use crate::text::phrase::placeless;
use crate::text::{Text, json};

/// Parses one JSON document. Its depth is bounded by the parser, its size by the source.
///
/// # Errors
/// The first place that is not JSON, or a key that stands twice.
pub(super) fn parse(source: &Source) -> Result<Node, Box<Diagnostic>> {
    let parsed: Result<Tree, _> = serde_json::from_str(source.text());
    let root = parsed.map_err(|error| Box::new(not_json(source, &error)))?.0;
    match twice(&root) {
        None => Ok(root),
        Some(key) => {
            let found = Diagnostic::new(
                DUPLICATE,
                both!("键 `{key}` 在同一对象中出现两次", "`{key}` stands twice in one object"),
            );
            let found = found.help(Text::both("删去其中一个", "remove one of them"));
            Err(Box::new(match place_of(source, key) {
                Some(span) => found.at(span),
                None => found,
            }))
        }
    }
}

/// Finds where a name is written as a key, for the reader of a finding.
pub(super) fn place_of(source: &Source, key: &str) -> Option<Span> {
    let quoted = serde_json::to_string(key).ok()?;
    let text = source.text();
    let mut from = 0;
    let mut first = None;
    while let Some(found) = text[from..].find(&quoted) {
        let span = Span::new(from + found, from + found + quoted.len());
        if text[span.end..].trim_start().starts_with(':') {
            return Some(span);
        }
        first = first.or(Some(span));
        from = span.end;
    }
    first
}

fn not_json(source: &Source, error: &serde_json::Error) -> Diagnostic {
    let line = error.line().saturating_sub(1);
    let start: usize = source.text().split_inclusive('\n').take(line).map(str::len).sum();
    let at = (start + error.column().saturating_sub(1)).min(source.text().len());
    let at = source.text().floor_char_boundary(at);
    let end = source.text()[at..].chars().next().map_or(at, |c| at + c.len_utf8());
    let deep = error.to_string().starts_with("recursion limit");
    let message = if deep {
        Text::both("嵌套过深", "it is nested too deep")
    } else {
        let reason = json::chinese(placeless(&error.to_string()));
        both!("不是 JSON：{reason}", "it is not JSON: {error}")
    };
    Diagnostic::new(NOT_JSON, message).at(Span::new(at, end))
}

/// Returns a key that stands twice in one object, wherever it is.
fn twice(root: &Node) -> Option<&str> {
    let mut open = vec![root];
    while let Some(node) = open.pop() {
        match &node.data {
            Data::List(items) => open.extend(items),
            Data::Map(entries) => {
                let mut seen = std::collections::BTreeSet::new();
                for entry in entries {
                    if !seen.insert(entry.key.text.as_str()) {
                        return Some(&entry.key.text);
                    }
                    open.push(&entry.value);
                }
            }
            _ => {}
        }
    }
    None
}

/// Writes a tree as JSON with two blanks a level; the keys stay in their order.
pub(super) fn write(node: &Node) -> String {
    let mut out = String::new();
    value(node, 0, &mut out);
    out
}

fn value(node: &Node, depth: usize, out: &mut String) {
    match &node.data {
        Data::List(items) if !items.is_empty() => {
            between(out, ('[', ']'), depth, items, |item, out| value(item, depth + 1, out));
        }
        Data::Map(entries) if !entries.is_empty() => {
            between(out, ('{', '}'), depth, entries, |entry, out| {
                out.push_str(&serde_json::Value::from(entry.key.text.as_str()).to_string());
                out.push_str(": ");
                value(&entry.value, depth + 1, out);
            });
        }
        _ => out.push_str(&node.to_json().to_string()),
    }
}

fn between<T>(
    out: &mut String,
    brackets: (char, char),
    depth: usize,
    items: &[T],
    mut one: impl FnMut(&T, &mut String),
) {
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n(' ', 2 * depth));
    };
    out.push(brackets.0);
    for (n, item) in items.iter().enumerate() {
        if n > 0 {
            out.push(',');
        }
        line(out, depth + 1);
        one(item, out);
    }
    line(out, depth);
    out.push(brackets.1);
}

/// A tree on its way out of the parser.
struct Tree(Node);

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader).map(|data| Self(Node::of(data)))
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Data;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Data, E> {
        Ok(Data::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Data, E> {
        Ok(Data::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Data, E> {
        Ok(Data::Integer(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Data, E> {
        #[expect(clippy::cast_precision_loss, reason = "as every reader of JSON does")]
        let data = i64::try_from(value).map_or(Data::Number(value as f64), Data::Integer);
        Ok(data)
    }

    fn visit_f64<E>(self, value: f64) -> Result<Data, E> {
        Ok(Data::Number(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Data, E> {
        Ok(Data::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Data, A::Error> {
        let mut items = Vec::new();
        while let Some(Tree(item)) = seq.next_element()? {
            items.push(item);
        }
        Ok(Data::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Data, A::Error> {
        let mut entries = Vec::new();
        while let Some((key, Tree(value))) = map.next_entry::<String, _>()? {
            entries.push((key, value));
        }
        Ok(Node::map_of(entries).data)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source::new("x.json", text).expect("plain text")
    }

    #[test]
    fn what_is_written_is_what_was_read_in_the_same_order() {
        let text = r#"{"b": [1, -2.5, "\ud83d\ude00 \"q\"", null, true, {}, []], "a": {"x": ""}}"#;
        let tree = parse(&source(text)).expect("JSON");
        let again = parse(&source(&write(&tree))).expect("JSON");
        assert_eq!(again, tree);
        let keys: Vec<&str> =
            tree.as_map().expect("an object").iter().map(|e| e.key.text.as_str()).collect();
        assert_eq!(keys, ["b", "a"]);
    }

    #[test]
    fn a_key_that_stands_twice_and_a_broken_text_are_found_at_their_places() {
        let error = |text: &str| parse(&source(text)).expect_err("refused");
        assert_eq!(error("{\"a\": {\"b\": 1, \"b\": 2}}").code, DUPLICATE);
        assert_eq!(error("{\"a\": }").code, NOT_JSON);
        assert_eq!(error(&"[".repeat(10_000)).code, NOT_JSON);
        assert_eq!(error("").code, NOT_JSON);
        assert!(error("{\n\"a\": 电}").span.is_some_and(|span| span.start == 7));
    }
}
