//! Precedence: settings of the environment and the command line are laid over the file's tree
//! before anyone reads it, so every key obeys the same rule.
//!
//! `FIREBELL_STORE__CACHE_MIB=64` means the key `cache_mib` of `store`. Every setting keeps its
//! place: behind the file's text come the variables, one a line, and behind them the flags.

use std::collections::{BTreeMap, BTreeSet};

use crate::playbook::diagnostic::{Diagnostic, Diagnostics, both};
use crate::playbook::source::{Source, Span};
use crate::playbook::yaml::{Data, Entry, Key, Node, parse};

use super::code::STRAY_VARIABLE;
use super::mask::is_secret_key;
use super::read::KEYS;
use super::secret::is_reference;

/// What every variable of ours begins with.
const PREFIX: &str = "FIREBELL_";

/// Variables with our prefix that are read elsewhere.
const READ_ELSEWHERE: [&str; 4] =
    ["FIREBELL_CONFIG", "FIREBELL_URL", "FIREBELL_TOKEN", "FIREBELL_LOG"];

/// One value that wins over the file's.
struct Setting {
    path: Vec<String>,
    /// The key as it was written, for findings.
    name: String,
    value: String,
}

/// The places settings come from, one behind the other on one long line of bytes.
pub(super) struct Layers {
    parts: Vec<(usize, Source)>,
    end: usize,
}

impl Layers {
    pub(super) fn over(file: &Source) -> Self {
        Self { parts: vec![(0, file.clone())], end: file.text().len() + 1 }
    }

    /// Lays the environment's settings over the tree.
    pub(super) fn environment(
        &mut self,
        root: Node,
        env: &BTreeMap<String, String>,
        out: &mut Diagnostics,
    ) -> Node {
        let mut secrets = BTreeSet::new();
        referenced(&root, &mut secrets);
        let ours = env.iter().filter(|(name, _)| {
            let name = name.as_str();
            name.starts_with(PREFIX) && !READ_ELSEWHERE.contains(&name) && !secrets.contains(name)
        });
        let settings = ours.map(|(name, value)| Setting {
            path: name[PREFIX.len()..].to_lowercase().split("__").map(str::to_owned).collect(),
            name: name.clone(),
            value: value.clone(),
        });
        self.lay("environment", "=", root, settings.collect(), out)
    }

    /// Lays the flags over the tree; each is a key and its value.
    pub(super) fn flags(
        &mut self,
        root: Node,
        flags: &[(&str, String)],
        out: &mut Diagnostics,
    ) -> Node {
        let settings = flags.iter().map(|(key, value)| Setting {
            path: vec![(*key).to_owned()],
            name: format!("--{key}"),
            value: value.clone(),
        });
        self.lay("command line", " ", root, settings.collect(), out)
    }

    fn lay(
        &mut self,
        place: &str,
        between: &str,
        mut root: Node,
        settings: Vec<Setting>,
        out: &mut Diagnostics,
    ) -> Node {
        let start = self.end;
        let mut text = String::new();
        for setting in settings {
            let at = start + text.len();
            let key = Span::new(at, at + setting.name.len());
            let value_at = key.end + between.len();
            let shown = shown(&setting);
            let value = Span::new(value_at, value_at + shown.len());
            text.push_str(&format!("{}{between}{shown}\n", setting.name));
            let top = setting.path.first().map(String::as_str).unwrap_or_default();
            if KEYS.iter().any(|known| same(known, top)) {
                let node = scalar(&setting.value, value);
                lay_over(&mut root, &setting.path, key, node);
            } else {
                out.push(stray(&setting.name, top, key));
            }
        }
        self.end = start + text.len() + 1;
        let source = Source::new(place, &text).unwrap_or_else(|rejected| rejected.source);
        self.parts.push((start, source));
        root
    }

    /// Sorts findings into the places they are about.
    pub(super) fn split(&self, found: &Diagnostics) -> Vec<Diagnostics> {
        let mut of_each: Vec<Diagnostics> =
            self.parts.iter().map(|(_, source)| Diagnostics::new(source.clone())).collect();
        for finding in found {
            let at = finding.span.unwrap_or_default().start;
            let part = self.parts.iter().rposition(|(start, _)| *start <= at).unwrap_or(0);
            let shift = |span: Span| {
                let start = self.parts[part].0;
                Span::new(span.start.saturating_sub(start), span.end.saturating_sub(start))
            };
            let mut finding = finding.clone();
            finding.span = finding.span.map(shift);
            // A place in another part cannot be drawn beside this one.
            let end = self.parts.get(part + 1).map_or(usize::MAX, |(start, _)| *start);
            let start = self.parts[part].0;
            finding.related.retain(|(span, _)| (start..end).contains(&span.start));
            for (span, _) in &mut finding.related {
                *span = shift(*span);
            }
            of_each[part].push(finding);
        }
        for findings in &mut of_each {
            findings.sort();
        }
        of_each
    }
}

/// Gathers the variables that the file itself reads its secrets from.
fn referenced(node: &Node, names: &mut BTreeSet<String>) {
    match &node.data {
        Data::String(text) => names.extend(text.strip_prefix("env:").map(str::to_owned)),
        Data::List(items) => items.iter().for_each(|item| referenced(item, names)),
        Data::Map(entries) => entries.iter().for_each(|entry| referenced(&entry.value, names)),
        Data::Null | Data::Bool(_) | Data::Integer(_) | Data::Number(_) => {}
    }
}

/// Returns what may be shown of a value: nothing of one that could be a secret.
fn shown(setting: &Setting) -> String {
    let leaf = setting.path.last().map(String::as_str).unwrap_or_default();
    if is_secret_key(leaf) && !is_reference(&setting.value) {
        return "***".to_owned();
    }
    setting.value.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

fn stray(name: &str, top: &str, at: Span) -> Diagnostic {
    Diagnostic::new(
        STRAY_VARIABLE,
        both!(
            "环境变量 `{name}` 没有含义，已忽略",
            "the variable `{name}` means nothing and is ignored"
        ),
    )
    .at(at)
    .did_you_mean(top, KEYS)
}

/// Reads a value as the file would: `true`, `8080`, `[a, b]`, and text.
fn scalar(value: &str, span: Span) -> Node {
    let data = match value {
        "true" => Data::Bool(true),
        "false" => Data::Bool(false),
        list if list.starts_with('[') => {
            let parsed = Source::new("value", list).ok().and_then(|source| parse(&source).ok());
            match parsed {
                Some(node) => moved_to(node, span).data,
                None => Data::String(value.to_owned()),
            }
        }
        number if number.len() == 1 || !number.starts_with('0') => {
            number.parse().map_or_else(|_| Data::String(value.to_owned()), Data::Integer)
        }
        text => Data::String(text.to_owned()),
    };
    Node { span, data }
}

/// Gives a node and all it holds one place.
fn moved_to(mut node: Node, span: Span) -> Node {
    node.span = span;
    match &mut node.data {
        Data::List(items) => {
            for item in items {
                *item = moved_to(item.clone(), span);
            }
        }
        Data::Map(entries) => {
            for entry in entries {
                entry.key.span = span;
                entry.value = moved_to(entry.value.clone(), span);
            }
        }
        Data::Null | Data::Bool(_) | Data::Integer(_) | Data::Number(_) | Data::String(_) => {}
    }
    node
}

/// Compares a key with the spelling a variable's name allows.
fn same(key: &str, written: &str) -> bool {
    key.to_lowercase().replace('-', "_") == written.replace('-', "_")
}

fn lay_over(node: &mut Node, path: &[String], key: Span, value: Node) {
    let Some((first, rest)) = path.split_first() else {
        *node = value;
        return;
    };
    if let Data::List(items) = &mut node.data
        && let Some(item) = first.parse::<usize>().ok().and_then(|n| items.get_mut(n))
    {
        return lay_over(item, rest, key, value);
    }
    if !matches!(node.data, Data::Map(_)) {
        *node = Node { span: key, data: Data::Map(Vec::new()) };
    }
    let Data::Map(entries) = &mut node.data else { return };
    let found = entries.iter().position(|entry| same(&entry.key.text, first));
    let entry = match found {
        Some(at) => &mut entries[at],
        None => {
            entries.push(Entry {
                key: Key { text: first.clone(), span: key },
                value: Node { span: key, data: Data::Null },
            });
            let last = entries.len() - 1;
            &mut entries[last]
        }
    };
    lay_over(&mut entry.value, rest, key, value);
}
