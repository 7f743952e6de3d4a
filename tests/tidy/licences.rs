//! The licences of every crate in the tree against those that deny.toml allows, for machines on
//! which cargo-deny is not installed.

use std::process::Command;

use serde_json::Value as Json;

use crate::Finding;
use crate::repository;

/// Where firebell is built to run; crates for other systems never enter it.
const PLATFORM: &str = "x86_64-unknown-linux-gnu";

/// Every crate that is compiled carries a licence that is allowed.
pub fn of_the_tree() -> Vec<Finding> {
    let allowed = allowed(&repository::deny());
    packages()
        .iter()
        .filter_map(|package| {
            let (name, licence) = (package["name"].as_str()?, package["license"].as_str());
            let fine = licence.is_some_and(|licence| holds(licence, &allowed));
            (!fine).then(|| {
                let said = licence.unwrap_or("no licence");
                let message = format!("`{name}` is under {said}, which deny.toml does not allow");
                Finding { path: "Cargo.lock".to_owned(), line: 1, message }
            })
        })
        .collect()
}

fn packages() -> Vec<Json> {
    let arguments = ["metadata", "--format-version", "1", "--locked"];
    let told = Command::new(env!("CARGO"))
        .args(arguments)
        .args(["--filter-platform", PLATFORM, "--manifest-path"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .output()
        .expect("cargo runs");
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let metadata: Json = serde_json::from_slice(&told.stdout).expect("cargo prints JSON");
    let packages = metadata["packages"].as_array().expect("a list").clone();
    assert!(packages.len() > 100, "the tree was not found");
    packages
}

/// Reads the list of allowed licences.
pub fn allowed(deny: &str) -> Vec<String> {
    let list = deny.lines().skip_while(|line| !line.starts_with("allow = [")).skip(1);
    let list = list.take_while(|line| !line.starts_with(']'));
    list.filter_map(|line| Some(line.split('"').nth(1)?.to_owned())).collect()
}

/// Tells whether an SPDX expression can be met with allowed licences. Older crates write `/` for
/// a choice.
pub fn holds(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let mut words = spaced.split_whitespace().peekable();
    let held = any(&mut words, allowed);
    held && words.next().is_none()
}

type Words<'a, 'b> = &'a mut std::iter::Peekable<std::str::SplitWhitespace<'b>>;

fn any(words: Words<'_, '_>, allowed: &[String]) -> bool {
    let mut held = all(words, allowed);
    while words.next_if_eq(&"OR").is_some() {
        held |= all(words, allowed);
    }
    held
}

fn all(words: Words<'_, '_>, allowed: &[String]) -> bool {
    let mut held = one(words, allowed);
    while words.next_if_eq(&"AND").is_some() {
        held &= one(words, allowed);
    }
    held
}

fn one(words: Words<'_, '_>, allowed: &[String]) -> bool {
    if words.next_if_eq(&"(").is_some() {
        let held = any(words, allowed);
        return words.next() == Some(")") && held;
    }
    let Some(licence) = words.next() else { return false };
    let whole = match words.next_if_eq(&"WITH") {
        Some(_) => format!("{licence} WITH {}", words.next().unwrap_or_default()),
        None => licence.to_owned(),
    };
    allowed.contains(&whole)
}
