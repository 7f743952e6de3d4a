//! Tree to YAML text: block style, one key a line, with remarks for whoever edits it. What is
//! written parses to the same tree. It must not know what the keys mean.

use std::collections::BTreeMap;

use crate::playbook::yaml::{Data, Node};

/// The longest key that stands before its colon without a question mark.
const KEY_CHARS_MAX: usize = 1_000;

/// Words that YAML, in one version or another, reads as something else than text.
const WORDS: [&str; 11] =
    ["null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan", "inf"];

/// Remarks for a reader, by the JSON pointer of the value they stand above. The empty pointer is
/// the head of the file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Remarks(BTreeMap<String, Vec<String>>);

impl Remarks {
    /// Adds a remark; its lines become lines of a comment.
    pub fn add(&mut self, pointer: impl Into<String>, remark: impl Into<String>) {
        self.0.entry(pointer.into()).or_default().push(remark.into());
    }

    /// Walks all remarks in the order of their pointers.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().flat_map(|(at, said)| said.iter().map(move |one| (at.as_str(), one.as_str())))
    }
}

/// Writes a tree with its remarks; the text ends with a line break.
#[must_use]
pub fn write(root: &Node, remarks: &Remarks) -> String {
    let mut out = Writer { text: String::new(), remarks };
    out.remark("", 0);
    match &root.data {
        Data::List(items) if !items.is_empty() => out.list(items, 0, "", false),
        Data::Map(entries) if !entries.is_empty() => out.map(entries, 0, "", false),
        _ => {
            out.scalar(root, 0);
            out.text.push('\n');
        }
    }
    out.text
}

struct Writer<'a> {
    text: String,
    remarks: &'a Remarks,
}

impl Writer<'_> {
    fn indent(&mut self, depth: usize) {
        self.text.extend(std::iter::repeat_n(' ', 2 * depth));
    }

    fn remark(&mut self, pointer: &str, depth: usize) {
        let Some(remarks) = self.remarks.0.get(pointer) else { return };
        for line in remarks.iter().flat_map(|remark| remark.lines()) {
            self.indent(depth);
            // A control character would end the comment or the file.
            let line: String = line.chars().filter(|c| is_plain_char(*c)).collect();
            self.text.push_str(format!("# {line}").trim_end());
            self.text.push('\n');
        }
    }

    /// Writes the items of a list; the first follows a dash where it is `nested` in another list.
    fn list(&mut self, items: &[Node], depth: usize, at: &str, nested: bool) {
        for (n, item) in items.iter().enumerate() {
            let at = format!("{at}/{n}");
            if n > 0 || !nested {
                self.remark(&at, depth);
                self.indent(depth);
            }
            self.text.push('-');
            match &item.data {
                Data::List(inner) if !inner.is_empty() => {
                    self.text.push(' ');
                    self.list(inner, depth + 1, &at, true);
                }
                Data::Map(inner) if !inner.is_empty() => {
                    self.text.push(' ');
                    self.map(inner, depth + 1, &at, true);
                }
                _ => {
                    self.text.push(' ');
                    self.scalar(item, depth + 1);
                    self.text.push('\n');
                }
            }
        }
    }

    /// Writes the entries of a mapping; the first follows a dash where it is `nested` in a list.
    fn map(
        &mut self,
        entries: &[crate::playbook::yaml::Entry],
        depth: usize,
        at: &str,
        nested: bool,
    ) {
        for (n, entry) in entries.iter().enumerate() {
            let at = format!("{at}/{}", entry.key.text.replace('~', "~0").replace('/', "~1"));
            if n > 0 || !nested {
                self.remark(&at, depth);
                self.indent(depth);
            }
            self.key(&entry.key.text, depth);
            match &entry.value.data {
                Data::List(inner) if !inner.is_empty() => {
                    self.text.push('\n');
                    self.list(inner, depth + 1, &at, false);
                }
                Data::Map(inner) if !inner.is_empty() => {
                    self.text.push('\n');
                    self.map(inner, depth + 1, &at, false);
                }
                _ => {
                    self.text.push(' ');
                    self.scalar(&entry.value, depth + 1);
                    self.text.push('\n');
                }
            }
        }
    }

    fn key(&mut self, key: &str, depth: usize) {
        let long = key.chars().count() > KEY_CHARS_MAX;
        if long {
            self.text.push_str("? ");
        }
        if is_plain(key) {
            self.text.push_str(key);
        } else {
            self.quoted(key);
        }
        if long {
            self.text.push('\n');
            self.indent(depth);
        }
        self.text.push(':');
    }

    fn scalar(&mut self, node: &Node, depth: usize) {
        match &node.data {
            Data::Null => self.text.push('~'),
            Data::Bool(value) => self.text.push_str(if *value { "true" } else { "false" }),
            Data::Integer(value) => self.text.push_str(&value.to_string()),
            Data::Number(value) => self.text.push_str(&format!("{value:?}")),
            Data::String(value) if is_plain(value) => self.text.push_str(value),
            Data::String(value) if depth > 0 && is_block(value) => self.block(value, depth),
            Data::String(value) => self.quoted(value),
            Data::List(_) => self.text.push_str("[]"),
            Data::Map(_) => self.text.push_str("{}"),
        }
    }

    /// Writes a text of several lines as it stands.
    fn block(&mut self, text: &str, depth: usize) {
        self.text.push_str(if text.ends_with('\n') { "|" } else { "|-" });
        for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
            self.text.push('\n');
            if !line.is_empty() {
                self.indent(depth);
                self.text.push_str(line);
            }
        }
    }

    fn quoted(&mut self, text: &str) {
        self.text.push('"');
        for c in text.chars() {
            match c {
                '"' => self.text.push_str("\\\""),
                '\\' => self.text.push_str("\\\\"),
                '\n' => self.text.push_str("\\n"),
                '\t' => self.text.push_str("\\t"),
                '\r' => self.text.push_str("\\r"),
                c if is_plain_char(c) => self.text.push(c),
                c => self.text.push_str(&match u32::from(c) {
                    code @ 0..=0xff => format!("\\x{code:02x}"),
                    code @ 0x100..=0xffff => format!("\\u{code:04x}"),
                    code => format!("\\U{code:08x}"),
                }),
            }
        }
        self.text.push('"');
    }
}

/// Tells whether a character may stand in a YAML text as it is, and is seen there.
fn is_plain_char(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
        && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Tells whether a text may stand without quotes: it begins with a letter and nothing in it means
/// anything to YAML, or it is a duration or a date.
fn is_plain(text: &str) -> bool {
    if is_duration(text) || is_date(text) {
        return true;
    }
    text.chars().next().is_some_and(char::is_alphabetic)
        && text.chars().all(is_plain_char)
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.ends_with([':', ' '])
        && !text.ends_with(char::is_whitespace)
        && !WORDS.contains(&text.to_lowercase().as_str())
}

fn is_duration(text: &str) -> bool {
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    unit.len() < text.len() && ["s", "m", "h", "d"].contains(&unit)
}

fn is_date(text: &str) -> bool {
    let digit = |n: usize, c: char| if n == 4 || n == 7 { c == '-' } else { c.is_ascii_digit() };
    text.len() == 10 && text.chars().enumerate().all(|(n, c)| digit(n, c))
}

/// Tells whether a text may stand as a block: several lines, the first of them not indented, and
/// no more than one line break at its end.
fn is_block(text: &str) -> bool {
    let body = text.strip_suffix('\n').unwrap_or(text);
    body.contains('\n')
        && !body.starts_with([' ', '\n', '\t'])
        && !body.ends_with('\n')
        && body.chars().all(|c| c == '\n' || is_plain_char(c))
        && body.split('\n').all(|line| line.is_empty() || !line.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_normalization::UnicodeNormalization;

    use super::*;
    use crate::playbook::source::Source;
    use crate::playbook::yaml::parse;

    fn read(text: &str) -> Node {
        let source = Source::new("x.yaml", text).expect("plain text");
        parse(&source).unwrap_or_else(|error| panic!("{error:?}\n{text}"))
    }

    /// The same tree, each value where a reader of nothing would put it.
    fn placeless(node: &Node) -> Node {
        match &node.data {
            Data::List(items) => Node::list_of(items.iter().map(placeless)),
            Data::Map(entries) => Node::map_of(
                entries.iter().map(|entry| (entry.key.text.as_str(), placeless(&entry.value))),
            ),
            data => Node::of(data.clone()),
        }
    }

    fn strings() -> impl Strategy<Value = String> {
        prop_oneof![
            "[ -~]{0,12}",
            "[a-z:#\\-?!&*'\"|>%@`{}\\[\\], \\n]{0,16}",
            "\\PC{0,8}",
            "[一-龥，。：#\\n \\t]{0,10}",
            "(null|True|no|~|1e3|0x1f|-1|5m|2026-11-01|1_000|\\.inf|---|<<|=|\\.\\.\\.)",
            "[a-z]{1,5}(\\n {0,2}[a-z#-]{0,5}){0,4}\\n{0,2}",
        ]
        .prop_map(|text| text.nfc().collect::<String>())
        .prop_filter("no file holds it", |text| Source::new("x", text).is_ok())
    }

    fn trees() -> impl Strategy<Value = Node> {
        let leaf = prop_oneof![
            Just(Node::of(Data::Null)),
            any::<bool>().prop_map(|value| Node::of(Data::Bool(value))),
            any::<i64>().prop_map(|value| Node::of(Data::Integer(value))),
            any::<f64>()
                .prop_filter("finite", |value| value.is_finite())
                .prop_map(|value| Node::of(Data::Number(value))),
            strings().prop_map(Node::text_of),
        ];
        leaf.prop_recursive(5, 40, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Node::list_of),
                prop::collection::btree_map(strings(), inner, 0..5).prop_map(|entries| {
                    let known = entries.iter().filter(|(key, _)| key.as_str() != "<<");
                    Node::map_of(known.map(|(key, value)| (key.as_str(), value.clone())))
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_parses_to_the_same_tree(tree in trees(), remark in "\\PC{0,20}") {
            let mut remarks = Remarks::default();
            remarks.add("", remark.as_str());
            remarks.add("/0", remark.as_str());
            remarks.add("/a", remark.as_str());
            let text = write(&tree, &remarks);
            prop_assert_eq!(placeless(&read(&text)), tree, "{}", text);
        }
    }

    #[test]
    fn plans_are_written_as_people_write_them() {
        let tree = read(
            "{playbook: x, steps: [{id: a, due: 5m, title: {zh: 电话, en: \"Phone: now\"}, \
             instructions: \"one\\n  two\\n\"}], none: [], on: \"no\"}",
        );
        let mut remarks = Remarks::default();
        remarks.add("/steps/0/due", "By when?");
        let text = write(&tree, &remarks);
        assert_eq!(
            text,
            "playbook: x\nsteps:\n  - id: a\n    # By when?\n    due: 5m\n    title:\n      \
             zh: 电话\n      en: \"Phone: now\"\n    instructions: |\n      one\n        two\n\
             none: []\n\"on\": \"no\"\n"
        );
    }

    #[test]
    fn a_key_of_two_thousand_characters_is_written() {
        let tree = Node::map_of([("k".repeat(2_000).as_str(), Node::text_of("v"))]);
        assert_eq!(placeless(&read(&write(&tree, &Remarks::default()))), tree);
    }
}
