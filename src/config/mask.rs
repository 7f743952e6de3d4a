//! Blots out secrets that were written into a file by mistake, before the file is shown to anyone.

use crate::playbook::diagnostic::nearest;
use crate::playbook::source::{Source, Span};
use crate::playbook::yaml::{Data, Node};

use super::secret::is_reference;

/// Keys whose values are secrets wherever they stand.
const SECRET_KEYS: [&str; 3] = ["password", "secret", "token"];

/// Returns the file with its secrets replaced by stars of the same length, so that places stay
/// where they are.
pub(super) fn masked(source: &Source, root: Option<&Node>) -> Source {
    let mut spans = Vec::new();
    match root {
        Some(root) => secrets(root, &mut spans),
        None => by_line(source.text(), &mut spans),
    }
    let mut bytes = source.text().as_bytes().to_vec();
    for span in spans {
        let end = span.end.min(bytes.len());
        for byte in bytes.get_mut(span.start.min(end)..end).unwrap_or_default() {
            if *byte != b'\n' {
                *byte = b'*';
            }
        }
    }
    Source::from_bytes(source.name(), &bytes).unwrap_or_else(|rejected| rejected.source)
}

/// Tells whether a key holds a secret, also when its name is mistyped.
pub(super) fn is_secret_key(key: &str) -> bool {
    let key = key.trim().trim_matches(['"', '\'']).to_lowercase();
    SECRET_KEYS.iter().any(|word| key.contains(word)) || nearest(&key, SECRET_KEYS).is_some()
}

fn secrets(node: &Node, spans: &mut Vec<Span>) {
    match &node.data {
        Data::List(items) => items.iter().for_each(|item| secrets(item, spans)),
        Data::Map(entries) => {
            for entry in entries {
                let value = &entry.value;
                match &value.data {
                    Data::List(_) | Data::Map(_) => secrets(value, spans),
                    Data::String(text) if is_reference(text) => {}
                    _ if is_secret_key(&entry.key.text) => spans.push(value.span),
                    _ => {}
                }
            }
        }
        Data::Null | Data::Bool(_) | Data::Integer(_) | Data::Number(_) | Data::String(_) => {}
    }
}

/// Finds secrets in a text that is not YAML: whatever follows such a key in its line.
fn by_line(text: &str, spans: &mut Vec<Span>) {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let mut word = 0;
        for (at, _) in line.match_indices(':') {
            let before = line[word..at].rsplit([' ', '\t', '{', ',', '-']).next().unwrap_or("");
            let value = line[at + 1..].trim_start();
            if is_secret_key(before) && !is_reference(value) {
                spans.push(Span::new(start + at + 1, start + line.trim_end().len()));
                break;
            }
            word = at + 1;
        }
        start += line.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::playbook::yaml::parse;

    fn shown(text: &str) -> (String, String) {
        let source = Source::new("x.yaml", text).expect("plain text");
        let root = parse(&source).expect("YAML");
        let with = |root| masked(&source, root).text().to_owned();
        (with(Some(&root)), with(None))
    }

    #[test]
    fn a_secret_in_the_file_is_blotted_out_and_everything_else_stays() {
        let text = "a: { password: hunter2 }\nb: { secret: env:KEY }\nc:\n  password: \"x y\"\n";
        let (tree, lines) = shown(text);
        assert!(!tree.contains("hunter2") && !tree.contains("x y"), "{tree}");
        assert!(tree.contains("secret: env:KEY"), "{tree}");
        assert_eq!(tree.len(), text.len());
        assert!(!lines.contains("hunter2") && !lines.contains("x y"), "{lines}");
        assert!(lines.contains("secret: env:KEY"), "{lines}");
    }

    #[test]
    fn a_secret_behind_a_mistyped_key_is_blotted_out() {
        let text = "pasword: hunter2\nsmtp_secret: hunter2\nsecert: hunter2\nservices: open\n";
        let (tree, lines) = shown(text);
        for shown in [tree, lines] {
            assert!(!shown.contains("hunter2") && shown.contains("services: open"), "{shown}");
        }
    }

    #[test]
    fn a_secret_over_several_lines_is_blotted_out() {
        let (tree, _) = shown("password: |\n  hunter2\n  more\nlisten: x\n");
        assert!(!tree.contains("hunter2") && !tree.contains("more"), "{tree}");
        assert!(tree.contains("listen: x"), "{tree}");
    }
}
