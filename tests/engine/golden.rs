//! Stored events are forever: every line of `tests/golden/engine/v1.jsonl` loads, and what is
//! loaded is stored again as the same bytes. The file holds every variant, and only ever grows.

use std::collections::BTreeSet;

use firebell::engine::codec::{self, CodecError};

const GOLDEN: &str = include_str!("../golden/engine/v1.jsonl");
const FACTS: &str = include_str!("../../src/engine/fact.rs");

/// Lists the variants of `Fact` as the source has them, in the form they are stored in.
fn variants() -> BTreeSet<String> {
    let body = FACTS.split("pub enum Fact {").nth(1).expect("the enum is there");
    let body = body.split("\n}\n").next().expect("the enum ends");
    let lines = body.lines().filter_map(|line| line.strip_prefix("    "));
    lines
        .filter(|line| line.starts_with(|first: char| first.is_ascii_uppercase()))
        .filter_map(|line| line.split([' ', '{', ',', '(']).next())
        .map(snake)
        .collect()
}

fn snake(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

#[test]
fn every_variant_has_its_golden_line() {
    let stored: BTreeSet<String> = GOLDEN
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .map(|event| event["type"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(stored, variants());
    assert!(stored.len() > 60, "the list is read from the source");
}

#[test]
fn golden_events_load_and_are_stored_as_the_same_bytes() {
    for line in GOLDEN.lines() {
        let event =
            codec::decode(line.as_bytes()).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert_eq!(String::from_utf8(codec::encode(&event)).unwrap(), line);
    }
}

#[test]
fn fields_of_a_later_version_are_passed_over_but_a_later_version_is_not() {
    let line = GOLDEN.lines().next().unwrap();
    let more = line.replacen("{\"v\":1", "{\"v\":1,\"added_later\":true", 1);
    assert_eq!(codec::decode(more.as_bytes()).unwrap(), codec::decode(line.as_bytes()).unwrap());
    let newer = line.replacen("{\"v\":1", "{\"v\":2", 1);
    assert!(matches!(codec::decode(newer.as_bytes()), Err(CodecError::TooNew(2))));
    for broken in ["", "{}", "{\"v\":1}", "null", "\u{0}", "{\"v\":1,\"type\":\"nope\"}"] {
        assert!(matches!(codec::decode(broken.as_bytes()), Err(CodecError::Malformed(_))));
    }
}
