//! The rules: each reads one file and returns where it is broken.

use crate::Finding;
use crate::facts::{Kind, Source};
use crate::layers;

/// The most lines of a file.
pub const FILE_LINES: usize = 700;

/// The most lines of a function, from `fn` to its closing brace.
pub const FUNCTION_LINES: usize = 70;

/// Dependencies between modules point one way.
pub fn arrows(source: &Source) -> Vec<Finding> {
    let Some(home) = source.module.first().filter(|_| !source.is_test) else {
        return Vec::new();
    };
    if !layers::is_module(home) {
        let message = format!("`{home}` has no place in tests/tidy/layers.rs: give it one");
        return vec![source.finding(1, message)];
    }
    let uses = source.production_paths().filter_map(|(line, path)| match path {
        [root, target, ..] if root == "crate" || root == "firebell" => Some((line, target)),
        _ => None,
    });
    uses.filter(|(_, target)| layers::may_use(&source.module, target) == Some(false))
        .map(|(line, target)| {
            let home = source.module.join("::");
            source.finding(line, format!("`{home}` must not know `{target}`"))
        })
        .collect()
}

/// Pure modules learn the time, identities and chance through arguments.
pub fn purity(source: &Source) -> Vec<Finding> {
    if !layers::is_pure(&source.module) {
        return Vec::new();
    }
    let impure = |fact: &Kind| match fact {
        Kind::Path(path) => impure_path(path),
        Kind::Macro(name) if layers::IMPURE_MACROS.contains(&name.as_str()) => Some(name.clone()),
        _ => None,
    };
    source
        .production()
        .filter_map(|fact| impure(&fact.kind).map(|what| (fact.line, what)))
        .map(|(line, what)| {
            source.finding(line, format!("`{what}` in a pure module: take it as an argument"))
        })
        .collect()
}

fn impure_path(path: &[String]) -> Option<String> {
    let joined = path.join("::");
    let named = path.iter().any(|name| layers::IMPURE_NAMES.contains(&name.as_str()));
    let reads_clock = path.len() > 1 && path.last().is_some_and(|last| last == "now");
    let prefix = layers::IMPURE.iter().any(|p| starts_with(&joined, p));
    (named || reads_clock || prefix).then_some(joined)
}

fn starts_with(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// Some crates have one home, behind which they can be replaced.
pub fn homes(source: &Source) -> Vec<Finding> {
    let here = source.module.join("::");
    let stray = |path: &[String]| {
        let (name, homes) = layers::HOMES.iter().find(|(name, _)| path[0] == *name)?;
        let at_home = homes.iter().any(|home| starts_with(&here, home));
        (!at_home).then(|| format!("`{name}` belongs to {} alone", homes.join(", ")))
    };
    source
        .production_paths()
        .filter_map(|(line, path)| stray(path).map(|message| source.finding(line, message)))
        .collect()
}

/// Production code says what must be true instead of unwrapping.
pub fn unwraps(source: &Source) -> Vec<Finding> {
    let is_unwrap = |kind: &Kind| match kind {
        Kind::Method(name) => name == "unwrap",
        Kind::Path(path) => path.last().is_some_and(|last| last == "unwrap"),
        _ => false,
    };
    source
        .production()
        .filter(|fact| is_unwrap(&fact.kind))
        .map(|fact| source.finding(fact.line, "unwrap() outside tests: name the invariant"))
        .collect()
}

/// Files and functions can be read at one go.
pub fn lengths(source: &Source) -> Vec<Finding> {
    let lines = source.text.lines().count();
    let file = (lines > FILE_LINES)
        .then(|| source.finding(1, format!("{lines} lines; at most {FILE_LINES}: split the file")));
    let functions = source.facts.iter().filter_map(|fact| match &fact.kind {
        Kind::Function { name, lines } if *lines > FUNCTION_LINES => {
            let message = format!("`{name}` has {lines} lines; at most {FUNCTION_LINES}");
            Some(source.finding(fact.line, message))
        }
        _ => None,
    });
    file.into_iter().chain(functions).collect()
}

/// Every file opens with what it owns.
pub fn module_docs(source: &Source) -> Vec<Finding> {
    if source.has_docs {
        return Vec::new();
    }
    vec![source.finding(1, "no `//!`: say what this module owns and what it must not know")]
}

/// Files whose ignored tests are no tests but programs: the child that crash tests kill, the writer
/// of a new format's golden file.
const PROGRAMS: &[&str] = &["tests/store_suite/golden.rs", "tests/store_suite/workload.rs"];

/// Nothing is unfinished, switched off, or present in production for tests alone.
pub fn loose_ends(source: &Source) -> Vec<Finding> {
    let loose = |kind: &Kind| match kind {
        Kind::Attribute(name) if name == "allow" => {
            Some("#[allow]: use #[expect(…, reason = \"…\")]".to_owned())
        }
        Kind::Attribute(name) if name == "ignore" && !PROGRAMS.contains(&source.path.as_str()) => {
            Some("#[ignore]: a test runs or does not exist".to_owned())
        }
        Kind::Macro(name) if ["todo", "unimplemented", "dbg"].contains(&name.as_str()) => {
            Some(format!("{name}! is not finished work"))
        }
        Kind::TestOnly if !source.is_test => {
            Some("#[cfg(test)] on something other than a test module".to_owned())
        }
        _ => None,
    };
    source
        .facts
        .iter()
        .filter_map(|fact| loose(&fact.kind).map(|message| source.finding(fact.line, message)))
        .collect()
}

/// Words that name a machine or how the project is made instead of the project. They are put
/// together here so that this file does not hold them.
const WORDS: &[&str] = &[
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
    concat!("/fa", "rm/"),
    concat!("/ho", "me/"),
    concat!("iss", "ue #"),
    concat!("co-auth", "ored-by"),
    concat!("generated", " with"),
    concat!("language", " model"),
    concat!("cla", "ude"),
    concat!("anth", "ropic"),
    concat!("sub", "agent"),
    concat!("sub-", "agent"),
];

/// Words that have their uses in plans and protocols, but not in comments of the code.
const WORDS_IN_COMMENTS: &[&str] = &[concat!(" ag", "ent"), concat!(" ses", "sion")];

/// The project speaks of itself alone.
pub fn words(path: &str, text: &str) -> Vec<Finding> {
    let is_rust = path.ends_with(".rs");
    let out_of_place = |line: &str| {
        let lower = line.to_lowercase();
        let comment = lower.trim_start().starts_with("//").then_some(lower.as_str());
        let anywhere = WORDS.iter().find(|word| lower.contains(**word));
        let in_comment = || {
            let comment = comment.filter(|_| is_rust)?;
            WORDS_IN_COMMENTS.iter().find(|word| comment.contains(**word))
        };
        anywhere.or_else(in_comment).copied()
    };
    text.lines()
        .enumerate()
        .filter_map(|(at, line)| out_of_place(line).map(|word| (at + 1, word)))
        .map(|(line, word)| Finding {
            path: path.to_owned(),
            line,
            message: format!("`{}` is out of place here", word.trim()),
        })
        .collect()
}

/// Crates that must not enter the tree, not even below another; deny.toml gives the reasons.
const BANNED: &[&str] = &[
    "evalexpr",
    "serde_yml",
    "bincode",
    "openssl",
    "openssl-sys",
    "native-tls",
    "aws-lc-rs",
    "aws-lc-sys",
];

/// The one place crates come from.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// `Cargo.lock` holds no banned crate, and crates of one registry alone.
pub fn lock(text: &str) -> Vec<Finding> {
    let value = |line: &str, key: &str| {
        let quoted = line.strip_prefix(key)?.strip_prefix(" = \"")?;
        Some(quoted.trim_end_matches('"').to_owned())
    };
    let broken = |line: &str| {
        let banned = value(line, "name").filter(|name| BANNED.contains(&name.as_str()));
        let strange = value(line, "source").filter(|source| source != REGISTRY);
        banned.map(|name| format!("`{name}` is banned: see deny.toml")).or_else(|| {
            strange.map(|source| format!("`{source}` is not the registry crates come from"))
        })
    };
    text.lines()
        .enumerate()
        .filter_map(|(at, line)| broken(line).map(|message| (at + 1, message)))
        .map(|(line, message)| Finding { path: "Cargo.lock".to_owned(), line, message })
        .collect()
}

impl Source {
    fn finding(&self, line: usize, message: impl Into<String>) -> Finding {
        Finding { path: self.path.clone(), line, message: message.into() }
    }
}
