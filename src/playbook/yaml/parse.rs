//! Source text to tree, with budgets. The parser's spans of scalars are exact; those of mappings
//! and sequences are stretched here over what they hold.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_yaml::options::{AliasLimits, DuplicateKeyPolicy, NonFiniteFloatPolicy};
use serde_yaml::{Budget, Location, Options, Spanned};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use crate::playbook::diagnostic::{Diagnostic, Diagnostics};
use crate::playbook::source::{Source, Span};
use crate::playbook::yaml::error::translate;
use crate::playbook::yaml::mend::mend;
use crate::playbook::yaml::{Data, Entry, Key, Node};

/// The most values in one file, aliases written out; the longest real plan has 3 000.
pub const NODES_MAX: usize = 50_000;
/// The deepest nesting; real plans reach 12.
pub const DEPTH_MAX: usize = 48;
/// The most uses of anchors in one file.
pub const ALIASES_MAX: usize = 500;

/// Parses one YAML document.
///
/// Booleans are `true` and `false` alone, numbers with leading zeros or underscores stay text, a
/// key may stand twice (the readers report it), merge keys (`<<`) are expanded. A comma in an
/// unquoted text after `zh:` or `en:` belongs to the text. Texts come out in Unicode's composed form.
///
/// # Errors
/// The first place where the text stops being YAML, or the budget it exceeds.
pub fn parse(source: &Source) -> Result<Node, Box<Diagnostic>> {
    let parsed: Result<Raw, _> = serde_yaml::from_str_with_options(source.text(), options());
    match parsed {
        Ok(mut raw) => {
            mend(&mut raw.node, source.text());
            Ok(raw.node)
        }
        Err(error) => Err(Box::new(translate(source, &error))),
    }
}

/// Reads a file's bytes: size, encoding, YAML.
///
/// # Errors
/// What keeps it from being read, as the one finding about the file.
pub fn load(name: &str, bytes: &[u8]) -> Result<(Source, Node), Diagnostics> {
    let source = Source::from_bytes(name, bytes)?;
    let mut findings = Diagnostics::new(source.clone());
    findings.ok(parse(&source)).map(|node| (source, node)).ok_or(findings)
}

fn options() -> Options {
    serde_yaml::options! {
        budget: Some(budget()),
        alias_limits: alias_limits(),
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        non_finite_float_policy: NonFiniteFloatPolicy::AsString,
        reject_unsupported_tags: true,
        with_snippet: false,
    }
}

fn budget() -> Budget {
    let mut budget = Budget::default();
    budget.max_nodes = NODES_MAX;
    budget.max_events = 3 * NODES_MAX;
    budget.max_depth = DEPTH_MAX;
    budget.flow_nesting_limit = 2 * DEPTH_MAX;
    budget.max_aliases = ALIASES_MAX;
    budget.max_anchors = ALIASES_MAX;
    budget.max_recorded_anchor_events = NODES_MAX;
    budget.max_recorded_anchor_bytes = crate::playbook::source::BYTES_MAX;
    budget.max_total_scalar_bytes = 2 * crate::playbook::source::BYTES_MAX;
    budget.max_merge_keys = ALIASES_MAX;
    budget
}

fn alias_limits() -> AliasLimits {
    let mut limits = AliasLimits::default();
    limits.max_total_replayed_events = NODES_MAX;
    limits.max_replay_stack_depth = DEPTH_MAX;
    limits.max_alias_expansions_per_anchor = ALIASES_MAX;
    limits
}

/// A node on its way out of the parser.
struct Raw {
    node: Node,
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned: Spanned<RawData> = Spanned::deserialize(deserializer)?;
        let aliased = spanned.referenced != spanned.defined;
        let own = span_of(spanned.referenced);
        let data = spanned.value.0;
        // What an alias stands for was written elsewhere; its place here is the alias itself.
        let span = if aliased { own } else { stretched(own, &data) };
        Ok(Self { node: Node { span, data } })
    }
}

fn span_of(location: Location) -> Span {
    let span = location.span();
    let index = |n: Option<u64>| n.and_then(|n| usize::try_from(n).ok()).unwrap_or_default();
    let start = index(span.byte_offset());
    Span::new(start, start + index(span.byte_len()))
}

fn stretched(own: Span, data: &Data) -> Span {
    let inside = match data {
        Data::List(items) => items.last().map(|item| item.span),
        Data::Map(entries) => entries.last().map(|entry| entry.value.span),
        _ => None,
    };
    inside.map_or(own, |last| Span::new(own.start, own.end.max(last.end)))
}

struct RawData(Data);

impl<'de> Deserialize<'de> for RawData {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DataVisitor)
    }
}

struct DataVisitor;

impl<'de> Visitor<'de> for DataVisitor {
    type Value = RawData;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any YAML value")
    }

    fn visit_unit<E>(self) -> Result<RawData, E> {
        Ok(RawData(Data::Null))
    }

    fn visit_none<E>(self) -> Result<RawData, E> {
        Ok(RawData(Data::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<RawData, E> {
        Ok(RawData(Data::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<RawData, E> {
        Ok(RawData(Data::Integer(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<RawData, E> {
        // Whole numbers beyond 63 bits are identifiers, not quantities: their digits must survive.
        Ok(RawData(match i64::try_from(value) {
            Ok(value) => Data::Integer(value),
            Err(_) => Data::String(value.to_string()),
        }))
    }

    fn visit_f64<E>(self, value: f64) -> Result<RawData, E> {
        Ok(RawData(Data::Number(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<RawData, E> {
        Ok(RawData(Data::String(composed(value.to_owned()))))
    }

    fn visit_string<E>(self, value: String) -> Result<RawData, E> {
        Ok(RawData(Data::String(composed(value))))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<RawData, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element::<Raw>()? {
            items.push(item.node);
        }
        Ok(RawData(Data::List(items)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<RawData, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = access.next_key::<Raw>()? {
            let value = access.next_value::<Raw>()?.node;
            let key = Key { text: key_text(&key.node), span: key.node.span };
            entries.push(Entry { key, value });
        }
        Ok(RawData(Data::Map(entries)))
    }
}

/// Brings a text to Unicode's composed form (NFC): two names that look alike are one name.
fn composed(text: String) -> String {
    match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => text,
        IsNormalized::No | IsNormalized::Maybe => text.nfc().collect(),
    }
}

/// Returns a key as text. A list or mapping as key becomes its JSON, which no reader asks for.
fn key_text(key: &Node) -> String {
    match &key.data {
        Data::String(text) => text.clone(),
        _ => key.to_json().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(text: &str) -> Node {
        parse(&Source::new("x.yaml", text).expect("plain text")).expect("YAML")
    }

    fn slice<'a>(text: &'a str, node: &Node) -> &'a str {
        &text[node.span.range()]
    }

    #[test]
    fn scalars_keep_their_type_and_exact_place() {
        let text =
            "标题: 中断\nn: 5\nf: 1.5\nb: true\nq: \"5\"\nnone:\nt: 013800\nu: 1_000\ny: no\n";
        let root = tree(text);
        let get = |key: &str| root.get(key).expect("present");
        assert_eq!(get("标题").data, Data::String("中断".into()));
        assert_eq!(slice(text, get("标题")), "中断");
        assert_eq!(get("n").data, Data::Integer(5));
        assert_eq!(get("f").data, Data::Number(1.5));
        assert_eq!(get("b").data, Data::Bool(true));
        assert_eq!(get("q").data, Data::String("5".into()));
        assert_eq!(slice(text, get("q")), "\"5\"");
        assert!(get("none").is_null());
        assert_eq!(get("t").data, Data::String("013800".into()));
        assert_eq!(get("u").data, Data::String("1_000".into()));
        assert_eq!(get("y").data, Data::String("no".into()));
        let key = &root.as_map().expect("a mapping")[0].key;
        assert_eq!(&text[key.span.range()], "标题");
    }

    #[test]
    fn containers_reach_to_their_last_value() {
        let text = "a:\n  - x: 1\n    y: { z: 2 }\nb: [p, q]\n";
        let root = tree(text);
        assert_eq!(slice(text, root.get("a").expect("a")), "- x: 1\n    y: { z: 2");
        assert!(slice(text, root.get("b").expect("b")).starts_with("[p, q"));
    }

    #[test]
    fn names_that_look_alike_are_one_name() {
        let root = tree("cafe\u{301}: cafe\u{301}\n");
        assert_eq!(root.get("caf\u{e9}").and_then(Node::as_str), Some("caf\u{e9}"));
    }

    #[test]
    fn a_key_that_stands_twice_is_kept_twice() {
        let root = tree("a: 1\na: 2\n");
        assert_eq!(root.as_map().map(<[Entry]>::len), Some(2));
    }

    #[test]
    fn number_keys_are_text() {
        let root = tree("{ 1: 10m, else: 1h }");
        assert_eq!(root.get("1").and_then(Node::as_str), Some("10m"));
    }

    #[test]
    fn an_alias_stands_where_it_is_used() {
        let text = "a: &x { p: 1 }\nb: *x\nc:\n  <<: *x\n  q: 2\n";
        let root = tree(text);
        let b = root.get("b").expect("b");
        assert_eq!(b.get("p").map(|n| &n.data), Some(&Data::Integer(1)));
        assert_eq!(slice(text, b), "*x");
        let c = root.get("c").expect("c");
        assert_eq!(c.get("p").map(|n| &n.data), Some(&Data::Integer(1)));
        assert_eq!(c.get("q").map(|n| &n.data), Some(&Data::Integer(2)));
    }

    #[test]
    fn a_local_key_wins_over_a_merged_one() {
        let root = tree("a: &x { p: 1 }\nc: { <<: *x, p: 2 }\n");
        let c = root.get("c").expect("c").as_map().expect("a mapping");
        let values: Vec<_> = c.iter().map(|e| (e.key.text.as_str(), &e.value.data)).collect();
        assert_eq!(values, [("p", &Data::Integer(2))]);
    }
}
