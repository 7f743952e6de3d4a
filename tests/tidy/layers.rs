//! The layers of the house, and what is pure.

/// A top-level module: its layer, and the modules of its own layer that it may use.
struct Layer {
    name: &'static str,
    rank: u8,
    peers: &'static [&'static str],
}

/// From the ground up. A module may use those of lower rank, and the peers that are named.
///
/// `cli → server → learn → drill → runtime → {store, notify, timeline, signal} → engine → {playbook,
/// people} → {id, text}`; `clock`, `chance`, `config` and `telemetry` serve the shell alone.
const LAYERS: &[Layer] = &[
    layer("id", 0, &[]),
    layer("text", 0, &[]),
    layer("people", 1, &[]),
    layer("playbook", 2, &[]),
    layer("engine", 3, &[]),
    layer("exchange", 3, &[]),
    layer("clock", 4, &[]),
    layer("chance", 4, &[]),
    layer("proof", 4, &[]),
    layer("ingest", 4, &[]),
    layer("store", 5, &[]),
    layer("notify", 5, &[]),
    layer("timeline", 5, &["notify", "picture"]),
    layer("signal", 5, &[]),
    layer("picture", 5, &["notify"]),
    layer("config", 6, &[]),
    layer("telemetry", 6, &["config"]),
    layer("paper", 7, &[]),
    layer("runtime", 7, &[]),
    layer("drill", 8, &[]),
    layer("learn", 9, &[]),
    layer("server", 10, &[]),
    layer("cli", 11, &[]),
    layer("main", 12, &[]),
    // The crate root declares the modules and uses none.
    layer("", 13, &[]),
];

const fn layer(name: &'static str, rank: u8, peers: &'static [&'static str]) -> Layer {
    Layer { name, rank, peers }
}

/// The parts of `drill` that decide: they know the engine and the memory store, never the shell.
const DRILL_PURE: &[&str] = &[
    "scenario",
    "cast",
    "inject",
    "expect",
    "simulate",
    "score",
    "covered",
    "schedule",
    "result",
    "calendar",
    "crontab",
    "diary",
    "file",
    "observe",
    "review",
    "exercise",
    "announce",
    "stand_in",
    "absence",
    "invitation",
    "clash",
    "prepare",
    "study",
    "past",
    "replay",
];

/// The parts of `learn` that decide.
const LEARN_PURE: &[&str] = &[
    "action",
    "cadence",
    "coverage",
    "drift",
    "experience",
    "finding",
    "names",
    "propose",
    "readiness",
    "reminder",
    "report",
    "subject",
    "verify",
];

/// The parts of `notify` that decide.
const NOTIFY_PURE: &[&str] = &[
    "message", "route", "retry", "pace", "digest", "template", "page", "provider", "reply",
    "encode",
];

/// Modules that are pure as a whole.
const PURE: &[&str] = &[
    "id", "text", "people", "playbook", "engine", "exchange", "timeline", "signal", "picture",
    "paper", "proof", "ingest",
];

/// What pure code must not name: prefixes of paths, and types with a random order.
pub const IMPURE: &[&str] = &[
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "std::thread",
    "std::time::SystemTime",
    "std::time::Instant",
    "SystemTime",
    "Instant",
    "std::io::stdin",
    "std::io::stdout",
    "std::io::stderr",
    "crate::clock",
    "crate::chance",
    "crate::config",
    "crate::telemetry",
    "tokio",
    "reqwest",
    "hyper",
    "sled",
    "lettre",
    "getrandom",
    "rand::random",
    "rand::rng",
    "uuid::Uuid::new_v4",
    "uuid::Uuid::now_v7",
    "Uuid::new_v4",
    "Uuid::now_v7",
];

/// Names that pure code must not mention anywhere in a path: hash order is chance, `now` is a clock.
pub const IMPURE_NAMES: &[&str] = &["HashMap", "HashSet"];

/// Macros that write to the outside.
pub const IMPURE_MACROS: &[&str] = &["print", "println", "eprint", "eprintln"];

/// Crates that one place alone may name, and that place.
pub const HOMES: &[(&str, &[&str])] = &[
    ("sled", &["store"]),
    ("lettre", &["notify"]),
    ("axum", &["server"]),
    ("cron", &["drill::schedule"]),
    ("chrono", &["drill::schedule", "people::ical"]),
    ("icalendar", &["people::calendar", "people::ical"]),
    ("rrule", &["people::ical"]),
    ("pulldown_cmark", &["exchange"]),
    ("clap", &["cli"]),
    ("comfy_table", &["cli"]),
    ("indicatif", &["cli"]),
];

/// Tells whether a module may use another; `None` when either has no place in the house.
pub fn may_use(module: &[String], target: &str) -> Option<bool> {
    let from = find(module.first().map_or("", String::as_str))?;
    let to = find(target)?;
    let inside_drill = from.name == "drill" && is_part(module, DRILL_PURE);
    let forbidden = inside_drill && to.name == "runtime";
    let same = from.name == to.name;
    Some(same || (!forbidden && (to.rank < from.rank || from.peers.contains(&to.name))))
}

/// Tells whether a name is a top-level module of the house.
pub fn is_module(name: &str) -> bool {
    find(name).is_some()
}

/// Tells whether a module must be pure.
pub fn is_pure(module: &[String]) -> bool {
    match module.first().map(String::as_str) {
        Some("drill") => is_part(module, DRILL_PURE),
        Some("notify") => is_part(module, NOTIFY_PURE),
        Some("learn") => is_part(module, LEARN_PURE),
        Some(name) => PURE.contains(&name),
        None => false,
    }
}

fn is_part(module: &[String], parts: &[&str]) -> bool {
    module.get(1).is_some_and(|part| parts.contains(&part.as_str()))
}

fn find(name: &str) -> Option<&'static Layer> {
    LAYERS.iter().find(|layer| layer.name == name)
}
