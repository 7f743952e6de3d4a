//! What is watched and leads to nothing.

use super::*;

use crate::playbook::diagnostic::Row;
use crate::playbook::{Playbook, shipped};

const WATCHED: &str = "channels:
  mail: { kind: eml, dir: outbox }
people:
  ann: { name: Ann, contacts: { mail: ann@example.com } }
monitors:
  complaints: { signal: complaint, window: 1h, rule: { at_least: 9 } }
  calls: { signal: call, window: 1h, rule: { at_least: 9 } }
  queue: { signal: queued, window: 1h, rule: { at_least: 9 }, begins: nothing }
ingest:
  prom:
    dialect: alertmanager
    secret: env:PROM_KEY
    silent_after: 10m
    labels: { site: a }
  graf: { dialect: grafana, secret: env:GRAF_KEY, silent_after: 10m }
  plain: { dialect: generic, secret: env:PLAIN_KEY }
";

fn plan(activations: &str) -> Playbook {
    let text = format!(
        "playbook: p\ntitle: Small\nlevels: [ {{ level: 4 }} ]\n\
         activate_when:\n{activations}\n\
         roles: {{ r: {{ title: {{ zh: 负责人, en: Lead }}, assign: {{ team: t }} }} }}\n\
         phases:\n  - id: only\n    title: {{ zh: 唯一, en: Only }}\n    steps:\n      \
         - {{ id: one, role: r, title: {{ zh: 一, en: One }} }}\n"
    );
    shipped::load("p", &text)
}

fn found(yaml: &str, plans: &[Playbook]) -> Vec<String> {
    let mut env = environment();
    for name in ["PROM_KEY", "GRAF_KEY", "PLAIN_KEY"] {
        env.insert(name.to_owned(), format!("0123456789-{name}"));
    }
    let mut loaded = read_with(yaml, &env, &Flags::default())
        .unwrap_or_else(|found| panic!("{}", found.render(Rendering::plain(Lang::En))));
    loaded.file = Some("firebell.yaml".into());
    let found = loaded.unanswered(plans);
    assert!(!found.has_errors());
    let shown = |row: Row| format!("{} {}", row.code, row.line);
    found.rows(Lang::En).into_iter().map(shown).collect()
}

#[test]
fn monitors_and_silences_that_no_plan_asks_for_are_told_in_their_place() {
    let asks = plan(
        "  - surge: { monitor: complaints }
  - alert: { match: { alertname: SourceSilent, source: prom, site: a } }",
    );
    assert_eq!(found(WATCHED, &[asks]), ["W0607 7", "W0608 15"]);
    let none = found(WATCHED, &[]);
    assert_eq!(none, ["W0607 6", "W0607 7", "W0608 10", "W0608 15"]);
}

#[test]
fn what_only_watches_says_so_in_the_sample() {
    let asks = plan("  - surge: { monitor: complaints }");
    assert_eq!(found(include_str!("../../../firebell.yaml"), &[asks]), [] as [&str; 0]);
}

#[test]
fn a_surge_that_no_monitor_finds_is_told_with_the_name_that_was_meant() {
    let asks = plan("  - surge: { monitor: complaint }");
    let found = found(WATCHED, &[asks]);
    assert!(found.iter().any(|row| row.starts_with("W0609 ")), "{found:?}");
}
