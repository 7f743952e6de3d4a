//! Commas in unquoted texts. In `{ zh: …, en: Phone, web or app }` YAML ends the text at the first
//! comma and takes what follows for keys without values; nobody who writes it means that.

use crate::playbook::source::Span;
use crate::playbook::yaml::{Data, Entry, Node};

/// The keys whose values are texts for people.
const TEXT_KEYS: [&str; 2] = ["zh", "en"];

/// Gives texts back what was cut off at their commas, everywhere in the tree.
pub(super) fn mend(node: &mut Node, source: &str) {
    match &mut node.data {
        Data::List(items) => items.iter_mut().for_each(|item| mend(item, source)),
        Data::Map(entries) => {
            if entries.iter().any(|entry| TEXT_KEYS.contains(&entry.key.text.as_str())) {
                rejoin(entries, source);
            }
            entries.iter_mut().for_each(|entry| mend(&mut entry.value, source));
        }
        _ => {}
    }
}

fn rejoin(entries: &mut Vec<Entry>, source: &str) {
    let mut kept: Vec<Entry> = Vec::with_capacity(entries.len());
    for entry in entries.drain(..) {
        match kept.last_mut() {
            Some(before) if is_cut_off(&entry, source) && is_unquoted_text(before, source) => {
                let whole = Span::new(before.value.span.start, entry.key.span.end);
                let written = source.get(whole.range()).unwrap_or_default();
                let text = written.split_whitespace().collect::<Vec<_>>().join(" ");
                before.value = Node { span: whole, data: Data::String(text) };
            }
            _ => kept.push(entry),
        }
    }
    *entries = kept;
}

/// Tells whether an entry is a bare word between commas: no value and no colon.
fn is_cut_off(entry: &Entry, source: &str) -> bool {
    let after = source.get(entry.key.span.end..).unwrap_or_default().trim_start();
    entry.value.is_null() && after.starts_with([',', '}'])
}

fn is_unquoted_text(entry: &Entry, source: &str) -> bool {
    let written = source.get(entry.value.span.range()).unwrap_or_default();
    TEXT_KEYS.contains(&entry.key.text.as_str())
        && entry.value.as_str().is_some()
        && !written.starts_with(['"', '\''])
}

#[cfg(test)]
mod tests {
    use crate::playbook::source::Source;
    use crate::playbook::yaml::{Node, parse};

    fn tree(text: &str) -> Node {
        parse(&Source::new("x.yaml", text).expect("plain text")).expect("YAML")
    }

    #[test]
    fn a_comma_in_an_unquoted_text_belongs_to_it() {
        let root = tree("{ zh: 电话、网页, en: Phone, web, app or WeChat }");
        assert_eq!(root.get("en").and_then(Node::as_str), Some("Phone, web, app or WeChat"));
        assert_eq!(root.as_map().map(<[_]>::len), Some(2));
        let root = tree("a: [{ en: one,\n  two, zh: 一 , 二, optional: true }]");
        let item = &root.get("a").and_then(Node::as_list).expect("a list")[0];
        assert_eq!(item.get("en").and_then(Node::as_str), Some("one, two"));
        assert_eq!(item.get("zh").and_then(Node::as_str), Some("一 , 二"));
        assert!(item.get("optional").is_some());
    }

    #[test]
    fn what_is_quoted_or_has_a_value_stays_as_it_is() {
        for text in [
            "{ zh: \"电话\", web }",
            "{ zh: 电话, web: }",
            "{ zh: 电话, web: 1 }",
            "{ title: Phone, web }",
            "zh: 电话\nweb:\n",
        ] {
            assert_eq!(tree(text).as_map().map(<[_]>::len), Some(2), "{text}");
        }
    }
}
